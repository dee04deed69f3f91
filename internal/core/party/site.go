package party

import (
	"context"
	"strconv"
	"strings"

	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Site is a place where service is given: a shop, a school, a machine room (ORG-09).
type Site struct {
	Head
	Organisation     string `json:"organisation"`
	OrganisationName string `json:"organisation_name,omitempty"`
	Name             string `json:"name"`
	Code             string `json:"code"`
	Kind             string `json:"kind"` // free: 门店, 学校, 机房 …
	Address          string `json:"address"`
	Phone            string `json:"phone"`
	Geo              string `json:"geo" doc:"latitude,longitude"`
	Zone             string `json:"zone" doc:"IANA time zone; empty means the provider's"`
	Note             string `json:"note"`

	reversed string
}

// SiteFields are the details that may be given and changed.
type SiteFields struct {
	Code    *string `json:"code,omitempty" maxLength:"60"`
	Kind    *string `json:"kind,omitempty" maxLength:"60"`
	Address *string `json:"address,omitempty" maxLength:"500"`
	Phone   *string `json:"phone,omitempty" maxLength:"40"`
	Geo     *string `json:"geo,omitempty" maxLength:"60" doc:"latitude,longitude"`
	Zone    *string `json:"zone,omitempty" maxLength:"60"`
	Note    *string `json:"note,omitempty" maxLength:"4000"`
}

// SiteNew is what a new site is made from. Its organisation can never change.
type SiteNew struct {
	Organisation string `json:"organisation" maxLength:"40"`
	Name         string `json:"name" maxLength:"200"`
	SiteFields
}

// SiteChange changes what it names.
type SiteChange struct {
	Name   *string `json:"name,omitempty" maxLength:"200"`
	Status *string `json:"status,omitempty" maxLength:"20" doc:"active or inactive"`
	SiteFields
}

// SiteFilter narrows a list.
type SiteFilter struct {
	Paging
	Q, Organisation, Kind, Status string
}

var sites = &table[Site]{
	name: "party_sites", subject: "site", sort: "name",
	head:  func(s *Site) *Head { return &s.Head },
	label: func(s *Site) string { return s.Name },
	key:   func(s *Site) string { return s.Name },
	owner: func(s *Site) string { return s.Organisation },
	scope: func(r reach, w *db.Where) { r.organisations(w, "party_sites.organisation") },
	columns: func(s *Site) []column {
		return []column{
			{"organisation", &s.Organisation}, {"name", &s.Name}, {"code", &s.Code}, {"kind", &s.Kind},
			{"address", &s.Address}, {"phone", &s.Phone}, {"phone_reversed", &s.reversed},
			{"geo", &s.Geo}, {"zone", &s.Zone}, {"note", &s.Note},
		}
	},
}

// LoadSite reads a site without regard to who asks; for other packages' rules.
func LoadSite(ctx context.Context, tx db.Tx, id string) (Site, error) { return sites.byID(ctx, tx, id) }

// Sites lists what the actor can reach.
func (s *Service) Sites(ctx context.Context, f SiteFilter) (items []Site, more *Place, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		w := db.NewWhere()
		reachOf(u.Actor).organisations(w, "party_sites.organisation")
		equals(w, "organisation", f.Organisation)
		equals(w, "kind", f.Kind)
		equals(w, "status", f.Status)
		if f.Q != "" {
			w.Add("(" + contains(w, f.Q, "name", "code", "address") + orPhone(w, f.Q, "phone_reversed") + ")")
		}
		if items, more, err = sites.page(ctx, u, w, f.Paging); err != nil {
			return err
		}
		return dressSites(ctx, u, items)
	})
	return items, more, err
}

// Site reads one.
func (s *Service) Site(ctx context.Context, id string) (site Site, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		site, err = sites.reached(ctx, u, id)
		return dressOne(ctx, u, err, &site, dressSites)
	})
	return site, err
}

// CreateSite adds one.
func (s *Service) CreateSite(ctx context.Context, in SiteNew) (site Site, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		site, err = AddSite(ctx, u, in)
		return dressOne(ctx, u, err, &site, dressSites)
	})
	return site, err
}

// AddSite adds one within a transaction.
func AddSite(ctx context.Context, u *work.Unit, in SiteNew) (site Site, err error) {
	site.Organisation = in.Organisation
	setText(&site.Name, &in.Name)
	in.apply(&site)
	e := edit(ctx, u)
	e.belongs("organisation", site.Organisation)
	e.site(&site)
	if err := e.done(); err != nil {
		return site, err
	}
	return site, sites.create(ctx, u, &site, nil)
}

// ChangeSite changes what in names; version is the one the caller saw, 0 for whichever is current.
func (s *Service) ChangeSite(ctx context.Context, id string, version int64, in SiteChange) (site Site, err error) {
	err = s.door.Do(ctx, Write, func(ctx context.Context, u *work.Unit) error {
		before, err := sites.changeable(ctx, u, id, version)
		if err != nil {
			return err
		}
		site = before
		setText(&site.Name, in.Name)
		set(&site.Status, in.Status)
		in.apply(&site)
		e := edit(ctx, u)
		e.site(&site)
		if err := e.done(); err != nil {
			return err
		}
		err = sites.save(ctx, u, &before, &site, nil)
		return dressOne(ctx, u, err, &site, dressSites)
	})
	return site, err
}

func (f SiteFields) apply(s *Site) {
	setText(&s.Code, f.Code)
	setText(&s.Kind, f.Kind)
	setText(&s.Address, f.Address)
	setText(&s.Phone, f.Phone)
	setText(&s.Geo, f.Geo)
	setText(&s.Zone, f.Zone)
	setText(&s.Note, f.Note)
	s.reversed = reversed(s.Phone)
}

func (e *editing) site(s *Site) {
	e.line("name", s.Name)
	e.optional("code", s.Code)
	e.optional("kind", s.Kind)
	e.phone("phone", s.Phone)
	e.zone("zone", s.Zone)
	e.status(s.Status)
	if s.Geo != "" && !coordinates(s.Geo) {
		e.fail("geo", "party.geo", nil)
	}
}

// belongs demands an organisation that exists, is in use, and that the actor may change things of.
func (e *editing) belongs(name, organisation string) (Organisation, bool) {
	e.required(name, organisation)
	o, ok := refer(e, organisations, name, organisation, "")
	if ok && e.broken == nil {
		e.broken = e.reach.writes(organisation)
	}
	return o, ok
}

func coordinates(geo string) bool {
	lat, lng, ok := strings.Cut(geo, ",")
	return ok && between(lat, 90) && between(lng, 180)
}

func between(number string, limit float64) bool {
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	return err == nil && f >= -limit && f <= limit
}

func dressSites(ctx context.Context, u *work.Unit, items []Site) error {
	var n naming
	for i := range items {
		n.want(items[i].Organisation, &items[i].OrganisationName)
	}
	return n.fill(ctx, u)
}

// dressOne completes a single entry for its reader, unless reading it failed.
func dressOne[T any](ctx context.Context, u *work.Unit, err error, v *T, dress func(context.Context, *work.Unit, []T) error) error {
	if err != nil {
		return err
	}
	items := []T{*v}
	err = dress(ctx, u, items)
	*v = items[0]
	return err
}
