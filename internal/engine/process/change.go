package process

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/core/search"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// change is one record being changed: the scene, what it was, and what the audit event will say.
type change struct {
	*scene
	before   form.Values
	was      record.Record // as loaded, its maps not to be touched
	comment  string
	public   bool // the comment
	depth    int  // of moves caused by moves
	isNew    bool
	extra    map[string]any   // further details of the event
	comments []string         // ids of comments this change makes
	timers   map[string]int64 // that are running, by name; nil until they are read
	sides    map[string]party.Side
	spoke    string            // side of a public comment that this change makes
	started  []string          // targets of clocks that begin with it
	kept     Kept              // what the clocks answered last
	owners   map[string]string // customer that a referenced site, service or person belongs to, as far as looked up
}

// maxDepth bounds moves that cause moves; a definition that goes round in circles is stopped there.
const maxDepth = 8

func (s *Service) changeOf(u *work.Unit, r *record.Record) (*change, error) {
	c, err := s.sceneOf(u, r)
	if err != nil {
		return nil, err
	}
	was := *r
	was.Milestones = map[string]time.Time{}
	for m, t := range r.Milestones {
		was.Milestones[m] = t
	}
	return &change{scene: c, before: r.All(), was: was, extra: map[string]any{}, owners: map[string]string{}}, nil
}

// read parses what the caller gives and lays it over the record. Only the named fields may be given.
// require are names that must be filled afterwards.
func (c *change) read(ctx context.Context, in map[string]json.RawMessage, only, require []string) error {
	var unsure error // a failure while finding out what the actor is to the record
	old := c.before
	if c.isNew { // what the engine itself has given to it
		old = c.rec.All()
	}
	values, faults, err := c.def.Fields.Parse(in, form.Parse{
		Partial: !c.isNew, System: c.actor.System, Only: only, Require: require, Old: old,
		Now: c.u.Now(), Zone: c.s.zone, Actor: c.actor,
		Refs: func(kind string, ids []string) (map[string]string, error) { return c.refs(ctx, kind, ids) },
		Seal: c.s.sealer(c.rec.ID),
		Plays: func(role string) bool {
			yes, err := c.allowed(ctx, []string{role})
			unsure = errors.Join(unsure, err)
			return err == nil && yes
		},
		Digest: c.digest(),
	})
	if err = errors.Join(unsure, err); err != nil {
		return err
	}
	if len(faults) > 0 {
		return fault.Fields(faults...)
	}
	for name, value := range values {
		c.rec.Set(name, value)
	}
	return nil
}

func (s *Service) sealer(aad string) func(plain, field string) (string, error) {
	return func(plain, field string) (string, error) { return s.seal.Seal(plain, aad+"/"+field) }
}

// digest is what a signature on this record signs: everything entered so far.
func (c *change) digest() string {
	body, err := json.Marshal(c.before)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(append([]byte(c.rec.Number+"\n"+strconv.FormatInt(c.rec.Version, 10)+"\n"), body...))
	return hex.EncodeToString(sum[:])
}

// refs finds what references point to, within the actor's reach.
func (c *change) refs(ctx context.Context, kind string, ids []string) (map[string]string, error) {
	if kind == "file" {
		return record.KnownFiles(ctx, c.u.Tx, c.actor, ids)
	}
	found := map[string]string{}
	for _, ref := range ids {
		var canonical string
		var err error
		if slices.Contains(builtinTargets, kind) {
			canonical = ref
			_, c.owners[ref], err = party.Refer(ctx, c.u.Tx, c.actor, kind, ref)
		} else {
			canonical, err = c.recordNamed(ctx, kind, ref)
		}
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found[ref] = canonical
	}
	return found, nil
}

// recordNamed finds a record of a type that the actor may read, by number or id.
func (c *change) recordNamed(ctx context.Context, typ, ref string) (number string, err error) {
	r, err := record.Load(ctx, c.u.Tx, c.actor, ref)
	if err != nil {
		return "", err
	}
	if r.Type != typ || len(c.s.readableOf(ctx, c.u, []*record.Record{r})) == 0 {
		return "", fault.Missing()
	}
	c.owners[ref], c.owners[r.Number] = r.Customer, r.Customer
	return r.Number, nil
}

// requireWhen names the fields that a condition makes compulsory and that are still empty.
func (c *change) requireWhen(place string, whens []definition.When) error {
	var faults []fault.Field
	all := c.rec.All()
	for i, w := range whens {
		applies, err := c.holds(fmt.Sprintf("require:%s:%d", place, i))
		if err != nil {
			return err
		}
		if applies {
			faults = append(faults, c.def.Fields.Missing(all, w.Fields)...)
		}
	}
	if len(faults) > 0 {
		return fault.Fields(faults...)
	}
	return nil
}

// guards checks every guard in order; the first that does not hold refuses.
func (c *change) guards(ctx context.Context, place string, guards []definition.Guard) error {
	for i, g := range guards {
		ok, label, err := c.guard(ctx, place, i, g)
		if err != nil {
			return err
		}
		if !ok {
			return fault.Guarded(g.ID, label, nil)
		}
	}
	return nil
}

func (c *scene) guard(ctx context.Context, place string, i int, g definition.Guard) (bool, text.Label, error) {
	if g.Holds != "" {
		ok, err := c.holds(fmt.Sprintf("guard:%s:%d", place, i))
		return ok, g.Label, err
	}
	named := c.s.behaviour.guards[g.ID]
	ok, err := named.Check(ctx, Guarded{Unit: c.u, Record: c.rec, Type: c.def})
	label := named.Label
	if !g.Label.Empty() {
		label = g.Label
	}
	return ok, label, err
}

// set fills fields by their expressions, in order.
func (c *change) set(place string, sets definition.Named[string]) error {
	for _, e := range sets {
		v, err := c.value("set:" + place + ":" + e.Name)
		if err != nil {
			return err
		}
		c.rec.Set(e.Name, v)
	}
	return nil
}

// settle works out what follows from the fields: priority, derived fields, whose turn, the promise; and the consistency of references.
func (c *change) settle(ctx context.Context) error {
	if err := c.belongings(ctx); err != nil {
		return err
	}
	c.priority()
	for _, d := range c.def.Derive {
		v, err := c.value("derive:" + d.Name)
		if err != nil {
			return err
		}
		if n, ok := v.(float64); ok && n == 0 {
			v = nil
		}
		c.rec.Set(d.Name, v)
	}
	return c.promise()
}

// belonging are the fields whose values belong to the record's customer, in the order in which they decide who that is.
var belonging = []form.Field{{Name: "site", To: "site"}, {Name: "service", To: "service"}, {Name: "requester", To: "person"}}

// belongings: a site, service and requester belong to the record's customer, and so does whatever else the customer is
// shown a reference to; a customer's person reports for their own organisation.
func (c *change) belongings(ctx context.Context) error {
	if c.customer() && c.isNew {
		c.rec.Customer = c.actor.Org
	}
	var faults []fault.Field
	for _, f := range append(slices.Clone(belonging), c.def.Fields.Where(shownReference)...) {
		ok, err := c.belongs(ctx, f)
		if err != nil {
			return err
		}
		if !ok {
			faults = append(faults, fault.Field{Name: f.Name, Code: "process.other_customer", Params: text.Params{"label": c.def.LabelOf(f.Name)}})
		}
	}
	if len(faults) > 0 {
		return fault.Fields(faults...)
	}
	if _, has := c.def.Field("customer"); has && c.rec.Customer != "" && !c.actor.Scope().Reaches(c.rec.Customer) {
		return fault.One("customer", "field.missing", text.Params{"label": c.def.LabelOf("customer")})
	}
	return nil
}

// shownReference tells whether a customer sees what a field points to, beside the customer itself and what belonging names.
func shownReference(f form.Field) bool {
	return f.Type == form.Ref && f.Public && f.Name != "customer" && !slices.ContainsFunc(belonging, func(b form.Field) bool { return b.Name == f.Name })
}

// belongs tells whether what a field newly points to belongs to the record's customer, or to the provider.
func (c *change) belongs(ctx context.Context, f form.Field) (bool, error) {
	values := form.Values{f.Name: c.rec.Get(f.Name)}
	for _, value := range values.Strings(f.Name) {
		if c.rec.Customer == c.was.Customer && slices.Contains(c.before.Strings(f.Name), value) {
			continue
		}
		owner, err := c.owner(ctx, f.To, value)
		if err != nil {
			return false, err
		}
		if c.rec.Customer == "" {
			c.rec.Customer = owner
		}
		if owner != "" && owner != c.rec.Customer {
			return false, nil
		}
	}
	return true, nil
}

// owner is the customer that a site, service, person or record belongs to; "" for the provider's own.
func (c *change) owner(ctx context.Context, to, value string) (string, error) {
	if owner, known := c.owners[value]; known {
		return owner, nil
	}
	if slices.Contains(builtinTargets, to) {
		_, owner, err := party.Refer(ctx, c.u.Tx, Engine, to, value)
		return owner, err
	}
	r, err := record.Load(ctx, c.u.Tx, Engine, value)
	if err != nil {
		return "", err
	}
	return r.Customer, nil
}

// priority follows impact and urgency by the type's scheme (ESC-01).
func (c *change) priority() {
	r := c.rec
	scheme, ok := c.s.schemes.get(c.def.Scheme)
	if !ok {
		r.PriorityRank = max(r.PriorityRank, 0)
		return
	}
	if r.Impact != c.was.Impact || r.Urgency != c.was.Urgency || r.Priority == "" {
		r.Priority, r.PriorityRank = scheme.Priority(r.Impact, r.Urgency)
	} else {
		r.PriorityRank = scheme.Rank(r.Priority)
	}
}

func (c *change) promise() error {
	state, ok := c.flow.State(c.rec.State)
	if !ok {
		return fmt.Errorf("record %s is in state %q, which its workflow does not have", c.rec.Number, c.rec.State)
	}
	r := c.rec
	r.Kind, r.WaitingOn, r.Open = string(state.Kind), state.On, state.Kind.Open()
	r.Turn = c.turn(state)
	// A promise that is kept or moot no longer makes the record due.
	r.Due = time.Time{}
	if r.Open && r.Milestones["solved"].IsZero() {
		due, err := c.promised()
		if err != nil {
			return err
		}
		r.Due = due
	}
	return nil
}

// promised is what the type's definition says the record is due for: what was agreed anew, else what is expected; zero =
// nothing.
func (c *scene) promised() (time.Time, error) {
	due, err := c.instant("due_agreed")
	if err != nil || !due.IsZero() {
		return due, err
	}
	return c.instant("due")
}

// instant is what a program of the type answers; zero where there is none.
func (c *scene) instant(place string) (time.Time, error) {
	p := c.def.Program(place)
	if p == nil {
		return time.Time{}, nil
	}
	v, err := p.Value(c.resolve)
	if err != nil {
		return time.Time{}, err
	}
	at, _ := v.(time.Time)
	return at, nil
}

// turn says whose turn it is in a state: a relation, "role:<code>" or "person:<id>". Without a requester's account the desk speaks for them.
func (c *change) turn(state *definition.State) string {
	switch state.Turn {
	case "", "handler", "team", "customer":
		return state.Turn
	case "requester":
		if c.rec.Requester == "" {
			return "role:desk"
		}
		return state.Turn
	}
	if a, err := definition.ParseActor(state.Turn); err == nil && a.Name == "field" {
		person, _ := c.rec.Get(a.Arg()).(string)
		return "person:" + person
	}
	return "role:" + state.Turn
}

// enter puts the record into a state and opens the approval that the state asks for.
func (c *change) enter(ctx context.Context, state string) error {
	if state == c.rec.State {
		return nil
	}
	came := c.rec.State
	if err := c.cancelApprovals(ctx, came); err != nil {
		return err
	}
	c.rec.Enter(state, c.actor.ID, c.u.Now())
	for i := range c.def.Approvals {
		a := &c.def.Approvals[i].Value
		if a.Opens == state {
			if err := c.openApproval(ctx, a, came); err != nil {
				return err
			}
		}
	}
	return c.destroyDue(state)
}

// destroyDue erases secrets whose time is over (SEC-10).
func (c *change) destroyDue(state string) error {
	for _, f := range c.def.Fields {
		if f.Type == form.Secret && f.Until != "" && c.rec.Get(f.Name) != nil {
			if f.Until == state || !c.rec.Milestones[f.Until].IsZero() {
				c.rec.Set(f.Name, nil)
			}
		}
	}
	return nil
}

// store saves the record with its audit event, its search document, its timers and its announcement.
func (c *change) store(ctx context.Context, kind string) error {
	if !c.isNew { // a new record was settled before it took its number
		if err := c.settle(ctx); err != nil {
			return err
		}
	}
	if err := c.followClocks(ctx); err != nil {
		return err
	}
	hash, err := c.u.Record(ctx, c.event(kind))
	if err != nil {
		return err
	}
	c.rec.AuditHead = hash
	if c.isNew {
		err = record.Insert(ctx, c.u.Tx, c.rec)
	} else {
		err = record.Save(ctx, c.u.Tx, c.rec)
	}
	if err != nil {
		return err
	}
	if err := c.leave(ctx); err != nil {
		return err
	}
	if err := c.index(ctx); err != nil {
		return err
	}
	if err := c.syncTimers(ctx); err != nil {
		return err
	}
	c.before, c.isNew, c.was = c.rec.All(), false, *c.rec
	c.extra, c.comment, c.spoke, c.started = map[string]any{}, "", "", nil
	return c.announce(ctx)
}

func (c *change) event(kind string) work.Event {
	data := map[string]any{}
	for k, v := range c.extra {
		data[k] = v
	}
	if changes := c.def.Fields.Diff(c.before, c.rec.All()); len(changes) > 0 {
		data["changes"] = changes
	}
	if c.was.State != c.rec.State && !c.isNew {
		data["from"], data["to"] = c.was.State, c.rec.State
	}
	if len(c.comments) > 0 {
		data["comments"] = c.comments
	}
	c.comments = nil
	customer := c.rec.Customer
	if c.corrected() { // it names both customers, so it is for those alone who serve all
		customer, data["corrected"] = "", true
	}
	public := kind == "record.created" || kind == "record.moved" || kind == "record.approval"
	return work.Event{Stream: c.rec.ID, Kind: kind, Subject: c.rec.Type, Number: c.rec.Number, Customer: customer, Public: public,
		Prev: c.rec.AuditHead, First: c.isNew, Data: data}
}

// corrected tells whether the record was another customer's until now: it had been registered for the wrong one.
func (c *change) corrected() bool {
	return !c.isNew && c.was.Customer != "" && c.was.Customer != c.rec.Customer
}

// leave takes away from the former customer of a corrected record what it had of it: those who follow it, and what was
// open to it among the attachments.
func (c *change) leave(ctx context.Context) error {
	if !c.corrected() {
		return nil
	}
	watchers, err := record.Watchers(ctx, c.u.Tx, c.rec.ID)
	if err != nil {
		return err
	}
	sides, err := party.SidesOf(ctx, c.u.Tx, watchers)
	if err != nil {
		return err
	}
	for _, w := range watchers {
		if sides[w].Foreign(c.rec.Customer) {
			if err := record.Unwatch(ctx, c.u.Tx, c.rec.ID, w); err != nil {
				return err
			}
		}
	}
	return record.CloseFiles(ctx, c.u.Tx, c.rec.ID)
}

// index puts the record into the full text, when something of it changed.
func (c *change) index(ctx context.Context) error {
	public, internal := c.def.Fields.SearchText(c.rec.All())
	public = c.rec.Number + " " + public
	if !c.isNew {
		oldPublic, oldInternal := c.def.Fields.SearchText(c.before)
		if c.rec.Number+" "+oldPublic == public && oldInternal == internal && c.was.Customer == c.rec.Customer && c.was.Requester == c.rec.Requester {
			return nil
		}
	}
	return search.Put(ctx, c.u.Tx, search.Doc{RecordID: c.rec.ID, Type: c.rec.Type, Customer: c.rec.Customer, Requester: c.rec.Requester,
		Public: public, Internal: internal, At: c.rec.CreatedAt})
}

func (c *change) announce(ctx context.Context) error {
	n := work.Notice{Keys: []string{"record:" + c.rec.Number, "list:" + c.rec.Type, "work", "counts"}, Customer: c.rec.Customer, Staff: !c.def.ForCustomers()}
	if c.rec.Requester != "" {
		n.Own = []string{c.rec.Requester}
	}
	return c.u.Announce(ctx, n)
}

func guardPlace(w *definition.Workflow, t *definition.Transition, i int) string {
	return fmt.Sprintf("guard:%s.%s:%d", w.Code, t.Code, i)
}
