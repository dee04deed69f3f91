package alert

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Kind is the form in which a source sends.
type Kind string

// The kinds. API and heartbeat are built in and have no token.
const (
	Alertmanager Kind = "alertmanager" // webhook, version 4
	Grafana      Kind = "grafana"      // unified alerting's webhook
	Zabbix       Kind = "zabbix"       // a webhook media type
	Prometheus   Kind = "prometheus"   // what a Prometheus server posts to its Alertmanager (API v2)
	Generic      Kind = "generic"      // any JSON, by a mapping
	ByAPI        Kind = "api"
	Heartbeat    Kind = "heartbeat"
)

// Reading is what a parser has to know beside the payload.
type Reading struct {
	Now        time.Time
	Zone       *time.Location    // of times without an offset
	Objects    []string          // labels that name the object, the first that is there counts; nil = objectLabels
	Severities map[string]string // the source's own words
	Below      func(metric string) bool
	mapping    *mapping
}

// objectLabels are tried in this order to find what an alert is about.
var objectLabels = []string{"object", "ci", "host", "hostname", "node", "instance", "device", "service", "job"}

// Batch is a payload read: the alerts that can be used, and why the others cannot.
type Batch struct {
	Signals []Signal
	Bad     []Bad
}

// Bad is one alert of a payload that cannot be used.
type Bad struct {
	Index int // in the payload, from 0
	Fault *fault.Error
}

// Parse reads a payload. It fails when nothing of it can be used; it changes nothing and looks at nothing else.
func Parse(kind Kind, body []byte, r Reading) (Batch, error) {
	if f := checkBody(body); f != nil {
		return Batch{}, f
	}
	if r.Zone == nil {
		r.Zone = time.UTC
	}
	items, f := split(kind, body, r)
	if f != nil {
		return Batch{}, f
	}
	switch {
	case len(items) == 0:
		return Batch{}, unreadable("alert.empty", nil)
	case len(items) > maxSignals:
		return Batch{}, unreadable("alert.many", text.Params{"max": maxSignals})
	}
	return collect(items)
}

func collect(items []item) (Batch, error) {
	var b Batch
	for i := range items {
		f := items[i].fault
		if f == nil {
			f = items[i].signal.finish()
		}
		if f != nil {
			b.Bad = append(b.Bad, Bad{Index: i, Fault: f})
			continue
		}
		b.Signals = append(b.Signals, items[i].signal)
	}
	if len(b.Signals) == 0 {
		first := b.Bad[0].Fault
		f := fault.New(fault.Invalid, "alert.none_good", text.Params{"reason": both(first.Code, first.Params)})
		return b, f
	}
	return b, nil
}

// item is one alert of a payload, or what is wrong with it.
type item struct {
	signal Signal
	fault  *fault.Error
}

func split(kind Kind, body []byte, r Reading) ([]item, *fault.Error) {
	switch kind {
	case Alertmanager:
		return alertmanager(body, r, false)
	case Grafana:
		return alertmanager(body, r, true)
	case Prometheus:
		return prometheus(body, r)
	case Zabbix:
		return zabbix(body, r)
	}
	return generic(body, r)
}

const maxNesting = 64

// checkBody refuses what cannot be stored or would cost too much to read.
func checkBody(body []byte) *fault.Error {
	if !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0 || hasNUL(body) {
		return unreadable("alert.encoding", nil)
	}
	depth, quoted, escaped := 0, false, false
	for _, c := range body {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxNesting {
				return unreadable("alert.deep", text.Params{"max": maxNesting})
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// hasNUL finds the escape of a NUL, which PostgreSQL cannot store; a doubled backslash before it makes it plain text.
func hasNUL(body []byte) bool {
	for at := 0; ; at++ {
		i := bytes.Index(body[at:], []byte(`\u0000`))
		if i < 0 {
			return false
		}
		at += i
		slashes := 0
		for at-slashes-1 >= 0 && body[at-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return true
		}
	}
}

// decode reads JSON into v and says where and why it cannot.
func decode(body []byte, v any) *fault.Error {
	err := json.Unmarshal(body, v)
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return unreadable("alert.shape", text.Params{"label": place(wrong.Field), "wanted": wantedOf(wrong.Type.Kind().String())})
	}
	at := len(body)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = min(max(int(syntax.Offset)-1, 0), len(body))
	}
	before := body[:at]
	return unreadable("alert.json", text.Params{"line": bytes.Count(before, []byte("\n")) + 1, "column": utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1})
}

func place(field string) any {
	if field == "" {
		return text.Label{Zh: "内容", En: "the payload"}
	}
	return shorten(field, maxTitle)
}

func wantedOf(kind string) text.Label {
	switch kind {
	case "slice":
		return forms["list"]
	case "struct", "map":
		return forms["object"]
	case "string":
		return forms["text"]
	}
	return forms["number"]
}

// loose is a text that some systems send as a number or a truth value.
type loose string

// UnmarshalJSON takes any plain value.
func (l *loose) UnmarshalJSON(raw []byte) error {
	switch {
	case len(raw) > 0 && raw[0] == '"':
		return json.Unmarshal(raw, (*string)(l))
	case string(raw) == "null":
		return nil
	case len(raw) > 0 && (raw[0] == '{' || raw[0] == '['):
		var s string
		return json.Unmarshal(raw, &s) // says that a text is expected
	}
	*l = loose(raw)
	return nil
}

// number reads a value that may carry a percent sign or a unit after a blank; nil when there is none.
func number(s string) *float64 {
	s = strings.TrimSpace(s)
	if first, _, ok := strings.Cut(s, " "); ok {
		s = first
	}
	v, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// layouts of times as monitoring systems write them; those without an offset are in the provider's zone.
var layouts = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006.01.02 15:04:05", "2006/01/02 15:04:05"}

// instant reads a time: RFC 3339, one of the layouts, or seconds or milliseconds since 1970. Nothing, zero and year 1 are none.
func instant(s string, zone *time.Location) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if s == "" || s == "0" {
		return time.Time{}, true
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return sound(t)
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return sound(t)
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil || n < 0:
		return time.Time{}, false
	case n < 1e11:
		n *= 1000
	}
	return sound(time.UnixMilli(n))
}

// sound takes the years that anybody can mean.
func sound(t time.Time) (time.Time, bool) {
	t = t.UTC().Truncate(time.Millisecond)
	if t.Year() <= 1 {
		return time.Time{}, true
	}
	return t, t.Year() >= 1970 && t.Year() < 2200
}

// pick is the first of some labels that is there.
func pick(labels map[string]string, names ...string) string {
	for _, name := range names {
		if v := labels[name]; v != "" {
			return v
		}
	}
	return ""
}

// objectOf finds what labels are about; the port of an instance is no part of its name.
func (r Reading) objectOf(labels map[string]string) string {
	names := r.Objects
	if len(names) == 0 {
		names = objectLabels
	}
	for _, name := range names {
		v := labels[name]
		if v == "" {
			continue
		}
		if name == "instance" {
			v = withoutPort(v)
		}
		return v
	}
	return ""
}

func withoutPort(instance string) string {
	i := strings.LastIndexByte(instance, ':')
	if i <= 0 || strings.Contains(instance, "/") {
		return instance
	}
	if _, err := strconv.ParseUint(instance[i+1:], 10, 16); err != nil {
		return instance
	}
	host := instance[:i]
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		return host[1 : len(host)-1]
	}
	if strings.Contains(host, ":") { // an IPv6 address without brackets has no port
		return instance
	}
	return host
}
