package rotation

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var zones = []string{"Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "America/St_Johns", "Asia/Tehran", "Africa/Casablanca", "Pacific/Apia", "UTC"}

// random is a plan of any kind, around the years in which all of the zones changed their clocks.
func random(r *rand.Rand) (Spec, time.Time) {
	start := time.Date(2009+r.IntN(4), time.Month(1+r.IntN(12)), 1+r.IntN(31), r.IntN(24), r.IntN(60), 0, 0, time.UTC)
	users := names("ABCDEFG"[:1+r.IntN(7)])
	rotation := &Rotation{Type: units[r.IntN(4)], ShiftLength: 1 + r.IntN(5), Start: start, Participants: users}
	groups := &Groups{Frequency: units[r.IntN(4)], Interval: 1 + r.IntN(5), Start: start.Format(time.DateOnly)}
	for _, u := range users {
		groups.Groups = append(groups.Groups, []string{u})
	}
	for _, day := range Weekdays {
		if r.IntN(2) == 0 {
			groups.ByDay = append(groups.ByDay, day)
		}
	}
	if r.IntN(3) == 0 {
		groups.TotalDays = 1 + r.IntN(100)
	}
	spec := Spec{Timezone: zones[r.IntN(len(zones))]}
	switch r.IntN(3) {
	case 0:
		spec.Rotation = rotation
	case 1:
		spec.Roster = groups
	default:
		hour := func() string { return time.Date(0, 1, 1, r.IntN(24), 30*r.IntN(2), 0, 0, time.UTC).Format("15:04") }
		spec.LayerMode = []string{"union", "priority"}[r.IntN(2)]
		spec.Layers = []Layer{{Rotation: rotation, From: hour(), To: hour(), Priority: r.IntN(2)}, {Roster: groups, Priority: r.IntN(2)}, {User: "Z", Days: groups.ByDay, From: hour(), To: hour()}}
	}
	if r.IntN(2) == 0 {
		from := start.Add(time.Duration(r.IntN(100)) * time.Hour)
		spec.Overrides = []Override{{Type: []string{"add", "cover_all"}[r.IntN(2)], Add: "X", Start: from, End: from.Add(time.Duration(1+r.IntN(50)) * time.Hour), Priority: r.IntN(3)}}
	}
	return spec, start
}

// Whoever the clock shows to be on duty, minute by minute, is who the shifts, the gaps and the hand-offs say.
func TestStretchesAgreeWithInstants(t *testing.T) {
	r := rand.New(rand.NewPCG(55, 1))
	for range 400 {
		spec, start := random(r)
		p := compiled(t, spec)
		from := start.AddDate(0, 0, r.IntN(300)-3)
		to := from.Add(time.Duration(1+r.IntN(9*24*60)) * time.Minute)
		shifts, err := p.Shifts(from, to)
		if err != nil {
			t.Fatal(err)
		}
		gaps, err := p.Gaps(from, to)
		if err != nil {
			t.Fatal(err)
		}
		turns, err := p.Handoffs(from, to)
		if err != nil {
			t.Fatal(err)
		}
		before := p.Who(from)
		for at := from; at.Before(to); at = at.Add(time.Duration(1+r.IntN(20)) * time.Minute) {
			who := p.Who(at)
			var on []string
			for _, s := range shifts {
				if within(at, s.Start, s.End) {
					on = append(on, s.User)
				}
			}
			slices.Sort(on)
			sorted := slices.Sorted(slices.Values(who))
			if !slices.Equal(on, sorted) {
				t.Fatalf("%+v at %s: on duty %v, by the shifts %v", spec, at, sorted, on)
			}
			empty := slices.ContainsFunc(gaps, func(g Gap) bool { return within(at, g.From, g.To) })
			if empty != (len(who) == 0) {
				t.Fatalf("%+v at %s: on duty %v, in a gap: %v", spec, at, who, empty)
			}
			if !slices.Equal(slices.Sorted(slices.Values(before)), sorted) {
				changed := slices.ContainsFunc(turns, func(h time.Time) bool { return !h.After(at) && h.After(at.Add(-20*time.Minute)) })
				if !changed {
					t.Fatalf("%+v at %s: %v became %v without a hand-off", spec, at, before, who)
				}
			}
			before = who
		}
	}
}

// Hand-offs of a rotation go up, and each shows the wall-clock time of the start unless the clock changed around it.
func TestHandoffsKeepTheWallClock(t *testing.T) {
	r := rand.New(rand.NewPCG(55, 2))
	for range 300 {
		spec, start := random(r)
		spec.Overrides = nil
		spec = Spec{Timezone: spec.Timezone, Rotation: turn(units[1+r.IntN(3)], 1+r.IntN(3), start, "AB")}
		p := compiled(t, spec)
		list, err := p.Handoffs(start, start.AddDate(1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSortedFunc(list, time.Time.Compare) || len(list) == 0 || !list[0].Equal(start) {
			t.Fatalf("%+v: %v", spec, list)
		}
		wall := start.In(p.Zone()).Format(time.TimeOnly)
		for _, h := range list {
			local := h.In(p.Zone())
			if local.Format(time.TimeOnly) == wall {
				continue
			}
			if began, _ := local.ZoneBounds(); !began.Equal(h) {
				t.Fatalf("%+v: hand-off at %s, not at %s", spec, local, wall)
			}
		}
	}
}

func BenchmarkWho(b *testing.B) {
	p := compiled(b, Spec{Timezone: "Europe/Berlin", Rotation: turn("daily", 1, time.Date(2020, 1, 1, 8, 0, 0, 0, time.UTC), "ABCDEFGH")})
	at := time.Date(2025, 3, 30, 12, 0, 0, 0, time.UTC)
	for b.Loop() {
		p.Who(at)
	}
}
