// Package observe is the program's log and its figures for Prometheus.
package observe

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Log makes the program's log: level debug, info, warn or error; format text or json. Lines written with a context
// carry the attributes that Tag put into it.
func Log(w io.Writer, level, format string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: l}
	if format == "json" {
		return slog.New(tagged{slog.NewJSONHandler(w, opts)})
	}
	return slog.New(tagged{slog.NewTextHandler(w, opts)})
}

type tagsKey struct{}

// Tag has every log line of the context carry the attributes, such as the number of the request.
func Tag(ctx context.Context, attrs ...slog.Attr) context.Context {
	before, _ := ctx.Value(tagsKey{}).([]slog.Attr)
	return context.WithValue(ctx, tagsKey{}, append(before[:len(before):len(before)], attrs...))
}

// tagged is a handler that adds the attributes of the context.
type tagged struct{ slog.Handler }

func (h tagged) Handle(ctx context.Context, r slog.Record) error {
	if attrs, ok := ctx.Value(tagsKey{}).([]slog.Attr); ok {
		r = r.Clone()
		r.AddAttrs(attrs...)
	}
	return h.Handler.Handle(ctx, r)
}

func (h tagged) WithAttrs(attrs []slog.Attr) slog.Handler { return tagged{h.Handler.WithAttrs(attrs)} }
func (h tagged) WithGroup(name string) slog.Handler       { return tagged{h.Handler.WithGroup(name)} }

// Registry collects the figures.
func Registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Handler serves the figures.
func Handler(r *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}

// Figures are what the program measures of itself.
type Figures struct {
	registry     *prometheus.Registry
	requests     *prometheus.HistogramVec
	transactions *prometheus.HistogramVec
	jobs         *prometheus.HistogramVec
}

// NewFigures registers them.
func NewFigures(r *prometheus.Registry) *Figures {
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help,
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}}, labels)
		r.MustRegister(h)
		return h
	}
	return &Figures{registry: r,
		requests:     histogram("steward_http_request_seconds", "Time to answer a request.", "operation", "status"),
		transactions: histogram("steward_db_transaction_seconds", "Time of a transaction, waiting for its turn included.", "kind", "result"),
		jobs:         histogram("steward_job_seconds", "Time of one run of a background job.", "kind", "result"),
	}
}

// Request notes an answered request. The operation is its id in the API, never its path, of which there is no end.
func (f *Figures) Request(operation string, status int, took time.Duration) {
	f.requests.WithLabelValues(operation, strconv.Itoa(status)).Observe(took.Seconds())
}

// Transaction notes a finished transaction; it fits db.Config.Observe.
func (f *Figures) Transaction(kind string, took time.Duration, err error) {
	f.transactions.WithLabelValues(kind, result(err)).Observe(took.Seconds())
}

// Job notes a finished run; it fits jobs.Config.Observe.
func (f *Figures) Job(kind string, took time.Duration, err error) {
	f.jobs.WithLabelValues(kind, result(err)).Observe(took.Seconds())
}

func result(err error) string {
	if err != nil {
		return "error"
	}
	return "ok"
}

// Gauge adds a figure that is read whenever it is asked for, such as the length of a queue.
func (f *Figures) Gauge(name, help string, read func() float64) {
	f.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// Quiet is a log that passes on only warnings and errors: for libraries that tell every step.
func Quiet(log *slog.Logger) *slog.Logger { return slog.New(quiet{log.Handler()}) }

type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}
func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }
