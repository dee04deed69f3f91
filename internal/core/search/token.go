// Package search finds records by words, in Chinese and English, on both databases alike.
package search

import (
	"slices"
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

// plainHan tells whether a character is one of the usual Han characters: most of all text, so it is asked first.
func plainHan(c rune) bool { return c >= 0x4E00 && c <= 0x9FFF }

// fold is a character as it is compared: half-width, lower case.
func fold(c rune) rune {
	switch {
	case c < utf8.RuneSelf:
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	case plainHan(c):
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
	case plainHan(c):
		return han
	case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
		return latin
	case c < utf8.RuneSelf:
		if strings.IndexByte("-._/@:#+&'\\", byte(c)) >= 0 {
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
	return c >= 0xAD && !plainHan(c) && unicode.In(c, unicode.Cf, unicode.Variation_Selector)
}

// piece is a run of one class in a text.
type piece struct {
	class    class
	text     string // folded
	from, to int    // bytes in the text it comes from
	joined   bool   // hangs on the piece before by one joint
}

// count is how many characters a piece has.
func (p piece) count() int { return utf8.RuneCountInString(p.text) }

// cutter cuts a text into pieces.
type cutter struct {
	source string
	list   []piece
	now    piece
	folded []byte // of the piece at hand, once it differs from the source
	differ bool
	joints int  // since the last piece
	after  bool // nothing but joints stands between the last piece and here
}

// pieces cuts a text into its words and runs of Han characters.
func pieces(text string) []piece {
	c := cutter{source: text, list: make([]piece, 0, 8+len(text)/16)}
	for i, raw := range text {
		if ignorable(raw) {
			c.differ = c.differ || c.begin()
			continue
		}
		r := fold(raw)
		switch kind := classOf(r); kind {
		case latin, han:
			c.take(kind, r, raw, i)
		case joint:
			c.end()
			c.joints++
		default:
			c.end()
			c.joints, c.after = 0, false
		}
	}
	c.end()
	return c.list
}

// begin copies what the piece at hand has so far; from now on it is written by itself.
func (c *cutter) begin() bool {
	if c.now.class == gap {
		return false
	}
	c.folded = append(c.folded[:0], c.source[c.now.from:c.now.to]...)
	return true
}

func (c *cutter) take(kind class, r, raw rune, at int) {
	if kind != c.now.class {
		c.end()
		joined := c.after && c.joints == 1 && kind == latin && c.list[len(c.list)-1].class == latin
		c.now = piece{class: kind, from: at, to: at, joined: joined}
	}
	if r != raw && !c.differ {
		c.differ = c.begin()
	}
	if c.differ {
		c.folded = utf8.AppendRune(c.folded, r)
	}
	c.now.to = at + utf8.RuneLen(raw) // a broken byte is a gap and never comes here
	c.joints, c.after = 0, true
}

func (c *cutter) end() {
	if c.now.class == gap {
		return
	}
	if c.differ {
		c.now.text = string(c.folded)
	} else {
		c.now.text = c.source[c.now.from:c.now.to]
	}
	c.list = append(c.list, c.now)
	c.now, c.differ = piece{}, false
}

// maxWord cuts what is no word: base64, hashes.
const maxWord = 64

// word is the token of a Latin piece.
func (p piece) word() string {
	w := p.text
	if len(w) > maxWord {
		runes := []rune(w)
		w = string(runes[:min(len(runes), maxWord)])
	}
	if len(w) < 3 || !letters(w) {
		return w // with digits in it, it is a name
	}
	return english.Stem(w, true)
}

// bigrams are the tokens of a Han run: every two neighbours and, with last, the last character alone.
func (p piece) bigrams(last bool) []string {
	return p.appendBigrams(nil, last)
}

func (p piece) appendBigrams(list []string, last bool) []string {
	before := -1
	for i, c := range p.text {
		if before >= 0 {
			list = append(list, p.text[before:i+utf8.RuneLen(c)])
		}
		before = i
	}
	if last || p.count() == 1 {
		list = append(list, p.text[before:])
	}
	return list
}

// compounds calls fn for every group of pieces that hang together.
func compounds(list []piece, fn func(group []piece)) {
	for begin, i := 0, 1; i <= len(list); i++ {
		if i == len(list) || !list[i].joined {
			fn(list[begin:i])
			begin = i
		}
	}
}

// number is the whole of a record number such as INC-2026-00042, as inc-2026-42, or "".
func number(group []piece) string {
	if len(group) != 3 || !letters(group[0].text) || !digits(group[1].text) || !digits(group[2].text) {
		return ""
	}
	prefix, middle, last := len(group[0].text), len(group[1].text), len(group[2].text)
	if prefix < 2 || prefix > 8 || middle < 4 || middle > 8 || last > 12 {
		return ""
	}
	return group[0].text + "-" + group[1].text + "-" + strings.TrimLeft(group[2].text, "0")
}

func letters(s string) bool {
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			return false
		}
	}
	return s != ""
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// tail is a number without its leading zeros, or "" when it has none.
func (p piece) tail() string {
	if p.class != latin || p.text[0] != '0' || !digits(p.text) {
		return ""
	}
	return strings.TrimLeft(p.text, "0")
}

// How much of one text is indexed: PostgreSQL takes no more than a megabyte a record.
const (
	maxTokens = 30_000
	maxBytes  = 300_000
	maxBeside = 200
)

// collector gathers the tokens of a stored text.
type collector struct {
	in     []string // what stands in order, so that phrases can be found
	beside []string // other forms of the same words
	size   int
}

func (c *collector) add(s string) {
	if s != "" && !slices.Contains(c.beside, s) && len(c.beside) < maxBeside {
		c.size += len(s)
		c.beside = append(c.beside, s)
	}
}

func (c *collector) full() bool { return len(c.in) >= maxTokens || c.size >= maxBytes }

func (c *collector) group(group []piece) {
	if c.full() {
		return
	}
	c.add(number(group))
	for _, p := range group {
		before := len(c.in)
		if p.class == han {
			c.in = p.appendBigrams(c.in, true)
		} else {
			c.add(p.tail())
			c.in = append(c.in, p.word())
		}
		for _, token := range c.in[before:] {
			c.size += len(token)
		}
	}
}

// tokens are those of a stored text: in order, and beside them other forms of the same words.
func tokens(text string) (in, beside []string) {
	c := collector{in: make([]string, 0, len(text)/3)}
	compounds(pieces(text), c.group)
	return c.in[:min(len(c.in), maxTokens)], c.beside
}

// Tokens are the words of a text as the index has them; for tests and curiosity.
func Tokens(text string) []string {
	in, beside := tokens(text)
	return append(in, beside...)
}
