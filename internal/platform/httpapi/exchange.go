package httpapi

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// cookieName is the session cookie.
const cookieName = "steward_session"

// exchange is what one request carries through the program beside the actor.
type exchange struct {
	api    *API
	w      *writer
	id     string
	ip     netip.Addr
	agent  string
	accept text.Lang // by Accept-Language
	csrf   string
	op     string
	actor  *work.Actor
	cause  error // of a refusal, for the log
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// RequestID is the number of the request, as answers and the log show it.
func RequestID(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.id
	}
	return ""
}

// Lang is the reader's language: the actor's, else what the browser asks for.
func Lang(ctx context.Context) text.Lang {
	if a := work.ActorOf(ctx); a != nil && a.Lang != "" {
		return a.Lang
	}
	if x := exchangeOf(ctx); x != nil {
		if x.actor != nil && x.actor.Lang != "" {
			return x.actor.Lang
		}
		return x.accept
	}
	return text.Zh
}

// CSRF is the token that a browser must send back with every change; the session's own operation hands it out.
func CSRF(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.csrf
	}
	return ""
}

// ClientIP is the address of the caller, seen through trusted proxies.
func ClientIP(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil && x.ip.IsValid() {
		return x.ip.String()
	}
	return ""
}

// UserAgent is what the caller says it is, cut to 200 bytes; for session lists.
func UserAgent(ctx context.Context) string {
	if x := exchangeOf(ctx); x != nil {
		return x.agent
	}
	return ""
}

// SetHeader sets a header of the answer from inside an operation.
func SetHeader(ctx context.Context, name, value string) {
	if x := exchangeOf(ctx); x != nil {
		x.w.Header().Set(name, value)
	}
}

// SetSession gives the browser its session cookie; call it from inside an operation.
func SetSession(ctx context.Context, token string, expires time.Time) {
	x := exchangeOf(ctx)
	if x == nil {
		return
	}
	age := int(expires.Sub(x.api.cfg.Clock.Now()).Seconds())
	x.setCookie(token, max(age, 1))
}

// ClearSession takes the session cookie away.
func ClearSession(ctx context.Context) {
	if x := exchangeOf(ctx); x != nil {
		x.setCookie("", -1)
	}
}

func (x *exchange) setCookie(value string, age int) {
	c := http.Cookie{
		Name: cookieName, Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: x.api.https, SameSite: http.SameSiteLaxMode,
	}
	x.w.Header().Del("Set-Cookie")
	x.w.Header().Add("Set-Cookie", c.String())
}

// credentials of the request; a bearer token goes before the cookie.
func credentials(r *http.Request) (cookie, bearer string) {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return "", strings.TrimSpace(token)
	}
	if c, err := r.Cookie(cookieName); err == nil {
		return c.Value, ""
	}
	return "", ""
}

// requestID keeps a number from outside only when it has our own form.
func requestID(r *http.Request) string {
	if given := r.Header.Get("X-Request-Id"); id.Valid(given) {
		return given
	}
	return id.New()
}

// clientIP walks X-Forwarded-For from the right as long as the hop is a trusted proxy.
func (api *API) clientIP(r *http.Request) netip.Addr {
	ip := remoteIP(r)
	if !api.trusted(ip) {
		return ip
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		if ip = hop.Unmap(); !api.trusted(ip) {
			break
		}
	}
	return ip
}

func remoteIP(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	ip, _ := netip.ParseAddr(host)
	return ip.Unmap()
}

func (api *API) trusted(ip netip.Addr) bool {
	for _, p := range api.cfg.Proxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}
