package sla

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/steward-ops/steward/internal/core/calendar"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// shelf keeps what does not change once it is read: versions of agreements, and compiled versions of calendars.
type shelf struct {
	agreements sync.Map // "id@version" → *Agreement
	calendars  sync.Map // "code@version" → *calendar.Calendar
	always     *calendar.Calendar
}

// version names a version of something.
type version struct {
	id string
	n  int64
}

func (v version) String() string { return fmt.Sprintf("%s@%d", v.id, v.n) }

func scanVersion(row db.Row) (v version, err error) { return v, row.Scan(&v.id, &v.n) }

// inForce are the agreements that new records may come under, with their versions.
func (s *Service) inForce(ctx context.Context, tx db.Tx) ([]*Agreement, error) {
	list, err := db.All(ctx, tx, scanVersion, `SELECT id, active_version FROM agreements WHERE state = 'active' ORDER BY id`)
	if err != nil {
		return nil, err
	}
	out := make([]*Agreement, 0, len(list))
	for _, v := range list {
		a, err := s.agreement(ctx, tx, v)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// agreement reads a version.
func (s *Service) agreement(ctx context.Context, tx db.Tx, v version) (*Agreement, error) {
	if a, ok := s.shelf.agreements.Load(v.String()); ok {
		return a.(*Agreement), nil
	}
	a, err := db.One(ctx, tx, func(row db.Row) (a *Agreement, err error) {
		a = &Agreement{}
		return a, row.Scan(db.ScanJSON(a))
	}, `SELECT body FROM agreement_versions WHERE agreement_id = $1 AND version = $2`, v.id, v.n)
	if err != nil {
		return nil, fmt.Errorf("agreement %s: %w", v, err)
	}
	a.ID, a.Version = v.id, v.n
	s.shelf.agreements.Store(v.String(), a)
	return a, nil
}

// calendars are the compiled calendars as they are now, by code.
type calendars map[string]*calendar.Calendar

type calendarsKey struct{}

// calendarsNow compiles what has changed since it was last asked for. They stay as they are for a unit of work.
func (s *Service) calendarsNow(ctx context.Context, u *work.Unit) (calendars, error) {
	return work.Once(u, calendarsKey{}, func() (calendars, error) {
		list, err := db.All(ctx, u.Tx, scanVersion, `SELECT code, version FROM calendars`)
		if err != nil {
			return nil, err
		}
		out := make(calendars, len(list))
		for _, v := range list {
			if out[v.id], err = s.calendar(ctx, u.Tx, v); err != nil {
				return nil, err
			}
		}
		return out, nil
	})
}

func (s *Service) calendar(ctx context.Context, tx db.Tx, v version) (*calendar.Calendar, error) {
	if c, ok := s.shelf.calendars.Load(v.String()); ok {
		return c.(*calendar.Calendar), nil
	}
	c, err := readCalendar(ctx, tx, v.id)
	if err != nil {
		return nil, err
	}
	compiled, err := c.compile()
	if err != nil {
		return nil, fmt.Errorf("calendar %s: %w", v, err)
	}
	s.shelf.calendars.Store(version{v.id, c.Version}.String(), compiled)
	return compiled, nil
}

func scanCalendar(row db.Row) (c Calendar, err error) {
	err = row.Scan(db.ScanJSON(&c), &c.Version)
	return c, err
}

func readCalendar(ctx context.Context, tx db.Tx, code string) (Calendar, error) {
	return db.One(ctx, tx, scanCalendar, `SELECT body, version FROM calendars WHERE code = $1`, code)
}

// termsOf are what an agreement holds for a priority and a fault level.
func (s *Service) termsOf(a *Agreement, cals calendars, priority, level string) *Terms {
	t := &Terms{Name: a.Code, Calendar: cals[a.Calendar], Targets: map[string]Target{}, Warn: a.Warn}
	if a.aroundTheClock(priority, level) || t.Calendar == nil {
		t.Calendar = s.shelf.always
	}
	for name, p := range a.targetsFor(priority, level) {
		t.Targets[name] = p.Target
	}
	return t
}

// governed names a version of an agreement that a record came under.
type governed struct {
	Agreement string `json:"a"`
	Version   int64  `json:"v"`
}

func (g governed) version() version { return version{g.Agreement, g.Version} }

// life is what clocks remember of a record.
type life struct {
	record   string
	governed []governed
	events   []Event
	open     bool
}

// known is what clocks remember of a record: its life, nil where nothing is promised, and how they were stored last.
type known struct {
	life *life
	rows map[string]*row
}

type knownKey string // of a record's id

// readKnown reads it once a unit of work: what that changes, it changes there.
func readKnown(ctx context.Context, u *work.Unit, record string) (*known, error) {
	return work.Once(u, knownKey(record), func() (*known, error) {
		l, err := readLife(ctx, u.Tx, record)
		if err != nil || l == nil {
			return &known{}, err
		}
		rows, err := readRows(ctx, u.Tx, record)
		return &known{l, rows}, err
	})
}

func readLife(ctx context.Context, tx db.Tx, record string) (*life, error) {
	l, err := db.One(ctx, tx, func(row db.Row) (*life, error) {
		l := &life{record: record}
		return l, row.Scan(db.ScanJSON(&l.governed), db.ScanJSON(&l.events), &l.open)
	}, `SELECT governed, events, open FROM clock_histories WHERE record_id = $1`, record)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return l, err
}

func (l *life) save(ctx context.Context, tx db.Tx) error {
	return tx.Queue(ctx, `INSERT INTO clock_histories (record_id, governed, events, open) VALUES ($1, $2, $3, $4)
		ON CONFLICT (record_id) DO UPDATE SET governed = excluded.governed, events = excluded.events, open = excluded.open`,
		l.record, db.JSON(l.governed), db.JSON(l.events), l.open)
}

// row is a clock as it is stored: as it stood at the record's last event, with the steps that have been taken.
type row struct {
	Record, Agreement, Target, Kind, Customer string
	Version                                   int64 // of the agreement
	State                                     State
	Cycle                                     int
	Seconds                                   int64
	Started, Due, Ended, Breach               int64 // milliseconds
	Elapsed                                   int64 // milliseconds
	Taken                                     []string
	Reports                                   []hop
}

const rowColumns = `record_id, agreement_id, agreement_version, target, kind, customer_id, state, cycle, seconds, started_at, due_at, ended_at, elapsed_ms, breach_at, taken, reports`

func scanRow(r db.Row) (x *row, err error) {
	x = &row{}
	return x, r.Scan(&x.Record, &x.Agreement, &x.Version, &x.Target, &x.Kind, &x.Customer, &x.State, &x.Cycle, &x.Seconds, &x.Started, &x.Due, &x.Ended, &x.Elapsed, &x.Breach, db.ScanJSON(&x.Taken), db.ScanJSON(&x.Reports))
}

func readRows(ctx context.Context, tx db.Tx, record string) (map[string]*row, error) {
	list, err := db.All(ctx, tx, scanRow, `SELECT `+rowColumns+` FROM clocks WHERE record_id = $1`, record)
	out := make(map[string]*row, len(list))
	for _, x := range list {
		out[x.key()] = x
	}
	return out, err
}

func (x *row) key() string { return x.Agreement + "/" + x.Target }

func (x *row) took(step string) bool { return slices.Contains(x.Taken, step) }

func (x *row) save(ctx context.Context, tx db.Tx) error {
	return tx.Queue(ctx, `INSERT INTO clocks (`+rowColumns+`, review) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, '{}')
		ON CONFLICT (record_id, agreement_id, target) DO UPDATE SET agreement_version = excluded.agreement_version, kind = excluded.kind, customer_id = excluded.customer_id, state = excluded.state,
		cycle = excluded.cycle, seconds = excluded.seconds, started_at = excluded.started_at, due_at = excluded.due_at, ended_at = excluded.ended_at,
		elapsed_ms = excluded.elapsed_ms, breach_at = excluded.breach_at, taken = excluded.taken, reports = excluded.reports`,
		x.Record, x.Agreement, x.Version, x.Target, x.Kind, x.Customer, string(x.State), x.Cycle, x.Seconds, x.Started, x.Due, x.Ended, x.Elapsed, x.Breach, db.JSON(nonNil(x.Taken)), db.JSON(nonNil(x.Reports)))
}

func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// fill takes over how a clock stands.
func (x *row) fill(k Clock) {
	x.State, x.Cycle, x.Seconds, x.Elapsed = k.State, k.Cycle, k.seconds, k.Elapsed.Milliseconds()
	if k.cycle != nil && k.cycle.set != nil { // due at a time that was set: what there is of it is not what the agreement says
		x.Seconds = seconds(k.Elapsed + k.Left)
	}
	x.Started, x.Due, x.Ended, x.Breach = clock.Millis(k.Started), clock.Millis(k.Due), clock.Millis(k.Ended), clock.Millis(k.Breach)
}

// Service keeps agreements, and their clocks on records.
type Service struct {
	door   *work.Door
	shelf  shelf
	engine *process.Service
}

// Serve ties the clocks to the engine whose records they follow.
func (s *Service) Serve(engine *process.Service) { s.engine = engine }

// New makes the service; zone is the provider's, in which what is served around the clock is accounted for.
func New(door *work.Door, zone *time.Location) *Service {
	hours := map[string][]calendar.Interval{}
	for _, d := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		hours[d] = []calendar.Interval{{"00:00", "24:00"}}
	}
	always, err := calendar.New(calendar.Spec{Timezone: zone.String(), Weekly: hours})
	if err != nil {
		panic(err)
	}
	s := &Service{door: door}
	s.shelf.always = always
	return s
}
