package search

import (
	"slices"
	"strings"
)

// term is one thing that must be found: a token, or several that follow each other.
type term struct {
	tokens []string
	prefix bool // the last token need only begin so: one Han character
}

func (t term) equal(o term) bool { return t.prefix == o.prefix && slices.Equal(t.tokens, o.tokens) }

// What a query may ask at most; the rest is left out.
const (
	maxQuery = 500 // characters
	maxTerms = 32
)

// quotes are the marks around a phrase, opening and closing.
var quotes = map[rune]rune{'"': '"', '＂': '＂', '“': '”', '„': '“', '「': '」', '『': '』'}

// parse reads what a person typed. All terms must be found; what stands in quotes must be found as it stands.
// Nothing in it is an operator.
func parse(text string) []term {
	var terms []term
	rest := []rune(text)
	if len(rest) > maxQuery {
		rest = rest[:maxQuery]
	}
	plain := 0
	for i := 0; i < len(rest); i++ {
		closing, ok := quotes[rest[i]]
		if !ok {
			continue
		}
		end := slices.Index(rest[i+1:], closing)
		if end < 0 {
			continue
		}
		terms = append(terms, loose(string(rest[plain:i]))...)
		terms = append(terms, phrase(pieces(string(rest[i+1:i+1+end])))...)
		i += end + 1
		plain = i + 1
	}
	terms = append(terms, loose(string(rest[plain:]))...)
	return sift(terms)
}

// loose are the terms of text without quotes: compounds stand together, all else may be anywhere.
func loose(text string) []term {
	var terms []term
	compounds(pieces(text), func(group []piece) {
		switch whole := number(group); {
		case whole != "":
			terms = append(terms, term{tokens: []string{whole}})
		case group[0].class == han:
			terms = append(terms, run(group[0])...)
		default:
			terms = append(terms, phrase(group)...)
		}
	})
	return terms
}

// run are the terms of a run of Han characters.
func run(p piece) []term {
	if p.count() == 1 {
		return []term{{tokens: []string{p.text}, prefix: true}}
	}
	var terms []term
	for _, pair := range p.bigrams(false) {
		terms = append(terms, term{tokens: []string{pair}})
	}
	return terms
}

// phrase is one term of pieces that follow each other.
func phrase(list []piece) []term {
	var t term
	for i, p := range list {
		last := i == len(list)-1
		if p.class == han {
			t.tokens = append(t.tokens, p.bigrams(!last)...) // within the phrase the run must end there
			t.prefix = last && p.count() == 1
		} else {
			t.tokens = append(t.tokens, p.word())
		}
	}
	if t.tokens == nil {
		return nil
	}
	return []term{t}
}

// stop are words that tell nothing; "it" and "on" and "off" do in this trade.
var stop = strings.Fields("a an and are as at be by for from in is of or that the this to was were with")

// sift leaves out what is said twice and, where there is more, what tells nothing.
func sift(terms []term) []term {
	var telling, kept []term
	for _, t := range terms {
		if slices.ContainsFunc(kept, t.equal) {
			continue
		}
		kept = append(kept, t)
		if len(t.tokens) != 1 || !slices.Contains(stop, t.tokens[0]) {
			telling = append(telling, t)
		}
	}
	if len(telling) > 0 {
		kept = telling
	}
	return kept[:min(len(kept), maxTerms)]
}
