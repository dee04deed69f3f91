package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
)

var schema = []db.Migration{{ID: "test-001", SQL: `
CREATE TABLE team (id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE member (
	id TEXT PRIMARY KEY,
	team TEXT NOT NULL REFERENCES team (id),
	email TEXT NOT NULL,
	lead BOOLEAN NOT NULL DEFAULT FALSE,
	data JSON_,
	photo BLOB_,
	at BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX member_email ON member (email);
CREATE TABLE tally (id SERIAL_, note TEXT NOT NULL);
`}}

func each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	dbtest.Each(t, fn, dbtest.Migrations(schema))
}

func write(t *testing.T, d *db.DB, fn func(tx db.Tx) error) {
	t.Helper()
	if err := d.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, d *db.DB, sql string, args ...any) {
	t.Helper()
	write(t, d, func(tx db.Tx) error {
		_, err := tx.Exec(t.Context(), sql, args...)
		return err
	})
}

func count(t *testing.T, d *db.DB, sql string, args ...any) (n int) {
	t.Helper()
	err := d.Read(t.Context(), func(tx db.Tx) error { return tx.QueryRow(t.Context(), sql, args...).Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestValuesComeBackAlike(t *testing.T) {
	type kind string
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		put(t, d, "INSERT INTO team (id, name) VALUES ($1, $2)", kind("t1"), "运维 '$1' 团队")
		write(t, d, func(tx db.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO member (id, team, email, lead, data, photo, at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
				"m1", "t1", "a@x", true, db.JSON(map[string]any{"tags": []string{"甲", "乙"}}), []byte{0, 1, 255}, int64(1_700_000_000_123))
			return err
		})
		var (
			id    kind
			lead  bool
			data  map[string][]string
			photo []byte
			at    int64
			tag   string
		)
		err := d.Read(ctx, func(tx db.Tx) error {
			return tx.QueryRow(ctx, "SELECT id, lead, data, photo, at, data->'tags'->>1 FROM member WHERE lead AND id = $1", "m1").
				Scan(&id, &lead, db.ScanJSON(&data), &photo, &at, &tag)
		})
		if err != nil {
			t.Fatal(err)
		}
		if id != "m1" || !lead || data["tags"][0] != "甲" || string(photo) != "\x00\x01\xff" || at != 1_700_000_000_123 || tag != "乙" {
			t.Error(id, lead, data, photo, at, tag)
		}
	})
}

func TestParametersBindByNumber(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var got string
		err := d.Read(t.Context(), func(tx db.Tx) error {
			return tx.QueryRow(t.Context(), "SELECT $2 || '$1' || $1 || $2 /* $9 */ -- $8", "one", "two").Scan(&got)
		})
		if err != nil || got != "two$1onetwo" {
			t.Error(got, err)
		}
	})
}

func TestQueued(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		const into = "INSERT INTO team (id, name) VALUES ($1, $2)"
		write(t, d, func(tx db.Tx) error {
			if err := errors.Join(tx.Queue(ctx, into, "t1", "甲"), tx.Queue(ctx, into, "t2", "乙")); err != nil {
				return err
			}
			seen, err := db.One(ctx, tx, db.Scan[int], "SELECT COUNT(*) FROM team")
			if seen != 2 || tx.Writes() != 2 {
				t.Error("in order:", seen, tx.Writes())
			}
			if err != nil {
				return err
			}
			if err := tx.Queue(ctx, into, "t3", "丙"); err != nil {
				return err
			}
			n, err := tx.Exec(ctx, "UPDATE team SET name = 'x' WHERE id <> $1", "t1")
			if n != 2 {
				t.Error("the answer is that of the last:", n)
			}
			return errors.Join(err, tx.Queue(ctx, into, "t4", "丁"))
		})
		if n := count(t, d, "SELECT COUNT(*) FROM team"); n != 4 {
			t.Error("with the commit:", n)
		}

		again := func(then func(tx db.Tx) error) error {
			return d.Write(ctx, func(tx db.Tx) error {
				if err := tx.Queue(ctx, into, "t5", "戊"); err != nil {
					return err
				}
				if err := tx.Queue(ctx, into, "t1", "甲"); err != nil {
					return err
				}
				return then(tx)
			})
		}
		for name, then := range map[string]func(tx db.Tx) error{
			"at the commit":    func(db.Tx) error { return nil },
			"at the next":      func(tx db.Tx) error { return tx.QueryRow(ctx, "SELECT 1").Scan(new(int)) },
			"at the next exec": func(tx db.Tx) error { _, err := tx.Exec(ctx, "DELETE FROM team"); return err },
			"though ignored":   func(tx db.Tx) error { _, _ = tx.Exec(ctx, "DELETE FROM team"); return nil },
			"through pgx":      func(tx db.Tx) error { _ = tx.Driver(); return nil },
		} {
			if err := again(then); !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: want conflict, got %v", name, err)
			}
		}
		if n := count(t, d, "SELECT COUNT(*) FROM team"); n != 4 {
			t.Error("nothing of them is kept:", n)
		}
	})
}

func TestNoRowIsMissing(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		err := d.Read(t.Context(), func(tx db.Tx) error {
			_, err := db.One(t.Context(), tx, db.Scan[string], "SELECT name FROM team WHERE id = $1", "?")
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

func TestWhere(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		for _, id := range []string{"a", "b", "c"} {
			put(t, d, "INSERT INTO team (id, name) VALUES ($1, $2)", id, "n"+id)
		}
		for name, tc := range map[string]struct {
			build func(w *db.Where)
			want  string
		}{
			"nothing":      {func(*db.Where) {}, "abc"},
			"equal":        {func(w *db.Where) { w.Eq("name", "nb") }, "b"},
			"in":           {func(w *db.Where) { w.In("id", []string{"c", "a"}); w.Add("name <> ?", "na") }, "c"},
			"empty in":     {func(w *db.Where) { w.In("id", []string{}) }, ""},
			"nil in":       {func(w *db.Where) { w.In("id", []string(nil)) }, ""},
			"not in":       {func(w *db.Where) { w.NotIn("id", []string{"a"}) }, "bc"},
			"empty not in": {func(w *db.Where) { w.NotIn("id", []string{}) }, "abc"},
			"or":           {func(w *db.Where) { w.Add("id = ? OR id = ?", "a", "b"); w.Eq("id", "b") }, "b"},
		} {
			w := db.NewWhere()
			tc.build(w)
			var ids []string
			if err := d.Read(t.Context(), func(tx db.Tx) (err error) {
				ids, err = db.All(t.Context(), tx, db.Scan[string], "SELECT id FROM team WHERE "+w.SQL()+" ORDER BY id LIMIT "+w.Arg(10), w.Args()...)
				return err
			}); err != nil {
				t.Fatal(name, err)
			}
			if got := strings.Join(ids, ""); got != tc.want {
				t.Errorf("%s: got %q, want %q", name, got, tc.want)
			}
		}
	})
}

func TestConstraintsBecomeConflicts(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		put(t, d, "INSERT INTO team (id, name) VALUES ('t', 'n')")
		put(t, d, "INSERT INTO member (id, team, email) VALUES ('m', 't', 'a@x')")
		for name, sql := range map[string]string{
			"unique":      "INSERT INTO member (id, team, email) VALUES ('m2', 't', 'a@x')",
			"primary key": "INSERT INTO team (id, name) VALUES ('t', 'n')",
			"foreign key": "INSERT INTO member (id, team, email) VALUES ('m3', 'none', 'b@x')",
			"child":       "DELETE FROM team",
		} {
			err := d.Write(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, sql); return err })
			if f := fault.As(err); f == nil || f.Kind != fault.Conflict || f.Code != "conflict" {
				t.Errorf("%s: %v", name, err)
			} else if name == "unique" && !strings.Contains(fmt.Sprint(f.Params["constraint"]), "email") {
				t.Errorf("constraint: %v", f.Params)
			}
		}
		err := d.Write(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, "INSERT INTO team (id) VALUES ('x')"); return err })
		if err == nil || fault.As(err) != nil {
			t.Errorf("not null is the program's mistake: %v", err)
		}
	})
}

func TestBadTextIsRefusedAlike(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		for name, arg := range map[string]any{"nul": "a\x00b", "utf-8": "\xff", "json": db.JSON("a\x00b")} {
			err := d.Write(t.Context(), func(tx db.Tx) error {
				_, err := tx.Exec(t.Context(), "INSERT INTO member (id, team, email, data) VALUES ('1', '2', '3', $1)", arg)
				return err
			})
			if !fault.Is(err, fault.Malformed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		err := d.Write(t.Context(), func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), "INSERT INTO tally (note) VALUES ($1)", time.Unix(0, 0))
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "Millis") {
			t.Errorf("a time: %v", err)
		}
	})
}

func TestReadCannotWrite(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		err := d.Read(t.Context(), func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), "INSERT INTO tally (note) VALUES ('x')")
			return err
		})
		if err == nil || fault.As(err) != nil {
			t.Error(err)
		}
		if n := count(t, d, "SELECT count(*) FROM tally"); n != 0 {
			t.Error(n)
		}
	})
}

func TestReadsSeeOnlyWhatIsCommitted(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		write(t, d, func(tx db.Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO tally (note) VALUES ('x')"); err != nil {
				return err
			}
			if n := count(t, d, "SELECT count(*) FROM tally"); n != 0 {
				t.Errorf("a read inside sees %d", n)
			}
			return nil
		})
		if err := d.Read(ctx, func(tx db.Tx) error {
			var before, after int
			if err := tx.QueryRow(ctx, "SELECT count(*) FROM tally").Scan(&before); err != nil {
				return err
			}
			put(t, d, "INSERT INTO tally (note) VALUES ('y')")
			if err := tx.QueryRow(ctx, "SELECT count(*) FROM tally").Scan(&after); err != nil {
				return err
			}
			if before != 1 || after != 1 {
				t.Errorf("a read sees %d, then %d", before, after)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestNothingRemainsOfAFailure(t *testing.T) {
	boom := errors.New("boom")
	for name, tc := range map[string]struct {
		then func(tx db.Tx) error
		want func(error) bool
	}{
		"error": {func(db.Tx) error { return boom }, func(err error) bool { return errors.Is(err, boom) }},
		"panic": {func(db.Tx) error { panic("boom") }, func(err error) bool { return fault.Is(err, fault.Internal) }},
		"bad SQL swallowed": {func(tx db.Tx) error {
			_, _ = tx.Exec(context.Background(), "INSERT INTO nowhere VALUES (1)")
			return nil
		}, func(err error) bool { return err != nil && strings.Contains(err.Error(), "nowhere") }},
		"after a failed statement": {func(tx db.Tx) error {
			_, _ = tx.Exec(context.Background(), "INSERT INTO tally (note) VALUES (NULL)")
			_, err := tx.Exec(context.Background(), "INSERT INTO tally (note) VALUES ('late')")
			return err
		}, func(err error) bool { return err != nil }},
		"rows left open": {func(tx db.Tx) error {
			_, err := tx.Query(context.Background(), "SELECT id FROM tally UNION ALL SELECT 2")
			return err
		}, func(err error) bool { return err != nil }},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, d *db.DB) {
				called := false
				err := d.Write(t.Context(), func(tx db.Tx) error {
					tx.AfterCommit(func() { called = true })
					if _, err := tx.Exec(t.Context(), "INSERT INTO tally (note) VALUES ('x')"); err != nil {
						return err
					}
					return tc.then(tx)
				})
				if !tc.want(err) {
					t.Error(err)
				}
				if n := count(t, d, "SELECT count(*) FROM tally"); n != 0 || called {
					t.Error(n, called)
				}
				put(t, d, "INSERT INTO tally (note) VALUES ('works again')")
			})
		})
	}
}

func TestTransactionIsOverWhenItReturns(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var kept db.Tx
		write(t, d, func(tx db.Tx) error { kept = tx; return nil })
		if _, err := kept.Exec(t.Context(), "INSERT INTO tally (note) VALUES ('x')"); err == nil {
			t.Error("a finished transaction wrote")
		}
	})
}

func TestGoexitInsideATransaction(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		var wg sync.WaitGroup
		wg.Go(func() {
			_ = d.Write(context.Background(), func(tx db.Tx) error {
				_, _ = tx.Exec(context.Background(), "INSERT INTO tally (note) VALUES ('x')")
				runtime.Goexit()
				return nil
			})
		})
		wg.Wait()
		put(t, d, "INSERT INTO tally (note) VALUES ('works again')")
		if n := count(t, d, "SELECT count(*) FROM tally"); n != 1 {
			t.Error(n)
		}
	})
}

func TestCancelled(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := d.Write(ctx, func(tx db.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO tally (note) VALUES ('x')")
			cancel()
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		err = d.Write(ctx, func(db.Tx) error { t.Error("ran though cancelled"); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if n := count(t, d, "SELECT count(*) FROM tally"); n != 0 {
			t.Error(n)
		}
	})
}

func TestALongQueryEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		endless := "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
		for name, run := range map[string]func(context.Context, func(db.Tx) error) error{"read": d.Read} {
			var n int
			err := run(t.Context(), func(tx db.Tx) error { return tx.QueryRow(t.Context(), endless).Scan(&n) })
			if !fault.Is(err, fault.Unavailable) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}, dbtest.Config(func(c *db.Config) { c.Timeout = 300 * time.Millisecond }))
}

func TestWriteWithinWriteEnds(t *testing.T) {
	d := dbtest.Open(t, dbtest.Migrations(schema), dbtest.Config(func(c *db.Config) { c.Timeout = 100 * time.Millisecond }))
	err := d.Write(t.Context(), func(db.Tx) error { return d.Write(t.Context(), func(db.Tx) error { return nil }) })
	if !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
	put(t, d, "INSERT INTO tally (note) VALUES ('works again')")
}

func TestNowIsTheClocks(t *testing.T) {
	c := clock.NewManual(time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC))
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		write(t, d, func(tx db.Tx) error {
			if !tx.Now().Equal(c.Now()) {
				t.Error(tx.Now())
			}
			return nil
		})
	}, dbtest.Clock(c))
}

func TestTwoHundredWriters(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		put(t, d, "INSERT INTO team (id, name) VALUES ('t', '0')")
		boom := errors.New("boom")
		var durable atomic.Int64
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				err := d.Write(t.Context(), func(tx db.Tx) error {
					tx.AfterCommit(func() { durable.Add(1) })
					if _, err := tx.Exec(t.Context(), "INSERT INTO tally (note) VALUES ($1)", fmt.Sprint(i)); err != nil {
						return err
					}
					switch i % 4 {
					case 0:
						return boom
					case 1:
						panic("boom")
					case 2: // the same email each time: only one may win
						_, err := tx.Exec(t.Context(), "INSERT INTO member (id, team, email) VALUES ($1, 't', 'same')", fmt.Sprint(i))
						return err
					}
					return nil
				})
				if i%4 == 3 && err != nil || i%4 < 2 && err == nil {
					t.Error(i, err)
				}
			})
		}
		wg.Wait()
		if n := count(t, d, "SELECT count(*) FROM tally"); n != 51 {
			t.Errorf("%d rows, want 51", n)
		}
		if durable.Load() != 51 {
			t.Errorf("%d told of the commit, want 51", durable.Load())
		}
	})
}

func TestLostUpdatesAreTriedAgain(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		put(t, d, "INSERT INTO team (id, name) VALUES ('a', '0')")
		put(t, d, "INSERT INTO team (id, name) VALUES ('b', '0')")
		var wg sync.WaitGroup
		for i := range 8 { // in opposite orders, which deadlocks on PostgreSQL
			first, second := "a", "b"
			if i%2 == 1 {
				first, second = second, first
			}
			wg.Go(func() {
				err := d.Write(t.Context(), func(tx db.Tx) error {
					for _, id := range []string{first, second} {
						if _, err := tx.Exec(t.Context(), "UPDATE team SET name = CAST(CAST(name AS INTEGER) + 1 AS TEXT) WHERE id = $1", id); err != nil {
							return err
						}
						time.Sleep(time.Millisecond) // lint:allow widens the gap in which the two can block each other; nothing waits for it
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := count(t, d, "SELECT count(*) FROM team WHERE name = '8'"); n != 2 {
			t.Error("an update was lost")
		}
	})
}

func TestNotify(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ctx, stop := context.WithCancel(t.Context())
		heard := make(chan string, 10)
		if err := d.Listen(ctx, "hub", func(payload string) { heard <- payload }); err != nil {
			t.Fatal(err)
		}
		say := func(channel, payload string, then error) {
			_ = d.Write(t.Context(), func(tx db.Tx) error {
				if err := d.Notify(t.Context(), tx, channel, payload); err != nil {
					t.Error(err)
				}
				if tx.Writes() != 0 {
					t.Error("a notification counts as a change")
				}
				return then
			})
		}
		say("other", "not for us", nil)
		say("hub", "rolled back", errors.New("boom"))
		say("hub", "第一", nil)
		if got := <-heard; got != "第一" {
			t.Error(got)
		}
		stop()
	})
}

func TestWritesAreCounted(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		write(t, d, func(tx db.Tx) error {
			ctx := t.Context()
			if err := db.Lock(ctx, tx, "numbers"); err != nil {
				return err
			}
			if _, err := db.Exists(ctx, tx, "SELECT 1 FROM tally"); err != nil {
				return err
			}
			if tx.Writes() != 0 {
				t.Error("reading counts as writing")
			}
			var id int64
			if err := tx.QueryRow(ctx, "INSERT INTO tally (note) VALUES ('x') RETURNING id").Scan(&id); err != nil {
				return err
			}
			if id != 1 || tx.Writes() != 1 {
				t.Error(id, tx.Writes())
			}
			return nil
		})
	})
}
