package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Query is a search.
type Query struct {
	Text     string
	Types    []string // nil = all
	Scope    work.Scope
	OwnIDs   []string // records that the person may see besides their own requests, when Scope.Own is set
	Internal bool     // also internal text; never for a customer's person
	Limit    int      // 0 = 50, at most 200
	Before   int64    // Seq of the last hit seen; 0 = from the newest

	watched bool // the half of an own search that goes through OwnIDs
}

// Hit is a record found.
type Hit struct {
	RecordID string
	At       time.Time
	Seq      int64
}

func scanHit(row db.Row) (Hit, error) {
	var h Hit
	var at int64
	err := row.Scan(&h.RecordID, &at, &h.Seq)
	h.At = clock.FromMillis(at)
	return h, err
}

// Find is the records that match, newest first, and whether there are more.
func Find(ctx context.Context, tx db.Tx, q Query) ([]Hit, bool, error) {
	terms := parse(q.Text)
	if len(terms) == 0 || nobody(q.Scope) {
		return []Hit{}, false, nil
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, 200)
	hits, err := findAll(ctx, tx, q, terms, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("search: %w", err)
	}
	more := len(hits) > limit
	return hits[:min(len(hits), limit)], more, nil
}

// findAll looks for what a person asked for themselves and for what they may see besides as two searches: each has an
// index of its own, both in one has none.
func findAll(ctx context.Context, tx db.Tx, q Query, terms []term, limit int) ([]Hit, error) {
	find := findSQLite
	if tx.Dialect() == db.Postgres {
		find = findPostgres
	}
	hits, err := find(ctx, tx, q, terms, limit)
	if err != nil || q.Scope.Own == "" || len(q.OwnIDs) == 0 {
		return hits, err
	}
	q.watched = true
	watched, err := find(ctx, tx, q, terms, limit)
	if err != nil {
		return nil, err
	}
	hits = append(hits, watched...)
	slices.SortFunc(hits, func(a, b Hit) int { return cmp.Compare(b.Seq, a.Seq) })
	hits = slices.Compact(hits)
	return hits[:min(len(hits), limit)], nil
}

// nobody tells whether a scope reaches nothing.
func nobody(s work.Scope) bool { return !s.All && len(s.Customers) == 0 }

// filter keeps to the scope, the types and the page, by columns: the second net under the tags.
func (q Query) filter(w *db.Where) {
	if !q.Scope.All {
		w.In("d.customer_id", q.Scope.Customers)
	}
	if q.Types != nil {
		w.In("d.type", q.Types)
	}
	if q.Before > 0 {
		w.Add("d.seq < ?", q.Before)
	}
	switch {
	case q.watched:
		w.In("d.record_id", q.OwnIDs)
	case q.Scope.Own != "":
		w.Eq("d.requester_id", q.Scope.Own)
	}
}

// maxTags is how many customers or types the index itself looks for; with more, the columns do it alone.
const maxTags = 50

// tagged are the alternatives of tags of which one must be there.
func (q Query) tagged() [][]string {
	var groups [][]string
	if n := len(q.Scope.Customers); !q.Scope.All && n <= maxTags {
		groups = append(groups, tagsOf('c', q.Scope.Customers))
	}
	if n := len(q.Types); n > 0 && n <= maxTags {
		groups = append(groups, tagsOf('t', q.Types))
	}
	if q.Scope.Own != "" && !q.watched {
		groups = append(groups, tagsOf('r', []string{q.Scope.Own}))
	}
	return groups
}

func tagsOf(kind byte, names []string) []string {
	tags := make([]string, len(names))
	for i, name := range names {
		tags[i] = tag(kind, name)
	}
	return tags
}

func findSQLite(ctx context.Context, tx db.Tx, q Query, terms []term, limit int) ([]Hit, error) {
	w := db.NewWhere()
	w.Add("search_words MATCH ?", match(terms, q.tagged(), q.Internal))
	q.filter(w)
	if q.Before > 0 {
		w.Add("search_words.rowid < ?", q.Before)
	}
	// The order must name the table that comes first, or SQLite sorts all matches instead of stopping at the limit.
	from, order := `search_words CROSS JOIN search_docs d ON d.seq = search_words.rowid`, `search_words.rowid`
	if q.watched && len(q.OwnIDs) <= fewIDs {
		from, order = `search_docs d CROSS JOIN search_words ON search_words.rowid = d.seq`, `d.seq`
	}
	sql := `SELECT d.record_id, d.at, d.seq FROM ` + from + ` WHERE ` + w.SQL() + ` ORDER BY ` + order + ` DESC LIMIT ` + w.Arg(limit)
	return db.All(ctx, tx, scanHit, sql, w.Args()...)
}

// fewIDs is up to how many records it is cheaper to ask each whether it matches than to go through all that match.
const fewIDs = 200

// match is a query in the words of FTS5; every token is quoted.
func match(terms []term, tags [][]string, internal bool) string {
	parts := make([]string, len(terms))
	for i, t := range terms {
		parts[i] = `"` + strings.ReplaceAll(strings.Join(t.tokens, " "), `"`, `""`) + `"`
		if t.prefix {
			parts[i] += " *"
		}
	}
	columns := "public"
	if internal {
		columns = "{public internal}"
	}
	query := columns + " : (" + strings.Join(parts, " AND ") + ")"
	for _, group := range tags {
		query += ` AND tags : ("` + strings.Join(group, `" OR "`) + `")`
	}
	return query
}

// What is frequent PostgreSQL finds soonest by looking through the newest records, what is rare by the index, which
// must collect all matches before it can order them. A first look tells which it is.
const (
	firstLook  = 2000   // records
	secondLook = 12_000 // records
)

func findPostgres(ctx context.Context, tx db.Tx, q Query, terms []term, limit int) ([]Hit, error) {
	if q.watched || slices.ContainsFunc(terms, term.rare) {
		return everywhere(ctx, tx, q, terms, limit)
	}
	hits, err := newest(ctx, tx, q, terms, limit, firstLook)
	if err != nil || len(hits) == limit {
		return hits, err
	}
	if frequent(hits) {
		hits, err = newest(ctx, tx, q, terms, limit, min(secondLook, firstLook*limit*3/2/len(hits)))
		if err != nil || len(hits) == limit {
			return hits, err
		}
	}
	return everywhere(ctx, tx, q, terms, limit)
}

// frequent tells from the matches of a first look whether looking on costs less than the index. With a share p of n
// records matching, a page of 50 is found among 50/p records, while the index fetches p·n; a record fetched by the index
// costs about twice as much as one looked through.
func frequent(hits []Hit) bool {
	if len(hits) < 2 {
		return false
	}
	newest, oldest := float64(hits[0].Seq), float64(hits[len(hits)-1].Seq)
	all := newest / (newest - oldest + 1) * firstLook // as if the rest were as dense as what was seen
	p := float64(len(hits)) / firstLook
	return p*p*all > 25
}

// rare tells whether a term is the number of one record.
func (t term) rare() bool { return len(t.tokens) == 1 && strings.Contains(t.tokens[0], "-") }

// everywhere asks the index. It is materialised, lest it walks the records for a rare word.
func everywhere(ctx context.Context, tx db.Tx, q Query, terms []term, limit int) ([]Hit, error) {
	w := db.NewWhere()
	w.Add("d.words @@ ?::text::tsquery", tsquery(terms, q.tagged(), q.Internal))
	q.filter(w)
	sql := `WITH m AS MATERIALIZED (SELECT d.record_id, d.at, d.seq FROM search_docs d WHERE ` + w.SQL() + `)
		SELECT record_id, at, seq FROM m ORDER BY seq DESC LIMIT ` + w.Arg(limit)
	return db.All(ctx, tx, scanHit, sql, w.Args()...)
}

// newest looks through the newest records, of one customer where the scope is one.
func newest(ctx context.Context, tx db.Tx, q Query, terms []term, limit, look int) ([]Hit, error) {
	inner := db.NewWhere()
	if q.Before > 0 {
		inner.Add("seq < ?", q.Before)
	}
	if !q.Scope.All && len(q.Scope.Customers) == 1 {
		inner.Eq("customer_id", q.Scope.Customers[0])
	}
	from := `(SELECT * FROM search_docs WHERE ` + inner.SQL() + ` ORDER BY seq DESC LIMIT ` + inner.Arg(look) + `) d`
	w := db.NewWhere(inner.Args()...)
	w.Add("d.words @@ ?::text::tsquery", tsquery(terms, q.tagged(), q.Internal))
	q.filter(w)
	sql := `SELECT d.record_id, d.at, d.seq FROM ` + from + ` WHERE ` + w.SQL() + ` ORDER BY d.seq DESC LIMIT ` + w.Arg(limit)
	return db.All(ctx, tx, scanHit, sql, w.Args()...)
}

// tsquery is a query in the words of PostgreSQL; every token is quoted.
func tsquery(terms []term, tags [][]string, internal bool) string {
	parts := make([]string, 0, len(terms)+len(tags))
	for _, t := range terms {
		parts = append(parts, t.tsquery(internal))
	}
	for _, group := range tags {
		quoted := make([]string, len(group))
		for i, tag := range group {
			quoted[i] = quote(tag)
		}
		parts = append(parts, "("+strings.Join(quoted, " | ")+")")
	}
	return strings.Join(parts, " & ")
}

func (t term) tsquery(internal bool) string {
	lexemes := make([]string, len(t.tokens))
	for i, token := range t.tokens {
		label := ""
		if t.prefix && i == len(t.tokens)-1 {
			label += "*"
		}
		if !internal {
			label += "A"
		}
		lexemes[i] = quote(token)
		if label != "" {
			lexemes[i] += ":" + label
		}
	}
	return "(" + strings.Join(lexemes, " <-> ") + ")"
}
