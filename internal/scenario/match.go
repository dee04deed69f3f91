package scenario

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// find follows a path into an answer: "state.code", "items[0].title", "next.actions[transition=solve].label",
// "items[*].number" (a list of all), "." (everything), "fields['a.b']" is not needed.
func find(body any, at string) (any, bool, error) {
	if at == "." {
		return body, true, nil
	}
	steps, err := parsePath(at)
	if err != nil {
		return nil, false, err
	}
	value, ok := walk(body, steps)
	return value, ok, nil
}

// hop is one step of a path.
type hop struct {
	name  string // member of an object
	index int    // element of a list, when name is empty
	all   bool
	key   string // element whose key has the value
	value string
}

var pathPart = regexp.MustCompile(`^([A-Za-z0-9_-]+)?((?:\[[^\]]+\])*)$`)

func parsePath(at string) ([]hop, error) {
	var hops []hop
	for _, part := range splitPath(at) {
		m := pathPart.FindStringSubmatch(part)
		if m == nil || part == "" {
			return nil, fmt.Errorf("%q is not a path", at)
		}
		if m[1] != "" {
			hops = append(hops, hop{name: m[1]})
		}
		for _, inner := range strings.Split(strings.Trim(m[2], "[]"), "][") {
			if inner != "" {
				hops = append(hops, element(inner))
			}
		}
	}
	return hops, nil
}

// splitPath cuts at dots that are not within brackets.
func splitPath(at string) []string {
	var parts []string
	depth, start := 0, 0
	for i, c := range at {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		case '.':
			if depth == 0 {
				parts = append(parts, at[start:i])
				start = i + 1
			}
		}
	}
	return append(parts, at[start:])
}

func element(inner string) hop {
	if inner == "*" {
		return hop{all: true}
	}
	if key, value, ok := strings.Cut(inner, "="); ok {
		return hop{key: key, value: value}
	}
	n, err := strconv.Atoi(inner)
	if err != nil {
		return hop{name: inner}
	}
	return hop{index: n}
}

func walk(value any, hops []hop) (any, bool) {
	if len(hops) == 0 {
		return value, true
	}
	h, rest := hops[0], hops[1:]
	if h.name != "" {
		m, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		next, ok := m[h.name]
		if !ok {
			return nil, false
		}
		return walk(next, rest)
	}
	list, ok := value.([]any)
	if !ok {
		return nil, false
	}
	switch {
	case h.all:
		all := []any{}
		for _, item := range list {
			if v, ok := walk(item, rest); ok {
				all = append(all, v)
			}
		}
		return all, true
	case h.key != "":
		for _, item := range list {
			if v, ok, _ := find(item, h.key); ok && fmt.Sprint(v) == h.value {
				return walk(item, rest)
			}
		}
		return nil, false
	case h.index < 0:
		h.index += len(list)
	}
	if h.index < 0 || h.index >= len(list) {
		return nil, false
	}
	return walk(list[h.index], rest)
}

// match compares a value with what is wanted: a plain value, an object whose named members must match, a list of the
// same length, or a matcher such as {$contains: x}.
func match(want, got any, found bool) error {
	if m, ok := want.(map[string]any); ok {
		if name, arg, ok := matcher(m); ok {
			return matchers[name](arg, got, found)
		}
		return matchObject(m, got)
	}
	switch {
	case want == nil && (!found || got == nil):
		return nil
	case !found:
		return fmt.Errorf("want %s, but it is not there", show(want))
	}
	if list, ok := want.([]any); ok {
		return matchList(list, got)
	}
	if !same(want, got) {
		return fmt.Errorf("want %s, got %s", show(want), show(got))
	}
	return nil
}

func matchObject(want map[string]any, got any) error {
	m, ok := got.(map[string]any)
	if !ok {
		return fmt.Errorf("want an object, got %s", show(got))
	}
	for _, name := range sorted(want) {
		value, there := m[name]
		if err := match(want[name], value, there); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func matchList(want []any, got any) error {
	list, ok := got.([]any)
	if !ok || len(list) != len(want) {
		return fmt.Errorf("want %s, got %s", show(want), show(got))
	}
	for i := range want {
		if err := match(want[i], list[i], true); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return nil
}

// same compares plain values; instants are the same in any zone, numbers in any type.
func same(want, got any) bool {
	if a, ok := asNumber(want); ok {
		b, ok := asNumber(got)
		return ok && a == b
	}
	if a, ok := asInstant(want); ok {
		b, ok := asInstant(got)
		return ok && a.Equal(b)
	}
	return want == got
}

func asNumber(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	}
	return 0, false
}

func asInstant(v any) (time.Time, bool) {
	s, ok := v.(string)
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

func matcher(m map[string]any) (name string, arg any, ok bool) {
	for key, value := range m {
		if len(m) == 1 && strings.HasPrefix(key, "$") {
			_, ok = matchers[key]
			return key, value, ok
		}
	}
	return "", nil, false
}

var matchers map[string]func(arg, got any, found bool) error

func init() {
	matchers = map[string]func(arg, got any, found bool) error{
		"$exists": func(arg, got any, found bool) error {
			if there := found && got != nil; there != (arg == true) {
				return fmt.Errorf("want it there: %v, got %s", arg, show(got))
			}
			return nil
		},
		"$filled": func(arg, got any, found bool) error {
			if filled := found && got != nil && got != "" && show(got) != "[]" && show(got) != "{}"; filled != (arg == true) {
				return fmt.Errorf("want it filled: %v, got %s", arg, show(got))
			}
			return nil
		},
		"$not": func(arg, got any, found bool) error {
			if match(arg, got, found) == nil {
				return fmt.Errorf("want anything but %s", show(arg))
			}
			return nil
		},
		"$contains": func(arg, got any, _ bool) error {
			s, ok := got.(string)
			if !ok || !strings.Contains(s, fmt.Sprint(arg)) {
				return fmt.Errorf("want a text with %s, got %s", show(arg), show(got))
			}
			return nil
		},
		"$matches": func(arg, got any, _ bool) error {
			re, err := regexp.Compile(fmt.Sprint(arg))
			if s, ok := got.(string); err != nil || !ok || !re.MatchString(s) {
				return fmt.Errorf("want a text like %s, got %s", show(arg), show(got))
			}
			return nil
		},
		"$len": func(arg, got any, _ bool) error {
			list, ok := got.([]any)
			if n, number := asNumber(arg); !ok || !number || len(list) != int(n) {
				return fmt.Errorf("want %s entries, got %s", show(arg), show(got))
			}
			return nil
		},
		"$any": func(arg, got any, _ bool) error {
			list, _ := got.([]any)
			for _, item := range list {
				if match(arg, item, true) == nil {
					return nil
				}
			}
			return fmt.Errorf("want an entry like %s, got %s", show(arg), show(got))
		},
		"$exactly": func(arg, got any, _ bool) error { // [how many, like what]
			want, _ := arg.([]any)
			list, _ := got.([]any)
			if len(want) != 2 {
				return fmt.Errorf("$exactly wants [how many, like what]")
			}
			n := 0
			for _, item := range list {
				if match(want[1], item, true) == nil {
					n++
				}
			}
			if times, ok := asNumber(want[0]); !ok || n != int(times) {
				return fmt.Errorf("want %s entries like %s, got %d in %s", show(want[0]), show(want[1]), n, show(got))
			}
			return nil
		},
		"$none": func(arg, got any, _ bool) error {
			list, _ := got.([]any)
			for _, item := range list {
				if match(arg, item, true) == nil {
					return fmt.Errorf("want no entry like %s, got %s", show(arg), show(item))
				}
			}
			return nil
		},
		"$gte": compare("at least", func(a, b float64) bool { return b >= a }),
		"$lte": compare("at most", func(a, b float64) bool { return b <= a }),
	}
}

func compare(word string, holds func(want, got float64) bool) func(arg, got any, found bool) error {
	return func(arg, got any, _ bool) error {
		a, aok := asNumber(arg)
		b, bok := asNumber(got)
		if !aok || !bok || !holds(a, b) {
			return fmt.Errorf("want %s %s, got %s", word, show(arg), show(got))
		}
		return nil
	}
}

func show(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(raw) > 600 {
		return string(raw[:600]) + "…"
	}
	return string(raw)
}

func pretty(v any) string {
	if v == nil {
		return "nothing"
	}
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(raw) > 6000 {
		return string(raw[:6000]) + "…"
	}
	return string(raw)
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
