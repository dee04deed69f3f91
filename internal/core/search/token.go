// Package search finds records by words, in Chinese and English, on both databases alike.
package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kljensen/snowball/english"
)

// class is what a character is to the tokenizer.
type class int

const (
	gap   class = iota // white space and everything that only separates
	joint              // punctuation that holds a compound together: 10.2.3.4, INC-2026-00042, a.b@c.com
	latin              // letters and digits of scripts with words
	han                // scripts without blanks between words
)

// fold is a character as it is compared: half-width, lower case.
func fold(c rune) rune {
	switch {
	case c < utf8.RuneSelf:
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	case c >= '！' && c <= '～':
		return fold(c - 0xFEE0)
	case c == '\u3000':
		return ' '
	}
	return unicode.ToLower(unicode.ToUpper(c)) // both ways, so that ſ and s are one
}

func classOf(c rune) class {
	switch {
	case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
		return latin
	case c < utf8.RuneSelf:
		if strings.ContainsRune("-._/@:#+&'\\", c) {
			return joint
		}
		return gap
	case unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || c == 'ー' || c == '〇':
		return han
	case unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c):
		return latin
	}
	return gap
}

// ignorable tells whether a character is not seen at all: zero-width blanks, soft hyphens, variation selectors.
func ignorable(c rune) bool {
	return c >= 0xAD && unicode.In(c, unicode.Cf, unicode.Variation_Selector)
}

// piece is a run of one class in a text.
type piece struct {
	class    class
	runes    []rune // folded
	from, to int    // bytes in the text
	joined   bool   // hangs on the piece before by one joint
}

// pieces cuts a text into its words and runs of Han characters.
func pieces(text string) []piece {
	var list []piece
	var now piece
	joints, started := 0, false
	flush := func() {
		if len(now.runes) > 0 {
			list = append(list, now)
		}
		now = piece{}
	}
	for i, raw := range text {
		if ignorable(raw) {
			continue
		}
		c := fold(raw)
		kind := classOf(c)
		switch {
		case kind == latin || kind == han:
			if kind != now.class {
				flush()
				now = piece{class: kind, from: i, joined: started && joints == 1 && kind == latin && lastIs(list, latin)}
			}
			now.runes = append(now.runes, c)
			now.to = i + utf8.RuneLen(raw) // a broken byte is a gap and never comes here
			joints, started = 0, true
		case kind == joint:
			flush()
			joints++
		default:
			flush()
			joints, started = 0, false
		}
	}
	flush()
	return list
}

func lastIs(list []piece, c class) bool { return len(list) > 0 && list[len(list)-1].class == c }

// maxWord cuts what is no word: base64, hashes.
const maxWord = 64

// word is the token of a Latin piece.
func (p piece) word() string {
	runes := p.runes
	if len(runes) > maxWord {
		runes = runes[:maxWord]
	}
	w := string(runes)
	if !stemmable(w) {
		return w
	}
	return english.Stem(w, true)
}

// stemmable tells whether a word is plain English letters: with digits in it, it is a name.
func stemmable(w string) bool {
	if len(w) < 3 {
		return false
	}
	for i := range len(w) {
		if w[i] < 'a' || w[i] > 'z' {
			return false
		}
	}
	return true
}

// bigrams are the tokens of a Han run: every two neighbours and, with last, the last character alone.
func (p piece) bigrams(last bool) []string {
	var list []string
	for i := 0; i+1 < len(p.runes); i++ {
		list = append(list, string(p.runes[i:i+2]))
	}
	if last || len(p.runes) == 1 {
		list = append(list, string(p.runes[len(p.runes)-1:]))
	}
	return list
}

// compounds groups pieces that hang together.
func compounds(list []piece) [][]piece {
	var groups [][]piece
	for _, p := range list {
		if p.joined {
			groups[len(groups)-1] = append(groups[len(groups)-1], p)
		} else {
			groups = append(groups, []piece{p})
		}
	}
	return groups
}

// number is the whole of a record number such as INC-2026-00042, as inc-2026-42, or "".
func number(group []piece) string {
	if len(group) != 3 || !digits(group[1].runes) || len(group[1].runes) < 4 || !digits(group[2].runes) {
		return ""
	}
	prefix := string(group[0].runes)
	if !letters(prefix) || len(prefix) < 2 || len(prefix) > 8 || len(group[1].runes) > 8 || len(group[2].runes) > 12 {
		return ""
	}
	return prefix + "-" + string(group[1].runes) + "-" + strings.TrimLeft(string(group[2].runes), "0")
}

func letters(s string) bool {
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			return false
		}
	}
	return s != ""
}

func digits(runes []rune) bool {
	for _, c := range runes {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(runes) > 0
}

// tail is a number without its leading zeros, or "" when it has none.
func tail(p piece) string {
	if p.class != latin || !digits(p.runes) || p.runes[0] != '0' {
		return ""
	}
	return strings.TrimLeft(string(p.runes), "0")
}

// How much of one text is indexed: PostgreSQL takes no more than a megabyte a record.
const (
	maxTokens = 30_000
	maxBytes  = 300_000
)

// tokens are those of a stored text: in is what stands in order, so that phrases can be found; beside are other forms
// of the same words.
func tokens(text string) (in, beside []string) {
	size := 0
	seen := map[string]bool{}
	add := func(s string) {
		if s != "" && !seen[s] {
			seen[s] = true
			size += len(s)
			beside = append(beside, s)
		}
	}
	for _, group := range compounds(pieces(text)) {
		add(number(group))
		for _, p := range group {
			add(tail(p))
			for _, token := range p.tokens() {
				size += len(token)
				in = append(in, token)
			}
		}
		if len(in) > maxTokens || size > maxBytes {
			break
		}
	}
	return in[:min(len(in), maxTokens)], beside
}

func (p piece) tokens() []string {
	if p.class == han {
		return p.bigrams(true)
	}
	return []string{p.word()}
}

// Tokens are the words of a text as the index has them; for tests and curiosity.
func Tokens(text string) []string {
	in, beside := tokens(text)
	return append(in, beside...)
}
