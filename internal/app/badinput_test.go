package app_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// echo stands in every wrong value that is sent: no answer may repeat it.
const echo = "qzEcho7"

// badInput sends what is wrong and looks at the refusals.
type badInput struct {
	*walk
	c      *customer
	zh, en map[string]*person // by login: the same roles in either language
	lang   string             // of everybody, while a record is walked through
	sent   int
	large  []byte
}

func newBadInput(t *testing.T, h *house) *badInput {
	t.Helper()
	h.staff("组")
	b := &badInput{walk: &walk{h: h, t: t, ghosts: map[string]answer{}}, zh: map[string]*person{}, en: map[string]*person{}}
	b.c = h.customer("alpha", markA, "1390000")
	b.a, b.b = b.c, b.c
	for login, roles := range map[string][]string{"admin": {"admin"}, "desk": {"desk", "incident_manager", "supervisor", "head", "l1", "l2", "l3"}} {
		b.zh[login] = h.people[login]
		var grants []grant
		for _, r := range roles {
			grants = append(grants, grant{role: r})
		}
		b.en[login] = h.hire(login+"-en", h.provider, "English "+login, map[string]any{"language": "en"}, grants...)
		b.en[login].accept = "en" // where nobody was asked for yet: no such address, no such method
	}
	b.large = []byte(`{"title":"` + strings.Repeat("x", 10<<20) + `"}`)
	return b
}

// wrongs is one bad request with what its refusal must say.
type wrong struct {
	what   string
	body   any
	header []string
	status []int  // any of these
	field  string // must be named, when set
}

// refuse sends a bad request, in turn in either language, and checks the refusal.
func (b *badInput) refuse(login string, r request, w wrong) {
	b.t.Helper()
	if b.passes() {
		return
	}
	b.sent++
	p, lang := b.zh[login], "zh"
	if b.sent%2 == 0 && login != "now" {
		p, lang = b.en[login], "en"
	}
	if login == "now" {
		lang = b.lang
	}
	r.body, r.header = w.body, w.header
	got := p.send(r)
	problem := got.object()
	complain := func(why string) {
		b.t.Helper()
		b.t.Errorf("%s (%s): %s %s: %s\n%s", w.what, lang, r.method, r.path, why, got)
	}
	switch {
	case len(w.status) > 0 && !slices.Contains(w.status, got.status):
		complain(fmt.Sprintf("want %v", w.status))
	case got.status < 400 || got.status >= 500:
		complain("want a refusal")
	case got.header.Get("Content-Type") != "application/problem+json" || problem.text("code") == "" || problem.text("title") == "" || problem.text("request_id") == "":
		complain("not a problem document")
	case strings.Contains(string(got.body), echo):
		complain("repeats what was sent")
	case leaky.MatchString(string(got.body)):
		complain("tells how the program is made: " + leaky.FindString(string(got.body)))
	default:
		b.sayings(problem, lang, w, complain)
	}
}

// leaky finds what belongs in a log: SQL, Go, stack traces, drivers.
var leaky = regexp.MustCompile(`(?i)\bsql\b|pgx|sqlite|SELECT |INSERT |goroutine|\.go:|panic|json:|unmarshal|strconv|runtime error|huma`)

var han = regexp.MustCompile(`\p{Han}`)

func (b *badInput) sayings(problem object, lang string, w wrong, complain func(string)) {
	b.t.Helper()
	texts := []string{problem.text("title")}
	if d := problem.text("detail"); d != "" {
		texts = append(texts, d)
	}
	named := false
	for _, e := range problem.list("errors") {
		texts = append(texts, e.text("detail"))
		named = named || e.text("field") == w.field || strings.HasPrefix(e.text("field"), w.field+".") || strings.HasPrefix(e.text("field"), w.field+"[")
		if e.text("code") == "" || e.text("detail") == "" || strings.Contains(e.text("detail"), "{") {
			complain("an error without code or sentence")
		}
	}
	for _, s := range texts {
		if han.MatchString(s) != (lang == "zh") {
			complain("not in the reader's language: " + s)
		}
	}
	if w.field != "" && !named {
		complain("does not name " + w.field)
	}
}

// generally are the mistakes that any body can have.
func generally(base map[string]any) []wrong {
	with := func(name string, raw string) []byte {
		members := maps.Clone(base)
		delete(members, name)
		body := strings.TrimSuffix(string(encode(members)), "}")
		if len(members) > 0 {
			body += ","
		}
		return []byte(body + `"` + name + `":` + raw + "}")
	}
	return []wrong{
		{what: "unknown field", body: with("no_such_field", `"`+echo+`"`), status: []int{422}, field: "no_such_field"},
		{what: "given twice", body: with("twice", `1,"twice":2`), status: []int{422}, field: "twice"},
		{what: "NUL", body: with("title", `"a\u0000`+echo+`"`), status: []int{422}, field: "title"},
		{what: "half a pair", body: with("title", `"\ud800`+echo+`"`), status: []int{422}, field: "title"},
		{what: "not UTF-8", body: with("title", "\"\xff\xfe"+echo+`"`), status: []int{400, 422}},
		{what: "name not UTF-8", body: with("x\xff", "1"), status: []int{400, 422}},
		{what: "too deep", body: with("title", strings.Repeat("[", 200)+strings.Repeat("]", 200)), status: []int{422}},
		{what: "number beyond any", body: with("title", "1e999"), status: []int{422}, field: "title"},
		{what: "cut off", body: []byte(`{"title":"` + echo), status: []int{400}},
		{what: "not JSON", body: []byte("title=" + echo), status: []int{400}},
		{what: "two values", body: []byte(`{} {}`), status: []int{400}},
		{what: "list", body: []byte(`["` + echo + `"]`), status: []int{400, 422}},
		{what: "null", body: []byte(`null`), status: []int{400, 422}},
		{what: "text", body: []byte(`"` + echo + `"`), status: []int{400, 422}},
		{what: "form", body: []byte("title=" + echo), header: []string{"Content-Type", "application/x-www-form-urlencoded"}, status: []int{415}},
		{what: "no content type", body: encode(base), header: []string{"Content-Type", "text/plain"}, status: []int{415}},
		{what: "bad If-Match", body: encode(base), header: []string{"If-Match", echo}, status: []int{400}},
		{what: "bad key", body: encode(base), header: []string{"Idempotency-Key", strings.Repeat("k", 201)}, status: []int{422}},
	}
}

// member are the mistakes that one member of a body can have, by its schema.
func (b *badInput) member(base map[string]any, name string, s schema) []wrong {
	s = b.h.document().resolve(s)
	var out []wrong
	add := func(what string, value any) {
		body := maps.Clone(base)
		body[name] = value
		out = append(out, wrong{what: what, body: encode(body), status: []int{422}, field: name})
	}
	shapes := map[string]any{"string": echo, "number": 12.5, "boolean": true, "object": map[string]any{echo: 1}, "array": []any{map[string]any{echo: 1}}}
	for _, kind := range slices.Sorted(maps.Keys(shapes)) {
		if len(s.AnyOf) == 0 && !s.is(kind) && !(kind == "number" && money(s)) {
			add(kind+" for "+fmt.Sprint(s.Type), shapes[kind])
		}
	}
	if s.is("string") && !s.is("null") {
		b.wrongTexts(s, add)
	}
	if s.is("integer") || s.is("number") {
		for _, bound := range []*float64{s.Minimum, s.Maximum} {
			if bound != nil {
				add("out of range", *bound+map[bool]float64{true: 1000, false: -1000}[bound == s.Maximum])
			}
		}
		out = append(out, wrong{what: "huge number", body: []byte(strings.TrimSuffix(string(encode(without(base, name))), "}") + comma(without(base, name)) + `"` + name + `":1e400}`), status: []int{422}, field: name})
	}
	return out
}

// money is given as text, and taken as a number too.
func money(s schema) bool { return strings.HasPrefix(s.Pattern, "^-?[0-9]{1,13}") }

func without(base map[string]any, name string) map[string]any {
	some := maps.Clone(base)
	delete(some, name)
	return some
}

func comma(m map[string]any) string {
	if len(m) == 0 {
		return ""
	}
	return ","
}

func (b *badInput) wrongTexts(s schema, add func(string, any)) {
	switch {
	case len(s.Enum) > 0:
		add("no such option", echo)
	case s.Format != "" || s.Pattern != "":
		add("wrong form", echo)
	}
	if s.MaxLength > 0 && s.MaxLength < 1<<20 {
		add("too long", echo+strings.Repeat("长", s.MaxLength))
	}
}

// battery sends every mistake to one operation; base is a body that would be right.
func (b *badInput) battery(login string, r request, in schema, base map[string]any) {
	b.t.Helper()
	for _, name := range in.Required {
		if name != "$schema" {
			b.refuse(login, r, wrong{what: "missing", body: encode(without(base, name)), status: []int{422}, field: name})
		}
	}
	for _, w := range generally(base) {
		b.refuse(login, r, w)
	}
	for _, name := range slices.Sorted(maps.Keys(in.Properties)) {
		if p := in.Properties[name]; !p.ReadOnly && name != "$schema" {
			for _, w := range b.member(base, name, p) {
				b.refuse(login, r, w)
			}
		}
	}
	b.refuse(login, r, wrong{what: "10 MB", body: b.large, status: []int{413}})
}

// TestWalkBadInputToTypedOperations sends every mistake to every typed operation that takes a body.
func TestWalkBadInputToTypedOperations(t *testing.T) {
	t.Parallel()
	eachWalk(t, func(t *testing.T, h *house) {
		b := newBadInput(t, h)
		before := b.stored()
		tried := 0
		for _, r := range h.routes() {
			in, ok := h.document().body(h.document().Paths[r.path][strings.ToLower(r.method)])
			if !ok || b.dynamic(r.path) {
				continue
			}
			tried++
			path := r.with(absent)
			if strings.HasPrefix(r.path, api+"/definitions/") {
				path = r.with(h.types[0].Type)
			}
			base, _ := b.sample(r, in, "", func(string) string { return absent }).(map[string]any)
			b.battery("admin", request{method: r.method, path: path}, in, base)
		}
		if tried < 25 {
			t.Errorf("only %d operations were tried", tried)
		}
		b.untouched("typed operations", before)
		t.Logf("%d bad requests to %d operations", b.sent, tried)
	})
}

// TestWalkBadInputToRecords sends every mistake to every create, edit and transition of every type, in the states where the
// transitions are open and as the people who may take them.
func TestWalkBadInputToRecords(t *testing.T) {
	t.Parallel()
	eachWalk(t, func(t *testing.T, h *house) {
		b := newBadInput(t, h)
		done, ways := map[string]bool{}, 5
		if raced {
			ways = 1
		}
		for _, def := range h.types {
			b.creating(def)
			for _, flow := range def.Workflows {
				for way := range ways {
					b.walkThrough(def, flow.Name, way, done)
				}
			}
		}
		all, left := 0, []string{}
		for _, def := range h.types {
			for _, flow := range def.Workflows {
				for _, step := range flow.Value.Transitions {
					if name := def.Type + "." + flow.Name + "." + step.Name; !slices.Equal(step.Value.By, []string{"system"}) {
						if all++; !done[name] {
							left = append(left, name)
						}
					}
				}
			}
		}
		if len(left)*5 > all && !raced {
			t.Errorf("only %d of %d transitions were reached", all-len(left), all)
		}
		t.Logf("%d bad requests, %d of %d transitions; not reached: %v", b.sent, all-len(left), all, left)
	})
}

func (b *badInput) creating(def *definition.Type) {
	b.t.Helper()
	b.speak("zh")
	desk := b.zh["desk"]
	made, err := b.h.open(def, "", b.c, desk)
	if err != nil {
		b.t.Fatal(err)
	}
	in, _ := b.h.document().body(b.h.document().Paths[api+"/"+def.Plural]["post"])
	base := b.h.opening(def, b.c, desk, b.suits(def), false)
	before := b.glance()
	b.battery("desk", request{method: "POST", path: api + "/" + def.Plural}, in, base)
	edit, _ := b.h.document().body(b.h.document().Paths[api+"/"+def.Plural+"/{number}"]["patch"])
	edit.Required = nil
	for name := range edit.Properties {
		if len(def.Edit.Fields) > 0 && !slices.Contains(def.Edit.Fields, name) {
			delete(edit.Properties, name)
		}
	}
	b.battery("desk", request{method: "PATCH", path: api + "/" + def.Plural + "/" + made.text("number")}, edit, map[string]any{})
	b.aside(def, made.text("number"))
	b.untouched(def.Type, before)
}

// suits is the time, from now, that a type's rules want: some ask for a time ahead, some for one that is past.
func (b *badInput) suits(def *definition.Type) time.Duration {
	for _, at := range []time.Duration{3 * time.Hour, -time.Hour} {
		body := b.h.opening(def, b.c, b.zh["desk"], at, false)
		if b.zh["desk"].send(request{method: "POST", path: api + "/" + def.Plural, body: body}).ok() {
			return at
		}
	}
	return 0
}

// aside are the operations beside transitions.
func (b *badInput) aside(def *definition.Type, number string) {
	b.t.Helper()
	base := api + "/" + def.Plural + "/" + number
	text, flag, list := schema{Type: "string"}, schema{Type: "boolean"}, schema{Type: "array"}
	for _, o := range []struct {
		method, path string
		members      map[string]schema
		body         map[string]any
	}{
		{"POST", "/comments", map[string]schema{"body": text, "public": flag, "attachments": list}, map[string]any{"body": "x"}},
		{"POST", "/work-log", map[string]schema{"minutes": {Type: "integer", Minimum: new(float64), Maximum: ptr(1440)}, "text": text}, map[string]any{"minutes": 5, "text": "x"}},
		{"POST", "/links", map[string]schema{"kind": {Type: "string", Enum: []any{"related"}}, "number": text}, map[string]any{"kind": "related", "number": "x"}},
		{"POST", "/watchers", map[string]schema{"person": text}, map[string]any{"person": absent}},
		{"PUT", "/attachments", map[string]schema{"files": list, "public": flag}, map[string]any{"files": []string{}}},
	} {
		b.battery("desk", request{method: o.method, path: base + o.path}, schema{Properties: o.members}, o.body)
	}
	b.battery("desk", request{method: "POST", path: api + "/" + def.Plural + "/bulk"},
		schema{Properties: map[string]schema{"numbers": list, "action": text, "transition": text, "fields": {Type: "object"}, "comment": text}},
		map[string]any{"numbers": []any{map[string]any{"number": "X-1"}}, "action": "urge"})
}

func ptr(n float64) *float64 { return &n }

// walkThrough takes a record through its workflow; in every state it first sends every mistake to every open transition.
func (b *badInput) walkThrough(def *definition.Type, workflow string, way int, done map[string]bool) {
	b.t.Helper()
	made, err := b.h.open(def, workflow, b.c, b.zh["desk"])
	if err != nil {
		b.t.Fatal(err)
	}
	flow, _ := def.Workflow(workflow)
	number := made.text("number")
	for turn := range 12 {
		rec := b.h.people["sup"].must("GET", api+"/records/"+number, nil)
		todo := slices.DeleteFunc(flow.FromState(rec.text("state.code")), func(step *definition.Transition) bool {
			return done[def.Type+"."+workflow+"."+step.Code] || b.mayTake(step, rec) == nil
		})
		if len(todo) > 0 {
			b.speak([]string{"en", "zh"}[len(done)%2])
			before := b.glance()
			for _, step := range todo {
				b.step(def, number, rec, step)
				done[def.Type+"."+workflow+"."+step.Code] = true
			}
			b.untouched(fmt.Sprintf("%s in state %s", def.Type, rec.text("state.code")), before)
		}
		if !b.h.step(b.c, number, def, turn*way) {
			return
		}
	}
}

// step sends every mistake to one transition as somebody who may take it.
func (b *badInput) step(def *definition.Type, number string, rec object, step *definition.Transition) {
	b.t.Helper()
	p := b.mayTake(step, rec)
	in, ok := b.h.document().body(b.h.document().Paths[api+"/"+def.Plural+"/{number}/"+step.Code]["post"])
	if !ok {
		b.t.Errorf("%s.%s is not in the document", def.Type, step.Code)
		return
	}
	b.zh["now"] = p
	base := b.h.stepping(b.c, p, number, def, step, 3*time.Hour, false)
	filled := rec.at("fields").(map[string]any)
	in.Required = slices.DeleteFunc(slices.Clone(step.Require), func(name string) bool { return filled[name] != nil || rec.at(name) != nil })
	if step.Comment == "required" {
		in.Required = append(in.Required, "comment")
	}
	if p.customer != "" { // what they may not see is unknown to them
		for name := range in.Properties {
			if f, ok := def.Field(name); ok && !f.Public {
				delete(in.Properties, name)
			}
		}
	}
	for name := range in.Properties { // whose signature it is comes before what it looks like
		if f, ok := def.Field(name); ok && f.Type == form.Signature && p.customer == "" {
			delete(in.Properties, name)
		}
	}
	b.battery("now", request{method: "POST", path: api + "/" + def.Plural + "/" + number + "/" + step.Code}, in, base)
}

func (b *badInput) mayTake(step *definition.Transition, rec object) *person {
	for _, expr := range step.Actors(rec.text("state.code")) {
		if p := b.h.actorFor(expr, b.c, rec); p != nil {
			return p
		}
	}
	return nil
}

// speak makes everybody read a language.
func (b *badInput) speak(lang string) {
	b.t.Helper()
	b.lang = lang
	for _, login := range []string{"desk", "sup", "l1", "l2", "l3", "boss", "alpharesp", "alphauser", "alphamate"} {
		b.h.people[login].speak(lang)
	}
}

// stored is what the database holds.
func (b *badInput) stored() map[string]int {
	b.t.Helper()
	out := map[string]int{}
	for table, lines := range b.lines() {
		if table == "identity_sessions" || table == "identity_failures" {
			continue
		}
		for _, line := range lines {
			if table != "audit_events" || !exported.MatchString(line) {
				out[table+" "+line]++
			}
		}
	}
	return out
}

// glance is what the database holds; nil when the walk passes over it.
func (b *badInput) glance() map[string]int {
	b.t.Helper()
	if b.passes() {
		return nil
	}
	return b.stored()
}

// exported finds the trail of exports: who asks in vain asked all the same.
var exported = regexp.MustCompile(`"kind":"[a-z]+\.exported"`)

func (b *badInput) untouched(what string, before map[string]int) {
	b.t.Helper()
	if before == nil {
		return
	}
	after := b.stored()
	for line, n := range after {
		if before[line] < n {
			b.t.Errorf("bad input to %s was stored: %s", what, cut(line, 500))
		}
	}
	for line, n := range before {
		if after[line] < n {
			b.t.Errorf("bad input to %s changed: %s", what, cut(line, 500))
		}
	}
}

// TestWalkBadAddresses: wrong queries, cursors, paths and methods.
func TestWalkBadAddresses(t *testing.T) {
	t.Parallel()
	eachWalk(t, func(t *testing.T, h *house) {
		b := newBadInput(t, h)
		if _, err := h.open(h.types[0], "", b.c, b.zh["desk"]); err != nil {
			t.Fatal(err)
		}
		before := b.stored()
		for _, r := range h.routes() {
			if r.method != "GET" || endless[r.String()] || described[r.path] || r.perm == string(work.Public) {
				continue
			}
			b.badQueries(r)
			b.badPaths(r)
		}
		b.badMethods()
		b.untouched("addresses", before)
	})
}

func (b *badInput) login(r route) string {
	if strings.HasPrefix(r.perm, "record.") || r.perm == "call.use" || r.perm == "search.use" || r.perm == "notify.read" {
		return "desk"
	}
	return "admin"
}

func (b *badInput) badQueries(r route) {
	b.t.Helper()
	values, known := b.sound(r)
	if !known {
		return
	}
	path := r.filled(values...)
	ask := func(what, query, field string, status ...int) {
		b.t.Helper()
		b.refuse(b.login(r), request{method: "GET", path: path + "?" + query}, wrong{what: what, status: status, field: field})
	}
	ask("broken escape", "q=%zz", "", 400)
	ask("not UTF-8", "q=%ff%fe", "", 400)
	ask("NUL", "q=a%00b", "", 400)
	names := b.parameters(r)
	if strings.HasSuffix(r.path, "/counts") || strings.HasSuffix(r.path, "/export") { // they come whole
		names = slices.DeleteFunc(names, func(n string) bool { return n == "cursor" || n == "limit" || n == "sort" })
	}
	if len(names) > 0 {
		ask("unknown parameter", "no_such="+echo, "no_such", 422)
	}
	for _, name := range names {
		switch name {
		case "cursor":
			b.badCursors(r, path)
		case "limit":
			for _, v := range []string{"0", "-1", "100000", "x", "1e3", "9999999999999999999"} {
				ask("limit "+v, "limit="+v, "limit", 422)
			}
		case "sort":
			ask("no such order", "sort="+echo, "sort", 422)
		case "open", "major":
			ask("no yes or no", name+"="+echo, name, 422)
		case "created_from", "created_to", "updated_from", "updated_to", "due_before":
			ask("no date", name+"="+echo, name, 422)
			ask("no date there is", name+"=2025-02-31", name, 422)
		}
		b.hostile(r, path, name)
	}
}

// sound are values with which the route would answer.
func (b *badInput) sound(r route) ([]string, bool) {
	var values []string
	segments := strings.Split(r.path, "/")
	for i, segment := range segments {
		if !strings.HasPrefix(segment, "{") {
			continue
		}
		words, ok := b.choices()[segments[i-1]+"/"+segment]
		if !ok {
			return nil, false
		}
		values = append(values, words[0])
	}
	return values, true
}

// hostile values of a parameter may find nothing or be refused; they never break anything.
func (b *badInput) hostile(r route, path, name string) {
	b.t.Helper()
	for _, v := range []string{"' OR 1=1 --", `"); DROP TABLE records; --`, "<script>alert(1)</script>", "%", "_", `\`, "*", "a AND", `"`, "NEAR(", strings.Repeat("长", 300), "😀", "\u202e", "-1", "null"} {
		if b.passes() {
			continue
		}
		got := b.zh[b.login(r)].get(path + "?" + url.Values{name: {v}}.Encode())
		if got.status >= 500 {
			b.t.Errorf("GET %s with %s=%q: %s", path, name, v, got)
		}
	}
}

func (b *badInput) badCursors(r route, path string) {
	b.t.Helper()
	for _, c := range []string{echo, "!!!!", strings.Repeat("A", 900), httpapi.Cursor("x"), httpapi.Cursor([]int{1}), httpapi.Cursor(map[string]any{"no_such": 1}),
		httpapi.Cursor(map[string]any{"s": "due", "t": "x"}), httpapi.Cursor(map[string]any{"s": "due", "i": []int64{1, 2, 3, 4}, "t": "x"}),
		httpapi.Cursor(map[string]any{"s": "number", "i": []int64{1}, "t": "x"}), httpapi.Cursor(map[string]any{"s": echo, "t": "x"}),
		httpapi.Cursor(map[string]any{"s": "priority", "i": []int64{1}, "t": "x"})} {
		for _, sort := range []string{"", "&sort=number", "&sort=priority"} {
			if b.passes() {
				continue
			}
			got := b.zh[b.login(r)].get(path + "?cursor=" + url.QueryEscape(c) + sort)
			if got.status >= 500 {
				b.t.Errorf("GET %s with cursor %s%s: %s", path, c, sort, got)
			}
		}
	}
	b.refuse(b.login(r), request{method: "GET", path: path + "?cursor=" + echo}, wrong{what: "cursor", status: []int{422}, field: "cursor"})
}

func (b *badInput) badPaths(r route) {
	b.t.Helper()
	if len(r.parameters()) == 0 {
		return
	}
	for _, v := range []string{"%00", "%ff", strings.Repeat("x", 2000), "..%2f..%2fetc%2fpasswd", "%27%20OR%201=1", "<script>", "%E2%80%AE", "-1", "0", "99999999999999999999"} {
		if b.passes() {
			continue
		}
		got := b.zh[b.login(r)].get(r.with(v))
		if got.status < 400 || got.status >= 500 {
			b.t.Errorf("GET %s: want a refusal, got %s", r.with(v), got)
		}
		if got.header.Get("Content-Type") != "application/problem+json" {
			b.t.Errorf("GET %s: not a problem document: %s", r.with(v), got)
		}
	}
}

func (b *badInput) badMethods() {
	b.t.Helper()
	methods := map[string][]string{}
	for _, r := range b.h.routes() {
		methods[r.path] = append(methods[r.path], r.method)
	}
	for path, have := range methods {
		if !strings.HasPrefix(path, api) || strings.Contains(path, "{transition}") {
			continue
		}
		for _, method := range []string{"PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} {
			target := (route{path: path}).with("1")
			if slices.Contains(have, method) || b.matches(methods, method, target) {
				continue
			}
			b.refuse("admin", request{method: method, path: target}, wrong{what: "method", status: []int{405}})
		}
	}
	for _, path := range []string{"/nope", "/incidents/1/2/3/4", "/../../etc/passwd", "//", "/%2e%2e/x", "/" + strings.Repeat("x", 5000)} {
		got := b.zh["admin"].get(api + path)
		if got.status < 300 || got.status >= 500 {
			b.t.Errorf("GET %s: want a refusal, got %s", path, got)
		}
	}
	b.refuse("admin", request{method: "GET", path: api + "/no/such/address"}, wrong{what: "no address", status: []int{404}})
}

// matches tells whether another pattern takes the method at the address.
func (b *badInput) matches(methods map[string][]string, method, target string) bool {
	for path, have := range methods {
		if slices.Contains(have, method) && fits(path, target) {
			return true
		}
	}
	return false
}

// fits tells whether an address is one of a pattern.
func fits(pattern, address string) bool {
	a, b := strings.Split(pattern, "/"), strings.Split(address, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.HasPrefix(a[i], "{") {
			return false
		}
	}
	return true
}

// hostileTexts are what somebody might type to break things. They are data.
var hostileTexts = []string{`'; DROP TABLE records; --`, `<script>alert('x')</script>`, `=HYPERLINK("http://evil.example","x")`, "+1+1", "-2+3", "@SUM(A1)", `{{7*7}} ${7*7} #{7*7} %s %n`, `\" \\ \u0041 %00`, "👩‍💻 ‮ 表", `" OR "1"="1`}

// TestWalkHostileTextIsData stores hostile text in every text field, and gets it back as it was, everywhere.
func TestWalkHostileTextIsData(t *testing.T) {
	t.Parallel()
	eachWalk(t, func(t *testing.T, h *house) {
		h.staff("组")
		c := h.customer("alpha", markA, "1390000")
		desk := h.people["desk"]
		for _, def := range h.ordinary() {
			for i, hostile := range hostileTexts {
				body := hostileBody(h, def, c, desk, hostile)
				got := desk.send(request{method: "POST", path: api + "/" + def.Plural, body: body})
				if got.status != 201 {
					t.Fatalf("%s with %q: %s", def.Type, hostile, got)
				}
				number := got.object().text("number")
				same(t, def, desk.must("GET", api+"/records/"+number, nil), body)
				desk.must("POST", api+"/"+def.Plural+"/"+number+"/comments", map[string]any{"body": hostile, "public": i%2 == 0})
				if said := desk.get(api + "/" + def.Plural + "/" + number + "/timeline").object(); !slices.ContainsFunc(said.list("items"), func(e object) bool { return e.text("body") == hostile }) {
					t.Errorf("%s: the comment %q did not come back", def.Type, hostile)
				}
				if found := desk.get(api + "/search?" + url.Values{"q": {hostile}}.Encode()); found.status != 200 {
					t.Errorf("search for %q: %s", hostile, found)
				}
			}
			neutral(t, h, def)
		}
		hostileNames(t, h)
	})
}

func hostileBody(h *house, def *definition.Type, c *customer, p *person, hostile string) map[string]any {
	at := 3 * time.Hour
	for _, g := range def.Create.Guards {
		if strings.Contains(g.Holds, "<= now") {
			at = -time.Hour
		}
	}
	body := h.opening(def, c, p, at, true)
	for name := range body {
		f, _ := def.Field(name)
		if f.Type == form.Text || f.Type == form.Markdown {
			s := []rune(hostile)
			if f.MaxLen > 0 {
				s = s[:min(len(s), f.MaxLen)]
			}
			body[name] = strings.TrimSpace(string(s))
		}
	}
	for _, f := range def.Fields { // a record of another type is not what this is about
		if f.Type == form.Ref && !slices.Contains([]string{"customer", "site", "service", "person", "contact", "staff", "team"}, f.To) {
			delete(body, f.Name)
		}
	}
	return body
}

func same(t *testing.T, def *definition.Type, rec object, body map[string]any) {
	t.Helper()
	for name, want := range body {
		f, _ := def.Field(name)
		if f.Type != form.Text && f.Type != form.Markdown {
			continue
		}
		got := rec.at("fields." + name)
		if name == "title" || name == "description" {
			got = rec.at(name)
		}
		if got != want && !slices.ContainsFunc(def.Derive, func(e definition.Entry[string]) bool { return e.Name == name }) {
			t.Errorf("%s.%s: %q came back as %q", def.Type, name, want, got)
		}
	}
}

// neutral looks at the exports: no cell may be a formula.
func neutral(t *testing.T, h *house, def *definition.Type) {
	t.Helper()
	got := h.people["desk"].get(api + "/" + def.Plural + "/export?format=csv")
	if got.header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%s export: headers %v", def.Type, got.header)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(got.body, []byte("\uFEFF")))).ReadAll()
	if err != nil || len(rows) <= len(hostileTexts) {
		t.Fatalf("%s export: %d rows, %v", def.Type, len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
				t.Errorf("%s export: a cell begins a formula: %q", def.Type, cell)
			}
		}
	}
	sheet := h.people["desk"].get(api + "/" + def.Plural + "/export?format=xlsx")
	file, err := excelize.OpenReader(bytes.NewReader(sheet.body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for r, row := range rows {
		for col := range row {
			cell, err := excelize.CoordinatesToCellName(col+1, r+1)
			if err != nil {
				t.Fatal(err)
			}
			if formula, err := file.GetCellFormula("Sheet1", cell); err != nil || formula != "" {
				t.Errorf("%s: cell %s is a formula: %q %v", def.Type, cell, formula, err)
			}
		}
	}
}

// hostileNames puts hostile text into the directory and reads it back.
func hostileNames(t *testing.T, h *house) {
	t.Helper()
	admin := h.people["admin"]
	for i, hostile := range hostileTexts {
		for path, body := range map[string]map[string]any{
			"/organisations": {"kind": "customer", "name": hostile, "address": hostile, "note": hostile},
			"/sites":         {"organisation": h.ids["alpha"], "name": hostile, "address": hostile, "note": hostile},
			"/departments":   {"organisation": h.ids["alpha"], "name": hostile},
			"/services":      {"customer": h.ids["alpha"], "name": hostile, "note": hostile},
			"/people":        {"organisation": h.ids["alpha"], "name": hostile, "position": hostile},
			"/teams":         {"organisation": h.provider, "name": hostile},
		} {
			got := admin.send(request{method: "POST", path: api + path, body: body})
			if got.status != 201 {
				t.Errorf("%s %q: %s", path, hostile, got)
				continue
			}
			back := admin.must("GET", api+path+"/"+got.object().text("id"), nil)
			for name, want := range body {
				if back.at(name) != want {
					t.Errorf("%s.%s: %q came back as %q", path, name, want, back.at(name))
				}
			}
			if found := admin.get(api + path + "?" + url.Values{"q": {cut(hostile, 60)}}.Encode()); found.status != 200 || i < 6 && len(found.object().list("items")) == 0 {
				t.Errorf("%s?q=%q: %s", path, hostile, found)
			}
		}
	}
	cells := admin.get(api + "/audit/export")
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(cells.body, []byte("\uFEFF")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
				t.Errorf("audit export: a cell begins a formula: %q", cell)
			}
		}
	}
}

// endlessFile is a body of a given size that is never in memory as a whole.
type endlessFile struct {
	left int64
	read *atomic.Int64
}

func (f *endlessFile) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), f.left)
	clear(p[:n])
	f.left -= n
	f.read.Add(n)
	return int(n), nil
}

// TestHugeUpload: 200 MB are refused with 413, announced or not, without holding them in memory or on disk.
func TestHugeUpload(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		h.staff("组")
		desk := h.people["desk"]
		files := func() int {
			n := 0
			_ = filepath.WalkDir(filepath.Join(h.app.Config.Data, "files"), func(_ string, d fs.DirEntry, _ error) error {
				if d != nil && !d.IsDir() {
					n++
				}
				return nil
			})
			return n
		}
		before := files()
		for _, announced := range []bool{true, false} {
			var read atomic.Int64
			peak := watchHeap(t)
			got := desk.uploadHuge(t.Context(), 200<<20, announced, &read)
			grown := peak()
			if got.status != 413 || got.object().text("code") != "too_large" || got.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("200 MB, announced %v: want 413, got %s", announced, got)
			}
			if grown > 64<<20 {
				t.Errorf("200 MB, announced %v: memory grew by %d MB", announced, grown>>20)
			}
			t.Logf("announced %v: %d MB were sent, memory grew by %d MB", announced, read.Load()>>20, grown>>20)
		}
		if after := files(); after != before {
			t.Errorf("%d files are left behind", after-before)
		}
		for name, body := range map[string]string{"no boundary": "x", "cut off": "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc", "no file": "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nabc\r\n--b--\r\n"} {
			got := desk.send(request{method: "POST", path: api + "/files", body: []byte(body), header: []string{"Content-Type", "multipart/form-data; boundary=b"}})
			if got.status < 400 || got.status >= 500 {
				t.Errorf("upload with %s: %s", name, got)
			}
		}
		if after := files(); after != before {
			t.Errorf("%d files are left behind by broken uploads", after-before)
		}
		for _, name := range []string{"../../etc/passwd", `..\..\boot.ini`, "a\r\nSet-Cookie: x=1.txt", "<script>.html", "con.svg", strings.Repeat("长", 400) + ".pdf"} {
			id := desk.upload(name, "<script>alert(1)</script>")
			got := desk.get(api + "/files/" + id)
			if d := got.header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") || strings.ContainsAny(d, "/\r\n") || got.header.Get("Set-Cookie") != "" || !strings.Contains(got.header.Get("Content-Security-Policy"), "sandbox") {
				t.Errorf("file %q is served with %v", name, got.header)
			}
		}
	})
}

func (p *person) uploadHuge(ctx context.Context, size int64, announced bool, read *atomic.Int64) answer {
	p.h.t.Helper()
	var head bytes.Buffer
	w := multipart.NewWriter(&head)
	if _, err := w.CreateFormFile("file", "huge.bin"); err != nil {
		p.h.t.Fatal(err)
	}
	tail := "\r\n--" + w.Boundary() + "--\r\n"
	body := io.MultiReader(bytes.NewReader(head.Bytes()), &endlessFile{left: size, read: read}, strings.NewReader(tail))
	req, err := http.NewRequestWithContext(ctx, "POST", p.h.app.URL()+api+"/files", body)
	if err != nil {
		p.h.t.Fatal(err)
	}
	p.dress(req, request{method: "POST"})
	req.Header.Set("Content-Type", w.FormDataContentType())
	if announced {
		req.ContentLength = int64(head.Len()) + size + int64(len(tail))
	}
	res, err := p.h.client.Do(req)
	if err != nil {
		p.h.t.Fatalf("the refusal could not be read: %v", err)
	}
	defer func() { _ = res.Body.Close() }()
	content, _ := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, content}
}

// watchHeap measures how far the heap grows until it is asked.
func watchHeap(t *testing.T) func() int64 {
	t.Helper()
	var start, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&start)
	stop, done, peak := make(chan bool), make(chan bool), int64(0)
	go func() {
		defer close(done)
		for {
			runtime.ReadMemStats(&now)
			peak = max(peak, int64(now.HeapAlloc)-int64(start.HeapAlloc))
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-done
		return peak
	}
}

// TestWalkHostileDefinitions: what an administrator can send to check and publish never breaks the program, and nothing of it is kept.
func TestWalkHostileDefinitions(t *testing.T) {
	t.Parallel()
	good := string(vault(t).Text)
	laughs := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 30; i++ {
		laughs += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	sources := map[string]string{
		"empty": "", "not yaml": "{{{{", "list": "- a\n- b", "unknown key": good + "\nno_such_key: 1\n", "billion laughs": laughs + good, "laughs alone": laughs,
		"self reference": "a: &a {b: *a}\n" + good, "deep": strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "deep maps": strings.Repeat("{a: ", 3000) + "1" + strings.Repeat("}", 3000),
		"1 MB": good + "\n# " + strings.Repeat("x", 1<<20), "half a MB of keys": strings.Repeat("k: 1\n", 100_000), "NUL": good + "\n\x00", "tabs": strings.ReplaceAll(good, "  ", "\t"),
		"unreachable state": strings.Replace(good, "    states:\n", "    states:\n      lonely: {kind: active, stage: work, label: {zh: 孤, en: Lonely}}\n", 1),
		"unknown role":      strings.Replace(good, "by: [desk, handler]", "by: [emperor]", 1),
		"unknown guard":     strings.Replace(good, "guards:\n", "guards:\n          - no_such_guard\n", 1),
		"bad expression":    strings.Replace(good, "!rec.major", "rec.no_such && ((", 1),
		"label missing":     strings.Replace(good, "{zh: 登记, en: Noted}", "{zh: 登记}", 1), "another type": strings.Replace(good, "type: vault", "type: other", 1),
		"field changes type": strings.Replace(good, "p_number:  {type: number", "p_number:  {type: text", 1), "python tag": "!!python/object/apply:os.system ['id']\n" + good,
		"merge keys": "<<: {type: vault}\n" + good, "key twice": good + "\ntype: vault\n", "two documents": good + "\n---\n" + good,
	}
	eachWalk(t, func(t *testing.T, h *house) {
		b := newBadInput(t, h)
		before := b.stored()
		for _, name := range slices.Sorted(maps.Keys(sources)) {
			for _, action := range []string{"check", "publish"} {
				b.hostileDefinition(name, action, sources[name])
			}
		}
		b.untouched("definitions", before)
		b.zh["admin"].must("POST", api+"/definitions/vault/check", map[string]any{"yaml": good})
	})
}

func (b *badInput) hostileDefinition(name, action, source string) {
	b.t.Helper()
	body, err := json.Marshal(map[string]any{"yaml": source})
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
	defer cancel()
	got, err := b.zh["admin"].try(ctx, request{method: "POST", path: api + "/definitions/vault/" + action, body: body})
	if err != nil {
		b.t.Errorf("%s (%s): no answer in 10 seconds: %v", name, action, err)
		return
	}
	if got.status >= 500 || leaky.MatchString(string(got.body)) {
		b.t.Errorf("%s (%s): %s", name, action, got)
	}
	mistakes := got.object().list("mistakes")
	if action == "check" && got.status == 200 {
		if got.object().at("ok") == true {
			b.t.Errorf("%s: is found to be all right", name)
		}
		mistakes = got.object().list("errors")
	}
	if got.status < 400 && action == "publish" {
		b.t.Errorf("%s was published: %s", name, got)
	}
	for _, m := range mistakes {
		if m.text("reason") == "" || m.at("line") == nil {
			b.t.Errorf("%s (%s): a mistake without line or reason: %v", name, action, m)
		}
	}
	if len(mistakes) == 0 && len(got.object().list("errors")) == 0 && got.object().text("detail") == "" {
		b.t.Errorf("%s (%s): says nothing about what is wrong: %s", name, action, got)
	}
}
