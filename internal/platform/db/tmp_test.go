package db_test
import ("testing";"context";"github.com/steward-ops/steward/internal/platform/db";"github.com/steward-ops/steward/internal/platform/db/dbtest";"fmt";"github.com/steward-ops/steward/internal/kernel/id")
func BenchmarkTmp(b *testing.B) {
	for _, n := range []bool{false, true} {
	for _, clients := range []int{1, 16} {
		b.Run(fmt.Sprint(n, clients), func(b *testing.B) {
			d := dbtest.Postgres(b, dbtest.Migrations(benchSchema), dbtest.Config(func(c *db.Config) { c.MaxConns = 16 }))
			d.Listen(b.Context(), "x", func(string){})
			spread(b, clients, func(ctx context.Context) error { return d.Write(ctx, func(tx db.Tx) error {
				if _, err := tx.Exec(ctx, inserts[0], id.New(), "parent", "new", 1, db.JSON(1)); err != nil { return err }
				if n { return d.Notify(ctx, tx, "x", "y") }
				return nil
			}) })
		})
	}}
}
