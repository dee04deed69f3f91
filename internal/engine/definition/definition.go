// Package definition is the grammar of record types: what a YAML file may say, checked strictly when it is read.
package definition

import (
	"slices"
	"strings"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Kind is the class of a state that the shared parts (clocks, my work, boards, reports) look at.
type Kind string

// The kinds of states.
const (
	New       Kind = "new"
	Active    Kind = "active"
	Waiting   Kind = "waiting"
	Done      Kind = "done"
	Cancelled Kind = "cancelled"
)

// Open tells whether a record in a state of this kind still needs somebody.
func (k Kind) Open() bool { return k == New || k == Active || k == Waiting }

// Milestones are the moments every workflow maps its own steps to, in their usual order.
var Milestones = []string{"accepted", "responded", "diagnosed", "arrived", "solved", "verified", "confirmed", "closed"}

// Type is the definition of one record type: one YAML file.
type Type struct {
	Type      string              `yaml:"type"`
	Plural    string              `yaml:"plural"` // path segment, kebab-case
	Label     text.Label          `yaml:"label"`
	Icon      string              `yaml:"icon"`
	Group     string              `yaml:"group"`  // navigation group: service, records, none
	Number    string              `yaml:"number"` // "INC-{yyyy}-{seq:5}"
	Scheme    string              `yaml:"scheme"` // priority scheme; empty = the type has no priority
	Standard  []string            `yaml:"standard"`
	Fields    form.Fields         `yaml:"fields"`
	Columns   []string            `yaml:"columns"`    // of its list, beyond number, title, customer, state, handler, promise
	Due       string              `yaml:"due"`        // CEL instant: what the record is due for; its nearest promise
	DueAgreed string              `yaml:"due_agreed"` // CEL instant: a time agreed anew with the customer, which replaces the promise
	DueLabel  text.Label          `yaml:"due_label"`
	Create    Create              `yaml:"create"`
	Edit      Edit                `yaml:"edit"`
	Read      []string            `yaml:"read"` // actors who may read; empty = everybody in scope
	Urge      []string            `yaml:"urge"` // actors who may urge the handler (催办)
	Children  []string            `yaml:"children"`
	Workflows Named[Workflow]     `yaml:"workflows"`
	Timers    Named[Timer]        `yaml:"timers"`
	Approvals Named[Approval]     `yaml:"approvals"`
	Derive    Named[string]       `yaml:"derive"` // field: CEL, set again at every save
	Similar   bool                `yaml:"similar"`
	Practice  string              `yaml:"-"`
	Version   int                 `yaml:"-"`
	Source    []byte              `yaml:"-"`
	programs  map[string]*Program // by place, see check.go
	public    map[string]bool
}

// Create says who may open a record and with what.
type Create struct {
	By          []string      `yaml:"by"`
	Require     []string      `yaml:"require"`
	Accept      []string      `yaml:"accept"`
	RequireWhen []When        `yaml:"require_when"`
	Guards      []Guard       `yaml:"guards"`
	Set         Named[string] `yaml:"set"`
	Effects     []Effect      `yaml:"effects"`
	Initial     string        `yaml:"-"`
}

// Edit says who may change fields outside a transition while the record is open.
type Edit struct {
	By     []string `yaml:"by"`
	Fields []string `yaml:"fields"` // empty = every field that is not read-only
}

// When makes fields compulsory under a condition.
type When struct {
	When   string   `yaml:"when"`
	Fields []string `yaml:"fields"`
}

// Workflow is one variant of the type's process.
type Workflow struct {
	Code        string            `yaml:"-"`
	Label       text.Label        `yaml:"label"`
	Default     bool              `yaml:"default"`
	Initial     string            `yaml:"initial"`
	Stages      Named[Stage]      `yaml:"stages"`
	States      Named[State]      `yaml:"states"`
	Transitions Named[Transition] `yaml:"transitions"`
}

// Stage is one step of the strip that a person sees above the record; several states may share one.
type Stage struct {
	Code     string     `yaml:"-"`
	Label    text.Label `yaml:"label"`
	Customer text.Label `yaml:"customer"` // in the customer's words; empty = the same
}

// State is where a record stands.
type State struct {
	Code     string     `yaml:"-"`
	Label    text.Label `yaml:"label"`
	Customer text.Label `yaml:"customer"` // in the customer's words; empty = the same
	Kind     Kind       `yaml:"kind"`
	On       string     `yaml:"on"`       // waiting on: customer, supplier, internal
	Stage    string     `yaml:"stage"`    // of the strip
	Progress float64    `yaml:"progress"` // 0..1, how full the ring is
	Turn     string     `yaml:"turn"`     // whose turn it is: handler, team, requester, or a role
}

// Transition is one step somebody may take.
type Transition struct {
	Code        string        `yaml:"-"`
	Label       text.Label    `yaml:"label"`
	From        Words         `yaml:"from"`
	To          string        `yaml:"to"`      // a state, or "=" to stay
	BackTo      []string      `yaml:"back_to"` // instead of To: the latest of these the record was in
	Routes      []Route       `yaml:"routes"`  // before To: the first whose condition holds after the fields are set
	By          []string      `yaml:"by"`
	ByState     Named[Words]  `yaml:"by_state"` // other actors than By while in that state
	When        string        `yaml:"when"`     // CEL: offered at all
	Needs       []string      `yaml:"needs"`    // fields that must already be filled
	Require     []string      `yaml:"require"`
	RequireWhen []When        `yaml:"require_when"`
	Accept      []string      `yaml:"accept"`
	Guards      []Guard       `yaml:"guards"`
	Set         Named[string] `yaml:"set"`
	Clear       []string      `yaml:"clear"` // fields or milestones to empty
	Milestone   Words         `yaml:"milestone"`
	Effects     []Effect      `yaml:"effects"`
	Comment     string        `yaml:"comment"`        // none (default), optional, required
	Public      bool          `yaml:"comment_public"` // the comment goes to the customer
	Style       string        `yaml:"style"`          // primary, danger
	Key         string        `yaml:"key"`
	Confirm     text.Label    `yaml:"confirm"`
	Auto        string        `yaml:"auto"`    // CEL: taken by itself as soon as it holds
	Reopens     bool          `yaml:"reopens"` // counts as a reopening and takes back solved, verified, confirmed and closed
	Hidden      bool          `yaml:"hidden"`  // never offered as a button; effects and programs take it
	Starts      []string      `yaml:"starts"`  // targets of clocks that begin with this step: arrival
}

// Route is one conditional target of a transition.
type Route struct {
	When   string   `yaml:"when"`
	To     string   `yaml:"to"`
	BackTo []string `yaml:"back_to"`
}

// Actors may take the transition while the record is in a state.
func (t *Transition) Actors(state string) []string {
	if own, ok := t.ByState.Get(state); ok {
		return *own
	}
	return t.By
}

// Guard is a rule that must hold; either a CEL condition with its own sentence, or a named guard in Go.
type Guard struct {
	ID    string     `yaml:"id"`
	Holds string     `yaml:"holds"`
	Label text.Label `yaml:"label"`
	Line  int        `yaml:"-"`
}

// Effect is something that follows; a named effect with its arguments.
type Effect struct {
	Name string
	Args map[string]any
	Line int
}

// Timer does something at an instant, once, while its condition lasts.
type Timer struct {
	Code  string     `yaml:"-"`
	Label text.Label `yaml:"label"`
	While string     `yaml:"while"` // CEL; empty = while the record is open
	Due   string     `yaml:"due"`   // CEL instant
	Do    []Effect   `yaml:"do"`
}

// Approval opens when a record enters its state, asks the people named, and moves the record on.
type Approval struct {
	Code       string     `yaml:"-"`
	Label      text.Label `yaml:"label"`
	Opens      string     `yaml:"opens"`    // the state that asks
	Approved   string     `yaml:"approved"` // the state after enough yes; "returns" = where it came from
	Refused    string     `yaml:"refused"`
	Policy     string     `yaml:"policy"` // any, all, or a number
	Of         []string   `yaml:"of"`     // one slot each
	Exclude    []string   `yaml:"exclude"`
	Sequential bool       `yaml:"sequential"`
	OnApproved []Effect   `yaml:"on_approved"`
	OnRefused  []Effect   `yaml:"on_refused"`
}

// readers are the relations through which a customer's person may stand to a record.
var readers = []string{"customer", "requester", "creator", "watcher", "field", "parent"}

// ForCustomers tells whether people of a customer can come to read records of the type at all.
func (t *Type) ForCustomers() bool {
	return len(t.Read) == 0 || slices.ContainsFunc(t.Read, func(s string) bool {
		a, err := ParseActor(s)
		return err == nil && (slices.Contains(readers, a.Name) || strings.HasPrefix(a.Name, "customer_"))
	})
}

// Field finds a declared field (standard or own).
func (t *Type) Field(name string) (form.Field, bool) {
	for _, f := range t.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return form.Field{}, false
}

// LabelOf is a field's label, or its name where the type has none.
func (t *Type) LabelOf(name string) text.Label {
	if f, ok := t.Field(name); ok {
		return f.Label
	}
	return text.Label{Zh: name, En: name}
}

// Workflow finds a variant by its code.
func (t *Type) Workflow(code string) (*Workflow, bool) {
	for i := range t.Workflows {
		if t.Workflows[i].Name == code {
			return &t.Workflows[i].Value, true
		}
	}
	return nil, false
}

// DefaultWorkflow is the variant a record gets when nobody chooses.
func (t *Type) DefaultWorkflow() *Workflow {
	for i := range t.Workflows {
		if t.Workflows[i].Value.Default {
			return &t.Workflows[i].Value
		}
	}
	return &t.Workflows[0].Value
}

// State finds a state by its code.
func (w *Workflow) State(code string) (*State, bool) {
	for i := range w.States {
		if w.States[i].Name == code {
			return &w.States[i].Value, true
		}
	}
	return nil, false
}

// Transition finds a transition by its code.
func (w *Workflow) Transition(code string) (*Transition, bool) {
	for i := range w.Transitions {
		if w.Transitions[i].Name == code {
			return &w.Transitions[i].Value, true
		}
	}
	return nil, false
}

// FromState lists the transitions that leave (or stay in) a state, in the order of the definition.
func (w *Workflow) FromState(state string) []*Transition {
	var out []*Transition
	for i := range w.Transitions {
		t := &w.Transitions[i].Value
		if t.Leaves(state) {
			out = append(out, t)
		}
	}
	return out
}

// Leaves tells whether the transition starts in a state.
func (t *Transition) Leaves(state string) bool {
	for _, from := range t.From {
		if from == state {
			return true
		}
	}
	return false
}

// Inputs are the fields a person may give with the transition: required first, then accepted.
func (t *Transition) Inputs() []string {
	return inputs(t.Require, t.RequireWhen, t.Accept)
}

// Inputs are the fields a person may give when opening a record.
func (c *Create) Inputs() []string { return inputs(c.Require, c.RequireWhen, c.Accept) }

func inputs(require []string, when []When, accept []string) []string {
	var out []string
	seen := map[string]bool{}
	add := func(names []string) {
		for _, n := range names {
			if !seen[n] {
				seen[n] = true
				out = append(out, n)
			}
		}
	}
	add(require)
	for _, w := range when {
		add(w.Fields)
	}
	add(accept)
	return out
}

// LabelFor is the state's name for staff or for the customer.
func (s *State) LabelFor(customer bool) text.Label {
	if customer && !s.Customer.Empty() {
		return s.Customer
	}
	return s.Label
}

// LabelFor is the stage's name for staff or for the customer.
func (s *Stage) LabelFor(customer bool) text.Label {
	if customer && !s.Customer.Empty() {
		return s.Customer
	}
	return s.Label
}

// Targets are all states the transition can lead to; "=" stands for staying.
func (t *Transition) Targets() []string {
	targets := append([]string{}, t.BackTo...)
	if t.To != "" {
		targets = append(targets, t.To)
	}
	for _, r := range t.Routes {
		targets = append(targets, r.BackTo...)
		if r.To != "" {
			targets = append(targets, r.To)
		}
	}
	return targets
}
