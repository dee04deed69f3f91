package sla

import (
	"time"

	"github.com/steward-ops/steward/internal/core/calendar"
)

// Entry is one stretch of the account of a clock: what counted, and why the rest did not.
type Entry struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Seconds int64     `json:"seconds" doc:"working time that counted"`
	Kind    string    `json:"kind" enum:"open,make_up,holiday,closed,paused,stopped" doc:"paused: the record waited; stopped: it was resolved and came back"`
	Name    string    `json:"name,omitempty" doc:"of the holiday, or the reason of the pause"`
}

// Ledger accounts for every second of the present cycle. Its seconds add up to what has elapsed.
func (k Clock) Ledger() []Entry {
	entries := []Entry{}
	if k.cycle == nil {
		return entries
	}
	cal := k.terms.Calendar
	for _, p := range k.cycle.pieces {
		switch p.doing {
		case ran:
			entries = append(entries, counted(cal, p.from, p.to)...)
		case stood:
			entries = append(entries, Entry{From: p.from.In(cal.Zone()), To: p.to.In(cal.Zone()), Kind: "paused", Name: p.reason})
		case stopped:
			entries = append(entries, Entry{From: p.from.In(cal.Zone()), To: p.to.In(cal.Zone()), Kind: "stopped"})
		}
		if len(entries) > calendar.MaxEntries {
			break
		}
	}
	return entries
}

// Forecast accounts for the time from an instant until a running clock is due.
func (k Clock) Forecast(at time.Time) []Entry {
	if k.State != Running || !k.Due.After(at) {
		return []Entry{}
	}
	return counted(k.terms.Calendar, at, k.Due)
}

func counted(cal *calendar.Calendar, from, to time.Time) []Entry {
	entries := []Entry{}
	for _, e := range cal.Ledger(from, to) {
		entries = append(entries, Entry{e.From, e.To, e.Seconds, string(e.Kind), e.Name})
	}
	return entries
}
