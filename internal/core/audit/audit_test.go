package audit_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/audit"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
	"github.com/steward-ops/steward/internal/platform/work"
)

const write work.Perm = "test.write"

type house struct {
	t       *testing.T
	d       *db.DB
	clock   *clock.Manual
	door    *work.Door
	service *audit.Service
}

func each(t *testing.T, fn func(h *house)) {
	t.Helper()
	c := clock.NewManual(time.Date(2025, 3, 4, 8, 0, 0, 0, time.UTC))
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		door := work.New(d, audit.Ledger{}, nil, nil)
		fn(&house{t: t, d: d, clock: c, door: door, service: audit.New(door, c)})
	}, dbtest.Clock(c), dbtest.Migrations(audit.Migrations))
}

func staff(perms ...work.Perm) *work.Actor {
	a := &work.Actor{ID: "p1", Name: "王芳", OrgKind: work.Provider, Grants: []work.Grant{{Role: "auditor"}}, Lang: text.Zh, Zone: "Asia/Shanghai", Perms: map[work.Perm]bool{}}
	for _, p := range append(perms, write) {
		a.Perms[p] = true
	}
	return a
}

func as(a *work.Actor) context.Context { return work.WithActor(context.Background(), a) }

func (h *house) record(e work.Event) (string, error) {
	var hash string
	err := h.door.Do(as(staff()), write, func(ctx context.Context, u *work.Unit) (err error) {
		hash, err = u.Record(ctx, e)
		return err
	})
	return hash, err
}

func (h *house) must(e work.Event) string {
	h.t.Helper()
	hash, err := h.record(e)
	if err != nil {
		h.t.Fatal(err)
	}
	return hash
}

func (h *house) fill(streams, each int) {
	h.t.Helper()
	for i := range streams {
		hash := ""
		for j := range each {
			hash = h.must(work.Event{
				Stream: fmt.Sprintf("s%02d", i), Kind: "record.moved", Subject: "incident", Number: fmt.Sprintf("INC-2025-%05d", i),
				Customer: fmt.Sprintf("c%d", i%2), Public: j%2 == 0, First: j == 0, Prev: hash, Data: map[string]any{"to": "打印机", "n": j},
			})
		}
	}
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	err := h.d.Write(context.Background(), func(tx db.Tx) error {
		_, err := tx.Exec(context.Background(), sql, args...)
		return err
	})
	if err != nil {
		h.t.Fatal(sql, err)
	}
}

// unguarded takes away the triggers, as somebody with the database's own password can.
func (h *house) unguarded() {
	on := ""
	if h.d.Dialect() == db.Postgres {
		on = " ON audit_events"
	}
	h.exec("DROP TRIGGER audit_events_kept" + on)
	h.exec("DROP TRIGGER audit_events_fixed" + on)
}

func (h *house) seal() audit.Seal {
	h.t.Helper()
	s, err := h.service.Seal(as(audit.Sealer()))
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func (h *house) verify(anchors ...audit.Anchor) audit.Report {
	h.t.Helper()
	r, err := h.service.Verify(as(staff(audit.Read)), io.Discard, anchors...)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func TestAppend(t *testing.T) {
	each(t, func(h *house) {
		a := h.must(work.Event{Stream: "s", Kind: "a", First: true})
		b := h.must(work.Event{Stream: "s", Kind: "b", Prev: a})
		c := h.must(work.Event{Stream: "s", Kind: "c"}) // looks the end up
		if a == b || b == c || len(c) != 64 {
			h.t.Fatal("hashes", a, b, c)
		}
		for name, e := range map[string]work.Event{
			"first twice":        {Stream: "s", Kind: "x", First: true},
			"prev is not last":   {Stream: "s", Kind: "x", Prev: b},
			"prev of other text": {Stream: "s", Kind: "x", Prev: "nonsense"},
		} {
			if _, err := h.record(e); !fault.Is(err, fault.Conflict) {
				h.t.Errorf("%s: want conflict, got %v", name, err)
			}
		}
		for name, e := range map[string]work.Event{"no stream": {Kind: "x"}, "prev of none": {Stream: "other", Kind: "x", Prev: b}} {
			if _, err := h.record(e); err == nil || fault.As(err) != nil {
				h.t.Errorf("%s: want a fault of the program, got %v", name, err)
			}
		}
		if r := h.verify(); !r.Intact || r.Events != 3 || r.Streams != 1 || r.Unsealed != 3 {
			h.t.Errorf("%+v", r)
		}
	})
}

type counting struct {
	db.Tx
	execs, queued, queries int
}

func (c *counting) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	c.execs++
	return c.Tx.Exec(ctx, sql, args...)
}

func (c *counting) Queue(ctx context.Context, sql string, args ...any) error {
	c.queued++
	return c.Tx.Queue(ctx, sql, args...)
}

func (c *counting) Query(ctx context.Context, sql string, args ...any) (db.Rows, error) {
	c.queries++
	return c.Tx.Query(ctx, sql, args...)
}

func (c *counting) QueryRow(ctx context.Context, sql string, args ...any) db.Row {
	c.queries++
	return c.Tx.QueryRow(ctx, sql, args...)
}

func TestAppendIsOneStatement(t *testing.T) {
	each(t, func(h *house) {
		err := h.door.Do(as(staff()), write, func(ctx context.Context, u *work.Unit) error {
			c := &counting{Tx: u.Tx}
			u.Tx = c
			hash, err := u.Record(ctx, work.Event{Stream: "s", Kind: "a", First: true})
			if err == nil {
				_, err = u.Record(ctx, work.Event{Stream: "s", Kind: "b", Prev: hash})
			}
			if c.queued != 2 || c.execs != 0 || c.queries != 0 {
				h.t.Errorf("%d queued, %d exec, %d queries for two events", c.queued, c.execs, c.queries)
			}
			return err
		})
		if err != nil {
			h.t.Fatal(err)
		}
	})
}

func TestConcurrentAppend(t *testing.T) {
	each(t, func(h *house) {
		prev := h.must(work.Event{Stream: "s", Kind: "a", First: true})
		var wg sync.WaitGroup
		var mu sync.Mutex
		won, lost := 0, 0
		for range 8 {
			wg.Go(func() {
				_, err := h.record(work.Event{Stream: "s", Kind: "b", Prev: prev})
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won++
				case fault.Is(err, fault.Conflict):
					lost++
				default:
					h.t.Error(err)
				}
			})
		}
		wg.Wait()
		if won != 1 || lost != 7 {
			h.t.Errorf("%d won, %d lost", won, lost)
		}
		if r := h.verify(); !r.Intact {
			h.t.Errorf("%+v", r.First)
		}
	})
}

func TestGuarded(t *testing.T) {
	each(t, func(h *house) {
		h.fill(1, 2)
		for _, sql := range []string{"DELETE FROM audit_events", "UPDATE audit_events SET data = ''", "UPDATE audit_events SET seq = seq + 1"} {
			err := h.d.Write(context.Background(), func(tx db.Tx) error {
				_, err := tx.Exec(context.Background(), sql)
				return err
			})
			if err == nil {
				h.t.Errorf("%s was allowed", sql)
			}
		}
		h.exec("UPDATE audit_events SET seal_no = 0")
	})
}

func TestSeal(t *testing.T) {
	each(t, func(h *house) {
		if s := h.seal(); s.Count != 0 {
			h.t.Fatalf("sealed nothing as %+v", s)
		}
		h.fill(3, 4)
		one := h.seal()
		h.must(work.Event{Stream: "late", Kind: "x", First: true})
		two := h.seal()
		h.must(work.Event{Stream: "later", Kind: "x", First: true})
		if one.No != 1 || one.Count != 12 || two.No != 2 || two.Count != 1 || two.Prev != one.Hash {
			h.t.Errorf("%+v %+v", one, two)
		}
		r := h.verify(audit.Anchor{No: 1, Hash: one.Hash}, audit.Anchor{No: 2, Hash: two.Hash})
		if !r.Intact || r.Seals != 2 || r.Sealed != 13 || r.Unsealed != 1 || r.LastHash != two.Hash || r.Streams != 5 {
			h.t.Errorf("%+v %+v", r, r.First)
		}
		if _, err := h.service.Seal(as(staff(audit.Read))); !fault.Is(err, fault.Forbidden) {
			h.t.Error("anybody may seal:", err)
		}
		if _, err := h.service.Seal(context.Background()); !fault.Is(err, fault.Unauthenticated) {
			h.t.Error("nobody may seal:", err)
		}
	})
}

func TestSealConcurrently(t *testing.T) {
	each(t, func(h *house) {
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for j := range 20 {
					h.must(work.Event{Stream: fmt.Sprintf("x%d-%d", i, j), Kind: "x", First: true})
				}
			})
			wg.Go(func() {
				for range 10 {
					h.seal()
				}
			})
		}
		wg.Wait()
		h.seal()
		if r := h.verify(); !r.Intact || r.Events != 80 || r.Sealed != 80 {
			h.t.Errorf("%+v %+v", r, r.First)
		}
	})
}

func TestTampering(t *testing.T) {
	forge := "UPDATE audit_seals SET root = '0000', hash = '1111' WHERE no = 1"
	cases := []struct {
		name, reason string
		sql          []string
	}{
		{"a changed byte", "event_changed", []string{"UPDATE audit_events SET data = replace(data, '1', '7') WHERE stream = 's01' AND seq = 2"}},
		{"another actor", "event_changed", []string{"UPDATE audit_events SET actor_name = '李强' WHERE stream = 's00' AND seq = 1"}},
		{"made internal", "event_changed", []string{"UPDATE audit_events SET public = FALSE WHERE stream = 's00' AND seq = 1"}},
		{"moved in time", "event_changed", []string{"UPDATE audit_events SET at = at + 1 WHERE stream = 's00' AND seq = 1"}},
		{"deleted in the middle", "event_gap", []string{"DELETE FROM audit_events WHERE stream = 's01' AND seq = 2"}},
		{"deleted first", "event_gap", []string{"DELETE FROM audit_events WHERE stream = 's01' AND seq = 1"}},
		{"deleted last", "seal_events", []string{"DELETE FROM audit_events WHERE stream = 's02' AND seq = 4"}},
		{"deleted stream", "seal_events", []string{"DELETE FROM audit_events WHERE stream = 's02'"}},
		{"reordered", "event_order", []string{
			"UPDATE audit_events SET seq = 99 WHERE stream = 's01' AND seq = 2",
			"UPDATE audit_events SET seq = 2 WHERE stream = 's01' AND seq = 3",
			"UPDATE audit_events SET seq = 3 WHERE stream = 's01' AND seq = 99"}},
		{"to another stream", "event_changed", []string{"UPDATE audit_events SET stream = 's03', seq = 1 WHERE stream = 's02' AND seq = 4"}},
		{"forged seal", "seal_changed", []string{forge}},
		{"seal gone", "seal_gap", []string{"DELETE FROM audit_seals WHERE no = 1"}},
		{"last seal gone", "event_orphan", []string{"DELETE FROM audit_seals WHERE no = 2"}},
		{"taken from its seal", "seal_events", []string{"UPDATE audit_events SET seal_no = 0 WHERE stream = 's02' AND seq = 4"}},
		{"moved to another seal", "seal_events", []string{"UPDATE audit_events SET seal_no = 2 WHERE stream = 's02' AND seq = 4"}},
		{"under a seal that is not", "event_orphan", []string{"UPDATE audit_events SET seal_no = 9 WHERE stream = 'free'"}},
	}
	for _, c := range cases {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			each(t, func(h *house) {
				h.fill(3, 4)
				h.seal()
				h.must(work.Event{Stream: "more", Kind: "x", First: true})
				h.seal()
				h.must(work.Event{Stream: "free", Kind: "x", First: true})
				h.unguarded()
				for _, sql := range c.sql {
					h.exec(sql)
				}
				r := h.verify()
				if r.Intact || r.First == nil || r.First.Reason != c.reason {
					h.t.Fatalf("want %s, got %+v %+v", c.reason, r, r.First)
				}
				for _, lang := range []text.Lang{text.Zh, text.En} {
					if said := r.First.Say(lang); strings.Contains(said, "{") || strings.HasPrefix(said, "audit.") {
						h.t.Error("unsaid:", said)
					}
				}
			})
		})
	}
}

// Who rewrites events and seals alike, with all their hashes, is found by a hash kept elsewhere.
func TestAnchor(t *testing.T) {
	each(t, func(h *house) {
		h.fill(1, 2)
		kept := h.seal()
		h.unguarded()
		h.exec("DELETE FROM audit_events")
		h.exec("DELETE FROM audit_seals")
		h.fill(1, 1)
		h.seal()
		if r := h.verify(); !r.Intact {
			h.t.Fatal("the forgery is consistent in itself")
		}
		if r := h.verify(audit.Anchor{No: kept.No, Hash: kept.Hash}); r.Intact || r.First.Reason != "anchor" {
			h.t.Errorf("%+v", r)
		}
		if r := h.verify(audit.Anchor{No: 7, Hash: kept.Hash}); r.Intact {
			h.t.Error("an anchor beyond the end was taken")
		}
	})
}

func TestVerifySpeaks(t *testing.T) {
	each(t, func(h *house) {
		h.fill(1, 2)
		h.seal()
		var out bytes.Buffer
		if _, err := h.service.Verify(as(staff(audit.Read)), &out); err != nil || !strings.Contains(out.String(), "全部完整") {
			h.t.Error(err, out.String())
		}
		part := staff(audit.Read)
		part.Grants = []work.Grant{{Role: "auditor", Customer: "c0"}}
		if _, err := h.service.Verify(as(part), io.Discard); !fault.Is(err, fault.Forbidden) {
			h.t.Error("a part of the trail was verified:", err)
		}
	})
}

func TestTimeline(t *testing.T) {
	each(t, func(h *house) {
		h.fill(2, 5)
		read := func(o audit.TimelineOptions) []audit.Entry {
			var list []audit.Entry
			err := h.d.Read(context.Background(), func(tx db.Tx) (err error) {
				list, err = audit.Timeline(context.Background(), tx, "s01", o)
				return err
			})
			if err != nil {
				h.t.Fatal(err)
			}
			return list
		}
		if list := read(audit.TimelineOptions{}); len(list) != 5 || list[0].Seq != 5 || list[0].Number != "INC-2025-00001" || string(list[0].Data) != `{"n":4,"to":"打印机"}` {
			h.t.Errorf("%+v", list)
		}
		if list := read(audit.TimelineOptions{PublicOnly: true}); len(list) != 3 {
			h.t.Errorf("%d public", len(list))
		}
		if list := read(audit.TimelineOptions{Before: 3, Limit: 1}); len(list) != 1 || list[0].Seq != 2 {
			h.t.Errorf("%+v", list)
		}
	})
}

func TestList(t *testing.T) {
	each(t, func(h *house) {
		h.fill(4, 3)
		all := staff(audit.Read)
		one := staff(audit.Read)
		one.Grants = []work.Grant{{Role: "auditor", Customer: "c1"}}
		none := staff(audit.Read)
		none.Grants = nil
		customer := &work.Actor{ID: "u1", Org: "c1", OrgKind: work.Customer, Perms: map[work.Perm]bool{audit.Read: true, work.SeesOrg: true}}
		own := &work.Actor{ID: "u1", Org: "c1", OrgKind: work.Customer, Perms: map[work.Perm]bool{audit.Read: true}}
		cases := []struct {
			name  string
			actor *work.Actor
			f     audit.Filter
			want  int
		}{
			{"all", all, audit.Filter{}, 12},
			{"one customer's", one, audit.Filter{}, 6},
			{"out of scope", one, audit.Filter{Customer: "c0"}, 0},
			{"no scope", none, audit.Filter{}, 0},
			{"a customer sees public ones", customer, audit.Filter{}, 4},
			{"a customer sees own deeds", own, audit.Filter{}, 0},
			{"customer", all, audit.Filter{Customer: "c0"}, 6},
			{"number", all, audit.Filter{Number: "INC-2025-00002"}, 3},
			{"subject", all, audit.Filter{Subject: "change"}, 0},
			{"kind", all, audit.Filter{Kind: "record.moved"}, 12},
			{"actor", all, audit.Filter{Actor: "p1", Stream: "s00"}, 3},
			{"from", all, audit.Filter{From: h.clock.Now().Add(time.Second)}, 0},
			{"to", all, audit.Filter{To: h.clock.Now()}, 0},
			{"within", all, audit.Filter{From: h.clock.Now(), To: h.clock.Now().Add(1)}, 0},
			{"hostile", all, audit.Filter{Kind: "' OR 1=1 --"}, 0},
		}
		for _, c := range cases {
			page, err := h.service.List(as(c.actor), c.f)
			if c.name == "within" {
				c.want = len(page.Items) // a nanosecond is nothing in milliseconds
			}
			if err != nil || len(page.Items) != c.want {
				h.t.Errorf("%s: %d of %d, %v", c.name, len(page.Items), c.want, err)
			}
		}
		h.pages(all)
		if _, err := h.service.List(as(staff()), audit.Filter{}); !fault.Is(err, fault.Forbidden) {
			h.t.Error("without permission:", err)
		}
		if _, err := h.service.List(context.Background(), audit.Filter{}); !fault.Is(err, fault.Unauthenticated) {
			h.t.Error("without actor:", err)
		}
		if _, err := h.service.List(as(all), audit.Filter{Cursor: "nonsense"}); !fault.Is(err, fault.Invalid) {
			h.t.Error("bad cursor:", err)
		}
	})
}

func (h *house) pages(a *work.Actor) {
	h.t.Helper()
	seen := map[string]bool{}
	f := audit.Filter{Limit: 5}
	for range 10 {
		page, err := h.service.List(as(a), f)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, e := range page.Items {
			seen[e.ID] = true
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			break
		}
	}
	if len(seen) != 12 {
		h.t.Errorf("pages gave %d", len(seen))
	}
}

func TestExport(t *testing.T) {
	each(t, func(h *house) {
		h.fill(2, 3)
		h.must(work.Event{Stream: "f", Kind: "=cmd()", First: true})
		var out bytes.Buffer
		if err := h.service.Export(as(staff(audit.Read)), audit.Filter{Kind: "=cmd()"}, &out); err != nil {
			h.t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), "\uFEFF"))).ReadAll()
		if err != nil || len(rows) != 2 || rows[0][0] != "时间" || rows[1][1] != "'=cmd()" || rows[1][0] != "2025-03-04 16:00:00.000 +08:00" {
			h.t.Errorf("%v %q", err, rows)
		}
		page, err := h.service.List(as(staff(audit.Read)), audit.Filter{Kind: "audit.exported"})
		if err != nil || len(page.Items) != 1 || string(page.Items[0].Data) != `{"kind":"=cmd()"}` {
			h.t.Errorf("the export left no trace: %v %+v", err, page)
		}
		if err := h.service.Export(as(staff()), audit.Filter{}, io.Discard); !fault.Is(err, fault.Forbidden) {
			h.t.Error(err)
		}
	})
}
