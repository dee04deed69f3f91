package app

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/audit"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/jobs"
	"github.com/steward-ops/steward/internal/platform/work"
)

// background starts what goes on beside the requests, until the context ends.
func (a *App) background(ctx context.Context) error {
	if err := a.DB.Listen(ctx, "live", func(payload string) { a.heard(ctx, payload) }); err != nil {
		return fmt.Errorf("listen for published definitions: %w", err)
	}
	a.running.Go(func() { a.Hub.Run(ctx) })
	if a.Config.TestClock { // with a test clock only a tick moves things
		return nil
	}
	a.running.Go(func() { a.Engine.Pump(ctx) })
	a.running.Go(func() { a.Rosters.Pump(ctx) })
	a.periodic("audit.seal", 10*time.Second, a.sealAll)
	a.periodic("identity.sweep", time.Hour, a.Access.Sweep)
	a.periodic("alerts.tick", 10*time.Second, a.Alerts.Tick)
	a.periodic("files.clean", time.Hour, a.Engine.CleanFiles)
	a.periodic("notify.sweep", time.Minute, a.Courier.Sweep)
	a.periodic("notify.forget", 10*time.Minute, a.Courier.Forget)
	a.periodic("roster.sweep", 24*time.Hour, a.Rosters.Sweep)
	return a.Jobs.Start(ctx)
}

// periodic has one replica do something at an interval.
func (a *App) periodic(name string, interval time.Duration, fn func(context.Context) error) {
	a.Jobs.Register(name, func(ctx context.Context, _ json.RawMessage) error { return fn(ctx) })
	a.Jobs.Periodic(name, interval)
}

// heard takes over definitions, schemes and roles that another replica changed; an empty payload means that some news was missed.
func (a *App) heard(ctx context.Context, payload string) {
	if payload != "" && !strings.Contains(payload, `"`+process.DefinitionsChanged+`"`) {
		return
	}
	a.running.Go(func() {
		if err := a.Engine.Reload(ctx, a.DB); err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "reload definitions", "error", err)
		}
		if err := a.roles.load(ctx, a.DB); err != nil && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "reload roles", "error", err)
		}
	})
}

// sealAll seals what is not sealed yet, batch by batch.
func (a *App) sealAll(ctx context.Context) error {
	ctx = work.WithActor(ctx, audit.Sealer())
	for ctx.Err() == nil {
		s, err := a.Audit.Seal(ctx)
		if err != nil || s.Count == 0 {
			return err
		}
	}
	return nil
}

// manageJobs is the permission to see background jobs and retry dead ones.
const manageJobs work.Perm = "system.jobs"

// JobView is a background job as an administrator sees it; its arguments stay inside.
type JobView struct {
	ID       int64      `json:"id"`
	Kind     string     `json:"kind"`
	State    string     `json:"state"`
	Attempt  int        `json:"attempt"`
	Attempts int        `json:"attempts" doc:"tries at most"`
	Error    string     `json:"error" doc:"of the last try"`
	Created  time.Time  `json:"created_at"`
	Due      time.Time  `json:"due_at"`
	Ended    *time.Time `json:"ended_at"`
}

func viewOf(i jobs.Info) JobView {
	v := JobView{ID: i.ID, Kind: i.Kind, State: string(i.State), Attempt: i.Attempt, Attempts: i.Attempts, Error: i.Error, Created: i.Created, Due: i.Due}
	if !i.Ended.IsZero() {
		v.Ended = &i.Ended
	}
	return v
}

type jobList struct {
	Body struct {
		Items []JobView `json:"items"`
	}
}

// jobRoutes let an administrator see what runs behind and retry what failed.
func (a *App) jobRoutes() {
	a.API.Tag("System", "The program itself.")
	httpapi.Handle(a.API, httpapi.Op{ID: "job-list", Method: "GET", Path: "/api/v1/jobs", Tag: "System", Summary: "Background jobs, newest first", Perm: manageJobs},
		func(ctx context.Context, in *struct {
			State string `query:"state" maxLength:"20" doc:"only those in this state"`
		}) (*jobList, error) {
			f := jobs.Filter{Limit: 200}
			if in.State != "" {
				f.States = []jobs.State{jobs.State(in.State)}
			}
			list, err := a.Jobs.List(ctx, f)
			out := &jobList{}
			out.Body.Items = []JobView{}
			for _, i := range list {
				out.Body.Items = append(out.Body.Items, viewOf(i))
			}
			return out, err
		})
	httpapi.Handle(a.API, httpapi.Op{ID: "job-retry", Method: "POST", Path: "/api/v1/jobs/{id}/retry", Tag: "System", Summary: "Try a dead job again", Perm: manageJobs},
		func(ctx context.Context, in *struct {
			ID int64 `path:"id" minimum:"1"`
		}) (*struct{}, error) {
			return &struct{}{}, a.retryJob(ctx, in.ID)
		})
}

func (a *App) retryJob(ctx context.Context, id int64) error {
	return a.Door.Do(ctx, manageJobs, func(ctx context.Context, u *work.Unit) error {
		if err := a.Jobs.Retry(ctx, u.Tx, id); err != nil {
			return fault.Missing()
		}
		_, err := u.Record(ctx, work.Event{Stream: fmt.Sprintf("job:%d", id), Kind: "job.retried", Subject: "job", Number: fmt.Sprint(id)})
		return err
	})
}
