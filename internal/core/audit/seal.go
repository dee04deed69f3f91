package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// The permissions of the trail.
const (
	Read    work.Perm = "audit.read"
	Sealing work.Perm = "audit.seal"
)

// SealSize is how many events a seal holds at most.
const SealSize = 5000

// Sealer is the background actor that may seal and nothing else.
func Sealer() *work.Actor { return work.System("audit", Sealing) }

// Service answers questions about the trail.
type Service struct {
	door     *work.Door
	clock    clock.Clock
	verified turnstile
}

// New makes the service.
func New(door *work.Door, c clock.Clock) *Service {
	return &Service{door: door, clock: c}
}

// Seal closes a group of events: none of them can change, vanish or be joined by another without it showing.
// Whoever keeps a seal's hash elsewhere can prove that the whole trail up to it is the one that was.
type Seal struct {
	No      int64     `json:"no"`
	FirstID string    `json:"first_id"`
	LastID  string    `json:"last_id"`
	Count   int64     `json:"count"`
	Root    string    `json:"root"`
	Prev    string    `json:"prev"`
	Hash    string    `json:"hash"`
	At      time.Time `json:"at"`
}

// Seal puts the oldest events that have none, at most SealSize, under a new seal. Without such events the seal answered
// has Count 0. Several replicas may do so at once: each event gets one seal.
func (s *Service) Seal(ctx context.Context) (Seal, error) {
	var seal Seal
	err := s.door.Do(ctx, Sealing, func(ctx context.Context, u *work.Unit) (err error) {
		u.Unrecorded() // a seal is itself the record
		seal, err = sealNext(ctx, u)
		return err
	})
	if err != nil {
		return Seal{}, fmt.Errorf("seal the audit trail: %w", err)
	}
	return seal, nil
}

func sealNext(ctx context.Context, tx db.Tx) (Seal, error) {
	if err := db.Lock(ctx, tx, "audit.seal"); err != nil {
		return Seal{}, err
	}
	last, err := lastSeal(ctx, tx)
	if err != nil {
		return Seal{}, err
	}
	root, err := claim(ctx, tx, last.No+1)
	if err != nil || root.count == 0 {
		return Seal{}, err
	}
	seal := Seal{
		No: last.No + 1, FirstID: root.first, LastID: root.last, Count: root.count,
		Root: root.sum(), Prev: last.Hash, At: tx.Now(),
	}
	seal.Hash = seal.digest()
	_, err = tx.Exec(ctx, `INSERT INTO audit_seals (no, first_id, last_id, count, root, prev, hash, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		seal.No, seal.FirstID, seal.LastID, seal.Count, seal.Root, seal.Prev, seal.Hash, clock.Millis(seal.At))
	return seal, err
}

// link is what a seal takes of an event.
type link struct{ id, hash string }

func scanLink(row db.Row) (link, error) {
	var l link
	err := row.Scan(&l.id, &l.hash)
	return l, err
}

// claim marks events with a seal's number and answers the root over exactly those it marked: an event that commits
// meanwhile, though its id be older, waits for the next seal.
func claim(ctx context.Context, tx db.Tx, no int64) (*rootOf, error) {
	links, err := db.All(ctx, tx, scanLink, `UPDATE audit_events SET seal_no = $1 WHERE id IN
		(SELECT id FROM audit_events WHERE seal_no = 0 ORDER BY id LIMIT $2) RETURNING id, hash`, no, SealSize)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(links, func(a, b link) int { return cmp.Compare(a.id, b.id) })
	root := newRoot()
	for _, l := range links {
		root.add(l.id, l.hash)
	}
	return root, nil
}

const selectSeal = `SELECT no, first_id, last_id, count, root, prev, hash, at FROM audit_seals `

func scanSeal(row db.Row) (Seal, error) {
	var s Seal
	var at int64
	err := row.Scan(&s.No, &s.FirstID, &s.LastID, &s.Count, &s.Root, &s.Prev, &s.Hash, &at)
	s.At = clock.FromMillis(at)
	return s, err
}

// lastSeal is the newest seal, the zero one before the first.
func lastSeal(ctx context.Context, tx db.Tx) (Seal, error) {
	s, err := db.One(ctx, tx, scanSeal, selectSeal+`ORDER BY no DESC LIMIT 1`)
	if fault.Is(err, fault.NotFound) {
		return Seal{}, nil
	}
	return s, err
}
