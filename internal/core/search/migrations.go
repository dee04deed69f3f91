package search

import "github.com/steward-ops/steward/internal/platform/db"

// Migrations make the index. Both databases get ready-made tokens: SQLite as words between blanks, PostgreSQL as a
// tsvector whose label A marks what the customer may find.
var Migrations = []db.Migration{{ID: "search-001", SQL: `
CREATE TABLE search_docs (
	seq SERIAL_,
	record_id TEXT NOT NULL UNIQUE,
	type TEXT NOT NULL,
	customer_id TEXT NOT NULL,
	requester_id TEXT NOT NULL,
	at BIGINT NOT NULL,
	digest TEXT NOT NULL
);
CREATE INDEX search_docs_at ON search_docs (at);
CREATE INDEX search_docs_customer ON search_docs (customer_id, seq);
-- only: sqlite
CREATE VIRTUAL TABLE search_words USING fts5(public, internal, tags, content='', contentless_delete=1, tokenize="ascii tokenchars '-_'");
-- end
-- only: postgres
ALTER TABLE search_docs ADD COLUMN words TSVECTOR NOT NULL;
CREATE INDEX search_docs_words ON search_docs USING GIN (words) WITH (fastupdate = off);
-- end
`}}
