package alert

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Outcome is what became of a payload.
type Outcome struct {
	Opened       int           `json:"opened" doc:"alerts that are new"`
	Deduplicated int           `json:"deduplicated" doc:"repeats of alerts that are open"`
	Resolved     int           `json:"resolved"`
	Ignored      int           `json:"ignored" doc:"dropped, held back, heartbeats, unusable, or the end of nothing"`
	Items        []OutcomeItem `json:"items" nullable:"false"`
}

// OutcomeItem is what became of one alert, in the order of the payload.
type OutcomeItem struct {
	Fingerprint string `json:"fingerprint"`
	Alert       string `json:"alert" doc:"id; empty when none is kept"`
	Record      string `json:"record" doc:"number of the record; empty when there is none, or not yet"`
	Outcome     string `json:"outcome" enum:"opened,deduplicated,resolved,ignored"`
	Reason      string `json:"reason,omitempty" doc:"why, where it is not plain"`
	why         string
	params      text.Params
}

const (
	isOpened       = "opened"
	isDeduplicated = "deduplicated"
	isResolved     = "resolved"
	isIgnored      = "ignored"
)

// say puts the reasons into the caller's language and counts.
func (o *Outcome) say(lang text.Lang) {
	for i := range o.Items {
		it := &o.Items[i]
		if it.why != "" {
			it.Reason = text.Say(lang, it.why, it.params)
		}
		switch it.Outcome {
		case isOpened:
			o.Opened++
		case isDeduplicated:
			o.Deduplicated++
		case isResolved:
			o.Resolved++
		default:
			o.Ignored++
		}
	}
}

// guessers may try tokens that this replica does not know: a new one is asked for once, a guess again and again.
var guessers = httpapi.Rate{Every: 10 * time.Second, Burst: 20}

// sourceOf finds whose token it is. What is found may be out of date by a moment; take looks again.
func (s *Service) sourceOf(ctx context.Context, kind Kind, token string) (*Source, error) {
	hash := hashOf(token)
	set := s.current.Load()
	if set == nil || set.tokens[hash] == nil {
		if err := httpapi.Allow(ctx, "alert-token:"+httpapi.ClientIP(ctx), guessers); err != nil {
			return nil, err
		}
		err := s.door.Read(work.WithActor(ctx, Intake), Read, func(ctx context.Context, u *work.Unit) (err error) {
			set, err = s.fresh(ctx, u)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	source := set.tokens[hash]
	if source == nil || source.Kind != kind {
		return nil, fault.New(fault.NotFound, "alert.token", nil)
	}
	return source, nil
}

// intake is one payload on its way in.
type intake struct {
	s       *Service
	u       *work.Unit
	set     *setup
	source  *Source
	at      time.Time // now
	now     int64     // at in milliseconds
	signals []Signal
	objects map[string]*Object
	lines   []line
	rows    map[string]*row // open, by key
	earlier map[string]*row // the latest closed, by key, of keys without an open one
	touched map[string]bool // ids of rows to be announced
	due     []string        // ids of rows with something to do after the commit
	items   []OutcomeItem
	beats   map[beat]bool
	wary    bool // lock rows before anything is counted
}

// line is one signal with what the rules make of it.
type line struct {
	signal *Signal
	verdict
	at int // index of its item
}

type beat struct{ rule, key, object string }

// take takes signals in, in one transaction: everything or nothing. It answers which alerts have something to follow.
func (s *Service) take(ctx context.Context, u *work.Unit, set *setup, source *Source, signals []Signal, wary bool) (items []OutcomeItem, due []string, err error) {
	in := &intake{s: s, u: u, set: set, source: source, at: u.Now(), now: clock.Millis(u.Now()), signals: signals, touched: map[string]bool{}, beats: map[beat]bool{}, wary: wary,
		items: make([]OutcomeItem, len(signals))}
	if in.objects, err = set.know(ctx, u, signals); err != nil {
		return nil, nil, err
	}
	in.judge()
	if err := in.beat(ctx); err != nil {
		return nil, nil, err
	}
	if err := in.store(ctx); err != nil {
		return nil, nil, err
	}
	return in.items, in.due, in.announce(ctx)
}

func (in *intake) scene(g *Signal) *scene {
	return &scene{signal: g, source: in.source, object: in.objects[g.Object], below: in.set.below(g.Metric), now: in.at}
}

// judge asks the rules about each signal and sorts out what is not kept.
func (in *intake) judge() {
	for i := range in.signals {
		g := &in.signals[i]
		if g.Started.IsZero() && !g.Resolved {
			g.Started = in.at
		}
		v := in.set.judge(in.scene(g))
		in.items[i] = OutcomeItem{Fingerprint: g.Fingerprint, Outcome: isIgnored}
		switch {
		case v.rule != nil && v.rule.Heartbeat > 0 && in.source.Kind != Heartbeat:
			in.items[i].why = "alert.why.heartbeat"
			if !g.Resolved {
				in.beats[beatOf(v, g)] = true
			}
		case v.rule != nil && v.rule.Action == actDrop:
			in.items[i].why = "alert.why.drop"
		default:
			in.lines = append(in.lines, line{signal: g, verdict: v, at: i})
		}
	}
	slices.SortStableFunc(in.lines, func(a, b line) int { return cmp.Compare(a.key, b.key) })
}

// store brings the alerts up to date. Repeats, which are nearly everything in a storm, cost one statement to find and one
// to count, however many they are.
func (in *intake) store(ctx context.Context) error {
	if len(in.lines) == 0 {
		return nil
	}
	var err error
	if in.rows, err = openRows(ctx, in.u, in.keys(), false); err != nil {
		return err
	}
	if in.wary || !in.repeats() {
		return in.carefully(ctx)
	}
	all, err := in.tally(ctx, in.u)
	if err == nil && !all { // one of them was closed in this moment, or got worse
		return errMoved
	}
	return err
}

func (in *intake) keys() []string {
	keys := make([]string, 0, len(in.lines))
	for _, l := range in.lines {
		if len(keys) == 0 || keys[len(keys)-1] != l.key {
			keys = append(keys, l.key)
		}
	}
	return keys
}

// carefully locks the rows first. Who adds a row holds a lock that all who add hold, so that a key never gets two.
func (in *intake) carefully(ctx context.Context) error {
	missing := in.missing()
	if len(missing) > 0 {
		if err := db.Lock(ctx, in.u, "alert.new"); err != nil {
			return err
		}
	}
	var err error
	if in.rows, err = openRows(ctx, in.u, in.keys(), true); err != nil {
		return err
	}
	if missing = in.missing(); len(missing) > 0 {
		if in.earlier, err = lastRows(ctx, in.u, missing); err != nil {
			return err
		}
	}
	for start := 0; start < len(in.lines); {
		end := start + 1
		for end < len(in.lines) && in.lines[end].key == in.lines[start].key {
			end++
		}
		if err := in.oneKey(ctx, in.lines[start:end]); err != nil {
			return err
		}
		start = end
	}
	return nil
}

// missing are the keys that fire and have no open row.
func (in *intake) missing() []string {
	var keys []string
	for _, l := range in.lines {
		if in.rows[l.key] == nil && !l.signal.Resolved && !slices.Contains(keys[max(len(keys)-1, 0):], l.key) {
			keys = append(keys, l.key)
		}
	}
	return keys
}

// oneKey takes all signals of one key: what fires first, so that a group with something firing never counts as over.
func (in *intake) oneKey(ctx context.Context, lines []line) error {
	lines = slices.Clone(lines)
	slices.SortStableFunc(lines, func(a, b line) int { return a.signal.Started.Compare(b.signal.Started) })
	for _, firing := range []bool{true, false} {
		if !lines[0].grouped {
			break
		}
		for _, l := range lines {
			if l.signal.Resolved != firing {
				if err := in.one(ctx, l); err != nil {
					return err
				}
			}
		}
	}
	if lines[0].grouped {
		return nil
	}
	for _, l := range lines {
		if err := in.one(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// one takes one signal.
func (in *intake) one(ctx context.Context, l line) error {
	it, r := &in.items[l.at], in.rows[l.key]
	var err error
	switch {
	case r == nil && l.signal.Resolved:
		it.why = "alert.why.nothing"
		return nil
	case r == nil:
		r, err = in.open(ctx, l, it)
	case l.signal.Resolved:
		err = in.over(ctx, l, r, it)
	default:
		err = in.again(ctx, l, r, it)
	}
	if err != nil || r == nil {
		return err
	}
	it.Alert, it.Record = r.ID, r.Record
	in.touched[r.ID] = true
	if r.Owed != 0 && !slices.Contains(in.due, r.ID) {
		in.due = append(in.due, r.ID)
	}
	if r.Open {
		in.rows[l.key] = r
	} else {
		delete(in.rows, l.key)
		if in.earlier == nil {
			in.earlier = map[string]*row{}
		}
		in.earlier[l.key] = r
	}
	return nil
}

// open adds an alert, or opens again the one that recovered a moment ago, where its rule looks for flapping.
func (in *intake) open(ctx context.Context, l line, it *OutcomeItem) (*row, error) {
	if last := in.earlier[l.key]; last != nil && in.flaps(l, last) {
		return in.reopen(ctx, l, last, it)
	}
	r := in.fresh(l)
	if err := in.decide(ctx, l, r, it); err != nil {
		return nil, err
	}
	if err := r.insert(ctx, in.u); err != nil {
		return nil, err
	}
	_, err := in.u.Record(ctx, r.event("alert.opened", true, map[string]any{"source": r.Source, "rule": r.Rule, "object": r.Object, "metric": r.Metric,
		"severity": r.Severity, "title": r.Title, "held": r.Held, "fingerprint": r.Fingerprint, "record": r.Record}))
	return r, err
}

func (in *intake) fresh(l line) *row {
	g, now := l.signal, in.at
	r := &row{ID: id.New(), Version: 1, Key: l.key, Open: true, State: StateNew, Source: in.source.ID, Action: actNone, Object: g.Object, Metric: g.Metric,
		Fingerprint: g.Fingerprint, Occurrences: 1, StartedAt: clock.Millis(g.Started), ReceivedAt: in.now, LastAt: in.now,
		Month: now.In(in.s.zone).Format("2006-01"), Unlinked: in.objects[g.Object] == nil}
	in.describe(r, l)
	if l.grouped {
		r.Members = []string{g.Fingerprint}
	}
	return r
}

// describe takes over what the signal and the rule say now.
func (in *intake) describe(r *row, l line) {
	g := l.signal
	r.Severity, r.Rank = l.severity, int64(l.severity.rank())
	r.Title = shorten(cmp.Or(l.told["title"], g.headline()), maxTitle)
	r.HasReading, r.Reading = g.Value != nil, figure(g.Value)
	r.HasThreshold, r.Threshold = g.Threshold != nil, figure(g.Threshold)
	r.Detail = detail{Group: g.Group, Description: cmp.Or(l.told["description"], g.Description), Link: g.Link, Labels: g.Labels, Annotations: g.Annotations}
	o := in.objects[g.Object]
	if o == nil {
		o = nowhere
	}
	rule := Rule{}
	if l.rule != nil {
		rule = l.rule.Rule
		r.Rule = rule.ID
	}
	r.Customer = cmp.Or(l.told["customer"], rule.Customer, o.Customer, in.source.Customer)
	r.Service, r.Site = cmp.Or(l.told["service"], rule.Service, o.Service), cmp.Or(l.told["site"], rule.Site, o.Site)
	r.Team = cmp.Or(l.told["team"], rule.Team, o.Team)
}

// decide says what follows from an alert from which nothing followed yet.
func (in *intake) decide(ctx context.Context, l line, r *row, it *OutcomeItem) error {
	it.Outcome = isIgnored
	if w := in.set.window(in.scene(l.signal)); w != nil {
		r.Held, it.why, it.params = "window", "alert.why.window", text.Params{"window": w.Name}
		return nil
	}
	if l.rule != nil && l.rule.Count > 1 {
		r.Recent = append(within(r.Recent, in.u.Now(), l.rule.Within), in.now)
		if len(r.Recent) < l.rule.Count {
			r.Held, it.why, it.params = "threshold", "alert.why.threshold", text.Params{"count": l.rule.Count, "within": l.rule.Within}
			return nil
		}
		r.Recent = nil
	}
	r.Held, it.Outcome = "", isOpened
	if l.rule == nil {
		it.why = "alert.why.no_rule"
		return nil
	}
	r.Action = l.rule.Action
	if l.rule.Respond > 0 {
		r.RespondBy = in.now + int64(l.rule.Respond)*1000
	}
	if r.Action == actNotify {
		return in.s.call(ctx, in.u, r)
	}
	return in.record(ctx, l, r, it)
}

// record plans the record of an alert, or merges the alert into the record of the one before it that is not finished (MON-06).
func (in *intake) record(ctx context.Context, l line, r *row, it *OutcomeItem) error {
	if last := in.earlier[l.key]; last != nil && last.Record != "" && last.State != StateFalse {
		before, err := record.Load(ctx, in.u, Intake, last.Record)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil && before.Open {
			r.Record, r.RecordType, r.Owed, r.NotedAt = last.Record, last.RecordType, owesNote, in.now
			it.why = "alert.why.old_record"
			return nil
		}
	}
	p, err := in.s.plan(ctx, in.u, l, r)
	if err != nil {
		return err
	}
	r.Plan, r.RecordType, r.Owed, r.NotedAt = p, p.Type, owesOpen, in.now
	return nil
}

// flaps tells whether a new signal belongs to the alert that recovered within its rule's span.
func (in *intake) flaps(l line, last *row) bool {
	return l.rule != nil && l.rule.FlapTimes > 0 && last.State == StateResolved && last.ClosedBy == Intake.ID && in.now-last.ClosedAt < int64(l.rule.FlapSpan)*1000
}

func (in *intake) reopen(ctx context.Context, l line, r *row, it *OutcomeItem) (*row, error) {
	r.Open, r.State, r.EndedAt, r.ClosedAt, r.ClosedBy, r.CalmAt = true, StateNew, 0, 0, "", 0
	if r.AcknowledgedAt != 0 {
		r.State = StateAcknowledged
	}
	r.Changes = append(within(r.Changes, in.u.Now(), l.rule.FlapSpan), in.now)
	r.Flapping = len(r.Changes) >= l.rule.FlapTimes
	r.Occurrences, r.LastAt = r.Occurrences+1, in.now
	in.describe(r, l)
	if l.grouped {
		r.Members = []string{l.signal.Fingerprint}
	}
	it.Outcome, it.why = isDeduplicated, "alert.why.reopened"
	if r.Held != "" {
		if err := in.decide(ctx, l, r, it); err != nil {
			return nil, err
		}
	}
	in.note(r)
	if err := r.save(ctx, in.u); err != nil {
		return nil, err
	}
	_, err := in.u.Record(ctx, r.event("alert.reopened", false, map[string]any{"flapping": r.Flapping}))
	return r, err
}

// again counts a repeat, and looks again at an alert that was held back.
func (in *intake) again(ctx context.Context, l line, r *row, it *OutcomeItem) error {
	r.Occurrences, r.LastAt, r.CalmAt = r.Occurrences+1, in.now, 0
	it.Outcome, it.why = isDeduplicated, "alert.why.repeat"
	if l.signal.Value != nil {
		r.HasReading, r.Reading = true, *l.signal.Value
	}
	if l.grouped && !slices.Contains(r.Members, l.signal.Fingerprint) && len(r.Members) < maxSignals {
		r.Members = append(r.Members, l.signal.Fingerprint)
	}
	if l.severity.rank() < int(r.Rank) { // it got worse
		in.describe(r, l)
	}
	held := r.Held
	if held != "" {
		if err := in.decide(ctx, l, r, it); err != nil {
			return err
		}
	}
	in.note(r)
	if err := r.save(ctx, in.u); err != nil {
		return err
	}
	if held == r.Held {
		in.u.Unrecorded()
		return nil
	}
	_, err := in.u.Record(ctx, r.event("alert.raised", false, map[string]any{"held": held, "rule": r.Rule}))
	return err
}

// noteEvery is how far apart the notes about repeats on a record are at least.
const noteEvery = 15 * time.Minute

// note plans a note about repeats, unless there was one a short while ago.
func (in *intake) note(r *row) {
	if r.Record != "" && in.now-r.NotedAt >= noteEvery.Milliseconds() {
		r.Owed, r.NotedAt = r.Owed|owesNote, in.now
	}
}

// over ends an alert: its record stays open until somebody solves it (S14).
func (in *intake) over(ctx context.Context, l line, r *row, it *OutcomeItem) error {
	if l.grouped {
		r.Members = slices.DeleteFunc(r.Members, func(f string) bool { return f == l.signal.Fingerprint })
		if len(r.Members) > 0 {
			it.Outcome, it.why = isDeduplicated, "alert.why.others"
			in.u.Unrecorded()
			return r.save(ctx, in.u)
		}
	}
	if l.signal.Value != nil {
		r.HasReading, r.Reading = true, *l.signal.Value
	}
	r.EndedAt = cmp.Or(clock.Millis(l.signal.Ended), in.now)
	r.LastAt = in.now
	if l.rule != nil && l.rule.FlapTimes > 0 {
		r.Changes = append(within(r.Changes, in.u.Now(), l.rule.FlapSpan), in.now)
		if r.Flapping = len(r.Changes) >= l.rule.FlapTimes; r.Flapping {
			r.CalmAt = in.now + int64(l.rule.FlapSpan)*1000
			it.Outcome, it.why = isDeduplicated, "alert.why.flapping"
			in.u.Unrecorded()
			return r.save(ctx, in.u)
		}
	}
	it.Outcome = isResolved
	return r.resolve(ctx, in.u, Intake.ID)
}

// resolve ends an alert by recovery.
func (r *row) resolve(ctx context.Context, u *work.Unit, by string) error {
	now := clock.Millis(u.Now())
	r.Open, r.State, r.ClosedAt, r.ClosedBy, r.CalmAt, r.RespondBy = false, StateResolved, now, by, 0, 0
	r.EndedAt = cmp.Or(r.EndedAt, now)
	if r.Record != "" || r.Owed&owesOpen != 0 {
		r.Owed |= owesRecover
	}
	if err := r.save(ctx, u); err != nil {
		return err
	}
	_, err := u.Record(ctx, r.event("alert.resolved", false, map[string]any{"by": by, "record": r.Record}))
	return err
}

func (in *intake) announce(ctx context.Context) error {
	if len(in.touched) == 0 {
		return nil
	}
	customers := map[string][]string{}
	for _, l := range in.lines {
		if r := in.rows[l.key]; r != nil {
			customers[r.Customer] = append(customers[r.Customer], r.ID)
		} else if r := in.earlier[l.key]; r != nil {
			customers[r.Customer] = append(customers[r.Customer], r.ID)
		}
	}
	for customer, ids := range customers {
		slices.Sort(ids)
		ids = slices.Compact(ids)
		if err := tell(ctx, in.u, customer, ids[:min(len(ids), 50)]...); err != nil {
			return err
		}
	}
	return nil
}
