package party

import (
	"context"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Leaving is what a leaver leaves behind, for whoever has to see to it.
type Leaving struct {
	Person   Person     `json:"person"`
	OpenWork []OpenWork `json:"open_work"` // unfinished records
	Reports  []Ref      `json:"reports"`   // people whose superior this was
	Headed   []Ref      `json:"headed"`    // departments and teams this person led
	Teams    []Ref      `json:"teams"`     // teams this person was taken out of
	Looked   []Ref      `json:"dedicated"` // customers that lost their dedicated engineer
}

// Leave marks a person as left (SEC-02): accounts, sessions and tokens end in the same transaction, memberships and
// dedications too. What is still open is answered; the engine's hook may flag it.
func (s *Service) Leave(ctx context.Context, id string, version int64) (l Leaving, err error) {
	err = s.door.Do(ctx, Leave, func(ctx context.Context, u *work.Unit) error {
		before, err := people.changeable(ctx, u, id, version)
		switch {
		case err != nil:
			return err
		case before.Status == Left:
			return fault.New(fault.Conflict, "party.already_left", text.Params{"name": before.Name})
		case id == u.Actor.ID:
			return fault.New(fault.Conflict, "party.leave_self", nil)
		}
		l, err = s.leave(ctx, u, before)
		return err
	})
	return l, err
}

func (s *Service) leave(ctx context.Context, u *work.Unit, before Person) (l Leaving, err error) {
	after := before
	after.Status, after.left = Left, u.Now()
	if err := people.save(ctx, u, &before, &after, nil); err != nil {
		return l, err
	}
	if l, err = ties(ctx, u, after.ID); err != nil {
		return l, err
	}
	if err := cut(ctx, u, after.ID); err != nil {
		return l, err
	}
	if err := s.tell(ctx, u, PersonLeft, after.ID); err != nil {
		return l, err
	}
	l.OpenWork = []OpenWork{}
	for _, hook := range s.openWork {
		open, err := hook(ctx, u, after)
		if err != nil {
			return l, fmt.Errorf("list open work of leaver: %w", err)
		}
		l.OpenWork = append(l.OpenWork, open...)
	}
	l.Person = after
	return l, dressOne(ctx, u, nil, &l.Person, dressPeople)
}

// ties are what still hangs on a person.
func ties(ctx context.Context, tx db.Tx, person string) (l Leaving, err error) {
	for _, tie := range []struct {
		into *[]Ref
		sql  string
	}{
		{&l.Reports, "SELECT id, name FROM party_people WHERE superior = $1 AND status = 'active' ORDER BY name, id"},
		{&l.Headed, `SELECT id, name FROM party_departments WHERE head = $1 AND status = 'active'
			UNION ALL SELECT id, name FROM party_teams WHERE (lead = $1 OR manager = $1) AND status = 'active'`},
		{&l.Teams, `SELECT t.id, t.name FROM party_teams t JOIN party_team_members m ON m.team = t.id
			WHERE m.item = $1 ORDER BY t.name, t.id`},
		{&l.Looked, `SELECT DISTINCT o.id, o.name FROM party_dedicated d JOIN party_organisations o ON o.id = d.customer
			WHERE d.person = $1 AND d.status = 'active' ORDER BY o.name, o.id`},
	} {
		*tie.into, err = db.All(ctx, tx, func(r db.Row) (ref Ref, err error) {
			err = r.Scan(&ref.ID, &ref.Name)
			return ref, err
		}, tie.sql, person)
		if err != nil {
			return l, fmt.Errorf("read ties of leaver: %w", err)
		}
	}
	return l, nil
}

// cut ends what makes work come to a person. Headships stay until somebody else is named: the trail must lead on.
func cut(ctx context.Context, u *work.Unit, person string) error {
	if _, err := u.Exec(ctx, "DELETE FROM party_team_members WHERE item = $1", person); err != nil {
		return fmt.Errorf("end memberships: %w", err)
	}
	_, err := u.Exec(ctx, `UPDATE party_dedicated SET status = 'inactive', version = version + 1, updated_at = $2
		WHERE person = $1 AND status = 'active'`, person, clock.Millis(u.Now()))
	if err != nil {
		return fmt.Errorf("end dedications: %w", err)
	}
	return nil
}

// Return takes back that a person has left. Accounts stay disabled until somebody enables them.
func (s *Service) Return(ctx context.Context, id string, version int64) (p Person, err error) {
	err = s.door.Do(ctx, Leave, func(ctx context.Context, u *work.Unit) error {
		before, err := people.changeable(ctx, u, id, version)
		if err != nil {
			return err
		}
		if before.Status != Left {
			return fault.New(fault.Conflict, "party.not_left", text.Params{"name": before.Name})
		}
		p = before
		p.Status, p.left = Active, time.Time{}
		if err := people.save(ctx, u, &before, &p, nil); err != nil {
			return err
		}
		err = s.tell(ctx, u, PersonReturned, id)
		return dressOne(ctx, u, err, &p, dressPeople)
	})
	return p, err
}
