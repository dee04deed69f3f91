package record

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// selection is a list being read. It is read by one of two kinds of indexes: that of its order, row after row until the
// page is full, or that of its lead, a column of the filter which the rows are found by. PostgreSQL knows how frequent
// values are and finds the better one itself. SQLite does not: there all other columns are kept out of the choice.
type selection struct {
	Filter
	dialect db.Dialect
	scope   work.Scope
	sort    Sort // none for a count
	after   *Place
	lead    string // column, or ""
}

// column is one that a filter wants values of.
type column struct {
	name   string
	values []string
}

// columns are those of the filter, the leads first, the one that finds the fewest rows before the others.
func (f Filter) columns() []column {
	return []column{{"r.id", f.IDs}, {"r.assignee_id", f.Assignees}, {"r.requester_id", f.Requesters}, {"r.site_id", f.Sites}, {"r.service_id", f.Services},
		{"r.team_id", f.Teams}, {"r.customer_id", f.Customers}, {"r.state", f.States}, {"r.type", f.Types}, {"r.kind", f.Kinds}, {"r.workflow", f.Workflows},
		{"r.priority", f.Priorities}, {"r.impact", f.Impacts}, {"r.urgency", f.Urgencies}, {"r.level", f.Levels}, {"r.channel", f.Channels}}
}

// sparse columns are empty in many rows; their indexes leave those out, and are used only where the query does too.
var sparse = map[string]bool{"r.site_id": true, "r.service_id": true, "r.assignee_id": true, "r.requester_id": true}

// leads tells whether there is an index by the column that gives the order, or finds so few rows that it need not.
func (s selection) leads(c column) bool {
	open := s.Open != nil && *s.Open
	switch c.name {
	case "r.id":
		return true
	case "r.assignee_id":
		return open || s.in("r.updated_at") && !slices.Contains(c.values, "")
	case "r.requester_id", "r.site_id", "r.service_id":
		return !slices.Contains(c.values, "")
	case "r.team_id", "r.state":
		return open
	case "r.customer_id":
		return open || s.in("r.due_at", "r.created_at", "r.updated_at")
	}
	return false
}

// in tells whether the order is by one of the columns, or there is none.
func (s selection) in(columns ...string) bool {
	return len(s.sort.columns) == 0 || slices.Contains(columns, s.sort.columns[0])
}

// maxWays is how many ways a list is put together from; with more it is read in one go.
const maxWays = 50

// way is one of several conditions of which a record meets at most one.
type way struct {
	condition string
	args      []any
}

// ways chooses the lead and takes the selection apart by its values: no index gives "any of these" in order, but each of
// them alone. What is answered beside the ways holds for all of them.
func (s selection) ways() (selection, []way) {
	if s.Turn != nil {
		turn := *s.Turn
		s.Turn, s.lead = nil, "turn"
		return s, turn.ways()
	}
	if s.Parent != "" {
		s.lead = "r.parent_id"
		return s, nil
	}
	if own := s.scope.Own; own != "" && s.IDs == nil {
		s.scope.Own, s.lead = "", "r.requester_id"
		return s, ownWays(own)
	}
	columns := s.columns()
	if !s.scope.All && s.Customers == nil {
		columns[slices.IndexFunc(columns, func(c column) bool { return c.name == "r.customer_id" })].values = s.scope.Customers
	}
	for _, c := range columns {
		c.values = distinct(c.values)
		if n := len(c.values); n > 0 && n <= maxWays && s.leads(c) {
			s.lead = c.name
			return s.without(c.name), waysOf(c)
		}
	}
	if len(s.Values) == 1 && s.in("r.created_at") {
		s.lead = "r.fields"
	}
	return s, nil
}

// without leaves out the column that ways are made of.
func (s selection) without(column string) selection {
	switch column {
	case "r.assignee_id":
		s.Assignees = nil
	case "r.requester_id":
		s.Requesters = nil
	case "r.site_id":
		s.Sites = nil
	case "r.service_id":
		s.Services = nil
	case "r.team_id":
		s.Teams = nil
	case "r.state":
		s.States = nil
	case "r.customer_id":
		if s.Customers == nil {
			s.scope = work.Scope{All: true}
		}
		s.Customers = nil
	}
	return s
}

func waysOf(c column) (ways []way) {
	if c.name == "r.id" { // which are found one by one anyway
		return nil
	}
	for _, v := range c.values {
		condition := c.name + " = ?"
		if sparse[c.name] && v != "" {
			condition += " AND " + c.name + " <> ''"
		}
		ways = append(ways, way{condition, []any{v}})
	}
	return ways
}

// ways of a turn. Whose turn it is tells little about how many records there are; "|| ”" keeps both databases from
// looking for them by it where the handler or the team is known.
func (t Turn) ways() []way {
	ways := []way{
		{"r.turn || '' = 'handler' AND r.open AND r.assignee_id = ?", []any{t.Person}},
		{"r.turn || '' = 'team' AND r.open AND r.assignee_id = ?", []any{t.Person}},
		{"r.turn || '' = 'requester' AND r.open AND r.requester_id = ? AND r.requester_id <> ''", []any{t.Person}},
	}
	for _, role := range distinct(t.Roles) {
		ways = append(ways, way{"r.turn = ? AND r.open", []any{"role:" + role}})
	}
	for _, team := range distinct(t.Teams) {
		ways = append(ways, way{"r.turn || '' = 'team' AND r.open AND r.assignee_id || '' = '' AND r.team_id = ?", []any{team}})
	}
	return ways
}

func ownWays(person string) []way {
	return []way{
		{"r.requester_id = ? AND r.requester_id <> ''", []any{person}},
		{"r.requester_id <> ? AND r.id IN (SELECT rw.record_id FROM record_watchers rw WHERE rw.person_id = ?)", []any{person, person}},
	}
}

func distinct(values []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(values)))
}

// where adds the conditions on records r. Values are matched on both databases through ->>.
func (s selection) where(w *db.Where) {
	for _, c := range s.columns() {
		if c.values != nil {
			w.In(s.aside(c.name), c.values)
		}
	}
	for name, values := range s.Values {
		field := "r.fields ->> '" + name + "'"
		if s.lead != "r.fields" {
			field = db.Unindexed(s.dialect, "("+field+")")
		}
		w.In(field, values)
	}
	s.flags(w)
	s.times(w)
	if s.Turn != nil {
		anyOf(w, s.Turn.ways())
	}
	reach(w, s.scope, db.Unindexed(s.dialect, "r.customer_id"))
}

// aside keeps a column out of the choice of the index unless it takes part in it: the type does in all orders and with
// the state.
func (s selection) aside(column string) string {
	switch {
	case column == s.lead:
		return column
	case column == "r.type" && (s.lead == "" || s.lead == "r.state" || s.lead == "r.fields"):
		return column
	}
	return db.Unindexed(s.dialect, column)
}

func (s selection) flags(w *db.Where) {
	if s.Open != nil {
		s.openness(w, *s.Open)
	}
	if s.Major != nil {
		if *s.Major {
			w.Add("r.major")
		} else {
			w.Add("NOT r.major")
		}
	}
	if s.Watcher != "" {
		w.Add("EXISTS (SELECT 1 FROM record_watchers fw WHERE fw.record_id = r.id AND fw.person_id = ?)", s.Watcher)
	}
	if s.Parent != "" {
		w.Add("r.parent_id = ? AND r.parent_id <> ''", s.Parent) // the index holds only those
	}
}

// openness wants records that are open, or are not. Where an index by promise or priority is read it says so by the
// stretch of it that they are; saying it twice would let PostgreSQL take it for two conditions that few rows meet.
func (s selection) openness(w *db.Where, open bool) {
	switch {
	case s.lead == "" && s.in("r.due_at"), s.lead == "r.customer_id":
		w.Add(stretch("r.due_at", closedDue, open))
	case s.lead == "" && s.in("r.priority_rank"):
		w.Add(stretch("r.priority_rank", closedRank, open))
	case open:
		w.Add("r.open")
	default:
		w.Add("NOT r.open")
	}
}

func stretch(column string, closed int64, open bool) string {
	if open {
		return fmt.Sprintf("%s < %d", column, closed)
	}
	return fmt.Sprintf("%s >= %d", column, closed)
}

// times adds ranges. That of another column than the order's may find the rows, but never among open ones, which are few.
func (s selection) times(w *db.Where) {
	add := func(column, compare string, t time.Time) {
		if t.IsZero() {
			return
		}
		if s.Open != nil && *s.Open && !s.in(column) {
			column = db.Unindexed(s.dialect, column)
		}
		w.Add(column+compare+" ?", clock.Millis(t))
	}
	add("r.created_at", " >=", s.CreatedFrom)
	add("r.created_at", " <", s.CreatedTo)
	add("r.updated_at", " >=", s.UpdatedFrom)
	add("r.updated_at", " <", s.UpdatedTo)
	add("r.due_at", " <", s.DueBefore)
}

// anyOf wants one of the ways.
func anyOf(w *db.Where, ways []way) {
	conditions, args := make([]string, len(ways)), []any{}
	for i, one := range ways {
		conditions[i] = "(" + one.condition + ")"
		args = append(args, one.args...)
	}
	w.Add(strings.Join(conditions, " OR "), args...)
}

// selects makes, for every way, what follows the columns of a SELECT on records r.
func (s selection) selects() (list []string, args []any) {
	s, ways := s.ways()
	if len(ways) == 0 {
		ways = []way{{condition: "1=1"}}
	}
	for _, one := range ways {
		w := db.NewWhere(args...)
		w.Add(one.condition, one.args...)
		s.where(w)
		if s.after != nil {
			s.sort.after(w, *s.after)
		}
		list, args = append(list, " FROM records r WHERE "+w.SQL()), w.Args()
	}
	return list, args
}

// List reads a page in the given order, beginning after a place. The limit stands in the text, for the planner to see.
func List(ctx context.Context, tx db.Tx, actor *work.Actor, f Filter, sort Sort, after *Place, limit int) ([]*Record, error) {
	selects, args := selection{Filter: f, dialect: tx.Dialect(), scope: actor.Scope(), sort: sort, after: after}.selects()
	end := func(columns []string) string {
		return " ORDER BY " + sort.order(columns) + " LIMIT " + strconv.Itoa(limit)
	}
	if len(selects) == 1 {
		return db.All(ctx, tx, scan, "SELECT "+fieldsOfRow+selects[0]+end(sort.columns), args...)
	}
	keys, names := "", make([]string, len(sort.columns))
	for i, column := range sort.columns {
		names[i] = "k" + strconv.Itoa(i)
		keys += ", " + column + " AS " + names[i]
	}
	for i := range selects {
		selects[i] = fmt.Sprintf("SELECT * FROM (SELECT r.id AS hit%s%s%s) w%d", keys, selects[i], end(sort.columns), i)
	}
	page := "SELECT hit FROM (" + strings.Join(selects, " UNION ALL ") + ") a" + end(names)
	// CROSS JOIN keeps SQLite from beginning with the records.
	sql := "SELECT " + fieldsOfRow + " FROM (" + page + ") page CROSS JOIN records r WHERE r.id = page.hit ORDER BY " + sort.order(sort.columns)
	return db.All(ctx, tx, scan, sql, args...)
}

// Count counts matching records up to a cap, so that no count walks a million rows.
func Count(ctx context.Context, tx db.Tx, actor *work.Actor, f Filter, most int) (int, error) {
	selects, args := selection{Filter: f, dialect: tx.Dialect(), scope: actor.Scope()}.selects()
	for i := range selects {
		selects[i] = fmt.Sprintf("SELECT * FROM (SELECT 1 AS one%s LIMIT %d) w%d", selects[i], most, i)
	}
	return db.One(ctx, tx, db.Scan[int], fmt.Sprintf("SELECT COUNT(*) FROM (%s LIMIT %d) c", strings.Join(selects, " UNION ALL "), most), args...)
}
