package party

import "github.com/steward-ops/steward/internal/platform/db"

// Migrations are the tables of this package. ” and 0 stand for "not given"; optional references are checked by
// the use cases, since ” is no key of any table.
var Migrations = []db.Migration{{ID: "party-001", SQL: `
CREATE TABLE party_organisations (
	id TEXT PRIMARY KEY,
	version BIGINT NOT NULL,
	status TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('provider', 'customer', 'supplier')),
	name TEXT NOT NULL,
	short_name TEXT NOT NULL,
	code TEXT NOT NULL,
	customer_class TEXT NOT NULL,
	phone TEXT NOT NULL,
	phone_reversed TEXT NOT NULL,
	address TEXT NOT NULL,
	note TEXT NOT NULL
);
CREATE UNIQUE INDEX party_organisations_code ON party_organisations (lower(code)) WHERE code <> '';
CREATE INDEX party_organisations_name ON party_organisations (name, id);
CREATE INDEX party_organisations_phone ON party_organisations (phone_reversed) WHERE phone_reversed <> '';
CREATE TABLE party_sites (
	id TEXT PRIMARY KEY,
	version BIGINT NOT NULL,
	status TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	organisation TEXT NOT NULL REFERENCES party_organisations (id),
	name TEXT NOT NULL,
	code TEXT NOT NULL,
	kind TEXT NOT NULL,
	address TEXT NOT NULL,
	phone TEXT NOT NULL,
	phone_reversed TEXT NOT NULL,
	geo TEXT NOT NULL,
	zone TEXT NOT NULL,
	note TEXT NOT NULL
);
CREATE UNIQUE INDEX party_sites_code ON party_sites (organisation, lower(code)) WHERE code <> '';
CREATE INDEX party_sites_organisation ON party_sites (organisation, name, id);
CREATE INDEX party_sites_name ON party_sites (name, id);
CREATE INDEX party_sites_phone ON party_sites (phone_reversed) WHERE phone_reversed <> '';
CREATE TABLE party_departments (
	id TEXT PRIMARY KEY,
	version BIGINT NOT NULL,
	status TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	organisation TEXT NOT NULL REFERENCES party_organisations (id),
	name TEXT NOT NULL,
	code TEXT NOT NULL,
	parent TEXT NOT NULL,
	head TEXT NOT NULL
);
CREATE UNIQUE INDEX party_departments_code ON party_departments (organisation, lower(code)) WHERE code <> '';
CREATE INDEX party_departments_organisation ON party_departments (organisation, name, id);
CREATE INDEX party_departments_name ON party_departments (name, id);
CREATE INDEX party_departments_head ON party_departments (head) WHERE head <> '';
CREATE TABLE party_people (
	id TEXT PRIMARY KEY,
	version BIGINT NOT NULL,
	status TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	left_at BIGINT NOT NULL,
	organisation TEXT NOT NULL REFERENCES party_organisations (id),
	side TEXT NOT NULL,
	name TEXT NOT NULL,
	english_name TEXT NOT NULL,
	form_of_address TEXT NOT NULL,
	email TEXT NOT NULL,
	phone TEXT NOT NULL,
	phone_reversed TEXT NOT NULL,
	phone2 TEXT NOT NULL,
	phone2_reversed TEXT NOT NULL,
	employee_number TEXT NOT NULL,
	position TEXT NOT NULL,
	department TEXT NOT NULL,
	superior TEXT NOT NULL,
	outsourced BOOLEAN NOT NULL,
	language TEXT NOT NULL,
	zone TEXT NOT NULL
);
CREATE UNIQUE INDEX party_people_number ON party_people (organisation, lower(employee_number)) WHERE employee_number <> '';
CREATE INDEX party_people_organisation ON party_people (organisation, name, id);
CREATE INDEX party_people_name ON party_people (name, id);
CREATE INDEX party_people_email ON party_people (lower(email)) WHERE email <> '';
CREATE INDEX party_people_phone ON party_people (phone_reversed) WHERE phone_reversed <> '';
CREATE INDEX party_people_phone2 ON party_people (phone2_reversed) WHERE phone2_reversed <> '';
CREATE INDEX party_people_superior ON party_people (superior) WHERE superior <> '';
CREATE INDEX party_people_department ON party_people (department) WHERE department <> '';
CREATE TABLE party_person_roles (
	person TEXT NOT NULL REFERENCES party_people (id),
	item TEXT NOT NULL,
	PRIMARY KEY (person, item)
);
CREATE TABLE party_person_sites (
	person TEXT NOT NULL REFERENCES party_people (id),
	item TEXT NOT NULL REFERENCES party_sites (id),
	PRIMARY KEY (person, item)
);
CREATE INDEX party_person_sites_site ON party_person_sites (item, person);
CREATE TABLE party_teams (
	id TEXT PRIMARY KEY,
	version BIGINT NOT NULL,
	status TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	organisation TEXT NOT NULL REFERENCES party_organisations (id),
	name TEXT NOT NULL,
	code TEXT NOT NULL,
	tier TEXT NOT NULL,
	lead TEXT NOT NULL,
	resident BOOLEAN NOT NULL,
	manager TEXT NOT NULL,
	customer TEXT NOT NULL,
	project TEXT NOT NULL
);
CREATE UNIQUE INDEX party_teams_code ON party_teams (organisation, lower(code)) WHERE code <> '';
CREATE INDEX party_teams_name ON party_teams (name, id);
CREATE INDEX party_teams_tier ON party_teams (tier, name);
CREATE INDEX party_teams_customer ON party_teams (customer) WHERE customer <> '';
CREATE TABLE party_team_members (
	team TEXT NOT NULL REFERENCES party_teams (id),
	item TEXT NOT NULL REFERENCES party_people (id),
	PRIMARY KEY (team, item)
);
CREATE INDEX party_team_members_person ON party_team_members (item, team);
CREATE TABLE party_services (
	id TEXT PRIMARY KEY,
	version BIGINT NOT NULL,
	status TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	customer TEXT NOT NULL REFERENCES party_organisations (id),
	name TEXT NOT NULL,
	code TEXT NOT NULL,
	kind TEXT NOT NULL,
	note TEXT NOT NULL
);
CREATE UNIQUE INDEX party_services_code ON party_services (customer, lower(code)) WHERE code <> '';
CREATE INDEX party_services_customer ON party_services (customer, name, id);
CREATE INDEX party_services_name ON party_services (name, id);
CREATE TABLE party_service_sites (
	service TEXT NOT NULL REFERENCES party_services (id),
	item TEXT NOT NULL REFERENCES party_sites (id),
	PRIMARY KEY (service, item)
);
CREATE INDEX party_service_sites_site ON party_service_sites (item, service);
CREATE TABLE party_dedicated (
	id TEXT PRIMARY KEY,
	version BIGINT NOT NULL,
	status TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	customer TEXT NOT NULL REFERENCES party_organisations (id),
	service TEXT NOT NULL,
	site TEXT NOT NULL,
	person TEXT NOT NULL REFERENCES party_people (id),
	note TEXT NOT NULL
);
CREATE UNIQUE INDEX party_dedicated_target ON party_dedicated (customer, service, site) WHERE status = 'active';
CREATE INDEX party_dedicated_person ON party_dedicated (person);
`}}
