package sla

import "github.com/steward-ops/steward/internal/platform/db"

// Migrations of calendars, agreements and the clocks they drive.
var Migrations = []db.Migration{{ID: "sla-001", SQL: `
CREATE TABLE calendars (
  code TEXT PRIMARY KEY,
  body JSON_ NOT NULL,
  version BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE TABLE agreements (
  id TEXT PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  version BIGINT NOT NULL,
  active_version BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE TABLE agreement_versions (
  agreement_id TEXT NOT NULL REFERENCES agreements (id),
  version BIGINT NOT NULL,
  body JSON_ NOT NULL,
  changed_by TEXT NOT NULL,
  changed_at BIGINT NOT NULL,
  PRIMARY KEY (agreement_id, version)
);
CREATE TABLE clock_histories (
  record_id TEXT PRIMARY KEY,
  governed JSON_ NOT NULL,
  events JSON_ NOT NULL,
  open BOOLEAN NOT NULL
);
CREATE INDEX clock_histories_open ON clock_histories (record_id) WHERE open;
CREATE TABLE clocks (
  record_id TEXT NOT NULL,
  agreement_id TEXT NOT NULL,
  agreement_version BIGINT NOT NULL,
  target TEXT NOT NULL,
  kind TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  state TEXT NOT NULL,
  cycle INTEGER NOT NULL,
  seconds BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  elapsed_ms BIGINT NOT NULL,
  breach_at BIGINT NOT NULL,
  taken JSON_ NOT NULL,
  review JSON_ NOT NULL,
  PRIMARY KEY (record_id, agreement_id, target)
);
CREATE INDEX clocks_breaches ON clocks (agreement_id, breach_at) WHERE breach_at > 0;
CREATE INDEX clocks_ended ON clocks (agreement_id, started_at);
`}, {ID: "sla-002", SQL: `
ALTER TABLE clocks ADD COLUMN reports JSON_ NOT NULL DEFAULT '[]';
`}}
