package party_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// useCases is every use case of the package, called for a thing of the other customer.
func (w *world) useCases() map[string]func(ctx context.Context) error {
	drop := func(_ any, err error) error { return err }
	name := p("新名")
	return map[string]func(ctx context.Context) error{
		"Organisation":      func(ctx context.Context) error { return drop(w.Organisation(ctx, w.globex.ID)) },
		"Site":              func(ctx context.Context) error { return drop(w.Site(ctx, w.globexShop.ID)) },
		"Person":            func(ctx context.Context) error { return drop(w.Person(ctx, w.globexQian.ID)) },
		"Product":           func(ctx context.Context) error { return drop(w.Product(ctx, w.globexMail.ID)) },
		"Department":        func(ctx context.Context) error { return drop(w.Department(ctx, w.globexDepartment())) },
		"DedicatedEngineer": func(ctx context.Context) error { return drop(w.DedicatedEngineer(ctx, w.globexDedicated())) },
		"Team":              func(ctx context.Context) error { return drop(w.Team(ctx, w.globexTeam())) },
		"Superiors":         func(ctx context.Context) error { return drop(w.Superiors(ctx, w.globexQian.ID)) },
		"Leave":             func(ctx context.Context) error { return drop(w.Leave(ctx, w.globexQian.ID, 0)) },
		"Return":            func(ctx context.Context) error { return drop(w.Return(ctx, w.globexQian.ID, 0)) },
		"ChangeOrganisation": func(ctx context.Context) error {
			return drop(w.ChangeOrganisation(ctx, w.globex.ID, 0, party.OrganisationChange{Name: name}))
		},
		"ChangeSite": func(ctx context.Context) error {
			return drop(w.ChangeSite(ctx, w.globexShop.ID, 0, party.SiteChange{Name: name}))
		},
		"ChangePerson": func(ctx context.Context) error {
			return drop(w.ChangePerson(ctx, w.globexQian.ID, 0, party.PersonChange{Name: name}))
		},
		"ChangeProduct": func(ctx context.Context) error {
			return drop(w.ChangeProduct(ctx, w.globexMail.ID, 0, party.ProductChange{Name: name}))
		},
		"ChangeDepartment": func(ctx context.Context) error {
			return drop(w.ChangeDepartment(ctx, w.globexDepartment(), 0, party.DepartmentChange{Name: name}))
		},
		"ChangeDedicated": func(ctx context.Context) error {
			return drop(w.ChangeDedicated(ctx, w.globexDedicated(), 0, party.DedicatedChange{Note: name}))
		},
		"ChangeTeam": func(ctx context.Context) error {
			return drop(w.ChangeTeam(ctx, w.globexTeam(), 0, party.TeamChange{Name: name}))
		},
		"SetMembers": func(ctx context.Context) error { return drop(w.SetMembers(ctx, w.globexTeam(), 0, nil)) },
	}
}

func (w *world) globexDepartment() string {
	d, err := w.CreateDepartment(w.admin, party.DepartmentNew{Organisation: w.globex.ID, Name: "教务处"})
	ok(w.t, err)
	return d.ID
}

func (w *world) globexTeam() string {
	t, err := w.CreateTeam(w.admin, party.TeamNew{Organisation: w.provider.ID, Name: "博文驻点组", TeamFields: party.TeamFields{Resident: p(true), Customer: &w.globex.ID}})
	ok(w.t, err)
	return t.ID
}

func (w *world) globexDedicated() string {
	list, _, err := w.DedicatedEngineers(w.admin, party.DedicatedFilter{Site: w.globexShop.ID})
	ok(w.t, err)
	if len(list) > 0 {
		return list[0].ID
	}
	d, err := w.CreateDedicated(w.admin, party.DedicatedNew{Site: w.globexShop.ID, Person: w.chen.ID})
	ok(w.t, err)
	return d.ID
}

func TestNothingOfAnotherCustomer(t *testing.T) {
	each(t, func(w *world) {
		for name, call := range w.useCases() {
			refused(w.t, call(w.user), fault.NotFound, "")
			refused(w.t, call(w.onlyAcme), fault.NotFound, "")
			refused(w.t, call(context.Background()), fault.Unauthenticated, "")
			refused(w.t, call(as(&work.Actor{ID: "x", OrgKind: work.Provider})), fault.Forbidden, "")
			if name != "Return" {
				ok(w.t, call(w.admin))
			}
		}
		for name, lists := range map[string]map[string]func(ctx context.Context) ([]string, error){
			"everything":          w.lists("", ""),
			"asked for by name":   w.lists("博文", ""),
			"asked for by owner":  w.lists("", w.globex.ID),
			"asked for by number": w.lists("1370000", ""),
		} {
			for kind, list := range lists {
				for who, ctx := range map[string]context.Context{"customer": w.user, "restricted staff": w.onlyAcme} {
					got, err := list(ctx)
					ok(w.t, err)
					if i := slices.IndexFunc(got, func(s string) bool { return strings.Contains(s, w.globex.ID) }); i >= 0 {
						w.t.Errorf("%s, %s: %s sees %s", kind, name, who, got[i])
					}
				}
				_, err := list(context.Background())
				refused(w.t, err, fault.Unauthenticated, "")
			}
		}
	})
}

// lists is every list, each entry as the ids in it that tell whose it is.
func (w *world) lists(q, organisation string) map[string]func(ctx context.Context) ([]string, error) {
	return map[string]func(ctx context.Context) ([]string, error){
		"organisations": func(ctx context.Context) ([]string, error) {
			l, _, err := w.Organisations(ctx, party.OrganisationFilter{Q: q})
			return spell(l), err
		},
		"sites": func(ctx context.Context) ([]string, error) {
			l, _, err := w.Sites(ctx, party.SiteFilter{Q: q, Organisation: organisation})
			return spell(l), err
		},
		"departments": func(ctx context.Context) ([]string, error) {
			l, _, err := w.Departments(ctx, party.DepartmentFilter{Q: q, Organisation: organisation})
			return spell(l), err
		},
		"people": func(ctx context.Context) ([]string, error) {
			l, _, err := w.People(ctx, party.PersonFilter{Q: q, Organisation: organisation})
			return spell(l), err
		},
		"teams": func(ctx context.Context) ([]string, error) {
			l, _, err := w.Teams(ctx, party.TeamFilter{Q: q, Customer: organisation})
			return spell(l), err
		},
		"services": func(ctx context.Context) ([]string, error) {
			l, _, err := w.Products(ctx, party.ProductFilter{Q: q, Customer: organisation})
			return spell(l), err
		},
		"dedicated": func(ctx context.Context) ([]string, error) {
			l, _, err := w.DedicatedEngineers(ctx, party.DedicatedFilter{Customer: organisation})
			return spell(l), err
		},
		"callers": func(ctx context.Context) ([]string, error) {
			l, err := w.Callers(ctx, "13700000001")
			return spell(l), err
		},
	}
}

func spell[T any](list []T) (out []string) {
	for _, v := range list {
		out = append(out, fmt.Sprintf("%+v", v))
	}
	return out
}

func TestCustomerSeesOwn(t *testing.T) {
	each(t, func(w *world) {
		orgs, _, err := w.Organisations(w.user, party.OrganisationFilter{})
		ok(w.t, err)
		if len(orgs) != 1 || orgs[0].ID != w.acme.ID {
			w.t.Fatalf("a customer's person sees %v", orgs)
		}
		people, _, err := w.People(w.user, party.PersonFilter{})
		ok(w.t, err)
		if len(people) != 2 {
			w.t.Fatalf("a customer's person sees %d people, want the 2 of the own organisation", len(people))
		}
		teams, _, err := w.Teams(w.user, party.TeamFilter{})
		ok(w.t, err)
		if len(teams) != 0 {
			w.t.Fatalf("a customer's person sees the provider's groups: %v", teams)
		}
		_, err = w.CreateOrganisation(w.user, party.OrganisationNew{Kind: "customer", Name: "x"})
		refused(w.t, err, fault.Forbidden, "")
		_, err = w.CreateSite(w.user, party.SiteNew{Organisation: w.globex.ID, Name: "x"})
		refused(w.t, err, fault.Invalid, "organisation:field.missing")
		_, err = w.CreatePerson(w.user, party.PersonNew{Organisation: w.provider.ID, Name: "x"})
		refused(w.t, err, fault.Invalid, "organisation:field.missing")
		_, err = w.CreateSite(w.user, party.SiteNew{Organisation: w.acme.ID, Name: "新门店"})
		ok(w.t, err)
	})
}

func TestRestrictedStaff(t *testing.T) {
	each(t, func(w *world) {
		people, _, err := w.People(w.onlyAcme, party.PersonFilter{})
		ok(w.t, err)
		if len(people) != 5 { // three colleagues, two of the customer
			w.t.Fatalf("restricted staff see %d people", len(people))
		}
		_, err = w.ChangePerson(w.onlyAcme, w.acmeLiu.ID, 0, party.PersonChange{Name: p("刘敏敏")})
		ok(w.t, err)
		_, err = w.ChangePerson(w.onlyAcme, w.li.ID, 0, party.PersonChange{Name: p("x")})
		refused(w.t, err, fault.Forbidden, "")
		_, err = w.CreateSite(w.onlyAcme, party.SiteNew{Organisation: w.provider.ID, Name: "x"})
		refused(w.t, err, fault.Forbidden, "")
	})
}

func TestContactsAreMasked(t *testing.T) {
	each(t, func(w *world) {
		for name, c := range map[string]struct {
			ctx    context.Context
			person party.Person
			phone  string
			masked bool
		}{
			"desk without the right":   {w.deskAll, w.acmeLiu, "138****8000", true},
			"with an extension":        {w.deskAll, w.acmeZhao, "021****4567", true},
			"with the right":           {w.admin, w.acmeLiu, "13800138000", false},
			"colleagues are reachable": {w.deskAll, w.li, "13900000002", false},
			"one's own":                {w.user, w.acmeLiu, "13800138000", false},
			"another of the customer":  {w.user, w.acmeZhao, "021****4567", true},
		} {
			got, err := w.Person(c.ctx, c.person.ID)
			ok(w.t, err)
			if got.Phone != c.phone || got.Masked != c.masked || strings.Contains(got.Email, "***") != c.masked {
				w.t.Errorf("%s: phone %q, e-mail %q, masked %v", name, got.Phone, got.Email, got.Masked)
			}
		}
		for _, q := range []string{"13800138", "138 0013 8000", "p138@"} {
			found, _, err := w.People(w.deskAll, party.PersonFilter{Q: q})
			ok(w.t, err)
			if len(found) != 0 {
				w.t.Errorf("%q finds a customer for who may not see the number", q)
			}
			found, _, err = w.People(w.admin, party.PersonFilter{Q: q})
			ok(w.t, err)
			if len(found) != 1 {
				w.t.Errorf("%q finds %d people", q, len(found))
			}
		}
		_, err := w.ChangePerson(w.deskAll, w.acmeLiu.ID, 0, party.PersonChange{PersonFields: party.PersonFields{Phone: p("138****8000")}})
		refused(w.t, err, fault.Invalid, "phone:party.phone")
		_, err = w.ChangePerson(w.deskAll, w.acmeLiu.ID, 0, party.PersonChange{PersonFields: party.PersonFields{Email: p("p***@example.com")}})
		refused(w.t, err, fault.Invalid, "email:party.email")
	})
}

func TestTrailKeepsNoNumbers(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.ChangePerson(w.admin, w.acmeLiu.ID, 0, party.PersonChange{Name: p("刘敏儿"), PersonFields: party.PersonFields{Phone: p("13600001111")}})
		ok(w.t, err)
		w.read(func(ctx context.Context, tx db.Tx) error {
			trail, err := db.All(ctx, tx, db.Scan[string], "SELECT data FROM audit_events WHERE stream = $1", w.acmeLiu.ID)
			text := strings.Join(trail, "\n")
			if len(trail) != 2 || strings.Contains(text, "13800138000") || strings.Contains(text, "13600001111") || !strings.Contains(text, "刘敏儿") || !strings.Contains(text, "136****1111") {
				w.t.Errorf("trail: %s", text)
			}
			return err
		})
	})
}

func TestReportingLine(t *testing.T) {
	each(t, func(w *world) {
		line, err := w.Superiors(w.admin, w.chen.ID)
		ok(w.t, err)
		if len(line) != 2 || line[0].ID != w.li.ID || line[1].ID != w.wang.ID {
			w.t.Fatalf("line %v", line)
		}
		for name, c := range map[string]struct{ person, superior, code string }{
			"oneself":         {w.chen.ID, w.chen.ID, "superior:party.cycle"},
			"direct circle":   {w.li.ID, w.chen.ID, "superior:party.cycle"},
			"wide circle":     {w.wang.ID, w.chen.ID, "superior:party.cycle"},
			"nobody":          {w.chen.ID, "0192aaaa-0000-7000-8000-000000000000", "superior:field.missing"},
			"of the customer": {w.chen.ID, w.acmeLiu.ID, "superior:party.other_side"},
		} {
			_, err := w.ChangePerson(w.admin, c.person, 0, party.PersonChange{PersonFields: party.PersonFields{Superior: &c.superior}})
			if f := fault.As(err); f == nil || len(f.Fields) != 1 || f.Fields[0].Name+":"+f.Fields[0].Code != c.code {
				w.t.Errorf("%s: %v", name, err)
			}
		}
		_, err = w.Leave(w.admin, w.li.ID, 0)
		ok(w.t, err)
		line, err = w.Superiors(w.admin, w.chen.ID)
		ok(w.t, err)
		if len(line) != 1 || line[0].ID != w.wang.ID {
			w.t.Fatalf("a leaver stays in the line: %v", line)
		}
		_, err = w.ChangePerson(w.admin, w.acmeLiu.ID, 0, party.PersonChange{PersonFields: party.PersonFields{Superior: &w.li.ID}})
		refused(w.t, err, fault.Invalid, "superior:party.gone")
	})
}

func TestDepartments(t *testing.T) {
	each(t, func(w *world) {
		top, err := w.CreateDepartment(w.admin, party.DepartmentNew{Organisation: w.provider.ID, Name: "工程运维部", DepartmentFields: party.DepartmentFields{Head: &w.wang.ID}})
		ok(w.t, err)
		sub, err := w.CreateDepartment(w.admin, party.DepartmentNew{Organisation: w.provider.ID, Name: "一线组", DepartmentFields: party.DepartmentFields{Parent: &top.ID}})
		ok(w.t, err)
		if sub.ParentName != "工程运维部" || top.HeadName != "王芳" {
			w.t.Fatalf("names: %+v %+v", sub, top)
		}
		_, err = w.ChangeDepartment(w.admin, top.ID, 0, party.DepartmentChange{DepartmentFields: party.DepartmentFields{Parent: &sub.ID}})
		refused(w.t, err, fault.Invalid, "parent:party.cycle")
		_, err = w.ChangeDepartment(w.admin, sub.ID, 0, party.DepartmentChange{DepartmentFields: party.DepartmentFields{Head: &w.acmeLiu.ID}})
		refused(w.t, err, fault.Invalid, "head:party.other_side")
		_, err = w.ChangePerson(w.admin, w.chen.ID, 0, party.PersonChange{PersonFields: party.PersonFields{Department: &sub.ID}})
		ok(w.t, err)
		w.read(func(ctx context.Context, tx db.Tx) error {
			head, err := party.HeadOf(ctx, tx, w.chen.ID)
			if head != w.wang.ID {
				w.t.Errorf("head %q", head)
			}
			return err
		})
	})
}

func TestVersions(t *testing.T) {
	each(t, func(w *world) {
		v2, err := w.ChangeSite(w.admin, w.acmeShop.ID, 1, party.SiteChange{Name: p("中山东路门店")})
		ok(w.t, err)
		if v2.Version != 2 {
			w.t.Fatalf("version %d", v2.Version)
		}
		_, err = w.ChangeSite(w.admin, w.acmeShop.ID, 1, party.SiteChange{Name: p("x")})
		refused(w.t, err, fault.Stale, "stale")
		same, err := w.ChangeSite(w.admin, w.acmeShop.ID, 0, party.SiteChange{Name: p("中山东路门店")})
		ok(w.t, err)
		if same.Version != 2 {
			w.t.Fatalf("nothing changed, but the version is %d", same.Version)
		}
	})
}

func TestWrongFieldsAreAllNamed(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.CreatePerson(w.admin, party.PersonNew{Organisation: w.provider.ID, Name: "  ", PersonFields: party.PersonFields{
			Phone: p("call me"), Email: p("nobody"), Zone: p("Mars/Olympus"), Language: p("fr"), ContactRoles: p([]string{"user"}), Sites: p([]string{w.acmeShop.ID}),
		}})
		f := fault.As(err)
		if f == nil {
			w.t.Fatal(err)
		}
		var got []string
		for _, field := range f.Fields {
			got = append(got, field.Name)
		}
		slices.Sort(got)
		if want := []string{"contact_roles", "email", "language", "name", "phone", "sites", "zone"}; !slices.Equal(got, want) {
			w.t.Fatalf("named %v, want %v", got, want)
		}
		_, err = w.CreateOrganisation(w.admin, party.OrganisationNew{Kind: "customer", Name: "又一家", OrganisationFields: party.OrganisationFields{Code: p("acme")}})
		refused(w.t, err, fault.Invalid, "code:field.unique")
		_, err = w.CreateOrganisation(w.admin, party.OrganisationNew{Kind: "provider", Name: "x", OrganisationFields: party.OrganisationFields{CustomerClass: p("A")}})
		refused(w.t, err, fault.Invalid, "customer_class:party.not_customer")
		_, err = w.CreateSite(w.admin, party.SiteNew{Organisation: w.acme.ID, Name: "x", SiteFields: party.SiteFields{Geo: p("91,0")}})
		refused(w.t, err, fault.Invalid, "geo:party.geo")
	})
}

func TestPagesAndSearch(t *testing.T) {
	each(t, func(w *world) {
		for i := range 7 {
			w.site(w.acme, fmt.Sprintf("门店 %d", i%3)) // names repeat: the id breaks ties
		}
		var seen []string
		f := party.SiteFilter{Organisation: w.acme.ID, Paging: party.Paging{Limit: 3}}
		for range 10 {
			items, more, err := w.Sites(w.admin, f)
			ok(w.t, err)
			for _, s := range items {
				seen = append(seen, s.ID)
			}
			if more == nil {
				break
			}
			f.After = *more
		}
		if distinct := slices.Compact(slices.Sorted(slices.Values(seen))); len(seen) != 8 || len(distinct) != 8 {
			w.t.Fatalf("paged through %d entries, %d distinct, want 8", len(seen), len(distinct))
		}
		for q, want := range map[string]int{"ACME": 1, "acm": 1, "超市": 1, "100%": 0, "_": 0, "": 3} {
			found, _, err := w.Organisations(w.admin, party.OrganisationFilter{Q: q})
			ok(w.t, err)
			if len(found) != want {
				w.t.Errorf("%q finds %d organisations, want %d", q, len(found), want)
			}
		}
	})
}

func TestCallers(t *testing.T) {
	each(t, func(w *world) {
		_, err := w.ChangePerson(w.admin, w.acmeLiu.ID, 0, party.PersonChange{PersonFields: party.PersonFields{Sites: p([]string{w.acmeShop.ID}), ContactRoles: p([]string{"responsible", "user"})}})
		ok(w.t, err)
		_, err = w.ChangeSite(w.admin, w.globexShop.ID, 0, party.SiteChange{SiteFields: party.SiteFields{Phone: p("0571 8888 9999")}})
		ok(w.t, err)
		for phone, want := range map[string]string{
			"13800138000":       "exact " + w.acmeLiu.ID,
			"+86 138-0013-8000": "exact " + w.acmeLiu.ID,
			"0086 13800138000":  "exact " + w.acmeLiu.ID,
			"013800138000":      "exact " + w.acmeLiu.ID,
			"9013800138000":     "tail " + w.acmeLiu.ID, // an outside line prefix
			"61234567":          "tail " + w.acmeZhao.ID,
			"02161234567":       "exact " + w.acmeZhao.ID,
			"+86 21 6123 4567":  "exact " + w.acmeZhao.ID,
			"88889999":          "tail site " + w.globexShop.ID,
			"234567":            "",
			"13500000000":       "",
		} {
			found, err := w.Callers(w.admin, phone)
			ok(w.t, err)
			got := ""
			if len(found) == 1 {
				switch c := found[0]; {
				case c.Person != nil:
					got = c.Match + " " + c.Person.ID
				case c.Site != nil:
					got = c.Match + " site " + c.Site.ID
				}
			}
			if got != want || len(found) > 1 {
				w.t.Errorf("%s: %d found, %q, want %q", phone, len(found), got, want)
			}
		}
		found, err := w.Callers(w.onlyAcme, "13800138000")
		ok(w.t, err)
		c := found[0]
		if c.Organisation.ID != w.acme.ID || len(c.Sites) != 1 || c.Sites[0].ID != w.acmeShop.ID || len(c.Services) != 1 || c.Services[0].ID != w.acmeMail.ID {
			w.t.Errorf("caller %+v", c)
		}
		_, err = w.Callers(w.admin, "12")
		refused(w.t, err, fault.Invalid, "phone:party.caller_too_short")
		w.read(func(ctx context.Context, tx db.Tx) error {
			got, err := party.ContactsWith(ctx, tx, w.acme.ID, w.acmeShop.ID, "responsible", "owner_unit")
			if !slices.Equal(got, []string{w.acmeLiu.ID}) {
				w.t.Errorf("contacts %v", got)
			}
			return err
		})
	})
}

func TestTeams(t *testing.T) {
	each(t, func(w *world) {
		team, err := w.CreateTeam(w.admin, party.TeamNew{Organisation: w.provider.ID, Name: "网络一线", Members: p([]string{w.chen.ID}), TeamFields: party.TeamFields{Tier: p("L1"), Lead: &w.li.ID}})
		ok(w.t, err)
		if len(team.Members) != 1 || team.Members[0].Name != "陈立" || team.LeadName != "李强" {
			w.t.Fatalf("team %+v", team)
		}
		team, err = w.SetMembers(w.admin, team.ID, team.Version, []string{w.li.ID, w.chen.ID, w.li.ID})
		ok(w.t, err)
		if len(team.Members) != 2 || team.Version != 2 {
			w.t.Fatalf("team %+v", team)
		}
		_, err = w.SetMembers(w.admin, team.ID, 1, nil)
		refused(w.t, err, fault.Stale, "")
		_, err = w.SetMembers(w.admin, team.ID, 0, []string{w.acmeLiu.ID})
		refused(w.t, err, fault.Invalid, "members:party.not_provider")
		_, err = w.ChangeTeam(w.admin, team.ID, 0, party.TeamChange{TeamFields: party.TeamFields{Tier: p("L9")}})
		refused(w.t, err, fault.Invalid, "tier:field.choice")
		_, err = w.ChangeTeam(w.admin, team.ID, 0, party.TeamChange{TeamFields: party.TeamFields{Resident: p(true)}})
		refused(w.t, err, fault.Invalid, "customer:field.required")
		resident := w.globexTeam()
		w.read(func(ctx context.Context, tx db.Tx) error {
			l1, err := party.TeamsByTier(ctx, tx, "L1")
			ok(w.t, err)
			members, err := party.TeamMembers(ctx, tx, team.ID)
			ok(w.t, err)
			of, err := party.TeamsOf(ctx, tx, w.chen.ID)
			ok(w.t, err)
			there, err := party.ResidentTeams(ctx, tx, w.globex.ID, "")
			if len(l1) != 1 || len(members) != 2 || len(of) != 1 || of[0].Tier != "L1" || len(there) != 1 || there[0].ID != resident {
				w.t.Errorf("teams: %v %v %v %v", l1, members, of, there)
			}
			return err
		})
	})
}

func TestDedicated(t *testing.T) {
	each(t, func(w *world) {
		add := func(customer, service, site, person string) {
			_, err := w.CreateDedicated(w.admin, party.DedicatedNew{Customer: customer, Product: service, Site: site, Person: person})
			ok(w.t, err)
		}
		add(w.acme.ID, "", "", w.wang.ID)
		add("", "", w.acmeShop.ID, w.li.ID)
		add("", w.acmeMail.ID, "", w.chen.ID)
		_, err := w.CreateDedicated(w.admin, party.DedicatedNew{Customer: w.acme.ID, Person: w.li.ID})
		refused(w.t, err, fault.Invalid, "person:field.unique")
		_, err = w.CreateDedicated(w.admin, party.DedicatedNew{Person: w.li.ID})
		refused(w.t, err, fault.Invalid, "customer:party.target_missing")
		_, err = w.CreateDedicated(w.admin, party.DedicatedNew{Customer: w.globex.ID, Site: w.acmeShop.ID, Person: w.li.ID})
		refused(w.t, err, fault.Invalid, "site:party.other_side")
		_, err = w.CreateDedicated(w.admin, party.DedicatedNew{Customer: w.globex.ID, Person: w.acmeLiu.ID})
		refused(w.t, err, fault.Invalid, "person:party.not_provider")
		w.read(func(ctx context.Context, tx db.Tx) error {
			for _, c := range []struct{ customer, service, site, want string }{
				{w.acme.ID, "", "", w.wang.ID},
				{w.acme.ID, "", w.acmeShop.ID, w.li.ID},
				{w.acme.ID, w.acmeMail.ID, "", w.chen.ID},
				{w.acme.ID, w.acmeMail.ID, w.acmeShop.ID, w.chen.ID}, // a service is closer than a site
				{w.globex.ID, w.globexMail.ID, w.globexShop.ID, ""},
			} {
				got, err := party.DedicatedFor(ctx, tx, c.customer, c.service, c.site)
				ok(w.t, err)
				if got != c.want {
					w.t.Errorf("%+v: got %s", c, got)
				}
			}
			return nil
		})
	})
}

func TestLeaving(t *testing.T) {
	each(t, func(w *world) {
		var told []party.Change
		w.OnChange(func(_ context.Context, _ *work.Unit, c party.Change) error {
			told = append(told, c)
			return nil
		})
		w.OnLeave(func(_ context.Context, _ *work.Unit, person party.Person) ([]party.OpenWork, error) {
			return []party.OpenWork{{Number: "INC-2026-00001", Type: "incident", Title: "打印机卡纸 " + person.Name}}, nil
		})
		team, err := w.CreateTeam(w.admin, party.TeamNew{Organisation: w.provider.ID, Name: "二线", Members: p([]string{w.li.ID}), TeamFields: party.TeamFields{Lead: &w.li.ID}})
		ok(w.t, err)
		_, err = w.CreateDedicated(w.admin, party.DedicatedNew{Customer: w.acme.ID, Person: w.li.ID})
		ok(w.t, err)
		_, err = w.Leave(w.admin, w.li.ID, 9)
		refused(w.t, err, fault.Stale, "")
		_, err = w.Leave(w.deskAll, w.li.ID, 0)
		refused(w.t, err, fault.Forbidden, "")
		l, err := w.Leave(w.admin, w.li.ID, 1)
		ok(w.t, err)
		if l.Person.Status != party.Left || l.Person.LeftAt == nil || len(l.OpenWork) != 1 || len(l.Reports) != 1 || len(l.Headed) != 1 || len(l.Teams) != 1 || len(l.Looked) != 1 {
			w.t.Errorf("left behind: %+v", l)
		}
		if last := told[len(told)-1]; last.Kind != party.PersonLeft || !slices.Equal(last.People, []string{w.li.ID}) {
			w.t.Errorf("told %+v", told)
		}
		_, err = w.Leave(w.admin, w.li.ID, 0)
		refused(w.t, err, fault.Conflict, "party.already_left")
		got, err := w.Team(w.admin, team.ID)
		ok(w.t, err)
		if len(got.Members) != 0 || got.Lead != w.li.ID {
			w.t.Errorf("team after leaving: %+v", got)
		}
		back, err := w.Return(w.admin, w.li.ID, 0)
		ok(w.t, err)
		if back.Status != party.Active || back.LeftAt != nil {
			w.t.Errorf("returned: %+v", back)
		}
	})
}

func TestLeavingIsWhole(t *testing.T) {
	each(t, func(w *world) {
		broken := errors.New("the engine cannot say")
		w.OnLeave(func(context.Context, *work.Unit, party.Person) ([]party.OpenWork, error) { return nil, broken })
		if _, err := w.Leave(w.admin, w.li.ID, 0); !errors.Is(err, broken) {
			w.t.Fatal(err)
		}
		got, err := w.Person(w.admin, w.li.ID)
		ok(w.t, err)
		if got.Status != party.Active {
			w.t.Error("half a leaver")
		}
	})
}

func TestNamesAndOptions(t *testing.T) {
	each(t, func(w *world) {
		w.read(func(ctx context.Context, tx db.Tx) error {
			names, err := party.Names(ctx, tx, []string{w.chen.ID, w.acme.ID, w.acmeShop.ID, w.acmeMail.ID, "", "unknown", w.chen.ID})
			ok(w.t, err)
			if len(names) != 4 || names[w.chen.ID] != "陈立" || names[w.acmeMail.ID] != "收银系统" {
				w.t.Errorf("names %v", names)
			}
			return nil
		})
		actor := work.ActorOf(w.user)
		w.read(func(ctx context.Context, tx db.Tx) error {
			for kind, want := range map[string]int{"person": 2, "contact": 2, "staff": 0, "organisation": 1, "customer": 1, "supplier": 0, "site": 1, "team": 0, "service": 1, "department": 0} {
				got, err := party.Options(ctx, tx, actor, kind, "", "", 50)
				ok(w.t, err)
				if len(got) != want {
					w.t.Errorf("%s: a customer's person may choose from %v", kind, got)
				}
			}
			name, customer, err := party.Refer(ctx, tx, actor, "site", w.acmeShop.ID)
			ok(w.t, err)
			if name != "中山路门店" || customer != w.acme.ID {
				w.t.Errorf("refers to %s of %s", name, customer)
			}
			_, _, err = party.Refer(ctx, tx, actor, "site", w.globexShop.ID)
			refused(w.t, err, fault.NotFound, "")
			_, _, err = party.Refer(ctx, tx, actor, "staff", w.chen.ID)
			refused(w.t, err, fault.NotFound, "")
			_, _, err = party.Refer(ctx, tx, work.ActorOf(w.admin), "customer", w.provider.ID)
			refused(w.t, err, fault.NotFound, "")
			return nil
		})
	})
}
