package practice_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/engine/definition"
)

func readFile(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// The guide shows what is really in the vehicle's definition, which the scenario runs.
func TestGuideShowsTheVehicle(t *testing.T) {
	guide := readFile(t, "../../docs/guide/definitions.md")
	vehicle := readFile(t, "../scenario/files/definitions/vehicle.yaml")
	blocks := regexp.MustCompile("(?s)```yaml vehicle\n(.*?)```").FindAllStringSubmatch(guide, -1)
	if len(blocks) < 5 {
		t.Fatalf("%d blocks of the vehicle", len(blocks))
	}
	for _, b := range blocks {
		if !strings.Contains(vehicle, b[1]) {
			t.Errorf("not in vehicle.yaml:\n%s", b[1])
		}
	}
	if _, err := definition.Load("vehicle.yaml", []byte(vehicle), vocabulary()); err != nil {
		t.Error(err)
	}
}

// The guide names every key, field type, guard, effect, relation and milestone of the grammar.
func TestGuideIsComplete(t *testing.T) {
	guide := readFile(t, "../../docs/guide/definitions.md")
	var names []string
	for _, part := range []any{
		definition.Type{}, definition.Create{}, definition.Edit{}, definition.When{}, definition.Workflow{}, definition.Stage{}, definition.State{},
		definition.Transition{}, definition.Route{}, definition.Guard{}, definition.Timer{}, definition.Approval{},
	} {
		typ := reflect.TypeOf(part)
		for i := range typ.NumField() {
			if tag := typ.Field(i).Tag.Get("yaml"); tag != "" && tag != "-" {
				names = append(names, tag)
			}
		}
	}
	for _, typ := range form.Types() {
		names = append(names, string(typ))
	}
	known := vocabulary()
	for name := range known.Guards {
		names = append(names, name)
	}
	for name := range known.Effects {
		names = append(names, name)
	}
	for name := range known.Roles {
		names = append(names, name)
	}
	names = append(names, definition.Milestones...)
	names = append(names, "filled", "complete", "given", "next_day_at", "earliest", "handler", "requester", "creator", "watcher", "staff", "team", "tier",
		"superior", "customer", "field", "not", "parent", "system")
	for _, name := range names {
		if !regexp.MustCompile("`[^`\n]*\\b" + regexp.QuoteMeta(name) + "\\b[^`\n]*`").MatchString(guide) {
			t.Errorf("the guide does not name %q", name)
		}
	}
}
