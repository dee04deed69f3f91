package party_test

import (
	"context"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/audit"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
	"github.com/steward-ops/steward/internal/platform/work"
)

// world is a provider with two customers, each with a site, a service and people.
type world struct {
	t     *testing.T
	db    *db.DB
	door  *work.Door
	clock *clock.Manual
	*party.Service

	provider, acme, globex         party.Organisation
	acmeShop, globexShop           party.Site
	acmeMail, globexMail           party.Product
	chen, li, wang                 party.Person // of the provider: li is chen's superior, wang is li's
	acmeLiu, acmeZhao, globexQian  party.Person
	admin, deskAll, onlyAcme, user context.Context // all rights; all customers without contacts; acme alone; acmeLiu
}

func each(t *testing.T, fn func(w *world)) {
	t.Helper()
	c := clock.NewManual(time.Date(2026, 10, 12, 1, 0, 0, 0, time.UTC))
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(newWorld(t, d, c)) },
		dbtest.Migrations(audit.Migrations, party.Migrations), dbtest.Clock(c))
}

func newWorld(t *testing.T, d *db.DB, c *clock.Manual) *world {
	t.Helper()
	door := work.New(d, audit.Ledger{}, nil, nil)
	w := &world{t: t, db: d, door: door, clock: c, Service: party.New(door)}
	w.admin = as(&work.Actor{ID: "root", OrgKind: work.Provider, Grants: []work.Grant{{Role: "admin"}}, Perms: allow(party.Read, party.Write, party.SeeContact, party.Leave, party.UseCalls)})
	w.provider = w.org("provider", "申远运维服务有限公司", "SY")
	w.acme = w.org("customer", "安康超市", "ACME")
	w.globex = w.org("customer", "博文学校", "GLOBEX")
	w.acmeShop = w.site(w.acme, "中山路门店")
	w.globexShop = w.site(w.globex, "东校区")
	w.acmeMail, w.globexMail = w.product(w.acme, "收银系统"), w.product(w.globex, "教务系统")
	w.wang = w.person(w.provider, "王芳", "13900000003", "")
	w.li = w.person(w.provider, "李强", "13900000002", w.wang.ID)
	w.chen = w.person(w.provider, "陈立", "13900000001", w.li.ID)
	w.acmeLiu = w.person(w.acme, "刘敏", "13800138000", "")
	w.acmeZhao = w.person(w.acme, "赵磊", "021-6123 4567 转 802", "")
	w.globexQian = w.person(w.globex, "钱进", "13700000001", "")
	w.actors()
	return w
}

func (w *world) actors() {
	staff := func(customer string, perms ...work.Perm) context.Context {
		return as(&work.Actor{ID: w.chen.ID, Org: w.provider.ID, OrgKind: work.Provider, Grants: []work.Grant{{Role: "desk", Customer: customer}}, Perms: allow(perms...)})
	}
	w.deskAll = staff("", party.Read, party.Write, party.UseCalls)
	w.onlyAcme = staff(w.acme.ID, party.Read, party.Write, party.Leave, party.SeeContact, party.UseCalls)
	w.user = as(&work.Actor{ID: w.acmeLiu.ID, Org: w.acme.ID, OrgKind: work.Customer, Grants: []work.Grant{{Role: "customer_user"}}, Perms: allow(party.Read, party.Write, party.Leave, party.UseCalls)})
}

func as(a *work.Actor) context.Context { return work.WithActor(context.Background(), a) }

func allow(perms ...work.Perm) map[work.Perm]bool {
	m := map[work.Perm]bool{}
	for _, p := range perms {
		m[p] = true
	}
	return m
}

func (w *world) org(kind, name, code string) party.Organisation {
	w.t.Helper()
	return must(w.t)(w.CreateOrganisation(w.admin, party.OrganisationNew{Kind: kind, Name: name, OrganisationFields: party.OrganisationFields{Code: &code}}))
}

func (w *world) site(o party.Organisation, name string) party.Site {
	w.t.Helper()
	return mustSite(w.t)(w.CreateSite(w.admin, party.SiteNew{Organisation: o.ID, Name: name}))
}

func (w *world) product(o party.Organisation, name string) party.Product {
	w.t.Helper()
	p, err := w.CreateProduct(w.admin, party.ProductNew{Customer: o.ID, Name: name})
	ok(w.t, err)
	return p
}

func (w *world) person(o party.Organisation, name, phone, superior string) party.Person {
	w.t.Helper()
	email := "p" + phone[:3] + "@example.com"
	p, err := w.CreatePerson(w.admin, party.PersonNew{Organisation: o.ID, Name: name, PersonFields: party.PersonFields{Phone: &phone, Superior: &superior, Email: &email}})
	ok(w.t, err)
	return p
}

func must(t *testing.T) func(party.Organisation, error) party.Organisation {
	return func(o party.Organisation, err error) party.Organisation { t.Helper(); ok(t, err); return o }
}

func mustSite(t *testing.T) func(party.Site, error) party.Site {
	return func(s party.Site, err error) party.Site { t.Helper(); ok(t, err); return s }
}

// read runs fn in a transaction that asks nobody's permission.
func (w *world) read(fn func(ctx context.Context, tx db.Tx) error) {
	w.t.Helper()
	ok(w.t, w.db.Read(context.Background(), func(tx db.Tx) error { return fn(context.Background(), tx) }))
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	f := fault.As(err)
	if f == nil || f.Kind != kind {
		t.Fatalf("got %v, want %s", err, kind)
	}
	if code == "" || f.Code == code {
		return
	}
	for _, field := range f.Fields {
		if field.Name+":"+field.Code == code {
			return
		}
	}
	t.Fatalf("got %v, want %s", err, code)
}

func p[T any](v T) *T { return &v }
