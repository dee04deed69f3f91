package duty

import (
	"context"
	"errors"
	"slices"

	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/engine/roster"
)

func checkShare(e definition.Effect, _ *definition.Type) error {
	if !slices.Contains([]string{"", roster.LeastLoaded, roster.RoundRobin}, e.Word("share")) {
		return errors.New("share: least_loaded, round_robin, or nothing")
	}
	return nil
}

// assignOnDuty gives a record that has a team and no handler to the dedicated engineer if on duty, else to the person on
// duty, else, where the definition says how to share, to one of the team (DUT-08, C-19).
func assignOnDuty(ctx context.Context, e process.Effecting) error {
	r := e.Record
	if r.Team == "" || r.Assignee != "" {
		return nil
	}
	choice, err := roster.Choose(ctx, e.Unit, roster.Asked{Team: r.Team, Customer: r.Customer, Service: r.Service, Site: r.Site,
		At: e.Unit.Now(), Share: e.Effect.Word("share")})
	if err == nil {
		r.Assignee = choice.Person
	}
	return err
}
