package identity

import "github.com/steward-ops/steward/internal/platform/db"

// Migrations are the tables of this package. Tokens, sessions and backup codes are stored as SHA-256 of random
// secrets; passwords as argon2id; second factors sealed.
var Migrations = []db.Migration{{ID: "identity-001", SQL: `
CREATE TABLE identity_accounts (
	id TEXT PRIMARY KEY,
	version BIGINT NOT NULL,
	epoch BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	person TEXT NOT NULL REFERENCES party_people (id),
	login TEXT NOT NULL,
	login_key TEXT NOT NULL,
	hash TEXT NOT NULL,
	password_at BIGINT NOT NULL,
	must_change BOOLEAN NOT NULL,
	disabled BOOLEAN NOT NULL,
	disabled_reason TEXT NOT NULL,
	totp_secret TEXT NOT NULL,
	totp_on BOOLEAN NOT NULL,
	totp_step BIGINT NOT NULL,
	last_sign_in BIGINT NOT NULL
);
CREATE UNIQUE INDEX identity_accounts_login ON identity_accounts (login_key);
CREATE INDEX identity_accounts_person ON identity_accounts (person);
CREATE INDEX identity_accounts_order ON identity_accounts (login, id);
CREATE TABLE identity_passwords (
	account TEXT NOT NULL REFERENCES identity_accounts (id),
	created_at BIGINT NOT NULL,
	hash TEXT NOT NULL,
	PRIMARY KEY (account, created_at, hash)
);
CREATE TABLE identity_backup_codes (
	account TEXT NOT NULL REFERENCES identity_accounts (id),
	hash TEXT NOT NULL,
	PRIMARY KEY (account, hash)
);
CREATE TABLE identity_attempts (
	login_key TEXT PRIMARY KEY,
	failed BIGINT NOT NULL,
	last_at BIGINT NOT NULL,
	locked_until BIGINT NOT NULL
);
CREATE INDEX identity_attempts_age ON identity_attempts (last_at);
CREATE TABLE identity_sessions (
	id TEXT PRIMARY KEY,
	hash TEXT NOT NULL,
	account TEXT NOT NULL REFERENCES identity_accounts (id),
	created_at BIGINT NOT NULL,
	last_used BIGINT NOT NULL,
	idle_ms BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	ip TEXT NOT NULL,
	user_agent TEXT NOT NULL,
	rotate BOOLEAN NOT NULL,
	old_hash TEXT NOT NULL,
	old_until BIGINT NOT NULL
);
CREATE UNIQUE INDEX identity_sessions_hash ON identity_sessions (hash);
CREATE INDEX identity_sessions_old ON identity_sessions (old_hash) WHERE old_hash <> '';
CREATE INDEX identity_sessions_account ON identity_sessions (account);
CREATE INDEX identity_sessions_expiry ON identity_sessions (expires_at);
CREATE TABLE identity_tokens (
	id TEXT PRIMARY KEY,
	account TEXT NOT NULL REFERENCES identity_accounts (id),
	name TEXT NOT NULL,
	prefix TEXT NOT NULL,
	hash TEXT NOT NULL,
	scopes JSON_ NOT NULL,
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	last_used BIGINT NOT NULL
);
CREATE UNIQUE INDEX identity_tokens_hash ON identity_tokens (hash);
CREATE INDEX identity_tokens_account ON identity_tokens (account);
CREATE TABLE identity_roles (
	code TEXT PRIMARY KEY,
	version BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	zh TEXT NOT NULL,
	en TEXT NOT NULL,
	side TEXT NOT NULL,
	perms JSON_ NOT NULL,
	builtin BOOLEAN NOT NULL,
	edited BOOLEAN NOT NULL
);
CREATE TABLE identity_grants (
	id TEXT PRIMARY KEY,
	created_at BIGINT NOT NULL,
	created_by TEXT NOT NULL,
	person TEXT NOT NULL REFERENCES party_people (id),
	role TEXT NOT NULL REFERENCES identity_roles (code),
	customer TEXT NOT NULL,
	project TEXT NOT NULL,
	process TEXT NOT NULL,
	confirmed_at BIGINT NOT NULL,
	confirmed_by TEXT NOT NULL
);
CREATE UNIQUE INDEX identity_grants_target ON identity_grants (person, role, customer, project, process);
CREATE INDEX identity_grants_role ON identity_grants (role);
CREATE TABLE identity_reviews (
	id TEXT PRIMARY KEY,
	grant_id TEXT NOT NULL,
	person TEXT NOT NULL REFERENCES party_people (id),
	role TEXT NOT NULL,
	customer TEXT NOT NULL,
	project TEXT NOT NULL,
	process TEXT NOT NULL,
	last_use BIGINT NOT NULL,
	decision TEXT NOT NULL,
	note TEXT NOT NULL,
	decided_by TEXT NOT NULL,
	decided_at BIGINT NOT NULL
);
CREATE INDEX identity_reviews_order ON identity_reviews (decided_at, id);
CREATE TABLE identity_policy (
	id TEXT PRIMARY KEY,
	version BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	body JSON_ NOT NULL
);
CREATE TABLE identity_preferences (
	person TEXT PRIMARY KEY REFERENCES party_people (id),
	body JSON_ NOT NULL
);
`}}
