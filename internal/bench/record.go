package main

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/platform/db"
)

// statement is one that a package of the program would have run.
type statement struct {
	sql   string
	args  []any
	query bool // it answers the number of the row
}

// recorder is a db.Tx that only notes what the program's own code writes: so the rows of yardstick and filling have the
// shape in which the engine stores them, whatever becomes of it. The search index asks for the number of its row; it
// gets numbers in order.
type recorder struct {
	dialect    db.Dialect
	at         time.Time
	row        int64
	statements []statement
}

var errRecords = errors.New("the recorder knows no rows")

func (r *recorder) Now() time.Time      { return r.at }
func (r *recorder) Dialect() db.Dialect { return r.dialect }
func (r *recorder) AfterCommit(func())  {}
func (r *recorder) Writes() int         { return len(r.statements) }
func (r *recorder) Driver() any         { return nil }
func (r *recorder) take() []statement   { s := r.statements; r.statements = nil; return s }
func (r *recorder) Scan(dest ...any) error {
	to, ok := dest[0].(*int64)
	if !ok {
		return errRecords
	}
	r.row++
	*to = r.row
	return nil
}

func (r *recorder) Exec(_ context.Context, sql string, args ...any) (int64, error) {
	r.statements = append(r.statements, statement{sql: sql, args: args})
	return 1, nil
}

func (r *recorder) Queue(ctx context.Context, sql string, args ...any) error {
	_, err := r.Exec(ctx, sql, args...)
	return err
}

func (r *recorder) Query(context.Context, string, ...any) (db.Rows, error) { return nil, errRecords }

func (r *recorder) QueryRow(_ context.Context, sql string, args ...any) db.Row {
	r.statements = append(r.statements, statement{sql: sql, args: args, query: true})
	return r
}

// replay runs the statements one by one.
func replay(ctx context.Context, tx db.Tx, list []statement) error {
	for _, s := range list {
		if s.query {
			var number int64
			if err := tx.QueryRow(ctx, s.sql, s.args...).Scan(&number); err != nil {
				return err
			}
		} else if _, err := tx.Exec(ctx, s.sql, s.args...); err != nil {
			return err
		}
	}
	return nil
}

// load runs many statements of few texts: on SQLite one by one, which costs nothing there, on PostgreSQL all rows of a
// text in one.
func load(ctx context.Context, tx db.Tx, list []statement) error {
	if tx.Dialect() == db.SQLite {
		return replay(ctx, tx, list)
	}
	rows := map[string][][]any{}
	var texts []string
	for _, s := range list {
		if rows[s.sql] == nil {
			texts = append(texts, s.sql)
		}
		rows[s.sql] = append(rows[s.sql], s.args)
	}
	for _, text := range texts {
		if err := loadPostgres(ctx, tx, text, rows[text]); err != nil {
			return fmt.Errorf("%.60s: %w", text, err)
		}
	}
	return nil
}

var insertion = regexp.MustCompile(`(?s)^\s*INSERT INTO (\w+) \(([^)]*)\)\s+VALUES`)

// loadPostgres turns the rows of one INSERT into columns, which go to the server as arrays.
func loadPostgres(ctx context.Context, tx db.Tx, text string, rows [][]any) error {
	m := insertion.FindStringSubmatch(text)
	if m == nil {
		return errors.New("not a plain INSERT")
	}
	table, names := m[1], strings.Split(strings.Join(strings.Fields(m[2]), ""), ",")
	types, err := columnTypes(ctx, tx, table)
	if err != nil {
		return err
	}
	var arrays, values []string
	args := make([]any, len(names))
	for i, name := range names {
		array, kind := "text", types[name]
		switch kind {
		case "bigint", "integer":
			args[i], array = column(rows, i, numberOf), "bigint"
		case "boolean":
			args[i], array = column(rows, i, func(v any) bool { return v == true }), kind
		default:
			args[i] = column(rows, i, textOf)
		}
		arrays = append(arrays, fmt.Sprintf("$%d::%s[]", i+1, array))
		values = append(values, fmt.Sprintf("u.c%d::%s", i, kind))
	}
	var aliases []string
	for i := range names {
		aliases = append(aliases, fmt.Sprintf("c%d", i))
	}
	sql := fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM unnest(%s) AS u(%s)", table, strings.Join(names, ", "), strings.Join(values, ", "), strings.Join(arrays, ", "), strings.Join(aliases, ", "))
	_, err = tx.Exec(ctx, sql, args...)
	return err
}

func columnTypes(ctx context.Context, tx db.Tx, table string) (map[string]string, error) {
	types := map[string]string{}
	rows, err := tx.Query(ctx, `SELECT column_name::text, data_type::text FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1`, table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return nil, err
		}
		types[name] = kind
	}
	return types, rows.Err()
}

func column[T any](rows [][]any, i int, to func(any) T) []T {
	list := make([]T, len(rows))
	for j, row := range rows {
		list[j] = to(row[i])
	}
	return list
}

func numberOf(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case int:
		return int64(v)
	}
	panic(fmt.Sprintf("a number is expected, not %T", v))
}

func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.RawMessage:
		return string(v)
	case driver.Valuer: // JSON
		raw, err := v.Value()
		if err != nil {
			panic(err)
		}
		return fmt.Sprint(raw)
	}
	return fmt.Sprint(v)
}
