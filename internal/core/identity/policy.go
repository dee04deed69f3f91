package identity

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Policy is the rules for passwords, lockout and sessions (SEC-04).
type Policy struct {
	MinLength       int  `json:"min_length" minimum:"8" maximum:"64"`
	Classes         int  `json:"classes" minimum:"1" maximum:"4" doc:"how many of: small letters, capitals, digits, others"`
	History         int  `json:"history" minimum:"0" maximum:"24" doc:"earlier passwords that may not come back"`
	MaxAgeDays      int  `json:"max_age_days" minimum:"0" maximum:"3650" doc:"0 = passwords do not expire"`
	Dictionary      bool `json:"dictionary" doc:"refuse common passwords and names"`
	LockoutFailures int  `json:"lockout_failures" minimum:"3" maximum:"20"`
	LockoutMinutes  int  `json:"lockout_minutes" minimum:"1" maximum:"1440"`
	IdleMinutes     int  `json:"session_idle_minutes" minimum:"5" maximum:"10080"`
	AbsoluteHours   int  `json:"session_absolute_hours" minimum:"1" maximum:"720"`
}

// PolicyChange changes what it names.
type PolicyChange struct {
	MinLength       *int  `json:"min_length,omitempty" minimum:"8" maximum:"64"`
	Classes         *int  `json:"classes,omitempty" minimum:"1" maximum:"4"`
	History         *int  `json:"history,omitempty" minimum:"0" maximum:"24"`
	MaxAgeDays      *int  `json:"max_age_days,omitempty" minimum:"0" maximum:"3650"`
	Dictionary      *bool `json:"dictionary,omitempty"`
	LockoutFailures *int  `json:"lockout_failures,omitempty" minimum:"3" maximum:"20"`
	LockoutMinutes  *int  `json:"lockout_minutes,omitempty" minimum:"1" maximum:"1440"`
	IdleMinutes     *int  `json:"session_idle_minutes,omitempty" minimum:"5" maximum:"10080"`
	AbsoluteHours   *int  `json:"session_absolute_hours,omitempty" minimum:"1" maximum:"720"`
}

// DefaultPolicy applies until an administrator changes it. The session limits fit one shift.
var DefaultPolicy = Policy{
	MinLength: 10, Classes: 3, History: 5, Dictionary: true,
	LockoutFailures: 5, LockoutMinutes: 15, IdleMinutes: 4 * 60, AbsoluteHours: 24,
}

// maxPassword keeps the hash from being fed megabytes.
const maxPassword = 128

func readPolicy(ctx context.Context, tx db.Tx) (p Policy, version int64, err error) {
	p = DefaultPolicy
	err = tx.QueryRow(ctx, "SELECT version, body FROM identity_policy WHERE id = 'password'").Scan(&version, db.ScanJSON(&p))
	if fault.Is(err, fault.NotFound) {
		return DefaultPolicy, 0, nil
	}
	if err != nil {
		return p, 0, fmt.Errorf("read password policy: %w", err)
	}
	return p, version, nil
}

// Policy is the policy in force, with its version.
func (s *Service) Policy(ctx context.Context) (p Policy, version int64, err error) {
	err = s.door.Read(ctx, work.SignedIn, func(ctx context.Context, u *work.Unit) error {
		p, version, err = readPolicy(ctx, u)
		return err
	})
	return p, version, err
}

// ChangePolicy changes the policy. Running sessions keep the limits they began with.
func (s *Service) ChangePolicy(ctx context.Context, version int64, in PolicyChange) (p Policy, current int64, err error) {
	err = s.door.Do(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if !u.Actor.Scope().All {
			return fault.Denied()
		}
		if err := db.Lock(ctx, u, "identity.policy"); err != nil {
			return err
		}
		before, seen, err := readPolicy(ctx, u)
		if err != nil {
			return err
		}
		if version != 0 && version != seen {
			return staleAt(seen)
		}
		p, current = in.apply(before), seen+1
		if err := p.check(); err != nil {
			return err
		}
		_, err = u.Exec(ctx, `INSERT INTO identity_policy (id, version, updated_at, body) VALUES ('password', $1, $2, $3)
			ON CONFLICT (id) DO UPDATE SET version = excluded.version, updated_at = excluded.updated_at, body = excluded.body`,
			current, clock.Millis(u.Now()), db.JSON(p))
		if err != nil {
			return fmt.Errorf("store password policy: %w", err)
		}
		return record(ctx, u, "password_policy", "password_policy.changed", "password_policy", "", map[string]any{"before": before, "after": p})
	})
	return p, current, err
}

func (c PolicyChange) apply(p Policy) Policy {
	set(&p.MinLength, c.MinLength)
	set(&p.Classes, c.Classes)
	set(&p.History, c.History)
	set(&p.MaxAgeDays, c.MaxAgeDays)
	set(&p.Dictionary, c.Dictionary)
	set(&p.LockoutFailures, c.LockoutFailures)
	set(&p.LockoutMinutes, c.LockoutMinutes)
	set(&p.IdleMinutes, c.IdleMinutes)
	set(&p.AbsoluteHours, c.AbsoluteHours)
	return p
}

// check holds the limits also for callers that do not come over HTTP.
func (p Policy) check() error {
	var wrong []fault.Field
	for _, l := range []struct {
		name          string
		v, least, top int
	}{
		{"min_length", p.MinLength, 8, 64}, {"classes", p.Classes, 1, 4}, {"history", p.History, 0, 24},
		{"max_age_days", p.MaxAgeDays, 0, 3650}, {"lockout_failures", p.LockoutFailures, 3, 20},
		{"lockout_minutes", p.LockoutMinutes, 1, 1440}, {"session_idle_minutes", p.IdleMinutes, 5, 10080},
		{"session_absolute_hours", p.AbsoluteHours, 1, 720},
	} {
		if l.v < l.least || l.v > l.top {
			wrong = append(wrong, fault.Field{Name: l.name, Code: "field.range", Params: text.Params{"label": labelOf(l.name), "min": l.least, "max": l.top}})
		}
	}
	if len(wrong) > 0 {
		return fault.Fields(wrong...)
	}
	return nil
}

// accept tells whether a password may be chosen; known are words that it must not be made of: login, name, company.
func (p Policy) accept(field, password string, known ...string) error {
	length := utf8.RuneCountInString(password)
	switch {
	case length < p.MinLength:
		return fault.One(field, "identity.password_short", text.Params{"min": p.MinLength})
	case len(password) > maxPassword:
		return fault.One(field, "identity.password_long", text.Params{"max": maxPassword})
	case classesOf(password) < p.Classes:
		return fault.One(field, "identity.password_classes", text.Params{"classes": p.Classes})
	case p.Dictionary && common(password):
		return fault.One(field, "identity.password_common", nil)
	case p.Dictionary && madeOf(password, known):
		return fault.One(field, "identity.password_name", nil)
	}
	return nil
}

func classesOf(password string) int {
	var lower, upper, digit, other int
	for _, r := range password {
		switch {
		case unicode.IsLower(r):
			lower = 1
		case unicode.IsUpper(r):
			upper = 1
		case unicode.IsDigit(r):
			digit = 1
		default:
			other = 1
		}
	}
	return lower + upper + digit + other
}

// madeOf tells whether the password is little more than one of the words.
func madeOf(password string, words []string) bool {
	p := plain(password)
	for _, w := range words {
		w = plain(w)
		if utf8.RuneCountInString(w) >= 4 && strings.Contains(p, w) && utf8.RuneCountInString(p)-utf8.RuneCountInString(w) < 6 {
			return true
		}
	}
	return false
}
