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

// What a transaction begins with. It goes to the server in one message with the first statement.
const (
	beginRead  = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	beginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED"
)

func (d *postgresDB) acquire(ctx, limit context.Context) (*pgxpool.Conn, error) {
	d.queued.Add(1)
	conn, err := d.pool.Acquire(limit)
	d.queued.Add(-1)
	if err == nil {
		return conn, nil
	}
	if over := ended(ctx, limit); over != nil {
		return nil, over
	}
	return nil, unavailable(err)
}

// read spares the reader the server's answer to the end of the transaction: it is not waited for.
func (d *postgresDB) read(ctx context.Context, fn func(Tx) error) error {
	limit, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	conn, err := d.acquire(ctx, limit)
	if err != nil {
		return err
	}
	tx := newPostgresTx(ctx, limit, &d.cfg, conn, beginRead)
	defer func() {
		if !tx.begun {
			conn.Release()
			return
		}
		go func() {
			tx.rollback(ctx, d.cfg.Timeout)
			conn.Release()
		}()
	}()
	if err := contained(&d.cfg, fn, tx); err != nil {
		return err
	}
	return tx.finish()
}

func (d *postgresDB) write(ctx context.Context, fn func(Tx) error) error {
	limit, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	conn, err := d.acquire(ctx, limit)
	if err != nil {
		return err
	}
	defer conn.Release()
	tx := newPostgresTx(ctx, limit, &d.cfg, conn, beginWrite)
	err = contained(&d.cfg, fn, tx)
	if err == nil {
		err = tx.finish()
	}
	if err != nil {
		tx.rollback(ctx, d.cfg.Timeout)
		return err
	}
	// From here the answer is the database's, not the caller's patience: a commit that was cut short is of unknown outcome.
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.cfg.Timeout)
	defer cancel()
	if err := tx.commit(final); err != nil {
		tx.rollback(ctx, d.cfg.Timeout)
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

// postgresTx is a transaction of PostgreSQL. What waits goes to the server together with the next statement whose answer
// somebody wants: an answer takes longer to come than most statements to run.
type postgresTx struct {
	common
	conn    *pgxpool.Conn
	waiting pgx.Batch
	begun   bool // the server knows of it
}

func newPostgresTx(outer, limit context.Context, cfg *Config, conn *pgxpool.Conn, begin string) *postgresTx {
	tx := &postgresTx{common: common{now: cfg.Clock.Now(), outer: outer, limit: limit}, conn: conn}
	tx.waiting.Queue(begin)
	return tx
}

func (tx *postgresTx) Dialect() Dialect { return Postgres }

// Driver is a transaction of pgx on the same connection, which nobody must end; nil after a failure.
func (tx *postgresTx) Driver() any {
	if err := tx.flush(tx.limit); err != nil {
		return nil
	}
	driver, err := tx.conn.BeginTx(tx.limit, pgx.TxOptions{BeginQuery: "-- it has begun"})
	if err != nil {
		_ = tx.fail(err)
		return nil
	}
	return driver
}

func (tx *postgresTx) Queue(ctx context.Context, text string, args ...any) error {
	if err := tx.ready(ctx, args); err != nil {
		return err
	}
	tx.writes++
	tx.waiting.Queue(text, args...)
	return nil
}

func (tx *postgresTx) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := tx.ready(ctx, args); err != nil {
		return 0, err
	}
	tx.writes++
	if tx.waiting.Len() > 0 {
		tx.waiting.Queue(text, args...)
		return tx.send(ctx)
	}
	tag, err := tx.conn.Exec(ctx, text, args...)
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
	if tx.waiting.Len() > 0 {
		err = r.last(ctx, text, args)
	} else {
		r.Rows, err = tx.conn.Query(ctx, text, args...)
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

// take empties what waits.
func (tx *postgresTx) take() (b pgx.Batch) {
	b, tx.waiting, tx.begun = tx.waiting, pgx.Batch{}, true
	return b
}

// send has all that waits done, and answers how many rows the last of it changed.
func (tx *postgresTx) send(ctx context.Context) (rows int64, err error) {
	b := tx.take()
	answers := tx.conn.SendBatch(ctx, &b)
	for range b.Len() {
		tag, err := answers.Exec()
		if err != nil {
			_ = answers.Close() // says the same
			return 0, tx.fail(err)
		}
		rows = tag.RowsAffected()
	}
	if err := answers.Close(); err != nil {
		return 0, tx.fail(err)
	}
	return rows, nil
}

func (tx *postgresTx) flush(ctx context.Context) error {
	if tx.waiting.Len() == 0 {
		return nil
	}
	_, err := tx.send(ctx)
	return err
}

// commit ends a transaction that is finished; one that asked for nothing never was.
func (tx *postgresTx) commit(ctx context.Context) error {
	if !tx.begun && tx.waiting.Len() == 1 {
		return nil
	}
	tx.waiting.Queue("COMMIT")
	_, err := tx.send(ctx)
	return err
}

// rollback undoes what there is to undo. A connection on which that fails is not used again.
func (tx *postgresTx) rollback(ctx context.Context, timeout time.Duration) {
	if !tx.begun {
		return
	}
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	_, _ = tx.conn.Exec(final, "ROLLBACK")
}

// postgresRows notes when it has been read to the end.
type postgresRows struct {
	pgx.Rows
	tx    *postgresTx
	batch pgx.BatchResults // that the rows came with
}

// last has all that waits done and then asks.
func (r *postgresRows) last(ctx context.Context, text string, args []any) error {
	r.tx.waiting.Queue(text, args...)
	b := r.tx.take()
	r.batch = r.tx.conn.SendBatch(ctx, &b)
	var err error
	for range b.Len() - 1 {
		if _, err = r.batch.Exec(); err != nil {
			break
		}
	}
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
