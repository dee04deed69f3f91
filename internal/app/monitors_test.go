package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/app"
	"github.com/steward-ops/steward/internal/app/apptest"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
)

// The tests of this file drive real monitoring programs of Debian (packages prometheus and prometheus-alertmanager)
// against the intake on loopback. Where a program is not installed they are skipped with its name, unless
// STEWARD_TEST_MONITORS=required, as in make test.

func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("STEWARD_TEST_MONITORS") == "required" {
		t.Fatalf("%s is not installed (Debian: apt-get install %s)", name, name)
	}
	t.Skipf("%s is not installed (Debian: apt-get install %s)", name, name)
	return ""
}

// monitor is a program that runs until the test ends.
type monitor struct {
	t    *testing.T
	url  string
	exit chan struct{}
	said *strings.Builder
}

// freePort is a port of loopback that nobody listens on just now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func runMonitor(t *testing.T, address, path string, args ...string) *monitor {
	t.Helper()
	m := &monitor{t: t, url: "http://" + address, exit: make(chan struct{}), said: &strings.Builder{}}
	cmd := exec.Command(path, args...)
	cmd.Dir = t.TempDir()
	cmd.Stdout, cmd.Stderr = m.said, m.said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait()
		close(m.exit)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-m.exit
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(path), cut(m.said.String(), 8000))
		}
	})
	m.until("ready", func() bool {
		res, err := http.Get(m.url + "/-/ready")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return m
}

// until waits for something outside of this process, which has no signal to wait for.
func (m *monitor) until(what string, holds func() bool) {
	m.t.Helper()
	deadline, again := time.After(90*time.Second), time.NewTicker(100*time.Millisecond)
	defer again.Stop()
	for !holds() {
		select {
		case <-m.exit:
			m.t.Fatalf("the program ended while waiting for: %s\n%s", what, m.said)
		case <-deadline:
			m.t.Fatalf("waited too long for: %s", what)
		case <-again.C:
		}
	}
}

// alertmanagerAt starts an Alertmanager that groups by alertname and tells the intake at once, and repeats soon.
func alertmanagerAt(t *testing.T, hook string) *monitor {
	t.Helper()
	path := program(t, "prometheus-alertmanager")
	file := filepath.Join(t.TempDir(), "alertmanager.yml")
	config := fmt.Sprintf(`route: {receiver: steward, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1s}
receivers: [{name: steward, webhook_configs: [{url: %q, send_resolved: true}]}]
`, hook)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freePort(t)
	return runMonitor(t, address, path, "--config.file="+file, "--storage.path="+t.TempDir(), "--web.listen-address="+address, "--cluster.listen-address=")
}

// post gives Alertmanager alerts, as Prometheus does.
func (m *monitor) post(alerts ...map[string]any) {
	m.t.Helper()
	raw, err := json.Marshal(alerts)
	if err != nil {
		m.t.Fatal(err)
	}
	res, err := http.Post(m.url+"/api/v2/alerts", "application/json", strings.NewReader(string(raw)))
	if err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(res.Body)
		m.t.Fatalf("alertmanager answers %s %s", res.Status, body)
	}
}

// alive lets the program's clock run with the machine's, as the monitors' do.
func alive(a *app.App) { a.Clock.(*clock.Manual).Run(time.Now()) }

// eachMonitored is eachHouse with a clock that runs.
func eachMonitored(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			a := apptest.Start(t, dialect)
			alive(a)
			fn(t, openHouse(t, a))
		})
	}
}

// TestRealAlertmanager: fire, group, repeat, resolve.
func TestRealAlertmanager(t *testing.T) {
	t.Parallel()
	program(t, "prometheus-alertmanager")
	eachMonitored(t, func(t *testing.T, h *house) {
		w := openWatch(t, h, "alertmanager", nil)
		m := alertmanagerAt(t, h.app.URL()+w.path)
		alert := func(instance string, ends time.Time) map[string]any {
			a := map[string]any{"labels": map[string]string{"alertname": "DiskFull", "instance": instance, "severity": "critical"}, "annotations": map[string]string{"summary": "磁盘满 " + instance, "value": "99"},
				"generatorURL": "http://prometheus/graph"}
			if !ends.IsZero() {
				a["endsAt"] = ends.Format(time.RFC3339Nano)
			}
			return a
		}
		m.post(alert("db-01:9100", time.Time{}), alert("db-02:9100", time.Time{}))
		one := func(object string) single { return single{w.alerts("object=" + object)} }
		m.until("two alerts of one group, each with an incident", func() bool {
			return one("db-01").with("record") != "" && one("db-02").with("record") != ""
		})
		if a, b := one("db-01"), one("db-02"); a.with("group") != b.with("group") || a.with("title") != "磁盘满 db-01:9100" || a.with("severity") != "critical" || a.with("source.name") == "" {
			t.Errorf("grouped: %v %v", a, b)
		}
		m.until("a repeat", func() bool { return one("db-01").count() >= 3 })
		m.post(alert("db-01:9100", time.Now().Add(-time.Second)))
		m.until("its recovery", func() bool { return one("db-01").with("state") == "resolved" })
		if got := one("db-02").with("state"); got != "new" {
			t.Errorf("the other of the group is %s", got)
		}
		if made := w.incidents(); len(made) != 2 || made[0].text("state.kind") == "done" {
			t.Errorf("incidents: %v", made)
		}
		if kept := w.admin.must("GET", api+"/alert-payloads", nil).list("items"); len(kept) > 0 {
			t.Errorf("not all could be read: %v", kept)
		}
	})
}

// single is a list that should have one entry.
type single struct{ list []object }

func (o single) with(path string) string {
	if len(o.list) == 0 {
		return ""
	}
	return o.list[0].text(path)
}

func (o single) count() float64 {
	if len(o.list) == 0 {
		return 0
	}
	n, _ := o.list[0].at("alert_count").(float64)
	return n
}

// TestRealPrometheus: a rule fires because a target is down and is over when it comes up; Prometheus tells Steward directly,
// as if it were an Alertmanager, and a real Alertmanager beside it.
func TestRealPrometheus(t *testing.T) {
	t.Parallel()
	path := program(t, "prometheus")
	program(t, "prometheus-alertmanager")
	eachMonitored(t, func(t *testing.T, h *house) {
		w := openWatch(t, h, "prometheus", nil)
		through := w.admin.must("POST", api+"/alert-sources", map[string]any{"name": "经 Alertmanager", "kind": "alertmanager"})
		am := alertmanagerAt(t, h.app.URL()+through.text("path"))
		target := freePort(t)
		m := prometheusAt(t, path, target, h.app.URL(), w.path, am.url)
		by := func(source string) single { return single{w.alerts("metric=TargetDown&source=" + source)} }
		m.until("the alert, directly and through Alertmanager", func() bool {
			return by(w.source).with("record") != "" && by(through.text("source.id")).with("record") != ""
		})
		if a := by(w.source); a.with("object") != "127.0.0.1" || a.with("severity") != "critical" || a.with("title") == "" {
			t.Errorf("directly: %v", a.list)
		}
		m.until("its repeats", func() bool { return by(w.source).count() >= 2 })
		up := upTarget(t, target)
		defer up()
		m.until("its recovery, both ways", func() bool {
			return by(w.source).with("state") == "resolved" && by(through.text("source.id")).with("state") == "resolved"
		})
		if kept := w.admin.must("GET", api+"/alert-payloads", nil).list("items"); len(kept) > 0 {
			t.Errorf("not all could be read: %v", kept)
		}
	})
}

func prometheusAt(t *testing.T, path, target, steward, prefix, alertmanager string) *monitor {
	t.Helper()
	dir := t.TempDir()
	write := func(name, content string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	rules := write("rules.yml", `groups:
  - name: test
    interval: 1s
    rules: [{alert: TargetDown, expr: up == 0, labels: {severity: critical}, annotations: {summary: "{{ $labels.instance }} 不可达", value: "{{ $value }}"}}]
`)
	config := write("prometheus.yml", fmt.Sprintf(`global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs: [{job_name: node, static_configs: [{targets: [%q]}]}]
alerting:
  alertmanagers:
    - {path_prefix: %q, static_configs: [{targets: [%q]}]}
    - {static_configs: [{targets: [%q]}]}
`, rules, target, prefix, strings.TrimPrefix(steward, "http://"), strings.TrimPrefix(alertmanager, "http://")))
	address := freePort(t)
	return runMonitor(t, address, path, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--rules.alert.resend-delay=1s")
}

// upTarget answers as an exporter does.
func upTarget(t *testing.T, address string) (stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "# TYPE a gauge\na 1\n")
	})}
	go func() { _ = server.Serve(l) }()
	return func() { _ = server.Shutdown(context.Background()) }
}
