package alert

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
)

// Source is a monitoring system that sends alerts, recognised by its token.
type Source struct {
	ID        string    `json:"id"`
	Version   int64     `json:"version"`
	Name      string    `json:"name"`
	Kind      Kind      `json:"kind"`
	Disabled  bool      `json:"disabled" doc:"its token is refused"`
	Prefix    string    `json:"prefix" doc:"how the token begins, to recognise it"`
	Customer  string    `json:"customer" doc:"whose systems it watches; empty = several"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	SourceBody
	hash    string
	mapping *mapping
}

// SourceBody is how a source's payloads are read.
type SourceBody struct {
	Objects    []string  `json:"object_labels" nullable:"false" doc:"labels that name the object, the first that is there counts; none = the usual ones"`
	Severities []Word    `json:"severities" nullable:"false" doc:"the source's own words for severities"`
	Mapping    PartPaths `json:"mapping" doc:"for generic sources: where each part of an alert is found"`
}

// Word is one of a source's own words for a severity.
type Word struct {
	Word     string   `json:"word" minLength:"1" maxLength:"60"`
	Severity Severity `json:"severity" enum:"critical,high,warning,info" maxLength:"10"`
}

// PartPaths says for each part of an alert where it is found: a path (data.host, alerts[0].name), or after = an expression
// in CEL over body and item. An empty one is looked for under the usual names.
type PartPaths struct {
	List        string `json:"list,omitempty" maxLength:"2000" doc:"where the alerts are, from the payload"`
	Object      string `json:"object,omitempty" maxLength:"2000"`
	Metric      string `json:"metric,omitempty" maxLength:"2000"`
	Value       string `json:"value,omitempty" maxLength:"2000"`
	Threshold   string `json:"threshold,omitempty" maxLength:"2000"`
	Severity    string `json:"severity,omitempty" maxLength:"2000"`
	Status      string `json:"status,omitempty" maxLength:"2000"`
	StartedAt   string `json:"started_at,omitempty" maxLength:"2000"`
	EndedAt     string `json:"ended_at,omitempty" maxLength:"2000"`
	Fingerprint string `json:"fingerprint,omitempty" maxLength:"2000"`
	Group       string `json:"group,omitempty" maxLength:"2000"`
	Title       string `json:"title,omitempty" maxLength:"2000"`
	Description string `json:"description,omitempty" maxLength:"2000"`
	Link        string `json:"link,omitempty" maxLength:"2000"`
	Labels      string `json:"labels,omitempty" maxLength:"2000"`
	Annotations string `json:"annotations,omitempty" maxLength:"2000"`
}

func (p PartPaths) all() map[string]string {
	return map[string]string{"list": p.List, "object": p.Object, "metric": p.Metric, "value": p.Value, "threshold": p.Threshold, "severity": p.Severity,
		"status": p.Status, "started_at": p.StartedAt, "ended_at": p.EndedAt, "fingerprint": p.Fingerprint, "group": p.Group, "title": p.Title,
		"description": p.Description, "link": p.Link, "labels": p.Labels, "annotations": p.Annotations}
}

// Object is something that is monitored, and whose it is. An alert about anything else is kept as unlinked.
type Object struct {
	ID        string    `json:"id"`
	Version   int64     `json:"version"`
	Name      string    `json:"name" doc:"as monitoring systems call it"`
	Customer  string    `json:"customer"`
	Service   string    `json:"service"`
	Site      string    `json:"site"`
	Team      string    `json:"team" doc:"whose person on duty is called"`
	Note      string    `json:"note"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Window is a time in which matching alerts are kept, and nobody is called (maintenance). From counts in, To does not.
type Window struct {
	ID        string    `json:"id"`
	Version   int64     `json:"version"`
	Name      string    `json:"name"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Match     string    `json:"match" doc:"condition in CEL over alert, source and object"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

type compiledWindow struct {
	Window
	match *program
}

// Metric is a metric that alerts given by API may name (MON-02).
type Metric struct {
	Code  string `json:"code"`
	Zh    string `json:"zh"`
	En    string `json:"en"`
	Unit  string `json:"unit"`
	Below bool   `json:"below" doc:"too little is what is wrong, as with availability"`
}

// setup is everything that decides about alerts, compiled, as of one revision. It is never changed; what an administrator
// saves makes a new revision, which every intake sees in its own transaction.
type setup struct {
	revision int64
	sources  map[string]*Source // by id
	tokens   map[string]*Source // by hash of the token
	rules    []*compiled        // in order
	byID     map[string]*compiled
	windows  []*compiledWindow
	metrics  map[string]Metric

	mu      sync.Mutex
	objects map[string]*Object // by name, as far as asked for; nil = unknown
}

// keptObjects bounds the names that are remembered; beyond it they are asked for anew.
const keptObjects = 50_000

func revisionOf(ctx context.Context, tx db.Tx) (int64, error) {
	return db.One(ctx, tx, db.Scan[int64], `SELECT n FROM alert_revision WHERE id = 1`)
}

// fresh gives the setup in force in this transaction.
func (s *Service) fresh(ctx context.Context, tx db.Tx) (*setup, error) {
	revision, err := revisionOf(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("read revision of the rules: %w", err)
	}
	if had := s.current.Load(); had != nil && had.revision == revision {
		return had, nil
	}
	loaded, err := loadSetup(ctx, tx, revision)
	if err != nil {
		return nil, err
	}
	s.current.Store(loaded)
	return loaded, nil
}

func loadSetup(ctx context.Context, tx db.Tx, revision int64) (*setup, error) {
	set := &setup{revision: revision, sources: map[string]*Source{}, tokens: map[string]*Source{}, byID: map[string]*compiled{},
		metrics: map[string]Metric{}, objects: map[string]*Object{}}
	for _, read := range []func(context.Context, db.Tx) error{set.readSources, set.readRules, set.readWindows, set.readMetrics} {
		if err := read(ctx, tx); err != nil {
			return nil, fmt.Errorf("read the rules of alerts: %w", err)
		}
	}
	return set, nil
}

const sourceColumns = "id, version, name, kind, disabled, hash, prefix, customer, body, created_at, updated_at"

func scanSource(row db.Row) (*Source, error) {
	v := &Source{}
	var made, changed int64
	err := row.Scan(&v.ID, &v.Version, &v.Name, &v.Kind, &v.Disabled, &v.hash, &v.Prefix, &v.Customer, db.ScanJSON(&v.SourceBody), &made, &changed)
	v.CreatedAt, v.UpdatedAt = clock.FromMillis(made), clock.FromMillis(changed)
	v.fill()
	return v, err
}

// fill makes lists that are never null.
func (b *SourceBody) fill() {
	if b.Objects == nil {
		b.Objects = []string{}
	}
	if b.Severities == nil {
		b.Severities = []Word{}
	}
}

func (set *setup) readSources(ctx context.Context, tx db.Tx) error {
	list, err := db.All(ctx, tx, scanSource, "SELECT "+sourceColumns+" FROM alert_sources")
	if err != nil {
		return err
	}
	for _, v := range list {
		v.mapping, _ = compileMapping(v.Mapping.all()) // checked when it was saved
		set.sources[v.ID] = v
		if v.hash != "" && !v.Disabled {
			set.tokens[v.hash] = v
		}
	}
	return nil
}

const ruleColumns = "id, version, place, body, created_at, updated_at"

func scanRule(row db.Row) (r Rule, err error) {
	var made, changed int64
	err = row.Scan(&r.ID, &r.Version, &r.Place, db.ScanJSON(&r.RuleBody), &made, &changed)
	r.CreatedAt, r.UpdatedAt = clock.FromMillis(made), clock.FromMillis(changed)
	if r.Sources == nil {
		r.Sources = []string{}
	}
	return r, err
}

func (set *setup) readRules(ctx context.Context, tx db.Tx) error {
	list, err := db.All(ctx, tx, scanRule, "SELECT "+ruleColumns+" FROM alert_rules ORDER BY place, id")
	if err != nil {
		return err
	}
	for _, r := range list {
		c, faults := compileRuleBody(r)
		if len(faults) > 0 { // saved by another release; it is shown and does not apply
			c.Enabled = false
		}
		set.rules = append(set.rules, c)
		set.byID[r.ID] = c
	}
	return nil
}

const windowColumns = "id, version, name, opens_at, closes_at, matches, created_by, created_at, updated_at"

func scanWindow(row db.Row) (w Window, err error) {
	var from, to, made, changed int64
	err = row.Scan(&w.ID, &w.Version, &w.Name, &from, &to, &w.Match, &w.CreatedBy, &made, &changed)
	w.From, w.To, w.CreatedAt, w.UpdatedAt = clock.FromMillis(from), clock.FromMillis(to), clock.FromMillis(made), clock.FromMillis(changed)
	return w, err
}

func (set *setup) readWindows(ctx context.Context, tx db.Tx) error {
	list, err := db.All(ctx, tx, scanWindow, "SELECT "+windowColumns+" FROM alert_windows WHERE closes_at > $1 ORDER BY opens_at, id", clock.Millis(tx.Now()))
	if err != nil {
		return err
	}
	for _, w := range list {
		match, err := compileCondition(w.Match)
		if err == nil {
			set.windows = append(set.windows, &compiledWindow{Window: w, match: match})
		}
	}
	return nil
}

func scanMetric(row db.Row) (m Metric, err error) {
	err = row.Scan(&m.Code, &m.Zh, &m.En, &m.Unit, &m.Below)
	return m, err
}

func (set *setup) readMetrics(ctx context.Context, tx db.Tx) error {
	list, err := db.All(ctx, tx, scanMetric, "SELECT code, zh, en, unit, below FROM alert_metrics")
	for _, m := range list {
		set.metrics[m.Code] = m
	}
	return err
}

const objectColumns = "id, version, name, customer, service, site, team, note, created_at, updated_at"

func scanObject(row db.Row) (*Object, error) {
	o := &Object{}
	var made, changed int64
	err := row.Scan(&o.ID, &o.Version, &o.Name, &o.Customer, &o.Service, &o.Site, &o.Team, &o.Note, &made, &changed)
	o.CreatedAt, o.UpdatedAt = clock.FromMillis(made), clock.FromMillis(changed)
	return o, err
}

// know looks up the monitored objects of some names that were not asked for before; in one statement.
func (set *setup) know(ctx context.Context, tx db.Tx, signals []Signal) (map[string]*Object, error) {
	set.mu.Lock()
	defer set.mu.Unlock()
	found, asked := map[string]*Object{}, map[string]bool{"": true}
	var ask []string
	for i := range signals {
		name := signals[i].Object
		if o, known := set.objects[name]; known {
			found[name] = o
		} else if !asked[name] {
			asked[name] = true
			ask = append(ask, name)
		}
	}
	if len(ask) == 0 {
		return found, nil
	}
	w := db.NewWhere()
	list, err := db.All(ctx, tx, scanObject, "SELECT "+objectColumns+" FROM alert_objects WHERE "+db.Among(tx, w, "name", ask), w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read monitored objects: %w", err)
	}
	if len(set.objects)+len(ask) > keptObjects {
		clear(set.objects)
	}
	for _, name := range ask {
		found[name], set.objects[name] = nil, nil
	}
	for _, o := range list {
		found[o.Name], set.objects[o.Name] = o, o
	}
	return found, nil
}

// reading is how the source's payloads are read.
func (set *setup) reading(v *Source, now time.Time, zone *time.Location) Reading {
	own := map[string]string{}
	for _, w := range v.Severities {
		own[w.Word] = string(w.Severity)
	}
	return Reading{Now: now, Zone: zone, Objects: v.Objects, Severities: own, Below: set.below, mapping: v.mapping}
}

func (set *setup) below(metric string) bool { return set.metrics[metric].Below }

// hashOf is the form in which a token is stored. Tokens are random, so a plain digest gives nothing away.
func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Silenced is an alarm that a maintenance window holds back now.
type Silenced struct {
	Name  string
	Until time.Time
}

// SilencedNow are the windows that are open, for those who hand a shift over.
func SilencedNow(ctx context.Context, tx db.Tx) ([]Silenced, error) {
	return db.All(ctx, tx, func(row db.Row) (s Silenced, err error) {
		var until int64
		err = row.Scan(&s.Name, &until)
		s.Until = clock.FromMillis(until)
		return s, err
	}, `SELECT name, closes_at FROM alert_windows WHERE opens_at <= $1 AND closes_at > $1 ORDER BY closes_at, id LIMIT 200`, clock.Millis(tx.Now()))
}
