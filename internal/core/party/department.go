package party

import (
	"context"
	"fmt"

	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Department is a part of an organisation, with a head (ORG-02).
type Department struct {
	Head
	Organisation     string `json:"organisation"`
	OrganisationName string `json:"organisation_name,omitempty"`
	Name             string `json:"name"`
	Code             string `json:"code"`
	Parent           string `json:"parent"`
	ParentName       string `json:"parent_name,omitempty"`
	HeadPerson       string `json:"head"`
	HeadName         string `json:"head_name,omitempty"`
}

// DepartmentFields are the details that may be given and changed.
type DepartmentFields struct {
	Code   *string `json:"code,omitempty" maxLength:"60"`
	Parent *string `json:"parent,omitempty" maxLength:"40"`
	Head   *string `json:"head,omitempty" maxLength:"40"`
}

// DepartmentNew is what a new department is made from. Its organisation can never change.
type DepartmentNew struct {
	Organisation string `json:"organisation" maxLength:"40"`
	Name         string `json:"name" maxLength:"200"`
	DepartmentFields
}

// DepartmentChange changes what it names.
type DepartmentChange struct {
	Name   *string `json:"name,omitempty" maxLength:"200"`
	Status *string `json:"status,omitempty" maxLength:"20" doc:"active or inactive"`
	DepartmentFields
}

// DepartmentFilter narrows a list.
type DepartmentFilter struct {
	Paging
	Q, Organisation, Parent, Status string
}

var departments = &table[Department]{
	name: "party_departments", subject: "department", sort: "name",
	head:  func(d *Department) *Head { return &d.Head },
	label: func(d *Department) string { return d.Name },
	key:   func(d *Department) string { return d.Name },
	owner: func(d *Department) string { return d.Organisation },
	scope: func(r reach, w *db.Where) { r.organisations(w, "party_departments.organisation") },
	columns: func(d *Department) []column {
		return []column{
			{"organisation", &d.Organisation}, {"name", &d.Name}, {"code", &d.Code},
			{"parent", &d.Parent}, {"head", &d.HeadPerson},
		}
	},
}

// LoadDepartment reads a department without regard to who asks; for other packages' rules.
func LoadDepartment(ctx context.Context, tx db.Tx, id string) (Department, error) {
	return departments.byID(ctx, tx, id)
}

// Departments lists what the actor can reach.
func (s *Service) Departments(ctx context.Context, f DepartmentFilter) (items []Department, more *Place, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		w := db.NewWhere()
		reachOf(u.Actor).organisations(w, "party_departments.organisation")
		equals(w, "organisation", f.Organisation)
		equals(w, "parent", f.Parent)
		equals(w, "status", f.Status)
		if f.Q != "" {
			w.Add("(" + contains(w, f.Q, "name", "code") + ")")
		}
		if items, more, err = departments.page(ctx, u, w, f.Paging); err != nil {
			return err
		}
		return dressDepartments(ctx, u, items)
	})
	return items, more, err
}

// Department reads one.
func (s *Service) Department(ctx context.Context, id string) (d Department, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		d, err = departments.reached(ctx, u, id)
		return dressOne(ctx, u, err, &d, dressDepartments)
	})
	return d, err
}

// CreateDepartment adds one.
func (s *Service) CreateDepartment(ctx context.Context, in DepartmentNew) (d Department, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		d = Department{Organisation: in.Organisation}
		setText(&d.Name, &in.Name)
		in.apply(&d)
		e := edit(ctx, u)
		e.belongs("organisation", d.Organisation)
		e.department(&d, &Department{})
		if err := e.done(); err != nil {
			return err
		}
		err := departments.create(ctx, u, &d, nil)
		return dressOne(ctx, u, err, &d, dressDepartments)
	})
	return d, err
}

// ChangeDepartment changes what in names; version is the one the caller saw, 0 for whichever is current.
func (s *Service) ChangeDepartment(ctx context.Context, id string, version int64, in DepartmentChange) (d Department, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		before, err := departments.changeable(ctx, u, id, version)
		if err != nil {
			return err
		}
		d = before
		setText(&d.Name, in.Name)
		set(&d.Status, in.Status)
		in.apply(&d)
		e := edit(ctx, u)
		e.department(&d, &before)
		if err := e.done(); err != nil {
			return err
		}
		err = departments.save(ctx, u, &before, &d, nil)
		return dressOne(ctx, u, err, &d, dressDepartments)
	})
	return d, err
}

func (f DepartmentFields) apply(d *Department) {
	setText(&d.Code, f.Code)
	set(&d.Parent, f.Parent)
	set(&d.HeadPerson, f.Head)
}

func (e *editing) department(d, before *Department) {
	e.line("name", d.Name)
	e.optional("code", d.Code)
	e.status(d.Status)
	if parent, ok := refer(e, departments, "parent", d.Parent, before.Parent); ok && parent.Organisation != d.Organisation {
		e.fail("parent", "party.other_side", nil)
	}
	if head, ok := refer(e, people, "head", d.HeadPerson, before.HeadPerson); ok && head.Organisation != d.Organisation {
		e.fail("head", "party.other_side", nil)
	}
	if d.Parent != before.Parent {
		e.noCycle("parent", "party_departments", "parent", d.ID, d.Parent)
	}
}

// noCycle refuses a parent or superior whose own chain leads back. The lock keeps two changes, each harmless
// alone, from closing a circle together.
func (e *editing) noCycle(name, table, column, id, above string) {
	if id == "" || above == "" || e.broken != nil {
		return
	}
	if e.broken = db.Lock(e.ctx, e.u, table+"."+column); e.broken != nil {
		return
	}
	chain, err := chainOf(e.ctx, e.u, table, column, above)
	if err != nil {
		e.broken = err
		return
	}
	for _, link := range append(chain, above) {
		if link == id {
			e.fail(name, "party.cycle", nil)
		}
	}
}

// maxChain ends a walk upwards that data from elsewhere might have turned into a circle.
const maxChain = 50

// chainOf are the ids above an entry, nearest first.
func chainOf(ctx context.Context, tx db.Tx, table, column, id string) ([]string, error) {
	sql := fmt.Sprintf(`WITH RECURSIVE above (id, depth) AS (
		SELECT %[2]s, 1 FROM %[1]s WHERE id = $1
		UNION ALL
		SELECT t.%[2]s, above.depth + 1 FROM %[1]s t JOIN above ON t.id = above.id WHERE above.depth < %[3]d
	) SELECT id FROM above WHERE id <> '' ORDER BY depth`, table, column, maxChain)
	ids, err := db.All(ctx, tx, db.Scan[string], sql, id)
	if err != nil {
		return nil, fmt.Errorf("walk up %s: %w", table, err)
	}
	return ids, nil
}

func dressDepartments(ctx context.Context, u *work.Unit, items []Department) error {
	var n naming
	for i := range items {
		d := &items[i]
		n.want(d.Organisation, &d.OrganisationName)
		n.want(d.Parent, &d.ParentName)
		n.want(d.HeadPerson, &d.HeadName)
	}
	return n.fill(ctx, u)
}
