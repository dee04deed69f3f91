package scenario

import (
	"errors"
	"fmt"
	"net/http"

	"gopkg.in/yaml.v3"
)

// Fixture is the organisations and people a scenario plays with. Every key becomes a variable that holds the id.
type Fixture struct {
	Organisations Ordered[map[string]any] `yaml:"organisations"`
	Sites         Ordered[map[string]any] `yaml:"sites"`
	Services      Ordered[map[string]any] `yaml:"services"`
	People        Ordered[map[string]any] `yaml:"people"` // with roles: an account and grants, too; the key is the login
	Teams         Ordered[map[string]any] `yaml:"teams"`
}

// Ordered is a mapping in the order it is written, for later entries point to earlier ones.
type Ordered[T any] []struct {
	Key   string
	Value T
}

// UnmarshalYAML keeps the order.
func (o *Ordered[T]) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: a mapping is expected", node.Line)
	}
	for i := 0; i < len(node.Content); i += 2 {
		var value T
		if err := node.Content[i+1].Decode(&value); err != nil {
			return err
		}
		*o = append(*o, struct {
			Key   string
			Value T
		}{node.Content[i].Value, value})
	}
	return nil
}

// caller is a persona with their session.
type caller struct {
	login  string
	cookie *http.Cookie
	csrf   string
}

func (c *caller) dress(req *http.Request) {
	if c == nil || c.cookie == nil {
		return
	}
	req.AddCookie(c.cookie)
	if req.Method != http.MethodGet {
		req.Header.Set("X-CSRF-Token", c.csrf)
	}
}

func (c *caller) keep(res *http.Response) {
	if c == nil {
		return
	}
	for _, cookie := range res.Cookies() {
		c.cookie = cookie
		if cookie.MaxAge < 0 || cookie.Value == "" {
			c.cookie = nil
		}
	}
}

// signIn opens a session for a persona.
func (w *world) signIn(c *caller) error {
	c.cookie, c.csrf = nil, ""
	a, err := w.send(c, "POST", "/session", nil, map[string]any{"login": c.login, "password": password})
	if err != nil {
		return err
	}
	if !a.ok() {
		return fmt.Errorf("sign in as %s: answer %d: %s", c.login, a.status, pretty(a.body))
	}
	if a, err = w.send(c, "GET", "/session", nil, nil); err != nil {
		return err
	}
	token, _, _ := find(a.body, "csrf")
	if c.csrf, _ = token.(string); c.csrf == "" {
		return fmt.Errorf("sign in as %s: no csrf token in %s", c.login, pretty(a.body))
	}
	return nil
}

// given makes the world before the first step: clock, first run, fixture, further definitions.
func (w *world) given(g Given) error {
	if g.Clock != "" {
		if err := w.setClock(g.Clock); err != nil {
			return err
		}
	}
	if err := w.firstRun(); err != nil {
		return err
	}
	if g.Fixture != "" {
		var f Fixture
		if err := read(w.files, g.Fixture, &f); err != nil {
			return err
		}
		if err := w.build(f); err != nil {
			return fmt.Errorf("%s: %w", g.Fixture, err)
		}
	}
	if g.Agreements != "" {
		if err := w.promised(g.Agreements); err != nil {
			return fmt.Errorf("%s: %w", g.Agreements, err)
		}
	}
	return w.defined(g.Definitions)
}

// Agreements are calendars and agreements.
type Agreements struct {
	Calendars  Ordered[map[string]any] `yaml:"calendars"`
	Agreements Ordered[map[string]any] `yaml:"agreements"`
}

// promised puts agreements in force, as the administrator.
func (w *world) promised(file string) error {
	var f Agreements
	if err := read(w.files, file, &f); err != nil {
		return err
	}
	for _, c := range f.Calendars {
		if err := w.as("admin", "PUT", "/calendars/"+c.Key, c.Value); err != nil {
			return err
		}
	}
	for _, a := range f.Agreements {
		if err := w.add("/agreements", a.Key, a.Value); err != nil {
			return err
		}
		if err := w.as("admin", "POST", fmt.Sprintf("/agreements/%v/activate", w.vars[a.Key]), map[string]any{}); err != nil {
			return err
		}
	}
	return nil
}

// firstRun makes the provider and its administrator, as on a fresh installation.
func (w *world) firstRun() error {
	err := w.must("POST", "/api/v1/setup", map[string]any{
		"organisation": map[string]any{"name": "恒远运维", "code": "HY"},
		"person":       map[string]any{"name": "系统管理员"},
		"login":        "admin", "password": password, "language": "zh",
	})
	if err != nil {
		return err
	}
	w.callers["admin"] = &caller{login: "admin"}
	a, err := w.call("admin", "GET", "/organisations?kind=provider", nil, nil)
	if err != nil {
		return err
	}
	id, found, _ := find(a.body, "items[0].id")
	if !found {
		return fmt.Errorf("the provider is not listed: %s", pretty(a.body))
	}
	w.vars["provider"] = id
	return nil
}

// defined checks that the server was started with the record types a scenario brings along (see Definitions).
func (w *world) defined(types []string) error {
	if len(types) == 0 {
		return nil
	}
	a, err := w.call("admin", "GET", "/definitions", nil, nil)
	if err != nil {
		return err
	}
	for _, name := range types {
		known := false
		for _, at := range []string{"[type=" + name + "]", "items[type=" + name + "]"} {
			_, found, _ := find(a.body, at)
			known = known || found
		}
		if !known {
			return errors.New("start the server with the definition of " + name + " (scenario.Definitions)")
		}
	}
	return nil
}

func (w *world) build(f Fixture) error {
	for _, kind := range []struct {
		path    string
		entries Ordered[map[string]any]
	}{{"/organisations", f.Organisations}, {"/sites", f.Sites}, {"/services", f.Services}} {
		for _, e := range kind.entries {
			if err := w.add(kind.path, e.Key, e.Value); err != nil {
				return err
			}
		}
	}
	for _, e := range f.People {
		if err := w.person(e.Key, e.Value); err != nil {
			return err
		}
	}
	for _, e := range f.Teams {
		e.Value["organisation"] = w.vars["provider"]
		if err := w.add("/teams", e.Key, e.Value); err != nil {
			return err
		}
	}
	return nil
}

// add creates an entry as the administrator and keeps its id as a variable.
func (w *world) add(path, key string, body map[string]any) error {
	if _, twice := w.vars[key]; twice {
		return fmt.Errorf("%q is there twice", key)
	}
	filled, err := w.fill(body)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	a, err := w.call("admin", "POST", path, nil, filled)
	if err != nil {
		return err
	}
	id, found, _ := find(a.body, "id")
	if !a.ok() || !found {
		return fmt.Errorf("%s: POST %s %s: answer %d: %s", key, path, show(filled), a.status, pretty(a.body))
	}
	w.vars[key] = id
	return nil
}

// person adds somebody, with an account and grants when roles are named.
func (w *world) person(key string, body map[string]any) error {
	roles, _ := body["roles"].([]any)
	delete(body, "roles")
	if body["organisation"] == nil {
		body["organisation"] = w.vars["provider"]
	}
	if err := w.add("/people", key, body); err != nil {
		return err
	}
	if len(roles) == 0 {
		return nil
	}
	account := map[string]any{"person": w.vars[key], "login": key, "password": password, "must_change": false}
	if err := w.as("admin", "POST", "/accounts", account); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	for _, role := range roles {
		grant := map[string]any{"person": w.vars[key], "role": role}
		if err := w.as("admin", "POST", "/grants", grant); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	w.callers[key] = &caller{login: key}
	return nil
}

func (w *world) as(persona, method, target string, body any) error {
	a, err := w.call(persona, method, target, nil, body)
	if err != nil {
		return err
	}
	if !a.ok() {
		return fmt.Errorf("%s %s: answer %d: %s", method, target, a.status, pretty(a.body))
	}
	return nil
}
