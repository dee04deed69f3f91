package alert

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Alert is an alert as its reader gets it. References that are empty are absent.
type Alert struct {
	ID             string            `json:"id"`
	Version        int64             `json:"version"`
	State          string            `json:"state" enum:"new,acknowledged,handling,resolved,false"`
	StateLabel     string            `json:"state_label"`
	Open           bool              `json:"open"`
	Object         string            `json:"object"`
	Metric         string            `json:"metric"`
	MetricLabel    string            `json:"metric_label"`
	Unit           string            `json:"unit"`
	Value          *float64          `json:"value"`
	Threshold      *float64          `json:"threshold"`
	Severity       Severity          `json:"severity" enum:"critical,high,warning,info"`
	SeverityLabel  string            `json:"severity_label"`
	Title          string            `json:"title"`
	Description    string            `json:"description"`
	Link           string            `json:"link"`
	Labels         map[string]string `json:"labels"`
	Annotations    map[string]string `json:"annotations"`
	Fingerprint    string            `json:"fingerprint"`
	Group          string            `json:"group"`
	Source         party.Ref         `json:"source"`
	Rule           *party.Ref        `json:"rule"`
	Held           string            `json:"held" enum:",window,threshold" doc:"why nothing follows from it yet"`
	Flapping       bool              `json:"flapping"`
	Unlinked       bool              `json:"unlinked" doc:"its object is not among those monitored for a customer"`
	Customer       *party.Ref        `json:"customer"`
	Service        *party.Ref        `json:"service"`
	Site           *party.Ref        `json:"site"`
	Team           *party.Ref        `json:"team"`
	Handler        *party.Ref        `json:"handler"`
	Record         string            `json:"record" doc:"number of the record it belongs to"`
	RecordType     string            `json:"record_type"`
	Count          int64             `json:"alert_count" doc:"how often it came"`
	StartedAt      time.Time         `json:"started_at" doc:"as the source says"`
	EndedAt        *time.Time        `json:"ended_at"`
	ReceivedAt     time.Time         `json:"received_at"`
	LastAt         time.Time         `json:"last_at"`
	DelayMS        int64             `json:"delay_ms" doc:"from its beginning to its being received (MON-07)"`
	RespondBy      *time.Time        `json:"respond_by" doc:"until when somebody must acknowledge"`
	Overdue        bool              `json:"overdue" doc:"nobody acknowledged in time"`
	AcknowledgedAt *time.Time        `json:"acknowledged_at"`
	AcknowledgedBy *party.Ref        `json:"acknowledged_by"`
	ClosedAt       *time.Time        `json:"closed_at"`
	ClosedBy       *party.Ref        `json:"closed_by" doc:"absent when it recovered by itself"`
	ClosedReason   string            `json:"closed_reason"`
	Problem        string            `json:"problem" doc:"why its record could not be opened yet"`
	Outcome        string            `json:"outcome,omitempty" enum:"opened,deduplicated,resolved,ignored" doc:"what became of it just now"`
	Reason         string            `json:"reason,omitempty" doc:"why"`
}

// views gives rows the form in which the actor reads them.
func (s *Service) views(ctx context.Context, tx db.Tx, lang text.Lang, rows []*row) ([]Alert, error) {
	set, err := s.fresh(ctx, tx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.Customer, r.Service, r.Site, r.Team, r.Handler, r.AcknowledgedBy, r.ClosedBy)
	}
	names, err := party.Names(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	items := []Alert{}
	for _, r := range rows {
		items = append(items, s.view(r, set, lang, names))
	}
	return items, nil
}

func (s *Service) view(r *row, set *setup, lang text.Lang, names map[string]string) Alert {
	ref := func(id string) *party.Ref {
		if id == "" || strings.HasPrefix(id, "actor.") {
			return nil
		}
		return &party.Ref{ID: id, Name: names[id]}
	}
	a := Alert{ID: r.ID, Version: r.Version, State: r.State, StateLabel: text.Say(lang, "alert.state."+r.State, nil), Open: r.Open, Object: r.Object,
		Metric: r.Metric, MetricLabel: r.Metric, Severity: r.Severity, SeverityLabel: text.Say(lang, "alert.severity."+string(r.Severity), nil), Title: r.Title,
		Description: r.Detail.Description, Link: r.Detail.Link, Labels: r.Detail.Labels, Annotations: r.Detail.Annotations, Fingerprint: r.Fingerprint,
		Group: r.Detail.Group, Source: party.Ref{ID: r.Source}, Held: r.Held, Flapping: r.Flapping, Unlinked: r.Unlinked, Customer: ref(r.Customer),
		Service: ref(r.Service), Site: ref(r.Site), Team: ref(r.Team), Handler: ref(r.Handler), Record: r.Record, RecordType: r.RecordType, Count: r.Occurrences,
		StartedAt: clock.FromMillis(r.StartedAt), EndedAt: moment(r.EndedAt), ReceivedAt: clock.FromMillis(r.ReceivedAt), LastAt: clock.FromMillis(r.LastAt),
		DelayMS: max(r.ReceivedAt-r.StartedAt, 0), RespondBy: moment(r.RespondBy), Overdue: r.Overdue, AcknowledgedAt: moment(r.AcknowledgedAt),
		AcknowledgedBy: ref(r.AcknowledgedBy), ClosedAt: moment(r.ClosedAt), ClosedBy: ref(r.ClosedBy), ClosedReason: r.Reason, Problem: r.Problem}
	if r.HasReading {
		a.Value = &r.Reading
	}
	if r.HasThreshold {
		a.Threshold = &r.Threshold
	}
	a.Labels, a.Annotations = orEmpty(a.Labels), orEmpty(a.Annotations)
	if source := set.sources[r.Source]; source != nil {
		a.Source.Name = source.Name
	}
	if rule := set.byID[r.Rule]; rule != nil {
		a.Rule = &party.Ref{ID: rule.ID, Name: rule.Name}
	}
	if m, known := set.metrics[r.Metric]; known {
		a.MetricLabel, a.Unit = text.Label{Zh: m.Zh, En: m.En}.In(lang), m.Unit
	}
	return a
}

// Filter narrows a list of alerts; what is empty is not asked for.
type Filter struct {
	Open, Unlinked, Overdue, Held                                  *bool
	States, Severities                                             []string
	Source, Rule, Customer, Object, Metric, Record, Handler, Query string
	From, To                                                       time.Time // received; From counts in, To does not
}

func (f Filter) where(a *work.Actor, w *db.Where) {
	reach(a, w)
	for column, value := range map[string]string{"source": f.Source, "rule": f.Rule, "customer": f.Customer, "object": f.Object, "metric": f.Metric, "record": f.Record, "handler": f.Handler} {
		if value != "" {
			w.Eq(column, value)
		}
	}
	if f.Open != nil {
		w.Add(map[bool]string{true: "open", false: "NOT open"}[*f.Open])
	}
	if f.Unlinked != nil {
		w.Eq("unlinked", *f.Unlinked)
	}
	if f.Overdue != nil {
		w.Eq("overdue", *f.Overdue)
	}
	if f.Held != nil {
		w.Add(map[bool]string{true: "held <> ''", false: "held = ''"}[*f.Held])
	}
	if len(f.States) > 0 {
		w.In("state", f.States)
	}
	if len(f.Severities) > 0 {
		w.In("severity", f.Severities)
	}
	if !f.From.IsZero() {
		w.Add("received_at >= ?", clock.Millis(f.From))
	}
	if !f.To.IsZero() {
		w.Add("received_at < ?", clock.Millis(f.To))
	}
	if q := strings.ToLower(strings.TrimSpace(f.Query)); q != "" {
		like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q) + "%"
		w.Add(`(lower(title) LIKE ? ESCAPE '\' OR lower(object) LIKE ? ESCAPE '\' OR lower(metric) LIKE ? ESCAPE '\')`, like, like, like)
	}
}

// listPlace is where a page ends.
type listPlace struct {
	Rank int64  `json:"r"`
	At   int64  `json:"a"`
	ID   string `json:"i"`
}

// List reads alerts: the newest first, or the worst first and of those the oldest.
func (s *Service) List(ctx context.Context, f Filter, worst bool, cursor string, limit int) (items []Alert, next string, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		var from listPlace
		more, err := httpapi.ReadCursor(cursor, &from)
		if err != nil {
			return err
		}
		w := db.NewWhere()
		f.where(u.Actor, w)
		order := "received_at DESC, id DESC"
		switch {
		case worst && more:
			w.Add("(severity_rank, received_at, id) > (?, ?, ?)", from.Rank, from.At, from.ID)
		case more:
			w.Add("(received_at, id) < (?, ?)", from.At, from.ID)
		}
		if worst {
			order = "severity_rank, received_at, id"
		}
		rows, err := db.All(ctx, u, scanRow, "SELECT "+rowColumns+" FROM alerts WHERE "+w.SQL()+" ORDER BY "+order+" LIMIT "+w.Arg(limit+1), w.Args()...)
		if err != nil {
			return fmt.Errorf("list alerts: %w", err)
		}
		if len(rows) > limit {
			rows = rows[:limit]
			last := rows[limit-1]
			next = httpapi.Cursor(listPlace{last.Rank, last.ReceivedAt, last.ID})
		}
		items, err = s.views(ctx, u, u.Actor.Lang, rows)
		return err
	})
	return items, next, err
}

// Get reads one alert.
func (s *Service) Get(ctx context.Context, id string) (a Alert, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		r, err := reached(ctx, u, id, "")
		if err != nil {
			return err
		}
		a, err = s.one(ctx, u, r)
		return err
	})
	return a, err
}

func reached(ctx context.Context, u *work.Unit, id, lock string) (*row, error) {
	w := db.NewWhere()
	w.Eq("id", id)
	reach(u.Actor, w)
	return db.One(ctx, u, scanRow, "SELECT "+rowColumns+" FROM alerts WHERE "+w.SQL()+lock, w.Args()...)
}

func (s *Service) one(ctx context.Context, u *work.Unit, r *row) (Alert, error) {
	list, err := s.views(ctx, u, u.Actor.Lang, []*row{r})
	if err != nil {
		return Alert{}, err
	}
	return list[0], nil
}

// viewOf reads an alert that the actor just reported; who reports may be told, whoever's object it is.
func (s *Service) viewOf(ctx context.Context, actor *work.Actor, id string) (a Alert, err error) {
	err = s.door.Read(work.WithActor(ctx, Intake), Read, func(ctx context.Context, u *work.Unit) error {
		r, err := reached(ctx, u, id, "")
		if err != nil {
			return err
		}
		list, err := s.views(ctx, u, actor.Lang, []*row{r})
		if err == nil {
			a = list[0]
		}
		return err
	})
	return a, err
}

func (s *Service) recordsOf(ctx context.Context, ids []string) (map[string]string, error) {
	records := map[string]string{}
	err := s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		w := db.NewWhere()
		rows, err := u.Query(ctx, "SELECT id, record FROM alerts WHERE "+db.Among(u, w, "id", ids), w.Args()...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, number string
			if err := rows.Scan(&id, &number); err != nil {
				return err
			}
			records[id] = number
		}
		return rows.Err()
	})
	return records, err
}

// Bucket is one line of the statistics: the alerts of a source in a month (MON-07).
type Bucket struct {
	Month         string  `json:"month" doc:"YYYY-MM, in the provider's time zone; empty in the total"`
	Source        string  `json:"source" doc:"id; empty in the total"`
	SourceName    string  `json:"source_name"`
	Alerts        int64   `json:"alerts"`
	Repeats       int64   `json:"repeats"`
	Records       int64   `json:"records" doc:"alerts that belong to a record"`
	False         int64   `json:"false"`
	FalseRate     float64 `json:"false_rate" doc:"share of alerts judged false, 0 to 1"`
	Unlinked      int64   `json:"unlinked"`
	Overdue       int64   `json:"overdue"`
	DelayMS       int64   `json:"delay_ms" doc:"average from beginning to being received"`
	DelayMaxMS    int64   `json:"delay_max_ms"`
	AcknowledgeMS int64   `json:"acknowledge_ms" doc:"average from being received to being acknowledged, of those that were"`
	ResolveMS     int64   `json:"resolve_ms" doc:"average from being received to being resolved, of those that were"`
}

// Statistics are the alerts received in a time, as a whole and by month and source.
type Statistics struct {
	Total Bucket   `json:"total"`
	Items []Bucket `json:"items" nullable:"false"`
}

const bucketColumns = `COUNT(*), COALESCE(SUM(occurrences) - COUNT(*), 0), COUNT(*) FILTER (WHERE record <> ''), COUNT(*) FILTER (WHERE state = 'false'),
	COUNT(*) FILTER (WHERE unlinked), COUNT(*) FILTER (WHERE overdue),
	COALESCE(AVG(CASE WHEN received_at > started_at AND started_at > 0 THEN received_at - started_at ELSE 0 END), 0),
	COALESCE(MAX(CASE WHEN received_at > started_at AND started_at > 0 THEN received_at - started_at ELSE 0 END), 0),
	COALESCE(AVG(acknowledged_at - received_at) FILTER (WHERE acknowledged_at > 0), 0),
	COALESCE(AVG(closed_at - received_at) FILTER (WHERE state = 'resolved'), 0)`

func scanBucket(row db.Row) (b Bucket, err error) {
	var delay, acknowledge, resolve float64
	err = row.Scan(&b.Month, &b.Source, &b.Alerts, &b.Repeats, &b.Records, &b.False, &b.Unlinked, &b.Overdue, &delay, &b.DelayMaxMS, &acknowledge, &resolve)
	b.DelayMS, b.AcknowledgeMS, b.ResolveMS = int64(delay), int64(acknowledge), int64(resolve)
	if b.Alerts > 0 {
		b.FalseRate = float64(b.False) / float64(b.Alerts)
	}
	return b, err
}

// Statistics counts what the actor can reach.
func (s *Service) Statistics(ctx context.Context, f Filter) (out Statistics, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		w := db.NewWhere()
		f.where(u.Actor, w)
		from := bucketColumns + " FROM alerts WHERE " + w.SQL()
		if out.Total, err = db.One(ctx, u, scanBucket, "SELECT '', '', "+from, w.Args()...); err != nil {
			return fmt.Errorf("count alerts: %w", err)
		}
		if out.Items, err = db.All(ctx, u, scanBucket, "SELECT month, source, "+from+" GROUP BY month, source ORDER BY month DESC, source LIMIT 500", w.Args()...); err != nil {
			return fmt.Errorf("count alerts: %w", err)
		}
		set, err := s.fresh(ctx, u)
		if err != nil {
			return err
		}
		for i := range out.Items {
			if source := set.sources[out.Items[i].Source]; source != nil {
				out.Items[i].SourceName = source.Name
			}
		}
		return nil
	})
	return out, err
}

// errState is the refusal of a step that the state does not allow.
func errState(r *row, step string) error {
	return &fault.Error{Kind: fault.Conflict, Code: "alert.state", Guard: "state", Params: text.Params{
		"state": both("alert.state."+r.State, nil), "step": both("alert.step."+step, nil)}}
}
