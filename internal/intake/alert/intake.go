package alert

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// delivery is a payload as it came.
type delivery struct {
	source *Source
	body   []byte
	ip     string
	lang   text.Lang
}

// deliver reads a payload and takes its alerts in. What cannot be read is kept for inspection and answered with the reason.
func (s *Service) deliver(ctx context.Context, d delivery) (Outcome, error) {
	out, err := s.accept(ctx, d)
	if f := fault.As(err); f != nil && (f.Kind == fault.Malformed || f.Kind == fault.Invalid) {
		if kept := s.keep(ctx, d, f); kept != nil {
			return out, kept
		}
	}
	return out, err
}

func (s *Service) accept(ctx context.Context, d delivery) (Outcome, error) {
	out, err := s.repeatsOnly(ctx, d)
	if errors.Is(err, errSlow) {
		return s.acceptAny(ctx, d)
	}
	return out, err
}

// acceptAny takes any payload in, by the setup in force in its own transaction.
func (s *Service) acceptAny(ctx context.Context, d delivery) (Outcome, error) {
	out := Outcome{}
	var read Batch
	err := s.taking(ctx, func(ctx context.Context, u *work.Unit, wary bool) ([]string, error) {
		set, err := s.fresh(ctx, u)
		if err != nil {
			return nil, err
		}
		source := set.sources[d.source.ID]
		if source == nil || source.Disabled || source.hash != d.source.hash { // taken away while the payload was on its way
			return nil, fault.New(fault.NotFound, "alert.token", nil)
		}
		if read, err = Parse(source.Kind, d.body, set.reading(source, u.Now(), s.zone)); err != nil {
			return nil, err
		}
		var due []string
		out.Items, due, err = s.take(ctx, u, set, source, read.Signals, wary)
		return due, err
	}, &out)
	if err != nil {
		return Outcome{}, err
	}
	for _, bad := range read.Bad {
		at := min(bad.Index, len(out.Items))
		out.Items = slices.Insert(out.Items, at, OutcomeItem{Outcome: isIgnored, why: bad.Fault.Code, params: bad.Fault.Params})
	}
	out.say(d.lang)
	if len(read.Bad) > 0 { // the others were taken, so the sender is not told to come again
		if err := s.keep(ctx, d, read.Bad[0].Fault); err != nil {
			return out, err
		}
	}
	return out, nil
}

// taking runs fn in a transaction of the intake, again with locks when an alert moved meanwhile, and then does what follows
// from the alerts that fn names. The numbers of records that were just opened go into the outcome.
func (s *Service) taking(ctx context.Context, fn func(ctx context.Context, u *work.Unit, wary bool) (due []string, err error), out *Outcome) error {
	ctx = work.WithActor(ctx, Intake)
	var due []string
	once := func(wary bool) error {
		return s.door.Do(ctx, Handle, func(ctx context.Context, u *work.Unit) (err error) {
			due, err = fn(ctx, u, wary)
			return err
		})
	}
	err := once(false)
	if errors.Is(err, errMoved) {
		err = once(true)
	}
	if err != nil {
		return err
	}
	s.follow(ctx, due, inline)
	return s.numbers(ctx, due, out)
}

// numbers fills in the records that were opened after the alerts were taken in.
func (s *Service) numbers(ctx context.Context, due []string, out *Outcome) error {
	if len(due) == 0 {
		return nil
	}
	opened, err := s.recordsOf(ctx, due)
	if err != nil {
		return err
	}
	for i := range out.Items {
		if number := opened[out.Items[i].Alert]; number != "" {
			out.Items[i].Record = number
		}
	}
	return nil
}

// SignalNew is one alert as a signed-in program or person reports it.
type SignalNew struct {
	Object      string            `json:"object" minLength:"1" maxLength:"300" doc:"name of the host, device or service"`
	Metric      string            `json:"metric" minLength:"1" maxLength:"300" doc:"one of GET /alert-metrics"`
	Value       *float64          `json:"value,omitempty"`
	Threshold   *float64          `json:"threshold,omitempty" doc:"a value beyond it is an alert; back within it the alert is resolved"`
	At          string            `json:"at,omitempty" maxLength:"40" doc:"RFC 3339; without an offset it is in the provider's time zone; default now"`
	Severity    string            `json:"severity,omitempty" maxLength:"40" doc:"critical, high, warning or info, or the usual words for them"`
	Status      string            `json:"status,omitempty" enum:"firing,resolved" doc:"default: what value and threshold say, else firing"`
	Title       string            `json:"title,omitempty" maxLength:"200"`
	Description string            `json:"description,omitempty" maxLength:"4000"`
	Fingerprint string            `json:"fingerprint,omitempty" maxLength:"1000" doc:"default: object and metric"`
	Labels      map[string]string `json:"labels,omitempty" doc:"at most 256"`
}

// Report takes one alert in and answers it as it is then (S14).
func (s *Service) Report(ctx context.Context, in SignalNew) (a Alert, opened bool, err error) {
	actor := work.ActorOf(ctx)
	out := Outcome{}
	err = s.reporting(ctx, in, &out)
	if err != nil {
		return a, false, err
	}
	it := out.Items[0]
	if it.Alert == "" { // the end of nothing, dropped, or a heartbeat: there is no alert to show
		out.say(httpapi.Lang(ctx))
		return Alert{Outcome: it.Outcome, Reason: text.Say(httpapi.Lang(ctx), it.why, it.params), Object: in.Object, Metric: in.Metric, Labels: map[string]string{}, Annotations: map[string]string{}}, false, nil
	}
	a, err = s.viewOf(ctx, actor, it.Alert)
	a.Outcome = it.Outcome
	if it.why != "" {
		a.Reason = text.Say(httpapi.Lang(ctx), it.why, it.params)
	}
	return a, it.Outcome == isOpened, err
}

func (s *Service) reporting(ctx context.Context, in SignalNew, out *Outcome) error {
	mayReport := func(context.Context, *work.Unit) error { return nil }
	if err := s.door.Read(ctx, Handle, mayReport); err != nil {
		return err
	}
	return s.taking(ctx, func(ctx context.Context, u *work.Unit, wary bool) (due []string, err error) {
		set, err := s.fresh(ctx, u)
		if err != nil {
			return nil, err
		}
		g, err := in.signal(set, u, s)
		if err != nil {
			return nil, err
		}
		out.Items, due, err = s.take(ctx, u, set, set.sources[string(ByAPI)], []Signal{g}, wary)
		return due, err
	}, out)
}

func (in SignalNew) signal(set *setup, u *work.Unit, s *Service) (g Signal, err error) {
	metric, known := set.metrics[strings.TrimSpace(in.Metric)]
	if !known {
		return g, fault.One("metric", "alert.metric", text.Params{"metric": in.Metric, "known": set.metricCodes()})
	}
	g = Signal{Object: in.Object, Metric: metric.Code, Value: in.Value, Threshold: in.Threshold, Severity: severityOf(in.Severity, nil),
		Title: in.Title, Description: in.Description, Fingerprint: in.Fingerprint, Labels: in.Labels}
	if in.Fingerprint == "" {
		g.Fingerprint = (&Signal{Object: strings.TrimSpace(in.Object), Metric: metric.Code}).digest()
	}
	at, ok := instant(in.At, s.zone)
	if !ok {
		return g, fault.One("at", "alert.instant", text.Params{"label": "at"})
	}
	if at.IsZero() {
		at = u.Now()
	}
	g.Started = at
	g.Resolved = in.Status == "resolved" || in.Status == "" && g.Value != nil && g.Threshold != nil && !g.exceeds(metric.Below)
	if g.Resolved {
		g.Ended = at
	}
	if f := g.finish(); f != nil {
		return g, &fault.Error{Kind: fault.Invalid, Code: f.Code, Params: f.Params}
	}
	return g, nil
}

func (set *setup) metricCodes() []string {
	var codes []string
	for code := range set.metrics {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}
