package db

import (
	"regexp"
	"sync"
)

// statement is what is known of one SQL text.
type statement struct {
	sqlite string // with ?1 for $1
	writes bool   // changes data, also when run as a query (RETURNING)
}

var (
	// A quoted text or identifier, a comment, or a parameter: the first three must be stepped over.
	tokens = regexp.MustCompile(`'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*(?s:.*?)\*/|\$[0-9]+`)
	writes = regexp.MustCompile(`(?i)^\s*(insert|update|delete|replace)\b|\b(insert\s+into|delete\s+from|update\s+\S+\s+set)\b`)

	statementsMu sync.RWMutex
	statements   = map[string]statement{}
)

// maxStatements bounds the memory that generated texts (lists of filters) can take.
const maxStatements = 4096

// study returns what is known of a text, from a cache: the same few hundred texts come again and again.
func study(sql string) statement {
	statementsMu.RLock()
	s, ok := statements[sql]
	statementsMu.RUnlock()
	if ok {
		return s
	}
	s = statement{sqlite: numbered(sql), writes: writes.MatchString(sql)}
	statementsMu.Lock()
	defer statementsMu.Unlock()
	if len(statements) >= maxStatements {
		clear(statements)
	}
	statements[sql] = s
	return s
}

// numbered writes $1 as ?1: SQLite takes a plain ? by place and $1 by name, neither by number.
func numbered(sql string) string {
	return tokens.ReplaceAllStringFunc(sql, func(token string) string {
		if token[0] == '$' {
			return "?" + token[1:]
		}
		return token
	})
}
