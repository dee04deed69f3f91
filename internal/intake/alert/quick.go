package alert

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// In a storm nearly all that comes are repeats of alerts that are open. Such a payload is read and judged before the
// transaction, by the setup as last seen, and counted in one statement, which counts only while that setup is in force and
// every alert is still open. Anything else takes the long way.

var (
	// errSlow says that a payload is more than repeats; nothing was kept.
	errSlow = errors.New("more than repeats")
	// errMoved says that an alert changed between being found and being counted; nothing was kept, and it is tried with locks.
	errMoved = errors.New("an alert changed meanwhile")
)

// known is one alert of the payload that should be open.
type known struct {
	Key        string  `json:"k"`
	Times      int64   `json:"n"`
	HasReading bool    `json:"h"`
	Reading    float64 `json:"r"`
	Rank       int64   `json:"s"`
}

// tallied is an alert that was counted.
type tallied struct {
	id, record string
	owed       int64
}

const tally = `UPDATE alerts SET occurrences = occurrences + v.n, last_at = $1, calm_at = 0,
	has_reading = (has_reading OR v.h), reading = CASE WHEN v.h THEN v.r ELSE reading END,
	owed = CASE WHEN record <> '' AND noted_at <= $2 THEN owed | %d ELSE owed END,
	noted_at = CASE WHEN record <> '' AND noted_at <= $2 THEN $1 ELSE noted_at END
	FROM (%s) AS v WHERE alerts.open AND alerts.dedup_key = v.k AND alerts.held = '' AND alerts.severity_rank <= v.s
	AND (SELECT n FROM alert_revision WHERE id = 1) = $4
	RETURNING alerts.dedup_key, alerts.id, alerts.record, alerts.owed`

var (
	tallySQLite = fmt.Sprintf(tally, owesNote, `SELECT json_extract(value, '$.k') AS k, json_extract(value, '$.n') AS n,
		json_extract(value, '$.h') AS h, json_extract(value, '$.r') AS r, json_extract(value, '$.s') AS s FROM json_each($3)`)
	// Two payloads with the same alerts lock them in the same order, so that they wait for each other and never both ways.
	tallyPostgres = `WITH given AS MATERIALIZED (SELECT * FROM jsonb_to_recordset($3::jsonb) AS g(k text, n bigint, h boolean, r double precision, s bigint)),
		locked AS MATERIALIZED (SELECT a.dedup_key FROM alerts a WHERE a.open AND a.dedup_key IN (SELECT k FROM given) ORDER BY a.dedup_key FOR UPDATE)
		` + fmt.Sprintf(tally, owesNote, `SELECT given.* FROM given JOIN locked ON locked.dedup_key = given.k`)
	// One alone needs no order.
	tallyOne = fmt.Sprintf(tally, owesNote, `SELECT g.* FROM jsonb_to_recordset($3::jsonb) AS g(k text, n bigint, h boolean, r double precision, s bigint)`)
)

func tallyFor(dialect db.Dialect, n int) string {
	switch {
	case dialect == db.SQLite:
		return tallySQLite
	case n == 1:
		return tallyOne
	}
	return tallyPostgres
}

// repeatsOnly takes a payload of nothing but repeats in. It answers errSlow for any other.
func (s *Service) repeatsOnly(ctx context.Context, d delivery) (Outcome, error) {
	set := s.current.Load()
	if set == nil || set.sources[d.source.ID] == nil {
		return Outcome{}, errSlow
	}
	now := s.clock.Now()
	source := set.sources[d.source.ID]
	read, err := Parse(source.Kind, d.body, set.reading(source, now, s.zone))
	if err != nil || len(read.Bad) > 0 {
		return Outcome{}, errSlow
	}
	in := &intake{s: s, set: set, source: source, at: now, signals: read.Signals, beats: map[beat]bool{}, items: make([]OutcomeItem, len(read.Signals))}
	if in.objects = set.remembered(read.Signals); in.objects == nil {
		return Outcome{}, errSlow
	}
	in.judge()
	if !in.plain() {
		return Outcome{}, errSlow
	}
	err = s.door.Do(work.WithActor(ctx, Intake), Handle, func(ctx context.Context, u *work.Unit) error {
		all, err := in.tally(ctx, u)
		if err == nil && !all {
			return errSlow
		}
		return err
	})
	if err != nil {
		return Outcome{}, err
	}
	s.follow(ctx, in.due, inline)
	out := Outcome{Items: in.items}
	out.say(d.lang)
	return out, nil
}

// plain tells whether a payload may be nothing but repeats of alerts that stand for themselves.
func (in *intake) plain() bool {
	return len(in.lines) > 0 && len(in.beats) == 0 &&
		!slices.ContainsFunc(in.lines, func(l line) bool { return l.grouped || l.signal.Resolved })
}

// repeats tells whether the open rows that were read show that every signal only repeats.
func (in *intake) repeats() bool {
	return !slices.ContainsFunc(in.lines, func(l line) bool {
		r := in.rows[l.key]
		return r == nil || l.signal.Resolved || r.Held != "" || l.grouped && !slices.Contains(r.Members, l.signal.Fingerprint)
	})
}

// expected are the alerts that should be open, with how often each comes.
func (in *intake) expected() []known {
	var all []known
	for _, l := range in.lines {
		if len(all) == 0 || all[len(all)-1].Key != l.key {
			all = append(all, known{Key: l.key, Rank: int64(l.severity.rank())})
		}
		last := &all[len(all)-1]
		last.Times++
		last.Rank = min(last.Rank, int64(l.severity.rank()))
		if l.signal.Value != nil {
			last.HasReading, last.Reading = true, *l.signal.Value
		}
	}
	return all
}

// tally counts in one statement. It answers whether every alert was there to be counted; if not, the transaction must not
// be kept.
func (in *intake) tally(ctx context.Context, u *work.Unit) (all bool, err error) {
	u.Unrecorded() // the count and the last time in the row say it
	expected, now := in.expected(), clock.Millis(u.Now())
	counted := make(map[string]tallied, len(expected))
	rows, err := u.Query(ctx, tallyFor(u.Dialect(), len(expected)), now, now-noteEvery.Milliseconds(), db.JSON(expected), in.set.revision)
	if err != nil {
		return false, fmt.Errorf("count repeats: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var t tallied
		if err := rows.Scan(&key, &t.id, &t.record, &t.owed); err != nil {
			return false, fmt.Errorf("count repeats: %w", err)
		}
		counted[key] = t
	}
	if err := rows.Err(); err != nil {
		return false, fmt.Errorf("count repeats: %w", err)
	}
	in.tallied(counted)
	return len(counted) == len(expected), nil
}

// tallied answers the items, and names the alerts whose records are to be told.
func (in *intake) tallied(counted map[string]tallied) {
	in.due = nil
	for _, l := range in.lines {
		t, it := counted[l.key], &in.items[l.at]
		it.Alert, it.Record, it.Outcome, it.why = t.id, t.record, isDeduplicated, "alert.why.repeat"
	}
	for _, t := range counted {
		if t.owed&owesNote != 0 {
			in.due = append(in.due, t.id)
		}
	}
}

// remembered are the objects of some signals, if all were asked for before; nil otherwise.
func (set *setup) remembered(signals []Signal) map[string]*Object {
	set.mu.Lock()
	defer set.mu.Unlock()
	found := make(map[string]*Object, len(signals))
	for i := range signals {
		o, known := set.objects[signals[i].Object]
		if !known && signals[i].Object != "" {
			return nil
		}
		found[signals[i].Object] = o
	}
	return found
}
