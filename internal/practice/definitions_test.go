// Package practice_test holds what is true of every shipped definition.
package practice_test

import (
	"embed"
	"io/fs"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/practice/call"
	"github.com/steward-ops/steward/internal/practice/duty"
	"github.com/steward-ops/steward/internal/practice/incident"
	"github.com/steward-ops/steward/internal/practice/major"
	"github.com/steward-ops/steward/internal/practice/request"
)

// shipped are the definitions of all practices.
var shipped = []embed.FS{incident.Files, call.Files, duty.Files, major.Files, request.Files}

// vocabulary is what definitions may refer to, as in the program; its effects check their arguments.
func vocabulary() definition.Vocabulary {
	roles := map[string]text.Label{}
	for _, role := range []string{
		"admin", "desk", "l1", "l2", "l3", "incident_manager", "supervisor", "maintenance_manager", "head", "service_manager",
		"project_manager", "qa", "technician", "boss", "process_owner", "customer_user", "customer_responsible",
	} {
		roles[role] = text.Label{Zh: role, En: role}
	}
	b := process.NewBehaviour()
	duty.Register(b, nil)
	return b.Vocabulary(time.UTC, roles)
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

// What refers to another type finds it.
func TestShippedDefinitionsLoad(t *testing.T) {
	types := load(t)
	if len(types) != 13 {
		t.Errorf("%d types", len(types))
	}
	var sources []process.Source
	for _, files := range shipped {
		names, err := fs.Glob(files, "*.yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			source, err := files.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sources = append(sources, process.Source{Practice: "test", File: name, Text: source})
		}
	}
	if _, err := process.NewCatalogue(vocabulary(), sources); err != nil {
		t.Error(err)
	}
}
