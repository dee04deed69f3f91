package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/audit"
	"github.com/steward-ops/steward/internal/core/calendar"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/core/seal"
	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/engine/notify/notifytest"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/jobs"
	"github.com/steward-ops/steward/internal/platform/work"
)

// thursday is 2026-10-15, 10:00 in Shanghai: an ordinary working day.
var thursday = time.Date(2026, 10, 15, 2, 0, 0, 0, time.UTC)

// loopback is where the other sides of these tests are.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// house is a provider with people and a customer, whose notices go out through real jobs on a clock that the test sets.
type house struct {
	t       *testing.T
	clock   *clock.Manual
	db      *db.DB
	door    *work.Door
	queue   *jobs.Queue
	svc     *notify.Service
	courier *notify.Courier
	web     http.Handler
	log     *safeBuffer
	key     seal.Key

	admin, wang, li, zhao *person // the administrator, two engineers, a customer's user
}

// person is somebody with an account.
type person struct {
	h     *house
	id    string
	actor *work.Actor
}

// safeBuffer is what was logged.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func each(t *testing.T, fn func(h *house)) {
	t.Helper()
	t.Parallel()
	for _, dialect := range []string{"sqlite", "postgres"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			c := clock.NewManual(thursday)
			options := []dbtest.Option{migrations(), dbtest.Clock(c)}
			if dialect == "postgres" {
				fn(build(t, dbtest.Postgres(t, options...), c))
				return
			}
			fn(build(t, dbtest.Open(t, options...), c))
		})
	}
}

func migrations() dbtest.Option {
	return dbtest.Migrations(jobs.Migrations, audit.Migrations, party.Migrations, record.Migrations, notify.Migrations)
}

func build(t *testing.T, d *db.DB, c *clock.Manual) *house {
	t.Helper()
	h := &house{t: t, clock: c, db: d, log: &safeBuffer{}, key: seal.Generate("k1")}
	log := slog.New(slog.NewTextHandler(h.log, nil))
	// A job that fails, for want of a connection on a busy server say, comes again at once: this clock stands still.
	queue, err := jobs.New(d, jobs.Config{Clock: c, Log: log, Workers: 4, Backoff: func(int) time.Duration { return 0 }})
	ok(t, err)
	h.queue = queue
	h.door = work.New(d, audit.Ledger{}, queue, nil)
	week := map[string][]calendar.Interval{}
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri"} {
		week[day] = []calendar.Interval{{"09:00", "18:00"}}
	}
	hours, err := calendar.NewIn(calendar.China(), calendar.Spec{Timezone: "Asia/Shanghai", Weekly: week})
	ok(t, err)
	ring, err := seal.New([]seal.Key{h.key})
	ok(t, err)
	h.svc = notify.New(notify.Config{Door: h.door, Seal: ring, Log: log, Networks: loopback, BaseURL: "https://desk.example.com/", Zone: "Asia/Shanghai", Hours: hours})
	h.courier = notify.NewCourier(h.svc)
	h.courier.Register(queue)
	api := httpapi.New(httpapi.Config{Sessions: h, Clock: c, Log: log, Limits: httpapi.Limits{Off: true}})
	h.svc.Routes(api)
	h.web = api.Handler()
	h.people()
	ok(t, queue.Start(context.WithoutCancel(t.Context())))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := queue.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *house) people() {
	root := &work.Actor{ID: "root", Name: "root", OrgKind: work.Provider, Grants: []work.Grant{{Role: "admin"}}, Perms: map[work.Perm]bool{party.Read: true, party.Write: true}}
	ctx := work.WithActor(context.Background(), root)
	parties := party.New(h.door)
	provider, err := parties.CreateOrganisation(ctx, party.OrganisationNew{Kind: "provider", Name: "申远运维"})
	ok(h.t, err)
	customer, err := parties.CreateOrganisation(ctx, party.OrganisationNew{Kind: "customer", Name: "安康超市"})
	ok(h.t, err)
	add := func(org party.Organisation, name, email, phone string, lang text.Lang, perms ...work.Perm) *person {
		language := string(lang)
		p, err := parties.CreatePerson(ctx, party.PersonNew{Organisation: org.ID, Name: name, PersonFields: party.PersonFields{Email: &email, Phone: &phone, Language: &language}})
		ok(h.t, err)
		a := &work.Actor{ID: p.ID, Name: name, Org: org.ID, OrgKind: org.Kind, Lang: lang, Zone: "Asia/Shanghai", Grants: []work.Grant{{Role: "x"}}, Perms: map[work.Perm]bool{}}
		for _, perm := range perms {
			a.Perms[perm] = true
		}
		return &person{h, p.ID, a}
	}
	h.admin = add(provider, "管理员", "admin@sy.example", "13900000000", text.Zh, notify.Read, notify.Manage)
	h.wang = add(provider, "王伟", "wang@sy.example", "138 0013 8000", text.Zh, notify.Read)
	h.li = add(provider, "Li Qiang", "li@sy.example", "13800138001", text.En, notify.Read)
	h.zhao = add(customer, "赵磊", "zhao@ak.example", "13700000001", text.Zh, notify.Read)
}

// Authenticate knows people by their ids as tokens.
func (h *house) Authenticate(_ context.Context, _, bearer string) (*work.Actor, string, error) {
	for _, p := range []*person{h.admin, h.wang, h.li, h.zhao} {
		if p.id == bearer {
			return p.actor, "", nil
		}
	}
	return nil, "", fault.New(fault.Unauthenticated, "unauthenticated", nil)
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// process is who sends notices in these tests.
var process = work.System("process", "test.send")

func (h *house) send(n notify.Notice) {
	h.t.Helper()
	ok(h.t, h.try(n))
}

func (h *house) try(n notify.Notice) error {
	if n.Kind == "" {
		n.Kind = "told"
	}
	return h.door.Do(work.WithActor(h.t.Context(), process), "test.send", func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded()
		return notify.Send(ctx, u, n)
	})
}

// settle waits until no job that is due remains.
func (h *house) settle() {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer cancel()
	ok(h.t, h.queue.Settle(ctx))
}

// advance moves the clock and lets what became due happen.
func (h *house) advance(d time.Duration) {
	h.t.Helper()
	h.clock.Advance(d)
	h.settle()
}

// answer is a reply of the API.
type answer struct {
	status int
	header http.Header
	body   string
	m      map[string]any
}

func (p *person) call(method, path string, body any) answer {
	return p.h.call(p.id, "", method, path, body)
}

func (h *house) call(bearer, accept, method, path string, body any) answer {
	h.t.Helper()
	return h.request(method, path, body, map[string]string{"Authorization": strings.TrimSuffix("Bearer "+bearer, "Bearer "), "Accept": accept})
}

// header is a call with one more header.
func (h *house) header(p *person, method, path, body, name, value string) answer {
	h.t.Helper()
	return h.request(method, path, body, map[string]string{"Authorization": "Bearer " + p.id, name: value})
}

func (h *house) request(method, path string, body any, headers map[string]string) answer {
	h.t.Helper()
	var in bytes.Buffer
	if body != nil {
		if s, raw := body.(string); raw {
			in.WriteString(s)
		} else {
			ok(h.t, json.NewEncoder(&in).Encode(body))
		}
	}
	r := httptest.NewRequestWithContext(h.t.Context(), method, path, &in)
	r.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	h.web.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), body: w.Body.String(), m: map[string]any{}}
	_ = json.Unmarshal(w.Body.Bytes(), &a.m)
	return a
}

func (p *person) must(status int, method, path string, body any) answer {
	p.h.t.Helper()
	a := p.call(method, "/api/v1"+path, body)
	if a.status != status {
		p.h.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return a
}

// refused wants a refusal with a code, "field:code" for an input.
func (p *person) refused(status int, code, method, path string, body any) {
	p.h.t.Helper()
	a := p.must(status, method, path, body)
	got := fmt.Sprint(a.m["code"])
	for _, e := range a.list("errors") {
		got += " " + fmt.Sprint(e["field"]) + ":" + fmt.Sprint(e["code"])
	}
	if !strings.Contains(got, code) {
		p.h.t.Fatalf("%s %s: %s, want %s", method, path, got, code)
	}
}

func (a answer) list(name string) (out []map[string]any) {
	items, _ := a.m[name].([]any)
	for _, i := range items {
		m, _ := i.(map[string]any)
		out = append(out, m)
	}
	return out
}

func (a answer) items() []map[string]any { return a.list("items") }

// channel sets one up that is on.
func (h *house) channel(kind, name string, settings map[string]string, more map[string]any) string {
	h.t.Helper()
	body := map[string]any{"kind": kind, "name": name, "enabled": true, "settings": settings, "levels": []string{"info", "normal", "urgent"}}
	for k, v := range more {
		body[k] = v
	}
	return fmt.Sprint(h.admin.must(201, "POST", "/notification-channels", body).m["id"])
}

// mail is a channel to a new mail server.
func (h *house) mail(more map[string]any) (*notifytest.SMTP, string) {
	s := notifytest.NewSMTP(h.t, false)
	return s, h.channel("mail", "邮件", map[string]string{"host": s.Host, "port": s.Port, "from": "steward@sy.example", "ca": s.CA}, more)
}

const hookSecret = "a secret of the webhook"

// hook is a channel to a new webhook that takes everything.
func (h *house) hook(name string, more map[string]any) (*notifytest.HTTP, string) {
	s := notifytest.NewHTTP(h.t, func(notifytest.Request) notifytest.Reply { return notifytest.Reply{Status: 204} })
	return s, h.channel("webhook", name, map[string]string{"url": s.URL + "/hook?token=t0ken-of-" + name, "secret": hookSecret}, more)
}

// deliveries are all, oldest first: "channel state code attempts".
func (h *house) deliveries() (out []string) {
	h.t.Helper()
	items := h.admin.must(200, "GET", "/deliveries?limit=200", nil).items()
	for i := range items {
		d := items[len(items)-1-i]
		c, _ := d["channel"].(map[string]any)
		out = append(out, strings.TrimSpace(fmt.Sprintf("%v %v %v", c["name"], d["state"], d["code"])))
	}
	return out
}

func (h *house) expect(want ...string) {
	h.t.Helper()
	if got := strings.Join(h.deliveries(), "; "); got != strings.Join(want, "; ") {
		h.t.Fatalf("deliveries: %s\nwant: %s", got, strings.Join(want, "; "))
	}
}

func count[T any](h *house, list []T, want int) {
	h.t.Helper()
	if len(list) != want {
		h.t.Fatalf("%d messages, want %d: %v\n%v\n%s", len(list), want, list, h.deliveries(), h.log)
	}
}

func say(zh, en string) text.Label { return text.Label{Zh: zh, En: en} }
