package sla

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/calendar"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Kinds of agreements. Beside the agreement with the customer run those that it rests on (SLA-06, SLA-22).
const (
	WithCustomer = "sla"
	Internal     = "ola" // between teams
	WithSupplier = "uc"  // underpinning contract
)

// Calendar is a named working calendar.
type Calendar struct {
	Code    string        `json:"code,omitempty" maxLength:"60" pattern:"^[a-z0-9][a-z0-9_-]*$"`
	Label   text.Label    `json:"label"`
	Spec    calendar.Spec `json:"spec"`
	Country string        `json:"country,omitempty" enum:"CN" doc:"whose announced holidays and make-up days it keeps; what the spec says of a date stands"`
	Version int64         `json:"version,omitempty" readOnly:"true"`
}

// compile makes the calendar work.
func (c *Calendar) compile() (*calendar.Calendar, error) {
	if c.Country == "CN" {
		return calendar.NewIn(calendar.China(), c.Spec)
	}
	return calendar.New(c.Spec)
}

// Agreement is what was promised to whom, and on what it rests (SLA-02).
type Agreement struct {
	ID       string     `json:"id,omitempty" readOnly:"true" maxLength:"40"`
	Code     string     `json:"code" maxLength:"60" minLength:"1"`
	Label    text.Label `json:"label"`
	Kind     string     `json:"kind" enum:"sla,ola,uc"`
	State    string     `json:"state,omitempty" readOnly:"true" enum:"draft,active,retired"`
	Customer string     `json:"customer,omitempty" maxLength:"40" doc:"id; empty = every customer"`
	Supplier string     `json:"supplier,omitempty" maxLength:"200" doc:"of an underpinning contract"`
	Applies  Reach      `json:"applies,omitzero" required:"false"`
	Rank     int        `json:"rank,omitempty" minimum:"0" maximum:"1000" doc:"the higher wins where two fit alike"`
	Calendar string     `json:"calendar" maxLength:"60" doc:"code of the service hours"`
	AlwaysOn Severe     `json:"always_on,omitzero" required:"false" doc:"what is served around the clock whatever the service hours say (C-10)"`
	Targets  []Promised `json:"targets" maxItems:"200" nullable:"false"`
	PausesOn []string   `json:"pauses_on,omitempty" maxItems:"3" nullable:"false" enum:"customer,supplier,internal" doc:"waits that stop pausable clocks; customer when left out"`
	Warn     []int      `json:"warn_percent,omitempty" maxItems:"10" nullable:"false"`
	Steps    []Step     `json:"steps,omitempty" maxItems:"50" nullable:"false" doc:"who is told at which point of a target (ESC-10, ESC-11)"`
	DayRule  bool       `json:"day_rule,omitempty" doc:"solving is due 24 hours after acceptance at the latest (ESC-08)"`
	Terms    Clauses    `json:"clauses,omitzero" required:"false"`
	From     string     `json:"valid_from,omitempty" maxLength:"10" doc:"date"`
	Until    string     `json:"valid_until,omitempty" maxLength:"10" doc:"date, included"`
	Version  int64      `json:"version,omitempty" readOnly:"true"`
	InForce  int64      `json:"active_version,omitempty" readOnly:"true" doc:"the version that new records come under; 0 before the first activation"`
}

// Reach narrows the records that an agreement holds for; an empty list is no limit.
type Reach struct {
	Types      []string `json:"types,omitempty" maxItems:"100" nullable:"false"`
	Services   []string `json:"services,omitempty" maxItems:"500" nullable:"false"`
	Contracts  []string `json:"contracts,omitempty" maxItems:"500" nullable:"false"`
	Priorities []string `json:"priorities,omitempty" maxItems:"20" nullable:"false"`
	Teams      []string `json:"teams,omitempty" maxItems:"200" nullable:"false" doc:"of an internal agreement: ids of the teams it binds"`
}

// Severe are priorities and fault levels that are served around the clock.
type Severe struct {
	Priorities []string `json:"priorities,omitempty" maxItems:"20" nullable:"false"`
	Levels     []string `json:"levels,omitempty" maxItems:"20" nullable:"false"`
}

// Promised is a target for records of a priority or a fault level; empty fits all, the closest fit counts (SLA-07).
type Promised struct {
	Name     string     `json:"name" maxLength:"40" pattern:"^[a-z][a-z0-9_]*$" doc:"response, diagnosis, arrival, resolution, update, keep_informed, or one of your own"`
	Label    text.Label `json:"label,omitzero" required:"false"`
	Priority string     `json:"priority,omitempty" maxLength:"40"`
	Level    string     `json:"level,omitempty" maxLength:"40"`
	Target
}

// Step tells people at a point of a target; each step is taken once in a cycle.
type Step struct {
	Target  string   `json:"target" maxLength:"40" doc:"* = every target"`
	Percent int      `json:"percent,omitempty" minimum:"0" maximum:"1000" doc:"of the target used"`
	Before  int64    `json:"before_seconds,omitempty" minimum:"0" maximum:"315360000" doc:"working time before it is due"`
	After   int64    `json:"after_seconds,omitempty" minimum:"0" maximum:"315360000" doc:"working time after it was due"`
	Kind    string   `json:"kind" enum:"warning,alarm,escalation"`
	To      []string `json:"to" minItems:"1" maxItems:"20" nullable:"false" doc:"whom: handler, superior(handler), team, desk, incident_manager …"`
	Wake    bool     `json:"wake,omitempty" doc:"also at night"`
	Up      int64    `json:"report_up_seconds,omitempty" minimum:"0" maximum:"604800" doc:"from here on it is reported upwards one level at a time, beginning with the handler's superior: whoever has not acknowledged after so long, their superior is told (ESC-13)"`
}

// Clauses are what an agreement says beside its times. Those named in its completeness check must be there (SLA-03).
type Clauses struct {
	Scope        string `json:"scope,omitempty" maxLength:"4000"`
	Quality      string `json:"quality,omitempty" maxLength:"4000"`
	Indicators   string `json:"indicators,omitempty" maxLength:"4000"`
	Assessment   string `json:"assessment,omitempty" maxLength:"4000" doc:"SLA-17"`
	Compensation string `json:"compensation,omitempty" maxLength:"4000" doc:"SLA-08"`
	Disputes     string `json:"disputes,omitempty" maxLength:"4000" doc:"SLA-18"`
	Leftovers    string `json:"leftovers,omitempty" maxLength:"4000" doc:"SLA-18"`
	Complaints   string `json:"complaints,omitempty" maxLength:"4000" doc:"SLA-19"`
}

// usualSteps hold where an agreement names none: warnings at half and at four fifths, an alarm when the time is used up,
// and a second one half as much later (ESC-10).
var usualSteps = []Step{
	{Target: "*", Percent: 50, Kind: "warning", To: []string{"handler"}},
	{Target: "*", Percent: 80, Kind: "warning", To: []string{"handler", "team"}},
	{Target: "*", Percent: 100, Kind: "alarm", To: []string{"handler", "incident_manager", "supervisor"}, Wake: true},
	{Target: Resolution, Percent: 100, Kind: "alarm", To: []string{"handler", "incident_manager", "supervisor"}, Wake: true, Up: 1800}, // instead of the one above
	{Target: "*", Percent: 150, Kind: "escalation", To: []string{"supervisor", "head"}, Wake: true},
}

func (a *Agreement) steps() []Step {
	if a.Steps == nil {
		return usualSteps
	}
	return a.Steps
}

func (a *Agreement) pauses(on string) bool {
	if a.PausesOn == nil {
		return on == "customer"
	}
	return slices.Contains(a.PausesOn, on)
}

// check names what is wrong with an agreement as it was given; whether it is complete is another question.
func (a *Agreement) check(calendars map[string]bool) error {
	var faults []fault.Field
	wrong := func(name, code string) {
		faults = append(faults, fault.Field{Name: name, Code: code, Params: text.Params{"label": name}})
	}
	if !a.Label.Complete() {
		wrong("label", "field.required")
	}
	if !calendars[a.Calendar] {
		wrong("calendar", "field.missing")
	}
	names := map[string]bool{"*": true}
	for i, t := range a.Targets {
		names[t.Name] = true
		if t.Seconds <= 0 {
			wrong(fmt.Sprintf("targets[%d].seconds", i), "field.required")
		}
	}
	for i, s := range a.Steps {
		if !names[s.Target] {
			wrong(fmt.Sprintf("steps[%d].target", i), "field.missing")
		}
		if times := count(s.Percent > 0, s.Before > 0, s.After > 0); times != 1 {
			wrong(fmt.Sprintf("steps[%d]", i), "sla.step")
		}
		for j, to := range s.To {
			if _, err := definition.ParseActor(to); err != nil {
				wrong(fmt.Sprintf("steps[%d].to[%d]", i, j), "sla.actor")
			}
		}
	}
	for name, date := range map[string]string{"valid_from": a.From, "valid_until": a.Until} {
		if _, err := time.Parse(time.DateOnly, date); date != "" && err != nil {
			wrong(name, "calendar.date")
		}
	}
	if len(faults) > 0 {
		return fault.Fields(faults...)
	}
	return nil
}

func count(conditions ...bool) (n int) {
	for _, c := range conditions {
		if c {
			n++
		}
	}
	return n
}

// lacking are the parts without which an agreement cannot be put in force (SLA-03).
func (a *Agreement) lacking() []string {
	var names []string
	need := func(name string, there bool) {
		if !there {
			names = append(names, name)
		}
	}
	need("targets", len(a.Targets) > 0)
	need("valid_from", a.From != "")
	if a.Kind == WithCustomer {
		has := func(name string) bool {
			return slices.ContainsFunc(a.Targets, func(t Promised) bool { return t.Name == name })
		}
		need("targets.response", has(Response))
		need("targets.resolution", has(Resolution))
		need("clauses.scope", a.Terms.Scope != "")
		need("clauses.quality", a.Terms.Quality != "")
		need("clauses.indicators", a.Terms.Indicators != "")
		need("clauses.compensation", a.Terms.Compensation != "")
		need("clauses.disputes", a.Terms.Disputes != "")
		need("clauses.leftovers", a.Terms.Leftovers != "")
		need("clauses.complaints", a.Terms.Complaints != "")
	}
	if a.Kind == WithSupplier {
		need("supplier", a.Supplier != "")
	}
	return names
}

// targetsFor are the targets of a priority and a fault level; the closest fit of each name.
func (a *Agreement) targetsFor(priority, level string) map[string]Promised {
	chosen, closeness := map[string]Promised{}, map[string]int{}
	for _, t := range a.Targets {
		if t.Priority != "" && t.Priority != priority || t.Level != "" && t.Level != level {
			continue
		}
		fit := 1 + count(t.Priority != "") + 2*count(t.Level != "")
		if fit > closeness[t.Name] {
			chosen[t.Name], closeness[t.Name] = t, fit
		}
	}
	return chosen
}

// aroundTheClock tells whether a record is so severe that service hours do not matter (C-10).
func (a *Agreement) aroundTheClock(priority, level string) bool {
	return slices.Contains(a.AlwaysOn.Priorities, priority) || level != "" && slices.Contains(a.AlwaysOn.Levels, level)
}

// labels of the usual targets; others bring their own.
var labels = map[string]text.Label{
	Response: {Zh: "响应", En: "Response"}, "diagnosis": {Zh: "确诊", En: "Diagnosis"}, "arrival": {Zh: "到场", En: "Arrival"},
	Resolution: {Zh: "解决", En: "Solution"}, Update: {Zh: "答复", En: "Answer"}, Informed: {Zh: "进展通报", En: "Progress notice"},
}

func (t Promised) label() text.Label {
	if !t.Label.Empty() {
		return t.Label
	}
	if l, ok := labels[t.Name]; ok {
		return l
	}
	name := strings.ReplaceAll(t.Name, "_", " ")
	return text.Label{Zh: name, En: name}
}

func init() {
	text.Register(map[string]text.Label{
		"sla.step":  {Zh: "{label}请在百分比、提前、超出三种时点中选一种。", En: "{label}: give one of percent, before and after."},
		"sla.actor": {Zh: "{label}不是可通知的对象，例如 handler、superior(handler)、desk。", En: "{label} is nobody who can be told; use handler, superior(handler) or desk."},
	})
}
