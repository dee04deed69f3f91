package notify

import "github.com/steward-ops/steward/internal/platform/db"

// Migrations of the notices and of the ways out.
//
// A delivery is one notice on one channel. What goes out as one message, which for a digest is many deliveries, has one
// batch; alone it is the delivery's own id. The batch is what the other side gets as the key against repetitions.
var Migrations = []db.Migration{{ID: "notify-001", SQL: `
CREATE TABLE notices (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  record_id TEXT NOT NULL,
  number TEXT NOT NULL,
  type TEXT NOT NULL,
  zh TEXT NOT NULL,
  en TEXT NOT NULL,
  at BIGINT NOT NULL,
  read_at BIGINT NOT NULL
);
CREATE INDEX notices_person ON notices (person_id, id);
CREATE INDEX notices_unread ON notices (person_id, id) WHERE read_at = 0;
`}, {ID: "notify-002", SQL: `
ALTER TABLE notices ADD COLUMN level TEXT NOT NULL DEFAULT 'normal';
ALTER TABLE notices ADD COLUMN ref TEXT NOT NULL DEFAULT '';
ALTER TABLE notices ADD COLUMN ack BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE notices ADD COLUMN ack_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE notices ADD COLUMN ack_via TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX notices_ref ON notices (ref, person_id) WHERE ref <> '';
CREATE INDEX notices_record ON notices (record_id) WHERE record_id <> '';
CREATE TABLE notify_channels (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  position BIGINT NOT NULL,
  enabled BOOLEAN NOT NULL,
  customers BOOLEAN NOT NULL,
  per_minute BIGINT NOT NULL,
  levels JSON_ NOT NULL,
  settings JSON_ NOT NULL,
  secrets TEXT NOT NULL,
  removed BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX notify_channels_name ON notify_channels (name) WHERE removed = FALSE;
CREATE TABLE notify_meters (
  channel TEXT PRIMARY KEY REFERENCES notify_channels (id),
  full_at BIGINT NOT NULL
);
CREATE TABLE notify_preferences (
  person TEXT PRIMARY KEY,
  updated_at BIGINT NOT NULL,
  body JSON_ NOT NULL
);
CREATE TABLE notify_templates (
  kind TEXT NOT NULL,
  lang TEXT NOT NULL,
  updated_at BIGINT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  short TEXT NOT NULL,
  PRIMARY KEY (kind, lang)
);
CREATE TABLE notify_keys (
  name TEXT PRIMARY KEY,
  sealed TEXT NOT NULL
);
CREATE TABLE notify_deliveries (
  id TEXT PRIMARY KEY,
  batch TEXT NOT NULL,
  notice_id TEXT NOT NULL REFERENCES notices (id),
  person_id TEXT NOT NULL,
  channel TEXT NOT NULL REFERENCES notify_channels (id),
  level TEXT NOT NULL,
  digest BOOLEAN NOT NULL,
  state TEXT NOT NULL,
  code TEXT NOT NULL,
  answer TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  next_at BIGINT NOT NULL,
  claimed_until BIGINT NOT NULL,
  sent_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX notify_deliveries_once ON notify_deliveries (notice_id, channel);
CREATE INDEX notify_deliveries_batch ON notify_deliveries (batch);
CREATE INDEX notify_deliveries_due ON notify_deliveries (next_at) WHERE state IN ('pending', 'held');
CREATE INDEX notify_deliveries_person ON notify_deliveries (person_id, id);
CREATE INDEX notify_deliveries_channel ON notify_deliveries (channel, id);
`}}
