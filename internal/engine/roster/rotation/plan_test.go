package rotation

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
)

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func compiled(t testing.TB, spec Spec) *Plan {
	t.Helper()
	p, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func handoffs(t testing.TB, p *Plan, from, to string) string {
	t.Helper()
	list, err := p.Handoffs(at(t, from), at(t, to))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(list))
	for i, h := range list {
		out[i] = h.In(p.Zone()).Format("01-02T15:04Z07:00")
	}
	return strings.Join(out, " ")
}

func names(s string) []string { return strings.Split(s, "") }

func turn(unit string, n int, start time.Time, users string) *Rotation {
	return &Rotation{Type: unit, ShiftLength: n, Start: start, Participants: names(users)}
}

// Hand-offs follow the wall clock: one in a spring gap happens at the first instant after it, one in an autumn repeat at
// its first occurrence.
func TestHandoffsAroundClockChanges(t *testing.T) {
	for _, c := range []struct {
		name, zone, unit string
		n                int
		start, from, to  string
		want             string
	}{
		{"daily in the gap", "Europe/Berlin", "daily", 1, "2025-03-28T02:30:00+01:00", "2025-03-29T00:00:00+01:00", "2025-04-01T00:00:00+02:00",
			"03-29T02:30+01:00 03-30T03:00+02:00 03-31T02:30+02:00"},
		{"daily in the repeat", "Europe/Berlin", "daily", 1, "2025-10-24T02:30:00+02:00", "2025-10-25T00:00:00+02:00", "2025-10-28T00:00:00+01:00",
			"10-25T02:30+02:00 10-26T02:30+02:00 10-27T02:30+01:00"},
		{"daily at nine keeps nine", "Europe/Berlin", "daily", 1, "2025-03-28T09:00:00+01:00", "2025-03-29T00:00:00+01:00", "2025-04-01T00:00:00+02:00",
			"03-29T09:00+01:00 03-30T09:00+02:00 03-31T09:00+02:00"},
		{"hourly jumps the hour that is not there", "Europe/Berlin", "hourly", 1, "2025-03-30T00:00:00+01:00", "2025-03-30T01:00:00+01:00", "2025-03-30T05:00:00+02:00",
			"03-30T01:00+01:00 03-30T03:00+02:00 03-30T04:00+02:00"},
		{"hourly keeps the hour that comes twice", "Europe/Berlin", "hourly", 1, "2025-10-26T00:00:00+02:00", "2025-10-26T01:00:00+02:00", "2025-10-26T04:00:00+01:00",
			"10-26T01:00+02:00 10-26T02:00+02:00 10-26T03:00+01:00"},
		{"twelve hours keep eight and eight", "Europe/Berlin", "hourly", 12, "2025-03-29T08:00:00+01:00", "2025-03-29T12:00:00+01:00", "2025-03-31T00:00:00+02:00",
			"03-29T20:00+01:00 03-30T08:00+02:00 03-30T20:00+02:00"},
		{"half an hour of gap", "Australia/Lord_Howe", "daily", 1, "2025-10-03T02:15:00+10:30", "2025-10-04T00:00:00+10:30", "2025-10-07T00:00:00+11:00",
			"10-04T02:15+10:30 10-05T02:30+11:00 10-06T02:15+11:00"},
		{"half an hour of repeat", "Australia/Lord_Howe", "daily", 1, "2025-04-04T01:45:00+11:00", "2025-04-05T00:00:00+11:00", "2025-04-08T00:00:00+10:30",
			"04-05T01:45+11:00 04-06T01:45+11:00 04-07T01:45+10:30"},
		{"midnight that is not there", "America/Sao_Paulo", "daily", 1, "2018-11-02T00:00:00-03:00", "2018-11-03T00:00:00-03:00", "2018-11-06T00:00:00-02:00",
			"11-03T00:00-03:00 11-04T01:00-02:00 11-05T00:00-02:00"},
		{"half past eleven that comes twice", "America/Sao_Paulo", "daily", 1, "2018-02-15T23:30:00-02:00", "2018-02-16T00:00:00-02:00", "2018-02-19T00:00:00-03:00",
			"02-16T23:30-02:00 02-17T23:30-02:00 02-18T23:30-03:00"},
		{"a day that is not there", "Pacific/Apia", "daily", 1, "2011-12-28T09:00:00-10:00", "2011-12-28T09:00:00-10:00", "2012-01-02T00:00:00+14:00",
			"12-28T09:00-10:00 12-29T09:00-10:00 12-31T00:00+14:00 12-31T09:00+14:00 01-01T09:00+14:00"},
		{"weekly", "Europe/Berlin", "weekly", 2, "2025-03-24T08:00:00+01:00", "2025-03-24T08:00:00+01:00", "2025-05-06T00:00:00+02:00",
			"03-24T08:00+01:00 04-07T08:00+02:00 04-21T08:00+02:00 05-05T08:00+02:00"},
		{"the 31st is the last day of a short month", "Asia/Shanghai", "monthly", 1, "2024-12-31T09:00:00+08:00", "2025-01-01T00:00:00+08:00", "2025-06-01T00:00:00+08:00",
			"01-31T09:00+08:00 02-28T09:00+08:00 03-31T09:00+08:00 04-30T09:00+08:00 05-31T09:00+08:00"},
		{"in a leap year the 29th", "Asia/Shanghai", "monthly", 1, "2023-12-31T09:00:00+08:00", "2024-02-01T00:00:00+08:00", "2024-03-01T00:00:00+08:00",
			"02-29T09:00+08:00"},
		{"every second month", "Asia/Shanghai", "monthly", 2, "2025-08-30T09:00:00+08:00", "2025-08-01T00:00:00+08:00", "2026-03-15T00:00:00+08:00",
			"08-30T09:00+08:00 10-30T09:00+08:00 12-30T09:00+08:00 02-28T09:00+08:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := compiled(t, Spec{Timezone: c.zone, Rotation: turn(c.unit, c.n, at(t, c.start), "ABC")})
			if got := handoffs(t, p, c.from, c.to); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestWho(t *testing.T) {
	start := time.Date(2025, 3, 3, 8, 0, 0, 0, time.FixedZone("", 8*3600)) // a Monday
	shanghai := func(s Spec) Spec { s.Timezone = "Asia/Shanghai"; return s }
	byDay := func(frequency string, n int, days []string, groups ...string) *Groups {
		g := &Groups{Frequency: frequency, Interval: n, Start: "2025-03-03", ByDay: days}
		for _, group := range groups {
			g.Groups = append(g.Groups, names(group))
		}
		return g
	}
	work := []string{"mon", "tue", "wed", "thu", "fri"}
	daily := shanghai(Spec{Rotation: turn("daily", 1, start, "AB")})
	with := func(overrides ...Override) Spec { s := daily; s.Overrides = overrides; return s }
	over := func(kind, add, remove string, from, to string, priority int) Override {
		return Override{Type: kind, Add: add, Remove: remove, Start: at(t, from), End: at(t, to), Priority: priority}
	}
	night := shanghai(Spec{Layers: []Layer{{User: "N", Days: []string{"fri"}, From: "22:00", To: "06:00"}}})
	ranked := shanghai(Spec{LayerMode: "priority", Layers: []Layer{
		{User: "L", Priority: 1}, {User: "H", From: "09:00", To: "18:00", Days: work, Priority: 5}, {User: "I", From: "09:00", To: "12:00", Days: work, Priority: 5}}})
	union := ranked
	union.LayerMode = "union"
	temporary := with(over("add", "X", "", "2025-03-03T00:00:00+08:00", "2025-03-20T00:00:00+08:00", 0))
	temporary.Temporary = []Temporary{{Start: at(t, "2025-03-05T00:00:00+08:00"), End: at(t, "2025-03-06T00:00:00+08:00"),
		Shifts: []Fixed{{User: "T", Start: at(t, "2025-03-04T00:00:00+08:00"), End: at(t, "2025-03-05T12:00:00+08:00")}}}}
	for _, c := range []struct {
		name string
		spec Spec
		at   string
		want string
	}{
		{"nobody before the start", daily, "2025-03-03T07:59:59+08:00", ""},
		{"the first from the start on", daily, "2025-03-03T08:00:00+08:00", "A"},
		{"until the second before the hand-off", daily, "2025-03-04T07:59:59+08:00", "A"},
		{"the next from the hand-off on", daily, "2025-03-04T08:00:00+08:00", "B"},
		{"round again", daily, "2025-03-05T08:00:00+08:00", "A"},
		{"three days each", shanghai(Spec{Rotation: turn("daily", 3, start, "AB")}), "2025-03-06T08:00:00+08:00", "B"},

		{"a roster by weekdays: Monday", shanghai(Spec{Roster: byDay("daily", 1, work, "A", "B", "C")}), "2025-03-03T12:00:00+08:00", "A"},
		{"Friday", shanghai(Spec{Roster: byDay("daily", 1, work, "A", "B", "C")}), "2025-03-07T23:59:59+08:00", "B"},
		{"nobody on Saturday", shanghai(Spec{Roster: byDay("daily", 1, work, "A", "B", "C")}), "2025-03-08T00:00:00+08:00", ""},
		{"Monday goes on where Friday ended", shanghai(Spec{Roster: byDay("daily", 1, work, "A", "B", "C")}), "2025-03-10T00:00:00+08:00", "C"},
		{"two active days each", shanghai(Spec{Roster: byDay("daily", 2, work, "A", "B", "C")}), "2025-03-07T12:00:00+08:00", "C"},
		{"whose second day is Monday", shanghai(Spec{Roster: byDay("daily", 2, work, "A", "B", "C")}), "2025-03-10T12:00:00+08:00", "C"},
		{"a group of two", shanghai(Spec{Roster: byDay("daily", 1, nil, "A", "BC")}), "2025-03-04T12:00:00+08:00", "BC"},
		{"nobody before the first day", shanghai(Spec{Roster: byDay("daily", 1, nil, "A", "BC")}), "2025-03-02T23:59:59+08:00", ""},
		{"weekly", shanghai(Spec{Roster: byDay("weekly", 1, work, "A", "B")}), "2025-03-07T12:00:00+08:00", "A"},
		{"the week after", shanghai(Spec{Roster: byDay("weekly", 1, work, "A", "B")}), "2025-03-10T00:00:00+08:00", "B"},
		{"monthly", shanghai(Spec{Roster: byDay("monthly", 1, nil, "A", "B")}), "2025-04-01T00:00:00+08:00", "B"},
		{"hourly", shanghai(Spec{Roster: byDay("hourly", 8, nil, "A", "B", "C", "D")}), "2025-03-04T00:00:00+08:00", "D"},
		{"hourly on weekdays goes on on Monday", shanghai(Spec{Roster: byDay("hourly", 12, work, "A", "B", "C")}), "2025-03-10T00:00:00+08:00", "B"},

		{"a night begins", night, "2025-03-07T22:00:00+08:00", "N"},
		{"and runs into the next day", night, "2025-03-08T05:59:59+08:00", "N"},
		{"until it ends", night, "2025-03-08T06:00:00+08:00", ""},
		{"not in the night before", night, "2025-03-07T03:00:00+08:00", ""},
		{"the highest layers", ranked, "2025-03-03T10:00:00+08:00", "HI"},
		{"the highest layer left", ranked, "2025-03-03T12:00:00+08:00", "H"},
		{"the lowest when the others are closed", ranked, "2025-03-08T10:00:00+08:00", "L"},
		{"all layers, the highest first", union, "2025-03-03T10:00:00+08:00", "HIL"},

		{"add", with(over("add", "X", "", "2025-03-03T10:00:00+08:00", "2025-03-03T12:00:00+08:00", 0)), "2025-03-03T10:00:00+08:00", "AX"},
		{"its end is open", with(over("add", "X", "", "2025-03-03T10:00:00+08:00", "2025-03-03T12:00:00+08:00", 0)), "2025-03-03T12:00:00+08:00", "A"},
		{"add who is there", with(over("add", "A", "", "2025-03-03T10:00:00+08:00", "2025-03-03T12:00:00+08:00", 0)), "2025-03-03T10:00:00+08:00", "A"},
		{"remove", with(over("remove", "", "A", "2025-03-03T10:00:00+08:00", "2025-03-05T12:00:00+08:00", 0)), "2025-03-03T10:00:00+08:00", ""},
		{"replace", with(over("replace", "X", "A", "2025-03-03T10:00:00+08:00", "2025-03-05T12:00:00+08:00", 0)), "2025-03-03T10:00:00+08:00", "X"},
		{"replace only while the replaced is on duty", with(over("replace", "X", "A", "2025-03-03T10:00:00+08:00", "2025-03-05T12:00:00+08:00", 0)), "2025-03-04T10:00:00+08:00", "B"},
		{"cover all", with(over("cover_all", "X", "", "2025-03-03T10:00:00+08:00", "2025-03-05T12:00:00+08:00", 0)), "2025-03-04T10:00:00+08:00", "X"},
		{"cover all fills a gap", with(over("cover_all", "X", "", "2025-03-01T10:00:00+08:00", "2025-03-05T12:00:00+08:00", 0)), "2025-03-02T10:00:00+08:00", "X"},
		{"the higher priority has the last word", with(
			over("cover_all", "X", "", "2025-03-03T10:00:00+08:00", "2025-03-05T12:00:00+08:00", 2),
			over("cover_all", "Y", "", "2025-03-03T10:00:00+08:00", "2025-03-05T12:00:00+08:00", 1)), "2025-03-04T10:00:00+08:00", "X"},
		{"of equal ones the later given", with(
			over("replace", "X", "B", "2025-03-03T10:00:00+08:00", "2025-03-05T12:00:00+08:00", 1),
			over("replace", "Y", "X", "2025-03-03T10:00:00+08:00", "2025-03-05T12:00:00+08:00", 1)), "2025-03-04T10:00:00+08:00", "Y"},

		{"a temporary schedule stands in for everything", temporary, "2025-03-05T11:59:59+08:00", "T"},
		{"also with nobody", temporary, "2025-03-05T12:00:00+08:00", ""},
		{"and only in its time", temporary, "2025-03-04T10:00:00+08:00", "BX"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(compiled(t, c.spec).Who(at(t, c.at)), ""); got != c.want {
				t.Errorf("on duty: %q, want %q", got, c.want)
			}
		})
	}
}

// GoAlert #55: a roster of weekdays only lets everybody have their turn, whatever the number of people.
func TestWeekdaysOnlyStarvesNobody(t *testing.T) {
	for people := 1; people <= 12; people++ {
		g := &Groups{Frequency: "daily", Start: "2025-03-03", ByDay: []string{"mon", "tue", "wed", "thu", "fri"}}
		for i := range people {
			g.Groups = append(g.Groups, []string{fmt.Sprint(i)})
		}
		p := compiled(t, Spec{Timezone: "Asia/Shanghai", Roster: g})
		turns := map[string]int{}
		for day := range 5 * people * 7 / 5 { // as many active days as make five turns each, in whole weeks
			for _, who := range p.Who(time.Date(2025, 3, 3+day, 4, 0, 0, 0, time.UTC)) {
				turns[who]++
			}
		}
		if len(turns) != people {
			t.Errorf("%d people: only %d had a turn", people, len(turns))
		}
		for who, n := range turns {
			if n != 5 {
				t.Errorf("%d people: %s had %d turns, want 5", people, who, n)
			}
		}
	}
}

func TestAbsences(t *testing.T) {
	start := at(t, "2025-03-03T08:00:00+08:00")
	spec := Spec{Timezone: "Asia/Shanghai", Rotation: turn("daily", 1, start, "AB")}
	away := func(user, substitute string) Absence {
		return Absence{User: user, Substitute: substitute, Start: at(t, "2025-03-03T00:00:00+08:00"), End: at(t, "2025-03-10T00:00:00+08:00")}
	}
	noon := at(t, "2025-03-03T12:00:00+08:00")
	swap := Override{Type: "replace", Add: "C", Remove: "S", Start: start, End: start.Add(24 * time.Hour)}
	for _, c := range []struct {
		name      string
		overrides []Override
		absences  []Absence
		want      string
	}{
		{"off the roster", nil, []Absence{away("A", "")}, ""},
		{"somebody stands in", nil, []Absence{away("A", "S")}, "S"},
		{"the substitute is away, too", nil, []Absence{away("A", "S"), away("S", "R")}, "R"},
		{"each names the other", nil, []Absence{away("A", "S"), away("S", "A")}, ""},
		{"an override acts on the substitute", []Override{swap}, []Absence{away("A", "S")}, "C"},
		{"but never brings back who is away", []Override{swap}, []Absence{away("A", "S"), away("C", "")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec := spec
			spec.Overrides = c.overrides
			if got := strings.Join(compiled(t, spec).With(c.absences).Who(noon), ""); got != c.want {
				t.Errorf("on duty: %q, want %q", got, c.want)
			}
		})
	}
}

func TestGapsAndShifts(t *testing.T) {
	p := compiled(t, Spec{Timezone: "Asia/Shanghai", Layers: []Layer{
		{User: "A", From: "08:00", To: "20:00"},
		{User: "B", From: "20:00", To: "08:00", Days: []string{"mon", "tue", "wed", "thu", "fri", "sun"}}}})
	from, to := at(t, "2025-03-07T00:00:00+08:00"), at(t, "2025-03-10T00:00:00+08:00")
	gaps, err := p.Gaps(from, to)
	if err != nil || len(gaps) != 1 || !gaps[0].From.Equal(at(t, "2025-03-08T20:00:00+08:00")) || !gaps[0].To.Equal(at(t, "2025-03-09T08:00:00+08:00")) {
		t.Errorf("gaps %v, %v", gaps, err)
	}
	shifts, err := p.Shifts(from, to)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range shifts {
		got = append(got, s.User+s.Start.In(p.Zone()).Format("02T15")+"-"+s.End.In(p.Zone()).Format("02T15"))
	}
	want := "B07T00-07T08 A07T08-07T20 B07T20-08T08 A08T08-08T20 A09T08-09T20 B09T20-10T00"
	if strings.Join(got, " ") != want {
		t.Errorf("shifts %v\nwant   %s", got, want)
	}
	nobody := compiled(t, Spec{Timezone: "Asia/Shanghai"})
	gaps, err = nobody.Gaps(from, to)
	if err != nil || len(gaps) != 1 || !gaps[0].From.Equal(from) || !gaps[0].To.Equal(to) {
		t.Errorf("with nobody: %v, %v", gaps, err)
	}
}

func TestNewRefuses(t *testing.T) {
	start := at(t, "2025-03-03T08:00:00+08:00")
	good := turn("daily", 1, start, "AB")
	zone := "Asia/Shanghai"
	for _, c := range []struct {
		name   string
		spec   Spec
		fields []string
	}{
		{"no zone", Spec{Rotation: good}, []string{"timezone"}},
		{"unknown zone", Spec{Timezone: "Mars/Olympus", Rotation: good}, []string{"timezone"}},
		{"unknown unit", Spec{Timezone: zone, Rotation: turn("yearly", 1, start, "A")}, []string{"rotation.type"}},
		{"nobody", Spec{Timezone: zone, Rotation: &Rotation{Type: "daily", Start: start}}, []string{"rotation.participants"}},
		{"length", Spec{Timezone: zone, Rotation: turn("daily", -1, start, "A")}, []string{"rotation.shift_length"}},
		{"no start", Spec{Timezone: zone, Rotation: &Rotation{Type: "daily", Participants: names("A")}}, []string{"rotation.start"}},
		{"two sources", Spec{Timezone: zone, Rotation: good, Layers: []Layer{{User: "A"}}}, []string{"layers"}},
		{"roster", Spec{Timezone: zone, Roster: &Groups{Frequency: "daily", Start: "3 March", Groups: [][]string{{}}, ByDay: []string{"someday"}}},
			[]string{"roster.start", "roster.groups", "roster.by_day"}},
		{"layer of nobody", Spec{Timezone: zone, Layers: []Layer{{From: "8", To: "25:00"}}}, []string{"layers[0]", "layers[0].from", "layers[0].to"}},
		{"override", Spec{Timezone: zone, Rotation: good, Overrides: []Override{{Type: "replace", Add: "A", Start: start, End: start}}},
			[]string{"overrides[0].remove", "overrides[0].end"}},
		{"temporary", Spec{Timezone: zone, Rotation: good, Temporary: []Temporary{{Start: start, End: start.Add(-1)}}}, []string{"temporary[0].end"}},
		{"mode", Spec{Timezone: zone, LayerMode: "any"}, []string{"layer_mode"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := New(c.spec)
			f := fault.As(err)
			if f == nil || f.Kind != fault.Invalid {
				t.Fatalf("answer %v, want invalid", err)
			}
			var got []string
			for _, field := range f.Fields {
				got = append(got, field.Name)
			}
			slices.Sort(got)
			slices.Sort(c.fields)
			if !slices.Equal(got, c.fields) {
				t.Errorf("fields %v, want %v", got, c.fields)
			}
		})
	}
}

func TestCalculate(t *testing.T) {
	start := at(t, "2025-03-03T08:00:00+08:00")
	in := Case{Spec: Spec{Timezone: "Asia/Shanghai", Rotation: turn("daily", 1, start, "AB")}, Queries: []Query{{At: start}},
		Window: &Window{From: start.Add(-time.Hour), To: start.Add(24 * time.Hour)}}
	out, err := Calculate(t.Context(), in)
	if err != nil || len(out.Who) != 1 || !slices.Equal(out.Who[0].Who, []string{"A"}) || len(out.Handoffs) != 1 || len(out.Gaps) != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	in.Window.To = in.Window.From.Add(-time.Second)
	in.Queries[0].At = time.Time{}
	if _, err := Calculate(t.Context(), in); len(fault.As(err).Fields) != 2 {
		t.Errorf("answer %v, want two wrong fields", err)
	}
	in = Case{Spec: Spec{Timezone: "Asia/Shanghai", Rotation: turn("hourly", 1, start, "AB")}, Window: &Window{From: start, To: start.AddDate(50, 0, 0)}}
	if _, err := Calculate(t.Context(), in); !fault.Is(err, fault.Invalid) {
		t.Errorf("half a century of hours: %v, want invalid", err)
	}
}

// A roster by days within a layer over midnight keeps its person for the whole night: the night belongs to the day it
// begins on, and so does the last one before the roster ends.
func TestNightsBelongToTheDayTheyBeginOn(t *testing.T) {
	night := &Groups{Frequency: "daily", Start: "2025-03-03", TotalDays: 3, Groups: [][]string{{"A"}, {"B"}}}
	p := compiled(t, Spec{Timezone: "Asia/Shanghai", Layers: []Layer{{Roster: night, From: "20:00", To: "08:00"}}})
	bounded := compiled(t, Spec{Timezone: "Asia/Shanghai", First: "2025-03-03", Last: "2025-03-05", Layers: []Layer{
		{Rotation: turn("daily", 1, at(t, "2025-03-03T20:00:00+08:00"), "AB"), From: "20:00", To: "08:00"}}})
	for _, c := range []struct{ at, want string }{
		{"2025-03-03T07:59:59+08:00", ""},
		{"2025-03-03T20:00:00+08:00", "A"},
		{"2025-03-04T00:00:00+08:00", "A"},
		{"2025-03-04T07:59:59+08:00", "A"},
		{"2025-03-04T20:00:00+08:00", "B"},
		{"2025-03-05T07:59:59+08:00", "B"},
		{"2025-03-05T20:00:00+08:00", "A"},
		{"2025-03-06T07:59:59+08:00", "A"},
		{"2025-03-06T08:00:00+08:00", ""},
		{"2025-03-06T20:00:00+08:00", ""},
	} {
		for name, plan := range map[string]*Plan{"roster": p, "rotation within days": bounded} {
			if got := strings.Join(plan.Who(at(t, c.at)), ""); got != c.want {
				t.Errorf("%s, %s: on duty %q, want %q", name, c.at, got, c.want)
			}
		}
	}
	whole := compiled(t, Spec{Timezone: "Asia/Shanghai", First: "2025-03-03", Last: "2025-03-05", Layers: []Layer{{User: "A"}}})
	shifts, err := whole.Shifts(at(t, "2025-03-01T00:00:00+08:00"), at(t, "2025-03-10T00:00:00+08:00"))
	if err != nil || len(shifts) != 1 || !shifts[0].Start.Equal(at(t, "2025-03-03T00:00:00+08:00")) || !shifts[0].End.Equal(at(t, "2025-03-06T00:00:00+08:00")) {
		t.Errorf("one shift from the first day to the last: %v, %v", shifts, err)
	}
	if _, err := New(Spec{Timezone: "Asia/Shanghai", First: "2025-03-05", Last: "2025-03-03", Layers: []Layer{{User: "A"}}}); fault.As(err) == nil {
		t.Error("days backwards were taken")
	}
}
