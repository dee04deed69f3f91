package sla

import (
	"context"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Tally is how one target of an agreement was kept in a month (SLA-10).
type Tally struct {
	Agreement    string  `json:"agreement" doc:"code"`
	AgreementID  string  `json:"agreement_id"`
	Kind         string  `json:"kind"`
	Customer     string  `json:"customer"`
	CustomerName string  `json:"customer_name"`
	Target       string  `json:"target"`
	Label        string  `json:"label"`
	Started      int     `json:"started" doc:"clocks that began in the month"`
	Ended        int     `json:"ended"`
	Breached     int     `json:"breached"`
	Rate         float64 `json:"kept_percent" doc:"of those that ended or were breached; 100 where there were none"`
	Average      int64   `json:"average_seconds" doc:"working time of those that ended"`
}

// Statistics are the tallies of a month of the provider's wall clock, for every agreement and customer the actor may see.
func (s *Service) Statistics(ctx context.Context, month string, zone *time.Location) (list []Tally, err error) {
	err = s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		first, err := time.ParseInLocation("2006-01", month, zone)
		if err != nil {
			return fault.One("month", "sla.month", text.Params{"label": "month"})
		}
		w := db.NewWhere()
		w.Add("c.started_at >= ?", clock.Millis(first))
		w.Add("c.started_at < ?", clock.Millis(first.AddDate(0, 1, 0)))
		if scope := u.Actor.Scope(); !scope.All {
			w.In("c.customer_id", scope.Customers)
		}
		list, err = db.All(ctx, u.Tx, scanTally, `SELECT a.code, a.id, c.kind, c.customer_id, c.target, COUNT(*), COALESCE(SUM(CASE WHEN c.ended_at > 0 THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN c.breach_at > 0 THEN 1 ELSE 0 END), 0), COALESCE(SUM(CASE WHEN c.ended_at > 0 AND c.breach_at = 0 THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN c.ended_at > 0 THEN c.elapsed_ms ELSE 0 END), 0)
			FROM clocks c JOIN agreements a ON a.id = c.agreement_id WHERE `+w.SQL()+` GROUP BY a.code, a.id, c.kind, c.customer_id, c.target ORDER BY a.code, c.customer_id, c.target`, w.Args()...)
		if err != nil {
			return err
		}
		return s.dress(ctx, u, list)
	})
	return nonNil(list), err
}

func scanTally(row db.Row) (t Tally, err error) {
	var kept int
	var elapsed int64
	err = row.Scan(&t.Agreement, &t.AgreementID, &t.Kind, &t.Customer, &t.Target, &t.Started, &t.Ended, &t.Breached, &kept, &elapsed)
	t.Rate = 100
	if judged := kept + t.Breached; judged > 0 {
		t.Rate = float64(kept) * 100 / float64(judged)
	}
	if t.Ended > 0 {
		t.Average = elapsed / 1000 / int64(t.Ended)
	}
	return t, err
}

func (s *Service) dress(ctx context.Context, u *work.Unit, list []Tally) error {
	var ids []string
	for _, t := range list {
		ids = append(ids, t.Customer)
	}
	names, err := party.NamesOf(ctx, u.Tx, ids, party.KindOrganisation)
	for i := range list {
		list[i].CustomerName = names[list[i].Customer]
		list[i].Label = Promised{Name: list[i].Target}.label().In(u.Actor.Lang)
	}
	return err
}

func init() {
	text.Register(map[string]text.Label{
		"sla.month": {Zh: "{label}请写成 2026-03。", En: "Write {label} as 2026-03."},
	})
}
