package identity

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

// Grant is a role that a person holds, everywhere or for one customer, project or process (ORG-04).
type Grant struct {
	ID               string      `json:"id"`
	Person           string      `json:"person"`
	PersonName       string      `json:"person_name"`
	PersonStatus     string      `json:"person_status"`
	Organisation     string      `json:"organisation"`
	OrganisationName string      `json:"organisation_name"`
	Role             string      `json:"role"`
	RoleLabel        text.Label  `json:"role_label"`
	Customer         string      `json:"customer"`
	CustomerName     string      `json:"customer_name,omitempty"`
	Project          string      `json:"project"`
	Process          string      `json:"process"`
	CreatedAt        time.Time   `json:"created_at"`
	CreatedBy        string      `json:"created_by"`
	CreatedByName    string      `json:"created_by_name,omitempty"`
	ConfirmedAt      *time.Time  `json:"confirmed_at,omitempty"`
	ConfirmedBy      string      `json:"confirmed_by"`
	ConfirmedByName  string      `json:"confirmed_by_name,omitempty"`
	LastUse          *time.Time  `json:"last_use,omitempty" doc:"when any account of the person was last used"`
	Perms            []work.Perm `json:"-"`
}

// GrantNew is what a new grant is made from; what is left out means everywhere.
type GrantNew struct {
	Person   string `json:"person" maxLength:"40"`
	Role     string `json:"role" maxLength:"40"`
	Customer string `json:"customer,omitempty" maxLength:"40"`
	Project  string `json:"project,omitempty" maxLength:"40"`
	Process  string `json:"process,omitempty" maxLength:"40"`
}

// GrantFilter narrows a list; After is the id the page before it ended at. StaleDays keeps grants that nobody
// made or confirmed for so many days.
type GrantFilter struct {
	Person, Role, Customer, Organisation string
	StaleDays                            int
	After                                string
	Limit                                int
}

const grantColumns = `g.id, g.person, p.name, p.status, p.organisation, o.name, g.role, r.zh, r.en, g.customer, g.project, g.process,
	g.created_at, g.created_by, g.confirmed_at, g.confirmed_by, ` + lastUse + `
	FROM identity_grants g JOIN party_people p ON p.id = g.person JOIN party_organisations o ON o.id = p.organisation
	JOIN identity_roles r ON r.code = g.role`

// lastUse is when an account of the person was last used, by session or token.
const lastUse = `COALESCE((SELECT MAX(CASE
		WHEN COALESCE(s.last_used, 0) > a.last_sign_in AND COALESCE(s.last_used, 0) >= COALESCE(t.last_used, 0) THEN s.last_used
		WHEN COALESCE(t.last_used, 0) > a.last_sign_in THEN t.last_used ELSE a.last_sign_in END)
	FROM identity_accounts a LEFT JOIN identity_sessions s ON s.account = a.id LEFT JOIN identity_tokens t ON t.account = a.id
	WHERE a.person = g.person), 0)`

func scanGrant(r db.Row) (g Grant, err error) {
	var created, confirmed, used int64
	err = r.Scan(&g.ID, &g.Person, &g.PersonName, &g.PersonStatus, &g.Organisation, &g.OrganisationName, &g.Role, &g.RoleLabel.Zh, &g.RoleLabel.En,
		&g.Customer, &g.Project, &g.Process, &created, &g.CreatedBy, &confirmed, &g.ConfirmedBy, &used)
	g.CreatedAt, g.ConfirmedAt, g.LastUse = clock.FromMillis(created), moment(confirmed), moment(used)
	return g, err
}

// Grants lists who holds which role, oldest first.
func (s *Service) Grants(ctx context.Context, f GrantFilter) ([]Grant, error) {
	return s.grants(ctx, Manage, f)
}

func (s *Service) grants(ctx context.Context, perm work.Perm, f GrantFilter) (items []Grant, err error) {
	err = s.door.Read(ctx, perm, func(ctx context.Context, u *work.Unit) error {
		w := db.NewWhere()
		within(w, u.Actor)
		f.where(w, u.Now())
		sql := fmt.Sprintf("SELECT %s WHERE %s ORDER BY g.id LIMIT %d", grantColumns, w.SQL(), f.Limit)
		if items, err = db.All(ctx, u, scanGrant, sql, w.Args()...); err != nil {
			return fmt.Errorf("list grants: %w", err)
		}
		return nameGrants(ctx, u, items)
	})
	return items, err
}

func (f GrantFilter) where(w *db.Where, now time.Time) {
	for _, c := range []struct{ column, value string }{
		{"g.person", f.Person}, {"g.role", f.Role}, {"g.customer", f.Customer}, {"p.organisation", f.Organisation},
	} {
		if c.value != "" {
			w.Eq(c.column, c.value)
		}
	}
	if f.StaleDays > 0 {
		w.Add("CASE WHEN g.confirmed_at > g.created_at THEN g.confirmed_at ELSE g.created_at END < ?", clock.Millis(now.AddDate(0, 0, -f.StaleDays)))
	}
	if f.After != "" {
		w.Add("g.id > ?", f.After)
	}
}

func nameGrants(ctx context.Context, tx db.Tx, items []Grant) error {
	var ids []string
	for _, g := range items {
		ids = append(ids, g.Customer, g.CreatedBy, g.ConfirmedBy)
	}
	names, err := party.NamesOf(ctx, tx, ids, party.KindPerson, party.KindOrganisation)
	if err != nil {
		return err
	}
	for i := range items {
		g := &items[i]
		g.CustomerName, g.CreatedByName, g.ConfirmedByName = names[g.Customer], names[g.CreatedBy], names[g.ConfirmedBy]
	}
	return nil
}

// Grant gives a person a role.
func (s *Service) Grant(ctx context.Context, in GrantNew) (g Grant, err error) {
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if err := grantable(ctx, u, in); err != nil {
			return err
		}
		grant, err := AddGrant(ctx, u, in)
		if err != nil {
			return err
		}
		g, err = viewGrant(ctx, u, grant)
		return err
	})
	return g, err
}

// grantable checks what a grant names.
func grantable(ctx context.Context, u *work.Unit, in GrantNew) error {
	p, err := manageable(ctx, u, in.Person)
	if err != nil {
		return err
	}
	r, err := readRole(ctx, u, in.Role)
	if fault.Is(err, fault.NotFound) {
		return fault.One("role", "field.missing", text.Params{"label": labelOf("role")})
	}
	if err != nil {
		return err
	}
	if (r.Side == forCustomer) != (p.Side == work.Customer) {
		return fault.One("role", "identity.role_side", nil)
	}
	if in.Customer == "" {
		return nil
	}
	o, err := party.LoadOrganisation(ctx, u, in.Customer)
	switch {
	case err != nil && !fault.Is(err, fault.NotFound):
		return err
	case err != nil || o.Kind != work.Customer || !u.Actor.Scope().Reaches(o.ID):
		return fault.One("customer", "field.missing", text.Params{"label": labelOf("customer")})
	case p.Side == work.Customer && o.ID != p.Organisation:
		return fault.One("customer", "identity.role_side", nil)
	}
	return nil
}

// AddGrant gives a role within a transaction, unchecked: first run, imports, tests.
func AddGrant(ctx context.Context, u *work.Unit, in GrantNew) (string, error) {
	grant := id.New()
	n, err := exec(ctx, u, "add grant", `INSERT INTO identity_grants (id, created_at, created_by, person, role, customer, project, process, confirmed_at, confirmed_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '') ON CONFLICT (person, role, customer, project, process) DO NOTHING`,
		grant, clock.Millis(u.Now()), u.Actor.ID, in.Person, in.Role, in.Customer, in.Project, in.Process)
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "", fault.One("role", "identity.granted", nil)
	}
	if err := raisePeople(ctx, u, true, in.Person); err != nil {
		return "", err
	}
	return grant, record(ctx, u, in.Person, "person.role_granted", "person", in.Role, map[string]any{"grant": grant, "role": in.Role, "customer": in.Customer, "project": in.Project, "process": in.Process})
}

// viewGrant reads a grant that the actor may manage.
func viewGrant(ctx context.Context, u *work.Unit, grant string) (Grant, error) {
	w := db.NewWhere()
	within(w, u.Actor)
	w.Eq("g.id", grant)
	g, err := db.One(ctx, u, scanGrant, "SELECT "+grantColumns+" WHERE "+w.SQL(), w.Args()...)
	if err != nil {
		return g, fmt.Errorf("read grant: %w", err)
	}
	items := []Grant{g}
	err = nameGrants(ctx, u, items)
	return items[0], err
}

// Revoke takes a role away.
func (s *Service) Revoke(ctx context.Context, grant string) error {
	return s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		g, err := viewGrant(ctx, u, grant)
		if err != nil {
			return err
		}
		return revoke(ctx, u, g)
	})
}

func revoke(ctx context.Context, u *work.Unit, g Grant) error {
	if _, err := exec(ctx, u, "revoke grant", "DELETE FROM identity_grants WHERE id = $1", g.ID); err != nil {
		return err
	}
	if g.Role == Administrator {
		if err := keepAdministrator(ctx, u); err != nil {
			return err
		}
	}
	if err := raisePeople(ctx, u, true, g.Person); err != nil {
		return err
	}
	return record(ctx, u, g.Person, "person.role_revoked", "person", g.Role, map[string]any{"grant": g.ID, "role": g.Role, "customer": g.Customer, "project": g.Project, "process": g.Process})
}

// GrantsOf are the grants of a person; for other packages' rules.
func GrantsOf(ctx context.Context, tx db.Tx, person string) ([]work.Grant, error) {
	a := &work.Actor{ID: person, Perms: map[work.Perm]bool{}}
	err := readGrants(ctx, tx, a)
	return a.Grants, err
}

// PeopleWith are the ids of the active people who hold any of the roles for a customer and process ("" = whichever);
// for approvals and notices.
func PeopleWith(ctx context.Context, tx db.Tx, customer, process string, roles ...string) ([]string, error) {
	w := db.NewWhere()
	w.In("g.role", roles)
	w.Eq("p.status", party.Active)
	if customer != "" {
		w.Add("g.customer IN ('', ?)", customer)
		w.Add("(p.side <> 'customer' OR p.organisation = ?)", customer)
	}
	if process != "" {
		w.Add("g.process IN ('', ?)", process)
	}
	ids, err := db.All(ctx, tx, db.Scan[string], "SELECT DISTINCT g.person FROM identity_grants g JOIN party_people p ON p.id = g.person WHERE "+
		w.SQL()+" ORDER BY g.person", w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read people with roles: %w", err)
	}
	return ids, nil
}

// ActorFor is a person as an actor, as they would act without a session: background work on somebody's behalf asks
// with it what that person may see. A leaver is fault NotFound.
func ActorFor(ctx context.Context, tx db.Tx, person string) (*work.Actor, error) {
	return readActor(ctx, tx, person)
}
