package record_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
	"github.com/steward-ops/steward/internal/platform/work"
)

var noon = time.Date(2025, 3, 3, 4, 0, 0, 0, time.UTC)

// someRecords are records of every kind, some of them with the same times.
func someRecords(n int) []*record.Record {
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test
	one := func(list ...string) string { return list[rng.IntN(len(list))] }
	hour := func(most int) time.Time { return noon.Add(time.Duration(rng.IntN(most)) * time.Hour) }
	var list []*record.Record
	for i := range n {
		r := &record.Record{ID: fmt.Sprintf("%08d-0000-7000-8000-%012d", rng.IntN(1e8), i), Number: fmt.Sprintf("INC-%05d", i), Type: one("incident", "incident", "request"),
			Workflow: "w", Definition: 1, State: one("new", "busy", "waiting", "closed", "closed"), Customer: one("c1", "c2", "c3", "c4"), Site: one("", "s1", "s2"),
			Service: one("", "v1"), Requester: one("", "p1", "p2", "p3"), Assignee: one("", "e1", "e2", "e3"), Team: one("", "t1", "t2"), Priority: one("high", "low"),
			Turn: one("handler", "team", "requester", "role:desk"), Values: form.Values{}, CreatedBy: "e1", CreatedAt: hour(40), UpdatedAt: hour(60), Version: 1}
		r.Open = r.State != "closed"
		r.Kind = map[string]string{"new": "new", "busy": "active", "waiting": "waiting", "closed": "done"}[r.State]
		r.PriorityRank = map[string]int{"high": 1, "low": 2}[r.Priority]
		if r.Open && rng.IntN(3) > 0 {
			r.Due = hour(30)
		}
		if !r.Open {
			r.Turn = ""
		}
		if rng.IntN(2) == 0 {
			r.Values["category"] = one("a", "b")
		}
		list = append(list, r)
	}
	return list
}

func store(t *testing.T, d *db.DB, list []*record.Record, watched map[string]bool) {
	t.Helper()
	err := d.Write(t.Context(), func(tx db.Tx) error {
		for _, r := range list {
			if err := record.Insert(t.Context(), tx, r); err != nil {
				return err
			}
			if watched[r.ID] {
				if err := record.Watch(t.Context(), tx, r.ID, "p1"); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func staff(customers ...string) *work.Actor {
	a := &work.Actor{ID: "e1", Org: "us", OrgKind: work.Provider}
	for _, c := range customers {
		a.Grants = append(a.Grants, work.Grant{Role: "desk", Customer: c})
	}
	return a
}

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

type wanted struct {
	name   string
	actor  *work.Actor
	filter record.Filter
	fits   func(r *record.Record) bool
}

func wishes(watched map[string]bool) []wanted {
	everybody := staff("")
	incident := func(r *record.Record) bool { return r.Type == "incident" }
	own := &work.Actor{ID: "p1", Org: "c1", OrgKind: work.Customer}
	chief := &work.Actor{ID: "p1", Org: "c1", OrgKind: work.Customer, Perms: map[work.Perm]bool{work.SeesOrg: true}}
	mine := func(r *record.Record) bool { return r.Customer == "c1" && (r.Requester == "p1" || watched[r.ID]) }
	is := func(got string, want ...string) bool { return slices.Contains(want, got) }
	incidents := []string{"incident"}
	turn := &record.Turn{Person: "e1", Teams: []string{"t1", "t2"}, Roles: []string{"desk", "desk"}}
	myTurn := func(r *record.Record) bool {
		return r.Open && (r.Turn == "handler" && r.Assignee == "e1" || r.Turn == "role:desk" || r.Turn == "requester" && r.Requester == "e1" ||
			r.Turn == "team" && (r.Assignee == "e1" || r.Assignee == "" && is(r.Team, "t1", "t2")))
	}
	return []wanted{
		{"all", everybody, record.Filter{}, func(*record.Record) bool { return true }},
		{"a type", everybody, record.Filter{Types: incidents}, incident},
		{"open", everybody, record.Filter{Types: incidents, Open: yes()}, func(r *record.Record) bool { return incident(r) && r.Open }},
		{"closed", everybody, record.Filter{Types: incidents, Open: no()}, func(r *record.Record) bool { return incident(r) && !r.Open }},
		{"a handler", everybody, record.Filter{Assignees: []string{"e1"}, Open: yes()}, func(r *record.Record) bool { return r.Assignee == "e1" && r.Open }},
		{"a handler, closed", everybody, record.Filter{Assignees: []string{"e1"}, Open: no()}, func(r *record.Record) bool { return r.Assignee == "e1" && !r.Open }},
		{"handlers or none", everybody, record.Filter{Assignees: []string{"e1", "", "e1"}, Open: yes()}, func(r *record.Record) bool { return is(r.Assignee, "e1", "") && r.Open }},
		{"two handlers", everybody, record.Filter{Assignees: []string{"e1", "e2"}}, func(r *record.Record) bool { return is(r.Assignee, "e1", "e2") }},
		{"teams", everybody, record.Filter{Teams: []string{"t1", "t2"}, Open: yes()}, func(r *record.Record) bool { return is(r.Team, "t1", "t2") && r.Open }},
		{"no team", everybody, record.Filter{Teams: []string{}, Open: yes()}, func(*record.Record) bool { return false }},
		{"states", everybody, record.Filter{Types: incidents, States: []string{"new", "waiting"}, Open: yes()}, func(r *record.Record) bool { return incident(r) && is(r.State, "new", "waiting") }},
		{"a closed state", everybody, record.Filter{Types: incidents, States: []string{"closed"}, Open: no()}, func(r *record.Record) bool { return incident(r) && !r.Open }},
		{"kinds", everybody, record.Filter{Kinds: []string{"waiting", "done"}}, func(r *record.Record) bool { return is(r.Kind, "waiting", "done") }},
		{"a site", everybody, record.Filter{Sites: []string{"s1"}}, func(r *record.Record) bool { return r.Site == "s1" }},
		{"a site or none", everybody, record.Filter{Sites: []string{"s1", ""}}, func(r *record.Record) bool { return is(r.Site, "s1", "") }},
		{"a service", everybody, record.Filter{Services: []string{"v1"}, Open: yes()}, func(r *record.Record) bool { return r.Service == "v1" && r.Open }},
		{"requesters", everybody, record.Filter{Requesters: []string{"p1", "p2"}}, func(r *record.Record) bool { return is(r.Requester, "p1", "p2") }},
		{"a field", everybody, record.Filter{Types: incidents, Values: map[string][]string{"category": {"a"}}}, func(r *record.Record) bool { return incident(r) && r.Values["category"] == "a" }},
		{"priority and field", everybody, record.Filter{Priorities: []string{"high"}, Values: map[string][]string{"category": {"a", "b"}}},
			func(r *record.Record) bool { return r.Priority == "high" && r.Values["category"] != nil }},
		{"created", everybody, record.Filter{CreatedFrom: noon.Add(5 * time.Hour), CreatedTo: noon.Add(20 * time.Hour)},
			func(r *record.Record) bool {
				return !r.CreatedAt.Before(noon.Add(5*time.Hour)) && r.CreatedAt.Before(noon.Add(20*time.Hour))
			}},
		{"updated, open", everybody, record.Filter{Types: incidents, Open: yes(), UpdatedFrom: noon.Add(9 * time.Hour)}, func(r *record.Record) bool {
			return incident(r) && r.Open && !r.UpdatedAt.Before(noon.Add(9*time.Hour))
		}},
		{"due", everybody, record.Filter{Open: yes(), DueBefore: noon.Add(9 * time.Hour)}, func(r *record.Record) bool { return r.Open && !r.Due.IsZero() && r.Due.Before(noon.Add(9*time.Hour)) }},
		{"watched", own, record.Filter{Watcher: "p1"}, func(r *record.Record) bool { return mine(r) && watched[r.ID] }},
		{"my turn", everybody, record.Filter{Open: yes(), Turn: turn}, myTurn},
		{"my turn of some", staff("c1", "c2"), record.Filter{Types: incidents, Turn: turn}, func(r *record.Record) bool { return myTurn(r) && incident(r) && is(r.Customer, "c1", "c2") }},
		{"a customer", everybody, record.Filter{Customers: []string{"c1"}}, func(r *record.Record) bool { return r.Customer == "c1" }},
		{"customers", everybody, record.Filter{Customers: []string{"c1", "c3"}, Open: yes()}, func(r *record.Record) bool { return is(r.Customer, "c1", "c3") && r.Open }},
		{"some customers' engineer", staff("c2", "c3", "c2"), record.Filter{Types: incidents}, func(r *record.Record) bool { return incident(r) && is(r.Customer, "c2", "c3") }},
		{"out of reach", staff("c2", "c3"), record.Filter{Customers: []string{"c1", "c2"}}, func(r *record.Record) bool { return r.Customer == "c2" }},
		{"no customer's engineer", staff(), record.Filter{Open: yes()}, func(*record.Record) bool { return false }},
		{"own", own, record.Filter{Types: incidents}, func(r *record.Record) bool { return incident(r) && mine(r) }},
		{"own, open", own, record.Filter{Open: yes()}, func(r *record.Record) bool { return mine(r) && r.Open }},
		{"own of others", own, record.Filter{Requesters: []string{"p2"}}, func(r *record.Record) bool { return mine(r) && r.Requester == "p2" }},
		{"own organisation", chief, record.Filter{}, func(r *record.Record) bool { return r.Customer == "c1" }},
	}
}

// before tells whether a stands before b in an order.
func before(sort string) func(a, b *record.Record) int {
	due := func(r *record.Record) int64 {
		switch {
		case !r.Open:
			return record.NoDue + 1
		case r.Due.IsZero():
			return record.NoDue
		}
		return clock.Millis(r.Due)
	}
	name, down := strings.CutPrefix(sort, "-")
	key := map[string]func(a, b *record.Record) int{
		"due": func(a, b *record.Record) int { return cmp.Compare(due(a), due(b)) },
		"priority": func(a, b *record.Record) int {
			open := func(r *record.Record) int { return map[bool]int{true: 0, false: 1}[r.Open] }
			return cmp.Or(open(a)-open(b), a.PriorityRank-b.PriorityRank, cmp.Compare(due(a), due(b)))
		},
		"created_at": func(a, b *record.Record) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"updated_at": func(a, b *record.Record) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
		"number":     func(a, b *record.Record) int { return strings.Compare(a.Number, b.Number) },
	}[name]
	return func(a, b *record.Record) int {
		n := cmp.Or(key(a, b), strings.Compare(a.ID, b.ID))
		if down {
			return -n
		}
		return n
	}
}

// TestListsAreWhole reads lists page by page, with every filter in every order, and wants what going through all records gives.
func TestListsAreWhole(t *testing.T) {
	list := someRecords(300)
	watched := map[string]bool{}
	for _, r := range list[:60] {
		watched[r.ID] = true
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		store(t, d, list, watched)
		for _, w := range wishes(watched) {
			for _, sort := range record.Sorts {
				var want []*record.Record
				for _, r := range list {
					if w.fits(r) {
						want = append(want, r)
					}
				}
				slices.SortFunc(want, before(sort.Name))
				if got := pages(t, d, w, sort); !slices.Equal(got, numbers(want)) {
					t.Fatalf("%s by %s: %v, want %v", w.name, sort.Name, got, numbers(want))
				}
				if n := count(t, d, w); n != min(len(want), 40) {
					t.Fatalf("%s: counted %d, want %d", w.name, n, min(len(want), 40))
				}
			}
		}
	}, dbtest.Migrations(record.Migrations))
}

func numbers(list []*record.Record) []string {
	all := []string{}
	for _, r := range list {
		all = append(all, r.Number)
	}
	return all
}

func pages(t *testing.T, d *db.DB, w wanted, sort record.Sort) []string {
	t.Helper()
	got := []string{}
	var after *record.Place
	for range 100 {
		var page []*record.Record
		err := d.Read(t.Context(), func(tx db.Tx) (err error) {
			page, err = record.List(context.Background(), tx, w.actor, w.filter, sort, after, 17)
			return err
		})
		if err != nil {
			t.Fatalf("%s by %s: %v", w.name, sort.Name, err)
		}
		got = append(got, numbers(page)...)
		if len(page) < 17 {
			return got
		}
		place := sort.PlaceOf(page[len(page)-1])
		after = &place
	}
	t.Fatalf("%s by %s does not end", w.name, sort.Name)
	return nil
}

func count(t *testing.T, d *db.DB, w wanted) (n int) {
	t.Helper()
	err := d.Read(t.Context(), func(tx db.Tx) (err error) {
		n, err = record.Count(context.Background(), tx, w.actor, w.filter, 40)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", w.name, err)
	}
	return n
}
