// Package notify tells people what concerns them: in the application at once, and by mail, robot, text message or webhook
// as they and the administrator want it; and it keeps whether they have read and acknowledged it (PLT-04, ESC-13).
package notify

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/seal"
	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Permissions of this package.
const (
	Read   work.Perm = "notify.read"   // see one's own notices, acknowledge them, choose how to be told
	Manage work.Perm = "notify.manage" // channels, templates, deliveries
)

// Notice is one thing told to people. Only People, Kind and Text are needed.
type Notice struct {
	People               []string
	Kind                 string // assigned, told, urged, answered, approval, timer, or one registered by RegisterKind
	Record, Number, Type string
	Text                 text.Label

	Level Level // empty = that of the kind
	// Acknowledge asks each person to confirm that they know (ESC-13).
	Acknowledge bool
	// Ref is the sender's own name for this notice, by which Acknowledged and Receipts find it. A second notice with the
	// same Ref to the same person is not sent: whoever repeats a step after a crash tells nobody twice.
	Ref string
}

// Send stores the notice for each person, wakes their screens after the commit, and puts what goes out by their channels
// into the queue, all in the caller's transaction.
func Send(ctx context.Context, u *work.Unit, n Notice) error {
	list := make([]told, 0, len(n.People))
	level := levelOf(n)
	for _, person := range distinct(n.People) {
		notice, fresh, err := store(ctx, u, n, person, level)
		if err != nil {
			return fmt.Errorf("store notice: %w", err)
		}
		if fresh {
			list = append(list, told{notice, person, level})
		}
	}
	if len(list) == 0 {
		return nil
	}
	if err := dispatch(ctx, u, list); err != nil {
		return fmt.Errorf("send notice: %w", err)
	}
	return u.Announce(ctx, work.Notice{Keys: []string{"inbox", "counts"}, Persons: peopleOf(list)})
}

// told is one notice to one person.
type told struct {
	notice, person string
	level          Level
}

func peopleOf(list []told) []string {
	people := make([]string, len(list))
	for i, t := range list {
		people[i] = t.person
	}
	return people
}

func store(ctx context.Context, u *work.Unit, n Notice, person string, level Level) (notice string, fresh bool, err error) {
	notice = id.New()
	rows, err := u.Exec(ctx, `INSERT INTO notices (id, person_id, kind, record_id, number, type, zh, en, at, read_at, level, ref, ack)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12) ON CONFLICT DO NOTHING`,
		notice, person, n.Kind, n.Record, n.Number, n.Type, n.Text.Zh, n.Text.En, clock.Millis(u.Now()), string(level), n.Ref, n.Acknowledge)
	return notice, rows > 0, err
}

func distinct(people []string) []string {
	out := make([]string, 0, len(people))
	for _, p := range people {
		if p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// dispatch makes a delivery for each person who has a channel for the level.
func dispatch(ctx context.Context, u *work.Unit, list []told) error {
	routes, err := routesFor(ctx, u, peopleOf(list))
	if err != nil {
		return err
	}
	for _, t := range list {
		if order := routes.order(t.person, t.level); len(order) > 0 {
			if _, err := post(ctx, u, t, order[0], "", false); err != nil {
				return err
			}
		}
	}
	return nil
}

// Hours says when a held notice may go out: at the first service hour that is not before t; false = never.
type Hours interface {
	NextOpen(t time.Time) (time.Time, bool)
}

// Config is what the package needs from outside.
type Config struct {
	Door     *work.Door
	Seal     *seal.Ring
	Log      *slog.Logger   // slog.Default when nil
	Networks []netip.Prefix // inner networks that channels may reach all the same
	BaseURL  string         // for links; none are sent when it is empty
	Zone     string         // of people who chose none; Asia/Shanghai when empty
	Hours    Hours          // service hours; nil = always open
}

// Service is what people do with notices, channels and templates.
type Service struct {
	door  *work.Door
	seal  *seal.Ring
	log   *slog.Logger
	net   *channel.Network
	base  string
	zone  string
	hours Hours
	onAck []ackHook
}

type ackHook func(ctx context.Context, u *work.Unit, a Acknowledgement) error

// New makes the service.
func New(cfg Config) *Service {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	return &Service{door: cfg.Door, seal: cfg.Seal, log: cfg.Log, net: channel.NewNetwork(cfg.Networks),
		base: strings.TrimSuffix(cfg.BaseURL, "/"), zone: cmp.Or(cfg.Zone, "Asia/Shanghai"), hours: cfg.Hours}
}

// managing and looking are for administrators of the whole house: channels, templates and deliveries concern every
// customer, so who administers for some of them only has no part in it.
func (s *Service) managing(ctx context.Context, fn func(ctx context.Context, u *work.Unit) error) error {
	return s.door.Do(ctx, Manage, forAll(fn))
}

func (s *Service) looking(ctx context.Context, fn func(ctx context.Context, u *work.Unit) error) error {
	return s.door.Read(ctx, Manage, forAll(fn))
}

func forAll(fn func(ctx context.Context, u *work.Unit) error) func(ctx context.Context, u *work.Unit) error {
	return func(ctx context.Context, u *work.Unit) error {
		if !u.Actor.Scope().All {
			return fault.Denied()
		}
		return fn(ctx, u)
	}
}

// OnAcknowledge registers who is told, in the same transaction, that a person acknowledged a notice. Only for the wiring
// of the program, before it serves.
func (s *Service) OnAcknowledge(fn func(ctx context.Context, u *work.Unit, a Acknowledgement) error) {
	s.onAck = append(s.onAck, fn)
}

// recipientOf is what channels need to know of a person.
func recipientOf(p party.Person) channel.Recipient {
	return channel.Recipient{ID: p.ID, Name: p.Name, Email: p.Email, Phone: cmp.Or(channel.Mobile(p.Phone), channel.Mobile(p.Phone2))}
}

// langOf is the language a person reads.
func langOf(p party.Person) text.Lang {
	if p.Language == "" {
		return text.Zh
	}
	return text.Parse(p.Language)
}

// placeOf is the person's time zone.
func (s *Service) placeOf(p party.Person) *time.Location {
	for _, name := range []string{p.Zone, s.zone} {
		if zone, err := time.LoadLocation(name); err == nil && name != "" {
			return zone
		}
	}
	return time.UTC
}
