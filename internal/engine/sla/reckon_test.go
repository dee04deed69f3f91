package sla

import (
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/calendar"
)

var shanghai = time.FixedZone("CST", 8*3600)

// on is a time of March 2025, whose third is a Monday: "3 09:00".
func on(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-2 15:04:05", "2025-03-"+s+":00", shanghai)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func hours(t testing.TB, from, to string, days ...string) *calendar.Calendar {
	t.Helper()
	if len(days) == 0 {
		days = []string{"mon", "tue", "wed", "thu", "fri"}
	}
	spec := calendar.Spec{Timezone: "Asia/Shanghai", Weekly: map[string][]calendar.Interval{}}
	for _, d := range days {
		spec.Weekly[d] = []calendar.Interval{{from, to}}
	}
	c, err := calendar.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func office(t testing.TB) *calendar.Calendar { return hours(t, "09:00", "18:00") }
func always(t testing.TB) *calendar.Calendar {
	return hours(t, "00:00", "24:00", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
}

func terms(c *calendar.Calendar, targets map[string]Target) *Terms {
	return &Terms{Calendar: c, Targets: targets, Warn: []int{50, 80}}
}

type want struct {
	state     State
	due       string // "" = none
	elapsed   time.Duration
	remaining time.Duration
	stood     time.Duration
}

func check(t *testing.T, k Clock, w want) {
	t.Helper()
	due := ""
	if !k.Due.IsZero() {
		due = k.Due.In(shanghai).Format("2 15:04")
	}
	if got := (want{k.State, due, k.Elapsed, k.Left, k.Stood}); got != w {
		t.Errorf("got  %+v\nwant %+v", got, w)
	}
	var sum int64
	for _, e := range k.Ledger() {
		sum += e.Seconds
	}
	if sum != seconds(k.Elapsed) {
		t.Errorf("the ledger has %d s of %v", sum, k.Elapsed)
	}
}

const h, m = time.Hour, time.Minute

func TestResolution(t *testing.T) {
	four := map[string]Target{Resolution: {Seconds: 4 * 3600, Pausable: true}}
	made := Event{At: on(t, "3 16:00"), Type: "created"}
	for name, c := range map[string]struct {
		events []Event
		at     string
		want   want
	}{
		"runs over the night":             {[]Event{made}, "3 17:00", want{Running, "4 11:00", h, 3 * h, 0}},
		"to the second":                   {[]Event{made}, "4 11:00", want{Running, "4 11:00", 4 * h, 0, 0}},
		"goes over":                       {[]Event{made}, "4 12:00", want{Breached, "4 11:00", 5 * h, -h, 0}},
		"is kept at the last second":      {[]Event{made, {At: on(t, "4 11:00"), Type: "resolved"}}, "9 00:00", want{Met, "4 11:00", 4 * h, 0, 0}},
		"stands while paused":             {[]Event{made, {At: on(t, "3 17:00"), Type: "paused"}}, "4 17:00", want{Paused, "", h, 3 * h, 9 * h}},
		"runs on by what is left":         {[]Event{made, {At: on(t, "3 17:00"), Type: "paused"}, {At: on(t, "4 17:00"), Type: "resumed"}}, "4 17:00", want{Running, "5 11:00", h, 3 * h, 9 * h}},
		"created waiting":                 {[]Event{{At: on(t, "3 16:00"), Type: "created", Paused: true}, {At: on(t, "3 17:00"), Type: "resumed"}}, "3 17:30", want{Running, "4 12:00", 30 * m, 3*h + 30*m, h}},
		"what is resolved does not count": {[]Event{made, {At: on(t, "3 17:00"), Type: "resolved"}, {At: on(t, "4 10:00"), Type: "reopened"}}, "4 11:00", want{Running, "4 13:00", 2 * h, 2 * h, 0}},
		"a due time by hand":              {[]Event{made, {At: on(t, "3 16:00"), Type: "due_set", Target: Resolution, Due: on(t, "3 20:00")}}, "3 17:00", want{Running, "3 20:00", h, h, 0}},
		"a due time by hand moves by what the record waits": {[]Event{made, {At: on(t, "3 16:00"), Type: "due_set", Target: Resolution, Due: on(t, "3 17:30")},
			{At: on(t, "3 16:30"), Type: "paused"}, {At: on(t, "3 17:30"), Type: "resumed"}}, "3 17:40", want{Running, "4 09:30", 40 * m, 50 * m, h}},
		"before anything": {[]Event{made}, "3 15:00", want{state: None}},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, Reckon(c.events, terms(office(t), four), Resolution, on(t, c.at)), c.want)
		})
	}
}

func TestWarningsAreInWorkingTime(t *testing.T) {
	k := Reckon([]Event{{At: on(t, "3 16:00"), Type: "created"}}, terms(office(t), map[string]Target{Resolution: {Seconds: 4 * 3600}}), Resolution, on(t, "3 16:10"))
	if len(k.Warnings) != 2 || !k.Warnings[0].At.Equal(on(t, "3 18:00")) || !k.Warnings[1].At.Equal(on(t, "4 10:12")) {
		t.Errorf("%+v", k.Warnings)
	}
}

// GLPI #10594: the pause was counted around the clock while the deadline was counted in work days.
func TestGLPI10594PausesCountInTheCalendarOfTheDeadline(t *testing.T) {
	events := []Event{{At: on(t, "7 16:00"), Type: "created"}, {At: on(t, "7 17:00"), Type: "paused"}, {At: on(t, "10 10:00"), Type: "resumed"}} // over a weekend
	k := Reckon(events, terms(office(t), map[string]Target{Resolution: {Seconds: 4 * 3600, Pausable: true}}), Resolution, on(t, "10 10:00"))
	check(t, k, want{Running, "10 13:00", h, 3 * h, 2 * h})
}

// GLPI #6902, #15605: a new agreement forgot the pauses before it.
func TestGLPI6902And15605PausesSurviveAChangeOfAgreement(t *testing.T) {
	events := []Event{{At: on(t, "3 09:00"), Type: "created"}, {At: on(t, "3 10:00"), Type: "paused"}, {At: on(t, "3 12:00"), Type: "resumed"}, {At: on(t, "3 13:00"), Type: "agreement_changed"}}
	for _, target := range []Target{{Seconds: 4 * 3600, Pausable: true}, {Seconds: 8 * 3600, Pausable: true}} {
		k := Reckon(events, terms(always(t), map[string]Target{Resolution: target}), Resolution, on(t, "3 13:00"))
		if k.Stood != 2*h || k.Elapsed != 2*h || !k.Due.Equal(on(t, "3 11:00").Add(time.Duration(target.Seconds)*time.Second)) {
			t.Errorf("%+v", k)
		}
	}
}

// GLPI #24481: a record that waited was shown as breached.
func TestGLPI24481NothingIsBreachedWhileItWaits(t *testing.T) {
	events := []Event{{At: on(t, "3 09:00"), Type: "created"}, {At: on(t, "3 10:00"), Type: "paused"}}
	check(t, Reckon(events, terms(office(t), map[string]Target{Resolution: {Seconds: 2 * 3600, Pausable: true}}), Resolution, on(t, "20 12:00")), want{Paused, "", h, h, 119 * h})
}

// Zammad #3140, #5177: the time to update runs from the oldest message that waits for an answer.
func TestZammad3140And5177UpdatesRunFromTheOldestUnansweredMessage(t *testing.T) {
	two := map[string]Target{Update: {Seconds: 2 * 3600}}
	events := []Event{{At: on(t, "3 09:00"), Type: "created"}, {At: on(t, "3 10:00"), Type: "customer_message"}, {At: on(t, "3 11:00"), Type: "customer_message"}}
	check(t, Reckon(events, terms(office(t), two), Update, on(t, "3 11:30")), want{Running, "3 12:00", 90 * m, 30 * m, 0})
	events = append(events, Event{At: on(t, "3 11:45"), Type: "agent_message"})
	check(t, Reckon(events, terms(office(t), two), Update, on(t, "3 15:00")), want{Met, "3 12:00", 105 * m, 15 * m, 0})
	events = append(events, Event{At: on(t, "3 15:00"), Type: "customer_message"})
	k := Reckon(events, terms(office(t), two), Update, on(t, "3 15:10"))
	check(t, k, want{Running, "3 17:00", 10 * m, 110 * m, 0})
	if k.Longest != 105*m || k.Cycle != 2 {
		t.Errorf("%+v", k)
	}
}

func TestUpdatesAreSilentBeforeTheFirstResponse(t *testing.T) {
	after := map[string]Target{Update: {Seconds: 3600, After: true}}
	events := []Event{{At: on(t, "3 09:00"), Type: "created"}, {At: on(t, "3 09:10"), Type: "customer_message"}}
	check(t, Reckon(events, terms(office(t), after), Update, on(t, "3 09:30")), want{state: None})
	events = append(events, Event{At: on(t, "3 09:40"), Type: "responded"}, Event{At: on(t, "3 10:00"), Type: "customer_message"})
	check(t, Reckon(events, terms(office(t), after), Update, on(t, "3 10:30")), want{Running, "3 11:00", 30 * m, 30 * m, 0})
}

func TestKeepInformed(t *testing.T) {
	two := map[string]Target{Informed: {Seconds: 2 * 3600}}
	events := []Event{{At: on(t, "3 09:00"), Type: "created"}, {At: on(t, "3 10:00"), Type: "agent_message"}}
	check(t, Reckon(events, terms(office(t), two), Informed, on(t, "3 11:00")), want{Running, "3 12:00", h, h, 0})
	events = append(events, Event{At: on(t, "3 11:00"), Type: "customer_message"}) // now the other clock runs
	check(t, Reckon(events, terms(office(t), two), Informed, on(t, "3 17:00")), want{Met, "3 12:00", h, h, 0})
	events = append(events, Event{At: on(t, "3 17:00"), Type: "agent_message"})
	check(t, Reckon(events, terms(office(t), two), Informed, on(t, "4 10:30")), want{Breached, "4 10:00", 2*h + 30*m, -30 * m, 0})
}

func TestAnInternalTargetIsNewAtEachAssignment(t *testing.T) {
	one := map[string]Target{"ola": {Seconds: 3600, Starts: "assigned"}}
	events := []Event{{At: on(t, "3 09:00"), Type: "created"}}
	check(t, Reckon(events, terms(office(t), one), "ola", on(t, "3 09:30")), want{state: None})
	events = append(events, Event{At: on(t, "3 10:00"), Type: "assigned", Team: "L1"}, Event{At: on(t, "3 11:30"), Type: "assigned", Team: "L2"})
	k := Reckon(events, terms(office(t), one), "ola", on(t, "3 12:00"))
	check(t, k, want{Running, "3 12:30", 30 * m, 30 * m, 0})
	if !k.Breach.Equal(on(t, "3 11:00")) || k.Longest != 90*m {
		t.Errorf("%+v", k)
	}
}

// Zammad #4432, GLPI PR #22678: reminders and escalation steps came at midnight instead of within working hours.
func TestZammad4432AndGLPI22678NothingFiresAtMidnight(t *testing.T) {
	k := Reckon([]Event{{At: on(t, "3 17:00"), Type: "created"}}, terms(office(t), map[string]Target{Resolution: {Seconds: 6 * 3600}}), Resolution, on(t, "3 17:00"))
	for _, w := range k.Warnings {
		if at := w.At.In(shanghai); at.Hour() < 9 || at.Hour() >= 18 {
			t.Errorf("%d %% at %v", w.Percent, at)
		}
	}
}

// frappe/helpdesk #2449: what was on hold did not move the deadline once it went on.
func TestFrappe2449WhatWasOnHoldMovesTheDeadline(t *testing.T) {
	eight := map[string]Target{Resolution: {Seconds: 8 * 3600, Pausable: true}}
	events := []Event{{At: on(t, "3 09:00"), Type: "created"}, {At: on(t, "3 11:00"), Type: "paused"}, {At: on(t, "4 11:00"), Type: "resumed"}}
	check(t, Reckon(events, terms(office(t), eight), Resolution, on(t, "4 11:00")), want{Running, "4 17:00", 2 * h, 6 * h, 9 * h})
}

// A breach is a fact: what waits afterwards stays breached.
func TestABreachStays(t *testing.T) {
	events := []Event{{At: on(t, "3 09:00"), Type: "created"}, {At: on(t, "3 12:00"), Type: "paused"}}
	check(t, Reckon(events, terms(office(t), map[string]Target{Resolution: {Seconds: 7200, Pausable: true}}), Resolution, on(t, "3 13:00")), want{Breached, "3 11:00", 3 * h, -h, h})
}

func FuzzReckon(f *testing.F) {
	f.Add([]byte{0, 10, 5, 20, 6, 30, 11, 40, 12, 50})
	types := []string{"created", "responded", "agent_message", "customer_message", "assigned", "paused", "resumed", "priority_changed", "agreement_changed", "due_set", "holiday_added", "resolved", "reopened", "closed"}
	f.Fuzz(func(t *testing.T, data []byte) {
		at, events := on(t, "3 00:00"), []Event{}
		for i := 0; i+1 < len(data) && i < 60; i += 2 {
			at = at.Add(time.Duration(data[i+1]) * 7 * time.Minute)
			events = append(events, Event{At: at, Type: types[int(data[i])%len(types)], Target: Resolution, Due: at.Add(time.Hour)})
		}
		all := map[string]Target{}
		for _, name := range []string{Response, Resolution, Update, Informed} {
			all[name] = Target{Seconds: 3600, Pausable: len(data)%2 == 0}
		}
		for name := range all {
			k := Reckon(events, terms(office(t), all), name, at.Add(time.Hour))
			if k.State == None {
				continue
			}
			var sum int64
			for _, e := range k.Ledger() {
				sum += e.Seconds
			}
			if sum != seconds(k.Elapsed) || k.Longest < k.Elapsed || k.Stood < 0 || (k.State == Paused) != (k.Due.IsZero()) {
				t.Errorf("%s: %+v after %+v", name, k, events)
			}
		}
	})
}
