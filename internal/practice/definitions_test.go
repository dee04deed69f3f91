// Package practice_test holds what is true of every shipped definition.
package practice_test

import (
	"embed"
	"io/fs"
	"testing"

	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/practice/call"
	"github.com/steward-ops/steward/internal/practice/incident"
	"github.com/steward-ops/steward/internal/practice/request"
)

// shipped are the definitions of all practices.
var shipped = []embed.FS{incident.Files, call.Files, request.Files}

// vocabulary is what definitions may refer to; engine/process provides the same in the program.
func vocabulary() definition.Vocabulary {
	v := definition.Vocabulary{
		Roles:   map[string]text.Label{},
		Guards:  map[string]bool{"not_itself": true, "children_done": true, "links_done": true},
		Effects: map[string]func(definition.Effect, *definition.Type) error{},
		Schemes: map[string]bool{"standard": true},
	}
	for _, role := range []string{
		"admin", "desk", "l1", "l2", "l3", "incident_manager", "supervisor", "maintenance_manager", "head", "service_manager",
		"project_manager", "qa", "technician", "boss", "process_owner", "customer_user", "customer_responsible",
	} {
		v.Roles[role] = text.Label{Zh: role, En: role}
	}
	for _, effect := range []string{"assign", "notify", "tell_customer", "move", "create", "link", "destroy"} {
		v.Effects[effect] = nil
	}
	return v
}

// load reads every shipped definition; a definition that does not load fails the test.
func load(t *testing.T) map[string]*definition.Type {
	t.Helper()
	types := map[string]*definition.Type{}
	known := vocabulary()
	for _, files := range shipped {
		names, err := fs.Glob(files, "*.yaml")
		if err != nil || len(names) == 0 {
			t.Fatalf("no definitions: %v", err)
		}
		for _, name := range names {
			source, err := files.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			typ, err := definition.Load(name, source, known)
			if err != nil {
				t.Errorf("%v", err)
				continue
			}
			types[typ.Type] = typ
		}
	}
	return types
}

func TestShippedDefinitionsLoad(t *testing.T) {
	for name, typ := range load(t) {
		t.Log(name, typ.Plural)
	}
}
