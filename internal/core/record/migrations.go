package record

import "github.com/steward-ops/steward/internal/platform/db"

// Migrations of the records and what hangs on them.
var Migrations = []db.Migration{{ID: "record-001", SQL: `
CREATE TABLE record_counters (
  series TEXT PRIMARY KEY,
  value  BIGINT NOT NULL
);
CREATE TABLE records (
  id TEXT PRIMARY KEY,
  number TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  workflow TEXT NOT NULL,
  definition INTEGER NOT NULL,
  state TEXT NOT NULL,
  kind TEXT NOT NULL,
  waiting_on TEXT NOT NULL,
  open BOOLEAN NOT NULL,
  turn TEXT NOT NULL,
  title TEXT NOT NULL,
  description TEXT NOT NULL,
  customer_id TEXT NOT NULL,
  site_id TEXT NOT NULL,
  service_id TEXT NOT NULL,
  contract_id TEXT NOT NULL,
  requester_id TEXT NOT NULL,
  assignee_id TEXT NOT NULL,
  team_id TEXT NOT NULL,
  impact TEXT NOT NULL,
  urgency TEXT NOT NULL,
  priority TEXT NOT NULL,
  priority_rank INTEGER NOT NULL,
  level TEXT NOT NULL,
  channel TEXT NOT NULL,
  major BOOLEAN NOT NULL,
  parent_id TEXT NOT NULL,
  fields JSON_ NOT NULL,
  trail JSON_ NOT NULL,
  reopened INTEGER NOT NULL,
  urges INTEGER NOT NULL,
  due_at BIGINT NOT NULL,
  accepted_at BIGINT NOT NULL,
  responded_at BIGINT NOT NULL,
  diagnosed_at BIGINT NOT NULL,
  arrived_at BIGINT NOT NULL,
  solved_at BIGINT NOT NULL,
  verified_at BIGINT NOT NULL,
  confirmed_at BIGINT NOT NULL,
  closed_at BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  state_since BIGINT NOT NULL,
  version BIGINT NOT NULL,
  audit_head TEXT NOT NULL
);
CREATE INDEX records_due ON records (type, due_at, id) WHERE open;
CREATE INDEX records_priority ON records (type, priority_rank, due_at, id) WHERE open;
CREATE INDEX records_assignee ON records (assignee_id, due_at, id) WHERE open;
CREATE INDEX records_team ON records (team_id, due_at, id) WHERE open;
CREATE INDEX records_turn ON records (turn, due_at, id) WHERE open;
CREATE INDEX records_made ON records (type, created_at, id);
CREATE INDEX records_touched ON records (type, updated_at, id);
CREATE INDEX records_customer ON records (customer_id, created_at, id);
CREATE INDEX records_requester ON records (requester_id, created_at, id) WHERE requester_id <> '';
CREATE INDEX records_parent ON records (parent_id) WHERE parent_id <> '';

CREATE TABLE record_comments (
  id TEXT PRIMARY KEY,
  record_id TEXT NOT NULL REFERENCES records (id),
  author_id TEXT NOT NULL,
  side TEXT NOT NULL,
  public BOOLEAN NOT NULL,
  body TEXT NOT NULL,
  files JSON_ NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX record_comments_record ON record_comments (record_id, at);

CREATE TABLE record_links (
  id TEXT PRIMARY KEY,
  from_id TEXT NOT NULL REFERENCES records (id),
  to_id TEXT NOT NULL REFERENCES records (id),
  kind TEXT NOT NULL,
  made_by TEXT NOT NULL,
  at BIGINT NOT NULL,
  UNIQUE (from_id, to_id, kind)
);
CREATE INDEX record_links_to ON record_links (to_id);

CREATE TABLE record_watchers (
  record_id TEXT NOT NULL REFERENCES records (id),
  person_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (record_id, person_id)
);
CREATE INDEX record_watchers_person ON record_watchers (person_id);

CREATE TABLE record_work (
  id TEXT PRIMARY KEY,
  record_id TEXT NOT NULL REFERENCES records (id),
  person_id TEXT NOT NULL,
  minutes INTEGER NOT NULL,
  body TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX record_work_record ON record_work (record_id, at);

CREATE TABLE files (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  size BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  blob TEXT NOT NULL,
  made_by TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE TABLE record_files (
  record_id TEXT NOT NULL REFERENCES records (id),
  file_id TEXT NOT NULL REFERENCES files (id),
  public BOOLEAN NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (record_id, file_id)
);
CREATE INDEX record_files_file ON record_files (file_id);

CREATE TABLE record_once (
  actor_id TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  record_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (actor_id, key)
);
`}, {ID: "record-002", SQL: `
UPDATE records SET due_at = 9007199254740992, priority_rank = priority_rank + 1000 WHERE NOT open;
DROP INDEX records_due;
DROP INDEX records_priority;
CREATE INDEX records_due ON records (type, due_at, id);
CREATE INDEX records_priority ON records (type, priority_rank, due_at, id);
CREATE INDEX records_state ON records (type, state, due_at, id) WHERE open;
CREATE INDEX records_open_made ON records (type, created_at, id) WHERE open;
CREATE INDEX records_open_touched ON records (type, updated_at, id) WHERE open;
CREATE INDEX records_number ON records (type, number);
CREATE INDEX records_served ON records (customer_id, due_at, id);
CREATE INDEX records_customer_touched ON records (customer_id, updated_at, id);
CREATE INDEX records_assignee_touched ON records (assignee_id, updated_at, id) WHERE assignee_id <> '';
CREATE INDEX records_site ON records (site_id, created_at, id) WHERE site_id <> '';
CREATE INDEX records_service ON records (service_id, created_at, id) WHERE service_id <> '';
`}}
