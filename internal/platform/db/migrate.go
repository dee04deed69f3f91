package db

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/steward-ops/steward/internal/kernel/clock"
)

// Migration is one step forward of the schema: a text for both databases, or Go where a library brings its own.
//
// Statements end with ; at the end of a line. Lines between "-- only: postgres" (or sqlite) and "-- end" are for
// that database alone; BEGIN … END bodies of triggers go between "-- begin" and "-- end". JSON_, BLOB_ and SERIAL_
// stand for the database's own types.
type Migration struct {
	ID  string
	SQL string
	Run func(ctx context.Context, tx Tx) error // after SQL, in the same transaction; may be nil
}

const createMigrations = `CREATE TABLE IF NOT EXISTS schema_migrations (
	id TEXT PRIMARY KEY, applied_at BIGINT NOT NULL, checksum TEXT NOT NULL)`

// Migrate applies those of the list that are missing, in order, each in its own transaction, and returns their ids.
// Several replicas may do so at once.
func (d *DB) Migrate(ctx context.Context, list []Migration) ([]string, error) {
	if err := d.Write(ctx, func(tx Tx) error {
		if err := Lock(ctx, tx, "migrate"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, createMigrations)
		return err
	}); err != nil {
		return nil, fmt.Errorf("prepare migrations: %w", err)
	}
	pending, err := d.pending(ctx, list)
	if err != nil {
		return nil, err
	}
	applied := []string{}
	for _, m := range pending {
		if err := d.apply(ctx, m, &applied); err != nil {
			return applied, fmt.Errorf("migration %s: %w", m.ID, err)
		}
	}
	return applied, nil
}

// Pending are the ids of those that Migrate would apply.
func (d *DB) Pending(ctx context.Context, list []Migration) ([]string, error) {
	pending, err := d.pending(ctx, list)
	ids := []string{}
	for _, m := range pending {
		ids = append(ids, m.ID)
	}
	return ids, err
}

func (d *DB) pending(ctx context.Context, list []Migration) ([]Migration, error) {
	var done map[string]string
	err := d.Read(ctx, func(tx Tx) (err error) {
		done, err = appliedMigrations(ctx, tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	var pending []Migration
	seen := map[string]bool{}
	for _, m := range list {
		if seen[m.ID] {
			return nil, fmt.Errorf("migration %s is listed twice", m.ID)
		}
		seen[m.ID] = true
		switch sum, ok := done[m.ID]; {
		case !ok:
			pending = append(pending, m)
		case sum != m.checksum():
			return nil, fmt.Errorf("migration %s was applied with another text: write a new one instead of changing it", m.ID)
		}
	}
	return pending, nil
}

func appliedMigrations(ctx context.Context, tx Tx) (map[string]string, error) {
	there := "SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'"
	if tx.Dialect() == Postgres {
		there = "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL"
	}
	done := map[string]string{}
	if ok, err := Exists(ctx, tx, there); err != nil || !ok {
		return done, err
	}
	rows, err := tx.Query(ctx, "SELECT id, checksum FROM schema_migrations")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, sum string
		if err := rows.Scan(&id, &sum); err != nil {
			return nil, err
		}
		done[id] = sum
	}
	return done, rows.Err()
}

func (d *DB) apply(ctx context.Context, m Migration, applied *[]string) error {
	return d.Write(ctx, func(tx Tx) error {
		if err := Lock(ctx, tx, "migrate"); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, "INSERT INTO schema_migrations (id, applied_at, checksum) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
			m.ID, clock.Millis(tx.Now()), m.checksum())
		if err != nil || n == 0 { // another replica was first
			return err
		}
		for _, statement := range split(m.SQL, tx.Dialect()) {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", firstLine(statement), err)
			}
		}
		if m.Run != nil {
			if err := m.Run(ctx, tx); err != nil {
				return err
			}
		}
		tx.AfterCommit(func() { *applied = append(*applied, m.ID) })
		return nil
	})
}

func (m Migration) checksum() string {
	sum := sha256.Sum256([]byte(m.SQL))
	return hex.EncodeToString(sum[:])
}

var (
	macro  = regexp.MustCompile(`\b(JSON_|BLOB_|SERIAL_)\b`)
	macros = map[Dialect]map[string]string{
		SQLite:   {"JSON_": "TEXT", "BLOB_": "BLOB", "SERIAL_": "INTEGER PRIMARY KEY AUTOINCREMENT"},
		Postgres: {"JSON_": "JSONB", "BLOB_": "BYTEA", "SERIAL_": "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"},
	}
)

// split cuts a migration's text into the statements of one database.
func split(text string, dialect Dialect) []string {
	var statements, lines []string
	skip, body := false, false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		marker := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(marker, "-- only:"):
			skip = Dialect(strings.TrimSpace(strings.TrimPrefix(marker, "-- only:"))) != dialect
			continue
		case marker == "-- begin":
			body = true
			continue
		case marker == "-- end" && body:
			body = false
		case marker == "-- end":
			skip = false
			continue
		case skip || marker == "" || strings.HasPrefix(marker, "--"):
			continue
		default:
			lines = append(lines, line)
		}
		if !body && (strings.HasSuffix(line, ";") || marker == "-- end") && len(lines) > 0 {
			statements = append(statements, strings.Join(lines, "\n"))
			lines = nil
		}
	}
	if len(lines) > 0 {
		statements = append(statements, strings.Join(lines, "\n"))
	}
	for i, s := range statements {
		statements[i] = macro.ReplaceAllStringFunc(s, func(name string) string { return macros[dialect][name] })
	}
	return statements
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
