package roster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/identity"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/engine/roster/rotation"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// LateMinutes is how many whole minutes after its beginning somebody came to a shift; within the tolerance it is 0 (DUT-05).
func (s PersonShift) LateMinutes(at time.Time) int {
	late := at.Sub(s.Start)
	if late <= s.Tolerance {
		return 0
	}
	return int(late / time.Minute)
}

// CheckIn notes that somebody has come for a shift, in a transaction of the caller's; record is the id of the record that
// says so. Coming twice for one shift keeps the first time.
func CheckIn(ctx context.Context, u *work.Unit, s PersonShift, record string) error {
	_, err := u.Exec(ctx, `INSERT INTO roster_checkins (id, roster, person, shift_start, shift_end, checked_in_at, checked_out_at, late_minutes, alarmed, record)
		VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9)
		ON CONFLICT (roster, person, shift_start) DO UPDATE SET checked_in_at = excluded.checked_in_at, late_minutes = excluded.late_minutes, record = excluded.record
		WHERE roster_checkins.checked_in_at = 0`,
		id.New(), s.Roster, s.Person, clock.Millis(s.Start), clock.Millis(s.End), clock.Millis(u.Now()), s.LateMinutes(u.Now()), false, record)
	if err != nil {
		return fmt.Errorf("insert check-in: %w", err)
	}
	return u.Announce(ctx, work.Notice{Keys: []string{"duty", "roster:" + s.Roster}, Staff: true})
}

// CheckOut notes that the person of a check-in has left.
func CheckOut(ctx context.Context, u *work.Unit, record string) error {
	_, err := u.Exec(ctx, "UPDATE roster_checkins SET checked_out_at = $2 WHERE record = $1 AND checked_out_at = 0", record, clock.Millis(u.Now()))
	if err != nil {
		return fmt.Errorf("check out: %w", err)
	}
	return nil
}

// CheckedIn tells whether somebody has already come for a shift.
func CheckedIn(ctx context.Context, tx db.Tx, s PersonShift) (bool, error) {
	return db.Exists(ctx, tx, "SELECT 1 FROM roster_checkins WHERE roster = $1 AND person = $2 AND shift_start = $3 AND checked_in_at > 0",
		s.Roster, s.Person, clock.Millis(s.Start))
}

// checkIn is what is known of one person's coming to one shift.
type checkIn struct {
	person      string
	start       int64
	in, out     int64
	lateMinutes int
	alarmed     bool
}

// checkInsOf are the check-ins to the shifts of a roster that begin within [from, to).
func checkInsOf(ctx context.Context, tx db.Tx, roster string, from, to time.Time) ([]checkIn, error) {
	list, err := db.All(ctx, tx, func(row db.Row) (c checkIn, err error) {
		err = row.Scan(&c.person, &c.start, &c.in, &c.out, &c.lateMinutes, &c.alarmed)
		return c, err
	}, "SELECT person, shift_start, checked_in_at, checked_out_at, late_minutes, alarmed FROM roster_checkins WHERE roster = $1 AND shift_start >= $2 AND shift_start < $3",
		roster, clock.Millis(from), clock.Millis(to))
	if err != nil {
		return nil, fmt.Errorf("read check-ins: %w", err)
	}
	return list, nil
}

// beginning are the shifts that begin at an instant: who is on duty from then on by another turn than before.
func (p published) beginning(at time.Time) []rotation.Duty {
	before := p.plan.Duties(at.Add(-instantly))
	return slices.DeleteFunc(p.plan.Duties(at), func(d rotation.Duty) bool { return slices.Contains(before, d) })
}

// missed are who should have come for the shift that began at an instant and has not (DUT-12).
func missed(ctx context.Context, tx db.Tx, p published, start time.Time) ([]string, error) {
	came, err := checkInsOf(ctx, tx, p.id, start, start.Add(instantly))
	if err != nil {
		return nil, err
	}
	var people []string
	for _, d := range p.beginning(start) {
		there := slices.ContainsFunc(came, func(c checkIn) bool { return c.person == d.User && c.in > 0 })
		if !there && !slices.Contains(people, d.User) {
			people = append(people, d.User)
		}
	}
	return stillHere(ctx, tx, people)
}

// alarm tells the supervisors, and the person, that nobody has come for a shift, and keeps that they were told.
func alarm(ctx context.Context, u *work.Unit, p published, person string, start time.Time, late bool) error {
	_, err := u.Exec(ctx, `INSERT INTO roster_checkins (id, roster, person, shift_start, shift_end, checked_in_at, checked_out_at, late_minutes, alarmed, record)
		VALUES ($1, $2, $3, $4, 0, 0, 0, 0, $5, '')
		ON CONFLICT (roster, person, shift_start) DO UPDATE SET alarmed = excluded.alarmed`, id.New(), p.id, person, clock.Millis(start), true)
	if err != nil {
		return fmt.Errorf("keep alarm: %w", err)
	}
	bosses, err := supervisors(ctx, u, p.team, person)
	if err != nil {
		return err
	}
	params := text.Params{"person": nameOf(ctx, u, person), "roster": p.name, "at": start.In(p.plan.Zone()).Format("01-02 15:04")}
	tell := func(to []string, code string) error {
		return notify.Send(ctx, u, notify.Notice{People: to, Kind: kindAbsent, Text: said("roster."+code, params, late),
			Ref: fmt.Sprintf("roster:%s:%s:%d", p.id, person, start.UnixMilli())})
	}
	if err := tell(bosses, "absent"); err != nil {
		return err
	}
	return tell([]string{person}, "absent_you")
}

// said is a message in both languages; what is told late, after an outage, says so.
func said(code string, params text.Params, late bool) text.Label {
	l := text.Label{Zh: text.Say(text.Zh, code, params), En: text.Say(text.En, code, params)}
	if late {
		l.Zh += text.Say(text.Zh, "roster.late", nil)
		l.En += text.Say(text.En, "roster.late", nil)
	}
	return l
}

// supervisors are whom a team's duty is reported to: the superiors of the people, the team's lead and manager; where there
// are none, everybody who is a supervisor for the team's customer. The people themselves are none.
func supervisors(ctx context.Context, tx db.Tx, team string, people ...string) ([]string, error) {
	var bosses []string
	add := func(ids ...string) {
		for _, id := range ids {
			if id != "" && !slices.Contains(bosses, id) && !slices.Contains(people, id) {
				bosses = append(bosses, id)
			}
		}
	}
	for _, p := range people {
		superior, err := party.SuperiorOf(ctx, tx, p)
		if err != nil {
			return nil, err
		}
		add(superior)
	}
	t, err := party.LoadTeam(ctx, tx, team)
	if err != nil {
		return nil, fmt.Errorf("read team of roster: %w", err)
	}
	add(t.Lead, t.Manager)
	if len(bosses) == 0 {
		all, err := identity.PeopleWith(ctx, tx, t.Customer, "", "supervisor")
		if err != nil {
			return nil, err
		}
		add(all...)
	}
	return stillHere(ctx, tx, bosses)
}

// fireCheckIn looks who has not come for a shift whose tolerance is over, and sees to the next one.
func fireCheckIn(ctx context.Context, u *work.Unit, t timer, late bool) error {
	start := t.instant()
	p, err := one(ctx, u, t.roster, stretch{asOf: start, from: start.Add(-instantly), to: start.Add(instantly)})
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	}
	var people []string
	if p.body.checksIn() {
		if people, err = missed(ctx, u, p, start); err != nil {
			return err
		}
	}
	for _, person := range people {
		if err := alarm(ctx, u, p, person, start, late); err != nil {
			return err
		}
	}
	return planNext(ctx, u, t.roster, start)
}

// fireRemind tells people that their shift is about to begin; once it has begun there is nothing to remind of.
func fireRemind(ctx context.Context, u *work.Unit, t timer) error {
	start := t.instant()
	if !u.Now().Before(start) {
		return nil
	}
	p, err := one(ctx, u, t.roster, stretch{asOf: u.Now(), from: start.Add(-instantly), to: start.Add(instantly)})
	if err != nil {
		return err
	}
	var people []string
	for _, d := range p.beginning(start) {
		people = append(people, d.User)
	}
	if people, err = stillHere(ctx, u, people); err != nil || len(people) == 0 {
		return err
	}
	params := text.Params{"roster": p.name, "at": start.In(p.plan.Zone()).Format("01-02 15:04")}
	return notify.Send(ctx, u, notify.Notice{People: people, Kind: kindDuty, Text: said("roster.begins", params, false),
		Ref: fmt.Sprintf("roster:%s:begins:%d", p.id, start.UnixMilli())})
}
