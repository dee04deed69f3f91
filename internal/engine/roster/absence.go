package roster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Absence is a time in which somebody is on no roster, whatever it says.
type Absence struct {
	ID         string     `json:"id"`
	Person     party.Ref  `json:"person"`
	Substitute *party.Ref `json:"substitute,omitempty" doc:"who stands in wherever the person was on duty"`
	Start      time.Time  `json:"start"`
	End        time.Time  `json:"end"`
	Record     string     `json:"record" doc:"number of the leave"`
}

// Away tells whether somebody is absent at any time within [from, to).
func Away(ctx context.Context, tx db.Tx, person string, from, to time.Time) (bool, error) {
	return db.Exists(ctx, tx, "SELECT 1 FROM roster_absences WHERE person = $1 AND cancelled_at = 0 AND ends_at > $2 AND starts_at < $3",
		person, clock.Millis(from), clock.Millis(to))
}

// AddAbsence takes a person off every roster for a time, in a transaction of the caller's; substitute "" leaves their
// shifts open. record is the number of the leave.
func AddAbsence(ctx context.Context, u *work.Unit, person, substitute string, from, to time.Time, record string) error {
	absence := id.New()
	_, err := u.Exec(ctx, `INSERT INTO roster_absences (id, person, substitute, starts_at, ends_at, record, created_by, created_at, cancelled_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`, absence, person, substitute, clock.Millis(from), clock.Millis(to), record, u.Actor.ID, clock.Millis(u.Now()))
	if err != nil {
		return fmt.Errorf("insert absence: %w", err)
	}
	data := map[string]any{"absence": absence, "person": person, "substitute": substitute, "start": from, "end": to, "record": record}
	return absenceChanged(ctx, u, "roster.absence", person, data)
}

// EndAbsence takes back, from now on, the absence that a leave brought about; what has passed stays.
func EndAbsence(ctx context.Context, u *work.Unit, person, record string) error {
	now := clock.Millis(u.Now())
	_, err := u.Exec(ctx, `UPDATE roster_absences SET cancelled_at = CASE WHEN starts_at >= $2 THEN $2 ELSE 0 END, ends_at = CASE WHEN starts_at >= $2 THEN ends_at ELSE $2 END
		WHERE record = $1 AND cancelled_at = 0 AND ends_at > $2`, record, now)
	if err != nil {
		return fmt.Errorf("end absence: %w", err)
	}
	return absenceChanged(ctx, u, "roster.absence_ended", person, map[string]any{"person": person, "record": record})
}

// absenceChanged records the change with each roster the person is on, and plans their check-ins anew.
func absenceChanged(ctx context.Context, u *work.Unit, kind, person string, data map[string]any) error {
	list, err := db.All(ctx, u, scan, "SELECT "+columns+" FROM rosters WHERE published > 0 AND status = $1 ORDER BY id", Active)
	if err != nil {
		return err
	}
	for _, r := range list {
		if slices.Contains(r.Body.people(), person) {
			if err := changed(ctx, u, kind, r, data); err != nil {
				return err
			}
		}
		if err := planCheckIn(ctx, u, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// Absences are who is away within [from, to), by the beginning.
func (s *Service) Absences(ctx context.Context, from, to time.Time) (list []Absence, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		var ids []string
		list, err = db.All(ctx, u, func(row db.Row) (a Absence, err error) {
			var substitute string
			var start, end int64
			err = row.Scan(&a.ID, &a.Person.ID, &substitute, &start, &end, &a.Record)
			a.Start, a.End = clock.FromMillis(start), clock.FromMillis(end)
			if substitute != "" {
				a.Substitute = &party.Ref{ID: substitute}
			}
			ids = append(ids, a.Person.ID, substitute)
			return a, err
		}, `SELECT id, person, substitute, starts_at, ends_at, record FROM roster_absences
			WHERE cancelled_at = 0 AND ends_at > $1 AND starts_at < $2 ORDER BY starts_at, id LIMIT 1000`, clock.Millis(from), clock.Millis(to))
		if err != nil {
			return fmt.Errorf("read absences: %w", err)
		}
		names, err := party.NamesOf(ctx, u, ids, party.KindPerson)
		for i := range list {
			list[i].Person.Name = names[list[i].Person.ID]
			if list[i].Substitute != nil {
				list[i].Substitute.Name = names[list[i].Substitute.ID]
			}
		}
		return err
	})
	return list, err
}
