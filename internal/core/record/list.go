package record

import (
	"context"
	"fmt"
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
	due := clock.Millis(r.Due)
	if due == 0 {
		due = NoDue
	}
	switch s.columns[0] {
	case "r.due_at":
		p.Ints = []int64{due}
	case "r.priority_rank":
		p.Ints = []int64{int64(r.PriorityRank), due}
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

func (s Sort) order() string {
	order := ""
	for i, c := range s.columns {
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

// where turns the filter into conditions on records r. Values are matched on both databases through ->>.
func (f Filter) where(w *db.Where, actor *work.Actor) {
	in := func(column string, values []string) {
		if values != nil {
			w.In(column, values)
		}
	}
	in("r.type", f.Types)
	in("r.state", f.States)
	in("r.kind", f.Kinds)
	in("r.workflow", f.Workflows)
	in("r.customer_id", f.Customers)
	in("r.site_id", f.Sites)
	in("r.service_id", f.Services)
	in("r.assignee_id", f.Assignees)
	in("r.team_id", f.Teams)
	in("r.requester_id", f.Requesters)
	if f.Requesters != nil && !slices.Contains(f.Requesters, "") {
		w.Add("r.requester_id <> ''") // the index holds only those
	}
	in("r.priority", f.Priorities)
	in("r.impact", f.Impacts)
	in("r.urgency", f.Urgencies)
	in("r.level", f.Levels)
	in("r.channel", f.Channels)
	in("r.id", f.IDs)
	f.flags(w)
	f.times(w)
	for name, values := range f.Values {
		w.In("r.fields ->> '"+name+"'", values)
	}
	if f.Turn != nil {
		f.Turn.where(w)
	}
	Reach(w, actor)
}

func (f Filter) flags(w *db.Where) {
	if f.Open != nil {
		if *f.Open {
			w.Add("r.open")
		} else {
			w.Add("NOT r.open")
		}
	}
	if f.Major != nil {
		if *f.Major {
			w.Add("r.major")
		} else {
			w.Add("NOT r.major")
		}
	}
	if f.Watcher != "" {
		w.Add("EXISTS (SELECT 1 FROM record_watchers fw WHERE fw.record_id = r.id AND fw.person_id = ?)", f.Watcher)
	}
	if f.Parent != "" {
		w.Add("r.parent_id = ? AND r.parent_id <> ''", f.Parent) // the index holds only those
	}
}

func (f Filter) times(w *db.Where) {
	add := func(condition string, t time.Time) {
		if !t.IsZero() {
			w.Add(condition, clock.Millis(t))
		}
	}
	add("r.created_at >= ?", f.CreatedFrom)
	add("r.created_at < ?", f.CreatedTo)
	add("r.updated_at >= ?", f.UpdatedFrom)
	add("r.updated_at < ?", f.UpdatedTo)
	add("r.due_at < ?", f.DueBefore)
}

func (t Turn) where(w *db.Where) {
	roles := []string{"person:" + t.Person}
	for _, r := range t.Roles {
		roles = append(roles, "role:"+r)
	}
	rolesList, teamsList := placeholders(w, roles), placeholders(w, t.Teams)
	w.Add(fmt.Sprintf("((r.turn = 'handler' AND r.assignee_id = ?) OR (r.turn = 'requester' AND r.requester_id = ?) OR r.turn IN (%s)"+
		" OR (r.turn = 'team' AND (r.assignee_id = ? OR (r.assignee_id = '' AND r.team_id IN (%s)))))", rolesList, teamsList), t.Person, t.Person, t.Person)
}

// placeholders adds the values as arguments and lists their "$n"; an empty list matches nothing.
func placeholders(w *db.Where, values []string) string {
	if len(values) == 0 {
		return "NULL"
	}
	list := ""
	for i, v := range values {
		if i > 0 {
			list += ", "
		}
		list += w.Arg(v)
	}
	return list
}

// List reads a page in the given order, beginning after a place.
func List(ctx context.Context, tx db.Tx, actor *work.Actor, f Filter, s Sort, after *Place, limit int) ([]*Record, error) {
	w := db.NewWhere()
	f.where(w, actor)
	if after != nil {
		s.after(w, *after)
	}
	sql := "SELECT " + fieldsOfRow + " FROM records r WHERE " + w.SQL() + " ORDER BY " + s.order() + " LIMIT " + w.Arg(limit)
	return db.All(ctx, tx, scan, sql, w.Args()...)
}

// Count counts matching records up to a cap, so that no count walks a million rows.
func Count(ctx context.Context, tx db.Tx, actor *work.Actor, f Filter, most int) (int, error) {
	w := db.NewWhere()
	f.where(w, actor)
	return db.One(ctx, tx, db.Scan[int], "SELECT COUNT(*) FROM (SELECT 1 FROM records r WHERE "+w.SQL()+" LIMIT "+w.Arg(most)+") c", w.Args()...)
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
	f.where(w, actor)
	list, err = db.All(ctx, tx, func(row db.Row) (g Group, err error) { return g, row.Scan(&g.Value, &g.Count) },
		"SELECT "+column+", COUNT(*) FROM records r WHERE "+w.SQL()+" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 200", w.Args()...)
	return list, true, err
}
