package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/riverqueue/river/rivertype"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// River's own insert costs more than a whole record (it parses its statement anew, wraps rows in JSON and reads all
// columns back), so the row is written here, in the form that River's schema of Migrations wants. Times are text on SQLite.
const (
	insertSQLite = `INSERT INTO river_job (args, created_at, kind, max_attempts, priority, scheduled_at, state, unique_key, unique_states)
VALUES (jsonb($1), coalesce($2, datetime('now', 'subsec')), $3, $4, $5, coalesce($6, datetime('now', 'subsec')), $7, $8, $9)`
	insertPostgres = `INSERT INTO river_job (args, created_at, kind, max_attempts, priority, scheduled_at, state, unique_key, unique_states)
VALUES ($1::jsonb, coalesce($2::text::timestamp AT TIME ZONE 'UTC', now()), $3, $4, $5, coalesce($6::text::timestamp AT TIME ZONE 'UTC', now()),
	$7::text::river_job_state, $8, $9::integer::bit(8))`
	forwardSQLite   = ` ON CONFLICT DO UPDATE SET scheduled_at = min(scheduled_at, excluded.scheduled_at)`
	forwardPostgres = ` ON CONFLICT (unique_key) WHERE unique_key IS NOT NULL AND unique_states IS NOT NULL AND river_job_state_in_bitmask(unique_states, state)
DO UPDATE SET scheduled_at = least(river_job.scheduled_at, excluded.scheduled_at)`
	returning = ` RETURNING CAST(state AS TEXT)`

	timeForm = "2006-01-02 15:04:05.000"
)

// waiting are the states in which a job keeps others like it out. River insists on running, see Insert.
var waiting = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
}

// waitingBits is waiting in the form of the column unique_states.
const waitingBits = 0b1111_0001

var _ work.Queue = (*Queue)(nil)

// Insert adds a job in the transaction that wants it. One like it that waits is brought forward instead, if it is
// to be unique; but one that runs may have read what this transaction is about to change, so another is put behind it.
func (q *Queue) Insert(ctx context.Context, tx db.Tx, job work.Job) error {
	if err := q.known(job.Kind); err != nil {
		return err
	}
	if job.Unique == "" {
		_, err := q.put(ctx, tx, job, nil)
		return err
	}
	for behind := range 3 {
		key := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d", job.Kind, job.Unique, behind))
		state, err := q.put(ctx, tx, job, key[:])
		if err != nil || state != string(rivertype.JobStateRunning) {
			return err
		}
	}
	_, err := q.put(ctx, tx, job, nil) // three are running: rather one too many than one too few
	return err
}

// put writes the row, or answers the state of the one that is there.
func (q *Queue) put(ctx context.Context, tx db.Tx, job work.Job, key []byte) (state string, err error) {
	defer db.Uncounted(tx)()
	args, err := json.Marshal(job.Args)
	if err != nil {
		return "", fmt.Errorf("enqueue %s: %w", job.Kind, err)
	}
	sql, forward := insertSQLite, forwardSQLite
	if tx.Dialect() == db.Postgres {
		sql, forward = insertPostgres, forwardPostgres
	}
	var bits, created, due any
	if key != nil {
		bits = waitingBits
		sql += forward
	}
	if _, manual := q.cfg.Clock.(*clock.Manual); manual {
		created, due = tx.Now().UTC().Format(timeForm), tx.Now().UTC().Format(timeForm)
	}
	state = string(rivertype.JobStateAvailable)
	if job.At.After(tx.Now()) {
		state, due = string(rivertype.JobStateScheduled), job.At.UTC().Format(timeForm)
	}
	now := state == string(rivertype.JobStateAvailable)
	row := []any{db.JSON(envelope{Args: args}), created, job.Kind, q.cfg.Attempts, max(job.Priority, 1), due, state, key, bits}
	if key == nil {
		err = tx.Queue(ctx, sql, row...)
	} else {
		err = tx.QueryRow(ctx, sql+returning, row...).Scan(&state)
	}
	if err != nil {
		return "", fmt.Errorf("enqueue %s: %w", job.Kind, err)
	}
	if now && tx.Dialect() == db.Postgres {
		err = q.db.Notify(ctx, tx, wakeChannel, wakePayload)
	}
	return state, err
}

// River's notification that there is something to fetch.
const (
	wakeChannel = "river_insert"
	wakePayload = `{"queue": "default"}`
)
