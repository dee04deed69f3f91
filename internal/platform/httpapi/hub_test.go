package httpapi

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
	"github.com/steward-ops/steward/internal/platform/work"
)

func customer(id, org string, perms ...work.Perm) *work.Actor {
	a := &work.Actor{ID: id, Org: org, OrgKind: work.Customer, Perms: map[work.Perm]bool{}}
	for _, p := range perms {
		a.Perms[p] = true
	}
	return a
}

func TestKeysFor(t *testing.T) {
	all := &work.Actor{ID: "all", OrgKind: work.Provider, Grants: []work.Grant{{Role: "desk"}}}
	some := &work.Actor{ID: "some", OrgKind: work.Provider, Grants: []work.Grant{{Role: "desk", Customer: "A"}}}
	none := &work.Actor{ID: "none", OrgKind: work.Provider}
	ownerA, userA, ownerB := customer("ownerA", "A", work.SeesOrg), customer("userA", "A"), customer("ownerB", "B", work.SeesOrg)
	readers := []*work.Actor{all, some, none, ownerA, userA, ownerB}
	keys := []string{"record:INC-1", "list:incident"}
	for _, c := range []struct {
		name   string
		notice work.Notice
		want   string
	}{
		{"of A", work.Notice{Customer: "A"}, "all some ownerA"},
		{"of A, reported by userA", work.Notice{Customer: "A", Own: []string{"userA"}}, "all some ownerA userA"},
		{"of A, watched from B by mistake", work.Notice{Customer: "A", Own: []string{"ownerB"}}, "all some ownerA"},
		{"of B", work.Notice{Customer: "B"}, "all ownerB"},
		{"of A for one", work.Notice{Customer: "A", Persons: []string{"some"}}, "some"},
		{"of A for a requester", work.Notice{Customer: "A", Persons: []string{"userA"}}, "userA"},
		{"of A for one of B by mistake", work.Notice{Customer: "A", Persons: []string{"ownerB"}}, ""},
		{"inbox", work.Notice{Persons: []string{"userA", "none"}}, "none userA"},
		{"the provider's own", work.Notice{}, "all some- none-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.notice.Keys = keys
			var got []string
			for _, a := range readers {
				switch k := keysFor(c.notice, a); {
				case slices.Equal(k, keys):
					got = append(got, a.ID)
				case slices.Equal(k, keys[1:]):
					got = append(got, a.ID+"-")
				case len(k) > 0:
					t.Errorf("%s: %v", a.ID, k)
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v", got)
			}
			if !slices.Equal(c.notice.Keys, []string{"record:INC-1", "list:incident"}) {
				t.Error("the notice was changed")
			}
		})
	}
}

// event is one server-sent event; a comment has only a kind ":".
type event struct{ id, kind, data string }

// listen opens a stream and reads its events.
func listen(t *testing.T, server *httptest.Server, token string, header ...string) <-chan event {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	r, _ := http.NewRequestWithContext(ctx, "GET", server.URL+"/api/v1/events", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept-Encoding", "gzip")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Content-Encoding") != "" {
		t.Fatalf("stream: %d %v", resp.StatusCode, resp.Header)
	}
	events := make(chan event, 100)
	go func() {
		defer close(events)
		defer resp.Body.Close()
		var e event
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "":
				if e.kind != "" {
					events <- e
				}
				e = event{}
			case "id":
				e.id = value
			case "event":
				e.kind = value
			case "data":
				e.data = value
			}
		}
	}()
	return events
}

func next(t *testing.T, events <-chan event) event {
	t.Helper()
	select {
	case e, ok := <-events:
		if !ok {
			return event{kind: "closed"}
		}
		return e
	case <-time.After(20 * time.Second):
		t.Fatal("no event came")
		return event{}
	}
}

func hubServer(t *testing.T, bus Bus, change func(*Hub)) (*Hub, *httptest.Server, *sessions, context.CancelFunc) {
	t.Helper()
	hub := NewHub(bus, slog.New(slog.DiscardHandler))
	if change != nil {
		change(hub)
	}
	s := people()
	s.actors["a"], s.actors["own"], s.actors["b"] = customer("ownerA", "A", work.SeesOrg), customer("userA", "A"), customer("ownerB", "B", work.SeesOrg)
	h, _, _ := testAPI(t, func(c *Config) { c.Hub, c.Sessions = hub, s })
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); hub.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return hub, server, s, cancel
}

func TestLiveEvents(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ready := make(chan struct{}, 1)
		hub, server, _, stop := hubServer(t, listening{d, ready}, nil)
		<-ready
		staff, a, own, b := listen(t, server, "li"), listen(t, server, "a"), listen(t, server, "own"), listen(t, server, "b")
		announce := func(n work.Notice, fail error) {
			t.Helper()
			err := d.Write(context.Background(), func(tx db.Tx) error {
				if err := hub.Announce(context.Background(), tx, n); err != nil {
					return err
				}
				return fail
			})
			if !errors.Is(err, fail) {
				t.Fatal(err)
			}
		}
		announce(work.Notice{Keys: []string{"record:ROLLED-BACK"}, Customer: "A"}, errors.New("no"))
		announce(work.Notice{Keys: []string{"record:A-1"}, Customer: "A"}, nil)
		for name, events := range map[string]<-chan event{"staff": staff, "a": a} {
			if e := next(t, events); e != (event{"1", "stale", `{"keys":["record:A-1"]}`}) {
				t.Errorf("%s got %v", name, e)
			}
		}
		announce(work.Notice{Keys: []string{"record:A-2"}, Customer: "A", Own: []string{"userA"}}, nil)
		if e := next(t, own); e.data != `{"keys":["record:A-2"]}` {
			t.Errorf("requester got %v", e)
		}
		announce(work.Notice{Keys: []string{"record:B-1"}, Customer: "B"}, nil)
		if e := next(t, b); e.data != `{"keys":["record:B-1"]}` {
			t.Errorf("B got %v", e)
		}
		if e := next(t, a); e.data != `{"keys":["record:A-2"]}` {
			t.Errorf("A got %v", e)
		}
		stop()
		for name, events := range map[string]<-chan event{"a": a, "own": own, "b": b} {
			if e := next(t, events); e.kind != "restart" {
				t.Errorf("%s got %v at the end", name, e)
			}
			if e := next(t, events); e.kind != "closed" {
				t.Errorf("%s got %v after the end", name, e)
			}
		}
	})
}

// listening tells when the hub listens.
type listening struct {
	Bus
	ready chan struct{}
}

func (l listening) Listen(ctx context.Context, channel string, fn func(string)) error {
	err := l.Bus.Listen(ctx, channel, fn)
	l.ready <- struct{}{}
	return err
}

func TestLongNoticesAreSplit(t *testing.T) {
	bus := &fakeBus{}
	n := work.Notice{Customer: "A"}
	for i := range 1000 {
		n.Keys = append(n.Keys, fmt.Sprintf("record:INC-2026-%05d", i))
		n.Own = append(n.Own, fmt.Sprintf("person-%032d", i))
	}
	if err := NewHub(bus, nil).Announce(context.Background(), nil, n); err != nil {
		t.Fatal(err)
	}
	pairs := 0
	for _, p := range bus.sent {
		if len(p) > maxPayload {
			t.Fatalf("%d bytes", len(p))
		}
		pairs += strings.Count(p, "record:") * strings.Count(p, "person-")
	}
	if pairs != 1000*1000 {
		t.Errorf("%d pairs of key and person in %d notices", pairs, len(bus.sent))
	}
}

type fakeBus struct {
	sent []string
	fn   func(string)
}

func (b *fakeBus) Notify(_ context.Context, _ db.Tx, _, payload string) error {
	b.sent = append(b.sent, payload)
	return nil
}

func (b *fakeBus) Listen(_ context.Context, _ string, fn func(string)) error {
	b.fn = fn
	return nil
}

func TestSessionEndsTheStream(t *testing.T) {
	_, server, s, _ := hubServer(t, &fakeBus{}, func(h *Hub) { h.recheck = 5 * time.Millisecond })
	events := listen(t, server, "a")
	s.revoke("a")
	if e := next(t, events); e.kind != "end" {
		t.Errorf("got %v", e)
	}
	if e := next(t, events); e.kind != "closed" {
		t.Errorf("got %v", e)
	}
}

func TestScopeIsReadAnew(t *testing.T) {
	hub, server, s, _ := hubServer(t, &fakeBus{}, func(h *Hub) { h.recheck = 5 * time.Millisecond })
	events := listen(t, server, "a")
	s.mu.Lock()
	s.actors["a"] = customer("ownerA", "C", work.SeesOrg)
	s.mu.Unlock()
	deadline := time.After(20 * time.Second)
	for {
		hub.deliver(`{"keys":["moved"],"customer":"C"}`)
		select {
		case e := <-events:
			if e.data == `{"keys":["moved"]}` {
				return
			}
		case <-deadline:
			t.Fatal("the new scope was never read")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestReconnectingReadersReadAnew(t *testing.T) {
	_, server, _, _ := hubServer(t, &fakeBus{}, nil)
	if e := next(t, listen(t, server, "a", "Last-Event-ID", "7")); e != (event{"1", "resync", "{}"}) {
		t.Errorf("got %v", e)
	}
}

func TestHeartbeatAndStreamLimit(t *testing.T) {
	hub, server, _, _ := hubServer(t, &fakeBus{}, func(h *Hub) { h.heartbeat = time.Millisecond })
	for range maxStreams - 1 {
		listen(t, server, "a")
	}
	r, _ := http.NewRequest("GET", server.URL+"/api/v1/events", nil)
	r.Header.Set("Authorization", "Bearer a")
	last, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer last.Body.Close()
	want := "retry: 3000\n: hello\n\n: \n\n: \n\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(last.Body, got); err != nil || string(got) != want {
		t.Errorf("stream begins %q, %v", got, err)
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 429 {
		t.Errorf("one stream too many: %d", resp.StatusCode)
	}
	listen(t, server, "b")
	hub.Close()
	if resp, err := server.Client().Do(r); err != nil || resp.StatusCode != 503 {
		t.Errorf("after the end: %v %v", resp, err)
	}
}

func TestOverflowBecomesOneResync(t *testing.T) {
	r := &reader{actor: customer("a", "A", work.SeesOrg), wake: make(chan struct{}, 1)}
	for i := range maxPending + 50 {
		r.offer(work.Notice{Keys: []string{fmt.Sprint("record:", i), "list:incident"}, Customer: "A"})
	}
	if keys, all, _ := r.take(); !all || len(keys) != 0 {
		t.Errorf("got %v %v", keys, all)
	}
	r.offer(work.Notice{Keys: []string{"list:incident"}, Customer: "A"})
	r.offer(work.Notice{Keys: []string{"list:incident"}, Customer: "A"})
	if keys, all, _ := r.take(); all || !slices.Equal(keys, []string{"list:incident"}) {
		t.Errorf("got %v %v", keys, all)
	}
}

func TestBacklogNeverHoldsUpTheWriter(t *testing.T) {
	h := NewHub(&fakeBus{}, nil)
	r := &reader{actor: customer("a", "A", work.SeesOrg), wake: make(chan struct{}, 1)}
	if err := h.join(r); err != nil {
		t.Fatal(err)
	}
	for range maxBacklog + 1 { // nobody takes them
		h.receive(`{"keys":["x"],"customer":"A"}`)
	}
	if _, all, _ := r.take(); !all {
		t.Error("something was lost and the reader does not know")
	}
}
