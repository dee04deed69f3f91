package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
)

// common is what a transaction is on both databases.
type common struct {
	now    time.Time
	outer  context.Context // of the caller of Read or Write
	limit  context.Context // outer, but no longer than Config.Timeout
	after  []func()
	writes int
	over   bool  // fn has returned
	failed error // the first statement that failed; nothing may follow it, as PostgreSQL demands
	open   Rows  // rows not read to their end
}

func (c *common) Now() time.Time        { return c.now }
func (c *common) AfterCommit(fn func()) { c.after = append(c.after, fn) }
func (c *common) Writes() int           { return c.writes }

func (c *common) count() *int { return &c.writes }

// Uncounted lets a package change rows that are no business of the audit trail, such as the job queue's:
// what is written until the function returned is called does not show in tx.Writes.
func Uncounted(tx Tx) func() {
	c, ok := tx.(interface{ count() *int })
	if !ok {
		return func() {}
	}
	before := *c.count()
	return func() { *c.count() = before }
}

// ready tells whether another statement may run.
func (c *common) ready(ctx context.Context, args []any) error {
	switch {
	case c.over:
		return errDone
	case c.failed != nil:
		return fmt.Errorf("%w: %w", errBroken, c.failed)
	case c.open != nil:
		return c.fail(errOpen)
	}
	if err := ctx.Err(); err != nil {
		return c.fail(err)
	}
	if err := ended(c.outer, c.limit); err != nil {
		return c.fail(err)
	}
	if err := check(args); err != nil {
		return c.fail(err)
	}
	return nil
}

// fail notes that a statement failed, which dooms the transaction.
func (c *common) fail(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = cmp.Or(ended(c.outer, c.limit), err)
	}
	err = translate(err)
	if c.failed == nil {
		c.failed = err
	}
	return err
}

// finish closes the transaction for further use and tells whether it may be committed.
func (c *common) finish() error {
	c.over = true
	if c.open != nil {
		c.open.Close()
		c.failed = errOpen
	}
	if c.failed != nil {
		return fmt.Errorf("%w: %w", errBroken, c.failed)
	}
	return ended(c.outer, c.limit)
}

func (c *common) committed() {
	for _, fn := range c.after {
		fn()
	}
}

// first is a query of which only the first row is wanted.
type first struct {
	rows Rows
	err  error
}

// Scan reads the first row; none at all is a NotFound fault.
func (f first) Scan(dest ...any) error {
	if f.err != nil {
		return f.err
	}
	defer f.rows.Close()
	if !f.rows.Next() {
		if err := f.rows.Err(); err != nil {
			return err
		}
		return fault.Missing()
	}
	if err := f.rows.Scan(dest...); err != nil {
		return err
	}
	f.rows.Close()
	return f.rows.Err()
}
