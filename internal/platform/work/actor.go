package work

import (
	"context"
	"slices"

	"github.com/steward-ops/steward/internal/kernel/text"
)

// Perm names one thing a person may be allowed to do, "area.verb".
type Perm string

// Two permissions that are not granted by roles.
const (
	Public   Perm = "public"    // anybody, also without an account: sign-in, health, first run
	SignedIn Perm = "signed_in" // every actor
)

// OrgKind is the side on which an organisation stands (ORG-01).
type OrgKind string

// The sides.
const (
	Provider OrgKind = "provider" // 供方
	Customer OrgKind = "customer" // 需方
	Supplier OrgKind = "supplier" // 供应商
)

// Grant is one role held within a scope; an empty scope member means "everywhere" (ORG-04).
type Grant struct {
	Role     string `json:"role"`
	Customer string `json:"customer,omitempty"` // organisation id
	Project  string `json:"project,omitempty"`  // record id of the project
	Process  string `json:"process,omitempty"`  // record type

	Perms map[Perm]bool `json:"-"` // what the role allows
}

// Actor is who does something: a person, through a session or token, or a narrow named background actor.
type Actor struct {
	ID       string // person id, or the name of a background actor such as "actor.timer"
	Account  string
	Session  string // session or token id
	Name     string
	Org      string
	OrgKind  OrgKind
	Lang     text.Lang
	Zone     string // IANA time zone
	Grants   []Grant
	Teams    []string      // team ids
	Tiers    []string      // the tier of each of those teams, in the same order: desk, L1, L2, L3, vendor, or ""
	Superior string        // person id (ORG-07)
	Perms    map[Perm]bool // what the roles allow
	Narrow   map[Perm]bool // when set, the most that this session may do (token scopes)
	System   bool          // background actor
}

// May tells whether the actor holds a permission.
func (a *Actor) May(p Perm) bool {
	if p == Public {
		return true
	}
	if a == nil {
		return false
	}
	if a.Narrow != nil && !a.Narrow[p] && p != SignedIn {
		return false
	}
	return p == SignedIn || a.Perms[p]
}

// MayFor tells whether the actor holds a permission for a customer's matters of a record type: through a grant that covers
// them. Being the desk for one customer gives nothing for another.
func (a *Actor) MayFor(p Perm, customer, process string) bool {
	if !a.May(p) {
		return false
	}
	if a.System || p == SignedIn || p == Public {
		return true
	}
	return slices.ContainsFunc(a.Grants, func(g Grant) bool { return g.Perms[p] && g.covers(customer, process) })
}

func (g Grant) covers(customer, process string) bool {
	return (g.Customer == "" || g.Customer == customer) && (g.Process == "" || g.Process == process)
}

// Holds tells whether the actor has a role for a customer and record type.
func (a *Actor) Holds(role, customer, process string) bool {
	return slices.ContainsFunc(a.Grants, func(g Grant) bool {
		return g.Role == role && g.covers(customer, process)
	})
}

// InTeam tells whether the actor is a member of the team.
func (a *Actor) InTeam(team string) bool { return team != "" && slices.Contains(a.Teams, team) }

// Staff tells whether the actor is a person of the provider.
func (a *Actor) Staff() bool { return a.OrgKind == Provider && !a.System }

// Scope is the set of rows an actor can reach at all (PLT-09).
type Scope struct {
	All       bool     // every customer
	Customers []string // only these, when not All
	Own       string   // only rows this person asked for or watches, when set
}

// SeesOrg is the permission of a customer's person to see the whole organisation's records, not only their own.
const SeesOrg Perm = "record.see_organisation"

// Scope of the actor: a customer's person reaches their own organisation (only their own rows unless
// they hold SeesOrg); the provider's person reaches the customers their grants name.
func (a *Actor) Scope() Scope {
	switch {
	case a.System:
		return Scope{All: true}
	case a.OrgKind == Provider:
		return a.staffScope()
	case a.May(SeesOrg):
		return Scope{Customers: []string{a.Org}}
	}
	return Scope{Customers: []string{a.Org}, Own: a.ID}
}

func (a *Actor) staffScope() Scope {
	var customers []string
	for _, g := range a.Grants {
		if g.Customer == "" {
			return Scope{All: true}
		}
		customers = append(customers, g.Customer)
	}
	return Scope{Customers: customers}
}

// Reaches tells whether rows of a customer are within the scope; rows without a customer belong to the provider.
func (s Scope) Reaches(customer string) bool {
	return s.All || slices.Contains(s.Customers, customer)
}

// System makes a narrow background actor that holds just the permissions named.
func System(name string, perms ...Perm) *Actor {
	a := &Actor{ID: "actor." + name, Name: name, System: true, Lang: text.Zh, Zone: "Asia/Shanghai", Perms: map[Perm]bool{}}
	for _, p := range perms {
		a.Perms[p] = true
	}
	return a
}

type actorKey struct{}

// WithActor returns a context in which actor acts.
func WithActor(ctx context.Context, actor *Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// ActorOf is who acts in the context, or nil.
func ActorOf(ctx context.Context) *Actor {
	a, _ := ctx.Value(actorKey{}).(*Actor)
	return a
}
