package party

import (
	"strings"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// reach puts the actor's scope (PLT-09) into the conditions of a query. Everybody of a customer or supplier sees
// their own organisation only; the provider's people see the provider, its suppliers, and the customers they serve.
type reach struct {
	actor *work.Actor
	scope work.Scope
}

func reachOf(a *work.Actor) reach { return reach{actor: a, scope: a.Scope()} }

// organisations limits rows by a column that holds an organisation's id.
func (r reach) organisations(w *db.Where, column string) {
	switch {
	case r.scope.All:
	case r.actor.OrgKind == work.Provider:
		w.Add("(" + column + " IN (SELECT o.id FROM party_organisations o WHERE o.kind <> 'customer') OR " +
			column + " IN (" + list(w, r.scope.Customers) + "))")
	default:
		w.In(column, r.scope.Customers)
	}
}

// people limits rows of party_people, whose side spares the look at their organisation.
func (r reach) people(w *db.Where) {
	switch {
	case r.scope.All:
	case r.actor.OrgKind == work.Provider:
		w.Add("(party_people.side <> 'customer' OR party_people.organisation IN (" + list(w, r.scope.Customers) + "))")
	default:
		w.In("party_people.organisation", r.scope.Customers)
	}
}

// teams limits rows of party_teams: a customer never sees the provider's groups, and restricted staff none that
// serve another customer.
func (r reach) teams(w *db.Where) {
	r.organisations(w, "party_teams.organisation")
	if !r.scope.All && r.actor.OrgKind == work.Provider {
		w.Add("(party_teams.customer = '' OR party_teams.customer IN (" + list(w, r.scope.Customers) + "))")
	}
}

// writes tells whether the actor may change what belongs to an organisation. The provider's own matters and
// suppliers' are for those who serve every customer.
func (r reach) writes(organisation string) error {
	if r.scope.Reaches(organisation) {
		return nil
	}
	return fault.Denied()
}

// contacts tells whether the actor may read a person's phone and e-mail unmasked, and look people up by them.
func (r reach) contacts(organisation string, side work.OrgKind) bool {
	return side != work.Customer || r.actor.May(SeeContact) || r.actor.System
}

// list renders values for an IN inside a larger condition; none renders one that nothing equals.
func list(w *db.Where, values []string) string {
	if len(values) == 0 {
		return "NULL"
	}
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = w.Arg(v)
	}
	return strings.Join(marks, ", ")
}

// contains adds a search for a piece of text in any of the columns, whatever its case.
func contains(w *db.Where, q string, columns ...string) string {
	mark := w.Arg("%" + escape(strings.ToLower(q)) + "%")
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = "lower(" + c + `) LIKE ` + mark + ` ESCAPE '\'`
	}
	return strings.Join(parts, " OR ")
}

func escape(q string) string { return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(q) }
