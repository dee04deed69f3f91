package app_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/engine/definition"
)

// together sends requests at the same moment and gathers the answers.
func together(t *testing.T, n int, send func(i int) answer) []answer {
	t.Helper()
	answers := make([]answer, n)
	start := make(chan bool)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			answers[i] = send(i)
		})
	}
	close(start)
	all.Wait()
	return answers
}

func statuses(answers []answer) map[int]int {
	counts := map[int]int{}
	for _, a := range answers {
		counts[a.status]++
	}
	return counts
}

// conflictHouse is a house with one customer.
func conflictHouse(t *testing.T, h *house) *customer {
	t.Helper()
	h.staff("组")
	return h.customer("alpha", markA, "1390000")
}

// editable are two fields of a type that its editors may change to any text.
func editable(def *definition.Type) []form.Field {
	return def.Fields.Where(func(f form.Field) bool {
		return (f.Type == form.Text || f.Type == form.Markdown) && !f.ReadOnly && f.Pattern == "" && (len(def.Edit.Fields) == 0 || slices.Contains(def.Edit.Fields, f.Name)) &&
			!slices.ContainsFunc(def.Derive, func(e definition.Entry[string]) bool { return e.Name == f.Name })
	})
}

// TestTwoPeopleOneRecord: who saw an older version gets 412 with what changed since and the record as it is; edits of
// different fields by people who named no version both survive, also at the very same moment.
func TestTwoPeopleOneRecord(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		c := conflictHouse(t, h)
		desk, sup := h.people["desk"], h.people["sup"]
		for _, def := range h.ordinary() {
			fields := editable(def)
			if len(fields) < 2 {
				continue
			}
			made, err := h.open(def, "", c, desk)
			if err != nil {
				t.Fatal(err)
			}
			path := api + "/" + def.Plural + "/" + made.text("number")
			stale(t, def, desk, path, fields)
			bothSurvive(t, def, desk, sup, path, fields)
		}
	})
}

func stale(t *testing.T, def *definition.Type, desk *person, path string, fields []form.Field) {
	t.Helper()
	seen := desk.get(path)
	version := seen.header.Get("ETag")
	if version == "" || !strings.Contains(version, fmt.Sprint(seen.object().at("version"))) {
		t.Errorf("%s: ETag %q does not name version %v", path, version, seen.object().at("version"))
	}
	a, b := fields[0].Name, fields[1].Name
	first := desk.send(request{method: "PATCH", path: path, body: map[string]any{a: "first"}, header: []string{"If-Match", version}})
	if !first.ok() {
		t.Fatalf("%s: first edit: %s", path, first)
	}
	desk.must("PATCH", path, map[string]any{b: "between"})
	for _, r := range []request{
		{method: "PATCH", path: path, body: map[string]any{a: "second"}, header: []string{"If-Match", version}},
		{method: "POST", path: path + "/assign", body: map[string]any{}, header: []string{"If-Match", version}},
	} {
		got := desk.send(r)
		problem := got.object()
		if got.status != 412 || problem.text("code") != "stale" {
			t.Errorf("%s: want 412 stale, got %s", r, got)
			continue
		}
		if current := problem.at("current.version"); current != desk.get(path).object().at("version") {
			t.Errorf("%s: current is version %v", r, current)
		}
		what := map[string]object{}
		for _, change := range problem.list("changes") {
			if name := change.text("field"); what[name] == nil && !slices.ContainsFunc(def.Derive, func(e definition.Entry[string]) bool { return e.Name == name }) {
				what[name] = change // what follows from other fields changes with them
			}
			if change.text("label") == "" || change.text("by") == "" || change.text("at") == "" {
				t.Errorf("%s: a change without label, name or time: %v", r, change)
			}
		}
		if len(what) != 2 || what[a].text("new") != "first" || what[b].text("new") != "between" {
			t.Errorf("%s: changes are %v", r, problem.list("changes"))
		}
	}
	if got := desk.get(path).object(); valueOf(got, a) != "first" || valueOf(got, b) != "between" {
		t.Errorf("%s: the stale edit was stored: %v", path, got)
	}
	fresh := desk.get(path).header.Get("ETag")
	if got := desk.send(request{method: "PATCH", path: path, body: map[string]any{a: "third"}, header: []string{"If-Match", fresh}}); !got.ok() || got.header.Get("ETag") == fresh {
		t.Errorf("%s: edit of the current version: %s", path, got)
	}
	if got := desk.send(request{method: "PATCH", path: path, body: map[string]any{a: "x"}, header: []string{"If-Match", `"v99999"`}}); got.status != 412 {
		t.Errorf("%s: a version that never was: %s", path, got)
	}
}

func valueOf(rec object, field string) string {
	if s := rec.text("fields." + field); s != "" {
		return s
	}
	return rec.text(field)
}

func bothSurvive(t *testing.T, def *definition.Type, desk, sup *person, path string, fields []form.Field) {
	t.Helper()
	for round := range 5 {
		a, b := fmt.Sprintf("a%d", round), fmt.Sprintf("b%d", round)
		answers := together(t, 2, func(i int) answer {
			return desk.send(request{method: "PATCH", path: path, body: map[string]any{fields[i].Name: []string{a, b}[i]}})
		})
		if n := statuses(answers)[200]; n != 2 {
			t.Errorf("%s: two edits at once: %v", def.Type, answers)
		}
		rec := sup.must("GET", path, nil)
		if valueOf(rec, fields[0].Name) != a || valueOf(rec, fields[1].Name) != b {
			t.Errorf("%s: an edit was lost in round %d: %q and %q", def.Type, round, valueOf(rec, fields[0].Name), valueOf(rec, fields[1].Name))
		}
	}
}

// TestOneOfManyTransitions: twenty people take the same step of a record at once; exactly one does, and is recorded once.
func TestOneOfManyTransitions(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		c := conflictHouse(t, h)
		for _, def := range h.ordinary() {
			for _, flow := range def.Workflows {
				h.race(t, c, def, flow.Name)
			}
		}
	})
}

func (h *house) race(t *testing.T, c *customer, def *definition.Type, workflow string) {
	t.Helper()
	made, err := h.open(def, workflow, c, h.people["desk"])
	if err != nil {
		t.Fatal(err)
	}
	number := made.text("number")
	path := api + "/" + def.Plural + "/" + number
	rec := h.people["desk"].must("GET", path, nil)
	flow, _ := def.Workflow(workflow)
	step, p := h.leaving(flow, c, rec)
	if step == nil {
		return
	}
	body := h.stepping(c, p, number, def, step, 3*time.Hour, false)
	before := h.people["desk"].get(path + "/timeline?show=moves&limit=200").object().list("items")
	answers := together(t, 20, func(int) answer {
		return p.send(request{method: "POST", path: path + "/" + step.Code, body: body})
	})
	counts := statuses(answers)
	if counts[200] != 1 || counts[409] != 19 {
		t.Errorf("%s.%s: want one 200 and nineteen 409, got %v: %s", def.Type, step.Code, counts, answers[0])
	}
	after := h.people["desk"].get(path + "/timeline?show=moves&limit=200").object().list("items")
	moves := 0
	for _, e := range after[min(len(before), len(after)):] {
		if e.text("transition.code") == step.Code {
			moves++
		}
	}
	if moves != 1 {
		t.Errorf("%s.%s: %d moves are recorded", def.Type, step.Code, moves)
	}
}

// leaving is a transition that takes the record out of its state and cannot be taken again from where it leads, with somebody who may.
func (h *house) leaving(flow *definition.Workflow, c *customer, rec object) (*definition.Transition, *person) {
	here := rec.text("state.code")
	for _, t := range flow.FromState(here) {
		again := slices.ContainsFunc(t.Targets(), func(to string) bool { return to == "=" || to == here || t.Leaves(to) })
		if again || t.When != "" {
			continue
		}
		for _, expr := range t.Actors(here) {
			if p := h.actorFor(expr, c, rec); p != nil {
				return t, p
			}
		}
	}
	return nil, nil
}

// TestOneOfManyCreates: the same create with the same key, sent twenty times at once, makes one record; a key used for
// something else is a conflict; another person's key is another key.
func TestOneOfManyCreates(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		c := conflictHouse(t, h)
		desk, sup := h.people["desk"], h.people["sup"]
		for _, def := range h.ordinary() {
			if _, err := h.open(def, "", c, desk); err != nil {
				t.Fatal(err)
			}
			body, at := map[string]any{}, 3*time.Hour
			for ; at >= -time.Hour; at -= 4 * time.Hour {
				body = h.opening(def, c, desk, at, false)
				if desk.send(request{method: "POST", path: api + "/" + def.Plural, body: body}).ok() {
					break
				}
			}
			key := []string{"Idempotency-Key", "once-" + def.Type}
			count := func() int {
				n, _ := desk.must("GET", api+"/"+def.Plural+"?count=true&limit=1", nil).at("total").(float64)
				return int(n)
			}
			before := count()
			answers := together(t, 20, func(int) answer {
				return desk.send(request{method: "POST", path: api + "/" + def.Plural, body: body, header: key})
			})
			numbers := map[string]bool{}
			for _, a := range answers {
				if a.status != 201 {
					t.Errorf("%s: %s", def.Type, a)
				}
				numbers[a.object().text("number")] = true
			}
			if len(numbers) != 1 || count() != before+1 {
				t.Errorf("%s: twenty creates with one key made %d records, %v", def.Type, count()-before, numbers)
			}
			again := desk.send(request{method: "POST", path: api + "/" + def.Plural, body: body, header: key})
			if again.status != 201 || !numbers[again.object().text("number")] {
				t.Errorf("%s: a repetition later: %s", def.Type, again)
			}
			other := h.opening(def, c, desk, at, false) // other texts
			if got := desk.send(request{method: "POST", path: api + "/" + def.Plural, body: other, header: key}); got.status != 409 && encodeEqual(body, other) == false {
				t.Errorf("%s: the key for something else: %s", def.Type, got)
			}
			if got := sup.send(request{method: "POST", path: api + "/" + def.Plural, body: body, header: key}); got.status != 201 || numbers[got.object().text("number")] {
				t.Errorf("%s: another person's key: %s", def.Type, got)
			}
		}
	})
}

func encodeEqual(a, b any) bool { return string(encode(a)) == string(encode(b)) }

// TestNumbersHaveNoGap: two hundred creates at once, a part of them refused, get consecutive numbers, each once.
func TestNumbersHaveNoGap(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		c := conflictHouse(t, h)
		desk := h.people["desk"]
		def := h.types[0]
		first, err := h.open(def, "", c, desk)
		if err != nil {
			t.Fatal(err)
		}
		body := h.opening(def, c, desk, 3*time.Hour, false)
		wrong := h.opening(def, c, desk, 3*time.Hour, false)
		wrong["customer"] = absent
		answers := together(t, 250, func(i int) answer {
			if i%5 == 4 {
				return desk.send(request{method: "POST", path: api + "/" + def.Plural, body: wrong})
			}
			return desk.send(request{method: "POST", path: api + "/" + def.Plural, body: body})
		})
		if counts := statuses(answers); counts[201] != 200 || counts[422] != 50 {
			t.Fatalf("want 200 records and 50 refusals, got %v: %s", counts, answers[0])
		}
		numbers := []string{first.text("number")}
		for _, a := range answers {
			if a.status == 201 {
				numbers = append(numbers, a.object().text("number"))
			}
		}
		slices.Sort(numbers)
		dash := strings.LastIndexByte(numbers[0], '-') + 1
		var start int
		if _, err := fmt.Sscan(strings.TrimLeft(numbers[0][dash:], "0"), &start); err != nil {
			t.Fatal(err)
		}
		for i, number := range numbers {
			if want := numbers[0][:dash] + fmt.Sprintf("%0*d", len(number)-dash, start+i); number != want {
				t.Fatalf("%s follows %s: a gap or a double", number, numbers[max(i-1, 0)])
			}
		}
		next, err := h.open(def, "", c, desk)
		if err != nil || next.text("number") <= numbers[len(numbers)-1] {
			t.Errorf("the next number is %s after %s, %v", next.text("number"), numbers[len(numbers)-1], err)
		}
	})
}

// TestDirectoryConflicts: the directory's entries refuse a change of an older version, and keep what others changed meanwhile.
func TestDirectoryConflicts(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		c := conflictHouse(t, h)
		admin := h.people["admin"]
		for _, path := range []string{"/organisations/" + c.id, "/sites/" + c.sites[0], "/departments/" + c.departments[0], "/services/" + c.services[0], "/people/" + c.user.id, "/teams/" + c.team} {
			path = api + path
			seen := admin.get(path).header.Get("ETag")
			answers := together(t, 10, func(i int) answer {
				return admin.send(request{method: "PATCH", path: path, body: map[string]any{"name": fmt.Sprintf("name %d", i)}, header: []string{"If-Match", seen}})
			})
			if counts := statuses(answers); counts[200] != 1 || counts[412] != 9 {
				t.Errorf("%s: want one 200 and nine 412, got %v: %s", path, counts, answers[0])
			}
		}
		admin.must("PATCH", api+"/people/"+c.user.id, map[string]any{"position": "x"})
		answers := together(t, 2, func(i int) answer {
			return admin.send(request{method: "PATCH", path: api + "/people/" + c.user.id, body: map[string]any{[]string{"position", "english_name"}[i]: "both"}})
		})
		after := admin.must("GET", api+"/people/"+c.user.id, nil)
		if statuses(answers)[200] != 2 || after.text("position") != "both" || after.text("english_name") != "both" {
			t.Errorf("two edits of one person at once: %v, %v", statuses(answers), after)
		}
	})
}
