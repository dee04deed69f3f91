// Package duty is the practice of being on duty: checking in, the duty log, handover, swapping shifts, and leave.
package duty

import (
	"context"
	"embed"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/engine/roster"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
)

// Files holds the definitions of this practice.
//
//go:embed *.yaml
var Files embed.FS

// Silence is an alarm that somebody has silenced for a time.
type Silence struct {
	Alarm, Reason string
	Until         time.Time
}

// Silences lists the alarms that are silenced for a team's customers at an instant; a handover names them. Whoever keeps
// alarms provides it.
type Silences func(ctx context.Context, tx db.Tx, team string) ([]Silence, error)

// Register gives the engine what the definitions of this practice cannot say: rules and effects that look at rosters.
// silences may be nil.
func Register(b *process.Behaviour, silences Silences) {
	b.Guard("swap_shift", process.NamedGuard{Label: text.Label{Zh: "值班表上这段时间没有要换的班。", En: "By the roster there is no shift to swap at that time."}, Check: swapShift})
	b.Guard("swap_free", process.NamedGuard{Label: text.Label{Zh: "替班的人这段时间已有班或请假。", En: "Whoever takes the shift is on duty or on leave then."}, Check: swapFree})
	b.Guard("substitute_named", process.NamedGuard{Label: text.Label{Zh: "假期内有班，先填替班人。", En: "There are shifts during the leave; name who stands in first."}, Check: substituteNamed})
	b.Guard("substitute_free", process.NamedGuard{Label: text.Label{Zh: "替班人就是本人，或这段时间已有班或请假，换一个人。", En: "Who stands in is the person themselves, or on duty or on leave then; choose somebody else."}, Check: substituteFree})
	b.Effect("assign_on_duty", checkShare, assignOnDuty)
	b.Effect("note_shift", nil, noteShift)
	b.Effect("check_in", nil, checkIn)
	b.Effect("check_out", nil, checkOut)
	b.Effect("swap_shifts", nil, swapShifts)
	b.Effect("register_absence", nil, registerAbsence)
	b.Effect("end_absence", nil, endAbsence)
	b.Effect("hand_over", nil, handOver(silences))
	b.Effect("count_overtime", nil, countOvertime)
}

// interval reads a field of two instants; zero when it is empty.
func interval(r *record.Record, field string) (from, to time.Time) {
	both, _ := r.Get(field).(map[string]any)
	ends := form.Values(both)
	return ends.Time("from"), ends.Time("to")
}

func person(r *record.Record, field string) string {
	id, _ := r.Get(field).(string)
	return id
}

func put(r *record.Record, field string, at time.Time) {
	if at.IsZero() {
		r.Set(field, nil)
		return
	}
	r.Set(field, at.UTC().Format(form.Instant))
}

// show writes a shift into the fields that say when and where it is.
func show(r *record.Record, s roster.PersonShift, known bool, label text.Label) {
	r.Set("on_roster", known)
	r.Title = label.Zh
	if !known {
		return
	}
	r.Set("roster_name", s.RosterName)
	r.Set("shift_name", s.Layer)
	put(r, "shift_start", s.Start)
	put(r, "shift_end", s.End)
	r.Team = s.Team
	r.Title = label.Zh + " · " + s.RosterName
	if s.Layer != "" {
		r.Title += " · " + s.Layer
	}
}

// noteShift says which shift a record is of: the one its author is at.
func noteShift(ctx context.Context, e process.Effecting) error {
	s, known, err := roster.CurrentShift(ctx, e.Unit, e.Unit.Actor.ID, e.Unit.Now())
	if err != nil {
		return err
	}
	show(e.Record, s, known, e.Type.Label)
	return nil
}

// checkIn notes that somebody has come, and how late. Whoever is on no roster may check in, too: they help out.
func checkIn(ctx context.Context, e process.Effecting) error {
	now, me := e.Unit.Now(), e.Unit.Actor.ID
	s, known, err := roster.NextToCome(ctx, e.Unit, me, now)
	if err != nil {
		return err
	}
	if !known {
		if _, onDuty, err := roster.CurrentShift(ctx, e.Unit, me, now); err != nil {
			return err
		} else if onDuty {
			return fault.Guarded("already_here", text.Label{Zh: "这一班已经签到。", En: "You have already checked in for this shift."}, nil)
		}
	}
	show(e.Record, s, known, e.Type.Label)
	e.Record.Set("late_minutes", float64(0))
	if !known {
		return nil
	}
	e.Record.Set("late_minutes", float64(s.LateMinutes(now)))
	return roster.CheckIn(ctx, e.Unit, s, e.Record.ID)
}

func checkOut(ctx context.Context, e process.Effecting) error {
	return roster.CheckOut(ctx, e.Unit, e.Record.ID)
}

// swapShift: who asks has a shift to give, and the other one in return where the swap says so.
func swapShift(ctx context.Context, g process.Guarded) (bool, error) {
	from, to := interval(g.Record, "mine")
	mine, err := roster.ShiftsOf(ctx, g.Unit, g.Record.Requester, from, to)
	if err != nil || len(mine) == 0 {
		return false, err
	}
	if from, to = interval(g.Record, "theirs"); from.IsZero() {
		return true, nil
	}
	theirs, err := roster.ShiftsOf(ctx, g.Unit, person(g.Record, "with"), from, to)
	return len(theirs) > 0, err
}

// swapFree: each has nothing else to do at the time they take over.
func swapFree(ctx context.Context, g process.Guarded) (bool, error) {
	mine, theirs := spanOf(g.Record, "mine"), spanOf(g.Record, "theirs")
	if !theirs.from.IsZero() && mine.meets(theirs.from, theirs.to) {
		return false, nil
	}
	ok, err := free(ctx, g, person(g.Record, "with"), mine, theirs)
	if err != nil || !ok || theirs.from.IsZero() {
		return ok, err
	}
	return free(ctx, g, g.Record.Requester, theirs, mine)
}

// span is a stretch of time, [from, to).
type span struct{ from, to time.Time }

func spanOf(r *record.Record, field string) span {
	from, to := interval(r, field)
	return span{from, to}
}

func (s span) meets(from, to time.Time) bool { return from.Before(s.to) && s.from.Before(to) }

// free tells whether somebody is neither away nor on duty in a stretch of time, but for what they give away.
func free(ctx context.Context, g process.Guarded, who string, when, given span) (bool, error) {
	away, err := roster.Away(ctx, g.Unit, who, when.from, when.to)
	if err != nil || away {
		return false, err
	}
	shifts, err := roster.ShiftsOf(ctx, g.Unit, who, when.from, when.to)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(shifts, func(s roster.PersonShift) bool { return !given.meets(s.Start, s.End) }), nil
}

// swapShifts changes the rosters: each takes the other's place for the time that was agreed (DUT-03).
func swapShifts(ctx context.Context, e process.Effecting) error {
	requester, with := e.Record.Requester, person(e.Record, "with")
	if err := takeOver(ctx, e, requester, with, spanOf(e.Record, "mine")); err != nil {
		return err
	}
	if theirs := spanOf(e.Record, "theirs"); !theirs.from.IsZero() {
		return takeOver(ctx, e, with, requester, theirs)
	}
	return nil
}

func takeOver(ctx context.Context, e process.Effecting, from, to string, when span) error {
	shifts, err := roster.ShiftsOf(ctx, e.Unit, from, when.from, when.to)
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for _, s := range shifts {
		if done[s.Roster] {
			continue
		}
		done[s.Roster] = true
		o := roster.OverrideNew{Type: "replace", Add: to, Remove: from, Start: when.from, End: when.to, Reason: e.Record.Title}
		if _, err := roster.AddOverride(ctx, e.Unit, s.Roster, o.For(e.Record.Number)); err != nil {
			return err
		}
	}
	return nil
}

// substituteNamed: whoever has shifts during the leave says who stands in.
func substituteNamed(ctx context.Context, g process.Guarded) (bool, error) {
	if person(g.Record, "substitute") != "" {
		return true, nil
	}
	from, to := interval(g.Record, "period")
	shifts, err := roster.ShiftsOf(ctx, g.Unit, g.Record.Requester, from, to)
	return len(shifts) == 0, err
}

// substituteFree: who stands in is somebody else, and has nothing else to do during the shifts they take.
func substituteFree(ctx context.Context, g process.Guarded) (bool, error) {
	who := person(g.Record, "substitute")
	if who == "" {
		return true, nil
	}
	from, to := interval(g.Record, "period")
	shifts, err := roster.ShiftsOf(ctx, g.Unit, g.Record.Requester, from, to)
	if err != nil || who == g.Record.Requester {
		return false, err
	}
	for _, s := range shifts {
		if ok, err := free(ctx, g, who, span{s.Start, s.End}, span{}); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// registerAbsence takes the person off the rosters and puts in who stands in (SM-47).
func registerAbsence(ctx context.Context, e process.Effecting) error {
	from, to := interval(e.Record, "period")
	return roster.AddAbsence(ctx, e.Unit, e.Record.Requester, person(e.Record, "substitute"), from, to, e.Record.Number)
}

func endAbsence(ctx context.Context, e process.Effecting) error {
	return roster.EndAbsence(ctx, e.Unit, e.Record.Requester, e.Record.Number)
}
