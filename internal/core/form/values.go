package form

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Values are the canonical values of a record's fields by name, exactly as encoding/json decodes them:
// string, float64, bool, []any, map[string]any; nil clears.
type Values map[string]any

// Instant is the canonical form of an instant in a value.
const Instant = "2006-01-02T15:04:05.000Z"

// Merge is v with the changes laid over it; cleared fields are gone. Neither is touched.
func (v Values) Merge(changes Values) Values {
	merged := make(Values, len(v)+len(changes))
	for name, value := range v {
		merged[name] = value
	}
	for name, value := range changes {
		if value == nil {
			delete(merged, name)
		} else {
			merged[name] = value
		}
	}
	return merged
}

// Text is a value that is one string, or "".
func (v Values) Text(name string) string { s, _ := v[name].(string); return s }

// Number is a value that is a number, or 0.
func (v Values) Number(name string) float64 { n, _ := v[name].(float64); return n }

// Bool is a value that is true.
func (v Values) Bool(name string) bool { b, _ := v[name].(bool); return b }

// Map is a value with parts: consent, signature, checklist, interval, geo.
func (v Values) Map(name string) map[string]any { return asMap(v[name]) }

// Time is a datetime or, at midnight UTC, a date; zero when empty.
func (v Values) Time(name string) time.Time { return instant(v[name]) }

// Duration is a value in seconds.
func (v Values) Duration(name string) time.Duration {
	return time.Duration(v.Number(name)) * time.Second
}

// Strings is a value with several choices, references or files; one alone counts as a list of one.
func (v Values) Strings(name string) []string { return asStrings(v[name]) }

// Rows are the rows of a table.
func (v Values) Rows(name string) []Values {
	list, _ := v[name].([]any)
	rows := make([]Values, 0, len(list))
	for _, row := range list {
		rows = append(rows, asMap(row))
	}
	return rows
}

// Filled tells whether a value says anything. A consent counts when it was given,
// a checklist or sign-off list when it is complete, a false yes/no is filled.
func (f Field) Filled(value any) bool {
	switch f.Type {
	case Checklist, Signoffs:
		return f.Complete(value)
	case Consent:
		return asMap(value)["given"] == true
	}
	return Filled(value)
}

// Filled tells whether a value says anything.
func Filled(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// Complete tells whether every line of a checklist is done (or not applicable) and every sign-off given.
func (f Field) Complete(value any) bool { return len(f.Open(value)) == 0 }

// Open are the lines of a checklist or sign-off list that are still to do.
func (f Field) Open(value any) []Item {
	lines := asMap(value)
	var open []Item
	for _, item := range f.Items {
		line := asMap(lines[item.Code])
		if !item.Optional && line["done"] != true && line["na"] != true {
			open = append(open, item)
		}
	}
	return open
}

// Answered tells whether every line of a checklist has an answer, be it yes, no or not applicable.
func (f Field) Answered(value any) bool {
	lines := asMap(value)
	for _, item := range f.Items {
		if !item.Optional && asMap(lines[item.Code]) == nil {
			return false
		}
	}
	return true
}

// Complete tells whether a checklist or sign-off field of the values is complete; a name that is neither is an ordinary "filled".
func (fs Fields) Complete(values Values, name string) bool {
	f, ok := fs.Get(name)
	return ok && f.Filled(values[name])
}

// Missing names the fields among names that are empty, with their labels; a name the form has not is left out.
func (fs Fields) Missing(values Values, names []string) []fault.Field {
	var missing []fault.Field
	for _, name := range names {
		f, ok := fs.Get(name)
		if !ok || f.Filled(values[name]) {
			continue
		}
		missing = append(missing, f.missing(values[name]))
	}
	return missing
}

func (f Field) missing(value any) fault.Field {
	if open := f.Open(value); f.Type != Consent && len(open) > 0 {
		labels := make([]text.Label, len(open))
		for i, item := range open {
			labels[i] = item.Label
		}
		return fault.Field{Name: f.Name, Code: "form.open", Params: text.Params{"label": f.Label, "items": labels}}
	}
	return fault.Field{Name: f.Name, Code: "field.required", Params: text.Params{"label": f.Label}}
}

// Native is a value as an expression wants it: time.Time, time.Duration, int64 for a rating that is a mark, else as stored.
// The zone says when a date begins.
func (f Field) Native(value any, zone *time.Location) any {
	if f.Multiple || value == nil {
		return value
	}
	switch f.Type {
	case DateTime:
		return instant(value)
	case Date:
		s, _ := value.(string)
		t, _ := time.ParseInLocation(time.DateOnly, s, zone)
		return t
	case Duration:
		return Values{"d": value}.Duration("d")
	case Rating:
		if n, ok := value.(float64); ok {
			return int64(n)
		}
	}
	return value
}

func asMap(value any) map[string]any {
	m, _ := value.(map[string]any)
	return m
}

func asStrings(value any) []string {
	if s, ok := value.(string); ok && s != "" {
		return []string{s}
	}
	list, _ := value.([]any)
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

func instant(value any) time.Time {
	s, _ := value.(string)
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC()
	}
	t, _ := time.Parse(time.DateOnly, s)
	return t
}

func stamp(t time.Time) string { return t.UTC().Format(Instant) }

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func isNull(raw json.RawMessage) bool {
	trimmed := bytes.TrimSpace(raw)
	return len(trimmed) == 0 || string(trimmed) == "null"
}

func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// clone copies a value, so that no two records share one.
func clone(value any) any {
	switch v := value.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = clone(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = clone(v[k])
		}
		return out
	}
	return value
}
