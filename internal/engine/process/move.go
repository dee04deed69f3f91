package process

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Create opens a record of a type. An idempotency key that was used before answers the record it made.
// It fails with forbidden, or invalid with every field named, or a guard's conflict.
// parent "" or the number of a record whose type may have sub-records of this type.
func (s *Service) Create(ctx context.Context, typ, workflow, parent string, in Input, key string) (number string, err error) {
	err = s.door.Do(ctx, CreateRecords, func(ctx context.Context, u *work.Unit) error {
		if key != "" {
			// a repetition that comes at the same moment waits for the first and gets its record
			if err := db.Lock(ctx, u.Tx, "once:"+u.Actor.ID+":"+key); err != nil {
				return err
			}
			earlier, err := record.Once(ctx, u.Tx, u.Actor.ID, key, fingerprint(typ, workflow, parent, in))
			if err != nil {
				return err
			}
			if earlier != "" {
				r, err := record.Load(ctx, u.Tx, u.Actor, earlier)
				if err != nil {
					return err
				}
				number = r.Number
				return nil
			}
		}
		above, err := s.parentFor(ctx, u, typ, parent)
		if err != nil {
			return err
		}
		r, err := s.create(ctx, u, birth{typ: typ, workflow: workflow, in: in, parent: above})
		if err != nil {
			return err
		}
		number = r.Number
		if key != "" {
			return record.Remember(ctx, u.Tx, u.Actor.ID, key, fingerprint(typ, workflow, parent, in), r.ID)
		}
		return nil
	})
	return number, err
}

func fingerprint(typ, workflow, parent string, in Input) string {
	names := make([]string, 0, len(in.Fields))
	for name := range in.Fields {
		names = append(names, name)
	}
	sort.Strings(names)
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n%s\n", typ, workflow, parent, in.Comment)
	for _, name := range names {
		fmt.Fprintf(h, "%s=%s\n", name, in.Fields[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// parentFor finds the record above a new one.
func (s *Service) parentFor(ctx context.Context, u *work.Unit, typ, number string) (*record.Record, error) {
	if number == "" {
		return nil, nil
	}
	r, err := record.LoadForChange(ctx, u.Tx, u.Actor, number)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	if err == nil {
		def, _, err := s.definitionOf(r)
		if err != nil {
			return nil, err
		}
		if slices.Contains(def.Children, typ) {
			return r, nil
		}
	}
	return nil, fault.One("parent", "field.missing", text.Params{"label": text.Label{Zh: "上级记录", En: "The record above"}})
}

// birth is what a new record comes from.
type birth struct {
	typ, workflow string
	in            Input
	preset        form.Values    // what the engine itself gives to a record it opens
	parent        *record.Record // nil = none
	depth         int            // of records that open records
}

// inherited are the values that fields declare to take from the record above: "from: parent.site".
func (b birth) inherited(def *definition.Type) form.Values {
	values := form.Values{}
	if b.parent == nil {
		return values
	}
	for _, f := range def.Fields {
		if name, ok := strings.CutPrefix(f.From, "parent."); ok {
			values[f.Name] = b.parent.Get(name)
		}
	}
	values["customer"] = b.parent.Customer
	return values
}

// create makes the record within a transaction.
func (s *Service) create(ctx context.Context, u *work.Unit, b birth) (*record.Record, error) {
	def, ok := s.catalogue.Current(b.typ)
	if !ok {
		return nil, fault.Missing()
	}
	flow := def.DefaultWorkflow()
	if b.workflow != "" {
		if flow, ok = def.Workflow(b.workflow); !ok {
			return nil, fault.One("workflow", "field.choice", text.Params{"label": text.Label{Zh: "流程", En: "Workflow"}})
		}
	}
	now := u.Now()
	r := &record.Record{ID: id.New(), Type: b.typ, Workflow: flow.Code, Definition: def.Version, CreatedBy: u.Actor.ID, CreatedAt: now, UpdatedAt: now,
		Version: 1, Values: form.Values{}, Milestones: map[string]time.Time{}, PriorityRank: 99}
	c := &change{scene: &scene{s: s, u: u, actor: u.Actor, rec: r, def: def, flow: flow}, before: form.Values{}, isNew: true, depth: b.depth,
		extra: map[string]any{}, owners: map[string]string{}}
	if c.customer() {
		r.Customer = u.Actor.Org
	}
	r.Enter(flow.Initial, u.Actor.ID, now)
	for _, values := range []form.Values{b.inherited(def), b.preset} {
		for name, v := range values {
			r.Set(name, v)
		}
	}
	if b.parent != nil {
		r.Parent = b.parent.ID
	}
	if err := c.opening(ctx, b.in); err != nil {
		return nil, err
	}
	if err := c.settle(ctx); err != nil {
		return nil, err
	}
	if !c.may(CreateRecords) {
		return nil, fault.Denied()
	}
	series, err := definition.ParseNumber(def.Number)
	if err != nil {
		return nil, err
	}
	if err := c.shape(ctx, def.Create.Effects); err != nil {
		return nil, err
	}
	if err := c.settle(ctx); err != nil {
		return nil, err
	}
	if !c.may(CreateRecords) {
		return nil, fault.Denied()
	}
	local := now.In(s.zone)
	// The counter's row is locked from here to the commit, so it is taken as late as can be.
	count, err := record.Next(ctx, u.Tx, series.Series(local))
	if err != nil {
		return nil, err
	}
	r.Number = series.Format(local, count)
	if err := c.store(ctx, "record.created"); err != nil {
		return nil, err
	}
	if err := c.attachFiles(ctx); err != nil {
		return nil, err
	}
	if err := c.follow(ctx, def.Create.Effects); err != nil {
		return nil, err
	}
	return r, c.automatic(ctx)
}

// opening reads and checks what the caller gives for a new record.
func (c *change) opening(ctx context.Context, in Input) error {
	cr := &c.def.Create
	ok, err := c.allowed(ctx, cr.By)
	if err != nil {
		return err
	}
	if !ok && c.depth == 0 {
		return c.denied(cr.By)
	}
	if err := c.read(ctx, in.Fields, cr.Inputs(), cr.Require); err != nil {
		return err
	}
	if err := c.set("create", cr.Set); err != nil {
		return err
	}
	if err := c.requireWhen("create", cr.RequireWhen); err != nil {
		return err
	}
	return c.guards(ctx, "create", cr.Guards)
}

// attachFiles puts the files of file fields on the record, so that they follow its visibility.
func (c *change) attachFiles(ctx context.Context) error {
	for _, f := range c.def.Fields {
		if f.Type != form.Files {
			continue
		}
		if files := c.rec.All().Strings(f.Name); len(files) > 0 {
			if err := record.Attach(ctx, c.u.Tx, c.rec.ID, files, f.Public); err != nil {
				return err
			}
		}
	}
	return nil
}

// open loads a record for a change and checks the version the caller saw (0 = does not matter).
// The permission must come from a grant that covers the record.
func (s *Service) open(ctx context.Context, u *work.Unit, perm work.Perm, typ, number string, version int64) (*change, error) {
	r, err := record.LoadForChange(ctx, u.Tx, u.Actor, number)
	if err != nil {
		return nil, err
	}
	if typ != "" && r.Type != typ {
		return nil, fault.Missing()
	}
	c, err := s.changeOf(u, r)
	if err != nil {
		return nil, err
	}
	if err := c.readable(ctx); err != nil {
		return nil, err
	}
	if !u.Actor.MayFor(perm, r.Customer, r.Type) {
		return nil, fault.Denied()
	}
	if version != 0 && version != r.Version {
		return nil, s.stale(ctx, c, version)
	}
	return c, nil
}

// readable: a type may be for some people only; to the others its records look absent.
func (c *scene) readable(ctx context.Context) error {
	if len(c.def.Read) == 0 || c.actor.System {
		return nil
	}
	ok, err := c.allowed(ctx, c.def.Read)
	if err != nil {
		return err
	}
	if !ok {
		return fault.Missing()
	}
	return nil
}

// Move takes a transition. The order of its rules is fixed: version, state, actor, fields, guards, values, state, effects, events.
func (s *Service) Move(ctx context.Context, typ, number, transition string, version int64, in Input) error {
	return s.door.Do(ctx, MoveRecords, func(ctx context.Context, u *work.Unit) error {
		c, err := s.open(ctx, u, MoveRecords, typ, number, version)
		if err != nil {
			return err
		}
		t, ok := c.flow.Transition(transition)
		if !ok {
			return fault.Missing()
		}
		if err := c.move(ctx, t, in); err != nil {
			return err
		}
		return c.automatic(ctx)
	})
}

func (c *change) move(ctx context.Context, t *definition.Transition, in Input) error {
	if err := c.mayTake(ctx, t); err != nil {
		return err
	}
	if missing := c.def.Fields.Missing(c.before, t.Needs); len(missing) > 0 {
		return fault.Fields(missing...)
	}
	place := c.flow.Code + "." + t.Code
	if err := c.read(ctx, in.Fields, t.Inputs(), t.Require); err != nil {
		return err
	}
	if err := c.say(t, in); err != nil {
		return err
	}
	if err := c.requireWhen(place, t.RequireWhen); err != nil {
		return err
	}
	return c.arrive(ctx, t)
}

// arrive is the second half of a transition, the same whoever takes it, a person or the engine: guards, values,
// milestones, state, effects, events.
func (c *change) arrive(ctx context.Context, t *definition.Transition) error {
	place := c.flow.Code + "." + t.Code
	if err := c.guards(ctx, place, t.Guards); err != nil {
		return err
	}
	if err := c.set(place, t.Set); err != nil {
		return err
	}
	target, err := c.target(t)
	if err != nil {
		return err
	}
	c.milestones(t)
	c.started = t.Starts
	for _, name := range t.Clear {
		if slices.Contains(definition.Milestones, name) {
			delete(c.rec.Milestones, name)
		} else {
			c.rec.Set(name, nil)
		}
	}
	if err := c.enter(ctx, target); err != nil {
		return err
	}
	c.extra["transition"] = t.Code
	if err := c.keepComment(ctx); err != nil {
		return err
	}
	if err := c.attachFiles(ctx); err != nil {
		return err
	}
	if err := c.shape(ctx, t.Effects); err != nil {
		return err
	}
	if err := c.store(ctx, "record.moved"); err != nil {
		return err
	}
	return c.follow(ctx, t.Effects)
}

// mayTake checks state, condition and actor.
func (c *change) mayTake(ctx context.Context, t *definition.Transition) error {
	if !t.Leaves(c.rec.State) {
		return c.closedHere(t)
	}
	ok, err := c.holds("when:" + c.flow.Code + "." + t.Code)
	if err != nil {
		return err
	}
	if !ok {
		return c.closedHere(t)
	}
	ok, err = c.allowed(ctx, t.Actors(c.rec.State))
	if err != nil {
		return err
	}
	if !ok {
		return c.denied(t.Actors(c.rec.State))
	}
	return nil
}

func (c *change) closedHere(t *definition.Transition) error {
	// who may not take it anyway learns that first: a wrong person stays a wrong person in every state
	if ok, err := c.allowed(context.Background(), t.By); err == nil && !ok {
		return c.denied(t.By)
	}
	state, _ := c.flow.State(c.rec.State)
	return &fault.Error{Kind: fault.Conflict, Code: "process.state", Guard: "state", Params: text.Params{"state": state.LabelFor(c.customer()), "label": t.Label}}
}

func (c *change) target(t *definition.Transition) (string, error) {
	for i, r := range t.Routes {
		ok, err := c.holds(fmt.Sprintf("route:%s.%s:%d", c.flow.Code, t.Code, i))
		if err != nil {
			return "", err
		}
		if ok {
			return c.pick(r.To, r.BackTo), nil
		}
	}
	if t.To == "" && len(t.BackTo) == 0 {
		return "", fault.Guarded("route", text.Label{Zh: "按现在填的内容，没有下一步可去。", En: "With what is entered there is no next step."}, nil)
	}
	return c.pick(t.To, t.BackTo), nil
}

// pick is the state meant by a target: itself, "=" for staying, or the latest of those the record was in.
func (c *scene) pick(to string, back []string) string {
	if to == "=" {
		return c.rec.State
	}
	if to != "" || len(back) == 0 {
		return to
	}
	if latest := c.rec.Latest(back); latest != "" {
		return latest
	}
	return back[len(back)-1]
}

// milestones marks the moments a transition stands for; the first time counts, until a reopening takes them back.
func (c *change) milestones(t *definition.Transition) {
	if t.Reopens {
		c.rec.Reopened++
		for _, m := range []string{"solved", "verified", "confirmed", "closed"} {
			delete(c.rec.Milestones, m)
		}
	}
	for _, m := range t.Milestone {
		if c.rec.Milestones[m].IsZero() {
			c.rec.Milestones[m] = c.u.Now()
		}
	}
}

const maxComment = 20_000

// say checks the comment that goes with the step.
func (c *change) say(t *definition.Transition, in Input) error {
	comment := strings.TrimSpace(in.Comment)
	label := text.Label{Zh: "说明", En: "comment"}
	switch {
	case comment == "" && t.Comment == "required":
		return fault.One("comment", "field.required", text.Params{"label": label})
	case comment != "" && (t.Comment == "" || t.Comment == "none"):
		return fault.One("comment", "field.unknown", text.Params{"name": "comment"})
	case len([]rune(comment)) > maxComment:
		return fault.One("comment", "field.length", text.Params{"label": label, "max": maxComment})
	}
	c.comment, c.public = comment, t.Public || c.customer()
	if in.CommentPublic != nil && !c.customer() {
		c.public = *in.CommentPublic
	}
	return nil
}

func (c *change) keepComment(ctx context.Context) error {
	if c.comment == "" {
		return nil
	}
	return c.addComment(ctx, c.comment, c.public)
}

func (c *change) addComment(ctx context.Context, body string, public bool) error {
	said, err := record.AddComment(ctx, c.u.Tx, record.Comment{Record: c.rec.ID, Author: c.actor.ID, Side: c.side(), Public: public, Body: body})
	if err == nil {
		c.comments = append(c.comments, said.ID)
	}
	if public {
		c.spoke = c.side()
	}
	return err
}

func (c *scene) side() string {
	if c.actor.System {
		return "system"
	}
	return string(c.actor.OrgKind)
}

// automatic takes the transitions that take themselves, until none does.
func (c *change) automatic(ctx context.Context) error {
	for range maxDepth {
		t, err := c.nextAutomatic()
		if err != nil || t == nil {
			return err
		}
		if err := c.arrive(ctx, t); err != nil {
			return err
		}
	}
	return fmt.Errorf("record %s: automatic transitions do not end", c.rec.Number)
}

func (c *change) nextAutomatic() (*definition.Transition, error) {
	for _, t := range c.flow.FromState(c.rec.State) {
		if t.Auto == "" {
			continue
		}
		ok, err := c.holds("auto:" + c.flow.Code + "." + t.Code)
		if err != nil {
			return nil, err
		}
		if ok {
			return t, nil
		}
	}
	return nil, nil
}

// Edit changes fields outside a transition.
func (s *Service) Edit(ctx context.Context, typ, number string, version int64, in Input) error {
	return s.door.Do(ctx, WriteRecords, func(ctx context.Context, u *work.Unit) error {
		c, err := s.open(ctx, u, WriteRecords, typ, number, version)
		if err != nil {
			return err
		}
		names, err := c.editable(ctx)
		if err != nil {
			return err
		}
		if len(names) == 0 {
			return c.denied(c.def.Edit.By)
		}
		if err := c.read(ctx, in.Fields, names, nil); err != nil {
			return err
		}
		if c.rec.Title == "" {
			return fault.One("title", "field.required", text.Params{"label": c.def.LabelOf("title")})
		}
		if err := c.attachFiles(ctx); err != nil {
			return err
		}
		if err := c.store(ctx, "record.edited"); err != nil {
			return err
		}
		return c.automatic(ctx)
	})
}

// editable are the fields the actor may change now, outside a transition: none once the record is done.
func (c *scene) editable(ctx context.Context) ([]string, error) {
	if !c.rec.Open || !c.may(WriteRecords) {
		return nil, nil
	}
	ok, err := c.allowed(ctx, c.def.Edit.By)
	if err != nil || !ok {
		return nil, err
	}
	var names []string
	for _, f := range c.def.Fields {
		if f.ReadOnly || f.Type == form.Signature || f.Name == "assignee" || f.Name == "team" || f.Name == "requester" && c.customer() {
			continue
		}
		if len(c.def.Edit.Fields) == 0 || slices.Contains(c.def.Edit.Fields, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names, nil
}

// Assign gives the record to a team or person (SD-15). Whoever holds it may hand it over within the team; others need the permission.
func (s *Service) Assign(ctx context.Context, typ, number string, version int64, in Input) error {
	return s.door.Do(ctx, MoveRecords, func(ctx context.Context, u *work.Unit) error {
		c, err := s.open(ctx, u, MoveRecords, typ, number, version)
		if err != nil {
			return err
		}
		if err := c.mayAssign(in); err != nil {
			return err
		}
		if err := c.read(ctx, in.Fields, []string{"assignee", "team"}, nil); err != nil {
			return err
		}
		if err := c.fits(ctx); err != nil {
			return err
		}
		if !c.canAssign() && c.rec.Team != c.was.Team { // who holds it hands it on within the team; across is for those who lead (ESC-19)
			return c.denied(assigners)
		}
		if c.comment = strings.TrimSpace(in.Comment); c.comment != "" {
			if err := c.addComment(ctx, c.comment, false); err != nil {
				return err
			}
		}
		if err := c.store(ctx, "record.assigned"); err != nil {
			return err
		}
		return c.tellAssigned(ctx)
	})
}

// canAssign tells whether the actor may assign the record to anybody.
func (c *scene) canAssign() bool {
	_, has := c.def.Field("assignee")
	return has && c.rec.Open && c.may(AssignRecords)
}

func (c *change) mayAssign(in Input) error {
	if c.canAssign() {
		return nil
	}
	_, team := in.Fields["team"]
	if c.rec.Open && c.rec.Assignee == c.actor.ID && c.actor.ID != "" && !team {
		return nil
	}
	return c.denied(assigners)
}

var assigners = []string{"desk", "incident_manager", "supervisor"}

// Urge expedites the handler (ESC-16): counted, told to the handler and the handler's superior.
func (s *Service) Urge(ctx context.Context, typ, number, comment string) error {
	return s.door.Do(ctx, MoveRecords, func(ctx context.Context, u *work.Unit) error {
		c, err := s.open(ctx, u, MoveRecords, typ, number, 0)
		if err != nil {
			return err
		}
		if err := c.mayUrge(ctx); err != nil {
			return err
		}
		c.rec.Urges++
		if comment = strings.TrimSpace(comment); comment != "" {
			if err := c.addComment(ctx, comment, c.customer()); err != nil {
				return err
			}
		}
		c.extra["urges"] = c.rec.Urges
		if err := c.store(ctx, "record.urged"); err != nil {
			return err
		}
		return c.notify(ctx, []string{"handler", "superior(handler)", "team"}, "urged", text.Label{Zh: "催办 {number} · {title}", En: "Urged: {number} · {title}"})
	})
}

func (c *change) mayUrge(ctx context.Context) error {
	ok, err := c.allowed(ctx, c.def.Urge)
	if err != nil {
		return err
	}
	if !ok {
		return c.denied(c.def.Urge)
	}
	if !c.rec.Open {
		return fault.Guarded("open", text.Label{Zh: "已经结束，不用再催。", En: "It is finished; there is nothing to urge."}, nil)
	}
	return nil
}

// inputOf gathers a request's members: the fields, and the comment that goes with them.
func inputOf(members map[string]json.RawMessage) (Input, error) {
	in := Input{Fields: map[string]json.RawMessage{}}
	for name, raw := range members {
		switch name {
		case "comment":
			if err := json.Unmarshal(raw, &in.Comment); err != nil {
				return in, fault.One("comment", "field.type", text.Params{"label": text.Label{Zh: "说明", En: "Comment"}, "wanted": text.Label{Zh: "文字", En: "text"}})
			}
		case "comment_public":
			if err := json.Unmarshal(raw, &in.CommentPublic); err != nil {
				return in, fault.One("comment_public", "field.type", text.Params{"label": text.Label{Zh: "客户可见", En: "Public"}, "wanted": text.Label{Zh: "是或否", En: "true or false"}})
			}
		default:
			in.Fields[name] = raw
		}
	}
	return in, nil
}
