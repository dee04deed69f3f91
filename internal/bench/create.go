package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
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
	database, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer database.Close()
	for _, clients := range []int{1, 16} {
		server, err := start(ctx, o, p.data, p.url, fmt.Sprintf("create-%s-%d", p.dialect, clients))
		if err != nil {
			return err
		}
		c := &creation{place: p, database: database, server: server, clients: clients}
		if err := c.measure(ctx, report); err != nil {
			return err
		}
		if err := server.stop(); err != nil {
			return fmt.Errorf("stop the program: %w", err)
		}
	}
	return nil
}

// creation is one setting: a database and a number of clients.
type creation struct {
	place    *place
	database *db.DB
	server   *process
	clients  int
	wires    []*wire
	bare     *bareRows
	serial   sync.Mutex // SQLite has one writer; a commit shared by several would not be a bare one
	written  atomic.Int64
}

func (c *creation) measure(ctx context.Context, report *report) error {
	for range c.clients {
		w, err := dial(ctx, c.server.base, c.place.cast.Tokens[desk])
		if err != nil {
			return err
		}
		defer w.conn.Close()
		c.wires = append(c.wires, w)
	}
	if _, err := c.run(ctx, 500*time.Millisecond, c.overHTTP); err != nil { // warm
		return err
	}
	var err error
	if c.bare, err = newBareRows(ctx, c.database); err != nil {
		return err
	}
	sum, err := c.alternate(ctx)
	if err != nil {
		return err
	}
	per := func(seconds float64, n int) time.Duration {
		return time.Duration(seconds / float64(n) * float64(time.Second))
	}
	ratio, each, bare := median(sum.ratios), per(sum.cpu, sum.created), per(sum.bareCPU, sum.bare)
	report.add(line{string(c.place.dialect), fmt.Sprintf("create over HTTP, %d clients", c.clients), fmt.Sprintf("%.0f/s", median(sum.rates)),
		fmt.Sprintf("bare transaction %.0f/s", median(sum.bares)), fmt.Sprintf("%.0f %%", 100*ratio), "≥ 50 %", verdict(ratio >= createRatio)})
	report.add(line{string(c.place.dialect), fmt.Sprintf("processor per create, %d clients", c.clients), brief(each), "bare transaction " + brief(bare), times(each, bare), "≤ 2 ms", verdict(each <= createCPU)})
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
func (c *creation) alternate(ctx context.Context) (sum outcome, err error) {
	seconds := c.place.o.stretch.Seconds()
	bare := int(2000 * seconds)
	for range c.place.o.slices {
		if err := c.bare.provide(ctx, bare+bare/2); err != nil {
			return sum, err
		}
		used := processor()
		if bare, err = c.run(ctx, c.place.o.stretch, c.inBareTransaction); err != nil {
			return sum, fmt.Errorf("bare rows: %w", err)
		}
		sum.bareCPU, sum.bare = sum.bareCPU+processor()-used, sum.bare+bare
		before, err := c.server.gauge(ctx, cpuGauge)
		if err != nil {
			return sum, err
		}
		created, err := c.run(ctx, c.place.o.stretch, c.overHTTP)
		if err != nil {
			return sum, fmt.Errorf("over HTTP: %w", err)
		}
		after, err := c.server.gauge(ctx, cpuGauge)
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

// run lets the clients work for a time and counts what they did.
func (c *creation) run(ctx context.Context, length time.Duration, do func(ctx context.Context, client int) error) (int, error) {
	end := time.Now().Add(length)
	var count atomic.Int64
	var first error
	var once sync.Once
	var wg sync.WaitGroup
	for client := range c.clients {
		wg.Go(func() {
			for time.Now().Before(end) && ctx.Err() == nil {
				if err := do(ctx, client); err != nil {
					once.Do(func() { first = err })
					return
				}
				count.Add(1)
			}
		})
	}
	wg.Wait()
	return int(count.Load()), first
}

func (c *creation) overHTTP(_ context.Context, client int) error {
	n := c.written.Add(1)
	body, err := json.Marshal(incidentBody(c.place.cast.Customers[n%manyCustomers], newWriter(uint64(n)))) //nolint:gosec // a count
	if err != nil {
		return err
	}
	return c.wires[client].post("/api/v1/incidents", body)
}

func (c *creation) inBareTransaction(ctx context.Context, _ int) error {
	list, err := c.bare.next(ctx)
	if err != nil {
		return err
	}
	if c.place.dialect == db.SQLite {
		c.serial.Lock()
		defer c.serial.Unlock()
	}
	return c.database.Write(ctx, func(tx db.Tx) error { return replay(ctx, tx, list) })
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
