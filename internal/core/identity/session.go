package identity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

const (
	secretBytes  = 32
	tokenPrefix  = "stw_"
	touchEvery   = time.Minute      // how exactly last use is kept
	rotateGrace  = 30 * time.Second // requests under way with the old token still pass
	defaultZone  = "Asia/Shanghai"
	cookieLength = 43 // of id.Secret(secretBytes)
)

func unauthenticated() error { return fault.New(fault.Unauthenticated, "unauthenticated", nil) }

// pass is what a cookie or token stands for, with what decides whether it still holds.
type pass struct {
	id, account, person  string
	epoch                int64 // of the account; changes with everything an actor is made of
	disabled, mustChange bool
	passwordAt           int64
	lastUsed, idle       int64
	expires              int64
	scopes               []string // of a token; nil for a session
}

// valid tells whether the pass still opens the door at an instant.
func (p pass) valid(now int64) bool {
	return !p.disabled && now < p.expires && (p.idle == 0 || now < p.lastUsed+p.idle)
}

// Authenticate turns a session cookie or an API token into the actor. One indexed query tells whether it still holds,
// also when another replica has just ended it; the actor itself comes from a cache while nothing about it changed.
func (s *Service) Authenticate(ctx context.Context, cookie, bearer string) (actor *work.Actor, csrf string, err error) {
	token, read := cookie, readSession
	if bearer != "" {
		token, read = bearer, readToken
	}
	if bearer != "" && !strings.HasPrefix(bearer, tokenPrefix) || bearer == "" && len(cookie) != cookieLength {
		return nil, "", unauthenticated()
	}
	hash := digest(token)
	ctx = work.WithActor(ctx, authActor)
	var p pass
	var now time.Time
	err = s.door.Read(ctx, authenticating, func(ctx context.Context, u *work.Unit) error {
		now = u.Now()
		if p, err = read(ctx, u, hash, clock.Millis(now)); err != nil {
			return err
		}
		if !p.valid(clock.Millis(now)) {
			return unauthenticated()
		}
		actor, err = s.actorOf(ctx, u, hash, p)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil, "", unauthenticated()
	}
	if err != nil {
		return nil, "", err
	}
	if now.Sub(clock.FromMillis(p.lastUsed)) >= touchEvery {
		s.touch(ctx, p, bearer != "")
	}
	own := *actor // the cached one is everybody's
	if bearer == "" {
		csrf = csrfOf(cookie)
	}
	return &own, csrf, nil
}

func (s *Service) actorOf(ctx context.Context, u *work.Unit, hash string, p pass) (*work.Actor, error) {
	if actor := s.actors.get(hash, p.epoch, u.Now()); actor != nil {
		return actor, nil
	}
	actor, err := makeActor(ctx, u, p)
	if err != nil {
		return nil, err
	}
	s.actors.put(hash, p.epoch, u.Now(), actor)
	return actor, nil
}

// csrfOf is derived from the session's token, so there is nothing to keep and nothing to mix up.
func csrfOf(token string) string { return digest("csrf:" + token) }

const passColumns = "a.id, a.person, a.epoch, a.disabled, a.must_change, a.password_at"

func readSession(ctx context.Context, tx db.Tx, hash string, now int64) (p pass, err error) {
	err = tx.QueryRow(ctx, "SELECT s.id, s.last_used, s.idle_ms, s.expires_at, "+passColumns+`
		FROM identity_sessions s JOIN identity_accounts a ON a.id = s.account
		WHERE s.hash = $1 OR (s.old_hash = $1 AND s.old_hash <> '' AND s.old_until > $2)`, hash, now).
		Scan(&p.id, &p.lastUsed, &p.idle, &p.expires, &p.account, &p.person, &p.epoch, &p.disabled, &p.mustChange, &p.passwordAt)
	if err != nil {
		return p, fmt.Errorf("read session: %w", err)
	}
	return p, nil
}

func readToken(ctx context.Context, tx db.Tx, hash string, _ int64) (p pass, err error) {
	p.scopes = []string{}
	err = tx.QueryRow(ctx, "SELECT t.id, t.last_used, t.expires_at, t.scopes, "+passColumns+`
		FROM identity_tokens t JOIN identity_accounts a ON a.id = t.account WHERE t.hash = $1`, hash).
		Scan(&p.id, &p.lastUsed, &p.expires, db.ScanJSON(&p.scopes), &p.account, &p.person, &p.epoch, &p.disabled, &p.mustChange, &p.passwordAt)
	if err != nil {
		return p, fmt.Errorf("read token: %w", err)
	}
	return p, nil
}

// makeActor gathers who somebody is and what they may do.
func makeActor(ctx context.Context, tx db.Tx, p pass) (*work.Actor, error) {
	a, err := readActor(ctx, tx, p.person)
	if err != nil {
		return nil, err
	}
	a.Account, a.Session = p.account, p.id
	policy, _, err := readPolicy(ctx, tx)
	if err != nil {
		return nil, err
	}
	age := tx.Now().Sub(clock.FromMillis(p.passwordAt))
	expired := policy.MaxAgeDays > 0 && age > time.Duration(policy.MaxAgeDays)*24*time.Hour
	switch {
	case p.scopes != nil:
		a.Narrow = narrow(p.scopes)
	case p.mustChange || expired:
		a.Narrow = narrow(nil) // only what every signed-in person may: change the password, sign out
	}
	return a, nil
}

func narrow(scopes []string) map[work.Perm]bool {
	m := map[work.Perm]bool{}
	for _, s := range scopes {
		m[work.Perm(s)] = true
	}
	return m
}

// readActor reads a person as an actor, without account. Who has left is nobody.
func readActor(ctx context.Context, tx db.Tx, person string) (*work.Actor, error) {
	a := &work.Actor{ID: person, Perms: map[work.Perm]bool{}}
	err := tx.QueryRow(ctx, `SELECT p.name, p.organisation, p.side, p.language, p.zone, p.superior
		FROM party_people p WHERE p.id = $1 AND p.status = 'active'`, person).
		Scan(&a.Name, &a.Org, &a.OrgKind, &a.Lang, &a.Zone, &a.Superior)
	if err != nil {
		return nil, fmt.Errorf("read person of account: %w", err)
	}
	if a.Lang == "" {
		a.Lang = text.Zh
	}
	if a.Zone == "" {
		a.Zone = defaultZone
	}
	if err := readGrants(ctx, tx, a); err != nil {
		return nil, err
	}
	teams, err := party.TeamsOf(ctx, tx, person)
	if err != nil {
		return nil, err
	}
	for _, t := range teams {
		a.Teams, a.Tiers = append(a.Teams, t.Team), append(a.Tiers, t.Tier)
	}
	return a, nil
}

func readGrants(ctx context.Context, tx db.Tx, a *work.Actor) error {
	rows, err := tx.Query(ctx, `SELECT g.role, g.customer, g.project, g.process, r.perms
		FROM identity_grants g JOIN identity_roles r ON r.code = g.role WHERE g.person = $1 ORDER BY g.id`, a.ID)
	if err != nil {
		return fmt.Errorf("read grants: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var g work.Grant
		var held []work.Perm
		if err := rows.Scan(&g.Role, &g.Customer, &g.Project, &g.Process, db.ScanJSON(&held)); err != nil {
			return fmt.Errorf("read grants: %w", err)
		}
		g.Perms = make(map[work.Perm]bool, len(held))
		for _, p := range held {
			g.Perms[p], a.Perms[p] = true, true
		}
		a.Grants = append(a.Grants, g)
	}
	return rows.Err()
}

// touch notes the use of a session or token. Should that fail the request goes on: it is only a little less known
// when the session was last used.
func (s *Service) touch(ctx context.Context, p pass, token bool) {
	table := "identity_sessions"
	if token {
		table = "identity_tokens"
	}
	err := s.door.Do(ctx, authenticating, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded() // use of a session is no change
		_, err := exec(ctx, u, "note use", "UPDATE "+table+" SET last_used = $1 WHERE id = $2 AND last_used < $1", clock.Millis(u.Now()), p.id)
		return err
	})
	if err != nil {
		s.log.WarnContext(ctx, "note the use of a session", "error", err)
	}
}

// open makes a session for an account.
func open(ctx context.Context, u *work.Unit, account, ip, agent string) (Opened, error) {
	policy, _, err := readPolicy(ctx, u)
	if err != nil {
		return Opened{}, err
	}
	o := Opened{Token: id.Secret(secretBytes), Expires: u.Now().Add(time.Duration(policy.AbsoluteHours) * time.Hour)}
	now := clock.Millis(u.Now())
	_, err = exec(ctx, u, "open session", `INSERT INTO identity_sessions
		(id, hash, account, created_at, last_used, idle_ms, expires_at, ip, user_agent, rotate, old_hash, old_until)
		VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, '', 0)`,
		id.New(), digest(o.Token), account, now, int64(policy.IdleMinutes)*60_000, clock.Millis(o.Expires), ip, agent, false)
	return o, err
}

// renew gives the actor's session a new token and ends every other session of the account: what it may do, or how it
// was proved, has just changed.
func (s *Service) renew(ctx context.Context, u *work.Unit, account string) (o Opened, err error) {
	_, err = exec(ctx, u, "end other sessions", "DELETE FROM identity_sessions WHERE account = $1 AND id <> $2", account, u.Actor.Session)
	if err != nil {
		return o, err
	}
	if err := raise(ctx, u, account); err != nil {
		return o, err
	}
	return rotate(ctx, u, 0)
}

// rotate gives the actor's session a new token. For the length of grace the old one counts too.
func rotate(ctx context.Context, u *work.Unit, grace time.Duration) (o Opened, err error) {
	var expires int64
	o.Token = id.Secret(secretBytes)
	until := clock.Millis(u.Now().Add(grace))
	err = u.QueryRow(ctx, `UPDATE identity_sessions SET old_hash = CASE WHEN $1 > 0 THEN hash ELSE '' END, old_until = $2,
		hash = $3, rotate = $4 WHERE id = $5 RETURNING expires_at`, grace.Milliseconds(), until, digest(o.Token), false, u.Actor.Session).Scan(&expires)
	if err != nil {
		return o, fmt.Errorf("rotate session: %w", err)
	}
	o.Expires = clock.FromMillis(expires)
	return o, nil
}

// raise makes every replica forget what it knows of an account: rights, names, teams.
func raise(ctx context.Context, u *work.Unit, account string) error {
	_, err := exec(ctx, u, "raise epoch", "UPDATE identity_accounts SET epoch = epoch + 1 WHERE id = $1", account)
	return err
}

// raisePeople is raise for all accounts of people, and lets their browsers ask anew who they are. With rights changed
// their sessions get new tokens when they do.
func raisePeople(ctx context.Context, u *work.Unit, rights bool, people ...string) error {
	for _, person := range people {
		if _, err := exec(ctx, u, "raise epoch", "UPDATE identity_accounts SET epoch = epoch + 1 WHERE person = $1", person); err != nil {
			return err
		}
		if !rights {
			continue
		}
		_, err := exec(ctx, u, "mark sessions", `UPDATE identity_sessions SET rotate = $1
			WHERE account IN (SELECT id FROM identity_accounts WHERE person = $2)`, true, person)
		if err != nil {
			return err
		}
	}
	return u.Announce(ctx, work.Notice{Keys: []string{"session"}, Persons: people})
}

// endAll ends every session and token of an account.
func endAll(ctx context.Context, u *work.Unit, account string) error {
	if _, err := exec(ctx, u, "end sessions", "DELETE FROM identity_sessions WHERE account = $1", account); err != nil {
		return err
	}
	if _, err := exec(ctx, u, "end tokens", "DELETE FROM identity_tokens WHERE account = $1", account); err != nil {
		return err
	}
	return raise(ctx, u, account)
}

// Sweep removes sessions and tokens that are long over, and failures that no longer count; a daily job.
func (s *Service) Sweep(ctx context.Context) error {
	return s.door.Do(work.WithActor(ctx, sweepActor), sweeping, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded() // they had ended by themselves
		now := clock.Millis(u.Now())
		for _, sql := range []string{
			"DELETE FROM identity_sessions WHERE expires_at <= $1 OR last_used + idle_ms <= $1",
			"DELETE FROM identity_tokens WHERE expires_at <= $1",
			"DELETE FROM identity_attempts WHERE last_at + 86400000 < $1",
		} {
			if _, err := exec(ctx, u, "sweep", sql, now); err != nil {
				return err
			}
		}
		return nil
	})
}
