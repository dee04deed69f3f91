package app_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/platform/db"
)

// How many clocks come due at once. More, on a server that waits for its disk:
//
//	STEWARD_CLOCKS=1000 scripts/with-postgres.sh --durable go test -run TestEveryStepIsTakenOnce -timeout 20m ./internal/app
const (
	clocksDue     = 150
	clockSeconds  = 4 // of the target; its warning comes at half of it
	clockPatience = 2 * time.Minute
)

// TestEveryStepIsTakenOnce runs the real program, two of it on PostgreSQL, lets the clocks of many records come due
// together, and kills it at random moments meanwhile: every warning and every alarm is sent exactly once and none is lost.
func TestEveryStepIsTakenOnce(t *testing.T) {
	t.Parallel()
	n := clocksDue
	if s := os.Getenv("STEWARD_CLOCKS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatalf("STEWARD_CLOCKS: %v", err)
		}
	}
	program := buildProgram(t)
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			v := newVictim(t, program, dialect)
			v.further = promised
			v.start()
			v.prepare()
			replicas := []*victim{v}
			if dialect == db.Postgres {
				second := &victim{t: t, program: program, data: v.data, url: v.url, http: v.http}
				t.Cleanup(func() {
					if second.process != nil {
						second.kill()
					}
				})
				second.start()
				replicas = append(replicas, second)
			}
			v.register(n)
			v.disturb(replicas, n)
			v.checkAlarms(n)
		})
	}
}

// promised puts an agreement in force whose target is a few seconds, and a second desk agent who is told.
func promised(send func(method, path string, body any) map[string]any) {
	week := map[string]any{}
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		week[day] = [][]string{{"00:00", "24:00"}}
	}
	label := map[string]any{"zh": "全天候", "en": "Around the clock"}
	send("PUT", "/calendars/always", map[string]any{"label": label, "spec": map[string]any{"timezone": "Asia/Shanghai", "weekly": week}})
	clauses := map[string]any{}
	for _, name := range []string{"scope", "quality", "indicators", "compensation", "disputes", "leftovers", "complaints"} {
		clauses[name] = "见合同"
	}
	agreement := send("POST", "/agreements", map[string]any{"code": "SLA-K", "label": label, "kind": "sla", "calendar": "always", "valid_from": "2020-01-01", "clauses": clauses,
		"targets": []map[string]any{{"name": "response", "seconds": 3600}, {"name": "resolution", "seconds": clockSeconds}},
		"steps": []map[string]any{{"target": "resolution", "percent": 50, "kind": "warning", "to": []string{"desk"}},
			{"target": "resolution", "percent": 100, "kind": "alarm", "to": []string{"desk"}}}})
	send("POST", fmt.Sprintf("/agreements/%v/activate", agreement["id"]), map[string]any{})
}

// register opens the records whose clocks will come due.
func (v *victim) register(n int) {
	v.t.Helper()
	var wg sync.WaitGroup
	for client := range 10 {
		wg.Go(func() {
			for i := client; i < n; i += 10 {
				_, _, err := v.call("POST", "/incidents", map[string]any{"title": "收费窗口打印机卡纸", "description": "三台打印机同时报警。", "customer": v.ids["customer"],
					"site": v.ids["site"], "service": v.ids["service"], "impact": "high", "urgency": "medium"}, nil)
				if err != nil {
					v.t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// disturb kills the replicas in turn until every step has been taken.
func (v *victim) disturb(replicas []*victim, n int) {
	v.t.Helper()
	database, err := db.Open(v.t.Context(), db.Config{URL: v.url})
	if err != nil {
		v.t.Fatal(err)
	}
	defer database.Close()
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	deadline := time.Now().Add(clockPatience)
	for kills := 0; ; {
		<-pause.C
		taken := v.countIn(database, "SELECT COUNT(*) FROM notices WHERE kind IN ('warning', 'alarm')")
		switch {
		case taken >= 2*n && kills > 0:
			return
		case time.Now().After(deadline):
			v.t.Fatalf("%d of %d steps were taken; the program said:\n%s", taken, 2*n, v.log)
		case taken > 0 && kills < 6 && rand.IntN(4) == 0: //nolint:gosec // anything will do
			victim := replicas[kills%len(replicas)]
			victim.kill()
			victim.start()
			kills++
		}
	}
}

func (v *victim) countIn(database *db.DB, sql string) (n int) {
	v.t.Helper()
	err := database.Read(v.t.Context(), func(tx db.Tx) (err error) {
		n, err = db.One(v.t.Context(), tx, db.Scan[int], sql)
		return err
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return n
}

// checkAlarms looks for steps that were taken twice or not at all, among the notices and in the trail.
func (v *victim) checkAlarms(n int) {
	v.t.Helper()
	database, err := db.Open(v.t.Context(), db.Config{URL: v.url})
	if err != nil {
		v.t.Fatal(err)
	}
	defer database.Close()
	for what, sql := range map[string]string{
		"warnings": "SELECT COUNT(*) FROM notices WHERE kind = 'warning'",
		"alarms":   "SELECT COUNT(*) FROM notices WHERE kind = 'alarm'",
	} {
		if got := v.countIn(database, sql); got != n {
			v.t.Errorf("%d %s for %d records", got, what, n)
		}
	}
	if twice := v.countIn(database, "SELECT COUNT(*) FROM (SELECT record_id, kind FROM notices WHERE kind IN ('warning', 'alarm') GROUP BY record_id, kind HAVING COUNT(*) > 1) d"); twice > 0 {
		v.t.Errorf("%d steps were taken twice", twice)
	}
	if waiting := v.countIn(database, "SELECT COUNT(*) FROM timers t JOIN records r ON r.id = t.record_id WHERE t.state <> 'pending' AND t.state <> 'fired' AND t.state <> 'cancelled'"); waiting > 0 {
		v.t.Errorf("%d timers failed", waiting)
	}
}
