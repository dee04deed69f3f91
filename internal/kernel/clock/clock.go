// Package clock is the only source of the current time; everything else takes an instant as an argument.
package clock

import (
	"sync"
	"time"
)

// Clock tells the current instant, cut to milliseconds, in UTC.
type Clock interface {
	Now() time.Time
}

// System is the machine's clock.
func System() Clock { return system{} }

type system struct{}

func (system) Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Manual is a clock that stands where it was set, or runs on from there; scenario tests and the --test-clock mode use it.
type Manual struct {
	mu      sync.Mutex
	set     time.Time
	at      time.Time
	running bool
}

// NewManual returns a clock that stands still at t.
func NewManual(t time.Time) *Manual { return &Manual{set: t} }

// NewRunning returns a clock that shows the machine's time until it is set.
func NewRunning() *Manual {
	now := time.Now()
	return &Manual{set: now, at: now, running: true}
}

// Now is the set instant (plus what has passed since, while running), UTC, in milliseconds.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.set
	if m.running {
		t = t.Add(time.Since(m.at))
	}
	return t.UTC().Truncate(time.Millisecond)
}

// Set stops the clock at t.
func (m *Manual) Set(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set, m.running = t, false
}

// Run lets the clock go on from t.
func (m *Manual) Run(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set, m.at, m.running = t, time.Now(), true
}

// Advance moves a standing clock forward by d.
func (m *Manual) Advance(d time.Duration) { m.Set(m.Now().Add(d)) }

// Millis is t as epoch milliseconds, the form in which instants are stored; 0 stands for "not yet".
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// FromMillis is the inverse of Millis.
func FromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Stopwatch starts measuring and returns a function that tells what has passed since, by the monotonic clock.
func Stopwatch() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}
