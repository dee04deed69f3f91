package app_test

import "testing"

// TestCalculations asks for one case, for many, and for cases that cannot be reckoned: one bad case does not fail the
// others, and every mistake names its field.
func TestCalculations(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.staff("组")
		desk := h.people["desk"]
		office := map[string]any{"timezone": "Asia/Shanghai", "weekly": map[string]any{"mon": [][]string{{"09:00", "18:00"}}, "tue": [][]string{{"09:00", "18:00"}}}}
		one := map[string]any{"calendar": office, "op": "add", "start": "2025-03-03T17:00:00+08:00", "seconds": 7200}
		got := desk.must("POST", api+"/calc/business-time", one)
		if got.text("result") != "2025-03-04T10:00:00+08:00" || len(got.list("ledger")) != 3 {
			t.Errorf("%v", got)
		}
		never := map[string]any{"calendar": map[string]any{"timezone": "UTC", "weekly": map[string]any{}}, "op": "add", "start": "2025-03-03T17:00:00Z", "seconds": 1}
		if got := desk.must("POST", api+"/calc/business-time", never); got.at("result") != nil {
			t.Errorf("%v", got)
		}
		many := desk.must("POST", api+"/calc/business-time", map[string]any{"cases": []any{with(one, "id", "a"),
			map[string]any{"id": "b", "calendar": office, "op": "elapsed", "start": "2025-03-03T17:00:00+08:00"},
			map[string]any{"id": "c", "calendar": office, "op": "is_open", "start": "2025-03-03T17:00:00+08:00"},
			with(with(one, "id", "d"), "colour", "red")}})
		if many.text("results.0.result") != "2025-03-04T10:00:00+08:00" || many.text("results.0.id") != "a" || many.at("results.2.result") != true {
			t.Errorf("%v", many)
		}
		if many.text("results.1.problem.errors.0.field") != "end" || many.text("results.1.id") != "b" || many.text("results.3.problem.errors.0.field") != "colour" {
			t.Errorf("%v", many)
		}
		for name, body := range map[string]map[string]any{
			"calendar.timezone": with(one, "calendar", map[string]any{"timezone": "Mars", "weekly": map[string]any{}}),
			"op":                with(one, "op", "subtract"),
			"start":             with(one, "start", "yesterday"),
		} {
			bad := desk.send(request{method: "POST", path: api + "/calc/business-time", body: body})
			if bad.status != 422 || bad.object().text("errors.0.field") != name {
				t.Errorf("%s: %s", name, bad)
			}
		}
		history := map[string]any{"calendars": map[string]any{"office": office}, "agreements": map[string]any{"gold": map[string]any{"calendar": "office", "warn_percent": []int{75},
			"targets": map[string]any{"resolution": map[string]any{"seconds": 14400, "pausable": true}}}},
			"events": []any{map[string]any{"at": "2025-03-03T15:00:00+08:00", "type": "created", "agreement": "gold"}, map[string]any{"at": "2025-03-03T16:00:00+08:00", "type": "paused", "reason": "customer"},
				map[string]any{"at": "2025-03-04T09:30:00+08:00", "type": "resumed"}},
			"queries": []any{map[string]any{"at": "2025-03-03T16:30:00+08:00", "target": "resolution"}, map[string]any{"at": "2025-03-04T10:00:00+08:00", "target": "resolution"}}}
		answer := desk.must("POST", api+"/calc/sla", history)
		if answer.text("results.0.state") != "paused" || answer.at("results.0.due") != nil || answer.at("results.0.remaining") != 10800.0 {
			t.Errorf("%v", answer)
		}
		if answer.text("results.1.due") != "2025-03-04T12:30:00+08:00" || answer.text("results.1.warn_at.75") != "2025-03-04T11:30:00+08:00" || answer.at("results.1.paused_seconds") != 9000.0 {
			t.Errorf("%v", answer)
		}
		if bad := desk.send(request{method: "POST", path: api + "/calc/sla", body: with(history, "events", []any{map[string]any{"at": "2025-03-03T15:00:00+08:00", "type": "created", "agreement": "silver"}})}); bad.object().text("errors.0.field") != "events[0].agreement" {
			t.Error(bad)
		}
	})
}

// with is a body with one member changed.
func with(body map[string]any, name string, value any) map[string]any {
	changed := map[string]any{name: value}
	for k, v := range body {
		if k != name {
			changed[k] = v
		}
	}
	return changed
}
