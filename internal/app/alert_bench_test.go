package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/app"
	"github.com/steward-ops/steward/internal/app/apptest"
	"github.com/steward-ops/steward/internal/platform/db"
)

// BenchmarkAlertIntake measures the intake over HTTP on loopback, sender and server on the same processors: eight
// connections repeat 400 open alerts, one alert a request and fifty a request, as Alertmanager groups them (DESIGN §11: at
// least 2,000 alerts/s, none lost).
//
//	go test ./internal/app -run '^$' -bench AlertIntake -benchtime 5s
func BenchmarkAlertIntake(b *testing.B) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		for _, size := range []int{1, 50} {
			b.Run(fmt.Sprintf("%s/%d", dialect, size), func(b *testing.B) { benchIntake(b, apptest.Start(b, dialect), size) })
		}
	}
}

const (
	benchAlerts      = 400
	benchConnections = 8
)

func benchIntake(b *testing.B, a *app.App, size int) {
	path, count := benchSource(b, a)
	payloads := make([][]byte, benchAlerts/size)
	for i := range payloads {
		payloads[i] = benchPayload(i*size, size)
	}
	first := openLine(b, a)
	for _, p := range payloads { // the first time opens them
		first.post(path, p)
	}
	var next, sent atomic.Int64
	var group sync.WaitGroup
	before := processorTime()
	b.ResetTimer()
	for range benchConnections {
		line := openLine(b, a)
		group.Go(func() {
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					return
				}
				if !line.post(path, payloads[int(n)%len(payloads)]) {
					return
				}
				sent.Add(int64(size))
			}
		})
	}
	group.Wait()
	b.StopTimer()
	b.ReportMetric(float64(sent.Load())/b.Elapsed().Seconds(), "alerts/s")
	b.ReportMetric(float64((processorTime()-before).Microseconds())/float64(sent.Load()), "cpu-µs/alert")
	if got := count(); got != sent.Load()+benchAlerts {
		b.Fatalf("%d alerts were sent, %d are counted", sent.Load()+benchAlerts, got)
	}
}

// processorTime is what this process used so far, sender and server together; other load on the machine does not change it.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchPayload is what Alertmanager sends for some alerts.
func benchPayload(from, n int) []byte {
	var alerts []any
	for i := from; i < from+n; i++ {
		alerts = append(alerts, map[string]any{"status": "firing", "fingerprint": fmt.Sprintf("%016x", i), "startsAt": "2025-03-03T00:00:00.000Z", "endsAt": "0001-01-01T00:00:00Z",
			"labels":       map[string]any{"alertname": "HighLoad", "instance": fmt.Sprintf("node-%03d:9100", i), "job": "node", "severity": "warning", "env": "prod"},
			"annotations":  map[string]any{"summary": "load is high", "description": "load of the last five minutes", "value": "7.25"},
			"generatorURL": "http://prometheus:9090/graph?g0.expr=node_load5+%3E+5"})
	}
	raw, err := json.Marshal(map[string]any{"version": "4", "groupKey": "{}:{alertname=\"HighLoad\"}", "status": "firing", "receiver": "steward", "alerts": alerts})
	if err != nil {
		panic(err)
	}
	return raw
}

// benchSource sets the program up over HTTP, and gives where to post and a way to count what arrived.
func benchSource(b *testing.B, a *app.App) (path string, count func() int64) {
	b.Helper()
	var cookie, csrf string
	call := func(method, path string, body any) map[string]any {
		b.Helper()
		raw, _ := json.Marshal(body)
		r, err := http.NewRequest(method, a.URL()+path, bytes.NewReader(raw))
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Cookie", cookie)
		r.Header.Set("X-CSRF-Token", csrf)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		got := map[string]any{}
		if err := json.NewDecoder(res.Body).Decode(&got); err != nil || res.StatusCode > 299 {
			b.Fatal(method, path, res.Status, got, err)
		}
		if set := res.Header.Get("Set-Cookie"); set != "" {
			cookie, _, _ = strings.Cut(set, ";")
			csrf, _ = got["csrf"].(string)
		}
		return got
	}
	call("POST", api+"/setup", map[string]any{"organisation": map[string]any{"name": "恒远运维", "code": "HY"}, "person": map[string]any{"name": "管理员"}, "login": "admin", "password": password, "language": "zh"})
	made := call("POST", api+"/alert-sources", map[string]any{"name": "Alertmanager", "kind": "alertmanager"})
	return made["path"].(string), func() int64 {
		total := call("GET", api+"/alert-statistics", nil)["total"].(map[string]any)
		return int64(total["alerts"].(float64) + total["repeats"].(float64))
	}
}

// line is a connection that costs next to nothing, so that the processors are left to the server.
type line struct {
	b    *testing.B
	conn net.Conn
	in   *bufio.Reader
}

func openLine(b *testing.B, a *app.App) *line {
	b.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(a.URL(), "http://"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return &line{b: b, conn: conn, in: bufio.NewReader(conn)}
}

func (l *line) post(path string, body []byte) bool {
	_, err := fmt.Fprintf(l.conn, "POST %s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
	if err != nil {
		l.b.Error(err)
		return false
	}
	res, err := http.ReadResponse(l.in, nil)
	if err != nil {
		l.b.Error(err)
		return false
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		l.b.Errorf("%s: %s %v", res.Status, answer, err)
		return false
	}
	return true
}
