package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

var noon = time.Date(2026, 1, 5, 4, 0, 0, 0, time.UTC)

// sessions is an Authenticator of fixed tokens; the CSRF token of "li" is "csrf-li".
type sessions struct {
	mu     sync.Mutex
	actors map[string]*work.Actor
}

func (s *sessions) Authenticate(_ context.Context, cookie, bearer string) (*work.Actor, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := cookie + bearer
	if token == "database-down" {
		return nil, "", errors.New("connection refused")
	}
	if a := s.actors[token]; a != nil {
		return a, "csrf-" + token, nil
	}
	return nil, "", fault.New(fault.Unauthenticated, "unauthenticated", nil)
}

func (s *sessions) revoke(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.actors, token)
}

func people() *sessions {
	staff := func(id string, perms ...work.Perm) *work.Actor {
		a := &work.Actor{ID: id, OrgKind: work.Provider, Org: "us", Lang: text.Zh, Grants: []work.Grant{{Role: "desk"}}, Perms: map[work.Perm]bool{}}
		for _, p := range perms {
			a.Perms[p] = true
		}
		return a
	}
	english := staff("smith", "thing.write")
	english.Lang = text.En
	return &sessions{actors: map[string]*work.Actor{
		"li": staff("li", "thing.write"), "wang": staff("wang"), "smith": english, "ops": staff("ops", MetricsPerm),
	}}
}

type thing struct {
	Name  string   `json:"name" minLength:"2" maxLength:"10"`
	Count int      `json:"count,omitempty" minimum:"1" maximum:"9"`
	Kind  string   `json:"kind,omitempty" enum:"big,small"`
	Mail  string   `json:"mail,omitempty" format:"email"`
	Parts []part   `json:"parts,omitempty" maxItems:"3"`
	Tags  []string `json:"tags,omitempty"`
}

type part struct {
	Code string `json:"code"`
	Big  int64  `json:"big,omitempty"`
}

type thingIn struct {
	ID string `path:"id" maxLength:"20"`
	Conditional
	Idempotent
	Body thing
}

type thingOut struct {
	ETag string `header:"ETag"`
	Body thing
}

type listIn struct {
	Paged
	Size int `query:"size"`
}

type listOut struct{ Body Page[thing] }

// testAPI has one operation of each kind. touched counts what got through the gate.
func testAPI(t testing.TB, change func(*Config)) (http.Handler, *API, *atomic.Int64) {
	t.Helper()
	cfg := Config{Clock: clock.NewManual(noon), Sessions: people(), Log: slog.New(slog.NewTextHandler(io.Discard, nil)), BaseURL: "http://desk.example"}
	if change != nil {
		change(&cfg)
	}
	api := New(cfg)
	touched := new(atomic.Int64)
	api.Tag("Things", "Things to test with.")
	op := func(id, method, path string, perm work.Perm) Op {
		return Op{ID: id, Method: method, Path: path, Perm: perm, Summary: "Test " + id, Tag: "Things"}
	}
	Handle(api, op("thing-update", "PUT", "/api/v1/things/{id}", "thing.write"), func(ctx context.Context, in *thingIn) (*thingOut, error) {
		touched.Add(1)
		version, err := in.Version()
		if err != nil {
			return nil, err
		}
		switch in.ID {
		case "panic":
			panic("secret of the panic")
		case "broken":
			return nil, errors.New("secret of the database")
		case "guard":
			return nil, &fault.Error{Kind: fault.Conflict, Code: "guard", Guard: "no_slot_conflict", Data: map[string]any{"current": 3, "status": 200}}
		case "stale":
			return nil, fmt.Errorf("save: %w", fault.New(fault.Stale, "stale", nil))
		}
		return &thingOut{ETag: ETag(version + 1), Body: in.Body}, nil
	})
	Handle(api, op("thing-list", "GET", "/api/v1/things", work.SignedIn), func(ctx context.Context, in *listIn) (*listOut, error) {
		var after struct{ Name string }
		if _, err := ReadCursor(in.Cursor, &after); err != nil {
			return nil, err
		}
		items := make([]thing, in.Limit)
		for i := range items {
			items[i].Name = "thing of a list"
		}
		return &listOut{NewPage(items, Cursor(struct{ Name string }{"x"}))}, nil
	})
	Handle(api, op("sign-in", "POST", "/api/v1/sign-in", work.Public), func(ctx context.Context, in *struct{ Body thing }) (*struct{}, error) {
		SetSession(ctx, "new-token", noon.Add(time.Hour))
		return nil, nil
	})
	Handle(api, op("sign-out", "POST", "/api/v1/sign-out", work.SignedIn), func(ctx context.Context, in *struct{}) (*struct{}, error) {
		ClearSession(ctx)
		return &struct{}{}, nil
	})
	api.Route(op("dynamic", "POST", "/api/v1/dynamic/{name}", work.SignedIn), func(ctx context.Context, c *Call) (*Reply, error) {
		members, err := c.JSON()
		if err != nil {
			return nil, err
		}
		return &Reply{Status: 201, Body: map[string]any{"n": len(members), "name": c.Path("name"), "key": c.IdempotencyKey(), "tag": c.IfMatch()}, ETag: "v1", Location: "/api/v1/dynamic/1"}, nil
	})
	upload := op("upload", "POST", "/api/v1/upload", work.SignedIn)
	upload.BodyLimit = 1 << 21
	api.Route(upload, func(ctx context.Context, c *Call) (*Reply, error) {
		var sizes []string
		for {
			p, err := c.NextPart()
			if err == io.EOF {
				return &Reply{Body: sizes}, nil
			}
			if err != nil {
				return nil, err
			}
			n, err := io.Copy(io.Discard, p)
			if err != nil {
				return nil, err
			}
			sizes = append(sizes, fmt.Sprint(p.Name, " ", p.FileName, " ", n))
		}
	})
	api.Route(op("download", "GET", "/api/v1/files/{name}", work.SignedIn), func(ctx context.Context, c *Call) (*Reply, error) {
		content := "\x89PNG\r\n\x1a\n rest of the picture"
		if c.Query("liar") != "" {
			content = "<html><script>alert(1)</script>"
		}
		return Attachment(c.Path("name"), c.Query("type"), true, strings.NewReader(content)), nil
	})
	api.Route(op("cut", "GET", "/api/v1/cut", work.SignedIn), func(context.Context, *Call) (*Reply, error) {
		return &Reply{ContentType: "text/plain", Write: func(w io.Writer) error {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 5000))
			return errors.New("disk gone")
		}}, nil
	})
	return api.Handler(), api, touched
}

type req struct {
	method, path, body string
	as                 string // cookie
	header             []string
}

func (q req) do(h http.Handler) *httptest.ResponseRecorder {
	r := httptest.NewRequest(q.method, "http://desk.example"+q.path, strings.NewReader(q.body))
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.as != "" {
		r.AddCookie(&http.Cookie{Name: cookieName, Value: q.as})
		r.Header.Set("X-CSRF-Token", "csrf-"+q.as)
	}
	for i := 0; i+1 < len(q.header); i += 2 {
		r.Header.Set(q.header[i], q.header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func problem(t *testing.T, w *httptest.ResponseRecorder) Problem {
	t.Helper()
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("%d content type %q: %s", w.Code, got, w.Body)
	}
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if p.Status != w.Code || p.RequestID == "" || p.RequestID != w.Header().Get("X-Request-Id") || p.Title == "" {
		t.Errorf("incomplete problem %s", w.Body)
	}
	return p
}

func TestGate(t *testing.T) {
	const ok = `{"name":"pump"}`
	for _, c := range []struct {
		name   string
		req    req
		status int
		code   string
	}{
		{"good", req{"PUT", "/api/v1/things/1", ok, "li", nil}, 200, ""},
		{"bearer needs no csrf token", req{"PUT", "/api/v1/things/1", ok, "", []string{"Authorization", "Bearer li"}}, 200, ""},
		{"nobody, bad body", req{"PUT", "/api/v1/things/1", "{", "", nil}, 401, "unauthenticated"},
		{"unknown session", req{"PUT", "/api/v1/things/1", ok, "gone", nil}, 401, "unauthenticated"},
		{"no permission, bad body", req{"PUT", "/api/v1/things/1", "{", "wang", nil}, 403, "forbidden"},
		{"sessions not to be had", req{"PUT", "/api/v1/things/1", ok, "database-down", nil}, 500, "internal"},
		{"no csrf token", req{"PUT", "/api/v1/things/1", ok, "li", []string{"X-CSRF-Token", ""}}, 403, "httpapi.csrf"},
		{"wrong csrf token", req{"PUT", "/api/v1/things/1", ok, "li", []string{"X-CSRF-Token", "csrf-wang"}}, 403, "httpapi.csrf"},
		{"cross-site", req{"PUT", "/api/v1/things/1", ok, "li", []string{"Sec-Fetch-Site", "cross-site"}}, 403, "httpapi.cross_site"},
		{"same-site is another site", req{"PUT", "/api/v1/things/1", ok, "li", []string{"Sec-Fetch-Site", "same-site"}}, 403, "httpapi.cross_site"},
		{"other origin", req{"PUT", "/api/v1/things/1", ok, "li", []string{"Origin", "https://evil.example"}}, 403, "httpapi.cross_site"},
		{"own origin", req{"PUT", "/api/v1/things/1", ok, "li", []string{"Origin", "http://desk.example"}}, 200, ""},
		{"sign-in from another site", req{"POST", "/api/v1/sign-in", ok, "", []string{"Sec-Fetch-Site", "cross-site"}}, 403, "httpapi.cross_site"},
		{"sign-in with a dead session", req{"POST", "/api/v1/sign-in", ok, "gone", nil}, 204, ""},
		{"sign-in with a session but no token", req{"POST", "/api/v1/sign-in", ok, "li", []string{"X-CSRF-Token", ""}}, 204, ""},
		{"reading needs no token", req{"GET", "/api/v1/things", "", "wang", []string{"X-CSRF-Token", ""}}, 200, ""},
		{"no such address", req{"GET", "/api/v1/nothing", "", "li", nil}, 404, "httpapi.no_route"},
		{"no such method", req{"DELETE", "/api/v1/things/1", "", "li", nil}, 405, "httpapi.method"},
		{"not json", req{"PUT", "/api/v1/things/1", ok, "li", []string{"Content-Type", "text/plain"}}, 415, "httpapi.media_type"},
		{"bad query", req{"GET", "/api/v1/things?limit=%zz", "", "li", nil}, 400, "httpapi.query"},
		{"query not utf-8", req{"GET", "/api/v1/things?cursor=%ff", "", "li", nil}, 400, "httpapi.encoding"},
		{"path with NUL", req{"PUT", "/api/v1/things/a%00b", ok, "li", nil}, 400, "httpapi.encoding"},
		{"bad If-Match", req{"PUT", "/api/v1/things/1", ok, "li", []string{"If-Match", "v1"}}, 400, "httpapi.if_match"},
		{"foreign If-Match", req{"PUT", "/api/v1/things/1", ok, "li", []string{"If-Match", `"x"`}}, 400, "httpapi.if_match"},
		{"key too long", req{"PUT", "/api/v1/things/1", ok, "li", []string{"Idempotency-Key", strings.Repeat("k", 201)}}, 422, "invalid"},
		{"key with space", req{"PUT", "/api/v1/things/1", ok, "li", []string{"Idempotency-Key", "a b"}}, 422, "invalid"},
		{"guard", req{"PUT", "/api/v1/things/guard", ok, "li", nil}, 409, "guard"},
		{"stale", req{"PUT", "/api/v1/things/stale", ok, "li", nil}, 412, "stale"},
		{"error", req{"PUT", "/api/v1/things/broken", ok, "li", nil}, 500, "internal"},
		{"panic", req{"PUT", "/api/v1/things/panic", ok, "li", nil}, 500, "internal"},
		{"dynamic without body", req{"POST", "/api/v1/dynamic/x", "", "li", nil}, 201, ""},
		{"dynamic list", req{"POST", "/api/v1/dynamic/x", "[1]", "li", nil}, 400, "httpapi.object"},
		{"dynamic null", req{"POST", "/api/v1/dynamic/x", "null", "li", nil}, 400, "httpapi.object"},
		{"dynamic twice", req{"POST", "/api/v1/dynamic/x", `{"a":1,"a":2}`, "li", nil}, 422, "invalid"},
		{"not a form", req{"POST", "/api/v1/upload", "x", "li", nil}, 400, "httpapi.multipart"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, _, _ := testAPI(t, nil)
			w := c.req.do(h)
			if w.Code != c.status {
				t.Fatalf("got %d %s", w.Code, w.Body)
			}
			if c.status < 400 {
				return
			}
			p := problem(t, w)
			if p.Code != c.code {
				t.Errorf("code %q", p.Code)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("tells a secret: %s", w.Body)
			}
		})
	}
}

func TestGuardKeepsDataAndOwnMembers(t *testing.T) {
	h, _, _ := testAPI(t, nil)
	w := req{"PUT", "/api/v1/things/guard", `{"name":"pump"}`, "li", nil}.do(h)
	var members map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &members); err != nil {
		t.Fatal(err)
	}
	if members["guard"] != "no_slot_conflict" || members["current"] != 3.0 || members["status"] != 409.0 {
		t.Errorf("got %v", members)
	}
}

func TestPermissionComesBeforeTheBody(t *testing.T) {
	h, _, touched := testAPI(t, nil)
	for token, want := range map[string]int{"": 401, "wang": 403} {
		body := &watched{}
		r := httptest.NewRequest("PUT", "http://desk.example/api/v1/things/1", body)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want || body.reads != 0 {
			t.Errorf("%q: status %d, %d reads", token, w.Code, body.reads)
		}
	}
	if touched.Load() != 0 {
		t.Error("the operation ran")
	}
}

type watched struct{ reads int }

func (b *watched) Read(p []byte) (int, error) {
	b.reads++
	return len(p), nil
}

func TestFields(t *testing.T) {
	for _, c := range []struct {
		name, body string
		status     int
		field      string
		code, says string
	}{
		{"unknown", `{"name":"pump","color":"red"}`, 422, "color", "field.unknown", "没有这一项：color。"},
		{"unknown by case", `{"Name":"pump","name":"pump"}`, 422, "Name", "field.unknown", ""},
		{"unknown, nested", `{"name":"pump","parts":[{"code":"a"},{"code":"b","x":1}]}`, 422, "parts[1].x", "field.unknown", ""},
		{"missing", `{"count":2}`, 422, "name", "field.required", "请填写name。"},
		{"missing, nested", `{"name":"pump","parts":[{}]}`, 422, "parts[0].code", "field.required", ""},
		{"null", `{"name":null}`, 422, "name", "field.type", ""},
		{"short", `{"name":"x"}`, 422, "name", "httpapi.short", "name太短，至少 2 个字。"},
		{"long", `{"name":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-secret"}`, 422, "name", "field.length", "name太长，最多 10 个字。"},
		{"type", `{"name":7}`, 422, "name", "field.type", "name的格式不对，应为文字。"},
		{"range", `{"name":"pump","count":99}`, 422, "count", "httpapi.max", "count不能大于 9。"},
		{"fraction", `{"name":"pump","count":1.5}`, 422, "count", "field.type", "count的格式不对，应为整数。"},
		{"beyond int64", `{"name":"pump","parts":[{"code":"a","big":1e30}]}`, 422, "parts.big", "field.type", ""},
		{"beyond float", `{"name":"pump","count":1e999}`, 422, "count", "field.type", ""},
		{"choice", `{"name":"pump","kind":"secret"}`, 422, "kind", "field.choice", "kind没有这个选项。"},
		{"mail", `{"name":"pump","mail":"secret"}`, 422, "mail", "field.type", "mail的格式不对，应为邮箱地址。"},
		{"many", `{"name":"pump","parts":[{"code":"a"},{"code":"a"},{"code":"a"},{"code":"a"}]}`, 422, "parts", "httpapi.many", ""},
		{"twice", `{"name":"pump","name":"secret"}`, 422, "name", "httpapi.duplicate", "name写了两次。"},
		{"twice by escape", `{"name":"pump","n\u0061me":"secret"}`, 422, "name", "httpapi.duplicate", ""},
		{"twice, nested", `{"name":"pump","parts":[{"code":"a","code":"b"}]}`, 422, "parts[0].code", "httpapi.duplicate", ""},
		{"not utf-8", "{\"name\":\"secret\xff\"}", 422, "name", "field.encoding", ""},
		{"half a pair", `{"name":"a\ud800b"}`, 422, "name", "field.encoding", ""},
		{"NUL", `{"name":"a\u0000b"}`, 422, "name", "field.encoding", ""},
		{"NUL in a list", `{"name":"pump","tags":["a","\u0000"]}`, 422, "tags[1]", "field.encoding", ""},
		{"name not utf-8", "{\"na\xffme\":1}", 400, "", "httpapi.encoding", ""},
		{"deep", `{"name":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, 422, "", "httpapi.deep", ""},
		{"list", `[]`, 422, "", "field.type", ""},
		{"null body", `null`, 422, "", "", ""},
		{"broken", "{\n \"name\": \"secret\" x}", 400, "", "httpapi.json", "第 2 行第 19 个字符附近不是正确的 JSON。"},
		{"cut off", `{"name":"secret`, 400, "", "httpapi.json", ""},
		{"two values", `{"name":"pump"}{"name":"pump"}`, 400, "", "httpapi.json", ""},
		{"empty", ``, 400, "", "httpapi.empty", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, _, touched := testAPI(t, nil)
			w := req{"PUT", "/api/v1/things/1", c.body, "li", nil}.do(h)
			p := problem(t, w)
			if w.Code != c.status || touched.Load() != 0 {
				t.Fatalf("got %d, operation ran %d times: %s", w.Code, touched.Load(), w.Body)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("echoes the input: %s", w.Body)
			}
			code, detail, field := p.Code, p.Detail, ""
			if len(p.Errors) > 0 {
				code, detail, field = p.Errors[0].Code, p.Errors[0].Detail, p.Errors[0].Field
			}
			if c.code != "" && code != c.code || c.field != "" && field != c.field || c.says != "" && detail != c.says {
				t.Errorf("got %s", w.Body)
			}
			if strings.ContainsAny(detail, "{}%") {
				t.Errorf("unfinished sentence %q", detail)
			}
		})
	}
}

func TestQuery(t *testing.T) {
	for query, want := range map[string]string{
		"limit=0": "limit httpapi.min", "limit=201": "limit httpapi.max", "limit=x": "limit field.type",
		"size=x": "size field.type", "sizes=1": "sizes field.unknown", "cursor=abc": "cursor httpapi.cursor",
		"limit=200": "", "cursor=" + Cursor(struct{ Name string }{"x"}): "",
	} {
		h, _, _ := testAPI(t, nil)
		w := req{"GET", "/api/v1/things?" + query, "", "li", nil}.do(h)
		if want == "" {
			if w.Code != 200 {
				t.Errorf("%s: %d %s", query, w.Code, w.Body)
			}
			continue
		}
		p := problem(t, w)
		if w.Code != 422 || len(p.Errors) != 1 || p.Errors[0].Field+" "+p.Errors[0].Code != want {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}

func TestLanguage(t *testing.T) {
	h, _, _ := testAPI(t, nil)
	for _, c := range []struct{ as, accept, want string }{
		{"", "", "先登录，再继续。"},
		{"", "en-GB,zh;q=0.5", "Sign in to continue."},
		{"li", "en", "没有这一项：x。"},
		{"smith", "zh", "There is no such field: x."},
	} {
		w := req{"PUT", "/api/v1/things/1", `{"name":"pump","x":1}`, c.as, []string{"Accept-Language", c.accept}}.do(h)
		p := problem(t, w)
		got := p.Detail
		if len(p.Errors) > 0 {
			got = p.Errors[0].Detail
		}
		if got != c.want {
			t.Errorf("%s %s: %q", c.as, c.accept, got)
		}
	}
}

func TestBodyLimits(t *testing.T) {
	h, _, touched := testAPI(t, nil)
	server := httptest.NewServer(h)
	defer server.Close()
	send := func(path, kind string, body io.Reader, size int64) (int, string) {
		r, _ := http.NewRequest("PUT", server.URL+path, body)
		if strings.HasSuffix(path, "upload") {
			r.Method = "POST"
		}
		r.ContentLength = size
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", "Bearer li")
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	if status, body := send("/api/v1/upload", "multipart/form-data; boundary=x", io.LimitReader(&watched{}, 200<<20), 200<<20); status != 413 {
		t.Errorf("announced 200 MB: %d %s", status, body)
	}
	big := io.LimitReader(&watched{}, 10<<20)
	if status, body := send("/api/v1/things/1", "application/json", big, -1); status != 413 || !strings.Contains(body, "1 MiB") {
		t.Errorf("unannounced 10 MB: %d %s", status, body)
	}
	form := "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\n"
	if status, body := send("/api/v1/upload", "multipart/form-data; boundary=x", io.MultiReader(strings.NewReader(form), io.LimitReader(&watched{}, 10<<20)), -1); status != 413 {
		t.Errorf("unannounced upload: %d %s", status, body)
	}
	if touched.Load() != 0 {
		t.Error("the operation ran")
	}
}

func TestUpload(t *testing.T) {
	h, _, _ := testAPI(t, nil)
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	_ = m.WriteField("note", "hello")
	f, _ := m.CreateFormFile("file", "../../照片.png")
	_, _ = f.Write(make([]byte, 1<<20))
	_ = m.Close()
	whole := b.String()
	w := req{"POST", "/api/v1/upload", whole, "li", []string{"Content-Type", m.FormDataContentType()}}.do(h)
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != `["note  5","file 照片.png 1048576"]` {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	w = req{"POST", "/api/v1/upload", whole[:len(whole)-300], "li", []string{"Content-Type", m.FormDataContentType()}}.do(h)
	if p := problem(t, w); w.Code != 400 || p.Code != "httpapi.broken" {
		t.Errorf("cut off: %d %s", w.Code, w.Body)
	}
}

func TestDownload(t *testing.T) {
	h, _, _ := testAPI(t, nil)
	for _, c := range []struct{ query, want string }{
		{"type=image/png", "inline; filename=a.png"},
		{"type=image/png&liar=1", "attachment; filename=a.png"},
		{"type=text/html&liar=1", "attachment; filename=a.png"},
		{"type=image/svg%2Bxml", "attachment; filename=a.png"},
	} {
		w := req{"GET", "/api/v1/files/a.png?" + c.query, "", "li", nil}.do(h)
		if got := w.Header().Get("Content-Disposition"); got != c.want {
			t.Errorf("%s: %q", c.query, got)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: headers %v", c.query, w.Header())
		}
	}
	if got := dispositionOf("attachment", "年报\r\n/..\\\"x\".pdf"); strings.ContainsAny(got, "\r\n") || !strings.Contains(got, "filename*=utf-8''%E5%B9%B4%E6%8A%A5") {
		t.Errorf("disposition %q", got)
	}
}

func TestBrokenAnswerIsCutNotFinished(t *testing.T) {
	h, _, _ := testAPI(t, nil)
	server := httptest.NewServer(h)
	defer server.Close()
	r, _ := http.NewRequest("GET", server.URL+"/api/v1/cut", nil)
	r.Header.Set("Authorization", "Bearer li")
	resp, err := server.Client().Do(r)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
	}
	if err == nil {
		t.Error("the client could not see that the answer is not whole")
	}
}

func TestSessionCookie(t *testing.T) {
	for base, secure := range map[string]bool{"http://desk.example": false, "https://desk.example": true} {
		h, _, _ := testAPI(t, func(c *Config) { c.BaseURL = base })
		w := req{"POST", "/api/v1/sign-in", `{"name":"pump"}`, "", nil}.do(h)
		c := w.Result().Cookies()[0]
		if c.Name != cookieName || c.Value != "new-token" || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != secure || c.MaxAge != 3600 || c.Path != "/" {
			t.Errorf("%s: cookie %v", base, c)
		}
		if hsts := w.Header().Get("Strict-Transport-Security") != ""; hsts != secure {
			t.Errorf("%s: HSTS %v", base, hsts)
		}
		w = req{"POST", "/api/v1/sign-out", "", "li", nil}.do(h)
		if c := w.Result().Cookies()[0]; w.Code != 204 || c.MaxAge >= 0 || c.Value != "" {
			t.Errorf("%s: sign-out %d %v", base, w.Code, c)
		}
	}
}

func TestCompressionAndETag(t *testing.T) {
	h, _, _ := testAPI(t, nil)
	w := req{"GET", "/api/v1/things", "", "li", []string{"Accept-Encoding", "br;q=1, gzip"}}.do(h)
	z, err := gzip.NewReader(w.Body)
	if err != nil || w.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("%v %v", err, w.Header())
	}
	plain, _ := io.ReadAll(z)
	if !json.Valid(plain) || len(plain) < 1024 {
		t.Errorf("got %s", plain)
	}
	if w := (req{"GET", "/api/v1/things", "", "li", []string{"Accept-Encoding", "br"}}).do(h); w.Header().Get("Content-Encoding") != "br" {
		t.Errorf("brotli: %v", w.Header())
	}
	if w := (req{"GET", "/api/v1/things?limit=1", "", "li", []string{"Accept-Encoding", "gzip"}}).do(h); w.Header().Get("Content-Encoding") != "" || w.Header().Get("Content-Length") == "" {
		t.Errorf("small: %v", w.Header())
	}
	first := req{"GET", "/api/v1/openapi.json", "", "", nil}.do(h)
	if w := (req{"GET", "/api/v1/openapi.json", "", "", []string{"If-None-Match", "W/" + first.Header().Get("ETag")}}).do(h); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("not modified: %d, %d bytes", w.Code, w.Body.Len())
	}
}

func TestRateLimits(t *testing.T) {
	now := clock.NewManual(noon)
	h, _, _ := testAPI(t, func(c *Config) {
		c.Limits = Limits{Clock: now, Actor: Rate{Every: time.Second, Burst: 3}, Guest: Rate{Every: 10 * time.Second, Burst: 2}}
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	})
	list := func(as, ip string) *httptest.ResponseRecorder {
		return req{"GET", "/api/v1/things", "", as, []string{"X-Forwarded-For", "6.6.6.6, " + ip}}.do(h)
	}
	count := func(as, ip string, n int) (passed int) {
		for range n {
			if list(as, ip).Code != http.StatusTooManyRequests {
				passed++
			}
		}
		return passed
	}
	if got := count("li", "10.0.0.1", 10); got != 3 {
		t.Errorf("actor: %d passed", got)
	}
	w := list("li", "10.0.0.2")
	if problem(t, w); w.Header().Get("Retry-After") != "1" {
		t.Errorf("retry after %q", w.Header().Get("Retry-After"))
	}
	if got := count("wang", "10.0.0.1", 1); got != 1 {
		t.Error("another actor is limited too")
	}
	if got := count("", "10.0.0.1", 5); got != 2 {
		t.Errorf("guest: %d passed", got)
	}
	if got := count("guess", "10.0.0.1", 5); got != 0 {
		t.Errorf("guesses: %d passed", got)
	}
	if got := count("", "10.0.0.9", 5); got != 2 {
		t.Errorf("other guest: %d passed", got)
	}
	now.Advance(2 * time.Second)
	if got := count("li", "10.0.0.1", 10); got != 2 {
		t.Errorf("after two seconds: %d passed", got)
	}
}

func TestLimiterIsBounded(t *testing.T) {
	l := newLimiter(Limits{Clock: clock.NewManual(noon), Size: 100})
	for i := range 10000 {
		l.take(fmt.Sprint(i), Rate{Every: time.Second, Burst: 1})
	}
	if n := len(l.young) + len(l.old); n > 100 {
		t.Errorf("%d counters", n)
	}
	off := newLimiter(Limits{Off: true})
	for range 10000 {
		if _, ok := off.take("k", Rate{Every: time.Hour, Burst: 1}); !ok {
			t.Fatal("limits though switched off")
		}
	}
}

func TestClientIP(t *testing.T) {
	_, api, _ := testAPI(t, func(c *Config) { c.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	for _, c := range []struct{ remote, forwarded, want string }{
		{"203.0.113.7:5", "1.2.3.4", "203.0.113.7"}, // not a proxy: not believed
		{"10.0.0.1:5", "1.2.3.4", "1.2.3.4"},
		{"10.0.0.1:5", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"}, // what the client put there itself is not believed
		{"10.0.0.1:5", "nonsense", "10.0.0.1"},
		{"[::ffff:10.0.0.1]:5", "2001:db8::1", "2001:db8::1"},
		{"10.0.0.1:5", "", "10.0.0.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.remote
		r.Header.Set("X-Forwarded-For", c.forwarded)
		if got := api.clientIP(r).String(); got != c.want {
			t.Errorf("%v: %s", c, got)
		}
	}
	if a, b := ipKey(netip.MustParseAddr("2001:db8::1")), ipKey(netip.MustParseAddr("2001:db8::2")); a != b {
		t.Errorf("one network counts twice: %s %s", a, b)
	}
}

func TestRequestID(t *testing.T) {
	h, _, _ := testAPI(t, nil)
	const good = "01890a5d-ac96-774b-bcce-b302099a8057"
	for given, kept := range map[string]bool{good: true, "evil\nline": false, "": false, "abc": false} {
		w := req{"GET", "/healthz", "", "", []string{"X-Request-Id", given}}.do(h)
		if got := w.Header().Get("X-Request-Id"); (got == given) != kept || got == "" {
			t.Errorf("%q became %q", given, got)
		}
	}
}

func TestPanicIsLoggedWithItsStack(t *testing.T) {
	var log bytes.Buffer
	h, _, _ := testAPI(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	w := req{"PUT", "/api/v1/things/panic", `{"name":"pump"}`, "li", nil}.do(h)
	p := problem(t, w)
	if !strings.Contains(log.String(), "secret of the panic") || !strings.Contains(log.String(), "api_test.go") || !strings.Contains(log.String(), p.RequestID) {
		t.Errorf("log %s", log.String())
	}
	if !strings.Contains(p.Detail, p.RequestID) {
		t.Errorf("detail %q", p.Detail)
	}
}

func TestSystemRoutes(t *testing.T) {
	failing := errors.New("secret: connection refused")
	h, _, _ := testAPI(t, func(c *Config) {
		c.Checks = []Check{{"database", func(context.Context) error { return failing }}, {"jobs", func(context.Context) error { return nil }}}
		c.Metrics = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "up 1\n") })
		c.Web = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "page") })
	})
	if w := (req{"GET", "/healthz", "", "", nil}).do(h); w.Code != 200 {
		t.Errorf("health: %d", w.Code)
	}
	if w := (req{"GET", "/readyz", "", "", nil}).do(h); w.Code != 503 || strings.Contains(w.Body.String(), "secret") || !strings.Contains(w.Body.String(), `"database":"failed"`) {
		t.Errorf("ready: %d %s", w.Code, w.Body)
	}
	failing = nil
	if w := (req{"GET", "/readyz", "", "", nil}).do(h); w.Code != 200 {
		t.Errorf("ready: %d %s", w.Code, w.Body)
	}
	if w := (req{"GET", "/incidents/7", "", "", nil}).do(h); w.Body.String() != "page" || !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "default-src 'self'") {
		t.Errorf("page: %s %v", w.Body, w.Header())
	}
	for as, want := range map[string]int{"": 403, "li": 403, "ops": 200} {
		if w := (req{"GET", "/metrics", "", as, nil}).do(h); w.Code != want {
			t.Errorf("metrics as %q: %d", as, w.Code)
		}
	}
	for forwarded, want := range map[string]int{"": 200, "203.0.113.7": 403} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.RemoteAddr = "127.0.0.1:5"
		r.Header.Set("X-Forwarded-For", forwarded)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("metrics from this machine via %q: %d", forwarded, w.Code)
		}
	}
}

func TestGolden(t *testing.T) {
	_, api, _ := testAPI(t, nil)
	want := []string{
		"GET /api/docs public", "GET /api/v1/cut signed_in", "GET /api/v1/files/{name} signed_in",
		"GET /api/v1/openapi.json public", "GET /api/v1/openapi.yaml public", "GET /api/v1/things signed_in",
		"GET /healthz public", "GET /readyz public",
		"POST /api/v1/dynamic/{name} signed_in", "POST /api/v1/sign-in public", "POST /api/v1/sign-out signed_in",
		"POST /api/v1/upload signed_in", "PUT /api/v1/things/{id} thing.write",
	}
	if got := api.Golden(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestIncompleteOperationsStopTheProgram(t *testing.T) {
	whole := Op{ID: "x", Method: "GET", Path: "/x", Perm: "x.read", Summary: "X", Tag: "X"}
	for name, change := range map[string]func(*Op){
		"permission": func(o *Op) { o.Perm = "" },
		"id":         func(o *Op) { o.ID = "" },
		"summary":    func(o *Op) { o.Summary = "" },
		"id twice":   func(o *Op) { o.ID = "health" },
	} {
		op := whole
		change(&op)
		for _, register := range []func(*API){
			func(api *API) {
				Handle(api, op, func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
			},
			func(api *API) { api.Route(op, nil) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("registered without %s", name)
					}
				}()
				register(New(Config{}))
			}()
		}
	}
}

func TestDocument(t *testing.T) {
	h, api, _ := testAPI(t, func(c *Config) { c.Hub = NewHub(nil, nil) })
	runs := 0
	api.Describe(func(doc *huma.OpenAPI) {
		runs++
		doc.Components.Schemas.Map()["Described"] = &huma.Schema{Type: huma.TypeObject}
		responses := ProblemResponses("thing.write")
		responses["200"] = &huma.Response{Description: "Done", Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: schemaPrefix + "Described"}}}}
		doc.AddOperation(&huma.Operation{OperationID: "described", Method: "POST", Path: "/api/v1/things", Summary: "Described", Tags: []string{"Things"}, Security: Security("thing.write"), Responses: responses})
	})
	read := func() map[string]any {
		w := req{"GET", "/api/v1/openapi.json", "", "", nil}.do(h)
		var doc map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		return doc
	}
	doc := read()
	read()
	if runs != 1 {
		t.Errorf("built %d times", runs)
	}
	api.Changed()
	read()
	if runs != 2 {
		t.Errorf("built %d times after a change", runs)
	}
	schemas := doc["components"].(map[string]any)["schemas"].(map[string]any)
	for _, name := range []string{"Problem", "ProblemField", "Described", "PageThing"} {
		if schemas[name] == nil {
			t.Errorf("no schema %s", name)
		}
	}
	tags := map[string]bool{}
	for _, tag := range doc["tags"].([]any) {
		tag := tag.(map[string]any)
		tags[tag["name"].(string)] = tag["description"] != ""
	}
	operations := 0
	for path, item := range doc["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			operations++
			op := op.(map[string]any)
			where := method + " " + path
			if op["operationId"] == nil || op["summary"] == nil || op["security"] == nil {
				t.Errorf("%s: %v", where, op)
			}
			for _, tag := range op["tags"].([]any) {
				if !tags[tag.(string)] {
					t.Errorf("%s: tag %v is not described", where, tag)
				}
			}
			responses := op["responses"].(map[string]any)
			if responses["422"] == nil || !strings.Contains(fmt.Sprint(responses["422"]), "Problem") {
				t.Errorf("%s: responses %v", where, responses)
			}
		}
	}
	if operations != 6 {
		t.Errorf("%d operations", operations)
	}
	if w := (req{"GET", "/api/v1/openapi.yaml", "", "", nil}).do(h); !strings.HasPrefix(w.Body.String(), "components:") && !strings.Contains(w.Body.String(), "openapi: 3.1.0") {
		t.Errorf("yaml %.100s", w.Body)
	}
}

func TestTimeout(t *testing.T) {
	_, api, _ := testAPI(t, nil)
	api.Route(Op{ID: "slow", Method: "GET", Path: "/api/slow", Perm: work.Public, Hidden: true, Timeout: time.Millisecond}, func(ctx context.Context, c *Call) (*Reply, error) {
		<-ctx.Done()
		return nil, fmt.Errorf("read: %w", ctx.Err())
	})
	w := req{"GET", "/api/slow", "", "", nil}.do(api.Handler())
	if p := problem(t, w); w.Code != 503 || p.Code != "unavailable" || w.Header().Get("Retry-After") == "" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestSlowBody(t *testing.T) {
	h, _, touched := testAPI(t, nil)
	server := httptest.NewUnstartedServer(h)
	server.Config.ReadTimeout = 50 * time.Millisecond
	server.Start()
	defer server.Close()
	body, stop := io.Pipe()
	defer stop.Close()
	r, _ := http.NewRequest("PUT", server.URL+"/api/v1/things/1", body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer li")
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestTimeout || touched.Load() != 0 {
		t.Errorf("got %d", resp.StatusCode)
	}
}

func FuzzCursor(f *testing.F) {
	type place struct {
		At int64
		ID string
	}
	f.Add(Cursor(place{1, "a"}))
	f.Add("eyJhIjoxfQ")
	f.Fuzz(func(t *testing.T, cursor string) {
		var p place
		used, err := ReadCursor(cursor, &p)
		switch {
		case err != nil && !fault.Is(err, fault.Invalid):
			t.Errorf("error %v", err)
		case err == nil && used != (cursor != ""):
			t.Errorf("used %v", used)
		}
	})
}

func TestCursorTampering(t *testing.T) {
	type place struct {
		At int64
		ID string
	}
	good := Cursor(place{7, "人"})
	var p place
	if _, err := ReadCursor(good, &p); err != nil || p != (place{7, "人"}) {
		t.Fatalf("%v %v", p, err)
	}
	for i := range good {
		bad := []byte(good)
		bad[i] ^= 1
		if _, err := ReadCursor(string(bad), &p); !fault.Is(err, fault.Invalid) {
			t.Errorf("changed at %d: %v", i, err)
		}
	}
	for _, bad := range []string{good[1:], good + "A", Cursor(map[string]any{"X": 1}), Cursor("text"), "…"} {
		if _, err := ReadCursor(bad, &p); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// FuzzJSON: whatever checkJSON lets pass is read by encoding/json without loss; whatever it refuses is a 4xx.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":"\ud83d\ude00"}],"a":2}`, `"\ud800"`, "{\"\xff\":1}", `[[[]]]`, `{"a":{"a":{"a":null}}}`, `-0e5`, ` [ 1 , true ] `, `"\\u0000"`, `"\u0000"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := checkJSON(data)
		if err != nil {
			if p := problemOf(context.Background(), err); p.Status < 400 || p.Status > 499 {
				t.Fatalf("status %d for %q", p.Status, data)
			}
			return
		}
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatalf("passed but cannot be read: %q: %v", data, err)
		}
		if strings.ContainsRune(fmt.Sprint(v), 0) {
			t.Fatalf("NUL passed: %q", data)
		}
	})
}

func BenchmarkHandle(b *testing.B) {
	h, _, _ := testAPI(b, func(c *Config) { c.Limits.Off = true })
	body := `{"name":"pump","count":3,"parts":[{"code":"a"},{"code":"b"}],"tags":["x","y"]}`
	b.ReportAllocs()
	for b.Loop() {
		if w := (req{"PUT", "/api/v1/things/1", body, "li", nil}).do(h); w.Code != 200 {
			b.Fatal(w.Code, w.Body)
		}
	}
}

func BenchmarkCompress(b *testing.B) {
	h, _, _ := testAPI(b, func(c *Config) { c.Limits.Off = true })
	for _, encoding := range []string{"identity", "gzip", "br"} {
		b.Run(encoding, func(b *testing.B) {
			size := 0
			for b.Loop() {
				size = req{"GET", "/api/v1/things?limit=200", "", "li", []string{"Accept-Encoding", encoding}}.do(h).Body.Len()
			}
			b.ReportMetric(float64(size), "bytes")
		})
	}
}
