package roster

import (
	"context"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Override changes who is on duty by a roster for a time.
type Override struct {
	ID        string     `json:"id"`
	Type      string     `json:"type"`
	Add       *party.Ref `json:"add,omitempty"`
	Remove    *party.Ref `json:"remove,omitempty"`
	Start     time.Time  `json:"start"`
	End       time.Time  `json:"end"`
	Priority  int        `json:"priority"`
	Reason    string     `json:"reason"`
	Record    string     `json:"record" doc:"number of the record it comes from, such as a swap"`
	CreatedBy party.Ref  `json:"created_by"`
	CreatedAt time.Time  `json:"created_at"`
}

// OverrideNew is what an override is made from.
type OverrideNew struct {
	Type     string    `json:"type" enum:"add,remove,replace,cover_all"`
	Add      string    `json:"add,omitempty" maxLength:"40" doc:"who is on duty; for add, replace, cover_all"`
	Remove   string    `json:"remove,omitempty" maxLength:"40" doc:"who is not; for remove, replace"`
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	Priority int       `json:"priority,omitempty" minimum:"0" maximum:"1000"`
	Reason   string    `json:"reason,omitempty" maxLength:"500"`

	record string
}

// For gives an override the number of the record it comes from.
func (o OverrideNew) For(number string) OverrideNew {
	o.record = number
	return o
}

// longestOverride bounds overrides: what lasts longer is a change of the roster.
const longestOverride = 366 * 24 * time.Hour

func (o OverrideNew) check(ctx context.Context, u *work.Unit) error {
	var faults []fault.Field
	fail := func(field, code string) {
		faults = append(faults, fault.Field{Name: field, Code: code, Params: text.Params{"label": overrideLabels[field]}})
	}
	person := func(field, id string, wanted bool) error {
		if !wanted {
			if id != "" {
				faults = append(faults, fault.Field{Name: field, Code: "field.unknown", Params: text.Params{"name": field}})
			}
			return nil
		}
		if id == "" {
			fail(field, "field.required")
			return nil
		}
		_, _, err := party.Refer(ctx, u, u.Actor, "staff", id)
		if fault.Is(err, fault.NotFound) {
			fail(field, "field.missing")
			return nil
		}
		return err
	}
	if err := person("add", o.Add, o.Type != "remove"); err != nil {
		return err
	}
	if err := person("remove", o.Remove, o.Type == "remove" || o.Type == "replace"); err != nil {
		return err
	}
	switch {
	case !o.End.After(o.Start):
		fail("end", "rotation.order")
	case o.End.Sub(o.Start) > longestOverride:
		fail("end", "roster.year")
	}
	if len(faults) > 0 {
		return fault.Fields(faults...)
	}
	return nil
}

var overrideLabels = map[string]text.Label{
	"add": {Zh: "值班人", En: "Who is on duty"}, "remove": {Zh: "被替换的人", En: "Who is replaced"}, "end": {Zh: "结束时间", En: "The end"},
}

// AddOverride changes who is on duty by a roster, in a transaction of the caller's, who has made sure that it may be. Nobody
// is put on duty while they are away: that is a conflict with the guard on_leave.
func AddOverride(ctx context.Context, u *work.Unit, roster string, in OverrideNew) (string, error) {
	if in.Add != "" {
		absences, err := absencesWithin(ctx, u, in.Start, in.End)
		if err != nil {
			return "", err
		}
		for _, a := range absences {
			if a.User == in.Add {
				return "", fault.Guarded("on_leave", text.Label{Zh: "{person}这段时间请假了，换一个人。", En: "{person} is away then; choose somebody else."},
					text.Params{"person": nameOf(ctx, u, in.Add)})
			}
		}
	}
	r, err := db.One(ctx, u, scan, "SELECT "+columns+" FROM rosters WHERE id = $1", roster)
	if err != nil {
		return "", err
	}
	override := id.New()
	_, err = u.Exec(ctx, `INSERT INTO roster_overrides (id, roster, type, add_person, remove_person, starts_at, ends_at, priority, reason, record, created_by, created_at, cancelled_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)`, override, roster, in.Type, in.Add, in.Remove,
		clock.Millis(in.Start), clock.Millis(in.End), in.Priority, in.Reason, in.record, u.Actor.ID, clock.Millis(u.Now()))
	if err != nil {
		return "", fmt.Errorf("insert override: %w", err)
	}
	err = changed(ctx, u, "roster.overridden", r, map[string]any{"override": override, "type": in.Type, "add": in.Add, "remove": in.Remove,
		"start": in.Start, "end": in.End, "reason": in.Reason, "record": in.record})
	if err != nil {
		return "", err
	}
	return override, planCheckIn(ctx, u, roster)
}

func nameOf(ctx context.Context, tx db.Tx, person string) string {
	names, err := party.NamesOf(ctx, tx, []string{person}, party.KindPerson)
	if err != nil {
		return ""
	}
	return names[person]
}

// Overrides lists those of a roster that touch [from, to), by their beginning.
func (s *Service) Overrides(ctx context.Context, roster string, from, to time.Time) (list []Override, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		if _, err := reached(ctx, u, roster); err != nil {
			return err
		}
		w := db.NewWhere()
		w.Eq("roster", roster)
		w.Add("cancelled_at = 0")
		w.Add("ends_at > ?", clock.Millis(from))
		if !to.IsZero() {
			w.Add("starts_at < ?", clock.Millis(to))
		}
		list, err = readOverrides(ctx, u, w)
		return err
	})
	return list, err
}

func readOverrides(ctx context.Context, u *work.Unit, w *db.Where) ([]Override, error) {
	var ids []string
	list, err := db.All(ctx, u, func(row db.Row) (o Override, err error) {
		var add, remove string
		var start, end, created int64
		err = row.Scan(&o.ID, &o.Type, &add, &remove, &start, &end, &o.Priority, &o.Reason, &o.Record, &o.CreatedBy.ID, &created)
		o.Start, o.End, o.CreatedAt = clock.FromMillis(start), clock.FromMillis(end), clock.FromMillis(created)
		if add != "" {
			o.Add = &party.Ref{ID: add}
		}
		if remove != "" {
			o.Remove = &party.Ref{ID: remove}
		}
		ids = append(ids, add, remove, o.CreatedBy.ID)
		return o, err
	}, `SELECT id, type, add_person, remove_person, starts_at, ends_at, priority, reason, record, created_by, created_at
		FROM roster_overrides WHERE `+w.SQL()+" ORDER BY starts_at, id LIMIT 500", w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read overrides: %w", err)
	}
	names, err := party.NamesOf(ctx, u, ids, party.KindPerson)
	for i := range list {
		o := &list[i]
		o.CreatedBy.Name = names[o.CreatedBy.ID]
		for _, ref := range []*party.Ref{o.Add, o.Remove} {
			if ref != nil {
				ref.Name = names[ref.ID]
			}
		}
	}
	return list, err
}

// Override changes who is on duty by a roster for a time.
func (s *Service) Override(ctx context.Context, roster string, in OverrideNew) (o Override, err error) {
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if _, err := manageable(ctx, u, roster, 0); err != nil {
			return err
		}
		if err := in.check(ctx, u); err != nil {
			return err
		}
		made, err := AddOverride(ctx, u, roster, in)
		if err != nil {
			return err
		}
		u.AfterCommit(s.timers.Wake)
		w := db.NewWhere()
		w.Eq("id", made)
		list, err := readOverrides(ctx, u, w)
		if err == nil {
			o = list[0]
		}
		return err
	})
	return o, err
}

// CancelOverride takes an override back.
func (s *Service) CancelOverride(ctx context.Context, roster, override string) error {
	return s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		r, err := manageable(ctx, u, roster, 0)
		if err != nil {
			return err
		}
		rows, err := u.Exec(ctx, "UPDATE roster_overrides SET cancelled_at = $3 WHERE id = $1 AND roster = $2 AND cancelled_at = 0", override, roster, clock.Millis(u.Now()))
		if err != nil {
			return fmt.Errorf("cancel override: %w", err)
		}
		if rows == 0 {
			return fault.Missing()
		}
		if err := changed(ctx, u, "roster.override_cancelled", r, map[string]any{"override": override}); err != nil {
			return err
		}
		u.AfterCommit(s.timers.Wake)
		return planCheckIn(ctx, u, roster)
	})
}
