package party

import (
	"context"
	"fmt"
	"strings"

	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// The kinds of entries that have a name.
const (
	KindPerson       = "person"
	KindOrganisation = "organisation"
	KindSite         = "site"
	KindDepartment   = "department"
	KindTeam         = "team"
	KindService      = "service"
)

// named is, for each kind, what is read to name it. Organisations go by their short name where they have one.
var named = map[string]string{
	KindPerson:       "name FROM party_people",
	KindOrganisation: "CASE WHEN short_name <> '' THEN short_name ELSE name END FROM party_organisations",
	KindSite:         "name FROM party_sites",
	KindDepartment:   "name FROM party_departments",
	KindTeam:         "name FROM party_teams",
	KindService:      "name FROM party_services",
}

// allKinds in a fixed order, so that the text of the query is always the same.
var allKinds = []string{KindPerson, KindOrganisation, KindSite, KindTeam, KindService, KindDepartment}

// Names reads the names of entries of any kind by id; unknown ids are left out. It asks for nobody's scope: the
// caller shows only what its reader may see.
func Names(ctx context.Context, tx db.Tx, ids []string) (map[string]string, error) {
	return NamesOf(ctx, tx, ids, allKinds...)
}

// NamesOf is Names for those who know which kinds the ids are of.
func NamesOf(ctx context.Context, tx db.Tx, ids []string, kinds ...string) (map[string]string, error) {
	wanted := make(map[string][]string, len(kinds))
	for _, kind := range kinds {
		wanted[kind] = ids
	}
	return NamesByKind(ctx, tx, wanted)
}

// NamesByKind is Names for those who know of which kind each id is.
func NamesByKind(ctx context.Context, tx db.Tx, wanted map[string][]string) (map[string]string, error) {
	names := map[string]string{}
	w := db.NewWhere()
	var parts []string
	for _, kind := range allKinds {
		if ids := given(wanted[kind]); len(ids) > 0 {
			parts = append(parts, "SELECT id, "+named[kind]+" WHERE "+db.Among(tx, w, "id", ids))
		}
	}
	if len(parts) == 0 {
		return names, nil
	}
	rows, err := tx.Query(ctx, strings.Join(parts, " UNION ALL "), w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, fmt.Errorf("read names: %w", err)
		}
		names[id] = name
	}
	return names, rows.Err()
}

// given are the ids without doubles and blanks.
func given(ids []string) []string {
	ids = distinct(ids)
	if len(ids) > 0 && ids[0] == "" {
		return ids[1:]
	}
	return ids
}

// Side is the organisation somebody is of, and where that stands.
type Side struct {
	Organisation string
	Kind         work.OrgKind
}

// Foreign tells whether somebody is of a customer, but not of the one named ("" = whichever).
func (s Side) Foreign(customer string) bool {
	return s.Kind == work.Customer && (customer == "" || s.Organisation != customer)
}

// SidesOf says where people stand; who is no person in the directory is left out.
func SidesOf(ctx context.Context, tx db.Tx, ids []string) (map[string]Side, error) {
	sides := make(map[string]Side, len(ids))
	w := db.NewWhere()
	rows, err := tx.Query(ctx, "SELECT id, organisation, side FROM party_people WHERE "+db.Among(tx, w, "id", given(ids)), w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read sides: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var s Side
		if err := rows.Scan(&id, &s.Organisation, &s.Kind); err != nil {
			return nil, fmt.Errorf("read sides: %w", err)
		}
		sides[id] = s
	}
	return sides, rows.Err()
}

// naming gathers which ids of a page need a name, and fills them in with one query.
type naming struct {
	ids     []string
	targets []*string
}

func (n *naming) want(id string, to *string) {
	if id != "" {
		n.ids, n.targets = append(n.ids, id), append(n.targets, to)
	}
}

func (n *naming) fill(ctx context.Context, tx db.Tx) error {
	if len(n.ids) == 0 {
		return nil
	}
	names, err := Names(ctx, tx, n.ids)
	if err != nil {
		return err
	}
	for i, id := range n.ids {
		*n.targets[i] = names[id]
	}
	return nil
}

// Ref is an entry by id and name.
type Ref struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// refsOf makes room for the named items of one owner and asks for their names.
func (n *naming) refsOf(items []string) []Ref {
	refs := make([]Ref, len(items))
	for i, id := range items {
		refs[i].ID = id
		n.want(id, &refs[i].Name)
	}
	return refs
}
