package alert

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// RuleFields are the details of a rule that may be given and changed.
type RuleFields struct {
	Enabled   *bool     `json:"enabled,omitempty" doc:"default true"`
	Sources   *[]string `json:"sources,omitempty" maxItems:"100" doc:"ids of sources; none = all"`
	Match     *string   `json:"match,omitempty" maxLength:"2000" doc:"condition in CEL over alert, source and object; empty = every alert"`
	Type      *string   `json:"type,omitempty" maxLength:"60"`
	Workflow  *string   `json:"workflow,omitempty" maxLength:"60"`
	Dedup     *string   `json:"dedup,omitempty" enum:"fingerprint,group,object,rule,expression" maxLength:"20"`
	DedupBy   *string   `json:"dedup_by,omitempty" maxLength:"2000"`
	Count     *int      `json:"count,omitempty" minimum:"0" maximum:"100"`
	Within    *int      `json:"within,omitempty" minimum:"0" maximum:"604800" doc:"seconds"`
	FlapTimes *int      `json:"flap_changes,omitempty" minimum:"0" maximum:"50"`
	FlapSpan  *int      `json:"flap_within,omitempty" minimum:"0" maximum:"604800" doc:"seconds"`
	Heartbeat *int      `json:"heartbeat,omitempty" minimum:"0" maximum:"604800" doc:"seconds"`
	Respond   *int      `json:"respond_within,omitempty" minimum:"0" maximum:"604800" doc:"seconds"`
	Customer  *string   `json:"customer,omitempty" maxLength:"40"`
	Service   *string   `json:"service,omitempty" maxLength:"40"`
	Site      *string   `json:"site,omitempty" maxLength:"40"`
	Team      *string   `json:"team,omitempty" maxLength:"40"`
	Set       *RuleSet  `json:"set,omitempty"`
}

// RuleNew is what a rule is made from. It is put before the rules that are there.
type RuleNew struct {
	Name   string `json:"name" minLength:"1" maxLength:"200"`
	Action string `json:"action" enum:"incident,notify,drop" maxLength:"20"`
	RuleFields
}

// RuleChange changes what it names.
type RuleChange struct {
	Name   *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Action *string `json:"action,omitempty" enum:"incident,notify,drop" maxLength:"20"`
	RuleFields
}

// Rules lists the rules in the order in which they are asked.
func (s *Service) Rules(ctx context.Context) (items []Rule, err error) {
	err = s.looking(ctx, func(ctx context.Context, u *work.Unit) error {
		items, err = db.All(ctx, u, scanRule, "SELECT "+ruleColumns+" FROM alert_rules ORDER BY place, id")
		return err
	})
	return items, err
}

func (r *Rule) apply(in RuleChange) {
	trimmed(&r.Name, in.Name)
	assign(&r.Action, in.Action)
	assign(&r.Enabled, in.Enabled)
	assign(&r.Sources, in.Sources)
	trimmed(&r.Match, in.Match)
	trimmed(&r.Type, in.Type)
	trimmed(&r.Workflow, in.Workflow)
	assign(&r.Dedup, in.Dedup)
	trimmed(&r.DedupBy, in.DedupBy)
	assign(&r.Count, in.Count)
	assign(&r.Within, in.Within)
	assign(&r.FlapTimes, in.FlapTimes)
	assign(&r.FlapSpan, in.FlapSpan)
	assign(&r.Heartbeat, in.Heartbeat)
	assign(&r.Respond, in.Respond)
	trimmed(&r.Customer, in.Customer)
	trimmed(&r.Service, in.Service)
	trimmed(&r.Site, in.Site)
	trimmed(&r.Team, in.Team)
	assign(&r.Set, in.Set)
}

// check demands a rule that can be asked, and whose references are there.
func (s *Service) checkRule(ctx context.Context, u *work.Unit, r Rule) error {
	_, faults := compileRuleBody(r)
	if r.Name == "" {
		faults = append(faults, fault.Field{Name: "name", Code: "field.required", Params: text.Params{"label": named("name")}})
	}
	if r.Type != "" && s.types != nil && !s.types(r.Type) {
		faults = append(faults, fault.Field{Name: "type", Code: "field.choice", Params: text.Params{"label": named("type")}})
	}
	for i, source := range r.Sources {
		known, err := db.Exists(ctx, u, `SELECT 1 FROM alert_sources WHERE id = $1`, source)
		if err != nil {
			return err
		}
		if !known {
			faults = append(faults, fault.Field{Name: fmt.Sprintf("sources[%d]", i), Code: "field.missing", Params: text.Params{"label": named("source")}})
		}
	}
	if len(faults) > 0 {
		return fault.Fields(faults...)
	}
	return referred(ctx, u, r.Customer, r.Service, r.Site, r.Team)
}

// CreateRule adds a rule before all others, so that it is asked first.
func (s *Service) CreateRule(ctx context.Context, in RuleNew) (r Rule, err error) {
	err = s.manage(ctx, func(ctx context.Context, u *work.Unit) error {
		r = Rule{ID: id.New(), Version: 1, CreatedAt: u.Now(), UpdatedAt: u.Now(), RuleBody: RuleBody{Enabled: true, Sources: []string{}, Dedup: "fingerprint"}}
		r.apply(RuleChange{Name: &in.Name, Action: &in.Action, RuleFields: in.RuleFields})
		if err := s.checkRule(ctx, u, r); err != nil {
			return err
		}
		if _, err := u.Exec(ctx, `UPDATE alert_rules SET place = place + 1`); err != nil {
			return fmt.Errorf("make room for rule: %w", err)
		}
		r.Place = 1
		_, err := u.Exec(ctx, `INSERT INTO alert_rules (`+ruleColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`,
			r.ID, r.Version, r.Place, db.JSON(r.RuleBody), clock.Millis(r.CreatedAt), clock.Millis(r.UpdatedAt))
		if err != nil {
			return fmt.Errorf("add rule: %w", err)
		}
		if err := expectBeat(ctx, u, r); err != nil {
			return err
		}
		return recordChange(ctx, u, r.ID, "alert_rule.created", "alert_rule", r.Name, true, r.RuleBody)
	})
	return r, err
}

// ChangeRule changes what in names.
func (s *Service) ChangeRule(ctx context.Context, id string, version int64, in RuleChange) (r Rule, err error) {
	err = s.manage(ctx, func(ctx context.Context, u *work.Unit) error {
		if r, err = db.One(ctx, u, scanRule, "SELECT "+ruleColumns+" FROM alert_rules WHERE id = $1"+db.ForUpdate(u), id); err != nil {
			return err
		}
		if err := changed(version, r.Version); err != nil {
			return err
		}
		r.apply(in)
		if err := s.checkRule(ctx, u, r); err != nil {
			return err
		}
		r.Version, r.UpdatedAt = r.Version+1, u.Now()
		_, err := u.Exec(ctx, `UPDATE alert_rules SET version = $2, body = $3, updated_at = $4 WHERE id = $1`, r.ID, r.Version, db.JSON(r.RuleBody), clock.Millis(r.UpdatedAt))
		if err != nil {
			return fmt.Errorf("save rule: %w", err)
		}
		if err := expectBeat(ctx, u, r); err != nil {
			return err
		}
		return recordChange(ctx, u, r.ID, "alert_rule.changed", "alert_rule", r.Name, false, in)
	})
	return r, err
}

// OrderRules puts the rules into an order; every one must be named.
func (s *Service) OrderRules(ctx context.Context, ids []string) (items []Rule, err error) {
	err = s.manage(ctx, func(ctx context.Context, u *work.Unit) error {
		had, err := db.All(ctx, u, db.Scan[string], `SELECT id FROM alert_rules ORDER BY id`)
		if err != nil {
			return err
		}
		if given := slices.Sorted(slices.Values(ids)); !slices.Equal(given, had) {
			return fault.One("rules", "alert.order", nil)
		}
		for i, id := range ids {
			if _, err := u.Exec(ctx, `UPDATE alert_rules SET place = $2 WHERE id = $1`, id, i+1); err != nil {
				return fmt.Errorf("order rules: %w", err)
			}
		}
		if err := recordChange(ctx, u, "alert_rules", "alert_rules.ordered", "alert_rule", "", false, map[string]any{"rules": ids}); err != nil {
			return err
		}
		items, err = db.All(ctx, u, scanRule, "SELECT "+ruleColumns+" FROM alert_rules ORDER BY place, id")
		return err
	})
	return items, err
}

// Try is a payload for a dry run.
type Try struct {
	Source  string          `json:"source,omitempty" maxLength:"40" doc:"id of the source it would come from"`
	Kind    Kind            `json:"kind,omitempty" enum:"alertmanager,grafana,zabbix,prometheus,generic" maxLength:"20" doc:"its form, without a source"`
	Payload json.RawMessage `json:"payload" doc:"what would be posted"`
}

// Tried is what would become of one alert of it.
type Tried struct {
	Object      string   `json:"object"`
	Metric      string   `json:"metric"`
	Severity    Severity `json:"severity" doc:"after the rule"`
	Status      string   `json:"status"`
	Fingerprint string   `json:"fingerprint"`
	Title       string   `json:"title"`
	Customer    string   `json:"customer" doc:"id"`
	Unlinked    bool     `json:"unlinked"`
	Rule        string   `json:"rule" doc:"id of the rule that applies; empty = none"`
	Action      string   `json:"action" enum:"incident,notify,drop,none"`
	Window      string   `json:"window" doc:"name of the maintenance window it falls into"`
	Why         string   `json:"why"`
	Steps       []Step   `json:"steps" nullable:"false" doc:"every rule as it was asked"`
	Problem     string   `json:"problem" doc:"why it cannot be used"`
}

// TryRules says which rule a payload would meet and why; nothing is kept (dry run).
func (s *Service) TryRules(ctx context.Context, in Try) (items []Tried, err error) {
	err = s.looking(ctx, func(ctx context.Context, u *work.Unit) error {
		set, err := s.fresh(ctx, u)
		if err != nil {
			return err
		}
		source, read, err := in.read(set, u.Now(), s.zone)
		if err != nil {
			return err
		}
		objects, err := set.know(ctx, u, read.Signals)
		if err != nil {
			return err
		}
		items = []Tried{}
		for i := range read.Signals {
			g := &read.Signals[i]
			items = append(items, set.try(&scene{signal: g, source: source, object: objects[g.Object], below: set.below(g.Metric), now: u.Now()}, u.Actor.Lang))
		}
		for _, bad := range read.Bad {
			items = append(items, Tried{Action: actNone, Steps: []Step{}, Problem: bad.Fault.Say(u.Actor.Lang)})
		}
		return nil
	})
	return items, err
}

// read finds the source and reads the payload; it names both when both are wrong.
func (in Try) read(set *setup, now time.Time, zone *time.Location) (*Source, Batch, error) {
	var faults []fault.Field
	source := &Source{Kind: in.Kind, Name: string(in.Kind)}
	if in.Source != "" {
		if known := set.sources[in.Source]; known != nil {
			source = known
		} else {
			faults = append(faults, fault.Field{Name: "source", Code: "field.missing", Params: text.Params{"label": named("source")}})
		}
	}
	kind := source.Kind
	if kind == "" {
		kind = Generic
	}
	read, err := Parse(kind, in.Payload, set.reading(source, now, zone))
	if f := fault.As(err); f != nil {
		faults = append(faults, fault.Field{Name: "payload", Code: f.Code, Params: f.Params})
	}
	if len(faults) > 0 {
		return nil, Batch{}, fault.Fields(faults...)
	}
	return source, read, nil
}

// try asks every rule and says what each answers.
func (set *setup) try(sc *scene, lang text.Lang) Tried {
	v := set.judge(sc)
	g := sc.signal
	t := Tried{Object: g.Object, Metric: g.Metric, Severity: v.severity, Status: g.status(), Fingerprint: g.Fingerprint, Title: g.headline(), Unlinked: sc.object == nil,
		Action: actNone, Steps: []Step{}, Why: text.Say(lang, "alert.why.no_rule", nil)}
	if sc.object != nil {
		t.Customer = sc.object.Customer
	}
	if v.told["title"] != "" {
		t.Title = v.told["title"]
	}
	for _, c := range set.rules {
		step := Step{Rule: c.ID, Name: c.Name}
		key, params := c.refusal(sc)
		switch {
		case t.Rule != "":
			step.Why = text.Say(lang, "alert.why.not_asked", nil)
		case key != "":
			step.Why = text.Say(lang, key, params)
		default:
			step.Applies, step.Why = true, text.Say(lang, "alert.why.rule", text.Params{"rule": c.Name})
			t.Rule, t.Action, t.Why = c.ID, c.Action, step.Why
		}
		t.Steps = append(t.Steps, step)
	}
	if w := set.window(sc); w != nil {
		t.Window = w.Name
	}
	if t.Customer == "" && v.rule != nil {
		t.Customer = v.rule.Customer
	}
	t.Title = strings.TrimSpace(t.Title)
	return t
}
