// Package audit keeps the append-only trail of every change: a chain of hashes a thing, seals over all, and the proof of both.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Entry is one event of the trail.
type Entry struct {
	ID        string          `json:"id"`
	Stream    string          `json:"stream"`
	Seq       int64           `json:"seq"`
	At        time.Time       `json:"at"`
	Kind      string          `json:"kind"`
	Subject   string          `json:"subject"`
	Number    string          `json:"number"`
	Customer  string          `json:"customer"`
	ActorID   string          `json:"actor_id"`
	ActorName string          `json:"actor_name"`
	Via       string          `json:"via"` // session, token or system
	Public    bool            `json:"public"`
	Data      json.RawMessage `json:"data,omitempty"`
	Prev      string          `json:"prev"`
	Hash      string          `json:"hash"`
	Seal      int64           `json:"seal"` // 0 = not yet sealed
}

// Ledger appends events; it is the work.Ledger.
type Ledger struct{}

var _ work.Ledger = Ledger{}

const columns = `id, stream, at, kind, subject, number, customer_id, actor_id, actor_name, via, public, data, prev, hash, seq`

const (
	insertPlain = `INSERT INTO audit_events (` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	// insertAfter goes in only where the stream still ends with the hash that the caller knows. Where it does not, the
	// place is that of the last event, which is taken: a conflict, also when nobody looks at the answer.
	insertAfter = `INSERT INTO audit_events (` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
		(SELECT seq + CASE WHEN hash = $13 THEN 1 ELSE 0 END FROM audit_events WHERE stream = $2 ORDER BY seq DESC LIMIT 1))`
	selectLast = `SELECT seq, hash FROM audit_events WHERE stream = $1 ORDER BY seq DESC LIMIT 1`
)

// Append adds an event to its stream and returns its hash. With First or Prev it costs one statement. Two appends to one
// stream at once, or a Prev that is not the stream's end, are a conflict, at the commit at the latest; a Prev in
// a stream without events is no place at all, and fails as a fault of the program.
func (Ledger) Append(ctx context.Context, u *work.Unit, e work.Event) (string, error) {
	entry, err := newEntry(u, e)
	if err != nil {
		return "", err
	}
	if e.First || e.Prev != "" {
		entry.Prev, entry.Seq = e.Prev, 1
	} else if entry.Seq, entry.Prev, err = next(ctx, u, e.Stream); err != nil {
		return "", fmt.Errorf("append to the audit trail: %w", err)
	}
	entry.Hash = entry.digest()
	if err := insert(ctx, u, entry, !e.First && e.Prev != ""); err != nil {
		return "", fmt.Errorf("append to the audit trail: %w", err)
	}
	return entry.Hash, nil
}

func newEntry(u *work.Unit, e work.Event) (Entry, error) {
	if e.Stream == "" || e.Kind == "" {
		return Entry{}, fmt.Errorf("append to the audit trail: event %q of stream %q lacks its kind or stream", e.Kind, e.Stream)
	}
	entry := Entry{
		ID: id.New(), Stream: e.Stream, At: u.Now(), Kind: e.Kind, Subject: e.Subject, Number: e.Number,
		Customer: e.Customer, ActorID: u.Actor.ID, ActorName: u.Actor.Name, Via: via(u.Actor), Public: e.Public,
	}
	if e.Data == nil {
		return entry, nil
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		return Entry{}, fmt.Errorf("append to the audit trail: %w", err)
	}
	entry.Data = data
	return entry, nil
}

func via(a *work.Actor) string {
	switch {
	case a.System:
		return "system"
	case a.Narrow != nil:
		return "token"
	}
	return "session"
}

// next is the place after the stream's end.
func next(ctx context.Context, tx db.Tx, stream string) (seq int64, prev string, err error) {
	err = tx.QueryRow(ctx, selectLast, stream).Scan(&seq, &prev)
	if fault.Is(err, fault.NotFound) {
		return 1, "", nil
	}
	return seq + 1, prev, err
}

func insert(ctx context.Context, tx db.Tx, e Entry, after bool) error {
	args := []any{
		e.ID, e.Stream, clock.Millis(e.At), e.Kind, e.Subject, e.Number, e.Customer, e.ActorID, e.ActorName,
		e.Via, e.Public, string(e.Data), e.Prev, e.Hash,
	}
	if !after {
		return tx.Queue(ctx, insertPlain, append(args, e.Seq)...)
	}
	return tx.Queue(ctx, insertAfter, args...)
}

const selectEntry = `SELECT ` + columns + `, seal_no FROM audit_events `

func scanEntry(row db.Row) (Entry, error) {
	var e Entry
	var at int64
	var data string
	err := row.Scan(&e.ID, &e.Stream, &at, &e.Kind, &e.Subject, &e.Number, &e.Customer, &e.ActorID, &e.ActorName,
		&e.Via, &e.Public, &data, &e.Prev, &e.Hash, &e.Seq, &e.Seal)
	e.At = clock.FromMillis(at)
	if data != "" {
		e.Data = json.RawMessage(data)
	}
	return e, err
}
