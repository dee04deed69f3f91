package observe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestLogCarriesTheTagsOfTheContext(t *testing.T) {
	var out bytes.Buffer
	log := Log(&out, "info", "json").With("part", "db")
	ctx := Tag(context.Background(), slog.String("request", "r1"))
	log.DebugContext(ctx, "not shown")
	log.InfoContext(Tag(ctx, slog.String("job", "j1")), "slow")
	log.InfoContext(ctx, "second")
	var lines []map[string]any
	for line := range strings.Lines(out.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, m)
	}
	if len(lines) != 2 || lines[0]["request"] != "r1" || lines[0]["job"] != "j1" || lines[0]["part"] != "db" || lines[1]["job"] != nil {
		t.Errorf("%v", lines)
	}
}

func TestFigures(t *testing.T) {
	r := Registry()
	f := NewFigures(r)
	f.Request("list-incidents", 200, 3*time.Millisecond)
	f.Transaction("write", time.Millisecond, errors.New("boom"))
	f.Job("mail", time.Second, nil)
	f.Gauge("steward_db_waiting", "Writers in line.", func() float64 { return 7 })
	w := httptest.NewRecorder()
	Handler(r).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`steward_http_request_seconds_bucket{operation="list-incidents",status="200",le="0.005"} 1`,
		`steward_db_transaction_seconds_count{kind="write",result="error"} 1`,
		`steward_job_seconds_sum{kind="mail",result="ok"} 1`,
		`steward_db_waiting 7`, `go_goroutines`, `process_cpu_seconds_total`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("missing %s", want)
		}
	}
}
