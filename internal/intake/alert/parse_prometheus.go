package alert

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// webhook is what Alertmanager posts (version 4); Grafana's unified alerting sends the same with more in each alert.
type webhook struct {
	GroupKey string            `json:"groupKey"`
	Receiver string            `json:"receiver"`
	Alerts   []json.RawMessage `json:"alerts"`
}

// webhookAlert is one alert of it. Values, ValueString and the pages are Grafana's.
type webhookAlert struct {
	Status       string              `json:"status"`
	Labels       map[string]string   `json:"labels"`
	Annotations  map[string]string   `json:"annotations"`
	StartsAt     string              `json:"startsAt"`
	EndsAt       string              `json:"endsAt"`
	GeneratorURL string              `json:"generatorURL"`
	Fingerprint  string              `json:"fingerprint"`
	Values       map[string]*float64 `json:"values"`
	DashboardURL string              `json:"dashboardURL"`
	PanelURL     string              `json:"panelURL"`
}

func alertmanager(body []byte, r Reading, grafana bool) ([]item, *fault.Error) {
	var w webhook
	if f := decode(body, &w); f != nil {
		return nil, f
	}
	items := make([]item, len(w.Alerts))
	for i, raw := range w.Alerts {
		var a webhookAlert
		if f := decode(raw, &a); f != nil {
			items[i].fault = inside("alerts", i, f)
			continue
		}
		items[i].signal, items[i].fault = a.signal(r, w.GroupKey, grafana)
	}
	return items, nil
}

// inside says in which alert a part has the wrong type.
func inside(list string, i int, f *fault.Error) *fault.Error {
	if label, ok := f.Params["label"].(string); ok {
		f.Params["label"] = list + "[" + strconv.Itoa(i) + "]." + label
	}
	return f
}

func (a webhookAlert) signal(r Reading, group string, grafana bool) (g Signal, f *fault.Error) {
	switch a.Status {
	case "firing":
	case "resolved":
		g.Resolved = true
	default:
		return g, unreadable("alert.status", text.Params{"label": "status"})
	}
	g.fromLabels(a.Labels, a.Annotations, r)
	g.Group, g.Fingerprint, g.Link = group, a.Fingerprint, a.GeneratorURL
	if grafana {
		a.grafana(&g)
	}
	if f := g.times(a.StartsAt, a.EndsAt, r); f != nil {
		return g, f
	}
	if !g.Resolved { // a firing alert's end is only when it would be given up
		g.Ended = time.Time{}
	}
	return g, nil
}

// grafana takes what only Grafana sends: the values of the rule's expressions, and pages to look at.
func (a webhookAlert) grafana(g *Signal) {
	if g.Link == "" {
		g.Link = pick(map[string]string{"panel": a.PanelURL, "dashboard": a.DashboardURL}, "panel", "dashboard")
	}
	if g.Value != nil {
		return
	}
	for _, name := range []string{"A", "B", "C"} { // the query comes before what is worked out of it
		if v := a.Values[name]; v != nil {
			g.Value = v
			return
		}
	}
	for _, v := range a.Values {
		if v != nil && len(a.Values) == 1 {
			g.Value = v
		}
	}
}

// fromLabels takes what labels and annotations say, by the names that people use for it.
func (g *Signal) fromLabels(labels, annotations map[string]string, r Reading) {
	g.Labels, g.Annotations = labels, annotations
	g.Object = r.objectOf(labels)
	g.Metric = pick(labels, "metric", "alertname")
	g.Severity = severityOf(pick(labels, "severity", "priority", "level"), r.Severities)
	g.Title = pick(annotations, "summary", "title")
	g.Description = pick(annotations, "description", "message")
	g.Value = number(pick(annotations, "value", "current_value"))
	if g.Value == nil {
		g.Value = number(labels["value"])
	}
	g.Threshold = number(pick(annotations, "threshold"))
	if g.Threshold == nil {
		g.Threshold = number(labels["threshold"])
	}
}

func (g *Signal) times(started, ended string, r Reading) *fault.Error {
	var ok bool
	if g.Started, ok = instant(started, r.Zone); !ok {
		return unreadable("alert.instant", text.Params{"label": "startsAt"})
	}
	if g.Ended, ok = instant(ended, r.Zone); !ok {
		return unreadable("alert.instant", text.Params{"label": "endsAt"})
	}
	return nil
}

// posted is one alert as a Prometheus server posts it: no status, an end in the past means that it is over.
type posted struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     string            `json:"startsAt"`
	EndsAt       string            `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
}

func prometheus(body []byte, r Reading) ([]item, *fault.Error) {
	var list []json.RawMessage
	if f := decode(body, &list); f != nil {
		return nil, f
	}
	items := make([]item, len(list))
	for i, raw := range list {
		var p posted
		if f := decode(raw, &p); f != nil {
			items[i].fault = inside("", i, f)
			continue
		}
		g := &items[i].signal
		g.fromLabels(p.Labels, p.Annotations, r)
		g.Link = p.GeneratorURL
		if items[i].fault = g.times(p.StartsAt, p.EndsAt, r); items[i].fault != nil {
			continue
		}
		g.Resolved = !g.Ended.IsZero() && !g.Ended.After(r.Now)
		if !g.Resolved {
			g.Ended = time.Time{}
		}
	}
	return items, nil
}
