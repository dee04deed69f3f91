package notify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// How often notices that do not hurry are gathered.
const (
	NoDigest = "none"
	Hourly   = "hourly"
	Daily    = "daily"
)

// usualDigest is when the daily digest goes out, in the person's zone, unless they chose another time.
const usualDigest = "09:00"

// wishes are what one person chose. The zero value follows the administrator's defaults and holds nothing back.
type wishes struct {
	Levels   map[Level][]string `json:"levels,omitempty"` // own order of channels; absent = the default of the level
	From     string             `json:"from,omitempty"`   // quiet hours, "22:00"
	To       string             `json:"to,omitempty"`
	Hold     bool               `json:"hold,omitempty"` // until service hours
	Digest   string             `json:"digest,omitempty"`
	DigestAt string             `json:"digest_at,omitempty"`
}

func readWishes(ctx context.Context, tx db.Tx, people []string) (map[string]wishes, error) {
	w := db.NewWhere()
	out := map[string]wishes{}
	rows, err := tx.Query(ctx, "SELECT person, body FROM notify_preferences WHERE "+db.Among(tx, w, "person", people), w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read preferences: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var person string
		var one wishes
		if err := rows.Scan(&person, db.ScanJSON(&one)); err != nil {
			return nil, fmt.Errorf("read preferences: %w", err)
		}
		out[person] = one
	}
	return out, rows.Err()
}

// Preferences are how a person is told beyond the application itself, which always shows everything.
type Preferences struct {
	Levels   []LevelChoice   `json:"levels" nullable:"false"`
	Quiet    *QuietHours     `json:"quiet" doc:"null = none"`
	Hold     bool            `json:"hold_until_service_hours" doc:"notices that are not urgent wait for the next service hour"`
	Digest   string          `json:"digest" doc:"none, hourly or daily: notices that are not urgent are gathered into one"`
	DigestAt string          `json:"digest_at" doc:"time of the daily digest in the person's zone"`
	Zone     string          `json:"zone"`
	Channels []ChannelChoice `json:"channels" nullable:"false" doc:"that can be chosen"`
}

// LevelChoice is the order in which channels are tried for a level: the first takes it, the next when that one fails.
type LevelChoice struct {
	Level    Level    `json:"level"`
	Label    string   `json:"label"`
	Own      bool     `json:"own" doc:"chosen by the person; otherwise the administrator's default"`
	Channels []string `json:"channels" nullable:"false"`
}

// QuietHours are from when to when a person is not disturbed unless it is urgent, by the clock of their zone; over midnight
// where the end is not after the beginning.
type QuietHours struct {
	From string `json:"from" maxLength:"5" doc:"22:00"`
	To   string `json:"to" maxLength:"5" doc:"07:00"`
}

// ChannelChoice is a channel that a person can choose.
type ChannelChoice struct {
	ID        string  `json:"id"`
	Name      string  `json:"name"`
	Kind      string  `json:"kind"`
	KindLabel string  `json:"kind_label"`
	Reachable bool    `json:"reachable" doc:"the person has the address that it needs"`
	Levels    []Level `json:"levels" nullable:"false" doc:"for which it is the default"`
}

// PreferencesInput replaces what a person chose. A level that is left out follows the administrator's default.
type PreferencesInput struct {
	Levels   []LevelInput `json:"levels,omitempty" maxItems:"3" nullable:"false"`
	Quiet    *QuietHours  `json:"quiet,omitempty"`
	Hold     bool         `json:"hold_until_service_hours,omitempty"`
	Digest   string       `json:"digest,omitempty" enum:"none,hourly,daily"`
	DigestAt string       `json:"digest_at,omitempty" maxLength:"5"`
}

// LevelInput is one level's order of channels.
type LevelInput struct {
	Level    Level    `json:"level" enum:"info,normal,urgent"`
	Channels []string `json:"channels" maxItems:"20" nullable:"false" doc:"ids, the first to be tried first; empty = only in the application"`
}

// Preferences reads the actor's own.
func (s *Service) Preferences(ctx context.Context) (p Preferences, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		p, err = s.preferences(ctx, u)
		return err
	})
	return p, err
}

func (s *Service) preferences(ctx context.Context, u *work.Unit) (p Preferences, err error) {
	routes, err := routesFor(ctx, u.Tx, []string{u.Actor.ID})
	if err != nil {
		return p, err
	}
	person, err := routes.person(ctx, u.Tx, u.Actor.ID)
	if err != nil {
		return p, err
	}
	own, err := readWishes(ctx, u.Tx, []string{u.Actor.ID}) // also where there is no channel to use them with
	if err != nil {
		return p, err
	}
	w := own[u.Actor.ID]
	p = Preferences{Levels: []LevelChoice{}, Hold: w.Hold, Digest: w.Digest, DigestAt: w.DigestAt, Zone: s.placeOf(person).String(), Channels: []ChannelChoice{}}
	if p.Digest == "" {
		p.Digest = NoDigest
	}
	if p.DigestAt == "" {
		p.DigestAt = usualDigest
	}
	if w.From != "" {
		p.Quiet = &QuietHours{w.From, w.To}
	}
	for _, level := range Levels {
		_, own := w.Levels[level]
		p.Levels = append(p.Levels, LevelChoice{Level: level, Label: levelLabels[level].In(u.Actor.Lang), Own: own, Channels: append([]string{}, routes.order(u.Actor.ID, level)...)})
	}
	for _, c := range routes.open(u.Actor.ID) {
		p.Channels = append(p.Channels, ChannelChoice{ID: c.id, Name: c.name, Kind: c.kind, KindLabel: kindLabel(c.kind).In(u.Actor.Lang),
			Reachable: routes.reaches(c.id, recipientOf(person)), Levels: append([]Level{}, c.levels...)})
	}
	return p, nil
}

// SetPreferences replaces the actor's own. It is recorded: whoever could not be reached chose so.
func (s *Service) SetPreferences(ctx context.Context, in PreferencesInput) (p Preferences, err error) {
	err = s.door.Do(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		routes, err := routesFor(ctx, u.Tx, []string{u.Actor.ID})
		if err != nil {
			return err
		}
		w, err := in.wishes(routes.open(u.Actor.ID))
		if err != nil {
			return err
		}
		if _, err := u.Exec(ctx, `INSERT INTO notify_preferences (person, updated_at, body) VALUES ($1, $2, $3)
			ON CONFLICT (person) DO UPDATE SET updated_at = excluded.updated_at, body = excluded.body`, u.Actor.ID, clock.Millis(u.Now()), db.JSON(w)); err != nil {
			return fmt.Errorf("store preferences: %w", err)
		}
		if _, err := u.Record(ctx, work.Event{Stream: "notify:" + u.Actor.ID, Kind: "notify.preferences_changed", Subject: "notify_preferences", Number: u.Actor.Name, Data: w}); err != nil {
			return err
		}
		p, err = s.preferences(ctx, u)
		return err
	})
	return p, err
}

// wishes checks what a person chose; channels that are not open to them do not exist for them.
func (in PreferencesInput) wishes(open []route) (wishes, error) {
	w := wishes{Levels: map[Level][]string{}, Hold: in.Hold, Digest: in.Digest, DigestAt: in.DigestAt}
	var wrong []fault.Field
	fail := func(name, code string) {
		wrong = append(wrong, fault.Field{Name: name, Code: code, Params: text.Params{"label": name, "wanted": clockForm}})
	}
	for i, l := range in.Levels {
		at := fmt.Sprintf("levels[%d]", i)
		if _, twice := w.Levels[l.Level]; twice || !slices.Contains(Levels, l.Level) {
			fail(at+".level", "field.choice")
		}
		for j, c := range l.Channels {
			if !slices.ContainsFunc(open, func(r route) bool { return r.id == c }) {
				fail(fmt.Sprintf("%s.channels[%d]", at, j), "field.choice")
			}
		}
		w.Levels[l.Level] = distinct(l.Channels)
	}
	if !slices.Contains([]string{"", NoDigest, Hourly, Daily}, in.Digest) {
		fail("digest", "field.choice")
	}
	if q := in.Quiet; q != nil {
		w.From, w.To = q.From, q.To
		for name, at := range map[string]string{"quiet.from": q.From, "quiet.to": q.To} {
			if _, ok := wallTime(at); !ok {
				fail(name, "field.type")
			}
		}
	}
	if _, ok := wallTime(in.DigestAt); in.DigestAt != "" && !ok {
		fail("digest_at", "field.type")
	}
	if len(wrong) > 0 {
		slices.SortFunc(wrong, func(a, b fault.Field) int { return cmp.Compare(a.Name, b.Name) })
		return w, fault.Fields(wrong...)
	}
	return w, nil
}

// clockForm is the form of a time of day.
var clockForm = text.Label{Zh: "24 小时制的时间，如 22:00", En: "a time of day, like 22:00"}

// wallTime reads "22:00" as minutes after midnight.
func wallTime(s string) (minutes int, ok bool) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, false
	}
	return t.Hour()*60 + t.Minute(), true
}
