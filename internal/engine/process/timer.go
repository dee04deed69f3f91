package process

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/pump"
	"github.com/steward-ops/steward/internal/platform/work"
)

// syncTimers brings the record's timers in line with what its definition and its clocks say now. A timer fires once for
// each distinct instant.
func (c *change) syncTimers(ctx context.Context) error {
	if len(c.def.Timers) == 0 && !c.kept.Governed {
		return nil
	}
	if err := c.readTimers(ctx); err != nil {
		return err
	}
	wanted, err := c.wantedTimers()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if at := wanted[name]; at != c.timers[name] {
			if err := c.setTimer(ctx, name, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// wantedTimers are the instants at which the record wants to be woken, by timer; 0 = a timer that is to stop.
func (c *change) wantedTimers() (map[string]int64, error) {
	wanted := map[string]int64{}
	for _, def := range c.def.Timers {
		due, err := c.timerDue(def.Name)
		if err != nil {
			return nil, err
		}
		wanted[def.Name] = clock.Millis(due)
	}
	if !c.kept.Governed {
		return wanted, nil
	}
	for name := range c.timers {
		if strings.HasPrefix(name, clockTimer) {
			wanted[name] = 0
		}
	}
	for name, at := range c.kept.Wake {
		wanted[clockTimer+name] = clock.Millis(at)
	}
	return wanted, nil
}

// readTimers reads which timers are running, once a change. A record that this change makes has none.
func (c *change) readTimers(ctx context.Context) error {
	if c.timers != nil {
		return nil
	}
	c.timers = map[string]int64{}
	if c.isNew {
		return nil
	}
	rows, err := c.u.Query(ctx, `SELECT name, fires_at FROM timers WHERE record_id = $1 AND state = 'pending'`, c.rec.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var at int64
		if err := rows.Scan(&name, &at); err != nil {
			return err
		}
		c.timers[name] = at
	}
	return rows.Err()
}

// timerDue is when a timer should fire; zero = not now.
func (c *scene) timerDue(name string) (time.Time, error) {
	alive := c.rec.Open
	if c.def.Program("timer_while:"+name) != nil {
		var err error
		if alive, err = c.holds("timer_while:" + name); err != nil {
			return time.Time{}, err
		}
	}
	if !alive {
		return time.Time{}, nil
	}
	v, err := c.def.Program("timer_due:" + name).Value(c.resolve)
	if err != nil {
		return time.Time{}, err
	}
	due, _ := v.(time.Time)
	if due.Year() < 1970 { // arithmetic on an empty instant
		return time.Time{}, nil
	}
	return due.Truncate(time.Millisecond), nil
}

// setTimer lets a timer run until another instant; 0 stops it.
func (c *change) setTimer(ctx context.Context, name string, at int64) error {
	if c.timers[name] != 0 {
		err := c.u.Queue(ctx, `UPDATE timers SET state = 'cancelled' WHERE record_id = $1 AND name = $2 AND state = 'pending'`, c.rec.ID, name)
		if err != nil {
			return err
		}
	}
	c.timers[name] = at
	if at == 0 {
		return nil
	}
	err := c.u.Queue(ctx, `INSERT INTO timers (id, record_id, name, fires_at, state, attempts, retry_at, fired_at, late, problem)
		VALUES ($1, $2, $3, $4, 'pending', 0, $4, 0, $5, '')
		ON CONFLICT (record_id, name, fires_at) DO UPDATE SET state = 'pending' WHERE timers.state = 'cancelled'`,
		id.New(), c.rec.ID, name, at, false)
	if err == nil {
		c.u.AfterCommit(func() { c.s.timers.Due(clock.FromMillis(at)) })
	}
	return err
}

type dueTimer struct {
	ID, Record, Name string
	FiresAt          time.Time
	Attempts         int
}

func scanTimer(row db.Row) (t dueTimer, err error) {
	var at int64
	err = row.Scan(&t.ID, &t.Record, &t.Name, &at, &t.Attempts)
	t.FiresAt = clock.FromMillis(at)
	return t, err
}

var errNoTimer = errors.New("no timer is due")

// Tick fires every timer that is due at the clock's instant and returns how many did. Each fires in its own transaction,
// so one that fails does not hold up the others; claiming and firing are one commit, so each fires exactly once.
func (s *Service) Tick(ctx context.Context) (fired int, err error) {
	return s.timers.Tick(work.WithActor(ctx, Engine))
}

// Pump fires timers at their instants until the context ends.
func (s *Service) Pump(ctx context.Context) { s.timers.Run(work.WithActor(ctx, Engine)) }

// firing is how many timers fire at a time.
const firing = 8

// fireOne fires the timer that is due first; false when none is. One that fails is put off.
func (s *Service) fireOne(ctx context.Context) (due bool, err error) {
	failed, err := s.fireNext(ctx)
	switch {
	case errors.Is(err, errNoTimer):
		return false, nil
	case failed.ID != "":
		s.log.ErrorContext(ctx, "timer failed", "timer", failed.Name, "record", failed.Record, "error", err)
		return true, s.postpone(ctx, failed, err)
	}
	return true, err
}

func (s *Service) fireNext(ctx context.Context) (failed dueTimer, err error) {
	err = s.door.Do(ctx, MoveRecords, func(ctx context.Context, u *work.Unit) error {
		failed = dueTimer{}
		// A record that somebody is just changing is passed over for now: it is locked before its timers, here as there.
		t, err := db.One(ctx, u.Tx, scanTimer, `SELECT t.id, t.record_id, t.name, t.fires_at, t.attempts FROM timers t JOIN records r ON r.id = t.record_id
			WHERE t.state = 'pending' AND t.retry_at <= $1 ORDER BY t.retry_at, t.id LIMIT 1`+db.SkipLocked(u.Tx), clock.Millis(u.Now()))
		if fault.Is(err, fault.NotFound) {
			return errNoTimer
		}
		if err != nil {
			return err
		}
		if err := s.fire(ctx, u, t); err != nil {
			failed = t
			return err
		}
		return nil
	})
	return failed, err
}

func (s *Service) fire(ctx context.Context, u *work.Unit, t dueTimer) error {
	late := pump.Late(u.Now(), t.FiresAt)
	err := u.Queue(ctx, `UPDATE timers SET state = 'fired', fired_at = $2, late = $3 WHERE id = $1`, t.ID, clock.Millis(u.Now()), late)
	if err != nil {
		return err
	}
	r, err := record.LoadForChange(ctx, u.Tx, Engine, t.Record)
	if err != nil {
		return err
	}
	c, err := s.changeOf(u, r)
	if err != nil {
		return err
	}
	if strings.HasPrefix(t.Name, clockTimer) {
		return c.ringClock(ctx, t, late)
	}
	def, ok := c.def.Timers.Get(t.Name)
	if !ok {
		u.Unrecorded()
		return nil
	}
	c.extra["timer"], c.extra["due"], c.extra["late"] = t.Name, t.FiresAt, late
	if err := c.shape(ctx, def.Do); err != nil {
		return err
	}
	if err := c.store(ctx, "record.timer"); err != nil {
		return err
	}
	return c.follow(ctx, def.Do)
}

// postpone puts off a timer that failed; one that is given up is shown to the administrator.
func (s *Service) postpone(ctx context.Context, t dueTimer, cause error) error {
	return s.door.Do(ctx, MoveRecords, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded()
		state := "pending"
		retry, again := pump.Again(u.Now(), t.Attempts)
		if !again {
			state = "failed"
		}
		_, err := u.Exec(ctx, `UPDATE timers SET attempts = attempts + 1, state = $2, retry_at = $3, problem = $4 WHERE id = $1`, t.ID, state, clock.Millis(retry), cause.Error())
		return err
	})
}

// nextDue is when the earliest pending timer fires; zero = none.
func (s *Service) nextDue(ctx context.Context) (next time.Time, err error) {
	err = s.door.Read(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		at, err := db.One(ctx, u.Tx, db.Scan[int64], `SELECT COALESCE(MIN(retry_at), 0) FROM timers WHERE state = 'pending'`)
		next = clock.FromMillis(at)
		return err
	})
	return next, err
}
