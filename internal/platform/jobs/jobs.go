// Package jobs runs work in the background, at least once: River over the same database, so that a job is enqueued
// by the very transaction that wants it.
package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
)

// Config says how jobs are run.
type Config struct {
	Workers  int                                              // jobs at a time, 8 when 0
	Clock    clock.Clock                                      // decides when a job is due; the machine's clock when nil
	Log      *slog.Logger                                     // slog.Default when nil
	Attempts int                                              // tries before a job is dead, 12 (about 16 hours) when 0
	Backoff  func(attempt int) time.Duration                  // pause after the nth failure; grows to 6 hours when nil
	Observe  func(kind string, took time.Duration, err error) // told of every run; may be nil
}

// Func does a job. An error or a panic has it tried again later; it must bear being run twice.
type Func func(ctx context.Context, args json.RawMessage) error

// Queue takes jobs and runs them.
type Queue struct {
	db  *db.DB
	cfg Config

	mu       sync.Mutex
	kinds    map[string]*kind
	periodic []*river.PeriodicJob
	started  runner // nil until Start

	admin runner // lists and retries, runs nothing
}

// kind is one sort of job.
type kind struct {
	run     Func
	timeout time.Duration
	observe func(kind string, took time.Duration, err error)
}

// Option changes how jobs of a kind are run.
type Option func(*kind)

// Timeout lets a kind run for longer than two minutes.
func Timeout(d time.Duration) Option { return func(k *kind) { k.timeout = d } }

const (
	defaultTimeout = 2 * time.Minute
	// A job whose process was killed is given to another after this time (on SQLite at the next start).
	rescueAfter = 3 * time.Minute
)

// New makes the queue; nothing runs before Start.
func New(database *db.DB, cfg Config) (*Queue, error) {
	if cfg.Workers == 0 {
		cfg.Workers = 8
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.System()
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Attempts == 0 {
		cfg.Attempts = 12
	}
	if cfg.Backoff == nil {
		cfg.Backoff = backoff
	}
	q := &Queue{db: database, cfg: cfg, kinds: map[string]*kind{}}
	var err error
	if q.admin, err = q.client(&river.Config{Logger: cfg.Log, Test: q.time()}); err != nil {
		return nil, fmt.Errorf("open job queue: %w", err)
	}
	return q, nil
}

// pollInterval is how often River looks for jobs by itself. On SQLite that is all it does: its stand-in for LISTEN reads
// twenty times a second, which alone would cost 1.5 % of a core.
const pollInterval = 250 * time.Millisecond

// cooldown is the shortest pause between two fetches of jobs.
const cooldown = 10 * time.Millisecond

// backoff is 1 s, 16 s, 81 s … up to 6 hours, spread by a tenth so that what failed together does not return together.
func backoff(attempt int) time.Duration {
	d := min(time.Duration(attempt*attempt*attempt*attempt)*time.Second, 6*time.Hour)
	return d + time.Duration(rand.Float64()*float64(d)/10) //nolint:gosec // no secret
}

// Register says how jobs of a kind are done; before Start.
func (q *Queue) Register(name string, run Func, options ...Option) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.started != nil {
		panic("jobs: registered after the start: " + name)
	}
	if _, twice := q.kinds[name]; twice {
		panic("jobs: registered twice: " + name)
	}
	k := &kind{run: run, timeout: defaultTimeout, observe: q.cfg.Observe}
	for _, option := range options {
		option(k)
	}
	q.kinds[name] = k
}

// Periodic enqueues a job of a registered kind at an interval, on one replica, skipping a turn while one is still waiting.
func (q *Queue) Periodic(name string, interval time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.periodic = append(q.periodic, river.NewPeriodicJob(river.PeriodicInterval(interval),
		func() (river.JobArgs, *river.InsertOpts) {
			return envelope{kind: name}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByQueue: true, ByState: waiting}}
		}, &river.PeriodicJobOpts{ID: name, RunOnStart: true}))
}

// Start begins to run jobs, until Stop or until ctx ends.
func (q *Queue) Start(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.started != nil {
		return errors.New("the job queue was started twice")
	}
	workers := river.NewWorkers()
	for name, k := range q.kinds {
		river.AddWorkerArgs(workers, envelope{kind: name}, &worker{kind: k})
	}
	cfg := &river.Config{
		Logger:                      q.cfg.Log,
		MaxAttempts:                 q.cfg.Attempts,
		Workers:                     workers,
		PeriodicJobs:                q.periodic,
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: q.cfg.Workers}},
		RetryPolicy:                 policy{q.cfg},
		FetchCooldown:               cooldown,
		FetchPollInterval:           pollInterval,
		PollOnly:                    q.db.Dialect() == db.SQLite,
		JobTimeout:                  defaultTimeout,
		RescueStuckJobsAfter:        rescueAfter,
		CompletedJobRetentionPeriod: time.Hour,
		DiscardedJobRetentionPeriod: 90 * 24 * time.Hour,
		Test:                        q.time(),
	}
	if cfg.Test.Time != nil {
		cfg.FetchPollInterval = 50 * time.Millisecond         // a jump of the clock notifies nobody
		cfg.RescueStuckJobsAfter = 100 * 365 * 24 * time.Hour // which would take a running job for one that began long ago
	}
	c, err := q.client(cfg)
	if err != nil {
		return fmt.Errorf("start job queue: %w", err)
	}
	if err := q.adopt(ctx); err != nil {
		return fmt.Errorf("start job queue: %w", err)
	}
	if err := c.Start(ctx); err != nil {
		return fmt.Errorf("start job queue: %w", err)
	}
	q.started = c
	return nil
}

// adopt takes up what a killed process left behind. On SQLite there is no other process that could be at it;
// on PostgreSQL River finds out after rescueAfter.
func (q *Queue) adopt(ctx context.Context) error {
	pool, ok := q.db.Driver().(*sql.DB)
	if !ok {
		return nil
	}
	_, err := pool.ExecContext(ctx, "UPDATE river_job SET state = 'available' WHERE state = 'running'")
	return err
}

// Stop takes no more jobs and waits for those that run; when ctx ends first they are cancelled, to be tried again.
func (q *Queue) Stop(ctx context.Context) error {
	q.mu.Lock()
	c := q.started
	q.mu.Unlock()
	if c == nil {
		return nil
	}
	err := c.Stop(ctx)
	if err == nil || ctx.Err() == nil {
		return err
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return c.StopAndCancel(hard)
}

// envelope is how a job's arguments are stored.
type envelope struct {
	kind string
	Args json.RawMessage `json:"args,omitempty"`
}

func (e envelope) Kind() string { return e.kind }

// known refuses a job that nobody would do; before the start not all may be registered.
func (q *Queue) known(name string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.started != nil && q.kinds[name] == nil {
		return fmt.Errorf("enqueue %s: no such kind of job", name)
	}
	return nil
}

// worker runs the jobs of one kind.
type worker struct {
	river.WorkerDefaults[envelope]
	kind *kind
}

func (w *worker) Work(ctx context.Context, job *river.Job[envelope]) (err error) {
	if w.kind.observe != nil {
		took := clock.Stopwatch()
		err = errors.New("panic") // unless the run comes to its end
		defer func() { w.kind.observe(job.Kind, took(), err) }()
	}
	err = w.kind.run(ctx, job.Args.Args)
	return err
}

func (w *worker) Timeout(*river.Job[envelope]) time.Duration { return w.kind.timeout }

type policy struct{ cfg Config }

func (p policy) NextRetry(job *rivertype.JobRow) time.Time {
	return p.cfg.Clock.Now().Add(p.cfg.Backoff(len(job.Errors) + 1))
}

// time gives River the clock where it is one that can be set; else River and the database keep their own.
func (q *Queue) time() river.TestConfig {
	if manual, ok := q.cfg.Clock.(*clock.Manual); ok {
		return river.TestConfig{Time: generator{manual}}
	}
	return river.TestConfig{}
}

type generator struct{ clock *clock.Manual }

func (g generator) Now() time.Time { return g.clock.Now() }

func (g generator) NowOrNil() *time.Time {
	now := g.clock.Now()
	return &now
}

// runner is a River client, whichever database is behind it.
type runner interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	JobList(ctx context.Context, params *river.JobListParams) (*river.JobListResult, error)
	retryTx(ctx context.Context, tx any, id int64) (*rivertype.JobRow, error)
}

// client is River's client for transactions of type T.
type client[T any] struct{ *river.Client[T] }

func (c client[T]) retryTx(ctx context.Context, tx any, id int64) (*rivertype.JobRow, error) {
	return c.JobRetryTx(ctx, tx.(T), id)
}

func (q *Queue) client(cfg *river.Config) (runner, error) {
	switch pool := q.db.Driver().(type) {
	case *pgxpool.Pool:
		c, err := river.NewClient(riverpgxv5.New(pool), cfg)
		return client[pgx.Tx]{c}, err
	case *sql.DB:
		c, err := river.NewClient(riversqlite.New(pool), cfg)
		return client[*sql.Tx]{c}, err
	}
	return nil, errors.New("no such database")
}
