package process

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Detail is a record on its own page.
type Detail struct {
	Summary
	Description string                `json:"description"`
	FieldOrder  []FieldGroup          `json:"field_order"`
	Refs        map[string]string     `json:"refs"`
	Editable    []string              `json:"editable"`
	Milestones  map[string]*time.Time `json:"milestones"`
	Strip       []Stage               `json:"strip"`
	Steps       Steps                 `json:"next_steps"`
	Promises    []Promise             `json:"promises"`
	Links       []LinkView            `json:"links"`
	Children    []Summary             `json:"children"`
	Parent      *Summary              `json:"parent"`
	Watchers    []Watcher             `json:"watchers"`
	Attachments []record.File         `json:"attachments"`
	Approvals   []ApprovalView        `json:"approvals"`
	Can         Can                   `json:"can"`
	Definition  int                   `json:"definition_version"`
}

// FieldGroup is a group of fields in the order of the form.
type FieldGroup struct {
	Group  string   `json:"group"`
	Fields []string `json:"fields"`
}

// Stage is one step of the strip above the record.
type Stage struct {
	Code  string     `json:"code"`
	Label string     `json:"label"`
	Phase string     `json:"phase"` // done, current, ahead
	By    string     `json:"by"`
	At    *time.Time `json:"at"`
}

// Steps are what can be done next, by whom, and why the rest cannot.
type Steps struct {
	Yours      bool     `json:"yours"`
	Headline   string   `json:"headline"`
	WaitingFor string   `json:"waiting_for"`
	Actions    []Action `json:"actions"`
	Closed     []Closed `json:"closed"`
}

// Action is a transition open to the actor now.
type Action struct {
	Transition string         `json:"transition"`
	Label      string         `json:"label"`
	Style      string         `json:"style"`
	Key        string         `json:"key"`
	To         []string       `json:"to"` // states it can lead to from here
	Form       FormSpec       `json:"form"`
	Missing    []MissingField `json:"missing"`
}

// FormSpec is what a step asks for.
type FormSpec struct {
	Fields        []string   `json:"fields"`
	Require       []string   `json:"require"`
	RequireWhen   []WhenView `json:"require_when"`
	Comment       string     `json:"comment"`
	CommentPublic bool       `json:"comment_public"`
	Confirm       string     `json:"confirm"`
}

// WhenView is a condition under which fields become compulsory, as an expression.
type WhenView struct {
	When   string   `json:"when"`
	Fields []string `json:"fields"`
}

// Closed is a transition that is not open now, with the reason.
type Closed struct {
	Transition string         `json:"transition"`
	Label      string         `json:"label"`
	To         []string       `json:"to"`
	Reason     string         `json:"reason"`
	Guard      string         `json:"guard"`
	Missing    []MissingField `json:"missing"`
}

// LinkView is a link with the record at its other end.
type LinkView struct {
	ID      string  `json:"id"`
	Kind    string  `json:"kind"`
	Label   string  `json:"label"`
	Inverse bool    `json:"inverse"`
	Record  Summary `json:"record"`
}

// Watcher is somebody who follows the record.
type Watcher struct {
	Ref
	Me bool `json:"me"`
}

// ApprovalView is an approval with its questions.
type ApprovalView struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Label     string         `json:"label"`
	State     string         `json:"state"`
	Policy    string         `json:"policy"`
	AskedAt   time.Time      `json:"asked_at"`
	AskedBy   string         `json:"asked_by"`
	Approvers []ApproverView `json:"approvers"`
	Yours     bool           `json:"yours"`
}

// ApproverView is one question of an approval.
type ApproverView struct {
	Who      string     `json:"who"`
	Decision string     `json:"decision"`
	By       string     `json:"by"`
	Reason   string     `json:"reason"`
	At       *time.Time `json:"at"`
}

// Can says what the actor may do beside transitions.
type Can struct {
	Edit            bool `json:"edit"`
	Comment         bool `json:"comment"`
	CommentInternal bool `json:"comment_internal"`
	Assign          bool `json:"assign"`
	Urge            bool `json:"urge"`
	Link            bool `json:"link"`
	Watch           bool `json:"watch"`
	Attach          bool `json:"attach"`
	WorkLog         bool `json:"work_log"`
}

// Get reads one record as the actor may see it. typ "" = any type.
func (s *Service) Get(ctx context.Context, typ, number string) (d *Detail, err error) {
	err = s.door.Read(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		r, err := record.Load(ctx, u.Tx, u.Actor, number)
		if err != nil {
			return err
		}
		if typ != "" && r.Type != typ {
			return fault.Missing()
		}
		c, err := s.sceneOf(u, r)
		if err != nil {
			return err
		}
		if err := c.readable(ctx); err != nil {
			return err
		}
		d, err = c.detail(ctx)
		return err
	})
	return d, err
}

// around tells what there is beside a record's row. Most records have little: one look spares the others.
type around struct{ approvals, watchers, files, links, children bool }

func aroundOf(ctx context.Context, tx db.Tx, rec string) (a around, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM approvals WHERE record_id = $1), EXISTS (SELECT 1 FROM record_watchers WHERE record_id = $1),
		EXISTS (SELECT 1 FROM record_files WHERE record_id = $1), EXISTS (SELECT 1 FROM record_links WHERE from_id = $1) OR EXISTS (SELECT 1 FROM record_links WHERE to_id = $1),
		EXISTS (SELECT 1 FROM records WHERE parent_id = $1 AND parent_id <> '')`, rec).Scan(&a.approvals, &a.watchers, &a.files, &a.links, &a.children)
	return a, err
}

// when reads a list that is there, or answers an empty one.
func when[T any](there bool, read func() ([]T, error)) ([]T, error) {
	if !there {
		return []T{}, nil
	}
	return read()
}

func (c *scene) detail(ctx context.Context) (*Detail, error) {
	beside, err := aroundOf(ctx, c.u.Tx, c.rec.ID)
	if err != nil {
		return nil, err
	}
	approvals, err := when(beside.approvals, func() ([]approval, error) { return approvalsOf(ctx, c.u.Tx, c.rec.ID) })
	if err != nil {
		return nil, err
	}
	watchers, err := when(beside.watchers, func() ([]string, error) { return record.Watchers(ctx, c.u.Tx, c.rec.ID) })
	if err != nil {
		return nil, err
	}
	values := c.def.Fields.Mask(c.rec.All(), form.ViewOf(c.actor, c.seesContact()))
	names, err := namesOf(ctx, c.u, []*record.Record{c.rec}, c.mentioned(values, approvals, watchers))
	if err != nil {
		return nil, err
	}
	promises, err := c.s.promises(ctx, c.u, []*record.Record{c.rec})
	if err != nil {
		return nil, err
	}
	c.promises = promises[c.rec.ID]
	sum, err := c.summary(ctx, names)
	if err != nil {
		return nil, err
	}
	sum.Fields = values
	d := &Detail{Summary: sum, Description: c.rec.Description, FieldOrder: c.fieldOrder(), Refs: c.refsShown(values, names), Editable: []string{},
		Milestones: c.milestoneView(), Strip: c.strip(names), Promises: []Promise{}, Links: []LinkView{}, Children: []Summary{},
		Watchers: []Watcher{}, Approvals: []ApprovalView{}, Definition: c.rec.Definition}
	switch {
	case len(c.promises) > 0:
		d.Promises = c.promises
	case sum.Promise != nil:
		d.Promises = append(d.Promises, *sum.Promise)
	}
	return d, c.fillDetail(ctx, d, beside, names, approvals, watchers)
}

func (c *scene) fillDetail(ctx context.Context, d *Detail, beside around, names map[string]string, approvals []approval, watchers []string) error {
	editable, err := c.editable(ctx)
	if err != nil {
		return err
	}
	d.Editable = append(d.Editable, editable...)
	if d.Steps, err = c.steps(ctx, names, approvals); err != nil {
		return err
	}
	if d.Approvals, err = c.approvalViews(ctx, approvals, names); err != nil {
		return err
	}
	if !c.customer() {
		for _, w := range watchers {
			d.Watchers = append(d.Watchers, Watcher{Ref: Ref{ID: w, Name: names[w]}, Me: w == c.actor.ID})
		}
	}
	if d.Attachments, err = when(beside.files, func() ([]record.File, error) { return record.Files(ctx, c.u.Tx, c.rec.ID, c.customer()) }); err != nil {
		return err
	}
	if err := c.related(ctx, d, beside); err != nil {
		return err
	}
	d.Can, err = c.can(ctx, len(editable) > 0)
	return err
}

// seesContact: the record's own page shows phones in full to those who work with it.
func (c *scene) seesContact() bool {
	return c.customer() || c.may(party.SeeContact)
}

// mentioned are all ids whose names the page needs.
func (c *scene) mentioned(values form.Values, approvals []approval, watchers []string) mentions {
	m := mentions{}
	for _, f := range c.def.Fields {
		if f.Type == form.Ref {
			m.add(f.To, values.Strings(f.Name)...)
		}
	}
	m.add("person", watchers...)
	m.add("person", c.rec.CreatedBy)
	for _, step := range c.rec.Trail {
		m.add("person", step.By)
	}
	for _, a := range approvals {
		m.add("person", a.AskedBy)
		for _, s := range a.Slots {
			m.add("person", s.By, s.Delegate)
			m.add("person", s.People...)
		}
	}
	return m
}

// refsShown names only what the reader's fields mention: names of anybody else stay out.
func (c *scene) refsShown(values form.Values, names map[string]string) map[string]string {
	shown := map[string]string{}
	for _, f := range c.def.Fields {
		if f.Type != form.Ref {
			continue
		}
		for _, key := range values.Strings(f.Name) {
			if name, ok := names[key]; ok {
				shown[key] = name
			}
		}
	}
	return shown
}

func (c *scene) fieldOrder() []FieldGroup {
	groups := []FieldGroup{}
	for _, f := range c.def.Fields {
		if f.Name == "title" || f.Name == "description" || c.customer() && !f.Public {
			continue
		}
		label := f.Group.In(c.actor.Lang)
		i := slices.IndexFunc(groups, func(g FieldGroup) bool { return g.Group == label })
		if i < 0 {
			groups = append(groups, FieldGroup{Group: label})
			i = len(groups) - 1
		}
		groups[i].Fields = append(groups[i].Fields, f.Name)
	}
	return groups
}

func (c *scene) milestoneView() map[string]*time.Time {
	out := map[string]*time.Time{}
	for _, m := range definition.Milestones {
		if t := c.rec.Milestones[m]; !t.IsZero() {
			out[m] = &t
		} else {
			out[m] = nil
		}
	}
	return out
}

// strip shows where the record stands among the stages of its workflow.
func (c *scene) strip(names map[string]string) []Stage {
	here := -1
	if state, ok := c.flow.State(c.rec.State); ok {
		here = slices.IndexFunc(c.flow.Stages, func(e definition.Entry[definition.Stage]) bool { return e.Name == state.Stage })
	}
	out := []Stage{}
	for i, e := range c.flow.Stages {
		s := Stage{Code: e.Name, Label: e.Value.LabelFor(c.customer()).In(c.actor.Lang), Phase: "ahead"}
		switch {
		case i < here || i == here && !c.rec.Open:
			s.Phase = "done"
		case i == here:
			s.Phase = "current"
		}
		if s.Phase != "ahead" {
			s.By, s.At = c.entered(e.Name, names)
		}
		out = append(out, s)
	}
	return out
}

// entered is who brought the record into a stage last, and when.
func (c *scene) entered(stage string, names map[string]string) (string, *time.Time) {
	for i := len(c.rec.Trail) - 1; i >= 0; i-- {
		step := c.rec.Trail[i]
		state, ok := c.flow.State(step.State)
		if ok && state.Stage == stage {
			at := time.UnixMilli(step.At).UTC()
			return names[step.By], &at
		}
	}
	return "", nil
}

// steps are the next steps, their order, and the reasons of the closed ones.
func (c *scene) steps(ctx context.Context, names map[string]string, approvals []approval) (Steps, error) {
	st := Steps{Actions: []Action{}, Closed: []Closed{}}
	if !c.rec.Open {
		st.Headline = text.Say(c.actor.Lang, "process.done", nil)
	}
	for _, t := range c.offered() {
		if err := c.step(ctx, &st, t); err != nil {
			return st, err
		}
	}
	if !c.may(MoveRecords) {
		st.Actions = []Action{}
	}
	if !c.rec.Open {
		return st, nil
	}
	var err error
	st.Yours, err = c.myTurn(ctx, approvals)
	if err != nil {
		return st, err
	}
	c.headline(&st, names)
	return st, nil
}

func (c *scene) step(ctx context.Context, st *Steps, t *definition.Transition) error {
	holds, err := c.holds("when:" + c.flow.Code + "." + t.Code)
	if err != nil || !holds {
		return err
	}
	may, err := c.allowed(ctx, t.Actors(c.rec.State))
	if err != nil {
		return err
	}
	label := t.Label.In(c.actor.Lang)
	if !may {
		if t.Style == "primary" && !c.customer() { // why the way on is closed; side exits of others are no news
			st.Closed = append(st.Closed, Closed{Transition: t.Code, Label: label, To: c.leadsTo(t), Missing: []MissingField{},
				Reason: text.Say(c.actor.Lang, "process.denied", text.Params{"who": c.who(t.Actors(c.rec.State))})})
		}
		return nil
	}
	refusal, err := c.refusal(ctx, t)
	if err != nil {
		return err
	}
	if refusal != nil {
		st.Closed = append(st.Closed, Closed{Transition: t.Code, Label: label, To: c.leadsTo(t), Reason: refusal.Reason, Guard: refusal.Guard, Missing: orEmpty(refusal.Missing)})
		return nil
	}
	st.Actions = append(st.Actions, Action{Transition: t.Code, Label: label, Style: t.Style, Key: t.Key, To: c.leadsTo(t), Form: c.formOf(t), Missing: orEmpty(c.missing(t.Require))})
	return nil
}

// leadsTo are the states the transition can lead to from here; more than one where what is entered decides.
// A customer's states are stages, as in their lists.
func (c *scene) leadsTo(t *definition.Transition) []string {
	states := []string{}
	add := func(to string, back []string) {
		to = c.pick(to, back)
		if s, ok := c.flow.State(to); ok && c.customer() {
			to = s.Stage
		}
		if to != "" && !slices.Contains(states, to) {
			states = append(states, to)
		}
	}
	for _, r := range t.Routes {
		add(r.To, r.BackTo)
	}
	add(t.To, t.BackTo)
	return states
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (c *scene) formOf(t *definition.Transition) FormSpec {
	spec := FormSpec{Fields: orEmpty(t.Inputs()), Require: orEmpty(t.Require), RequireWhen: []WhenView{}, Comment: t.Comment, CommentPublic: t.Public, Confirm: t.Confirm.In(c.actor.Lang)}
	if spec.Comment == "" {
		spec.Comment = "none"
	}
	for i, w := range t.RequireWhen {
		if fields := c.shown(w.Fields); len(fields) > 0 && c.knows(c.requirePlace(t, i)) {
			spec.RequireWhen = append(spec.RequireWhen, WhenView{When: w.When, Fields: fields})
		}
	}
	spec.Fields, spec.Require = c.shown(spec.Fields), c.shown(spec.Require)
	return spec
}

// requirePlace is where the condition of a transition's, or for one without a code the creation's, compulsory fields stands.
func (c *scene) requirePlace(t *definition.Transition, i int) string {
	place := c.flow.Code + "." + t.Code
	if t.Code == "" {
		place = "create"
	}
	return fmt.Sprintf("require:%s:%d", place, i)
}

// shown are those of the fields that the reader may know of.
func (c *scene) shown(names []string) []string {
	if !c.customer() {
		return names
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		f, _ := c.def.Field(name)
		return !f.Public
	})
}

// knows tells whether the reader may know of every field that a condition looks at.
func (c *scene) knows(place string) bool {
	p := c.def.Program(place)
	if p == nil || !c.customer() {
		return true
	}
	for name := range p.Reads {
		if f, ok := c.def.Field(name); ok && !f.Public {
			return false
		}
	}
	return true
}

// myTurn tells whether the next step is up to the actor.
func (c *scene) myTurn(ctx context.Context, approvals []approval) (bool, error) {
	for i := range approvals {
		if def, ok := c.def.Approvals.Get(approvals[i].Name); ok {
			slot, err := c.mySlot(ctx, def, &approvals[i])
			if err != nil || slot >= 0 {
				return slot >= 0, err
			}
		}
	}
	r, me := c.rec, c.actor
	switch r.Turn {
	case "handler":
		return r.Assignee == me.ID, nil
	case "team":
		return r.Assignee == me.ID || r.Assignee == "" && me.InTeam(r.Team), nil
	case "requester":
		return r.Requester == me.ID, nil
	case "customer":
		return c.isCustomer(""), nil
	}
	if person, ok := strings.CutPrefix(r.Turn, "person:"); ok {
		return person == me.ID, nil
	}
	role, ok := strings.CutPrefix(r.Turn, "role:")
	return ok && me.Holds(role, r.Customer, r.Type), nil
}

func (c *scene) headline(st *Steps, names map[string]string) {
	lang := c.actor.Lang
	label := ""
	if len(st.Actions) > 0 {
		label = st.Actions[0].Label
	} else if len(st.Closed) > 0 {
		label = st.Closed[0].Label
	}
	switch {
	case st.Yours && c.customer():
		st.Headline = text.Say(lang, "process.turn_you", text.Params{"label": label})
	case st.Yours:
		st.Headline = text.Say(lang, "process.turn_yours", text.Params{"label": label})
	case c.customer():
		st.Headline = text.Say(lang, "process.we_work", nil)
	default:
		st.WaitingFor = c.waitsFor(names)
		state, _ := c.flow.State(c.rec.State)
		st.Headline = text.Say(lang, "process.waiting", text.Params{"who": st.WaitingFor, "label": state.Label})
	}
}

// waitsFor names who has to act.
func (c *scene) waitsFor(names map[string]string) string {
	r := c.rec
	pick := func(key, relation string) string {
		if name := names[key]; name != "" {
			return name
		}
		return definition.ActorLabel(definition.Actor{Name: relation}, c.s.roles()).In(c.actor.Lang)
	}
	switch r.Turn {
	case "handler":
		return pick(r.Assignee, "handler")
	case "team":
		if r.Assignee != "" {
			return pick(r.Assignee, "handler")
		}
		return pick(r.Team, "team")
	case "requester":
		return pick(r.Requester, "requester")
	case "customer":
		return pick(r.Customer, "customer")
	}
	if person, ok := strings.CutPrefix(r.Turn, "person:"); ok {
		return pick(person, "field")
	}
	role, ok := strings.CutPrefix(r.Turn, "role:")
	if !ok {
		role = "system"
	}
	return definition.ActorLabel(definition.Actor{Name: role}, c.s.roles()).In(c.actor.Lang)
}

// approvalViews shows approvals. A customer sees those that ask somebody of theirs, and what their own people answered;
// what the provider's people decide among themselves, and why, is not for them.
func (c *scene) approvalViews(ctx context.Context, approvals []approval, names map[string]string) ([]ApprovalView, error) {
	sides := map[string]party.Side{}
	if c.customer() {
		var people []string
		for _, a := range approvals {
			for _, s := range a.Slots {
				people = append(people, append([]string{s.By, s.Delegate}, s.People...)...)
			}
		}
		var err error
		if sides, err = party.SidesOf(ctx, c.u.Tx, people); err != nil {
			return nil, err
		}
	}
	views := []ApprovalView{}
	for _, a := range approvals {
		v, err := c.approvalView(ctx, a, names)
		if err != nil {
			return nil, err
		}
		if c.customer() {
			v.Approvers = ours(v.Approvers, a.Slots, sides, c.actor.Org)
		}
		if len(v.Approvers) > 0 {
			views = append(views, v)
		}
	}
	return views, nil
}

// ours are the questions that somebody of the organisation was asked or answered.
func ours(views []ApproverView, slots []Slot, sides map[string]party.Side, organisation string) []ApproverView {
	own := []ApproverView{}
	for i, s := range slots {
		people := append([]string{s.Delegate}, s.People...)
		if s.By != "" {
			people = []string{s.By}
		}
		if slices.ContainsFunc(people, func(p string) bool { return sides[p].Organisation == organisation }) {
			own = append(own, views[i])
		}
	}
	return own
}

func (c *scene) approvalView(ctx context.Context, a approval, names map[string]string) (ApprovalView, error) {
	v := ApprovalView{ID: a.ID, Name: a.Name, Label: a.Name, State: a.State, AskedAt: a.AskedAt, AskedBy: names[a.AskedBy], Approvers: []ApproverView{}}
	def, ok := c.def.Approvals.Get(a.Name)
	if ok {
		v.Label, v.Policy = def.Label.In(c.actor.Lang), def.Policy
		slot, err := c.mySlot(ctx, def, &a)
		if err != nil {
			return v, err
		}
		v.Yours = slot >= 0
	}
	for _, s := range a.Slots {
		who := names[s.Delegate]
		if who == "" && len(s.People) == 1 {
			who = names[s.People[0]]
		}
		if expr, err := definition.ParseActor(s.Of); who == "" && err == nil {
			who = definition.ActorLabel(expr, c.s.roles()).In(c.actor.Lang)
		}
		one := ApproverView{Who: who, Decision: s.Decision, By: names[s.By], Reason: s.Reason}
		if s.At != 0 {
			at := time.UnixMilli(s.At).UTC()
			one.At = &at
		}
		v.Approvers = append(v.Approvers, one)
	}
	return v, nil
}

// linkLabels says a link in both directions.
var linkLabels = map[string][2]text.Label{
	record.Related:   {{Zh: "相关", En: "Related to"}, {Zh: "相关", En: "Related to"}},
	record.Duplicate: {{Zh: "重复于", En: "Duplicate of"}, {Zh: "被重复", En: "Has duplicate"}},
	record.CausedBy:  {{Zh: "起因是", En: "Caused by"}, {Zh: "引起了", En: "Caused"}},
	record.PartOf:    {{Zh: "属于", En: "Part of"}, {Zh: "包含", En: "Contains"}},
}

// related fills links, sub-records and parent, as far as the reader reaches them.
func (c *scene) related(ctx context.Context, d *Detail, beside around) error {
	links, err := when(beside.links, func() ([]record.Link, error) { return record.Links(ctx, c.u.Tx, c.rec.ID) })
	if err != nil {
		return err
	}
	var ids []string
	for _, l := range links {
		ids = append(ids, other(l, c.rec.ID))
	}
	if c.rec.Parent != "" {
		ids = append(ids, c.rec.Parent)
	}
	found, err := record.Many(ctx, c.u.Tx, c.actor, ids)
	if err != nil {
		return err
	}
	children, err := when(beside.children, func() ([]*record.Record, error) { return record.Children(ctx, c.u.Tx, c.actor, c.rec.ID) })
	if err != nil {
		return err
	}
	found, children = c.s.readableOf(ctx, c.u, found), c.s.readableOf(ctx, c.u, children)
	if d.Children, err = c.s.summaries(ctx, c.u, children); err != nil {
		return err
	}
	if len(found) == 0 {
		return nil
	}
	views, err := c.s.summaries(ctx, c.u, found)
	if err != nil {
		return err
	}
	byID := map[string]Summary{}
	for i, r := range found {
		byID[r.ID] = views[i]
	}
	c.joinLinks(d, links, byID)
	return nil
}

func (c *scene) joinLinks(d *Detail, links []record.Link, byID map[string]Summary) {
	for _, l := range links {
		view, seen := byID[other(l, c.rec.ID)]
		if !seen {
			continue
		}
		inverse := l.From != c.rec.ID
		label := linkLabels[l.Kind][0]
		if inverse {
			label = linkLabels[l.Kind][1]
		}
		d.Links = append(d.Links, LinkView{ID: l.ID, Kind: l.Kind, Label: label.In(c.actor.Lang), Inverse: inverse, Record: view})
	}
	if parent, ok := byID[c.rec.Parent]; ok && c.rec.Parent != "" {
		d.Parent = &parent
	}
}

func other(l record.Link, self string) string {
	if l.From == self {
		return l.To
	}
	return l.From
}

func (c *scene) can(ctx context.Context, edit bool) (Can, error) {
	urge, err := c.allowed(ctx, c.def.Urge)
	if err != nil {
		return Can{}, err
	}
	staff := !c.customer()
	comment := c.may(Comments)
	return Can{Edit: edit, Comment: comment, CommentInternal: staff && c.may(InternalComments), Assign: c.canAssign() || c.rec.Open && c.rec.Assignee == c.actor.ID,
		Urge: urge && c.rec.Open, Link: staff && c.may(WriteRecords), Watch: c.may(ReadRecords), Attach: comment, WorkLog: staff && c.may(WriteRecords)}, nil
}
