package audit

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Anchor is a seal's hash that was kept elsewhere.
type Anchor struct {
	No   int64
	Hash string
}

// Report is what a verification found.
type Report struct {
	Intact   bool     `json:"intact"`
	Events   int64    `json:"events"`
	Streams  int64    `json:"streams"`
	Seals    int64    `json:"seals"`
	Sealed   int64    `json:"sealed"`
	Unsealed int64    `json:"unsealed" doc:"Events that no seal protects yet."`
	LastSeal int64    `json:"last_seal"`
	LastHash string   `json:"last_hash" doc:"Hash of the last seal. Kept elsewhere, it proves the whole trail up to it."`
	Broken   int64    `json:"broken" doc:"How many events and seals are not as they were."`
	First    *Finding `json:"first,omitempty"`
}

// Finding is an event or seal that is not as it was.
type Finding struct {
	Reason string `json:"reason"` // event_changed, event_order, event_gap, event_orphan, seal_changed, seal_order, seal_gap, seal_events, anchor
	Event  string `json:"event,omitempty"`
	Stream string `json:"stream,omitempty"`
	Seq    int64  `json:"seq,omitempty"`
	Number string `json:"number,omitempty"`
	Seal   int64  `json:"seal,omitempty"`
}

// Say is the finding in words.
func (f Finding) Say(lang text.Lang) string {
	return text.Say(lang, "audit."+f.Reason, text.Params{
		"event": f.Event, "stream": f.Stream, "seq": f.Seq, "number": f.Number, "seal": f.Seal,
	})
}

// verifier walks the trail, a page at a time, so that memory stays the same however long it is.
type verifier struct {
	door    *work.Door
	lang    text.Lang
	w       io.Writer
	report  Report
	at      Entry // the event before
	last    Seal  // the seal before
	top     Entry // the event that claims the highest seal
	anchors []Anchor
}

// Verify recomputes every hash of every stream and every seal, and tells on w what it does. The actor must reach all
// customers: a proof over a part would be none.
func (s *Service) Verify(ctx context.Context, w io.Writer, anchors ...Anchor) (Report, error) {
	actor := work.ActorOf(ctx)
	if actor != nil && !actor.Scope().All {
		return Report{}, fault.Denied()
	}
	v := &verifier{door: s.door, w: w, anchors: anchors, lang: text.Zh}
	if actor != nil {
		v.lang = actor.Lang
	}
	for _, step := range []func(context.Context) error{v.events, v.seals, v.orphans} {
		if err := step(ctx); err != nil {
			return v.report, fmt.Errorf("verify the audit trail: %w", err)
		}
	}
	v.report.Intact = v.report.Broken == 0
	v.report.Unsealed = v.report.Events - v.report.Sealed
	return v.report, v.conclude()
}

func (v *verifier) say(key string, params text.Params) error {
	_, err := fmt.Fprintln(v.w, text.Say(v.lang, key, params))
	return err
}

func (v *verifier) found(f Finding) {
	v.report.Broken++
	if v.report.First == nil {
		v.report.First = &f
	}
}

// conclude tells the sum.
func (v *verifier) conclude() error {
	r := v.report
	params := text.Params{
		"events": r.Events, "streams": r.Streams, "seals": r.Seals, "sealed": r.Sealed, "unsealed": r.Unsealed,
		"broken": r.Broken, "seal": r.LastSeal, "hash": r.LastHash,
	}
	if err := v.say("audit.sum", params); err != nil {
		return err
	}
	if r.Intact {
		return v.say("audit.intact", params)
	}
	if err := v.say("audit.broken", params); err != nil {
		return err
	}
	_, err := fmt.Fprintln(v.w, r.First.Say(v.lang))
	return err
}

// pageSize is how many events or seals are read in one transaction.
const (
	pageSize  = 5000
	sealsPage = 100
)

func (v *verifier) events(ctx context.Context) error {
	for {
		page, err := v.eventPage(ctx)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			v.event(e)
		}
		if v.report.Events%100_000 == 0 {
			if err := v.say("audit.progress", text.Params{"events": v.report.Events}); err != nil {
				return err
			}
		}
	}
}

func (v *verifier) eventPage(ctx context.Context) (page []Entry, err error) {
	err = v.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		page, err = db.All(ctx, u, scanEntry, selectEntry+`WHERE (stream, seq) > ($1, $2) ORDER BY stream, seq LIMIT $3`,
			v.at.Stream, v.at.Seq, pageSize)
		return err
	})
	return page, err
}

func (v *verifier) event(e Entry) {
	before := v.at
	if e.Stream != before.Stream || v.report.Events == 0 {
		before = Entry{Stream: e.Stream}
		v.report.Streams++
	}
	v.report.Events++
	v.at = e
	if e.Seal > 0 {
		v.report.Sealed++
	}
	if e.Seal > v.top.Seal {
		v.top = e
	}
	if reason := wrongWith(e, before); reason != "" {
		v.found(Finding{Reason: reason, Event: e.ID, Stream: e.Stream, Seq: e.Seq, Number: e.Number, Seal: e.Seal})
	}
}

func wrongWith(e, before Entry) string {
	switch {
	case e.digest() != e.Hash:
		return "event_changed"
	case e.Seq != before.Seq+1:
		return "event_gap"
	case e.Prev != before.Hash:
		return "event_order"
	}
	return ""
}

func (v *verifier) seals(ctx context.Context) error {
	for {
		n := 0
		err := v.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
			page, err := db.All(ctx, u, scanSeal, selectSeal+`WHERE no > $1 ORDER BY no LIMIT $2`, v.last.No, sealsPage)
			n = len(page)
			for _, s := range page {
				if err := v.seal(ctx, u, s); err != nil {
					return err
				}
			}
			return err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

func (v *verifier) seal(ctx context.Context, tx db.Tx, s Seal) error {
	root := newRoot()
	rows, err := tx.Query(ctx, `SELECT id, hash FROM audit_events WHERE seal_no = $1 ORDER BY id`, s.No)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		l, err := scanLink(rows)
		if err != nil {
			return err
		}
		root.add(l.id, l.hash)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if reason := v.wrongWithSeal(s, root); reason != "" {
		v.found(Finding{Reason: reason, Seal: s.No})
	}
	v.last = s
	v.report.Seals++
	v.report.LastSeal, v.report.LastHash = s.No, s.Hash
	return nil
}

func (v *verifier) wrongWithSeal(s Seal, root *rootOf) string {
	switch {
	case s.digest() != s.Hash:
		return "seal_changed"
	case s.No != v.last.No+1:
		return "seal_gap"
	case s.Prev != v.last.Hash:
		return "seal_order"
	case s.Count != root.count || s.FirstID != root.first || s.LastID != root.last || s.Root != root.sum():
		return "seal_events"
	}
	for _, a := range v.anchors {
		if a.No == s.No && a.Hash != s.Hash {
			return "anchor"
		}
	}
	return ""
}

// orphans finds what points beyond the last seal: an event of a seal that is gone, an anchor of one.
func (v *verifier) orphans(context.Context) error {
	if e := v.top; e.Seal > v.last.No {
		v.found(Finding{Reason: "event_orphan", Event: e.ID, Stream: e.Stream, Seq: e.Seq, Number: e.Number, Seal: e.Seal})
	}
	for _, a := range v.anchors {
		if a.No > v.last.No || a.No < 1 {
			v.found(Finding{Reason: "anchor", Seal: a.No})
		}
	}
	return nil
}

// turnstile lets one through at a time, and the next not before a while.
type turnstile struct {
	mu   sync.Mutex
	busy bool
	next time.Time
}

const betweenVerifications = time.Minute

func (t *turnstile) enter(c clock.Clock) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	wait := t.next.Sub(c.Now())
	if t.busy {
		wait = max(wait, time.Second)
	}
	if wait > 0 && wait <= betweenVerifications {
		return fault.New(fault.TooMany, "too_many", text.Params{"seconds": int((wait + time.Second - 1) / time.Second)})
	}
	t.busy, t.next = true, c.Now().Add(betweenVerifications)
	return nil
}

func (t *turnstile) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy = false
}
