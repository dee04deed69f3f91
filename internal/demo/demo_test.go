package demo

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/practice/call"
	"github.com/steward-ops/steward/internal/practice/incident"
	"github.com/steward-ops/steward/internal/practice/major"
	"github.com/steward-ops/steward/internal/practice/request"
)

// stage is a stand-in for the program: it follows the shipped definitions (who, what, from where to where, which
// conditions), so that the story can be checked without a server.
type stage struct {
	t       testing.TB
	types   map[string]*definition.Type // by plural
	now     time.Time
	ids     int
	names   map[string]string // person id: login
	people  map[string]person
	teams   map[string][]string // team id: person ids
	tiers   map[string]string   // team id: tier
	records map[string]*rec
	timed   []*rec // those that a timer may move
	counts  map[string]int
	calls   int
	log     []string
}

// rec is a record on the stage.
type rec struct {
	def                       *definition.Type
	flow                      *definition.Workflow
	number, state             string
	fields                    map[string]any
	milestones                map[string]time.Time
	trail                     []string
	since, created            time.Time
	creator, approval         string
	reopened, comments, moves int
}

func newStage(t testing.TB) *stage {
	s := &stage{t: t, types: map[string]*definition.Type{}, names: map[string]string{}, people: map[string]person{}, teams: map[string][]string{},
		tiers: map[string]string{}, records: map[string]*rec{}, counts: map[string]int{}}
	known := definition.Vocabulary{Roles: map[string]text.Label{}, Guards: map[string]bool{"not_itself": true},
		Effects: map[string]func(definition.Effect, *definition.Type) error{}}
	for _, e := range []string{"assign", "notify", "tell_customer", "move", "create", "link", "destroy", "assign_on_duty"} {
		known.Effects[e] = nil
	}
	for _, role := range []string{"desk", "l1", "l2", "l3", "incident_manager", "supervisor", "maintenance_manager", "head", "boss"} {
		known.Roles[role] = text.Label{Zh: role, En: role}
	}
	for _, files := range []embed.FS{incident.Files, call.Files, major.Files, request.Files} {
		names, _ := fs.Glob(files, "*.yaml")
		for _, name := range names {
			source, err := files.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			typ, err := definition.Load(name, source, known)
			if err != nil {
				t.Fatal(err)
			}
			s.types[typ.Plural] = typ
		}
	}
	return s
}

// SetClock fires the timers that move a record themselves; notices are of no interest here.
func (s *stage) SetClock(_ context.Context, at time.Time) error {
	if at.Before(s.now) {
		return fmt.Errorf("the clock goes backwards: %s after %s", at, s.now)
	}
	s.now = at
	for _, r := range s.timed {
		if err := s.fire(r); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) fire(r *rec) error {
	for i := range r.def.Timers {
		name, timer := r.def.Timers[i].Name, &r.def.Timers[i].Value
		for _, e := range timer.Do {
			if e.Name != "move" || e.Word("record") != "self" || !s.holds(r, "", "timer_while:"+name) {
				continue
			}
			due, err := r.def.Program("timer_due:" + name).Value(s.resolver(r, ""))
			if err != nil {
				return err
			}
			if at := due.(time.Time); at.Year() > 1970 && !at.After(s.now) {
				tr, _ := r.flow.Transition(e.Word("transition"))
				if err := s.take(r, "system", tr); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *stage) Do(_ context.Context, as, method, path string, body any) (int, json.RawMessage, error) {
	s.calls++
	in := map[string]any{}
	if raw, err := json.Marshal(body); err == nil {
		_ = json.Unmarshal(raw, &in)
	}
	s.log = append(s.log, fmt.Sprint(s.now.UnixMilli(), as, method, path))
	answer, err := s.do(as, method, strings.TrimPrefix(path, "/"), in)
	if err != nil {
		return 422, json.RawMessage(fmt.Sprintf("%q", err.Error())), nil
	}
	raw, err := json.Marshal(answer)
	return 200, raw, err
}

func (s *stage) do(as, method, path string, in map[string]any) (map[string]any, error) {
	parts := strings.Split(strings.SplitN(path, "?", 2)[0], "/")
	if def := s.types[parts[0]]; def != nil {
		return s.onRecords(as, method, def, parts, in)
	}
	switch {
	case parts[0] == "organisations" && method == "GET":
		return map[string]any{"items": []any{map[string]any{"id": "provider"}}}, nil
	case parts[0] == "grants", parts[0] == "setup", method == "PATCH":
		return nil, nil
	}
	s.ids++
	id := fmt.Sprintf("%s-%d", parts[0], s.ids)
	switch parts[0] {
	case "duty":
		return map[string]any{"items": []any{map[string]any{"people": []any{map[string]any{"id": s.id("luobin")}}}}}, nil
	case "handovers", "duty-checkins":
		return map[string]any{"number": id}, nil
	case "alert-sources":
		return map[string]any{"id": id, "path": "/api/v1/intake/alertmanager/token"}, nil
	case "accounts":
		login := in["login"].(string)
		s.names[in["person"].(string)], s.people[login] = login, personOf(login)
	case "teams":
		s.tiers[id] = in["tier"].(string)
		for _, m := range in["members"].([]any) {
			s.teams[id] = append(s.teams[id], m.(string))
		}
	}
	return map[string]any{"id": id}, nil
}

func (s *stage) onRecords(as, method string, def *definition.Type, parts []string, in map[string]any) (map[string]any, error) {
	if len(parts) == 1 {
		return s.create(as, def, in)
	}
	r := s.records[parts[1]]
	if r == nil {
		return nil, fmt.Errorf("no record %s", parts[1])
	}
	if len(parts) == 2 {
		approvals := []any{}
		if r.approval != "" {
			approvals = append(approvals, map[string]any{"id": "a", "state": "open"})
		}
		return map[string]any{"number": r.number, "approvals": approvals}, nil
	}
	switch parts[2] {
	case "comments":
		r.comments++
		return nil, nil
	case "links", "watch", "work-log", "urge":
		return nil, nil
	case "approvals":
		a, _ := r.def.Approvals.Get(r.approval)
		if s.id(as) != r.fields["approver"] {
			return nil, fmt.Errorf("%s is not asked", as)
		}
		r.approval = ""
		s.enter(r, a.Approved)
		return nil, nil
	}
	tr, ok := r.flow.Transition(parts[2])
	if !ok {
		return nil, fmt.Errorf("%s has no transition %s", r.number, parts[2])
	}
	return nil, s.move(r, as, tr, in)
}

func (s *stage) id(login string) string {
	for id, l := range s.names {
		if l == login {
			return id
		}
	}
	return ""
}

func (s *stage) create(as string, def *definition.Type, in map[string]any) (map[string]any, error) {
	flow := def.DefaultWorkflow()
	if name, ok := in["workflow"].(string); ok {
		delete(in, "workflow")
		if flow, ok = def.Workflow(name); !ok {
			return nil, fmt.Errorf("no workflow %s", name)
		}
	}
	s.counts[def.Type]++
	r := &rec{def: def, flow: flow, number: fmt.Sprintf("%s-%04d", strings.ToUpper(def.Type[:3]), s.counts[def.Type]), fields: map[string]any{},
		milestones: map[string]time.Time{}, created: s.now, creator: as}
	if s.people[as].org != "" {
		r.fields["customer"] = "own"
	}
	s.enter(r, flow.Initial)
	if err := s.fill(r, as, in, def.Create.Inputs(), def.Create.Require); err != nil {
		return nil, err
	}
	s.set(r, as, "create", def.Create.Set)
	if err := s.demand(r, as, "create", def.Create.RequireWhen, def.Create.Guards); err != nil {
		return nil, err
	}
	s.records[r.number] = r
	if len(def.Timers) > 0 && (def.Type != "incident" || flow.Code == "telecom") {
		s.timed = append(s.timed, r)
	}
	if err := s.effects(r, as, def.Create.Effects); err != nil {
		return nil, err
	}
	for i := range flow.Transitions {
		if tr := &flow.Transitions[i].Value; tr.Auto != "" && tr.Leaves(r.state) && s.holds(r, as, "auto:"+flow.Code+"."+tr.Code) {
			if err := s.take(r, as, tr); err != nil {
				return nil, err
			}
		}
	}
	return map[string]any{"number": r.number}, nil
}

func (s *stage) move(r *rec, as string, tr *definition.Transition, in map[string]any) error {
	if !tr.Leaves(r.state) {
		return fmt.Errorf("%s is in %s, %s does not leave it", r.number, r.state, tr.Code)
	}
	place := r.flow.Code + "." + tr.Code
	if !s.holds(r, as, "when:"+place) {
		return fmt.Errorf("%s: %s is not offered", r.number, tr.Code)
	}
	if !slices.ContainsFunc(tr.Actors(r.state), func(a string) bool { return s.plays(r, as, a) }) {
		return fmt.Errorf("%s is none of %v in %s.%s", as, tr.Actors(r.state), r.flow.Code, r.state)
	}
	comment, _ := in["comment"].(string)
	delete(in, "comment")
	if tr.Comment == "required" && comment == "" || comment != "" && (tr.Comment == "" || tr.Comment == "none") {
		return fmt.Errorf("%s: comment %q", tr.Code, comment)
	}
	if err := s.fill(r, as, in, tr.Inputs(), tr.Require); err != nil {
		return err
	}
	if err := s.demand(r, as, place, tr.RequireWhen, tr.Guards); err != nil {
		return err
	}
	return s.take(r, as, tr)
}

func (s *stage) take(r *rec, as string, tr *definition.Transition) error {
	place := r.flow.Code + "." + tr.Code
	s.set(r, as, place, tr.Set)
	target, back := tr.To, tr.BackTo
	for i, route := range tr.Routes {
		if s.holds(r, as, fmt.Sprintf("route:%s:%d", place, i)) {
			target, back = route.To, route.BackTo
			break
		}
	}
	if tr.Reopens {
		r.reopened++
	}
	for _, m := range tr.Milestone {
		r.milestones[m] = s.now
	}
	for _, name := range tr.Clear {
		delete(r.fields, name)
		delete(r.milestones, name)
	}
	for i := len(r.trail) - 1; target == "" && i >= 0; i-- {
		if slices.Contains(back, r.trail[i]) {
			target = r.trail[i]
		}
	}
	if target == "" {
		target = back[len(back)-1]
	}
	r.moves++
	if target != "=" {
		s.enter(r, target)
	}
	return s.effects(r, as, tr.Effects)
}

func (s *stage) enter(r *rec, state string) {
	r.state, r.since = state, s.now
	r.trail = append(r.trail, state)
	for i := range r.def.Approvals {
		if a := &r.def.Approvals[i].Value; a.Opens == state {
			r.approval = a.Code
		}
	}
}

func (s *stage) fill(r *rec, as string, in map[string]any, only, require []string) error {
	for name, value := range in {
		f, ok := r.def.Field(name)
		if !ok || f.ReadOnly || !slices.Contains(only, name) {
			return fmt.Errorf("%s may not be given here", name)
		}
		if s.people[as].org != "" && !f.Public {
			return fmt.Errorf("%s may not be given by a customer", name)
		}
		if text, ok := value.(string); ok && len(f.Options) > 0 {
			if _, known := f.Option(text); !known {
				return fmt.Errorf("%s has no option %s", name, text)
			}
		}
		r.fields[name] = value
	}
	for _, name := range require {
		if r.fields[name] == nil {
			return fmt.Errorf("%s is missing", name)
		}
	}
	return nil
}

func (s *stage) demand(r *rec, as, place string, whens []definition.When, guards []definition.Guard) error {
	for i, w := range whens {
		for _, name := range w.Fields {
			if r.fields[name] == nil && s.holds(r, as, fmt.Sprintf("require:%s:%d", place, i)) {
				return fmt.Errorf("%s is missing", name)
			}
		}
	}
	for i, g := range guards {
		if g.Holds != "" && !s.holds(r, as, fmt.Sprintf("guard:%s:%d", place, i)) {
			return fmt.Errorf("guard %s: %s", g.ID, g.Label.Zh)
		}
	}
	return nil
}

func (s *stage) set(r *rec, as, place string, sets definition.Named[string]) {
	for _, e := range sets {
		v, err := r.def.Program("set:" + place + ":" + e.Name).Value(s.resolver(r, as))
		if err != nil {
			s.t.Fatalf("%s: %v", e.Name, err)
		}
		if at, ok := v.(time.Time); ok {
			v = nil
			if !at.IsZero() {
				v = at.Format(time.RFC3339Nano)
			}
		}
		if v == "" || v == nil {
			delete(r.fields, e.Name)
			continue
		}
		r.fields[e.Name] = v
	}
}

func (s *stage) effects(r *rec, as string, list []definition.Effect) error {
	for _, e := range list {
		if !s.holds(r, as, fmt.Sprintf("if:%d", e.Line)) {
			continue
		}
		switch {
		case e.Name == "assign" && e.Word("to") == "actor":
			r.fields["assignee"] = s.id(as)
		case e.Name == "assign":
			delete(r.fields, "assignee")
		case e.Name == "move" && e.Word("record") == "call":
			number, _ := r.fields["call"].(string)
			if other := s.records[number]; other != nil {
				tr, _ := other.flow.Transition(e.Word("transition"))
				if !tr.Leaves(other.state) {
					continue
				}
				if err := s.take(other, as, tr); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s *stage) holds(r *rec, as, place string) bool {
	p := r.def.Program(place)
	if p == nil {
		return true
	}
	ok, err := p.Holds(s.resolver(r, as))
	if err != nil {
		s.t.Fatalf("%s: %v", place, err)
	}
	return ok
}

func (s *stage) resolver(r *rec, as string) definition.Resolver {
	return func(name string) (any, bool) {
		switch name {
		case "now":
			return s.now, true
		case "me.id":
			return s.id(as), true
		case "me.side":
			if s.people[as].org != "" {
				return "customer", true
			}
			return "provider", true
		case "rec.state":
			return r.state, true
		case "rec.workflow":
			return r.flow.Code, true
		case "rec.visited":
			return r.trail, true
		case "rec.state_since":
			return r.since, true
		case "rec.created_at":
			return r.created, true
		}
		name = strings.TrimPrefix(name, "rec.")
		if m, ok := strings.CutSuffix(name, "_at"); ok && slices.Contains(definition.Milestones, m) {
			return r.milestones[m], true
		}
		f, ok := r.def.Field(name)
		if !ok {
			return nil, false
		}
		if v := r.fields[name]; v != nil {
			return f.Native(v, home), true
		}
		return definition.Zero(f.Kind()), true
	}
}

func (s *stage) plays(r *rec, as, actor string) bool {
	a, err := definition.ParseActor(actor)
	if err != nil {
		s.t.Fatal(err)
	}
	me := s.id(as)
	switch a.Name {
	case "handler":
		return me != "" && r.fields["assignee"] == me
	case "requester":
		return r.fields["requester"] == me
	case "creator":
		return r.creator == as
	case "customer":
		return s.people[as].org != ""
	case "staff":
		return s.people[as].org == ""
	case "field":
		return r.fields[a.Arg()] == me
	case "team":
		team, _ := r.fields["team"].(string)
		return slices.Contains(s.teams[team], me) && (a.Arg() == "" || s.tiers[team] == a.Arg())
	case "system":
		return as == "system"
	}
	return slices.Contains(s.people[as].roles, a.Name)
}

var storyEnd = time.Date(2026, 10, 10, 14, 16, 0, 0, home)

func TestTheStoryFollowsTheDefinitions(t *testing.T) {
	s := newStage(t)
	if err := Fill(context.Background(), s, Options{Now: storyEnd, Seed: 7}); err != nil {
		t.Fatal(err)
	}
	states := map[string]map[string]int{}
	titles := map[string]bool{}
	for _, r := range s.records {
		key := r.def.Type + " " + r.flow.Code
		if states[key] == nil {
			states[key] = map[string]int{}
		}
		states[key][r.state]++
		if title, _ := r.fields["title"].(string); title != "" {
			titles[title] = true
		}
	}
	for key, have := range states {
		t.Log(key, have)
	}
	t.Logf("%d records, %d requests, %d titles", len(s.records), s.calls, len(titles))
	if n := len(s.records); n < 300 || n > 900 {
		t.Errorf("%d records", n)
	}
	everyState(t, s, states)
}

// everyState: each workflow of incidents shows all of its states, as far as the story has them.
func everyState(t *testing.T, s *stage, states map[string]map[string]int) {
	want := map[string][]string{
		"tiers":            nil, // all
		"customer_confirm": {"reported", "problem_confirmed", "diagnosing", "solving", "testing", "user_confirmation", "closed"},
		"telecom":          {"symptom_confirmed", "locating", "recovering", "with_vendor", "analysing", "awaiting_user", "closed"},
		"levels":           {}, // the ladder of fault levels has a scenario of its own
		"application":      {"applied", "emergency", "accepted", "handling", "tracking", "reported_on", "fed_back", "rechecking", "closed"},
	}
	for _, w := range s.types["incidents"].Workflows {
		for _, state := range w.Value.States {
			wanted := want[w.Name] == nil || slices.Contains(want[w.Name], state.Name)
			if wanted && states["incident "+w.Name][state.Name] == 0 {
				t.Errorf("no incident of %s is in %s", w.Name, state.Name)
			}
		}
	}
}

func TestTheSameSeedTellsTheSameStory(t *testing.T) {
	a, b, c := newStage(t), newStage(t), newStage(t)
	for _, run := range []struct {
		s    *stage
		seed uint64
	}{{a, 1}, {b, 1}, {c, 2}} {
		if err := Fill(context.Background(), run.s, Options{Now: storyEnd, Seed: run.seed}); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(a.log, b.log) {
		t.Error("the same seed told two stories")
	}
	if slices.Equal(a.log, c.log) {
		t.Error("two seeds told the same story")
	}
}

// The story holds whenever it is told: by night, at a month's end, at new year, for many seeds.
func TestTheStoryHoldsAtAnyTime(t *testing.T) {
	for i, end := range []time.Time{
		time.Date(2026, 1, 1, 0, 5, 0, 0, home), time.Date(2026, 2, 28, 3, 40, 0, 0, home), time.Date(2026, 6, 14, 23, 30, 0, 0, home),
		time.Date(2027, 3, 8, 9, 0, 0, 0, home),
	} {
		if err := Fill(context.Background(), newStage(t), Options{Now: end, Seed: uint64(i)}); err != nil {
			t.Errorf("%s: %v", end, err)
		}
	}
}

func TestStoriesAreManyAndWhole(t *testing.T) {
	s := mustStories()
	titles := map[string]bool{}
	for _, st := range slices.Concat(s.incidents, s.requests) {
		titles[st.Title] = true
		if st.Title == "" || st.Text == "" || st.Customer == "" || len(st.Main.Sites) == 0 {
			t.Errorf("%q is not whole", st.Title)
		}
		if customerOf(st.Main.Who) != st.Customer {
			t.Errorf("%q: %s is not of %s", st.Title, st.Main.Who, st.Customer)
		}
		for _, key := range st.Main.Sites {
			if i := slices.IndexFunc(sites, func(p place) bool { return p.key == key }); i < 0 || sites[i].org != st.Customer {
				t.Errorf("%q: the site %s", st.Title, key)
			}
		}
		if i := slices.IndexFunc(services, func(p place) bool { return p.key == st.Main.Service }); i < 0 || services[i].org != st.Customer {
			t.Errorf("%q: the service %s", st.Title, st.Main.Service)
		}
	}
	for _, st := range s.incidents {
		if st.Cause == "" || st.Solution == "" || st.Why == "" || st.Did == "" {
			t.Errorf("%q: the solution is not whole", st.Title)
		}
	}
	if len(titles) < 80 {
		t.Errorf("%d stories", len(titles))
	}
	if n := len(slices.DeleteFunc(slices.Clone(people), func(p person) bool { return p.org != "" })); n != 30 {
		t.Errorf("%d people at the provider", n)
	}
}
