package jobs

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/steward-ops/steward/internal/platform/db"
)

// Migrations make River's own tables, a version at a time: PostgreSQL can use a new value of an enumeration only
// after the transaction that added it.
var Migrations = func() (list []db.Migration) {
	const latest = 7 // of the River that go.mod names
	for version := 1; version <= latest; version++ {
		list = append(list, db.Migration{ID: fmt.Sprintf("jobs-%03d", version), Run: schema(version)})
	}
	return append(list, db.Migration{ID: "jobs-101", SQL: dropUnused})
}()

// River itself has no use for these indexes, and every job pays for them.
const dropUnused = `
-- only: postgres
DROP INDEX IF EXISTS river_job_args_index;
DROP INDEX IF EXISTS river_job_metadata_index;
-- end
`

func schema(version int) func(ctx context.Context, tx db.Tx) error {
	return func(ctx context.Context, tx db.Tx) error {
		switch driver := tx.Driver().(type) {
		case pgx.Tx:
			return migrate(ctx, riverpgxv5.New(nil), driver, version)
		case *sql.Tx:
			return migrate(context.WithoutCancel(ctx), riversqlite.New(nil), driver, version)
		}
		return fmt.Errorf("no such transaction: %T", tx.Driver())
	}
}

func migrate[T any](ctx context.Context, driver riverdriver.Driver[T], tx T, version int) error {
	m, err := rivermigrate.New(driver, nil)
	if err != nil {
		return err
	}
	_, err = m.MigrateTx(ctx, tx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: version})
	return err
}
