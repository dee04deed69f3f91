package party

import (
	"context"
	"fmt"

	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Tiers are the levels of support that a team can be (ORG-05); a team that is none of them has "".
var Tiers = []string{"desk", "L1", "L2", "L3", "vendor"}

// Team is a group that work is given to. A resident team (ORG-08) serves one customer's project on the spot: its
// lead is the supervisor 运维主管, who reports to the manager 维护经理.
type Team struct {
	Head
	Organisation     string `json:"organisation"`
	OrganisationName string `json:"organisation_name,omitempty"`
	Name             string `json:"name"`
	Code             string `json:"code"`
	Tier             string `json:"tier" doc:"desk, L1, L2, L3, vendor or empty"`
	Lead             string `json:"lead"`
	LeadName         string `json:"lead_name,omitempty"`
	Resident         bool   `json:"resident"`
	Manager          string `json:"manager"`
	ManagerName      string `json:"manager_name,omitempty"`
	Customer         string `json:"customer"`
	CustomerName     string `json:"customer_name,omitempty"`
	Project          string `json:"project"`
	Members          []Ref  `json:"members"`
}

// TeamFields are the details that may be given and changed.
type TeamFields struct {
	Code     *string `json:"code,omitempty" maxLength:"60"`
	Tier     *string `json:"tier,omitempty" maxLength:"20"`
	Lead     *string `json:"lead,omitempty" maxLength:"40"`
	Resident *bool   `json:"resident,omitempty"`
	Manager  *string `json:"manager,omitempty" maxLength:"40"`
	Customer *string `json:"customer,omitempty" maxLength:"40"`
	Project  *string `json:"project,omitempty" maxLength:"40"`
}

// TeamNew is what a new team is made from. Its organisation can never change.
type TeamNew struct {
	Organisation string    `json:"organisation" maxLength:"40"`
	Name         string    `json:"name" maxLength:"200"`
	Members      *[]string `json:"members,omitempty" maxItems:"500" doc:"ids of people"`
	TeamFields
}

// TeamChange changes what it names.
type TeamChange struct {
	Name   *string `json:"name,omitempty" maxLength:"200"`
	Status *string `json:"status,omitempty" maxLength:"20" doc:"active or inactive"`
	TeamFields
}

// TeamFilter narrows a list. Person keeps the teams of a member.
type TeamFilter struct {
	Paging
	Q, Organisation, Tier, Status, Customer, Project, Person string
	Resident                                                 *bool
}

var teams = &table[Team]{
	name: "party_teams", subject: "team", sort: "name",
	head:  func(t *Team) *Head { return &t.Head },
	label: func(t *Team) string { return t.Name },
	key:   func(t *Team) string { return t.Name },
	owner: func(t *Team) string { return t.Organisation },
	scope: func(r reach, w *db.Where) { r.teams(w) },
	columns: func(t *Team) []column {
		return []column{
			{"organisation", &t.Organisation}, {"name", &t.Name}, {"code", &t.Code}, {"tier", &t.Tier}, {"lead", &t.Lead},
			{"resident", &t.Resident}, {"manager", &t.Manager}, {"customer", &t.Customer}, {"project", &t.Project},
		}
	},
}

// LoadTeam reads a team without its members and without regard to who asks; for other packages' rules.
func LoadTeam(ctx context.Context, tx db.Tx, id string) (Team, error) { return teams.byID(ctx, tx, id) }

// TeamMembers are the ids of a team's members; leavers are none.
func TeamMembers(ctx context.Context, tx db.Tx, team string) ([]string, error) {
	ids, err := db.All(ctx, tx, db.Scan[string], `SELECT p.id FROM party_team_members m
		JOIN party_people p ON p.id = m.item AND p.status = 'active' WHERE m.team = $1 ORDER BY p.id`, team)
	if err != nil {
		return nil, fmt.Errorf("read members of team: %w", err)
	}
	return ids, nil
}

// Membership is one team a person is in.
type Membership struct{ Team, Name, Tier string }

// TeamsOf are the teams in use that a person is a member of.
func TeamsOf(ctx context.Context, tx db.Tx, person string) ([]Membership, error) {
	list, err := db.All(ctx, tx, func(r db.Row) (m Membership, err error) {
		err = r.Scan(&m.Team, &m.Name, &m.Tier)
		return m, err
	}, `SELECT t.id, t.name, t.tier FROM party_team_members m JOIN party_teams t ON t.id = m.team
		WHERE m.item = $1 AND t.status = 'active' ORDER BY t.name, t.id`, person)
	if err != nil {
		return nil, fmt.Errorf("read teams of person: %w", err)
	}
	return list, nil
}

// TeamsByTier are the teams in use of a tier, without members.
func TeamsByTier(ctx context.Context, tx db.Tx, tier string) ([]Team, error) {
	w := db.NewWhere()
	w.Eq("tier", tier)
	w.Eq("status", Active)
	return teams.find(ctx, tx, w)
}

// ResidentTeams are the resident teams in use of a customer (ORG-08), those of the project first.
func ResidentTeams(ctx context.Context, tx db.Tx, customer, project string) ([]Team, error) {
	w := db.NewWhere()
	w.Eq("customer", customer)
	w.Eq("resident", true)
	w.Eq("status", Active)
	found, err := teams.find(ctx, tx, w)
	if err != nil {
		return nil, err
	}
	var first, rest []Team
	for _, t := range found {
		if project != "" && t.Project == project {
			first = append(first, t)
		} else {
			rest = append(rest, t)
		}
	}
	return append(first, rest...), nil
}

// Teams lists what the actor can reach.
func (s *Service) Teams(ctx context.Context, f TeamFilter) (items []Team, more *Place, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		if items, more, err = teams.page(ctx, u, f.where(reachOf(u.Actor)), f.Paging); err != nil {
			return err
		}
		return dressTeams(ctx, u, items)
	})
	return items, more, err
}

func (f TeamFilter) where(r reach) *db.Where {
	w := db.NewWhere()
	r.teams(w)
	equals(w, "organisation", f.Organisation)
	equals(w, "tier", f.Tier)
	equals(w, "status", f.Status)
	equals(w, "customer", f.Customer)
	equals(w, "project", f.Project)
	if f.Resident != nil {
		w.Eq("resident", *f.Resident)
	}
	if f.Person != "" {
		w.Add("id IN (SELECT m.team FROM party_team_members m WHERE m.item = ?)", f.Person)
	}
	if f.Q != "" {
		w.Add("(" + contains(w, f.Q, "name", "code") + ")")
	}
	return w
}

// Team reads one with its members.
func (s *Service) Team(ctx context.Context, id string) (t Team, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		t, err = teams.reached(ctx, u, id)
		return dressOne(ctx, u, err, &t, dressTeams)
	})
	return t, err
}

// CreateTeam adds one.
func (s *Service) CreateTeam(ctx context.Context, in TeamNew) (t Team, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		t = Team{Organisation: in.Organisation}
		setText(&t.Name, &in.Name)
		in.apply(&t)
		err := s.addTeam(ctx, u, &t, in.Members)
		return dressOne(ctx, u, err, &t, dressTeams)
	})
	return t, err
}

func (s *Service) addTeam(ctx context.Context, u *work.Unit, t *Team, members *[]string) error {
	e := edit(ctx, u)
	if o, ok := e.belongs("organisation", t.Organisation); ok && o.Kind == work.Customer {
		e.fail("organisation", "party.not_provider", nil)
	}
	e.team(t, &Team{})
	if members != nil {
		e.members(*members, nil)
	}
	if err := e.done(); err != nil {
		return err
	}
	if err := teams.create(ctx, u, t, givenItems("members", members)); err != nil || members == nil {
		return err
	}
	if err := teamMembers.set(ctx, u, t.ID, distinct(*members)); err != nil {
		return err
	}
	return s.tell(ctx, u, TeamsChanged, *members...)
}

// ChangeTeam changes what in names; version is the one the caller saw, 0 for whichever is current.
func (s *Service) ChangeTeam(ctx context.Context, id string, version int64, in TeamChange) (t Team, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		before, err := teams.changeable(ctx, u, id, version)
		if err != nil {
			return err
		}
		t = before
		setText(&t.Name, in.Name)
		set(&t.Status, in.Status)
		in.apply(&t)
		e := edit(ctx, u)
		e.team(&t, &before)
		if err := e.done(); err != nil {
			return err
		}
		if err := teams.save(ctx, u, &before, &t, nil); err != nil {
			return err
		}
		err = s.tellMembers(ctx, u, id)
		return dressOne(ctx, u, err, &t, dressTeams)
	})
	return t, err
}

// tellMembers lets those know whose rights hang on a team's tier and state.
func (s *Service) tellMembers(ctx context.Context, u *work.Unit, team string) error {
	members, err := TeamMembers(ctx, u, team)
	if err != nil {
		return err
	}
	return s.tell(ctx, u, TeamsChanged, members...)
}

// SetMembers replaces the members of a team; version is the team's that the caller saw, 0 for whichever is current.
func (s *Service) SetMembers(ctx context.Context, id string, version int64, members []string) (t Team, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		before, err := teams.changeable(ctx, u, id, version)
		if err != nil {
			return err
		}
		t = before
		err = s.setMembers(ctx, u, &before, &t, members)
		return dressOne(ctx, u, err, &t, dressTeams)
	})
	return t, err
}

func (s *Service) setMembers(ctx context.Context, u *work.Unit, before, t *Team, members []string) error {
	old, err := teamMembers.of(ctx, u, t.ID)
	if err != nil {
		return err
	}
	e := edit(ctx, u)
	e.members(members, old[t.ID])
	if err := e.done(); err != nil {
		return err
	}
	d, err := teamMembers.change(ctx, u, "members", t.ID, members)
	if err != nil {
		return err
	}
	if err := teams.save(ctx, u, before, t, d); err != nil || len(d) == 0 {
		return err
	}
	return s.tell(ctx, u, TeamsChanged, distinct(append(old[t.ID], members...))...)
}

func (f TeamFields) apply(t *Team) {
	setText(&t.Code, f.Code)
	set(&t.Tier, f.Tier)
	set(&t.Lead, f.Lead)
	set(&t.Resident, f.Resident)
	set(&t.Manager, f.Manager)
	set(&t.Customer, f.Customer)
	setText(&t.Project, f.Project)
}

func (e *editing) team(t, before *Team) {
	e.line("name", t.Name)
	e.optional("code", t.Code)
	e.status(t.Status)
	e.choice("tier", t.Tier, append([]string{""}, Tiers...)...)
	e.worker("lead", t.Lead, before.Lead)
	e.worker("manager", t.Manager, before.Manager)
	if c, ok := refer(e, organisations, "customer", t.Customer, before.Customer); ok && c.Kind != work.Customer {
		e.fail("customer", "field.choice", nil)
	}
	if t.Resident {
		e.required("customer", t.Customer)
	}
}

// worker must be somebody of the provider or of a supplier.
func (e *editing) worker(name, id, before string) {
	if p, ok := refer(e, people, name, id, before); ok && p.Side == work.Customer {
		e.fail(name, "party.not_provider", nil)
	}
}

// members must be people who can be given work; who was a member already may stay.
func (e *editing) members(ids, before []string) {
	was := map[string]bool{}
	for _, id := range before {
		was[id] = true
	}
	for _, id := range ids {
		known := ""
		if was[id] {
			known = id
		}
		if id == "" {
			e.fail("members", "field.missing", nil)
		}
		e.worker("members", id, known)
	}
}

func dressTeams(ctx context.Context, u *work.Unit, items []Team) error {
	ids := make([]string, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	members, err := teamMembers.of(ctx, u, ids...)
	if err != nil {
		return err
	}
	var n naming
	for i := range items {
		t := &items[i]
		n.want(t.Organisation, &t.OrganisationName)
		n.want(t.Lead, &t.LeadName)
		n.want(t.Manager, &t.ManagerName)
		n.want(t.Customer, &t.CustomerName)
		t.Members = n.refsOf(members[t.ID])
	}
	return n.fill(ctx, u)
}
