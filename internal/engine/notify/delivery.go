package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// State is where a delivery stands.
type State string

// The states. Failed means that this channel could not and the person's next one took over; given up, that there was none
// left, or that the person knew already.
const (
	StatePending      State = "pending"
	StateHeld         State = "held"      // by quiet hours, until service hours, or for the digest
	StateSent         State = "sent"      // the next server has it
	StateDelivered    State = "delivered" // it stands where it is read
	StateRead         State = "read"
	StateAcknowledged State = "acknowledged"
	StateFailed       State = "failed"
	StateGivenUp      State = "given_up"
)

// States in the order in which they are offered.
var States = []State{StatePending, StateHeld, StateSent, StateDelivered, StateRead, StateAcknowledged, StateFailed, StateGivenUp}

// delivery is one notice on one channel.
type delivery struct {
	id, batch, notice, person, channel string
	level                              Level
	digest                             bool
	state                              State
	attempts                           int
	next, claimed                      time.Time
}

// waits tells whether the delivery is still to be gathered into a digest.
func (d delivery) waits() bool { return d.digest && d.state == StateHeld && d.batch == d.id }

const selectDelivery = `SELECT id, batch, notice_id, person_id, channel, level, digest, state, attempts, next_at, claimed_until FROM notify_deliveries `

func scanDelivery(row db.Row) (d delivery, err error) {
	var next, claimed int64
	err = row.Scan(&d.id, &d.batch, &d.notice, &d.person, &d.channel, &d.level, &d.digest, &d.state, &d.attempts, &next, &claimed)
	d.next, d.claimed = clock.FromMillis(next), clock.FromMillis(claimed)
	return d, err
}

// Delivery is one notice on one channel as an administrator sees it. What the notice says stays between it and its reader.
type Delivery struct {
	ID             string     `json:"id"`
	Notice         string     `json:"notice"`
	Person         party.Ref  `json:"person"`
	Channel        ChannelRef `json:"channel"`
	Kind           string     `json:"kind"`
	Level          Level      `json:"level"`
	Number         string     `json:"number"`
	Type           string     `json:"type"`
	State          State      `json:"state" doc:"pending, held, sent, delivered, read, acknowledged, failed or given_up"`
	StateLabel     string     `json:"state_label"`
	Digest         bool       `json:"digest"`
	Code           string     `json:"code" doc:"why it is held, failed or was given up"`
	Reason         string     `json:"reason"`
	Answer         string     `json:"answer" doc:"what the other side said, shortened"`
	Attempts       int        `json:"attempts"`
	CreatedAt      time.Time  `json:"created_at"`
	NextAt         *time.Time `json:"next_at" doc:"of the next attempt"`
	SentAt         *time.Time `json:"sent_at"`
	ReadAt         *time.Time `json:"read_at"`
	AcknowledgedAt *time.Time `json:"acknowledged_at"`
}

// ChannelRef names a channel.
type ChannelRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// DeliveryFilter narrows the list; an empty member does not restrict.
type DeliveryFilter struct {
	States                  []State
	Channel, Person, Number string
	Level                   Level
	Notice                  string
	From, To                time.Time // of the notice, [From, To)
	Cursor                  string
	Limit                   int
}

func (f DeliveryFilter) where() (*db.Where, error) {
	var from place
	if _, err := httpapi.ReadCursor(f.Cursor, &from); err != nil {
		return nil, err
	}
	w := db.NewWhere()
	for _, c := range []struct{ column, value string }{{"d.channel", f.Channel}, {"d.person_id", f.Person}, {"n.number", f.Number}, {"d.level", string(f.Level)}, {"d.notice_id", f.Notice}} {
		if c.value != "" {
			w.Eq(c.column, c.value)
		}
	}
	if len(f.States) > 0 {
		w.In("d.state", f.States)
	}
	if !f.From.IsZero() {
		w.Add("d.created_at >= ?", clock.Millis(f.From))
	}
	if !f.To.IsZero() {
		w.Add("d.created_at < ?", clock.Millis(f.To))
	}
	if from.ID != "" {
		w.Add("d.id < ?", from.ID)
	}
	return w, nil
}

// Deliveries lists what went out and what did not, newest first.
func (s *Service) Deliveries(ctx context.Context, f DeliveryFilter) (items []Delivery, next string, err error) {
	err = s.looking(ctx, func(ctx context.Context, u *work.Unit) error {
		w, err := f.where()
		if err != nil {
			return err
		}
		items, err = db.All(ctx, u.Tx, scanView(u.Actor.Lang), `SELECT d.id, d.notice_id, d.person_id, d.channel, c.name, c.kind, n.kind, d.level, n.number, n.type, d.state, d.digest, d.code, d.answer,
			d.attempts, d.created_at, d.next_at, d.sent_at, n.read_at, n.ack_at
			FROM notify_deliveries d JOIN notices n ON n.id = d.notice_id JOIN notify_channels c ON c.id = d.channel WHERE `+w.SQL()+` ORDER BY d.id DESC LIMIT `+w.Arg(f.Limit+1), w.Args()...)
		if err != nil {
			return fmt.Errorf("read deliveries: %w", err)
		}
		if len(items) > f.Limit {
			items = items[:f.Limit]
			next = httpapi.Cursor(place{items[f.Limit-1].ID})
		}
		return nameReaders(ctx, u, items)
	})
	return items, next, err
}

func scanView(lang text.Lang) func(db.Row) (Delivery, error) {
	return func(row db.Row) (d Delivery, err error) {
		var created, next, sent, read, ack int64
		err = row.Scan(&d.ID, &d.Notice, &d.Person.ID, &d.Channel.ID, &d.Channel.Name, &d.Channel.Kind, &d.Kind, &d.Level, &d.Number, &d.Type, &d.State, &d.Digest, &d.Code, &d.Answer,
			&d.Attempts, &created, &next, &sent, &read, &ack)
		d.CreatedAt, d.NextAt, d.SentAt, d.ReadAt, d.AcknowledgedAt = clock.FromMillis(created), instant(next), instant(sent), instant(read), instant(ack)
		d.StateLabel = text.Say(lang, "notify.state."+string(d.State), nil)
		if d.Code != "" {
			d.Reason = text.Say(lang, d.Code, nil)
		}
		return d, err
	}
}

func nameReaders(ctx context.Context, u *work.Unit, items []Delivery) error {
	ids := make([]string, len(items))
	for i := range items {
		ids[i] = items[i].Person.ID
	}
	names, err := party.NamesOf(ctx, u.Tx, ids, party.KindPerson)
	for i := range items {
		items[i].Person.Name = names[items[i].Person.ID]
	}
	return err
}

// Retry sends a delivery that failed or was given up once more, at once.
func (s *Service) Retry(ctx context.Context, id string) error {
	return s.managing(ctx, func(ctx context.Context, u *work.Unit) error {
		d, err := db.One(ctx, u.Tx, scanDelivery, selectDelivery+"WHERE id = $1"+db.ForUpdate(u.Tx), id)
		if err != nil {
			return err
		}
		if d.state != StateFailed && d.state != StateGivenUp {
			return fault.New(fault.Conflict, "notify.not_failed", nil)
		}
		if _, err := u.Exec(ctx, `UPDATE notify_deliveries SET state = 'pending', batch = id, digest = FALSE, attempts = 0, code = '', answer = '', claimed_until = 0, next_at = $2 WHERE id = $1`,
			id, clock.Millis(u.Now())); err != nil {
			return fmt.Errorf("retry delivery: %w", err)
		}
		if _, err := u.Record(ctx, work.Event{Stream: id, Kind: "notify.delivery_retried", Subject: "notify_delivery", Number: d.notice}); err != nil {
			return err
		}
		return enqueue(ctx, u, id, d.level, u.Now())
	})
}
