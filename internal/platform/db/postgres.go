package db

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgresDB is a server, reached by a capped pool of connections.
type postgresDB struct {
	cfg    Config
	pool   *pgxpool.Pool
	schema string // listeners of other schemas of one server are not ours
	queued atomic.Int64
	out    outbox
}

const defaultConns = 16

func openPostgres(ctx context.Context, cfg Config) (*postgresDB, error) {
	pc, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, err
	}
	switch {
	case cfg.MaxConns > 0:
		pc.MaxConns = int32(cfg.MaxConns) //nolint:gosec // a small number
	case !strings.Contains(cfg.URL, "pool_max_conns"):
		pc.MaxConns = defaultConns
	}
	millis := strconv.FormatInt(cfg.Timeout.Milliseconds(), 10)
	for name, value := range map[string]string{
		"statement_timeout":                   millis,
		"idle_in_transaction_session_timeout": millis,
		"timezone":                            "UTC",
		"application_name":                    "steward",
	} {
		if _, set := pc.ConnConfig.RuntimeParams[name]; !set {
			pc.ConnConfig.RuntimeParams[name] = value
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, err
	}
	d := &postgresDB{cfg: cfg, pool: pool, out: outbox{wake: make(chan struct{}, 1), done: make(chan struct{})}}
	var version int
	if err := pool.QueryRow(ctx, "SELECT current_setting('server_version_num')::int, coalesce(current_schema(), '')").Scan(&version, &d.schema); err != nil {
		pool.Close()
		return nil, err
	}
	if version < 150000 {
		pool.Close()
		return nil, fmt.Errorf("PostgreSQL 15 or later is needed, this is %d", version/10000)
	}
	go d.send()
	return d, nil
}

func (d *postgresDB) dialect() Dialect               { return Postgres }
func (d *postgresDB) ping(ctx context.Context) error { return d.pool.Ping(ctx) }
func (d *postgresDB) waiting() int                   { return int(d.queued.Load()) }

func (d *postgresDB) close() {
	d.out.mu.Lock()
	d.out.closed = true
	close(d.out.wake)
	d.out.mu.Unlock()
	<-d.out.done // what is left has been sent
	d.pool.Close()
}

const beginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

// read spares the reader two of the server's answers: the transaction begins in one message with the first query, and
// its end is not waited for.
func (d *postgresDB) read(ctx context.Context, fn func(Tx) error) error {
	limit, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	d.queued.Add(1)
	conn, err := d.pool.Acquire(limit)
	d.queued.Add(-1)
	if err != nil {
		return noConnection(ctx, limit, err)
	}
	tx := &postgresTx{common: common{now: d.cfg.Clock.Now(), outer: ctx, limit: limit}, run: conn, begin: beginRead}
	defer func() {
		if tx.begin != "" {
			conn.Release()
			return
		}
		go func() {
			final, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.cfg.Timeout)
			defer cancel()
			_, _ = conn.Exec(final, "ROLLBACK") // a connection still in its transaction is not used again
			conn.Release()
		}()
	}()
	if err := contained(&d.cfg, fn, tx); err != nil {
		return err
	}
	return tx.finish()
}

// noConnection tells why there is none: the caller's own end, or too much to do.
func noConnection(ctx, limit context.Context, err error) error {
	if over := ended(ctx, limit); over != nil {
		return over
	}
	return unavailable(err)
}

func (d *postgresDB) write(ctx context.Context, fn func(Tx) error) error {
	limit, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	d.queued.Add(1)
	ptx, err := d.pool.BeginTx(limit, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	d.queued.Add(-1)
	if err != nil {
		return noConnection(ctx, limit, err)
	}
	defer func() { _ = ptx.Rollback(context.WithoutCancel(ctx)) }() // does nothing after a commit
	tx := &postgresTx{common: common{now: d.cfg.Clock.Now(), outer: ctx, limit: limit}, run: ptx, driver: ptx}
	if err := contained(&d.cfg, fn, tx); err != nil {
		return err
	}
	if err := tx.finish(); err != nil {
		return err
	}
	// From here the answer is the database's, not the caller's patience: a commit that was cut short is of unknown outcome.
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.cfg.Timeout)
	defer cancel()
	if err := ptx.Commit(final); err != nil {
		return translate(err)
	}
	tx.committed()
	return nil
}

// outbox holds notifications of committed transactions until they are sent, those of many in one statement.
type outbox struct {
	mu       sync.Mutex
	closed   bool
	channels []string
	payloads []string
	wake     chan struct{}
	done     chan struct{}
}

func (d *postgresDB) publish(channel, payload string) {
	d.out.mu.Lock()
	defer d.out.mu.Unlock()
	if d.out.closed {
		return
	}
	d.out.channels, d.out.payloads = append(d.out.channels, d.schema+"."+channel), append(d.out.payloads, payload)
	select {
	case d.out.wake <- struct{}{}:
	default: // it is awake
	}
}

// send empties the outbox whenever there is something in it.
func (d *postgresDB) send() {
	defer close(d.out.done)
	for range d.out.wake {
		d.flush()
	}
}

func (d *postgresDB) flush() {
	d.out.mu.Lock()
	channels, payloads := d.out.channels, d.out.payloads
	d.out.channels, d.out.payloads = nil, nil
	d.out.mu.Unlock()
	if len(channels) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), d.cfg.Timeout)
	defer cancel()
	_, err := d.pool.Exec(ctx, "SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS note (channel, payload)", channels, payloads)
	if err != nil {
		d.cfg.Log.Warn("notifications were not sent", "count", len(channels), "error", err)
	}
}

// listen keeps a connection of its own, and makes another when it is lost.
func (d *postgresDB) listen(ctx context.Context, channel string, fn func(string)) error {
	conn, err := d.subscribe(ctx, channel)
	if err != nil {
		return fmt.Errorf("listen to %s: %w", channel, err)
	}
	go func() {
		for ctx.Err() == nil {
			if conn == nil {
				conn = d.resubscribe(ctx, channel)
				fn("")
				continue
			}
			note, err := conn.WaitForNotification(ctx)
			if err != nil {
				_ = conn.Close(context.WithoutCancel(ctx))
				conn = nil
				continue
			}
			fn(note.Payload)
		}
		if conn != nil {
			_ = conn.Close(context.WithoutCancel(ctx))
		}
	}()
	return nil
}

func (d *postgresDB) subscribe(ctx context.Context, channel string) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, d.pool.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{d.schema + "." + channel}.Sanitize()); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

func (d *postgresDB) resubscribe(ctx context.Context, channel string) *pgx.Conn {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 10*time.Second) {
		conn, err := d.subscribe(ctx, channel)
		if err == nil {
			return conn
		}
		d.cfg.Log.Warn("the database's notifications are interrupted", "channel", channel, "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// runner is a connection, or a transaction of pgx on one.
type runner interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// postgresTx is a transaction of PostgreSQL.
type postgresTx struct {
	common
	run    runner
	driver pgx.Tx // when writing
	begin  string // that has not been said yet
}

func (tx *postgresTx) Dialect() Dialect { return Postgres }
func (tx *postgresTx) Driver() any      { return tx.driver }

func (tx *postgresTx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := tx.ready(ctx, args); err != nil {
		return 0, err
	}
	tx.writes++
	if tx.begin != "" {
		if _, err := tx.run.Exec(ctx, tx.begin); err != nil {
			return 0, tx.fail(err)
		}
		tx.begin = ""
	}
	tag, err := tx.run.Exec(ctx, text, args...)
	if err != nil {
		return 0, tx.fail(err)
	}
	return tag.RowsAffected(), nil
}

func (tx *postgresTx) Query(ctx context.Context, text string, args ...any) (Rows, error) {
	if err := tx.ready(ctx, args); err != nil {
		return nil, err
	}
	if study(text).writes {
		tx.writes++
	}
	r := &postgresRows{tx: tx}
	var err error
	if tx.begin != "" {
		err = r.first(ctx, text, args)
	} else {
		r.Rows, err = tx.run.Query(ctx, text, args...)
	}
	if err != nil {
		return nil, tx.fail(err)
	}
	tx.open = r
	return r, nil
}

func (tx *postgresTx) QueryRow(ctx context.Context, text string, args ...any) Row {
	rows, err := tx.Query(ctx, text, args...)
	return first{rows, err}
}

// postgresRows notes when it has been read to the end.
type postgresRows struct {
	pgx.Rows
	tx    *postgresTx
	batch pgx.BatchResults // that the rows came with, when the transaction began with them
}

// first begins the transaction with its first query.
func (r *postgresRows) first(ctx context.Context, text string, args []any) error {
	var b pgx.Batch
	b.Queue(r.tx.begin)
	b.Queue(text, args...)
	r.batch, r.tx.begin = r.tx.run.SendBatch(ctx, &b), ""
	_, err := r.batch.Exec()
	if err == nil {
		r.Rows, err = r.batch.Query()
	}
	if err != nil {
		_ = r.batch.Close() // says the same
	}
	return err
}

func (r *postgresRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

func (r *postgresRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return r.tx.fail(err)
	}
	return nil
}

func (r *postgresRows) Close() {
	if r.tx.open == r {
		r.tx.open = nil
	}
	r.Rows.Close()
	if r.batch != nil {
		if err := r.batch.Close(); err != nil {
			_ = r.tx.fail(err)
		}
		r.batch = nil
	}
}
