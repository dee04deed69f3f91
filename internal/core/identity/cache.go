package identity

import (
	"sync"
	"time"

	"github.com/steward-ops/steward/internal/platform/work"
)

const (
	cacheLife = 5 * time.Second
	cacheSize = 10_000
)

// actorCache spares the reading of grants and teams with every request. What it holds is believed only together with
// the account's epoch, which is read each time.
type actorCache struct {
	mu     sync.Mutex
	actors map[string]cachedActor
}

type cachedActor struct {
	epoch int64
	at    time.Time
	actor *work.Actor
}

func newActorCache() *actorCache { return &actorCache{actors: map[string]cachedActor{}} }

func (c *actorCache) get(hash string, epoch int64, now time.Time) *work.Actor {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.actors[hash]
	if !ok || e.epoch != epoch || now.Before(e.at) || now.Sub(e.at) > cacheLife {
		return nil
	}
	return e.actor
}

func (c *actorCache) put(hash string, epoch int64, now time.Time, actor *work.Actor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.actors) >= cacheSize {
		clear(c.actors)
	}
	c.actors[hash] = cachedActor{epoch: epoch, at: now, actor: actor}
}
