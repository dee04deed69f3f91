package process

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Guarded is what a guard written in Go looks at.
type Guarded struct {
	Unit   *work.Unit
	Record *record.Record
	Type   *definition.Type
}

// NamedGuard is a rule written in Go, with the sentence that explains a refusal.
type NamedGuard struct {
	Label text.Label
	Check func(ctx context.Context, g Guarded) (bool, error)
}

// Effecting is what an effect written in Go works on. Changes to the record are stored with the transition.
type Effecting struct {
	Unit   *work.Unit
	Record *record.Record
	Type   *definition.Type
	Effect definition.Effect
}

// effect is one thing a definition can make happen. Those that shape change the record before it is stored;
// the others follow afterwards and touch other things.
type effect struct {
	shapes bool
	check  func(e definition.Effect, t *definition.Type) error
	run    func(ctx context.Context, c *change, e definition.Effect) error
}

// Behaviour is everything named that definitions may use: the engine's own and what practices register.
type Behaviour struct {
	guards  map[string]NamedGuard
	effects map[string]effect
}

// NewBehaviour has the engine's own guards and effects.
func NewBehaviour() *Behaviour {
	b := &Behaviour{guards: map[string]NamedGuard{}, effects: map[string]effect{}}
	b.Guard("not_itself", NamedGuard{Label: text.Label{Zh: "不能指向这条记录自己，换一条。", En: "A record cannot point to itself; choose another."}, Check: notItself})
	b.Guard("children_done", NamedGuard{Label: text.Label{Zh: "还有子单没有完成。", En: "Some sub-records are not finished."}, Check: childrenDone})
	b.Guard("links_done", NamedGuard{Label: text.Label{Zh: "关联的记录还没有完成。", En: "Linked records are not finished."}, Check: linksDone})
	b.effects["assign"] = effect{shapes: true, check: checkAssign, run: assign}
	b.effects["tell_customer"] = effect{shapes: true, check: needsField("field"), run: tellCustomer}
	b.effects["destroy"] = effect{shapes: true, check: needsFields, run: destroy}
	b.effects["notify"] = effect{check: checkNotify, run: notifyEffect}
	b.effects["link"] = effect{check: needsField("field"), run: linkEffect}
	b.effects["move"] = effect{check: checkMove, run: moveEffect}
	b.effects["create"] = effect{check: checkCreate, run: createEffect}
	return b
}

// Guard registers a rule; a name used twice is a mistake of the program.
func (b *Behaviour) Guard(name string, g NamedGuard) {
	if _, twice := b.guards[name]; twice {
		panic("process: guard registered twice: " + name)
	}
	b.guards[name] = g
}

// Effect registers an effect that changes the record itself; a name used twice is a mistake of the program.
func (b *Behaviour) Effect(name string, check func(e definition.Effect, t *definition.Type) error, run func(ctx context.Context, e Effecting) error) {
	if _, twice := b.effects[name]; twice {
		panic("process: effect registered twice: " + name)
	}
	b.effects[name] = effect{shapes: true, check: check, run: func(ctx context.Context, c *change, e definition.Effect) error {
		return run(ctx, Effecting{Unit: c.u, Record: c.rec, Type: c.def, Effect: e})
	}}
}

// Vocabulary is what definitions may name, for the given roles and schemes, where the provider is.
func (b *Behaviour) Vocabulary(zone *time.Location, roles map[string]text.Label, schemes ...string) definition.Vocabulary {
	v := definition.Vocabulary{Zone: zone, Roles: roles, Guards: map[string]bool{}, Effects: map[string]func(definition.Effect, *definition.Type) error{}, Schemes: map[string]bool{"standard": true}}
	for name := range b.guards {
		v.Guards[name] = true
	}
	for name, e := range b.effects {
		v.Effects[name] = e.check
	}
	for _, s := range schemes {
		v.Schemes[s] = true
	}
	return v
}

func notItself(_ context.Context, g Guarded) (bool, error) {
	for _, f := range g.Type.Fields {
		if f.Type == form.Ref && f.To == g.Record.Type && slices.Contains(g.Record.Values.Strings(f.Name), g.Record.Number) {
			return false, nil
		}
	}
	return true, nil
}

func childrenDone(ctx context.Context, g Guarded) (bool, error) {
	children, err := record.Children(ctx, g.Unit.Tx, Engine, g.Record.ID)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(children, func(r *record.Record) bool { return r.Open }), nil
}

func linksDone(ctx context.Context, g Guarded) (bool, error) {
	links, err := record.Links(ctx, g.Unit.Tx, g.Record.ID)
	if err != nil {
		return false, err
	}
	var ids []string
	for _, l := range links {
		if l.From == g.Record.ID {
			ids = append(ids, l.To)
		}
	}
	linked, err := record.Many(ctx, g.Unit.Tx, Engine, ids)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(linked, func(r *record.Record) bool { return r.Open }), nil
}

// shape runs the effects that change the record itself, before it is stored.
func (c *change) shape(ctx context.Context, effects []definition.Effect) error {
	return c.run(ctx, effects, true)
}

// follow runs the effects that touch other things, after the record is stored.
func (c *change) follow(ctx context.Context, effects []definition.Effect) error {
	return c.run(ctx, effects, false)
}

func (c *change) run(ctx context.Context, effects []definition.Effect, shaping bool) error {
	for _, e := range effects {
		named := c.s.behaviour.effects[e.Name]
		if named.run == nil || named.shapes != shaping {
			continue
		}
		ok, err := c.holds(fmt.Sprintf("if:%d", e.Line))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := named.run(ctx, c, e); err != nil {
			return fmt.Errorf("effect %s: %w", e.Name, err)
		}
	}
	return nil
}
