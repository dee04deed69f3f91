package db_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
)

func TestMigrate(t *testing.T) {
	list := []db.Migration{
		{ID: "a-001", SQL: `
-- only: sqlite
CREATE TABLE kind (name TEXT);
INSERT INTO kind VALUES ('sqlite; really');
-- begin
CREATE TRIGGER kept BEFORE DELETE ON kind BEGIN
	SELECT RAISE(ABORT, 'kept');
END;
-- end
-- end
-- only: postgres
CREATE TABLE kind (name TEXT);
INSERT INTO kind VALUES ('postgres; really');
-- begin
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	RAISE 'kept';
END $$;
-- end
CREATE TRIGGER kept BEFORE DELETE ON kind FOR EACH ROW EXECUTE FUNCTION keep();
-- end
CREATE TABLE shared (id SERIAL_, data JSON_, blob BLOB_)`},
		{ID: "a-002", Run: func(ctx context.Context, tx db.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO shared (data) VALUES ($1)", db.JSON(1))
			return err
		}},
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if ids, err := d.Pending(ctx, list); err != nil || !slices.Equal(ids, []string{"a-001", "a-002"}) {
			t.Fatal(ids, err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		var all []string
		for range 4 { // as several replicas would
			wg.Go(func() {
				ids, err := d.Migrate(ctx, list)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, ids...)
			})
		}
		wg.Wait()
		if len(all) != 2 || count(t, d, "SELECT count(*) FROM shared") != 1 {
			t.Errorf("applied %v", all)
		}
		var kind string
		_ = d.Read(ctx, func(tx db.Tx) error { return tx.QueryRow(ctx, "SELECT name FROM kind").Scan(&kind) })
		if kind != string(d.Dialect())+"; really" {
			t.Error(kind)
		}
		err := d.Write(ctx, func(tx db.Tx) error { _, err := tx.Exec(ctx, "DELETE FROM kind"); return err })
		if err == nil || !strings.Contains(err.Error(), "kept") {
			t.Error(err)
		}
		changed := []db.Migration{{ID: "a-001", SQL: "CREATE TABLE other (id TEXT)"}}
		if _, err := d.Migrate(ctx, changed); err == nil || !strings.Contains(err.Error(), "a-001") {
			t.Error(err)
		}
		bad := append(slices.Clone(list), db.Migration{ID: "a-003", SQL: "CREATE TABLE half (id TEXT);\nCREATE NONSENSE;"})
		if _, err := d.Migrate(ctx, bad); err == nil || !strings.Contains(err.Error(), "a-003") || !strings.Contains(err.Error(), "NONSENSE") {
			t.Error(err)
		}
		if ids, err := d.Migrate(ctx, append(slices.Clone(list), db.Migration{ID: "a-003", SQL: "CREATE TABLE half (id TEXT);"})); err != nil || len(ids) != 1 {
			t.Error(ids, err)
		}
	})
}
