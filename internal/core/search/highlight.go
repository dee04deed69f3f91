package search

import (
	"cmp"
	"slices"
	"strings"
)

// Range is a part of a text, in bytes: text[From:To].
type Range struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Piece is a part of a snippet.
type Piece struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit,omitempty"`
}

// spot is a token of a text with the bytes it stands for.
type spot struct {
	Range
	token, other string // other is the same without leading zeros
	lone         int    // where its first character ends
}

// Highlight is where a query's words stand in a text, in order, not overlapping.
func Highlight(text, query string) []Range {
	list := pieces(text)
	spots := spotsOf(text, list)
	var ranges []Range
	for _, t := range joinedRuns(query) {
		ranges = append(ranges, occurrences(spots, t)...)
	}
	ranges = append(ranges, numbers(list, query)...)
	return merge(ranges)
}

// joinedRuns are the terms of a query in which a run of Han characters is one term: shown where it stands as a whole,
// and by its pairs besides.
func joinedRuns(query string) []term {
	terms := parse(query)
	for _, p := range pieces(query) {
		if p.class == han && p.count() > 2 {
			terms = append(terms, phrase([]piece{p})...)
		}
	}
	return terms
}

func spotsOf(text string, list []piece) []spot {
	var spots []spot
	for _, p := range list {
		if p.class != han {
			spots = append(spots, spot{Range: Range{p.from, p.to}, token: p.word(), other: p.tail(), lone: p.to})
			continue
		}
		offsets := p.offsets(text)
		for i, token := range p.bigrams(true) {
			end := min(i+2, len(offsets)-1)
			spots = append(spots, spot{Range: Range{offsets[i], offsets[end]}, token: token, lone: offsets[i+1]})
		}
	}
	return spots
}

// offsets are where each character of a piece begins, and where the last ends.
func (p piece) offsets(text string) []int {
	offsets := make([]int, 0, len(p.text)/3+1)
	for i, c := range text[p.from:p.to] {
		if !ignorable(c) {
			offsets = append(offsets, p.from+i)
		}
	}
	return append(offsets, p.to)
}

func occurrences(spots []spot, t term) []Range {
	var ranges []Range
	for i := 0; i+len(t.tokens) <= len(spots); i++ {
		if end, ok := t.at(spots[i:]); ok {
			ranges = append(ranges, Range{spots[i].From, end})
		}
	}
	return ranges
}

// at tells whether the term stands at the beginning of the spots, and where it ends.
func (t term) at(spots []spot) (int, bool) {
	end := 0
	for i, token := range t.tokens {
		s := spots[i]
		switch {
		case s.token == token || (s.other == token && token != ""):
			end = s.To
		case t.prefix && i == len(t.tokens)-1 && strings.HasPrefix(s.token, token):
			end = s.lone
		default:
			return 0, false
		}
	}
	return end, true
}

// numbers are where the record numbers of a query stand, whichever way their zeros are written.
func numbers(list []piece, query string) []Range {
	var wanted []string
	compounds(pieces(query), func(group []piece) {
		if whole := number(group); whole != "" {
			wanted = append(wanted, whole)
		}
	})
	if wanted == nil {
		return nil
	}
	var ranges []Range
	compounds(list, func(group []piece) {
		if whole := number(group); whole != "" && slices.Contains(wanted, whole) {
			ranges = append(ranges, Range{group[0].from, group[len(group)-1].to})
		}
	})
	return ranges
}

func merge(ranges []Range) []Range {
	slices.SortFunc(ranges, func(a, b Range) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(b.To, a.To)) })
	merged := []Range{}
	for _, r := range ranges {
		if n := len(merged); n > 0 && r.From <= merged[n-1].To {
			merged[n-1].To = max(merged[n-1].To, r.To)
		} else {
			merged = append(merged, r)
		}
	}
	return merged
}

// Snippet is about width characters of a text around the first place where the query's words stand, with the words marked.
func Snippet(text, query string, width int) []Piece {
	ranges := Highlight(text, query)
	from, to := 0, len(text)
	if runes := []rune(text); len(runes) > width {
		from, to = around(text, ranges, width)
	}
	pieces := []Piece{}
	add := func(s string, hit bool) {
		if s != "" {
			pieces = append(pieces, Piece{Text: s, Hit: hit})
		}
	}
	if from > 0 {
		add("…", false)
	}
	at := from
	for _, r := range ranges {
		if r.From < from || r.To > to {
			continue
		}
		add(text[at:r.From], false)
		add(text[r.From:r.To], true)
		at = r.To
	}
	add(text[at:to], false)
	if to < len(text) {
		add("…", false)
	}
	return pieces
}

// around is width characters, a third of them before the first range.
func around(text string, ranges []Range, width int) (from, to int) {
	var starts []int
	first := 0
	for i := range text {
		if len(ranges) > 0 && i <= ranges[0].From {
			first = len(starts)
		}
		starts = append(starts, i)
	}
	starts = append(starts, len(text))
	begin := max(0, min(first-width/3, len(starts)-1-width))
	end := min(begin+width, len(starts)-1)
	return starts[begin], starts[end]
}
