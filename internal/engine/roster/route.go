package roster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/platform/db"
)

// How work is shared out within a group when nobody in particular is on duty.
const (
	LeastLoaded = "least_loaded" // whoever has the fewest open records
	RoundRobin  = "round_robin"  // whoever has waited longest for a new one
)

// Asked is what is to be given to somebody: for a team, at an instant, for a customer's service at a site ("" = whichever).
type Asked struct {
	Team, Customer, Service, Site string
	At                            time.Time
	Share                         string // LeastLoaded or RoundRobin; "" = when nobody is on duty, nobody in particular
}

// Choice is who gets it, and by which rule.
type Choice struct {
	Person string
	Rule   string // dedicated, duty, group; "" = nobody in particular
}

// Choose follows the order of C-19: the dedicated engineer if on duty, else the person on duty, else the group (DUT-08).
// Where the team has several people on duty the dedicated one among them comes first.
func Choose(ctx context.Context, tx db.Tx, a Asked) (Choice, error) {
	onDuty, err := OnDuty(ctx, tx, a.Team, a.At)
	if err != nil {
		return Choice{}, err
	}
	if a.Customer != "" {
		dedicated, err := party.DedicatedFor(ctx, tx, a.Customer, a.Service, a.Site)
		if err != nil {
			return Choice{}, err
		}
		if dedicated != "" && slices.Contains(onDuty, dedicated) {
			return Choice{dedicated, "dedicated"}, nil
		}
	}
	members, err := party.TeamMembers(ctx, tx, a.Team)
	if err != nil {
		return Choice{}, err
	}
	for _, p := range onDuty { // only members can be given the team's work
		if slices.Contains(members, p) {
			return Choice{p, "duty"}, nil
		}
	}
	if a.Share == "" {
		return Choice{}, nil
	}
	return chooseInGroup(ctx, tx, members, a)
}

// chooseInGroup shares work out among those of a group who are not away.
func chooseInGroup(ctx context.Context, tx db.Tx, members []string, a Asked) (Choice, error) {
	var here []string
	for _, m := range members {
		away, err := Away(ctx, tx, m, a.At, a.At.Add(instantly))
		if err != nil {
			return Choice{}, err
		}
		if !away {
			here = append(here, m)
		}
	}
	if len(here) == 0 {
		return Choice{}, nil
	}
	loads, err := loadsOf(ctx, tx, here)
	if err != nil {
		return Choice{}, err
	}
	best := slices.MinFunc(here, func(x, y string) int {
		lx, ly := loads[x], loads[y]
		if a.Share != RoundRobin && lx.open != ly.open {
			return int(lx.open - ly.open)
		}
		return int(min(max(lx.latest-ly.latest, -1), 1))
	})
	return Choice{best, "group"}, nil
}

// load is what somebody has to do: open records, and when the latest of those they last had to do with was made.
type load struct{ open, latest int64 }

func loadsOf(ctx context.Context, tx db.Tx, people []string) (map[string]load, error) {
	loads := map[string]load{}
	for _, person := range people {
		var l load
		err := tx.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM records WHERE assignee_id = $1 AND open),
			COALESCE((SELECT MAX(r.created_at) FROM (SELECT created_at FROM records WHERE assignee_id = $1 AND assignee_id <> '' ORDER BY updated_at DESC LIMIT 20) r), 0)`,
			person).Scan(&l.open, &l.latest)
		if err != nil {
			return nil, fmt.Errorf("read load: %w", err)
		}
		loads[person] = l
	}
	return loads, nil
}
