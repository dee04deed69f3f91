package db_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
)

// together makes the functions write in one group: the first waits until the others stand in line.
func together(t *testing.T, d *db.DB, fns ...func(tx db.Tx) error) []error {
	t.Helper()
	errs := make([]error, len(fns))
	var wg sync.WaitGroup
	for i, fn := range fns {
		ready := make(chan struct{})
		gather := sync.OnceFunc(func() { // not when it is called again
			close(ready)
			for i == 0 && d.Waiting() < len(fns)-1 {
				runtime.Gosched()
			}
		})
		wg.Go(func() {
			errs[i] = d.Write(context.Background(), func(tx db.Tx) error {
				gather()
				return fn(tx)
			})
		})
		if i == 0 {
			<-ready
			continue
		}
		for i < len(fns)-1 && d.Waiting() < i { // the last one sets the first going
			runtime.Gosched()
		}
	}
	wg.Wait()
	return errs
}

func note(text string, then error) func(tx db.Tx) error {
	return func(tx db.Tx) error {
		if _, err := tx.Exec(context.Background(), "INSERT INTO tally (note) VALUES ($1)", text); err != nil {
			return err
		}
		return then
	}
}

func notes(t *testing.T, d *db.DB) []string {
	t.Helper()
	var list []string
	if err := d.Read(t.Context(), func(tx db.Tx) (err error) {
		list, err = db.All(t.Context(), tx, db.Scan[string], "SELECT note FROM tally ORDER BY id")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAGroupLosesOnlyWhatFailed(t *testing.T) {
	boom := errors.New("boom")
	for name, tc := range map[string]struct {
		fns  []func(tx db.Tx) error
		want []string
	}{
		"the first fails":  {[]func(db.Tx) error{note("a", boom), note("b", nil), note("c", nil)}, []string{"b", "c"}},
		"the second fails": {[]func(db.Tx) error{note("a", nil), note("b", boom), note("c", nil)}, []string{"a", "c"}},
		"the last fails":   {[]func(db.Tx) error{note("a", nil), note("b", nil), note("c", boom)}, []string{"a", "b"}},
		"all fail":         {[]func(db.Tx) error{note("a", boom), note("b", boom), note("c", boom)}, nil},
		"one panics": {[]func(db.Tx) error{note("a", nil), func(tx db.Tx) error {
			_ = note("b", nil)(tx)
			panic("boom")
		}, note("c", nil)}, []string{"a", "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := dbtest.Open(t, dbtest.Migrations(schema))
			errs := together(t, d, tc.fns...)
			failed := slices.DeleteFunc(errs, func(err error) bool { return err == nil })
			if len(failed) != len(tc.fns)-len(tc.want) {
				t.Error(failed)
			}
			if got := notes(t, d); !slices.Equal(got, tc.want) {
				t.Errorf("kept %v, want %v", got, tc.want)
			}
		})
	}
}

// SQLite gives up the whole transaction on some errors (disk full, I/O); those who were done by then must come again.
func TestALostGroupIsWrittenAgain(t *testing.T) {
	d := dbtest.Open(t, dbtest.Migrations(schema))
	errs := together(t, d, note("a", nil), func(tx db.Tx) error {
		_, _ = tx.Exec(context.Background(), "ROLLBACK")
		return errors.New("boom")
	}, note("c", nil))
	if errs[0] != nil || errs[1] == nil || errs[2] != nil {
		t.Error(errs)
	}
	got := notes(t, d)
	slices.Sort(got)
	if !slices.Equal(got, []string{"a", "c"}) {
		t.Error(got)
	}
}

func TestNobodyHearsBeforeTheCommit(t *testing.T) {
	d := dbtest.Open(t, dbtest.Migrations(schema))
	var early bool
	tell := func(tx db.Tx) error {
		tx.AfterCommit(func() { early = early || !slices.Contains(notes(t, d), "a") })
		return note("a", nil)(tx)
	}
	if errs := together(t, d, tell, note("b", nil)); errs[0] != nil || errs[1] != nil || early {
		t.Error(errs, early)
	}
}

func TestWhoGivesUpInLineDoesNotRun(t *testing.T) {
	d := dbtest.Open(t, dbtest.Migrations(schema))
	ctx, cancel := context.WithCancel(t.Context())
	var late error
	var wg sync.WaitGroup
	put(t, d, "INSERT INTO tally (note) VALUES ('x')")
	write(t, d, func(db.Tx) error {
		wg.Go(func() { late = d.Write(ctx, note("late", nil)) })
		for d.Waiting() == 0 {
			runtime.Gosched()
		}
		cancel()
		wg.Wait()
		return nil
	})
	if !errors.Is(late, context.Canceled) || slices.Contains(notes(t, d), "late") {
		t.Error(late)
	}
}

func TestCloseServesThoseInLine(t *testing.T) {
	d := dbtest.Open(t, dbtest.Migrations(schema))
	var wg sync.WaitGroup
	var second error
	write(t, d, func(tx db.Tx) error {
		wg.Go(func() { second = d.Write(context.Background(), note("second", nil)) })
		for d.Waiting() == 0 {
			runtime.Gosched()
		}
		wg.Go(d.Close)
		for d.Waiting() == 1 {
			runtime.Gosched()
		}
		return nil
	})
	wg.Wait()
	if second != nil {
		t.Error(second)
	}
	if err := d.Write(context.Background(), note("late", nil)); err == nil {
		t.Error("wrote to a closed database")
	}
}
