package party

import (
	"context"
	"strings"

	"github.com/steward-ops/steward/internal/platform/httpapi"
)

// Bodies and parameters that all entries share.
type (
	oneIn struct {
		ID string `path:"id" maxLength:"40"`
	}
	createIn[New any] struct {
		Body New
	}
	changeIn[Change any] struct {
		ID string `path:"id" maxLength:"40"`
		httpapi.Conditional
		Body Change
	}
	entryOut[T any] struct {
		ETag string `header:"ETag"`
		Body T
	}
	createdOut[T any] struct {
		ETag     string `header:"ETag"`
		Location string `header:"Location"`
		Body     T
	}
	listOut[T any] struct {
		Body httpapi.Page[T]
	}
	itemsOut[T any] struct {
		Body ItemsOf[T]
	}
)

// ItemsOf is a list that comes whole.
type ItemsOf[T any] struct {
	Items []T `json:"items" nullable:"false"`
}

// resource is what the routes of one kind of entry need.
type resource[T, New, Change any] struct {
	path, op, tag string // "/people", "person", "People"
	one           string // "a person"
	head          func(*T) *Head
	get           func(ctx context.Context, id string) (T, error)
	create        func(ctx context.Context, in New) (T, error)
	change        func(ctx context.Context, id string, version int64, in Change) (T, error)
}

const base = "/api/v1"

// mount registers reading, creating and changing one entry.
func mount[T, New, Change any](api *httpapi.API, r resource[T, New, Change]) {
	etag := func(v *T) string { return httpapi.ETag(r.head(v).Version) }
	httpapi.Handle(api, httpapi.Op{ID: r.op + "-read", Method: "GET", Path: base + r.path + "/{id}", Tag: r.tag, Summary: "Read " + r.one, Perm: Read},
		func(ctx context.Context, in *oneIn) (*entryOut[T], error) {
			v, err := r.get(ctx, in.ID)
			return &entryOut[T]{ETag: etag(&v), Body: v}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: r.op + "-create", Method: "POST", Path: base + r.path, Tag: r.tag, Summary: "Add " + r.one, Perm: Write, Status: 201},
		func(ctx context.Context, in *createIn[New]) (*createdOut[T], error) {
			v, err := r.create(ctx, in.Body)
			return &createdOut[T]{ETag: etag(&v), Location: base + r.path + "/" + r.head(&v).ID, Body: v}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: r.op + "-change", Method: "PATCH", Path: base + r.path + "/{id}", Tag: r.tag, Summary: "Change " + r.one, Perm: Write},
		func(ctx context.Context, in *changeIn[Change]) (*entryOut[T], error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			v, err := r.change(ctx, in.ID, version, in.Body)
			return &entryOut[T]{ETag: etag(&v), Body: v}, err
		})
}

// paging reads where a list goes on.
func paging(p httpapi.Paged) (Paging, error) {
	var after Place
	_, err := httpapi.ReadCursor(p.Cursor, &after)
	return Paging{After: after, Limit: p.Limit}, err
}

// listed answers a page.
func listed[T any](items []T, more *Place, err error) (*listOut[T], error) {
	if err != nil {
		return nil, err
	}
	next := ""
	if more != nil {
		next = httpapi.Cursor(more)
	}
	return &listOut[T]{Body: httpapi.NewPage(items, next)}, nil
}

func listOp(path, id, tag, summary string) httpapi.Op {
	return httpapi.Op{ID: id + "-list", Method: "GET", Path: base + path, Tag: tag, Summary: summary, Perm: Read}
}

// Filters of the lists as query parameters.
type (
	organisationsIn struct {
		httpapi.Paged
		Q      string `query:"q" maxLength:"100" doc:"part of name, short name, code or phone"`
		Kind   string `query:"kind" maxLength:"20"`
		Status string `query:"status" maxLength:"20"`
		Class  string `query:"customer_class" maxLength:"10"`
	}
	sitesIn struct {
		httpapi.Paged
		Q            string `query:"q" maxLength:"100" doc:"part of name, code, address or phone"`
		Organisation string `query:"organisation" maxLength:"40"`
		Kind         string `query:"kind" maxLength:"60"`
		Status       string `query:"status" maxLength:"20"`
	}
	departmentsIn struct {
		httpapi.Paged
		Q            string `query:"q" maxLength:"100" doc:"part of name or code"`
		Organisation string `query:"organisation" maxLength:"40"`
		Parent       string `query:"parent" maxLength:"40"`
		Status       string `query:"status" maxLength:"20"`
	}
	peopleIn struct {
		httpapi.Paged
		Q            string `query:"q" maxLength:"100" doc:"part of name, employee number, e-mail or phone"`
		Organisation string `query:"organisation" maxLength:"40"`
		Side         string `query:"side" maxLength:"20" doc:"provider, customer or supplier"`
		Department   string `query:"department" maxLength:"40"`
		Superior     string `query:"superior" maxLength:"40"`
		Status       string `query:"status" maxLength:"20" doc:"active or left"`
		Team         string `query:"team" maxLength:"40" doc:"members of the team"`
		Site         string `query:"site" maxLength:"40" doc:"people of the site"`
		Role         string `query:"contact_role" maxLength:"40"`
		Outsourced   string `query:"outsourced" enum:"true,false"`
	}
	teamsIn struct {
		httpapi.Paged
		Q            string `query:"q" maxLength:"100" doc:"part of name or code"`
		Organisation string `query:"organisation" maxLength:"40"`
		Tier         string `query:"tier" maxLength:"20"`
		Status       string `query:"status" maxLength:"20"`
		Customer     string `query:"customer" maxLength:"40"`
		Project      string `query:"project" maxLength:"40"`
		Person       string `query:"person" maxLength:"40" doc:"teams the person is in"`
		Resident     string `query:"resident" enum:"true,false"`
	}
	servicesIn struct {
		httpapi.Paged
		Q        string `query:"q" maxLength:"100" doc:"part of name or code"`
		Customer string `query:"customer" maxLength:"40"`
		Site     string `query:"site" maxLength:"40" doc:"used there or everywhere"`
		Kind     string `query:"kind" maxLength:"60"`
		Status   string `query:"status" maxLength:"20"`
	}
	dedicatedIn struct {
		httpapi.Paged
		Customer string `query:"customer" maxLength:"40"`
		Service  string `query:"service" maxLength:"40"`
		Site     string `query:"site" maxLength:"40"`
		Person   string `query:"person" maxLength:"40"`
		Status   string `query:"status" maxLength:"20"`
	}
)

// Routes registers the operations of this package.
func (s *Service) Routes(api *httpapi.API) {
	api.Tag("Organisations", "The provider, its customers and suppliers, their sites, departments and services in use.")
	api.Tag("People", "Everybody who appears in the service, with or without an account, and their reporting line.")
	api.Tag("Teams", "Groups that work is given to, and engineers dedicated to a customer.")
	s.organisationRoutes(api)
	s.siteRoutes(api)
	s.departmentRoutes(api)
	s.productRoutes(api)
	s.personRoutes(api)
	s.teamRoutes(api)
	s.dedicatedRoutes(api)
}

func (s *Service) organisationRoutes(api *httpapi.API) {
	mount(api, resource[Organisation, OrganisationNew, OrganisationChange]{
		path: "/organisations", op: "organisation", tag: "Organisations", one: "an organisation", head: organisations.head,
		get: s.Organisation, create: s.CreateOrganisation, change: s.ChangeOrganisation,
	})
	httpapi.Handle(api, listOp("/organisations", "organisation", "Organisations", "List organisations"),
		func(ctx context.Context, in *organisationsIn) (*listOut[Organisation], error) {
			p, err := paging(in.Paged)
			if err != nil {
				return nil, err
			}
			return listed(s.Organisations(ctx, OrganisationFilter{Paging: p, Q: trim(in.Q), Kind: in.Kind, Status: in.Status, Class: in.Class}))
		})
}

func (s *Service) siteRoutes(api *httpapi.API) {
	mount(api, resource[Site, SiteNew, SiteChange]{
		path: "/sites", op: "site", tag: "Organisations", one: "a site", head: sites.head,
		get: s.Site, create: s.CreateSite, change: s.ChangeSite,
	})
	httpapi.Handle(api, listOp("/sites", "site", "Organisations", "List sites"),
		func(ctx context.Context, in *sitesIn) (*listOut[Site], error) {
			p, err := paging(in.Paged)
			if err != nil {
				return nil, err
			}
			return listed(s.Sites(ctx, SiteFilter{Paging: p, Q: trim(in.Q), Organisation: in.Organisation, Kind: in.Kind, Status: in.Status}))
		})
}

func (s *Service) departmentRoutes(api *httpapi.API) {
	mount(api, resource[Department, DepartmentNew, DepartmentChange]{
		path: "/departments", op: "department", tag: "Organisations", one: "a department", head: departments.head,
		get: s.Department, create: s.CreateDepartment, change: s.ChangeDepartment,
	})
	httpapi.Handle(api, listOp("/departments", "department", "Organisations", "List departments"),
		func(ctx context.Context, in *departmentsIn) (*listOut[Department], error) {
			p, err := paging(in.Paged)
			if err != nil {
				return nil, err
			}
			return listed(s.Departments(ctx, DepartmentFilter{Paging: p, Q: trim(in.Q), Organisation: in.Organisation, Parent: in.Parent, Status: in.Status}))
		})
}

func (s *Service) productRoutes(api *httpapi.API) {
	mount(api, resource[Product, ProductNew, ProductChange]{
		path: "/services", op: "service", tag: "Organisations", one: "a service in use", head: products.head,
		get: s.Product, create: s.CreateProduct, change: s.ChangeProduct,
	})
	httpapi.Handle(api, listOp("/services", "service", "Organisations", "List services in use"),
		func(ctx context.Context, in *servicesIn) (*listOut[Product], error) {
			p, err := paging(in.Paged)
			if err != nil {
				return nil, err
			}
			return listed(s.Products(ctx, ProductFilter{Paging: p, Q: trim(in.Q), Customer: in.Customer, Site: in.Site, Kind: in.Kind, Status: in.Status}))
		})
}

func (s *Service) personRoutes(api *httpapi.API) {
	mount(api, resource[Person, PersonNew, PersonChange]{
		path: "/people", op: "person", tag: "People", one: "a person", head: people.head,
		get: s.Person, create: s.CreatePerson, change: s.ChangePerson,
	})
	httpapi.Handle(api, listOp("/people", "person", "People", "List people"),
		func(ctx context.Context, in *peopleIn) (*listOut[Person], error) {
			p, err := paging(in.Paged)
			if err != nil {
				return nil, err
			}
			return listed(s.People(ctx, PersonFilter{
				Paging: p, Q: trim(in.Q), Organisation: in.Organisation, Side: in.Side, Department: in.Department,
				Superior: in.Superior, Status: in.Status, Team: in.Team, Site: in.Site, Role: in.Role, Outsourced: yesNo(in.Outsourced),
			}))
		})
	s.leaveRoutes(api)
	httpapi.Handle(api, httpapi.Op{ID: "person-superiors", Method: "GET", Path: base + "/people/{id}/superiors", Tag: "People", Summary: "Reporting line above a person, nearest first", Perm: Read},
		func(ctx context.Context, in *oneIn) (*itemsOut[Person], error) {
			line, err := s.Superiors(ctx, in.ID)
			return &itemsOut[Person]{ItemsOf[Person]{append([]Person{}, line...)}}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "caller-find", Method: "GET", Path: base + "/callers", Tag: "People", Summary: "Find who calls from a number", Perm: UseCalls},
		func(ctx context.Context, in *struct {
			Phone string `query:"phone" required:"true" maxLength:"40"`
		}) (*itemsOut[Caller], error) {
			found, err := s.Callers(ctx, plus(in.Phone))
			return &itemsOut[Caller]{ItemsOf[Caller]{append([]Caller{}, found...)}}, err
		})
}

func (s *Service) leaveRoutes(api *httpapi.API) {
	type in struct {
		ID string `path:"id" maxLength:"40"`
		httpapi.Conditional
	}
	httpapi.Handle(api, httpapi.Op{ID: "person-leave", Method: "POST", Path: base + "/people/{id}/leave", Tag: "People", Summary: "Mark a person as left; accounts end at once", Perm: Leave},
		func(ctx context.Context, in *in) (*struct{ Body Leaving }, error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			l, err := s.Leave(ctx, in.ID, version)
			return &struct{ Body Leaving }{l}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "person-return", Method: "POST", Path: base + "/people/{id}/return", Tag: "People", Summary: "Take back that a person has left; accounts stay disabled", Perm: Leave},
		func(ctx context.Context, in *in) (*entryOut[Person], error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			p, err := s.Return(ctx, in.ID, version)
			return &entryOut[Person]{ETag: httpapi.ETag(p.Version), Body: p}, err
		})
}

func (s *Service) teamRoutes(api *httpapi.API) {
	mount(api, resource[Team, TeamNew, TeamChange]{
		path: "/teams", op: "team", tag: "Teams", one: "a team", head: teams.head,
		get: s.Team, create: s.CreateTeam, change: s.ChangeTeam,
	})
	httpapi.Handle(api, listOp("/teams", "team", "Teams", "List teams"),
		func(ctx context.Context, in *teamsIn) (*listOut[Team], error) {
			p, err := paging(in.Paged)
			if err != nil {
				return nil, err
			}
			return listed(s.Teams(ctx, TeamFilter{
				Paging: p, Q: trim(in.Q), Organisation: in.Organisation, Tier: in.Tier, Status: in.Status,
				Customer: in.Customer, Project: in.Project, Person: in.Person, Resident: yesNo(in.Resident),
			}))
		})
	httpapi.Handle(api, httpapi.Op{ID: "team-members", Method: "PUT", Path: base + "/teams/{id}/members", Tag: "Teams", Summary: "Say who is in a team", Perm: Write},
		func(ctx context.Context, in *changeIn[Members]) (*entryOut[Team], error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			t, err := s.SetMembers(ctx, in.ID, version, in.Body.People)
			return &entryOut[Team]{ETag: httpapi.ETag(t.Version), Body: t}, err
		})
}

// Members is who is in a team.
type Members struct {
	People []string `json:"people" nullable:"false" maxItems:"500" doc:"ids"`
}

func (s *Service) dedicatedRoutes(api *httpapi.API) {
	mount(api, resource[Dedicated, DedicatedNew, DedicatedChange]{
		path: "/dedicated-engineers", op: "dedicated", tag: "Teams", one: "a dedicated engineer", head: dedicated.head,
		get: s.DedicatedEngineer, create: s.CreateDedicated, change: s.ChangeDedicated,
	})
	httpapi.Handle(api, listOp("/dedicated-engineers", "dedicated", "Teams", "List dedicated engineers"),
		func(ctx context.Context, in *dedicatedIn) (*listOut[Dedicated], error) {
			p, err := paging(in.Paged)
			if err != nil {
				return nil, err
			}
			return listed(s.DedicatedEngineers(ctx, DedicatedFilter{
				Paging: p, Customer: in.Customer, Product: in.Service, Site: in.Site, Person: in.Person, Status: in.Status,
			}))
		})
}

func trim(s string) string { return strings.TrimSpace(s) }

// plus gives back the + of an international number that a query string turned into a blank.
func plus(phone string) string {
	if strings.HasPrefix(phone, " ") {
		return "+" + strings.TrimSpace(phone)
	}
	return phone
}

// yesNo is a filter that may also be left open.
func yesNo(value string) *bool {
	if value == "" {
		return nil
	}
	yes := value == "true"
	return &yes
}
