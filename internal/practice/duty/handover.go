package duty

import (
	"context"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/engine/roster"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// most is how many open records a handover lists; the nearest due come first.
const most = 200

// own are the record types of this practice, which no handover lists.
var own = []string{"shift_swap", "leave", "handover", "duty_log", "duty_checkin", "overtime"}

// handOver fills in what the next person has to know: the shift, who takes over, the open records of the team, visits to
// come, and silenced alarms (DUT-04).
func handOver(silences Silences) func(ctx context.Context, e process.Effecting) error {
	return func(ctx context.Context, e process.Effecting) error {
		r, me := e.Record, e.Unit.Actor
		s, known, err := roster.CurrentShift(ctx, e.Unit, me.ID, e.Unit.Now())
		if err != nil {
			return err
		}
		r.Title = e.Type.Label.Zh
		if known {
			r.Set("roster_name", s.RosterName)
			put(r, "shift_start", s.Start)
			put(r, "shift_end", s.End)
			r.Title += " · " + s.RosterName
			if r.Team == "" {
				r.Team = s.Team
			}
			if err := nextPerson(ctx, e, s); err != nil {
				return err
			}
		}
		if r.Team == "" && len(me.Teams) > 0 {
			r.Team = me.Teams[0]
		}
		if person(r, "taker") == "" {
			return fault.One("taker", "field.required", text.Params{"label": e.Type.LabelOf("taker")})
		}
		if err := listOpen(ctx, e); err != nil {
			return err
		}
		return listSilenced(ctx, e, silences)
	}
}

// nextPerson is who the roster puts on duty next, unless somebody else was named.
func nextPerson(ctx context.Context, e process.Effecting, s roster.PersonShift) error {
	if taker := person(e.Record, "taker"); taker != "" && taker != e.Unit.Actor.ID {
		return nil
	}
	next, err := roster.Next(ctx, e.Unit, s)
	if err == nil && len(next) > 0 {
		e.Record.Set("taker", next[0])
	}
	return err
}

// listOpen writes down what is open for the team, as far as who hands over may see it.
func listOpen(ctx context.Context, e process.Effecting) error {
	e.Record.Set("open_count", float64(0))
	if e.Record.Team == "" {
		return nil
	}
	open := true
	sort, _ := record.SortBy("")
	list, err := record.List(ctx, e.Unit, e.Unit.Actor, record.Filter{Teams: []string{e.Record.Team}, Open: &open}, sort, nil, most)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(r *record.Record) bool { return slices.Contains(own, r.Type) })
	handlers := make([]string, len(list))
	for i, r := range list {
		handlers[i] = r.Assignee
	}
	names, err := party.NamesOf(ctx, e.Unit, handlers, party.KindPerson)
	if err != nil {
		return err
	}
	records, visits := []any{}, []any{}
	for _, r := range list {
		row := map[string]any{"number": r.Number, "title": r.Title}
		set(row, "handler", names[r.Assignee])
		set(row, "due_at", stamp(r.Due))
		if r.Type == "visit" {
			visits = append(visits, row)
			continue
		}
		set(row, "priority", r.Priority)
		records = append(records, row)
	}
	e.Record.Set("open_count", float64(len(records)+len(visits)))
	rows(e.Record, "open_records", records)
	rows(e.Record, "visits", visits)
	return nil
}

// listSilenced adds the alarms known to be silenced to those that were named.
func listSilenced(ctx context.Context, e process.Effecting, silences Silences) error {
	if silences == nil {
		return nil
	}
	known, err := silences(ctx, e.Unit, e.Record.Team)
	if err != nil {
		return err
	}
	list, _ := e.Record.Get("silenced").([]any)
	for _, s := range known {
		row := map[string]any{"alarm": s.Alarm}
		set(row, "reason", s.Reason)
		set(row, "until", stamp(s.Until))
		list = append(list, row)
	}
	rows(e.Record, "silenced", list)
	return nil
}

func rows(r *record.Record, field string, list []any) {
	if len(list) == 0 {
		r.Set(field, nil)
		return
	}
	r.Set(field, list)
}

func set(row map[string]any, column, value string) {
	if value != "" {
		row[column] = value
	}
}

// stamp is an instant as fields hold it; "" for none.
func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(form.Instant)
}
