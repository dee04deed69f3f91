package alert

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// parts are what a mapping can say where to find. "list" is where the alerts are, from the payload; the others are looked
// for in each alert.
var parts = []string{"list", "object", "metric", "value", "threshold", "severity", "status", "started_at", "ended_at", "fingerprint",
	"group", "title", "description", "link", "labels", "annotations"}

// usual is where each part is looked for without a mapping.
var usual = map[string][]string{
	"object": {"object", "host", "ci", "resource"}, "metric": {"metric", "name", "check"}, "value": {"value"}, "threshold": {"threshold"},
	"severity": {"severity", "level", "priority"}, "status": {"status", "state"}, "started_at": {"at", "started_at", "startsAt", "time", "timestamp"},
	"ended_at": {"ended_at", "endsAt"}, "fingerprint": {"fingerprint", "dedup_key"}, "group": {"group", "group_key"},
	"title": {"title", "summary", "subject"}, "description": {"description", "message", "text"}, "link": {"link", "url"},
	"labels": {"labels", "tags"}, "annotations": {"annotations"},
}

// mapping is how a source's payloads are read: for each part a path or a program.
type mapping struct {
	paths    map[string][]step
	programs map[string]*program
}

// step is one step of a path: a member of an object or an element of a list.
type step struct {
	name  string
	index int
	list  bool
}

var pathForm = regexp.MustCompile(`^[\pL_][\pL\pN_-]*(\[[0-9]{1,4}\])*(\.[\pL_][\pL\pN_-]*(\[[0-9]{1,4}\])*)*$`)

// compileMapping checks a mapping; a text after = is CEL with `body` and `item`, anything else a path.
func compileMapping(given map[string]string) (*mapping, []fault.Field) {
	m := &mapping{paths: map[string][]step{}, programs: map[string]*program{}}
	var faults []fault.Field
	for name, source := range given {
		at := "mapping." + name
		switch expr, isProgram := strings.CutPrefix(source, "="); {
		case source == "":
		case isProgram:
			p, err := compilePayload(strings.TrimSpace(expr))
			if err != nil {
				faults = append(faults, fault.Field{Name: at, Code: "alert.cel", Params: text.Params{"label": name, "reason": err.Error()}})
			}
			m.programs[name] = p
		case !pathForm.MatchString(source):
			faults = append(faults, fault.Field{Name: at, Code: "alert.path", Params: text.Params{"label": name}})
		default:
			m.paths[name] = steps(source)
		}
	}
	return m, faults
}

func steps(path string) []step {
	var out []step
	for part := range strings.SplitSeq(path, ".") {
		name, rest, _ := strings.Cut(part, "[")
		out = append(out, step{name: name})
		for index := range strings.SplitSeq(strings.TrimSuffix(rest, "]"), "][") {
			if n, err := strconv.Atoi(index); err == nil {
				out = append(out, step{index: n, list: true})
			}
		}
	}
	return out
}

// walk follows a path; what is not there is nil.
func walk(value any, path []step) any {
	for _, s := range path {
		if s.list {
			list, _ := value.([]any)
			if s.index >= len(list) {
				return nil
			}
			value = list[s.index]
			continue
		}
		members, _ := value.(map[string]any)
		value = members[s.name]
	}
	return value
}

// find is the value of a part of an alert.
func (m *mapping) find(part string, body, one any) (any, *fault.Error) {
	if m != nil {
		if p := m.programs[part]; p != nil {
			v, err := p.over(map[string]any{"body": body, "item": one})
			if err != nil {
				return nil, unreadable("alert.mapping", text.Params{"label": named(part), "reason": shorten(err.Error(), maxTitle)})
			}
			return v, nil
		}
		if path := m.paths[part]; path != nil {
			return walk(one, path), nil
		}
	}
	for _, name := range usual[part] {
		if v := walk(one, []step{{name: name}}); v != nil {
			return v, nil
		}
	}
	return nil, nil
}

func generic(body []byte, r Reading) ([]item, *fault.Error) {
	var all any
	if f := decode(body, &all); f != nil {
		return nil, f
	}
	list, f := r.mapping.list(all)
	if f != nil {
		return nil, f
	}
	items := make([]item, len(list))
	for i, one := range list {
		if _, ok := one.(map[string]any); !ok && (r.mapping == nil || len(r.mapping.programs) == 0) {
			items[i].fault = unreadable("alert.shape", text.Params{"label": place("[" + strconv.Itoa(i) + "]"), "wanted": forms["object"]})
			continue
		}
		items[i].signal, items[i].fault = r.generic(all, one)
	}
	return items, nil
}

// list is the alerts of a payload: where the mapping says, a list as such, or the member "alerts", else the payload is one.
func (m *mapping) list(body any) ([]any, *fault.Error) {
	found := body
	if m != nil && (m.paths["list"] != nil || m.programs["list"] != nil) {
		var f *fault.Error
		if found, f = m.find("list", body, body); f != nil {
			return nil, f
		}
	} else if members, ok := body.(map[string]any); ok && members["alerts"] != nil {
		found = members["alerts"]
	}
	switch v := found.(type) {
	case []any:
		return v, nil
	case map[string]any:
		return []any{v}, nil
	}
	return nil, unreadable("alert.shape", text.Params{"label": place(""), "wanted": forms["object"]})
}

// generic reads one alert of any form.
func (r Reading) generic(body, one any) (g Signal, f *fault.Error) {
	said := map[string]string{}
	for _, part := range parts[1:] {
		v, f := r.mapping.find(part, body, one)
		if f != nil {
			return g, f
		}
		if part == "labels" || part == "annotations" {
			set, f := texts(part, v)
			if f != nil {
				return g, f
			}
			if part == "labels" {
				g.Labels = set
			} else {
				g.Annotations = set
			}
			continue
		}
		s, ok := plainText(v)
		if !ok {
			return g, unreadable("alert.shape", text.Params{"label": named(part), "wanted": forms["text"]})
		}
		said[part] = s
	}
	g.Object, g.Metric, g.Fingerprint, g.Group = said["object"], said["metric"], said["fingerprint"], said["group"]
	g.Title, g.Description, g.Link = said["title"], said["description"], said["link"]
	g.Severity = severityOf(said["severity"], r.Severities)
	if f := g.figures(said); f != nil {
		return g, f
	}
	return g, r.finish(&g, said)
}

// figures reads value and threshold, which must be numbers where they are given.
func (g *Signal) figures(said map[string]string) *fault.Error {
	for part, at := range map[string]**float64{"value": &g.Value, "threshold": &g.Threshold} {
		if said[part] == "" {
			continue
		}
		if *at = number(said[part]); *at == nil {
			return unreadable("alert.shape", text.Params{"label": part, "wanted": forms["number"]})
		}
	}
	return nil
}

// finish reads times and status. Without a status a value within its threshold says that all is well.
func (r Reading) finish(g *Signal, said map[string]string) *fault.Error {
	var ok bool
	if g.Started, ok = instant(said["started_at"], r.Zone); !ok {
		return unreadable("alert.instant", text.Params{"label": "started_at"})
	}
	if g.Ended, ok = instant(said["ended_at"], r.Zone); !ok {
		return unreadable("alert.instant", text.Params{"label": "ended_at"})
	}
	switch strings.ToLower(said["status"]) {
	case "firing", "problem", "alerting", "alarm", "open", "active", "triggered", "1", "true", "down", "critical", "warning", "error":
	case "resolved", "ok", "normal", "recovered", "recovery", "closed", "0", "false", "up", "inactive":
		g.Resolved = true
	case "":
		below := r.Below != nil && r.Below(g.Metric)
		g.Resolved = g.Value != nil && g.Threshold != nil && !g.exceeds(below)
	default:
		return unreadable("alert.status", text.Params{"label": "status"})
	}
	if !g.Resolved {
		g.Ended = time.Time{}
	}
	return nil
}

// plainText writes a plain value as text; lists and objects have none.
func plainText(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	}
	return "", false
}

// texts reads labels: an object of plain values, or a list of names.
func texts(part string, v any) (map[string]string, *fault.Error) {
	out := map[string]string{}
	wrong := unreadable("alert.shape", text.Params{"label": part, "wanted": forms["object"]})
	switch v := v.(type) {
	case nil:
	case map[string]any:
		if len(v) > maxLabels {
			return nil, unreadable("alert.labels", text.Params{"max": maxLabels})
		}
		for name, value := range v {
			s, ok := plainText(value)
			if !ok {
				raw, err := json.Marshal(value)
				if err != nil {
					return nil, wrong
				}
				s = string(raw)
			}
			out[name] = s
		}
	case []any:
		if len(v) > maxLabels {
			return nil, unreadable("alert.labels", text.Params{"max": maxLabels})
		}
		for _, one := range v {
			s, ok := plainText(one)
			if !ok {
				return nil, wrong
			}
			name, value, _ := strings.Cut(s, ":")
			out[strings.TrimSpace(name)] = value
		}
	default:
		return nil, wrong
	}
	return out, nil
}
