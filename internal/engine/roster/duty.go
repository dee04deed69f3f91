package roster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/roster/rotation"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
)

// published is a roster as it is in force: its body, compiled, with what overrides it.
type published struct {
	id, name, team string
	body           Body
	plan           *rotation.Plan
}

// head is a published roster before it is compiled.
type head struct {
	id, name, team string
	number         int
	at             time.Time // of its publication
}

func scanHead(row db.Row) (h head, err error) {
	var at int64
	err = row.Scan(&h.id, &h.name, &h.team, &h.number, &at)
	h.at = clock.FromMillis(at)
	return h, err
}

// stretch is a time, [from, to), about which rosters are asked, in the version that was in force at an instant.
type stretch struct {
	asOf, from, to time.Time
}

// instantly is the shortest stretch of time the database knows.
const instantly = time.Millisecond

// moment is the stretch for a question about one instant.
func moment(at time.Time) stretch { return stretch{asOf: at, from: at, to: at.Add(instantly)} }

// inForce are the published rosters of a team, or of all teams when team is "".
func inForce(ctx context.Context, tx db.Tx, team string, when stretch) ([]published, error) {
	w := db.NewWhere()
	w.Eq("status", Active)
	w.Add("published > 0")
	if team != "" {
		w.Eq("team", team)
	}
	heads, err := db.All(ctx, tx, scanHead, "SELECT id, name, team, published, published_at FROM rosters WHERE "+w.SQL()+" ORDER BY team, name, id", w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read rosters: %w", err)
	}
	var list []published
	for _, h := range heads {
		p, err := h.compile(ctx, tx, when)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// one is one published roster.
func one(ctx context.Context, tx db.Tx, id string, when stretch) (published, error) {
	h, err := db.One(ctx, tx, scanHead, "SELECT id, name, team, published, published_at FROM rosters WHERE id = $1 AND published > 0", id)
	if err != nil {
		return published{}, err
	}
	return h.compile(ctx, tx, when)
}

// compile reads the version that was in force: what was published later does not rewrite the past.
func (h head) compile(ctx context.Context, tx db.Tx, when stretch) (p published, err error) {
	number := h.number
	if when.asOf.Before(h.at) && when.asOf.Before(tx.Now()) {
		number, err = db.One(ctx, tx, db.Scan[int], `SELECT COALESCE(MAX(number), 1) FROM roster_versions WHERE roster = $1 AND published_at <= $2`,
			h.id, clock.Millis(when.asOf))
		if err != nil {
			return p, fmt.Errorf("read version of roster: %w", err)
		}
	}
	var body Body
	err = tx.QueryRow(ctx, "SELECT body FROM roster_versions WHERE roster = $1 AND number = $2", h.id, number).Scan(db.ScanJSON(&body))
	if err != nil {
		return p, fmt.Errorf("read version %d of roster: %w", number, err)
	}
	return compile(ctx, tx, h.id, h.name, h.team, body, when.from, when.to)
}

// compile makes a body answer for [from, to), with the overrides and absences of that time.
func compile(ctx context.Context, tx db.Tx, id, name, team string, body Body, from, to time.Time) (p published, err error) {
	p = published{id: id, name: name, team: team, body: body}
	spec := body.spec()
	if spec.Overrides, err = overridesWithin(ctx, tx, id, from, to); err != nil {
		return p, err
	}
	absences, err := absencesWithin(ctx, tx, from, to)
	if err != nil {
		return p, err
	}
	plan, err := rotation.New(spec)
	if err != nil {
		return p, fmt.Errorf("roster %s: %w", id, err)
	}
	p.plan = plan.With(absences)
	return p, nil
}

func overridesWithin(ctx context.Context, tx db.Tx, roster string, from, to time.Time) ([]rotation.Override, error) {
	list, err := db.All(ctx, tx, func(row db.Row) (o rotation.Override, err error) {
		var start, end int64
		err = row.Scan(&o.Ref, &o.Type, &o.Add, &o.Remove, &start, &end, &o.Priority)
		o.Start, o.End = clock.FromMillis(start), clock.FromMillis(end)
		return o, err
	}, `SELECT id, type, add_person, remove_person, starts_at, ends_at, priority FROM roster_overrides
		WHERE roster = $1 AND cancelled_at = 0 AND ends_at > $2 AND starts_at < $3 ORDER BY created_at, id`, roster, clock.Millis(from), clock.Millis(to))
	if err != nil {
		return nil, fmt.Errorf("read overrides: %w", err)
	}
	return list, nil
}

func absencesWithin(ctx context.Context, tx db.Tx, from, to time.Time) ([]rotation.Absence, error) {
	list, err := db.All(ctx, tx, func(row db.Row) (a rotation.Absence, err error) {
		var start, end int64
		err = row.Scan(&a.Ref, &a.User, &a.Substitute, &start, &end)
		a.Start, a.End = clock.FromMillis(start), clock.FromMillis(end)
		return a, err
	}, `SELECT id, person, substitute, starts_at, ends_at FROM roster_absences
		WHERE cancelled_at = 0 AND ends_at > $1 AND starts_at < $2 ORDER BY starts_at, id`, clock.Millis(from), clock.Millis(to))
	if err != nil {
		return nil, fmt.Errorf("read absences: %w", err)
	}
	return list, nil
}

// within cuts a stretch of time to what the roster is for, from its first shift to its last.
func (p published) within(from, to time.Time) (time.Time, time.Time, error) {
	first, last, err := p.body.extent(p.plan)
	if from.Before(first) {
		from = first
	}
	if !last.IsZero() && last.Before(to) {
		to = last
	}
	return from, to, err
}

// layerName is what the line of a shift is called.
func (p published) layerName(s rotation.Shift) (name, mark string) {
	if s.Layer >= 0 && s.Layer < len(p.body.Layers) {
		return p.body.Layers[s.Layer].Name, p.body.Layers[s.Layer].Mark
	}
	for i := len(p.body.Schedules) - 1; i >= 0; i-- {
		if sp := p.body.Schedules[i]; !s.Start.Before(sp.Start) && s.Start.Before(sp.End) {
			return sp.Name, sp.Mark
		}
	}
	return "", ""
}

// OnDuty are the ids of the people on duty for a team at an instant, past or future, first the one to be called first; none
// = nobody. Who has left the company is on duty no longer.
func OnDuty(ctx context.Context, tx db.Tx, team string, at time.Time) ([]string, error) {
	if team == "" {
		return nil, nil
	}
	rosters, err := inForce(ctx, tx, team, moment(at))
	if err != nil {
		return nil, err
	}
	var people []string
	for _, r := range rosters {
		for _, d := range r.plan.Duties(at) {
			if !slices.Contains(people, d.User) {
				people = append(people, d.User)
			}
		}
	}
	if at.Before(tx.Now()) {
		return people, nil
	}
	return stillHere(ctx, tx, people)
}

// stillHere leaves out who has left the company.
func stillHere(ctx context.Context, tx db.Tx, people []string) ([]string, error) {
	if len(people) == 0 {
		return nil, nil
	}
	w := db.NewWhere()
	w.In("id", people)
	w.Eq("status", party.Active)
	active, err := db.All(ctx, tx, db.Scan[string], "SELECT id FROM party_people WHERE "+w.SQL(), w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read people on duty: %w", err)
	}
	return slices.DeleteFunc(people, func(p string) bool { return !slices.Contains(active, p) }), nil
}

// PersonShift is a shift of one person in a published roster.
type PersonShift struct {
	Roster, RosterName, Team, Person string
	Layer, Mark                      string
	Start, End                       time.Time
	Tolerance                        time.Duration
}

// around is how far a shift may reach beyond the time asked for and still be seen whole.
const around = 33 * 24 * time.Hour

// ShiftsOf are a person's shifts that touch [from, to), whole, in the order of their beginning.
func ShiftsOf(ctx context.Context, tx db.Tx, person string, from, to time.Time) ([]PersonShift, error) {
	rosters, err := inForce(ctx, tx, "", stretch{asOf: from, from: from.Add(-around), to: to.Add(around)})
	if err != nil {
		return nil, err
	}
	var list []PersonShift
	for _, r := range rosters {
		if !r.concerns(person) {
			continue
		}
		shifts, err := r.plan.Shifts(from.Add(-around), to.Add(around))
		if err != nil {
			return nil, err
		}
		for _, s := range shifts {
			if s.User != person || !s.End.After(from) || !s.Start.Before(to) {
				continue
			}
			name, mark := r.layerName(s)
			list = append(list, PersonShift{Roster: r.id, RosterName: r.name, Team: r.team, Person: person, Layer: name, Mark: mark,
				Start: s.Start, End: s.End, Tolerance: r.body.tolerance()})
		}
	}
	slices.SortStableFunc(list, func(a, b PersonShift) int { return a.Start.Compare(b.Start) })
	return list, nil
}

// concerns tells whether somebody can be on duty by the roster at all: named by it, or standing in.
func (p published) concerns(person string) bool {
	return slices.Contains(p.body.people(), person) || p.plan.Names(person)
}

// early is how long before its beginning a shift counts as the one somebody comes for.
const early = 2 * time.Hour

// CurrentShift is the shift a person has come for: the one that runs, or else the one that begins within two hours; false
// when there is none.
func CurrentShift(ctx context.Context, tx db.Tx, person string, at time.Time) (PersonShift, bool, error) {
	list, err := ShiftsOf(ctx, tx, person, at, at.Add(early))
	if err != nil || len(list) == 0 {
		return PersonShift{}, false, err
	}
	return list[0], true, nil
}

// Next is who takes over a roster from a shift's end on; people without the ones who stay.
func Next(ctx context.Context, tx db.Tx, s PersonShift) ([]string, error) {
	r, err := one(ctx, tx, s.Roster, moment(s.End))
	if err != nil {
		return nil, err
	}
	var people []string
	for _, d := range r.plan.Duties(s.End) {
		if d.User != s.Person {
			people = append(people, d.User)
		}
	}
	return people, nil
}

// NextToCome is the shift a person has not checked in for yet: the one that runs, or one that begins within two hours; false
// when there is none.
func NextToCome(ctx context.Context, tx db.Tx, person string, at time.Time) (PersonShift, bool, error) {
	list, err := ShiftsOf(ctx, tx, person, at, at.Add(early))
	if err != nil {
		return PersonShift{}, false, err
	}
	for _, s := range list {
		came, err := CheckedIn(ctx, tx, s)
		if err != nil {
			return PersonShift{}, false, err
		}
		if !came {
			return s, true, nil
		}
	}
	return PersonShift{}, false, nil
}
