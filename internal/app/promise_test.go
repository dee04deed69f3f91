package app_test

import (
	"encoding/json"
	"testing"
	"time"
)

func agreementBody(code, customer string) map[string]any {
	return map[string]any{"code": code, "label": map[string]any{"zh": "服务级别协议", "en": "Agreement"}, "kind": "sla", "customer": customer, "calendar": "office", "valid_from": "2020-01-01",
		"targets": []map[string]any{{"name": "response", "seconds": 1800}, {"name": "resolution", "seconds": 4 * 3600, "pausable": true}}}
}

func withClauses(body map[string]any) map[string]any {
	clauses := map[string]any{}
	for _, name := range []string{"scope", "quality", "indicators", "compensation", "disputes", "leftovers", "complaints"} {
		clauses[name] = "见合同第三章"
	}
	body["clauses"] = clauses
	return body
}

func officeCalendar(from, to string) map[string]any {
	week := map[string]any{}
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri"} {
		week[day] = [][]string{{from, to}}
	}
	return map[string]any{"label": map[string]any{"zh": "工作时间", "en": "Office hours"}, "country": "CN", "spec": map[string]any{"timezone": "Asia/Shanghai", "weekly": week}}
}

// TestAgreementsAreKeptAndReplayed goes through the life of an agreement: drafted, completed, in force, revised; and of a
// calendar whose change moves deadlines, first as a preview and then for real.
func TestAgreementsAreKeptAndReplayed(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.staff("组")
		desk, sup := h.people["desk"], h.people["sup"]
		customer := h.add("/organisations", "promised", map[string]any{"kind": "customer", "name": "永和超市"})
		sup.must("PUT", api+"/calendars/office", officeCalendar("09:00", "18:00"))
		if got := sup.send(request{method: "PUT", path: api + "/calendars/office", body: officeCalendar("08:00", "18:00")}); got.status != 412 {
			t.Errorf("a calendar is changed without the version that was read: %s", got)
		}
		if got := desk.send(request{method: "PUT", path: api + "/calendars/other", body: officeCalendar("08:00", "18:00")}); got.status != 403 {
			t.Errorf("the desk makes a calendar: %s", got)
		}
		made := sup.must("POST", api+"/agreements", agreementBody("SLA-P", customer))
		base := api + "/agreements/" + made.text("id")
		if got := sup.send(request{method: "POST", path: base + "/activate", body: map[string]any{}}); got.status != 409 || got.object().text("guard") != "agreement_complete" || len(got.object().list("errors")) != 7 {
			t.Errorf("an incomplete agreement is put in force: %s", got)
		}
		sup.must("PUT", base, withClauses(agreementBody("SLA-P", customer)))
		sup.must("POST", base+"/activate", map[string]any{})
		incident := desk.must("POST", api+"/incidents", map[string]any{"title": "打不开", "description": "收银打不开", "customer": customer, "impact": "high", "urgency": "high"})
		number := incident.text("number") // Monday 2025-03-03 08:00, before the office opens
		due := func() string { return desk.must("GET", api+"/records/"+number+"/clocks", nil).text("results.0.due") }
		if got := due(); got != "2025-03-03T13:00:00+08:00" {
			t.Errorf("solving is due at %s", got)
		}
		preview := sup.must("POST", api+"/agreements/replay", map[string]any{"calendar": withCode(officeCalendar("10:00", "18:00"), "office")})
		if preview.at("moved") != 2.0 || preview.text("items.0.number") != number {
			t.Errorf("the preview says %s", preview)
		}
		if got := due(); got != "2025-03-03T13:00:00+08:00" {
			t.Errorf("the preview changed something: %s", got)
		}
		if got := sup.send(request{method: "PUT", path: api + "/calendars/office", body: officeCalendar("10:00", "18:00"), header: []string{"If-Match", `"1"`}}); !got.ok() {
			t.Fatal(got)
		}
		if err := h.app.Promises.Reread(t.Context(), json.RawMessage(`{"why": "calendar office"}`)); err != nil {
			t.Fatal(err)
		}
		if got := desk.must("GET", api+"/incidents/"+number, nil).text("due_at"); got != "2025-03-03T02:30:00Z" {
			t.Errorf("the record is due at %s", got)
		}
		if got := due(); got != "2025-03-03T14:00:00+08:00" {
			t.Errorf("after the change solving is due at %s", got)
		}
		revised := withClauses(agreementBody("SLA-P", customer))
		revised["targets"] = []map[string]any{{"name": "response", "seconds": 1800}, {"name": "resolution", "seconds": 3600}}
		sup.must("PUT", base, revised)
		sup.must("POST", base+"/activate", map[string]any{})
		if got := due(); got != "2025-03-03T14:00:00+08:00" {
			t.Errorf("a running record came under the new version: %s", got)
		}
		h.app.Clock.(interface{ Advance(time.Duration) }).Advance(8 * time.Hour)
		if _, err := h.app.Engine.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		sup.signIn() // the sessions had run out by then
		desk.signIn()
		review := map[string]any{"cause": "备件未到", "used_by": "supplier", "confirmed": false, "compensation": "月费 1 %"}
		path := api + "/records/" + number + "/clocks/" + made.text("id") + "/resolution/review"
		if got := sup.send(request{method: "PUT", path: path, body: review}); got.status != 409 || got.object().text("guard") != "confirmed" {
			t.Errorf("a compensation without a confirmed breach: %s", got)
		}
		review["confirmed"] = true
		sup.must("PUT", path, review)
		tally := sup.must("GET", api+"/agreements/statistics?month=2025-03", nil)
		if tally.text("items.0.target") != "resolution" || tally.at("items.0.breached") != 1.0 {
			t.Errorf("the month says %s", tally)
		}
		sup.must("POST", base+"/retire", map[string]any{})
		after := desk.must("POST", api+"/incidents", map[string]any{"title": "又打不开", "description": "收银打不开", "customer": customer, "impact": "high", "urgency": "high"})
		if list := desk.must("GET", api+"/records/"+after.text("number")+"/clocks", nil).list("results"); len(list) != 0 {
			t.Errorf("a retired agreement promises still: %v", list)
		}
	})
}

func withCode(body map[string]any, code string) map[string]any {
	body["code"] = code
	return body
}
