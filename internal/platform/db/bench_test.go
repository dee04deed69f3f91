package db_test

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
)

var benchSchema = []db.Migration{{ID: "bench-001", SQL: func() (s string) {
	for i := range 6 {
		s += fmt.Sprintf(`CREATE TABLE row%d (id TEXT PRIMARY KEY, parent TEXT NOT NULL, state TEXT NOT NULL, at BIGINT NOT NULL, data JSON_);
CREATE INDEX row%d_parent ON row%d (parent, at);
`, i, i, i)
	}
	return s
}()}}

// BenchmarkCreate writes what creating a record costs: six rows in six tables with an index each.
func BenchmarkCreate(b *testing.B) {
	for name, open := range map[string]func(testing.TB, ...dbtest.Option) *db.DB{"sqlite": dbtest.Open, "postgres": dbtest.Postgres} {
		for _, clients := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/%d", name, clients), func(b *testing.B) {
				d := open(b, dbtest.Migrations(benchSchema), dbtest.Config(func(c *db.Config) { c.MaxConns = 16 }))
				spread(b, clients, func(ctx context.Context) error { return create(ctx, d) })
			})
		}
	}
}

// BenchmarkRead reads one row by key.
func BenchmarkRead(b *testing.B) {
	for name, open := range map[string]func(testing.TB, ...dbtest.Option) *db.DB{"sqlite": dbtest.Open, "postgres": dbtest.Postgres} {
		for _, clients := range []int{1, 16} {
			b.Run(fmt.Sprintf("%s/%d", name, clients), func(b *testing.B) {
				d := open(b, dbtest.Migrations(benchSchema))
				if err := create(b.Context(), d); err != nil {
					b.Fatal(err)
				}
				spread(b, clients, func(ctx context.Context) error {
					return d.Read(ctx, func(tx db.Tx) error {
						var key string
						var at int64
						return tx.QueryRow(ctx, "SELECT id, at FROM row0 WHERE parent = $1", "parent").Scan(&key, &at)
					})
				})
			})
		}
	}
}

func create(ctx context.Context, d *db.DB) error {
	return d.Write(ctx, func(tx db.Tx) error {
		for i := range inserts {
			if _, err := tx.Exec(ctx, inserts[i], id.New(), "parent", "new", tx.Now().UnixMilli(), db.JSON(map[string]any{"title": "打印机卡纸", "impact": 2})); err != nil {
				return err
			}
		}
		return nil
	})
}

var inserts = func() (list [6]string) {
	for i := range list {
		list[i] = fmt.Sprintf("INSERT INTO row%d (id, parent, state, at, data) VALUES ($1, $2, $3, $4, $5)", i)
	}
	return list
}()

func spread(b *testing.B, clients int, do func(ctx context.Context) error) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context()) // requests come with a context that can end
	defer cancel()
	b.ReportAllocs()
	before := processor()
	b.ResetTimer()
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for range (b.N + clients - 1 - c) / clients {
				if err := do(ctx); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
	b.ReportMetric(float64((processor()-before).Microseconds())/float64(b.N), "cpu-µs/op") // says more than time on a busy machine
}

// processor is the processor time that this process has used.
func processor() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
