package dbtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
)

// Prepared is the URL of a fresh database on which the migrations have been applied, and which goes away with the test. It
// is a copy of one that was migrated once: by this process for SQLite, on this server for PostgreSQL.
func Prepared(t testing.TB, dialect db.Dialect, migrations []db.Migration) string {
	t.Helper()
	if len(migrations) == 0 && dialect == db.Postgres {
		return PostgresURL(t)
	}
	name := fingerprint(migrations)
	if dialect == db.Postgres {
		return preparedPostgres(t, name, migrations)
	}
	path := filepath.Join(t.TempDir(), "steward.db")
	image, err := sqliteImage(name, migrations)
	if err == nil {
		err = os.WriteFile(path, image, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

func fingerprint(migrations []db.Migration) string {
	h := sha256.New()
	for _, m := range migrations {
		fmt.Fprintf(h, "%s\n%s\n", m.ID, m.SQL)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

var (
	imagesMu sync.Mutex
	images   = map[string][]byte{}
)

// sqliteImage is the file of a database with the migrations.
func sqliteImage(name string, migrations []db.Migration) ([]byte, error) {
	imagesMu.Lock()
	defer imagesMu.Unlock()
	if image, ok := images[name]; ok {
		return image, nil
	}
	folder, err := os.MkdirTemp("", "dbtest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "image.db")
	if err := migrate("sqlite:"+path, migrations); err != nil {
		return nil, err
	}
	image, err := os.ReadFile(path)
	if err == nil {
		images[name] = image
	}
	return image, err
}

// migrate applies the migrations and closes the database, so that its file is whole.
func migrate(address string, migrations []db.Migration) error {
	d, err := db.Open(context.Background(), db.Config{URL: address, MaxConns: 1, Sync: "normal"})
	if err != nil {
		return err
	}
	defer d.Close()
	_, err = d.Migrate(context.Background(), migrations)
	return err
}

// preparedPostgres copies the template database of the migrations, which whoever comes first makes.
func preparedPostgres(t testing.TB, name string, migrations []db.Migration) string {
	t.Helper()
	server := serverURL(t)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("%s: %v", Env, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	template, copied := "steward_template_"+name, "t_"+id.New()
	if err := ensureTemplate(ctx, conn, server, template, migrations); err != nil {
		t.Fatalf("template database: %v", err)
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+quoted(copied)+" TEMPLATE "+quoted(template)+" STRATEGY FILE_COPY"); err != nil {
		t.Fatalf("copy the template database: %v", err)
	}
	t.Cleanup(func() { ddl(t, server, "DROP DATABASE "+quoted(copied)+" WITH (FORCE)") })
	return inDatabase(server, copied)
}

// ensureTemplate makes the template where it is missing; several processes test against one server.
func ensureTemplate(ctx context.Context, conn *pgx.Conn, server, template string, migrations []db.Migration) error {
	const lock = 7_269_417
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", lock); err != nil {
		return err
	}
	defer func() { _, _ = conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", lock) }()
	ready := false
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", template).Scan(&ready); err != nil || ready {
		return err
	}
	draft := template + "_draft" // one that a killed process left is made anew
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + quoted(draft) + " WITH (FORCE)", "CREATE DATABASE " + quoted(draft)} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := migrate(inDatabase(server, draft), migrations); err != nil {
		return err
	}
	_, err := conn.Exec(ctx, "ALTER DATABASE "+quoted(draft)+" RENAME TO "+quoted(template))
	return err
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

func inDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	u.Path = "/" + name
	return u.String()
}
