package app

import (
	"context"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// ClockInput sets the clock of the program.
type ClockInput struct {
	Now     time.Time `json:"now"`
	Running bool      `json:"running,omitempty" doc:"let the clock go on from there; otherwise it stands"`
}

// TickResult is how many timers fired.
type TickResult struct {
	Fired int       `json:"fired"`
	Now   time.Time `json:"now"`
}

// testRoutes let tests live through a day in seconds. They exist only with --test-clock, on loopback.
func (a *App) testRoutes() {
	manual, ok := a.Clock.(*clock.Manual)
	if !ok {
		return
	}
	httpapi.Handle(a.API, httpapi.Op{ID: "test-clock", Method: "PUT", Path: "/api/test/clock", Summary: "Set the clock", Perm: work.Public, Hidden: true, Rate: httpapi.Unlimited},
		func(_ context.Context, in *struct{ Body ClockInput }) (*struct{ Body TickResult }, error) {
			if in.Body.Running {
				manual.Run(in.Body.Now)
			} else {
				manual.Set(in.Body.Now)
			}
			return &struct{ Body TickResult }{TickResult{Now: manual.Now()}}, nil
		})
	httpapi.Handle(a.API, httpapi.Op{ID: "test-tick", Method: "POST", Path: "/api/test/tick", Summary: "Fire what is due", Perm: work.Public, Hidden: true, Rate: httpapi.Unlimited},
		func(ctx context.Context, _ *struct{}) (*struct{ Body TickResult }, error) {
			fired, err := a.Engine.Tick(ctx)
			if err == nil {
				var more int
				more, err = a.Rosters.Tick(ctx)
				fired += more
			}
			if err == nil {
				err = a.Alerts.Tick(ctx)
			}
			if err == nil { // last: it carries what the others send
				_, err = a.Courier.Tick(ctx)
			}
			return &struct{ Body TickResult }{TickResult{Fired: fired, Now: manual.Now()}}, err
		})
}
