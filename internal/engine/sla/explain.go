package sla

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Explained is a clock of a record with the whole reason for its deadline.
type Explained struct {
	Target    string     `json:"target"`
	Label     string     `json:"label"`
	Kind      string     `json:"kind" enum:"sla,ola,uc"`
	Agreement string     `json:"agreement" doc:"code"`
	Name      string     `json:"agreement_name"`
	ID        string     `json:"agreement_id"`
	Version   int64      `json:"agreement_version"`
	Calendar  string     `json:"calendar" doc:"code; empty = around the clock"`
	Zone      string     `json:"timezone"`
	Started   time.Time  `json:"started_at"`
	Ended     *time.Time `json:"ended_at"`
	Seconds   int64      `json:"target_seconds"`
	Bound     string     `json:"bound_by" enum:"target,expected,day_rule,agreed" doc:"what makes it due then"`
	ClockView
	Forecast []Entry  `json:"forecast" doc:"from now until it is due"`
	Shares   []Share  `json:"shares" doc:"who had the record for how much of the time"`
	Points   []Point  `json:"points" doc:"who is told when"`
	Changes  []Turn   `json:"changes" doc:"what happened that the clock goes by"`
	Reports  []Report `json:"reports" doc:"upwards, one level at a time"`
	Review   *Review  `json:"review" doc:"of its breach"`
}

// Report is one level of a report upwards.
type Report struct {
	From         string     `json:"from"`
	To           string     `json:"to"`
	At           time.Time  `json:"at"`
	Acknowledged *time.Time `json:"acknowledged_at"`
}

// Share is how much working time somebody had the record.
type Share struct {
	Who     string `json:"who" enum:"customer,team,supplier"`
	Name    string `json:"name" doc:"of the team"`
	Seconds int64  `json:"seconds"`
}

// Point is a step of the clock.
type Point struct {
	Kind  string     `json:"kind" enum:"warning,alarm,escalation"`
	At    *time.Time `json:"at" doc:"null while that cannot be told"`
	To    []string   `json:"to"`
	Taken bool       `json:"taken"`
}

// Turn is an event that the clock goes by, in words.
type Turn struct {
	At   time.Time `json:"at"`
	Type string    `json:"type"`
	Text string    `json:"text"`
}

// Explain says how the clocks of a record stand at an instant, and why. A customer sees what was promised to them.
func (s *Service) Explain(ctx context.Context, number string, at time.Time) (out []Explained, err error) {
	err = s.door.Read(ctx, process.ReadRecords, func(ctx context.Context, u *work.Unit) error {
		r, err := s.engine.Readable(ctx, u, number)
		if err != nil {
			return err
		}
		if at.IsZero() {
			at = u.Now()
		}
		l, err := readLife(ctx, u.Tx, r.ID)
		if err != nil || l == nil {
			return err
		}
		cals, err := s.calendarsNow(ctx, u)
		if err != nil {
			return err
		}
		all, err := s.evaluate(ctx, u, l, cals, at)
		if err != nil {
			return err
		}
		e := &explainer{u: u, l: l, at: at, inside: u.Actor.OrgKind == work.Provider || u.Actor.System}
		if err := e.read(ctx); err != nil {
			return err
		}
		for _, c := range all {
			if e.inside || c.agreement.Kind == WithCustomer {
				out = append(out, e.explain(c))
			}
		}
		return nil
	})
	return nonNil(out), err
}

type explainer struct {
	u      *work.Unit
	l      *life
	at     time.Time
	inside bool // the reader is of the provider
	names  map[string]string
	rows   map[string]*row
	review map[string]*Review

	reports map[string][]Report
}

func (e *explainer) read(ctx context.Context) (err error) {
	var teams []string
	for _, x := range e.l.events {
		if x.Team != "" {
			teams = append(teams, x.Team)
		}
	}
	if e.names, err = party.NamesOf(ctx, e.u.Tx, teams, party.KindTeam); err != nil {
		return err
	}
	if e.rows, err = readRows(ctx, e.u.Tx, e.l.record); err != nil || !e.inside {
		return err
	}
	if err := e.readReports(ctx); err != nil {
		return err
	}
	e.review, err = readReviews(ctx, e.u.Tx, e.l.record)
	return err
}

// readReports reads who was told upwards, and whether they have acknowledged it.
func (e *explainer) readReports(ctx context.Context) error {
	e.reports = map[string][]Report{}
	var people []string
	for _, x := range e.rows {
		for _, h := range x.Reports {
			people = append(people, h.From, h.To)
		}
	}
	names, err := party.NamesOf(ctx, e.u.Tx, people, party.KindPerson)
	if err != nil {
		return err
	}
	for key, x := range e.rows {
		for _, h := range x.Reports {
			if h.At == 0 {
				continue
			}
			known, err := notify.Acknowledged(ctx, e.u.Tx, h.ref(x), h.To)
			if err != nil {
				return err
			}
			e.reports[key] = append(e.reports[key], Report{From: names[h.From], To: names[h.To], At: clock.FromMillis(h.At), Acknowledged: instant(known, time.UTC)})
		}
	}
	return nil
}

func (e *explainer) explain(c standing) Explained {
	zone := c.terms.Calendar.Zone()
	x := Explained{Target: c.promised.Name, Label: c.promised.label().In(e.u.Actor.Lang), Kind: c.agreement.Kind, Agreement: c.agreement.Code,
		Name: c.agreement.Label.In(e.u.Actor.Lang), ID: c.agreement.ID, Version: c.agreement.Version, Calendar: c.agreement.Calendar, Zone: zone.String(),
		Started: c.Started.In(zone), Ended: instant(c.Ended, zone), Seconds: c.seconds, Bound: c.boundBy(e.l.events), ClockView: viewOf(c.Clock, zone),
		Forecast: c.Forecast(e.at), Shares: []Share{}, Points: []Point{}, Reports: []Report{}, Changes: e.turns(zone)}
	if priority, level := graded(e.l.events, e.at); c.agreement.aroundTheClock(priority, level) {
		x.Calendar = ""
	}
	if !e.inside {
		return x
	}
	x.Shares, x.Points, x.Review = e.shares(c), e.points(c, zone), e.review[c.name()]
	x.Reports = append(x.Reports, e.reports[c.name()]...)
	return x
}

// boundBy tells what makes a clock due when it is.
func (c standing) boundBy(events []Event) string {
	if c.cycle == nil || c.cycle.set == nil {
		return "target"
	}
	for _, e := range events {
		switch {
		case e.Type == "due_set" && e.Due.Equal(c.cycle.set.Due):
			return "agreed"
		case e.Type == "expected_set" && e.Due.Equal(c.cycle.set.Due):
			return "expected"
		}
	}
	return "day_rule"
}

// shares: while the record waits it is whom it waits for that has it, else the team it is with (§6: who used the time).
func (e *explainer) shares(c standing) []Share {
	type holder struct{ who, team string }
	sums, order := map[holder]time.Duration{}, []holder{}
	now, last := holder{who: "team"}, c.Started
	end := e.at
	if !c.Ended.IsZero() {
		end = c.Ended
	}
	count := func(until time.Time) {
		if until.After(end) {
			until = end
		}
		if until.After(last) {
			if sums[now] == 0 {
				order = append(order, now)
			}
			sums[now] += c.terms.Calendar.Elapsed(last, until)
			last = until
		}
	}
	team := ""
	for _, x := range e.l.events {
		count(x.At)
		switch {
		case x.Type == "assigned":
			team = x.Team
			if now.who == "team" {
				now.team = team
			}
		case x.Type == "paused" || x.Type == "created" && x.Paused:
			now = holder{who: "team", team: team}
			if x.Reason == "customer" || x.Reason == "supplier" {
				now = holder{who: x.Reason}
			}
		case x.Type == "resumed", x.Type == "reopened":
			now = holder{who: "team", team: team}
		}
	}
	count(end)
	out := []Share{}
	for _, h := range order {
		out = append(out, Share{Who: h.who, Name: e.names[h.team], Seconds: seconds(sums[h])})
	}
	return out
}

func (e *explainer) points(c standing, zone *time.Location) []Point {
	out, steps := []Point{}, c.steps()
	for _, name := range slices.Sorted(maps.Keys(steps)) {
		step := steps[name]
		taken := e.rows[c.name()] != nil && e.rows[c.name()].took(name)
		out = append(out, Point{Kind: step.Kind, At: instant(c.pointAt(step), zone), To: step.To, Taken: taken})
	}
	slices.SortStableFunc(out, func(a, b Point) int {
		switch {
		case a.At == nil || b.At == nil:
			return 0
		}
		return a.At.Compare(*b.At)
	})
	return out
}

// turns are the events in words.
func (e *explainer) turns(zone *time.Location) []Turn {
	out := []Turn{}
	for _, x := range e.l.events {
		if x.At.After(e.at) {
			break
		}
		params := text.Params{"team": e.names[x.Team], "priority": x.Priority, "due": x.Due.In(zone).Format("01-02 15:04")}
		key := "sla.event." + x.Type
		if x.Type == "paused" {
			key += "." + x.Reason
		}
		if !e.inside && (x.Type == "assigned" || x.Reason == "supplier" || x.Reason == "internal") {
			continue
		}
		if text.Known(key) {
			out = append(out, Turn{At: x.At.In(zone), Type: x.Type, Text: text.Say(e.u.Actor.Lang, key, params)})
		}
	}
	return out
}

// Review says what became of a breach: why, whose time it was, and what is owed for it (SLA-08, SLA-21).
type Review struct {
	Cause        string     `json:"cause" minLength:"1" maxLength:"2000"`
	UsedBy       string     `json:"used_by" enum:"customer,own_team,supplier,other"`
	Improvement  string     `json:"improvement,omitempty" maxLength:"2000"`
	Confirmed    bool       `json:"confirmed" doc:"by both sides; only then something is owed"`
	Compensation string     `json:"compensation,omitempty" maxLength:"400" doc:"by the mechanism of the agreement; needs a confirmed breach"`
	Amount       float64    `json:"amount,omitempty" minimum:"0" maximum:"1000000000" doc:"in yuan"`
	By           string     `json:"by,omitempty" readOnly:"true"`
	At           *time.Time `json:"at,omitempty" readOnly:"true"`
}

func readReviews(ctx context.Context, tx db.Tx, record string) (map[string]*Review, error) {
	out := map[string]*Review{}
	type named struct {
		key string
		r   *Review
	}
	list, err := db.All(ctx, tx, func(row db.Row) (n named, err error) {
		var agreement, target string
		n.r = &Review{}
		err = row.Scan(&agreement, &target, db.ScanJSON(n.r))
		n.key = agreement + "/" + target
		return n, err
	}, `SELECT agreement_id, target, review FROM clocks WHERE record_id = $1`, record)
	for _, n := range list {
		if n.r.Cause != "" {
			out[n.key] = n.r
		}
	}
	return out, err
}

// ReviewBreach keeps what became of a breach. It is refused for a clock that was kept, and a compensation for a breach that
// is not confirmed.
func (s *Service) ReviewBreach(ctx context.Context, number, agreement, target string, v Review) error {
	return s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		r, err := s.engine.Readable(ctx, u, number)
		if err != nil {
			return err
		}
		if !u.Actor.MayFor(Manage, r.Customer, r.Type) {
			return fault.Denied()
		}
		rows, err := readRows(ctx, u.Tx, r.ID)
		if err != nil {
			return err
		}
		x := rows[agreement+"/"+target]
		switch {
		case x == nil:
			return fault.Missing()
		case x.Breach == 0 && (x.Due == 0 || x.Ended != 0 || x.Due >= clock.Millis(u.Now())):
			return fault.Guarded("breached", text.Label{Zh: "这个时限没有超，不用分析。", En: "This promise was not broken."}, nil)
		case !v.Confirmed && (v.Compensation != "" || v.Amount > 0):
			return fault.Guarded("confirmed", text.Label{Zh: "先由双方确认违约，再登记补偿。", En: "Both sides must confirm the breach before something is owed for it."}, nil)
		}
		at := u.Now()
		v.By, v.At = u.Actor.ID, &at
		if _, err := u.Exec(ctx, `UPDATE clocks SET review = $4 WHERE record_id = $1 AND agreement_id = $2 AND target = $3`, r.ID, agreement, target, db.JSON(v)); err != nil {
			return err
		}
		_, err = u.Record(ctx, work.Event{Stream: "clock:" + r.ID, Kind: "clock.reviewed", Subject: r.Type, Number: r.Number, Customer: r.Customer,
			Data: map[string]any{"agreement": agreement, "target": target, "review": v}})
		return err
	})
}

func init() {
	say := func(zh, en string) text.Label { return text.Label{Zh: zh, En: en} }
	text.Register(map[string]text.Label{
		"sla.event.created":           say("登记", "Registered"),
		"sla.event.responded":         say("首次响应", "First response"),
		"sla.event.agent_message":     say("答复了客户", "The customer was answered"),
		"sla.event.customer_message":  say("客户留言", "The customer wrote"),
		"sla.event.assigned":          say("派给{team}", "Given to {team}"),
		"sla.event.paused.customer":   say("开始等客户，暂停计时", "Waiting for the customer; the clock stands"),
		"sla.event.paused.supplier":   say("开始等供应商", "Waiting for the supplier"),
		"sla.event.paused.internal":   say("开始等内部处理", "Waiting for somebody inside"),
		"sla.event.resumed":           say("继续处理", "Work goes on"),
		"sla.event.priority_changed":  say("优先级改为 {priority}", "Priority changed to {priority}"),
		"sla.event.agreement_changed": say("改按新版协议", "The new version of the agreement holds"),
		"sla.event.due_set":           say("与客户重新约定 {due}", "Agreed anew with the customer: {due}"),
		"sla.event.expected_set":      say("客户期望 {due} 前解决", "The customer expects it by {due}"),
		"sla.event.resolved":          say("已解决", "Solved"),
		"sla.event.reopened":          say("重新打开", "Opened again"),
	})
}
