package alert

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Bounds of what is kept of payloads that could not be read.
const (
	keptBytes   = 256 << 10 // of one
	keptPerEach = 200       // of one source, the latest
)

// Payload is one that could not be read, or not wholly.
type Payload struct {
	ID        string     `json:"id"`
	Source    string     `json:"source" doc:"id"`
	Name      string     `json:"source_name"`
	Kind      Kind       `json:"kind"`
	At        time.Time  `json:"at"`
	IP        string     `json:"ip"`
	Size      int64      `json:"size" doc:"bytes"`
	Cut       bool       `json:"cut" doc:"only the beginning was kept"`
	Code      string     `json:"code"`
	Reason    string     `json:"reason"`
	RetriedAt *time.Time `json:"retried_at"`
	Body      string     `json:"body,omitempty" doc:"what cannot be shown is replaced by �"`
}

// keep keeps a payload for inspection. It answers an error of the database only.
func (s *Service) keep(ctx context.Context, d delivery, f *fault.Error) error {
	said := both(f.Code, f.Params)
	body := d.body[:min(len(d.body), keptBytes)]
	err := s.door.Do(work.WithActor(ctx, Intake), Handle, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded() // it is a log of its own
		_, err := u.Exec(ctx, `INSERT INTO alert_payloads (id, source, kind, at, ip, size, cut, body, code, zh, en, retried_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)`,
			id.New(), d.source.ID, string(d.source.Kind), clock.Millis(u.Now()), d.ip, int64(len(d.body)), len(body) < len(d.body), body, f.Code, said.Zh, said.En)
		if err != nil {
			return err
		}
		_, err = u.Exec(ctx, `DELETE FROM alert_payloads WHERE source = $1 AND id <= (SELECT id FROM alert_payloads WHERE source = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)`, d.source.ID, keptPerEach)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep payload: %w", err)
	}
	return nil
}

const payloadColumns = "p.id, p.source, COALESCE(s.name, ''), p.kind, p.at, p.ip, p.size, p.cut, p.code, p.zh, p.en, p.retried_at"

func scanPayload(lang text.Lang, more ...any) func(db.Row) (Payload, error) {
	return func(row db.Row) (p Payload, err error) {
		var at, retried int64
		var said text.Label
		err = row.Scan(append([]any{&p.ID, &p.Source, &p.Name, &p.Kind, &at, &p.IP, &p.Size, &p.Cut, &p.Code, &said.Zh, &said.En, &retried}, more...)...)
		p.At, p.Reason, p.RetriedAt = clock.FromMillis(at), said.In(lang), moment(retried)
		return p, err
	}
}

func moment(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	t := clock.FromMillis(ms)
	return &t
}

// everything demands an actor who looks after all customers: sources and what they send are nobody's in particular.
func everything(u *work.Unit) error {
	if !u.Actor.System && !u.Actor.Scope().All {
		return fault.Denied()
	}
	return nil
}

type idPlace struct {
	ID string `json:"i"`
}

// Payloads lists what could not be read, newest first.
func (s *Service) Payloads(ctx context.Context, source, cursor string, limit int) (items []Payload, next string, err error) {
	err = s.door.Read(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if err := everything(u); err != nil {
			return err
		}
		var from idPlace
		if _, err := httpapi.ReadCursor(cursor, &from); err != nil {
			return err
		}
		w := db.NewWhere()
		if source != "" {
			w.Eq("p.source", source)
		}
		if from.ID != "" {
			w.Add("p.id < ?", from.ID)
		}
		items, err = db.All(ctx, u, scanPayload(u.Actor.Lang), "SELECT "+payloadColumns+" FROM alert_payloads p LEFT JOIN alert_sources s ON s.id = p.source WHERE "+
			w.SQL()+" ORDER BY p.id DESC LIMIT "+w.Arg(limit+1), w.Args()...)
		return err
	})
	if len(items) > limit {
		items = items[:limit]
		next = httpapi.Cursor(idPlace{items[limit-1].ID})
	}
	return items, next, err
}

// Payload reads one with its content.
func (s *Service) Payload(ctx context.Context, id string) (p Payload, err error) {
	err = s.door.Read(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if err := everything(u); err != nil {
			return err
		}
		var body []byte
		p, body, err = readPayload(ctx, u, id)
		p.Body = strings.ReplaceAll(strings.ToValidUTF8(string(body), "�"), "\x00", "�")
		return err
	})
	return p, err
}

func readPayload(ctx context.Context, u *work.Unit, id string) (p Payload, body []byte, err error) {
	p, err = db.One(ctx, u, scanPayload(u.Actor.Lang, &body), "SELECT "+payloadColumns+", p.body FROM alert_payloads p LEFT JOIN alert_sources s ON s.id = p.source WHERE p.id = $1", id)
	return p, body, err
}

// Retry takes a kept payload in again, once its source or a rule was corrected. It fails as the payload itself would.
func (s *Service) Retry(ctx context.Context, payload string) (out Outcome, err error) {
	var d delivery
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if err := everything(u); err != nil {
			return err
		}
		p, body, err := readPayload(ctx, u, payload)
		if err != nil {
			return err
		}
		if p.Cut {
			return fault.New(fault.Conflict, "alert.cut", nil)
		}
		set, err := s.fresh(ctx, u)
		if err != nil {
			return err
		}
		source := set.sources[p.Source]
		if source == nil {
			return fault.Missing()
		}
		d = delivery{source: source, body: body, ip: p.IP, lang: httpapi.Lang(ctx)}
		if _, err := u.Exec(ctx, `UPDATE alert_payloads SET retried_at = $2 WHERE id = $1`, payload, clock.Millis(u.Now())); err != nil {
			return err
		}
		_, err = u.Record(ctx, work.Event{Stream: payload, Kind: "alert.payload_retried", Subject: "alert_payload", Number: p.Name})
		return err
	})
	if err != nil {
		return out, err
	}
	return s.accept(ctx, d)
}
