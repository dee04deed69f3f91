package alert

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Severity is how bad an alert is; the words of all monitoring systems are read as one of four.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Warning  Severity = "warning"
	Info     Severity = "info"
)

// severities in the order of their ranks: the index is what lists are sorted by.
var severities = []Severity{Critical, High, Warning, Info}

func (s Severity) rank() int { return slices.Index(severities, s) }

// words are what monitoring systems call a severity; Zabbix also counts from 0 to 5.
var words = map[string]Severity{
	"critical": Critical, "disaster": Critical, "fatal": Critical, "emergency": Critical, "emerg": Critical, "page": Critical, "p1": Critical, "5": Critical, "严重": Critical, "紧急": Critical, "灾难": Critical,
	"high": High, "major": High, "error": High, "err": High, "p2": High, "4": High, "重要": High, "高": High,
	"warning": Warning, "warn": Warning, "average": Warning, "minor": Warning, "p3": Warning, "3": Warning, "2": Warning, "警告": Warning, "一般": Warning, "次要": Warning,
	"info": Info, "information": Info, "informational": Info, "not classified": Info, "none": Info, "low": Info, "debug": Info, "p4": Info, "1": Info, "0": Info, "提示": Info, "信息": Info,
}

// severityOf reads a word; more are the source's own words and go first. An unknown one is a warning, so that it is seen.
func severityOf(word string, more map[string]string) Severity {
	word = strings.ToLower(strings.TrimSpace(word))
	for given, means := range more {
		if strings.ToLower(given) == word {
			return Severity(means)
		}
	}
	return cmp.Or(words[word], Warning)
}

// Signal is one alert as it comes in, whichever system sent it.
type Signal struct {
	Object      string // name of the host, device or service (CI)
	Metric      string
	Value       *float64
	Threshold   *float64
	Severity    Severity
	Resolved    bool
	Started     time.Time // UTC; zero = not said
	Ended       time.Time
	Fingerprint string // the same for every repeat and for the recovery
	Group       string // what the monitoring system groups by
	Title       string
	Description string
	Link        string // page of the monitoring system
	Labels      map[string]string
	Annotations map[string]string
	rule        string // that decides without being asked: the one whose heartbeat is silent
}

// Limits of one payload and of one alert. Names of labels count in bytes, the rest in characters.
const (
	maxSignals     = 10_000
	maxLabels      = 256
	maxLabelName   = 256
	maxLabelValue  = 4_000
	maxName        = 300
	maxTitle       = 200
	maxDescription = 4_000
	maxFingerprint = 1_000
)

// finish checks a signal and fills what follows from the rest.
func (g *Signal) finish() *fault.Error {
	g.Object, g.Metric = strings.TrimSpace(g.Object), strings.TrimSpace(g.Metric)
	if g.Object == "" && g.Metric == "" {
		return unreadable("alert.nameless", nil)
	}
	if f := g.check(); f != nil {
		return f
	}
	g.Title = shorten(strings.TrimSpace(g.Title), maxTitle)
	g.Description = shorten(strings.TrimSpace(g.Description), maxDescription)
	g.Link = shorten(g.Link, maxFingerprint)
	if g.Fingerprint == "" {
		g.Fingerprint = g.digest()
	}
	return nil
}

func (g *Signal) check() *fault.Error {
	for part, value := range map[string]string{"object": g.Object, "metric": g.Metric} {
		if utf8.RuneCountInString(value) > maxName {
			return unreadable("alert.long", text.Params{"label": named(part), "max": maxName})
		}
	}
	for part, value := range map[string]string{"fingerprint": g.Fingerprint, "group": g.Group} {
		if utf8.RuneCountInString(value) > maxFingerprint {
			return unreadable("alert.long", text.Params{"label": named(part), "max": maxFingerprint})
		}
	}
	if len(g.Labels) > maxLabels || len(g.Annotations) > maxLabels {
		return unreadable("alert.labels", text.Params{"max": maxLabels})
	}
	for _, set := range []map[string]string{g.Labels, g.Annotations} {
		for name, value := range set {
			if len(name) > maxLabelName {
				return unreadable("alert.long", text.Params{"label": named("label"), "max": maxLabelName})
			}
			if utf8.RuneCountInString(value) > maxLabelValue {
				set[name] = shorten(value, maxLabelValue)
			}
		}
	}
	return nil
}

// digest stands in for a fingerprint that the sender does not give.
func (g *Signal) digest() string {
	h := sha256.New()
	put := func(s string) { _, _ = h.Write(append([]byte(s), 0)) }
	put(g.Object)
	put(g.Metric)
	for _, name := range slices.Sorted(maps.Keys(g.Labels)) {
		put(name)
		put(g.Labels[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// exceeds tells whether the value is beyond its threshold; below says that too little is what is wrong. A value on the
// threshold is normal.
func (g *Signal) exceeds(below bool) bool {
	switch {
	case g.Value == nil || g.Threshold == nil:
		return false
	case below:
		return *g.Value < *g.Threshold
	}
	return *g.Value > *g.Threshold
}

// headline is the title, or one made of metric and object.
func (g *Signal) headline() string {
	if g.Title != "" {
		return g.Title
	}
	return shorten(strings.TrimSpace(g.Object+" "+g.Metric), maxTitle)
}

func shorten(s string, most int) string {
	if len(s) <= most || utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
