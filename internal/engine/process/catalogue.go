package process

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
)

// Source is one shipped definition file.
type Source struct {
	Practice string // folder it came from
	File     string
	Text     []byte
}

// Catalogue holds every version of every definition, compiled. It is safe for concurrent use.
type Catalogue struct {
	vocabulary definition.Vocabulary
	order      []string // types in the order shipped
	shipped    map[string]Source
	mu         sync.RWMutex
	versions   map[string]map[int]*definition.Type
	current    map[string]int
	epoch      int
}

// NewCatalogue reads the shipped definitions; any mistake stops the program with file, line and reason.
func NewCatalogue(vocabulary definition.Vocabulary, sources []Source) (*Catalogue, error) {
	c := &Catalogue{vocabulary: vocabulary, shipped: map[string]Source{}, versions: map[string]map[int]*definition.Type{}, current: map[string]int{}}
	var all definition.Errors
	first := vocabulary
	first.Types = nil // the types are known only after all files are read
	var types []*definition.Type
	for _, s := range sources {
		t, err := definition.Load(s.File, s.Text, first)
		if err != nil {
			all = append(all, err.(definition.Errors)...)
			continue
		}
		if _, twice := c.shipped[t.Type]; twice {
			all = append(all, definition.Error{File: s.File, Line: 1, Reason: "type " + t.Type + " is defined twice"})
		}
		t.Practice = s.Practice
		c.shipped[t.Type] = s
		c.order = append(c.order, t.Type)
		types = append(types, t)
	}
	if len(all) > 0 {
		return nil, all
	}
	c.vocabulary.Types = map[string]bool{}
	for _, t := range types {
		c.vocabulary.Types[t.Type] = true
	}
	for _, t := range types {
		if err := c.refs(t); err != nil {
			return nil, err
		}
		t.Version = 1
		c.versions[t.Type] = map[int]*definition.Type{1: t}
		c.current[t.Type] = 1
	}
	return c, nil
}

// builtinTargets are what a ref may point to beside record types.
var builtinTargets = []string{"person", "staff", "contact", "organisation", "customer", "supplier", "site", "team", "service"}

func (c *Catalogue) refs(t *definition.Type) error {
	for _, f := range t.Fields {
		if f.To != "" && !slices.Contains(builtinTargets, f.To) && !c.vocabulary.Types[f.To] {
			return definition.Errors{{File: c.shipped[t.Type].File, Line: max(f.Line, 1), Reason: fmt.Sprintf("field %s: there is no type %q to refer to", f.Name, f.To)}}
		}
	}
	return nil
}

// Types are the current definitions, in the order shipped.
func (c *Catalogue) Types() []*definition.Type {
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := make([]*definition.Type, 0, len(c.order))
	for _, name := range c.order {
		out = append(out, c.versions[name][c.current[name]])
	}
	return out
}

// Current is the definition that new records of a type get.
func (c *Catalogue) Current(name string) (*definition.Type, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	t, ok := c.versions[name][c.current[name]]
	return t, ok
}

// ByPlural finds the current definition by its path segment.
func (c *Catalogue) ByPlural(plural string) (*definition.Type, bool) {
	for _, t := range c.Types() {
		if t.Plural == plural {
			return t, true
		}
	}
	return nil, false
}

// Version is a definition as a running record knows it.
func (c *Catalogue) Version(name string, version int) (*definition.Type, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	t, ok := c.versions[name][version]
	return t, ok
}

// statesOf are the states of a type that satisfy a condition, in any version and workflow.
func (c *Catalogue) statesOf(name string, fits func(*definition.State) bool) (states []*definition.State) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, t := range c.versions[name] {
		for _, w := range t.Workflows {
			for i := range w.Value.States {
				if state := &w.Value.States[i].Value; fits(state) {
					states = append(states, state)
				}
			}
		}
	}
	return states
}

// Epoch changes whenever a definition was published.
func (c *Catalogue) Epoch() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.epoch
}

// Check reads a changed definition of a type without publishing it.
func (c *Catalogue) Check(name string, source []byte) (*definition.Type, error) {
	t, err := definition.Load(name+".yaml", source, c.vocabulary)
	if err != nil {
		return nil, err
	}
	old, ok := c.Current(name)
	if !ok {
		return nil, fault.Missing()
	}
	if t.Type != old.Type || t.Plural != old.Plural || t.Number != old.Number {
		return nil, definition.Errors{{File: name + ".yaml", Line: 1, Reason: "type, plural and number must stay as they are: " + old.Type + ", " + old.Plural + ", " + old.Number}}
	}
	if err := c.refs(t); err != nil {
		return nil, err
	}
	if err := sameKinds(old, t); err != nil {
		return nil, err
	}
	t.Practice = old.Practice
	return t, nil
}

// sameKinds refuses a field that changes what it holds: records of both versions live side by side.
func sameKinds(old, changed *definition.Type) error {
	for _, f := range changed.Fields {
		if was, ok := old.Field(f.Name); ok && (was.Type != f.Type || was.Multiple != f.Multiple || was.To != f.To) {
			return definition.Errors{{File: changed.Type + ".yaml", Line: max(f.Line, 1), Reason: fmt.Sprintf("field %s was %s and cannot become %s; give the new one another name", f.Name, was.Type, f.Type)}}
		}
	}
	return nil
}

// VersionInfo is one published version.
type VersionInfo struct {
	Type        string
	Version     int
	Source      string
	Shipped     bool
	Current     bool
	Note        string
	PublishedBy string
	PublishedAt time.Time
}

func versionsOf(ctx context.Context, tx db.Tx) ([]VersionInfo, error) {
	return db.All(ctx, tx, func(row db.Row) (v VersionInfo, err error) {
		var at int64
		err = row.Scan(&v.Type, &v.Version, &v.Source, &v.Shipped, &v.Current, &v.Note, &v.PublishedBy, &at)
		v.PublishedAt = clock.FromMillis(at)
		return v, err
	}, `SELECT type, version, source, shipped, current, note, published_by, published_at FROM definition_versions ORDER BY type, version`)
}

// Sync brings the stored versions and the shipped files together: a file that changed with an upgrade becomes a new version.
// It becomes the current one unless an administrator's variant is in force. Safe when several replicas start at once.
func (c *Catalogue) Sync(ctx context.Context, tx db.Tx) error {
	if err := db.Lock(ctx, tx, "definitions"); err != nil {
		return err
	}
	stored, err := versionsOf(ctx, tx)
	if err != nil {
		return err
	}
	byType := map[string][]VersionInfo{}
	for _, v := range stored {
		byType[v.Type] = append(byType[v.Type], v)
	}
	for _, name := range c.order {
		if err := c.ship(ctx, tx, name, byType[name]); err != nil {
			return err
		}
	}
	return c.index(ctx, tx)
}

// index makes an index for every field that a definition declares as indexed; two types with a field of one name share it.
func (c *Catalogue) index(ctx context.Context, tx db.Tx) error {
	for _, t := range c.Types() {
		if err := indexFields(ctx, tx, t); err != nil {
			return err
		}
	}
	return nil
}

func indexFields(ctx context.Context, tx db.Tx, t *definition.Type) error {
	for _, f := range t.Fields {
		if !f.Indexed || definition.StandardField(f.Name) {
			continue
		}
		// The name of a field is small letters, digits and underscores: the grammar sees to that.
		value := "(fields ->> '" + f.Name + "')"
		_, err := tx.Exec(ctx, "CREATE INDEX IF NOT EXISTS records_with_"+f.Name+" ON records (type, "+value+", created_at, id) WHERE "+value+" IS NOT NULL")
		if err != nil {
			return fmt.Errorf("index field %s: %w", f.Name, err)
		}
	}
	return nil
}

func (c *Catalogue) ship(ctx context.Context, tx db.Tx, name string, stored []VersionInfo) error {
	text := string(c.shipped[name].Text)
	last, current := 0, true
	for _, v := range stored {
		if v.Shipped && v.Source == text {
			return nil
		}
		last = max(last, v.Version)
		if v.Current && !v.Shipped {
			current = false
		}
	}
	return insertVersion(ctx, tx, VersionInfo{Type: name, Version: last + 1, Source: text, Shipped: true, Current: current})
}

func insertVersion(ctx context.Context, tx db.Tx, v VersionInfo) error {
	if v.Current {
		if _, err := tx.Exec(ctx, `UPDATE definition_versions SET current = false WHERE type = $1`, v.Type); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO definition_versions (type, version, source, shipped, current, note, published_by, published_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		v.Type, v.Version, v.Source, v.Shipped, v.Current, v.Note, v.PublishedBy, clock.Millis(tx.Now()))
	return err
}

// Reload compiles every stored version that is not yet known and takes over which ones are current.
func (c *Catalogue) Reload(ctx context.Context, tx db.Tx) error {
	stored, err := versionsOf(ctx, tx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range stored {
		if _, known := c.shipped[v.Type]; !known {
			continue // a type whose practice is no longer part of the program
		}
		if have := c.versions[v.Type][v.Version]; have == nil || string(have.Source) != v.Source {
			t, err := definition.Load(fmt.Sprintf("%s version %d", v.Type, v.Version), []byte(v.Source), c.vocabulary)
			if err != nil {
				return err
			}
			t.Version, t.Practice = v.Version, c.shipped[v.Type].Practice
			c.versions[v.Type][v.Version] = t
		}
		if v.Current {
			c.current[v.Type] = v.Version
		}
	}
	c.epoch++
	return nil
}

// SortedTypes are all type names, sorted.
func (c *Catalogue) SortedTypes() []string {
	names := slices.Clone(c.order)
	sort.Strings(names)
	return names
}
