package process

import (
	"context"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/platform/db"
)

// Duty knows who is on duty; engine/roster does. Without it a team gets its records and decides by itself.
type Duty interface {
	// OnDuty are the people on duty for a team at an instant, first who is to be called first; none where no roster says.
	OnDuty(ctx context.Context, tx db.Tx, team string, at time.Time) ([]string, error)
}

// handToDuty gives a record that came to a team, and to nobody in it, to whom its roster has on duty: the customer's
// dedicated engineer if they are, else who has the least in hand (C-19, DUT-08).
func (c *change) handToDuty(ctx context.Context) error {
	if c.s.duty == nil || c.rec.Team == "" || c.rec.Assignee != "" {
		return nil
	}
	people, err := c.s.duty.OnDuty(ctx, c.u.Tx, c.rec.Team, c.u.Now())
	if err != nil || len(people) == 0 {
		return err
	}
	dedicated, err := party.DedicatedFor(ctx, c.u.Tx, c.rec.Customer, c.rec.Service, c.rec.Site)
	if err != nil {
		return err
	}
	if slices.Contains(people, dedicated) {
		c.rec.Assignee = dedicated
		return nil
	}
	load, err := record.OpenByAssignee(ctx, c.u.Tx, people)
	if err != nil {
		return err
	}
	slices.SortStableFunc(people, func(a, b string) int { return load[a] - load[b] })
	c.rec.Assignee = people[0]
	return nil
}
