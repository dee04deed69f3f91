// Package record is the row every record type shares: what it is, where it stands, whose it is, and what hangs on it.
package record

import (
	"math"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/kernel/clock"
)

// NoDue is stored as the due time of an open record that promises nothing, so that it sorts after those that do.
const NoDue int64 = math.MaxInt64 >> 10

// What is no longer open sorts after everything open, in every order by promise or priority: so the indexes by them
// find the open records in one stretch. Stored is a due time later than NoDue, and a priority put back by closedRank.
const (
	closedDue  = NoDue + 1
	closedRank = 1000
)

// Record is one row: the standard columns, and the type's own values. Times are UTC, in milliseconds; zero means not yet.
type Record struct {
	ID, Number, Type, Workflow string
	Definition                 int // version of the type's definition it runs on (PLT-01)
	State, Kind, WaitingOn     string
	Open                       bool
	Turn                       string // whose turn it is: "handler", "team", "requester", "customer", "role:desk", "person:<id>"

	Title, Description                        string
	Customer, Site, Service, Contract         string
	Requester, Assignee, Team                 string
	Impact, Urgency, Priority, Level, Channel string
	PriorityRank                              int // 1 = first
	Major                                     bool
	Parent                                    string // id

	Values     form.Values          // the type's own fields
	Milestones map[string]time.Time // accepted, responded, …
	Trail      []Step               // states it went through
	Reopened   int
	Urges      int

	Due        time.Time // nearest promise
	CreatedBy  string
	CreatedAt  time.Time
	UpdatedAt  time.Time
	StateSince time.Time
	Version    int64
	AuditHead  string // hash of its last audit event

	stored []any // the row as it is in the database, where that is known
}

// storedDue is the due time as the row has it.
func (r *Record) storedDue() int64 {
	due := clock.Millis(r.Due)
	switch {
	case !r.Open:
		return closedDue
	case due == 0:
		return NoDue
	}
	return due
}

// storedRank is the rank of the priority as the row has it.
func (r *Record) storedRank() int {
	if r.Open {
		return r.PriorityRank
	}
	return r.PriorityRank + closedRank
}

// Step is one state the record entered.
type Step struct {
	State string `json:"s"`
	At    int64  `json:"t"`
	By    string `json:"b"`
}

// maxTrail bounds the trail of a record that goes round in circles; the audit trail keeps everything.
const maxTrail = 200

// Enter notes that the record is now in a state.
func (r *Record) Enter(state, by string, at time.Time) {
	r.State, r.StateSince = state, at
	r.Trail = append(r.Trail, Step{State: state, At: clock.Millis(at), By: by})
	if len(r.Trail) > maxTrail {
		r.Trail = r.Trail[len(r.Trail)-maxTrail:]
	}
}

// Visited tells whether the record has been in the state.
func (r *Record) Visited(state string) bool {
	for _, s := range r.Trail {
		if s.State == state {
			return true
		}
	}
	return false
}

// Latest is the one of the states that the record was in most recently, or "".
func (r *Record) Latest(states []string) string {
	for i := len(r.Trail) - 1; i >= 0; i-- {
		for _, s := range states {
			if r.Trail[i].State == s {
				return s
			}
		}
	}
	return ""
}

// columns are the standard fields: those that live in columns of the row.
var columns = map[string]func(*Record) *string{
	"title":       func(r *Record) *string { return &r.Title },
	"description": func(r *Record) *string { return &r.Description },
	"customer":    func(r *Record) *string { return &r.Customer },
	"site":        func(r *Record) *string { return &r.Site },
	"service":     func(r *Record) *string { return &r.Service },
	"contract":    func(r *Record) *string { return &r.Contract },
	"requester":   func(r *Record) *string { return &r.Requester },
	"assignee":    func(r *Record) *string { return &r.Assignee },
	"team":        func(r *Record) *string { return &r.Team },
	"impact":      func(r *Record) *string { return &r.Impact },
	"urgency":     func(r *Record) *string { return &r.Urgency },
	"priority":    func(r *Record) *string { return &r.Priority },
	"level":       func(r *Record) *string { return &r.Level },
	"channel":     func(r *Record) *string { return &r.Channel },
}

// Get is the value of a field, standard or own, in canonical form; nil when empty.
func (r *Record) Get(name string) any {
	if column, ok := columns[name]; ok {
		if s := *column(r); s != "" {
			return s
		}
		return nil
	}
	if name == "major" {
		if r.Major {
			return true
		}
		return nil
	}
	return r.Values[name]
}

// Set changes a field, standard or own; nil clears it.
func (r *Record) Set(name string, value any) {
	if column, ok := columns[name]; ok {
		s, _ := value.(string)
		*column(r) = s
		return
	}
	if name == "major" {
		r.Major, _ = value.(bool)
		return
	}
	if value == nil {
		delete(r.Values, name)
		return
	}
	if r.Values == nil {
		r.Values = form.Values{}
	}
	r.Values[name] = value
}

// All are the filled fields, standard and own, by name.
func (r *Record) All() form.Values {
	all := make(form.Values, len(r.Values)+len(columns))
	for name, value := range r.Values {
		all[name] = value
	}
	for name := range columns {
		if v := r.Get(name); v != nil {
			all[name] = v
		}
	}
	if r.Major {
		all["major"] = true
	}
	return all
}
