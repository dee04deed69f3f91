package db

// ForUpdate ends a query whose rows the transaction is going to change: on PostgreSQL they are locked, so that the next
// writer sees what this one did; SQLite has one writer anyway.
func ForUpdate(tx Tx) string {
	if tx.Dialect() == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// SkipLocked ends a query that claims work: rows that another replica is just working on are passed over.
func SkipLocked(tx Tx) string {
	if tx.Dialect() == Postgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}
