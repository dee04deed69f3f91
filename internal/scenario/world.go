package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// password is what every persona signs in with.
const password = "Scenario-2025-pass"

// world is the server as the scenario's people see it, and what the scenario has learned so far.
type world struct {
	base    string
	files   fs.FS
	vars    map[string]any
	callers map[string]*caller
}

func newWorld(base string, files fs.FS) *world {
	return &world{base: strings.TrimSuffix(base, "/"), files: files, vars: map[string]any{}, callers: map[string]*caller{}}
}

// answer is what came back.
type answer struct {
	status int
	body   any // decoded JSON, or the text where it was none
}

func (a answer) ok() bool { return a.status >= 200 && a.status <= 299 }

var client = &http.Client{Timeout: 60 * time.Second}

// call sends a request as a persona; whose session has run out (scenarios move the clock by days) signs in again.
func (w *world) call(persona, method, target string, headers map[string]string, body any) (answer, error) {
	c := w.callers[persona]
	switch {
	case persona == "":
		return w.send(nil, method, target, headers, body)
	case c == nil:
		return answer{}, fmt.Errorf("there is no persona %q", persona)
	case c.csrf == "":
		if err := w.signIn(c); err != nil {
			return answer{}, err
		}
	}
	a, err := w.send(c, method, target, headers, body)
	if err == nil && a.status == http.StatusUnauthorized {
		if err := w.signIn(c); err != nil {
			return answer{}, err
		}
		return w.send(c, method, target, headers, body)
	}
	return a, err
}

func (w *world) send(c *caller, method, target string, headers map[string]string, body any) (answer, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return answer{}, fmt.Errorf("write the body: %w", err)
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, w.base+place(target), reader)
	if err != nil {
		return answer{}, fmt.Errorf("make the request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	c.dress(req)
	for name, value := range headers {
		filled, err := w.fillText(value)
		if err != nil {
			return answer{}, err
		}
		req.Header.Set(name, filled)
	}
	res, err := client.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, target, err)
	}
	defer res.Body.Close()
	c.keep(res)
	raw, err := io.ReadAll(io.LimitReader(res.Body, 32<<20))
	if err != nil {
		return answer{}, fmt.Errorf("read the answer of %s %s: %w", method, target, err)
	}
	return answer{status: res.StatusCode, body: decode(raw)}, nil
}

// place puts /api/v1 before a path that does not say where it is.
func place(target string) string {
	if strings.HasPrefix(target, "/api/") {
		return target
	}
	return "/api/v1" + target
}

func decode(raw []byte) any {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return string(raw)
	}
	return v
}

func (w *world) setClock(at string) error {
	at, err := w.fillText(at)
	if err != nil {
		return err
	}
	return w.must("PUT", "/api/test/clock", map[string]any{"now": at})
}

func (w *world) tick() error { return w.must("POST", "/api/test/tick", nil) }

func (w *world) must(method, target string, body any) error {
	a, err := w.send(nil, method, target, nil, body)
	if err != nil {
		return err
	}
	if !a.ok() {
		return fmt.Errorf("%s %s: answer %d: %s", method, target, a.status, pretty(a.body))
	}
	return nil
}

var variable = regexp.MustCompile(`\$\{([^}]+)\}`)

// fill puts variables into texts, at any depth. A text that is one variable alone becomes its value, of any type.
func (w *world) fill(v any) (any, error) {
	switch v := v.(type) {
	case string:
		if m := variable.FindStringSubmatch(v); m != nil && m[0] == v {
			return w.value(m[1])
		}
		return w.fillText(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			filled, err := w.fill(v[i])
			if err != nil {
				return nil, err
			}
			out[i] = filled
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, item := range v {
			filled, err := w.fill(item)
			if err != nil {
				return nil, err
			}
			out[name] = filled
		}
		return out, nil
	case time.Time: // YAML reads a bare instant as one
		return v.Format(time.RFC3339Nano), nil
	}
	return v, nil
}

func (w *world) fillText(s string) (string, error) {
	var wrong error
	filled := variable.ReplaceAllStringFunc(s, func(part string) string {
		value, err := w.value(variable.FindStringSubmatch(part)[1])
		if err != nil {
			wrong = err
		}
		if text, ok := value.(string); ok {
			return text
		}
		return show(value)
	})
	return filled, wrong
}

// value is a variable, or "file:name", the text of a file beside the scenario. "name|old=>new" is its text with one
// place changed.
func (w *world) value(spec string) (any, error) {
	name, change, changed := strings.Cut(spec, "|")
	value, err := w.named(name)
	if err != nil || !changed {
		return value, err
	}
	text, _ := value.(string)
	before, after, ok := strings.Cut(change, "=>")
	if !ok || !strings.Contains(text, before) {
		return nil, fmt.Errorf("${%s} has no %q to change", name, before)
	}
	return strings.Replace(text, before, after, 1), nil
}

func (w *world) named(name string) (any, error) {
	if file, ok := strings.CutPrefix(name, "file:"); ok {
		raw, err := fs.ReadFile(w.files, file)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		return string(raw), nil
	}
	value, ok := w.vars[name]
	if !ok {
		return nil, fmt.Errorf("nothing was saved as ${%s}; there is: %s", name, strings.Join(sorted(w.vars), " "))
	}
	return value, nil
}
