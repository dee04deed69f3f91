package app_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/steward-ops/steward/internal/app"
	"github.com/steward-ops/steward/internal/app/apptest"
	"github.com/steward-ops/steward/internal/engine/process"
	duties "github.com/steward-ops/steward/internal/engine/roster"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
)

// dutyHouse is a house with a first line of eight people, whose supervisor arranges their duty.
type dutyHouse struct {
	*house
	sup    *person
	crew   []*person
	crewID []string
	team   string
}

func openDuty(t *testing.T, h *house) *dutyHouse {
	t.Helper()
	h.staff("组")
	d := &dutyHouse{house: h, sup: h.people["sup"]}
	for i := range 8 {
		p := h.hire(fmt.Sprintf("crew%d", i), h.provider, fmt.Sprintf("值班员%d", i), map[string]any{"superior": d.sup.id, "phone": fmt.Sprintf("1370000000%d", i)}, grant{role: "technician"})
		d.crew, d.crewID = append(d.crew, p), append(d.crewID, p.id)
	}
	d.team = h.add("/teams", "duty-team", map[string]any{"organisation": h.provider, "name": "值班组", "code": "duty", "members": d.crewID})
	return d
}

func (d *dutyHouse) set(at time.Time) { d.app.Clock.(*clock.Manual).Set(at) }

// later is a long time after: everybody signs in anew.
func (d *dutyHouse) later(at time.Time) {
	d.set(at)
	for _, p := range append([]*person{d.sup, d.people["admin"]}, d.crew...) {
		p.cookie, p.csrf = "", ""
		p.signIn()
	}
}

func (d *dutyHouse) tick() {
	d.t.Helper()
	if _, err := d.app.Rosters.Tick(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// month is what the builder makes from a few facts: day and night for everybody, from a Monday on.
func (d *dutyHouse) month(start, end string) map[string]any {
	d.t.Helper()
	facts := map[string]any{"timezone": "Asia/Shanghai", "people": d.crewID, "start": start,
		"day": map[string]any{"from": "08:30", "to": "20:30"}, "night": map[string]any{"from": "20:30", "to": "08:30"}}
	if end != "" {
		facts["end"] = end
	}
	body := d.sup.must("POST", api+"/rosters/generate", facts)
	delete(body, "$schema")
	return body
}

func (d *dutyHouse) roster(body map[string]any) string {
	d.t.Helper()
	return d.sup.must("POST", api+"/rosters", map[string]any{"team": d.team, "name": "值班组月表", "body": body}).text("id")
}

func (d *dutyHouse) publish(id string, accept ...string) answer {
	return d.sup.send(request{method: "POST", path: api + "/rosters/" + id + "/publish", body: map[string]any{"accept": append([]string{}, accept...)}})
}

// onDuty are the logins of those on duty for the team.
func (d *dutyHouse) onDuty(at time.Time) string {
	d.t.Helper()
	var names []string
	for _, team := range d.sup.get(api + "/duty?team=" + d.team + "&at=" + url.QueryEscape(at.Format(time.RFC3339))).object().list("items") {
		for _, p := range team.list("people") {
			i := slices.Index(d.crewID, p.text("id"))
			names = append(names, fmt.Sprint(i))
		}
	}
	return strings.Join(names, " ")
}

func (d *dutyHouse) notices(p *person, part string) int {
	d.t.Helper()
	n := 0
	for _, item := range p.must("GET", api+"/notifications?limit=200", nil).list("items") {
		if strings.Contains(item.text("text"), part) {
			n++
		}
	}
	return n
}

func shanghai(day, hour, minute int) time.Time {
	return time.Date(2025, 3, day, hour, minute, 0, 0, time.FixedZone("", 8*3600))
}

func codes(list []object) []string {
	var out []string
	for _, f := range list {
		if !slices.Contains(out, f.text("code")) {
			out = append(out, f.text("code"))
		}
	}
	slices.Sort(out)
	return out
}

// TestMonthOfDuty: a month over National Day for eight people from a few facts; the check finds a planted gap, somebody who
// cannot be reached, a missing holiday schedule and a full week, and is content once they are dealt with (DUT-01, DUT-02, DUT-09).
func TestMonthOfDuty(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := openDuty(t, h)
		d.later(time.Date(2025, 9, 26, 9, 0, 0, 0, time.FixedZone("", 8*3600)))
		body := d.month("2025-09-29", "2025-10-26")
		if body["cover"] != nil && body["cover"] != "always" {
			t.Errorf("day and night cover the clock, but the roster says %v", body["cover"])
		}
		id := d.roster(body)
		a := d.publish(id)
		if got := codes(a.object().list("findings")); a.status != 409 || !slices.Equal(got, []string{"holiday"}) {
			t.Fatalf("a whole month lacks only the holiday: %s", a)
		}
		holiday := map[string]any{"name": "国庆节", "mark": "holiday", "start": "2025-10-01T00:00:00+08:00", "end": "2025-10-09T00:00:00+08:00"}
		shifts := []any{}
		for i := range 8 {
			day := time.Date(2025, 10, 1+i, 0, 0, 0, 0, time.FixedZone("", 8*3600))
			shifts = append(shifts, map[string]any{"user": d.crewID[i], "start": day.Format(time.RFC3339), "end": day.AddDate(0, 0, 1).Format(time.RFC3339)})
		}
		holiday["shifts"] = append(slices.Clone(shifts[:4]), shifts[5:]...) // nobody on 10-05
		body["schedules"] = []any{holiday}
		path := api + "/rosters/" + id
		d.sup.must("PATCH", path, map[string]any{"body": body})
		h.people["admin"].must("PATCH", api+"/people/"+d.crewID[3], map[string]any{"phone": ""})
		report := d.sup.must("GET", path+"/check", nil)
		if got := codes(report.list("findings")); !slices.Equal(got, []string{"gap", "unreachable"}) {
			t.Fatalf("findings %v", report.list("findings"))
		}
		for _, f := range report.list("findings") {
			if f.text("code") == "gap" && (f.text("from") != "2025-10-04T16:00:00Z" || f.text("to") != "2025-10-05T16:00:00Z" || f.at("hard") != true) {
				t.Errorf("gap %v", f)
			}
			if f.text("code") == "unreachable" && f.text("person.id") != d.crewID[3] {
				t.Errorf("unreachable %v", f)
			}
		}
		if a := d.publish(id, "gap", "unreachable"); a.status != 409 {
			t.Errorf("a gap was accepted: %s", a)
		}
		holiday["shifts"] = shifts
		body["max_hours"] = 30
		d.sup.must("PATCH", path, map[string]any{"body": body})
		report = d.sup.must("GET", path+"/check", nil)
		if got := codes(report.list("findings")); !slices.Contains(got, "hours") || slices.Contains(got, "gap") {
			t.Errorf("findings %v", report.list("findings"))
		}
		if got := len(report.list("load")); got != 8 {
			t.Errorf("%d shares", got)
		}
		if a := d.publish(id, "hours", "unreachable", "balance"); a.status != 200 || a.object().at("published") != 1.0 {
			t.Fatalf("publish: %s", a)
		}
		if got := d.onDuty(time.Date(2025, 10, 5, 4, 0, 0, 0, time.UTC)); got != "4" {
			t.Errorf("on duty on 10-05: %s", got)
		}
		// the month turns: whoever has the day has the next night
		for day := 10; day < 20; day++ {
			noon, night := d.onDuty(time.Date(2025, 10, day, 4, 0, 0, 0, time.UTC)), d.onDuty(time.Date(2025, 10, day+1, 14, 0, 0, 0, time.UTC))
			if noon == "" || noon != night {
				t.Errorf("10-%d: day %q, night of the next %q", day, noon, night)
			}
		}
		if got := d.onDuty(time.Date(2025, 10, 27, 4, 0, 0, 0, time.UTC)); got != "" {
			t.Errorf("on duty after the last day: %s", got)
		}
		d.later(time.Date(2025, 9, 30, 8, 0, 0, 0, time.FixedZone("", 8*3600)))
		d.tick()
		if n := d.notices(d.sup, "节日值班表"); n != 0 {
			t.Errorf("%d alarms for a holiday that has its schedule", n)
		}
	})
}

// TestRosterRefusals: who may not, what is stale, what cannot be, and that teams out of reach look absent.
func TestRosterRefusals(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := openDuty(t, h)
		id := d.roster(d.month("2025-03-03", ""))
		path := api + "/rosters/" + id
		for _, c := range []struct {
			name   string
			by     *person
			method string
			path   string
			body   any
			status int
		}{
			{"an engineer changes", d.crew[0], "PATCH", path, map[string]any{"name": "x"}, 403},
			{"an engineer publishes", d.crew[0], "POST", path + "/publish", map[string]any{}, 403},
			{"an engineer overrides", d.crew[0], "POST", path + "/overrides", map[string]any{"type": "add", "add": d.crewID[1], "start": "2025-03-04T00:00:00Z", "end": "2025-03-05T00:00:00Z"}, 403},
			{"an engineer looks", d.crew[0], "GET", path, nil, 200},
			{"nobody looks", &person{h: h}, "GET", path, nil, 401},
			{"unknown roster", d.sup, "GET", api + "/rosters/nothing", nil, 404},
			{"unknown team", d.sup, "POST", api + "/rosters", map[string]any{"team": "nothing", "name": "x", "body": map[string]any{"timezone": "UTC", "layers": []any{}}}, 422},
			{"unknown member", d.sup, "PATCH", path, map[string]any{"body": map[string]any{"timezone": "UTC", "layers": []any{}, "wages": 1}}, 422},
			{"nobody in it", d.sup, "POST", api + "/rosters/" + d.roster(map[string]any{"timezone": "UTC", "layers": []any{}}) + "/publish", map[string]any{}, 422},
			{"an override backwards", d.sup, "POST", path + "/overrides", map[string]any{"type": "add", "add": d.crewID[1], "start": "2025-03-05T00:00:00Z", "end": "2025-03-04T00:00:00Z"}, 422},
			{"an override of nobody", d.sup, "POST", path + "/overrides", map[string]any{"type": "replace", "add": d.crewID[1], "start": "2025-03-04T00:00:00Z", "end": "2025-03-05T00:00:00Z"}, 422},
			{"an override for ten years", d.sup, "POST", path + "/overrides", map[string]any{"type": "add", "add": d.crewID[1], "start": "2025-03-04T00:00:00Z", "end": "2035-03-05T00:00:00Z"}, 422},
			{"no override to cancel", d.sup, "DELETE", path + "/overrides/nothing", nil, 404},
			{"shifts of two years", d.sup, "GET", path + "/shifts?from=2025-01-01T00:00:00Z&to=2027-01-01T00:00:00Z", nil, 422},
			{"shifts of no time", d.sup, "GET", path + "/shifts", nil, 422},
			{"somebody twice", d.sup, "POST", api + "/rosters/generate", map[string]any{"people": []string{d.crewID[0], d.crewID[0]}, "start": "2025-03-03"}, 422},
			{"no such address", &person{h: h}, "GET", api + "/duty-feeds/nothing", nil, 404},
		} {
			if a := c.by.send(request{method: c.method, path: c.path, body: c.body}); a.status != c.status {
				t.Errorf("%s: want %d, got %s", c.name, c.status, a)
			}
		}
		seen := d.sup.get(path).header.Get("ETag")
		d.sup.must("PATCH", path, map[string]any{"name": "新名"})
		if a := d.sup.send(request{method: "PATCH", path: path, body: map[string]any{"name": "旧名"}, header: []string{"If-Match", seen}}); a.status != 412 {
			t.Errorf("a stale change: %s", a)
		}
		d.foreign(t)
	})
}

// foreign: whoever serves another customer alone finds neither the roster of this one's team nor its duty.
func (d *dutyHouse) foreign(t *testing.T) {
	t.Helper()
	a, b := d.customer("alpha", markA, "1390000"), d.customer("bravo", markB, "1380000")
	team := d.add("/teams", "resident", map[string]any{"organisation": d.provider, "name": "驻场组", "customer": a.id, "resident": true, "members": d.crewID[:2]})
	id := d.sup.must("POST", api+"/rosters", map[string]any{"team": team, "name": "驻场值班", "body": d.month("2025-03-03", "")}).text("id")
	if got := d.publish(id, "unreachable", "balance", "hours", "consecutive", "not_in_team"); got.status != 200 {
		t.Fatalf("publish: %s", got)
	}
	engineer, leader, _ := d.restricted(b)
	for _, p := range []*person{engineer, leader} {
		if got := p.get(api + "/rosters/" + id); got.status != 404 {
			t.Errorf("%s finds the roster: %s", p.login, got)
		}
		for _, list := range []string{"/rosters", "/duty?at=2025-03-05T04:00:00Z"} {
			if got := p.get(api + list); !got.ok() || strings.Contains(string(got.body), "驻场") {
				t.Errorf("%s: %s shows %s", p.login, list, got)
			}
		}
	}
	for _, p := range []*person{a.user, a.responsible} {
		for _, path := range []string{"/rosters", "/rosters/" + id, "/rosters/" + id + "/shifts?from=2025-03-05T00:00:00Z&to=2025-03-06T00:00:00Z", "/duty", "/duty/absences?from=2025-03-05T00:00:00Z&to=2025-03-06T00:00:00Z"} {
			if got := p.get(api + path); got.status != 403 {
				t.Errorf("%s of the customer: %s answers %s", p.login, path, got)
			}
		}
	}
}

// TestAlarmsOnce: several replicas that tick at the same moment tell of a shift that nobody came to once; what an outage
// delayed is told late, and says so; what has long passed is not told at all (DUT-05, DUT-12).
func TestAlarmsOnce(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := openDuty(t, h)
		id := d.roster(d.month("2025-03-03", ""))
		if a := d.publish(id); a.status != 200 {
			t.Fatalf("publish: %s", a)
		}
		d.tick()                                   // half an hour before
		d.set(shanghai(3, 8, 40).Add(time.Second)) // tolerance until 08:40
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if _, err := d.app.Rosters.Tick(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := d.notices(d.sup, "03-03 08:30"); n != 1 {
			t.Errorf("told %d times", n)
		}
		for part, want := range map[string]int{"您的班 03-03 08:30 开始": 1, "您应于 03-03 08:30 到岗": 1, "已发布": 1} {
			if n := d.notices(d.crew[0], part); n != want {
				t.Errorf("the person was told %q %d times, want %d", part, n, want)
			}
		}
		d.later(shanghai(3, 20, 25)) // the night comes early
		d.crew[7].must("POST", api+"/duty-checkins", map[string]any{})
		d.set(shanghai(3, 20, 41))
		d.tick()
		if n := d.notices(d.sup, "03-03 20:30"); n != 0 {
			t.Errorf("told %d times of somebody who came early", n)
		}
		d.later(shanghai(7, 9, 0)) // three and a half days of outage: what was set fires late, then the last day is caught up
		d.tick()
		d.tick()
		for at, want := range map[string]int{"03-04 08:30": 1, "03-05 20:30": 0, "03-06 20:30": 1, "03-07 08:30": 1} {
			if n := d.notices(d.sup, at); n != want {
				t.Errorf("%s: told %d times, want %d", at, n, want)
			}
		}
		if n := d.notices(d.sup, "系统停机后补发"); n == 0 {
			t.Error("nothing is marked as late")
		}
		d.sup.must("PATCH", api+"/rosters/"+id, map[string]any{"status": "retired"})
		d.later(shanghai(8, 9, 0))
		d.tick()
		if n := d.notices(d.sup, "03-08 08:30"); n != 0 {
			t.Errorf("a retired roster told %d times", n)
		}
		if got := d.onDuty(shanghai(8, 12, 0)); got != "" {
			t.Errorf("a retired roster has %s on duty", got)
		}
	})
}

// TestPastStays: what is published today does not rewrite who was on duty yesterday, and overrides come and go.
func TestPastStays(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := openDuty(t, h)
		body := d.month("2025-03-03", "")
		id := d.roster(body)
		if a := d.publish(id); a.status != 200 {
			t.Fatalf("publish: %s", a)
		}
		if got := d.onDuty(shanghai(4, 12, 0)); got != "1" {
			t.Fatalf("on duty: %s", got)
		}
		d.later(shanghai(6, 9, 0))
		turned := slices.Clone(d.crewID)
		slices.Reverse(turned)
		d.crewID, turned = turned, d.crewID
		body = d.month("2025-03-03", "")
		d.crewID = turned
		d.sup.must("PATCH", api+"/rosters/"+id, map[string]any{"body": body})
		if a := d.publish(id); a.status != 200 {
			t.Fatalf("publish: %s", a)
		}
		if past, future := d.onDuty(shanghai(4, 12, 0)), d.onDuty(shanghai(11, 12, 0)); past != "1" || future != "7" {
			t.Errorf("on duty: %s then, %s next week", past, future)
		}
		sheet := d.sup.must("GET", api+"/rosters/"+id+"/shifts?from=2025-03-03T16:00:00Z&to=2025-03-07T16:00:00Z", nil)
		if first := sheet.list("shifts")[1]; first.text("person.id") != d.crewID[1] {
			t.Errorf("the sheet rewrites the past: %v", first)
		}
		override := d.sup.must("POST", api+"/rosters/"+id+"/overrides", map[string]any{"type": "cover_all", "add": d.crewID[5], "start": "2025-03-11T00:00:00Z", "end": "2025-03-11T12:00:00Z", "reason": "演练"})
		if got := d.onDuty(shanghai(11, 12, 0)); got != "5" {
			t.Errorf("on duty: %s", got)
		}
		d.sup.must("DELETE", api+"/rosters/"+id+"/overrides/"+override.text("id"), nil)
		if got := d.onDuty(shanghai(11, 12, 0)); got != "7" {
			t.Errorf("on duty after all: %s", got)
		}
	})
}

// TestChoice follows C-19: the dedicated engineer if on duty, then the person on duty, then the group, the least loaded first.
func TestChoice(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := openDuty(t, h)
		c := h.customer("alpha", markA, "1390000")
		asked := duties.Asked{Team: d.team, Customer: c.id, Service: c.services[0], At: shanghai(4, 12, 0)}
		choose := func(a duties.Asked) (got duties.Choice) {
			t.Helper()
			err := h.app.DB.Read(t.Context(), func(tx db.Tx) (err error) {
				got, err = duties.Choose(t.Context(), tx, a)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := choose(asked); got != (duties.Choice{}) {
			t.Errorf("without a roster and without sharing: %+v", got)
		}
		shared := asked
		shared.Share = duties.LeastLoaded
		first := choose(shared)
		if first.Rule != "group" || !slices.Contains(d.crewID, first.Person) {
			t.Errorf("without a roster: %+v", first)
		}
		made := h.people["desk"].must("POST", api+"/incidents", map[string]any{"title": "打印机离线", "description": "不出票", "customer": c.id, "site": c.sites[0], "service": c.services[0], "channel": "monitoring"})
		h.people["desk"].must("POST", api+"/incidents/"+made.text("number")+"/assign", map[string]any{"team": d.team, "assignee": first.Person})
		for _, shared.Share = range []string{duties.LeastLoaded, duties.RoundRobin} {
			if got := choose(shared); got.Person == first.Person || got.Rule != "group" {
				t.Errorf("%s: whoever just got one is next again", shared.Share)
			}
		}
		id := d.roster(d.month("2025-03-03", ""))
		if a := d.publish(id); a.status != 200 {
			t.Fatalf("publish: %s", a)
		}
		if got := choose(asked); got != (duties.Choice{Person: d.crewID[1], Rule: "duty"}) {
			t.Errorf("by the roster: %+v", got)
		}
		h.people["admin"].must("POST", api+"/dedicated-engineers", map[string]any{"customer": c.id, "service": c.services[0], "person": d.crewID[2]})
		if got := choose(asked); got.Rule != "duty" {
			t.Errorf("the dedicated engineer is not on duty: %+v", got)
		}
		d.sup.must("POST", api+"/rosters/"+id+"/overrides", map[string]any{"type": "add", "add": d.crewID[2], "start": "2025-03-04T00:00:00Z", "end": "2025-03-05T00:00:00Z"})
		if got := choose(asked); got != (duties.Choice{Person: d.crewID[2], Rule: "dedicated"}) {
			t.Errorf("the dedicated engineer is on duty: %+v", got)
		}
	})
}

const errand = `
type: errand
plural: errands
label: {zh: 跑腿, en: Errand}
icon: timer
group: none
number: ERR-{yyyy}-{seq:3}
standard: [title, assignee, team]
read: [staff]
create:
  by: [staff]
  require: [title, team]
  effects:
    - assign_on_duty: {share: round_robin}
workflows:
  standard:
    label: {zh: 跑腿, en: Errand}
    default: true
    initial: open
    states:
      open: {kind: active, turn: handler, label: {zh: 处理中, en: Open}}
      done: {kind: done, label: {zh: 完成, en: Done}}
    transitions:
      finish: {label: {zh: 完成, en: Finish}, from: open, to: done, by: [handler]}
`

// TestAssignOnDuty: a definition gives its records to whoever is on duty.
func TestAssignOnDuty(t *testing.T) {
	t.Parallel()
	apptest.Each(t, func(t *testing.T, a *app.App) {
		d := openDuty(t, openHouse(t, a))
		send := func() string {
			return d.sup.must("POST", api+"/errands", map[string]any{"title": "送备件", "team": d.team}).text("assignee.id")
		}
		got := map[string]bool{}
		for range 8 {
			got[send()] = true
		}
		if len(got) != 8 || got[""] {
			t.Errorf("eight errands went to %d people", len(got))
		}
		d.inForceRoster()
		d.later(shanghai(5, 12, 0))
		if got := send(); got != d.crewID[2] {
			t.Errorf("the errand of the 5th went to %d", slices.Index(d.crewID, got))
		}
	}, process.Source{Practice: "test", File: "errand.yaml", Text: []byte(errand)})
}

// TestDutyFeed: a calendar program reads one's duty by an address that cannot be guessed, until it is ended or one leaves.
func TestDutyFeed(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := openDuty(t, h)
		id := d.roster(d.month("2025-03-03", ""))
		if a := d.publish(id); a.status != 200 {
			t.Fatalf("publish: %s", a)
		}
		nobody, me := &person{h: h}, d.crew[1]
		read := func(path string) (*ics.Calendar, answer) {
			t.Helper()
			a := nobody.get(path)
			if !a.ok() {
				return nil, a
			}
			cal, err := ics.ParseCalendar(strings.NewReader(string(a.body)))
			if err != nil {
				t.Fatalf("%v in %s", err, a)
			}
			return cal, a
		}
		own := me.must("POST", api+"/duty/feed", map[string]any{}).text("path")
		cal, _ := read(own)
		if len(cal.Events()) < 40 {
			t.Fatalf("%d shifts", len(cal.Events()))
		}
		start, err := cal.Events()[0].GetStartAt()
		if err != nil || !start.Equal(shanghai(4, 8, 30)) {
			t.Errorf("the first shift begins at %s, %v", start, err)
		}
		all := me.must("POST", api+"/rosters/"+id+"/feed", map[string]any{}).text("path")
		cal, a := read(all)
		if len(cal.Events()) < 300 || !strings.Contains(string(a.body), "值班员") || !strings.HasPrefix(a.header.Get("Content-Type"), "text/calendar") {
			t.Errorf("%d shifts of the roster, %s", len(cal.Events()), a.header)
		}
		renewed := me.must("POST", api+"/duty/feed", map[string]any{}).text("path")
		if _, a := read(own); a.status != 404 {
			t.Errorf("the earlier address still answers: %s", a)
		}
		me.must("DELETE", api+"/duty/feed", nil)
		if _, a := read(renewed); a.status != 404 {
			t.Errorf("an ended address still answers: %s", a)
		}
		h.people["admin"].must("POST", api+"/people/"+me.id+"/leave", map[string]any{})
		if _, a := read(all); a.status != 404 {
			t.Errorf("a leaver's address still answers: %s", a)
		}
	})
}

// TestCalcOncall: the calculation over HTTP, single and batch; a bad case has its own problem.
func TestCalcOncall(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.staff("组")
		c := h.customer("alpha", markA, "1390000")
		good := map[string]any{"timezone": "Europe/Berlin", "rotation": map[string]any{"type": "daily", "shift_length": 1, "start": "2025-03-28T02:30:00+01:00", "participants": []string{"A", "B"}},
			"queries": []any{map[string]any{"at": "2025-03-30T00:59:59Z"}, map[string]any{"at": "2025-03-30T01:00:00Z"}},
			"window":  map[string]any{"from": "2025-03-27T00:00:00Z", "to": "2025-03-31T00:00:00Z"}}
		path := api + "/calc/oncall"
		one := h.people["desk"].must("POST", path, good)
		if one.text("who.0.who.0") != "B" || one.text("who.1.who.0") != "A" || len(one.at("handoffs").([]any)) != 3 || one.text("handoffs.2") != "2025-03-30T01:00:00Z" ||
			one.text("gaps.0.to") != "2025-03-28T01:30:00Z" {
			t.Errorf("%v", one)
		}
		bad := map[string]any{"id": "bad", "timezone": "Europe/Berlin", "rotation": map[string]any{"type": "yearly", "start": "2025-03-28T02:30:00+01:00", "participants": []string{}}}
		good["id"] = "good"
		many := h.people["desk"].must("POST", path, map[string]any{"cases": []any{bad, good}})
		if many.text("results.0.id") != "bad" || many.text("results.0.problem.code") != "invalid" || many.text("results.1.id") != "good" || many.text("results.1.who.0.who.0") != "B" {
			t.Errorf("%v", many)
		}
		for _, r := range []struct {
			by     *person
			body   any
			status int
		}{
			{&person{h: h}, good, 401},
			{c.user, good, 403},
			{h.people["desk"], map[string]any{"timezone": "UTC", "wages": 1}, 422},
			{h.people["desk"], `{"timezone": `, 400},
		} {
			if a := r.by.send(request{method: "POST", path: path, body: r.body}); a.status != r.status {
				t.Errorf("want %d, got %s", r.status, a)
			}
		}
	})
}

// TestOnDutyAgrees: the function other packages ask answers what the roster's page shows.
func TestOnDutyAgrees(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := openDuty(t, h)
		if a := d.publish(d.roster(d.month("2025-03-03", "2025-03-30"))); a.status != 200 {
			t.Fatalf("publish: %s", a)
		}
		for hour := range 5 * 24 {
			at := shanghai(27, 0, 17).Add(time.Duration(hour) * time.Hour)
			var got []string
			err := h.app.DB.Read(t.Context(), func(tx db.Tx) (err error) {
				got, err = duties.OnDuty(context.Background(), tx, d.team, at)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, p := range got {
				names = append(names, fmt.Sprint(slices.Index(d.crewID, p)))
			}
			if shown := d.onDuty(at); strings.Join(names, " ") != shown {
				t.Errorf("%s: %v, shown %s", at, names, shown)
			}
		}
	})
}

// take takes a step and answers; status 0 = it must succeed.
func (d *dutyHouse) take(p *person, path string, body map[string]any, status int, guard string) object {
	d.t.Helper()
	a := p.send(request{method: "POST", path: api + path, body: body})
	switch {
	case status == 0 && !a.ok(), status != 0 && a.status != status, guard != "" && a.object().text("guard") != guard:
		d.t.Errorf("%s: %s: want %d %s, got %s", p.login, path, status, guard, a)
	}
	return a.object()
}

func between(from, to time.Time) map[string]any {
	return map[string]any{"from": from.Format(time.RFC3339), "to": to.Format(time.RFC3339)}
}

// inForceRoster is a month in force, with somebody added to the day of the 4th.
func (d *dutyHouse) inForceRoster() string {
	d.t.Helper()
	id := d.roster(d.month("2025-03-03", ""))
	if a := d.publish(id); a.status != 200 {
		d.t.Fatalf("publish: %s", a)
	}
	d.sup.must("POST", api+"/rosters/"+id+"/overrides", map[string]any{"type": "add", "add": d.crewID[6], "start": shanghai(4, 8, 30), "end": shanghai(4, 20, 30)})
	return id
}

// TestSwaps: who may do what in which order, what does not fit, and what the clock does (DUT-03).
func TestSwaps(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := openDuty(t, h)
		d.inForceRoster()
		me, boss := d.crew[1], d.sup // me: the day of the 4th, the night of the 5th
		day := between(shanghai(4, 8, 30), shanghai(4, 20, 30))
		ask := func(with int, mine, theirs map[string]any) string {
			t.Helper()
			body := map[string]any{"with": d.crewID[with], "mine": mine}
			if theirs != nil {
				body["theirs"] = theirs
			}
			return "/shift-swaps/" + d.take(me, "/shift-swaps", body, 0, "").text("number")
		}
		self := ask(1, day, nil)
		d.take(me, self+"/agree", map[string]any{}, 409, "swap_other")
		busy := ask(6, day, nil)
		d.take(d.crew[6], busy+"/agree", map[string]any{}, 409, "swap_free")
		d.take(d.crew[6], busy+"/decline", map[string]any{}, 422, "")
		d.take(d.crew[6], busy+"/decline", map[string]any{"refused_reason": "那天我也在班"}, 0, "")
		both := ask(3, day, between(shanghai(4, 12, 0), shanghai(4, 13, 0)))
		d.take(d.crew[3], both+"/agree", map[string]any{}, 409, "swap_shift")
		gone := ask(4, day, nil)
		d.take(d.crew[4], gone+"/withdraw", map[string]any{}, 403, "")
		d.take(me, gone+"/withdraw", map[string]any{}, 0, "")
		refused := ask(4, day, nil)
		d.take(d.crew[4], refused+"/agree", map[string]any{}, 0, "")
		d.take(boss, refused+"/refuse", map[string]any{}, 422, "")
		d.take(boss, refused+"/refuse", map[string]any{"refused_reason": "当天有割接"}, 0, "")
		if got := d.onDuty(shanghai(4, 12, 0)); got != "1 6" {
			t.Errorf("nothing was swapped, on duty: %s", got)
		}
		given := ask(4, day, nil)
		d.take(d.crew[4], given+"/agree", map[string]any{}, 0, "")
		d.take(boss, given+"/approve", map[string]any{}, 0, "")
		if got := d.onDuty(shanghai(4, 12, 0)); got != "4 6" {
			t.Errorf("on duty: %s", got)
		}
		late := ask(5, between(shanghai(5, 20, 30), shanghai(6, 8, 30)), nil)
		d.take(d.crew[5], late+"/agree", map[string]any{}, 0, "")
		d.later(shanghai(5, 20, 30))
		if _, err := d.app.Engine.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := boss.must("GET", api+late, nil).text("state.code"); got != "lapsed" {
			t.Errorf("when the shift begins the swap is %s", got)
		}
		d.take(boss, late+"/approve", map[string]any{}, 409, "")
	})
}

// TestLeaveOnTheRoster: a substitute who is free, the roster with them, the roster as before when the leave ends early (SM-47).
func TestLeaveOnTheRoster(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := openDuty(t, h)
		d.inForceRoster()
		me, boss := d.crew[1], d.sup
		apply := func(from, to time.Time) string {
			t.Helper()
			return "/leaves/" + d.take(me, "/leaves", map[string]any{"period": between(from, to), "kind_of_leave": "annual"}, 0, "").text("number")
		}
		leave := apply(shanghai(4, 0, 0), shanghai(5, 0, 0))
		d.take(boss, leave+"/approve", map[string]any{}, 409, "substitute_named")
		d.take(boss, leave+"/approve", map[string]any{"substitute": d.crewID[6]}, 409, "substitute_free")
		d.take(boss, leave+"/approve", map[string]any{"substitute": d.crewID[5]}, 0, "")
		if got := d.onDuty(shanghai(4, 12, 0)); got != "5 6" {
			t.Errorf("on duty: %s", got)
		}
		d.take(d.crew[2], leave+"/end_early", map[string]any{}, 403, "")
		d.take(me, leave+"/end_early", map[string]any{}, 0, "")
		if got := d.onDuty(shanghai(4, 12, 0)); got != "1 6" {
			t.Errorf("on duty after all: %s", got)
		}
		free := apply(shanghai(7, 0, 0), shanghai(8, 0, 0)) // no shift on that day
		d.take(boss, free+"/approve", map[string]any{}, 0, "")
		swap := d.take(d.crew[4], "/shift-swaps", map[string]any{"with": me.id, "mine": between(shanghai(7, 8, 30), shanghai(7, 20, 30))}, 0, "")
		d.take(me, "/shift-swaps/"+swap.text("number")+"/agree", map[string]any{}, 409, "swap_free")
		own := d.take(boss, "/leaves", map[string]any{"period": between(shanghai(9, 0, 0), shanghai(10, 0, 0))}, 0, "").text("number")
		d.take(boss, "/leaves/"+own+"/approve", map[string]any{}, 403, "")
		withdrawn := apply(shanghai(20, 0, 0), shanghai(21, 0, 0))
		d.take(me, withdrawn+"/withdraw", map[string]any{}, 0, "")
		d.take(boss, withdrawn+"/approve", map[string]any{}, 409, "")
	})
}

// TestHandover: who takes over is the roster's next person; a question goes back; somebody else can be named; who hands over
// does not take over (DUT-04).
func TestHandover(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := openDuty(t, h)
		d.inForceRoster()
		d.later(shanghai(5, 20, 0))
		giver, taker := d.crew[2], d.crew[1] // the day of the 5th, and its night
		sign := map[string]any{"account": true}
		made := d.take(giver, "/handovers", map[string]any{"system_state": "正常", "given": sign}, 0, "")
		path := "/handovers/" + made.text("number")
		if made.text("fields.taker") != taker.id || made.text("fields.given.by") != giver.id {
			t.Errorf("handover %v", made["fields"])
		}
		d.take(giver, path+"/accept", map[string]any{"received": sign}, 403, "")
		d.take(taker, path+"/ask", map[string]any{}, 422, "")
		d.take(taker, path+"/ask", map[string]any{"question": "备件到了吗"}, 0, "")
		d.take(giver, path+"/explain", map[string]any{"notes": "明天到"}, 0, "")
		d.take(taker, path+"/pass_to", map[string]any{"taker": d.crewID[4]}, 403, "")
		d.take(giver, path+"/pass_to", map[string]any{"taker": d.crewID[4]}, 0, "")
		d.take(taker, path+"/accept", map[string]any{"received": sign}, 403, "")
		if got := d.take(d.crew[4], path+"/accept", map[string]any{"received": sign}, 0, ""); got.text("state.code") != "accepted" {
			t.Errorf("%v", got["state"])
		}
		h.people["desk"].cookie, h.people["desk"].csrf = "", ""
		h.people["desk"].signIn()
		d.take(h.people["desk"], "/handovers", map[string]any{"system_state": "正常", "given": sign}, 422, "") // no roster says who is next
	})
}

// TestOvertime: the hours, those of them that were rostered, and the kind of day (DUT-10).
func TestOvertime(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		d := openDuty(t, h)
		d.inForceRoster()
		me := d.crew[5] // the day of Saturday the 8th
		made := d.take(me, "/overtimes", map[string]any{"period": between(shanghai(8, 18, 0), shanghai(8, 23, 0)), "reason": "割接"}, 0, "")
		if made.at("fields.hours") != 5.0 || made.at("fields.rostered_hours") != 2.5 || made.text("fields.kind_of_day") != "rest_day" {
			t.Errorf("%v", made["fields"])
		}
		path := "/overtimes/" + made.text("number")
		d.take(me, path+"/confirm", map[string]any{}, 403, "")
		d.take(d.sup, path+"/confirm", map[string]any{}, 409, "overtime_over")
		d.later(shanghai(9, 9, 0))
		d.take(d.sup, path+"/confirm", map[string]any{}, 0, "")
		for date, want := range map[time.Time]string{time.Date(2025, 10, 1, 4, 0, 0, 0, time.UTC): "holiday", time.Date(2025, 9, 28, 4, 0, 0, 0, time.UTC): "workday", shanghai(10, 20, 0): "workday"} {
			made := d.take(me, "/overtimes", map[string]any{"period": between(date, date.Add(time.Hour)), "reason": "割接"}, 0, "")
			if got := made.text("fields.kind_of_day"); got != want {
				t.Errorf("%s is a %s, want %s", date, got, want)
			}
		}
	})
}
