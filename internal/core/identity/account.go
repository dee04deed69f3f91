package identity

import (
	"context"
	"fmt"
	"regexp"
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

// account is the stored row, with what it needs to know of its person.
type account struct {
	ID, Person, Login, Hash    string
	Version, Epoch, PasswordAt int64
	MustChange, Disabled       bool
	TOTPSecret                 string
	TOTPOn                     bool
	PersonName, PersonStatus   string
	Org, OrgName               string
	Side                       work.OrgKind
}

// readAccount reads the account whose column has a value.
func readAccount(ctx context.Context, tx db.Tx, column, value string) (account, error) {
	a, err := db.One(ctx, tx, func(r db.Row) (a account, err error) {
		err = r.Scan(&a.ID, &a.Person, &a.Login, &a.Hash, &a.Version, &a.Epoch, &a.PasswordAt, &a.MustChange, &a.Disabled,
			&a.TOTPSecret, &a.TOTPOn, &a.PersonName, &a.PersonStatus, &a.Org, &a.Side, &a.OrgName)
		return a, err
	}, `SELECT a.id, a.person, a.login, a.hash, a.version, a.epoch, a.password_at, a.must_change, a.disabled,
		a.totp_secret, a.totp_on, p.name, p.status, p.organisation, p.side, o.name
		FROM identity_accounts a JOIN party_people p ON p.id = a.person JOIN party_organisations o ON o.id = p.organisation
		WHERE a.`+column+` = $1`, value)
	if err != nil {
		return a, fmt.Errorf("read account: %w", err)
	}
	return a, nil
}

// Account is an account as administrators see it.
type Account struct {
	ID               string     `json:"id"`
	Version          int64      `json:"version"`
	Person           string     `json:"person"`
	PersonName       string     `json:"person_name"`
	Organisation     string     `json:"organisation"`
	OrganisationName string     `json:"organisation_name"`
	Login            string     `json:"login"`
	MustChange       bool       `json:"must_change"`
	Disabled         bool       `json:"disabled"`
	DisabledReason   string     `json:"disabled_reason" doc:"left, or what the administrator wrote"`
	TOTP             bool       `json:"totp"`
	Failed           int64      `json:"failed"`
	LockedUntil      *time.Time `json:"locked_until,omitempty"`
	PasswordAt       *time.Time `json:"password_at,omitempty"`
	LastSignIn       *time.Time `json:"last_sign_in,omitempty"`
	Roles            []string   `json:"roles" nullable:"false"`
	CreatedAt        time.Time  `json:"created_at"`
}

// AccountFilter narrows a list; After is the login and id the page before it ended at.
type AccountFilter struct {
	Q, Person, Organisation string
	Disabled                *bool
	After                   AccountPlace
	Limit                   int
}

// AccountPlace is where a page of accounts ends.
type AccountPlace struct {
	Login string `json:"l"`
	ID    string `json:"i"`
}

const accountColumns = `a.id, a.version, a.person, p.name, p.organisation, o.name, a.login, a.must_change, a.disabled,
	a.disabled_reason, a.totp_on, a.password_at, a.last_sign_in, a.created_at, COALESCE(t.failed, 0), COALESCE(t.locked_until, 0)
	FROM identity_accounts a JOIN party_people p ON p.id = a.person JOIN party_organisations o ON o.id = p.organisation
	LEFT JOIN identity_attempts t ON t.login_key = a.login_key`

func scanAccount(now time.Time) func(db.Row) (Account, error) {
	return func(r db.Row) (a Account, err error) {
		var password, last, created, locked int64
		err = r.Scan(&a.ID, &a.Version, &a.Person, &a.PersonName, &a.Organisation, &a.OrganisationName, &a.Login, &a.MustChange,
			&a.Disabled, &a.DisabledReason, &a.TOTP, &password, &last, &created, &a.Failed, &locked)
		a.PasswordAt, a.LastSignIn, a.CreatedAt = moment(password), moment(last), clock.FromMillis(created)
		if locked > clock.Millis(now) {
			a.LockedUntil = moment(locked)
		}
		a.Roles = []string{}
		return a, err
	}
}

// within limits rows to the people an administrator is there for: all, or the people of certain customers. A
// restricted administrator never reaches the provider's people, some of whom may more than they.
func within(w *db.Where, a *work.Actor) {
	if s := a.Scope(); !s.All {
		w.Eq("p.side", string(work.Customer))
		w.In("p.organisation", s.Customers)
	}
}

// Accounts lists accounts by login.
func (s *Service) Accounts(ctx context.Context, f AccountFilter) (items []Account, err error) {
	err = s.door.Read(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		w := db.NewWhere()
		within(w, u.Actor)
		f.where(w)
		sql := fmt.Sprintf("SELECT %s WHERE %s ORDER BY a.login, a.id LIMIT %d", accountColumns, w.SQL(), f.Limit)
		if items, err = db.All(ctx, u, scanAccount(u.Now()), sql, w.Args()...); err != nil {
			return fmt.Errorf("list accounts: %w", err)
		}
		return addRoles(ctx, u, items)
	})
	return items, err
}

func (f AccountFilter) where(w *db.Where) {
	if f.Person != "" {
		w.Eq("a.person", f.Person)
	}
	if f.Organisation != "" {
		w.Eq("p.organisation", f.Organisation)
	}
	if f.Disabled != nil {
		w.Eq("a.disabled", *f.Disabled)
	}
	if f.After.ID != "" {
		w.Add("(a.login, a.id) > (?, ?)", f.After.Login, f.After.ID)
	}
	if f.Q != "" {
		like := w.Arg("%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(f.Q)) + "%")
		w.Add(`(lower(a.login) LIKE ` + like + ` ESCAPE '\' OR lower(p.name) LIKE ` + like + ` ESCAPE '\')`)
	}
}

func addRoles(ctx context.Context, tx db.Tx, items []Account) error {
	persons := make([]string, len(items))
	for i := range items {
		persons[i] = items[i].Person
	}
	w := db.NewWhere()
	w.In("person", persons)
	type held struct{ person, role string }
	rows, err := db.All(ctx, tx, func(r db.Row) (h held, err error) {
		err = r.Scan(&h.person, &h.role)
		return h, err
	}, "SELECT DISTINCT person, role FROM identity_grants WHERE "+w.SQL()+" ORDER BY role", w.Args()...)
	if err != nil {
		return fmt.Errorf("read roles of accounts: %w", err)
	}
	for i := range items {
		for _, h := range rows {
			if h.person == items[i].Person {
				items[i].Roles = append(items[i].Roles, h.role)
			}
		}
	}
	return nil
}

// Account reads one.
func (s *Service) Account(ctx context.Context, id string) (a Account, err error) {
	err = s.door.Read(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		a, err = viewAccount(ctx, u, id)
		return err
	})
	return a, err
}

func viewAccount(ctx context.Context, u *work.Unit, id string) (Account, error) {
	w := db.NewWhere()
	within(w, u.Actor)
	w.Eq("a.id", id)
	a, err := db.One(ctx, u, scanAccount(u.Now()), "SELECT "+accountColumns+" WHERE "+w.SQL(), w.Args()...)
	if err != nil {
		return a, fmt.Errorf("read account: %w", err)
	}
	items := []Account{a}
	err = addRoles(ctx, u, items)
	return items[0], err
}

// AccountNew is what a new account is made from. Without a password one is made up and answered once.
type AccountNew struct {
	Person   string  `json:"person" maxLength:"40"`
	Login    string  `json:"login" maxLength:"64"`
	Password *string `json:"password,omitempty" maxLength:"128" doc:"left out: one is made up"`
	// MustChange makes the person choose a password of their own at the first sign-in; true when left out.
	MustChange *bool `json:"must_change,omitempty"`
}

// AccountMade is a new account, or one with a new password, which is shown this once if it was made up.
type AccountMade struct {
	Account  Account `json:"account"`
	Password string  `json:"password,omitempty"`
}

var loginForm = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._@-]{1,63}$`)

// CreateAccount gives a person an account.
func (s *Service) CreateAccount(ctx context.Context, in AccountNew) (made AccountMade, err error) {
	hash, made, err := s.firstPassword(ctx, in.Password)
	if err != nil {
		return made, err
	}
	mustChange := in.MustChange == nil || *in.MustChange
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		person, err := manageable(ctx, u, in.Person)
		if err != nil {
			return err
		}
		if in.Password != nil {
			if err := acceptFor(ctx, u, "password", *in.Password, person, in.Login); err != nil {
				return err
			}
		}
		account, err := addAccount(ctx, u, person, in.Login, hash, mustChange)
		if err != nil {
			return err
		}
		made.Account, err = viewAccount(ctx, u, account)
		return err
	})
	return made, err
}

// firstPassword hashes the given password or one made up. The hash takes long, so it is made before the transaction.
func (s *Service) firstPassword(ctx context.Context, given *string) (hash string, made AccountMade, err error) {
	if actor := work.ActorOf(ctx); actor == nil || !actor.May(Manage) { // before the work, not after
		return "", made, s.door.Read(ctx, Manage, func(context.Context, *work.Unit) error { return nil })
	}
	password := ""
	if given != nil {
		password = *given
	} else {
		password = madeUp()
		made.Password = password
	}
	if len(password) > maxPassword {
		return "", made, fault.One("password", "identity.password_long", text.Params{"max": maxPassword})
	}
	hash, err = s.hasher.hash(ctx, password)
	return hash, made, err
}

// madeUp is a password that meets any policy and can be read out over the phone.
func madeUp() string {
	r := random32(10)
	return r[:4] + "-" + strings.ToLower(r[4:8]) + "-" + r[8:12] + "-" + strings.ToLower(r[12:]) + "-9"
}

// manageable reads a person whose account the actor may manage, and who is still there.
func manageable(ctx context.Context, u *work.Unit, person string) (party.Person, error) {
	p, err := reachable(ctx, u, person)
	if fault.Is(err, fault.NotFound) {
		return p, fault.One("person", "field.missing", text.Params{"label": labelOf("person")})
	}
	if err == nil && p.Status != party.Active {
		return p, fault.One("person", "identity.person_left", text.Params{"name": p.Name})
	}
	return p, err
}

// reachable reads a person the actor may manage the access of.
func reachable(ctx context.Context, u *work.Unit, person string) (party.Person, error) {
	p, err := party.LoadPerson(ctx, u, person)
	if err != nil {
		return p, err
	}
	s := u.Actor.Scope()
	if !s.All && (p.Side != work.Customer || !s.Reaches(p.Organisation)) {
		return party.Person{}, fault.Missing()
	}
	return p, nil
}

// acceptFor holds a new password against the policy and against what is known of its owner.
func acceptFor(ctx context.Context, tx db.Tx, field, password string, p party.Person, login string) error {
	policy, _, err := readPolicy(ctx, tx)
	if err != nil {
		return err
	}
	org, err := party.LoadOrganisation(ctx, tx, p.Organisation)
	if err != nil {
		return err
	}
	return policy.accept(field, password, login, p.Name, p.EnglishName, org.ShortName, org.Code)
}

func addAccount(ctx context.Context, u *work.Unit, p party.Person, login, hash string, mustChange bool) (string, error) {
	login = strings.TrimSpace(login)
	if err := freeLogin(ctx, u, login, ""); err != nil {
		return "", err
	}
	account, now := id.New(), clock.Millis(u.Now())
	_, err := exec(ctx, u, "add account", `INSERT INTO identity_accounts (id, version, epoch, created_at, updated_at, person, login,
		login_key, hash, password_at, must_change, disabled, disabled_reason, totp_secret, totp_on, totp_step, last_sign_in)
		VALUES ($1, 1, 1, $2, $2, $3, $4, $5, $6, $2, $7, $8, '', '', $8, 0, 0)`,
		account, now, p.ID, login, loginKey(login), hash, mustChange, false)
	if err != nil {
		return "", err
	}
	if err := remember(ctx, u, account, hash); err != nil {
		return "", err
	}
	return account, record(ctx, u, account, "account.created", "account", login, map[string]any{"person": p.ID})
}

// freeLogin demands a well-formed login that no other account has, whatever its case.
func freeLogin(ctx context.Context, tx db.Tx, login, except string) error {
	if !loginForm.MatchString(login) {
		return fault.One("login", "identity.login_form", nil)
	}
	taken, err := db.Exists(ctx, tx, "SELECT 1 FROM identity_accounts WHERE login_key = $1 AND id <> $2", loginKey(login), except)
	if err != nil {
		return fmt.Errorf("look for login: %w", err)
	}
	if taken {
		return fault.One("login", "field.unique", text.Params{"label": labelOf("login")})
	}
	return nil
}

// remember keeps a hash for the password history.
func remember(ctx context.Context, u *work.Unit, account, hash string) error {
	_, err := exec(ctx, u, "keep password history", "INSERT INTO identity_passwords (account, created_at, hash) VALUES ($1, $2, $3)",
		account, clock.Millis(u.Now()), hash)
	return err
}

// AccountChange changes what it names.
type AccountChange struct {
	Login      *string `json:"login,omitempty" maxLength:"64"`
	MustChange *bool   `json:"must_change,omitempty"`
}

// ChangeAccount changes what in names; version is the one the caller saw, 0 for whichever is current.
func (s *Service) ChangeAccount(ctx context.Context, id string, version int64, in AccountChange) (Account, error) {
	return s.onAccount(ctx, id, version, func(ctx context.Context, u *work.Unit, a account) error {
		login, mustChange := a.Login, a.MustChange
		set(&mustChange, in.MustChange)
		if in.Login != nil {
			login = strings.TrimSpace(*in.Login)
			if err := freeLogin(ctx, u, login, a.ID); err != nil {
				return err
			}
		}
		if login == a.Login && mustChange == a.MustChange {
			return nil
		}
		_, err := exec(ctx, u, "change account", "UPDATE identity_accounts SET login = $1, login_key = $2, must_change = $3 WHERE id = $4",
			login, loginKey(login), mustChange, a.ID)
		if err != nil {
			return err
		}
		return record(ctx, u, a.ID, "account.changed", "account", login, map[string]any{"login": []string{a.Login, login}, "must_change": mustChange})
	})
}

// onAccount runs a change of one account that the administrator may manage, and returns how it looks afterwards.
func (s *Service) onAccount(ctx context.Context, id string, version int64, fn func(ctx context.Context, u *work.Unit, a account) error) (view Account, err error) {
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		a, err := readAccount(ctx, u, "id", id)
		if err != nil {
			return err
		}
		if _, err := reachable(ctx, u, a.Person); err != nil {
			return err
		}
		if version != 0 && version != a.Version {
			return staleAt(a.Version)
		}
		writes := u.Writes()
		if err := fn(ctx, u, a); err != nil {
			return err
		}
		if u.Writes() == writes {
			u.Unrecorded()
		} else if err := bump(ctx, u, a); err != nil {
			return err
		}
		view, err = viewAccount(ctx, u, id)
		return err
	})
	return view, err
}

// bump counts a change of the account; two administrators at once do not overwrite one another unseen.
func bump(ctx context.Context, u *work.Unit, a account) error {
	n, err := exec(ctx, u, "count change of account", `UPDATE identity_accounts SET version = version + 1, epoch = epoch + 1, updated_at = $1
		WHERE id = $2 AND version = $3`, clock.Millis(u.Now()), a.ID, a.Version)
	if err == nil && n == 0 {
		return staleAt(a.Version)
	}
	return err
}

// ResetPassword gives an account a new password that must be changed at the next sign-in; everything that was open
// under the old one ends.
func (s *Service) ResetPassword(ctx context.Context, id string, given *string) (made AccountMade, err error) {
	hash, made, err := s.firstPassword(ctx, given)
	if err != nil {
		return made, err
	}
	made.Account, err = s.onAccount(ctx, id, 0, func(ctx context.Context, u *work.Unit, a account) error {
		if given != nil {
			p, err := party.LoadPerson(ctx, u, a.Person)
			if err != nil {
				return err
			}
			if err := acceptFor(ctx, u, "password", *given, p, a.Login); err != nil {
				return err
			}
		}
		if err := storePassword(ctx, u, a.ID, hash, true); err != nil {
			return err
		}
		if err := unlock(ctx, u, a.Login); err != nil {
			return err
		}
		if err := endAll(ctx, u, a.ID); err != nil {
			return err
		}
		return record(ctx, u, a.ID, "account.password_reset", "account", a.Login, nil)
	})
	return made, err
}

func storePassword(ctx context.Context, u *work.Unit, account, hash string, mustChange bool) error {
	_, err := exec(ctx, u, "store password", "UPDATE identity_accounts SET hash = $1, password_at = $2, must_change = $3 WHERE id = $4",
		hash, clock.Millis(u.Now()), mustChange, account)
	if err != nil {
		return err
	}
	return remember(ctx, u, account, hash)
}

func unlock(ctx context.Context, u *work.Unit, login string) error {
	_, err := exec(ctx, u, "forget failures", "DELETE FROM identity_attempts WHERE login_key = $1", loginKey(login))
	return err
}

// Unlock lets somebody try again at once who failed too often.
func (s *Service) Unlock(ctx context.Context, id string) (Account, error) {
	return s.onAccount(ctx, id, 0, func(ctx context.Context, u *work.Unit, a account) error {
		if err := unlock(ctx, u, a.Login); err != nil {
			return err
		}
		return record(ctx, u, a.ID, "account.unlocked", "account", a.Login, nil)
	})
}

// Disable shuts an account; its sessions and tokens end at once.
func (s *Service) Disable(ctx context.Context, id, reason string) (Account, error) {
	return s.onAccount(ctx, id, 0, func(ctx context.Context, u *work.Unit, a account) error {
		if a.ID == u.Actor.Account {
			return fault.New(fault.Conflict, "identity.disable_self", nil)
		}
		if err := disable(ctx, u, a.ID, a.Login, reason); err != nil {
			return err
		}
		return keepAdministrator(ctx, u)
	})
}

func disable(ctx context.Context, u *work.Unit, account, login, reason string) error {
	_, err := exec(ctx, u, "disable account", "UPDATE identity_accounts SET disabled = $1, disabled_reason = $2 WHERE id = $3", true, reason, account)
	if err != nil {
		return err
	}
	if err := endAll(ctx, u, account); err != nil {
		return err
	}
	return record(ctx, u, account, "account.disabled", "account", login, map[string]any{"reason": reason})
}

// Enable opens a disabled account again. A leaver must return first.
func (s *Service) Enable(ctx context.Context, id string) (Account, error) {
	return s.onAccount(ctx, id, 0, func(ctx context.Context, u *work.Unit, a account) error {
		if a.PersonStatus != party.Active {
			return fault.New(fault.Conflict, "identity.person_left", text.Params{"name": a.PersonName})
		}
		_, err := exec(ctx, u, "enable account", "UPDATE identity_accounts SET disabled = $1, disabled_reason = '' WHERE id = $2", false, a.ID)
		if err != nil {
			return err
		}
		return record(ctx, u, a.ID, "account.enabled", "account", a.Login, nil)
	})
}

// ResetTOTP takes away the second factor of somebody who lost the device.
func (s *Service) ResetTOTP(ctx context.Context, id string) (Account, error) {
	return s.onAccount(ctx, id, 0, func(ctx context.Context, u *work.Unit, a account) error {
		if err := clearTOTP(ctx, u, a.ID); err != nil {
			return err
		}
		if err := endAll(ctx, u, a.ID); err != nil {
			return err
		}
		return record(ctx, u, a.ID, "account.totp_reset", "account", a.Login, nil)
	})
}

// peopleChanged follows what happens to people: a leaver's accounts, sessions and tokens end in the very transaction
// (SEC-02); everybody else's actors are made anew.
func (s *Service) peopleChanged(ctx context.Context, u *work.Unit, c party.Change) error {
	if c.Kind != party.PersonLeft {
		return raisePeople(ctx, u, false, c.People...)
	}
	admins, err := administrators(ctx, u)
	if err != nil {
		return err
	}
	for _, person := range c.People {
		if err := shut(ctx, u, person); err != nil {
			return err
		}
	}
	if len(admins) == 0 { // there was none to keep
		return nil
	}
	return keepAdministrator(ctx, u)
}

func shut(ctx context.Context, u *work.Unit, person string) error {
	type found struct{ id, login string }
	accounts, err := db.All(ctx, u, func(r db.Row) (f found, err error) {
		err = r.Scan(&f.id, &f.login)
		return f, err
	}, "SELECT id, login FROM identity_accounts WHERE person = $1", person)
	if err != nil {
		return fmt.Errorf("read accounts of leaver: %w", err)
	}
	for _, a := range accounts {
		if err := disable(ctx, u, a.id, a.login, party.Left); err != nil {
			return err
		}
	}
	return nil
}

// administrators are the ids of the people who can manage everybody's account.
func administrators(ctx context.Context, tx db.Tx) ([]string, error) {
	ids, err := db.All(ctx, tx, db.Scan[string], `SELECT DISTINCT g.person FROM identity_grants g
		JOIN identity_accounts a ON a.person = g.person JOIN party_people p ON p.id = g.person
		WHERE g.role = 'admin' AND g.customer = '' AND g.project = '' AND g.process = '' AND a.disabled = $1 AND p.status = 'active'
		ORDER BY g.person`, false)
	if err != nil {
		return nil, fmt.Errorf("read administrators: %w", err)
	}
	return ids, nil
}

// keepAdministrator refuses a change after which nobody could manage accounts any more.
func keepAdministrator(ctx context.Context, u *work.Unit) error {
	if err := db.Lock(ctx, u, "identity.administrators"); err != nil {
		return err
	}
	left, err := administrators(ctx, u)
	if err == nil && len(left) == 0 {
		return fault.New(fault.Conflict, "identity.last_admin", nil)
	}
	return err
}
