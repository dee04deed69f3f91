package alert

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

var (
	shanghai = time.FixedZone("CST", 8*3600)
	noon     = time.Date(2025, 3, 5, 4, 0, 0, 0, time.UTC)
)

// What each system sends, by its documentation.
const (
	fromAlertmanager = `{"receiver":"steward","status":"firing","alerts":[
		{"status":"firing","labels":{"alertname":"HighCPU","instance":"web-01:9100","job":"node","severity":"critical"},"annotations":{"summary":"CPU 高","description":"五分钟平均","value":"96.5","threshold":"90"},"startsAt":"2025-03-05T10:10:00.123456789+08:00","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prom:9090/graph","fingerprint":"c4d1b8f2a9e03b17"},
		{"status":"resolved","labels":{"alertname":"HighCPU","instance":"[2001:db8::7]:9100","severity":"warning"},"annotations":{},"startsAt":"2025-03-05T02:00:00Z","endsAt":"2025-03-05T02:05:00Z","generatorURL":"","fingerprint":"0000000000000002"}],
		"groupLabels":{"alertname":"HighCPU"},"commonLabels":{"alertname":"HighCPU"},"commonAnnotations":{},"externalURL":"http://am:9093","version":"4","groupKey":"{}:{alertname=\"HighCPU\"}","truncatedAlerts":0}`
	fromGrafana = `{"receiver":"steward","status":"firing","orgId":1,"alerts":[{"status":"firing","labels":{"alertname":"磁盘将满","grafana_folder":"生产","host":"db-02","severity":"high"},"annotations":{"summary":"磁盘 93%"},"startsAt":"2025-03-05T10:10:30+08:00","endsAt":"0001-01-01T00:00:00Z","generatorURL":"https://grafana/alerting/grafana/a/view","fingerprint":"57c6d9296de2ad39","silenceURL":"https://grafana/silence","dashboardURL":"https://grafana/d/x","panelURL":"https://grafana/d/x?viewPanel=2","values":{"A":93.25,"C":1},"valueString":"[ var='A' labels={} value=93.25 ]"}],
		"groupLabels":{},"commonLabels":{},"commonAnnotations":{},"externalURL":"https://grafana/","version":"1","groupKey":"{}/{}:{}","truncatedAlerts":0,"title":"[FIRING:1]","state":"alerting","message":"**Firing**"}`
	fromZabbix = `{"event_id":"48213","event_value":"1","event_severity":"Disaster","event_nseverity":"5","host":"core-sw-1","host_ip":"10.0.0.1","trigger_id":"13926","event_name":"接口 Gi0/1 断开","item_name":"Interface Gi0/1: Operational status","item_key":"net.if.status[1]","item_value":"down (2)","event_date":"2025.03.05","event_time":"02:10:00","event_recovery_date":"{EVENT.RECOVERY.DATE}","event_recovery_time":"{EVENT.RECOVERY.TIME}","event_tags":"[{\"tag\":\"scope\",\"value\":\"availability\"},{\"tag\":\"site\",\"value\":\"徐汇\"}]","trigger_url":"https://zabbix/tr.php"}`
	zabbixOver = `{"event_id":"48213","event_value":"0","event_severity":"Disaster","host":"core-sw-1","trigger_id":"13926","event_name":"接口 Gi0/1 断开","event_date":"2025.03.05","event_time":"02:10:00","event_recovery_date":"2025.03.05","event_recovery_time":"02:20:00","tags":"scope:availability, site:徐汇"}`
	fromProm   = `[{"annotations":{"summary":"down"},"startsAt":"2025-03-05T02:10:00.000Z","endsAt":"2025-03-05T04:04:00.000Z","generatorURL":"http://prom:9090/graph","labels":{"alertname":"Down","instance":"web-01:9100","severity":"page"}},
		{"startsAt":"2025-03-05T02:10:00.000Z","endsAt":"2025-03-05T03:59:00.000Z","labels":{"alertname":"Down","instance":"web-02:9100"}}]`
	fromAnybody = `{"object":"ups-01","metric":"battery","value":"12 %","threshold":20,"severity":"P1","at":"2025-03-05T10:10","labels":{"room":"A","rack":7},"title":"电池低"}`
)

func TestParse(t *testing.T) {
	at := time.Date(2025, 3, 5, 2, 10, 0, 0, time.UTC)
	tests := []struct {
		name string
		kind Kind
		body string
		want []Signal // what matters of each
	}{
		{"alertmanager", Alertmanager, fromAlertmanager, []Signal{
			{Object: "web-01", Metric: "HighCPU", Severity: Critical, Value: ptr(96.5), Threshold: ptr(90), Started: at.Add(123 * time.Millisecond), Fingerprint: "c4d1b8f2a9e03b17", Title: "CPU 高", Group: `{}:{alertname="HighCPU"}`},
			{Object: "2001:db8::7", Metric: "HighCPU", Severity: Warning, Resolved: true, Started: at.Add(-10 * time.Minute), Ended: at.Add(-5 * time.Minute), Fingerprint: "0000000000000002", Group: `{}:{alertname="HighCPU"}`}}},
		{"grafana", Grafana, fromGrafana, []Signal{{Object: "db-02", Metric: "磁盘将满", Severity: High, Value: ptr(93.25), Started: at.Add(30 * time.Second), Fingerprint: "57c6d9296de2ad39", Title: "磁盘 93%", Group: "{}/{}:{}"}}},
		{"zabbix", Zabbix, fromZabbix, []Signal{{Object: "core-sw-1", Metric: "net.if.status[1]", Severity: Critical, Started: at.Add(-8 * time.Hour), Fingerprint: "trigger:13926", Title: "接口 Gi0/1 断开", Group: "core-sw-1"}}},
		{"zabbix recovery", Zabbix, zabbixOver, []Signal{{Object: "core-sw-1", Metric: "接口 Gi0/1 断开", Severity: Critical, Resolved: true, Started: at.Add(-8 * time.Hour), Ended: at.Add(-8*time.Hour + 10*time.Minute), Fingerprint: "trigger:13926", Title: "接口 Gi0/1 断开", Group: "core-sw-1"}}},
		{"prometheus", Prometheus, fromProm, []Signal{
			{Object: "web-01", Metric: "Down", Severity: Critical, Started: at, Title: "down"},
			{Object: "web-02", Metric: "Down", Severity: Warning, Resolved: true, Started: at, Ended: at.Add(109 * time.Minute)}}},
		{"generic", Generic, fromAnybody, []Signal{{Object: "ups-01", Metric: "battery", Severity: Critical, Value: ptr(12), Threshold: ptr(20), Started: at, Title: "电池低"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Reading{Now: noon, Zone: shanghai, Below: func(metric string) bool { return metric == "battery" }}
			got, err := Parse(tt.kind, []byte(tt.body), r)
			if err != nil || len(got.Bad) > 0 || len(got.Signals) != len(tt.want) {
				t.Fatal(got, err)
			}
			for i, want := range tt.want {
				same(t, got.Signals[i], want)
			}
		})
	}
}

func ptr(v float64) *float64 { return &v }

func same(t *testing.T, got, want Signal) {
	t.Helper()
	if want.Fingerprint == "" { // made, and the same for the same alert
		want.Fingerprint = got.digest()
	}
	say := func(g Signal) string {
		return fmt.Sprintln(g.Object, g.Metric, g.Severity, g.Resolved, figure(g.Value), g.Value != nil, figure(g.Threshold), g.Threshold != nil, g.Started, g.Ended, g.Fingerprint, g.Title, g.Group)
	}
	if say(got) != say(want) {
		t.Errorf("got  %swant %s", say(got), say(want))
	}
}

func TestParseTags(t *testing.T) {
	for _, body := range []string{fromZabbix, zabbixOver} {
		got, err := Parse(Zabbix, []byte(body), Reading{Now: noon, Zone: shanghai})
		if err != nil || got.Signals[0].Labels["scope"] != "availability" || got.Signals[0].Labels["site"] != "徐汇" || got.Signals[0].Labels["event_id"] != "48213" {
			t.Error(got, err)
		}
	}
	list, err := Parse(Zabbix, []byte(`{"event_id":1,"value":1,"host":"a","trigger":"b","tags":[{"tag":"x","value":"y"}]}`), Reading{Now: noon})
	if err != nil || list.Signals[0].Labels["x"] != "y" {
		t.Error(list, err)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct {
		kind       Kind
		body, code string
	}{
		{Alertmanager, `[]`, "alert.shape"},
		{Alertmanager, `{"alerts":{}}`, "alert.shape"},
		{Alertmanager, `{"alerts":[]}`, "alert.empty"},
		{Alertmanager, `{"alerts":[{"status":"firing","labels":{"alertname":5}}]}`, "alert.none_good"},
		{Alertmanager, `{"alerts":[{"labels":{"alertname":"x"}}]}`, "alert.none_good"},
		{Alertmanager, `{"alerts":[{"status":"firing","labels":{}}]}`, "alert.none_good"},
		{Alertmanager, `{"alerts":[{"status":"firing","labels":{"alertname":"x"},"startsAt":"soon"}]}`, "alert.none_good"},
		{Prometheus, `{}`, "alert.shape"},
		{Prometheus, `[{"labels":{"alertname":"x"},"endsAt":"never"}]`, "alert.none_good"},
		{Zabbix, `{"host":"a","trigger":"b"}`, "alert.none_good"},
		{Zabbix, `{"host":"a","trigger":"b","event_value":"1","tags":"[{"}`, "alert.none_good"},
		{Zabbix, `{"host":{},"event_value":"1"}`, "alert.shape"},
		{Generic, `"x"`, "alert.shape"},
		{Generic, `["x"]`, "alert.none_good"},
		{Generic, `{`, "alert.json"},
		{Generic, "", "alert.json"},
		{Generic, strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), "alert.deep"},
		{Generic, `{"object":"a\u0000"}`, "alert.encoding"},
		{Generic, "{\"object\":\"\xff\"}", "alert.encoding"},
	}
	for _, tt := range tests {
		_, err := Parse(tt.kind, []byte(tt.body), Reading{Now: noon, Zone: shanghai})
		f := fault.As(err)
		if f == nil || f.Code != tt.code {
			t.Errorf("%s %.60s: %v, want %s", tt.kind, tt.body, err, tt.code)
			continue
		}
		for _, lang := range []text.Lang{text.Zh, text.En} {
			if said := f.Say(lang); said == f.Code || strings.Contains(said, "{label}") || strings.Contains(said, "{reason}") {
				t.Errorf("%s: %q", f.Code, said)
			}
		}
	}
	if _, err := Parse(Generic, []byte(`{"object":"a","metric":"\\u0000"}`), Reading{Now: noon}); err != nil {
		t.Errorf("an escaped backslash is no NUL: %v", err)
	}
}

func TestMapping(t *testing.T) {
	m, faults := compileMapping(map[string]string{"list": "data.events", "object": "src.host", "metric": "= item.kind + '/' + string(item.n)", "status": "= item.up ? 'ok' : 'problem'",
		"labels": "tags", "fingerprint": "ids[1]", "title": ""})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	body := `{"data":{"events":[{"src":{"host":"h1"},"kind":"disk","n":3,"up":false,"tags":["a:1","b"],"ids":["x","y"]},{"src":{"host":"h2"},"kind":"disk","up":true}]}}`
	got, err := Parse(Generic, []byte(body), Reading{Now: noon, Zone: shanghai, mapping: m})
	if err != nil || len(got.Signals) != 1 || len(got.Bad) != 1 || got.Bad[0].Index != 1 {
		t.Fatal(got, err)
	}
	if g := got.Signals[0]; g.Object != "h1" || g.Metric != "disk/3" || g.Resolved || g.Labels["a"] != "1" || g.Fingerprint != "y" {
		t.Errorf("%+v", g)
	}
	_, faults = compileMapping(map[string]string{"object": "a..b", "metric": "= item.", "title": "1a", "value": "a[x]"})
	if len(faults) != 4 {
		t.Errorf("%d faults: %v", len(faults), faults)
	}
}

func TestInstant(t *testing.T) {
	for in, want := range map[string]string{"2025-03-05T02:10": "2025-03-04T18:10:00Z", "2025-03-05T02:10:00+08:00": "2025-03-04T18:10:00Z", "2025.03.05 02:10:00": "2025-03-04T18:10:00Z",
		"1741111800": "2025-03-04T18:10:00Z", "1741111800000": "2025-03-04T18:10:00Z", "": "0001-01-01T00:00:00Z", "0": "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z": "0001-01-01T00:00:00Z"} {
		got, ok := instant(in, shanghai)
		if !ok || got.Format(time.RFC3339) != want {
			t.Errorf("%q: %v %v, want %s", in, got, ok, want)
		}
	}
	for _, in := range []string{"soon", "-5", "2500-01-01T00:00:00Z", "1800-01-01T00:00:00Z", "99999999999999999"} {
		if got, ok := instant(in, shanghai); ok {
			t.Errorf("%q is taken for %v", in, got)
		}
	}
}

func TestInstance(t *testing.T) {
	for in, want := range map[string]string{"web-01:9100": "web-01", "10.0.0.1:9100": "10.0.0.1", "[::1]:9100": "::1", "::1": "::1", "web-01": "web-01", "http://web-01:80/x": "http://web-01:80/x", "a:b": "a:b", ":9100": ":9100"} {
		if got := withoutPort(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestSeverity(t *testing.T) {
	for word, want := range map[string]Severity{"Disaster": Critical, "P1": Critical, "High": High, "Average": Warning, "Information": Info, "": Warning, "strange": Warning, "严重": Critical, "Sev-A": High} {
		if got := severityOf(word, map[string]string{"sev-a": "high"}); got != want {
			t.Errorf("%q: %s, want %s", word, got, want)
		}
	}
}

// FuzzParse: whatever comes, it is read or refused, quickly, and what is read can be stored.
func FuzzParse(f *testing.F) {
	for i, body := range []string{fromAlertmanager, fromGrafana, fromZabbix, zabbixOver, fromProm, fromAnybody, `{"alerts":[{}]}`, `[[[]]]`, `{"object":"\ud800"}`, `{"labels":null,"object":1e5}`, `{"value":"NaN","object":"a"}`} {
		f.Add(body, i%5)
	}
	m, _ := compileMapping(map[string]string{"list": "= body.alerts", "object": "= item.object", "metric": "a.b[0]"})
	f.Fuzz(func(t *testing.T, body string, kind int) {
		r := Reading{Now: noon, Zone: shanghai}
		if kind < 0 {
			r.mapping = m
		}
		of := kinds[(kind%len(kinds)+len(kinds))%len(kinds)]
		got, err := Parse(of, []byte(body), r)
		if err != nil {
			if f := fault.As(err); f == nil || f.Kind != fault.Malformed && f.Kind != fault.Invalid || !text.Known(f.Code) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		for _, g := range got.Signals {
			if g.Fingerprint == "" || g.Object == "" && g.Metric == "" || g.Severity.rank() < 0 || strings.ContainsRune(g.Object+g.Metric+g.Title+g.Description, 0) {
				t.Fatalf("%+v", g)
			}
			if !g.Resolved && !g.Ended.IsZero() {
				t.Fatalf("fires and has ended: %+v", g)
			}
		}
	})
}
