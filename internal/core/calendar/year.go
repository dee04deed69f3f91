package calendar

import (
	"cmp"
	"slices"
	"sort"
	"time"
)

// span is working time between two instants, in milliseconds.
type span struct{ from, to int64 }

// year is the working time that lies in a year of the wall clock: merged, in order, and summed up, so that a question
// about any stretch of it is two binary searches.
type year struct {
	spans []span
	sums  []int64 // working time before each span; one more than there are spans
}

// year compiles a year when it is first asked for.
func (c *Calendar) year(n int) *year {
	if y, ok := c.years.Load(n); ok {
		return y.(*year)
	}
	y := c.compile(n)
	c.years.Store(n, y)
	return y
}

// compile lays out the shifts of a year, and those of the days before that run into it. A shift belongs to the day it
// starts on: a holiday takes away those that start then, not the rest of the night before.
func (c *Calendar) compile(n int) *year {
	first, end := dateOf(n, time.January, 1), dateOf(n+1, time.January, 1)
	opens, closes := c.instant(first, 0), c.instant(end, 0)
	var spans []span
	for d := first - 2; d < end; d++ {
		for _, s := range c.hours(d) {
			one := span{max(c.instant(d, s.from), opens), min(c.instant(d, s.to), closes)}
			if one.from < one.to {
				spans = append(spans, one)
			}
		}
	}
	return sumUp(merge(spans))
}

// merge puts spans in order and joins those that touch or overlap: they count once.
func merge(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var merged []span
	for _, s := range spans {
		if last := len(merged) - 1; last >= 0 && s.from <= merged[last].to {
			merged[last].to = max(merged[last].to, s.to)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

func sumUp(spans []span) *year {
	y := &year{spans: spans, sums: make([]int64, len(spans)+1)}
	for i, s := range spans {
		y.sums[i+1] = y.sums[i] + s.to - s.from
	}
	return y
}

func (y *year) total() int64 { return y.sums[len(y.spans)] }

// after is the first span that ends after an instant.
func (y *year) after(at int64) int {
	return sort.Search(len(y.spans), func(i int) bool { return y.spans[i].to > at })
}

// used is the working time of the year before an instant.
func (y *year) used(at int64) int64 {
	i := y.after(at)
	if i < len(y.spans) && y.spans[i].from < at {
		return y.sums[i] + at - y.spans[i].from
	}
	return y.sums[i]
}

// reach is the first instant by which so much of the year's working time has passed; there must be so much.
func (y *year) reach(amount int64) int64 {
	i := sort.Search(len(y.spans), func(i int) bool { return y.sums[i+1] >= amount })
	return y.spans[i].from + amount - y.sums[i]
}

// leave is the last instant before which so much of the year's working time has passed.
func (y *year) leave(amount int64) int64 {
	i := sort.Search(len(y.spans), func(i int) bool { return y.sums[i+1] > amount })
	return y.spans[i].from + amount - y.sums[i]
}
