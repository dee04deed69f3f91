package app_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/app"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// needNoActor are the use cases that work without somebody signed in, each with its reason.
var needNoActor = map[string]string{
	"identity.Authenticate": "finds out who acts",
	"identity.SignIn":       "is how one becomes somebody",
	"identity.SetUp":        "makes the first account; refused ever after",
	"identity.SetupNeeded":  "tells the sign-in page whether the first run is to come; says nothing else",
	"identity.Seed":         "wiring: built-in roles at the start of the program",
	"identity.Sweep":        "wiring: ends expired sessions as its own narrow actor",
	"identity.Reseal":       "wiring: a command of the operator after a key rotation",
	"process.Start":         "wiring: stores shipped definitions at the start of the program",
	"process.Reload":        "wiring: takes over what another replica published",
	"process.Pump":          "wiring: fires timers as its own narrow actor until the program ends",
	"process.Tick":          "wiring: fires timers as its own narrow actor",
	"sla.Reread":            "wiring: reckons clocks anew, as its own narrow actor",
	"roster.Pump":           "wiring: fires timers as its own narrow actor until the program ends",
	"roster.Tick":           "wiring: fires timers as its own narrow actor",
	"roster.Sweep":          "wiring: sets the timers of newly announced holidays, as its own narrow actor",
	"roster.Calendar":       "an unguessable address stands for its owner, as whom the calendar is read",
	"alert.Tick":            "wiring: does what time brings to alerts, as its own narrow actor",
	"process.CleanFiles":    "wiring: removes uploads that never came onto a record, as its own narrow actor",
}

// TestWalkNoActorNoAnswer calls every use case of every service without an actor (DESIGN §4, net 4).
func TestWalkNoActorNoAnswer(t *testing.T) {
	t.Parallel()
	eachWalk(t, func(t *testing.T, h *house) {
		h.staff("组")
		seen := map[string]bool{}
		for _, service := range services(h.app) {
			for name, call := range useCases(service) {
				seen[name] = true
				if needNoActor[name] != "" {
					continue
				}
				for _, arguments := range []string{"", "x", "incident"} {
					if err := call(t.Context(), arguments); !fault.Is(err, fault.Unauthenticated) {
						t.Errorf("%s(%q) without an actor answers %v, want unauthenticated", name, arguments, err)
					}
				}
				nobody := work.WithActor(t.Context(), &work.Actor{ID: "x", OrgKind: work.Provider})
				if err := call(nobody, ""); !fault.Is(err, fault.Forbidden) && !fault.Is(err, fault.Unauthenticated) && !forOneself[name] {
					t.Errorf("%s for an actor without any permission answers %v, want forbidden", name, err)
				}
			}
		}
		for name := range needNoActor {
			if !seen[name] {
				t.Errorf("%s is excused from having an actor but there is no such use case", name)
			}
		}
	})
}

// forOneself are use cases open to everybody who is signed in, whatever their roles.
var forOneself = map[string]bool{
	"identity.Me": true, "identity.ChangeMe": true, "identity.Sessions": true, "identity.EndSession": true, "identity.EndOtherSessions": true,
	"identity.Tokens": true, "identity.CreateToken": true, "identity.DeleteToken": true, "identity.ChangePassword": true, "identity.Policy": true,
	"identity.EnrolTOTP": true, "identity.ConfirmTOTP": true, "identity.DisableTOTP": true, "identity.Refresh": true, "identity.SignOut": true,
}

// services are all services that the program is made of.
func services(a *app.App) []any {
	var out []any
	v := reflect.ValueOf(a).Elem()
	for i := range v.NumField() {
		f := v.Field(i)
		if f.Kind() == reflect.Pointer && f.Type().Elem().Name() == "Service" && v.Type().Field(i).IsExported() {
			out = append(out, f.Interface())
		}
	}
	return out
}

var (
	contextType = reflect.TypeFor[context.Context]()
	unitType    = reflect.TypeFor[*work.Unit]()
	txType      = reflect.TypeFor[db.Tx]()
	errorType   = reflect.TypeFor[error]()
)

// useCases are the exported methods of a service that take a context and no transaction: those somebody may call.
// Every text among the arguments is what the caller says.
func useCases(service any) map[string]func(ctx context.Context, text string) error {
	out := map[string]func(context.Context, string) error{}
	v := reflect.ValueOf(service)
	pkg := strings.TrimPrefix(v.Type().String(), "*")
	pkg = pkg[:strings.IndexByte(pkg, '.')]
	for i := range v.NumMethod() {
		method, name := v.Method(i), pkg+"."+v.Type().Method(i).Name
		mt := method.Type()
		if mt.NumIn() == 0 || mt.In(0) != contextType || takes(mt, unitType) || takes(mt, txType) {
			continue
		}
		out[name] = func(ctx context.Context, text string) (err error) {
			defer func() {
				if failure := recover(); failure != nil {
					err = fmt.Errorf("panic: %v", failure)
				}
			}()
			arguments := []reflect.Value{reflect.ValueOf(ctx)}
			for j := 1; j < mt.NumIn(); j++ {
				if mt.IsVariadic() && j == mt.NumIn()-1 {
					break
				}
				arguments = append(arguments, argument(mt.In(j), text))
			}
			return errorOf(method.Call(arguments))
		}
	}
	return out
}

func takes(mt reflect.Type, wanted reflect.Type) bool {
	for i := range mt.NumIn() {
		if mt.In(i) == wanted {
			return true
		}
	}
	return false
}

// argument is the zero value, with every text filled.
func argument(t reflect.Type, text string) reflect.Value {
	v := reflect.New(t).Elem()
	switch t.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := v.Field(i); f.Kind() == reflect.String && f.CanSet() {
				f.SetString(text)
			}
		}
	case reflect.Interface:
		if reader := reflect.ValueOf(strings.NewReader(text)); reader.Type().Implements(t) {
			v.Set(reader)
		}
	}
	return v
}

func errorOf(results []reflect.Value) error {
	if n := len(results); n > 0 && results[n-1].Type() == errorType {
		err, _ := results[n-1].Interface().(error)
		return err
	}
	return nil
}

// route is one line of api.Golden().
type route struct{ method, path, perm string }

func (r route) String() string { return r.method + " " + r.path }

func (h *house) routes() []route {
	var out []route
	for _, line := range h.app.API.Golden() {
		parts := strings.Fields(line)
		out = append(out, route{parts[0], parts[1], parts[2]})
	}
	return out
}

// parameters of a path in braces.
func (r route) parameters() []string {
	var names []string
	for part := range strings.SplitSeq(r.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(name, "}"))
		}
	}
	return names
}

// filled puts values in the place of the parameters, in their order.
func (r route) filled(values ...string) string {
	path := r.path
	for i, name := range r.parameters() {
		path = strings.Replace(path, "{"+name+"}", values[i], 1)
	}
	return path
}

// with puts one value in the place of every parameter.
func (r route) with(value string) string {
	return r.filled(slices.Repeat([]string{value}, len(r.parameters()))...)
}

func (r route) request(path string) request {
	out := request{method: r.method, path: path}
	if r.method != "GET" && r.method != "DELETE" {
		out.body = map[string]any{}
	}
	return out
}

// TestWalkEveryRouteAsksWho: without credentials 401, with wrong ones 401, with a token that lacks the permission 403.
func TestWalkEveryRouteAsksWho(t *testing.T) {
	t.Parallel()
	eachWalk(t, func(t *testing.T, h *house) {
		h.staff("组")
		nobody := &person{h: h, login: "nobody"}
		stale := &person{h: h, login: "stale", cookie: strings.Repeat("a", 43), csrf: "x"}
		forged := &person{h: h, login: "forged", bearer: "stw_" + strings.Repeat("a", 43)}
		tokens := h.tokens("notify.read", "calc.use")
		for _, r := range h.routes() {
			if r.perm == string(work.Public) {
				continue
			}
			req := r.request(r.with("1"))
			for _, p := range []*person{nobody, stale, forged} {
				stale.cookie = strings.Repeat("a", 43) // an answer may have taken it away
				if a := p.send(req); a.status != 401 || a.object().text("code") != "unauthenticated" {
					t.Errorf("%s: %s: want 401, got %s", p.login, r, a)
				}
			}
			if r.perm == string(work.SignedIn) {
				continue
			}
			token := tokens["notify.read"]
			if r.perm == "notify.read" {
				token = tokens["calc.use"]
			}
			if a := token.send(req); a.status != 403 {
				t.Errorf("token without %s: %s: want 403, got %s", r.perm, r, a)
			}
		}
	})
}

// tokens makes API tokens of the administrator with one scope each.
func (h *house) tokens(scopes ...string) map[string]*person {
	h.t.Helper()
	out := map[string]*person{}
	for _, scope := range scopes {
		made := h.people["admin"].must("POST", api+"/me/tokens", map[string]any{"name": scope, "scopes": []string{scope}, "expires_at": h.app.Clock.Now().Add(24 * time.Hour)})
		out[scope] = &person{h: h, login: "token " + scope, bearer: made.text("secret")}
	}
	return out
}

// TestWalkChangesNeedTheirToken: a change with a session but without its CSRF token, or from another site's page, is refused.
func TestWalkChangesNeedTheirToken(t *testing.T) {
	t.Parallel()
	eachWalk(t, func(t *testing.T, h *house) {
		admin := *h.people["admin"]
		admin.csrf = "wrong"
		for _, r := range h.routes() {
			if r.perm == string(work.Public) || r.method == "GET" {
				continue
			}
			if a := admin.send(r.request(r.with("1"))); a.status != 403 {
				t.Errorf("%s without the CSRF token: want 403, got %s", r, a)
			}
			foreign := r.request(r.with("1"))
			foreign.header = []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}
			if a := h.people["admin"].send(foreign); a.status != 403 {
				t.Errorf("%s from another site: want 403, got %s", r, a)
			}
		}
	})
}

// TestWalkRestrictedAdministrator: who manages the accounts of one customer cannot get at others, at the provider's, or at more than they hold.
func TestWalkRestrictedAdministrator(t *testing.T) {
	t.Parallel()
	eachWalk(t, func(t *testing.T, h *house) {
		h.staff(teamMark)
		a := h.customer("alpha", markA, "1390000")
		b := h.customer("bravo", markB, "1380000")
		engineer, leader, administrator := h.restricted(b)
		for _, r := range []request{
			{method: "POST", path: "/grants", body: map[string]any{"person": engineer.id, "role": "l1"}},
			{method: "POST", path: "/grants", body: map[string]any{"person": engineer.id, "role": "l1", "customer": a.id}},
			{method: "POST", path: "/grants", body: map[string]any{"person": administrator.id, "role": "admin"}},
			{method: "POST", path: "/grants", body: map[string]any{"person": administrator.id, "role": "boss", "project": b.id}},
			{method: "POST", path: "/grants", body: map[string]any{"person": a.user.id, "role": "customer_responsible", "customer": a.id}},
			{method: "POST", path: "/grants", body: map[string]any{"person": a.contact.id, "role": "customer_user"}},
			{method: "DELETE", path: "/grants/" + h.ids["grant:desk:desk"]},
			{method: "DELETE", path: "/grants/" + h.ids["grant:alphauser:customer_user"]},
			{method: "POST", path: "/accounts", body: map[string]any{"person": a.contact.id, "login": "contact.a"}},
			{method: "POST", path: "/accounts/" + h.ids["account:desk"] + "/reset-password", body: map[string]any{"password": "Another-2025-pass"}},
			{method: "POST", path: "/accounts/" + h.ids["account:alphauser"] + "/reset-password", body: map[string]any{"password": "Another-2025-pass"}},
			{method: "POST", path: "/accounts/" + h.ids["account:boss"] + "/disable", body: map[string]any{}},
			{method: "POST", path: "/people/" + h.people["desk"].id + "/leave"},
			{method: "POST", path: "/people/" + a.user.id + "/leave"},
			{method: "PATCH", path: "/roles/technician", body: map[string]any{"perms": []string{"identity.manage"}}},
			{method: "PATCH", path: "/password-policy", body: map[string]any{"min_length": 1}},
			{method: "POST", path: "/roles", body: map[string]any{"code": "own_role", "zh": "x", "en": "x", "side": "provider", "perms": []string{"audit.read"}}},
			{method: "PUT", path: "/teams/" + h.ids["team:desk"] + "/members", body: map[string]any{"people": []string{}}},
			{method: "PATCH", path: "/organisations/" + h.provider, body: map[string]any{"name": "x"}},
			{method: "POST", path: "/organisations", body: map[string]any{"kind": "customer", "name": "x"}},
			{method: "POST", path: "/definitions/vault/publish", body: map[string]any{"yaml": string(vault(t).Text)}},
			{method: "PUT", path: "/priority-schemes/own", body: map[string]any{"code": "own", "label": map[string]any{"zh": "x", "en": "x"}, "impacts": []any{}, "urgencies": []any{}, "priorities": []any{}, "matrix": map[string]any{}, "version": 0}},
		} {
			r.path = api + r.path
			for _, p := range []*person{administrator, leader, engineer} {
				if got := p.send(r); got.ok() || got.status >= 500 {
					t.Errorf("%s, who serves one customer: %s\nanswer %s", p.login, r, got)
				}
			}
		}
		administrator.must("POST", api+"/grants", map[string]any{"person": b.contact.id, "role": "customer_user", "customer": b.id})
		administrator.must("POST", api+"/accounts", map[string]any{"person": b.contact.id, "login": "contact.b"})
	})
}
