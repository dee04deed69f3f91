package party

import (
	"context"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Organisation is a side of the service: the provider, a customer, or a supplier (ORG-01). An internal department
// that is served like a customer is an organisation of kind customer.
type Organisation struct {
	Head
	Kind          work.OrgKind `json:"kind"`
	Name          string       `json:"name"`
	ShortName     string       `json:"short_name"`
	Code          string       `json:"code"`
	CustomerClass string       `json:"customer_class"` // A, B, C or ""
	Phone         string       `json:"phone"`
	Address       string       `json:"address"`
	Note          string       `json:"note,omitempty"` // the provider's own; never shown to the customer

	reversed string
}

// OrganisationFields are the details that may be given and changed.
type OrganisationFields struct {
	ShortName     *string `json:"short_name,omitempty" maxLength:"100"`
	Code          *string `json:"code,omitempty" maxLength:"60"`
	CustomerClass *string `json:"customer_class,omitempty" maxLength:"10" doc:"A, B or C; customers only"`
	Phone         *string `json:"phone,omitempty" maxLength:"40"`
	Address       *string `json:"address,omitempty" maxLength:"500"`
	Note          *string `json:"note,omitempty" maxLength:"4000"`
}

// OrganisationNew is what a new organisation is made from. The kind can never change.
type OrganisationNew struct {
	Kind string `json:"kind" maxLength:"20" doc:"provider, customer or supplier"`
	Name string `json:"name" maxLength:"200"`
	OrganisationFields
}

// OrganisationChange changes what it names.
type OrganisationChange struct {
	Name   *string `json:"name,omitempty" maxLength:"200"`
	Status *string `json:"status,omitempty" maxLength:"20" doc:"active or inactive"`
	OrganisationFields
}

// OrganisationFilter narrows a list.
type OrganisationFilter struct {
	Paging
	Q, Kind, Status, Class string
}

var organisations = &table[Organisation]{
	name: "party_organisations", subject: "organisation", sort: "name",
	head:  func(o *Organisation) *Head { return &o.Head },
	label: func(o *Organisation) string { return o.Name },
	key:   func(o *Organisation) string { return o.Name },
	owner: func(o *Organisation) string { return o.ID },
	scope: func(r reach, w *db.Where) { r.organisations(w, "party_organisations.id") },
	columns: func(o *Organisation) []column {
		return []column{
			{"kind", (*string)(&o.Kind)}, {"name", &o.Name}, {"short_name", &o.ShortName}, {"code", &o.Code},
			{"customer_class", &o.CustomerClass}, {"phone", &o.Phone}, {"phone_reversed", &o.reversed},
			{"address", &o.Address}, {"note", &o.Note},
		}
	},
}

// LoadOrganisation reads an organisation without regard to who asks; for other packages' rules.
func LoadOrganisation(ctx context.Context, tx db.Tx, id string) (Organisation, error) {
	return organisations.byID(ctx, tx, id)
}

// Provider is the provider's organisation; the oldest when there are several.
func Provider(ctx context.Context, tx db.Tx) (Organisation, error) {
	return db.One(ctx, tx, organisations.scan, "SELECT "+organisations.selected()+
		" FROM party_organisations WHERE kind = 'provider' ORDER BY created_at, id LIMIT 1")
}

// Organisations lists what the actor can reach.
func (s *Service) Organisations(ctx context.Context, f OrganisationFilter) (items []Organisation, more *Place, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		w := db.NewWhere()
		reachOf(u.Actor).organisations(w, "party_organisations.id")
		equals(w, "kind", f.Kind)
		equals(w, "status", f.Status)
		equals(w, "customer_class", f.Class)
		if f.Q != "" {
			w.Add("(" + contains(w, f.Q, "name", "short_name", "code") + orPhone(w, f.Q, "phone_reversed") + ")")
		}
		items, more, err = organisations.page(ctx, u, w, f.Paging)
		for i := range items {
			items[i].dress(u.Actor)
		}
		return err
	})
	return items, more, err
}

// Organisation reads one.
func (s *Service) Organisation(ctx context.Context, id string) (o Organisation, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		o, err = organisations.reached(ctx, u, id)
		o.dress(u.Actor)
		return err
	})
	return o, err
}

// CreateOrganisation adds one.
func (s *Service) CreateOrganisation(ctx context.Context, in OrganisationNew) (o Organisation, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		o, err = AddOrganisation(ctx, u, in)
		return err
	})
	return o, err
}

// AddOrganisation adds one within a transaction. Only who serves every customer may.
func AddOrganisation(ctx context.Context, u *work.Unit, in OrganisationNew) (o Organisation, err error) {
	if !u.Actor.Scope().All {
		return o, fault.Denied()
	}
	o.Kind = work.OrgKind(in.Kind)
	setText(&o.Name, &in.Name)
	in.apply(&o)
	e := edit(ctx, u)
	e.choice("kind", in.Kind, string(work.Provider), string(work.Customer), string(work.Supplier))
	e.organisation(&o)
	if err := e.done(); err != nil {
		return o, err
	}
	return o, organisations.create(ctx, u, &o, nil)
}

// ChangeOrganisation changes what in names; version is the one the caller saw, 0 for whichever is current.
func (s *Service) ChangeOrganisation(ctx context.Context, id string, version int64, in OrganisationChange) (o Organisation, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		before, err := organisations.changeable(ctx, u, id, version)
		if err != nil {
			return err
		}
		o = before
		setText(&o.Name, in.Name)
		set(&o.Status, in.Status)
		in.apply(&o)
		e := edit(ctx, u)
		e.organisation(&o)
		if err := e.done(); err != nil {
			return err
		}
		return organisations.save(ctx, u, &before, &o, nil)
	})
	o.dress(work.ActorOf(ctx))
	return o, err
}

func (f OrganisationFields) apply(o *Organisation) {
	setText(&o.ShortName, f.ShortName)
	setText(&o.Code, f.Code)
	setText(&o.CustomerClass, f.CustomerClass)
	setText(&o.Phone, f.Phone)
	setText(&o.Address, f.Address)
	setText(&o.Note, f.Note)
	o.reversed = reversed(o.Phone)
}

func (e *editing) organisation(o *Organisation) {
	e.line("name", o.Name)
	e.optional("short_name", o.ShortName)
	e.optional("code", o.Code)
	e.phone("phone", o.Phone)
	e.status(o.Status)
	e.choice("customer_class", o.CustomerClass, "", "A", "B", "C")
	if o.CustomerClass != "" && o.Kind != work.Customer {
		e.fail("customer_class", "party.not_customer", nil)
	}
}

// status of anything but people; a new entry has none yet.
func (e *editing) status(status string) {
	e.choice("status", status, "", Active, Inactive)
}

// dress takes away what is the provider's own.
func (o *Organisation) dress(a *work.Actor) {
	if a != nil && a.OrgKind != work.Provider && !a.System {
		o.Note, o.CustomerClass = "", ""
	}
}

// equals adds a condition when a value is wanted.
func equals(w *db.Where, column, value string) {
	if value != "" {
		w.Eq(column, value)
	}
}

// orPhone adds a search by a piece of a number, when q can be one.
func orPhone(w *db.Where, q string, columns ...string) (condition string) {
	d := reversed(q)
	if len(d) < 3 || !dialable(q) {
		return ""
	}
	mark := w.Arg("%" + d + "%")
	for _, c := range columns {
		condition += " OR " + c + " LIKE " + mark
	}
	return condition
}
