package alert

import "github.com/steward-ops/steward/internal/platform/db"

// Migrations are the tables of this package. An alert is `open` until it is resolved or judged false; one open alert at most
// holds a deduplication key. `owed` are the steps that follow from an alert outside its own transaction, see follow.go.
var Migrations = []db.Migration{{ID: "alert-001", SQL: `
CREATE TABLE alert_sources (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  disabled BOOLEAN NOT NULL,
  hash TEXT NOT NULL,
  prefix TEXT NOT NULL,
  customer TEXT NOT NULL,
  body JSON_ NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX alert_sources_hash ON alert_sources (hash) WHERE hash <> '';
CREATE TABLE alert_rules (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  place BIGINT NOT NULL,
  body JSON_ NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE TABLE alert_windows (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  name TEXT NOT NULL,
  opens_at BIGINT NOT NULL,
  closes_at BIGINT NOT NULL,
  matches TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX alert_windows_closes ON alert_windows (closes_at);
CREATE TABLE alert_objects (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  name TEXT NOT NULL,
  customer TEXT NOT NULL,
  service TEXT NOT NULL,
  site TEXT NOT NULL,
  team TEXT NOT NULL,
  note TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX alert_objects_name ON alert_objects (name);
CREATE TABLE alert_metrics (
  code TEXT PRIMARY KEY,
  zh TEXT NOT NULL,
  en TEXT NOT NULL,
  unit TEXT NOT NULL,
  below BOOLEAN NOT NULL
);
CREATE TABLE alert_revision (
  id BIGINT PRIMARY KEY,
  n BIGINT NOT NULL
);
CREATE TABLE alerts (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  dedup_key TEXT NOT NULL,
  open BOOLEAN NOT NULL,
  state TEXT NOT NULL,
  source TEXT NOT NULL,
  rule TEXT NOT NULL,
  action TEXT NOT NULL,
  held TEXT NOT NULL,
  customer TEXT NOT NULL,
  service TEXT NOT NULL,
  site TEXT NOT NULL,
  team TEXT NOT NULL,
  unlinked BOOLEAN NOT NULL,
  object TEXT NOT NULL,
  metric TEXT NOT NULL,
  severity TEXT NOT NULL,
  severity_rank BIGINT NOT NULL,
  title TEXT NOT NULL,
  has_reading BOOLEAN NOT NULL,
  reading DOUBLE PRECISION NOT NULL,
  has_threshold BOOLEAN NOT NULL,
  threshold DOUBLE PRECISION NOT NULL,
  fingerprint TEXT NOT NULL,
  detail JSON_ NOT NULL,
  members JSON_ NOT NULL,
  recent JSON_ NOT NULL,
  changes JSON_ NOT NULL,
  flapping BOOLEAN NOT NULL,
  calm_at BIGINT NOT NULL,
  occurrences BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  month TEXT NOT NULL,
  respond_by BIGINT NOT NULL,
  overdue BOOLEAN NOT NULL,
  acknowledged_at BIGINT NOT NULL,
  acknowledged_by TEXT NOT NULL,
  handler TEXT NOT NULL,
  closed_at BIGINT NOT NULL,
  closed_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  record TEXT NOT NULL,
  record_type TEXT NOT NULL,
  plan JSON_ NOT NULL,
  noted_at BIGINT NOT NULL,
  owed BIGINT NOT NULL,
  busy_until BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  problem TEXT NOT NULL
);
CREATE UNIQUE INDEX alerts_open ON alerts (dedup_key) WHERE open;
CREATE INDEX alerts_closed ON alerts (dedup_key, last_at) WHERE NOT open;
CREATE INDEX alerts_received ON alerts (received_at, id);
CREATE INDEX alerts_inbox ON alerts (severity_rank, received_at, id) WHERE open;
CREATE INDEX alerts_object ON alerts (object, received_at);
CREATE INDEX alerts_customer ON alerts (customer, received_at);
CREATE INDEX alerts_record ON alerts (record) WHERE record <> '';
CREATE INDEX alerts_owed ON alerts (busy_until) WHERE owed <> 0;
CREATE INDEX alerts_respond ON alerts (respond_by) WHERE respond_by <> 0;
CREATE INDEX alerts_calm ON alerts (calm_at) WHERE calm_at <> 0;
CREATE TABLE alert_beats (
  rule TEXT NOT NULL,
  beat_key TEXT NOT NULL,
  object TEXT NOT NULL,
  last_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  alarmed BOOLEAN NOT NULL,
  PRIMARY KEY (rule, beat_key)
);
CREATE INDEX alert_beats_due ON alert_beats (due_at) WHERE NOT alarmed;
CREATE TABLE alert_payloads (
  id TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  kind TEXT NOT NULL,
  at BIGINT NOT NULL,
  ip TEXT NOT NULL,
  size BIGINT NOT NULL,
  cut BOOLEAN NOT NULL,
  body BLOB_ NOT NULL,
  code TEXT NOT NULL,
  zh TEXT NOT NULL,
  en TEXT NOT NULL,
  retried_at BIGINT NOT NULL
);
CREATE INDEX alert_payloads_at ON alert_payloads (at, id);
INSERT INTO alert_revision (id, n) VALUES (1, 1);
INSERT INTO alert_sources (id, version, name, kind, disabled, hash, prefix, customer, body, created_at, updated_at) VALUES ('api', 1, 'API', 'api', FALSE, '', '', '', '{}', 0, 0), ('heartbeat', 1, 'Heartbeat', 'heartbeat', FALSE, '', '', '', '{}', 0, 0);
INSERT INTO alert_metrics (code, zh, en, unit, below) VALUES ('cpu', 'CPU 使用率', 'CPU use', '%', FALSE), ('memory', '内存使用率', 'Memory use', '%', FALSE), ('disk', '磁盘使用率', 'Disk use', '%', FALSE), ('network', '网络流量', 'Network traffic', 'Mbit/s', FALSE), ('availability', '服务可用性', 'Service availability', '%', TRUE);
INSERT INTO alert_rules (id, version, place, body, created_at, updated_at) VALUES ('default', 1, 1000, '{"name":"严重告警或超过阈值：开事件","enabled":true,"sources":[],"match":"alert.severity in [''critical'', ''high''] || alert.exceeds","action":"incident","type":"incident","workflow":"","dedup":"fingerprint","dedup_by":"","count":0,"within":0,"flap_changes":0,"flap_within":0,"heartbeat":0,"respond_within":0,"customer":"","service":"","site":"","team":"","set":{}}', 0, 0);
`}}
