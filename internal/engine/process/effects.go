package process

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

func needsField(arg string) func(e definition.Effect, t *definition.Type) error {
	return func(e definition.Effect, t *definition.Type) error {
		if _, ok := t.Field(e.Word(arg)); !ok {
			return fmt.Errorf("%s: there is no field %q", arg, e.Word(arg))
		}
		return nil
	}
}

func needsFields(e definition.Effect, t *definition.Type) error {
	if len(e.List("fields")) == 0 {
		return errors.New("fields: say which")
	}
	for _, name := range e.List("fields") {
		if _, ok := t.Field(name); !ok {
			return fmt.Errorf("fields: there is no field %q", name)
		}
	}
	return nil
}

func checkAssign(e definition.Effect, t *definition.Type) error {
	switch {
	case slices.Contains([]string{"actor", "none", "requester"}, e.Word("to")):
		return nil
	case !definition.TierLabel(e.Word("tier")).Empty(), e.Word("team_code") != "":
		return nil
	case e.Word("tier_field") != "":
		return needsField("tier_field")(e, t)
	}
	return errors.New("give to (actor, none, requester), tier, tier_field or team_code")
}

// assign gives the record to a person or to a tier's team (ORG-05, SD-15).
func assign(ctx context.Context, c *change, e definition.Effect) error {
	switch e.Word("to") {
	case "actor":
		return c.assignTo(c.actor.ID)
	case "none":
		c.rec.Assignee = ""
		return nil
	case "requester":
		return c.assignTo(c.rec.Requester)
	}
	tier := e.Word("tier")
	if field := e.Word("tier_field"); field != "" {
		tier, _ = c.rec.Get(field).(string)
	}
	return c.assignTier(ctx, tier, e.Word("team_code"))
}

func (c *change) assignTo(person string) error {
	c.rec.Assignee = person
	if c.rec.Team == "" && len(c.actor.Teams) > 0 && person == c.actor.ID {
		c.rec.Team = c.actor.Teams[0]
	}
	return nil
}

// assignTier keeps a team given with the step when it is of the tier, else takes the tier's team; the handler is whoever
// was named with the step, otherwise nobody yet.
func (c *change) assignTier(ctx context.Context, tier, code string) error {
	teams, err := party.TeamsByTier(ctx, c.u.Tx, tier)
	if err != nil {
		return err
	}
	given := c.rec.Team != c.was.Team
	i := slices.IndexFunc(teams, func(t party.Team) bool { return given && t.ID == c.rec.Team || !given && code != "" && t.Code == code })
	if i < 0 && given {
		return fault.One("team", "process.other_tier", text.Params{"tier": definition.TierLabel(tier)})
	}
	if i < 0 && c.rec.Assignee != "" && c.rec.Assignee != c.was.Assignee { // whoever was named brings their team
		own, err := party.TeamsOf(ctx, c.u.Tx, c.rec.Assignee)
		if err != nil {
			return err
		}
		i = slices.IndexFunc(teams, func(t party.Team) bool {
			return slices.ContainsFunc(own, func(m party.Membership) bool { return m.Team == t.ID })
		})
	}
	for _, customer := range []string{c.rec.Customer, ""} { // the customer's own team, else one that serves everybody
		if i < 0 {
			i = slices.IndexFunc(teams, func(t party.Team) bool { return t.Customer == customer })
		}
	}
	if i < 0 {
		i = 0
	}
	if len(teams) == 0 {
		return fault.Guarded("team_of_tier", text.Label{Zh: "还没有{tier}处理组，请管理员先建组。", En: "There is no {tier} team yet; ask the administrator to make one."}, text.Params{"tier": definition.TierLabel(tier)})
	}
	c.rec.Team = teams[i].ID
	if c.rec.Assignee == c.was.Assignee {
		c.rec.Assignee = ""
	}
	return c.fits(ctx)
}

// fits: a handler is a member of the record's team.
func (c *change) fits(ctx context.Context) error {
	if c.rec.Assignee == "" || c.rec.Team == "" || c.rec.Assignee == c.was.Assignee && c.rec.Team == c.was.Team {
		return nil
	}
	members, err := party.TeamMembers(ctx, c.u.Tx, c.rec.Team)
	if err != nil {
		return err
	}
	if slices.Contains(members, c.rec.Assignee) {
		return nil
	}
	if c.rec.Assignee == c.was.Assignee { // only the team changed: the old handler steps back
		c.rec.Assignee = ""
		return nil
	}
	if c.rec.Team == c.was.Team { // only the handler changed: the record follows to a team of theirs
		return c.followHandler(ctx)
	}
	return fault.One("assignee", "process.not_in_team", nil)
}

func (c *change) followHandler(ctx context.Context) error {
	teams, err := party.TeamsOf(ctx, c.u.Tx, c.rec.Assignee)
	if err != nil {
		return err
	}
	if len(teams) > 0 {
		c.rec.Team = teams[0].Team
	}
	return nil
}

// tellCustomer says a field's text to the customer as a public comment (INC-22).
func tellCustomer(ctx context.Context, c *change, e definition.Effect) error {
	body, _ := c.rec.Get(e.Word("field")).(string)
	if body == "" || c.isNew {
		return nil
	}
	if err := c.addComment(ctx, body, true); err != nil {
		return err
	}
	return c.notify(ctx, []string{"requester"}, "answered", text.Label{Zh: "{number} 有新答复 · {title}", En: "New answer on {number} · {title}"})
}

func destroy(_ context.Context, c *change, e definition.Effect) error {
	for _, name := range e.List("fields") {
		c.rec.Set(name, nil)
	}
	return nil
}

func checkNotify(e definition.Effect, _ *definition.Type) error {
	label := labelOf(e)
	if !label.Complete() {
		return errors.New("label: both languages are needed")
	}
	if len(e.List("to")) == 0 {
		return errors.New("to: say whom")
	}
	return nil
}

func labelOf(e definition.Effect) text.Label {
	m := e.Map("label")
	zh, _ := m["zh"].(string)
	en, _ := m["en"].(string)
	return text.Label{Zh: zh, En: en}
}

func notifyEffect(ctx context.Context, c *change, e definition.Effect) error {
	return c.notify(ctx, e.List("to"), "told", labelOf(e))
}

// notify tells people about the record; who did it is not told.
func (c *change) notify(ctx context.Context, to []string, kind string, label text.Label) error {
	people, err := c.people(ctx, to)
	if err != nil {
		return err
	}
	return c.notifyPeople(ctx, people, kind, label)
}

func (c *change) notifyPeople(ctx context.Context, people []string, kind string, label text.Label) error {
	return c.send(ctx, notify.Notice{People: people, Kind: kind}, label)
}

// send tells those of the notice's people whom the record concerns; the label may name its fields.
func (c *change) send(ctx context.Context, n notify.Notice, label text.Label) error {
	people, err := c.concerned(ctx, n.People)
	if err != nil || len(people) == 0 {
		return err
	}
	params, err := c.params(ctx)
	if err != nil {
		return err
	}
	n.People, n.Record, n.Number, n.Type = people, c.rec.ID, c.rec.Number, c.rec.Type
	n.Text = text.Label{Zh: text.Fill(label.Zh, text.Zh, params), En: text.Fill(label.En, text.En, params)}
	return notify.Send(ctx, c.u, n)
}

// concerned are those to be told: not who did it, and nobody of another customer; of types that are the provider's own, no customer at all.
func (c *change) concerned(ctx context.Context, people []string) ([]string, error) {
	people = slices.DeleteFunc(slices.Clone(people), func(p string) bool { return p == "" || p == c.actor.ID })
	sides, err := party.SidesOf(ctx, c.u.Tx, people)
	customer := c.rec.Customer
	if !c.def.ForCustomers() {
		customer = ""
	}
	return slices.DeleteFunc(people, func(p string) bool { return sides[p].Foreign(customer) }), err
}

// params are the names a notice's sentence may use.
func (c *change) params(ctx context.Context) (text.Params, error) {
	names, err := party.Names(ctx, c.u.Tx, []string{c.rec.Customer, c.rec.Site, c.actor.ID})
	if err != nil {
		return nil, err
	}
	p := text.Params{}
	for _, f := range c.def.Fields {
		switch v := c.rec.Get(f.Name).(type) {
		case string:
			p[f.Name] = v
			if o, ok := f.Option(v); ok {
				p[f.Name] = o.Label
			}
		case nil:
			p[f.Name] = ""
		default:
			p[f.Name] = fmt.Sprint(v)
		}
	}
	p["number"], p["title"], p["actor"] = c.rec.Number, c.rec.Title, names[c.actor.ID]
	p["customer"], p["site"] = names[c.rec.Customer], names[c.rec.Site]
	return p, nil
}

func (c *change) tellAssigned(ctx context.Context) error {
	to := []string{"handler"}
	if c.rec.Assignee == "" {
		to = []string{"team"}
	}
	return c.notify(ctx, to, "assigned", text.Label{Zh: "派给你 {number} · {priority} · {title}", En: "Assigned to you: {number} · {priority} · {title}"})
}

func linkEffect(ctx context.Context, c *change, e definition.Effect) error {
	for _, number := range c.rec.All().Strings(e.Word("field")) {
		other, err := record.Load(ctx, c.u.Tx, c.actor, number)
		if err != nil {
			return err
		}
		if _, err := record.AddLink(ctx, c.u.Tx, c.rec.ID, other.ID, e.Word("kind"), c.actor.ID); err != nil && !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return nil
}

func checkMove(e definition.Effect, t *definition.Type) error {
	if e.Word("transition") == "" {
		return errors.New("transition: say which")
	}
	target := e.Word("record")
	if target == "self" || target == "parent" || target == "children" {
		return nil
	}
	f, ok := t.Field(target)
	if !ok || f.Type != form.Ref {
		return fmt.Errorf("record: self, parent, children, or a field that refers to a record; not %q", target)
	}
	return nil
}

// moveEffect takes a transition of another record in the same transaction: as the person who acts where they may, else as the engine.
func moveEffect(ctx context.Context, c *change, e definition.Effect) error {
	if c.depth >= maxDepth {
		return fmt.Errorf("record %s: moves that cause moves do not end", c.rec.Number)
	}
	targets, err := c.moved(ctx, e.Word("record"))
	if err != nil {
		return err
	}
	optional, _ := e.Args["optional"].(bool)
	for _, r := range targets {
		if err := c.moveOther(ctx, r, e, optional); err != nil {
			return err
		}
	}
	return nil
}

func (c *change) moved(ctx context.Context, target string) ([]*record.Record, error) {
	switch target {
	case "self":
		return []*record.Record{c.rec}, nil
	case "children":
		return record.Children(ctx, c.u.Tx, Engine, c.rec.ID)
	case "parent":
		if c.rec.Parent == "" {
			return nil, nil
		}
		r, err := record.LoadForChange(ctx, c.u.Tx, Engine, c.rec.Parent)
		return []*record.Record{r}, err
	}
	var out []*record.Record
	for _, number := range c.rec.All().Strings(target) {
		r, err := record.LoadForChange(ctx, c.u.Tx, Engine, number)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (c *change) moveOther(ctx context.Context, r *record.Record, e definition.Effect, optional bool) error {
	other := c
	if r.ID != c.rec.ID {
		var err error
		if other, err = c.s.changeOf(c.u, r); err != nil {
			return err
		}
	}
	t, ok := other.flow.Transition(e.Word("transition"))
	if !ok || !t.Leaves(other.rec.State) {
		if optional {
			return nil
		}
		return fmt.Errorf("record %s has no transition %q in state %s", r.Number, e.Word("transition"), r.State)
	}
	defer func(depth int) { other.depth = depth }(other.depth)
	other.depth = c.depth + 1
	for name := range e.Map("set") {
		v, err := c.value(fmt.Sprintf("effect:%d:%s", e.Line, name))
		if err != nil {
			return err
		}
		other.rec.Set(name, v)
	}
	if err := other.actAs(ctx, t); err != nil {
		return err
	}
	other.extra["because"] = c.rec.Number
	if err := other.arrive(ctx, t); err != nil {
		return err
	}
	return other.automatic(ctx)
}

// actAs lets the person take the step, or the engine where only it may.
func (c *change) actAs(ctx context.Context, t *definition.Transition) error {
	ok, err := c.allowed(ctx, t.Actors(c.rec.State))
	if err != nil || ok {
		return err
	}
	if slices.Contains(t.Actors(c.rec.State), "system") {
		return nil
	}
	return c.denied(t.Actors(c.rec.State))
}

func checkCreate(e definition.Effect, _ *definition.Type) error {
	if e.Word("type") == "" {
		return errors.New("type: say which")
	}
	return nil
}

// createEffect opens another record, as a sub-record or linked to this one.
func createEffect(ctx context.Context, c *change, e definition.Effect) error {
	if c.depth >= maxDepth {
		return fmt.Errorf("record %s: records that open records do not end", c.rec.Number)
	}
	preset := form.Values{"customer": c.rec.Customer, "site": c.rec.Site, "service": c.rec.Service, "requester": c.rec.Requester}
	for name := range e.Map("set") {
		v, err := c.value(fmt.Sprintf("effect:%d:%s", e.Line, name))
		if err != nil {
			return err
		}
		preset[name] = v
	}
	child := birth{typ: e.Word("type"), workflow: e.Word("workflow"), preset: preset, depth: c.depth + 1}
	if e.Word("link") == record.PartOf {
		child.parent = c.rec
	}
	other, err := c.s.create(ctx, c.u, child)
	if err != nil {
		return err
	}
	return c.joinCreated(ctx, other, e)
}

func (c *change) joinCreated(ctx context.Context, other *record.Record, e definition.Effect) error {
	switch kind := e.Word("link"); kind {
	case "", "none", record.PartOf: // the record above stands in the row itself
	default:
		if _, err := record.AddLink(ctx, c.u.Tx, other.ID, c.rec.ID, kind, c.actor.ID); err != nil {
			return err
		}
	}
	if field := e.Word("as"); field != "" {
		c.rec.Set(field, other.Number)
		return c.store(ctx, "record.edited")
	}
	return nil
}
