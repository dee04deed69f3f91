package alert

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/steward-ops/steward/internal/platform/db"
)

// repeat is how often an open alert came in one payload.
type repeat struct {
	ID         string  `json:"id"`
	Times      int64   `json:"n"`
	HasReading bool    `json:"h"`
	Reading    float64 `json:"r"`
}

// errMoved says that an alert changed between being found and being counted; nothing is kept, and it is tried with locks.
var errMoved = errors.New("an alert changed meanwhile")

// repeats tells whether every signal only repeats an alert that is open and settled, and then how often each.
func (in *intake) repeats() ([]repeat, bool) {
	for _, l := range in.lines {
		r := in.rows[l.key]
		if r == nil || l.signal.Resolved || r.Held != "" || l.severity.rank() < int(r.Rank) || l.grouped && !slices.Contains(r.Members, l.signal.Fingerprint) {
			return nil, false
		}
	}
	var all []repeat
	for _, l := range in.lines {
		r := in.rows[l.key]
		if len(all) == 0 || all[len(all)-1].ID != r.ID {
			all = append(all, repeat{ID: r.ID, HasReading: r.HasReading, Reading: r.Reading})
		}
		last := &all[len(all)-1]
		last.Times++
		if l.signal.Value != nil {
			last.HasReading, last.Reading = true, *l.signal.Value
		}
		in.items[l.at].Alert, in.items[l.at].Record = r.ID, r.Record
		in.items[l.at].Outcome, in.items[l.at].why = isDeduplicated, "alert.why.repeat"
		if in.wantsNote(r) {
			in.touched[r.ID] = true
			if !slices.Contains(in.due, r.ID) {
				in.due = append(in.due, r.ID)
			}
		}
	}
	return all, true
}

func (in *intake) wantsNote(r *row) bool {
	return r.Record != "" && in.now-r.NotedAt >= noteEvery.Milliseconds()
}

// counting adds the repeats; a record that was not told for a while is told. %s is where the repeats come from.
const counting = `UPDATE alerts SET occurrences = occurrences + v.n, last_at = $1, calm_at = 0, has_reading = v.h, reading = v.r,
	todo = CASE WHEN record <> '' AND noted_at <= $2 THEN todo | %d ELSE todo END,
	noted_at = CASE WHEN record <> '' AND noted_at <= $2 THEN $1 ELSE noted_at END
	FROM (%s) AS v WHERE alerts.id = v.id AND alerts.open`

var (
	countingSQLite = fmt.Sprintf(counting, todoNote, `SELECT json_extract(value, '$.id') AS id, json_extract(value, '$.n') AS n,
		json_extract(value, '$.h') AS h, json_extract(value, '$.r') AS r FROM json_each($3)`)
	// Two payloads with the same alerts lock them in the same order, so that they wait for each other and never both ways.
	countingPostgres = `WITH given AS (SELECT * FROM jsonb_to_recordset($3::jsonb) AS g(id text, n bigint, h boolean, r double precision)),
		locked AS (SELECT a.id FROM alerts a WHERE a.id IN (SELECT id FROM given) ORDER BY a.dedup_key FOR UPDATE)
		` + fmt.Sprintf(counting, todoNote, `SELECT given.id, given.n, given.h, given.r FROM given JOIN locked ON locked.id = given.id`)
)

// countRepeats counts in one statement and answers how many alerts were still open.
func countRepeats(ctx context.Context, tx db.Tx, now int64, all []repeat) (int64, error) {
	sql := countingSQLite
	if tx.Dialect() == db.Postgres {
		sql = countingPostgres
	}
	n, err := tx.Exec(ctx, sql, now, now-noteEvery.Milliseconds(), db.JSON(all))
	if err != nil {
		return 0, fmt.Errorf("count repeats: %w", err)
	}
	return n, nil
}
