package process

import (
	"context"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Ref is something named by its id.
type Ref struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// StateView is a state as the reader calls it.
type StateView struct {
	Code      string  `json:"code"`
	Label     string  `json:"label"`
	Kind      string  `json:"kind"`
	WaitingOn string  `json:"waiting_on"`
	Progress  float64 `json:"progress"`
}

// PriorityView is a priority with how it is drawn.
type PriorityView struct {
	Value string `json:"value"`
	Label string `json:"label"`
	Mark  string `json:"mark"`
}

// Promise is a time given to somebody. Durations are working time of its agreement.
type Promise struct {
	Name      string     `json:"name"`
	Label     string     `json:"label"`
	Kind      string     `json:"kind" enum:"sla,ola,uc,expected" doc:"with the customer, between teams, with a supplier, or only what the customer expects"`
	Agreement string     `json:"agreement" doc:"code; empty for what the customer expects"`
	DueAt     *time.Time `json:"due_at" doc:"null while the clock stands"`
	State     string     `json:"state" enum:"running,paused,met,breached"`
	StartedAt time.Time  `json:"started_at"`
	StoppedAt *time.Time `json:"stopped_at"` // when it was kept, or overdue but done
	UsedMS    int64      `json:"used_ms"`    // until then, or until now
	LeftMS    int64      `json:"left_ms" doc:"negative when it is over"`
	TargetMS  int64      `json:"target_ms"`
}

// nearest is the promise to look at first: what is due first, else what stands still, else what ended last.
func nearest(list []Promise) *Promise {
	var best *Promise
	rank := func(p *Promise) int {
		switch {
		case p.Kind != "sla" && p.Kind != "expected":
			return 0
		case p.StoppedAt != nil:
			return 1
		case p.DueAt == nil:
			return 2
		}
		return 3
	}
	for i := range list {
		p := &list[i]
		switch {
		case best == nil, rank(p) > rank(best),
			rank(p) == 3 && rank(best) == 3 && p.DueAt.Before(*best.DueAt),
			rank(p) == 1 && rank(best) == 1 && p.StoppedAt.After(*best.StoppedAt):
			best = p
		}
	}
	return best
}

// NextStep is the step a reader can take from a list without opening the record.
type NextStep struct {
	Transition string `json:"transition"`
	Label      string `json:"label"`
	Key        string `json:"key"`
	Input      bool   `json:"input"` // something has to be entered first
}

// Summary is a record in a list.
type Summary struct {
	Number    string         `json:"number"`
	Type      string         `json:"type"`
	Plural    string         `json:"plural"`
	Title     string         `json:"title"`
	Workflow  string         `json:"workflow"`
	State     StateView      `json:"state"`
	Priority  *PriorityView  `json:"priority"`
	Customer  *Ref           `json:"customer"`
	Site      *Ref           `json:"site"`
	Service   *Ref           `json:"service"`
	Requester *Ref           `json:"requester"`
	Assignee  *Ref           `json:"assignee"`
	Team      *Ref           `json:"team"`
	Channel   string         `json:"channel"`
	Level     string         `json:"level"`
	Major     bool           `json:"major"`
	Reopened  int            `json:"reopened"`
	Urges     int            `json:"urges"`
	CreatedAt time.Time      `json:"created_at"`
	UpdatedAt time.Time      `json:"updated_at"`
	DueAt     *time.Time     `json:"due_at"`
	Promise   *Promise       `json:"promise"`
	Version   int64          `json:"version"`
	Fields    map[string]any `json:"fields"`
	Next      *NextStep      `json:"next"`
}

// mentions are ids whose names a page needs, by the kind of entry they belong to.
type mentions map[string][]string

// kindOf is the kind of entry that a reference's target is.
var kindOf = map[string]string{"person": party.KindPerson, "staff": party.KindPerson, "contact": party.KindPerson, "organisation": party.KindOrganisation,
	"customer": party.KindOrganisation, "supplier": party.KindOrganisation, "site": party.KindSite, "team": party.KindTeam, "service": party.KindService}

// add notes ids that a reference to a target holds; what refers to records names itself.
func (m mentions) add(target string, ids ...string) {
	if kind, ok := kindOf[target]; ok {
		m[kind] = append(m[kind], ids...)
	}
}

// namesOf reads the names of everything the records point to, and of more, in one query.
func namesOf(ctx context.Context, u *work.Unit, list []*record.Record, more mentions) (map[string]string, error) {
	if more == nil {
		more = mentions{}
	}
	for _, r := range list {
		more.add("customer", r.Customer)
		more.add("site", r.Site)
		more.add("service", r.Service)
		more.add("person", r.Requester, r.Assignee)
		more.add("team", r.Team)
	}
	return party.NamesByKind(ctx, u.Tx, more)
}

func refOf(names map[string]string, key string) *Ref {
	if key == "" {
		return nil
	}
	return &Ref{ID: key, Name: names[key]}
}

// summaries renders records for a list.
func (s *Service) summaries(ctx context.Context, u *work.Unit, list []*record.Record) ([]Summary, error) {
	names, err := namesOf(ctx, u, list, nil)
	if err != nil {
		return nil, err
	}
	promises, err := s.promises(ctx, u, list)
	if err != nil {
		return nil, err
	}
	out := make([]Summary, 0, len(list))
	for _, r := range list {
		c, err := s.sceneOf(u, r)
		if err != nil {
			return nil, err
		}
		c.promises = promises[r.ID]
		one, err := c.summary(ctx, names)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// promises are those of the records that come under agreements.
func (s *Service) promises(ctx context.Context, u *work.Unit, list []*record.Record) (map[string][]Promise, error) {
	if s.clocks == nil || len(list) == 0 {
		return nil, nil
	}
	return s.clocks.Promises(ctx, u, list)
}

func (c *scene) summary(ctx context.Context, names map[string]string) (Summary, error) {
	r := c.rec
	sum := Summary{Number: r.Number, Type: r.Type, Plural: c.def.Plural, Title: r.Title, Workflow: r.Workflow, State: c.stateView(),
		Priority: c.priorityView(), Customer: refOf(names, r.Customer), Site: refOf(names, r.Site), Service: refOf(names, r.Service),
		Requester: refOf(names, r.Requester), Assignee: refOf(names, r.Assignee), Team: refOf(names, r.Team), Channel: r.Channel, Level: r.Level,
		Major: r.Major, Reopened: r.Reopened, Urges: r.Urges, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, Promise: c.promiseView(), Version: r.Version,
		Fields: c.def.Fields.Where(func(f form.Field) bool { return slices.Contains(c.def.Columns, f.Name) }).Mask(r.All(), form.ViewOf(c.actor, false))}
	if sum.Promise != nil {
		sum.DueAt = sum.Promise.DueAt
	}
	if c.customer() { // who works on it is for the customer to know; how the provider is organised is not
		sum.Team, sum.Level = nil, ""
	}
	next, err := c.quickNext(ctx)
	sum.Next = next
	return sum, err
}

func (c *scene) stateView() StateView {
	state, ok := c.flow.State(c.rec.State)
	if !ok {
		return StateView{Code: c.rec.State, Label: c.rec.State, Kind: c.rec.Kind}
	}
	v := StateView{Code: state.Code, Label: state.LabelFor(c.customer()).In(c.actor.Lang), Kind: string(state.Kind), WaitingOn: state.On, Progress: state.Progress}
	if c.customer() && state.On != "customer" { // that a supplier or another team is waited for is an inner matter
		if v.WaitingOn = ""; state.Kind == definition.Waiting {
			v.Kind = string(definition.Active)
		}
		v.Code = state.Stage
	}
	return v
}

func (c *scene) priorityView() *PriorityView {
	scheme, ok := c.s.schemes.get(c.def.Scheme)
	if !ok || c.rec.Priority == "" {
		return nil
	}
	for _, g := range scheme.Priorities {
		if g.Value == c.rec.Priority {
			return &PriorityView{Value: g.Value, Label: g.Label.In(c.actor.Lang), Mark: g.Mark}
		}
	}
	return &PriorityView{Value: c.rec.Priority, Label: c.rec.Priority, Mark: "low"}
}

// promiseView is the nearest promise: the time the record is due for.
func (c *scene) promiseView() *Promise {
	if len(c.promises) > 0 {
		return nearest(c.promises)
	}
	return c.expectation()
}

// expectation is what the definition says the record is due for, where no agreement promises anything.
func (c *scene) expectation() *Promise {
	r := c.rec
	due, err := c.promised()
	if err != nil || due.IsZero() || r.Kind == string(definition.Cancelled) {
		return nil
	}
	p := &Promise{Name: "solve", Label: c.def.DueLabel.In(c.actor.Lang), Kind: "expected", DueAt: &due, State: "running", StartedAt: r.CreatedAt}
	solved := r.Milestones["solved"]
	if solved.IsZero() {
		solved = r.Milestones["closed"]
	}
	switch {
	case !solved.IsZero() && !solved.After(due):
		p.State = "met"
	case !solved.IsZero() || c.u.Now().After(due):
		p.State = "breached"
	case r.Kind == string(definition.Waiting) && r.WaitingOn == "customer":
		p.State = "paused"
	}
	end := c.u.Now()
	if !solved.IsZero() {
		end, p.StoppedAt = solved, &solved
	}
	p.UsedMS, p.TargetMS = end.Sub(p.StartedAt).Milliseconds(), due.Sub(p.StartedAt).Milliseconds()
	p.LeftMS = p.TargetMS - p.UsedMS
	return p
}

// quickNext is the first step the actor may take, for a button in a list.
func (c *scene) quickNext(ctx context.Context) (*NextStep, error) {
	for _, t := range c.offered() {
		open, err := c.openTo(ctx, t)
		if err != nil {
			return nil, err
		}
		if !open {
			continue
		}
		if refusal, err := c.refusal(ctx, t); err != nil {
			return nil, err
		} else if refusal != nil {
			continue
		}
		return &NextStep{Transition: t.Code, Label: t.Label.In(c.actor.Lang), Key: t.Key, Input: c.asks(t)}, nil
	}
	return nil, nil
}

// offered are the transitions of the state that people may be shown, primary ones first.
func (c *scene) offered() []*definition.Transition {
	var first, rest []*definition.Transition
	for _, t := range c.flow.FromState(c.rec.State) {
		switch {
		case t.Hidden:
		case t.Style == "primary":
			first = append(first, t)
		default:
			rest = append(rest, t)
		}
	}
	return append(first, rest...)
}

// openTo tells whether the actor may take the transition at all: condition and role.
func (c *scene) openTo(ctx context.Context, t *definition.Transition) (bool, error) {
	ok, err := c.holds("when:" + c.flow.Code + "." + t.Code)
	if err != nil || !ok {
		return false, err
	}
	return c.allowed(ctx, t.Actors(c.rec.State))
}

// asks tells whether the transition needs something entered.
func (c *scene) asks(t *definition.Transition) bool {
	return t.Comment == "required" || len(c.missing(t.Require)) > 0 || len(t.Accept) > 0 || !t.Confirm.Empty()
}

// Refusal is why a transition is closed now.
type Refusal struct {
	Guard   string
	Reason  string
	Missing []MissingField
}

// MissingField is a field that must be filled first.
type MissingField struct {
	Field string `json:"field"`
	Label string `json:"label"`
}

// refusal says what would stop the transition now, as far as that can be told before anything is entered: what must be
// there already, and guards that do not depend on what the step itself asks for.
func (c *scene) refusal(ctx context.Context, t *definition.Transition) (*Refusal, error) {
	if missing := c.missing(t.Needs); len(missing) > 0 {
		labels := make([]string, len(missing))
		for i, m := range missing {
			labels[i] = m.Label
		}
		return &Refusal{Guard: "needs", Missing: missing, Reason: text.Say(c.actor.Lang, "process.missing",
			text.Params{"label": t.Label, "count": len(missing), "fields": labels})}, nil
	}
	inputs := t.Inputs()
	for i, g := range t.Guards {
		if c.dependsOn(t, i, g, inputs) {
			continue
		}
		ok, label, err := c.guard(ctx, c.flow.Code+"."+t.Code, i, g)
		if err != nil {
			return nil, err
		}
		if !ok {
			return &Refusal{Guard: g.ID, Reason: label.In(c.actor.Lang)}, nil
		}
	}
	return nil, nil
}

func (c *scene) dependsOn(t *definition.Transition, i int, g definition.Guard, inputs []string) bool {
	if g.Holds == "" {
		return g.ID == "not_itself"
	}
	p := c.def.Program(guardPlace(c.flow, t, i))
	return p != nil && slices.ContainsFunc(inputs, func(name string) bool { return p.Reads[name] })
}

func (c *scene) missing(names []string) []MissingField {
	if len(names) == 0 {
		return nil
	}
	var out []MissingField
	for _, f := range c.def.Fields.Missing(c.rec.All(), names) {
		out = append(out, MissingField{Field: f.Name, Label: c.def.LabelOf(f.Name).In(c.actor.Lang)})
	}
	return out
}
