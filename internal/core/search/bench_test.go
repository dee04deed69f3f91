package search_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/search"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
	"github.com/steward-ops/steward/internal/platform/work"
)

// size of the benchmarks' index; SEARCH_BENCH_DOCS=1000000 for the bar of the design.
func size() int {
	if n, err := strconv.Atoi(os.Getenv("SEARCH_BENCH_DOCS")); err == nil {
		return n
	}
	return 100_000
}

func filled(b *testing.B, open func(testing.TB, ...dbtest.Option) *db.DB) *db.DB {
	b.Helper()
	d := open(b, dbtest.Migrations(search.Migrations), dbtest.Config(func(c *db.Config) { c.Sync, c.Timeout = "normal", 10*time.Minute }))
	for chunk := range slices.Chunk(rarely(corpus(size())), 1000) {
		put(b, d, chunk...)
	}
	if d.Dialect() == db.Postgres { // as autovacuum does in the course of a day
		err := d.Write(bg, func(tx db.Tx) error {
			_, err := tx.Exec(bg, "ANALYZE search_docs")
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return d
}

// rarely strews words of every frequency into the texts.
func rarely(docs []search.Doc) []search.Doc {
	for i := range docs {
		for _, every := range []int{10, 50, 200, 1000, 10_000} {
			if (i*7919)%every == 0 {
				docs[i].Public += fmt.Sprintf(" every%d %s", every, []string{"晨昏", "朝暮", "春秋", "冬夏", "乾坤"}[len(strconv.Itoa(every))-2])
			}
		}
	}
	return docs
}

func BenchmarkFind(b *testing.B) {
	staff := work.Scope{All: true}
	queries := []struct {
		name string
		q    search.Query
	}{
		{"common-han2", search.Query{Text: "故障", Scope: staff, Internal: true}},
		{"common-english", search.Query{Text: "server", Scope: staff, Internal: true}},
		{"one-char", search.Query{Text: "络", Scope: staff, Internal: true}},
		{"four-char", search.Query{Text: "网络故障", Scope: staff, Internal: true}},
		{"two-words", search.Query{Text: "打印机 timeout", Scope: staff, Internal: true}},
		{"six-words", search.Query{Text: "打印机 timeout 机房 空调 switch 巡检", Scope: staff, Internal: true}},
		{"1-in-10", search.Query{Text: "every10", Scope: staff, Internal: true}},
		{"1-in-50", search.Query{Text: "every50", Scope: staff, Internal: true}},
		{"1-in-200", search.Query{Text: "every200", Scope: staff, Internal: true}},
		{"1-in-1000", search.Query{Text: "every1000", Scope: staff, Internal: true}},
		{"1-in-10000", search.Query{Text: "every10000", Scope: staff, Internal: true}},
		{"none", search.Query{Text: "鳄鱼", Scope: staff, Internal: true}},
		{"number", search.Query{Text: "INC-2026-00777", Scope: staff, Internal: true}},
		{"tail", search.Query{Text: "00777", Scope: staff, Internal: true}},
		{"phrase", search.Query{Text: `"打印机卡纸"`, Scope: staff, Internal: true}},
		{"customer-common", search.Query{Text: "故障", Scope: work.Scope{Customers: []string{"c07"}}}},
		{"customer-own", search.Query{Text: "故障", Scope: work.Scope{Customers: []string{"c07"}, Own: "p7"}}},
		{"customer-1-in-200", search.Query{Text: "every200", Scope: work.Scope{Customers: []string{"c07"}}}},
		{"deep-page", search.Query{Text: "故障", Scope: staff, Internal: true, Before: int64(size() / 2)}},
		{"rare-type", search.Query{Text: "故障", Scope: staff, Internal: true, Types: []string{"change"}}},
	}
	on(b, func(b *testing.B, d *db.DB) {
		for _, c := range queries {
			b.Run(c.name, func(b *testing.B) {
				var took []time.Duration
				n := 0
				for b.Loop() {
					elapsed := clock.Stopwatch()
					hits, _ := find(b, d, c.q)
					took = append(took, elapsed())
					n = len(hits)
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
				b.ReportMetric(float64(n), "hits")
			})
		}
		b.Run("similar", func(b *testing.B) {
			for b.Loop() {
				_ = d.Read(bg, func(tx db.Tx) error {
					since := start.Add(time.Duration(size()) * time.Minute * 9 / 10)
					_, err := search.Similar(bg, tx, "三楼会议室打印机卡纸，server timeout，重启之后无法恢复，用户反映登录缓慢", "c07", since, 5)
					if err != nil {
						b.Error(err)
					}
					return err
				})
			}
		})
		b.Run("put", func(b *testing.B) { benchmarkPut(b, d) })
	})
}

func on(b *testing.B, fn func(b *testing.B, d *db.DB)) {
	b.Run("sqlite", func(b *testing.B) { fn(b, filled(b, dbtest.Open)) })
	b.Run("postgres", func(b *testing.B) { fn(b, filled(b, dbtest.Postgres)) })
}

// benchmarkPut adds a hundred records a transaction, so that the commit does not hide the cost of the row.
func benchmarkPut(b *testing.B, d *db.DB) {
	docs := corpus(5000)
	n := 0
	for b.Loop() {
		batch := slices.Clone(docs[n%50*100:][:100])
		for i := range batch {
			batch[i].RecordID += "-" + strconv.Itoa(n)
		}
		n++
		put(b, d, batch...)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n*100), "µs/doc")
}

func BenchmarkTokens(b *testing.B) {
	text := strings.Repeat(corpus(1)[0].Public+" ", 4)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		search.Tokens(text)
	}
}
