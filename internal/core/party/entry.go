package party

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// editing is one change in progress: what the actor may reach, and what is wrong with the entry so far.
type editing struct {
	check
	ctx    context.Context
	u      *work.Unit
	reach  reach
	broken error // not the person's fault; stops everything
}

func edit(ctx context.Context, u *work.Unit) *editing {
	return &editing{ctx: ctx, u: u, reach: reachOf(u.Actor)}
}

func (e *editing) done() error {
	if e.broken != nil {
		return e.broken
	}
	return e.err()
}

// missing notes a reference that leads nowhere, or the error that kept us from knowing.
func (e *editing) missing(name string, err error) {
	switch {
	case err == nil:
	case fault.Is(err, fault.NotFound):
		e.fail(name, "field.missing", nil)
	case e.broken == nil:
		e.broken = err
	}
}

// refer loads what a field points to, within the actor's reach: what is out of reach looks absent. An entry out of
// use can stay where it is, but not be chosen anew.
func refer[T any](e *editing, t *table[T], name, id, before string) (v T, ok bool) {
	if id == "" {
		return v, false
	}
	v, err := t.reached(e.ctx, e.u, id)
	if err != nil {
		e.missing(name, err)
		return v, false
	}
	if id != before && t.head(&v).Status != Active {
		e.fail(name, "party.gone", nil)
	}
	return v, true
}

// reached reads one entry within the actor's reach.
func (t *table[T]) reached(ctx context.Context, u *work.Unit, id string) (T, error) {
	return t.within(ctx, u, id, "")
}

func (t *table[T]) within(ctx context.Context, u *work.Unit, id, lock string) (T, error) {
	w := db.NewWhere()
	w.Eq(t.name+".id", id)
	t.scope(reachOf(u.Actor), w)
	v, err := db.One(ctx, u, t.scan, "SELECT "+t.selected()+" FROM "+t.name+" WHERE "+w.SQL()+lock, w.Args()...)
	if err != nil {
		return v, fmt.Errorf("read %s: %w", t.subject, err)
	}
	return v, nil
}

// changeable reads one entry that the actor may change, in the version they saw. Who comes second waits, and changes what the first made of it.
func (t *table[T]) changeable(ctx context.Context, u *work.Unit, id string, version int64) (T, error) {
	v, err := t.within(ctx, u, id, db.ForUpdate(u))
	if err != nil {
		return v, err
	}
	if err := reachOf(u.Actor).writes(t.owner(&v)); err != nil {
		return v, err
	}
	return v, matches(t.head(&v), version)
}

// create stores a checked entry and puts it on record. more is what will be stored outside the entry's own columns.
func (t *table[T]) create(ctx context.Context, u *work.Unit, v *T, more diff) error {
	if err := t.insert(ctx, u, v); err != nil {
		return err
	}
	d := t.diff(new(T), v)
	maps.Copy(d, more)
	return t.tell(ctx, u, "created", v, d)
}

// save stores a checked change and puts it on record. more are changes outside the entry's own columns.
// Nothing changed is nothing done.
func (t *table[T]) save(ctx context.Context, u *work.Unit, before, after *T, more diff) error {
	d := t.diff(before, after)
	maps.Copy(d, more)
	if len(d) == 0 {
		u.Unrecorded()
		return nil
	}
	if err := t.update(ctx, u, after); err != nil {
		return err
	}
	return t.tell(ctx, u, "changed", after, d)
}

// tell writes the audit event and lets readers know.
func (t *table[T]) tell(ctx context.Context, u *work.Unit, kind string, v *T, d diff) error {
	id := t.head(v).ID
	customer, err := customerOf(ctx, u, t.owner(v))
	if err != nil {
		return err
	}
	_, err = u.Record(ctx, work.Event{
		Stream: id, Kind: t.subject + "." + kind, Subject: t.subject, Number: t.label(v), Customer: customer,
		First: kind == "created", Data: map[string]any{"changes": d},
	})
	if err != nil {
		return fmt.Errorf("record change of %s: %w", t.subject, err)
	}
	return u.Announce(ctx, work.Notice{Keys: []string{t.subject + ":" + id, "list:" + t.subject}, Customer: customer})
}

// customerOf is the organisation when it is a customer; everything else is the provider's own matter.
func customerOf(ctx context.Context, tx db.Tx, organisation string) (string, error) {
	kind, err := kindOf(ctx, tx, organisation)
	if err != nil || kind != work.Customer {
		return "", err
	}
	return organisation, nil
}

func kindOf(ctx context.Context, tx db.Tx, organisation string) (work.OrgKind, error) {
	var kind work.OrgKind
	err := tx.QueryRow(ctx, "SELECT kind FROM party_organisations WHERE id = $1", organisation).Scan(&kind)
	if err != nil {
		return "", fmt.Errorf("read kind of organisation: %w", err)
	}
	return kind, nil
}

// diff is what changed: for each name the old and the new value.
type diff map[string][2]any

// diff compares two states of an entry. Phones and addresses go into the trail masked: it can never be erased.
func (t *table[T]) diff(before, after *T) diff {
	d := diff{}
	old, fresh := t.all(before), t.all(after)
	for i, c := range fresh {
		if a, b := old[i].value(), c.value(); a != b && !bookkeeping[c.name] {
			d[c.name] = [2]any{masked(c.name, a), masked(c.name, b)}
		}
	}
	return d
}

var bookkeeping = map[string]bool{
	"id": true, "version": true, "created_at": true, "updated_at": true, "side": true,
	"phone_reversed": true, "phone2_reversed": true,
}

func masked(name string, value any) any {
	text, _ := value.(string)
	switch name {
	case "phone", "phone2":
		return maskPhone(text)
	case "email":
		return maskEmail(text)
	}
	return value
}

// changedItems is the diff of a list, or nothing.
func changedItems(name string, before, after []string) diff {
	before, after = distinct(before), distinct(after)
	if slices.Equal(before, after) {
		return nil
	}
	return diff{name: {before, after}}
}

// givenItems is the diff of a list that a new entry starts with.
func givenItems(name string, items *[]string) diff {
	if items == nil {
		return nil
	}
	return changedItems(name, nil, *items)
}
