package app_test

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/steward-ops/steward/internal/app"
	"github.com/steward-ops/steward/internal/app/apptest"
	"github.com/steward-ops/steward/internal/platform/db"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestRoutesGolden pins every route with its permission: a change of who may call what is seen in review.
func TestRoutesGolden(t *testing.T) {
	t.Parallel()
	a := apptest.Start(t, db.SQLite)
	got := strings.Join(a.API.Golden(), "\n") + "\n"
	const file = "testdata/routes.golden"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	had, has := lineSet(string(want)), lineSet(got)
	for line := range has {
		if !had[line] {
			t.Errorf("new: %s", line)
		}
	}
	for line := range had {
		if !has[line] {
			t.Errorf("gone: %s", line)
		}
	}
	t.Errorf("the routes changed; look at each permission, then: go test ./internal/app -run TestRoutesGolden -update")
}

func lineSet(s string) map[string]bool {
	lines := map[string]bool{}
	for line := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
		lines[line] = true
	}
	return lines
}

// document is the OpenAPI document as a client reads it.
type document struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	ID         string `json:"operationId"`
	Parameters []struct {
		Name   string `json:"name"`
		In     string `json:"in"`
		Schema schema `json:"schema"`
	} `json:"parameters"`
	RequestBody *struct {
		Content map[string]struct {
			Schema schema `json:"schema"`
		} `json:"content"`
	} `json:"requestBody"`
	Responses map[string]any `json:"responses"`
}

// schema is the part of JSON Schema that the document uses.
type schema struct {
	Ref           string            `json:"$ref"`
	Type          any               `json:"type"`
	Properties    map[string]schema `json:"properties"`
	Required      []string          `json:"required"`
	Items         *schema           `json:"items"`
	Enum          []any             `json:"enum"`
	Format        string            `json:"format"`
	MinLength     int               `json:"minLength"`
	MaxLength     int               `json:"maxLength"`
	Minimum       *float64          `json:"minimum"`
	Maximum       *float64          `json:"maximum"`
	MinItems      int               `json:"minItems"`
	MaxItems      int               `json:"maxItems"`
	ReadOnly      bool              `json:"readOnly"`
	Additional    any               `json:"additionalProperties"`
	AnyOf         []schema          `json:"anyOf"`
	Pattern       string            `json:"pattern"`
	PropertyOrder []string          `json:"-"`
}

func documentOf(t *testing.T, raw []byte) document {
	t.Helper()
	var doc document
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// describe has the program describe itself.
func describe(t *testing.T, a *app.App) []byte {
	t.Helper()
	raw, err := a.API.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// resolve follows a reference.
func (d document) resolve(s schema) schema {
	for s.Ref != "" {
		s = d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	return s
}

// is tells whether a schema has a type, alone or beside null.
func (s schema) is(name string) bool {
	switch t := s.Type.(type) {
	case string:
		return t == name
	case []any:
		for _, one := range t {
			if one == name {
				return true
			}
		}
	}
	return false
}

// body is the schema of an operation's request.
func (d document) body(op operation) (schema, bool) {
	if op.RequestBody == nil {
		return schema{}, false
	}
	content, ok := op.RequestBody.Content["application/json"]
	return d.resolve(content.Schema), ok
}

// TestDocumentNamesEveryStep: every create and every transition of every type is an operation with a schema of its own.
func TestDocumentNamesEveryStep(t *testing.T) {
	t.Parallel()
	source := vault(t)
	a := apptest.Start(t, db.SQLite, source)
	doc := documentOf(t, describe(t, a))
	ids := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.ID == "" {
				t.Errorf("%s %s has no operationId", method, path)
			}
			if ids[op.ID] {
				t.Errorf("operationId %s is used twice", op.ID)
			}
			ids[op.ID] = true
		}
	}
	named := func(path, id string, wants, requires []string) {
		t.Helper()
		op, ok := doc.Paths[path]["post"]
		if !ok || op.ID != id {
			t.Errorf("POST %s is %q in the document, want %q", path, op.ID, id)
			return
		}
		in, ok := doc.body(op)
		if !ok || !in.is("object") || in.Additional != false {
			t.Errorf("%s: no strict schema of its body", id)
		}
		for _, name := range wants {
			if _, ok := in.Properties[name]; !ok {
				t.Errorf("%s: the schema lacks %s", id, name)
			}
		}
		for _, name := range in.Required {
			if !slices.Contains(requires, name) && name != "comment" {
				t.Errorf("%s: the schema demands %s, which not every workflow does", id, name)
			}
		}
		if len(op.Responses) < 2 {
			t.Errorf("%s: answers are not described", id)
		}
	}
	for _, def := range definitionsOf(t, a, source) {
		base := api + "/" + def.Plural
		named(base, def.Type+"-create", def.Create.Inputs(), def.Create.Require)
		for _, w := range def.Workflows {
			for _, step := range w.Value.Transitions {
				if len(step.Value.By) == 1 && step.Value.By[0] == "system" {
					continue // nobody can call it
				}
				named(base+"/{number}/"+step.Name, def.Type+"-"+strings.ReplaceAll(step.Name, "_", "-"), step.Value.Inputs(), step.Value.Require)
			}
		}
	}
}
