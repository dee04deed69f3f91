package webui

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func built() fstest.MapFS {
	f := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		"index.html": f("<page>"), "index.html.br": f("PAGE-BR"), "index.html.gz": f("PAGE-GZ"),
		"assets/app-1a2b.js": f("run()"), "assets/app-1a2b.js.br": f("RUN-BR"), "sw.js": f("worker"), ".gitkeep": f(""),
	}
}

func TestHandler(t *testing.T) {
	h := handler(built())
	for _, c := range []struct {
		name, method, path, accept string
		status                     int
		body, encoding, cache      string
	}{
		{"page", "GET", "/", "", 200, "<page>", "", "no-cache"},
		{"page by brotli", "GET", "/", "gzip, br", 200, "PAGE-BR", "br", "no-cache"},
		{"page by gzip", "GET", "/", "gzip, br;q=0", 200, "PAGE-GZ", "gzip", "no-cache"},
		{"route of the application", "GET", "/incidents/INC-2026-00042", "", 200, "<page>", "", "no-cache"},
		{"hashed asset", "GET", "/assets/app-1a2b.js", "br", 200, "RUN-BR", "br", "public, max-age=31536000, immutable"},
		{"asset of an old version", "GET", "/assets/app-0000.js", "", 404, "404\n", "", ""},
		{"compressed form has no address", "GET", "/index.html.br", "", 404, "404\n", "", ""},
		{"service worker", "GET", "/sw.js", "br", 200, "worker", "", "no-cache"},
		{"placeholder", "GET", "/.gitkeep", "", 404, "404\n", "", ""},
		{"outside", "GET", "/../../etc/passwd.txt", "", 404, "404\n", "", ""},
		{"api", "GET", "/api/v1/nothing", "", 404, "404\n", "", ""},
		{"head", "HEAD", "/sw.js", "", 200, "", "", "no-cache"},
		{"post", "POST", "/", "", 405, "405\n", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, "http://desk.example"+c.path, nil)
			r.Header.Set("Accept-Encoding", c.accept)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status || w.Body.String() != c.body {
				t.Fatalf("got %d %q", w.Code, w.Body)
			}
			if got := w.Header().Get("Content-Encoding"); got != c.encoding {
				t.Errorf("encoding %q", got)
			}
			if got := w.Header().Get("Cache-Control"); got != c.cache {
				t.Errorf("cache %q", got)
			}
		})
	}
}

func TestNotModified(t *testing.T) {
	h := handler(built())
	first := httptest.NewRecorder()
	h.ServeHTTP(first, httptest.NewRequest("GET", "/", nil))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("If-None-Match", first.Header().Get("ETag"))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 304 || w.Body.Len() != 0 {
		t.Fatalf("got %d %q", w.Code, w.Body)
	}
}

func TestNotBuilt(t *testing.T) {
	w := httptest.NewRecorder()
	handler(fstest.MapFS{}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "make web build") {
		t.Fatalf("got %d %q", w.Code, w.Body)
	}
}
