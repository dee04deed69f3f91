package identity_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/steward-ops/steward/internal/core/audit"
	"github.com/steward-ops/steward/internal/core/identity"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/seal"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

const (
	rootPassword = "Kestrel-91-harbour"
	userPassword = "Quiet?Lantern-7"
)

// house is a provider that was just set up, served over HTTP.
type house struct {
	t      testing.TB
	key    seal.Key
	clock  *clock.Manual
	db     *db.DB
	door   *work.Door
	people *party.Service
	access *identity.Service
	web    http.Handler
	root   *browser // the administrator, signed in
	org    string
	locks  []identity.Lockout
}

func each(t *testing.T, fn func(h *house)) {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 10, 12, 1, 0, 0, 0, time.UTC))
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c.Set(time.Date(2026, 10, 12, 1, 0, 0, 0, time.UTC))
		h := build(t, d, c)
		h.setUp()
		fn(h)
	}, dbtest.Migrations(audit.Migrations, party.Migrations, identity.Migrations), dbtest.Clock(c))
}

func benchHouse(b *testing.B) *house {
	b.Helper()
	c := clock.NewManual(time.Date(2026, 10, 12, 1, 0, 0, 0, time.UTC))
	h := build(b, dbtest.Open(b, dbtest.Migrations(audit.Migrations, party.Migrations, identity.Migrations), dbtest.Clock(c)), c)
	h.setUp()
	return h
}

func build(t testing.TB, d *db.DB, c *clock.Manual) *house {
	t.Helper()
	key := seal.Generate("k1")
	ring, err := seal.New([]seal.Key{key})
	ok(t, err)
	h := &house{t: t, key: key, clock: c, db: d, door: work.New(d, audit.Ledger{}, nil, nil)}
	h.people = party.New(h.door)
	h.access = identity.New(h.door, h.people, identity.Config{Ring: ring, HashMemory: 64})
	h.access.OnLock(func(_ context.Context, _ *work.Unit, l identity.Lockout) error {
		h.locks = append(h.locks, l)
		return nil
	})
	ok(t, h.access.Seed(context.Background()))
	api := httpapi.New(httpapi.Config{Sessions: h.access, Clock: c, Log: slog.New(slog.DiscardHandler), Limits: httpapi.Limits{Off: true}})
	h.people.Routes(api)
	h.access.Routes(api)
	h.web = api.Handler()
	return h
}

func (h *house) setUp() {
	h.t.Helper()
	h.root = &browser{h: h}
	me := h.root.must(201, "POST", "/setup", `{"organisation":{"name":"申远运维","code":"SY"},"person":{"name":"系统管理员","email":"root@sy.example"},"login":"root","password":"`+rootPassword+`"}`)
	h.root.csrf = me.str("csrf")
	h.org = me.at("organisation").str("id")
}

// customer adds a customer and one of its people with an account.
func (h *house) customer(name, login, role string) (org string, b *browser) {
	h.t.Helper()
	org = h.root.must(201, "POST", "/organisations", `{"kind":"customer","name":"`+name+`"}`).str("id")
	return org, h.staff(org, login+" 某", login, role)
}

// staff adds a person of an organisation with an account and a role, signed in.
func (h *house) staff(org, name, login, role string) *browser {
	h.t.Helper()
	person := h.root.must(201, "POST", "/people", `{"organisation":"`+org+`","name":"`+name+`"}`).str("id")
	made := h.root.must(201, "POST", "/accounts", `{"person":"`+person+`","login":"`+login+`","password":"`+userPassword+`","must_change":false}`)
	if role != "" {
		h.root.must(201, "POST", "/grants", `{"person":"`+person+`","role":"`+role+`"}`)
	}
	b := &browser{h: h, person: person, account: made.at("account").str("id"), login: login}
	b.signIn(userPassword)
	return b
}

// browser keeps a cookie and a CSRF token, as a real one would.
type browser struct {
	h                      *house
	cookie, csrf, bearer   string
	person, account, login string
}

func (b *browser) signIn(password string) {
	b.h.t.Helper()
	b.csrf = b.must(200, "POST", "/session", `{"login":"`+b.login+`","password":"`+password+`"}`).str("csrf")
}

// send sends a request and returns status and body.
func (b *browser) send(method, path, body string, header ...string) (int, object) {
	b.h.t.Helper()
	r := httptest.NewRequest(method, "http://steward.test/api/v1"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if b.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+b.bearer)
	}
	if b.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "steward_session", Value: b.cookie})
		r.Header.Set("X-CSRF-Token", b.csrf)
	}
	w := httptest.NewRecorder()
	b.h.web.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookie = c.Value
	}
	o := object{t: b.h.t, header: w.Header()}
	if w.Body.Len() > 0 {
		if err := json.NewDecoder(bytes.NewReader(w.Body.Bytes())).Decode(&o.m); err != nil {
			b.h.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
	}
	return w.Code, o
}

// must sends a request that has to answer with a status.
func (b *browser) must(status int, method, path, body string, header ...string) object {
	b.h.t.Helper()
	got, o := b.send(method, path, body, header...)
	if got != status {
		b.h.t.Fatalf("%s %s: %d, want %d: %v", method, path, got, status, o.m)
	}
	return o
}

// refused sends a request that has to be refused with a status and a code, of the problem or of one of its fields.
func (b *browser) refused(status int, code, method, path, body string, header ...string) {
	b.h.t.Helper()
	o := b.must(status, method, path, body, header...)
	if o.str("code") == code {
		return
	}
	if list, _ := o.m["errors"].([]any); len(list) > 0 {
		for _, e := range list {
			if f, _ := e.(map[string]any); f["field"].(string)+":"+f["code"].(string) == code {
				return
			}
		}
	}
	b.h.t.Fatalf("%s %s: %v, want code %s", method, path, o.m, code)
}

// object is a JSON answer.
type object struct {
	t      testing.TB
	m      map[string]any
	header http.Header
}

func (o object) str(name string) string { s, _ := o.m[name].(string); return s }

func (o object) at(name string) object {
	m, _ := o.m[name].(map[string]any)
	return object{t: o.t, m: m}
}

func (o object) items() []object {
	o.t.Helper()
	list, is := o.m["items"].([]any)
	if !is {
		o.t.Fatalf("no items in %v", o.m)
	}
	var out []object
	for _, v := range list {
		out = append(out, object{t: o.t, m: v.(map[string]any)})
	}
	return out
}

func (h *house) code(secret string) string {
	h.t.Helper()
	c, err := totp.GenerateCode(secret, h.clock.Now())
	ok(h.t, err)
	return c
}

func (h *house) count(sql string, args ...any) (n int64) {
	h.t.Helper()
	ok(h.t, h.db.Read(context.Background(), func(tx db.Tx) error { return tx.QueryRow(context.Background(), sql, args...).Scan(&n) }))
	return n
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func isFault(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Kind != kind || f.Code != code && (len(f.Fields) == 0 || f.Fields[0].Code != code) {
		t.Fatalf("got %v, want %s %s", err, kind, code)
	}
}
