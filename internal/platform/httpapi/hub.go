package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Bus carries payloads to every replica; *db.DB is it. Listen returns once it listens, and gives an empty payload
// when some may have been missed.
type Bus interface {
	Notify(ctx context.Context, tx db.Tx, channel, payload string) error
	Listen(ctx context.Context, channel string, fn func(payload string)) error
}

const (
	channel    = "live"
	maxPayload = 7900 // bytes; PostgreSQL stops at 8,000
	maxStreams = 10   // of one actor
	maxPending = 200  // keys that wait for one reader
	maxBacklog = 4096 // notices that wait to be handed out
)

// Hub tells browsers which of their cached queries are out of date. It implements work.Herald.
type Hub struct {
	bus       Bus
	log       *slog.Logger
	backlog   chan string
	mu        sync.Mutex
	readers   map[*reader]bool
	closed    bool
	heartbeat time.Duration
	recheck   time.Duration
}

// NewHub makes a hub; Run connects it to the bus.
func NewHub(bus Bus, log *slog.Logger) *Hub {
	if log == nil {
		log = slog.Default()
	}
	return &Hub{bus: bus, log: log, backlog: make(chan string, maxBacklog), readers: map[*reader]bool{}, heartbeat: 25 * time.Second, recheck: time.Minute}
}

// Announce sends a notice to every replica when the transaction commits.
func (h *Hub) Announce(ctx context.Context, tx db.Tx, n work.Notice) error {
	payload, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write notice: %w", err)
	}
	if len(payload) <= maxPayload {
		return h.bus.Notify(ctx, tx, channel, string(payload))
	}
	longest := &n.Keys
	for _, list := range []*[]string{&n.Persons, &n.Own} {
		if len(*list) > len(*longest) {
			longest = list
		}
	}
	if len(*longest) < 2 {
		return fmt.Errorf("notice of %d bytes cannot be split", len(payload))
	}
	all, half := *longest, len(*longest)/2
	for _, part := range [][]string{all[:half], all[half:]} {
		*longest = part
		if err := h.Announce(ctx, tx, n); err != nil {
			return err
		}
	}
	return nil
}

// Run hands notices out until ctx ends, then ends every stream.
func (h *Hub) Run(ctx context.Context) {
	defer h.Close()
	for {
		err := h.bus.Listen(ctx, channel, h.receive)
		if err == nil || ctx.Err() != nil {
			break
		}
		h.log.Error("live events: cannot listen", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	for {
		select {
		case <-ctx.Done():
			return
		case payload := <-h.backlog:
			h.deliver(payload)
		}
	}
}

// receive must be quick: on SQLite it runs in the writer. An empty payload makes every reader read anew.
func (h *Hub) receive(payload string) {
	select {
	case h.backlog <- payload:
	default:
		h.each(func(r *reader) { r.resync() })
	}
}

// Close ends every stream and takes no new ones.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.each(func(r *reader) { r.end() })
}

func (h *Hub) deliver(payload string) {
	if payload == "" {
		h.each(func(r *reader) { r.resync() })
		return
	}
	var n work.Notice
	if err := json.Unmarshal([]byte(payload), &n); err != nil {
		h.log.Error("live events: notice cannot be read", "error", err)
		return
	}
	h.each(func(r *reader) { r.offer(n) })
}

func (h *Hub) each(fn func(*reader)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for r := range h.readers {
		fn(r)
	}
}

func (h *Hub) join(r *reader) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return fault.New(fault.Unavailable, "unavailable", nil)
	}
	n := 0
	for other := range h.readers {
		if other.actor.ID == r.actor.ID {
			n++
		}
	}
	if n >= maxStreams {
		return fault.New(fault.TooMany, "httpapi.streams", nil)
	}
	h.readers[r] = true
	return nil
}

func (h *Hub) leave(r *reader) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.readers, r)
}

// keysFor are the keys of a notice that an actor may know. Rows without a customer are the provider's own matter:
// its people learn that a list changed, but the number of a record only those who reach everything.
func keysFor(n work.Notice, actor *work.Actor) []string {
	addressed := slices.Contains(n.Persons, actor.ID)
	if len(n.Persons) > 0 && !addressed || n.Staff && !actor.Staff() {
		return nil
	}
	scope := actor.Scope()
	if n.Customer == "" {
		switch {
		case addressed, scope.All:
			return n.Keys
		case !actor.Staff():
			return nil
		}
		return slices.DeleteFunc(slices.Clone(n.Keys), func(key string) bool { return strings.HasPrefix(key, "record:") })
	}
	if !scope.Reaches(n.Customer) {
		return nil
	}
	if scope.Own != "" && !addressed && !slices.Contains(n.Own, actor.ID) {
		return nil
	}
	return n.Keys
}

// reader is one open stream. Keys wait as a set, so that a burst becomes one event.
type reader struct {
	mu      sync.Mutex
	actor   *work.Actor
	pending []string
	all     bool // too much to name: read everything anew
	ended   bool
	wake    chan struct{}
}

func (r *reader) offer(n work.Notice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := keysFor(n, r.actor)
	if len(keys) == 0 || r.all {
		return
	}
	for _, key := range keys {
		if !slices.Contains(r.pending, key) {
			r.pending = append(r.pending, key)
		}
	}
	if len(r.pending) > maxPending {
		r.all, r.pending = true, nil
	}
	r.signal()
}

func (r *reader) resync() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all, r.pending = true, nil
	r.signal()
}

func (r *reader) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	r.signal()
}

func (r *reader) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// take empties what waits.
func (r *reader) take() (keys []string, all, ended bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys, all = r.pending, r.all
	r.pending, r.all = nil, false
	return keys, all, r.ended
}

func (r *reader) become(actor *work.Actor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.actor = actor
}

// mount registers the stream.
func (h *Hub) mount(api *API) {
	op := &Op{ID: "events", Method: "GET", Path: "/api/v1/events", Tag: "System", Summary: "Live events",
		Perm: work.SignedIn, Timeout: -1}
	api.mount(op, false, func(w http.ResponseWriter, r *http.Request) {
		if err := h.serve(api, w, r); err != nil {
			writeProblem(w, problemOf(r.Context(), err))
		}
	})
	api.Describe(describeEvents)
}

func (h *Hub) serve(api *API, w http.ResponseWriter, r *http.Request) error {
	client := &reader{actor: work.ActorOf(r.Context()), wake: make(chan struct{}, 1)}
	if err := h.join(client); err != nil {
		return err
	}
	defer h.leave(client)
	if r.Header.Get("Last-Event-ID") != "" {
		client.resync() // something may have been missed in between
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	s := &stream{w: w, rc: http.NewResponseController(w)}
	s.send("retry: 3000\n: hello\n\n")
	h.pump(api, r, client, s)
	return nil
}

// pump writes until the client goes, the session ends or the program stops.
func (h *Hub) pump(api *API, r *http.Request, client *reader, s *stream) {
	beat, recheck := time.NewTicker(h.heartbeat), time.NewTicker(h.recheck)
	defer beat.Stop()
	defer recheck.Stop()
	cookie, bearer := credentials(r)
	for s.err == nil {
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			s.send(": \n\n")
		case <-recheck.C:
			actor, _, err := api.cfg.Sessions.Authenticate(r.Context(), cookie, bearer)
			switch {
			case fault.Is(err, fault.Unauthenticated), err == nil && !actor.May(work.SignedIn):
				s.send("event: end\ndata: {}\n\n")
				return
			case err == nil:
				client.become(actor)
			}
		case <-client.wake:
			keys, all, ended := client.take()
			if ended {
				s.send("event: restart\ndata: {}\n\n")
				return
			}
			s.event(keys, all)
		}
	}
}

// stream writes server-sent events.
type stream struct {
	w   http.ResponseWriter
	rc  *http.ResponseController
	id  int
	err error
}

func (s *stream) event(keys []string, all bool) {
	kind, data := "stale", any(map[string][]string{"keys": keys})
	switch {
	case all:
		kind, data = "resync", struct{}{}
	case len(keys) == 0:
		return
	}
	b, err := json.Marshal(data)
	if err != nil {
		s.err = err
		return
	}
	s.id++
	s.send(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", s.id, kind, b))
}

// send gives a slow client ten seconds, then gives it up.
func (s *stream) send(text string) {
	_ = s.rc.SetWriteDeadline(clock.System().Now().Add(10 * time.Second))
	if _, s.err = s.w.Write([]byte(text)); s.err == nil {
		s.err = s.rc.Flush()
	}
}
