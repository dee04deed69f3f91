package party

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// ContactRoles are what a customer's person can be to the service (ORG-09).
var ContactRoles = []string{"user", "applicant", "project_owner", "department_head", "owner_unit", "responsible"}

// Person is anybody who appears in the service, of whichever side, with or without an account.
type Person struct {
	Head
	Organisation     string       `json:"organisation"`
	OrganisationName string       `json:"organisation_name,omitempty"`
	Side             work.OrgKind `json:"side"` // kind of the organisation
	Name             string       `json:"name"`
	EnglishName      string       `json:"english_name"`
	FormOfAddress    string       `json:"form_of_address"`
	Email            string       `json:"email"`
	Phone            string       `json:"phone"`
	Phone2           string       `json:"phone2"`
	EmployeeNumber   string       `json:"employee_number"`
	Position         string       `json:"position"`
	Department       string       `json:"department"`
	DepartmentName   string       `json:"department_name,omitempty"`
	Superior         string       `json:"superior"` // ORG-07
	SuperiorName     string       `json:"superior_name,omitempty"`
	Outsourced       bool         `json:"outsourced"`
	Language         string       `json:"language" doc:"zh or en; empty means zh"`
	Zone             string       `json:"zone" doc:"IANA time zone; empty means Asia/Shanghai"`
	ContactRoles     []string     `json:"contact_roles"`
	Sites            []Ref        `json:"sites"`
	Masked           bool         `json:"masked"` // phones and e-mail are shortened for this reader
	LeftAt           *time.Time   `json:"left_at,omitempty"`

	left                time.Time
	reversed, reversed2 string
}

// PersonFields are the details that may be given and changed.
type PersonFields struct {
	EnglishName    *string   `json:"english_name,omitempty" maxLength:"200"`
	FormOfAddress  *string   `json:"form_of_address,omitempty" maxLength:"60"`
	Email          *string   `json:"email,omitempty" maxLength:"254"`
	Phone          *string   `json:"phone,omitempty" maxLength:"40"`
	Phone2         *string   `json:"phone2,omitempty" maxLength:"40"`
	EmployeeNumber *string   `json:"employee_number,omitempty" maxLength:"60"`
	Position       *string   `json:"position,omitempty" maxLength:"100"`
	Department     *string   `json:"department,omitempty" maxLength:"40"`
	Superior       *string   `json:"superior,omitempty" maxLength:"40"`
	Outsourced     *bool     `json:"outsourced,omitempty"`
	Language       *string   `json:"language,omitempty" maxLength:"10"`
	Zone           *string   `json:"zone,omitempty" maxLength:"60"`
	ContactRoles   *[]string `json:"contact_roles,omitempty" maxItems:"10" doc:"user, applicant, project_owner, department_head, owner_unit, responsible"`
	Sites          *[]string `json:"sites,omitempty" maxItems:"500" doc:"ids"`
}

// PersonNew is what a new person is made from. The organisation can never change: who moves on is a new person.
type PersonNew struct {
	Organisation string `json:"organisation" maxLength:"40"`
	Name         string `json:"name" maxLength:"200"`
	PersonFields
}

// PersonChange changes what it names. Leaving and returning are actions of their own.
type PersonChange struct {
	Name *string `json:"name,omitempty" maxLength:"200"`
	PersonFields
}

// PersonFilter narrows a list. Team, Site and Role keep members of a team, people of a site, and contacts of a role.
type PersonFilter struct {
	Paging
	Q, Organisation, Side, Department, Superior, Status, Team, Site, Role string
	Outsourced                                                            *bool
}

var people = &table[Person]{
	name: "party_people", subject: "person", sort: "name",
	head:  func(p *Person) *Head { return &p.Head },
	label: func(p *Person) string { return p.Name },
	key:   func(p *Person) string { return p.Name },
	owner: func(p *Person) string { return p.Organisation },
	scope: func(r reach, w *db.Where) { r.people(w) },
	columns: func(p *Person) []column {
		return []column{
			{"left_at", &p.left}, {"organisation", &p.Organisation}, {"side", (*string)(&p.Side)}, {"name", &p.Name},
			{"english_name", &p.EnglishName}, {"form_of_address", &p.FormOfAddress}, {"email", &p.Email},
			{"phone", &p.Phone}, {"phone_reversed", &p.reversed}, {"phone2", &p.Phone2}, {"phone2_reversed", &p.reversed2},
			{"employee_number", &p.EmployeeNumber}, {"position", &p.Position}, {"department", &p.Department},
			{"superior", &p.Superior}, {"outsourced", &p.Outsourced}, {"language", &p.Language}, {"zone", &p.Zone},
		}
	},
}

// LoadPerson reads a person, phones and all, without regard to who asks; for other packages' rules.
func LoadPerson(ctx context.Context, tx db.Tx, id string) (Person, error) {
	p, err := people.byID(ctx, tx, id)
	if err != nil {
		return p, err
	}
	err = complete(ctx, tx, []*Person{&p})
	return p, err
}

// complete reads what stands in other tables.
func complete(ctx context.Context, tx db.Tx, items []*Person) error {
	ids := make([]string, len(items))
	for i, p := range items {
		ids[i] = p.ID
	}
	roles, err := personRoles.of(ctx, tx, ids...)
	if err != nil {
		return err
	}
	places, err := personSites.of(ctx, tx, ids...)
	if err != nil {
		return err
	}
	var n naming
	for _, p := range items {
		p.ContactRoles = append([]string{}, roles[p.ID]...)
		p.Sites = n.refsOf(places[p.ID])
		if !p.left.IsZero() {
			left := p.left
			p.LeftAt = &left
		}
	}
	return n.fill(ctx, tx)
}

// People lists who the actor can reach.
func (s *Service) People(ctx context.Context, f PersonFilter) (items []Person, more *Place, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		if f.Team != "" { // who is in a team that the actor cannot reach is as unknown as the team
			if _, err := teams.reached(ctx, u, f.Team); fault.Is(err, fault.NotFound) {
				return nil
			} else if err != nil {
				return err
			}
		}
		if items, more, err = people.page(ctx, u, f.where(reachOf(u.Actor)), f.Paging); err != nil {
			return err
		}
		return dressPeople(ctx, u, items)
	})
	return items, more, err
}

func (f PersonFilter) where(r reach) *db.Where {
	w := db.NewWhere()
	r.people(w)
	equals(w, "organisation", f.Organisation)
	equals(w, "side", f.Side)
	equals(w, "department", f.Department)
	equals(w, "superior", f.Superior)
	equals(w, "status", f.Status)
	if f.Outsourced != nil {
		w.Eq("outsourced", *f.Outsourced)
	}
	if f.Team != "" {
		w.Add("id IN (SELECT m.item FROM party_team_members m WHERE m.team = ?)", f.Team)
	}
	if f.Site != "" {
		w.Add("id IN (SELECT s.person FROM party_person_sites s WHERE s.item = ?)", f.Site)
	}
	if f.Role != "" {
		w.Add("id IN (SELECT r.person FROM party_person_roles r WHERE r.item = ?)", f.Role)
	}
	if f.Q != "" {
		w.Add("(" + matching(w, r, f.Q) + ")")
	}
	return w
}

// matching finds people by a piece of what they are called or reached by. Who may not see customers' numbers cannot
// find customers by them either: a search would spell the number out digit by digit.
func matching(w *db.Where, r reach, q string) string {
	sql := contains(w, q, "name", "english_name", "employee_number")
	hidden := contains(w, q, "email") + orPhone(w, q, "phone_reversed", "phone2_reversed")
	if r.contacts("", work.Customer) {
		return sql + " OR " + hidden
	}
	return sql + " OR (side <> 'customer' AND (" + hidden + "))"
}

// Person reads one.
func (s *Service) Person(ctx context.Context, id string) (p Person, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		p, err = people.reached(ctx, u, id)
		return dressOne(ctx, u, err, &p, dressPeople)
	})
	return p, err
}

// CreatePerson adds somebody.
func (s *Service) CreatePerson(ctx context.Context, in PersonNew) (p Person, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		p, err = AddPerson(ctx, u, in)
		return dressOne(ctx, u, err, &p, dressPeople)
	})
	return p, err
}

// AddPerson adds somebody within a transaction: first run, imports, a caller nobody knew.
func AddPerson(ctx context.Context, u *work.Unit, in PersonNew) (p Person, err error) {
	p.Organisation = in.Organisation
	setText(&p.Name, &in.Name)
	in.apply(&p)
	e := edit(ctx, u)
	if o, ok := e.belongs("organisation", p.Organisation); ok {
		p.Side = o.Kind
	}
	lists := in.lists(e, &p)
	e.person(&p, &Person{})
	if err := e.done(); err != nil {
		return p, err
	}
	given := diff{}
	maps.Copy(given, givenItems("sites", in.Sites))
	maps.Copy(given, givenItems("contact_roles", in.ContactRoles))
	if err := people.create(ctx, u, &p, given); err != nil {
		return p, err
	}
	_, err = lists.save(ctx, u, p.ID)
	return p, err
}

// ChangePerson changes what in names; version is the one the caller saw, 0 for whichever is current.
func (s *Service) ChangePerson(ctx context.Context, id string, version int64, in PersonChange) (p Person, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		before, err := people.changeable(ctx, u, id, version)
		if err != nil {
			return err
		}
		p = before
		if err := s.changePerson(ctx, u, &before, &p, in); err != nil {
			return err
		}
		return dressOne(ctx, u, nil, &p, dressPeople)
	})
	return p, err
}

func (s *Service) changePerson(ctx context.Context, u *work.Unit, before, p *Person, in PersonChange) error {
	setText(&p.Name, in.Name)
	in.apply(p)
	e := edit(ctx, u)
	lists := in.lists(e, p)
	e.person(p, before)
	if err := e.done(); err != nil {
		return err
	}
	more, err := lists.save(ctx, u, p.ID)
	if err != nil {
		return err
	}
	if err := people.save(ctx, u, before, p, more); err != nil {
		return err
	}
	return s.tell(ctx, u, PersonChanged, p.ID)
}

func (f PersonFields) apply(p *Person) {
	setText(&p.EnglishName, f.EnglishName)
	setText(&p.FormOfAddress, f.FormOfAddress)
	setText(&p.Email, f.Email)
	setText(&p.Phone, f.Phone)
	setText(&p.Phone2, f.Phone2)
	setText(&p.EmployeeNumber, f.EmployeeNumber)
	setText(&p.Position, f.Position)
	set(&p.Department, f.Department)
	set(&p.Superior, f.Superior)
	set(&p.Outsourced, f.Outsourced)
	set(&p.Language, f.Language)
	set(&p.Zone, f.Zone)
	p.reversed, p.reversed2 = reversed(p.Phone), reversed(p.Phone2)
}

func (e *editing) person(p, before *Person) {
	e.line("name", p.Name)
	e.optional("english_name", p.EnglishName)
	e.optional("form_of_address", p.FormOfAddress)
	e.optional("employee_number", p.EmployeeNumber)
	e.optional("position", p.Position)
	e.email("email", p.Email)
	e.phone("phone", p.Phone)
	e.phone("phone2", p.Phone2)
	e.language("language", p.Language)
	e.zone("zone", p.Zone)
	if d, ok := refer(e, departments, "department", p.Department, before.Department); ok && d.Organisation != p.Organisation {
		e.fail("department", "party.other_side", nil)
	}
	e.superior(p, before)
}

// superior must be of the same organisation; the provider's organisations count as one.
func (e *editing) superior(p, before *Person) {
	above, ok := refer(e, people, "superior", p.Superior, before.Superior)
	if !ok || p.Superior == before.Superior {
		return
	}
	if above.Organisation != p.Organisation && (above.Side != work.Provider || p.Side != work.Provider) {
		e.fail("superior", "party.other_side", nil)
	}
	e.noCycle("superior", "party_people", "superior", p.ID, p.Superior)
}

// personLists are the changed lists of a person; nil stays as it is.
type personLists struct{ roles, sites *[]string }

func (f PersonFields) lists(e *editing, p *Person) personLists {
	if f.ContactRoles != nil {
		for _, role := range *f.ContactRoles {
			e.choice("contact_roles", role, ContactRoles...)
		}
		if len(*f.ContactRoles) > 0 && p.Side != work.Customer {
			e.fail("contact_roles", "party.not_customer", nil)
		}
	}
	if f.Sites != nil {
		e.sitesOf("sites", *f.Sites, p.Organisation)
	}
	return personLists{roles: f.ContactRoles, sites: f.Sites}
}

// sitesOf demands that every site belongs to the organisation.
func (e *editing) sitesOf(name string, ids []string, organisation string) {
	for _, id := range ids {
		site, ok := refer(e, sites, name, id, id)
		switch {
		case !ok:
			e.fail(name, "field.missing", nil)
		case site.Organisation != organisation:
			e.fail(name, "party.other_side", nil)
		}
	}
}

// save stores the lists and tells what changed.
func (l personLists) save(ctx context.Context, u *work.Unit, person string) (diff, error) {
	all := diff{}
	if l.roles != nil {
		d, err := personRoles.change(ctx, u, "contact_roles", person, *l.roles)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, d)
	}
	if l.sites != nil {
		d, err := personSites.change(ctx, u, "sites", person, *l.sites)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, d)
	}
	return all, nil
}

// change replaces the items of an owner and tells what changed.
func (p pairs) change(ctx context.Context, tx db.Tx, name, owner string, items []string) (diff, error) {
	before, err := p.of(ctx, tx, owner)
	if err != nil {
		return nil, err
	}
	d := changedItems(name, before[owner], items)
	if len(d) == 0 {
		return d, nil
	}
	return d, p.set(ctx, tx, owner, distinct(items))
}

func dressPeople(ctx context.Context, u *work.Unit, items []Person) error {
	all := make([]*Person, len(items))
	var n naming
	for i := range items {
		p := &items[i]
		all[i] = p
		n.want(p.Organisation, &p.OrganisationName)
		n.want(p.Department, &p.DepartmentName)
		n.want(p.Superior, &p.SuperiorName)
		p.mask(u.Actor)
	}
	if err := complete(ctx, u, all); err != nil {
		return err
	}
	return n.fill(ctx, u)
}

// mask shortens what the reader need not know (SEC-09). Everybody sees their own.
func (p *Person) mask(a *work.Actor) {
	if p.ID == a.ID || reachOf(a).contacts(p.Organisation, p.Side) {
		return
	}
	p.Masked = true
	p.Phone, p.Phone2, p.Email = maskPhone(p.Phone), maskPhone(p.Phone2), maskEmail(p.Email)
}

// SetLanguage changes in which language and time zone a person reads; their own choice, so it needs no right to
// maintain people. "" leaves the one or the other as it is.
func SetLanguage(ctx context.Context, u *work.Unit, person, language, zone string) error {
	before, err := people.byID(ctx, u, person)
	if err != nil {
		return fmt.Errorf("read person: %w", err)
	}
	after := before
	if language != "" {
		after.Language = language
	}
	if zone != "" {
		after.Zone = zone
	}
	e := edit(ctx, u)
	e.language("language", after.Language)
	e.zone("zone", after.Zone)
	if err := e.done(); err != nil {
		return err
	}
	return people.save(ctx, u, &before, &after, nil)
}
