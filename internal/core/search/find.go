package search

import (
	"context"
	"fmt"
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
	find := findSQLite
	if tx.Dialect() == db.Postgres {
		find = findPostgres
	}
	hits, err := find(ctx, tx, q, terms, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("search: %w", err)
	}
	more := len(hits) > limit
	return hits[:min(len(hits), limit)], more, nil
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
	if q.Scope.Own == "" {
		return
	}
	condition := "d.requester_id = ?"
	args := []any{q.Scope.Own}
	for _, id := range q.OwnIDs {
		args = append(args, id)
	}
	if n := len(q.OwnIDs); n > 0 {
		condition += " OR d.record_id IN (?" + strings.Repeat(", ?", n-1) + ")"
	}
	w.Add(condition, args...)
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
	sql := `SELECT d.record_id, d.at, d.seq FROM search_words CROSS JOIN search_docs d ON d.seq = search_words.rowid
		WHERE ` + w.SQL() + ` ORDER BY search_words.rowid DESC LIMIT ` + w.Arg(limit)
	return db.All(ctx, tx, scanHit, sql, w.Args()...)
}

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

// window is how many of the newest records PostgreSQL looks through before it asks the index: what is frequent is
// found there at once, and what is not is rare enough for the index.
const window = 2000

func findPostgres(ctx context.Context, tx db.Tx, q Query, terms []term, limit int) ([]Hit, error) {
	if q.Scope.All {
		hits, err := newest(ctx, tx, q, terms, limit)
		if err != nil || len(hits) == limit {
			return hits, err
		}
	}
	w := db.NewWhere()
	w.Add("d.words @@ ?::text::tsquery", tsquery(terms, q.tagged(), q.Internal))
	q.filter(w)
	sql := `WITH m AS MATERIALIZED (SELECT d.record_id, d.at, d.seq FROM search_docs d WHERE ` + w.SQL() + `)
		SELECT record_id, at, seq FROM m ORDER BY seq DESC LIMIT ` + w.Arg(limit)
	return db.All(ctx, tx, scanHit, sql, w.Args()...)
}

func newest(ctx context.Context, tx db.Tx, q Query, terms []term, limit int) ([]Hit, error) {
	w := db.NewWhere()
	before := ""
	if q.Before > 0 {
		before = "WHERE seq < " + w.Arg(q.Before)
	}
	w.Add("d.words @@ ?::text::tsquery", tsquery(terms, q.tagged(), q.Internal))
	q.filter(w)
	sql := `SELECT d.record_id, d.at, d.seq FROM (SELECT * FROM search_docs ` + before + ` ORDER BY seq DESC LIMIT ` + w.Arg(window) + `) d
		WHERE ` + w.SQL() + ` ORDER BY d.seq DESC LIMIT ` + w.Arg(limit)
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
