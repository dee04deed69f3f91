package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/steward-ops/steward/internal/core/audit"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/core/search"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

const (
	createRatio = 0.5                  // of the bare rate, at least
	createCPU   = 2 * time.Millisecond // of the program, at most
)

// measureCreates lets clients create incidents over HTTP, and between times puts the same rows into the same tables in
// one bare transaction each.
func measureCreates(ctx context.Context, o *options, p *place, report *report) error {
	for _, clients := range []int{1, 16} {
		err := underLoad(ctx, o, p, fmt.Sprintf("create-%s-%d", p.dialect, clients), p.cast.Tokens[desk], clients, func(l *workload) error { return l.creates(ctx, report) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *workload) creates(ctx context.Context, report *report) error {
	if _, err := l.run(ctx, 500*time.Millisecond, l.overHTTP); err != nil { // warm
		return err
	}
	var err error
	if l.bare, err = newBareRows(ctx, l.database); err != nil {
		return err
	}
	sum, err := l.alternate(ctx)
	if err != nil {
		return err
	}
	per := func(seconds float64, n int) time.Duration {
		return time.Duration(seconds / float64(n) * float64(time.Second))
	}
	ratio, each, bare := median(sum.ratios), per(sum.cpu, sum.created), per(sum.bareCPU, sum.bare)
	report.add(line{string(l.place.dialect), fmt.Sprintf("create over HTTP, %d clients", l.clients), fmt.Sprintf("%.0f/s", median(sum.rates)),
		fmt.Sprintf("bare transaction %.0f/s", median(sum.bares)), fmt.Sprintf("%.0f %%", 100*ratio), "≥ 50 %", verdict(ratio >= createRatio)})
	report.add(line{string(l.place.dialect), fmt.Sprintf("processor per create, %d clients", l.clients), brief(each), "bare transaction " + brief(bare), times(each, bare), "≤ 2 ms", verdict(each <= createCPU)})
	return nil
}

// outcome of the stretches of one setting.
type outcome struct {
	rates, bares, ratios []float64
	cpu                  float64 // seconds that the program used for what it created
	created              int
	bareCPU              float64 // seconds that this process used for the bare rows
	bare                 int
}

// alternate lets yardstick and program take turns, so that both meet the same machine.
func (l *workload) alternate(ctx context.Context) (sum outcome, err error) {
	seconds := l.place.o.stretch.Seconds()
	bare := int(2000 * seconds)
	for range l.place.o.slices {
		if err := l.bare.provide(ctx, bare+bare/2); err != nil {
			return sum, err
		}
		used := processor()
		if bare, err = l.run(ctx, l.place.o.stretch, l.inBareTransaction); err != nil {
			return sum, fmt.Errorf("bare rows: %w", err)
		}
		sum.bareCPU, sum.bare = sum.bareCPU+processor()-used, sum.bare+bare
		before, err := l.server.gauge(ctx, cpuGauge)
		if err != nil {
			return sum, err
		}
		created, err := l.run(ctx, l.place.o.stretch, l.overHTTP)
		if err != nil {
			return sum, fmt.Errorf("over HTTP: %w", err)
		}
		after, err := l.server.gauge(ctx, cpuGauge)
		if err != nil {
			return sum, err
		}
		sum.rates, sum.bares = append(sum.rates, float64(created)/seconds), append(sum.bares, float64(bare)/seconds)
		sum.ratios = append(sum.ratios, float64(created)/float64(bare))
		sum.cpu, sum.created = sum.cpu+after-before, sum.created+created
	}
	return sum, nil
}

const cpuGauge = "process_cpu_seconds_total"

// processor is what this process has used, in seconds.
func processor() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

func (l *workload) overHTTP(_ context.Context, client int) error {
	n := l.written.Add(1)
	body, err := json.Marshal(incidentBody(l.place.cast.Customers[n%manyCustomers], newWriter(uint64(n)))) //nolint:gosec // a count
	if err != nil {
		return err
	}
	return l.wires[client].post("/api/v1/incidents", body)
}

func (l *workload) inBareTransaction(ctx context.Context, _ int) error {
	list, err := l.bare.next(ctx)
	if err != nil {
		return err
	}
	return l.inOneTransaction(ctx, func(tx db.Tx) error { return replay(ctx, tx, list) })
}

// bareRows are the statements that put the rows of one created incident into the tables, made beforehand: the record as
// it stands in the end, its events, its search entry, the counter of its series.
type bareRows struct {
	pattern *record.Record
	events  []audit.Entry
	clocks  *clockRows
	rec     *recorder
	mu      sync.Mutex
	made    [][]statement
}

const bareFirst = 1 << 40 // row numbers of the index that the program does not reach

func newBareRows(ctx context.Context, database *db.DB) (*bareRows, error) {
	pattern, events, err := newest(ctx, database)
	if err != nil {
		return nil, err
	}
	clocks, err := clockRowsOf(ctx, database, pattern.ID)
	return &bareRows{pattern: pattern, events: events, clocks: clocks, rec: &recorder{dialect: database.Dialect(), row: bareFirst + time.Now().UnixMicro()}}, err
}

// provide makes the statements of n records, so that making them does not count.
func (b *bareRows) provide(ctx context.Context, n int) error {
	for len(b.made) < n {
		list, err := b.one(ctx)
		if err != nil {
			return err
		}
		b.made = append(b.made, list)
	}
	return nil
}

func (b *bareRows) next(ctx context.Context) ([]statement, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.made) == 0 {
		return b.one(ctx)
	}
	last := len(b.made) - 1
	list := b.made[last]
	b.made = b.made[:last]
	return list, nil
}

// newest is the last record that the program made over HTTP, with its events.
func newest(ctx context.Context, database *db.DB) (r *record.Record, events []audit.Entry, err error) {
	err = database.Read(ctx, func(tx db.Tx) error {
		number, err := db.One(ctx, tx, db.Scan[string], `SELECT number FROM records WHERE type = 'incident' AND channel = 'phone' ORDER BY created_at DESC, id DESC LIMIT 1`)
		if err != nil {
			return err
		}
		if r, err = record.Load(ctx, tx, work.System("bench"), number); err != nil {
			return err
		}
		events, err = audit.Timeline(ctx, tx, r.ID, audit.TimelineOptions{})
		return err
	})
	return r, events, err
}

func (b *bareRows) one(ctx context.Context) ([]statement, error) {
	r := *b.pattern
	r.ID, r.AuditHead, b.rec.at = id.New(), "", r.CreatedAt
	r.Number = "BARE-" + r.ID
	if _, err := record.Next(ctx, b.rec, "BARE-#"); err != nil {
		return nil, err
	}
	unit := &work.Unit{Tx: b.rec, Actor: &work.Actor{ID: r.CreatedBy, Name: "周婷", OrgKind: work.Provider}}
	for i := range b.events {
		e := b.events[len(b.events)-1-i]
		hash, err := audit.Ledger{}.Append(ctx, unit, work.Event{Stream: r.ID, Kind: e.Kind, Subject: e.Subject, Number: r.Number, Customer: r.Customer,
			Public: e.Public, First: i == 0, Prev: r.AuditHead, Data: e.Data})
		if err != nil {
			return nil, err
		}
		r.AuditHead = hash
	}
	if err := record.Insert(ctx, b.rec, &r); err != nil {
		return nil, err
	}
	if err := search.Put(ctx, b.rec, docOf(&r)); err != nil {
		return nil, err
	}
	if err := b.clocks.write(ctx, b.rec, r.ID); err != nil {
		return nil, err
	}
	return b.rec.take(), nil
}
