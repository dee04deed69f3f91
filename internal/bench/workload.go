package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/steward-ops/steward/internal/platform/db"
)

// workload is a program with clients that keep it busy, and its database for yardsticks and for looking at what became of it.
type workload struct {
	place    *place
	database *db.DB
	server   *process
	token    string
	clients  int
	wires    []*wire
	bare     *bareRows
	serial   sync.Mutex // SQLite has one writer; a commit shared by several would not be a bare one
	written  atomic.Int64
}

// underLoad starts the program, connects the clients, who show a token when there is one, and does something with them.
func underLoad(ctx context.Context, o *options, p *place, name, token string, clients int, do func(l *workload) error) error {
	database, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer database.Close()
	server, err := start(ctx, o, p.data, p.url, name)
	if err != nil {
		return err
	}
	l := &workload{place: p, database: database, server: server, token: token, clients: clients}
	defer l.disconnect()
	if err := l.connect(ctx); err != nil {
		return err
	}
	if err := do(l); err != nil {
		return err
	}
	if err := server.stop(); err != nil {
		return fmt.Errorf("stop the program: %w", err)
	}
	return nil
}

// connect gives every client a fresh connection: the server ends those that were silent for long.
func (l *workload) connect(ctx context.Context) error {
	l.disconnect()
	for range l.clients {
		w, err := dial(ctx, l.server.base, l.token)
		if err != nil {
			return err
		}
		l.wires = append(l.wires, w)
	}
	return nil
}

func (l *workload) disconnect() {
	for _, w := range l.wires {
		_ = w.conn.Close()
	}
	l.wires = nil
}

// run lets the clients work for a time and counts what they did.
func (l *workload) run(ctx context.Context, length time.Duration, do func(ctx context.Context, client int) error) (int, error) {
	end := time.Now().Add(length)
	var count atomic.Int64
	var first error
	var once sync.Once
	var wg sync.WaitGroup
	for client := range l.clients {
		wg.Go(func() {
			for time.Now().Before(end) && ctx.Err() == nil {
				if err := do(ctx, client); err != nil {
					once.Do(func() { first = err })
					return
				}
				count.Add(1)
			}
		})
	}
	wg.Wait()
	return int(count.Load()), first
}

func (l *workload) count(ctx context.Context, sql string, args ...any) (n int, err error) {
	err = l.database.Read(ctx, func(tx db.Tx) error {
		n, err = db.One(ctx, tx, db.Scan[int], sql, args...)
		return err
	})
	return n, err
}

// inOneTransaction writes as a program would that did nothing else.
func (l *workload) inOneTransaction(ctx context.Context, fn func(tx db.Tx) error) error {
	if l.place.dialect == db.SQLite {
		l.serial.Lock()
		defer l.serial.Unlock()
	}
	return l.database.Write(ctx, fn)
}
