package audit

import "github.com/steward-ops/steward/internal/platform/db"

// Migrations make the tables. The details of an event are TEXT on both databases: JSONB would rewrite the bytes that
// the hash covers. Triggers stop the program's own mistakes; against people there are the chain and the seals.
var Migrations = []db.Migration{{ID: "audit-001", SQL: `
CREATE TABLE audit_events (
	id TEXT PRIMARY KEY,
	stream TEXT NOT NULL,
	seq BIGINT NOT NULL,
	at BIGINT NOT NULL,
	kind TEXT NOT NULL,
	subject TEXT NOT NULL,
	number TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	actor_id TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	via TEXT NOT NULL,
	public BOOLEAN NOT NULL,
	data TEXT NOT NULL,
	prev TEXT NOT NULL,
	hash TEXT NOT NULL,
	seal_no BIGINT NOT NULL DEFAULT 0,
	UNIQUE (stream, seq)
);
CREATE INDEX audit_events_seal ON audit_events (seal_no, id);
CREATE INDEX audit_events_at ON audit_events (at, id);
CREATE INDEX audit_events_customer ON audit_events (customer_id, at, id);
CREATE INDEX audit_events_actor ON audit_events (actor_id, at, id);
CREATE INDEX audit_events_number ON audit_events (number) WHERE number <> '';
CREATE TABLE audit_seals (
	no BIGINT PRIMARY KEY,
	first_id TEXT NOT NULL,
	last_id TEXT NOT NULL,
	count BIGINT NOT NULL,
	root TEXT NOT NULL,
	prev TEXT NOT NULL,
	hash TEXT NOT NULL,
	at BIGINT NOT NULL
);
-- only: sqlite
-- begin
CREATE TRIGGER audit_events_kept BEFORE DELETE ON audit_events
BEGIN
	SELECT RAISE(ABORT, 'audit events are never deleted');
END
-- end
-- begin
CREATE TRIGGER audit_events_fixed BEFORE UPDATE OF
	id, stream, seq, at, kind, subject, number, customer_id, actor_id, actor_name, via, public, data, prev, hash ON audit_events
BEGIN
	SELECT RAISE(ABORT, 'audit events are never changed');
END
-- end
-- end
-- only: postgres
CREATE FUNCTION audit_events_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit events are never changed or deleted'; END $$;
CREATE TRIGGER audit_events_kept BEFORE DELETE OR TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION audit_events_guard();
CREATE TRIGGER audit_events_fixed BEFORE UPDATE OF
	id, stream, seq, at, kind, subject, number, customer_id, actor_id, actor_name, via, public, data, prev, hash ON audit_events
	FOR EACH STATEMENT EXECUTE FUNCTION audit_events_guard();
-- end
`}}
