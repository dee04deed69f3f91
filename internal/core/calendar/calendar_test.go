package calendar_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/calendar"
	"github.com/steward-ops/steward/internal/kernel/fault"
)

type week = map[string][]calendar.Interval

var (
	office   = week{"mon": {{"09:00", "12:00"}, {"13:30", "18:00"}}, "tue": {{"09:00", "12:00"}, {"13:30", "18:00"}}, "wed": {{"09:00", "12:00"}, {"13:30", "18:00"}}, "thu": {{"09:00", "12:00"}, {"13:30", "18:00"}}, "fri": {{"09:00", "12:00"}, {"13:30", "18:00"}}}
	nineToIx = week{"mon": {{"09:00", "18:00"}}, "tue": {{"09:00", "18:00"}}, "wed": {{"09:00", "18:00"}}, "thu": {{"09:00", "18:00"}}, "fri": {{"09:00", "18:00"}}}
	always   = everyDay("00:00", "24:00")
)

func everyDay(from, to string) week {
	w := week{}
	for _, d := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		w[d] = []calendar.Interval{{from, to}}
	}
	return w
}

func compiled(t testing.TB, spec calendar.Spec) *calendar.Calendar {
	t.Helper()
	if spec.Timezone == "" {
		spec.Timezone = "Asia/Shanghai"
	}
	c, err := calendar.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func at(t testing.TB, s string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestAdd(t *testing.T) {
	golden := calendar.Spec{Weekly: nineToIx, Holidays: []string{"2026-10-01", "2026-10-02", "2026-10-05", "2026-10-06", "2026-10-07"}, Extra: []calendar.Workday{{Date: "2026-10-10"}}}
	for name, c := range map[string]struct {
		spec  calendar.Spec
		start string
		d     time.Duration
		want  string
	}{
		"within a shift":                             {calendar.Spec{Weekly: office}, "2026-01-05T09:00:00+08:00", time.Hour, "2026-01-05T10:00:00+08:00"},
		"over the noon break":                        {calendar.Spec{Weekly: office}, "2026-01-05T11:00:00+08:00", 2 * time.Hour, "2026-01-05T14:30:00+08:00"},
		"on closing time, not the next opening":      {calendar.Spec{Weekly: office}, "2026-01-05T09:00:00+08:00", 3 * time.Hour, "2026-01-05T12:00:00+08:00"},
		"one second past closing time":               {calendar.Spec{Weekly: office}, "2026-01-05T09:00:00+08:00", 3*time.Hour + time.Second, "2026-01-05T13:30:01+08:00"},
		"from a closed Saturday":                     {calendar.Spec{Weekly: office}, "2026-01-10T10:00:00+08:00", time.Hour, "2026-01-12T10:00:00+08:00"},
		"zero keeps a closed start":                  {calendar.Spec{Weekly: office}, "2026-01-10T10:00:00+08:00", 0, "2026-01-10T10:00:00+08:00"},
		"over National Day and its make-up Saturday": {golden, "2026-09-30T17:00:00+08:00", 3 * 9 * time.Hour, "2026-10-10T17:00:00+08:00"},
		"a make-up day that is listed as a holiday":  {calendar.Spec{Weekly: nineToIx, Holidays: []string{"2026-10-10"}, Extra: []calendar.Workday{{Date: "2026-10-10"}}}, "2026-10-10T00:00:00+08:00", time.Hour, "2026-10-10T10:00:00+08:00"},
		"a make-up day with its own hours":           {calendar.Spec{Weekly: nineToIx, Extra: []calendar.Workday{{Date: "2026-10-10", Intervals: &[]calendar.Interval{{"14:00", "16:00"}}}}}, "2026-10-10T00:00:00+08:00", time.Hour, "2026-10-10T15:00:00+08:00"},
		"a make-up day without hours is closed":      {calendar.Spec{Weekly: nineToIx, Extra: []calendar.Workday{{Date: "2026-10-12", Intervals: &[]calendar.Interval{}}}}, "2026-10-12T00:00:00+08:00", time.Hour, "2026-10-13T10:00:00+08:00"},
		"backwards":                                  {calendar.Spec{Weekly: office}, "2026-01-12T10:00:00+08:00", -2 * time.Hour, "2026-01-09T17:00:00+08:00"},
		"a night shift runs into the day after":      {calendar.Spec{Weekly: everyDay("22:00", "06:00")}, "2026-01-05T23:00:00+08:00", 8 * time.Hour, "2026-01-06T23:00:00+08:00"},
		"overlapping and touching shifts count once": {calendar.Spec{Weekly: week{"mon": {{"13:00", "15:00"}, {"09:00", "12:00"}, {"11:00", "13:00"}, {"09:00", "12:00"}}}}, "2026-01-05T09:00:00+08:00", 6 * time.Hour, "2026-01-05T15:00:00+08:00"},
		"23:59 means what it says":                   {calendar.Spec{Weekly: everyDay("00:00", "23:59")}, "2026-01-05T00:00:00+08:00", 24 * time.Hour, "2026-01-06T00:01:00+08:00"},
		"00:00 to 00:00 is the whole day":            {calendar.Spec{Weekly: everyDay("00:00", "00:00")}, "2026-01-05T00:00:00+08:00", 24 * time.Hour, "2026-01-06T00:00:00+08:00"},
		"an opening inside the spring gap moves":     {calendar.Spec{Timezone: "America/New_York", Weekly: everyDay("02:30", "05:00")}, "2026-03-08T00:00:00-05:00", time.Hour, "2026-03-08T04:30:00-04:00"},
		"an opening inside the autumn repeat":        {calendar.Spec{Timezone: "Europe/Berlin", Weekly: everyDay("02:30", "05:00")}, "2026-10-25T00:00:00+02:00", time.Hour, "2026-10-25T02:30:00+01:00"},
		"half an hour of Lord Howe":                  {calendar.Spec{Timezone: "Australia/Lord_Howe", Weekly: always}, "2026-04-05T00:00:00+11:00", 24*time.Hour + 30*time.Minute, "2026-04-06T00:00:00+10:30"},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := compiled(t, c.spec).Add(at(t, c.start), c.d)
			if !ok || !got.Equal(at(t, c.want)) {
				t.Errorf("%v %v, want %s", got, ok, c.want)
			}
		})
	}
}

func TestNeverOpen(t *testing.T) {
	for name, spec := range map[string]calendar.Spec{
		"no hours": {Weekly: week{}},
		"one day":  {Weekly: week{}, Extra: []calendar.Workday{{Date: "2026-10-10", Intervals: &[]calendar.Interval{{"09:00", "10:00"}}}}},
	} {
		if got, ok := compiled(t, spec).Add(at(t, "2026-01-01T00:00:00+08:00"), 2*time.Hour); ok {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestElapsed(t *testing.T) {
	c := compiled(t, calendar.Spec{Weekly: office})
	for _, x := range []struct {
		from, to string
		want     time.Duration
	}{
		{"2026-01-05T09:00:00+08:00", "2026-01-05T18:00:00+08:00", 7*time.Hour + 30*time.Minute},
		{"2026-01-05T18:00:00+08:00", "2026-01-06T09:00:00+08:00", 0},
		{"2026-01-06T09:00:00+08:00", "2026-01-05T09:00:00+08:00", 0},
		{"2025-12-31T17:00:00+08:00", "2026-01-01T10:00:00+08:00", 2 * time.Hour},
		{"2026-01-05T01:00:00Z", "2026-01-05T11:59:59.500+08:00", 3*time.Hour - 500*time.Millisecond},
	} {
		if got := c.Elapsed(at(t, x.from), at(t, x.to)); got != x.want {
			t.Errorf("%s to %s: %v, want %v", x.from, x.to, got, x.want)
		}
	}
}

func TestIsOpen(t *testing.T) {
	c := compiled(t, calendar.Spec{Weekly: office, Holidays: []string{"2026-01-01"}})
	for s, want := range map[string]bool{
		"2026-01-05T09:00:00+08:00": true, "2026-01-05T08:59:59+08:00": false, "2026-01-05T12:00:00+08:00": false,
		"2026-01-05T17:59:59+08:00": true, "2026-01-05T18:00:00+08:00": false, "2026-01-01T10:00:00+08:00": false,
	} {
		if got := c.IsOpen(at(t, s)); got != want {
			t.Errorf("%s: %v", s, got)
		}
	}
}

// A holiday takes away the shifts that start on it, not the rest of the night before.
func TestAHolidayLeavesTheNightBefore(t *testing.T) {
	c := compiled(t, calendar.Spec{Weekly: everyDay("22:00", "06:00"), Holidays: []string{"2026-10-01"}})
	if !c.IsOpen(at(t, "2026-10-01T05:00:00+08:00")) || c.IsOpen(at(t, "2026-10-01T23:00:00+08:00")) || c.IsOpen(at(t, "2026-10-02T05:00:00+08:00")) {
		t.Error("the night of the eve belongs to the eve")
	}
}

// Zammad #3180, bk-itsm: a 24/7 calendar must not lose a minute or a second at midnight.
func TestZammad3180AroundTheClockIsComplete(t *testing.T) {
	for _, spec := range []calendar.Spec{{Weekly: always}, {Weekly: everyDay("00:00", "00:00")}} {
		c := compiled(t, spec)
		start := at(t, "2026-03-01T00:00:00+08:00")
		if got := c.Elapsed(start, start.AddDate(0, 0, 30)); got != 2_592_000*time.Second {
			t.Error(got)
		}
		if got := c.Elapsed(start, start.AddDate(0, 0, 7)); got != 604_800*time.Second {
			t.Error(got)
		}
	}
}

// bk-itsm: a deadline of 72 hours landed three seconds late.
func TestBkItsm72HoursAre72Hours(t *testing.T) {
	start := at(t, "2026-03-01T13:07:11+08:00")
	if got, _ := compiled(t, calendar.Spec{Weekly: always}).Add(start, 72*time.Hour); !got.Equal(start.Add(72 * time.Hour)) {
		t.Error(got)
	}
}

// Zammad #390: days that are holidays in the list of a country are closed, and days that are not are open.
func TestZammad390HolidaysAreTheRealOnes(t *testing.T) {
	c, err := calendar.NewIn(calendar.China(), calendar.Spec{Timezone: "Asia/Shanghai", Weekly: nineToIx})
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range map[string]bool{
		"2025-10-08T10:00:00+08:00": false, // the last day of National Day and Mid-Autumn
		"2025-10-11T10:00:00+08:00": true,  // the make-up Saturday after it
		"2025-09-28T10:00:00+08:00": true,  // the make-up Sunday before it
		"2025-10-12T10:00:00+08:00": false,
		"2025-10-09T10:00:00+08:00": true,
	} {
		if got := c.IsOpen(at(t, s)); got != want {
			t.Errorf("%s: %v", s, got)
		}
	}
}

func TestChinaIsCompleteUntilItsLastNotice(t *testing.T) {
	china := calendar.China()
	if china.Last() != 2026 {
		t.Errorf("the last year with a notice is %d", china.Last())
	}
	for year := 2010; year <= china.Last(); year++ {
		days, notices := china.Of(year)
		if len(days) < 20 || len(notices) == 0 {
			t.Errorf("%d: %d days, %d notices", year, len(days), len(notices))
		}
	}
	if days, notices := china.Of(2027); days != nil || notices != nil {
		t.Error("2027 is guessed")
	}
}

// What an author writes about a date stands, whatever was announced.
func TestOwnDaysOutrankAnnouncedOnes(t *testing.T) {
	c, err := calendar.NewIn(calendar.China(), calendar.Spec{Timezone: "Asia/Shanghai", Weekly: nineToIx, Extra: []calendar.Workday{{Date: "2025-10-01"}}, Holidays: []string{"2025-10-11"}})
	if err != nil {
		t.Fatal(err)
	}
	if !c.IsOpen(at(t, "2025-10-01T10:00:00+08:00")) || c.IsOpen(at(t, "2025-10-11T10:00:00+08:00")) {
		t.Error("the announced days won")
	}
}

func TestLedgerAccountsForEverySecond(t *testing.T) {
	c, err := calendar.NewIn(calendar.China(), calendar.Spec{Timezone: "Asia/Shanghai", Weekly: nineToIx})
	if err != nil {
		t.Fatal(err)
	}
	from, to := at(t, "2025-09-26T17:00:00+08:00"), at(t, "2025-10-11T11:00:00+08:00")
	entries, kinds, sum, next := c.Ledger(from, to), map[calendar.Kind]bool{}, int64(0), from
	for _, e := range entries {
		if !e.From.Equal(next) || !e.To.After(e.From) {
			t.Errorf("a gap before %v", e)
		}
		next = e.To
		kinds[e.Kind] = true
		sum += e.Seconds
	}
	if !next.Equal(to) || time.Duration(sum)*time.Second != c.Elapsed(from, to) || len(kinds) != 4 {
		t.Errorf("%v %v %v: %v", next, sum, kinds, entries)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	_, err := calendar.New(calendar.Spec{Timezone: "Mars/Olympus", Weekly: week{"mon": {{"9:00", "18:00"}}, "funday": {}}, Holidays: []string{"2026-02-30"}, Extra: []calendar.Workday{{Date: "soon"}}})
	f := fault.As(err)
	if f == nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, field := range f.Fields {
		named[field.Name] = true
	}
	for _, want := range []string{"timezone", "weekly.mon[0]", "weekly.funday", "holidays[0]", "extra_workdays[0].date"} {
		if !named[want] {
			t.Errorf("%s is not named: %v", want, f.Fields)
		}
	}
}

// random makes a calendar with anything in it: nights, overlaps, holidays and make-up days around clock changes.
func random(r *rand.Rand) calendar.Spec {
	zones := []string{"Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Tehran", "Asia/Kathmandu", "Pacific/Apia", "UTC"}
	clock := func() string { return fmt.Sprintf("%02d:%02d", r.IntN(24), r.IntN(60)) }
	hours := func() (list []calendar.Interval) {
		for range r.IntN(4) {
			list = append(list, calendar.Interval{clock(), clock()})
		}
		return list
	}
	date := func() string {
		return time.Date(2011+r.IntN(2), 12, 20+r.IntN(40), 0, 0, 0, 0, time.UTC).AddDate(0, r.IntN(11), 0).Format(time.DateOnly)
	}
	spec := calendar.Spec{Timezone: zones[r.IntN(len(zones))], Weekly: week{"wed": {{clock(), clock()}}}}
	for _, d := range []string{"mon", "tue", "thu", "fri", "sat", "sun"} {
		spec.Weekly[d] = hours()
	}
	for range r.IntN(10) {
		spec.Holidays = append(spec.Holidays, date())
		own := hours()
		spec.Extra = append(spec.Extra, calendar.Workday{Date: date(), Intervals: &own}, calendar.Workday{Date: date()})
	}
	return spec
}

// TestAddAndElapsedAgree: elapsed(t, add(t, d)) = d, add is monotone, and the minutes that are open add up. A million
// questions, half a minute's work under the race detector, are asked by
//
//	STEWARD_CALENDARS=2000 go test -run TestAddAndElapsedAgree ./internal/core/calendar
func TestAddAndElapsedAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(20261001, 7))
	calendars, samples := 150, 500
	if s := os.Getenv("STEWARD_CALENDARS"); s != "" {
		var err error
		if calendars, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	for range calendars {
		spec := random(r)
		c := compiled(t, spec)
		base := time.Date(2011, 12, 25, 0, 0, 0, 0, time.UTC)
		for range samples {
			start := base.Add(time.Duration(r.Int64N(400*86400)) * time.Second)
			d := time.Duration(r.Int64N(60*3600)) * time.Second
			end, ok := c.Add(start, d)
			if !ok || c.Elapsed(start, end) != d || end.Before(start) {
				t.Fatalf("%+v: %v + %v = %v %v, elapsed %v", spec, start, d, end, ok, c.Elapsed(start, end))
			}
			further, _ := c.Add(start, d+time.Second)
			if !further.After(end) {
				t.Fatalf("%+v: %v + %v is not after %v", spec, start, d+time.Second, end)
			}
			if back, ok := c.Add(end, -d); !ok || c.Elapsed(back, end) != d || back.Before(start) {
				t.Fatalf("%+v: %v − %v = %v %v", spec, end, d, back, ok)
			}
		}
		start := base.Add(time.Duration(r.Int64N(400*1440)) * time.Minute)
		var sum time.Duration
		for m := range 3 * 1440 {
			if c.IsOpen(start.Add(time.Duration(m) * time.Minute)) {
				sum += time.Minute
			}
		}
		if got := c.Elapsed(start, start.Add(72*time.Hour)); got != sum {
			t.Fatalf("%+v: from %v three days have %v, minute by minute %v", spec, start, got, sum)
		}
	}
}

func FuzzNew(f *testing.F) {
	f.Add("Asia/Shanghai", "09:00", "18:00", "2026-10-01")
	f.Add("", "24:00", "-1:00", "0000-00-00")
	f.Fuzz(func(t *testing.T, zone, from, to, date string) {
		c, err := calendar.New(calendar.Spec{Timezone: zone, Weekly: week{"mon": {{from, to}}}, Holidays: []string{date}})
		if err != nil {
			return
		}
		start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		if end, ok := c.Add(start, time.Hour); ok && c.Elapsed(start, end) != time.Hour {
			t.Errorf("%v", end)
		}
	})
}

func BenchmarkAddAcrossAYear(b *testing.B) {
	c, err := calendar.NewIn(calendar.China(), calendar.Spec{Timezone: "Asia/Shanghai", Weekly: office})
	if err != nil {
		b.Fatal(err)
	}
	start := at(b, "2025-03-03T08:00:00+08:00")
	for b.Loop() {
		c.Add(start, 1800*time.Hour)
	}
}
