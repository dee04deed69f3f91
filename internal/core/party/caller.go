package party

import (
	"context"
	"fmt"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Caller is somebody, or a place, that a phone number may belong to.
type Caller struct {
	Match        string        `json:"match" doc:"exact, or tail: one number ends with the other"`
	Person       *Person       `json:"person"` // null when the number is a site's or the organisation's
	Organisation *Organisation `json:"organisation"`
	Site         *Ref          `json:"site"`     // whose number it is
	Sites        []Site        `json:"sites"`    // where the person is at home, else all of the customer's
	Services     []Product     `json:"services"` // in use there
}

const (
	minDigits  = 3  // an extension
	minTail    = 7  // fewer digits are alike by chance
	mostHits   = 10 // of one number; more says nothing
	mostPlaces = 50 // sites and services shown with a hit
)

// FindCaller finds who calls from a number: exact matches, or else those of which the one number ends with the other
// (exchanges add a 0 or a 9, displays drop the area code). People who left are not among them.
func FindCaller(ctx context.Context, u *work.Unit, phone string) ([]Caller, error) {
	number := reversed(phone)
	if len(number) < minDigits {
		return nil, fault.One("phone", "party.caller_too_short", text.Params{"label": labelOf("phone")})
	}
	for _, match := range []string{"exact", "tail"} {
		if match == "tail" && len(number) < minTail {
			break
		}
		found, err := callers(ctx, u, number, match)
		if err != nil || len(found) > 0 {
			return found, err
		}
	}
	return []Caller{}, nil
}

// Callers is FindCaller for the service desk.
func (s *Service) Callers(ctx context.Context, phone string) (found []Caller, err error) {
	err = s.door.Read(ctx, UseCalls, func(ctx context.Context, u *work.Unit) error {
		found, err = FindCaller(ctx, u, phone)
		return err
	})
	return found, err
}

func callers(ctx context.Context, u *work.Unit, number, match string) ([]Caller, error) {
	persons, err := hits(ctx, u, people, number, match, "phone_reversed", "phone2_reversed")
	if err != nil {
		return nil, err
	}
	if err := dressPeople(ctx, u, persons); err != nil {
		return nil, err
	}
	var found []Caller
	for i := range persons {
		found = append(found, Caller{Match: match, Person: &persons[i]})
	}
	if len(found) == 0 {
		if found, err = placesCalling(ctx, u, number, match); err != nil {
			return nil, err
		}
	}
	for i := range found {
		if err := found[i].complete(ctx, u); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// placesCalling looks among the numbers of sites and organisations.
func placesCalling(ctx context.Context, u *work.Unit, number, match string) (found []Caller, err error) {
	at, err := hits(ctx, u, sites, number, match, "phone_reversed")
	if err != nil {
		return nil, err
	}
	for _, s := range at {
		found = append(found, Caller{Match: match, Site: &Ref{ID: s.ID, Name: s.Name}, Organisation: &Organisation{Head: Head{ID: s.Organisation}}})
	}
	if len(found) > 0 {
		return found, nil
	}
	orgs, err := hits(ctx, u, organisations, number, match, "phone_reversed")
	for _, o := range orgs {
		found = append(found, Caller{Match: match, Organisation: &Organisation{Head: Head{ID: o.ID}}})
	}
	return found, err
}

// hits are the active entries one of whose numbers matches.
func hits[T any](ctx context.Context, u *work.Unit, t *table[T], number, match string, columns ...string) ([]T, error) {
	w := db.NewWhere()
	t.scope(reachOf(u.Actor), w)
	w.Eq("status", Active)
	condition := ""
	for _, column := range columns {
		if condition != "" {
			condition += " OR "
		}
		condition += numberIs(w, column, number, match)
	}
	w.Add("(" + condition + ")")
	sql := fmt.Sprintf("SELECT %s FROM %s WHERE %s%s LIMIT %d", t.selected(), t.name, w.SQL(), t.order(), mostHits)
	found, err := db.All(ctx, u, t.scan, sql, w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("find caller among %s: %w", t.subject, err)
	}
	return found, nil
}

// numberIs compares reversed digits: a common tail is a common beginning there, which the index answers. The letter
// stands after every digit in any collation.
func numberIs(w *db.Where, column, number, match string) string {
	if match == "exact" {
		return column + " = " + w.Arg(number)
	}
	longer := column + " >= " + w.Arg(number) + " AND " + column + " < " + w.Arg(number+"z")
	var shorter []string
	for n := minTail; n < len(number); n++ {
		shorter = append(shorter, number[:n])
	}
	return "(" + longer + ") OR " + column + " IN (" + list(w, shorter) + ")"
}

// complete adds organisation, sites and services.
func (c *Caller) complete(ctx context.Context, u *work.Unit) error {
	id := ""
	if c.Person != nil {
		id = c.Person.Organisation
	} else {
		id = c.Organisation.ID
	}
	o, err := organisations.reached(ctx, u, id)
	if err != nil {
		return err
	}
	o.dress(u.Actor)
	c.Organisation = &o
	if err := c.readSites(ctx, u); err != nil {
		return err
	}
	return c.readServices(ctx, u)
}

func (c *Caller) readSites(ctx context.Context, u *work.Unit) (err error) {
	w := db.NewWhere()
	w.Eq("organisation", c.Organisation.ID)
	w.Eq("status", Active)
	switch {
	case c.Site != nil:
		w.Eq("id", c.Site.ID)
	case c.Person != nil && len(c.Person.Sites) > 0:
		w.In("id", idsOf(c.Person.Sites))
	}
	c.Sites, _, err = sites.page(ctx, u, w, Paging{Limit: mostPlaces})
	return err
}

func (c *Caller) readServices(ctx context.Context, u *work.Unit) (err error) {
	f := ProductFilter{Customer: c.Organisation.ID, Status: Active}
	if len(c.Sites) == 1 {
		f.Site = c.Sites[0].ID
	}
	c.Services, _, err = products.page(ctx, u, f.where(reachOf(u.Actor)), Paging{Limit: mostPlaces})
	if err != nil {
		return err
	}
	return dressProducts(ctx, u, c.Services)
}

func idsOf(refs []Ref) []string {
	ids := make([]string, len(refs))
	for i, r := range refs {
		ids[i] = r.ID
	}
	return ids
}
