package httpapi

import (
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

// holdBack is how much of an answer is kept until we know whether it is worth compressing.
const holdBack = 1024

// writer holds the first kilobyte back, so that a small answer gets its length, a big one is compressed, an answer
// the browser has already becomes 304, and a panic can still become a problem document.
type writer struct {
	http.ResponseWriter
	r       *http.Request
	status  int
	size    int64
	held    []byte
	started bool
	silent  bool // 304: the body goes nowhere
	enc     encoder
	pool    *sync.Pool
}

type encoder interface {
	io.WriteCloser
	Flush() error
	Reset(w io.Writer)
}

var (
	gzips   = sync.Pool{New: func() any { w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed); return w }}
	brotlis = sync.Pool{New: func() any { return brotli.NewWriterLevel(nil, 1) }}
)

func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) WriteHeader(status int) {
	if status >= 200 && w.status == 0 {
		w.status = status
	}
}

func (w *writer) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if w.started {
		return w.pass(p)
	}
	if len(w.held)+len(p) <= holdBack {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	if err := w.start(true); err != nil {
		return 0, err
	}
	return w.pass(p)
}

func (w *writer) pass(p []byte) (int, error) {
	if w.silent {
		return len(p), nil
	}
	w.size += int64(len(p))
	if w.enc != nil {
		return w.enc.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

// start sends the header and what was held back. more tells that there is more than was held back.
func (w *writer) start(more bool) error {
	w.started = true
	h := w.Header()
	if tag := h.Get("ETag"); tag != "" {
		if h.Get("Cache-Control") == "" {
			h.Set("Cache-Control", "private, no-cache")
		}
		if w.status == http.StatusOK && (w.r.Method == http.MethodGet || w.r.Method == http.MethodHead) && noneMatch(w.r, tag) {
			w.status, w.silent = http.StatusNotModified, true
			h.Del("Content-Type")
			h.Del("Content-Length")
		}
	}
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	if !w.silent && compressible(h.Get("Content-Type")) && h.Get("Content-Encoding") == "" {
		h.Add("Vary", "Accept-Encoding")
		if more && w.r.Method != http.MethodHead {
			w.compress(h)
		}
	}
	if !more && !w.silent && h.Get("Content-Length") == "" && w.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(w.held)))
	}
	w.ResponseWriter.WriteHeader(w.status)
	held := w.held
	w.held = nil
	if len(held) == 0 {
		return nil
	}
	_, err := w.pass(held)
	return err
}

func noneMatch(r *http.Request, tag string) bool {
	for candidate := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// compressible are our own texts; files are sent as they are.
func compressible(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	return t == "application/json" || strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "+yaml") || t == "text/csv"
}

func (w *writer) compress(h http.Header) {
	name := encodingOf(w.r)
	switch name {
	case "br":
		w.pool = &brotlis
	case "gzip":
		w.pool = &gzips
	default:
		return
	}
	w.enc = w.pool.Get().(encoder)
	w.enc.Reset(w.ResponseWriter)
	h.Set("Content-Encoding", name)
	h.Del("Content-Length")
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		h.Set("ETag", "W/"+tag)
	}
}

// encodingOf is the best encoding that the client takes: gzip is cheaper at run time, brotli is for who has only that.
func encodingOf(r *http.Request) string {
	best := ""
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if weight, ok := strings.CutPrefix(strings.TrimSpace(q), "q="); ok && strings.Trim(weight, "0.") == "" {
			continue
		}
		switch name {
		case "gzip":
			return "gzip"
		case "br":
			best = "br"
		}
	}
	return best
}

// Flush sends what there is; live events and long exports use it.
func (w *writer) Flush() { _ = w.FlushError() }

// FlushError is what http.ResponseController looks for.
func (w *writer) FlushError() error {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if !w.started {
		if err := w.start(true); err != nil {
			return err
		}
	}
	if w.enc != nil {
		if err := w.enc.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// finish ends the answer.
func (w *writer) finish() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if !w.started {
		_ = w.start(false)
	}
	if w.enc != nil {
		_ = w.enc.Close()
		w.enc.Reset(nil)
		w.pool.Put(w.enc)
		w.enc = nil
	}
}

// reset forgets an answer that has not been sent.
func (w *writer) reset() {
	w.status, w.held = 0, nil
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Content-Disposition", "ETag", "Location", "Set-Cookie", "Cache-Control"} {
		w.Header().Del(name)
	}
}
