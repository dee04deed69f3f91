package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// sqliteDB is one file: a writer whose commits are shared, and a few connections that only read.
type sqliteDB struct {
	cfg     Config
	bus     bus
	writer  *writer
	readers chan *session // nil stands for one not opened yet
	sources []*sql.DB
	reading *sql.DB
	guest   *sql.DB
}

func openSQLite(ctx context.Context, cfg Config, path string) (*sqliteDB, error) {
	sync := strings.ToUpper(cfg.Sync)
	switch sync {
	case "":
		sync = "FULL"
	case "FULL", "NORMAL":
	default:
		return nil, fmt.Errorf("sync must be full or normal, not %q", cfg.Sync)
	}
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	d := &sqliteDB{cfg: cfg}
	source := func(sync, extra string) (*sql.DB, error) {
		pool, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+
			"?_busy_timeout=10000&_journal_mode=WAL&_foreign_keys=1&_synchronous="+sync+extra)
		if err == nil {
			pool.SetConnMaxIdleTime(0)
			d.sources = append(d.sources, pool)
		}
		return pool, err
	}
	// temp_store: what a savepoint needs to undo stays in memory, which takes a quarter off a shared transaction
	writing, err := source(sync, "&_dqs=0&_txlock=immediate&_pragma=cache_size(-16384)&_pragma=wal_autocheckpoint(2000)&_pragma=journal_size_limit(67108864)&_pragma=temp_store(MEMORY)&_pragma=analysis_limit(1000)")
	if err != nil {
		return nil, err
	}
	own, err := openSession(ctx, writing)
	if err != nil {
		return nil, errors.Join(err, writing.Close())
	}
	d.writer = &writer{cfg: &d.cfg, session: own, tending: firstTending}
	d.writer.tend()
	if d.reading, err = source(sync, "&_dqs=0&_query_only=1&_pragma=cache_size(-8192)"); err != nil {
		return nil, err
	}
	// The guest keeps the state of background jobs. A power failure may set it back by a moment; they run at least once anyway.
	if d.guest, err = source("NORMAL", "&_txlock=immediate"); err != nil {
		return nil, err
	}
	d.guest.SetMaxOpenConns(1)
	readers := max(4, 2*runtime.GOMAXPROCS(0)) // more would only hold memory: they read from the file system's cache
	if cfg.MaxConns > 0 {
		readers = min(readers, cfg.MaxConns)
	}
	d.readers = make(chan *session, readers)
	for range readers {
		d.readers <- nil
	}
	return d, nil
}

// prepareFile creates the file if need be, readable by its owner alone: it holds personal data.
func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the administrator names it
	if err != nil {
		return err
	}
	return f.Close()
}

func (d *sqliteDB) dialect() Dialect { return SQLite }

func (d *sqliteDB) ping(ctx context.Context) error {
	return d.read(ctx, func(tx Tx) error {
		var one int
		return tx.QueryRow(ctx, "SELECT 1").Scan(&one)
	})
}

func (d *sqliteDB) waiting() int { return d.writer.waiting() }

func (d *sqliteDB) write(ctx context.Context, fn func(Tx) error) error {
	return d.writer.write(ctx, fn)
}

func (d *sqliteDB) listen(ctx context.Context, channel string, fn func(string)) error {
	d.bus.listen(ctx, channel, fn)
	return nil
}

func (d *sqliteDB) publish(channel, payload string) { d.bus.publish(channel, payload) }

// read gives fn one of the read-only connections; what it sees is the state at its first query.
func (d *sqliteDB) read(ctx context.Context, fn func(Tx) error) (err error) {
	limit, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	var s *session
	select {
	case s = <-d.readers:
	case <-limit.Done():
		return ended(ctx, limit)
	}
	defer func() { d.readers <- s }()
	if s == nil {
		if s, err = openSession(limit, d.reading); err != nil {
			return translate(err)
		}
	}
	if err := s.do("BEGIN"); err != nil {
		return translate(err)
	}
	tx := &sqliteTx{common: common{now: d.cfg.Clock.Now(), outer: ctx, limit: limit}, session: s, statements: limit}
	defer func() {
		done := tx.finish()
		if s.do("ROLLBACK") != nil { // start afresh rather than read an old state for ever
			s.close()
			s = nil
		}
		if err == nil {
			err = done
		}
	}()
	return contained(&d.cfg, fn, tx)
}

func (d *sqliteDB) close() {
	d.writer.close()
	for range cap(d.readers) {
		if s := <-d.readers; s != nil {
			s.close()
		}
	}
	for _, source := range d.sources {
		_ = source.Close() // nothing is pending: every acknowledged write is on disk
	}
}

// session is one connection with its prepared statements: parsing a statement costs more than running it.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func openSession(ctx context.Context, source *sql.DB) (*session, error) {
	conn, err := source.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

// maxPrepared bounds the memory of a connection; past it all are prepared anew.
const maxPrepared = 1024

func (s *session) prepare(text string) (*sql.Stmt, error) {
	if stmt, ok := s.stmts[text]; ok {
		return stmt, nil
	}
	if len(s.stmts) >= maxPrepared {
		for _, stmt := range s.stmts {
			_ = stmt.Close()
		}
		clear(s.stmts)
	}
	stmt, err := s.conn.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	s.stmts[text] = stmt
	return stmt, nil
}

// do runs a statement that controls the transaction.
func (s *session) do(text string) error {
	stmt, err := s.prepare(text)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(context.Background())
	return err
}

func (s *session) close() {
	for _, stmt := range s.stmts {
		_ = stmt.Close()
	}
	_ = s.conn.Close()
}

// sqliteTx is a transaction on a session.
type sqliteTx struct {
	common
	session    *session
	shared     *sql.Tx         // of the group, when writing
	statements context.Context // interrupts running statements; never while writing, see writer
}

func (tx *sqliteTx) Dialect() Dialect { return SQLite }
func (tx *sqliteTx) Driver() any      { return tx.shared }

func (tx *sqliteTx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := tx.ready(ctx, args); err != nil {
		return 0, err
	}
	tx.writes++
	stmt, err := tx.session.prepare(study(text).sqlite)
	if err != nil {
		return 0, tx.fail(err)
	}
	result, err := stmt.ExecContext(tx.statements, args...)
	if err != nil {
		return 0, tx.fail(err)
	}
	return result.RowsAffected()
}

// Queue has the statement done at once: there is no way to spare.
func (tx *sqliteTx) Queue(ctx context.Context, text string, args ...any) error {
	_, err := tx.Exec(ctx, text, args...)
	return err
}

func (tx *sqliteTx) Query(ctx context.Context, text string, args ...any) (Rows, error) {
	if err := tx.ready(ctx, args); err != nil {
		return nil, err
	}
	known := study(text)
	if known.writes {
		tx.writes++
	}
	stmt, err := tx.session.prepare(known.sqlite)
	if err != nil {
		return nil, tx.fail(err)
	}
	rows, err := stmt.QueryContext(tx.statements, args...) //nolint:sqlclosecheck // the caller of Query closes
	if err != nil {
		return nil, tx.fail(err)
	}
	r := &sqliteRows{Rows: rows, tx: tx}
	tx.open = r
	return r, nil
}

func (tx *sqliteTx) QueryRow(ctx context.Context, text string, args ...any) Row {
	rows, err := tx.Query(ctx, text, args...)
	return first{rows, err}
}

// sqliteRows notes when it has been read to the end.
type sqliteRows struct {
	*sql.Rows
	tx *sqliteTx
}

func (r *sqliteRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *sqliteRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return r.tx.fail(err)
	}
	return nil
}

func (r *sqliteRows) Close() {
	if r.tx.open == r {
		r.tx.open = nil
	}
	if err := r.Rows.Close(); err != nil {
		_ = r.tx.fail(err)
	}
}
