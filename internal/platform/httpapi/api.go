// Package httpapi is the program's face on HTTP: operations with a permission, problem documents, sessions,
// rate limits, live events and the OpenAPI document. It knows no domain.
package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Op says what an operation is and who may call it.
type Op struct {
	ID        string // operationId, "incident-create"
	Method    string // GET, POST …
	Path      string // whole path, "/api/v1/incidents/{number}"
	Summary   string // one line for the document
	Detail    string // longer description for the document
	Tag       string // group in the document, see API.Tag
	Perm      work.Perm
	Status    int           // of success; default 200, or 204 when the output has no body
	BodyLimit int64         // bytes; default 1 MiB
	Hidden    bool          // not in the document
	Rate      Rate          // replaces the general limit for this operation
	Timeout   time.Duration // for reading, working and answering; default 30 s, negative = none
	CrossSite bool          // another site's page may post here (OIDC form_post); the operation protects itself
}

// Config is what the API is made of. Sessions may be nil in tools that only print the document.
type Config struct {
	Clock    clock.Clock
	Log      *slog.Logger
	Sessions Authenticator
	Hub      *Hub // nil: no live events
	Web      http.Handler
	Metrics  http.Handler
	Checks   []Check // of /readyz
	Limits   Limits
	Title    string // of the document
	Version  string
	BaseURL  string         // "https://desk.example.com": decides Secure cookies and HSTS
	Proxies  []netip.Prefix // whose X-Forwarded-For is believed
}

// Authenticator turns what the request carries into an actor; core/identity is it. Exactly one of cookie and
// bearer is set. A bad or expired one is answered with fault Unauthenticated.
type Authenticator interface {
	Authenticate(ctx context.Context, cookie, bearer string) (actor *work.Actor, csrf string, err error)
}

// Check is one thing without which the program cannot serve.
type Check struct {
	Name string
	Run  func(ctx context.Context) error
}

// MetricsPerm lets somebody read /metrics from elsewhere than the machine itself.
const MetricsPerm work.Perm = "system.metrics"

// API collects operations and serves them.
type API struct {
	cfg     Config
	https   bool
	mux     *http.ServeMux
	huma    huma.API
	pkg     string // package whose operation is being registered, for the names of unnamed types
	routes  []string
	ids     map[string]bool
	tags    map[string]string
	limits  *limiter
	doc     document
	origins *http.CrossOriginProtection
}

// New makes an API that already serves health, metrics, live events and its document.
func New(cfg Config) *API {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.System()
	}
	api := &API{
		cfg:     cfg,
		https:   strings.HasPrefix(cfg.BaseURL, "https:"),
		mux:     http.NewServeMux(),
		ids:     map[string]bool{},
		tags:    map[string]string{},
		limits:  newLimiter(cfg.Limits),
		origins: http.NewCrossOriginProtection(),
	}
	if u, err := url.Parse(cfg.BaseURL); err == nil && u.Host != "" {
		_ = api.origins.AddTrustedOrigin(u.Scheme + "://" + u.Host)
	}
	api.huma = huma.NewAPI(api.humaConfig(), adapter{api})
	api.systemRoutes()
	if cfg.Hub != nil {
		cfg.Hub.mount(api)
	}
	return api
}

// adapter lets huma register its operations with our router, behind the gate.
type adapter struct{ api *API }

func (a adapter) Handle(op *huma.Operation, next func(huma.Context)) {
	mine := op.Metadata["op"].(*Op)
	a.api.mount(mine, op.RequestBody != nil, func(w http.ResponseWriter, r *http.Request) {
		next(humago.NewContext(op, r, w))
	})
}

func (a adapter) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.api.mux.ServeHTTP(w, r) }

// Handle registers a typed operation. It panics when the operation is not described completely: a program with
// such an operation must not start.
//
// In is a struct whose fields have path, query or header tags, and a Body; Out has header tags, and a Body.
func Handle[In, Out any](api *API, op Op, fn func(ctx context.Context, in *In) (*Out, error)) {
	api.pkg = packageOf(reflect.TypeFor[In](), reflect.TypeFor[Out]())
	defer func() { api.pkg = "" }()
	o := op
	huma.Register(api.huma, api.operation(&o), func(ctx context.Context, in *In) (*Out, error) {
		out, err := fn(ctx, in)
		if err != nil {
			return nil, problemOf(ctx, err)
		}
		return out, nil
	})
}

// Route registers an operation whose shape is known only from definitions, or that streams. It is not in the
// document by itself, see Describe.
func (api *API) Route(op Op, fn func(ctx context.Context, c *Call) (*Reply, error)) {
	o := op
	api.mount(&o, false, func(w http.ResponseWriter, r *http.Request) {
		reply, err := fn(r.Context(), &Call{r: r, limit: o.BodyLimit})
		if err != nil {
			writeProblem(w, problemOf(r.Context(), err))
			return
		}
		writeReply(w, r, &o, reply)
	})
}

// Describe adds operations to the document. fn runs when the document is built, again after Changed.
func (api *API) Describe(fn func(doc *huma.OpenAPI)) {
	api.doc.mu.Lock()
	defer api.doc.mu.Unlock()
	api.doc.describers = append(api.doc.describers, fn)
	api.doc.built = nil
}

// Changed lets the document be built anew: definitions were published.
func (api *API) Changed() {
	api.doc.mu.Lock()
	defer api.doc.mu.Unlock()
	api.doc.built = nil
}

// Tag describes a group of operations.
func (api *API) Tag(name, description string) { api.tags[name] = description }

// Golden lists "METHOD path permission" of every operation, sorted; a golden file in the repository pins it.
func (api *API) Golden() []string {
	return slices.Sorted(slices.Values(api.routes))
}

// mount puts an operation behind the gate and into the router.
func (api *API) mount(op *Op, body bool, next http.HandlerFunc) {
	api.check(op)
	api.routes = append(api.routes, fmt.Sprintf("%s %s %s", op.Method, op.Path, op.Perm))
	api.mux.HandleFunc(op.Method+" "+op.Path, func(w http.ResponseWriter, r *http.Request) {
		if passed := api.gate(w, r, op, body); passed != nil {
			defer passed.cancel()
			next(w, passed.r)
		}
	})
}

func (api *API) check(op *Op) {
	switch {
	case op.Perm == "":
		panic("httpapi: operation without a permission: " + op.Method + " " + op.Path)
	case op.ID == "" || op.Method == "" || !strings.HasPrefix(op.Path, "/"):
		panic("httpapi: operation without id, method or path: " + op.ID + " " + op.Method + " " + op.Path)
	case api.ids[op.ID]:
		panic("httpapi: operation id used twice: " + op.ID)
	case !op.Hidden && (op.Summary == "" || op.Tag == ""):
		panic("httpapi: operation without summary or tag: " + op.ID)
	}
	api.ids[op.ID] = true
	op.Method = strings.ToUpper(op.Method)
	if op.BodyLimit == 0 {
		op.BodyLimit = 1 << 20
	}
	if op.Timeout == 0 {
		op.Timeout = defaultTimeout
	}
}
