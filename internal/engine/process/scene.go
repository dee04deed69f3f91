package process

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/identity"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// scene is one record with its definition as one actor sees it at one instant: what conditions and actor expressions are asked about.
type scene struct {
	s     *Service
	u     *work.Unit
	actor *work.Actor
	rec   *record.Record
	def   *definition.Type
	flow  *definition.Workflow

	promises []Promise // of the agreements it comes under, where they have been read
}

func (s *Service) sceneOf(u *work.Unit, r *record.Record) (*scene, error) {
	def, flow, err := s.definitionOf(r)
	if err != nil {
		return nil, err
	}
	return &scene{s: s, u: u, actor: u.Actor, rec: r, def: def, flow: flow}, nil
}

func errNoDefinition(r *record.Record) error {
	return fmt.Errorf("record %s runs on %s version %d, workflow %s, which is not loaded", r.Number, r.Type, r.Definition, r.Workflow)
}

// customer tells whether the scene is seen by somebody outside the provider.
func (c *scene) customer() bool { return c.actor.OrgKind != work.Provider && !c.actor.System }

// may tells whether the actor holds a permission for this record.
func (c *scene) may(p work.Perm) bool { return c.actor.MayFor(p, c.rec.Customer, c.rec.Type) }

// resolve answers the variables of conditions.
func (c *scene) resolve(name string) (any, bool) {
	if name == "now" {
		return c.u.Now(), true
	}
	if me, ok := strings.CutPrefix(name, "me."); ok {
		return c.me(me)
	}
	field, ok := strings.CutPrefix(name, "rec.")
	if !ok {
		return nil, false
	}
	if v, ok := c.core(field); ok {
		return v, true
	}
	f, ok := c.def.Field(field)
	if !ok {
		return nil, false
	}
	if v := c.rec.Get(field); v != nil {
		return f.Native(v, c.s.zone), true
	}
	return definition.Zero(f.Kind()), true
}

func (c *scene) me(name string) (any, bool) {
	switch name {
	case "id":
		return c.actor.ID, true
	case "org":
		return c.actor.Org, true
	case "side":
		if c.actor.System {
			return "system", true
		}
		return string(c.actor.OrgKind), true
	case "roles":
		roles := []string{}
		for _, g := range c.actor.Grants {
			roles = append(roles, g.Role)
		}
		return roles, true
	}
	return nil, false
}

func (c *scene) core(name string) (any, bool) {
	r := c.rec
	switch name {
	case "number":
		return r.Number, true
	case "type":
		return r.Type, true
	case "state":
		return r.State, true
	case "kind":
		return r.Kind, true
	case "workflow":
		return r.Workflow, true
	case "parent":
		return r.Parent, true
	case "created_by":
		return r.CreatedBy, true
	case "created_at":
		return r.CreatedAt, true
	case "updated_at":
		return r.UpdatedAt, true
	case "state_since":
		return r.StateSince, true
	case "due_at":
		return r.Due, true
	case "reopened":
		return int64(r.Reopened), true
	case "urges":
		return int64(r.Urges), true
	case "visited":
		return c.visited(), true
	}
	if m, ok := strings.CutSuffix(name, "_at"); ok && slices.Contains(definition.Milestones, m) {
		return r.Milestones[m], true
	}
	return nil, false
}

func (c *scene) visited() []string {
	states := []string{}
	for _, step := range c.rec.Trail {
		if !slices.Contains(states, step.State) {
			states = append(states, step.State)
		}
	}
	return states
}

// holds evaluates a condition by its place; a place without a program holds.
func (c *scene) holds(place string) (bool, error) {
	p := c.def.Program(place)
	if p == nil {
		return true, nil
	}
	return p.Holds(c.resolve)
}

// value evaluates an expression and gives the result the form in which fields are stored.
func (c *scene) value(place string) (any, error) {
	p := c.def.Program(place)
	if p == nil {
		return nil, fmt.Errorf("no expression at %s", place)
	}
	v, err := p.Value(c.resolve)
	if err != nil {
		return nil, err
	}
	return stored(v), nil
}

// stored gives an expression's result the form encoding/json would have read.
func stored(v any) any {
	switch v := v.(type) {
	case time.Time:
		if v.IsZero() {
			return nil
		}
		return v.UTC().Format("2006-01-02T15:04:05.000Z")
	case time.Duration:
		return v.Seconds()
	case int64:
		return float64(v)
	case string:
		if v == "" {
			return nil
		}
	}
	return v
}

// allowed tells whether the actor is one of those named, and none of those excluded by not(…).
func (c *scene) allowed(ctx context.Context, list []string) (bool, error) {
	yes := false
	for _, s := range list {
		a, err := definition.ParseActor(s)
		if err != nil {
			return false, err
		}
		if a.Name == "not" {
			excluded, err := c.allowed(ctx, a.Args)
			if err != nil || excluded {
				return false, err
			}
			continue
		}
		if !yes {
			if yes, err = c.plays(ctx, a); err != nil {
				return false, err
			}
		}
	}
	return yes, nil
}

// plays tells whether the actor stands in a relation to the record, or holds a role for it.
func (c *scene) plays(ctx context.Context, a definition.Actor) (bool, error) {
	me, r := c.actor, c.rec
	switch a.Name {
	case "system":
		return me.System, nil
	case "handler":
		return r.Assignee != "" && r.Assignee == me.ID, nil
	case "requester":
		return r.Requester != "" && r.Requester == me.ID, nil
	case "creator":
		return r.CreatedBy == me.ID, nil
	case "staff":
		return me.Staff(), nil
	case "team":
		return c.inTeam(a.Arg()), nil
	case "tier":
		return slices.Contains(me.Tiers, a.Arg()), nil
	case "field":
		return r.Get(a.Arg()) == me.ID, nil
	case "customer":
		return c.isCustomer(a.Arg()), nil
	case "superior":
		return c.isSuperior(ctx, a.Arg())
	case "watcher":
		watchers, err := record.Watchers(ctx, c.u.Tx, r.ID)
		return slices.Contains(watchers, me.ID), err
	case "parent":
		return c.ofParent(ctx, a.Arg())
	}
	return me.Holds(a.Name, r.Customer, r.Type), nil
}

// inTeam: a member of the record's team, or, while it has none, of any team of the tier.
func (c *scene) inTeam(tier string) bool {
	me := c.actor
	if c.rec.Team == "" {
		return tier != "" && slices.Contains(me.Tiers, tier)
	}
	i := slices.Index(me.Teams, c.rec.Team)
	if i < 0 {
		return false
	}
	return tier == "" || i < len(me.Tiers) && me.Tiers[i] == tier
}

func (c *scene) isCustomer(role string) bool {
	me, r := c.actor, c.rec
	if me.OrgKind != work.Customer || r.Customer == "" || me.Org != r.Customer {
		return false
	}
	switch role {
	case "":
		return true
	case "contact":
		return r.Requester == me.ID
	}
	return me.Holds("customer_"+role, r.Customer, r.Type)
}

func (c *scene) isSuperior(ctx context.Context, of string) (bool, error) {
	person, err := c.personOf(of)
	if err != nil || person == "" {
		return false, err
	}
	for range 10 { // a reporting line is never longer; the bound also ends a broken one
		if person, err = party.SuperiorOf(ctx, c.u.Tx, person); err != nil || person == "" {
			return false, err
		}
		if person == c.actor.ID {
			return true, nil
		}
	}
	return false, nil
}

func (c *scene) personOf(relation string) (string, error) {
	switch relation {
	case "handler":
		return c.rec.Assignee, nil
	case "requester":
		return c.rec.Requester, nil
	case "creator":
		return c.rec.CreatedBy, nil
	}
	if f, ok := c.def.Field(relation); ok && f.To != "" {
		s, _ := c.rec.Get(relation).(string)
		return s, nil
	}
	return "", fmt.Errorf("%q names no person", relation)
}

func (c *scene) ofParent(ctx context.Context, relation string) (bool, error) {
	if c.rec.Parent == "" {
		return false, nil
	}
	parent, err := record.Load(ctx, c.u.Tx, Engine, c.rec.Parent)
	if err != nil {
		return false, err
	}
	up, err := c.s.sceneOf(c.u, parent)
	if err != nil {
		return false, err
	}
	up.actor = c.actor
	return up.allowed(ctx, []string{relation})
}

// people are the persons an actor expression means, for notices and approvals.
func (c *scene) people(ctx context.Context, list []string) ([]string, error) {
	var out []string
	for _, s := range list {
		a, err := definition.ParseActor(s)
		if err != nil {
			return nil, err
		}
		some, err := c.peopleOf(ctx, a)
		if err != nil {
			return nil, err
		}
		for _, p := range some {
			if p != "" && !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

func (c *scene) peopleOf(ctx context.Context, a definition.Actor) ([]string, error) {
	switch a.Name {
	case "handler", "requester", "creator":
		person, err := c.personOf(a.Name)
		return []string{person}, err
	case "field":
		person, err := c.personOf(a.Arg())
		return []string{person}, err
	case "team":
		if c.rec.Team == "" {
			return nil, nil
		}
		return party.TeamMembers(ctx, c.u.Tx, c.rec.Team)
	case "tier":
		return c.tierMembers(ctx, a.Arg())
	case "watcher":
		return record.Watchers(ctx, c.u.Tx, c.rec.ID)
	case "superior":
		person, err := c.personOf(a.Arg())
		if err != nil || person == "" {
			return nil, err
		}
		person, err = party.SuperiorOf(ctx, c.u.Tx, person)
		return []string{person}, err
	case "customer":
		if a.Arg() == "" || a.Arg() == "contact" {
			return []string{c.rec.Requester}, nil
		}
		return identity.PeopleWith(ctx, c.u.Tx, c.rec.Customer, c.rec.Type, "customer_"+a.Arg())
	case "staff", "system", "not", "parent":
		return nil, nil
	}
	return identity.PeopleWith(ctx, c.u.Tx, c.rec.Customer, c.rec.Type, a.Name)
}

func (c *scene) tierMembers(ctx context.Context, tier string) ([]string, error) {
	teams, err := party.TeamsByTier(ctx, c.u.Tx, tier)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, t := range teams {
		members, err := party.TeamMembers(ctx, c.u.Tx, t.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, members...)
	}
	return out, nil
}

// who says in words who may do something.
func (c *scene) who(list []string) []text.Label {
	var out []text.Label
	roles := c.s.roles()
	for _, s := range list {
		a, err := definition.ParseActor(s)
		if err != nil || a.Name == "not" || a.Name == "system" {
			continue
		}
		if label := definition.ActorLabel(a, roles); !slices.Contains(out, label) {
			out = append(out, label)
		}
	}
	return out
}

// denied is the refusal that says who may; how the provider is organised is not for the customer to know.
func (c *scene) denied(list []string) error {
	if c.customer() {
		return fault.Denied()
	}
	return fault.New(fault.Forbidden, "process.denied", text.Params{"who": c.who(list)})
}
