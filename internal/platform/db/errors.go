package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

var (
	errDone   = errors.New("the transaction is over")
	errOpen   = errors.New("the rows of an earlier query are still open")
	errBroken = errors.New("an earlier statement of the transaction failed")
	errGroup  = errors.New("the shared transaction was lost") // SQLite gave up the whole group, not only the one at fault
)

// lost tells whether a transaction failed only because of another one, so that trying again may succeed.
func lost(err error) bool {
	if errors.Is(err, errGroup) {
		return true
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// translate makes faults of those driver errors that mean something to a person; the driver's error stays the cause.
func translate(err error) error {
	if err == nil || fault.As(err) != nil {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, pgx.ErrNoRows) {
		return fault.Missing()
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return translatePostgres(pg, err)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return translateSQLite(lite, err)
	}
	return err
}

func translatePostgres(pg *pgconn.PgError, err error) error {
	switch pg.Code {
	case "23505", "23503": // unique, foreign key
		return conflict(pg.ConstraintName, err)
	case "22021", "22P05": // a byte or an escape that text cannot hold
		return &fault.Error{Kind: fault.Malformed, Code: "malformed", Params: text.Params{"reason": encoding}, Cause: err}
	case "57014", "57P01", "57P02", "57P03", "53300", "25P03": // timed out, shutting down, too many connections
		return unavailable(err)
	}
	return err
}

func translateSQLite(lite *sqlite.Error, err error) error {
	switch lite.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return conflict(constraint(lite.Error()), err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return conflict("", err)
	}
	switch lite.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_INTERRUPT:
		return unavailable(err)
	}
	return err
}

// constraint takes "person.email" out of "… UNIQUE constraint failed: person.org, person.email (2067)".
func constraint(message string) string {
	_, rest, _ := strings.Cut(message, "constraint failed: ")
	if _, again, ok := strings.Cut(rest, "constraint failed: "); ok {
		rest = again
	}
	rest, _, _ = strings.Cut(rest, " (")
	return rest
}

func conflict(name string, cause error) error {
	return &fault.Error{Kind: fault.Conflict, Code: "conflict", Params: text.Params{"constraint": name}, Cause: cause}
}

func unavailable(cause error) error {
	return &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Cause: cause}
}

// ended explains a context that is over: the caller's own end is the caller's error, our limit is unavailability.
func ended(outer, inner context.Context) error {
	if err := outer.Err(); err != nil {
		return err
	}
	if err := inner.Err(); err != nil {
		return unavailable(err)
	}
	return nil
}
