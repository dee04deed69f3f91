package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/app"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// The bars of reads, at the server.
const (
	listBar   = 10 * time.Millisecond
	readBar   = 5 * time.Millisecond
	searchBar = 50 * time.Millisecond
	flatBar   = 3.0 // a list that takes thrice the time on a hundred times the records still counts as flat
)

// read is one kind of request.
type read struct {
	what   string
	who    string
	paths  []string // asked in turn, all for one timing; "{number}" is a record
	bar    time.Duration
	cursor *record.Sort // begin in the middle of this order
}

func list(what, who, query string) read {
	return read{what: "list: " + what, who: who, paths: []string{"/incidents?limit=50" + query}, bar: listBar}
}

func find(what, who, q string) read {
	return read{what: "search: " + what, who: who, paths: []string{"/search?limit=50&q=" + url.QueryEscape(q)}, bar: searchBar}
}

// reads are what people look at all day, and what is known to be hard.
func reads(c *cast) []read {
	biggest, small := c.Customers[0].ID, c.Customers[60].ID
	deep := func(sort, query string) read {
		r := list("a deep page of "+sort, desk, query)
		order, _ := record.SortBy(sort)
		r.cursor = &order
		return r
	}
	return []read{
		list("open, nearest promise", desk, "&open=true"),
		list("open, priority", desk, "&open=true&sort=priority"),
		list("open, newest", desk, "&open=true&sort=-created_at"),
		list("open, last changed", desk, "&open=true&sort=-updated_at"),
		list("mine", engineer, "&open=true&assignee=me"),
		list("my team", engineer, "&open=true&team=mine"),
		list("nobody's", desk, "&open=true&assignee=none"),
		list("one state", desk, "&state=assigned_L1"),
		list("a closed state, newest", desk, "&state=closed_invalid&sort=-created_at"),
		list("waiting", desk, "&kind=waiting"),
		list("a large customer, open", desk, "&open=true&customer="+biggest),
		list("a small customer, open", desk, "&open=true&customer="+small),
		list("a small customer, all", desk, "&sort=-created_at&customer="+small),
		list("a small customer, last changed", desk, "&sort=-updated_at&customer="+small),
		list("all, nearest promise", desk, ""),
		list("all, newest", desk, "&sort=-created_at"),
		list("all, last changed", desk, "&sort=-updated_at"),
		list("all, by number", desk, "&sort=number"),
		list("category and priority, newest", desk, "&f.category=network_lan&priority=critical&sort=-created_at"),
		list("closed by me, last changed", engineer, "&open=false&assignee=me&sort=-updated_at"),
		list("with a word", desk, "&open=true&q="+url.QueryEscape("打印")),
		list("counted", desk, "&open=true&count=true"),
		list("three customers, open", limited, "&open=true"),
		list("three customers, newest", limited, "&sort=-created_at"),
		list("three customers, all by promise", limited, ""),
		list("own records, newest", user, "&sort=-created_at"),
		list("own records, by promise", user, "&open=true"),
		list("own organisation, newest", responsible, "&sort=-created_at"),
		list("own organisation, open", responsible, "&open=true"),
		deep("due", "&open=true&sort=due"),
		deep("-created_at", "&sort=-created_at"),
		deep("-updated_at", "&sort=-updated_at"),
		{what: "list: my work", who: engineer, paths: []string{"/work"}, bar: listBar},
		{what: "list: counts", who: engineer, paths: []string{"/counts"}, bar: listBar},
		{what: "read with timeline", who: desk, paths: []string{"/incidents/{number}", "/incidents/{number}/timeline"}, bar: readBar},
		{what: "read with timeline, by its customer", who: responsible, paths: []string{"/incidents/{number}", "/incidents/{number}/timeline"}, bar: readBar},
		find("打印", desk, "打印"), find("蓝屏", desk, "蓝屏"), find("雷击", desk, "雷击"), find("停产, once frequent", desk, "停产"), find("鲸鱼, nowhere", desk, "鲸鱼"),
		find("打印 雷击, frequent and rare", desk, "打印 雷击"), find("打印 停产, both frequent, never lately", desk, "打印 停产"), find("印, one character", desk, "印"),
		find("printer words: vpn", desk, "VPN"), find("timeout", desk, "timeout"), find("oracle license", desk, "oracle license"),
		find("a number", desk, "INC-2021-0004711"), find("打印, three customers", limited, "打印"), find("雷击, three customers", limited, "雷击"),
		find("打印, own records", user, "打印"), find("打印, own organisation", responsible, "打印"), find("停产, own organisation", responsible, "停产"),
	}
}

// measureReads takes each kind of read on the small and on the large database.
func measureReads(ctx context.Context, o *options, p *place, report *report) error {
	results := map[int]map[string]timings{}
	sizes := []int{o.small, o.large}
	if p.cast.Filled > o.small { // a kept database cannot shrink
		sizes = sizes[1:]
	}
	for _, size := range sizes {
		if err := p.fill(ctx, size); err != nil {
			return err
		}
		err := p.inside(ctx, func(a *app.App) (err error) {
			done, err := profiled(o, fmt.Sprintf("read-%s-%d", p.dialect, size))
			if err != nil {
				return err
			}
			defer done()
			results[size], err = readAll(ctx, o, p, a)
			return err
		})
		if err != nil {
			return err
		}
		report.noteLoad()
	}
	small, large := results[o.small], results[o.large]
	for _, r := range reads(&p.cast) {
		t, before := large[r.what], small[r.what]
		if len(t) == 0 {
			continue
		}
		l := line{string(p.dialect), r.what, fmt.Sprintf("p50 %s p99 %s", brief(t.at(0.5)), brief(t.at(0.99))), "bare rows " + brief(large[bareRead].at(0.5)),
			times(t.at(0.5), large[bareRead].at(0.5)), "p99 ≤ " + brief(r.bar), verdict(t.at(0.99) <= r.bar)}
		if len(before) > 0 {
			growth := float64(t.at(0.5)) / float64(before.at(0.5))
			l.yardstick += fmt.Sprintf("; %d records: p50 %s", o.small, brief(before.at(0.5)))
			l.ratio += fmt.Sprintf("; grows %.1f×", growth)
			l.verdict = verdict(t.at(0.99) <= r.bar && (r.bar != listBar || growth <= flatBar || t.at(0.5) < listBar/10))
		}
		report.add(l)
	}
	return nil
}

// bareRead is the yardstick of reads: fifty rows by the range of a key, and their columns taken out, without anything else.
const bareRead = "bare"

func readAll(ctx context.Context, o *options, p *place, a *app.App) (map[string]timings, error) {
	numbers, err := sample(ctx, a.DB, p.cast.Customers[0].ID)
	if err != nil {
		return nil, err
	}
	results := map[string]timings{}
	for range o.requests {
		took := time.Now()
		if err := a.DB.Read(ctx, func(tx db.Tx) error { return fiftyRows(ctx, tx) }); err != nil {
			return nil, err
		}
		results[bareRead] = append(results[bareRead], time.Since(took))
	}
	for _, r := range reads(&p.cast) {
		if !strings.Contains(r.what, o.match) {
			continue
		}
		t, err := r.measure(ctx, o, p, a, numbers)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.what, err)
		}
		results[r.what] = t
		if o.keep != "" {
			progress("  %-45s p50 %-9s p99 %s", r.what, brief(t.at(0.5)), brief(t.at(0.99)))
		}
	}
	return results, nil
}

func fiftyRows(ctx context.Context, tx db.Tx) error {
	rows, err := tx.Query(ctx, `SELECT id, number, title, description, state, customer_id, assignee_id, fields, trail, due_at, version
		FROM records WHERE type = $1 AND open ORDER BY due_at, id LIMIT 50`, "incident")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var texts [9]string
		var numbers [2]int64
		if err := rows.Scan(&texts[0], &texts[1], &texts[2], &texts[3], &texts[4], &texts[5], &texts[6], &texts[7], &texts[8], &numbers[0], &numbers[1]); err != nil {
			return err
		}
	}
	return rows.Err()
}

// sample are numbers of records from everywhere, all of one customer, so that anybody of interest may read them.
func sample(ctx context.Context, database *db.DB, customer string) (numbers []string, err error) {
	err = database.Read(ctx, func(tx db.Tx) (err error) {
		numbers, err = db.All(ctx, tx, db.Scan[string], `SELECT number FROM (SELECT number, row_number() OVER (ORDER BY created_at, id) AS place, count(*) OVER () AS total
			FROM records WHERE customer_id = $1 AND type = 'incident') n WHERE place % (total / 200 + 1) = 0`, customer)
		return err
	})
	return numbers, err
}

// measure asks again and again. The first few requests warm what a running program has warm.
func (r read) measure(ctx context.Context, o *options, p *place, a *app.App, numbers []string) (timings, error) {
	c := &caller{handler: a.API.Handler(), token: p.cast.Tokens[r.who]}
	cursor := ""
	if r.cursor != nil {
		var err error
		if cursor, err = middle(ctx, a.DB, *r.cursor); err != nil {
			return nil, err
		}
	}
	var t timings
	warm := 5
	for i := range o.requests + warm {
		number := numbers[i%len(numbers)]
		var took time.Duration
		for _, path := range r.paths {
			one, err := c.timed(ctx, strings.ReplaceAll(path, "{number}", number)+cursor)
			if err != nil {
				return nil, err
			}
			took += one
		}
		if i >= warm {
			t = append(t, took)
		}
	}
	return t, nil
}

// timed is how long the server takes over a request.
func (c *caller) timed(ctx context.Context, path string) (time.Duration, error) {
	r, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	a := c.serve(r)
	took := time.Since(began)
	if a.status != http.StatusOK || !json.Valid(a.body.Bytes()) {
		return 0, fmt.Errorf("GET %s: answer %d: %s", path, a.status, a.body.String())
	}
	return took, nil
}

// middle is the cursor of a page in the middle of an order.
func middle(ctx context.Context, database *db.DB, sort record.Sort) (string, error) {
	var cursor string
	err := database.Read(ctx, func(tx db.Tx) error {
		condition := "type = 'incident'"
		if sort.Name == "due" {
			condition += " AND open"
		}
		n, err := db.One(ctx, tx, db.Scan[int], "SELECT count(*) FROM records WHERE "+condition)
		if err != nil {
			return err
		}
		column := map[string]string{"due": "due_at", "-created_at": "created_at DESC", "-updated_at": "updated_at DESC"}[sort.Name]
		number, err := db.One(ctx, tx, db.Scan[string], "SELECT number FROM records WHERE "+condition+" ORDER BY "+column+" LIMIT 1 OFFSET $1", n/2)
		if err != nil {
			return err
		}
		r, err := record.Load(ctx, tx, work.System("bench"), number)
		if err != nil {
			return err
		}
		cursor = "&cursor=" + url.QueryEscape(httpapi.Cursor(sort.PlaceOf(r)))
		return nil
	})
	return cursor, err
}
