package party

import (
	"context"

	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Product is a service or product that a customer uses (服务/在用产品) and that reports are about, until the
// catalogue exists. Outside Go it is called a service.
type Product struct {
	Head
	Customer     string `json:"customer"`
	CustomerName string `json:"customer_name,omitempty"`
	Name         string `json:"name"`
	Code         string `json:"code"`
	Kind         string `json:"kind"` // free: 网络设备, 服务器, 操作系统, 应用系统, 数据, 配套设施 …
	Note         string `json:"note"`
	Sites        []Ref  `json:"sites"` // none: everywhere at the customer
}

// ProductFields are the details that may be given and changed.
type ProductFields struct {
	Code  *string   `json:"code,omitempty" maxLength:"60"`
	Kind  *string   `json:"kind,omitempty" maxLength:"60"`
	Note  *string   `json:"note,omitempty" maxLength:"4000"`
	Sites *[]string `json:"sites,omitempty" maxItems:"500" doc:"ids"`
}

// ProductNew is what a new service in use is made from. Its customer can never change.
type ProductNew struct {
	Customer string `json:"customer" maxLength:"40"`
	Name     string `json:"name" maxLength:"200"`
	ProductFields
}

// ProductChange changes what it names.
type ProductChange struct {
	Name   *string `json:"name,omitempty" maxLength:"200"`
	Status *string `json:"status,omitempty" maxLength:"20" doc:"active or inactive"`
	ProductFields
}

// ProductFilter narrows a list. Site keeps what is used there, which includes what is used everywhere.
type ProductFilter struct {
	Paging
	Q, Customer, Site, Kind, Status string
}

var products = &table[Product]{
	name: "party_services", subject: "service", sort: "name",
	head:  func(p *Product) *Head { return &p.Head },
	label: func(p *Product) string { return p.Name },
	key:   func(p *Product) string { return p.Name },
	owner: func(p *Product) string { return p.Customer },
	scope: func(r reach, w *db.Where) { r.organisations(w, "party_services.customer") },
	columns: func(p *Product) []column {
		return []column{
			{"customer", &p.Customer}, {"name", &p.Name}, {"code", &p.Code}, {"kind", &p.Kind}, {"note", &p.Note},
		}
	},
}

// LoadProduct reads a service in use without its sites and without regard to who asks; for other packages' rules.
func LoadProduct(ctx context.Context, tx db.Tx, id string) (Product, error) {
	return products.byID(ctx, tx, id)
}

// Products lists what the actor can reach.
func (s *Service) Products(ctx context.Context, f ProductFilter) (items []Product, more *Place, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		if items, more, err = products.page(ctx, u, f.where(reachOf(u.Actor)), f.Paging); err != nil {
			return err
		}
		return dressProducts(ctx, u, items)
	})
	return items, more, err
}

func (f ProductFilter) where(r reach) *db.Where {
	w := db.NewWhere()
	r.organisations(w, "party_services.customer")
	equals(w, "customer", f.Customer)
	equals(w, "kind", f.Kind)
	equals(w, "status", f.Status)
	if f.Site != "" {
		w.Add(`customer = (SELECT s.organisation FROM party_sites s WHERE s.id = ?) AND (
			EXISTS (SELECT 1 FROM party_service_sites x WHERE x.service = party_services.id AND x.item = ?)
			OR NOT EXISTS (SELECT 1 FROM party_service_sites x WHERE x.service = party_services.id))`, f.Site, f.Site)
	}
	if f.Q != "" {
		w.Add("(" + contains(w, f.Q, "name", "code") + ")")
	}
	return w
}

// Product reads one.
func (s *Service) Product(ctx context.Context, id string) (p Product, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		p, err = products.reached(ctx, u, id)
		return dressOne(ctx, u, err, &p, dressProducts)
	})
	return p, err
}

// CreateProduct adds one.
func (s *Service) CreateProduct(ctx context.Context, in ProductNew) (p Product, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		p, err = AddProduct(ctx, u, in)
		return dressOne(ctx, u, err, &p, dressProducts)
	})
	return p, err
}

// AddProduct adds one within a transaction.
func AddProduct(ctx context.Context, u *work.Unit, in ProductNew) (p Product, err error) {
	p.Customer = in.Customer
	setText(&p.Name, &in.Name)
	in.apply(&p)
	e := edit(ctx, u)
	if o, ok := e.belongs("customer", p.Customer); ok && o.Kind != work.Customer {
		e.fail("customer", "field.choice", nil)
	}
	e.product(&p, in.Sites)
	if err := e.done(); err != nil {
		return p, err
	}
	if err := products.create(ctx, u, &p, givenItems("sites", in.Sites)); err != nil || in.Sites == nil {
		return p, err
	}
	return p, serviceSites.set(ctx, u, p.ID, distinct(*in.Sites))
}

// ChangeProduct changes what in names; version is the one the caller saw, 0 for whichever is current.
func (s *Service) ChangeProduct(ctx context.Context, id string, version int64, in ProductChange) (p Product, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		before, err := products.changeable(ctx, u, id, version)
		if err != nil {
			return err
		}
		p = before
		setText(&p.Name, in.Name)
		set(&p.Status, in.Status)
		err = changeProduct(ctx, u, &before, &p, in.ProductFields)
		return dressOne(ctx, u, err, &p, dressProducts)
	})
	return p, err
}

func changeProduct(ctx context.Context, u *work.Unit, before, p *Product, in ProductFields) error {
	in.apply(p)
	e := edit(ctx, u)
	e.product(p, in.Sites)
	if err := e.done(); err != nil {
		return err
	}
	var more diff
	if in.Sites != nil {
		d, err := serviceSites.change(ctx, u, "sites", p.ID, *in.Sites)
		if err != nil {
			return err
		}
		more = d
	}
	return products.save(ctx, u, before, p, more)
}

func (f ProductFields) apply(p *Product) {
	setText(&p.Code, f.Code)
	setText(&p.Kind, f.Kind)
	setText(&p.Note, f.Note)
}

func (e *editing) product(p *Product, sites *[]string) {
	e.line("name", p.Name)
	e.optional("code", p.Code)
	e.optional("kind", p.Kind)
	e.status(p.Status)
	if sites != nil {
		e.sitesOf("sites", *sites, p.Customer)
	}
}

func dressProducts(ctx context.Context, u *work.Unit, items []Product) error {
	ids := make([]string, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	places, err := serviceSites.of(ctx, u, ids...)
	if err != nil {
		return err
	}
	var n naming
	for i := range items {
		n.want(items[i].Customer, &items[i].CustomerName)
		items[i].Sites = n.refsOf(places[items[i].ID])
	}
	return n.fill(ctx, u)
}
