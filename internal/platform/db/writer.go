package db

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
)

// A group of writers shares one COMMIT, and so one fsync; these end a group though more are waiting.
const (
	maxGroup = 64
	maxAge   = 25 * time.Millisecond
)

// writer lets one caller at a time write, in the order of arrival, and commits for all of a group together.
//
// The turn is handed from caller to caller and each runs on its own goroutine: a lone writer then pays
// for no switch at all, and a test may fail inside its transaction. Each but the first of a group works in a
// savepoint, so that a failure undoes only its own work. Statements are never interrupted here: SQLite answers
// an interrupted INSERT by rolling back everything, the work of the others too. They end between statements.
type writer struct {
	cfg     *Config
	session *session

	mu     sync.Mutex
	line   []*ticket
	busy   bool // somebody has the turn
	closed bool

	// The rest belongs to whoever has the turn.
	tx    *sql.Tx
	group []*ticket // done, waiting for the commit
	size  int       // turns taken in this group
	age   func() time.Duration

	turns   int // taken since the start
	tending int // when the planner's statistics are looked after next
}

// ticket is one caller in line.
type ticket struct {
	turn chan struct{}
	done chan error // answers after the commit
}

var errClosed = errors.New("the database is closed")

func (w *writer) write(ctx context.Context, fn func(Tx) error) error {
	limit, cancel := context.WithTimeout(ctx, w.cfg.Timeout)
	defer cancel()
	t := &ticket{turn: make(chan struct{}, 1), done: make(chan error, 1)}
	if err := w.enter(ctx, limit, t); err != nil {
		return err
	}
	tx := &sqliteTx{common: common{outer: ctx, limit: limit}, session: w.session, statements: context.Background()}
	if err := w.turn(tx, fn, t); err != nil {
		return err
	}
	if err := <-t.done; err != nil {
		return err
	}
	tx.committed()
	return nil
}

// enter waits for the turn. Whoever gives up while waiting has done nothing.
func (w *writer) enter(ctx, limit context.Context, t *ticket) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return unavailable(errClosed)
	}
	if !w.busy {
		w.busy = true
		w.mu.Unlock()
		return nil
	}
	w.line = append(w.line, t)
	w.mu.Unlock()
	select {
	case <-t.turn:
		return nil
	case <-limit.Done():
	}
	w.mu.Lock()
	place := slices.Index(w.line, t)
	if place >= 0 {
		w.line = slices.Delete(w.line, place, place+1)
	}
	w.mu.Unlock()
	if place < 0 { // the turn came in the same moment; it must be taken and handed on
		<-t.turn
		w.leave(nil)
	}
	return ended(ctx, limit)
}

// turn runs fn and hands the turn on, whatever fn does.
func (w *writer) turn(tx *sqliteTx, fn func(Tx) error, t *ticket) (err error) {
	err = errors.New("the transaction's function ended its goroutine")
	alone := w.tx == nil
	defer func() {
		if err == nil {
			w.leave(t)
			return
		}
		tx.over = true
		if tx.open != nil {
			tx.open.Close()
		}
		w.undo(alone)
		w.leave(nil)
	}()
	if err = ended(tx.outer, tx.limit); err != nil {
		return err
	}
	if err = w.begin(alone); err != nil {
		return translate(err)
	}
	tx.now, tx.shared = w.cfg.Clock.Now(), w.tx
	err = errors.New("the transaction's function ended its goroutine")
	if err = contained(w.cfg, fn, tx); err != nil {
		return err
	}
	if err = tx.finish(); err != nil || alone {
		return err
	}
	err = w.session.do("RELEASE turn")
	return err
}

func (w *writer) begin(alone bool) (err error) {
	w.size++
	w.turns++
	if !alone {
		return w.session.do("SAVEPOINT turn")
	}
	w.age = clock.Stopwatch()
	w.tx, err = w.session.conn.BeginTx(context.Background(), nil)
	return err
}

// undo takes back one turn; where SQLite has given up the whole group, the others are told to come again.
func (w *writer) undo(alone bool) {
	if w.tx == nil {
		return
	}
	if !alone && w.session.do("ROLLBACK TO turn") == nil && w.session.do("RELEASE turn") == nil {
		return
	}
	_ = w.tx.Rollback()
	w.answer(errGroup)
}

// leave ends a turn (t is nil after a failure) and gives it to the next in line, with a commit before when it is time.
func (w *writer) leave(t *ticket) {
	if t != nil {
		w.group = append(w.group, t)
	}
	if w.size < maxGroup && (w.tx == nil || w.age() < maxAge) && w.pass() {
		return
	}
	w.commit()
	if w.turns >= w.tending {
		w.tend()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.passLocked() {
		w.busy = false
	}
}

const firstTending = 500

// tend lets SQLite gather statistics where tables have grown, so that its planner knows which index is the better one:
// at the start, then early, then ever more rarely. It looks at a thousand rows of an index at most, and a failure
// leaves things as they were.
func (w *writer) tend() {
	_ = w.session.do("PRAGMA optimize=0x10002")
	w.tending = max(2*w.turns, firstTending)
}

func (w *writer) pass() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.passLocked()
}

func (w *writer) passLocked() bool {
	if len(w.line) == 0 {
		return false
	}
	next := w.line[0]
	w.line = slices.Delete(w.line, 0, 1)
	next.turn <- struct{}{}
	return true
}

func (w *writer) commit() {
	if w.tx == nil {
		w.size = 0
		return
	}
	err := w.tx.Commit()
	if err != nil {
		err = unavailable(err)
	}
	w.answer(err)
}

// answer ends the group.
func (w *writer) answer(err error) {
	for _, t := range w.group {
		t.done <- err
	}
	clear(w.group)
	w.group, w.tx, w.size = w.group[:0], nil, 0
}

func (w *writer) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.line)
}

// close serves those in line, refuses others, and closes the connection.
func (w *writer) close() {
	last := &ticket{turn: make(chan struct{}, 1)}
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return
	}
	w.closed = true
	if w.busy {
		w.line = append(w.line, last)
		w.mu.Unlock()
		<-last.turn
	} else {
		w.mu.Unlock()
	}
	w.commit()
	w.tend()
	w.session.close()
}
