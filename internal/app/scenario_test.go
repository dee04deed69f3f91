package app_test

import (
	"testing"

	"github.com/steward-ops/steward/internal/app"
	"github.com/steward-ops/steward/internal/app/apptest"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/scenario"
)

// TestScenarios plays every scenario on both databases: the contract of the program.
func TestScenarios(t *testing.T) {
	var sources []process.Source
	for file, source := range scenario.Definitions() {
		sources = append(sources, process.Source{Practice: "scenario", File: file, Text: source})
	}
	for _, name := range scenario.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			apptest.Each(t, func(t *testing.T, a *app.App) { scenario.Run(t, a.URL(), name) }, sources...)
		})
	}
}
