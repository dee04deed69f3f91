package form

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/text"
)

// How many entries a list may have when its declaration does not say.
const (
	maxChoices = 100
	maxFiles   = 50
	maxRows    = 500
)

// list reads a JSON list whose length is within the field's limits.
func (r *reading) list(f *Field, path string, raw json.RawMessage, limit int, t Type) ([]json.RawMessage, bool) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		r.wrongType(f, path, t)
		return nil, false
	}
	low, high := 0.0, float64(limit)
	if f.Min != nil {
		low = *f.Min
	}
	if f.Max != nil {
		high = *f.Max
	}
	if n := float64(len(list)); n > high || (n > 0 && n < low) {
		r.fault(f, path, "form.count", text.Params{"min": spell(low), "max": spell(high)})
		return nil, false
	}
	return list, true
}

func readChoice(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	s, ok := r.str(f, path, raw, false, Enum)
	if !ok || s == "" {
		return nil, ok
	}
	if _, known := f.Option(s); !known {
		r.fault(f, path, "field.choice", nil)
		return nil, false
	}
	return s, true
}

// many reads a field of several choices or references; each counts once.
func (r *reading) many(f *Field, path string, raw json.RawMessage) (any, bool) {
	list, ok := r.list(f, path, raw, maxChoices, f.Type)
	if !ok {
		return nil, false
	}
	if f.Type == Ref {
		return r.refs(f, path, list, f.To)
	}
	chosen, good := []any{}, true
	for i, item := range list {
		v, ok := readChoice(r, f, index(path, i), item, nil)
		good = good && ok
		if v != nil && !slices.Contains(chosen, v) {
			chosen = append(chosen, v)
		}
	}
	return orNil(chosen), good
}

func orNil(list []any) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

func readRef(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	id, ok := r.ident(f, path, raw)
	if !ok || id == "" {
		return nil, ok
	}
	ref := &holder{value: id}
	r.wants = append(r.wants, want{field: f, kind: f.To, path: path, ids: []string{id}, take: func(ids []string) { ref.set(ids[0]) }})
	return ref, true
}

// ident reads an id or number.
func (r *reading) ident(f *Field, path string, raw json.RawMessage) (string, bool) {
	s, ok := r.str(f, path, raw, false, Ref)
	if ok && len(s) > 100 {
		r.wrongType(f, path, Ref)
		return "", false
	}
	return s, ok
}

func readFiles(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	list, ok := r.list(f, path, raw, maxFiles, Files)
	if !ok {
		return nil, false
	}
	return r.refs(f, path, list, "file")
}

// refs reads a list of ids.
func (r *reading) refs(f *Field, path string, list []json.RawMessage, kind string) (any, bool) {
	var ids []string
	good := true
	for i, item := range list {
		id, ok := r.ident(f, index(path, i), item)
		if ok && id == "" {
			r.fault(f, index(path, i), "field.missing", nil)
		}
		good = good && ok && id != ""
		ids = append(ids, id)
	}
	if !good || len(ids) == 0 {
		return nil, good
	}
	ref := &holder{value: anys(unique(ids))}
	r.wants = append(r.wants, want{field: f, kind: kind, path: path, ids: ids, take: func(ids []string) { ref.set(anys(ids)) }})
	return ref, true
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// holder keeps the place of a reference until all are resolved; settled puts what it holds in its place.
type holder struct{ value any }

func (h *holder) set(value any) { h.value = value }

func settled(value any) any {
	switch v := value.(type) {
	case *holder:
		return v.value
	case []any:
		for i := range v {
			v[i] = settled(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = settled(v[k])
		}
	}
	return value
}

func readTable(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	list, ok := r.list(f, path, raw, maxRows, Table)
	if !ok {
		return nil, false
	}
	rows, good := []any{}, true
	for i, item := range list {
		row, ok := r.row(f, index(path, i), item)
		good = good && ok
		rows = append(rows, row)
	}
	return orNil(rows), good
}

func (r *reading) row(f *Field, path string, raw json.RawMessage) (any, bool) {
	cells, ok := r.object(f, path, raw, Table)
	if !ok {
		return nil, false
	}
	before := len(r.faults)
	row := map[string]any{}
	for i := range f.Columns {
		c := &f.Columns[i]
		r.cell(c, path+"."+c.Name, cells, row)
	}
	r.strays(path, cells, f.Columns.Names())
	return row, len(r.faults) == before
}

func (r *reading) cell(c *Field, path string, cells map[string]json.RawMessage, row map[string]any) {
	raw, given := cells[c.Name]
	if !given && c.Default != nil {
		row[c.Name] = clone(c.Default)
		return
	}
	if given {
		v, ok := r.value(c, path, raw, nil)
		if !ok {
			return
		}
		if v != nil {
			row[c.Name] = v
		}
	}
	if c.Required && !c.filledCell(row[c.Name]) {
		r.fault(c, path, "field.required", nil)
	}
}

func (f *Field) filledCell(v any) bool {
	if h, ok := v.(*holder); ok {
		v = h.value
	}
	return f.Filled(v)
}

// object reads a JSON object.
func (r *reading) object(f *Field, path string, raw json.RawMessage, t Type) (map[string]json.RawMessage, bool) {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil || m == nil {
		r.wrongType(f, path, t)
		return nil, false
	}
	return m, true
}

// strays names the keys of an object that are not known; false when there are any.
func (r *reading) strays(path string, m map[string]json.RawMessage, known []string) bool {
	var names []string
	for name := range m {
		if !slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		r.faults = append(r.faults, unknownField(path+"."+short(name), short(name)))
	}
	return len(names) == 0
}

func readGeo(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	m, ok := r.object(f, path, raw, Geo)
	if !ok || !r.strays(path, m, []string{"lat", "lng", "accuracy"}) {
		return nil, false
	}
	lat, latOK := r.coordinate(f, path+".lat", m["lat"], -90, 90)
	lng, lngOK := r.coordinate(f, path+".lng", m["lng"], -180, 180)
	if !latOK || !lngOK {
		return nil, false
	}
	value := map[string]any{"lat": lat, "lng": lng}
	if !isNull(m["accuracy"]) {
		accuracy, ok := r.coordinate(f, path+".accuracy", m["accuracy"], 0, 1e7)
		if !ok {
			return nil, false
		}
		value["accuracy"] = accuracy
	}
	return value, true
}

func (r *reading) coordinate(f *Field, path string, raw json.RawMessage, low, high float64) (float64, bool) {
	n, ok := number(raw)
	if isNull(raw) || !ok {
		r.wrongType(f, path, Geo)
		return 0, false
	}
	if n < low || n > high || math.IsNaN(n) {
		r.outOfRange(f, path, low, high)
		return 0, false
	}
	return n, true
}

func readInterval(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	m, ok := r.object(f, path, raw, Interval)
	if !ok || !r.strays(path, m, []string{"from", "to"}) {
		return nil, false
	}
	from, fromOK := r.end(f, path+".from", m["from"])
	to, toOK := r.end(f, path+".to", m["to"])
	switch {
	case !fromOK || !toOK:
		return nil, false
	case !from.Before(to):
		r.fault(f, path, "form.order", nil)
		return nil, false
	}
	return map[string]any{"from": stamp(from), "to": stamp(to)}, true
}

func (r *reading) end(f *Field, path string, raw json.RawMessage) (time.Time, bool) {
	if isNull(raw) {
		r.wrongType(f, path, DateTime)
		return time.Time{}, false
	}
	s, ok := r.str(f, path, raw, false, DateTime)
	if !ok {
		return time.Time{}, false
	}
	t, ok := r.instant(strings.TrimSpace(s))
	if !ok {
		r.wrongType(f, path, DateTime)
	}
	return t.Truncate(time.Millisecond), ok
}
