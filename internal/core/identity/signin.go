package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// SignIn is what somebody shows at the door.
type SignIn struct {
	Login, Password, Code string
	IP, Agent             string
	Previous              string // id of the session the browser already had, which ends
}

// Opened is a new session's token; only its digest is stored.
type Opened struct {
	Token   string
	Expires time.Time
}

// attempts are the failures in a row under one login, whether or not there is such an account: so the answers give
// away no logins.
type attempts struct {
	failed              int64
	lastAt, lockedUntil time.Time
}

// forgetAttempts is how long failures count.
const forgetAttempts = 24 * time.Hour

func readAttempts(ctx context.Context, tx db.Tx, key string) (a attempts, err error) {
	var last, until int64
	err = tx.QueryRow(ctx, "SELECT failed, last_at, locked_until FROM identity_attempts WHERE login_key = $1", key).Scan(&a.failed, &last, &until)
	if fault.Is(err, fault.NotFound) {
		return attempts{}, nil
	}
	if err != nil {
		return a, fmt.Errorf("read failed sign-ins: %w", err)
	}
	a.lastAt, a.lockedUntil = clock.FromMillis(last), clock.FromMillis(until)
	return a, nil
}

// locked is the refusal while a login is locked, or nil.
func (a attempts) locked(now time.Time) error {
	if !now.Before(a.lockedUntil) {
		return nil
	}
	seconds := int(a.lockedUntil.Sub(now).Seconds()) + 1
	return fault.New(fault.TooMany, "identity.locked", text.Params{"seconds": seconds})
}

// more counts one failure and locks the login when it is one too many.
func (a attempts) more(now time.Time, p Policy) attempts {
	if now.Sub(a.lastAt) > forgetAttempts || !a.lockedUntil.IsZero() && !now.Before(a.lockedUntil) {
		a = attempts{}
	}
	a.failed, a.lastAt = a.failed+1, now
	if a.failed >= int64(p.LockoutFailures) {
		a.lockedUntil = now.Add(time.Duration(p.LockoutMinutes) * time.Minute)
	}
	return a
}

func (a attempts) save(ctx context.Context, u *work.Unit, key string) error {
	now := clock.Millis(u.Now())
	_, err := exec(ctx, u, "count failed sign-in", `INSERT INTO identity_attempts (login_key, failed, last_at, locked_until) VALUES ($1, $2, $3, $4)
		ON CONFLICT (login_key) DO UPDATE SET failed = excluded.failed, last_at = excluded.last_at, locked_until = excluded.locked_until`,
		key, a.failed, now, clock.Millis(a.lockedUntil))
	if err != nil {
		return err
	}
	_, err = exec(ctx, u, "forget old failures", "DELETE FROM identity_attempts WHERE last_at < $1", now-forgetAttempts.Milliseconds())
	return err
}

// SignIn opens a session. An unknown login, a wrong password, a disabled account and a leaver get the same answer
// after the same work. The password is checked outside of any transaction: it takes long, on purpose.
func (s *Service) SignIn(ctx context.Context, in SignIn) (opened Opened, err error) {
	ctx = work.WithActor(ctx, signInActor)
	key := loginKey(in.Login)
	var a account
	err = s.door.Read(ctx, signingIn, func(ctx context.Context, u *work.Unit) error {
		tried, err := readAttempts(ctx, u, key)
		if err != nil {
			return err
		}
		if err := tried.locked(u.Now()); err != nil {
			return err
		}
		a, err = findAccount(ctx, u, key)
		return err
	})
	if err != nil {
		return opened, err
	}
	right, err := s.hasher.verify(ctx, in.Password, a.Hash)
	if err != nil {
		return opened, err
	}
	return s.settle(ctx, key, in, a, right)
}

// findAccount reads the account of a login; none is the zero account.
func findAccount(ctx context.Context, tx db.Tx, key string) (account, error) {
	a, err := readAccount(ctx, tx, "login_key", key)
	if fault.Is(err, fault.NotFound) {
		return account{}, nil
	}
	return a, err
}

// settle writes down how an attempt went. A refusal is kept too, so it is returned beside the transaction, not from it.
func (s *Service) settle(ctx context.Context, key string, in SignIn, seen account, right bool) (opened Opened, err error) {
	refusal := welcome
	err = s.door.Do(ctx, signingIn, func(ctx context.Context, u *work.Unit) error {
		opened, refusal = Opened{}, welcome
		if err := db.Lock(ctx, u, "identity.sign_in."+key); err != nil {
			return err
		}
		tried, err := readAttempts(ctx, u, key)
		if err != nil {
			return err
		}
		if err := tried.locked(u.Now()); err != nil { // parallel guesses must not outrun the lock
			return err
		}
		refusal, err = s.judge(ctx, u, in, seen, right)
		switch {
		case err != nil:
			return err
		case refusal == needsCode: // no failure, only half an attempt
			return nil
		case refusal != welcome:
			return s.failed(ctx, u, key, tried, seen)
		}
		opened, err = s.signedIn(ctx, u, key, in, seen)
		return err
	})
	if err == nil && refusal != welcome {
		err = fault.New(fault.Unauthenticated, refusal, nil)
	}
	if err != nil {
		return Opened{}, err
	}
	return opened, nil
}

// What judge finds: codes of refusals, or none.
const (
	welcome        = ""
	badCredentials = "identity.bad_credentials"
	needsCode      = "totp_required"
	wrongCode      = "identity.totp_wrong"
)

// judge decides on what was shown; the account may have changed since the password was checked.
func (s *Service) judge(ctx context.Context, u *work.Unit, in SignIn, seen account, right bool) (refusal string, err error) {
	if !right {
		return badCredentials, nil
	}
	now, err := readAccount(ctx, u, "id", seen.ID)
	if err != nil {
		return "", err
	}
	switch {
	case now.Hash != seen.Hash || now.Disabled || now.PersonStatus != party.Active:
		return badCredentials, nil
	case !now.TOTPOn:
		return welcome, nil
	case in.Code == "":
		return needsCode, nil
	}
	ok, err := s.secondFactor(ctx, u, &now, in.Code)
	if err == nil && !ok {
		return wrongCode, nil
	}
	return welcome, err
}

// failed counts a failure. An unknown login leaves an event too, so that both cost the same and a search for logins
// shows in the trail.
func (s *Service) failed(ctx context.Context, u *work.Unit, key string, tried attempts, a account) error {
	policy, _, err := readPolicy(ctx, u)
	if err != nil {
		return err
	}
	tried = tried.more(u.Now(), policy)
	if err := tried.save(ctx, u, key); err != nil {
		return err
	}
	stream := a.ID
	if stream == "" {
		stream = "login." + key[:32]
	}
	if err := record(ctx, u, stream, "account.sign_in_failed", "account", a.Login, map[string]any{"failed": tried.failed}); err != nil {
		return err
	}
	if tried.lockedUntil.IsZero() {
		return nil
	}
	return s.locked(ctx, u, stream, a, policy)
}

func (s *Service) locked(ctx context.Context, u *work.Unit, stream string, a account, p Policy) error {
	admins, err := administrators(ctx, u)
	if err != nil {
		return err
	}
	data := map[string]any{"minutes": p.LockoutMinutes, "person": a.Person, "administrators": admins}
	if err := record(ctx, u, stream, "account.locked", "account", a.Login, data); err != nil {
		return err
	}
	if a.ID == "" {
		return nil
	}
	lock := Lockout{Account: a.ID, Person: a.Person, Login: a.Login, Minutes: p.LockoutMinutes, Administrators: admins}
	for _, hook := range s.onLock {
		if err := hook(ctx, u, lock); err != nil {
			return err
		}
	}
	return nil
}

// signedIn opens the session; the one the browser had ends, so that no token outlives a change of who sits there.
func (s *Service) signedIn(ctx context.Context, u *work.Unit, key string, in SignIn, a account) (opened Opened, err error) {
	if _, err := exec(ctx, u, "forget failures", "DELETE FROM identity_attempts WHERE login_key = $1", key); err != nil {
		return opened, err
	}
	now := clock.Millis(u.Now())
	if _, err := exec(ctx, u, "note sign-in", "UPDATE identity_accounts SET last_sign_in = $1 WHERE id = $2", now, a.ID); err != nil {
		return opened, err
	}
	_, err = exec(ctx, u, "end old sessions", `DELETE FROM identity_sessions
		WHERE id = $1 OR (account = $2 AND (expires_at <= $3 OR last_used + idle_ms <= $3))`, in.Previous, a.ID, now)
	if err != nil {
		return opened, err
	}
	if opened, err = open(ctx, u, a.ID, in.IP, in.Agent); err != nil {
		return opened, err
	}
	return opened, record(ctx, u, a.ID, "account.signed_in", "account", a.Login, map[string]any{"person": a.Person, "ip": in.IP})
}
