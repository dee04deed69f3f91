package db

import (
	"context"
	"fmt"
	"sync"
)

// Listen calls fn with the payload of every Notify on the channel, of any replica, until ctx ends. It returns
// once it listens. An empty payload means that some may have been missed (the connection was lost for a while).
// fn must return quickly: it holds up what follows.
func (d *DB) Listen(ctx context.Context, channel string, fn func(payload string)) error {
	return d.engine.listen(ctx, channel, fn)
}

// Notify tells listeners of the channel after the transaction has committed. A process that dies in between tells
// nobody: notifications make things quick, they must not be all that makes them happen. NOTIFY within the transaction
// would be certain, but PostgreSQL then commits one such transaction after the other.
// Payloads stop at 8,000 bytes: send ids.
func (d *DB) Notify(_ context.Context, tx Tx, channel, payload string) error {
	if len(payload) == 0 || len(payload) >= 8000 {
		return fmt.Errorf("notify %s: payload of %d bytes", channel, len(payload))
	}
	tx.AfterCommit(func() { d.engine.publish(channel, payload) })
	return nil
}

// Lock waits until no other transaction holds the named lock, and keeps it until the transaction ends.
// On SQLite every writer is alone anyway.
func Lock(ctx context.Context, tx Tx, name string) error {
	if tx.Dialect() == SQLite {
		return nil
	}
	rows, err := tx.Query(ctx, "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.' || $1, 0))", name)
	if err != nil {
		return fmt.Errorf("lock %s: %w", name, err)
	}
	rows.Close()
	return rows.Err()
}

// bus carries notifications within the process: with SQLite there is no other.
type bus struct {
	mu   sync.RWMutex
	subs map[string]map[*func(string)]struct{}
}

func (b *bus) listen(ctx context.Context, channel string, fn func(string)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = map[string]map[*func(string)]struct{}{}
	}
	if b.subs[channel] == nil {
		b.subs[channel] = map[*func(string)]struct{}{}
	}
	key := &fn
	b.subs[channel][key] = struct{}{}
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs[channel], key)
	})
}

func (b *bus) publish(channel, payload string) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for fn := range b.subs[channel] {
		(*fn)(payload)
	}
}
