package record

import (
	"context"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Filter says which records of a list are wanted. Empty members do not filter; several values of one member mean any of them.
type Filter struct {
	Types                                            []string
	States, Kinds, Workflows                         []string
	Open                                             *bool
	Customers, Sites, Services                       []string
	Assignees, Teams, Requesters                     []string // "" among them: none
	Priorities, Impacts, Urgencies, Levels, Channels []string
	Major                                            *bool
	Watcher                                          string
	Parent                                           string
	CreatedFrom, CreatedTo, UpdatedFrom, UpdatedTo   time.Time // [from, to)
	DueBefore                                        time.Time
	Values                                           map[string][]string // own fields by name; names come from the definition
	IDs                                              []string            // only these, when not nil
	Turn                                             *Turn
}

// Turn wants the records whose next step is up to somebody.
type Turn struct {
	Person string
	Teams  []string
	Roles  []string
}

// Sort is an order with its keyset: the columns compared, and whether downwards.
type Sort struct {
	Name    string
	columns []string
	down    bool
}

// Sorts are the orders a list can have. Nearest promise first is the default.
var Sorts = []Sort{
	{Name: "due", columns: []string{"r.due_at", "r.id"}},
	{Name: "priority", columns: []string{"r.priority_rank", "r.due_at", "r.id"}},
	{Name: "created_at", columns: []string{"r.created_at", "r.id"}},
	{Name: "-created_at", columns: []string{"r.created_at", "r.id"}, down: true},
	{Name: "updated_at", columns: []string{"r.updated_at", "r.id"}},
	{Name: "-updated_at", columns: []string{"r.updated_at", "r.id"}, down: true},
	{Name: "number", columns: []string{"r.number"}},
	{Name: "-number", columns: []string{"r.number"}, down: true},
}

// SortBy finds an order by name; "" is the nearest promise.
func SortBy(name string) (Sort, bool) {
	if name == "" {
		return Sorts[0], true
	}
	i := slices.IndexFunc(Sorts, func(s Sort) bool { return s.Name == name })
	if i < 0 {
		return Sort{}, false
	}
	return Sorts[i], true
}

// Place is where a page ends: the values of the sort's columns.
type Place struct {
	Sort string  `json:"s"`
	Ints []int64 `json:"i,omitempty"`
	Text string  `json:"t"`
}

// PlaceOf is the keyset of a record in an order.
func (s Sort) PlaceOf(r *Record) Place {
	p := Place{Sort: s.Name, Text: r.ID}
	switch s.columns[0] {
	case "r.due_at":
		p.Ints = []int64{r.storedDue()}
	case "r.priority_rank":
		p.Ints = []int64{int64(r.storedRank()), r.storedDue()}
	case "r.created_at":
		p.Ints = []int64{clock.Millis(r.CreatedAt)}
	case "r.updated_at":
		p.Ints = []int64{clock.Millis(r.UpdatedAt)}
	case "r.number":
		p.Text = r.Number
	}
	return p
}

// Fits tells whether a place that came from outside is one of this order.
func (s Sort) Fits(p Place) bool {
	return p.Sort == s.Name && len(p.Ints) == len(s.columns)-1
}

func (s Sort) after(w *db.Where, p Place) {
	columns, holders, args := "", "", []any{}
	for i, c := range s.columns {
		if i > 0 {
			columns, holders = columns+", ", holders+", "
		}
		columns, holders = columns+c, holders+"?"
		if i < len(p.Ints) {
			args = append(args, p.Ints[i])
		} else {
			args = append(args, p.Text)
		}
	}
	compare := ">"
	if s.down {
		compare = "<"
	}
	w.Add("("+columns+") "+compare+" ("+holders+")", args...)
}

// order is the sort by columns of these names.
func (s Sort) order(columns []string) string {
	order := ""
	for i, c := range columns {
		if i > 0 {
			order += ", "
		}
		order += c
		if s.down {
			order += " DESC"
		}
	}
	return order
}

// groups are the columns a count may be broken down by.
var groups = map[string]string{"state": "r.state", "kind": "r.kind", "priority": "r.priority", "assignee": "r.assignee_id", "team": "r.team_id",
	"customer": "r.customer_id", "channel": "r.channel", "workflow": "r.workflow", "service": "r.service_id", "type": "r.type"}

// Group is one line of a breakdown.
type Group struct {
	Value string
	Count int
}

// Groups counts matching records by a column; ok is false for one that cannot be grouped by.
func Groups(ctx context.Context, tx db.Tx, actor *work.Actor, f Filter, by string) (list []Group, ok bool, err error) {
	column, ok := groups[by]
	if !ok {
		return nil, false, nil
	}
	w := db.NewWhere()
	selection{Filter: f, dialect: tx.Dialect(), scope: actor.Scope()}.where(w)
	list, err = db.All(ctx, tx, func(row db.Row) (g Group, err error) { return g, row.Scan(&g.Value, &g.Count) },
		"SELECT "+column+", COUNT(*) FROM records r WHERE "+w.SQL()+" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 200", w.Args()...)
	return list, true, err
}
