package app_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/app/apptest"
	"github.com/steward-ops/steward/internal/intake/alert"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// watch is a house with a monitoring system that has a token.
type watch struct {
	*house
	admin, desk, l1 *person
	path            string // where it sends to
	source          string
}

func openWatch(t *testing.T, h *house, kind string, more map[string]any) *watch {
	t.Helper()
	h.staff("组")
	w := &watch{house: h, admin: h.people["admin"], desk: h.people["desk"], l1: h.people["l1"]}
	body := map[string]any{"name": "监控 " + kind, "kind": kind}
	for k, v := range more {
		body[k] = v
	}
	made := w.admin.must("POST", api+"/alert-sources", body)
	w.path, w.source = made.text("path"), made.text("source.id")
	return w
}

// rule adds a rule, asked before the others.
func (w *watch) rule(body map[string]any) string {
	w.t.Helper()
	return w.admin.must("POST", api+"/alert-rules", body).text("id")
}

// post sends a payload as the monitoring system does: with the token and nothing else.
func (w *watch) post(body any) answer {
	w.t.Helper()
	return (&person{h: w.house, login: "monitor"}).send(request{method: "POST", path: w.path, body: body})
}

// took sends a payload and wants these counts.
func (w *watch) took(body any, opened, deduplicated, resolved, ignored int) object {
	w.t.Helper()
	a := w.post(body)
	if a.status != http.StatusOK {
		w.t.Fatalf("the intake answers %s", a)
	}
	got := fmt.Sprint(a.object().at("opened"), a.object().at("deduplicated"), a.object().at("resolved"), a.object().at("ignored"))
	if want := fmt.Sprint(opened, deduplicated, resolved, ignored); got != want {
		w.t.Fatalf("opened deduplicated resolved ignored: %s, want %s in %s", got, want, a)
	}
	return a.object()
}

func (w *watch) advance(d time.Duration) {
	w.app.Clock.(*clock.Manual).Advance(d)
}

func (w *watch) tick() {
	w.t.Helper()
	if err := w.app.Alerts.Tick(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *watch) incidents() []object {
	w.t.Helper()
	return w.desk.must("GET", api+"/incidents?channel=monitoring", nil).list("items")
}

func (w *watch) alerts(query string) []object {
	w.t.Helper()
	return w.desk.must("GET", api+"/alerts?"+query, nil).list("items")
}

// fire is a plain alert of the generic form.
func fire(object, metric, severity string) map[string]any {
	return map[string]any{"object": object, "metric": metric, "severity": severity, "status": "firing"}
}

func over(object, metric string) map[string]any {
	return map[string]any{"object": object, "metric": metric, "status": "resolved", "severity": "critical"}
}

// TestAlertRace: a hundred senders with the same alert at once make one alert and one incident; nothing is lost (MON-06).
func TestAlertRace(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		w := openWatch(t, h, "generic", nil)
		const senders = 100
		answers := make([]answer, senders)
		var group sync.WaitGroup
		for i := range senders {
			group.Go(func() {
				p := &person{h: h, login: "monitor"}
				a, err := p.try(t.Context(), request{method: "POST", path: w.path, body: []any{fire("web-01", "ping", "critical"), fire("web-02", "ping", "critical")}})
				if err != nil {
					t.Error(err)
				}
				answers[i] = a
			})
		}
		group.Wait()
		opened, repeated := 0, 0
		for _, a := range answers {
			if a.status != http.StatusOK {
				t.Fatal(a)
			}
			opened += int(a.object().at("opened").(float64))
			repeated += int(a.object().at("deduplicated").(float64))
		}
		if opened != 2 || repeated != 2*senders-2 {
			t.Errorf("%d opened, %d deduplicated", opened, repeated)
		}
		list := w.alerts("open=true")
		if len(list) != 2 || list[0].at("alert_count") != float64(senders) || list[1].at("alert_count") != float64(senders) {
			t.Errorf("alerts: %v", list)
		}
		if made := w.incidents(); len(made) != 2 {
			t.Errorf("%d incidents", len(made))
		}
	})
}

// TestAlertStorm: more new alerts than are opened while the sender waits are opened by the tick, none is lost.
func TestAlertStorm(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		w := openWatch(t, h, "generic", nil)
		var storm []any
		for i := range 60 {
			storm = append(storm, fire(fmt.Sprintf("node-%03d", i), "ping", "critical"))
		}
		out := w.took(storm, 60, 0, 0, 0)
		at := 0
		for _, it := range out.list("items") {
			if it.text("record") != "" {
				at++
			}
		}
		if at != 20 {
			t.Errorf("%d incidents at once, want 20", at)
		}
		w.tick()
		if n := len(w.alerts("open=true&limit=200")); n != 60 {
			t.Errorf("%d alerts", n)
		}
		for _, a := range w.alerts("open=true&limit=200") {
			if a.text("record") == "" {
				t.Fatalf("an alert without its incident: %v", a)
			}
		}
		w.took(storm, 0, 60, 0, 0)
	})
}

// TestAlertRules walks through what rules can say.
func TestAlertRules(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		w := openWatch(t, h, "generic", nil)
		w.dropped()
		w.counted()
		w.flapping()
		w.grouped()
		w.mapped()
		w.maintained()
	})
}

// dropped: what a rule drops is not kept; a lesser alert without a rule is kept and opens nothing.
func (w *watch) dropped() {
	w.rule(map[string]any{"name": "测试机不管", "action": "drop", "match": "alert.object.startsWith('test-')"})
	w.took(fire("test-01", "ping", "critical"), 0, 0, 0, 1)
	out := w.took(fire("low-01", "updates", "info"), 1, 0, 0, 0)
	if out.text("items.0.record") != "" || len(w.incidents()) != 0 {
		w.t.Errorf("a lesser alert opened something: %v", out)
	}
	if got := w.alerts("object=test-01"); len(got) != 0 {
		w.t.Errorf("a dropped alert was kept: %v", got)
	}
}

// counted: three times within ten minutes, before it counts.
func (w *watch) counted() {
	w.rule(map[string]any{"name": "三次才算", "action": "incident", "match": "alert.metric == 'jitter'", "count": 3, "within": 600})
	jitter := fire("line-01", "jitter", "critical")
	w.took(jitter, 0, 0, 0, 1)
	w.took(jitter, 0, 0, 0, 1)
	if len(w.incidents()) != 0 {
		w.t.Error("it counted before its time")
	}
	w.advance(11 * time.Minute)
	w.took(jitter, 0, 0, 0, 1) // the first two are too old by now
	w.took(jitter, 0, 0, 0, 1)
	out := w.took(jitter, 1, 0, 0, 0)
	if out.text("items.0.record") == "" || len(w.incidents()) != 1 {
		w.t.Errorf("the third did not count: %v", out)
	}
	w.took(jitter, 0, 1, 0, 0)
}

// flapping: what comes and goes stays one alert, until it is calm.
func (w *watch) flapping() {
	w.rule(map[string]any{"name": "反复", "action": "incident", "match": "alert.metric == 'link'", "flap_changes": 3, "flap_within": 600})
	up, down := over("sw-01", "link"), fire("sw-01", "link", "critical")
	w.took(down, 1, 0, 0, 0)
	w.took(up, 0, 0, 1, 0)
	w.advance(time.Minute)
	w.took(down, 0, 1, 0, 0) // opened again, not anew
	w.took(up, 0, 1, 0, 0)   // the third change: flapping
	list := w.alerts("object=sw-01")
	if len(list) != 1 || list[0].at("flapping") != true || list[0].at("open") != true {
		w.t.Fatalf("flapping: %v", list)
	}
	w.advance(11 * time.Minute)
	w.tick()
	if list = w.alerts("object=sw-01"); list[0].text("state") != "resolved" {
		w.t.Errorf("calm for ten minutes, and still %v", list[0])
	}
}

// grouped: all of an object and metric are one alert, whoever reports it; it is over when the last of them is.
func (w *watch) grouped() {
	w.rule(map[string]any{"name": "按对象合并", "action": "incident", "match": "alert.metric == 'io'", "dedup": "object"})
	one, two := fire("san-01", "io", "critical"), fire("san-01", "io", "critical")
	one["fingerprint"], two["fingerprint"] = "a", "b"
	out := w.took([]any{one, two}, 1, 1, 0, 0)
	if out.text("items.0.alert") != out.text("items.1.alert") {
		w.t.Errorf("two alerts of one group: %v", out)
	}
	end := over("san-01", "io")
	end["fingerprint"] = "a"
	w.took(end, 0, 1, 0, 0)
	end["fingerprint"] = "b"
	w.took(end, 0, 0, 1, 0)
}

// mapped: a rule says what the incident is opened with; what it names wrongly does not lose the alarm.
func (w *watch) mapped() {
	c := w.customer("alpha", markA, "1390000")
	w.rule(map[string]any{"name": "映射", "action": "incident", "match": "alert.labels.get('app') == 'pay'", "customer": c.id, "service": c.services[0],
		"set": map[string]any{"title": "'支付：' + alert.title", "impact": "'high'", "urgency": "alert.severity == 'critical' ? 'high' : 'low'", "severity": "'critical'"}})
	pay := fire("pay-01", "latency", "warning")
	pay["labels"], pay["title"] = map[string]any{"app": "pay"}, "延迟"
	number := w.took(pay, 1, 0, 0, 0).text("items.0.record")
	inc := w.desk.must("GET", api+"/incidents/"+number, nil)
	if inc.text("title") != "支付：延迟" || inc.text("customer.id") != c.id || inc.text("service.id") != c.services[0] {
		w.t.Errorf("the incident: %v", inc)
	}
	w.rule(map[string]any{"name": "映射错了", "action": "incident", "match": "alert.metric == 'oops'", "set": map[string]any{"impact": "'no such impact'"}})
	if number := w.took(fire("pay-02", "oops", "critical"), 1, 0, 0, 0).text("items.0.record"); number == "" {
		w.t.Error("a wrong rule lost an alarm")
	}
	refused := w.admin.send(request{method: "POST", path: api + "/alert-rules", body: map[string]any{"name": "坏", "action": "incident", "match": "alert.nothing == 1"}})
	if refused.status != http.StatusUnprocessableEntity || refused.object().text("errors.0.field") != "match" {
		w.t.Errorf("a rule that does not compile: %s", refused)
	}
}

// maintained: within a maintenance window alerts are kept and nobody is called; one that outlasts it opens its incident.
func (w *watch) maintained() {
	now := w.app.Clock.Now()
	before := len(w.incidents())
	w.admin.must("POST", api+"/alert-windows", map[string]any{"name": "机房割接", "from": now.Format(time.RFC3339), "to": now.Add(time.Hour).Format(time.RFC3339), "match": "alert.object.startsWith('core-')"})
	router := fire("core-01", "ping", "critical")
	out := w.took(router, 0, 0, 0, 1)
	if !strings.Contains(out.text("items.0.reason"), "机房割接") || len(w.incidents()) != before {
		w.t.Errorf("within the window: %v", out)
	}
	w.took(fire("edge-01", "ping", "critical"), 1, 0, 0, 0)
	w.advance(time.Hour)
	if number := w.took(router, 1, 0, 0, 0).text("items.0.record"); number == "" || len(w.incidents()) != before+2 {
		w.t.Errorf("after the window: %q", number)
	}
	refused := w.admin.send(request{method: "POST", path: api + "/alert-windows", body: map[string]any{"name": "反了", "from": now.Format(time.RFC3339), "to": now.Format(time.RFC3339), "match": "true"}})
	if refused.status != http.StatusUnprocessableEntity || refused.object().text("errors.0.field") != "to" {
		w.t.Errorf("a window that ends at its beginning: %s", refused)
	}
}

// TestAlertHeartbeat: silence is an alarm, once; to be heard again ends it.
func TestAlertHeartbeat(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		w := openWatch(t, h, "generic", nil)
		w.rule(map[string]any{"name": "心跳", "action": "incident", "match": "alert.metric == 'Watchdog'", "heartbeat": 300, "dedup": "rule"})
		beat := fire("prometheus", "Watchdog", "none")
		w.took(beat, 0, 0, 0, 1)
		w.advance(299 * time.Second)
		w.tick()
		if n := len(w.alerts("")); n != 0 {
			t.Fatalf("%d alarms before the time is up", n)
		}
		w.took(beat, 0, 0, 0, 1)
		w.advance(299 * time.Second)
		w.tick()
		if n := len(w.alerts("")); n != 0 {
			t.Fatalf("%d alarms though it was heard", n)
		}
		w.advance(time.Second)
		w.tick()
		w.tick()
		list := w.alerts("")
		if len(list) != 1 || list[0].text("source.id") != "heartbeat" || list[0].text("severity") != "critical" || list[0].text("record") == "" {
			t.Fatalf("silence: %v", list)
		}
		w.took(beat, 0, 0, 0, 1)
		if list = w.alerts(""); len(list) != 1 || list[0].text("state") != "resolved" {
			t.Errorf("heard again: %v", list)
		}
		w.advance(301 * time.Second)
		w.tick()
		if list = w.alerts("open=true"); len(list) != 1 {
			t.Errorf("silent a second time: %v", list)
		}
	})
}

// TestAlertHostile: nothing that is sent makes the intake fail; what cannot be read is refused with the reason and kept.
func TestAlertHostile(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		w := openWatch(t, h, "generic", nil)
		var labels strings.Builder
		for i := range 200_000 {
			fmt.Fprintf(&labels, `,"l%d":"v"`, i)
		}
		hostile := map[string][]byte{
			"empty":         nil,
			"no JSON":       []byte("<xml/>"),
			"cut":           []byte(`{"object":"a"`),
			"null":          []byte("null"),
			"a number":      []byte("5"),
			"no alerts":     []byte("[]"),
			"nobody":        []byte(`{"status":"firing"}`),
			"deep":          []byte(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)),
			"200000 labels": []byte(`{"object":"a","labels":{"a":"b"` + labels.String() + `}}`),
			"not UTF-8":     []byte("{\"object\":\"\xff\xfe\"}"),
			"NUL":           []byte(`{"object":"a\u0000b"}`),
			"raw NUL":       []byte("{\"object\":\"a\x00b\"}"),
			"wrong types":   []byte(`{"object":{"a":1},"metric":[1,2]}`),
			"wrong time":    []byte(`{"object":"a","at":"yesterday"}`),
			"far time":      []byte(`{"object":"a","at":"9999-01-01T00:00:00Z"}`),
			"wrong value":   []byte(`{"object":"a","value":"much"}`),
			"wrong status":  []byte(`{"object":"a","status":"maybe"}`),
			"long name":     []byte(`{"object":"` + strings.Repeat("长", 301) + `"}`),
			"huge number":   []byte(`{"object":"a","value":1e999}`),
		}
		for name, body := range hostile {
			a := w.post(body)
			if a.status < 400 || a.status > 499 || a.object().text("detail") == "" || a.object().text("code") == "" {
				t.Errorf("%s: %s", name, a)
			}
		}
		kept := w.admin.must("GET", api+"/alert-payloads?limit=200", nil).list("items")
		if len(kept) != len(hostile) {
			t.Errorf("%d payloads kept of %d", len(kept), len(hostile))
		}
		if a := w.post(bytes.Repeat([]byte(" "), 5<<20+1)); a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("more than 5 MiB: %s", a)
		}
		if n := len(w.alerts("")); n != 0 {
			t.Errorf("%d alerts came of it", n)
		}
		english := w.post([]byte("{"))
		p := &person{h: h, login: "monitor", accept: "en"}
		said := p.send(request{method: "POST", path: w.path, body: []byte("{")})
		if !strings.Contains(english.object().text("detail"), "不是 JSON") || !strings.Contains(said.object().text("detail"), "not JSON") {
			t.Errorf("languages: %s %s", english, said)
		}
		// one bad alert among good ones neither loses them nor goes unseen
		out := w.took([]any{fire("a", "b", "critical"), map[string]any{"status": "firing"}, fire("c", "d", "critical")}, 2, 0, 0, 1)
		if out.text("items.1.reason") == "" || out.text("items.2.alert") == "" {
			t.Errorf("a bad one among good ones: %v", out)
		}
	})
}

// TestAlertPayloadRetry: a payload that was refused is taken in once its source is corrected.
func TestAlertPayloadRetry(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		w := openWatch(t, h, "generic", nil)
		if a := w.post(`{"data":{"what":"ups-01","how":"battery"},"sev":"P1"}`); a.status != http.StatusUnprocessableEntity {
			t.Fatal(a)
		}
		kept := w.admin.must("GET", api+"/alert-payloads", nil).list("items")
		one := w.admin.must("GET", api+"/alert-payloads/"+kept[0].text("id"), nil)
		if !strings.Contains(one.text("body"), "ups-01") || one.text("reason") == "" {
			t.Errorf("kept: %v", one)
		}
		w.admin.must("PATCH", api+"/alert-sources/"+w.source, map[string]any{"mapping": map[string]any{"object": "data.what", "metric": "= item.data.how + '!'", "severity": "sev"}})
		out := w.admin.must("POST", api+"/alert-payloads/"+kept[0].text("id")+"/retry", nil)
		if out.at("opened") != float64(1) || out.text("items.0.record") == "" {
			t.Errorf("retried: %v", out)
		}
		if list := w.alerts("object=ups-01"); len(list) != 1 || list[0].text("metric") != "battery!" {
			t.Errorf("%v", list)
		}
		if a := w.l1.get(api + "/alert-payloads"); a.status != http.StatusForbidden {
			t.Errorf("payloads are not for everybody: %s", a)
		}
		refused := w.admin.send(request{method: "PATCH", path: api + "/alert-sources/" + w.source, body: map[string]any{"mapping": map[string]any{"object": "a..b", "title": "= body +"}}})
		if refused.status != http.StatusUnprocessableEntity || len(refused.object().list("errors")) != 2 {
			t.Errorf("a mapping that cannot be: %s", refused)
		}
	})
}

// TestAlertToken: only a good token speaks, for its own kind; a renewed or disabled one is worth nothing at once.
func TestAlertToken(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		w := openWatch(t, h, "generic", nil)
		w.took(fire("a", "b", "critical"), 1, 0, 0, 0)
		guest := &person{h: h, login: "guest"}
		for _, path := range []string{api + "/intake/generic/sta_wrong", strings.Replace(w.path, "generic", "grafana", 1), api + "/intake/nothing/x", api + "/intake/api/"} {
			if a := guest.send(request{method: "POST", path: path, body: fire("a", "b", "critical")}); a.status != http.StatusNotFound {
				t.Errorf("%s: %s", path, a)
			}
		}
		if a := guest.send(request{method: "POST", path: api + "/alerts", body: fire("a", "b", "critical")}); a.status != http.StatusUnauthorized {
			t.Errorf("without a session: %s", a)
		}
		listed := w.admin.get(api + "/alert-sources")
		if token := w.path[strings.LastIndex(w.path, "/")+1:]; strings.Contains(string(listed.body), token) {
			t.Error("the token is shown again")
		}
		made := w.admin.must("POST", api+"/alert-sources/"+w.source+"/renew", nil)
		if a := w.post(fire("a", "b", "critical")); a.status != http.StatusNotFound {
			t.Errorf("the old token: %s", a)
		}
		w.path = made.text("path")
		w.took(fire("a", "b", "critical"), 0, 1, 0, 0)
		w.admin.must("PATCH", api+"/alert-sources/"+w.source, map[string]any{"disabled": true})
		if a := w.post(fire("a", "b", "critical")); a.status != http.StatusNotFound {
			t.Errorf("a disabled source: %s", a)
		}
		if a := w.admin.send(request{method: "PATCH", path: api + "/alert-sources/api", body: map[string]any{"disabled": true}}); a.status != http.StatusConflict {
			t.Errorf("a built-in source: %s", a)
		}
	})
}

// TestAlertDryRun says which rule would apply and why, and keeps nothing.
func TestAlertDryRun(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		w := openWatch(t, h, "alertmanager", nil)
		second := w.rule(map[string]any{"name": "数据库", "action": "notify", "match": "alert.labels['job'] == 'db'"})
		first := w.rule(map[string]any{"name": "停用的", "action": "drop", "enabled": false})
		payload := map[string]any{"version": "4", "groupKey": "g", "alerts": []any{map[string]any{"status": "firing", "labels": map[string]any{"alertname": "Slow", "instance": "db-01:9100", "job": "db"}, "startsAt": "2025-03-03T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z"}}}
		out := w.admin.must("POST", api+"/alert-rule-try", map[string]any{"source": w.source, "payload": payload}).list("items")
		if len(out) != 1 || out[0].text("rule") != second || out[0].text("object") != "db-01" || out[0].text("action") != "notify" {
			t.Fatalf("%v", out)
		}
		steps := out[0].list("steps")
		if len(steps) != 3 || steps[0].text("why") != "已停用" || steps[1].at("applies") != true || steps[2].text("why") != "前面的规则已命中" {
			t.Errorf("steps: %v", steps)
		}
		if n := len(w.alerts("")); n != 0 {
			t.Errorf("a dry run kept %d alerts", n)
		}
		w.admin.must("PUT", api+"/alert-rule-order", map[string]any{"rules": []string{"default", second, first}})
		if list := w.admin.must("GET", api+"/alert-rules", nil).list("items"); list[0].text("id") != "default" || list[2].text("id") != first {
			t.Errorf("order: %v", list)
		}
		if a := w.admin.send(request{method: "PUT", path: api + "/alert-rule-order", body: map[string]any{"rules": []string{"default"}}}); a.status != http.StatusUnprocessableEntity {
			t.Errorf("an order that forgets rules: %s", a)
		}
		if a := w.l1.send(request{method: "POST", path: api + "/alert-rule-try", body: map[string]any{"payload": payload}}); a.status != http.StatusForbidden {
			t.Errorf("rules are not for everybody: %s", a)
		}
	})
}

// TestAlertIsolation: customers see no alerts; staff see those of the customers they serve.
func TestAlertIsolation(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		w := openWatch(t, h, "generic", nil)
		a, b := h.customer("alpha", markA, "1390000"), h.customer("bravo", markB, "1380000")
		for _, c := range []*customer{a, b} {
			w.admin.must("POST", api+"/alert-objects", map[string]any{"name": "web-" + c.key, "customer": c.id})
		}
		w.took([]any{fire("web-alpha", "ping", "critical"), fire("web-bravo", "ping", "critical"), fire("web-nobody", "ping", "critical")}, 3, 0, 0, 0)
		mine := h.hire("narrow", h.provider, "只管甲", nil, grant{role: "l1", customer: a.id})
		list := mine.must("GET", api+"/alerts", nil).list("items")
		if len(list) != 1 || list[0].text("object") != "web-alpha" {
			t.Errorf("who serves one customer sees %v", list)
		}
		other := w.alerts("object=web-bravo")[0].text("id")
		for _, path := range []string{"/acknowledge", "/false", "/resolve"} {
			r := request{method: "POST", path: api + "/alerts/" + other + path}
			if path != "/acknowledge" {
				r.body = map[string]any{}
			}
			if got := mine.send(r); got.status != http.StatusNotFound {
				t.Errorf("%s of another customer's alert: %s", path, got)
			}
		}
		if got := mine.must("GET", api+"/alert-statistics", nil); got.at("total.alerts") != float64(1) {
			t.Errorf("statistics: %v", got)
		}
		for _, p := range []*person{a.user, a.responsible} {
			for _, path := range []string{"/alerts", "/alerts/" + other, "/alert-statistics", "/alert-rules", "/alert-sources", "/alert-objects", "/alert-metrics"} {
				if got := p.get(api + path); got.status != http.StatusForbidden {
					t.Errorf("%s reads %s: %s", p.login, path, got)
				}
			}
		}
	})
}

// TestAlertSteps: an alert goes new → acknowledged → handling → resolved or false (SM-44), and hangs under a record.
func TestAlertSteps(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		w := openWatch(t, h, "generic", nil)
		id := w.took(fire("a", "b", "warning"), 1, 0, 0, 0).text("items.0.alert")
		step := func(name string, body any, want int) answer {
			t.Helper()
			a := w.l1.send(request{method: "POST", path: api + "/alerts/" + id + "/" + name, body: body})
			if a.status != want {
				t.Fatalf("%s: %s", name, a)
			}
			return a
		}
		step("acknowledge", nil, 200)
		step("handle", nil, 200)
		step("handle", nil, 409)
		inc := w.desk.must("POST", api+"/incidents", map[string]any{"title": "网络慢", "description": "慢", "customer": h.customer("alpha", markA, "1390000").id}).text("number")
		if a := step("link", map[string]any{"record": inc}, 200); a.object().text("record") != inc {
			t.Errorf("link: %s", a)
		}
		step("link", map[string]any{"record": "INC-2000-00001"}, 422)
		step("resolve", map[string]any{"reason": "重启"}, 200)
		step("resolve", map[string]any{}, 409)
		if a := step("false", map[string]any{"reason": "误报"}, 200); a.object().text("state_label") != "误报" || a.object().text("closed_by.id") != w.l1.id {
			t.Errorf("false: %s", a)
		}
		stale := w.l1.send(request{method: "POST", path: api + "/alerts/" + id + "/link", body: map[string]any{"record": inc}, header: []string{"If-Match", `"v1"`}})
		if stale.status != http.StatusPreconditionFailed {
			t.Errorf("an old version: %s", stale)
		}
		w.took(fire("a", "b", "warning"), 1, 0, 0, 0) // what was judged false before is a new alert when it comes again
	})
}

// TestAlertSurvives: an alert whose record could not be opened, since the program died, gets it from the next tick, once.
func TestAlertSurvives(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		w := openWatch(t, h, "generic", nil)
		id := w.took(fire("a", "b", "critical"), 1, 0, 0, 0).text("items.0.alert")
		err := h.app.DB.Write(t.Context(), func(tx db.Tx) error { // as if it had died after opening, before noting so
			_, err := tx.Exec(t.Context(), `UPDATE alerts SET owed = 1, record = '' WHERE id = $1`, id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w.tick()
		if a := w.desk.must("GET", api+"/alerts/"+id, nil); a.text("record") == "" {
			t.Errorf("still without a record: %v", a)
		}
		if n := len(w.incidents()); n != 1 {
			t.Errorf("%d incidents", n)
		}
	})
}

// TestAlertDuty: the incident goes to whoever was on duty at the alert's time, and nobody else is told; a dedicated engineer
// on duty goes first; with nobody on duty the team is told (MON-04, C-19).
func TestAlertDuty(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.staff("组")
		second := h.hire("second", h.provider, "何佳", nil, grant{role: "l1"})
		admin, desk, l1, team := h.people["admin"], h.people["desk"], h.people["l1"], h.ids["team:L1"]
		admin.must("PUT", api+"/teams/"+team+"/members", map[string]any{"people": []string{l1.id, second.id}})
		c := h.customer("alpha", markA, "1390000")
		for _, name := range []string{"web-01", "web-02", "web-03"} {
			admin.must("POST", api+"/alert-objects", map[string]any{"name": name, "customer": c.id, "service": c.services[0], "team": team})
		}
		layer := func(p *person, priority int) map[string]any {
			return map[string]any{"name": "上午", "user": p.id, "from": "09:00", "to": "10:30", "priority": priority}
		}
		made := h.people["sup"].must("POST", api+"/rosters", map[string]any{"team": team, "name": "一线值班", "body": map[string]any{"timezone": "Asia/Shanghai", "cover": "as_planned",
			"layer_mode": "union", "check_in": false, "holiday_cover": false, "layers": []any{layer(l1, 2), layer(second, 1)}}})
		published := h.people["sup"].send(request{method: "POST", path: api + "/rosters/" + made.text("id") + "/publish", body: map[string]any{"accept": []string{"unreachable", "overload", "consecutive", "balance"}}})
		if !published.ok() {
			t.Fatal(published)
		}
		at := h.app.Clock.Now().Add(2 * time.Hour) // Monday at 10:00; at 11:00 nobody is on duty
		h.app.Clock.(*clock.Manual).Set(at.Add(2 * time.Hour))
		for _, p := range []*person{admin, desk, l1, second} {
			p.signIn() // the sessions had run out by then
		}
		service := h.app.Alerts
		report := func(name string, at time.Time) object {
			t.Helper()
			a, opened, err := service.Report(work.WithActor(t.Context(), alert.Intake), alert.SignalNew{Object: name, Metric: "cpu", Severity: "critical", At: at.Format(time.RFC3339)})
			if err != nil || !opened {
				t.Fatal(a, err)
			}
			return desk.must("GET", api+"/incidents/"+a.Record, nil)
		}
		told := func(p *person, number string) bool {
			return strings.Contains(string(p.get(api+"/notifications").body), number)
		}
		inc := report("web-01", at)
		if inc.text("assignee.id") != l1.id || inc.text("team.id") != team || !told(l1, inc.text("number")) || told(second, inc.text("number")) {
			t.Errorf("on duty first: %v, told %v %v", inc.at("assignee"), told(l1, inc.text("number")), told(second, inc.text("number")))
		}
		admin.must("POST", api+"/dedicated-engineers", map[string]any{"customer": c.id, "service": c.services[0], "person": second.id})
		if inc = report("web-02", at); inc.text("assignee.id") != second.id {
			t.Errorf("the dedicated engineer is on duty, and %v got it", inc.at("assignee"))
		}
		if inc = report("web-03", at.Add(time.Hour)); inc.text("assignee.id") != "" || !told(l1, inc.text("number")) || !told(second, inc.text("number")) {
			t.Errorf("nobody is on duty: %v, told %v %v", inc.at("assignee"), told(l1, inc.text("number")), told(second, inc.text("number")))
		}
		l1.must("POST", api+"/incidents/"+inc.text("number")+"/accept", map[string]any{})
	})
}

// TestAlertActor: the intake's own use cases answer nobody.
func TestAlertActor(t *testing.T) {
	t.Parallel()
	a := apptest.Start(t, db.SQLite)
	if _, _, err := a.Alerts.Report(t.Context(), alert.SignalNew{Object: "a", Metric: "cpu"}); !fault.Is(err, fault.Unauthenticated) {
		t.Error(err)
	}
}
