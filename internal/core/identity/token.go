package identity

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Token is an API token of the person themselves; its secret is shown once, when it is made.
type Token struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Prefix    string     `json:"prefix" doc:"how the token begins, to recognise it"`
	Scopes    []string   `json:"scopes" nullable:"false" doc:"permissions; never more than the person's own"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	LastUsed  *time.Time `json:"last_used,omitempty"`
}

// TokenNew is what a token is made from.
type TokenNew struct {
	Name      string    `json:"name" maxLength:"100"`
	Scopes    []string  `json:"scopes" nullable:"false" minItems:"1" maxItems:"100"`
	ExpiresAt time.Time `json:"expires_at" doc:"within a year"`
}

// TokenMade is a new token with its secret.
type TokenMade struct {
	Token  Token  `json:"token"`
	Secret string `json:"secret" doc:"send it as Authorization: Bearer …; it is never shown again"`
}

// maxTokenLife is how long a token can be made for.
const maxTokenLife = 366 * 24 * time.Hour

// Tokens lists the actor's own tokens.
func (s *Service) Tokens(ctx context.Context) (items []Token, err error) {
	err = s.door.Read(ctx, work.SignedIn, func(ctx context.Context, u *work.Unit) error {
		items, err = db.All(ctx, u, scanToken, `SELECT id, name, prefix, scopes, created_at, expires_at, last_used
			FROM identity_tokens WHERE account = $1 ORDER BY id`, u.Actor.Account)
		return err
	})
	return items, err
}

func scanToken(r db.Row) (t Token, err error) {
	var created, expires, used int64
	t.Scopes = []string{}
	err = r.Scan(&t.ID, &t.Name, &t.Prefix, db.ScanJSON(&t.Scopes), &created, &expires, &used)
	t.CreatedAt, t.ExpiresAt, t.LastUsed = clock.FromMillis(created), clock.FromMillis(expires), moment(used)
	return t, err
}

// CreateToken makes a token that may do part of what its maker may.
func (s *Service) CreateToken(ctx context.Context, in TokenNew) (made TokenMade, err error) {
	err = s.own(ctx, func(ctx context.Context, u *work.Unit, a *account) error {
		made = TokenMade{Secret: tokenPrefix + id.Secret(secretBytes)}
		made.Token = Token{
			ID: id.New(), Name: strings.TrimSpace(in.Name), Prefix: made.Secret[:len(tokenPrefix)+6], Scopes: scopesOf(in.Scopes),
			CreatedAt: u.Now(), ExpiresAt: in.ExpiresAt.UTC().Truncate(time.Millisecond),
		}
		t := made.Token
		if err := t.check(u.Actor, u.Now()); err != nil {
			return err
		}
		_, err := exec(ctx, u, "add token", `INSERT INTO identity_tokens (id, account, name, prefix, hash, scopes, created_at, expires_at, last_used)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
			t.ID, a.ID, t.Name, t.Prefix, digest(made.Secret), db.JSON(t.Scopes), clock.Millis(t.CreatedAt), clock.Millis(t.ExpiresAt))
		if err != nil {
			return err
		}
		return record(ctx, u, a.ID, "account.token_created", "account", a.Login, map[string]any{"token": t.ID, "name": t.Name, "scopes": t.Scopes, "expires_at": t.ExpiresAt})
	})
	return made, err
}

func scopesOf(in []string) []string {
	scopes := []string{}
	for _, p := range permsOf(in) {
		scopes = append(scopes, string(p))
	}
	return scopes
}

func (t Token) check(a *work.Actor, now time.Time) error {
	if t.Name == "" {
		return required("name")
	}
	if len(t.Scopes) == 0 {
		return required("scopes")
	}
	if !t.ExpiresAt.After(now) || t.ExpiresAt.After(now.Add(maxTokenLife)) {
		return fault.One("expires_at", "identity.token_expiry", nil)
	}
	for _, scope := range t.Scopes {
		if p := work.Perm(scope); p == work.Public || p == work.SignedIn || !a.May(p) {
			return fault.One("scopes", "identity.perm_not_held", text.Params{"perm": scope})
		}
	}
	return nil
}

// DeleteToken ends one of the actor's own tokens at once.
func (s *Service) DeleteToken(ctx context.Context, token string) error {
	return s.own(ctx, func(ctx context.Context, u *work.Unit, a *account) error {
		n, err := exec(ctx, u, "delete token", "DELETE FROM identity_tokens WHERE id = $1 AND account = $2", token, a.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Missing()
		}
		return record(ctx, u, a.ID, "account.token_deleted", "account", a.Login, map[string]any{"token": token})
	})
}

// own runs a change of the actor's own access. It takes a session: a token that could make tokens or change the
// password would be worth more than its scopes.
func (s *Service) own(ctx context.Context, fn func(ctx context.Context, u *work.Unit, a *account) error) error {
	return s.door.Do(ctx, work.SignedIn, func(ctx context.Context, u *work.Unit) error {
		a, err := sessionAccount(ctx, u)
		if err != nil {
			return err
		}
		return fn(ctx, u, &a)
	})
}

// sessionAccount reads the account of the actor's session; a token or background actor has none.
func sessionAccount(ctx context.Context, u *work.Unit) (account, error) {
	ok, err := db.Exists(ctx, u, "SELECT 1 FROM identity_sessions WHERE id = $1 AND account = $2", u.Actor.Session, u.Actor.Account)
	if err != nil {
		return account{}, fmt.Errorf("read own session: %w", err)
	}
	if !ok {
		return account{}, fault.New(fault.Forbidden, "identity.session_only", nil)
	}
	return readAccount(ctx, u, "id", u.Actor.Account)
}
