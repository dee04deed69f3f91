package definition

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Number is how a type counts its records: "INC-{yyyy}-{seq:5}" starts anew each year (PLT-03).
type Number struct {
	pattern string
	width   int
}

var numberPart = regexp.MustCompile(`\{(yyyy|mm|dd|seq:[1-9])\}`)

// ParseNumber reads a numbering pattern; it must hold one {seq:n} and letters around.
func ParseNumber(pattern string) (Number, error) {
	parts := numberPart.FindAllStringSubmatch(pattern, -1)
	width := 0
	for _, p := range parts {
		if n, ok := strings.CutPrefix(p[1], "seq:"); ok {
			if width > 0 {
				return Number{}, fmt.Errorf("%q counts twice", pattern)
			}
			width, _ = strconv.Atoi(n)
		}
	}
	rest := numberPart.ReplaceAllString(pattern, "")
	if width == 0 || !regexp.MustCompile(`^[A-Z][A-Z0-9-]*$`).MatchString(rest) || !strings.HasSuffix(pattern, "}") {
		return Number{}, fmt.Errorf("%q is not a pattern like INC-{yyyy}-{seq:5}", pattern)
	}
	return Number{pattern: pattern, width: width}, nil
}

// Series is the counter that a number of this instant belongs to; days and years are those of its time zone.
func (n Number) Series(at time.Time) string { return n.fill(at, "#") }

// Format is the number of the given count, for an instant in the same zone.
func (n Number) Format(at time.Time, count int64) string {
	return n.fill(at, fmt.Sprintf("%0*d", n.width, count))
}

func (n Number) fill(at time.Time, seq string) string {
	return numberPart.ReplaceAllStringFunc(n.pattern, func(part string) string {
		switch part {
		case "{yyyy}":
			return at.Format("2006")
		case "{mm}":
			return at.Format("01")
		case "{dd}":
			return at.Format("02")
		}
		return seq
	})
}
