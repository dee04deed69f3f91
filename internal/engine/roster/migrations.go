package roster

import "github.com/steward-ops/steward/internal/platform/db"

// Migrations of the rosters.
var Migrations = []db.Migration{{ID: "roster-001", SQL: `
CREATE TABLE rosters (
  id TEXT PRIMARY KEY,
  version BIGINT NOT NULL,
  status TEXT NOT NULL,
  team TEXT NOT NULL REFERENCES party_teams (id),
  name TEXT NOT NULL,
  body JSON_ NOT NULL,
  changed BOOLEAN NOT NULL,
  published INTEGER NOT NULL,
  published_at BIGINT NOT NULL,
  published_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX rosters_team ON rosters (team, id);
CREATE INDEX rosters_name ON rosters (name, id);
CREATE TABLE roster_versions (
  roster TEXT NOT NULL REFERENCES rosters (id),
  number INTEGER NOT NULL,
  body JSON_ NOT NULL,
  accepted JSON_ NOT NULL,
  note TEXT NOT NULL,
  published_at BIGINT NOT NULL,
  published_by TEXT NOT NULL,
  PRIMARY KEY (roster, number)
);
CREATE TABLE roster_overrides (
  id TEXT PRIMARY KEY,
  roster TEXT NOT NULL REFERENCES rosters (id),
  type TEXT NOT NULL,
  add_person TEXT NOT NULL,
  remove_person TEXT NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  priority INTEGER NOT NULL,
  reason TEXT NOT NULL,
  record TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  cancelled_at BIGINT NOT NULL
);
CREATE INDEX roster_overrides_time ON roster_overrides (roster, ends_at) WHERE cancelled_at = 0;
CREATE TABLE roster_absences (
  id TEXT PRIMARY KEY,
  person TEXT NOT NULL REFERENCES party_people (id),
  substitute TEXT NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  record TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  cancelled_at BIGINT NOT NULL
);
CREATE INDEX roster_absences_time ON roster_absences (ends_at) WHERE cancelled_at = 0;
CREATE INDEX roster_absences_record ON roster_absences (record) WHERE record <> '';
CREATE TABLE roster_checkins (
  id TEXT PRIMARY KEY,
  roster TEXT NOT NULL REFERENCES rosters (id),
  person TEXT NOT NULL REFERENCES party_people (id),
  shift_start BIGINT NOT NULL,
  shift_end BIGINT NOT NULL,
  checked_in_at BIGINT NOT NULL,
  checked_out_at BIGINT NOT NULL,
  late_minutes INTEGER NOT NULL,
  alarmed BOOLEAN NOT NULL,
  record TEXT NOT NULL,
  UNIQUE (roster, person, shift_start)
);
CREATE TABLE roster_timers (
  id TEXT PRIMARY KEY,
  roster TEXT NOT NULL REFERENCES rosters (id),
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  fires_at BIGINT NOT NULL,
  retry_at BIGINT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  fired_at BIGINT NOT NULL,
  late BOOLEAN NOT NULL,
  problem TEXT NOT NULL,
  UNIQUE (roster, kind, subject)
);
CREATE INDEX roster_timers_due ON roster_timers (retry_at, id) WHERE state = 'pending';
CREATE TABLE roster_feeds (
  token_hash TEXT PRIMARY KEY,
  person TEXT NOT NULL REFERENCES party_people (id),
  roster TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX roster_feeds_whose ON roster_feeds (person, roster);
`}}
