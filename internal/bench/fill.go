package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/audit"
	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/core/search"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// The filling makes many records of a few patterns that went through the engine: three years of work, nearly all of it
// closed, the open ones mostly of the last months, a fifth of all from one customer. Each has its row, its first audit
// event and its search entry, written by the packages themselves into a recorder and loaded in large transactions while
// the secondary indexes are away.
const (
	fillChunk = 5000
	fillSpan  = 3 * 365 * 24 * time.Hour
	recent    = 0.9 // of the span; afterwards much is still open
)

// fill makes the database hold n records.
func (p *place) fill(ctx context.Context, n int) error {
	if p.cast.Filled >= n {
		return nil
	}
	began := time.Now()
	database, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer database.Close() // which lets SQLite gather its statistics
	f := &filler{place: p, database: database, until: time.Now().UTC().Truncate(time.Millisecond), actors: newActors(&p.cast)}
	if err := f.readPatterns(ctx); err != nil {
		return fmt.Errorf("read the patterns: %w", err)
	}
	if err := f.load(ctx, n); err != nil {
		return err
	}
	p.cast.Filled = n
	progress("%s: %d records in %s", p.dialect, n, brief(time.Since(began)))
	return p.save()
}

// pattern is a record made by the engine, and what its first event says.
type pattern struct {
	*record.Record
	created json.RawMessage
}

type filler struct {
	place        *place
	database     *db.DB
	until        time.Time
	total        int
	open, closed []pattern
	actors       *actors
	rec          recorder
	seq          int
}

func (f *filler) readPatterns(ctx context.Context) error {
	reader := work.System("bench")
	return f.database.Read(ctx, func(tx db.Tx) error {
		for _, number := range f.place.cast.Patterns {
			r, err := record.Load(ctx, tx, reader, number)
			if err != nil {
				return err
			}
			events, err := audit.Timeline(ctx, tx, r.ID, audit.TimelineOptions{Limit: 200})
			if err != nil {
				return err
			}
			p := pattern{r, events[len(events)-1].Data}
			if r.Open {
				f.open = append(f.open, p)
			} else {
				f.closed = append(f.closed, p)
			}
		}
		var err error
		f.rec.row, err = db.One(ctx, tx, db.Scan[int64], `SELECT COALESCE(MAX(seq), 0) FROM search_docs`)
		return err
	})
}

func (f *filler) load(ctx context.Context, n int) error {
	f.rec.dialect, f.total = f.database.Dialect(), n
	indexes, err := f.dropIndexes(ctx)
	if err != nil {
		return err
	}
	for from := f.place.cast.Filled; from < n; from += fillChunk {
		err := f.database.Write(ctx, func(tx db.Tx) error {
			for i := from; i < min(from+fillChunk, n); i++ {
				if err := f.one(ctx, i); err != nil {
					return err
				}
			}
			return load(ctx, tx, f.rec.take())
		})
		if err != nil {
			return fmt.Errorf("fill after %d: %w", from, err)
		}
		if (from+fillChunk)%200_000 == 0 {
			progress("%s: %d records", f.place.dialect, from+fillChunk)
		}
	}
	if f.rec.dialect == db.Postgres { // whose autovacuum would do so some minutes later; SQLite is looked after at every start
		indexes = append(indexes, "ANALYZE")
	}
	for _, statement := range indexes {
		if err := f.run(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) run(ctx context.Context, statement string) error {
	err := f.database.Write(ctx, func(tx db.Tx) error {
		_, err := tx.Exec(ctx, statement)
		return err
	})
	if err != nil {
		return fmt.Errorf("%.60s: %w", statement, err)
	}
	return nil
}

// dropIndexes takes the secondary indexes of the large tables away and answers the statements that make them again.
func (f *filler) dropIndexes(ctx context.Context) ([]string, error) {
	query := `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> '' AND tbl_name IN ('records', 'audit_events', 'search_docs')`
	if f.database.Dialect() == db.Postgres {
		query = `SELECT indexname::text, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename IN ('records', 'audit_events', 'search_docs')
			AND indexdef NOT LIKE 'CREATE UNIQUE%'`
	}
	type index struct{ name, sql string }
	var list []index
	err := f.database.Read(ctx, func(tx db.Tx) (err error) {
		list, err = db.All(ctx, tx, func(row db.Row) (i index, err error) { return i, row.Scan(&i.name, &i.sql) }, query)
		return err
	})
	if err != nil {
		return nil, err
	}
	var again []string
	for _, i := range list {
		if err := f.run(ctx, "DROP INDEX "+i.name); err != nil {
			return nil, err
		}
		again = append(again, i.sql)
	}
	return again, nil
}

// one writes the i-th record into the recorder.
func (f *filler) one(ctx context.Context, i int) error {
	rng := rand.New(rand.NewPCG(uint64(i), 7)) //nolint:gosec // patterns
	r, created := f.copyOf(i, rng)
	f.rec.at = r.CreatedAt
	actor := &work.Actor{ID: r.CreatedBy, Name: "周婷", OrgKind: work.Provider}
	hash, err := audit.Ledger{}.Append(ctx, &work.Unit{Tx: &f.rec, Actor: actor}, work.Event{Stream: r.ID, Kind: "record.created", Subject: r.Type, Number: r.Number,
		Customer: r.Customer, Public: true, First: true, Data: created})
	if err != nil {
		return err
	}
	r.AuditHead = hash
	if err := record.Insert(ctx, &f.rec, r); err != nil {
		return err
	}
	return search.Put(ctx, &f.rec, docOf(r))
}

// docOf is the search entry of a record, with as many words as the engine would give it.
func docOf(r *record.Record) search.Doc {
	affected, _ := r.Values["affected"].(string)
	phenomenon, _ := r.Values["phenomenon"].(string)
	return search.Doc{RecordID: r.ID, Type: r.Type, Customer: r.Customer, Requester: r.Requester, At: r.CreatedAt,
		Public: strings.Join([]string{r.Number, r.Title, r.Description, affected, phenomenon}, " ")}
}

// copyOf makes a record of a pattern, at another time, of another customer, in other hands.
func (f *filler) copyOf(i int, rng *rand.Rand) (*record.Record, json.RawMessage) {
	share := float64(i) / float64(f.total)
	from := f.closed
	if rng.Float64() < map[bool]float64{false: 0.005, true: 0.4}[share > recent] {
		from = f.open
	}
	p := from[rng.IntN(len(from))]
	r := *p.Record
	at := f.until.Add(-fillSpan + time.Duration(share*float64(fillSpan))).Truncate(time.Millisecond)
	shift := at.Sub(r.CreatedAt)
	r.ID, r.Number = idAt(at, i, rng), fmt.Sprintf("INC-2021-%07d", i+1)
	r.CreatedAt, r.StateSince, r.UpdatedAt = at, r.StateSince.Add(shift), at.Add(time.Duration(rng.IntN(72*3600))*time.Second)
	r.Values, r.Milestones, r.Trail = maps.Clone(p.Values), map[string]time.Time{}, slices.Clone(p.Trail)
	for name, t := range p.Milestones {
		r.Milestones[name] = t.Add(shift)
	}
	for j := range r.Trail {
		r.Trail[j].At += shift.Milliseconds()
	}
	if !r.Due.IsZero() {
		r.Due = at.Add(time.Duration(4+rng.IntN(200)) * time.Hour)
		r.Values["expected_solve_at"] = r.Due.Format(form.Instant)
	}
	w := &writer{rng}
	r.Title, r.Description = w.report()
	if share < 0.5 && rng.IntN(4) == 0 { // a word that was frequent once and is no more
		r.Description += "设备已" + rare[4] + "。"
	}
	f.actors.give(&r, rng)
	return &r, p.created
}

// idAt is an id as it would have been made at an instant.
func idAt(at time.Time, i int, rng *rand.Rand) string {
	ms := uint64(clock.Millis(at)) //nolint:gosec // after 1970
	return fmt.Sprintf("%08x-%04x-7%03x-8%03x-%012x", ms>>16, ms&0xffff, i&0xfff, rng.IntN(1<<12), rng.Int64N(1<<48))
}

// actors are those to whom the records are given.
type actors struct {
	cast    *cast
	weights []float64
}

func newActors(c *cast) *actors {
	a := &actors{cast: c}
	total := 0.0
	for i := range c.Customers {
		total += 1 / float64(i+1)
		a.weights = append(a.weights, total)
	}
	return a
}

// give hands a record to a customer (the first has a fifth of all), a person there, and an engineer with their team.
func (a *actors) give(r *record.Record, rng *rand.Rand) {
	x := rng.Float64() * a.weights[len(a.weights)-1]
	i := slices.IndexFunc(a.weights, func(w float64) bool { return x < w })
	c := a.cast.Customers[i]
	r.Customer, r.Site, r.Service = c.ID, c.Site, c.Service
	r.Requester = fmt.Sprintf("00000000-0000-7000-8000-%06d%06d", i, rng.IntN(500))
	if i == 0 && rng.IntN(5000) == 0 {
		r.Requester = a.cast.User
	}
	if r.Assignee != "" || r.Team != "" {
		team := rng.IntN(5)
		r.Team = a.cast.Teams[team]
		if r.Assignee != "" {
			r.Assignee = a.cast.Engineers[5*team+rng.IntN(5)]
		}
	}
	priorities := []string{"critical", "high", "medium", "low"}
	r.PriorityRank = 1 + min(rng.IntN(2)+rng.IntN(2)+rng.IntN(2), 3)
	r.Priority = priorities[r.PriorityRank-1]
	if rng.IntN(10) < 3 {
		r.Values["category"] = []string{"network_lan", "software_database", "security"}[rng.IntN(3)]
	}
}
