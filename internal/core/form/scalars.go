package form

import (
	"encoding/json"
	"math"
	"net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/steward-ops/steward/internal/kernel/text"
)

// How long texts may be, in characters.
const (
	shortText = 500
	longText  = 50_000
	linkText  = 2_000
	emailText = 254
	maxText   = 1_000_000
)

// words says in messages which form is wanted.
var words = map[Type]text.Label{
	Text:      {Zh: "文字", En: "text"},
	Number:    {Zh: "数字", En: "a number"},
	Money:     {Zh: "金额，如 12.50", En: "an amount such as 12.50"},
	Bool:      {Zh: "是或否", En: "yes or no"},
	Date:      {Zh: "日期，如 2025-03-04", En: "a date such as 2025-03-04"},
	Time:      {Zh: "时刻，如 09:30", En: "a time of day such as 09:30"},
	DateTime:  {Zh: "带时区的时间，如 2025-03-04T09:30:00+08:00", En: "a time with its offset, such as 2025-03-04T09:30:00+08:00"},
	Duration:  {Zh: "整数秒", En: "whole seconds"},
	Enum:      {Zh: "选项代码", En: "the code of an option"},
	Ref:       {Zh: "编号", En: "an id"},
	Files:     {Zh: "附件列表", En: "a list of files"},
	Table:     {Zh: "行的列表", En: "a list of rows"},
	Checklist: {Zh: "检查项和结果", En: "lines with their answers"},
	Signoffs:  {Zh: "会签项", En: "sign-offs"},
	Consent:   {Zh: "同意记录", En: "a consent"},
	Signature: {Zh: "签名", En: "a signature"},
	Rating:    {Zh: "整数评分或“拒评”", En: "a whole mark, or declined"},
	Geo:       {Zh: "经纬度", En: "a latitude and longitude"},
	Interval:  {Zh: "起止时间", En: "a from and a to"},
	Phone:     {Zh: "电话号码", En: "a phone number"},
	Email:     {Zh: "邮箱地址", En: "an e-mail address"},
	Link:      {Zh: "以 http 开头的网址", En: "an address that begins with http"},
}

// wrongType notes that the form is wrong; it returns what a reader returns then.
func (r *reading) wrongType(f *Field, path string, t Type) (any, bool) {
	r.fault(f, path, "field.type", text.Params{"wanted": words[t]})
	return nil, false
}

// str reads a JSON string that is proper UTF-8 without control characters, trimmed.
func (r *reading) str(f *Field, path string, raw json.RawMessage, lines bool, t Type) (string, bool) {
	if !utf8.Valid(raw) {
		r.fault(f, path, "field.encoding", nil)
		return "", false
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		r.wrongType(f, path, t)
		return "", false
	}
	if lost(raw, s) {
		r.fault(f, path, "field.encoding", nil)
		return "", false
	}
	return r.tidy(f, path, s, lines)
}

// lost tells whether decoding replaced a broken escape (half a surrogate pair) by U+FFFD.
func lost(raw json.RawMessage, decoded string) bool {
	const mark = "\uFFFD"
	there := strings.Count(decoded, mark)
	if there == 0 {
		return false
	}
	meant := strings.Count(string(raw), mark) + strings.Count(strings.ToLower(string(raw)), `\ufffd`)
	return there > meant
}

func (r *reading) tidy(f *Field, path, s string, lines bool) (string, bool) {
	s = strings.TrimSpace(s)
	if lines {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	} else {
		s = strings.ReplaceAll(s, "\t", " ")
	}
	for _, c := range s {
		if !isControl(c) || (lines && (c == '\n' || c == '\t')) {
			continue
		}
		code := "form.control"
		if c == '\n' || c == '\r' {
			code = "form.line"
		}
		r.fault(f, path, code, nil)
		return "", false
	}
	return s, true
}

func isControl(c rune) bool {
	return unicode.IsControl(c) || c == '\u2028' || c == '\u2029' || c == '\uFFFE' || c == '\uFFFF'
}

// bounded checks length and pattern.
func (r *reading) bounded(f *Field, path, s string, limit int) (any, bool) {
	if f.MaxLen > 0 {
		limit = f.MaxLen
	}
	if len(s) > limit && utf8.RuneCountInString(s) > limit {
		r.fault(f, path, "field.length", text.Params{"max": limit})
		return nil, false
	}
	if f.pattern != nil && !f.pattern.MatchString(s) {
		r.fault(f, path, "form.pattern", nil)
		return nil, false
	}
	return s, true
}

func readText(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	limit := shortText
	if f.Type == Markdown {
		limit = longText
	}
	s, ok := r.str(f, path, raw, f.Type == Markdown, Text)
	if !ok {
		return nil, false
	}
	if s == "" {
		return nil, true
	}
	return r.bounded(f, path, s, limit)
}

var phoneForm = regexp.MustCompile(`^\+?\(?[0-9][0-9()-]{2,24}([x#转,][0-9]{1,8})?$`)

func readPhone(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	s, ok := r.str(f, path, raw, false, Phone)
	if !ok || s == "" {
		return nil, ok
	}
	s = strings.ReplaceAll(strings.Map(narrow, s), " ", "")
	if !phoneForm.MatchString(s) {
		return r.wrongType(f, path, Phone)
	}
	return r.bounded(f, path, s, 40)
}

// narrow turns a full-width character into its usual form.
func narrow(c rune) rune {
	switch {
	case c == '\u3000' || c == '\u00A0':
		return ' '
	case c >= '！' && c <= '～':
		return c - 0xFEE0
	}
	return c
}

func readEmail(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	s, ok := r.str(f, path, raw, false, Email)
	if !ok || s == "" {
		return nil, ok
	}
	address, err := mail.ParseAddress(s)
	if err != nil || address.Address != s || address.Name != "" {
		return r.wrongType(f, path, Email)
	}
	at := strings.LastIndexByte(s, '@')
	return r.bounded(f, path, s[:at]+strings.ToLower(s[at:]), emailText)
}

func readLink(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	s, ok := r.str(f, path, raw, false, Link)
	if !ok || s == "" {
		return nil, ok
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return r.wrongType(f, path, Link)
	}
	return r.bounded(f, path, s, linkText)
}

func readBool(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	var b bool
	if json.Unmarshal(raw, &b) != nil {
		return r.wrongType(f, path, Bool)
	}
	return b, true
}

func readNumber(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	n, ok := number(raw)
	if !ok {
		return r.wrongType(f, path, Number)
	}
	return n, r.within(f, path, n)
}

func number(raw json.RawMessage) (float64, bool) {
	var n float64
	if json.Unmarshal(raw, &n) != nil {
		return 0, false
	}
	return n + 0, true // -0 becomes 0
}

// within checks min and max.
func (r *reading) within(f *Field, path string, n float64) bool {
	low, high := math.Inf(-1), math.Inf(1)
	if f.Min != nil {
		low = *f.Min
	}
	if f.Max != nil {
		high = *f.Max
	}
	if n >= low && n <= high {
		return true
	}
	r.outOfRange(f, path, low, high)
	return false
}

func (r *reading) outOfRange(f *Field, path string, low, high float64) {
	switch {
	case math.IsInf(high, 1):
		r.fault(f, path, "form.low", text.Params{"min": spell(low)})
	case math.IsInf(low, -1):
		r.fault(f, path, "form.high", text.Params{"max": spell(high)})
	default:
		r.fault(f, path, "field.range", text.Params{"min": spell(low), "max": spell(high)})
	}
}

func spell(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

var moneyForm = regexp.MustCompile(`^(-?)0*([0-9]{1,13})(?:\.([0-9]{1,2})0*)?$`)

func readMoney(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	s := strings.TrimSpace(string(raw))
	if strings.HasPrefix(s, `"`) {
		var ok bool
		if s, ok = r.str(f, path, raw, false, Money); !ok || s == "" {
			return nil, ok
		}
	}
	parts := moneyForm.FindStringSubmatch(s)
	if parts == nil {
		return r.wrongType(f, path, Money)
	}
	amount := parts[2] + "." + (parts[3] + "00")[:2]
	if amount != "0.00" {
		amount = parts[1] + amount
	}
	n, _ := strconv.ParseFloat(amount, 64)
	return amount, r.within(f, path, n)
}

// maxSeconds is a century: more is a mistake.
const maxSeconds = 100 * 366 * 24 * 3600

func readDuration(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	n, ok := number(raw)
	if !ok || n != math.Trunc(n) || n < 0 || n > maxSeconds {
		return r.wrongType(f, path, Duration)
	}
	return n, r.within(f, path, n)
}

// Declined stands for a mark that somebody would not give.
const Declined = "declined"

func readRating(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	if strings.TrimSpace(string(raw)) == `"`+Declined+`"` {
		return Declined, true
	}
	n, ok := number(raw)
	if !ok || n != math.Trunc(n) {
		return r.wrongType(f, path, Rating)
	}
	if n < 1 || n > float64(f.Scale) {
		r.outOfRange(f, path, 1, float64(f.Scale))
		return nil, false
	}
	return n, true
}

func readDate(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	s, ok := r.str(f, path, raw, false, Date)
	if !ok || s == "" {
		return nil, ok
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || !sane(t) {
		return r.wrongType(f, path, Date)
	}
	return s, true
}

// sane tells whether a year is one that people mean.
func sane(t time.Time) bool { return t.Year() >= 1900 && t.Year() <= 9998 }

var timeForm = regexp.MustCompile(`^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$`)

func readTime(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	s, ok := r.str(f, path, raw, false, Time)
	if !ok || s == "" {
		return nil, ok
	}
	if !timeForm.MatchString(s) {
		return r.wrongType(f, path, Time)
	}
	return s, true
}

func readDateTime(r *reading, f *Field, path string, raw json.RawMessage, _ any) (any, bool) {
	s, ok := r.str(f, path, raw, false, DateTime)
	if !ok || s == "" {
		return nil, ok
	}
	t, ok := r.instant(s)
	if !ok {
		return r.wrongType(f, path, DateTime)
	}
	return stamp(t), true
}

// instant reads RFC 3339; without an offset, the reader's zone is meant.
func (r *reading) instant(s string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, sane(t)
	}
	if r.p.Zone == nil {
		return time.Time{}, false
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, s, r.p.Zone); err == nil {
			return t, sane(t)
		}
	}
	return time.Time{}, false
}
