package sla

import (
	"context"
	"slices"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Permissions of this package.
const (
	Read   work.Perm = "sla.read"
	Manage work.Perm = "sla.manage"
)

// Calendars lists them by code.
func (s *Service) Calendars(ctx context.Context) (list []Calendar, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		list, err = db.All(ctx, u.Tx, scanCalendar, `SELECT body, version FROM calendars ORDER BY code`)
		return err
	})
	return nonNil(list), err
}

// Calendar reads one.
func (s *Service) Calendar(ctx context.Context, code string) (c Calendar, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		c, err = readCalendar(ctx, u.Tx, code)
		return err
	})
	return c, err
}

// SaveCalendar adds a calendar (version 0) or changes it; the clocks that run by it are reckoned anew afterwards, by a
// job, and every deadline that moves says so on its record.
func (s *Service) SaveCalendar(ctx context.Context, c Calendar, expected int64) (Calendar, error) {
	err := s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if !u.Actor.MayFor(Manage, "", "") {
			return fault.Denied()
		}
		if !c.Label.Complete() {
			return fault.One("label", "field.required", text.Params{"label": "label"})
		}
		if _, err := c.compile(); err != nil {
			return under("spec", err)
		}
		c.Version = expected + 1
		n, err := u.Exec(ctx, `INSERT INTO calendars (code, body, version, changed_at) SELECT $1, $2, $3, $4 WHERE $5 = 0 OR EXISTS (SELECT 1 FROM calendars WHERE code = $1)
			ON CONFLICT (code) DO UPDATE SET body = excluded.body, version = excluded.version, changed_at = excluded.changed_at WHERE calendars.version = $5`,
			c.Code, db.JSON(c), c.Version, clock.Millis(u.Now()), expected)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Stale, "stale", nil)
		}
		if _, err := u.Record(ctx, work.Event{Stream: "calendar:" + c.Code, Kind: "calendar.saved", Subject: "calendar", Number: c.Code, Data: c}); err != nil {
			return err
		}
		return s.reread(ctx, u, "calendar "+c.Code)
	})
	return c, err
}

// DeleteCalendar removes one that no agreement in force uses.
func (s *Service) DeleteCalendar(ctx context.Context, code string) error {
	return s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if !u.Actor.MayFor(Manage, "", "") {
			return fault.Denied()
		}
		all, err := s.inForce(ctx, u.Tx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(a *Agreement) bool { return a.Calendar == code }) {
			return fault.Guarded("calendar_in_use", text.Label{Zh: "还有生效的协议在用这个日历，先给它们换日历。", En: "Agreements in force use this calendar; give them another one first."}, nil)
		}
		n, err := u.Exec(ctx, `DELETE FROM calendars WHERE code = $1`, code)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Missing()
		}
		_, err = u.Record(ctx, work.Event{Stream: "calendar:" + code, Kind: "calendar.deleted", Subject: "calendar", Number: code})
		return err
	})
}

func scanAgreement(row db.Row) (a *Agreement, err error) {
	a = &Agreement{}
	var identity, state string
	var n, inForce int64
	if err := row.Scan(&identity, &state, &n, &inForce, db.ScanJSON(a)); err != nil {
		return nil, err
	}
	a.ID, a.State, a.Version, a.InForce = identity, state, n, inForce
	return a, nil
}

const latestAgreement = `SELECT a.id, a.state, a.version, a.active_version, v.body FROM agreements a JOIN agreement_versions v ON v.agreement_id = a.id AND v.version = a.version`

// Agreements lists their latest versions. Who serves only some customers sees only what concerns them.
func (s *Service) Agreements(ctx context.Context, kind, state string) (list []*Agreement, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		w := db.NewWhere()
		w.Add("1 = 1")
		reach(w, u.Actor)
		for column, v := range map[string]string{"a.kind": kind, "a.state": state} {
			if v != "" {
				w.Eq(column, v)
			}
		}
		list, err = db.All(ctx, u.Tx, scanAgreement, latestAgreement+" WHERE "+w.SQL()+" ORDER BY a.code", w.Args()...)
		return err
	})
	return nonNil(list), err
}

// reach leaves the agreements of customers that the actor serves, and those that hold for all.
func reach(w *db.Where, actor *work.Actor) {
	if scope := actor.Scope(); !scope.All {
		w.In("a.customer_id", append([]string{""}, scope.Customers...))
	}
}

// Agreement reads the latest version of one.
func (s *Service) Agreement(ctx context.Context, id string) (a *Agreement, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		a, err = s.latest(ctx, u, id)
		return err
	})
	return a, err
}

func (s *Service) latest(ctx context.Context, u *work.Unit, id string) (*Agreement, error) {
	w := db.NewWhere()
	w.Eq("a.id", id)
	reach(w, u.Actor)
	return db.One(ctx, u.Tx, scanAgreement, latestAgreement+" WHERE "+w.SQL(), w.Args()...)
}

// SaveAgreement drafts a new agreement (no id), or a new version of one (SLA-05). What is in force stays in force until the
// new version is activated.
func (s *Service) SaveAgreement(ctx context.Context, a Agreement, expected int64) (*Agreement, error) {
	err := s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if err := s.mayKeep(ctx, u, &a); err != nil {
			return err
		}
		if a.ID == "" {
			a.ID, a.State, a.Version, a.InForce = id.New(), "draft", 1, 0
			_, err := u.Exec(ctx, `INSERT INTO agreements (id, code, kind, state, customer_id, version, active_version, changed_at) VALUES ($1, $2, $3, 'draft', $4, 1, 0, $5)`,
				a.ID, a.Code, a.Kind, a.Customer, clock.Millis(u.Now()))
			if fault.Is(err, fault.Conflict) {
				return fault.One("code", "field.unique", text.Params{"label": "code"})
			}
			if err != nil {
				return err
			}
		} else if err := s.revise(ctx, u, &a, expected); err != nil {
			return err
		}
		return s.keepVersion(ctx, u, &a, "agreement.saved")
	})
	return &a, err
}

// mayKeep checks an agreement and that the actor may make one for its customer.
func (s *Service) mayKeep(ctx context.Context, u *work.Unit, a *Agreement) error {
	if !u.Actor.MayFor(Manage, a.Customer, "") {
		return fault.Denied()
	}
	codes, err := db.All(ctx, u.Tx, db.Scan[string], `SELECT code FROM calendars`)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, c := range codes {
		known[c] = true
	}
	return a.check(known)
}

func (s *Service) revise(ctx context.Context, u *work.Unit, a *Agreement, expected int64) error {
	old, err := s.latest(ctx, u, a.ID)
	if err != nil {
		return err
	}
	if expected != 0 && expected != old.Version {
		return fault.New(fault.Stale, "stale", nil)
	}
	if old.Kind != a.Kind || old.Customer != a.Customer {
		return fault.One("customer", "field.readonly", text.Params{"label": "customer"})
	}
	a.State, a.Version, a.InForce = old.State, old.Version+1, old.InForce
	_, err = u.Exec(ctx, `UPDATE agreements SET code = $2, version = $3, changed_at = $4 WHERE id = $1`, a.ID, a.Code, a.Version, clock.Millis(u.Now()))
	return err
}

func (s *Service) keepVersion(ctx context.Context, u *work.Unit, a *Agreement, kind string) error {
	_, err := u.Exec(ctx, `INSERT INTO agreement_versions (agreement_id, version, body, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5)`,
		a.ID, a.Version, db.JSON(a), u.Actor.ID, clock.Millis(u.Now()))
	if err != nil {
		return err
	}
	_, err = u.Record(ctx, work.Event{Stream: "agreement:" + a.ID, Kind: kind, Subject: "agreement", Number: a.Code, Customer: a.Customer, Data: a})
	return err
}

// Activate puts the latest version in force for new records; it must be complete (SLA-03). With reread the records that
// run under an earlier version come under this one too.
func (s *Service) Activate(ctx context.Context, id string, everywhere bool) (a *Agreement, err error) {
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if a, err = s.latest(ctx, u, id); err != nil {
			return err
		}
		if !u.Actor.MayFor(Manage, a.Customer, "") {
			return fault.Denied()
		}
		if lacking := a.lacking(); len(lacking) > 0 {
			return incomplete(lacking)
		}
		a.State, a.InForce = "active", a.Version
		if _, err := u.Exec(ctx, `UPDATE agreements SET state = 'active', active_version = version, changed_at = $2 WHERE id = $1`, id, clock.Millis(u.Now())); err != nil {
			return err
		}
		if _, err := u.Record(ctx, work.Event{Stream: "agreement:" + id, Kind: "agreement.activated", Subject: "agreement", Number: a.Code, Customer: a.Customer,
			Data: map[string]any{"version": a.Version, "everywhere": everywhere}}); err != nil {
			return err
		}
		if !everywhere {
			return nil
		}
		return s.comeUnder(ctx, u, a)
	})
	return a, err
}

// incomplete refuses to put an agreement in force, naming what it lacks.
func incomplete(lacking []string) error {
	f := fault.Guarded("agreement_complete", text.Label{Zh: "协议还缺内容，补齐后才能生效。", En: "The agreement lacks something; complete it to put it in force."}, nil)
	for _, name := range lacking {
		f.Fields = append(f.Fields, fault.Field{Name: name, Code: "field.required", Params: text.Params{"label": name}})
	}
	return f
}

// Retire takes an agreement out of force; records under it keep their clocks.
func (s *Service) Retire(ctx context.Context, id string) (a *Agreement, err error) {
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if a, err = s.latest(ctx, u, id); err != nil {
			return err
		}
		if !u.Actor.MayFor(Manage, a.Customer, "") {
			return fault.Denied()
		}
		if a.State != "active" {
			return fault.Guarded("agreement_active", text.Label{Zh: "协议没有生效，不能停用。", En: "The agreement is not in force."}, nil)
		}
		a.State = "retired"
		if _, err := u.Exec(ctx, `UPDATE agreements SET state = 'retired', changed_at = $2 WHERE id = $1`, id, clock.Millis(u.Now())); err != nil {
			return err
		}
		_, err := u.Record(ctx, work.Event{Stream: "agreement:" + id, Kind: "agreement.retired", Subject: "agreement", Number: a.Code, Customer: a.Customer})
		return err
	})
	return a, err
}
