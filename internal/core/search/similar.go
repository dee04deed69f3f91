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
	maxWords = 40  // of the text are compared
	perWord  = 200 // newest records are taken for each
	leastly  = 0.2 // what scores less is no likeness
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
	return list[:min(len(list), limit)], nil
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
	first, err := firstSince(ctx, tx, since)
	if err != nil || first == 0 {
		return nil, err
	}
	found, err := perWordHits(ctx, tx, words, customer, first)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	scores := score(found, len(words))
	return named(ctx, tx, scores, customer, since)
}

// firstSince is the place in the index of the first record made since then, 0 when there is none.
func firstSince(ctx context.Context, tx db.Tx, since time.Time) (int64, error) {
	seq, err := db.One(ctx, tx, db.Scan[int64], `SELECT seq FROM search_docs WHERE at >= $1 ORDER BY at, seq LIMIT 1`, clock.Millis(since))
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	return seq, err
}

// found says that the n-th word stands in a record.
type found struct {
	word int
	seq  int64
}

func scanFound(row db.Row) (found, error) {
	var f found
	err := row.Scan(&f.word, &f.seq)
	return f, err
}

// perWordHits looks up all words in one statement.
func perWordHits(ctx context.Context, tx db.Tx, words []string, customer string, first int64) ([]found, error) {
	one := `SELECT * FROM (SELECT %d, rowid FROM search_words WHERE search_words MATCH %s AND rowid >= $1 ORDER BY rowid DESC LIMIT $2) w%[1]d`
	if tx.Dialect() == db.Postgres {
		// materialised, lest it walks the records for a rare word
		one = `SELECT * FROM (WITH m AS MATERIALIZED (SELECT seq FROM search_docs WHERE words @@ %[2]s::text::tsquery AND seq >= $1)
			SELECT %[1]d, seq FROM m ORDER BY seq DESC LIMIT $2) w%[1]d`
	}
	w := db.NewWhere(first, perWord)
	parts := make([]string, len(words))
	for i, word := range words {
		terms, tags := []term{{tokens: []string{word}}}, [][]string{{tag('c', customer)}}
		query := match(terms, tags, false)
		if tx.Dialect() == db.Postgres {
			query = tsquery(terms, tags, false)
		}
		parts[i] = fmt.Sprintf(one, i, w.Arg(query))
	}
	return db.All(ctx, tx, scanFound, strings.Join(parts, " UNION ALL "), w.Args()...)
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

// named finds the records of the best scores.
func named(ctx context.Context, tx db.Tx, scores map[int64]float64, customer string, since time.Time) ([]Likeness, error) {
	best := bestOf(scores)
	if len(best) == 0 {
		return nil, nil
	}
	w := db.NewWhere()
	w.In("d.seq", best)
	w.Eq("d.customer_id", customer)
	w.Add("d.at >= ?", clock.Millis(since))
	hits, err := db.All(ctx, tx, scanHit, `SELECT d.record_id, d.at, d.seq FROM search_docs d WHERE `+w.SQL(), w.Args()...)
	if err != nil {
		return nil, err
	}
	list := make([]Likeness, len(hits))
	for i, h := range hits {
		list[i] = Likeness{RecordID: h.RecordID, At: h.At, Score: min(1, scores[h.Seq])}
	}
	slices.SortFunc(list, func(a, b Likeness) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), b.At.Compare(a.At), cmp.Compare(b.RecordID, a.RecordID))
	})
	return list, nil
}

// bestOf are the records worth a look, at most a hundred.
func bestOf(scores map[int64]float64) []int64 {
	var best []int64
	for seq, s := range scores {
		if s >= leastly {
			best = append(best, seq)
		}
	}
	slices.SortFunc(best, func(a, b int64) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(b, a)) })
	return best[:min(len(best), 100)]
}
