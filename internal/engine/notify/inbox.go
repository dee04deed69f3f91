package notify

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Item is one notice as its reader gets it.
type Item struct {
	ID             string     `json:"id"`
	At             time.Time  `json:"at"`
	Kind           string     `json:"kind"`
	Level          Level      `json:"level"`
	Text           string     `json:"text"`
	Number         string     `json:"number"`
	Type           string     `json:"type"`
	Read           bool       `json:"read"`
	ReadAt         *time.Time `json:"read_at"`
	Acknowledge    bool       `json:"acknowledge" doc:"the reader is asked to acknowledge it"`
	AcknowledgedAt *time.Time `json:"acknowledged_at"`
}

const itemColumns = `id, at, kind, level, zh, en, number, type, read_at, ack, ack_at`

func scanItem(lang text.Lang) func(db.Row) (Item, error) {
	return func(row db.Row) (n Item, err error) {
		var at, read, ack int64
		var said text.Label
		err = row.Scan(&n.ID, &at, &n.Kind, &n.Level, &said.Zh, &said.En, &n.Number, &n.Type, &read, &n.Acknowledge, &ack)
		n.At, n.Read, n.Text = clock.FromMillis(at), read != 0, said.In(lang)
		n.ReadAt, n.AcknowledgedAt = instant(read), instant(ack)
		return n, err
	}
}

// instant is a stored instant as answers show it, nil for "not yet".
func instant(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	t := clock.FromMillis(ms)
	return &t
}

type place struct {
	ID string `json:"i"`
}

// List reads the actor's notices, newest first.
func (s *Service) List(ctx context.Context, unread bool, after string, limit int) (items []Item, next string, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		var from place
		if _, err := httpapi.ReadCursor(after, &from); err != nil {
			return err
		}
		w := db.NewWhere()
		within(w, u.Actor)
		if unread {
			w.Add("read_at = 0")
		}
		if from.ID != "" {
			w.Add("id < ?", from.ID)
		}
		items, err = db.All(ctx, u.Tx, scanItem(u.Actor.Lang), "SELECT "+itemColumns+" FROM notices WHERE "+w.SQL()+" ORDER BY id DESC LIMIT "+w.Arg(limit+1), w.Args()...)
		return err
	})
	if len(items) > limit {
		items = items[:limit]
		next = httpapi.Cursor(place{items[limit-1].ID})
	}
	return items, next, err
}

// Unread counts the actor's unread notices, up to 100.
func Unread(ctx context.Context, u *work.Unit) (int, error) {
	w := db.NewWhere()
	within(w, u.Actor)
	w.Add("read_at = 0")
	return db.One(ctx, u.Tx, db.Scan[int], "SELECT COUNT(*) FROM (SELECT 1 FROM notices WHERE "+w.SQL()+" LIMIT 100) n", w.Args()...)
}

// within wants the actor's own notices, but for those of a record that has turned out to be another customer's.
func within(w *db.Where, actor *work.Actor) {
	w.Eq("person_id", actor.ID)
	scope := actor.Scope()
	if scope.All {
		return
	}
	holders, args := "", []any{}
	for _, customer := range append([]string{""}, scope.Customers...) {
		holders, args = holders+", ?", append(args, customer)
	}
	w.Add("(record_id = '' OR record_id IN (SELECT r.id FROM records r WHERE r.id = notices.record_id AND r.customer_id IN ("+holders[2:]+")))", args...)
}

// MarkRead marks some of the actor's notices as read, or all of them when none is named. When people read what they were
// told is kept (MAJ-02).
func (s *Service) MarkRead(ctx context.Context, ids []string) error {
	return s.door.Do(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded()
		w := db.NewWhere(clock.Millis(u.Now()))
		w.Eq("person_id", u.Actor.ID)
		w.Add("read_at = 0")
		if len(ids) > 0 {
			w.In("id", ids)
		}
		read, err := db.All(ctx, u.Tx, db.Scan[string], "UPDATE notices SET read_at = $1 WHERE "+w.SQL()+" RETURNING id", w.Args()...)
		if err != nil {
			return fmt.Errorf("mark notices as read: %w", err)
		}
		if err := seen(ctx, u, read, StateRead, StateSent, StateDelivered); err != nil {
			return err
		}
		return u.Announce(ctx, work.Notice{Keys: []string{"inbox", "counts"}, Persons: []string{u.Actor.ID}})
	})
}

// seen carries over to the deliveries of notices that their person has read or acknowledged them.
func seen(ctx context.Context, u *work.Unit, notices []string, state State, from ...State) error {
	for len(notices) > 0 {
		some := notices[:min(len(notices), 500)]
		notices = notices[len(some):]
		w := db.NewWhere(string(state))
		w.In("notice_id", some)
		w.In("state", from)
		if _, err := u.Exec(ctx, "UPDATE notify_deliveries SET state = $1 WHERE "+w.SQL(), w.Args()...); err != nil {
			return fmt.Errorf("mark deliveries as %s: %w", state, err)
		}
	}
	return nil
}

// Acknowledgement is one person's word that they know.
type Acknowledgement struct {
	Notice, Person, Record, Number, Ref, Kind string
	At                                        time.Time
	Via                                       string // "app" or "link"
}

// Acknowledge lets the actor acknowledge one of their notices, which also reads it. A second time changes nothing.
func (s *Service) Acknowledge(ctx context.Context, notice string) (item Item, err error) {
	err = s.door.Do(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded() // for the repetition; the acknowledgement itself is recorded
		w := db.NewWhere()
		within(w, u.Actor)
		w.Eq("id", notice)
		if mine, err := db.Exists(ctx, u.Tx, "SELECT 1 FROM notices WHERE "+w.SQL(), w.Args()...); err != nil || !mine {
			return cmp.Or(err, error(fault.Missing()))
		}
		if _, err := s.acknowledge(ctx, u, notice, u.Actor.ID, "app"); err != nil {
			return err
		}
		item, err = db.One(ctx, u.Tx, scanItem(u.Actor.Lang), "SELECT "+itemColumns+" FROM notices WHERE id = $1 AND person_id = $2", notice, u.Actor.ID)
		return err
	})
	return item, err
}

// acknowledge marks the notice; fresh is false where it was acknowledged before. Another person's notice is not found.
func (s *Service) acknowledge(ctx context.Context, u *work.Unit, notice, person, via string) (fresh bool, err error) {
	a := Acknowledgement{Notice: notice, Person: person, At: u.Now(), Via: via}
	done := int64(0)
	err = u.QueryRow(ctx, `SELECT record_id, number, ref, kind, ack_at FROM notices WHERE id = $1 AND person_id = $2`+db.ForUpdate(u.Tx), notice, person).
		Scan(&a.Record, &a.Number, &a.Ref, &a.Kind, &done)
	if err != nil || done != 0 {
		return false, err
	}
	now := clock.Millis(u.Now())
	_, err = u.Exec(ctx, `UPDATE notices SET ack_at = $1, ack_via = $2, read_at = CASE WHEN read_at = 0 THEN $1 ELSE read_at END WHERE id = $3`, now, via, notice)
	if err != nil {
		return false, fmt.Errorf("acknowledge notice: %w", err)
	}
	if err := seen(ctx, u, []string{notice}, StateAcknowledged, StateSent, StateDelivered, StateRead); err != nil {
		return false, err
	}
	if _, err := u.Record(ctx, work.Event{Stream: notice, Kind: "notice.acknowledged", Subject: "notice", Number: a.Number, First: true,
		Data: map[string]any{"person": person, "via": via, "ref": a.Ref}}); err != nil {
		return false, err
	}
	for _, hook := range s.onAck {
		if err := hook(ctx, u, a); err != nil {
			return false, err
		}
	}
	return true, u.Announce(ctx, work.Notice{Keys: []string{"inbox", "counts"}, Persons: []string{person}})
}

// Acknowledged is when a person acknowledged what is named by a notice's id, by the Ref of its sender, or by the id of its
// record (then: any notice about it); the zero time = not yet. Person "" asks for anybody's.
func Acknowledged(ctx context.Context, tx db.Tx, what, person string) (time.Time, error) {
	w := db.NewWhere()
	named(w, what)
	w.Add("ack_at > 0")
	if person != "" {
		w.Eq("person_id", person)
	}
	ms, err := db.One(ctx, tx, db.Scan[int64], "SELECT COALESCE(MIN(ack_at), 0) FROM notices WHERE "+w.SQL(), w.Args()...)
	if err != nil {
		return time.Time{}, fmt.Errorf("read acknowledgement: %w", err)
	}
	return clock.FromMillis(ms), nil
}

// named chooses notices by id, ref or record.
func named(w *db.Where, what string) {
	w.Add("(id = ? OR (ref = ? AND ref <> '') OR (record_id = ? AND record_id <> ''))", what, what, what)
}

// Receipt is what became of a notice with one person (MAJ-02: receivers and read times).
type Receipt struct {
	Notice, Person, Kind  string
	At                    time.Time
	ReadAt, AcknowledgeAt time.Time // zero = not yet
	Channels              []string  // names of the channels that took it, besides the application
}

// Receipts are the receivers of what is named by a notice's id, a Ref, or a record's id, oldest first.
func Receipts(ctx context.Context, tx db.Tx, what string) ([]Receipt, error) {
	w := db.NewWhere()
	named(w, what)
	list, err := db.All(ctx, tx, func(row db.Row) (r Receipt, err error) {
		var at, read, ack int64
		err = row.Scan(&r.Notice, &r.Person, &r.Kind, &at, &read, &ack)
		r.At, r.ReadAt, r.AcknowledgeAt, r.Channels = clock.FromMillis(at), clock.FromMillis(read), clock.FromMillis(ack), []string{}
		return r, err
	}, "SELECT id, person_id, kind, at, read_at, ack_at FROM notices WHERE "+w.SQL()+" ORDER BY id", w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read receipts: %w", err)
	}
	return list, receiptChannels(ctx, tx, list)
}

func receiptChannels(ctx context.Context, tx db.Tx, list []Receipt) error {
	at := map[string]int{}
	ids := make([]string, len(list))
	for i, r := range list {
		at[r.Notice], ids[i] = i, r.Notice
	}
	w := db.NewWhere()
	condition := db.Among(tx, w, "d.notice_id", ids)
	w.In("d.state", []State{StateSent, StateDelivered, StateRead, StateAcknowledged})
	type pair struct{ notice, name string }
	took, err := db.All(ctx, tx, func(row db.Row) (p pair, err error) {
		err = row.Scan(&p.notice, &p.name)
		return p, err
	},
		"SELECT d.notice_id, c.name FROM notify_deliveries d JOIN notify_channels c ON c.id = d.channel WHERE "+condition+" AND "+w.SQL()+" ORDER BY d.id", w.Args()...)
	if err != nil {
		return fmt.Errorf("read channels of receipts: %w", err)
	}
	for _, p := range took {
		r := &list[at[p.notice]]
		r.Channels = append(r.Channels, p.name)
	}
	return nil
}

// missing tells whether nothing was found.
func missing(err error) bool { return fault.Is(err, fault.NotFound) }
