package definition

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"time"

	"cel.dev/cel-go/cel"
	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/kernel/text"
)

//go:embed standard.yaml
var standardSource []byte

var standardFields = mustStandard()

func mustStandard() form.Fields {
	var fields form.Fields
	if err := yamlUnmarshal(standardSource, &fields); err != nil {
		panic(err)
	}
	return fields
}

// StandardField tells whether a name belongs to the fields that live in columns of the record.
func StandardField(name string) bool {
	return slices.ContainsFunc(standardFields, func(f form.Field) bool { return f.Name == name })
}

// Vocabulary is what a definition may refer to beyond itself.
type Vocabulary struct {
	Roles   map[string]text.Label
	Guards  map[string]bool
	Effects map[string]func(e Effect, t *Type) error // checks the arguments
	Types   map[string]bool                          // other record types; nil = not checked yet
	Schemes map[string]bool
	Zone    *time.Location // of the provider; nil is UTC
}

// Load reads and checks one definition. The error is Errors with every mistake found, or the first that stopped reading.
func Load(file string, source []byte, known Vocabulary) (*Type, error) {
	t, err := decode(file, source)
	if err != nil {
		return nil, Errors{err.(Error)}
	}
	if known.Zone == nil {
		known.Zone = time.UTC
	}
	c := &checker{t: t, file: file, known: known}
	c.run()
	if len(c.errors) > 0 {
		sort.SliceStable(c.errors, func(i, j int) bool { return c.errors[i].Line < c.errors[j].Line })
		return nil, c.errors
	}
	return t, nil
}

type checker struct {
	t      *Type
	file   string
	known  Vocabulary
	env    *cel.Env
	errors Errors
}

func (c *checker) fail(line int, format string, args ...any) {
	c.errors = append(c.errors, Error{File: c.file, Line: max(line, 1), Reason: fmt.Sprintf(format, args...)})
}

var (
	codeForm   = regexp.MustCompile(`^[a-z][A-Za-z0-9_]{0,39}$`)
	pluralForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
)

func (c *checker) run() {
	t := c.t
	t.programs = map[string]*Program{}
	c.head()
	c.standard()
	env, err := t.environment(c.known.Zone)
	if err != nil {
		c.fail(1, "fields: %v", err)
		return
	}
	c.env = env
	c.create()
	for i := range t.Workflows {
		c.workflow(&t.Workflows[i].Value, t.Workflows[i].Line)
	}
	c.timers()
	c.approvals()
	for _, d := range t.Derive {
		c.field(d.Line, d.Name)
		c.program(d.Line, "derive:"+d.Name, d.Value, nil)
	}
	c.optionalProgram(1, "due", t.Due, cel.TimestampType)
	c.optionalProgram(1, "due_agreed", t.DueAgreed, cel.TimestampType)
}

func (c *checker) head() {
	t := c.t
	if !codeForm.MatchString(t.Type) {
		c.fail(1, "type: %q is not a lower-case word", t.Type)
	}
	if !pluralForm.MatchString(t.Plural) {
		c.fail(1, "plural: %q is not a path segment", t.Plural)
	}
	c.label(1, "label", t.Label)
	if _, err := ParseNumber(t.Number); err != nil {
		c.fail(1, "number: %v", err)
	}
	if t.Scheme != "" && c.known.Schemes != nil && !c.known.Schemes[t.Scheme] {
		c.fail(1, "scheme: there is no priority scheme %q", t.Scheme)
	}
	if len(t.Workflows) == 0 {
		c.fail(1, "workflows: at least one is needed")
	}
	defaults := 0
	for i := range t.Workflows {
		if t.Workflows[i].Value.Default {
			defaults++
		}
	}
	if defaults > 1 {
		c.fail(1, "workflows: only one can be the default")
	}
	for _, child := range t.Children {
		if c.known.Types != nil && !c.known.Types[child] {
			c.fail(1, "children: there is no type %q", child)
		}
	}
	c.actors(1, "read", t.Read)
	c.actors(1, "urge", t.Urge)
}

// standard puts the standard fields a type lists before its own, unless it redefines them.
func (c *checker) standard() {
	t := c.t
	var fields form.Fields
	for _, name := range t.Standard {
		i := slices.IndexFunc(standardFields, func(f form.Field) bool { return f.Name == name })
		if i < 0 {
			c.fail(1, "standard: there is no standard field %q", name)
			continue
		}
		if _, own := t.Field(name); !own {
			fields = append(fields, standardFields[i])
		}
	}
	t.Fields = append(fields, t.Fields...)
	if _, ok := t.Field("title"); !ok {
		c.fail(1, "standard: every type needs a title")
	}
	for _, f := range t.Fields {
		if reserved[f.Name] {
			c.fail(1, "fields: %q is a name the engine uses itself", f.Name)
		}
	}
	for _, name := range t.Columns {
		c.field(1, name)
	}
}

// reserved names would collide with the record's own members or with the inputs of a transition.
var reserved = map[string]bool{
	"id": true, "number": true, "type": true, "workflow": true, "state": true, "kind": true, "version": true, "fields": true,
	"created_at": true, "updated_at": true, "created_by": true, "state_since": true, "parent": true, "reopened": true, "urges": true,
	"due_at": true, "comment": true, "comment_public": true, "accepted_at": true, "responded_at": true, "diagnosed_at": true,
	"arrived_at": true, "solved_at": true, "verified_at": true, "confirmed_at": true, "closed_at": true,
}

func (c *checker) create() {
	cr := &c.t.Create
	if len(cr.By) == 0 {
		c.fail(1, "create: by: say who may open a record")
	}
	c.actors(1, "create", cr.By)
	c.fieldsOf(1, cr.Inputs())
	c.whens(1, "create", cr.RequireWhen)
	c.guards("create", cr.Guards, 1)
	c.sets("create", cr.Set)
	c.effects(cr.Effects)
	c.actors(1, "edit", c.t.Edit.By)
	c.fieldsOf(1, c.t.Edit.Fields)
}

func (c *checker) workflow(w *Workflow, line int) {
	w.Code = c.code(w)
	c.label(line, "workflow "+w.Code, w.Label)
	for _, s := range w.Stages {
		c.label(s.Line, "stage "+s.Name, s.Value.Label)
	}
	for i := range w.States {
		c.state(w, &w.States[i].Value, w.States[i].Line)
	}
	if _, ok := w.State(w.Initial); !ok {
		c.fail(line, "workflow %s: initial: there is no state %q", w.Code, w.Initial)
	}
	for i := range w.Transitions {
		c.transition(w, &w.Transitions[i].Value, w.Transitions[i].Line)
	}
	c.reachable(w)
}

func (c *checker) code(w *Workflow) string {
	for i := range c.t.Workflows {
		if &c.t.Workflows[i].Value == w {
			return c.t.Workflows[i].Name
		}
	}
	return ""
}

func (c *checker) state(w *Workflow, s *State, line int) {
	if !codeForm.MatchString(s.Code) {
		c.fail(line, "state %q is not a lower-case word", s.Code)
	}
	c.label(line, "state "+s.Code, s.Label)
	switch s.Kind {
	case New, Active, Done, Cancelled:
		if s.On != "" {
			c.fail(line, "state %s: only a waiting state waits on somebody", s.Code)
		}
	case Waiting:
		if s.On != "customer" && s.On != "supplier" && s.On != "internal" {
			c.fail(line, "state %s: on: customer, supplier or internal", s.Code)
		}
	default:
		c.fail(line, "state %s: kind: new, active, waiting, done or cancelled", s.Code)
	}
	if s.Stage != "" {
		if _, ok := w.Stages.Get(s.Stage); !ok {
			c.fail(line, "state %s: there is no stage %q", s.Code, s.Stage)
		}
	}
	if s.Turn != "" {
		c.actors(line, "turn", []string{s.Turn})
	}
}

func (c *checker) transition(w *Workflow, t *Transition, line int) {
	place := w.Code + "." + t.Code
	if !codeForm.MatchString(t.Code) || reservedPaths[t.Code] {
		c.fail(line, "transition %q: not a lower-case word, or a name the routes use", t.Code)
	}
	c.label(line, "transition "+t.Code, t.Label)
	if len(t.By) == 0 {
		c.fail(line, "transition %s: by: say who may take it", t.Code)
	}
	c.actors(line, "transition "+t.Code, t.By)
	c.ends(w, t, line)
	c.fieldsOf(line, t.Inputs())
	c.fieldsOf(line, t.Needs)
	c.whens(line, place, t.RequireWhen)
	c.guards(place, t.Guards, line)
	c.sets(place, t.Set)
	c.effects(t.Effects)
	c.optionalProgram(line, "when:"+place, t.When, cel.BoolType)
	c.optionalProgram(line, "auto:"+place, t.Auto, cel.BoolType)
	for _, m := range t.Milestone {
		if !slices.Contains(Milestones, m) {
			c.fail(line, "transition %s: there is no milestone %q", t.Code, m)
		}
	}
	for _, name := range t.Clear {
		if !slices.Contains(Milestones, name) {
			c.field(line, name)
		}
	}
	if !slices.Contains([]string{"", "none", "optional", "required"}, t.Comment) {
		c.fail(line, "transition %s: comment: none, optional or required", t.Code)
	}
	if !slices.Contains([]string{"", "primary", "danger"}, t.Style) {
		c.fail(line, "transition %s: style: primary or danger", t.Code)
	}
}

// reservedPaths are the segments the generic routes use after a record's number.
var reservedPaths = map[string]bool{
	"assign": true, "urge": true, "timeline": true, "comments": true, "links": true, "watch": true, "watchers": true,
	"attachments": true, "approvals": true, "secrets": true, "clocks": true, "print": true,
}

func (c *checker) ends(w *Workflow, t *Transition, line int) {
	if len(t.From) == 0 {
		c.fail(line, "transition %s: from is missing", t.Code)
	}
	for _, from := range t.From {
		if _, ok := w.State(from); !ok {
			c.fail(line, "transition %s: from: there is no state %q", t.Code, from)
		}
	}
	for _, back := range t.BackTo {
		if _, ok := w.State(back); !ok {
			c.fail(line, "transition %s: back_to: there is no state %q", t.Code, back)
		}
	}
	if t.To != "" && len(t.BackTo) > 0 || t.To == "" && len(t.BackTo) == 0 && len(t.Routes) == 0 {
		c.fail(line, "transition %s: give either to or back_to", t.Code)
	}
	for i, r := range t.Routes {
		c.program(line, fmt.Sprintf("route:%s.%s:%d", w.Code, t.Code, i), r.When, cel.BoolType)
		for _, state := range append(slices.Clone(r.BackTo), r.To) {
			if _, ok := w.State(state); state != "" && !ok {
				c.fail(line, "transition %s: routes: there is no state %q", t.Code, state)
			}
		}
	}
	for _, s := range t.ByState {
		if !t.Leaves(s.Name) {
			c.fail(s.Line, "transition %s: by_state: %q is not among from", t.Code, s.Name)
		}
		c.actors(s.Line, "by_state", s.Value)
	}
	if t.To != "" && t.To != "=" {
		if _, ok := w.State(t.To); !ok {
			c.fail(line, "transition %s: to: there is no state %q", t.Code, t.To)
		}
	}
}

// reachable refuses states that no path leads to, and open states that nothing leaves.
func (c *checker) reachable(w *Workflow) {
	reached := map[string]bool{w.Initial: true}
	for grew := true; grew; {
		grew = false
		visit := func(state string) {
			if state != "" && state != "=" && !reached[state] {
				reached[state] = true
				grew = true
			}
		}
		for i := range w.Transitions {
			t := &w.Transitions[i].Value
			if slices.ContainsFunc(t.From, func(f string) bool { return reached[f] }) {
				for _, target := range t.Targets() {
					visit(target)
				}
			}
		}
		for i := range c.t.Approvals {
			a := &c.t.Approvals[i].Value
			if reached[a.Opens] {
				visit(a.Approved)
				visit(a.Refused)
			}
		}
	}
	for i := range w.States {
		s := &w.States[i]
		if !reached[s.Name] {
			c.fail(s.Line, "workflow %s: nothing leads to state %q", w.Code, s.Name)
		}
		if s.Value.Kind.Open() && len(w.FromState(s.Name)) == 0 && !c.approvalOpens(s.Name) {
			c.fail(s.Line, "workflow %s: nothing leaves the open state %q", w.Code, s.Name)
		}
	}
}

func (c *checker) approvalOpens(state string) bool {
	return slices.ContainsFunc(c.t.Approvals, func(a Entry[Approval]) bool { return a.Value.Opens == state })
}

func (c *checker) timers() {
	for i := range c.t.Timers {
		e := &c.t.Timers[i]
		c.label(e.Line, "timer "+e.Name, e.Value.Label)
		c.program(e.Line, "timer_due:"+e.Name, e.Value.Due, cel.TimestampType)
		c.optionalProgram(e.Line, "timer_while:"+e.Name, e.Value.While, cel.BoolType)
		c.effects(e.Value.Do)
	}
}

func (c *checker) approvals() {
	for i := range c.t.Approvals {
		e := &c.t.Approvals[i]
		a := &e.Value
		c.label(e.Line, "approval "+e.Name, a.Label)
		if len(a.Of) == 0 {
			c.fail(e.Line, "approval %s: of: say who is asked", e.Name)
		}
		c.actors(e.Line, "approval "+e.Name, a.Of)
		c.actors(e.Line, "approval "+e.Name, a.Exclude)
		if n, err := strconv.Atoi(a.Policy); a.Policy != "any" && a.Policy != "all" && (err != nil || n < 1 || n > len(a.Of)) {
			c.fail(e.Line, "approval %s: policy: any, all, or a number up to %d", e.Name, len(a.Of))
		}
		for _, s := range []string{a.Opens, a.Approved, a.Refused} {
			if s != "returns" && !c.anyState(s) {
				c.fail(e.Line, "approval %s: there is no state %q", e.Name, s)
			}
		}
		c.effects(a.OnApproved)
		c.effects(a.OnRefused)
	}
}

func (c *checker) anyState(code string) bool {
	return slices.ContainsFunc(c.t.Workflows, func(w Entry[Workflow]) bool {
		_, ok := w.Value.State(code)
		return ok
	})
}

func (c *checker) label(line int, what string, l text.Label) {
	if l.Zh == "" {
		c.fail(line, "%s: the Chinese label is missing", what)
	}
	if l.En == "" {
		c.fail(line, "%s: the English label is missing", what)
	}
}

func (c *checker) field(line int, name string) {
	if _, ok := c.t.Field(name); !ok {
		c.fail(line, "there is no field %q", name)
	}
}

func (c *checker) fieldsOf(line int, names []string) {
	for _, n := range names {
		c.field(line, n)
	}
}

func (c *checker) actors(line int, what string, list []string) {
	for _, s := range list {
		a, err := ParseActor(s)
		if err != nil {
			c.fail(line, "%s: %v", what, err)
			continue
		}
		c.actor(line, what, a)
	}
}

func (c *checker) actor(line int, what string, a Actor) {
	bounds, relation := relations[a.Name]
	if !relation {
		if _, role := c.known.Roles[a.Name]; !role {
			c.fail(line, "%s: there is no role or relation %q", what, a.Name)
		} else if len(a.Args) > 0 {
			c.fail(line, "%s: the role %q takes no argument", what, a.Name)
		}
		return
	}
	if len(a.Args) < bounds[0] || len(a.Args) > bounds[1] {
		c.fail(line, "%s: %q takes %d to %d arguments", what, a.Name, bounds[0], bounds[1])
		return
	}
	switch a.Name {
	case "team", "tier":
		if a.Arg() != "" && tierNames[a.Arg()].Empty() {
			c.fail(line, "%s: there is no tier %q", what, a.Arg())
		}
	case "not":
		c.actors(line, what, a.Args)
	case "superior", "parent":
		c.actors(line, what, a.Args)
	case "field":
		c.field(line, a.Arg())
	}
}

func (c *checker) whens(line int, place string, whens []When) {
	for i, w := range whens {
		c.fieldsOf(line, w.Fields)
		c.program(line, fmt.Sprintf("require:%s:%d", place, i), w.When, cel.BoolType)
	}
}

func (c *checker) guards(place string, guards []Guard, line int) {
	for i, g := range guards {
		at := max(g.Line, line)
		if !codeForm.MatchString(g.ID) {
			c.fail(at, "guard: id: %q is not a lower-case word", g.ID)
		}
		if g.Holds == "" {
			if !c.known.Guards[g.ID] {
				c.fail(at, "there is no guard %q", g.ID)
			}
			continue
		}
		c.label(at, "guard "+g.ID, g.Label)
		c.program(at, fmt.Sprintf("guard:%s:%d", place, i), g.Holds, cel.BoolType)
	}
}

func (c *checker) sets(place string, sets Named[string]) {
	for _, s := range sets {
		c.field(s.Line, s.Name)
		c.program(s.Line, "set:"+place+":"+s.Name, s.Value, nil)
	}
}

func (c *checker) effects(effects []Effect) {
	for _, e := range effects {
		check, ok := c.known.Effects[e.Name]
		if !ok {
			c.fail(e.Line, "there is no effect %q", e.Name)
			continue
		}
		if check != nil {
			if err := check(e, c.t); err != nil {
				c.fail(e.Line, "effect %s: %v", e.Name, err)
			}
		}
		c.effectPrograms(e)
	}
}

// effectPrograms compiles the values that an effect sets ("set") and its condition ("if").
func (c *checker) effectPrograms(e Effect) {
	if cond := e.Word("if"); cond != "" {
		c.program(e.Line, "if:"+strconv.Itoa(e.Line), cond, cel.BoolType)
	}
	for name, value := range e.Map("set") {
		expr, ok := value.(string)
		if !ok {
			c.fail(e.Line, "effect %s: set: %s: an expression is expected", e.Name, name)
			continue
		}
		c.program(e.Line, "effect:"+strconv.Itoa(e.Line)+":"+name, expr, nil)
	}
	for _, s := range e.List("to") {
		if e.Name == "notify" {
			c.actors(e.Line, "notify", []string{s})
		}
	}
}

func (c *checker) optionalProgram(line int, place, expr string, out *cel.Type) {
	if expr != "" {
		c.program(line, place, expr, out)
	}
}

func (c *checker) program(line int, place, expr string, out *cel.Type) {
	p, err := compile(c.env, expr, out)
	if err != nil {
		c.fail(line, "%q: %v", expr, err)
		return
	}
	c.t.programs[place] = p
}

// Program is a compiled expression by its place, e.g. "set:tiers.classify:priority"; nil where there is none.
func (t *Type) Program(place string) *Program { return t.programs[place] }
