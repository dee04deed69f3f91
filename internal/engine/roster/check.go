package roster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/roster/rotation"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// What the check before publishing can find. A gap in a roster that promises cover at any hour refuses publication (DUT-02);
// everything else may be accepted by naming it.
const (
	FindGap         = "gap"
	FindUnreachable = "unreachable"
	FindLeft        = "left"
	FindOutsider    = "not_in_team"
	FindOnLeave     = "on_leave"
	FindRuns        = "consecutive"
	FindHours       = "hours"
	FindBalance     = "balance"
	FindHoliday     = "holiday"
)

// Finding is one thing that is wrong with a roster.
type Finding struct {
	Code   string     `json:"code"`
	Hard   bool       `json:"hard" doc:"cannot be accepted; it has to be put right"`
	Person *party.Ref `json:"person,omitempty"`
	From   *time.Time `json:"from,omitempty"`
	To     *time.Time `json:"to,omitempty"`
	Value  float64    `json:"value,omitempty" doc:"hours, or number of shifts"`
	Text   string     `json:"text" doc:"the sentence, in the reader's language"`
}

// Load is what somebody is given in the time that was checked.
type Load struct {
	Person party.Ref `json:"person"`
	Shifts int       `json:"shifts"`
	Nights int       `json:"nights" doc:"shifts of layers marked as night"`
	Hours  float64   `json:"hours"`
}

// Report is the outcome of the check.
type Report struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Findings []Finding `json:"findings"`
	Load     []Load    `json:"load" doc:"everybody's share, for the balance"`
}

// ahead is how far the check looks where the roster has no end.
const ahead = 8 * 7 * 24 * time.Hour

// maxGaps bounds the list of gaps: what repeats every night is said often enough.
const maxGaps = 50

// checker looks through one body.
type checker struct {
	ctx      context.Context
	u        *work.Unit
	r        Roster
	p        published
	from, to time.Time
	members  map[string]Member
	shifts   map[string][]rotation.Shift // by person
	report   Report
}

// examine checks what is being worked on for the time to come.
func examine(ctx context.Context, u *work.Unit, r Roster) (Report, error) {
	c := &checker{ctx: ctx, u: u, r: r, shifts: map[string][]rotation.Shift{}, report: Report{Findings: []Finding{}, Load: []Load{}}}
	if err := c.prepare(); err != nil {
		return c.report, err
	}
	for _, look := range []func() error{c.gaps, c.people, c.leave, c.overload, c.balance, c.holidayCover} {
		if err := look(); err != nil {
			return c.report, err
		}
	}
	return c.report, nil
}

// prepare finds the time to look at: from now, or from the roster's beginning, for eight weeks or to its end.
func (c *checker) prepare() error {
	now := c.u.Now()
	p, err := compile(c.ctx, c.u, c.r.ID, c.r.Name, c.r.Team.ID, c.r.Body, now, now.Add(ahead+366*24*time.Hour))
	if err != nil {
		return err
	}
	c.p = p
	c.from = now
	first, last, err := c.r.Body.extent(p.plan)
	if err != nil {
		return err
	}
	if first.After(now) {
		c.from = first
	}
	c.to = c.from.Add(ahead)
	if !last.IsZero() && last.Before(c.to) {
		c.to = last
	}
	c.report.From, c.report.To = c.from.UTC(), c.to.UTC()
	list, err := p.plan.Shifts(c.from, c.to)
	if err != nil {
		return err
	}
	ids := c.r.Body.people()
	for _, shift := range list {
		c.shifts[shift.User] = append(c.shifts[shift.User], shift)
		if !slices.Contains(ids, shift.User) {
			ids = append(ids, shift.User)
		}
	}
	c.members, err = membersOf(c.ctx, c.u, ids)
	return err
}

func (c *checker) add(f Finding, code string, params text.Params) {
	if params == nil {
		params = text.Params{}
	}
	if f.Person != nil {
		f.Person.Name = c.members[f.Person.ID].Name
		params["person"] = f.Person.Name
	}
	if f.From != nil {
		params["from"] = c.say(*f.From)
	}
	if f.To != nil {
		params["to"] = c.say(*f.To)
	}
	f.Code, f.Text = code, text.Say(c.u.Actor.Lang, "roster.find_"+code, params)
	c.report.Findings = append(c.report.Findings, f)
}

func (c *checker) say(t time.Time) string { return t.In(c.p.plan.Zone()).Format("2006-01-02 15:04") }

func ptr[T any](v T) *T { return &v }

// gaps are hard where the roster promises somebody at any hour; otherwise they are as planned.
func (c *checker) gaps() error {
	if c.r.Body.covers() != Always {
		return nil
	}
	list, err := c.p.plan.Gaps(c.from, c.to)
	if err != nil {
		return err
	}
	for _, g := range list[:min(len(list), maxGaps)] {
		c.add(Finding{Hard: true, From: ptr(g.From), To: ptr(g.To), Value: g.To.Sub(g.From).Hours()}, FindGap, nil)
	}
	return nil
}

// people must be reachable, still with the company, and members of the team, or they cannot be given its work.
func (c *checker) people() error {
	team, err := party.TeamMembers(c.ctx, c.u, c.r.Team.ID)
	if err != nil {
		return err
	}
	here, err := stillHere(c.ctx, c.u, slices.Sorted(maps.Keys(c.members)))
	if err != nil {
		return err
	}
	for _, id := range c.named() {
		who := &party.Ref{ID: id}
		switch {
		case !slices.Contains(here, id):
			c.add(Finding{Person: who}, FindLeft, nil)
			continue
		case !slices.Contains(team, id):
			c.add(Finding{Person: who}, FindOutsider, nil)
		}
		if !c.members[id].Reachable {
			c.add(Finding{Person: &party.Ref{ID: id}}, FindUnreachable, nil)
		}
	}
	return nil
}

// named are everybody with something to do by the roster, those of its body first.
func (c *checker) named() []string {
	ids := c.r.Body.people()
	for _, id := range slices.Sorted(maps.Keys(c.shifts)) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// leave finds shifts that the roster plans for people who are away then.
func (c *checker) leave() error {
	absences, err := absencesWithin(c.ctx, c.u, c.from, c.to)
	if err != nil {
		return err
	}
	bare, err := rotation.New(c.r.Body.spec())
	if err != nil {
		return err
	}
	planned, err := bare.Shifts(c.from, c.to)
	if err != nil {
		return err
	}
	for _, a := range absences {
		first := slices.IndexFunc(planned, func(s rotation.Shift) bool { return s.User == a.User && s.End.After(a.Start) && s.Start.Before(a.End) })
		if first < 0 || a.Substitute != "" {
			continue // nothing planned, or somebody stands in
		}
		s := planned[first]
		c.add(Finding{Person: &party.Ref{ID: a.User}, From: ptr(s.Start), To: ptr(s.End)}, FindOnLeave, nil)
	}
	return nil
}

// overload finds who works too many days running or too many hours a week (DUT-10).
func (c *checker) overload() error {
	for _, id := range c.named() {
		if run, first := longestRun(c.shifts[id], c.p.plan.Zone()); run > c.r.Body.consecutive() {
			c.add(Finding{Person: &party.Ref{ID: id}, From: ptr(first), Value: float64(run)}, FindRuns, text.Params{"count": run, "max": c.r.Body.consecutive()})
		}
		if hours, week := busiestWeek(c.shifts[id], c.from, c.p.plan.Zone()); hours > c.r.Body.hours() {
			c.add(Finding{Person: &party.Ref{ID: id}, From: ptr(week), Value: round(hours)}, FindHours,
				text.Params{"hours": figure(hours), "max": figure(c.r.Body.hours())})
		}
	}
	return nil
}

func round(v float64) float64 { return float64(int64(v*10+0.5)) / 10 }

func figure(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") }

// longestRun counts the days running on which somebody begins a shift or is still at one, and when that begins.
func longestRun(shifts []rotation.Shift, zone *time.Location) (longest int, first time.Time) {
	run, begin := 0, time.Time{}
	last := time.Time{}
	for _, s := range shifts {
		local := s.Start.In(zone)
		day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
		switch {
		case !last.IsZero() && day.Equal(last):
			continue
		case !last.IsZero() && day.Equal(last.AddDate(0, 0, 1)):
			run++
		default:
			run, begin = 1, s.Start
		}
		local = s.End.Add(-time.Nanosecond).In(zone) // a shift that covers whole days counts each of them
		end := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
		if whole := int(s.End.Sub(s.Start) / (24 * time.Hour)); whole > 1 {
			run += whole - 1
			day = end
		}
		last = day
		if run > longest {
			longest, first = run, begin
		}
	}
	return longest, first
}

// busiestWeek is the calendar week, Monday to Sunday, with the most hours.
func busiestWeek(shifts []rotation.Shift, from time.Time, zone *time.Location) (most float64, monday time.Time) {
	hours := map[time.Time]float64{}
	for _, s := range shifts {
		for at := s.Start; at.Before(s.End); {
			local := at.In(zone)
			week := time.Date(local.Year(), local.Month(), local.Day()-(int(local.Weekday())+6)%7, 0, 0, 0, 0, zone)
			end := week.AddDate(0, 0, 7)
			if s.End.Before(end) {
				end = s.End
			}
			hours[week] += end.Sub(at).Hours()
			at = end
		}
	}
	for week, h := range hours {
		if h > most || h == most && week.Before(monday) {
			most, monday = h, week
		}
	}
	return most, monday
}

// balance compares what people are given: fair is when nobody has more than a quarter and two shifts above the average.
func (c *checker) balance() error {
	total, count := 0.0, 0
	for _, id := range c.named() {
		load := Load{Person: party.Ref{ID: id, Name: c.members[id].Name}}
		for _, s := range c.shifts[id] {
			load.Shifts++
			load.Hours += s.End.Sub(s.Start).Hours()
			if _, mark := c.p.layerName(s); mark == NightShift {
				load.Nights++
			}
		}
		load.Hours = round(load.Hours)
		total, count = total+load.Hours, count+load.Shifts
		c.report.Load = append(c.report.Load, load)
	}
	if count == 0 || len(c.report.Load) < 2 {
		return nil
	}
	average, shift := total/float64(len(c.report.Load)), total/float64(count)
	for _, l := range c.report.Load {
		if l.Hours > average*1.25 && l.Hours > average+2*shift {
			c.add(Finding{Person: &party.Ref{ID: l.Person.ID}, Value: l.Hours}, FindBalance, text.Params{"hours": figure(l.Hours), "average": figure(average)})
		}
	}
	return nil
}

// holidayCover finds public holidays within a month that have no schedule of their own (DUT-09).
func (c *checker) holidayCover() error {
	if !c.r.Body.holidays() {
		return nil
	}
	for _, h := range great(c.u.Now(), c.p.plan.Zone()) {
		if h.from.After(c.u.Now().Add(31 * 24 * time.Hour)) {
			continue
		}
		if missing, ok := c.r.Body.uncovered(h); ok {
			c.add(Finding{From: ptr(missing.from), To: ptr(missing.to)}, FindHoliday, text.Params{"holiday": h.name})
		}
	}
	return nil
}

// Check answers what is wrong with what is being worked on.
func (s *Service) Check(ctx context.Context, roster string) (report Report, err error) {
	err = s.door.Read(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		r, err := manageable(ctx, u, roster, 0)
		if err != nil {
			return err
		}
		report, err = examine(ctx, u, r)
		return err
	})
	return report, err
}
