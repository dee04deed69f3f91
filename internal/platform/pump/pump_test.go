package pump_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/pump"
)

// rows are instants that wait, as a table would have them.
type rows struct {
	mu    sync.Mutex
	due   []time.Time
	fired chan time.Time
	fails error
}

func (r *rows) next(context.Context) (time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.due) == 0 {
		return time.Time{}, nil
	}
	return slices.MinFunc(r.due, time.Time.Compare), nil
}

func (r *rows) add(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.due = append(r.due, at)
}

func (r *rows) fire(now func() time.Time) func(context.Context) (bool, error) {
	return func(context.Context) (bool, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		i := slices.IndexFunc(r.due, func(at time.Time) bool { return !at.After(now()) })
		if i < 0 {
			return false, nil
		}
		at := r.due[i]
		r.due = slices.Delete(r.due, i, i+1)
		r.fired <- at
		return true, r.fails
	}
}

func TestTickFiresWhatIsDueAndNothingElse(t *testing.T) {
	c := clock.NewManual(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC))
	r := &rows{fired: make(chan time.Time, 100)}
	p := pump.New(pump.Config{Clock: c, Log: slog.New(slog.DiscardHandler), Next: r.next, Fire: r.fire(c.Now), AtOnce: 4})
	for i := range 40 {
		r.add(c.Now().Add(time.Duration(i-30) * time.Second))
	}
	if n, err := p.Tick(t.Context()); n != 31 || err != nil {
		t.Errorf("%d fired, %v", n, err)
	}
	if n, err := p.Tick(t.Context()); n != 0 || err != nil {
		t.Errorf("%d fired again, %v", n, err)
	}
	r.fails = errors.New("no database")
	c.Advance(time.Minute)
	if _, err := p.Tick(t.Context()); !errors.Is(err, r.fails) {
		t.Errorf("a failure is not told: %v", err)
	}
}

func TestRunFiresAtTheInstantAndIsWokenForAnEarlierOne(t *testing.T) {
	r := &rows{fired: make(chan time.Time, 10)}
	c := clock.System()
	p := pump.New(pump.Config{Clock: c, Log: slog.New(slog.DiscardHandler), Next: r.next, Fire: r.fire(c.Now)})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { p.Run(ctx); close(ended) }()
	for _, at := range []time.Time{c.Now().Add(30 * time.Millisecond), c.Now().Add(-time.Hour)} { // the second is waited for by nobody
		r.add(at)
		p.Due(at)
		select {
		case got := <-r.fired:
			if !got.Equal(at) || c.Now().Before(at) {
				t.Errorf("fired %v at %v, want %v", got, c.Now(), at)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("nothing fired; the pump would have slept on")
		}
	}
	stop()
	<-ended
}

func TestLateAndAgain(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	if pump.Late(now, now.Add(-time.Minute)) || !pump.Late(now, now.Add(-61*time.Second)) {
		t.Error("late is more than a minute after")
	}
	last := now
	for attempts := range 10 {
		at, again := pump.Again(now, attempts)
		if again != (attempts < 5) || at.Before(last) {
			t.Errorf("after %d failures: %v %v", attempts, at, again)
		}
		last = at
	}
}
