package notify

import "context"

// Deliver runs the job of a batch, as River would.
func (c *Courier) Deliver(ctx context.Context, batch string) error { return c.deliver(ctx, batch) }
