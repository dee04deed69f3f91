package record

import (
	"context"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Comment is something said on a record: to the customer (public) or among the provider's people.
type Comment struct {
	ID, Record, Author, Side string
	Public                   bool
	Body                     string
	Files                    []string
	At                       time.Time
}

// AddComment stores a comment.
func AddComment(ctx context.Context, tx db.Tx, c Comment) (Comment, error) {
	c.ID, c.At = id.New(), tx.Now()
	if c.Files == nil {
		c.Files = []string{}
	}
	err := tx.Queue(ctx, `INSERT INTO record_comments (id, record_id, author_id, side, public, body, files, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.ID, c.Record, c.Author, c.Side, c.Public, c.Body, db.JSON(c.Files), clock.Millis(c.At))
	return c, err
}

// Comments reads a record's comments by id; only the public ones when publicOnly.
func Comments(ctx context.Context, tx db.Tx, record string, publicOnly bool) (map[string]Comment, error) {
	w := db.NewWhere()
	w.Eq("record_id", record)
	if publicOnly {
		w.Add("public")
	}
	list, err := db.All(ctx, tx, scanComment, "SELECT id, record_id, author_id, side, public, body, files, at FROM record_comments WHERE "+w.SQL(), w.Args()...)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]Comment, len(list))
	for _, c := range list {
		byID[c.ID] = c
	}
	return byID, nil
}

func scanComment(row db.Row) (c Comment, err error) {
	var at int64
	err = row.Scan(&c.ID, &c.Record, &c.Author, &c.Side, &c.Public, &c.Body, db.ScanJSON(&c.Files), &at)
	c.At = clock.FromMillis(at)
	return c, err
}

// The kinds of links between records.
const (
	Duplicate = "duplicate" // from is a duplicate of to
	Related   = "related"
	CausedBy  = "caused_by" // from is caused by to
	PartOf    = "parent"    // from is part of to
)

// LinkKinds lists them in the order in which they are offered.
var LinkKinds = []string{Related, Duplicate, CausedBy, PartOf}

// Link joins two records.
type Link struct {
	ID, From, To, Kind, By string
	At                     time.Time
}

// AddLink joins two records; joining them twice the same way is a conflict.
func AddLink(ctx context.Context, tx db.Tx, from, to, kind, by string) (Link, error) {
	l := Link{ID: id.New(), From: from, To: to, Kind: kind, By: by, At: tx.Now()}
	n, err := tx.Exec(ctx, `INSERT INTO record_links (id, from_id, to_id, kind, made_by, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		l.ID, l.From, l.To, l.Kind, l.By, clock.Millis(l.At))
	if err == nil && n == 0 {
		return l, fault.New(fault.Conflict, "record.linked", nil)
	}
	return l, err
}

// Links reads the links of a record in both directions.
func Links(ctx context.Context, tx db.Tx, record string) ([]Link, error) {
	return db.All(ctx, tx, func(row db.Row) (l Link, err error) {
		var at int64
		err = row.Scan(&l.ID, &l.From, &l.To, &l.Kind, &l.By, &at)
		l.At = clock.FromMillis(at)
		return l, err
	}, `SELECT id, from_id, to_id, kind, made_by, at FROM record_links WHERE from_id = $1 OR to_id = $1 ORDER BY at, id`, record)
}

// RemoveLink takes a link of the record away.
func RemoveLink(ctx context.Context, tx db.Tx, record, link string) error {
	n, err := tx.Exec(ctx, `DELETE FROM record_links WHERE id = $1 AND (from_id = $2 OR to_id = $2)`, link, record)
	if err == nil && n == 0 {
		return fault.Missing()
	}
	return err
}

// Watch makes a person follow the record; twice is once.
func Watch(ctx context.Context, tx db.Tx, record, person string) error {
	return tx.Queue(ctx, `INSERT INTO record_watchers (record_id, person_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, record, person, clock.Millis(tx.Now()))
}

// Unwatch ends it.
func Unwatch(ctx context.Context, tx db.Tx, record, person string) error {
	_, err := tx.Exec(ctx, `DELETE FROM record_watchers WHERE record_id = $1 AND person_id = $2`, record, person)
	return err
}

// Watchers are the people who follow the record.
func Watchers(ctx context.Context, tx db.Tx, record string) ([]string, error) {
	return db.All(ctx, tx, db.Scan[string], `SELECT person_id FROM record_watchers WHERE record_id = $1 ORDER BY at, person_id`, record)
}

// AddWork notes time spent on the record.
func AddWork(ctx context.Context, tx db.Tx, record, person string, minutes int, body string) (string, error) {
	key := id.New()
	err := tx.Queue(ctx, `INSERT INTO record_work (id, record_id, person_id, minutes, body, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		key, record, person, minutes, body, clock.Millis(tx.Now()))
	return key, err
}

// File is an uploaded file; its content lies in the blob store.
type File struct {
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	Type   string    `json:"type"`
	Size   int64     `json:"size"`
	SHA256 string    `json:"sha256"`
	URL    string    `json:"url"`
	By     string    `json:"by"`
	At     time.Time `json:"created_at"`
	Blob   string    `json:"-"`
	Public bool      `json:"public"`
}

// AddFile registers an uploaded file.
func AddFile(ctx context.Context, tx db.Tx, f File) (File, error) {
	f.ID, f.At = id.New(), tx.Now()
	f.URL = "/api/v1/files/" + f.ID
	_, err := tx.Exec(ctx, `INSERT INTO files (id, name, type, size, sha256, blob, made_by, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		f.ID, f.Name, f.Type, f.Size, f.SHA256, f.Blob, f.By, clock.Millis(f.At))
	return f, err
}

const fileColumns = "f.id, f.name, f.type, f.size, f.sha256, f.blob, f.made_by, f.at"

func scanFile(row db.Row) (f File, err error) {
	var at int64
	err = row.Scan(&f.ID, &f.Name, &f.Type, &f.Size, &f.SHA256, &f.Blob, &f.By, &at, &f.Public)
	f.At, f.URL = clock.FromMillis(at), "/api/v1/files/"+f.ID
	return f, err
}

// Attach puts files on a record. Public ones are for the customer too; attaching again as public makes it so.
func Attach(ctx context.Context, tx db.Tx, record string, files []string, public bool) error {
	for _, file := range files {
		_, err := tx.Exec(ctx, `INSERT INTO record_files (record_id, file_id, public, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (record_id, file_id) DO UPDATE SET public = record_files.public OR excluded.public`, record, file, public, clock.Millis(tx.Now()))
		if err != nil {
			return err
		}
	}
	return nil
}

// CloseFiles makes all files of a record the provider's own.
func CloseFiles(ctx context.Context, tx db.Tx, record string) error {
	_, err := tx.Exec(ctx, `UPDATE record_files SET public = false WHERE record_id = $1 AND public`, record)
	return err
}

// Files reads the files of a record.
func Files(ctx context.Context, tx db.Tx, record string, publicOnly bool) ([]File, error) {
	sql := "SELECT " + fileColumns + ", rf.public FROM files f JOIN record_files rf ON rf.file_id = f.id WHERE rf.record_id = $1"
	if publicOnly {
		sql += " AND rf.public"
	}
	return db.All(ctx, tx, scanFile, sql+" ORDER BY rf.at, f.id", record)
}

// FindFile reads a file that the actor may see: their own upload, or one on a record within their reach.
// A customer's person sees only the public ones.
func FindFile(ctx context.Context, tx db.Tx, actor *work.Actor, file string) (File, error) {
	w := db.NewWhere()
	w.Eq("f.id", file)
	inner := db.NewWhere(w.Args()...)
	inner.Add("rf.file_id = f.id")
	if actor.OrgKind != work.Provider {
		inner.Add("rf.public")
	}
	Reach(inner, actor)
	mine := inner.Arg(actor.ID)
	sql := "SELECT " + fileColumns + ", false FROM files f WHERE f.id = $1 AND (f.made_by = " + mine +
		" OR EXISTS (SELECT 1 FROM record_files rf JOIN records r ON r.id = rf.record_id WHERE " + inner.SQL() + "))"
	return db.One(ctx, tx, scanFile, sql, inner.Args()...)
}

// KnownFiles tells which of the files the actor uploaded or may see.
func KnownFiles(ctx context.Context, tx db.Tx, actor *work.Actor, files []string) (map[string]string, error) {
	found := map[string]string{}
	for _, f := range files {
		known, err := FindFile(ctx, tx, actor, f)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found[f] = known.ID
	}
	return found, nil
}

// Once finds the record an earlier request with this idempotency key made. A different request under the same key is a conflict.
func Once(ctx context.Context, tx db.Tx, actor, key, fingerprint string) (record string, err error) {
	type once struct{ fingerprint, record string }
	o, err := db.One(ctx, tx, func(row db.Row) (o once, err error) { return o, row.Scan(&o.fingerprint, &o.record) },
		`SELECT fingerprint, record_id FROM record_once WHERE actor_id = $1 AND key = $2`, actor, key)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	if err == nil && o.fingerprint != fingerprint {
		return "", fault.New(fault.Conflict, "record.once", nil)
	}
	return o.record, err
}

// Remember keeps the key with the record it made.
func Remember(ctx context.Context, tx db.Tx, actor, key, fingerprint, record string) error {
	_, err := tx.Exec(ctx, `INSERT INTO record_once (actor_id, key, fingerprint, record_id, at) VALUES ($1, $2, $3, $4, $5)`,
		actor, key, fingerprint, record, clock.Millis(tx.Now()))
	return err
}

// Watched are the records that a person follows.
func Watched(ctx context.Context, tx db.Tx, person string) ([]string, error) {
	return db.All(ctx, tx, db.Scan[string], `SELECT record_id FROM record_watchers WHERE person_id = $1 ORDER BY at DESC LIMIT 1000`, person)
}

// Orphans are files uploaded before an instant that were never put on a record, as id → blob key.
func Orphans(ctx context.Context, tx db.Tx, before time.Time) (map[string]string, error) {
	type orphan struct{ file, blob string }
	list, err := db.All(ctx, tx, func(row db.Row) (o orphan, err error) { return o, row.Scan(&o.file, &o.blob) },
		`SELECT id, blob FROM files f WHERE at < $1 AND NOT EXISTS (SELECT 1 FROM record_files rf WHERE rf.file_id = f.id) LIMIT 500`, clock.Millis(before))
	out := map[string]string{}
	for _, o := range list {
		out[o.file] = o.blob
	}
	return out, err
}

// RemoveFile forgets an uploaded file.
func RemoveFile(ctx context.Context, tx db.Tx, file string) error {
	_, err := tx.Exec(ctx, `DELETE FROM files WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM record_files rf WHERE rf.file_id = $1)`, file)
	return err
}
