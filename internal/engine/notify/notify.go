// Package notify tells people what concerns them, in the application, and keeps whether they have read it (PLT-04).
package notify

import (
	"context"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Read is the permission to see one's own notices.
const Read work.Perm = "notify.read"

// Migrations of the notices.
var Migrations = []db.Migration{{ID: "notify-001", SQL: `
CREATE TABLE notices (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  record_id TEXT NOT NULL,
  number TEXT NOT NULL,
  type TEXT NOT NULL,
  zh TEXT NOT NULL,
  en TEXT NOT NULL,
  at BIGINT NOT NULL,
  read_at BIGINT NOT NULL
);
CREATE INDEX notices_person ON notices (person_id, id);
CREATE INDEX notices_unread ON notices (person_id, id) WHERE read_at = 0;
`}}

// Notice is one thing told to people.
type Notice struct {
	People               []string
	Kind                 string // assigned, told, urged, answered, approval, timer
	Record, Number, Type string
	Text                 text.Label
}

// Send stores the notice for each person and wakes their screens after the commit.
func Send(ctx context.Context, u *work.Unit, n Notice) error {
	for _, person := range n.People {
		_, err := u.Exec(ctx, `INSERT INTO notices (id, person_id, kind, record_id, number, type, zh, en, at, read_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)`,
			id.New(), person, n.Kind, n.Record, n.Number, n.Type, n.Text.Zh, n.Text.En, clock.Millis(u.Now()))
		if err != nil {
			return err
		}
	}
	return u.Announce(ctx, work.Notice{Keys: []string{"inbox", "counts"}, Persons: n.People})
}

// Service is the reader's side: my notices.
type Service struct{ door *work.Door }

// New makes the service.
func New(door *work.Door) *Service { return &Service{door: door} }

// Item is one notice as its reader gets it.
type Item struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	Text   string    `json:"text"`
	Number string    `json:"number"`
	Type   string    `json:"type"`
	Read   bool      `json:"read"`
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
		w.Eq("person_id", u.Actor.ID)
		if unread {
			w.Add("read_at = 0")
		}
		if from.ID != "" {
			w.Add("id < ?", from.ID)
		}
		items, err = db.All(ctx, u.Tx, func(row db.Row) (n Item, err error) {
			var at, read int64
			var said text.Label
			err = row.Scan(&n.ID, &at, &n.Kind, &said.Zh, &said.En, &n.Number, &n.Type, &read)
			n.At, n.Read, n.Text = clock.FromMillis(at), read != 0, said.In(u.Actor.Lang)
			return n, err
		}, "SELECT id, at, kind, zh, en, number, type, read_at FROM notices WHERE "+w.SQL()+" ORDER BY id DESC LIMIT "+w.Arg(limit+1), w.Args()...)
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
	return db.One(ctx, u.Tx, db.Scan[int], `SELECT COUNT(*) FROM (SELECT 1 FROM notices WHERE person_id = $1 AND read_at = 0 LIMIT 100) n`, u.Actor.ID)
}

// MarkRead marks some of the actor's notices as read, or all of them when none is named.
func (s *Service) MarkRead(ctx context.Context, ids []string) error {
	return s.door.Do(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded()
		w := db.NewWhere(clock.Millis(u.Now()))
		w.Eq("person_id", u.Actor.ID)
		w.Add("read_at = 0")
		if len(ids) > 0 {
			w.In("id", ids)
		}
		if _, err := u.Exec(ctx, "UPDATE notices SET read_at = $1 WHERE "+w.SQL(), w.Args()...); err != nil {
			return err
		}
		return u.Announce(ctx, work.Notice{Keys: []string{"inbox", "counts"}, Persons: []string{u.Actor.ID}})
	})
}

type listIn struct {
	httpapi.Paged
	Unread bool `query:"unread" doc:"only those not read yet"`
}

type listOut struct{ Body httpapi.Page[Item] }

// ReadInput names the notices to mark; none = all.
type ReadInput struct {
	IDs []string `json:"ids,omitempty" maxItems:"500" nullable:"false"`
	All bool     `json:"all,omitempty"`
}

// Routes registers the operations.
func (s *Service) Routes(api *httpapi.API) {
	api.Tag("Notifications", "What concerns me.")
	httpapi.Handle(api, httpapi.Op{ID: "notification-list", Method: "GET", Path: "/api/v1/notifications", Tag: "Notifications", Summary: "My notices, newest first", Perm: Read},
		func(ctx context.Context, in *listIn) (*listOut, error) {
			items, next, err := s.List(ctx, in.Unread, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return &listOut{httpapi.NewPage(items, next)}, nil
		})
	httpapi.Handle(api, httpapi.Op{ID: "notification-read", Method: "POST", Path: "/api/v1/notifications/read", Tag: "Notifications", Summary: "Mark notices as read", Perm: Read},
		func(ctx context.Context, in *struct{ Body ReadInput }) (*struct{}, error) {
			if !in.Body.All && len(in.Body.IDs) == 0 {
				return &struct{}{}, nil
			}
			return &struct{}{}, s.MarkRead(ctx, in.Body.IDs)
		})
}
