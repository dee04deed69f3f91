package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/core/calendar"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
)

const (
	soon        = "soon" // the target that comes due while the bench waits
	soonSeconds = 20
	idleShare   = 0.02 // of one processor, at most, with all clocks running
	lagMost     = 2 * time.Second
	idleStretch = 10 * time.Second
)

// clockRows are the rows of the clocks of one record.
type clockRows struct {
	governed, events json.RawMessage
	clocks           []clockRow
	timers           []timerRow
}

type clockRow struct {
	agreement, target, kind, customer, state string
	version, seconds, started, due           int64
	cycle                                    int
}

type timerRow struct {
	name string
	at   int64
}

func clockRowsOf(ctx context.Context, database *db.DB, record string) (*clockRows, error) {
	c := &clockRows{}
	err := database.Read(ctx, func(tx db.Tx) error {
		_, err := db.One(ctx, tx, func(row db.Row) (bool, error) {
			return true, row.Scan(db.ScanJSON(&c.governed), db.ScanJSON(&c.events))
		}, `SELECT governed, events FROM clock_histories WHERE record_id = $1`, record)
		if err != nil {
			return fmt.Errorf("the pattern has no clocks: %w", err)
		}
		c.clocks, err = db.All(ctx, tx, func(row db.Row) (r clockRow, err error) {
			return r, row.Scan(&r.agreement, &r.version, &r.target, &r.kind, &r.customer, &r.state, &r.cycle, &r.seconds, &r.started, &r.due)
		}, `SELECT agreement_id, agreement_version, target, kind, customer_id, state, cycle, seconds, started_at, due_at FROM clocks WHERE record_id = $1`, record)
		if err != nil {
			return err
		}
		c.timers, err = db.All(ctx, tx, func(row db.Row) (r timerRow, err error) { return r, row.Scan(&r.name, &r.at) },
			`SELECT name, fires_at FROM timers WHERE record_id = $1`, record)
		return err
	})
	return c, err
}

// write puts the same rows there for another record.
func (c *clockRows) write(ctx context.Context, tx db.Tx, record string) error {
	var all error
	exec := func(sql string, args ...any) {
		_, err := tx.Exec(ctx, sql, args...)
		all = errors.Join(all, err)
	}
	exec(`INSERT INTO clock_histories (record_id, governed, events, open) VALUES ($1, $2, $3, $4)`, record, db.JSON(c.governed), db.JSON(c.events), true)
	for _, r := range c.clocks {
		exec(`INSERT INTO clocks (record_id, agreement_id, agreement_version, target, kind, customer_id, state, cycle, seconds, started_at, due_at, ended_at, elapsed_ms, breach_at, taken, review)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, 0, '[]', '{}')`,
			record, r.agreement, r.version, r.target, r.kind, r.customer, r.state, r.cycle, r.seconds, r.started, r.due)
	}
	for _, r := range c.timers {
		exec(`INSERT INTO timers (id, record_id, name, fires_at, state, attempts, retry_at, fired_at, late, problem) VALUES ($1, $2, $3, $4, 'pending', 0, $4, 0, $5, '')`,
			id.New(), record, r.name, r.at, false)
	}
	return all
}

// measureClocks lets many clocks run, looks at what that costs while nothing is due, and then lets many come due at once.
func measureClocks(ctx context.Context, o *options, p *place, report *report) error {
	return underLoad(ctx, o, p, fmt.Sprintf("clocks-%s", p.dialect), p.cast.Tokens[desk], 16, func(l *workload) error {
		if err := l.runClocks(ctx, o.clocks); err != nil {
			return err
		}
		if err := l.idle(ctx, report); err != nil {
			return err
		}
		return l.comeDue(ctx, o.due, report)
	})
}

func (l *workload) runClocks(ctx context.Context, n int) error {
	for {
		running, err := l.count(ctx, `SELECT COUNT(*) FROM clocks WHERE state = 'running'`)
		if err != nil || running >= n {
			return err
		}
		progress("%s: %d clocks run", l.place.dialect, running)
		if _, err := l.run(ctx, 10*time.Second, l.overHTTP); err != nil {
			return err
		}
	}
}

// idle is what the program uses while clocks run and nothing is due; a program without clocks is the yardstick.
func (l *workload) idle(ctx context.Context, report *report) error {
	running, err := l.count(ctx, `SELECT COUNT(*) FROM clocks WHERE state = 'running'`)
	if err != nil {
		return err
	}
	if err := l.settle(ctx); err != nil {
		return err
	}
	before, err := l.server.gauge(ctx, cpuGauge)
	if err != nil {
		return err
	}
	wait(ctx, idleStretch)
	after, err := l.server.gauge(ctx, cpuGauge)
	if err != nil {
		return err
	}
	share := (after - before) / idleStretch.Seconds()
	report.add(line{string(l.place.dialect), fmt.Sprintf("%d clocks running, idle", running), fmt.Sprintf("%.2f %% of a processor", 100*share), "nothing due", "", "< 2 %", verdict(share < idleShare)})
	return nil
}

// settle waits until the program has sealed the events that the creations left behind.
func (l *workload) settle(ctx context.Context) error {
	for deadline := time.Now().Add(5 * time.Minute); ; {
		wait(ctx, 3*time.Second)
		open, err := l.count(ctx, `SELECT COUNT(*) FROM audit_events WHERE seal_no = 0`)
		if err != nil || open == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d events are not sealed", open)
		}
	}
}

// comeDue opens records whose clocks come due within about a second of each other, and looks how late each fired.
func (l *workload) comeDue(ctx context.Context, n int, report *report) error {
	if err := l.connect(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := l.register(ctx, n); err != nil {
		return err
	}
	took := time.Since(began)
	deadline := time.Now().Add(soonSeconds*time.Second + time.Minute)
	for {
		wait(ctx, time.Second)
		fired, err := l.count(ctx, `SELECT COUNT(*) FROM timers WHERE state = 'fired' AND name LIKE '%/soon' AND fires_at >= $1`, began.UnixMilli())
		if err != nil {
			return err
		}
		if fired >= n {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d clocks fired", fired, n)
		}
	}
	lag, err := l.count(ctx, `SELECT MAX(fired_at - fires_at) FROM timers WHERE state = 'fired' AND name LIKE '%/soon' AND fires_at >= $1`, began.UnixMilli())
	if err != nil {
		return err
	}
	worst := time.Duration(lag) * time.Millisecond
	report.add(line{string(l.place.dialect), fmt.Sprintf("%d clocks due at once, the latest", n), brief(worst), "registered in " + brief(took), times(worst, took), "≤ 2 s", verdict(worst <= lagMost)})
	return nil
}

// register opens n records of the highest priority, as fast as it goes.
func (l *workload) register(ctx context.Context, n int) error {
	left := make(chan struct{}, n)
	for range n {
		left <- struct{}{}
	}
	_, err := l.run(ctx, time.Hour, func(_ context.Context, client int) error {
		select {
		case <-left:
		default:
			return errEnough
		}
		i := l.written.Add(1)
		body := incidentBody(l.place.cast.Customers[i%manyCustomers], newWriter(uint64(i))) //nolint:gosec // a count
		body["urgency"] = "high"
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		return l.wires[client].post("/api/v1/incidents", raw)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

var errEnough = errors.New("enough")

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// measureCalendar reckons deadlines a year of working hours ahead; walking the same stretch hour by hour is the yardstick.
func measureCalendar(report *report) error {
	hours := map[string][]calendar.Interval{}
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri"} {
		hours[day] = []calendar.Interval{{"09:00", "12:00"}, {"13:30", "18:00"}}
	}
	c, err := calendar.NewIn(calendar.China(), calendar.Spec{Timezone: "Asia/Shanghai", Weekly: hours})
	if err != nil {
		return err
	}
	const year, rounds = 1870 * time.Hour, 200_000
	begin := time.Date(2025, 3, 3, 1, 0, 0, 0, time.UTC)
	end, _ := c.Add(begin, year)
	began := time.Now()
	for i := range rounds {
		end, _ = c.Add(begin.Add(time.Duration(i)*time.Second), year)
	}
	each := time.Since(began) / rounds
	began, open := time.Now(), 0
	for at := begin; at.Before(end); at = at.Add(time.Hour) {
		if c.IsOpen(at) {
			open++
		}
	}
	walked := time.Since(began)
	report.add(line{"", "a deadline a year ahead", brief(each), fmt.Sprintf("hour by hour %s", brief(walked)), times(each, walked), "≤ 5 µs", verdict(each <= 5*time.Microsecond)})
	return nil
}
