package party

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
)

// column joins a column's name to the struct field it lives in: *string, *bool, *int64 or *time.Time.
type column struct {
	name string
	at   any
}

// value is what the column's field holds, as an argument.
func (c column) value() any {
	switch at := c.at.(type) {
	case *string:
		return *at
	case *bool:
		return *at
	case *int64:
		return *at
	case *time.Time:
		return clock.Millis(*at)
	}
	panic(fmt.Sprintf("party: column %s of type %T", c.name, c.at))
}

// dest is where the column's value is scanned into.
func (c column) dest() any {
	if at, ok := c.at.(*time.Time); ok {
		return instant{at}
	}
	return c.at
}

// instant scans milliseconds into a time.
type instant struct{ at *time.Time }

// Scan takes what the driver read.
func (i instant) Scan(src any) error {
	ms, ok := src.(int64)
	if !ok {
		return fmt.Errorf("read an instant from %T", src)
	}
	*i.at = clock.FromMillis(ms)
	return nil
}

// table is one kind of entry: how its struct and its rows correspond.
type table[T any] struct {
	name    string // of the SQL table
	subject string // what the audit trail and live announcements call it
	head    func(*T) *Head
	columns func(*T) []column // without those of the head
	sort    string            // column lists are ordered by, id breaks ties
	label   func(*T) string   // what people call the entry
	key     func(*T) string   // value of the sort column
	owner   func(*T) string   // organisation it belongs to
	scope   func(reach, *db.Where)
}

func (t *table[T]) all(v *T) []column { return append(t.head(v).columns(), t.columns(v)...) }

// selected are the columns in the order in which scan reads them.
func (t *table[T]) selected() string {
	var v T
	var names []string
	for _, c := range t.all(&v) {
		names = append(names, t.name+"."+c.name)
	}
	return strings.Join(names, ", ")
}

func (t *table[T]) scan(row db.Row) (T, error) {
	var v T
	var dest []any
	for _, c := range t.all(&v) {
		dest = append(dest, c.dest())
	}
	err := row.Scan(dest...)
	return v, err
}

// one reads the entry that meets the conditions; none is fault NotFound.
func (t *table[T]) one(ctx context.Context, tx db.Tx, w *db.Where) (T, error) {
	return db.One(ctx, tx, t.scan, "SELECT "+t.selected()+" FROM "+t.name+" WHERE "+w.SQL(), w.Args()...)
}

func (t *table[T]) byID(ctx context.Context, tx db.Tx, id string) (T, error) {
	w := db.NewWhere()
	w.Eq(t.name+".id", id)
	return t.one(ctx, tx, w)
}

// find reads all entries that meet the conditions, in order, for small sets.
func (t *table[T]) find(ctx context.Context, tx db.Tx, w *db.Where) ([]T, error) {
	sql := "SELECT " + t.selected() + " FROM " + t.name + " WHERE " + w.SQL() + t.order()
	return db.All(ctx, tx, t.scan, sql, w.Args()...)
}

func (t *table[T]) order() string {
	return " ORDER BY " + t.name + "." + t.sort + ", " + t.name + ".id"
}

// Place is where a page of a list ends.
type Place struct {
	Key string `json:"k"`
	ID  string `json:"i"`
}

// Paging asks for one page of a list; After is the place the page before it ended at.
type Paging struct {
	After Place
	Limit int
}

const (
	defaultLimit = 50
	maxLimit     = 200
)

// page reads one page; more tells where it ended, nil when nothing follows.
func (t *table[T]) page(ctx context.Context, tx db.Tx, w *db.Where, p Paging) (items []T, more *Place, err error) {
	limit := p.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	limit = min(limit, maxLimit)
	if p.After.ID != "" {
		w.Add("("+t.name+"."+t.sort+", "+t.name+".id) > (?, ?)", p.After.Key, p.After.ID)
	}
	sql := "SELECT " + t.selected() + " FROM " + t.name + " WHERE " + w.SQL() + t.order() + " LIMIT " + strconv.Itoa(limit+1)
	items, err = db.All(ctx, tx, t.scan, sql, w.Args()...)
	if err != nil {
		return nil, nil, fmt.Errorf("list %s: %w", t.subject, err)
	}
	if len(items) > limit {
		items = items[:limit]
		last := &items[limit-1]
		more = &Place{Key: t.key(last), ID: t.head(last).ID}
	}
	return items, more, nil
}

// insert gives the entry its head and stores it.
func (t *table[T]) insert(ctx context.Context, tx db.Tx, v *T) error {
	*t.head(v) = Head{ID: id.New(), Version: 1, Status: Active, CreatedAt: tx.Now(), UpdatedAt: tx.Now()}
	var names, marks []string
	var args []any
	for i, c := range t.all(v) {
		names, marks, args = append(names, c.name), append(marks, "$"+strconv.Itoa(i+1)), append(args, c.value())
	}
	sql := "INSERT INTO " + t.name + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(marks, ", ") + ")"
	if _, err := tx.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("insert %s: %w", t.subject, taken(err))
	}
	return nil
}

// update stores the entry unless somebody else has changed it meanwhile.
func (t *table[T]) update(ctx context.Context, tx db.Tx, v *T) error {
	head := t.head(v)
	seen := head.Version
	head.Version, head.UpdatedAt = seen+1, tx.Now()
	var sets []string
	var args []any
	for i, c := range t.all(v) {
		sets, args = append(sets, c.name+" = $"+strconv.Itoa(i+1)), append(args, c.value())
	}
	n := len(args)
	sql := fmt.Sprintf("UPDATE %s SET %s WHERE id = $%d AND version = $%d", t.name, strings.Join(sets, ", "), n+1, n+2)
	rows, err := tx.Exec(ctx, sql, append(args, head.ID, seen)...)
	if err != nil {
		return fmt.Errorf("update %s: %w", t.subject, taken(err))
	}
	if rows == 0 {
		return stale(seen)
	}
	return nil
}

// uniques are the fields behind the unique indexes; SQLite names the columns instead of an index without expression.
var uniques = map[string]string{
	"_code": "code", "_number": "employee_number", "_dedicated_target": "person", "party_dedicated.": "person",
}

// taken names the field of a violated unique index, so that a race reads like the check it slipped past.
func taken(err error) error {
	f := fault.As(err)
	if f == nil || f.Kind != fault.Conflict {
		return err
	}
	constraint, _ := f.Params["constraint"].(string)
	for index, field := range uniques {
		if strings.Contains(constraint, index) {
			return fault.One(field, "field.unique", text.Params{"label": labelOf(field)})
		}
	}
	return err
}

// stale is the answer to a change of a version that is no longer the current one.
func stale(current int64) error {
	return &fault.Error{Kind: fault.Stale, Code: "stale", Data: map[string]any{"version": current}}
}

// matches demands that the version named in If-Match, if any, is the current one.
func matches(head *Head, version int64) error {
	if version != 0 && version != head.Version {
		return stale(head.Version)
	}
	return nil
}

// pairs keeps the many-to-many tables (owner, item): members of a team, sites of a person …
type pairs struct {
	table string
	owner string // column
}

var (
	personRoles  = pairs{"party_person_roles", "person"}
	personSites  = pairs{"party_person_sites", "person"}
	teamMembers  = pairs{"party_team_members", "team"}
	serviceSites = pairs{"party_service_sites", "service"}
)

// of reads the items of several owners at once.
func (p pairs) of(ctx context.Context, tx db.Tx, owners ...string) (map[string][]string, error) {
	w := db.NewWhere()
	w.In(p.owner, owners)
	type pair struct{ owner, item string }
	rows, err := db.All(ctx, tx, func(r db.Row) (pair, error) {
		var v pair
		err := r.Scan(&v.owner, &v.item)
		return v, err
	}, "SELECT "+p.owner+", item FROM "+p.table+" WHERE "+w.SQL()+" ORDER BY item", w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", p.table, err)
	}
	items := map[string][]string{}
	for _, r := range rows {
		items[r.owner] = append(items[r.owner], r.item)
	}
	return items, nil
}

// set replaces the items of an owner.
func (p pairs) set(ctx context.Context, tx db.Tx, owner string, items []string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM "+p.table+" WHERE "+p.owner+" = $1", owner); err != nil {
		return fmt.Errorf("clear %s: %w", p.table, err)
	}
	for _, item := range items {
		sql := "INSERT INTO " + p.table + " (" + p.owner + ", item) VALUES ($1, $2)"
		if _, err := tx.Exec(ctx, sql, owner, item); err != nil {
			return fmt.Errorf("fill %s: %w", p.table, err)
		}
	}
	return nil
}
