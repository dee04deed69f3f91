package httpapi

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
	"unicode"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Server is an http.Server for the API with its timeouts; an operation with another Timeout replaces them for itself.
func (api *API) Server(addr string) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           api.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       defaultTimeout,
		WriteTimeout:      defaultTimeout + writeReserve,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(api.cfg.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return context.Background() },
	}
}

// Handler serves everything: the API, and the web application at every other path.
func (api *API) Handler() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		watch := clock.Stopwatch()
		w := &writer{ResponseWriter: rw, r: r}
		x := &exchange{
			api: api, w: w, id: requestID(r), ip: api.clientIP(r), agent: agentOf(r),
			accept: text.Parse(r.Header.Get("Accept-Language")),
		}
		body := r.Body
		r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
		w.r = r
		api.headers(w.Header(), x.id)
		defer linger(w, r, body)
		defer api.end(x, r, watch)
		api.route(w, r)
	})
}

// end turns a panic into an answer, finishes the answer and writes the access log.
func (api *API) end(x *exchange, r *http.Request, watch func() time.Duration) {
	failure := recover()
	if failure != nil {
		api.contain(x, r, failure)
	}
	abort := failure != nil && x.w.started
	if !abort {
		x.w.finish()
	}
	api.log(x, r, watch())
	if abort {
		panic(http.ErrAbortHandler) // the client must see that the answer is not whole
	}
}

// linger lets the client of a refused body read the answer: closing at once would reset its connection while it is
// still sending. What comes is thrown away, for five seconds at most.
func linger(w *writer, r *http.Request, body io.Reader) {
	if w.status != http.StatusRequestEntityTooLarge || r.ProtoMajor != 1 || r.Header.Get("Expect") != "" {
		return
	}
	rc := http.NewResponseController(w)
	if rc.Flush() != nil || rc.SetReadDeadline(clock.System().Now().Add(5*time.Second)) != nil {
		return
	}
	_, _ = io.Copy(io.Discard, body)
}

// brokenStream is an error while an answer was being written.
type brokenStream struct{ error }

func (api *API) contain(x *exchange, r *http.Request, failure any) {
	gone := r.Context().Err() != nil
	broken, isBroken := failure.(brokenStream)
	switch {
	case failure == http.ErrAbortHandler || gone:
	case isBroken:
		api.cfg.Log.Error("answer broke off", "request", x.id, "op", x.op, "error", broken.error)
	default:
		api.cfg.Log.Error("panic", "request", x.id, "op", x.op, "panic", failure, "stack", string(debug.Stack()))
	}
	if x.w.started {
		return
	}
	x.w.reset()
	var err error = fault.New(fault.Internal, "internal", nil)
	if isBroken {
		err = broken.error
	}
	writeProblem(x.w, problemOf(r.Context(), err))
}

func (api *API) log(x *exchange, r *http.Request, took time.Duration) {
	level := slog.LevelInfo
	if x.op == "health" || x.op == "ready" || x.op == "metrics" || x.op == "" {
		level = slog.LevelDebug
	}
	path := r.URL.Path
	if strings.Contains(r.Pattern, "{token}") { // a secret in the address, such as a calendar feed's
		path = r.Pattern
	}
	attrs := []slog.Attr{
		slog.String("request", x.id), slog.String("method", r.Method), slog.String("path", path),
		slog.Int("status", x.w.status), slog.Int64("bytes", x.w.size), slog.Duration("took", took),
		slog.String("ip", x.ip.String()),
	}
	if x.actor != nil {
		attrs = append(attrs, slog.String("actor", x.actor.ID))
	}
	if x.cause != nil && x.w.status >= 500 {
		level = slog.LevelError
		attrs = append(attrs, slog.String("error", x.cause.Error()))
	}
	api.cfg.Log.LogAttrs(r.Context(), level, "http", attrs...)
}

func agentOf(r *http.Request) string {
	agent := strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(r.UserAgent(), ""))
	return strings.ToValidUTF8(agent[:min(len(agent), 200)], "")
}

const pagePolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"connect-src 'self'; frame-ancestors 'none'; object-src 'none'; base-uri 'self'; form-action 'self'"

func (api *API) headers(h http.Header, id string) {
	h["X-Request-Id"] = []string{id}
	h.Set("Date", api.cfg.Clock.Now().Format(http.TimeFormat)) // countdowns in the browser follow the server's clock
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if api.https {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
}

// route finds the operation, or the web application, or says that there is none.
func (api *API) route(w http.ResponseWriter, r *http.Request) {
	missing, pattern := api.mux.Handler(r)
	if pattern != "" {
		api.mux.ServeHTTP(w, r)
		return
	}
	if api.cfg.Web != nil && r.URL.Path != "/api" && !strings.HasPrefix(r.URL.Path, "/api/") {
		api.cfg.Web.ServeHTTP(w, r)
		return
	}
	probe := &probe{header: http.Header{}}
	missing.ServeHTTP(probe, r)
	err := error(fault.New(fault.NotFound, "httpapi.no_route", nil))
	if probe.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", probe.header.Get("Allow"))
		err = refuse(http.StatusMethodNotAllowed, fault.Malformed, "httpapi.method", nil)
	}
	writeProblem(w, problemOf(r.Context(), err))
}

// probe takes the router's own answer, of which we only want the status and the methods.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) WriteHeader(status int)      { p.status = status }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }

// systemRoutes are those that every program has.
func (api *API) systemRoutes() {
	api.Tag("System", "Health, metrics and the description of this API.")
	system := func(id, path string, fn func(ctx context.Context, c *Call) (*Reply, error)) {
		api.Route(Op{ID: id, Method: "GET", Path: path, Perm: work.Public, Hidden: true, Rate: Unlimited}, fn)
	}
	system("health", "/healthz", func(context.Context, *Call) (*Reply, error) {
		return &Reply{Body: map[string]string{"status": "ok"}}, nil
	})
	system("ready", "/readyz", api.ready)
	if api.cfg.Metrics != nil {
		op := &Op{ID: "metrics", Method: "GET", Path: "/metrics", Perm: work.Public, Hidden: true, Rate: Unlimited}
		api.mount(op, false, api.metrics)
	}
	system("openapi-json", "/api/v1/openapi.json", api.serveDocument("application/openapi+json", false))
	system("openapi-yaml", "/api/v1/openapi.yaml", api.serveDocument("application/openapi+yaml", true))
	system("docs", "/api/docs", docsPage)
}

// ready runs every check; it names those that fail but not why, which only the log says.
func (api *API) ready(ctx context.Context, _ *Call) (*Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	states, status := map[string]string{}, http.StatusOK
	for _, check := range api.cfg.Checks {
		states[check.Name] = "ok"
		if err := check.Run(ctx); err != nil {
			states[check.Name], status = "failed", http.StatusServiceUnavailable
			api.cfg.Log.Warn("not ready", "check", check.Name, "error", err)
		}
	}
	return &Reply{Status: status, Body: map[string]any{"ready": status == http.StatusOK, "checks": states}}, nil
}

// metrics are for the machine itself, and for who holds MetricsPerm. A request that came through a proxy on this
// machine is not from the machine itself.
func (api *API) metrics(w http.ResponseWriter, r *http.Request) {
	local := remoteIP(r).IsLoopback()
	for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via"} {
		local = local && r.Header.Get(name) == ""
	}
	if !local && !work.ActorOf(r.Context()).May(MetricsPerm) {
		writeProblem(w, problemOf(r.Context(), fault.Denied()))
		return
	}
	api.cfg.Metrics.ServeHTTP(w, r)
}
