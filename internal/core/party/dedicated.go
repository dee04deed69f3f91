package party

import (
	"context"
	"fmt"

	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Dedicated names the engineer who looks after a customer, one of its services or sites, or a service at a site
// (专人维护制, ORG-12).
type Dedicated struct {
	Head
	Customer     string `json:"customer"`
	CustomerName string `json:"customer_name,omitempty"`
	Product      string `json:"service"`
	ProductName  string `json:"service_name,omitempty"`
	Site         string `json:"site"`
	SiteName     string `json:"site_name,omitempty"`
	Person       string `json:"person"`
	PersonName   string `json:"person_name,omitempty"`
	Note         string `json:"note" doc:"the provider's own; empty for the customer"`
}

// DedicatedNew is what a new entry is made from. The customer may be left out when a service or site is named.
type DedicatedNew struct {
	Customer string `json:"customer,omitempty" maxLength:"40"`
	Product  string `json:"service,omitempty" maxLength:"40"`
	Site     string `json:"site,omitempty" maxLength:"40"`
	Person   string `json:"person" maxLength:"40"`
	Note     string `json:"note,omitempty" maxLength:"4000"`
}

// DedicatedChange changes what it names. Another target is another entry.
type DedicatedChange struct {
	Person *string `json:"person,omitempty" maxLength:"40"`
	Status *string `json:"status,omitempty" maxLength:"20" doc:"active or inactive"`
	Note   *string `json:"note,omitempty" maxLength:"4000"`
}

// DedicatedFilter narrows a list.
type DedicatedFilter struct {
	Paging
	Customer, Product, Site, Person, Status string
}

var dedicated = &table[Dedicated]{
	name: "party_dedicated", subject: "dedicated_engineer", sort: "customer",
	head:  func(d *Dedicated) *Head { return &d.Head },
	label: func(*Dedicated) string { return "" },
	key:   func(d *Dedicated) string { return d.Customer },
	owner: func(d *Dedicated) string { return d.Customer },
	scope: func(r reach, w *db.Where) { r.organisations(w, "party_dedicated.customer") },
	columns: func(d *Dedicated) []column {
		return []column{
			{"customer", &d.Customer}, {"service", &d.Product}, {"site", &d.Site}, {"person", &d.Person}, {"note", &d.Note},
		}
	},
}

// DedicatedFor is the id of the engineer who looks after a service at a site of a customer, the closest match
// first: service at site, service, site, customer; "" when nobody does. Leavers count as nobody.
func DedicatedFor(ctx context.Context, tx db.Tx, customer, service, site string) (string, error) {
	found, err := db.All(ctx, tx, db.Scan[string], `SELECT d.person FROM party_dedicated d
		JOIN party_people p ON p.id = d.person AND p.status = 'active'
		WHERE d.customer = $1 AND d.status = 'active' AND d.service IN ('', $2) AND d.site IN ('', $3)
		ORDER BY CASE WHEN d.service <> '' THEN 2 ELSE 0 END + CASE WHEN d.site <> '' THEN 1 ELSE 0 END DESC LIMIT 1`,
		customer, service, site)
	if err != nil {
		return "", fmt.Errorf("read dedicated engineer: %w", err)
	}
	if len(found) == 0 {
		return "", nil
	}
	return found[0], nil
}

// DedicatedEngineers lists what the actor can reach.
func (s *Service) DedicatedEngineers(ctx context.Context, f DedicatedFilter) (items []Dedicated, more *Place, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		w := db.NewWhere()
		reachOf(u.Actor).organisations(w, "party_dedicated.customer")
		equals(w, "customer", f.Customer)
		equals(w, "service", f.Product)
		equals(w, "site", f.Site)
		equals(w, "person", f.Person)
		equals(w, "status", f.Status)
		if items, more, err = dedicated.page(ctx, u, w, f.Paging); err != nil {
			return err
		}
		return dressDedicated(ctx, u, items)
	})
	return items, more, err
}

// DedicatedEngineer reads one.
func (s *Service) DedicatedEngineer(ctx context.Context, id string) (d Dedicated, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		d, err = dedicated.reached(ctx, u, id)
		return dressOne(ctx, u, err, &d, dressDedicated)
	})
	return d, err
}

// CreateDedicated adds one.
func (s *Service) CreateDedicated(ctx context.Context, in DedicatedNew) (d Dedicated, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		d = Dedicated{Customer: in.Customer, Product: in.Product, Site: in.Site, Person: in.Person}
		setText(&d.Note, &in.Note)
		e := edit(ctx, u)
		e.target(&d)
		e.required("person", d.Person)
		e.worker("person", d.Person, "")
		if err := e.done(); err != nil {
			return err
		}
		err := dedicated.create(ctx, u, &d, nil)
		return dressOne(ctx, u, err, &d, dressDedicated)
	})
	return d, err
}

// ChangeDedicated changes what in names; version is the one the caller saw, 0 for whichever is current.
func (s *Service) ChangeDedicated(ctx context.Context, id string, version int64, in DedicatedChange) (d Dedicated, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		before, err := dedicated.changeable(ctx, u, id, version)
		if err != nil {
			return err
		}
		d = before
		set(&d.Person, in.Person)
		set(&d.Status, in.Status)
		setText(&d.Note, in.Note)
		e := edit(ctx, u)
		e.status(d.Status)
		e.required("person", d.Person)
		e.worker("person", d.Person, before.Person)
		if err := e.done(); err != nil {
			return err
		}
		err = dedicated.save(ctx, u, &before, &d, nil)
		return dressOne(ctx, u, err, &d, dressDedicated)
	})
	return d, err
}

// target completes and checks what somebody is to look after.
func (e *editing) target(d *Dedicated) {
	if d.Customer == "" && d.Product == "" && d.Site == "" {
		e.fail("customer", "party.target_missing", nil)
		return
	}
	if p, ok := refer(e, products, "service", d.Product, ""); ok {
		e.same("service", &d.Customer, p.Customer)
	}
	if s, ok := refer(e, sites, "site", d.Site, ""); ok {
		e.same("site", &d.Customer, s.Organisation)
	}
	if d.Customer == "" {
		return // the service or site was not found, which is noted
	}
	if o, ok := e.belongs("customer", d.Customer); ok && o.Kind != work.Customer {
		e.fail("customer", "field.choice", nil)
	}
}

func (e *editing) same(name string, customer *string, owner string) {
	if *customer == "" {
		*customer = owner
	}
	if *customer != owner {
		e.fail(name, "party.other_side", nil)
	}
}

func dressDedicated(ctx context.Context, u *work.Unit, items []Dedicated) error {
	var n naming
	for i := range items {
		d := &items[i]
		n.want(d.Customer, &d.CustomerName)
		n.want(d.Product, &d.ProductName)
		n.want(d.Site, &d.SiteName)
		n.want(d.Person, &d.PersonName)
		if u.Actor.OrgKind == work.Customer { // the provider's own remark
			d.Note = ""
		}
	}
	return n.fill(ctx, u)
}
