// Package webui serves the built web application out of the binary.
package webui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed all:dist
var embedded embed.FS

// file is one built file with what the build compressed beforehand.
type file struct {
	plain, br, gz []byte
	kind          string // content type
	tag           string
	cache         string
}

const (
	forever   = "public, max-age=31536000, immutable"
	eachTime  = "no-cache"
	indexFile = "index.html"
)

// kinds are fixed, because mime.TypeByExtension depends on the machine.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8", ".json": "application/json", ".webmanifest": "application/manifest+json",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".ico": "image/x-icon",
	".woff2": "font/woff2", ".woff": "font/woff", ".ttf": "font/ttf", ".wasm": "application/wasm",
	".txt": "text/plain; charset=utf-8", ".map": "application/json",
}

// Handler serves the application: hashed assets are cached forever, the page itself is asked for each time. Every
// path without a file extension is the application's, which routes by itself; other unknown paths do not exist.
func Handler() http.Handler {
	dist, err := fs.Sub(embedded, "dist")
	if err != nil {
		panic("webui: " + err.Error())
	}
	return handler(dist)
}

// Built tells whether the binary holds a web application.
func Built() bool {
	_, err := fs.Stat(embedded, "dist/"+indexFile)
	return err == nil
}

func handler(dist fs.FS) http.Handler {
	files := load(dist)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "405", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		f := files[name]
		if f == nil && path.Ext(name) == "" && name != "api" && !strings.HasPrefix(name, "api/") {
			if f = files[indexFile]; f == nil {
				notBuilt(w)
				return
			}
		}
		if f == nil {
			http.Error(w, "404", http.StatusNotFound)
			return
		}
		f.serve(w, r)
	})
}

// load reads every file once and joins it with its compressed forms.
func load(dist fs.FS) map[string]*file {
	raw := map[string][]byte{}
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == ".gitkeep" {
			return err
		}
		raw[name], err = fs.ReadFile(dist, name)
		return err
	})
	if err != nil {
		panic("webui: read the web application: " + err.Error())
	}
	files := map[string]*file{}
	for name, content := range raw {
		ext := path.Ext(name)
		if ext == ".br" || ext == ".gz" {
			continue
		}
		sum := sha256.Sum256(content)
		f := &file{plain: content, br: raw[name+".br"], gz: raw[name+".gz"], kind: kinds[ext], cache: eachTime, tag: hex.EncodeToString(sum[:8])}
		if f.kind == "" {
			f.kind = "application/octet-stream"
		}
		if strings.HasPrefix(name, "assets/") {
			f.cache = forever
		}
		files[name] = f
	}
	return files
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	content, encoding := f.plain, ""
	accepted := r.Header.Get("Accept-Encoding")
	switch {
	case f.br != nil && accepts(accepted, "br"):
		content, encoding = f.br, "br"
	case f.gz != nil && accepts(accepted, "gzip"):
		content, encoding = f.gz, "gzip"
	}
	tag := `"` + f.tag + encoding + `"`
	h := w.Header()
	h.Set("Cache-Control", f.cache)
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.kind)
	h.Set("Content-Length", strconv.Itoa(len(content)))
	if encoding != "" {
		h.Set("Content-Encoding", encoding)
	}
	if r.Method == http.MethodGet {
		_, _ = w.Write(content)
	}
}

func accepts(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(name) == encoding {
			weight, weighed := strings.CutPrefix(strings.TrimSpace(q), "q=")
			return !weighed || strings.Trim(weight, "0.") != ""
		}
	}
	return false
}

var notBuiltPage = []byte(`<!doctype html><html lang="zh"><meta charset="utf-8"><title>Steward</title>
<body style="font-family:sans-serif;max-width:36em;margin:4em auto;line-height:1.6">
<h1>网页还没有编入这个程序</h1>
<p>服务本身在运行，接口在 <a href="/api/docs">/api/docs</a>。要得到网页，请运行 <code>make web build</code>，再启动新的程序。</p>
<h1>This binary has no web application</h1>
<p>The service itself is running; its API is at <a href="/api/docs">/api/docs</a>. Run <code>make web build</code> and start the new binary.</p>
</body></html>`)

func notBuilt(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	_, _ = bytes.NewReader(notBuiltPage).WriteTo(w)
}
