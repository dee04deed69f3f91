package db

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// check refuses what the two databases would treat differently, and gives JSON the form both take.
// It changes args in place, to values that mean the same.
func check(args []any) error {
	for i, arg := range args {
		switch v := arg.(type) {
		case string:
			if err := checkText(v); err != nil {
				return err
			}
		case json.RawMessage:
			args[i] = string(v)
		case time.Time, *time.Time:
			return fmt.Errorf("argument $%d is a time: pass clock.Millis", i+1)
		case int64, int, bool, []byte, float64, nil, driver.Valuer:
		default:
			if rv := reflect.ValueOf(arg); rv.Kind() == reflect.String {
				if err := checkText(rv.String()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// checkText wants what PostgreSQL can store, so that bad input is refused alike everywhere and with a reason.
func checkText(s string) error {
	if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
		return fault.New(fault.Malformed, "malformed", text.Params{"reason": encoding})
	}
	return nil
}

var encoding = text.Label{Zh: "含有无法保存的字符", En: "it has characters that cannot be stored"}

// JSON makes v an argument for a JSON_ column, stored as JSON text.
func JSON(v any) any { return jsonArg{v} }

type jsonArg struct{ v any }

// Value is v as JSON.
func (a jsonArg) Value() (driver.Value, error) { return JSONText(a.v) }

// JSONText is what JSON(v) stores; it is as good an argument for a JSON_ column.
func JSONText(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("store as JSON: %w", err)
	}
	if bytes.Contains(b, []byte(`\u0000`)) { // JSONB cannot hold it
		return "", fault.New(fault.Malformed, "malformed", text.Params{"reason": encoding})
	}
	return string(b), nil
}

// ScanJSON makes dest, a pointer, the destination of a JSON_ column. NULL and ” leave it as it is.
func ScanJSON(dest any) any { return jsonDest{dest} }

type jsonDest struct{ dest any }

var _ sql.Scanner = jsonDest{}

// Scan reads the JSON text of a column.
func (d jsonDest) Scan(src any) error {
	var b []byte
	switch v := src.(type) {
	case nil:
		return nil
	case string:
		b = []byte(v)
	case []byte:
		b = v
	default:
		return fmt.Errorf("read JSON from %T", src)
	}
	if len(b) == 0 {
		return nil
	}
	if raw, ok := d.dest.(*json.RawMessage); ok { // the driver may use its buffer again
		*raw = bytes.Clone(b)
		return nil
	}
	return json.Unmarshal(b, d.dest)
}
