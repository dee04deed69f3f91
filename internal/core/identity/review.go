package identity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Decision is one line of an access review's record (SEC-03): a role of a person that was confirmed or revoked.
type Decision struct {
	ID            string     `json:"id"`
	Grant         string     `json:"grant"`
	Person        string     `json:"person"`
	PersonName    string     `json:"person_name"`
	Role          string     `json:"role"`
	Customer      string     `json:"customer"`
	Project       string     `json:"project"`
	Process       string     `json:"process"`
	LastUse       *time.Time `json:"last_use,omitempty"`
	Decision      string     `json:"decision" doc:"confirmed or revoked"`
	Note          string     `json:"note"`
	DecidedBy     string     `json:"decided_by"`
	DecidedByName string     `json:"decided_by_name,omitempty"`
	DecidedAt     time.Time  `json:"decided_at"`
}

// ReviewNote says why a role was confirmed or revoked.
type ReviewNote struct {
	Note string `json:"note,omitempty" maxLength:"1000"`
}

// AccessReview lists who may do what, with last use.
func (s *Service) AccessReview(ctx context.Context, f GrantFilter) ([]Grant, error) {
	return s.grants(ctx, Audit, f)
}

// ConfirmGrant records that a role is still needed.
func (s *Service) ConfirmGrant(ctx context.Context, grant, note string) (d Decision, err error) {
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		g, err := viewGrant(ctx, u, grant)
		if err != nil {
			return err
		}
		_, err = exec(ctx, u, "confirm grant", "UPDATE identity_grants SET confirmed_at = $1, confirmed_by = $2 WHERE id = $3",
			clock.Millis(u.Now()), u.Actor.ID, g.ID)
		if err != nil {
			return err
		}
		if err := record(ctx, u, g.Person, "person.role_confirmed", "person", g.Role, map[string]any{"grant": g.ID, "note": note}); err != nil {
			return err
		}
		d, err = decide(ctx, u, g, "confirmed", note)
		return err
	})
	return d, err
}

// RevokeGrant takes a role away in an access review.
func (s *Service) RevokeGrant(ctx context.Context, grant, note string) (d Decision, err error) {
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		g, err := viewGrant(ctx, u, grant)
		if err != nil {
			return err
		}
		if err := revoke(ctx, u, g); err != nil {
			return err
		}
		d, err = decide(ctx, u, g, "revoked", note)
		return err
	})
	return d, err
}

func decide(ctx context.Context, u *work.Unit, g Grant, decision, note string) (Decision, error) {
	d := Decision{
		ID: id.New(), Grant: g.ID, Person: g.Person, PersonName: g.PersonName, Role: g.Role, Customer: g.Customer, Project: g.Project, Process: g.Process,
		LastUse: g.LastUse, Decision: decision, Note: strings.TrimSpace(note), DecidedBy: u.Actor.ID, DecidedByName: u.Actor.Name, DecidedAt: u.Now(),
	}
	var used int64
	if d.LastUse != nil {
		used = clock.Millis(*d.LastUse)
	}
	_, err := exec(ctx, u, "record review", `INSERT INTO identity_reviews
		(id, grant_id, person, role, customer, project, process, last_use, decision, note, decided_by, decided_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		d.ID, d.Grant, d.Person, d.Role, d.Customer, d.Project, d.Process, used, d.Decision, d.Note, d.DecidedBy, clock.Millis(d.DecidedAt))
	return d, err
}

// Decisions lists what access reviews decided, newest first; before is the id the page before it ended at.
func (s *Service) Decisions(ctx context.Context, person, before string, limit int) (items []Decision, err error) {
	err = s.door.Read(ctx, Audit, func(ctx context.Context, u *work.Unit) error {
		w := db.NewWhere()
		within(w, u.Actor)
		if person != "" {
			w.Eq("v.person", person)
		}
		if before != "" {
			w.Add("v.id < ?", before)
		}
		items, err = db.All(ctx, u, scanDecision, fmt.Sprintf(`SELECT v.id, v.grant_id, v.person, p.name, v.role, v.customer, v.project, v.process,
			v.last_use, v.decision, v.note, v.decided_by, v.decided_at
			FROM identity_reviews v JOIN party_people p ON p.id = v.person WHERE %s ORDER BY v.id DESC LIMIT %d`, w.SQL(), limit), w.Args()...)
		if err != nil {
			return fmt.Errorf("list review decisions: %w", err)
		}
		return nameDecisions(ctx, u, items)
	})
	return items, err
}

func scanDecision(r db.Row) (d Decision, err error) {
	var used, at int64
	err = r.Scan(&d.ID, &d.Grant, &d.Person, &d.PersonName, &d.Role, &d.Customer, &d.Project, &d.Process, &used, &d.Decision, &d.Note, &d.DecidedBy, &at)
	d.LastUse, d.DecidedAt = moment(used), clock.FromMillis(at)
	return d, err
}

func nameDecisions(ctx context.Context, tx db.Tx, items []Decision) error {
	var ids []string
	for _, d := range items {
		ids = append(ids, d.DecidedBy)
	}
	names, err := party.NamesOf(ctx, tx, ids, party.KindPerson)
	if err != nil {
		return err
	}
	for i := range items {
		items[i].DecidedByName = names[items[i].DecidedBy]
	}
	return nil
}
