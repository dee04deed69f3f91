package notify

import (
	"context"
	"fmt"
	"slices"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// route is a channel as far as choosing it goes.
type route struct {
	id, kind, name string
	customers      bool
	levels         []Level
}

// routes are which channels there are and who wants what.
type routes struct {
	all    []route // enabled, in the administrator's order
	sides  map[string]party.Side
	wishes map[string]wishes
}

// routesFor reads what decides how people are told. Where no channel is set up, that is one small query.
func routesFor(ctx context.Context, tx db.Tx, people []string) (r routes, err error) {
	r.all, err = db.All(ctx, tx, func(row db.Row) (c route, err error) {
		err = row.Scan(&c.id, &c.kind, &c.name, &c.customers, db.ScanJSON(&c.levels))
		return c, err
	}, "SELECT id, kind, name, customers, levels FROM notify_channels WHERE enabled = TRUE AND removed = FALSE ORDER BY position, name, id")
	if err != nil {
		return r, fmt.Errorf("read channels: %w", err)
	}
	if len(r.all) == 0 {
		return r, nil
	}
	if r.sides, err = party.SidesOf(ctx, tx, people); err != nil {
		return r, err
	}
	r.wishes, err = readWishes(ctx, tx, people)
	return r, err
}

// person reads one of the people.
func (r routes) person(ctx context.Context, tx db.Tx, id string) (party.Person, error) {
	p, err := party.LoadPerson(ctx, tx, id)
	if missing(err) { // an account of no person, such as a background actor, is reached by nothing
		return party.Person{}, nil
	}
	return p, err
}

// open are the channels that may tell a person at all: what is not marked for customers serves the provider's people.
func (r routes) open(person string) []route {
	side, known := r.sides[person]
	if !known {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.all), func(c route) bool { return side.Kind != work.Provider && !c.customers })
}

// order is the channels to be tried for a person and level: their own choice, else the defaults.
func (r routes) order(person string, level Level) []string {
	open := r.open(person)
	var out []string
	if own, chosen := r.wishes[person].Levels[level]; chosen {
		for _, id := range own {
			if slices.ContainsFunc(open, func(c route) bool { return c.id == id }) {
				out = append(out, id)
			}
		}
		return out
	}
	for _, c := range open {
		if slices.Contains(c.levels, level) {
			out = append(out, c.id)
		}
	}
	return out
}

// Reachable tells which people a notice of a level would reach beyond the application: a channel is theirs for it, and has
// the address that it needs. A roster asks before it counts on somebody (DUT).
func Reachable(ctx context.Context, tx db.Tx, people []string, level Level) (map[string]bool, error) {
	out := map[string]bool{}
	routes, err := routesFor(ctx, tx, people)
	if err != nil || len(routes.all) == 0 {
		return out, err
	}
	for _, id := range people {
		order := routes.order(id, level)
		if len(order) == 0 {
			continue
		}
		person, err := routes.person(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		out[id] = person.LeftAt == nil && slices.ContainsFunc(order, func(channel string) bool { return routes.reaches(channel, recipientOf(person)) })
	}
	return out, nil
}

func (r routes) reaches(id string, to channel.Recipient) bool {
	i := slices.IndexFunc(r.all, func(c route) bool { return c.id == id })
	driver, known := driverOf(r.all[i].kind)
	return known && driver.Reaches(to)
}

// post puts one notice onto one channel, as part of a batch or, where none is named, alone. A notice never goes onto a
// channel twice. It tells the batch.
func post(ctx context.Context, u *work.Unit, t told, onto, batch string, digest bool) (string, error) {
	own, now := id.New(), clock.Millis(u.Now())
	if batch == "" {
		batch = own
	}
	err := u.Queue(ctx, `INSERT INTO notify_deliveries (id, batch, notice_id, person_id, channel, level, digest, state, code, answer, attempts, created_at, next_at, claimed_until, sent_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', '', '', 0, $8, $8, 0, 0) ON CONFLICT DO NOTHING`,
		own, batch, t.notice, t.person, onto, string(t.level), digest, now)
	if err != nil {
		return "", fmt.Errorf("store delivery: %w", err)
	}
	return batch, enqueue(ctx, u, batch, t.level, u.Now())
}
