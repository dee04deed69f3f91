package audit_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/steward-ops/steward/internal/core/audit"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
	"github.com/steward-ops/steward/internal/platform/work"
)

func on(b *testing.B, fn func(b *testing.B, d *db.DB, door *work.Door)) {
	for name, open := range map[string]func(testing.TB, ...dbtest.Option) *db.DB{"sqlite": dbtest.Open, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			d := open(b, dbtest.Migrations(audit.Migrations))
			fn(b, d, work.New(d, audit.Ledger{}, nil, nil))
		})
	}
}

// BenchmarkAppend puts a hundred first events into a transaction, so that the commit does not hide their cost.
func BenchmarkAppend(b *testing.B) {
	on(b, func(b *testing.B, _ *db.DB, door *work.Door) {
		n := 0
		for b.Loop() {
			n++
			err := door.Do(as(staff()), write, func(ctx context.Context, u *work.Unit) error {
				for range 100 {
					_, err := u.Record(ctx, work.Event{
						Stream: id.New(), Kind: "record.created", Subject: "incident", Number: "INC-2025-00001", Customer: "c1", Public: true, First: true,
						Data: map[string]any{"title": "打印机坏了", "priority": "p2", "state": "recorded"},
					})
					if err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n*100), "µs/event")
	})
}

// BenchmarkSealVerify seals and verifies a trail of 100,000 events.
func BenchmarkSealVerify(b *testing.B) {
	const events = 100_000
	on(b, func(b *testing.B, d *db.DB, door *work.Door) {
		s := audit.New(door, clock.System())
		h := house{d: d, door: door}
		h.load(b, events)
		b.ResetTimer()
		for b.Loop() {
			for {
				seal, err := s.Seal(as(audit.Sealer()))
				if err != nil {
					b.Fatal(err)
				}
				if seal.Count == 0 {
					break
				}
			}
			r, err := s.Verify(as(staff(audit.Read)), io.Discard)
			if err != nil || !r.Intact || r.Events != events {
				b.Fatalf("%v %+v", err, r)
			}
		}
	})
}

func (h *house) load(b *testing.B, events int) {
	b.Helper()
	for i := range events / 1000 {
		err := h.door.Do(as(staff()), write, func(ctx context.Context, u *work.Unit) error {
			hash := ""
			for j := range 1000 {
				var err error
				if j%10 == 0 {
					hash = ""
				}
				hash, err = u.Record(ctx, work.Event{Stream: fmt.Sprintf("%d-%d", i, j/10), Kind: "record.moved", First: hash == "", Prev: hash, Data: "x"})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
