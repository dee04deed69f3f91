package party

import (
	"context"
	"fmt"
	"strings"

	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// SuperiorOf is the id of a person's superior, "" at the top (ORG-07).
func SuperiorOf(ctx context.Context, tx db.Tx, person string) (string, error) {
	superior, err := db.One(ctx, tx, db.Scan[string], "SELECT superior FROM party_people WHERE id = $1", person)
	if err != nil {
		return "", fmt.Errorf("read superior: %w", err)
	}
	return superior, nil
}

// Superiors is the reporting line above a person, nearest first: group leader, supervisor, head, leader in charge.
// Who has left is passed over.
func Superiors(ctx context.Context, tx db.Tx, person string) ([]Person, error) {
	ids, err := chainOf(ctx, tx, "party_people", "superior", person)
	if err != nil {
		return nil, err
	}
	var line []Person
	for _, id := range ids {
		p, err := LoadPerson(ctx, tx, id)
		if err != nil {
			return nil, fmt.Errorf("read superior: %w", err)
		}
		if p.Status == Active {
			line = append(line, p)
		}
	}
	return line, nil
}

// Superiors of a person, as far as the actor can reach.
func (s *Service) Superiors(ctx context.Context, id string) (line []Person, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		if _, err := people.reached(ctx, u, id); err != nil {
			return err
		}
		if line, err = Superiors(ctx, u, id); err != nil {
			return err
		}
		return dressPeople(ctx, u, line)
	})
	return line, err
}

// HeadOf is the id of the head of a person's department, or of the nearest department above that has one; "" when
// there is none.
func HeadOf(ctx context.Context, tx db.Tx, person string) (string, error) {
	department, err := db.One(ctx, tx, db.Scan[string], "SELECT department FROM party_people WHERE id = $1", person)
	if err != nil || department == "" {
		return "", err
	}
	above, err := chainOf(ctx, tx, "party_departments", "parent", department)
	if err != nil {
		return "", err
	}
	for _, id := range append([]string{department}, above...) {
		head, err := db.One(ctx, tx, db.Scan[string], "SELECT head FROM party_departments WHERE id = $1", id)
		if err != nil {
			return "", fmt.Errorf("read head of department: %w", err)
		}
		if head != "" && head != person {
			return head, nil
		}
	}
	return "", nil
}

// ContactsWith are the ids of a customer's active people who hold any of the contact roles; with a site given, those
// of that site when there are any, else all of the customer.
func ContactsWith(ctx context.Context, tx db.Tx, customer, site string, roles ...string) ([]string, error) {
	w := db.NewWhere()
	w.Eq("p.organisation", customer)
	w.Eq("p.status", Active)
	w.In("r.item", roles)
	at := "0"
	if site != "" {
		at = "(SELECT COUNT(*) FROM party_person_sites s WHERE s.person = p.id AND s.item = " + w.Arg(site) + ")"
	}
	type found struct {
		id string
		at int64
	}
	rows, err := db.All(ctx, tx, func(r db.Row) (f found, err error) {
		err = r.Scan(&f.id, &f.at)
		return f, err
	}, "SELECT DISTINCT p.id, "+at+" FROM party_people p JOIN party_person_roles r ON r.person = p.id WHERE "+
		w.SQL()+" ORDER BY p.id", w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read contacts: %w", err)
	}
	var here, all []string
	for _, f := range rows {
		all = append(all, f.id)
		if f.at > 0 {
			here = append(here, f.id)
		}
	}
	if len(here) > 0 {
		return here, nil
	}
	return all, nil
}

// Option is one choice for a field that refers to an entry.
type Option struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Hint  string `json:"hint"`
}

// OptionKinds are what a field can refer to: see Options.
var OptionKinds = []string{"person", "staff", "contact", "organisation", "customer", "supplier", "site", "team", "service", "department"}

// optionQueries say, for each kind, which table is searched, which of its rows count, what is hinted, and which
// column holds the customer.
var optionQueries = map[string]struct{ table, rows, hint, owner string }{
	"person":       {"party_people", "status = 'active'", "position", "organisation"},
	"staff":        {"party_people", "status = 'active' AND side = 'provider'", "position", ""},
	"contact":      {"party_people", "status = 'active' AND side = 'customer'", "position", "organisation"},
	"organisation": {"party_organisations", "status = 'active'", "code", ""},
	"customer":     {"party_organisations", "status = 'active' AND kind = 'customer'", "code", ""},
	"supplier":     {"party_organisations", "status = 'active' AND kind = 'supplier'", "code", ""},
	"site":         {"party_sites", "status = 'active'", "address", "organisation"},
	"team":         {"party_teams", "status = 'active'", "code", ""},
	"service":      {"party_services", "status = 'active'", "kind", "customer"},
	"department":   {"party_departments", "status = 'active'", "code", "organisation"},
}

// Options searches what a field of kind `to` may refer to, within the actor's reach; customer narrows to what is
// that customer's where the kind has such a thing.
func Options(ctx context.Context, tx db.Tx, a *work.Actor, to, q, customer string, limit int) ([]Option, error) {
	kind, ok := optionQueries[to]
	if !ok {
		return nil, fmt.Errorf("party: no options of kind %q", to)
	}
	w := db.NewWhere()
	scopeOf(kind.table, reachOf(a), w)
	w.Add(kind.rows)
	if kind.owner != "" {
		equals(w, kind.owner, customer)
	}
	if q = strings.TrimSpace(q); q != "" {
		w.Add("(" + contains(w, q, searched(kind.table)...) + ")")
	}
	sql := fmt.Sprintf("SELECT id, name, %s FROM %s WHERE %s ORDER BY name, id LIMIT %d", kind.hint, kind.table, w.SQL(), min(max(limit, 1), maxLimit))
	return db.All(ctx, tx, func(r db.Row) (o Option, err error) {
		err = r.Scan(&o.ID, &o.Label, &o.Hint)
		return o, err
	}, sql, w.Args()...)
}

// Refer demands that id is an entry of kind `to` (see Options) in the actor's reach, in use or not, and returns its
// name and the customer it belongs to ("" = the provider's); else it is fault NotFound.
func Refer(ctx context.Context, tx db.Tx, a *work.Actor, to, id string) (name, customer string, err error) {
	kind, ok := optionQueries[to]
	if !ok {
		return "", "", fmt.Errorf("party: no options of kind %q", to)
	}
	w := db.NewWhere()
	scopeOf(kind.table, reachOf(a), w)
	w.Eq(kind.table+".id", id)
	w.Add(strings.Replace(kind.rows, "status = 'active'", "status <> ''", 1))
	owner := kind.table + "." + owners[kind.table]
	err = tx.QueryRow(ctx, "SELECT name, COALESCE((SELECT o.id FROM party_organisations o WHERE o.id = "+owner+" AND o.kind = 'customer'), '')"+
		" FROM "+kind.table+" WHERE "+w.SQL(), w.Args()...).Scan(&name, &customer)
	return name, customer, err
}

var owners = map[string]string{
	"party_people": "organisation", "party_organisations": "id", "party_sites": "organisation",
	"party_teams": "organisation", "party_services": "customer", "party_departments": "organisation",
}

func searched(table string) []string {
	switch table {
	case "party_people":
		return []string{"name", "english_name", "employee_number"}
	case "party_organisations":
		return []string{"name", "short_name", "code"}
	case "party_sites":
		return []string{"name", "code", "address"}
	}
	return []string{"name", "code"}
}

func scopeOf(table string, r reach, w *db.Where) {
	switch table {
	case "party_people":
		r.people(w)
	case "party_teams":
		r.teams(w)
	default:
		r.organisations(w, table+"."+owners[table])
	}
}
