package identity

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Role is a named set of permissions (ORG-04). A grant gives it to a person, with a scope.
type Role struct {
	Code    string      `json:"code"`
	Version int64       `json:"version"`
	Label   text.Label  `json:"label"`
	Side    string      `json:"side" doc:"provider or customer: whose people can hold it"`
	Perms   []work.Perm `json:"perms" nullable:"false"`
	Builtin bool        `json:"builtin"`
	Edited  bool        `json:"edited" doc:"a built-in role that was changed and no longer follows new releases"`
	People  int         `json:"people" doc:"how many people hold it"`
}

// RoleNew is what a new role is made from.
type RoleNew struct {
	Code  string   `json:"code" maxLength:"40"`
	Zh    string   `json:"zh" maxLength:"60"`
	En    string   `json:"en" maxLength:"60"`
	Side  string   `json:"side" enum:"provider,customer"`
	Perms []string `json:"perms" nullable:"false" maxItems:"500"`
}

// RoleChange changes what it names.
type RoleChange struct {
	Zh    *string   `json:"zh,omitempty" maxLength:"60"`
	En    *string   `json:"en,omitempty" maxLength:"60"`
	Perms *[]string `json:"perms,omitempty" maxItems:"500"`
}

// PermView is a permission as the role editor shows it.
type PermView struct {
	Code      work.Perm  `json:"code"`
	Label     text.Label `json:"label"`
	Customers bool       `json:"customers" doc:"a customer's role can hold it"`
}

const roleColumns = `r.code, r.version, r.zh, r.en, r.side, r.perms, r.builtin, r.edited,
	(SELECT COUNT(DISTINCT g.person) FROM identity_grants g WHERE g.role = r.code) FROM identity_roles r`

func scanRole(r db.Row) (v Role, err error) {
	v.Perms = []work.Perm{}
	err = r.Scan(&v.Code, &v.Version, &v.Label.Zh, &v.Label.En, &v.Side, db.ScanJSON(&v.Perms), &v.Builtin, &v.Edited, &v.People)
	return v, err
}

func readRole(ctx context.Context, tx db.Tx, code string) (Role, error) {
	r, err := db.One(ctx, tx, scanRole, "SELECT "+roleColumns+" WHERE r.code = $1", code)
	if err != nil {
		return r, fmt.Errorf("read role: %w", err)
	}
	return r, nil
}

// Roles lists all roles, built-in ones first.
func (s *Service) Roles(ctx context.Context) (roles []Role, err error) {
	err = s.door.Read(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		roles, err = db.All(ctx, u, scanRole, "SELECT "+roleColumns+" ORDER BY r.builtin DESC, r.created_at, r.code")
		return err
	})
	return roles, err
}

// Role reads one.
func (s *Service) Role(ctx context.Context, code string) (r Role, err error) {
	err = s.door.Read(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		r, err = readRole(ctx, u, code)
		return err
	})
	return r, err
}

// Perms lists the permissions that roles can hold.
func (s *Service) Perms(ctx context.Context) (views []PermView, err error) {
	err = s.door.Read(ctx, Manage, func(context.Context, *work.Unit) error {
		views = []PermView{}
		for code, info := range KnownPerms() {
			views = append(views, PermView{Code: code, Label: info.Label, Customers: info.Customers})
		}
		slices.SortFunc(views, func(a, b PermView) int { return strings.Compare(string(a.Code), string(b.Code)) })
		return nil
	})
	return views, err
}

var roleForm = regexp.MustCompile(`^[a-z][a-z0-9_]{1,39}$`)

// CreateRole adds a role.
func (s *Service) CreateRole(ctx context.Context, in RoleNew) (r Role, err error) {
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if !u.Actor.Scope().All {
			return fault.Denied()
		}
		if !roleForm.MatchString(in.Code) {
			return fault.One("code", "identity.role_form", nil)
		}
		r = Role{Code: in.Code, Version: 1, Label: text.Label{Zh: strings.TrimSpace(in.Zh), En: strings.TrimSpace(in.En)}, Side: in.Side, Perms: permsOf(in.Perms)}
		if err := r.check(); err != nil {
			return err
		}
		n, err := insertRole(ctx, u, r)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.One("code", "field.unique", text.Params{"label": labelOf("code")})
		}
		return record(ctx, u, "role."+r.Code, "role.created", "role", r.Code, map[string]any{"label": r.Label, "side": r.Side, "perms": r.Perms})
	})
	return r, err
}

func insertRole(ctx context.Context, u *work.Unit, r Role) (int64, error) {
	return exec(ctx, u, "add role", `INSERT INTO identity_roles (code, version, created_at, updated_at, zh, en, side, perms, builtin, edited)
		VALUES ($1, 1, $2, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (code) DO NOTHING`,
		r.Code, clock.Millis(u.Now()), r.Label.Zh, r.Label.En, r.Side, db.JSON(r.Perms), r.Builtin, r.Edited)
}

func permsOf(codes []string) []work.Perm {
	list := make([]work.Perm, len(codes))
	for i, c := range codes {
		list[i] = work.Perm(c)
	}
	return join(list)
}

// check demands labels in both languages and permissions that this role can hold.
func (r Role) check() error {
	switch {
	case !r.Label.Complete():
		return required("label")
	case r.Side != forProvider && r.Side != forCustomer:
		return fault.One("side", "field.choice", text.Params{"label": labelOf("side")})
	}
	known := KnownPerms()
	for _, p := range r.Perms {
		info, ok := known[p]
		switch {
		case !ok:
			return fault.One("perms", "identity.perm_unknown", text.Params{"perm": string(p)})
		case r.Side == forCustomer && !info.Customers:
			return fault.One("perms", "identity.perm_side", text.Params{"perm": string(p)})
		}
	}
	if r.Code == Administrator && (!slices.Contains(r.Perms, Manage) || slices.Contains(r.Perms, ReadSecret)) {
		return fault.One("perms", "identity.perm_admin", nil)
	}
	return nil
}

// ChangeRole changes a role, built-in ones too; whoever holds it has the new permissions with the next request.
func (s *Service) ChangeRole(ctx context.Context, code string, version int64, in RoleChange) (r Role, err error) {
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if !u.Actor.Scope().All {
			return fault.Denied()
		}
		before, err := readRole(ctx, u, code)
		if err != nil {
			return err
		}
		if version != 0 && version != before.Version {
			return staleAt(before.Version)
		}
		r = in.apply(before)
		if err := r.check(); err != nil {
			return err
		}
		return updateRole(ctx, u, before, r)
	})
	return r, err
}

func (c RoleChange) apply(r Role) Role {
	set(&r.Label.Zh, c.Zh)
	set(&r.Label.En, c.En)
	r.Label = text.Label{Zh: strings.TrimSpace(r.Label.Zh), En: strings.TrimSpace(r.Label.En)}
	if c.Perms != nil {
		r.Perms = permsOf(*c.Perms)
	}
	r.Version, r.Edited = r.Version+1, r.Builtin
	return r
}

func updateRole(ctx context.Context, u *work.Unit, before, r Role) error {
	n, err := exec(ctx, u, "change role", `UPDATE identity_roles SET version = $1, updated_at = $2, zh = $3, en = $4, perms = $5, edited = $6
		WHERE code = $7 AND version = $8`, r.Version, clock.Millis(u.Now()), r.Label.Zh, r.Label.En, db.JSON(r.Perms), r.Edited, r.Code, before.Version)
	if err != nil {
		return err
	}
	if n == 0 {
		return staleAt(before.Version)
	}
	if err := raiseRole(ctx, u, r.Code); err != nil {
		return err
	}
	return record(ctx, u, "role."+r.Code, "role.changed", "role", r.Code, map[string]any{
		"label": []text.Label{before.Label, r.Label}, "perms": [][]work.Perm{before.Perms, r.Perms},
	})
}

// raiseRole is raisePeople for everybody who holds a role.
func raiseRole(ctx context.Context, u *work.Unit, code string) error {
	holders, err := db.All(ctx, u, db.Scan[string], "SELECT DISTINCT person FROM identity_grants WHERE role = $1", code)
	if err != nil {
		return fmt.Errorf("read holders of role: %w", err)
	}
	if len(holders) == 0 {
		return nil
	}
	return raisePeople(ctx, u, true, holders...)
}

// DeleteRole removes a role that nobody holds and that is not built in.
func (s *Service) DeleteRole(ctx context.Context, code string) error {
	return s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if !u.Actor.Scope().All {
			return fault.Denied()
		}
		r, err := readRole(ctx, u, code)
		switch {
		case err != nil:
			return err
		case r.Builtin:
			return fault.New(fault.Conflict, "identity.role_builtin", nil)
		case r.People > 0:
			return fault.New(fault.Conflict, "identity.role_used", text.Params{"count": r.People})
		}
		if _, err := exec(ctx, u, "delete role", "DELETE FROM identity_roles WHERE code = $1", code); err != nil {
			return err
		}
		return record(ctx, u, "role."+code, "role.deleted", "role", code, map[string]any{"perms": r.Perms})
	})
}

// Seed puts the built-in roles in and lets those nobody edited follow this release. Run at every start.
func (s *Service) Seed(ctx context.Context) error {
	return s.door.Do(work.WithActor(ctx, seedActor), seeding, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded() // unless something follows
		if err := db.Lock(ctx, u, "identity.seed"); err != nil {
			return err
		}
		return seed(ctx, u)
	})
}

func seed(ctx context.Context, u *work.Unit) error {
	for _, r := range builtin {
		if err := r.check(); err != nil {
			return fmt.Errorf("built-in role %s: %w", r.Code, err)
		}
		n, err := insertRole(ctx, u, r)
		if err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		before, err := readRole(ctx, u, r.Code)
		if err != nil {
			return err
		}
		if before.Edited || slices.Equal(before.Perms, r.Perms) && before.Label == r.Label {
			continue
		}
		r.Version = before.Version + 1
		if err := updateRole(ctx, u, before, r); err != nil {
			return err
		}
	}
	return nil
}

// RoleLabels are the names of all roles by code, built-in and custom.
func RoleLabels(ctx context.Context, tx db.Tx) (map[string]text.Label, error) {
	labels := map[string]text.Label{}
	for _, r := range builtin {
		labels[r.Code] = r.Label
	}
	rows, err := tx.Query(ctx, "SELECT code, zh, en FROM identity_roles")
	if err != nil {
		return nil, fmt.Errorf("read role names: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var code string
		var label text.Label
		if err := rows.Scan(&code, &label.Zh, &label.En); err != nil {
			return nil, fmt.Errorf("read role names: %w", err)
		}
		labels[code] = label
	}
	return labels, rows.Err()
}
