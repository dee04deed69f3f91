package process

import (
	"context"
	"net/url"
	"slices"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// View is a saved list: filters, order and columns under a name.
type View struct {
	ID       string   `json:"id"`
	Type     string   `json:"type"`
	Name     string   `json:"name"`
	Query    string   `json:"query"`
	Columns  []string `json:"columns"`
	Shared   bool     `json:"shared"`
	Position int      `json:"position"`
	Mine     bool     `json:"mine"`
	owner    string
}

// ViewInput is what a person gives for a view.
type ViewInput struct {
	Type     string   `json:"type" minLength:"1" maxLength:"40"`
	Name     string   `json:"name" minLength:"1" maxLength:"60"`
	Query    string   `json:"query" maxLength:"2000" doc:"the list's query string"`
	Columns  []string `json:"columns,omitempty" maxItems:"40" nullable:"false"`
	Shared   bool     `json:"shared,omitempty"`
	Position int      `json:"position,omitempty" minimum:"0" maximum:"1000"`
}

const viewColumns = "id, owner_id, type, name, query, columns, shared, position"

// Views reads the actor's own views of a type and the shared ones.
func (s *Service) Views(ctx context.Context, typ string) (out []View, err error) {
	err = s.door.Read(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		w := db.NewWhere()
		if u.Actor.OrgKind == work.Provider {
			w.Add("(owner_id = ? OR shared)", u.Actor.ID)
		} else {
			w.Eq("owner_id", u.Actor.ID)
		}
		if typ != "" {
			w.Eq("type", typ)
		}
		out, err = db.All(ctx, u.Tx, func(row db.Row) (View, error) { return scanView(row, u.Actor.ID) },
			"SELECT "+viewColumns+" FROM list_views WHERE "+w.SQL()+" ORDER BY position, name, id LIMIT 200", w.Args()...)
		scope := u.Actor.Scope()
		out = slices.DeleteFunc(out, func(v View) bool { return !v.Mine && !v.within(scope) })
		return err
	})
	return out, err
}

// within tells whether a view asks only for customers in the scope: what somebody else shared about another is not theirs to see.
func (v View) within(scope work.Scope) bool {
	query, err := url.ParseQuery(v.Query)
	if err != nil {
		return scope.All
	}
	return !slices.ContainsFunc(split(query["customer"]), func(customer string) bool { return !scope.Reaches(customer) })
}

func scanView(row db.Row, me string) (v View, err error) {
	err = row.Scan(&v.ID, &v.owner, &v.Type, &v.Name, &v.Query, db.ScanJSON(&v.Columns), &v.Shared, &v.Position)
	v.Mine, v.Columns = v.owner == me, orEmpty(v.Columns)
	return v, err
}

// SaveView makes a view, or changes one of the actor's own.
func (s *Service) SaveView(ctx context.Context, key string, in ViewInput) (v View, err error) {
	err = s.door.Do(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		if _, ok := s.catalogue.Current(in.Type); !ok {
			return fault.One("type", "field.choice", nil)
		}
		if in.Shared && !u.Actor.May(ShareViews) {
			return fault.Denied()
		}
		v = View{ID: key, Type: in.Type, Name: in.Name, Query: in.Query, Columns: orEmpty(in.Columns), Shared: in.Shared, Position: in.Position, Mine: true}
		if key == "" {
			v.ID = id.New()
			_, err = u.Exec(ctx, "INSERT INTO list_views ("+viewColumns+", changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
				v.ID, u.Actor.ID, v.Type, v.Name, v.Query, db.JSON(v.Columns), v.Shared, v.Position, clock.Millis(u.Now()))
		} else {
			var n int64
			n, err = u.Exec(ctx, "UPDATE list_views SET name = $3, query = $4, columns = $5, shared = $6, position = $7, changed_at = $8 WHERE id = $1 AND owner_id = $2",
				v.ID, u.Actor.ID, v.Name, v.Query, db.JSON(v.Columns), v.Shared, v.Position, clock.Millis(u.Now()))
			if err == nil && n == 0 {
				return fault.Missing()
			}
		}
		if err != nil {
			return err
		}
		_, err = u.Record(ctx, work.Event{Stream: "view:" + v.ID, Kind: "view.saved", Subject: "view", Number: v.Name, Data: v})
		return err
	})
	return v, err
}

// DeleteView removes one of the actor's own views.
func (s *Service) DeleteView(ctx context.Context, key string) error {
	return s.door.Do(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		n, err := u.Exec(ctx, `DELETE FROM list_views WHERE id = $1 AND owner_id = $2`, key, u.Actor.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Missing()
		}
		_, err = u.Record(ctx, work.Event{Stream: "view:" + key, Kind: "view.deleted", Subject: "view"})
		return err
	})
}
