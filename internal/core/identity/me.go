package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Me is who the actor is: what a client needs to know before it shows anything.
type Me struct {
	Account            MyAccount      `json:"account"`
	Person             MyPerson       `json:"person"`
	Organisation       MyOrganisation `json:"organisation"`
	Roles              []MyRole       `json:"roles" nullable:"false"`
	Perms              []work.Perm    `json:"perms" nullable:"false"`
	Teams              []MyTeam       `json:"teams" nullable:"false"`
	Superior           *party.Ref     `json:"superior"`
	Language           text.Lang      `json:"language"`
	Zone               string         `json:"zone"`
	Theme              string         `json:"theme"`
	Density            string         `json:"density"`
	SingleKeys         bool           `json:"single_keys"`
	Preferences        map[string]any `json:"preferences"`
	CSRF               string         `json:"csrf" doc:"send it as X-CSRF-Token with every change"`
	MustChangePassword bool           `json:"must_change_password"`
	ExpiresAt          time.Time      `json:"expires_at"`
}

// MyAccount is the account that is signed in.
type MyAccount struct {
	ID    string `json:"id"`
	Login string `json:"login"`
	TOTP  bool   `json:"totp"`
}

// MyPerson is the person that is signed in.
type MyPerson struct {
	ID            string `json:"id"`
	Name          string `json:"name"`
	EnglishName   string `json:"english_name"`
	FormOfAddress string `json:"form_of_address"`
	Email         string `json:"email"`
	Phone         string `json:"phone"`
}

// MyOrganisation is the side the person is of.
type MyOrganisation struct {
	ID   string       `json:"id"`
	Name string       `json:"name"`
	Kind work.OrgKind `json:"kind"`
}

// MyRole is a role that the person holds, wherever.
type MyRole struct {
	Code  string `json:"code"`
	Label string `json:"label"`
}

// MyTeam is a team that the person is in.
type MyTeam struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Tier string `json:"tier"`
}

// Me tells the actor who they are.
func (s *Service) Me(ctx context.Context) (me Me, err error) {
	err = s.door.Read(ctx, work.SignedIn, func(ctx context.Context, u *work.Unit) error {
		me, err = describe(ctx, u)
		return err
	})
	return me, err
}

func describe(ctx context.Context, u *work.Unit) (me Me, err error) {
	a, err := readAccount(ctx, u, "id", u.Actor.Account)
	if err != nil {
		return me, err
	}
	p, err := party.LoadPerson(ctx, u, a.Person)
	if err != nil {
		return me, err
	}
	me = Me{
		Account:      MyAccount{ID: a.ID, Login: a.Login, TOTP: a.TOTPOn},
		Person:       MyPerson{ID: p.ID, Name: p.Name, EnglishName: p.EnglishName, FormOfAddress: p.FormOfAddress, Email: p.Email, Phone: p.Phone},
		Organisation: MyOrganisation{ID: a.Org, Name: a.OrgName, Kind: a.Side},
		Roles:        []MyRole{}, Perms: []work.Perm{}, Teams: []MyTeam{},
		Language: u.Actor.Lang, Zone: u.Actor.Zone,
		MustChangePassword: u.Actor.Narrow != nil && len(u.Actor.Narrow) == 0,
	}
	for perm := range u.Actor.Perms {
		if u.Actor.May(perm) {
			me.Perms = append(me.Perms, perm)
		}
	}
	me.Perms = join(me.Perms)
	if err := describeRights(ctx, u, &me); err != nil {
		return me, err
	}
	return me, describeSession(ctx, u, &me)
}

func describeRights(ctx context.Context, u *work.Unit, me *Me) error {
	roles, err := db.All(ctx, u, func(r db.Row) (m MyRole, err error) {
		var l text.Label
		err = r.Scan(&m.Code, &l.Zh, &l.En)
		m.Label = l.In(u.Actor.Lang)
		return m, err
	}, `SELECT code, zh, en FROM identity_roles WHERE code IN (SELECT role FROM identity_grants WHERE person = $1) ORDER BY builtin DESC, created_at, code`, u.Actor.ID)
	if err != nil {
		return fmt.Errorf("read own roles: %w", err)
	}
	me.Roles = roles
	teams, err := party.TeamsOf(ctx, u, u.Actor.ID)
	if err != nil {
		return err
	}
	for _, t := range teams {
		me.Teams = append(me.Teams, MyTeam{ID: t.Team, Name: t.Name, Tier: t.Tier})
	}
	if u.Actor.Superior == "" {
		return nil
	}
	names, err := party.NamesOf(ctx, u, []string{u.Actor.Superior}, party.KindPerson)
	me.Superior = &party.Ref{ID: u.Actor.Superior, Name: names[u.Actor.Superior]}
	return err
}

func describeSession(ctx context.Context, u *work.Unit, me *Me) error {
	p, err := readPreferences(ctx, u, u.Actor.ID)
	if err != nil {
		return err
	}
	me.Theme, me.Density, me.SingleKeys, me.Preferences = p.Theme, p.Density, p.SingleKeys, p.More
	expires, err := db.All(ctx, u, db.Scan[int64], `SELECT expires_at FROM identity_sessions WHERE id = $1
		UNION ALL SELECT expires_at FROM identity_tokens WHERE id = $1`, u.Actor.Session)
	if err != nil {
		return fmt.Errorf("read own session: %w", err)
	}
	if len(expires) > 0 {
		me.ExpiresAt = clock.FromMillis(expires[0])
	}
	return nil
}

// preferences are what a person chose for the screen.
type preferences struct {
	Theme      string         `json:"theme"`
	Density    string         `json:"density"`
	SingleKeys bool           `json:"single_keys"`
	More       map[string]any `json:"more"`
}

func readPreferences(ctx context.Context, tx db.Tx, person string) (preferences, error) {
	p := preferences{Theme: "auto", SingleKeys: true}
	err := tx.QueryRow(ctx, "SELECT body FROM identity_preferences WHERE person = $1", person).Scan(db.ScanJSON(&p))
	if err != nil && !fault.Is(err, fault.NotFound) {
		return p, fmt.Errorf("read preferences: %w", err)
	}
	if p.More == nil {
		p.More = map[string]any{}
	}
	return p, nil
}

// MeChange changes what it names. Preferences are merged member by member; null removes one.
type MeChange struct {
	Language    *string        `json:"language,omitempty" enum:"zh,en"`
	Zone        *string        `json:"zone,omitempty" maxLength:"60"`
	Theme       *string        `json:"theme,omitempty" enum:"auto,light,dark"`
	Density     *string        `json:"density,omitempty" enum:",dense,roomy,large"`
	SingleKeys  *bool          `json:"single_keys,omitempty"`
	Preferences map[string]any `json:"preferences,omitempty"`
}

// maxPreferences bounds what a client can store, in bytes of JSON.
const maxPreferences = 32 << 10

// ChangeMe changes the actor's own settings.
func (s *Service) ChangeMe(ctx context.Context, in MeChange) (me Me, err error) {
	err = s.door.Do(ctx, work.SignedIn, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded() // what the screen looks like; language and zone are recorded as a change of the person
		if in.Language != nil || in.Zone != nil {
			if err := changeLanguage(ctx, u, in); err != nil {
				return err
			}
		}
		p, err := readPreferences(ctx, u, u.Actor.ID)
		if err != nil {
			return err
		}
		if err := in.apply(&p); err != nil {
			return err
		}
		_, err = exec(ctx, u, "store preferences", `INSERT INTO identity_preferences (person, body) VALUES ($1, $2)
			ON CONFLICT (person) DO UPDATE SET body = excluded.body`, u.Actor.ID, db.JSON(p))
		if err != nil {
			return err
		}
		me, err = describe(ctx, u)
		if in.Language != nil {
			me.Language = text.Lang(*in.Language)
		}
		if in.Zone != nil && *in.Zone != "" {
			me.Zone = *in.Zone
		}
		return err
	})
	return me, err
}

func changeLanguage(ctx context.Context, u *work.Unit, in MeChange) error {
	var language, zone string
	set(&language, in.Language)
	set(&zone, in.Zone)
	if err := party.SetLanguage(ctx, u, u.Actor.ID, language, zone); err != nil {
		return err
	}
	return raisePeople(ctx, u, false, u.Actor.ID)
}

func (c MeChange) apply(p *preferences) error {
	set(&p.Theme, c.Theme)
	set(&p.Density, c.Density)
	set(&p.SingleKeys, c.SingleKeys)
	for name, value := range c.Preferences {
		if value == nil {
			delete(p.More, name)
		} else {
			p.More[name] = value
		}
	}
	b, err := json.Marshal(p)
	if err != nil || len(b) > maxPreferences {
		return fault.One("preferences", "identity.preferences_large", nil)
	}
	return nil
}

// confirmPassword asks for the actor's password again before a change of their access. Failures count as failed
// sign-ins: a session left open is no place to guess at leisure.
func (s *Service) confirmPassword(ctx context.Context, field, password string) error {
	var a account
	err := s.door.Read(ctx, work.SignedIn, func(ctx context.Context, u *work.Unit) (err error) {
		if a, err = sessionAccount(ctx, u); err != nil {
			return err
		}
		tried, err := readAttempts(ctx, u, loginKey(a.Login))
		if err != nil {
			return err
		}
		return tried.locked(u.Now())
	})
	if err != nil {
		return err
	}
	right, err := s.hasher.verify(ctx, password, a.Hash)
	if err != nil || right {
		return err
	}
	return s.notConfirmed(ctx, field, a)
}

func (s *Service) notConfirmed(ctx context.Context, field string, a account) error {
	key := loginKey(a.Login)
	err := s.door.Do(ctx, work.SignedIn, func(ctx context.Context, u *work.Unit) error {
		if err := db.Lock(ctx, u, "identity.sign_in."+key); err != nil {
			return err
		}
		tried, err := readAttempts(ctx, u, key)
		if err != nil {
			return err
		}
		return s.failed(ctx, u, key, tried, a)
	})
	if err != nil {
		return err
	}
	return fault.One(field, "identity.password_wrong", nil)
}

// ChangePassword changes the actor's own password. Every other session ends, this one gets a new token.
func (s *Service) ChangePassword(ctx context.Context, current, fresh string) (opened Opened, err error) {
	if err := s.confirmPassword(ctx, "current", current); err != nil {
		return opened, err
	}
	if err := s.unused(ctx, fresh); err != nil {
		return opened, err
	}
	hash, err := s.hasher.hash(ctx, fresh)
	if err != nil {
		return opened, err
	}
	err = s.own(ctx, func(ctx context.Context, u *work.Unit, a *account) error {
		if err := storePassword(ctx, u, a.ID, hash, false); err != nil {
			return err
		}
		if err := forget(ctx, u, a.ID); err != nil {
			return err
		}
		if opened, err = s.renew(ctx, u, a.ID); err != nil {
			return err
		}
		return record(ctx, u, a.ID, "account.password_changed", "account", a.Login, nil)
	})
	return opened, err
}

// unused holds a new password against the policy and the last ones. The comparisons take long, so they are made
// outside of any transaction.
func (s *Service) unused(ctx context.Context, fresh string) error {
	var old []string
	err := s.door.Read(ctx, work.SignedIn, func(ctx context.Context, u *work.Unit) error {
		a, err := sessionAccount(ctx, u)
		if err != nil {
			return err
		}
		p, err := party.LoadPerson(ctx, u, a.Person)
		if err != nil {
			return err
		}
		if err := acceptFor(ctx, u, "new", fresh, p, a.Login); err != nil {
			return err
		}
		old, err = lastHashes(ctx, u, a)
		return err
	})
	if err != nil {
		return err
	}
	for _, hash := range old {
		same, err := s.hasher.verify(ctx, fresh, hash)
		if err != nil {
			return err
		}
		if same {
			return fault.One("new", "identity.password_again", nil)
		}
	}
	return nil
}

// lastHashes are the hashes that a new password must differ from; the current one always.
func lastHashes(ctx context.Context, tx db.Tx, a account) ([]string, error) {
	policy, _, err := readPolicy(ctx, tx)
	if err != nil {
		return nil, err
	}
	old, err := db.All(ctx, tx, db.Scan[string], fmt.Sprintf(`SELECT hash FROM identity_passwords WHERE account = $1 AND hash <> $2
		ORDER BY created_at DESC LIMIT %d`, max(policy.History-1, 0)), a.ID, a.Hash)
	if err != nil {
		return nil, fmt.Errorf("read password history: %w", err)
	}
	return append([]string{a.Hash}, old...), nil
}

// maxHistory is how many hashes are kept, the most a policy can ask for.
const maxHistory = 24

func forget(ctx context.Context, u *work.Unit, account string) error {
	_, err := exec(ctx, u, "forget old passwords", fmt.Sprintf(`DELETE FROM identity_passwords WHERE account = $1 AND created_at < COALESCE(
		(SELECT MIN(created_at) FROM (SELECT created_at FROM identity_passwords WHERE account = $1 ORDER BY created_at DESC LIMIT %d) AS kept), 0)`, maxHistory), account)
	return err
}

// MySession is a session of the actor's own account.
type MySession struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	LastUsed  time.Time `json:"last_used"`
	ExpiresAt time.Time `json:"expires_at"`
	IP        string    `json:"ip"`
	UserAgent string    `json:"user_agent"`
	Current   bool      `json:"current"`
}

// Sessions lists the actor's own sessions, newest first.
func (s *Service) Sessions(ctx context.Context) (items []MySession, err error) {
	err = s.door.Read(ctx, work.SignedIn, func(ctx context.Context, u *work.Unit) error {
		items, err = db.All(ctx, u, func(r db.Row) (m MySession, err error) {
			var created, used, expires int64
			err = r.Scan(&m.ID, &created, &used, &expires, &m.IP, &m.UserAgent)
			m.CreatedAt, m.LastUsed, m.ExpiresAt = clock.FromMillis(created), clock.FromMillis(used), clock.FromMillis(expires)
			m.Current = m.ID == u.Actor.Session
			return m, err
		}, `SELECT id, created_at, last_used, expires_at, ip, user_agent FROM identity_sessions
			WHERE account = $1 AND expires_at > $2 AND last_used + idle_ms > $2 ORDER BY id DESC`, u.Actor.Account, clock.Millis(u.Now()))
		return err
	})
	return items, err
}

// EndSession ends one of the actor's own sessions.
func (s *Service) EndSession(ctx context.Context, session string) error {
	return s.own(ctx, func(ctx context.Context, u *work.Unit, a *account) error {
		n, err := exec(ctx, u, "end session", "DELETE FROM identity_sessions WHERE id = $1 AND account = $2", session, a.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Missing()
		}
		return record(ctx, u, a.ID, "account.session_ended", "account", a.Login, map[string]any{"session": session})
	})
}

// EndOtherSessions ends all of the actor's own sessions but this one.
func (s *Service) EndOtherSessions(ctx context.Context) error {
	return s.own(ctx, func(ctx context.Context, u *work.Unit, a *account) error {
		_, err := exec(ctx, u, "end sessions", "DELETE FROM identity_sessions WHERE account = $1 AND id <> $2", a.ID, u.Actor.Session)
		if err != nil {
			return err
		}
		return record(ctx, u, a.ID, "account.sessions_ended", "account", a.Login, nil)
	})
}

// SignOut ends the actor's session.
func (s *Service) SignOut(ctx context.Context) error {
	return s.own(ctx, func(ctx context.Context, u *work.Unit, a *account) error {
		if _, err := exec(ctx, u, "sign out", "DELETE FROM identity_sessions WHERE id = $1", u.Actor.Session); err != nil {
			return err
		}
		return record(ctx, u, a.ID, "account.signed_out", "account", a.Login, nil)
	})
}

// Refresh gives the actor's session a new token when their rights have changed since it got its last one; due is
// false when there is nothing to do.
func (s *Service) Refresh(ctx context.Context) (opened Opened, due bool, err error) {
	err = s.door.Read(ctx, work.SignedIn, func(ctx context.Context, u *work.Unit) error {
		due, err = db.Exists(ctx, u, "SELECT 1 FROM identity_sessions WHERE id = $1 AND rotate = $2", u.Actor.Session, true)
		return err
	})
	if err != nil || !due {
		return opened, false, err
	}
	err = s.own(ctx, func(ctx context.Context, u *work.Unit, _ *account) error {
		u.Unrecorded() // the change of rights is on record; this is its consequence
		opened, err = rotate(ctx, u, rotateGrace)
		return err
	})
	return opened, err == nil, err
}
