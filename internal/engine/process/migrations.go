package process

import "github.com/steward-ops/steward/internal/platform/db"

// Migrations of the engine: published definitions, priority schemes, timers, approvals, saved views.
var Migrations = []db.Migration{{ID: "process-001", SQL: `
CREATE TABLE definition_versions (
  type TEXT NOT NULL,
  version INTEGER NOT NULL,
  source TEXT NOT NULL,
  shipped BOOLEAN NOT NULL,
  current BOOLEAN NOT NULL,
  note TEXT NOT NULL,
  published_by TEXT NOT NULL,
  published_at BIGINT NOT NULL,
  PRIMARY KEY (type, version)
);
CREATE TABLE priority_schemes (
  code TEXT PRIMARY KEY,
  body JSON_ NOT NULL,
  version BIGINT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE TABLE timers (
  id TEXT PRIMARY KEY,
  record_id TEXT NOT NULL REFERENCES records (id),
  name TEXT NOT NULL,
  fires_at BIGINT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  retry_at BIGINT NOT NULL,
  fired_at BIGINT NOT NULL,
  late BOOLEAN NOT NULL,
  problem TEXT NOT NULL,
  UNIQUE (record_id, name, fires_at)
);
CREATE INDEX timers_due ON timers (retry_at, id) WHERE state = 'pending';
CREATE TABLE approvals (
  id TEXT PRIMARY KEY,
  record_id TEXT NOT NULL REFERENCES records (id),
  name TEXT NOT NULL,
  state TEXT NOT NULL,
  came_from TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  decided_at BIGINT NOT NULL,
  slots JSON_ NOT NULL
);
CREATE INDEX approvals_record ON approvals (record_id, asked_at);
CREATE INDEX approvals_open ON approvals (state, asked_at) WHERE state = 'open';
CREATE TABLE list_views (
  id TEXT PRIMARY KEY,
  owner_id TEXT NOT NULL,
  type TEXT NOT NULL,
  name TEXT NOT NULL,
  query TEXT NOT NULL,
  columns JSON_ NOT NULL,
  shared BOOLEAN NOT NULL,
  position INTEGER NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE INDEX list_views_type ON list_views (type, owner_id);
`}}
