package process

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Slot is one question of an approval: who may answer it, and the answer.
type Slot struct {
	Of       string   `json:"of"`     // actor expression
	People   []string `json:"people"` // who that was when it was asked
	Delegate string   `json:"delegate,omitempty"`
	By       string   `json:"by,omitempty"`
	Decision string   `json:"decision,omitempty"` // approve, refuse
	Reason   string   `json:"reason,omitempty"`
	At       int64    `json:"at,omitempty"`
}

// approval is one request for approval on a record.
type approval struct {
	ID, Record, Name, State, CameFrom, AskedBy string
	AskedAt, DecidedAt                         time.Time
	Slots                                      []Slot
}

const approvalColumns = "id, record_id, name, state, came_from, asked_by, asked_at, decided_at, slots"

func scanApproval(row db.Row) (a approval, err error) {
	var asked, decided int64
	err = row.Scan(&a.ID, &a.Record, &a.Name, &a.State, &a.CameFrom, &a.AskedBy, &asked, &decided, db.ScanJSON(&a.Slots))
	a.AskedAt, a.DecidedAt = clock.FromMillis(asked), clock.FromMillis(decided)
	return a, err
}

func approvalsOf(ctx context.Context, tx db.Tx, rec string) ([]approval, error) {
	return db.All(ctx, tx, scanApproval, "SELECT "+approvalColumns+" FROM approvals WHERE record_id = $1 ORDER BY asked_at, id", rec)
}

// openApproval asks everybody the definition names.
func (c *change) openApproval(ctx context.Context, def *definition.Approval, came string) error {
	a := approval{ID: id.New(), Record: c.rec.ID, Name: def.Code, State: "open", CameFrom: came, AskedBy: c.actor.ID}
	var everybody []string
	for _, of := range def.Of {
		people, err := c.people(ctx, []string{of})
		if err != nil {
			return err
		}
		a.Slots = append(a.Slots, Slot{Of: of, People: people})
		everybody = append(everybody, people...)
	}
	_, err := c.u.Exec(ctx, "INSERT INTO approvals ("+approvalColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		a.ID, a.Record, a.Name, a.State, a.CameFrom, a.AskedBy, clock.Millis(c.u.Now()), int64(0), db.JSON(a.Slots))
	if err != nil {
		return err
	}
	c.extra["approval"] = def.Code
	return c.notifyPeople(ctx, everybody, "approval", text.Label{Zh: "请审批 {number} · {title}", En: "Please approve {number} · {title}"})
}

// mySlot is the slot the actor may answer now, or -1.
func (c *scene) mySlot(ctx context.Context, def *definition.Approval, a *approval) (int, error) {
	if a.State != "open" {
		return -1, nil
	}
	if excluded, err := c.allowed(ctx, def.Exclude); err != nil || excluded {
		return -1, err
	}
	for i, slot := range a.Slots {
		if slot.Decision != "" {
			if slot.By == c.actor.ID && def.Policy != "any" {
				return -1, nil // one person answers one question
			}
			continue
		}
		mine := slot.Delegate == c.actor.ID
		if slot.Delegate == "" {
			yes, err := c.allowed(ctx, []string{slot.Of})
			if err != nil {
				return -1, err
			}
			mine = yes || slices.Contains(slot.People, c.actor.ID)
		}
		if mine {
			return i, nil
		}
		if def.Sequential {
			return -1, nil
		}
	}
	return -1, nil
}

// Decide answers an approval. The outcome follows the policy: any, all, or a number of yes; a no that makes it impossible refuses.
func (s *Service) Decide(ctx context.Context, typ, number, approvalID, decision, reason string) error {
	return s.onApproval(ctx, typ, number, approvalID, func(ctx context.Context, c *change, def *definition.Approval, a *approval, slot int) error {
		reason = strings.TrimSpace(reason)
		if decision != "approve" && decision != "refuse" {
			return fault.One("decision", "field.choice", text.Params{"label": text.Label{Zh: "决定", En: "Decision"}})
		}
		if decision == "refuse" && reason == "" {
			return fault.One("reason", "field.required", text.Params{"label": text.Label{Zh: "原因", En: "the reason"}})
		}
		a.Slots[slot].By, a.Slots[slot].Decision, a.Slots[slot].Reason, a.Slots[slot].At = c.actor.ID, decision, reason, clock.Millis(c.u.Now())
		outcome := outcomeOf(def, a.Slots)
		c.extra["approval"], c.extra["decision"], c.extra["reason"] = a.Name, decision, reason
		if outcome == "" {
			return c.keepApproval(ctx, a)
		}
		a.State, a.DecidedAt = outcome, c.u.Now()
		return c.conclude(ctx, def, a)
	})
}

// Delegate hands one's question to somebody else.
func (s *Service) Delegate(ctx context.Context, typ, number, approvalID, to string) error {
	return s.onApproval(ctx, typ, number, approvalID, func(ctx context.Context, c *change, def *definition.Approval, a *approval, slot int) error {
		found, err := c.refs(ctx, "staff", []string{to})
		if err != nil {
			return err
		}
		if found[to] == "" {
			return fault.One("to", "field.missing", text.Params{"label": text.Label{Zh: "受托人", En: "The delegate"}})
		}
		a.Slots[slot].Delegate = to
		c.extra["approval"], c.extra["delegate"] = a.Name, to
		if err := c.keepApproval(ctx, a); err != nil {
			return err
		}
		return c.notifyPeople(ctx, []string{to}, "approval", text.Label{Zh: "{actor} 委托你审批 {number} · {title}", En: "{actor} asks you to approve {number} · {title}"})
	})
}

func (s *Service) onApproval(ctx context.Context, typ, number, approvalID string,
	fn func(ctx context.Context, c *change, def *definition.Approval, a *approval, slot int) error) error {
	return s.door.Do(ctx, MoveRecords, func(ctx context.Context, u *work.Unit) error {
		c, err := s.open(ctx, u, MoveRecords, typ, number, 0)
		if err != nil {
			return err
		}
		a, err := db.One(ctx, u.Tx, scanApproval, "SELECT "+approvalColumns+" FROM approvals WHERE id = $1 AND record_id = $2", approvalID, c.rec.ID)
		if err != nil {
			return err
		}
		def, ok := c.def.Approvals.Get(a.Name)
		if !ok {
			return fault.Missing()
		}
		if a.State != "open" {
			return fault.New(fault.Conflict, "process.decided", nil)
		}
		slot, err := c.mySlot(ctx, def, &a)
		if err != nil {
			return err
		}
		if slot < 0 {
			return fault.New(fault.Forbidden, "process.not_asked", nil)
		}
		return fn(ctx, c, def, &a, slot)
	})
}

func (c *change) keepApproval(ctx context.Context, a *approval) error {
	_, err := c.u.Exec(ctx, "UPDATE approvals SET state = $2, decided_at = $3, slots = $4 WHERE id = $1", a.ID, a.State, clock.Millis(a.DecidedAt), db.JSON(a.Slots))
	if err != nil {
		return err
	}
	return c.store(ctx, "record.approval")
}

// conclude moves the record on once the approval is decided.
func (c *change) conclude(ctx context.Context, def *definition.Approval, a *approval) error {
	target, effects := def.Approved, def.OnApproved
	if a.State == "refused" {
		target, effects = def.Refused, def.OnRefused
	}
	if target == "returns" {
		target = a.CameFrom
	}
	if c.rec.State == def.Opens { // the record may have been moved on, or cancelled, meanwhile
		if err := c.enter(ctx, target); err != nil {
			return err
		}
	}
	if err := c.shape(ctx, effects); err != nil {
		return err
	}
	if err := c.keepApproval(ctx, a); err != nil {
		return err
	}
	if err := c.follow(ctx, effects); err != nil {
		return err
	}
	label := text.Label{Zh: "{number} 已批准 · {title}", En: "{number} was approved · {title}"}
	if a.State == "refused" {
		label = text.Label{Zh: "{number} 未获批准 · {title}", En: "{number} was refused · {title}"}
	}
	if err := c.notifyPeople(ctx, []string{a.AskedBy, c.rec.Assignee}, "approval", label); err != nil {
		return err
	}
	return c.automatic(ctx)
}

// cancelApprovals closes questions that a move made pointless.
func (c *change) cancelApprovals(ctx context.Context, left string) error {
	for i := range c.def.Approvals {
		if c.def.Approvals[i].Value.Opens == left {
			_, err := c.u.Exec(ctx, "UPDATE approvals SET state = 'cancelled', decided_at = $3 WHERE record_id = $1 AND name = $2 AND state = 'open'",
				c.rec.ID, c.def.Approvals[i].Name, clock.Millis(c.u.Now()))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// outcomeOf is approved, refused, or "" while it is open.
func outcomeOf(d *definition.Approval, slots []Slot) string {
	yes, no := 0, 0
	for _, s := range slots {
		switch s.Decision {
		case "approve":
			yes++
		case "refuse":
			no++
		}
	}
	need := len(slots)
	if d.Policy == "any" {
		need = 1
	} else if n, err := strconv.Atoi(d.Policy); err == nil {
		need = n
	}
	switch {
	case yes >= need:
		return "approved"
	case len(slots)-no < need:
		return "refused"
	}
	return ""
}

// waitingApprovals are the open approvals on records that ask the actor, for "my work".
func waitingApprovals(ctx context.Context, u *work.Unit) ([]string, error) {
	open, err := db.All(ctx, u.Tx, scanApproval, "SELECT "+approvalColumns+" FROM approvals WHERE state = 'open' ORDER BY asked_at LIMIT 500")
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, a := range open {
		if slices.ContainsFunc(a.Slots, func(s Slot) bool {
			return s.Decision == "" && (s.Delegate == u.Actor.ID || s.Delegate == "" && slices.Contains(s.People, u.Actor.ID))
		}) {
			ids = append(ids, a.Record)
		}
	}
	return ids, nil
}
