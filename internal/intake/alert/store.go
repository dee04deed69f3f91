package alert

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// row is an alert as it is stored.
type row struct {
	ID             string
	Version        int64
	Key            string
	Open           bool
	State          string
	Source, Rule   string
	Action         string // of the rule that took it
	Held           string // why nothing follows from it yet: window, threshold
	Customer       string
	Service, Site  string
	Team           string
	Unlinked       bool
	Object, Metric string
	Severity       Severity
	Rank           int64
	Title          string
	HasReading     bool
	Reading        float64
	HasThreshold   bool
	Threshold      float64
	Fingerprint    string
	Detail         detail
	Members        []string // fingerprints that fire, where the key stands for several alerts
	Recent         []int64  // when it came, while its rule still counts
	Changes        []int64  // when it fired or recovered, while its rule looks for flapping
	Flapping       bool
	CalmAt         int64 // when a flapping alert counts as resolved, unless it fires again
	Occurrences    int64
	StartedAt      int64
	EndedAt        int64
	ReceivedAt     int64
	LastAt         int64
	Month          string // of receiving, in the provider's zone, for statistics
	RespondBy      int64  // until when somebody must acknowledge; 0 = no limit, or done
	Overdue        bool
	AcknowledgedAt int64
	AcknowledgedBy string
	Handler        string
	ClosedAt       int64
	ClosedBy       string
	Reason         string
	Record         string
	RecordType     string
	Plan           plan
	NotedAt        int64
	Owed           int64
	BusyUntil      int64
	Attempts       int64
	Problem        string
}

// detail is what of a signal is kept for reading alone.
type detail struct {
	Group       string            `json:"group,omitempty"`
	Description string            `json:"description,omitempty"`
	Link        string            `json:"link,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// The steps that follow from an alert outside its own transaction.
const (
	owesOpen    = 1 // open the record of its plan
	owesNote    = 2 // note on the record that it came again
	owesRecover = 4 // note on the record that it recovered
)

type field struct {
	name string
	arg  any
	dest any
}

// fields joins columns and members, in one place.
func (r *row) fields() []field {
	plain := func(name string, at any) field {
		switch at := at.(type) {
		case *string:
			return field{name, *at, at}
		case *int64:
			return field{name, *at, at}
		case *bool:
			return field{name, *at, at}
		case *float64:
			return field{name, *at, at}
		case *Severity:
			return field{name, string(*at), at}
		}
		panic("alert: column " + name)
	}
	json := func(name string, value, at any) field { return field{name, db.JSON(value), db.ScanJSON(at)} }
	return []field{
		plain("id", &r.ID), plain("version", &r.Version), plain("dedup_key", &r.Key), plain("open", &r.Open), plain("state", &r.State),
		plain("source", &r.Source), plain("rule", &r.Rule), plain("action", &r.Action), plain("held", &r.Held), plain("customer", &r.Customer),
		plain("service", &r.Service), plain("site", &r.Site), plain("team", &r.Team), plain("unlinked", &r.Unlinked), plain("object", &r.Object),
		plain("metric", &r.Metric), plain("severity", &r.Severity), plain("severity_rank", &r.Rank), plain("title", &r.Title),
		plain("has_reading", &r.HasReading), plain("reading", &r.Reading), plain("has_threshold", &r.HasThreshold), plain("threshold", &r.Threshold),
		plain("fingerprint", &r.Fingerprint), json("detail", r.Detail, &r.Detail), json("members", list(r.Members), &r.Members),
		json("recent", list(r.Recent), &r.Recent), json("changes", list(r.Changes), &r.Changes), plain("flapping", &r.Flapping), plain("calm_at", &r.CalmAt),
		plain("occurrences", &r.Occurrences), plain("started_at", &r.StartedAt), plain("ended_at", &r.EndedAt), plain("received_at", &r.ReceivedAt),
		plain("last_at", &r.LastAt), plain("month", &r.Month), plain("respond_by", &r.RespondBy), plain("overdue", &r.Overdue),
		plain("acknowledged_at", &r.AcknowledgedAt), plain("acknowledged_by", &r.AcknowledgedBy), plain("handler", &r.Handler),
		plain("closed_at", &r.ClosedAt), plain("closed_by", &r.ClosedBy), plain("reason", &r.Reason), plain("record", &r.Record),
		plain("record_type", &r.RecordType), json("plan", r.Plan, &r.Plan), plain("noted_at", &r.NotedAt), plain("owed", &r.Owed),
		plain("busy_until", &r.BusyUntil), plain("attempts", &r.Attempts), plain("problem", &r.Problem),
	}
}

// list is never null in JSON.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

var rowColumns, rowInsert, rowUpdate = func() (string, string, string) {
	var names, marks, sets []string
	for i, f := range new(row).fields() {
		names = append(names, f.name)
		marks = append(marks, fmt.Sprintf("$%d", i+1))
		if i > 0 {
			sets = append(sets, fmt.Sprintf("%s = $%d", f.name, i+1))
		}
	}
	all := strings.Join(names, ", ")
	return all, "INSERT INTO alerts (" + all + ") VALUES (" + strings.Join(marks, ", ") + ")", "UPDATE alerts SET " + strings.Join(sets, ", ") + " WHERE id = $1"
}()

func scanRow(r db.Row) (*row, error) {
	v := &row{}
	var dest []any
	for _, f := range v.fields() {
		dest = append(dest, f.dest)
	}
	if err := r.Scan(dest...); err != nil {
		return nil, err
	}
	return v, nil
}

func (r *row) args() []any {
	var args []any
	for _, f := range r.fields() {
		args = append(args, f.arg)
	}
	return args
}

func (r *row) insert(ctx context.Context, tx db.Tx) error {
	if err := tx.Queue(ctx, rowInsert, r.args()...); err != nil {
		return fmt.Errorf("add alert: %w", err)
	}
	return nil
}

// save stores all of a row that this transaction has locked.
func (r *row) save(ctx context.Context, tx db.Tx) error {
	r.Version++
	if err := tx.Queue(ctx, rowUpdate, r.args()...); err != nil {
		return fmt.Errorf("save alert: %w", err)
	}
	return nil
}

// event is an audit event about the alert. Staff alone see alerts, so it is for no customer.
func (r *row) event(kind string, first bool, data map[string]any) work.Event {
	return work.Event{Stream: r.ID, Kind: kind, Subject: "alert", Number: strings.TrimSpace(r.Object + " " + r.Metric), First: first, Data: data}
}

// tell lets the screens of those who look at alerts know.
func tell(ctx context.Context, u *work.Unit, customer string, ids ...string) error {
	keys := []string{"list:alert", "counts"}
	for _, id := range ids {
		keys = append(keys, "alert:"+id)
	}
	return u.Announce(ctx, work.Notice{Keys: keys, Customer: customer, Staff: true})
}

// reach limits rows to what the actor serves (PLT-09). Nobody but the provider's people sees any.
func reach(a *work.Actor, w *db.Where) {
	scope := a.Scope()
	switch {
	case a.System:
	case a.OrgKind != work.Provider:
		w.In("customer", []string{})
	case !scope.All:
		w.In("customer", scope.Customers)
	}
}

func openRows(ctx context.Context, tx db.Tx, keys []string, lock bool) (map[string]*row, error) {
	w := db.NewWhere()
	sql := "SELECT " + rowColumns + " FROM alerts WHERE open AND " + db.Among(tx, w, "dedup_key", keys)
	if lock {
		sql += " ORDER BY dedup_key" + db.ForUpdate(tx)
	}
	found, err := db.All(ctx, tx, scanRow, sql, w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read open alerts: %w", err)
	}
	byKey := make(map[string]*row, len(found))
	for _, r := range found {
		byKey[r.Key] = r
	}
	return byKey, nil
}

// remembered is how long after its end an alert can lend its record to the next of the same key.
const remembered = 30 * 24 * time.Hour

// lastRows are the latest closed alerts of some keys.
func lastRows(ctx context.Context, tx db.Tx, keys []string) (map[string]*row, error) {
	w := db.NewWhere(clock.Millis(tx.Now().Add(-remembered)))
	found, err := db.All(ctx, tx, scanRow, "SELECT "+rowColumns+" FROM alerts WHERE NOT open AND last_at > $1 AND "+db.Among(tx, w, "dedup_key", keys)+
		" ORDER BY last_at", w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read earlier alerts: %w", err)
	}
	last := map[string]*row{}
	for _, r := range found {
		last[r.Key] = r
	}
	return last, nil
}
