// Package pump waits for instants that stand in rows and has done what is due at them: once each, on any number of
// replicas, at the instant and not in steps.
package pump

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
)

// Config is what a pump is built from. Claiming a row and doing what it is for are one transaction of Fire: that is why
// each is done once.
type Config struct {
	Clock clock.Clock
	Log   *slog.Logger
	Name  string // of what is pumped, for the log
	// Next is the earliest instant that stands in a row; zero = none.
	Next func(ctx context.Context) (time.Time, error)
	// Fire does what is due first, and is false when nothing is. What fails it puts off itself.
	Fire   func(ctx context.Context) (due bool, err error)
	AtOnce int // how many are fired at a time, 1 when 0; what is due at one instant then shares commits
}

// Pump is one sort of rows.
type Pump struct {
	cfg     Config
	wake    chan struct{}
	planned atomic.Int64 // when it looks next, in milliseconds
}

// New makes a pump; nothing runs before Run.
func New(cfg Config) *Pump {
	cfg.AtOnce = max(cfg.AtOnce, 1)
	return &Pump{cfg: cfg, wake: make(chan struct{}, 1)}
}

// lateAfter is how long after its instant something counts as done late: the program was down, or could not do it.
const lateAfter = time.Minute

// Late tells whether what was due at an instant is done late.
func Late(now, due time.Time) bool { return now.Sub(due) > lateAfter }

// maxAttempts after which what fails is given up.
const maxAttempts = 6

// Again is when something is tried again that has failed so many times; false when it is given up.
func Again(now time.Time, attempts int) (time.Time, bool) {
	return now.Add(time.Second << min(attempts, maxAttempts)), attempts+1 < maxAttempts
}

// Due tells the pump, after a commit, that a row has an instant; it looks at once where it would have looked too late.
func (p *Pump) Due(at time.Time) {
	if clock.Millis(at) < p.planned.Load() {
		p.Wake()
	}
}

// Wake makes the pump look at once.
func (p *Pump) Wake() {
	select {
	case p.wake <- struct{}{}:
	default: // it is awake
	}
}

// Tick fires everything that is due and returns how many that were.
func (p *Pump) Tick(ctx context.Context) (fired int, err error) {
	due, err := p.cfg.Fire(ctx)
	if !due || err != nil {
		return 0, err
	}
	var group sync.WaitGroup
	var count atomic.Int64
	failures := make(chan error, p.cfg.AtOnce)
	for range p.cfg.AtOnce {
		group.Go(func() {
			for ctx.Err() == nil {
				due, err := p.cfg.Fire(ctx)
				if err != nil {
					failures <- err
				}
				if !due || err != nil {
					return
				}
				count.Add(1)
			}
		})
	}
	group.Wait()
	close(failures)
	err = ctx.Err()
	for failure := range failures {
		err = errors.Join(err, failure)
	}
	return int(count.Load()) + 1, err
}

const (
	idleAtMost = 15 * time.Second      // another replica may have set an instant and died
	lookAgain  = 10 * time.Millisecond // after firing: what somebody held may be free
)

// Run fires what is due until the context ends.
func (p *Pump) Run(ctx context.Context) {
	for ctx.Err() == nil {
		p.planned.Store(math.MaxInt64) // whoever sets an instant while we look wakes us
		wait := idleAtMost
		if next, err := p.cfg.Next(ctx); err == nil && !next.IsZero() {
			wait = min(wait, next.Sub(p.cfg.Clock.Now()))
		}
		if wait <= 0 {
			if _, err := p.Tick(ctx); err != nil && ctx.Err() == nil {
				p.cfg.Log.ErrorContext(ctx, p.cfg.Name, "error", err)
			}
			wait = lookAgain
		}
		p.planned.Store(clock.Millis(p.cfg.Clock.Now().Add(wait)))
		p.sleep(ctx, wait)
	}
}

func (p *Pump) sleep(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-p.wake:
	case <-timer.C:
	}
}
