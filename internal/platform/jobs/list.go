package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
)

// State is where a job stands.
type State string

// The states. Dead is a job that has failed for the last time and waits for a person.
const (
	Waiting State = "waiting" // as soon as there is a worker
	Later   State = "later"   // not before its time
	Running State = "running"
	Failing State = "failing" // will be tried again
	Dead    State = "dead"
	Done    State = "done"
)

var states = map[State][]rivertype.JobState{
	Waiting: {rivertype.JobStateAvailable, rivertype.JobStatePending},
	Later:   {rivertype.JobStateScheduled},
	Running: {rivertype.JobStateRunning},
	Failing: {rivertype.JobStateRetryable},
	Dead:    {rivertype.JobStateDiscarded, rivertype.JobStateCancelled},
	Done:    {rivertype.JobStateCompleted},
}

// Info is what a person may know of a job.
type Info struct {
	ID       int64
	Kind     string
	State    State
	Args     json.RawMessage
	Attempt  int
	Attempts int    // at most
	Error    string // the last one
	Created  time.Time
	Due      time.Time // of the next attempt
	Ended    time.Time // zero while it is not over
}

// Filter chooses jobs to list.
type Filter struct {
	States []State // all when empty
	Kinds  []string
	Before int64 // ids below; 0 = from the newest
	Limit  int   // 50 when 0
}

// List is the jobs that the filter chooses, the newest first.
func (q *Queue) List(ctx context.Context, f Filter) ([]Info, error) {
	if f.Limit == 0 {
		f.Limit = 50
	}
	params := river.NewJobListParams().First(f.Limit).OrderBy(river.JobListOrderByID, river.SortOrderDesc)
	var wanted []rivertype.JobState
	for _, s := range f.States {
		wanted = append(wanted, states[s]...)
	}
	if len(wanted) > 0 {
		params = params.States(wanted...)
	}
	if len(f.Kinds) > 0 {
		params = params.Kinds(f.Kinds...)
	}
	if f.Before > 0 {
		params = params.Where("id < @before", river.NamedArgs{"before": f.Before})
	}
	found, err := q.admin.JobList(ctx, params)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	list := make([]Info, len(found.Jobs))
	for i, row := range found.Jobs {
		list[i] = info(row)
	}
	return list, nil
}

// Retry has a job tried again at once, a dead one too.
func (q *Queue) Retry(ctx context.Context, tx db.Tx, id int64) error {
	_, err := q.admin.retryTx(context.WithoutCancel(ctx), tx.Driver(), id)
	if errors.Is(err, rivertype.ErrNotFound) {
		return fault.Missing()
	}
	if err != nil {
		return fmt.Errorf("retry job: %w", err)
	}
	return nil
}

func info(row *rivertype.JobRow) Info {
	var e envelope
	_ = json.Unmarshal(row.EncodedArgs, &e) // shown as far as it can be read
	i := Info{ID: row.ID, Kind: row.Kind, Args: e.Args, Attempt: row.Attempt, Attempts: row.MaxAttempts, Created: row.CreatedAt, Due: row.ScheduledAt}
	for state, rivers := range states {
		for _, r := range rivers {
			if r == row.State {
				i.State = state
			}
		}
	}
	if n := len(row.Errors); n > 0 {
		i.Error = row.Errors[n-1].Error
	}
	if row.FinalizedAt != nil {
		i.Ended = *row.FinalizedAt
	}
	return i
}

// Settle waits until nothing that is due by the clock remains to be run; for --test-clock and tests, where the clock
// jumps and River would look only after some seconds.
func (q *Queue) Settle(ctx context.Context) error {
	for {
		list, err := q.List(ctx, Filter{States: []State{Waiting, Later, Running, Failing}, Limit: 1000})
		if err != nil {
			return err
		}
		now, open := q.cfg.Clock.Now(), false
		for _, job := range list {
			if job.State != Running && job.Due.After(now) {
				continue
			}
			open = true
			if job.State == Later || job.State == Failing {
				if err := q.db.Write(ctx, func(tx db.Tx) error { return q.Retry(ctx, tx, job.ID) }); err != nil {
					return err
				}
			}
		}
		if !open {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}
