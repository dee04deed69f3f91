package roster

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// RosterNew is what a roster is made from.
type RosterNew struct {
	Team string `json:"team" minLength:"1" maxLength:"40"`
	Name string `json:"name" minLength:"1" maxLength:"100"`
	Body Body   `json:"body"`
}

// RosterChange changes what it names. A retired roster puts nobody on duty any more.
type RosterChange struct {
	Name   *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Status *string `json:"status,omitempty" enum:"active,retired"`
	Body   *Body   `json:"body,omitempty"`
}

// Filter narrows a list of rosters.
type Filter struct {
	Team, Status string
}

const columns = "id, version, status, team, name, body, changed, published, published_at, published_by, created_at, updated_at"

func scan(row db.Row) (r Roster, err error) {
	var published, created, updated int64
	var by string
	err = row.Scan(&r.ID, &r.Version, &r.Status, &r.Team.ID, &r.Name, db.ScanJSON(&r.Body), &r.Changed, &r.Published, &published, &by, &created, &updated)
	r.Body, r.People = r.Body.complete(), []Member{}
	r.CreatedAt, r.UpdatedAt = clock.FromMillis(created), clock.FromMillis(updated)
	if r.Published > 0 {
		at := clock.FromMillis(published)
		r.PublishedAt, r.PublishedBy = &at, &party.Ref{ID: by}
	}
	return r, err
}

// reached reads a roster whose team the actor can reach; any other looks absent.
func reached(ctx context.Context, u *work.Unit, roster string) (Roster, error) {
	r, err := db.One(ctx, u, scan, "SELECT "+columns+" FROM rosters WHERE id = $1", roster)
	if err != nil {
		return r, err
	}
	return r, r.reach(ctx, u)
}

// reach names the team, and is not_found when the actor cannot see it.
func (r *Roster) reach(ctx context.Context, u *work.Unit) (err error) {
	if _, _, err = party.Refer(ctx, u, u.Actor, "team", r.Team.ID); err != nil {
		return err
	}
	team, err := party.LoadTeam(ctx, u, r.Team.ID)
	if err != nil {
		return err
	}
	r.Team.Name, r.customer = team.Name, team.Customer
	r.MayManage = mayManage(u.Actor, team.Customer)
	return nil
}

// manageable reads a roster that the actor may arrange; version is the one the caller saw, 0 for whichever is current.
func manageable(ctx context.Context, u *work.Unit, roster string, version int64) (Roster, error) {
	r, err := reached(ctx, u, roster)
	if err != nil {
		return r, err
	}
	if !r.MayManage {
		return r, fault.Denied()
	}
	if version != 0 && version != r.Version {
		return r, &fault.Error{Kind: fault.Stale, Code: "stale", Data: map[string]any{"version": r.Version}}
	}
	return r, nil
}

// dress fills in names and phones.
func (r *Roster) dress(ctx context.Context, u *work.Unit) error {
	members, err := membersOf(ctx, u, r.Body.people())
	if err != nil {
		return err
	}
	r.People = []Member{}
	for _, id := range r.Body.people() {
		if m, ok := members[id]; ok {
			r.People = append(r.People, m)
		}
	}
	if r.PublishedBy == nil {
		return nil
	}
	names, err := party.NamesOf(ctx, u, []string{r.PublishedBy.ID}, party.KindPerson)
	r.PublishedBy.Name = names[r.PublishedBy.ID]
	return err
}

// membersOf reads people as rosters show them.
func membersOf(ctx context.Context, tx db.Tx, ids []string) (map[string]Member, error) {
	w := db.NewWhere()
	w.In("id", ids)
	list, err := db.All(ctx, tx, func(row db.Row) (m Member, err error) {
		var email string
		err = row.Scan(&m.ID, &m.Name, &m.Phone, &email)
		m.Reachable = m.Phone != "" || email != ""
		return m, err
	}, "SELECT id, name, CASE WHEN phone <> '' THEN phone ELSE phone2 END, email FROM party_people WHERE "+w.SQL(), w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read members of roster: %w", err)
	}
	members := map[string]Member{}
	for _, m := range list {
		members[m.ID] = m
	}
	return members, nil
}

type place struct {
	Name string `json:"n"`
	ID   string `json:"i"`
}

// List reads the rosters of the teams the actor can reach, by name.
func (s *Service) List(ctx context.Context, f Filter, cursor *place, limit int) (items []Roster, next *place, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		w := db.NewWhere()
		if f.Team != "" {
			w.Eq("team", f.Team)
		}
		if f.Status != "" {
			w.Eq("status", f.Status)
		}
		if cursor != nil {
			w.Add("(name, id) > (?, ?)", cursor.Name, cursor.ID)
		}
		// teams out of reach are few; what is left out here shortens the page, no more
		list, err := db.All(ctx, u, scan, "SELECT "+columns+" FROM rosters WHERE "+w.SQL()+" ORDER BY name, id LIMIT "+w.Arg(limit+1), w.Args()...)
		if err != nil {
			return fmt.Errorf("list rosters: %w", err)
		}
		if len(list) > limit {
			list = list[:limit]
			next = &place{list[limit-1].Name, list[limit-1].ID}
		}
		for _, r := range list {
			if err := r.reach(ctx, u); fault.Is(err, fault.NotFound) {
				continue
			} else if err != nil {
				return err
			}
			if err := r.dress(ctx, u); err != nil {
				return err
			}
			items = append(items, r)
		}
		return nil
	})
	return items, next, err
}

// Roster reads one.
func (s *Service) Roster(ctx context.Context, roster string) (r Roster, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		if r, err = reached(ctx, u, roster); err != nil {
			return err
		}
		return r.dress(ctx, u)
	})
	return r, err
}

// Create makes a roster for a team, not published yet.
func (s *Service) Create(ctx context.Context, in RosterNew) (r Roster, err error) {
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		name := strings.TrimSpace(in.Name)
		if name == "" {
			return fault.One("name", "field.required", text.Params{"label": text.Label{Zh: "名称", En: "the name"}})
		}
		r = Roster{ID: id.New(), Version: 1, Status: Active, Team: party.Ref{ID: in.Team}, Name: name, Body: in.Body.complete(),
			Changed: true, CreatedAt: u.Now(), UpdatedAt: u.Now(), People: []Member{}}
		if err := r.reach(ctx, u); fault.Is(err, fault.NotFound) {
			return fault.One("team", "field.missing", text.Params{"label": text.Label{Zh: "处理组", En: "Team"}})
		} else if err != nil {
			return err
		}
		if !r.MayManage {
			return fault.Denied()
		}
		if err := r.Body.check(ctx, u); err != nil {
			return err
		}
		now := clock.Millis(u.Now())
		_, err := u.Exec(ctx, "INSERT INTO rosters ("+columns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
			r.ID, r.Version, r.Status, r.Team.ID, r.Name, db.JSON(r.Body), r.Changed, 0, int64(0), "", now, now)
		if err != nil {
			return fmt.Errorf("insert roster: %w", err)
		}
		if err := changed(ctx, u, "roster.created", r, map[string]any{"team": r.Team.ID, "name": r.Name}); err != nil {
			return err
		}
		return r.dress(ctx, u)
	})
	return r, err
}

// Change changes what in names; who is on duty changes only when it is published, or when the roster is retired.
func (s *Service) Change(ctx context.Context, roster string, version int64, in RosterChange) (r Roster, err error) {
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if r, err = manageable(ctx, u, roster, version); err != nil {
			return err
		}
		data := map[string]any{}
		if in.Name != nil {
			name := strings.TrimSpace(*in.Name)
			if name == "" {
				return fault.One("name", "field.required", text.Params{"label": text.Label{Zh: "名称", En: "the name"}})
			}
			r.Name, data["name"] = name, name
		}
		if in.Status != nil {
			r.Status, data["status"] = *in.Status, *in.Status
		}
		if in.Body != nil {
			r.Body, r.Changed = in.Body.complete(), true
			if err := r.Body.check(ctx, u); err != nil {
				return err
			}
			data["body"] = r.Body
		}
		if err := r.save(ctx, u); err != nil {
			return err
		}
		if err := changed(ctx, u, "roster.changed", r, data); err != nil {
			return err
		}
		if in.Status != nil {
			if err := s.plan(ctx, u, r.ID); err != nil {
				return err
			}
		}
		return r.dress(ctx, u)
	})
	return r, err
}

// save stores the roster unless somebody else has changed it meanwhile.
func (r *Roster) save(ctx context.Context, u *work.Unit) error {
	seen := r.Version
	r.Version, r.UpdatedAt = seen+1, u.Now()
	var at time.Time
	by := ""
	if r.PublishedAt != nil {
		at, by = *r.PublishedAt, r.PublishedBy.ID
	}
	rows, err := u.Exec(ctx, `UPDATE rosters SET version = $3, status = $4, name = $5, body = $6, changed = $7, published = $8, published_at = $9,
		published_by = $10, updated_at = $11 WHERE id = $1 AND version = $2`,
		r.ID, seen, r.Version, r.Status, r.Name, db.JSON(r.Body), r.Changed, r.Published, clock.Millis(at), by, clock.Millis(u.Now()))
	if err != nil {
		return fmt.Errorf("update roster: %w", err)
	}
	if rows == 0 {
		return &fault.Error{Kind: fault.Stale, Code: "stale", Data: map[string]any{"version": seen}}
	}
	return nil
}

func activeRosters(ctx context.Context, tx db.Tx) ([]string, error) {
	ids, err := db.All(ctx, tx, db.Scan[string], "SELECT id FROM rosters WHERE status = $1 AND published > 0 ORDER BY id", Active)
	if err != nil {
		return nil, fmt.Errorf("read rosters in use: %w", err)
	}
	return ids, nil
}

// stillActive tells whether a roster puts people on duty.
func stillActive(ctx context.Context, tx db.Tx, roster string) (bool, error) {
	return db.Exists(ctx, tx, "SELECT 1 FROM rosters WHERE id = $1 AND status = $2 AND published > 0", roster, Active)
}
