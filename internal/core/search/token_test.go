package search_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/steward-ops/steward/internal/core/search"
)

func TestTokens(t *testing.T) {
	cases := []struct{ in, want string }{
		{"", ""},
		{"网络故障", "网络 络故 故障 障"},
		{"网", "网"},
		{"网络，故障", "网络 络 故障 障"},
		{"Printers printing", "printer print"},
		{"ＡＢＣ１２３", "abc123"},
		{"SRV01系统", "srv01 系统 统"},
		{"INC-2026-00042", "inc 2026 00042 inc-2026-42 42"},
		{"INC-2026-00000", "inc 2026 00000 inc-2026-"},
		{"00042 042", "00042 042 42"},
		{"a.b@c.com", "a b c com"},
		{"网\u200b络\ufe0f障", "网络 络障 障"},
		{"カメラ 한국", "カメ メラ ラ 한국 국"},
		{"it's don't", "it s don t"},
		{"ÉCOLE straße", "école straße"},
		{strings.Repeat("x", 100), strings.Repeat("x", 64)},
	}
	for _, c := range cases {
		if got := strings.Join(search.Tokens(c.in), " "); got != c.want {
			t.Errorf("%q: %q, want %q", c.in, got, c.want)
		}
	}
}

func TestHighlight(t *testing.T) {
	cases := []struct{ text, query, want string }{
		{"三楼打印机卡纸", "打印机", "三楼[打印机]卡纸"},
		{"三楼打印机卡纸", "印", "三楼打[印]机卡纸"},
		{"卡纸", "纸", "卡[纸]"},
		{"The printers are PRINTING", "PRINTER print", "The [printers] are [PRINTING]"},
		{"见 INC-2026-00042 和 REQ-2026-00042", "inc-2026-42", "见 [INC-2026-00042] 和 REQ-2026-00042"},
		{"见 INC-2026-00042", "42", "见 INC-2026-[00042]"},
		{"10.2.3.4 与 10.2.3.5", "10.2.3.4", "[10.2.3.4] 与 10.2.3.5"},
		{"网络 故障", "网络故障", "[网络] [故障]"},
		{"ＳＡＰ系统", "sap 系统", "[ＳＡＰ系统]"},
		{"nothing", "else", "nothing"},
		{"", "x", ""},
		{"x", "", "x"},
	}
	for _, c := range cases {
		var b strings.Builder
		at := 0
		for _, r := range search.Highlight(c.text, c.query) {
			b.WriteString(c.text[at:r.From] + "[" + c.text[r.From:r.To] + "]")
			at = r.To
		}
		b.WriteString(c.text[at:])
		if b.String() != c.want {
			t.Errorf("%s in %s: %s, want %s", c.query, c.text, b.String(), c.want)
		}
	}
}

func TestSnippet(t *testing.T) {
	text := strings.Repeat("前", 100) + "打印机" + strings.Repeat("后", 100)
	var b strings.Builder
	hits := 0
	for _, p := range search.Snippet(text, "打印机", 30) {
		b.WriteString(p.Text)
		if p.Hit {
			hits++
		}
	}
	if got := []rune(b.String()); hits != 1 || len(got) != 32 || got[0] != '…' || !strings.Contains(b.String(), "前打印机后") {
		t.Errorf("%d %q", hits, b.String())
	}
	if p := search.Snippet("短", "x", 30); len(p) != 1 || p[0].Text != "短" {
		t.Error(p)
	}
}

// No text gives a token that a database could take for more than a word.
func FuzzTokens(f *testing.F) {
	for _, s := range []string{"打印机 INC-2026-00042", `"a' \ b_c:*`, "\u200b网\ufe0f络", "\xff\x00", "İſK", "𠀀𠀁"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, token := range search.Tokens(text) {
			if token == "" || len(token) > 300 || !utf8.ValidString(token) {
				t.Fatalf("%q", token)
			}
			for _, c := range token {
				if c != '-' && !unicode.IsLetter(c) && !unicode.IsDigit(c) && !unicode.IsMark(c) && c != '〇' && c != 'ー' && !unicode.Is(unicode.Han, c) && !unicode.Is(unicode.Hangul, c) &&
					!unicode.Is(unicode.Katakana, c) && !unicode.Is(unicode.Hiragana, c) {
					t.Fatalf("%q has %q", token, c)
				}
			}
		}
		marked(t, text)
	})
}
