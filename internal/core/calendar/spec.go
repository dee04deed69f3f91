package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Spec is a calendar as people write it.
type Spec struct {
	Timezone string                `json:"timezone" maxLength:"60" doc:"IANA name, like Asia/Shanghai"`
	Weekly   map[string][]Interval `json:"weekly" doc:"hours of mon, tue, wed, thu, fri, sat and sun; a day that is left out is closed"`
	Holidays []string              `json:"holidays,omitempty" maxItems:"5000" nullable:"false" doc:"dates on which no shift starts"`
	Extra    []Workday             `json:"extra_workdays,omitempty" maxItems:"5000" nullable:"false" doc:"dates that work whatever they would be"`
}

// Interval is from when to when of a day: ["09:00", "12:00"]. 24:00 is the next midnight; one that closes at or before it
// opens runs into the next day.
type Interval [2]string

// Workday is a make-up day. Without intervals it has the hours of the first weekday that has any; an empty list is closed.
type Workday struct {
	Date      string      `json:"date" maxLength:"10"`
	Intervals *[]Interval `json:"intervals,omitempty"`
}

// weekdays by their names in a Spec, in the order of a week.
var weekdays = []struct {
	name string
	day  time.Weekday
}{{"mon", time.Monday}, {"tue", time.Tuesday}, {"wed", time.Wednesday}, {"thu", time.Thursday}, {"fri", time.Friday}, {"sat", time.Saturday}, {"sun", time.Sunday}}

// New compiles a calendar. It fails with invalid, every wrong field named.
func New(spec Spec) (*Calendar, error) { return compile(spec, nil) }

// compiler collects what is wrong with a Spec.
type compiler struct {
	c      *Calendar
	faults []fault.Field
}

// compile lays what names say of holidays under the dates of the Spec.
func compile(spec Spec, names map[string]string) (*Calendar, error) {
	k := &compiler{c: &Calendar{days: map[day]exception{}}}
	var err error
	if k.c.zone, err = time.LoadLocation(spec.Timezone); err != nil || spec.Timezone == "" || spec.Timezone == "Local" {
		k.fail("timezone", "calendar.zone")
	}
	k.week(spec.Weekly)
	for i, date := range spec.Holidays {
		if d, ok := k.date(fmt.Sprintf("holidays[%d]", i), date); ok {
			k.c.days[d] = exception{holiday: true, name: names[date]}
			k.c.last = max(k.c.last, d)
		}
	}
	for i, w := range spec.Extra {
		k.workday(fmt.Sprintf("extra_workdays[%d]", i), w, names)
	}
	if len(k.faults) > 0 {
		return nil, fault.Fields(k.faults...)
	}
	return k.c, nil
}

func (k *compiler) fail(field, code string) {
	k.faults = append(k.faults, fault.Field{Name: field, Code: code, Params: text.Params{"label": field}})
}

func (k *compiler) week(weekly map[string][]Interval) {
	known := map[string]bool{}
	for _, w := range weekdays {
		known[w.name] = true
		hours := k.hours("weekly."+w.name, weekly[w.name])
		k.c.week[w.day] = hours
		k.c.open = k.c.open || len(hours) > 0
	}
	for name := range weekly {
		if !known[name] {
			k.fail("weekly."+name, "calendar.weekday")
		}
	}
}

// workday replaces whatever the date would have, also a holiday.
func (k *compiler) workday(field string, w Workday, names map[string]string) {
	d, ok := k.date(field+".date", w.Date)
	if !ok {
		return
	}
	hours := k.usual()
	if w.Intervals != nil {
		hours = k.hours(field+".intervals", *w.Intervals)
	}
	k.c.days[d] = exception{hours: hours, makeUp: true, name: names[w.Date]}
	k.c.last = max(k.c.last, d)
}

// usual are the hours of the first weekday that has any.
func (k *compiler) usual() []stretch {
	for _, w := range weekdays {
		if hours := k.c.week[w.day]; len(hours) > 0 {
			return hours
		}
	}
	return nil
}

func (k *compiler) date(field, s string) (day, bool) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		k.fail(field, "calendar.date")
		return 0, false
	}
	return dayOf(t), true
}

func (k *compiler) hours(field string, list []Interval) []stretch {
	var out []stretch
	for i, one := range list {
		from, okFrom := clockTime(one[0])
		to, okTo := clockTime(one[1])
		if !okFrom || !okTo || from == day24 {
			k.fail(fmt.Sprintf("%s[%d]", field, i), "calendar.interval")
			continue
		}
		if to <= from {
			to += day24
		}
		out = append(out, stretch{from, to})
	}
	return out
}

// day24 is midnight at the end of a day, in seconds.
const day24 = 24 * 60 * 60

// clockTime reads "09:00" or "09:00:30" as seconds since midnight; 24:00 is the end of the day.
func clockTime(s string) (int, bool) {
	parts := strings.Split(s, ":")
	if len(parts) != 2 && len(parts) != 3 {
		return 0, false
	}
	seconds := 0
	for i, p := range parts {
		n, err := strconv.Atoi(p)
		if err != nil || len(p) != 2 || n < 0 || i > 0 && n > 59 {
			return 0, false
		}
		seconds = seconds*60 + n
	}
	if len(parts) == 2 {
		seconds *= 60
	}
	return seconds, seconds <= day24
}

func init() {
	text.Register(map[string]text.Label{
		"calendar.zone":     {Zh: "没有这个时区，请用 Asia/Shanghai 这样的名称。", En: "There is no such time zone; use a name like Asia/Shanghai."},
		"calendar.weekday":  {Zh: "{label}不是星期，请用 mon 到 sun。", En: "{label} is no weekday; use mon to sun."},
		"calendar.date":     {Zh: "{label}不是日期，请写成 2026-10-01。", En: "{label} is no date; write it as 2026-10-01."},
		"calendar.interval": {Zh: "{label}不是时段，请写成 [\"09:00\", \"18:00\"]，到半夜写 24:00。", En: "{label} is no interval; write it as [\"09:00\", \"18:00\"], and midnight as 24:00."},
	})
}
