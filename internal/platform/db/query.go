package db

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// One reads the first row; none is a NotFound fault.
func One[T any](ctx context.Context, tx Tx, scan func(Row) (T, error), sql string, args ...any) (T, error) {
	return scan(tx.QueryRow(ctx, sql, args...))
}

// All reads every row; none is an empty list.
func All[T any](ctx context.Context, tx Tx, scan func(Row) (T, error), sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []T{}
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, rows.Err()
}

// Exists tells whether the query has a row.
func Exists(ctx context.Context, tx Tx, sql string, args ...any) (bool, error) {
	var yes bool
	err := tx.QueryRow(ctx, "SELECT EXISTS ("+sql+")", args...).Scan(&yes)
	return yes, err
}

// Scan reads one column; the scan function of One and All for a plain value.
func Scan[T any](row Row) (T, error) {
	var v T
	err := row.Scan(&v)
	return v, err
}

// Where collects conditions, all of which must hold, with their arguments.
type Where struct {
	conditions []string
	args       []any
}

// NewWhere starts with no condition; the arguments given take $1, $2 … of the statement around it.
func NewWhere(args ...any) *Where { return &Where{args: args} }

// Arg adds an argument and returns its "$n".
func (w *Where) Arg(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

// Eq wants a column to have a value.
func (w *Where) Eq(column string, v any) { w.conditions = append(w.conditions, column+" = "+w.Arg(v)) }

// Add adds a condition in which each ? stands for the next argument.
func (w *Where) Add(condition string, args ...any) {
	parts := strings.Split(condition, "?")
	if len(parts) != len(args)+1 {
		panic(fmt.Sprintf("db: %d arguments for %q", len(args), condition))
	}
	var b strings.Builder
	for i, part := range parts {
		b.WriteString(part)
		if i < len(args) {
			b.WriteString(w.Arg(args[i]))
		}
	}
	w.conditions = append(w.conditions, "("+b.String()+")")
}

// In wants a column to have one of the values of a slice; an empty one is never true.
func (w *Where) In(column string, list any) { w.in(column, "IN", "1=0", list) }

// NotIn wants a column to have none of the values of a slice; an empty one is always true.
func (w *Where) NotIn(column string, list any) { w.in(column, "NOT IN", "1=1", list) }

// SQL is the conditions joined by AND, to stand after WHERE or inside a larger condition; "1=1" when there is none.
func (w *Where) SQL() string {
	if len(w.conditions) == 0 {
		return "1=1"
	}
	return strings.Join(w.conditions, " AND ")
}

// Args are the arguments, in order.
func (w *Where) Args() []any { return w.args }

func (w *Where) in(column, operator, empty string, list any) {
	values := reflect.ValueOf(list)
	if values.Len() == 0 {
		w.conditions = append(w.conditions, empty)
		return
	}
	names := make([]string, values.Len())
	for i := range names {
		names[i] = w.Arg(values.Index(i).Interface())
	}
	w.conditions = append(w.conditions, column+" "+operator+" ("+strings.Join(names, ", ")+")")
}

// fewValues is up to how many values SQLite compares sooner one by one than out of an array.
const fewValues = 8

// Among is the condition that a column has one of many values. They travel as one argument, so that the statement is the
// same for any number of them and need not be prepared anew.
func Among(tx Tx, w *Where, column string, values []string) string {
	switch {
	case tx.Dialect() == Postgres:
		return column + " = ANY(" + w.Arg(values) + ")"
	case len(values) > fewValues:
		return column + " IN (SELECT value FROM json_each(" + w.Arg(JSON(values)) + "))"
	}
	one := NewWhere(w.args...)
	one.In(column, values)
	w.args = one.args
	return one.SQL()
}

// Unindexed makes a column or expression whose condition shall not decide which index SQLite takes; its planner knows
// next to nothing of how frequent values are. PostgreSQL does, and decides for itself.
func Unindexed(dialect Dialect, expression string) string {
	if dialect == SQLite {
		return "+" + expression
	}
	return expression
}
