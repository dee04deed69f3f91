package roster

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/engine/roster/rotation"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

var shanghai = func() *time.Location {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic(err)
	}
	return zone
}()

func on(month time.Month, day, hour int) time.Time {
	return time.Date(2025, month, day, hour, 0, 0, 0, shanghai)
}

func shift(user string, from, to time.Time) rotation.Shift {
	return rotation.Shift{Duty: rotation.Duty{User: user}, Start: from, End: to}
}

func TestLongestRun(t *testing.T) {
	day := func(d int) rotation.Shift { return shift("A", on(3, d, 8), on(3, d, 20)) }
	night := func(d int) rotation.Shift { return shift("A", on(3, d, 20), on(3, d+1, 8)) }
	for _, c := range []struct {
		name   string
		shifts []rotation.Shift
		want   int
		first  int
	}{
		{"nothing", nil, 0, 0},
		{"one day", []rotation.Shift{day(3)}, 1, 3},
		{"day and night of one day count once", []rotation.Shift{day(3), night(3)}, 1, 3},
		{"three days running", []rotation.Shift{day(3), night(4), day(5)}, 3, 3},
		{"a day off begins anew", []rotation.Shift{day(3), day(4), day(6), day(7), day(8)}, 3, 6},
		{"a week at a stretch", []rotation.Shift{shift("A", on(3, 3, 0), on(3, 10, 0))}, 7, 3},
	} {
		run, first := longestRun(c.shifts, shanghai)
		if run != c.want || c.want > 0 && first.In(shanghai).Day() != c.first {
			t.Errorf("%s: %d days from %s, want %d from the %d", c.name, run, first, c.want, c.first)
		}
	}
}

func TestBusiestWeek(t *testing.T) {
	hours, monday := busiestWeek([]rotation.Shift{
		shift("A", on(3, 5, 8), on(3, 5, 20)), shift("A", on(3, 9, 20), on(3, 10, 8)), shift("A", on(3, 12, 8), on(3, 12, 20))}, on(3, 3, 0), shanghai)
	if hours != 20 || !monday.Equal(on(3, 10, 0)) { // the night over Sunday belongs to both weeks
		t.Errorf("%v hours in the week of %s", hours, monday)
	}
}

func TestGreatHolidays(t *testing.T) {
	var got []string
	for _, h := range great(on(9, 1, 0), shanghai) {
		got = append(got, fmt.Sprintf("%s %s-%s", h.name, h.from.Format("2006-01-02"), h.to.AddDate(0, 0, -1).Format("01-02")))
	}
	want := []string{"国庆节、中秋节 2025-10-01-10-08", "元旦 2026-01-01-01-03", "春节 2026-02-15-02-23", "劳动节 2026-05-01-05-05", "国庆节 2026-10-01-10-07"}
	if !slices.Equal(got, want) {
		t.Errorf("holidays %q", got)
	}
	if during := great(on(10, 3, 12), shanghai); during[0].from != on(10, 1, 0) {
		t.Errorf("a holiday that has begun is not over: %v", during[0])
	}
}

func TestUncovered(t *testing.T) {
	h := holiday{"国庆节", on(10, 1, 0), on(10, 9, 0)}
	special := func(mark string, from, to time.Time) Special { return Special{Mark: mark, Start: from, End: to} }
	for _, c := range []struct {
		name      string
		schedules []Special
		missing   string
	}{
		{"nothing", nil, "01-09"},
		{"all of it", []Special{special(HolidayShift, on(9, 30, 20), on(10, 9, 0))}, ""},
		{"in two parts", []Special{special(HolidayShift, on(10, 4, 0), on(10, 9, 8)), special(HolidayShift, on(10, 1, 0), on(10, 4, 0))}, ""},
		{"its end is missing", []Special{special(HolidayShift, on(10, 1, 0), on(10, 5, 0))}, "05-09"},
		{"its beginning is missing", []Special{special(HolidayShift, on(10, 2, 0), on(10, 9, 0))}, "01-09"},
		{"another schedule does not count", []Special{special("", on(10, 1, 0), on(10, 9, 0))}, "01-09"},
	} {
		missing, ok := Body{Schedules: c.schedules}.uncovered(h)
		got := ""
		if ok {
			got = missing.from.Format("02") + "-" + missing.to.Format("02")
		}
		if got != c.missing {
			t.Errorf("%s: missing %q, want %q", c.name, got, c.missing)
		}
	}
}

func TestGenerate(t *testing.T) {
	crew := func(n int) []string { return strings.Split("ABCDEFGHIJKL"[:n], "") }
	both := Plain{Timezone: "Asia/Shanghai", Start: "2025-03-03", Day: &Hours{"08:30", "20:30"}, Night: &Hours{"20:30", "08:30"}}
	for n := 1; n <= 9; n++ {
		in := both
		in.People = crew(n)
		body, err := in.body(text.Zh)
		if err != nil || body.covers() != Always || len(body.Layers) != 2 {
			t.Fatalf("%d people: %+v, %v", n, body, err)
		}
		plan, err := rotation.New(body.spec())
		if err != nil {
			t.Fatal(err)
		}
		for day := range 30 {
			noon, night := plan.Who(on(3, 3+day, 12)), plan.Who(on(3, 3+day, 23))
			if n > 1 && noon[0] == night[0] {
				t.Errorf("%d people: %s has day and night of one day", n, noon[0])
			}
			if next := plan.Who(on(3, 4+day, 12)); n > 2 && night[0] == next[0] {
				t.Errorf("%d people: %s has the night and the day after", n, night[0])
			}
		}
	}
	pairs := Plain{Timezone: "Asia/Shanghai", People: crew(6), Start: "2025-03-03", PerShift: 2, Period: "weekly", Days: []string{"mon", "tue", "wed", "thu", "fri"}}
	body, err := pairs.body(text.En)
	if err != nil || body.covers() != AsPlanned || body.Layers[0].Name != "Whole day" {
		t.Fatalf("%+v, %v", body, err)
	}
	plan, err := rotation.New(body.spec())
	if err != nil {
		t.Fatal(err)
	}
	for week, want := range []string{"AB", "CD", "EF", "AB"} {
		if got := strings.Join(plan.Who(on(3, 5+7*week, 12)), ""); got != want {
			t.Errorf("week %d: %s, want %s", week, got, want)
		}
	}
	for _, bad := range []Plain{
		{Timezone: "Asia/Shanghai", People: []string{"A", "A"}, Start: "2025-03-03"},
		{Timezone: "Asia/Shanghai", People: []string{"A"}, Start: "soon"},
		{Timezone: "Mars", People: []string{"A"}, Start: "2025-03-03"},
		{Timezone: "Asia/Shanghai", People: []string{"A"}, Start: "2025-03-03", Day: &Hours{"8 Uhr", "20:30"}},
	} {
		if _, err := bad.body(text.Zh); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v, want invalid", bad, err)
		}
	}
}

func TestLateMinutes(t *testing.T) {
	s := PersonShift{Start: on(3, 5, 8), Tolerance: 10 * time.Minute}
	for late, want := range map[time.Duration]int{-time.Hour: 0, 0: 0, 10 * time.Minute: 0, 10*time.Minute + time.Second: 10, 15*time.Minute + 59*time.Second: 15} {
		if got := s.LateMinutes(s.Start.Add(late)); got != want {
			t.Errorf("%s late: %d minutes, want %d", late, got, want)
		}
	}
}

// What is not a gap: the time before the first shift, and after the last.
func TestExtent(t *testing.T) {
	body := Body{Timezone: "Asia/Shanghai", ValidFrom: "2025-03-03", ValidTo: "2025-03-09", Layers: []Layer{
		{Name: "白班", Layer: rotation.Layer{User: "A", From: "08:00", To: "20:00"}}, {Name: "夜班", Layer: rotation.Layer{User: "B", From: "20:00", To: "08:00"}}}}
	plan, err := rotation.New(body.spec())
	if err != nil {
		t.Fatal(err)
	}
	from, to, err := body.extent(plan)
	if err != nil || !from.Equal(on(3, 3, 8)) || !to.Equal(on(3, 10, 8)) {
		t.Errorf("from %s to %s, %v", from, to, err)
	}
	body.ValidFrom, body.ValidTo = "", ""
	if plan, err = rotation.New(body.spec()); err != nil {
		t.Fatal(err)
	}
	if from, to, err = body.extent(plan); err != nil || !from.IsZero() || !to.IsZero() {
		t.Errorf("without bounds: from %s to %s, %v", from, to, err)
	}
}
