package audit

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// TimelineOptions say which part of a thing's history is wanted.
type TimelineOptions struct {
	PublicOnly bool
	Before     int64 // seq of the last entry seen; 0 = from the newest
	Limit      int   // 0 = 50
}

// Timeline is the history of one thing, newest first. Whether the reader may see the thing at all is for the caller to know.
func Timeline(ctx context.Context, tx db.Tx, stream string, o TimelineOptions) ([]Entry, error) {
	w := db.NewWhere()
	w.Eq("stream", stream)
	if o.PublicOnly {
		w.Add("public = TRUE")
	}
	if o.Before > 0 {
		w.Add("seq < ?", o.Before)
	}
	limit := w.Arg(bounded(o.Limit))
	list, err := db.All(ctx, tx, scanEntry, selectEntry+`WHERE `+w.SQL()+` ORDER BY seq DESC LIMIT `+limit, w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read timeline: %w", err)
	}
	return list, nil
}

func bounded(limit int) int {
	if limit <= 0 {
		return 50
	}
	return min(limit, 200)
}

// Filter says which events are wanted; an empty member does not restrict.
type Filter struct {
	Stream, Subject, Actor, Customer, Kind, Number string
	From, To                                       time.Time // [From, To)
	Cursor                                         string
	Limit                                          int // 0 = 50, at most 200
}

// Page is a part of a list.
type Page struct {
	Items []Entry
	Next  string // cursor of the next page, "" after the last
}

// place is where a page ends.
type place struct {
	At int64  `json:"at"`
	ID string `json:"id"`
}

// List is the events that match and that the actor reaches, newest first.
func (s *Service) List(ctx context.Context, f Filter) (Page, error) {
	var page Page
	err := s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) (err error) {
		page, err = list(ctx, u, f, bounded(f.Limit))
		return err
	})
	if err != nil {
		return Page{}, fmt.Errorf("list audit events: %w", err)
	}
	return page, nil
}

func list(ctx context.Context, u *work.Unit, f Filter, limit int) (Page, error) {
	w := db.NewWhere()
	f.narrow(w)
	reach(w, u.Actor)
	var from place
	more, err := httpapi.ReadCursor(f.Cursor, &from)
	if err != nil {
		return Page{}, err
	}
	if more {
		w.Add("(at, id) < (?, ?)", from.At, from.ID)
	}
	items, err := db.All(ctx, u, scanEntry,
		selectEntry+`WHERE `+w.SQL()+` ORDER BY at DESC, id DESC LIMIT `+w.Arg(limit+1), w.Args()...)
	if err != nil || len(items) <= limit {
		return Page{Items: items}, err
	}
	last := items[limit-1]
	return Page{Items: items[:limit], Next: httpapi.Cursor(place{clock.Millis(last.At), last.ID})}, nil
}

func (f Filter) narrow(w *db.Where) {
	for _, c := range []struct{ column, value string }{
		{"stream", f.Stream}, {"subject", f.Subject}, {"actor_id", f.Actor}, {"customer_id", f.Customer},
		{"kind", f.Kind}, {"number", f.Number},
	} {
		if c.value != "" {
			w.Eq(c.column, c.value)
		}
	}
	if !f.From.IsZero() {
		w.Add("at >= ?", clock.Millis(f.From))
	}
	if !f.To.IsZero() {
		w.Add("at < ?", clock.Millis(f.To))
	}
}

// reach keeps to the actor's scope. A customer's person sees public events alone, and only their own deeds
// unless they see the whole organisation.
func reach(w *db.Where, a *work.Actor) {
	scope := a.Scope()
	if !scope.All {
		w.In("customer_id", scope.Customers)
	}
	if a.OrgKind == work.Customer {
		w.Add("public = TRUE")
	}
	if scope.Own != "" {
		w.Eq("actor_id", scope.Own)
	}
}

// Export writes the events that match and that the actor reaches as CSV, newest first. The trail keeps that somebody did.
func (s *Service) Export(ctx context.Context, f Filter, out io.Writer) error {
	err := s.door.Do(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		e := work.Event{Stream: id.New(), First: true, Kind: "audit.exported", Subject: "audit", Data: f.said()}
		if u.Actor.Scope().Reaches(f.Customer) { // nobody leaves a trace at a customer they do not serve
			e.Customer = f.Customer
		}
		_, err := u.Record(ctx, e)
		return err
	})
	if err != nil {
		return fmt.Errorf("export audit events: %w", err)
	}
	actor := work.ActorOf(ctx)
	w := csv.NewWriter(out)
	if err := writeHead(out, w, actor.Lang); err != nil {
		return fmt.Errorf("export audit events: %w", err)
	}
	if err := s.exportPages(ctx, f, w, zoneOf(actor)); err != nil {
		return fmt.Errorf("export audit events: %w", err)
	}
	return nil
}

// said is the filter as the trail keeps it.
func (f Filter) said() map[string]string {
	said := map[string]string{}
	for name, value := range map[string]string{
		"stream": f.Stream, "subject": f.Subject, "actor": f.Actor, "customer": f.Customer, "kind": f.Kind, "number": f.Number,
		"from": spell(f.From), "to": spell(f.To),
	} {
		if value != "" {
			said[name] = value
		}
	}
	return said
}

func spell(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func zoneOf(a *work.Actor) *time.Location {
	if zone, err := time.LoadLocation(a.Zone); err == nil {
		return zone
	}
	return time.UTC
}

var exported = []string{"at", "kind", "subject", "number", "customer", "actor", "actor_id", "via", "public", "data", "stream", "seq", "seal", "hash"}

func writeHead(out io.Writer, w *csv.Writer, lang text.Lang) error {
	if _, err := io.WriteString(out, "\uFEFF"); err != nil { // spreadsheets take it for the sign of UTF-8
		return err
	}
	head := make([]string, len(exported))
	for i, name := range exported {
		head[i] = text.Say(lang, "audit.column."+name, nil)
	}
	return w.Write(head)
}

func (s *Service) exportPages(ctx context.Context, f Filter, w *csv.Writer, zone *time.Location) error {
	for {
		var page Page
		err := s.door.Read(ctx, Read, func(ctx context.Context, u *work.Unit) (err error) {
			page, err = list(ctx, u, f, 2000)
			return err
		})
		if err != nil {
			return err
		}
		for _, e := range page.Items {
			if err := w.Write(e.cells(zone)); err != nil {
				return err
			}
		}
		if w.Flush(); w.Error() != nil || page.Next == "" {
			return w.Error()
		}
		f.Cursor = page.Next
	}
}

func (e Entry) cells(zone *time.Location) []string {
	cells := []string{
		e.At.In(zone).Format("2006-01-02 15:04:05.000 -07:00"), e.Kind, e.Subject, e.Number, e.Customer, e.ActorName, e.ActorID,
		e.Via, fmt.Sprint(e.Public), string(e.Data), e.Stream, fmt.Sprint(e.Seq), fmt.Sprint(e.Seal), e.Hash,
	}
	for i, cell := range cells {
		cells[i] = harmless(cell)
	}
	return cells
}

// harmless keeps a spreadsheet from taking a cell for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
