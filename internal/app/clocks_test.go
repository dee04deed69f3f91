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

// How many clocks come due in the same instant, and how many run beside them. The acceptance, on a server that waits for
// its disk; the program is then also left dead for so long that steps come late, and must be marked so:
//
//	STEWARD_CLOCKS=1000 STEWARD_CLOCKS_RUNNING=100000 scripts/with-postgres.sh --durable go test -run TestEveryStepIsTakenOnce -timeout 40m ./internal/app
const (
	clocksDue     = 150
	clocksTried   = 20          // records that show how fast the machine is
	clockLate     = time.Minute // after which a step is late
	clockPatience = 4 * time.Minute
)

// countFrom reads a number from the environment.
func countFrom(t *testing.T, name string, otherwise int) int {
	t.Helper()
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestEveryStepIsTakenOnce runs the real program, two of it on PostgreSQL, lets the clocks of many records come due
// together, and kills it at random moments meanwhile: every warning and every alarm is sent exactly once and none is lost.
func TestEveryStepIsTakenOnce(t *testing.T) {
	t.Parallel()
	n, running := countFrom(t, "STEWARD_CLOCKS", clocksDue), countFrom(t, "STEWARD_CLOCKS_RUNNING", 0)
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
			others := max(clocksTried, running/clocksOfEach)
			took := v.register(clocksTried, time.Now().Add(90*24*time.Hour))
			v.register(others-clocksTried, time.Now().Add(90*24*time.Hour))
			due := time.Now().Add(2*time.Second + 2*took*time.Duration(n/clocksTried))
			v.register(n, due)
			if time.Now().After(due) {
				t.Fatalf("the records took longer than twice the %s of %d", took, clocksTried)
			}
			late := time.Time{}
			if running > 0 {
				late = due.Add(clockLate + 2*time.Second)
			}
			v.disturb(replicas, n, late)
			v.checkAlarms(n, others, running > 0)
		})
	}
}

// clocksOfEach record: for its response and for its solution.
const clocksOfEach = 2

// promised puts an agreement in force whose targets are far; what customers expect comes before them.
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
		"targets": []map[string]any{{"name": "response", "seconds": 30 * 86400}, {"name": "resolution", "seconds": 60 * 86400}},
		"steps": []map[string]any{{"target": "resolution", "percent": 50, "kind": "warning", "to": []string{"desk"}},
			{"target": "resolution", "percent": 100, "kind": "alarm", "to": []string{"desk"}}}})
	send("POST", fmt.Sprintf("/agreements/%v/activate", agreement["id"]), map[string]any{})
}

// register opens records whose customer expects the solution at an instant, and tells how long that took.
func (v *victim) register(n int, due time.Time) time.Duration {
	v.t.Helper()
	began := time.Now()
	var wg sync.WaitGroup
	for client := range 10 {
		wg.Go(func() {
			for i := client; i < n; i += 10 {
				_, _, err := v.call("POST", "/incidents", map[string]any{"title": "收费窗口打印机卡纸", "description": "三台打印机同时报警。", "customer": v.ids["customer"],
					"site": v.ids["site"], "service": v.ids["service"], "impact": "high", "urgency": "medium", "expected_solve_at": due}, nil)
				if err != nil {
					v.t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(began)
}

// disturb kills the replicas in turn until every step has been taken. With an instant it leaves all of them dead until then,
// once most warnings are out.
func (v *victim) disturb(replicas []*victim, n int, until time.Time) {
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
		case !until.IsZero() && taken > n*9/10:
			for _, r := range replicas {
				r.kill()
			}
			time.Sleep(time.Until(until)) // lint:allow only the long run waits: the real program has to be late by the real clock
			until = time.Time{}
			for _, r := range replicas {
				r.start()
			}
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

// checkAlarms looks for steps that were taken twice or not at all, among the notices and in the trail, and for those that
// were late without being marked.
func (v *victim) checkAlarms(n, running int, late bool) {
	v.t.Helper()
	database, err := db.Open(v.t.Context(), db.Config{URL: v.url})
	if err != nil {
		v.t.Fatal(err)
	}
	defer database.Close()
	for what, want := range map[string]struct {
		sql   string
		count int
	}{
		"warnings":     {"SELECT COUNT(*) FROM notices WHERE kind = 'warning'", n},
		"alarms":       {"SELECT COUNT(*) FROM notices WHERE kind = 'alarm'", n},
		"other clocks": {"SELECT COUNT(*) FROM clocks WHERE state = 'running'", clocksOfEach*running + n},
		"steps taken twice": {"SELECT COUNT(*) FROM (SELECT record_id, kind FROM notices WHERE kind IN ('warning', 'alarm') " +
			"GROUP BY record_id, kind HAVING COUNT(*) > 1) d", 0},
		"timers that failed": {"SELECT COUNT(*) FROM timers WHERE state NOT IN ('pending', 'fired', 'cancelled')", 0},
		"timers with a wrong mark of lateness": {fmt.Sprintf("SELECT COUNT(*) FROM timers WHERE state = 'fired' AND late <> (fired_at - fires_at > %d)",
			clockLate.Milliseconds()), 0},
	} {
		if got := v.countIn(database, want.sql); got != want.count {
			v.t.Errorf("%d %s, want %d", got, what, want.count)
		}
	}
	if marked := v.countIn(database, "SELECT COUNT(*) FROM timers WHERE late"); late && marked == 0 {
		v.t.Error("no step came late: nothing was shown")
	}
}
