// Package identity knows who may come in and what they may do: accounts, passwords, second factors, sessions,
// API tokens, roles with their scope, access reviews, and the first run.
package identity

import (
	"context"
	"log/slog"
	"maps"
	"sync"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/seal"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Permissions of this package.
const (
	Manage work.Perm = "identity.manage" // accounts, roles, grants, password policy
	Audit  work.Perm = "identity.audit"  // see who may do what, and access reviews
	// ReadSecret is the right to open sealed fields at all; which ones, their definitions say. Never the
	// administrator's (R53).
	ReadSecret work.Perm = "secret.read"
)

// What the package's own narrow actors may do; no role can hold these.
const (
	signingIn      work.Perm = "identity.sign_in"
	authenticating work.Perm = "identity.authenticate"
	settingUp      work.Perm = "identity.set_up"
	seeding        work.Perm = "identity.seed"
	sweeping       work.Perm = "identity.sweep"
)

var (
	signInActor = work.System("sign_in", signingIn)
	authActor   = work.System("authenticate", authenticating)
	setupActor  = work.System("setup", settingUp)
	seedActor   = work.System("seed", seeding)
	sweepActor  = work.System("sweep", sweeping)
)

// PermInfo says what a permission means, and whether a customer's people may ever hold it.
type PermInfo struct {
	Label     text.Label
	Customers bool
}

var (
	permsMu sync.RWMutex
	perms   = map[work.Perm]PermInfo{}
)

// RegisterPerms makes permissions known, so that roles can hold them; packages call it from init.
func RegisterPerms(more map[work.Perm]PermInfo) {
	permsMu.Lock()
	defer permsMu.Unlock()
	for perm, info := range more {
		if !info.Label.Complete() {
			panic("identity: permission without a label in both languages: " + string(perm))
		}
		perms[perm] = info
	}
}

// KnownPerms are all permissions that roles can hold.
func KnownPerms() map[work.Perm]PermInfo {
	permsMu.RLock()
	defer permsMu.RUnlock()
	return maps.Clone(perms)
}

// Config is what the package needs from outside.
type Config struct {
	Ring   *seal.Ring   // seals second factors
	Issuer string       // name shown by authenticator apps; "Steward" when empty
	Log    *slog.Logger // slog.Default() when nil

	HashMemory uint32 // KiB for a password hash; 0 = the recommended cost. Tests sign in hundreds of times and ask for less
}

// Lockout is told when an account was locked after too many failures.
type Lockout struct {
	Account, Person, Login string
	Minutes                int
	Administrators         []string // ids of the people who manage accounts
}

type lockHook func(ctx context.Context, u *work.Unit, l Lockout) error

// Service is the use cases of this package.
type Service struct {
	door   *work.Door
	ring   *seal.Ring
	issuer string
	log    *slog.Logger
	hasher *hasher
	actors *actorCache
	onLock []lockHook
}

// New makes the service and subscribes it to changes of people: who leaves is out at once (SEC-02).
func New(door *work.Door, people *party.Service, cfg Config) *Service {
	s := &Service{door: door, ring: cfg.Ring, issuer: cfg.Issuer, log: cfg.Log, hasher: newHasher(cfg.HashMemory), actors: newActorCache()}
	if s.issuer == "" {
		s.issuer = "Steward"
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	people.OnChange(s.peopleChanged)
	return s
}

// OnLock registers who is told, in the same transaction, that an account was locked: notices to the person and to
// the administrators. Only for the wiring of the program, before it serves.
func (s *Service) OnLock(fn func(ctx context.Context, u *work.Unit, l Lockout) error) {
	s.onLock = append(s.onLock, fn)
}
