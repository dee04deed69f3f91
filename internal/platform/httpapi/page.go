package httpapi

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

const (
	defaultLimit = 50
	maxLimit     = 200
	maxKey       = 200
)

// Paged is embedded in the input of a list.
type Paged struct {
	Cursor string `query:"cursor" maxLength:"1000" doc:"Where the previous page ended: its next_cursor."`
	Limit  int    `query:"limit" default:"50" minimum:"1" maximum:"200" doc:"How many items a page."`
}

// Page is the body of a list.
type Page[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitempty" doc:"Absent on the last page."`
}

// NewPage makes a page whose items are never null.
func NewPage[T any](items []T, next string) Page[T] {
	if items == nil {
		items = []T{}
	}
	return Page[T]{Items: items, NextCursor: next}
}

// Conditional is embedded in the input of a change that names the version it saw.
type Conditional struct {
	IfMatch string `header:"If-Match" maxLength:"100" doc:"The ETag of the version that the change is based on."`
}

// Version is the record version that If-Match names; 0 when it names none.
func (c Conditional) Version() (int64, error) { return versionOf(c.IfMatch) }

// Idempotent is embedded in the input of a create.
type Idempotent struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"Name of this attempt: a repetition with the same key does nothing again and gets the first answer."`
}

// ETag is the entity tag of a version, with quotes.
func ETag(version int64) string { return quoteETag("v" + strconv.FormatInt(version, 10)) }

func quoteETag(tag string) string { return `"` + tag + `"` }

// parseETag takes one entity tag (also a weak one) and gives what stands between the quotes.
func parseETag(header string) (tag string, ok bool) {
	header = strings.TrimSpace(header)
	if header == "" || header == "*" {
		return "", true
	}
	header = strings.TrimPrefix(header, "W/")
	if len(header) < 2 || header[0] != '"' || header[len(header)-1] != '"' {
		return "", false
	}
	tag = header[1 : len(header)-1]
	return tag, visible(tag) && !strings.Contains(tag, `"`)
}

func versionOf(header string) (int64, error) {
	tag, ok := parseETag(header)
	if ok && tag == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(tag, "v"), 10, 64)
	if !ok || err != nil || n < 1 {
		return 0, malformed("httpapi.if_match", nil)
	}
	return n, nil
}

// visible tells whether s has visible ASCII characters only.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Cursor packs the place where a page ends into opaque text.
func Cursor(place any) string {
	b, err := json.Marshal(place)
	if err != nil {
		panic("httpapi: cursor cannot be written: " + err.Error())
	}
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return base64.RawURLEncoding.EncodeToString(b)
}

// ReadCursor unpacks a cursor into place; an empty one leaves place alone and answers false.
// The checksum finds accidents and tampering by hand; a cursor gives no rights, so it needs no secret.
func ReadCursor(cursor string, place any) (bool, error) {
	if cursor == "" {
		return false, nil
	}
	wrong := fault.One("cursor", "httpapi.cursor", text.Params{"label": "cursor"})
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) < 5 {
		return false, wrong
	}
	sum, b := b[len(b)-4:], b[:len(b)-4]
	if binary.BigEndian.Uint32(sum) != crc32.ChecksumIEEE(b) {
		return false, wrong
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(place); err != nil || d.More() {
		return false, wrong
	}
	return true, nil
}
