package roster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/roster/rotation"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Shift is one person's time on duty, as the roster's calendar shows it.
type Shift struct {
	Start       time.Time  `json:"start"`
	End         time.Time  `json:"end"`
	Person      party.Ref  `json:"person"`
	Layer       int        `json:"layer" doc:"which of the roster's layers, from 0; -1 when it comes from none"`
	Name        string     `json:"name" doc:"of the layer or schedule"`
	Mark        string     `json:"mark" doc:"day, night, holiday or empty"`
	Why         string     `json:"why" doc:"planned, temporary, override or substitute"`
	Instead     *party.Ref `json:"instead,omitempty" doc:"who would have been on duty"`
	Record      string     `json:"record" doc:"number of the swap or leave it comes from"`
	CheckedIn   *time.Time `json:"checked_in_at,omitempty"`
	CheckedOut  *time.Time `json:"checked_out_at,omitempty"`
	LateMinutes int        `json:"late_minutes"`
	Missed      bool       `json:"missed" doc:"the supervisor was told that nobody came"`
}

// Sheet is a roster's shifts within a time.
type Sheet struct {
	From   time.Time      `json:"from"`
	To     time.Time      `json:"to"`
	Shifts []Shift        `json:"shifts"`
	Gaps   []rotation.Gap `json:"gaps"`
}

// longestSheet bounds what one question about shifts may cost.
const longestSheet = 400 * 24 * time.Hour

// Shifts are who is on duty by a roster within [from, to), with what overrides it. draft asks for what is being worked on
// instead of what is published.
func (s *Service) Shifts(ctx context.Context, roster string, from, to time.Time, draft bool) (sheet Sheet, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		r, err := reached(ctx, u, roster)
		if err != nil {
			return err
		}
		if err := bounded(from, to); err != nil {
			return err
		}
		sheet, err = sheetOf(ctx, u, r, from, to, draft || r.Published == 0)
		return err
	})
	return sheet, err
}

func bounded(from, to time.Time) error {
	label := text.Params{"label": text.Label{Zh: "结束时间", En: "The end"}}
	switch {
	case !rotation.Reasonable(from) || !rotation.Reasonable(to):
		return fault.One("from", "rotation.far", text.Params{"label": "from, to"})
	case !from.Before(to):
		return fault.One("to", "rotation.order", label)
	case to.Sub(from) > longestSheet:
		return fault.One("to", "roster.year", label)
	}
	return nil
}

func sheetOf(ctx context.Context, u *work.Unit, r Roster, from, to time.Time, draft bool) (Sheet, error) {
	sheet := Sheet{From: from.UTC(), To: to.UTC(), Shifts: []Shift{}, Gaps: []rotation.Gap{}}
	if draft {
		p, err := compile(ctx, u, r.ID, r.Name, r.Team.ID, r.Body, from, to)
		if err == nil {
			err = sheet.add(p, from, to)
		}
		if err != nil {
			return sheet, err
		}
		return sheet, sheet.dress(ctx, u, r.ID)
	}
	pieces, err := versionsWithin(ctx, u, r.ID, from, to)
	if err != nil {
		return sheet, err
	}
	for i, start := range pieces {
		end := to
		if i+1 < len(pieces) {
			end = pieces[i+1]
		}
		p, err := one(ctx, u, r.ID, stretch{asOf: start, from: start, to: end})
		if err != nil {
			return sheet, err
		}
		if err := sheet.add(p, start, end); err != nil {
			return sheet, err
		}
	}
	return sheet, sheet.dress(ctx, u, r.ID)
}

// versionsWithin are the instants at which another version of a roster came into force, with `from` itself first.
func versionsWithin(ctx context.Context, tx db.Tx, roster string, from, to time.Time) ([]time.Time, error) {
	at, err := db.All(ctx, tx, db.Scan[int64], "SELECT published_at FROM roster_versions WHERE roster = $1 AND number > 1 AND published_at > $2 AND published_at < $3 ORDER BY number",
		roster, clock.Millis(from), clock.Millis(to))
	if err != nil {
		return nil, fmt.Errorf("read versions of roster: %w", err)
	}
	list := []time.Time{from}
	for _, ms := range at {
		list = append(list, clock.FromMillis(ms))
	}
	return list, nil
}

// add puts what a published roster says for [from, to) on the sheet; what goes on from the piece before goes on here.
func (sheet *Sheet) add(p published, from, to time.Time) error {
	shifts, err := p.plan.Shifts(from, to)
	if err != nil {
		return err
	}
	for _, s := range shifts {
		name, mark := p.layerName(s)
		v := Shift{Start: s.Start, End: s.End, Person: party.Ref{ID: s.User}, Layer: s.Layer, Name: name, Mark: mark, Why: string(s.Why), Record: s.Ref}
		if s.Instead != "" && s.Instead != s.User {
			v.Instead = &party.Ref{ID: s.Instead}
		}
		i := slices.IndexFunc(sheet.Shifts, func(b Shift) bool {
			return b.End.Equal(v.Start) && v.Start.Equal(from) && b.Person == v.Person && b.Name == v.Name && b.Why == v.Why && b.Record == v.Record
		})
		if i >= 0 {
			sheet.Shifts[i].End = v.End
			continue
		}
		sheet.Shifts = append(sheet.Shifts, v)
	}
	if p.body.covers() != Always {
		return nil
	}
	from, to, err = p.within(from, to)
	if err != nil {
		return err
	}
	gaps, err := p.plan.Gaps(from, to)
	sheet.Gaps = append(sheet.Gaps, gaps...)
	return err
}

// dress fills in names, the records that overrides come from, and who has come.
func (sheet *Sheet) dress(ctx context.Context, u *work.Unit, roster string) error {
	numbers, err := recordsBehind(ctx, u, sheet.From, sheet.To)
	if err != nil {
		return err
	}
	came, err := checkInsOf(ctx, u, roster, sheet.From.Add(-around), sheet.To)
	if err != nil {
		return err
	}
	var ids []string
	for i := range sheet.Shifts {
		s := &sheet.Shifts[i]
		s.Record = numbers[s.Record]
		for _, c := range came {
			if c.person == s.Person.ID && c.start == clock.Millis(s.Start) {
				s.came(c)
			}
		}
		ids = append(ids, s.Person.ID)
		if s.Instead != nil {
			ids = append(ids, s.Instead.ID)
		}
	}
	names, err := party.NamesOf(ctx, u, ids, party.KindPerson)
	for i := range sheet.Shifts {
		s := &sheet.Shifts[i]
		s.Person.Name = names[s.Person.ID]
		if s.Instead != nil {
			s.Instead.Name = names[s.Instead.ID]
		}
	}
	return err
}

func (s *Shift) came(c checkIn) {
	s.LateMinutes, s.Missed = c.lateMinutes, c.alarmed && c.in == 0
	if c.in > 0 {
		at := clock.FromMillis(c.in)
		s.CheckedIn = &at
	}
	if c.out > 0 {
		at := clock.FromMillis(c.out)
		s.CheckedOut = &at
	}
}

// recordsBehind are the numbers of the records that overrides and absences come from, by the ids of those.
func recordsBehind(ctx context.Context, tx db.Tx, from, to time.Time) (map[string]string, error) {
	numbers := map[string]string{}
	_, err := db.All(ctx, tx, func(row db.Row) (struct{}, error) {
		var of, number string
		err := row.Scan(&of, &number)
		numbers[of] = number
		return struct{}{}, err
	}, `SELECT id, record FROM roster_overrides WHERE cancelled_at = 0 AND ends_at > $1 AND starts_at < $2
		UNION ALL SELECT id, record FROM roster_absences WHERE cancelled_at = 0 AND ends_at > $1 AND starts_at < $2`, clock.Millis(from), clock.Millis(to))
	if err != nil {
		return nil, fmt.Errorf("read what overrides come from: %w", err)
	}
	return numbers, nil
}

// DutyPerson is somebody on duty at an instant.
type DutyPerson struct {
	Member
	Layer     string     `json:"layer" doc:"name of the roster's layer"`
	Mark      string     `json:"mark"`
	Why       string     `json:"why"`
	Instead   *party.Ref `json:"instead,omitempty"`
	CheckedIn bool       `json:"checked_in"`
	Since     time.Time  `json:"since"`
	Until     time.Time  `json:"until"`
}

// TeamDuty is who is on duty for a team by one roster; nobody is an empty list.
type TeamDuty struct {
	Team   party.Ref    `json:"team"`
	Roster party.Ref    `json:"roster"`
	People []DutyPerson `json:"people"`
	Rules  string       `json:"rules" doc:"duties and requirements of the person on duty"`
}

// Duty answers who is on duty at an instant for all teams the actor can reach, or for one.
func (s *Service) Duty(ctx context.Context, at time.Time, team string) (list []TeamDuty, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		if at.IsZero() {
			at = u.Now()
		}
		if !rotation.Reasonable(at) {
			return fault.One("at", "rotation.far", text.Params{"label": "at"})
		}
		rosters, err := inForce(ctx, u, team, stretch{asOf: at, from: at.Add(-around), to: at.Add(around)})
		if err != nil {
			return err
		}
		list = []TeamDuty{}
		for _, r := range rosters {
			name, _, err := party.Refer(ctx, u, u.Actor, "team", r.team)
			if fault.Is(err, fault.NotFound) {
				continue
			} else if err != nil {
				return err
			}
			d := TeamDuty{Team: party.Ref{ID: r.team, Name: name}, Roster: party.Ref{ID: r.id, Name: r.name}, Rules: r.body.Rules}
			if d.People, err = r.dutyAt(ctx, u, at); err != nil {
				return err
			}
			list = append(list, d)
		}
		return nil
	})
	return list, err
}

// dutyAt are the people on duty with the shifts they are at.
func (p published) dutyAt(ctx context.Context, u *work.Unit, at time.Time) ([]DutyPerson, error) {
	shifts, err := p.plan.Shifts(at.Add(-around), at.Add(around))
	if err != nil {
		return nil, err
	}
	came, err := checkInsOf(ctx, u, p.id, at.Add(-around), at.Add(instantly))
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, d := range p.plan.Duties(at) {
		ids = append(ids, d.User, d.Instead)
	}
	members, err := membersOf(ctx, u, ids)
	if err != nil {
		return nil, err
	}
	people := []DutyPerson{}
	for _, d := range p.plan.Duties(at) {
		i := slices.IndexFunc(shifts, func(s rotation.Shift) bool { return s.Duty == d && !at.Before(s.Start) && at.Before(s.End) })
		if i < 0 {
			continue
		}
		v := DutyPerson{Member: members[d.User], Why: string(d.Why), Since: shifts[i].Start, Until: shifts[i].End}
		v.Layer, v.Mark = p.layerName(shifts[i])
		if d.Instead != "" && d.Instead != d.User {
			v.Instead = &party.Ref{ID: d.Instead, Name: members[d.Instead].Name}
		}
		v.CheckedIn = slices.ContainsFunc(came, func(c checkIn) bool {
			return c.person == d.User && c.start == clock.Millis(v.Since) && c.in > 0
		})
		people = append(people, v)
	}
	return people, nil
}
