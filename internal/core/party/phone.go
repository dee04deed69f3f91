package party

import (
	"regexp"
	"strings"
)

var (
	extension = regexp.MustCompile(`(?i)\s*(转|分机|ext\.?|x|#|,|;)\s*[0-9]+\s*$`)
	dialing   = regexp.MustCompile(`^\+?[0-9 ()\-./]+$`)
)

// dialable tells whether a text looks like a phone number, with or without an extension.
func dialable(phone string) bool {
	phone = extension.ReplaceAllString(phone, "")
	return dialing.MatchString(phone) && len(digits(phone)) >= 3
}

// digits are a number's digits in the form in which numbers are compared: without extension, country code of
// China, and the 0 that some exchanges put before a mobile number.
func digits(phone string) string {
	phone = extension.ReplaceAllString(strings.TrimSpace(phone), "")
	abroad := strings.HasPrefix(phone, "+")
	d := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
	if rest, ok := strings.CutPrefix(d, "00"); ok {
		d, abroad = rest, true
	}
	if rest, ok := strings.CutPrefix(d, "86"); ok && (abroad || len(d) == 13 && mobile(rest)) {
		if abroad && !mobile(rest) {
			rest = "0" + rest // +86 21 6123 4567 is dialled 021 6123 4567 at home
		}
		d = rest
	}
	if rest, ok := strings.CutPrefix(d, "0"); ok && mobile(rest) {
		d = rest
	}
	return d
}

func mobile(d string) bool { return len(d) == 11 && d[0] == '1' && d[1] >= '3' }

// reversed are the digits from the last to the first: numbers with the same tail then stand beside one another
// in an index.
func reversed(phone string) string {
	b := []byte(digits(phone))
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// maskPhone leaves as much of a number as is needed to recognise it, not to dial it.
func maskPhone(phone string) string {
	d := digits(phone)
	switch {
	case phone == "":
		return ""
	case len(d) < 7:
		return "****"
	case len(d) < 10:
		return "****" + d[len(d)-2:]
	}
	return d[:3] + "****" + d[len(d)-4:]
}

// maskEmail leaves the first letter and the domain.
func maskEmail(email string) string {
	local, domain, ok := strings.Cut(email, "@")
	if !ok || local == "" {
		return ""
	}
	return string([]rune(local)[:1]) + "***@" + domain
}
