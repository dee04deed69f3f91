// Package work is the only door to data: it demands an actor and a permission, and gives one transaction,
// one instant, audit, jobs and live announcements in one.
package work

import (
	"context"
	"errors"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
)

// Event is one change, as the audit trail keeps it.
type Event struct {
	Stream   string // id of the thing that changed
	Kind     string // what happened, "record.moved"
	Subject  string // type of the thing: "incident", "person"
	Number   string // what people call it
	Customer string // organisation whose people may know, "" = the provider's own matter
	Public   bool   // shown to the customer's people
	Prev     string // hash of the stream's last event where the caller knows it; "" lets the ledger look it up
	First    bool   // the stream has no earlier event; saves the look-up
	Data     any    // details, stored as JSON
}

// Ledger appends events to the audit trail in the transaction that changes things; core/audit is it.
type Ledger interface {
	Append(ctx context.Context, u *Unit, e Event) (hash string, err error)
}

// Queue takes background jobs in the transaction that wants them; platform/jobs is it.
type Queue interface {
	Insert(ctx context.Context, tx db.Tx, job Job) error
}

// Job is work to be done after the commit, at least once.
type Job struct {
	Kind     string
	Args     any       // stored as JSON
	Unique   string    // jobs of one kind with the same Unique run once while any is pending
	At       time.Time // not before; zero = now
	Priority int       // 1 (first) to 4
}

// Notice is a live announcement: which cached queries of which readers are out of date.
type Notice struct {
	Keys     []string `json:"keys"`               // "record:INC-2026-00042", "list:incident", "inbox"
	Customer string   `json:"customer,omitempty"` // only readers who reach this customer
	Persons  []string `json:"persons,omitempty"`  // only these people, when set
	Own      []string `json:"own,omitempty"`      // people who, reaching only their own rows, may know too
	Staff    bool     `json:"staff,omitempty"`    // only the provider's people: a matter that customers do not see at all
}

// Herald carries announcements to every replica after the commit; platform/httpapi's hub listens.
type Herald interface {
	Announce(ctx context.Context, tx db.Tx, n Notice) error
}

// Door gives access to the database.
type Door struct {
	db     *db.DB
	ledger Ledger
	queue  Queue
	herald Herald
}

// New makes the door. Queue and herald may be nil where a command needs neither.
func New(database *db.DB, ledger Ledger, queue Queue, herald Herald) *Door {
	return &Door{db: database, ledger: ledger, queue: queue, herald: herald}
}

// Unit is one piece of work: a transaction in which an actor does something at one instant.
type Unit struct {
	db.Tx
	Actor    *Actor
	door     *Door
	recorded bool
	excused  bool
	known    map[any]any
}

var errUnrecorded = errors.New("work: a change without an audit event")

// Do runs fn in a write transaction for the actor of the context.
// It answers unauthenticated without an actor, forbidden without the permission, and whatever fn answers;
// nothing is kept unless fn returns nil. A change that fn does not Record is refused.
func (d *Door) Do(ctx context.Context, perm Perm, fn func(ctx context.Context, u *Unit) error) error {
	actor, err := admit(ctx, perm)
	if err != nil {
		return err
	}
	return d.db.Write(ctx, func(tx db.Tx) error {
		u := &Unit{Tx: tx, Actor: actor, door: d}
		if err := fn(ctx, u); err != nil {
			return err
		}
		if !u.recorded && !u.excused && tx.Writes() > 0 {
			return errUnrecorded
		}
		return nil
	})
}

// Read runs fn in a read-only transaction for the actor of the context.
func (d *Door) Read(ctx context.Context, perm Perm, fn func(ctx context.Context, u *Unit) error) error {
	actor, err := admit(ctx, perm)
	if err != nil {
		return err
	}
	return d.db.Read(ctx, func(tx db.Tx) error {
		return fn(ctx, &Unit{Tx: tx, Actor: actor, door: d})
	})
}

// Once answers what load found when it was first asked for under the key in this unit of work: for what a unit asks for
// more than once, and for what it changes and asks for again. A key's type should be its package's own.
func Once[T any](u *Unit, key any, load func() (T, error)) (T, error) {
	if v, ok := u.known[key]; ok {
		return v.(T), nil
	}
	v, err := load()
	if err == nil {
		if u.known == nil {
			u.known = map[any]any{}
		}
		u.known[key] = v
	}
	return v, err
}

func admit(ctx context.Context, perm Perm) (*Actor, error) {
	actor := ActorOf(ctx)
	if actor == nil {
		return nil, fault.New(fault.Unauthenticated, "unauthenticated", nil)
	}
	if perm == "" || !actor.May(perm) {
		return nil, fault.Denied()
	}
	return actor, nil
}

// Record appends an audit event and returns its hash.
func (u *Unit) Record(ctx context.Context, e Event) (string, error) {
	u.recorded = true
	return u.door.ledger.Append(ctx, u, e)
}

// Unrecorded excuses a change that is no business of the audit trail: read marks, drafts, session use.
func (u *Unit) Unrecorded() { u.excused = true }

// Enqueue adds a job that runs after the commit.
func (u *Unit) Enqueue(ctx context.Context, job Job) error {
	if u.door.queue == nil {
		return nil
	}
	return u.door.queue.Insert(ctx, u.Tx, job)
}

// Announce tells readers, after the commit, what is out of date.
func (u *Unit) Announce(ctx context.Context, n Notice) error {
	if u.door.herald == nil {
		return nil
	}
	return u.door.herald.Announce(ctx, u.Tx, n)
}
