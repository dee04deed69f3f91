package party

import (
	"context"
	"fmt"
	"slices"
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

// namesAtOnce bounds one query; SQLite takes 32,766 parameters, statements of that size are slow to prepare.
const namesAtOnce = 200

// Names reads the names of entries of any kind by id; unknown ids are left out. It asks for nobody's scope: the
// caller shows only what its reader may see.
func Names(ctx context.Context, tx db.Tx, ids []string) (map[string]string, error) {
	return NamesOf(ctx, tx, ids, allKinds...)
}

// NamesOf is Names for those who know which kinds the ids are of.
func NamesOf(ctx context.Context, tx db.Tx, ids []string, kinds ...string) (map[string]string, error) {
	names := make(map[string]string, len(ids))
	for chunk := range slices.Chunk(given(ids), namesAtOnce) {
		if err := readNames(ctx, tx, chunk, kinds, names); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// given are the ids without doubles and blanks.
func given(ids []string) []string {
	ids = distinct(ids)
	if len(ids) > 0 && ids[0] == "" {
		return ids[1:]
	}
	return ids
}

func readNames(ctx context.Context, tx db.Tx, ids, kinds []string, into map[string]string) error {
	w := db.NewWhere()
	marks := list(w, ids)
	parts := make([]string, len(kinds))
	for i, kind := range kinds {
		parts[i] = "SELECT id, " + named[kind] + " WHERE id IN (" + marks + ")"
	}
	rows, err := tx.Query(ctx, strings.Join(parts, " UNION ALL "), w.Args()...)
	if err != nil {
		return fmt.Errorf("read names: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, name string
		if err := rows.Scan(&id, &name); err != nil {
			return fmt.Errorf("read names: %w", err)
		}
		into[id] = name
	}
	return rows.Err()
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
	for chunk := range slices.Chunk(given(ids), namesAtOnce) {
		w := db.NewWhere()
		w.In("id", chunk)
		rows, err := tx.Query(ctx, "SELECT id, organisation, side FROM party_people WHERE "+w.SQL(), w.Args()...)
		if err != nil {
			return nil, fmt.Errorf("read sides: %w", err)
		}
		if err := scanSides(rows, sides); err != nil {
			return nil, fmt.Errorf("read sides: %w", err)
		}
	}
	return sides, nil
}

func scanSides(rows db.Rows, into map[string]Side) error {
	defer rows.Close()
	for rows.Next() {
		var id string
		var s Side
		if err := rows.Scan(&id, &s.Organisation, &s.Kind); err != nil {
			return err
		}
		into[id] = s
	}
	return rows.Err()
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
