package scenario

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"gopkg.in/yaml.v3"
)

// fake is a server that has just enough of the API for the runner itself: people sign in, notes are made and closed.
func fake(t *testing.T) string {
	mux := http.NewServeMux()
	ids, signed := 0, map[string]int{}
	say := func(w http.ResponseWriter, status int, body any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	made := func(w http.ResponseWriter, r *http.Request) {
		ids++
		say(w, 201, map[string]any{"id": fmt.Sprintf("id-%d", ids)})
	}
	now := "?"
	mux.HandleFunc("PUT /api/test/clock", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Now string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		now = in.Now
		w.WriteHeader(204)
	})
	mux.HandleFunc("POST /api/test/tick", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
	mux.HandleFunc("POST /api/v1/setup", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(204) })
	mux.HandleFunc("GET /api/v1/organisations", func(w http.ResponseWriter, r *http.Request) {
		say(w, 200, map[string]any{"items": []any{map[string]any{"id": "org-0"}}})
	})
	mux.HandleFunc("POST /api/v1/session", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Login string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		signed[in.Login]++
		http.SetCookie(w, &http.Cookie{Name: "s", Value: fmt.Sprintf("%s-%d", in.Login, signed[in.Login])})
		w.WriteHeader(204)
	})
	mux.HandleFunc("GET /api/v1/session", func(w http.ResponseWriter, r *http.Request) { say(w, 200, map[string]any{"csrf": "token"}) })
	for _, path := range []string{"organisations", "people", "accounts", "grants", "teams", "sites", "services"} {
		mux.HandleFunc("POST /api/v1/"+path, made)
	}
	mux.HandleFunc("GET /api/v1/expires", func(w http.ResponseWriter, r *http.Request) {
		if c, _ := r.Cookie("s"); c == nil || !strings.HasSuffix(c.Value, "-2") {
			say(w, 401, map[string]any{"code": "unauthenticated"})
			return
		}
		say(w, 200, map[string]any{"ok": true})
	})
	mux.HandleFunc("POST /api/v1/notes", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-CSRF-Token") != "token" {
			say(w, 403, map[string]any{"code": "csrf"})
			return
		}
		var in map[string]any
		_ = json.NewDecoder(r.Body).Decode(&in)
		if in["title"] == nil {
			say(w, 422, map[string]any{"code": "invalid", "errors": []any{map[string]any{"field": "title"}, map[string]any{"field": "body"}}})
			return
		}
		say(w, 201, map[string]any{"number": "NOTE-1", "title": in["title"], "at": "2025-03-04T01:00:00Z", "clock": now, "tags": []any{"a", "b"}, "state": map[string]any{"code": "open"}})
	})
	mux.HandleFunc("POST /api/v1/notes/NOTE-1/close", func(w http.ResponseWriter, r *http.Request) {
		say(w, 409, map[string]any{"code": "guard", "guard": "has_body"})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

const head = `
scenario: runner
given: {clock: 2025-03-04T09:00:00+08:00, fixture: people.yaml}
steps:
`

const people = `
organisations: {shop: {kind: customer, name: Shop}}
people: {ann: {name: Ann, roles: [desk]}}
teams: {team: {name: Desk, members: ["${ann}"]}}
`

func run(t *testing.T, steps string) error {
	files := fstest.MapFS{"a.yaml": {Data: []byte(head + steps)}, "people.yaml": {Data: []byte(people)}}
	return play(fake(t), files, "a.yaml", t.Log)
}

func TestRunner(t *testing.T) {
	err := run(t, `
  - as: ann
    when: POST /notes
    body: {title: "for ${shop}"}
    then:
      status: 201
      body:
        title: for id-1
        at: 2025-03-04T09:00:00+08:00
        clock: 2025-03-04T09:00:00+08:00
        state.code: open
        state: {code: open}
        tags: [a, b]
        "tags[1]": b
        "tags[-1]": b
        nothing: null
    save: {n: number}
  - {as: ann, when: "POST /notes/${n}/close", then: {status: 409, guard: has_body, code: guard}}
  - {as: ann, when: POST /notes, body: {}, then: {status: 422, fields: [body, title]}}
  - {as: ann, when: GET /expires, then: {body: {ok: true}}}
  - {clock: 2025-03-05T09:00:00+08:00, tick: true}
`)
	if err != nil {
		t.Fatal(err)
	}
}

// What goes wrong is told with file, line, step, what was sent and what came back.
func TestFailuresAreReadable(t *testing.T) {
	note := `{as: ann, when: POST /notes, body: {title: x}`
	cases := map[string]struct {
		steps string
		want  []string
	}{
		"status":  {"  - {say: makes it, as: ann, when: POST /notes, body: {title: x}, then: {status: 409}}\n", []string{"a.yaml:5", "“makes it”", "status: want 409, got 201", `"title": "x"`, "NOTE-1"}},
		"success": {"  - {as: ann, when: POST /notes, body: {}}\n", []string{"want success, got 422"}},
		"guard":   {"  - {as: ann, when: POST /notes/NOTE-1/close, then: {status: 409, guard: other}}\n", []string{"guard: want other, got has_body"}},
		"fields":  {"  - {as: ann, when: POST /notes, body: {}, then: {status: 422, fields: [title]}}\n", []string{"fields: want [title], got [body title]"}},
		"value":   {"  - " + note + ", then: {body: {state.code: shut}}}\n", []string{`state.code: want "shut", got "open"`}},
		"absent":  {"  - " + note + ", then: {body: {state.name: x}}}\n", []string{`state.name: want "x", but it is not there`}},
		"instant": {"  - " + note + ", then: {body: {at: 2025-03-04T09:00:01+08:00}}}\n", []string{"at: want"}},
		"persona": {"  - {as: bob, when: POST /notes}\n", []string{`no persona "bob"`}},
		"unsaved": {"  - {as: ann, when: \"POST /notes/${x}/close\"}\n", []string{"nothing was saved as ${x}"}},
		"save":    {"  - " + note + ", save: {n: id}}\n", []string{"save n: the answer has no id"}},
		"verb":    {"  - {as: ann, when: /notes}\n", []string{"not a method and a path"}},
		"stray":   {"  - {as: ann, when: POST /notes, than: {status: 200}}\n", []string{"than"}},
		"path":    {"  - " + note + ", then: {body: {\"tags[0\": a}}}\n", []string{"is not a path"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := run(t, c.steps)
			if err == nil {
				t.Fatal("it passes")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("want %q in:\n%v", want, err)
				}
			}
		})
	}
}

func TestMatchers(t *testing.T) {
	body := decode([]byte(`{"n": 3, "s": "hello", "list": [{"k": 1, "v": "x"}, {"k": 2, "v": "y"}], "empty": [], "null": null}`))
	cases := []struct {
		at, want string
		holds    bool
	}{
		{"n", "3", true}, {"n", "4", false}, {"n", `"3"`, false},
		{"n", "{$gte: 3}", true}, {"n", "{$gte: 4}", false}, {"n", "{$lte: 2}", false},
		{"s", "{$contains: ell}", true}, {"s", "{$contains: elk}", false},
		{"s", "{$matches: '^h.*o$'}", true}, {"s", "{$matches: '^o'}", false},
		{"s", "{$not: bye}", true}, {"s", "{$not: hello}", false},
		{"s", "{$exists: true}", true}, {"null", "{$exists: true}", false}, {"gone", "{$exists: false}", true},
		{"empty", "{$filled: false}", true}, {"list", "{$filled: true}", true},
		{"list", "{$len: 2}", true}, {"list", "{$len: 1}", false},
		{"list", "{$any: {k: 2, v: y}}", true}, {"list", "{$any: {k: 1, v: y}}", false},
		{"list", "{$none: {v: z}}", true}, {"list", "{$none: {v: x}}", false},
		{"list[k=2].v", "y", true}, {"list[*].v", "[x, y]", true}, {"list[*].v", "[y, x]", false}, {"list[k=3].v", "null", true},
		{"list[*].v", "{$any: {$contains: x}}", true}, {"list[*].v", "{$none: {$matches: x|y}}", false},
		{"null", "null", true}, {"gone", "null", true}, {"s", "null", false}, {".", "{n: 3}", true},
	}
	for _, c := range cases {
		var want any
		if err := yaml.Unmarshal([]byte(c.want), &want); err != nil {
			t.Fatal(err)
		}
		got, found, err := find(body, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if err := match(want, got, found); (err == nil) != c.holds {
			t.Errorf("%s %s: %v", c.at, c.want, err)
		}
	}
}

// Every shipped scenario can be read, names what it covers, and proves a refusal.
func TestShippedScenariosAreSound(t *testing.T) {
	for _, name := range Names() {
		var s Scenario
		if err := read(Files, "files/"+name+".yaml", &s); err != nil {
			t.Fatal(err)
		}
		refusals := 0
		for _, step := range s.Steps {
			if step.Then.Status >= 400 {
				refusals++
			}
		}
		if s.Name == "" || len(s.Covers) == 0 || refusals == 0 {
			t.Errorf("%s: name %q, covers %v, %d refusals", name, s.Name, s.Covers, refusals)
		}
	}
	if len(Definitions()) == 0 {
		t.Error("no definitions")
	}
}
