package search

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
)

// Likeness is a record that may be about the same.
type Likeness struct {
	RecordID string
	At       time.Time
	Score    float64 // 0 to 1: how much of what the text says, rare words counting more, the record says too
}

const (
	maxWords   = 40  // of the text are compared
	maxRecords = 600 // the customer's newest are compared with
	leastly    = 0.2 // what scores less is no likeness
)

// Similar are records of the customer, made at or after since, whose public text shares rare words with the text, best first.
func Similar(ctx context.Context, tx db.Tx, text, customer string, since time.Time, limit int) ([]Likeness, error) {
	words := telling(text)
	if len(words) == 0 || customer == "" || limit <= 0 {
		return []Likeness{}, nil
	}
	list, err := similar(ctx, tx, words, customer, since)
	if err != nil {
		return nil, fmt.Errorf("search similar records: %w", err)
	}
	return append([]Likeness{}, list[:min(len(list), limit)]...), nil
}

// telling are the words of a text that say what it is about: pairs of Han characters, words and names of two letters and more.
func telling(text string) []string {
	var words []string
	for _, p := range pieces(text) {
		for _, token := range p.similarTokens() {
			if len(words) < maxWords && !slices.Contains(words, token) && !slices.Contains(stop, token) {
				words = append(words, token)
			}
		}
	}
	return words
}

func (p piece) similarTokens() []string {
	switch {
	case p.count() < 2:
		return nil
	case p.class == han:
		return p.bigrams(false)
	}
	return []string{p.word()}
}

func similar(ctx context.Context, tx db.Tx, words []string, customer string, since time.Time) ([]Likeness, error) {
	hits, err := candidates(ctx, tx, customer, since)
	if err != nil || len(hits) == 0 {
		return nil, err
	}
	look := wordsSQLite
	if tx.Dialect() == db.Postgres {
		look = wordsPostgres
	}
	list, err := look(ctx, tx, words, customer, hits[len(hits)-1].Seq)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return likest(hits, score(list, len(words))), nil
}

// candidates are the customer's newest records made since then.
func candidates(ctx context.Context, tx db.Tx, customer string, since time.Time) ([]Hit, error) {
	first, err := db.One(ctx, tx, db.Scan[int64], `SELECT seq FROM search_docs WHERE at >= $1 ORDER BY at, seq LIMIT 1`, clock.Millis(since))
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return db.All(ctx, tx, scanHit, `SELECT record_id, at, seq FROM search_docs
		WHERE customer_id = $1 AND seq >= $2 AND at >= $3 ORDER BY seq DESC LIMIT $4`, customer, first, clock.Millis(since), maxRecords)
}

// found says that the n-th word stands in a record.
type found struct {
	word int
	seq  int64
}

// wordsSQLite asks the index for each word, all in one statement.
func wordsSQLite(ctx context.Context, tx db.Tx, words []string, customer string, from int64) ([]found, error) {
	w := db.NewWhere(from, maxRecords)
	parts := make([]string, len(words))
	for i, word := range words {
		query := match([]term{{tokens: []string{word}}}, [][]string{{tag('c', customer)}}, false)
		parts[i] = fmt.Sprintf(`SELECT * FROM (SELECT %d, rowid FROM search_words WHERE search_words MATCH %s AND rowid >= $1
			ORDER BY rowid DESC LIMIT $2)`, i, w.Arg(query))
	}
	scan := func(row db.Row) (f found, err error) {
		err = row.Scan(&f.word, &f.seq)
		return f, err
	}
	return db.All(ctx, tx, scan, strings.Join(parts, " UNION ALL "), w.Args()...)
}

// wordsPostgres looks into each of the records: they are few, and their words stand in them.
func wordsPostgres(ctx context.Context, tx db.Tx, words []string, customer string, from int64) ([]found, error) {
	w := db.NewWhere(from, maxRecords, customer)
	bits := make([]string, len(words))
	for i, word := range words {
		bits[i] = fmt.Sprintf(`CASE WHEN words @@ %s::text::tsquery THEN '1' ELSE '0' END`, w.Arg(term{tokens: []string{word}}.tsquery(false)))
	}
	type marks struct {
		seq  int64
		bits string
	}
	scan := func(row db.Row) (m marks, err error) {
		err = row.Scan(&m.seq, &m.bits)
		return m, err
	}
	rows, err := db.All(ctx, tx, scan, `SELECT seq, `+strings.Join(bits, " || ")+` FROM
		(SELECT seq, words FROM search_docs WHERE customer_id = $3 AND seq >= $1 ORDER BY seq DESC LIMIT $2) d`, w.Args()...)
	var list []found
	for _, m := range rows {
		for i := range m.bits {
			if m.bits[i] == '1' {
				list = append(list, found{word: i, seq: m.seq})
			}
		}
	}
	return list, err
}

// score weighs every word by its rarity among the records found.
func score(list []found, words int) map[int64]float64 {
	counts := make([]float64, words)
	records := map[int64]bool{}
	for _, f := range list {
		counts[f.word]++
		records[f.seq] = true
	}
	all := 0.0
	weights := make([]float64, words)
	for i, n := range counts {
		weights[i] = math.Log(1 + float64(len(records))/max(n, 0.5))
		all += weights[i]
	}
	scores := map[int64]float64{}
	for _, f := range list {
		scores[f.seq] += weights[f.word] / all
	}
	return scores
}

// likest are the records worth a look, best first, of equals the newest.
func likest(hits []Hit, scores map[int64]float64) []Likeness {
	list := []Likeness{}
	for _, h := range hits {
		if s := scores[h.Seq]; s >= leastly {
			list = append(list, Likeness{RecordID: h.RecordID, At: h.At, Score: min(1, s)})
		}
	}
	slices.SortStableFunc(list, func(a, b Likeness) int { return cmp.Compare(b.Score, a.Score) })
	return list
}
