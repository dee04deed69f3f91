package search

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Doc is what is to be found of a record.
type Doc struct {
	RecordID  string
	Type      string
	Customer  string
	Requester string
	Public    string    // also the customer finds it: number, title, public fields and comments
	Internal  string    // staff alone find it
	At        time.Time // when the record was made
}

// version changes when the tokenizer does, so that Reindex writes every row anew.
const version = "1"

// digest tells whether a row has to be written again.
func (d Doc) digest() string {
	h := sha256.New()
	for _, s := range []string{version, d.Type, d.Customer, d.Requester, d.Public, d.Internal, strconv.FormatInt(clock.Millis(d.At), 10)} {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Put adds a record to the index or replaces it, in the transaction that changes the record. Unchanged text costs a look.
func Put(ctx context.Context, tx db.Tx, d Doc) error {
	put := putSQLite
	if tx.Dialect() == db.Postgres {
		put = putPostgres
	}
	if err := put(ctx, tx, d); err != nil {
		return fmt.Errorf("index record: %w", err)
	}
	return nil
}

const upsert = ` ON CONFLICT (record_id) DO UPDATE SET type = excluded.type, customer_id = excluded.customer_id,
	requester_id = excluded.requester_id, at = excluded.at, digest = excluded.digest`

func putSQLite(ctx context.Context, tx db.Tx, d Doc) error {
	var seq int64
	err := tx.QueryRow(ctx, `INSERT INTO search_docs (record_id, type, customer_id, requester_id, at, digest)
		VALUES ($1, $2, $3, $4, $5, $6)`+upsert+` WHERE search_docs.digest <> excluded.digest RETURNING seq`,
		d.RecordID, d.Type, d.Customer, d.Requester, clock.Millis(d.At), d.digest()).Scan(&seq)
	if fault.Is(err, fault.NotFound) {
		return nil // nothing changed
	}
	if err != nil {
		return err
	}
	return tx.Queue(ctx, `INSERT OR REPLACE INTO search_words (rowid, public, internal, tags) VALUES ($1, $2, $3, $4)`,
		seq, spaced(d.Public), spaced(d.Internal), strings.Join(d.tags(), " "))
}

func putPostgres(ctx context.Context, tx db.Tx, d Doc) error {
	return tx.Queue(ctx, `INSERT INTO search_docs (record_id, type, customer_id, requester_id, at, digest, words)
		VALUES ($1, $2, $3, $4, $5, $6, $7::text::tsvector)`+upsert+`, words = excluded.words WHERE search_docs.digest <> excluded.digest`,
		d.RecordID, d.Type, d.Customer, d.Requester, clock.Millis(d.At), d.digest(), d.vector())
}

// Remove takes a record out of the index.
func Remove(ctx context.Context, tx db.Tx, recordID string) error {
	if tx.Dialect() == db.SQLite {
		_, err := tx.Exec(ctx, `DELETE FROM search_words WHERE rowid IN (SELECT seq FROM search_docs WHERE record_id = $1)`, recordID)
		if err != nil {
			return fmt.Errorf("remove record from the index: %w", err)
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM search_docs WHERE record_id = $1`, recordID); err != nil {
		return fmt.Errorf("remove record from the index: %w", err)
	}
	return nil
}

// spaced is a text's tokens for SQLite. The other forms come after a bar that no phrase crosses.
func spaced(text string) string {
	in, beside := tokens(text)
	if len(beside) > 0 {
		in = append(append(in, "_"), beside...)
	}
	return strings.Join(in, " ")
}

// tags are words that no text has, by which the index itself keeps to a customer, type or requester.
func (d Doc) tags() []string {
	tags := []string{tag('t', d.Type)}
	if d.Customer != "" {
		tags = append(tags, tag('c', d.Customer))
	}
	if d.Requester != "" {
		tags = append(tags, tag('r', d.Requester))
	}
	return tags
}

// tag begins with a bar, which no word of a text contains.
func tag(kind byte, name string) string {
	clean := func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_':
			return c
		case 'A' <= c && c <= 'Z':
			return c + 'a' - 'A'
		}
		return -1 // two names may then share a tag: the columns tell them apart
	}
	return "_" + string(kind) + strings.Map(clean, name)
}

// lastPosition is the highest that a tsvector knows.
const lastPosition = 16383

// vector is the record's words for PostgreSQL, label A for what is public.
func (d Doc) vector() string {
	var b strings.Builder
	b.Grow(10 * (len(d.Public) + len(d.Internal)) / 3)
	at := writeText(&b, d.Public, "A", 0)
	writeText(&b, d.Internal, "", at)
	for _, t := range d.tags() {
		b.WriteString(quote(t))
		b.WriteByte(' ')
	}
	return b.String()
}

func writeText(b *strings.Builder, text, label string, at int) int {
	in, beside := tokens(text)
	for _, token := range in {
		at++
		writeLexeme(b, token, label, at)
	}
	at++ // a gap that no phrase crosses
	for _, token := range beside {
		at++
		writeLexeme(b, token, label, at)
	}
	return at + 1
}

func writeLexeme(b *strings.Builder, token, label string, at int) {
	b.WriteString(quote(token))
	b.WriteByte(':')
	b.WriteString(strconv.Itoa(min(at, lastPosition)))
	b.WriteString(label)
	b.WriteByte(' ')
}

// quote makes a token a lexeme of tsvector and tsquery.
func quote(token string) string {
	if strings.ContainsAny(token, `'\`) { // the tokenizer lets neither through
		token = strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(token)
	}
	return "'" + token + "'"
}

// Reindexing is the permission to build the index anew.
const Reindexing work.Perm = "search.reindex"

// Source answers the next documents after a record id, in the order of ids; none ends the work.
type Source func(ctx context.Context, u *work.Unit, after string, limit int) ([]Doc, error)

// reindexPage is how many documents go into one transaction.
const reindexPage = 200

// Reindex puts every document of the source and answers how many there were. It may run while people work, and again.
func Reindex(ctx context.Context, door *work.Door, source Source) (int, error) {
	count, after := 0, ""
	for {
		n, err := 0, error(nil)
		last := after
		err = door.Do(ctx, Reindexing, func(ctx context.Context, u *work.Unit) error {
			u.Unrecorded() // nothing is changed but how things are found
			docs, err := source(ctx, u, after, reindexPage)
			if err != nil {
				return err
			}
			n = len(docs)
			for _, d := range docs {
				last = d.RecordID
				if err := Put(ctx, u, d); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return count, fmt.Errorf("reindex after %q: %w", after, err)
		}
		if n == 0 {
			return count, nil
		}
		count, after = count+n, last
	}
}
