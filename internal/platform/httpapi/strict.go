package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

const maxDepth = 64

// checkJSON refuses what encoding/json would silently repair or swallow: a member given twice, text that is not
// UTF-8 (raw or as half a surrogate pair), NUL, which PostgreSQL cannot store, and numbers beyond a float.
func checkJSON(data []byte) error {
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return syntaxFault(data, err)
	}
	flaw := (&walker{data: data}).value(0)
	switch {
	case flaw == nil:
		return nil
	case flaw.code == "httpapi.encoding": // of a member's name, which can then not be named
		return malformed(flaw.code, nil)
	}
	name := strings.TrimPrefix(shorten(flaw.path, 200), ".")
	return fault.One(name, flaw.code, text.Params{"label": name, "wanted": forms["number"]})
}

func syntaxFault(data []byte, err error) error {
	at := len(data)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = min(max(int(syntax.Offset)-1, 0), len(data))
	}
	before := data[:at]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	f := malformed("httpapi.json", nil)
	f.Params = text.Params{"line": line, "column": column}
	f.Data = map[string]any{"line": line, "column": column}
	return f
}

// flaw is what is wrong, and where.
type flaw struct{ path, code string }

// walker walks JSON that is known to be well-formed.
type walker struct {
	data []byte
	at   int
}

func (w *walker) value(depth int) *flaw {
	w.space()
	switch w.data[w.at] {
	case '{', '[':
		if depth == maxDepth {
			return &flaw{code: "httpapi.deep"}
		}
		return w.items(depth + 1)
	case '"':
		if _, ok := w.text(); !ok {
			return &flaw{code: "field.encoding"}
		}
		return nil
	}
	return w.literal()
}

// items walks an object or an array.
func (w *walker) items(depth int) *flaw {
	var seen map[string]bool
	if w.data[w.at] == '{' {
		seen = map[string]bool{}
	}
	w.at++
	for i := 0; w.next(); i++ {
		name := ""
		if seen != nil {
			var ok bool
			if name, ok = w.text(); !ok {
				return &flaw{code: "httpapi.encoding"}
			}
			if seen[name] {
				return &flaw{path: "." + name, code: "httpapi.duplicate"}
			}
			seen[name] = true
			w.space()
			w.at++ // the colon
		}
		if f := w.value(depth); f != nil {
			step := "[" + strconv.Itoa(i) + "]"
			if seen != nil {
				step = "." + name
			}
			f.path = step + f.path
			return f
		}
	}
	return nil
}

// next moves to the next item, or past the end.
func (w *walker) next() bool {
	w.space()
	if w.data[w.at] == ',' {
		w.at++
		w.space()
	}
	if c := w.data[w.at]; c == '}' || c == ']' {
		w.at++
		return false
	}
	return true
}

func (w *walker) space() {
	for w.at < len(w.data) && strings.IndexByte(" \n\t\r", w.data[w.at]) >= 0 {
		w.at++
	}
}

// text moves past a string and gives its content.
func (w *walker) text() (content string, ok bool) {
	start := w.at
	escaped := false
	for w.at++; w.data[w.at] != '"'; w.at++ {
		if w.data[w.at] == '\\' {
			escaped = true
			w.at++
		}
	}
	w.at++
	raw := w.data[start:w.at]
	if !utf8.Valid(raw) {
		return "", false
	}
	if !escaped {
		return string(raw[1 : len(raw)-1]), true
	}
	if err := json.Unmarshal(raw, &content); err != nil || strings.IndexByte(content, 0) >= 0 {
		return "", false
	}
	// encoding/json replaces half a pair by U+FFFD
	replaced := strings.ContainsRune(content, utf8.RuneError)
	meant := bytes.ContainsRune(raw, utf8.RuneError) || bytes.Contains(bytes.ToLower(raw), []byte(`\ufffd`))
	return content, !replaced || meant
}

// literal moves past a number, true, false or null.
func (w *walker) literal() *flaw {
	start := w.at
	for w.at < len(w.data) && strings.IndexByte(",]} \t\r\n", w.data[w.at]) < 0 {
		w.at++
	}
	s := w.data[start:w.at]
	if c := s[0]; c != '-' && (c < '0' || c > '9') {
		return nil
	}
	if _, err := strconv.ParseFloat(string(s), 64); err != nil {
		return &flaw{code: "field.type"}
	}
	return nil
}

func shorten(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// clean tells whether s is text that both databases can store.
func clean(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }
