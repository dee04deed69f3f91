package process

import (
	"context"

	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Readable is a record that the actor may read, by number or id; to others it looks absent.
func (s *Service) Readable(ctx context.Context, u *work.Unit, number string) (*record.Record, error) {
	r, err := record.Load(ctx, u.Tx, u.Actor, number)
	if err != nil {
		return nil, err
	}
	c, err := s.sceneOf(u, r)
	if err != nil {
		return nil, err
	}
	return r, c.readable(ctx)
}

// FollowAgain lets the clocks of a record look at it anew, because what they go by has changed: an agreement or a
// calendar. It is a change of the record's due time alone.
func (s *Service) FollowAgain(ctx context.Context, u *work.Unit, id, why string) error {
	r, err := record.LoadForChange(ctx, u.Tx, Engine, id)
	if err != nil {
		return err
	}
	c, err := s.changeOf(u, r)
	if err != nil {
		return err
	}
	before := r.Due
	if err := c.followAndSync(ctx); err != nil {
		return err
	}
	return c.note(ctx, "record.promised", false, map[string]any{"why": why, "due_before": before, "due": r.Due})
}
