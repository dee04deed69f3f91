package httpapi

import (
	"context"
	"math"
	"net/netip"
	"sync"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// By says whose requests are counted together.
type By int

// The two ways of counting.
const (
	ByActor By = iota // the actor, or the address of somebody unknown
	ByIP              // always the address
)

// Rate lets Burst requests pass at once and then one every Every.
type Rate struct {
	Every time.Duration
	Burst int
	By    By
}

// Unlimited is for an operation without a limit.
var Unlimited = Rate{Burst: -1}

// Limits are the general limits. They go by the machine's clock, not by the business clock, which stands still in
// tests of the whole program.
type Limits struct {
	Off   bool        // for benchmarks
	Actor Rate        // default 100/s, 1000 at once
	Guest Rate        // of one address without an account; default 20/s, 300 at once
	Clock clock.Clock // default clock.System()
	Size  int         // how many counters are kept; default 65,536
}

// limiter holds one instant per key (GCRA): when its bucket will be full again. Two generations of keys bound the
// memory: when the young one is half the size, the old one is dropped.
type limiter struct {
	Limits
	mu         sync.Mutex
	young, old map[string]time.Time
}

func newLimiter(l Limits) *limiter {
	if l.Clock == nil {
		l.Clock = clock.System()
	}
	if l.Size == 0 {
		l.Size = 1 << 16
	}
	if l.Actor.Burst == 0 {
		l.Actor = Rate{Every: 10 * time.Millisecond, Burst: 1000}
	}
	if l.Guest.Burst == 0 {
		l.Guest = Rate{Every: 50 * time.Millisecond, Burst: 300}
	}
	return &limiter{Limits: l, young: map[string]time.Time{}}
}

// take takes one token, or tells how long to wait.
func (l *limiter) take(key string, rate Rate) (wait time.Duration, ok bool) {
	if l.Off || rate.Burst < 0 {
		return 0, true
	}
	now := l.Clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	full, known := l.young[key]
	if !known {
		full = l.old[key]
	}
	if full.Before(now) {
		full = now
	}
	full = full.Add(rate.Every)
	if over := full.Sub(now) - rate.Every*time.Duration(max(rate.Burst, 1)); over > 0 {
		return over, false
	}
	l.young[key] = full
	if len(l.young) >= l.Size/2 {
		l.old, l.young = l.young, make(map[string]time.Time, l.Size/2)
	}
	return 0, true
}

// allow applies the operation's limit, or the general one.
func (l *limiter) allow(x *exchange, op *Op) error {
	rate, prefix := op.Rate, op.ID
	if rate.Burst == 0 {
		rate, prefix = l.Actor, ""
		if x.actor == nil {
			rate = l.Guest
		}
	}
	key := prefix + " " + ipKey(x.ip)
	if x.actor != nil && rate.By == ByActor {
		key = prefix + " " + x.actor.ID
	}
	return l.admit(key, rate)
}

func (l *limiter) admit(key string, rate Rate) error {
	wait, ok := l.take(key, rate)
	if ok {
		return nil
	}
	seconds := int(math.Ceil(wait.Seconds()))
	return fault.New(fault.TooMany, "too_many", text.Params{"seconds": max(seconds, 1)})
}

// ipKey counts a whole IPv6 network of one subscriber as one.
func ipKey(ip netip.Addr) string {
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}

// Allow counts by a key of the caller's choice, such as the account that somebody tries to sign in to.
func Allow(ctx context.Context, key string, rate Rate) error {
	x := exchangeOf(ctx)
	if x == nil {
		return nil
	}
	return x.api.limits.admit("key "+key, rate)
}
