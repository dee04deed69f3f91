package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// caller speaks to a handler in this process as one account, without a network between.
type caller struct {
	handler      http.Handler
	cookie, csrf string
	token        string
}

// answer takes what a handler writes.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// request makes a request ready to be served.
func (c *caller) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://127.0.0.1/api/v1"+path, reader)
	if err != nil {
		return nil, err
	}
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("Content-Type", "application/json")
	switch {
	case c.token != "":
		r.Header.Set("Authorization", "Bearer "+c.token)
	case c.cookie != "":
		r.Header.Set("Cookie", c.cookie)
		r.Header.Set("X-CSRF-Token", c.csrf)
	}
	return r, nil
}

func (c *caller) serve(r *http.Request) *answer {
	a := &answer{status: http.StatusOK, header: http.Header{}}
	c.handler.ServeHTTP(a, r)
	return a
}

// call sends a request and wants success.
func (c *caller) call(ctx context.Context, method, path string, body any) (map[string]any, error) {
	r, err := c.request(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	a := c.serve(r)
	if a.status > 299 {
		return nil, fmt.Errorf("%s %s: answer %d: %s", method, path, a.status, a.body.String())
	}
	decoded := map[string]any{}
	if a.body.Len() > 0 {
		if err := json.Unmarshal(a.body.Bytes(), &decoded); err != nil {
			return nil, fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	if set := a.header.Get("Set-Cookie"); set != "" {
		c.cookie, _, _ = strings.Cut(set, ";")
		c.csrf, _ = decoded["csrf"].(string)
	}
	return decoded, nil
}

// wire is a client that costs next to nothing, so that the processors are left to the server: one connection, requests
// written as they stand, answers read to their end.
type wire struct {
	conn  net.Conn
	in    *bufio.Reader
	token string
}

func dial(ctx context.Context, base, token string) (*wire, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		return nil, err
	}
	return &wire{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), token: token}, nil
}

func (w *wire) post(path string, body []byte) error {
	authorization := ""
	if w.token != "" {
		authorization = "Authorization: Bearer " + w.token + "\r\n"
	}
	_, err := fmt.Fprintf(w.conn, "POST %s HTTP/1.1\r\nHost: bench\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, authorization, len(body), body)
	if err != nil {
		return err
	}
	res, err := http.ReadResponse(w.in, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated && res.StatusCode != http.StatusOK {
		raw, _ := io.ReadAll(res.Body)
		return fmt.Errorf("answer %d: %s", res.StatusCode, raw)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
