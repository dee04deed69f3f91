package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
	"github.com/steward-ops/steward/internal/platform/jobs"
	"github.com/steward-ops/steward/internal/platform/work"
)

func each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	dbtest.Each(t, fn, dbtest.Migrations(jobs.Migrations))
}

func newQueue(t *testing.T, d *db.DB, change ...func(*jobs.Config)) *jobs.Queue {
	t.Helper()
	cfg := jobs.Config{Log: dbtest.Log(t), Backoff: func(int) time.Duration { return 0 }}
	for _, c := range change {
		c(&cfg)
	}
	q, err := jobs.New(d, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func start(t *testing.T, q *jobs.Queue) {
	t.Helper()
	if err := q.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, q) })
}

func stop(t *testing.T, q *jobs.Queue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := q.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func enqueue(t *testing.T, d *db.DB, q *jobs.Queue, list ...work.Job) {
	t.Helper()
	if err := d.Write(t.Context(), func(tx db.Tx) error {
		for _, job := range list {
			if err := q.Insert(t.Context(), tx, job); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func wait[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
	}
	return v
}

// until waits for the queue to hold n jobs of a state.
func until(t *testing.T, q *jobs.Queue, state jobs.State, n int) []jobs.Info {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		list, err := q.List(ctx, jobs.Filter{States: []jobs.State{state}})
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == n {
			return list
		}
		time.Sleep(10 * time.Millisecond) // lint:allow looks again at a table that River fills by itself
	}
}

type mail struct {
	To string `json:"to"`
}

// took makes a handler that reports the arguments of every run.
func took(c chan<- string) jobs.Func {
	return func(_ context.Context, args json.RawMessage) error {
		var m mail
		if err := json.Unmarshal(args, &m); err != nil {
			return err
		}
		c <- m.To
		return nil
	}
}

func TestOnlyWhatIsCommittedRuns(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		q, ran := newQueue(t, d), make(chan string, 10)
		q.Register("mail", took(ran))
		boom := errors.New("boom")
		err := d.Write(t.Context(), func(tx db.Tx) error {
			if err := q.Insert(t.Context(), tx, work.Job{Kind: "mail", Args: mail{"rolled back"}}); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		start(t, q)
		enqueue(t, d, q, work.Job{Kind: "mail", Args: mail{"张三"}})
		if got := wait(t, ran); got != "张三" {
			t.Error(got)
		}
		done := until(t, q, jobs.Done, 1)
		if done[0].Kind != "mail" || string(done[0].Args) == "" || done[0].Ended.IsZero() {
			t.Errorf("%+v", done[0])
		}
		if len(ran) != 0 {
			t.Error("ran twice")
		}
	})
}

func TestUnknownKindIsRefused(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(t, d)
		q.Register("mail", took(nil))
		start(t, q)
		err := d.Write(t.Context(), func(tx db.Tx) error { return q.Insert(t.Context(), tx, work.Job{Kind: "male"}) })
		if err == nil {
			t.Error("a job was taken that nobody does")
		}
	})
}

func TestFailuresAreTriedAgainThenDead(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		q, ran := newQueue(t, d, func(c *jobs.Config) { c.Attempts = 2 }), make(chan int, 20)
		n, healed := 0, make(chan struct{})
		q.Register("flaky", func(context.Context, json.RawMessage) error {
			n++
			ran <- n
			if n == 1 {
				panic("boom")
			}
			select {
			case <-healed:
				return nil
			default:
				return errors.New("no route to host")
			}
		})
		start(t, q)
		enqueue(t, d, q, work.Job{Kind: "flaky"})
		wait(t, ran)
		wait(t, ran)
		dead := until(t, q, jobs.Dead, 1)[0]
		if dead.Attempt != 2 || dead.Attempts != 2 || dead.Error != "no route to host" {
			t.Errorf("%+v", dead)
		}
		close(healed)
		retry := func(id int64) error {
			return d.Write(t.Context(), func(tx db.Tx) error { return q.Retry(t.Context(), tx, id) })
		}
		if err := retry(dead.ID); err != nil {
			t.Fatal(err)
		}
		until(t, q, jobs.Done, 1)
		if err := retry(dead.ID + 1000); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

func TestStopDrains(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		q, began, goOn := newQueue(t, d), make(chan string, 1), make(chan struct{})
		finished := false
		q.Register("slow", func(context.Context, json.RawMessage) error {
			began <- ""
			<-goOn
			finished = true
			return nil
		})
		start(t, q)
		enqueue(t, d, q, work.Job{Kind: "slow"})
		wait(t, began)
		go func() {
			time.Sleep(50 * time.Millisecond) // lint:allow gives Stop a chance to return too early, which is what the test would see
			close(goOn)
		}()
		stop(t, q)
		if !finished {
			t.Error("stop did not wait")
		}
		if list := until(t, q, jobs.Done, 1); len(list) != 1 {
			t.Error(list)
		}
	})
}

func TestJobsSurviveARestart(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		q, ran := newQueue(t, d), make(chan string, 10)
		q.Register("mail", took(ran))
		enqueue(t, d, q, work.Job{Kind: "mail", Args: mail{"a"}}, work.Job{Kind: "mail", Args: mail{"b"}, Priority: 3})
		second := newQueue(t, d)
		second.Register("mail", took(ran))
		start(t, second)
		if got := wait(t, ran) + wait(t, ran); got != "ab" && got != "ba" {
			t.Error(got)
		}
	})
}

func TestAJobCutShortRunsAgain(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		q, began := newQueue(t, d), make(chan string, 1)
		q.Register("slow", func(ctx context.Context, _ json.RawMessage) error {
			began <- ""
			<-ctx.Done()
			return ctx.Err()
		})
		start(t, q)
		enqueue(t, d, q, work.Job{Kind: "slow"})
		wait(t, began)
		hurry, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if err := q.Stop(hurry); err != nil {
			t.Fatal(err)
		}
		second, ran := newQueue(t, d), make(chan string, 1)
		second.Register("slow", func(context.Context, json.RawMessage) error { ran <- ""; return nil })
		start(t, second)
		wait(t, ran)
	})
}

func TestUniqueWhileWaiting(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		// Two workers, both busy until goOn: nothing enqueued meanwhile can begin.
		q, ran, goOn := newQueue(t, d, func(c *jobs.Config) { c.Workers = 2 }), make(chan string, 10), make(chan struct{})
		q.Register("index", func(_ context.Context, args json.RawMessage) error {
			ran <- string(args)
			<-goOn
			return nil
		})
		job := func(unique, args string) work.Job { return work.Job{Kind: "index", Unique: unique, Args: args} }
		enqueue(t, d, q, job("r1", "first"), job("r1", "same"), job("r2", "other"))
		if list := until(t, q, jobs.Waiting, 2); len(list) != 2 {
			t.Error(list)
		}
		start(t, q)
		wait(t, ran)
		wait(t, ran)
		until(t, q, jobs.Running, 2)
		// r1 runs now and may have read the old state: a further one must follow, but only one
		enqueue(t, d, q, job("r1", "again"))
		enqueue(t, d, q, job("r1", "again and again"))
		close(goOn)
		wait(t, ran)
		until(t, q, jobs.Done, 3)
	})
}

func TestAUniqueJobIsBroughtForward(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(t, d)
		at := func(pause time.Duration) work.Job {
			return work.Job{Kind: "mail", Unique: "m1", At: time.Now().Add(pause)}
		}
		for _, pause := range []time.Duration{2 * time.Hour, time.Hour, 3 * time.Hour} {
			enqueue(t, d, q, at(pause))
		}
		list := until(t, q, jobs.Later, 1)
		if due := time.Until(list[0].Due); due < 50*time.Minute || due > 70*time.Minute {
			t.Error(due)
		}
	})
}

func TestEveryJobRunsOnceUnderLoad(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		const writers, each = 16, 40
		q, ran := newQueue(t, d, func(c *jobs.Config) { c.Workers = 32 }), make(chan string, 2*writers*each)
		q.Register("mail", took(ran))
		start(t, q)
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range each {
					job := work.Job{Kind: "mail", Args: mail{fmt.Sprint(w, "-", i)}}
					err := d.Write(t.Context(), func(tx db.Tx) error {
						if err := q.Insert(t.Context(), tx, job); err != nil {
							return err
						}
						if i%4 == 0 {
							return errors.New("rolled back")
						}
						return nil
					})
					if (err != nil) != (i%4 == 0) {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		seen := map[string]int{}
		for range writers * each * 3 / 4 {
			seen[wait(t, ran)]++
		}
		if len(seen) != writers*each*3/4 || len(ran) != 0 {
			t.Errorf("%d different jobs ran, %d more runs", len(seen), len(ran))
		}
	})
}

func TestAJobIsNoChangeOfData(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		q := newQueue(t, d)
		if err := d.Write(t.Context(), func(tx db.Tx) error {
			if err := q.Insert(t.Context(), tx, work.Job{Kind: "mail"}); err != nil {
				return err
			}
			if tx.Writes() != 0 {
				t.Errorf("%d writes", tx.Writes())
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLaterFollowsTheClock(t *testing.T) {
	c := clock.NewManual(time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC))
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		q, ran := newQueue(t, d, func(cfg *jobs.Config) { cfg.Clock = c }), make(chan string, 10)
		q.Register("mail", took(ran))
		start(t, q)
		enqueue(t, d, q, work.Job{Kind: "mail", Args: mail{"now"}}, work.Job{Kind: "mail", Args: mail{"tonight"}, At: c.Now().Add(10 * time.Hour)})
		wait(t, ran)
		until(t, q, jobs.Later, 1)
		c.Advance(11 * time.Hour)
		if err := q.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := wait(t, ran); got != "tonight" {
			t.Error(got)
		}
	}, dbtest.Migrations(jobs.Migrations), dbtest.Clock(c))
}

func TestPeriodic(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		q, ran := newQueue(t, d), make(chan string, 10)
		q.Register("sweep", func(context.Context, json.RawMessage) error { ran <- ""; return nil })
		q.Periodic("sweep", time.Second)
		start(t, q)
		wait(t, ran)
		wait(t, ran)
	})
}

func BenchmarkInsert(b *testing.B) {
	for name, open := range map[string]func(testing.TB, ...dbtest.Option) *db.DB{"sqlite": dbtest.Open, "postgres": dbtest.Postgres} {
		for _, n := range []int{0, 1} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				d := open(b, dbtest.Migrations(jobs.Migrations, []db.Migration{{ID: "b", SQL: "CREATE TABLE tally (id SERIAL_, note TEXT)"}}))
				q, err := jobs.New(d, jobs.Config{})
				if err != nil {
					b.Fatal(err)
				}
				const each = 20 // so that the commit does not drown the rest
				for b.Loop() {
					if err := d.Write(b.Context(), func(tx db.Tx) error {
						for range each {
							if _, err := tx.Exec(b.Context(), "INSERT INTO tally (note) VALUES ('x')"); err != nil {
								return err
							}
							for range n {
								if err := q.Insert(b.Context(), tx, work.Job{Kind: "mail", Args: mail{"x"}}); err != nil {
									return err
								}
							}
						}
						return nil
					}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*each), "µs/insert")
			})
		}
	}
}
