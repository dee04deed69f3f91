package httpapi

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

const defaultTimeout = 30 * time.Second

// passed is a request that may go on.
type passed struct {
	r      *http.Request
	cancel context.CancelFunc
}

// gate lets a request through to its operation, or answers it. Who asks and whether they may is settled before a
// byte of the body is read.
func (api *API) gate(w http.ResponseWriter, r *http.Request, op *Op, body bool) *passed {
	x := exchangeOf(r.Context())
	x.op = op.ID
	err := api.admit(x, r, op)
	if err == nil {
		err = limitBody(w, r, op)
	}
	if err == nil && body {
		err = bufferJSON(r)
	}
	if err != nil {
		writeProblem(w, problemOf(r.Context(), err))
		return nil
	}
	ctx, cancel := r.Context(), context.CancelFunc(func() {})
	if x.actor != nil {
		ctx = work.WithActor(ctx, x.actor)
	}
	if op.Timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, op.Timeout)
	}
	return &passed{r.WithContext(ctx), cancel}
}

func (api *API) admit(x *exchange, r *http.Request, op *Op) error {
	byCookie, err := api.identify(x, r, op)
	if err != nil {
		if fault.Is(err, fault.Unauthenticated) { // guessing tokens is limited like any guest
			if limited := api.limits.allow(x, op); limited != nil {
				return limited
			}
		}
		return err
	}
	if err := api.limits.allow(x, op); err != nil {
		return err
	}
	if x.actor == nil && op.Perm != work.Public {
		return fault.New(fault.Unauthenticated, "unauthenticated", nil)
	}
	if !x.actor.May(op.Perm) {
		return fault.Denied()
	}
	if err := api.sameSite(x, r, op, byCookie); err != nil {
		return err
	}
	return checkRequest(r)
}

// identify finds out who asks. At a public operation a bad session counts as none.
func (api *API) identify(x *exchange, r *http.Request, op *Op) (byCookie bool, err error) {
	cookie, bearer := credentials(r)
	if cookie == "" && bearer == "" || api.cfg.Sessions == nil {
		return false, nil
	}
	actor, csrf, err := api.cfg.Sessions.Authenticate(r.Context(), cookie, bearer)
	switch {
	case err != nil && op.Perm == work.Public && fault.Is(err, fault.Unauthenticated):
		return false, nil
	case err != nil:
		return false, err
	case actor == nil:
		return false, fault.New(fault.Unauthenticated, "unauthenticated", nil)
	}
	x.actor, x.csrf = actor, csrf
	return bearer == "", nil
}

// sameSite refuses changes that another site's page makes with our user's cookie. Sign-in is public and has no token
// yet, so there the origin decides alone.
func (api *API) sameSite(x *exchange, r *http.Request, op *Op, byCookie bool) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if _, bearer := credentials(r); bearer != "" || op.CrossSite {
		return nil
	}
	if api.origins.Check(r) != nil {
		return fault.New(fault.Forbidden, "httpapi.cross_site", nil)
	}
	if !byCookie || op.Perm == work.Public {
		return nil
	}
	token := r.Header.Get("X-CSRF-Token")
	if x.csrf == "" || subtle.ConstantTimeCompare([]byte(token), []byte(x.csrf)) != 1 {
		return fault.New(fault.Forbidden, "httpapi.csrf", nil)
	}
	return nil
}

// checkRequest refuses what no operation could use: broken escapes, text that cannot be stored, bad headers.
func checkRequest(r *http.Request) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return malformed("httpapi.query", nil)
	}
	ok := clean(r.URL.Path)
	for name, values := range query {
		ok = ok && clean(name)
		for _, v := range values {
			ok = ok && clean(v)
		}
	}
	if !ok {
		return malformed("httpapi.encoding", nil)
	}
	if _, ok := parseETag(r.Header.Get("If-Match")); !ok {
		return malformed("httpapi.if_match", nil)
	}
	if key := r.Header.Get("Idempotency-Key"); len(key) > maxKey || !visible(key) {
		return fault.One("Idempotency-Key", "httpapi.key", nil)
	}
	return nil
}

// limitBody refuses a body that announces itself as too large, and cuts one that does not.
func limitBody(w http.ResponseWriter, r *http.Request, op *Op) error {
	if r.ContentLength > op.BodyLimit {
		return overLimit(op.BodyLimit)
	}
	r.Body = http.MaxBytesReader(w, r.Body, op.BodyLimit)
	if op.Timeout != defaultTimeout {
		stretch(w, op.Timeout)
	}
	return nil
}

// stretch replaces the server's deadlines by an operation's own.
func stretch(w http.ResponseWriter, d time.Duration) {
	rc := http.NewResponseController(w)
	var read, write time.Time
	if d > 0 {
		read = clock.System().Now().Add(d)
		write = read.Add(writeReserve)
	}
	_ = rc.SetReadDeadline(read)
	_ = rc.SetWriteDeadline(write)
}

// writeReserve is what an answer gets beyond the time for reading and working.
const writeReserve = 30 * time.Second

// bufferJSON reads and checks the body of a typed operation before huma sees it.
func bufferJSON(r *http.Request) error {
	b, err := readBody(r)
	if err != nil {
		return err
	}
	if len(b) > 0 {
		if err := checkMediaType(r); err != nil {
			return err
		}
		if err := checkJSON(b); err != nil {
			return err
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	return nil
}

// checkMediaType wants a body that says it is JSON.
func checkMediaType(r *http.Request) error {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && (mediaType == "application/json" || strings.HasPrefix(mediaType, "application/") && strings.HasSuffix(mediaType, "+json")) {
		return nil
	}
	return refuse(http.StatusUnsupportedMediaType, fault.Malformed, "httpapi.media_type", nil)
}

// readBody reads a body that the gate has already limited.
func readBody(r *http.Request) ([]byte, error) {
	var b bytes.Buffer
	if r.ContentLength > 0 {
		b.Grow(int(min(r.ContentLength, 1<<20)) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(r.Body); err != nil {
		return nil, bodyFault(err, "httpapi.broken")
	}
	return b.Bytes(), nil
}

// bodyFault says why a body could not be read; otherwise is the reason where none is known.
func bodyFault(err error, otherwise string) error {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return overLimit(tooLarge.Limit)
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return refuse(http.StatusRequestTimeout, fault.Malformed, "httpapi.slow", nil)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return malformed("httpapi.broken", err)
	}
	return malformed(otherwise, err)
}

func overLimit(limit int64) error {
	size := strconv.FormatInt(limit>>10, 10) + " KiB"
	if limit >= 1<<20 {
		size = strconv.FormatInt(limit>>20, 10) + " MiB"
	}
	return fault.New(fault.TooLarge, "too_large", text.Params{"limit": size})
}
