package record

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// fieldsOfRow are the columns in the order in which scan and values go through them.
const fieldsOfRow = `id, number, type, workflow, definition, state, kind, waiting_on, open, turn, title, description,
customer_id, site_id, service_id, contract_id, requester_id, assignee_id, team_id, impact, urgency, priority, priority_rank, level,
channel, major, parent_id, fields, trail, reopened, urges, due_at, accepted_at, responded_at, diagnosed_at, arrived_at, solved_at,
verified_at, confirmed_at, closed_at, created_by, created_at, updated_at, state_since, version, audit_head`

var milestoneColumns = []string{"accepted", "responded", "diagnosed", "arrived", "solved", "verified", "confirmed", "closed"}

var columnList = strings.Split(strings.Join(strings.Fields(fieldsOfRow), ""), ",")

var insertSQL = func() string {
	holders := make([]string, len(columnList))
	for i := range columnList {
		holders[i] = fmt.Sprintf("$%d", i+1)
	}
	return "INSERT INTO records (" + fieldsOfRow + ") VALUES (" + strings.Join(holders, ", ") + ")"
}()

// fixed are the first columns, which never change after a record was made.
const fixed = 4

// row are the record's values in the order of its columns.
func (r *Record) row() ([]any, error) {
	values, err := db.JSONText(nonNil(r.Values))
	if err != nil {
		return nil, err
	}
	trail, err := db.JSONText(r.Trail)
	if err != nil {
		return nil, err
	}
	row := []any{r.ID, r.Number, r.Type, r.Workflow, r.Definition, r.State, r.Kind, r.WaitingOn, r.Open, r.Turn, r.Title, r.Description,
		r.Customer, r.Site, r.Service, r.Contract, r.Requester, r.Assignee, r.Team, r.Impact, r.Urgency, r.Priority, r.storedRank(), r.Level,
		r.Channel, r.Major, r.Parent, values, trail, r.Reopened, r.Urges, r.storedDue()}
	for _, m := range milestoneColumns {
		row = append(row, clock.Millis(r.Milestones[m]))
	}
	return append(row, r.CreatedBy, clock.Millis(r.CreatedAt), clock.Millis(r.UpdatedAt), clock.Millis(r.StateSince), r.Version, r.AuditHead), nil
}

func nonNil(v map[string]any) map[string]any {
	if v == nil {
		return map[string]any{}
	}
	return v
}

func scan(row db.Row) (*Record, error) {
	r := &Record{Milestones: map[string]time.Time{}}
	var due, created, updated, since int64
	var marks [8]int64
	dest := []any{&r.ID, &r.Number, &r.Type, &r.Workflow, &r.Definition, &r.State, &r.Kind, &r.WaitingOn, &r.Open, &r.Turn, &r.Title, &r.Description,
		&r.Customer, &r.Site, &r.Service, &r.Contract, &r.Requester, &r.Assignee, &r.Team, &r.Impact, &r.Urgency, &r.Priority, &r.PriorityRank, &r.Level,
		&r.Channel, &r.Major, &r.Parent, db.ScanJSON(&r.Values), db.ScanJSON(&r.Trail), &r.Reopened, &r.Urges, &due}
	for i := range marks {
		dest = append(dest, &marks[i])
	}
	dest = append(dest, &r.CreatedBy, &created, &updated, &since, &r.Version, &r.AuditHead)
	if err := row.Scan(dest...); err != nil {
		return nil, err
	}
	if !r.Open {
		r.PriorityRank -= closedRank
	}
	if due < NoDue {
		r.Due = clock.FromMillis(due)
	}
	for i, m := range milestoneColumns {
		if marks[i] != 0 {
			r.Milestones[m] = clock.FromMillis(marks[i])
		}
	}
	r.CreatedAt, r.UpdatedAt, r.StateSince = clock.FromMillis(created), clock.FromMillis(updated), clock.FromMillis(since)
	return r, nil
}

// Next takes the next count of a series. The row stays locked until the transaction ends: numbers have no gap (PLT-03).
func Next(ctx context.Context, tx db.Tx, series string) (int64, error) {
	return db.One(ctx, tx, db.Scan[int64], `INSERT INTO record_counters (series, value) VALUES ($1, 1)
		ON CONFLICT (series) DO UPDATE SET value = record_counters.value + 1 RETURNING value`, series)
}

// Insert stores a new record.
func Insert(ctx context.Context, tx db.Tx, r *Record) error {
	row, err := r.row()
	if err == nil {
		err = tx.Queue(ctx, insertSQL, row...)
	}
	if err != nil {
		return fmt.Errorf("insert record %s: %w", r.Number, err)
	}
	r.stored = row
	return nil
}

// Save stores a changed record and counts its version up; a Stale fault says that somebody else was first.
func Save(ctx context.Context, tx db.Tx, r *Record) error {
	expected := r.Version
	r.Version++
	r.UpdatedAt = tx.Now()
	row, err := r.row()
	if err != nil {
		return fmt.Errorf("save record %s: %w", r.Number, err)
	}
	sql, args := r.update(row, expected)
	n, err := tx.Exec(ctx, sql, args...)
	if err != nil {
		return fmt.Errorf("save record %s: %w", r.Number, err)
	}
	if n == 0 {
		return fault.New(fault.Stale, "stale", nil)
	}
	r.stored = row
	return nil
}

// update changes the columns that differ from what is stored, as far as that is known: SQLite writes the indexes of all
// columns that a statement names.
func (r *Record) update(row []any, version int64) (sql string, args []any) {
	args = []any{r.ID, version}
	var sets []string
	for i := fixed; i < len(row); i++ {
		if r.stored == nil || r.stored[i] != row[i] {
			args = append(args, row[i])
			sets = append(sets, columnList[i]+" = $"+strconv.Itoa(len(args)))
		}
	}
	return "UPDATE records SET " + strings.Join(sets, ", ") + " WHERE id = $1 AND version = $2", args
}

// Load reads one record by number or id, if the actor can reach it; otherwise it looks absent.
func Load(ctx context.Context, tx db.Tx, actor *work.Actor, ref string) (*Record, error) {
	return load(ctx, tx, actor, ref, "")
}

// LoadForChange is Load for a transaction that is going to change the record.
func LoadForChange(ctx context.Context, tx db.Tx, actor *work.Actor, ref string) (*Record, error) {
	r, err := load(ctx, tx, actor, ref, db.ForUpdate(tx))
	if err != nil {
		return nil, err
	}
	r.stored, err = r.row()
	return r, err
}

func load(ctx context.Context, tx db.Tx, actor *work.Actor, ref, lock string) (*Record, error) {
	w := db.NewWhere()
	column := "r.number"
	if id.Valid(ref) {
		column = "r.id"
	}
	w.Eq(column, ref)
	Reach(w, actor)
	return db.One(ctx, tx, scan, "SELECT "+fieldsOfRow+" FROM records r WHERE "+w.SQL()+lock, w.Args()...)
}

// Reach limits a query on records r to the rows within the actor's reach (PLT-09).
func Reach(w *db.Where, actor *work.Actor) { reach(w, actor.Scope(), "r.customer_id") }

func reach(w *db.Where, scope work.Scope, customer string) {
	if scope.All {
		return
	}
	w.In(customer, scope.Customers)
	if scope.Own != "" {
		w.Add("(r.requester_id = ? OR EXISTS (SELECT 1 FROM record_watchers rw WHERE rw.record_id = r.id AND rw.person_id = ?))", scope.Own, scope.Own)
	}
}

// Many reads records by id, those within the actor's reach, in no particular order.
func Many(ctx context.Context, tx db.Tx, actor *work.Actor, ids []string) ([]*Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	w := db.NewWhere()
	w.In("r.id", ids)
	Reach(w, actor)
	return db.All(ctx, tx, scan, "SELECT "+fieldsOfRow+" FROM records r WHERE "+w.SQL(), w.Args()...)
}

// Children reads the sub-records within the actor's reach.
func Children(ctx context.Context, tx db.Tx, actor *work.Actor, parent string) ([]*Record, error) {
	w := db.NewWhere()
	w.Add("r.parent_id = ? AND r.parent_id <> ''", parent) // the index holds only those
	Reach(w, actor)
	return db.All(ctx, tx, scan, "SELECT "+fieldsOfRow+" FROM records r WHERE "+w.SQL()+" ORDER BY r.created_at, r.id LIMIT 200", w.Args()...)
}

// Head keeps the hash of an audit event that changed nothing else of the row. Its version stays.
func Head(ctx context.Context, tx db.Tx, r *Record, hash string) error {
	r.AuditHead = hash
	return tx.Queue(ctx, `UPDATE records SET audit_head = $2, due_at = $3 WHERE id = $1`, r.ID, hash, r.storedDue())
}
