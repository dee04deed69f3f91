package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Rule says what becomes of the alerts it applies to (MON-03). Rules are asked in order; the first that applies decides.
type Rule struct {
	ID        string    `json:"id"`
	Version   int64     `json:"version"`
	Place     int64     `json:"place" doc:"rules are asked in this order, from 1"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	RuleBody
}

// RuleBody is what of a rule is given. Times are seconds.
type RuleBody struct {
	Name      string   `json:"name" minLength:"1" maxLength:"200"`
	Enabled   bool     `json:"enabled" doc:"a rule that is not enabled never applies"`
	Sources   []string `json:"sources" nullable:"false" maxItems:"100" doc:"ids of the sources it is for; none = all"`
	Match     string   `json:"match" maxLength:"2000" doc:"condition in CEL; empty = every alert"`
	Action    string   `json:"action" enum:"incident,notify,drop" doc:"open a record, only notify, or drop"`
	Type      string   `json:"type" maxLength:"60" doc:"record type that is opened; empty = incident"`
	Workflow  string   `json:"workflow" maxLength:"60" doc:"empty = the type's default"`
	Dedup     string   `json:"dedup" enum:"fingerprint,group,object,rule,expression" doc:"alerts with the same one are repeats: fingerprint; group = the sender's group; object = object and metric, whichever source; rule = all; expression = dedup_by"`
	DedupBy   string   `json:"dedup_by" maxLength:"2000" doc:"text in CEL, for dedup expression"`
	Count     int      `json:"count" minimum:"0" maximum:"100" doc:"how often within the time before it counts; 0 and 1 = at once"`
	Within    int      `json:"within" minimum:"0" maximum:"604800" doc:"seconds, for count"`
	FlapTimes int      `json:"flap_changes" minimum:"0" maximum:"50" doc:"changes between firing and resolved within flap_within that make it flapping; 0 = never"`
	FlapSpan  int      `json:"flap_within" minimum:"0" maximum:"604800" doc:"seconds; a flapping alert counts as resolved once it is calm for so long"`
	Heartbeat int      `json:"heartbeat" minimum:"0" maximum:"604800" doc:"seconds of silence that are an alarm; alerts that match are the heartbeats. 0 = no heartbeat"`
	Respond   int      `json:"respond_within" minimum:"0" maximum:"604800" doc:"seconds within which somebody must acknowledge (MON-05); 0 = no limit"`
	Customer  string   `json:"customer" maxLength:"40" doc:"id; empty = that of the monitored object"`
	Service   string   `json:"service" maxLength:"40" doc:"id; empty = that of the monitored object"`
	Site      string   `json:"site" maxLength:"40" doc:"id; empty = that of the monitored object"`
	Team      string   `json:"team" maxLength:"40" doc:"id of the team whose person on duty gets it; empty = that of the monitored object, else the customer's resident team, else the desk or first line"`

	Set RuleSet `json:"set" doc:"what the record is opened with, as texts in CEL"`
}

// RuleSet are texts in CEL that replace what an alert, its object and the rule say; an empty one or an empty result replaces nothing.
type RuleSet struct {
	Severity    string `json:"severity,omitempty" maxLength:"2000" doc:"critical, high, warning or info"`
	Title       string `json:"title,omitempty" maxLength:"2000"`
	Description string `json:"description,omitempty" maxLength:"2000"`
	Impact      string `json:"impact,omitempty" maxLength:"2000"`
	Urgency     string `json:"urgency,omitempty" maxLength:"2000"`
	Customer    string `json:"customer,omitempty" maxLength:"2000" doc:"gives an id"`
	Service     string `json:"service,omitempty" maxLength:"2000" doc:"gives an id"`
	Site        string `json:"site,omitempty" maxLength:"2000" doc:"gives an id"`
	Team        string `json:"team,omitempty" maxLength:"2000" doc:"gives an id"`
}

func (s RuleSet) all() map[string]string {
	return map[string]string{"severity": s.Severity, "title": s.Title, "description": s.Description, "impact": s.Impact, "urgency": s.Urgency,
		"customer": s.Customer, "service": s.Service, "site": s.Site, "team": s.Team}
}

// Actions of a rule.
const (
	actIncident = "incident"
	actNotify   = "notify"
	actDrop     = "drop"
	actNone     = "none" // no rule applied
)

// compiled is a rule ready to be asked.
type compiled struct {
	Rule
	match   *program
	dedupBy *program
	set     map[string]*program
}

// compileRuleBody checks a rule and names everything that is wrong with it.
func compileRuleBody(r Rule) (*compiled, []fault.Field) {
	c := &compiled{Rule: r, set: map[string]*program{}}
	var faults []fault.Field
	expression := func(name, expr string, out *cel.Type) *program {
		if strings.TrimSpace(expr) == "" {
			return nil
		}
		p, err := compileRule(expr, out)
		if err != nil {
			faults = append(faults, fault.Field{Name: name, Code: "alert.cel", Params: text.Params{"label": name, "reason": err.Error()}})
		}
		return p
	}
	c.match = expression("match", r.Match, cel.BoolType)
	c.dedupBy = expression("dedup_by", r.DedupBy, cel.StringType)
	if r.Dedup == "expression" && c.dedupBy == nil && strings.TrimSpace(r.DedupBy) == "" {
		faults = append(faults, fault.Field{Name: "dedup_by", Code: "field.required", Params: text.Params{"label": "dedup_by"}})
	}
	for name, expr := range r.Set.all() {
		if p := expression("set."+name, expr, cel.StringType); p != nil {
			c.set[name] = p
		}
	}
	if r.Count > 1 && r.Within == 0 {
		faults = append(faults, fault.Field{Name: "within", Code: "field.required", Params: text.Params{"label": "within"}})
	}
	if r.FlapTimes > 0 && r.FlapSpan == 0 {
		faults = append(faults, fault.Field{Name: "flap_within", Code: "field.required", Params: text.Params{"label": "flap_within"}})
	}
	return c, faults
}

// Step is one rule as it was asked, for the dry run.
type Step struct {
	Rule    string `json:"rule" doc:"id"`
	Name    string `json:"name"`
	Applies bool   `json:"applies"`
	Why     string `json:"why"`
}

// refusal is why a rule does not apply, as a message key with parameters; "" = it applies.
func (c *compiled) refusal(sc *scene) (key string, params text.Params) {
	switch {
	case !c.Enabled:
		return "alert.why.disabled", nil
	case len(c.Sources) > 0 && !slices.Contains(c.Sources, sc.source.ID):
		return "alert.why.source", nil
	}
	ok, err := c.match.holds(sc.resolve)
	switch {
	case err != nil:
		return "alert.why.error", text.Params{"reason": shorten(err.Error(), maxTitle)}
	case !ok:
		return "alert.why.match", nil
	}
	return "", nil
}

// applying is the first rule that applies; nil = none. A rule whose condition cannot be worked out does not apply.
func (s *setup) applying(sc *scene) *compiled {
	if sc.signal.rule != "" {
		return s.byID[sc.signal.rule]
	}
	for _, c := range s.rules {
		if key, _ := c.refusal(sc); key == "" {
			return c
		}
	}
	return nil
}

// window is the maintenance window that covers the alert now; nil = none.
func (s *setup) window(sc *scene) *compiledWindow {
	for _, w := range s.windows {
		if sc.now.Before(w.From) || !sc.now.Before(w.To) {
			continue
		}
		if ok, err := w.match.holds(sc.resolve); err == nil && ok {
			return w
		}
	}
	return nil
}

// verdict is what the rules make of an alert.
type verdict struct {
	rule     *compiled // nil = none
	key      string
	grouped  bool // the key may stand for several alerts
	severity Severity
	told     map[string]string // what the rule sets
}

// judge asks the rules.
func (s *setup) judge(sc *scene) verdict {
	v := verdict{rule: s.applying(sc), severity: sc.signal.Severity, told: map[string]string{}}
	mode, by := "fingerprint", (*program)(nil)
	if v.rule != nil && sc.signal.rule == "" {
		mode, by = v.rule.Dedup, v.rule.dedupBy
	}
	if v.rule != nil {
		for name, p := range v.rule.set {
			if said, err := p.says(sc.resolve); err == nil && said != "" {
				v.told[name] = said
			}
		}
		if word := v.told["severity"]; word != "" {
			v.severity = severityOf(word, nil)
		}
	}
	v.key, v.grouped = dedupKey(mode, by, v.rule, sc)
	return v
}

// dedupKey is the key under which at most one alert is open. What a rule groups by and the alert does not have falls back
// on the fingerprint, so that different alerts are never merged by accident.
func dedupKey(mode string, by *program, rule *compiled, sc *scene) (key string, grouped bool) {
	g := sc.signal
	switch mode {
	case "group":
		if g.Group != "" {
			return hashed("g", sc.source.ID, g.Group), true
		}
	case "object":
		return hashed("o", g.Object, g.Metric), true
	case "rule":
		return hashed("r", rule.ID), true
	case "expression":
		if by != nil {
			if said, err := by.says(sc.resolve); err == nil && said != "" {
				return hashed("e", rule.ID, said), true
			}
		}
	}
	return hashed("f", sc.source.ID, g.Fingerprint), false
}

func hashed(kind string, parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = h.Write([]byte(p))
		_, _ = h.Write([]byte{0})
	}
	return kind + hex.EncodeToString(h.Sum(nil)[:20])
}

// within keeps the instants (milliseconds) that are not older than a span before now.
func within(list []int64, now time.Time, seconds int) []int64 {
	from := now.Add(-time.Duration(seconds) * time.Second).UnixMilli()
	kept := []int64{}
	for _, at := range list {
		if at > from {
			kept = append(kept, at)
		}
	}
	return kept
}
