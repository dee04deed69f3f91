package process

import (
	"context"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/core/search"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Work is what waits for the actor, by promise.
type Work struct {
	Headline  Headline    `json:"headline"`
	Groups    []WorkGroup `json:"groups"`
	DoneToday int         `json:"done_today"`
	Warnings  []Warning   `json:"warnings"`
}

// Headline says how much waits, and when the first of it is due.
type Headline struct {
	Count     int        `json:"count"`
	NextDueAt *time.Time `json:"next_due_at"`
}

// WorkGroup is one stretch of time.
type WorkGroup struct {
	Key   string    `json:"key"` // hour, today, later, unpromised, waiting
	Items []Summary `json:"items"`
}

// Warning is something that needs a look.
type Warning struct {
	Label  string `json:"label"`
	Number string `json:"number"`
}

const workMost = 200

// MyWork gathers the records whose next step is the actor's, those that ask for their approval, and those they hold that wait for others.
func (s *Service) MyWork(ctx context.Context) (w Work, err error) {
	err = s.door.Read(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		w = Work{Groups: []WorkGroup{}, Warnings: []Warning{}}
		mine, err := s.myTurns(ctx, u)
		if err != nil {
			return err
		}
		held, err := s.heldWaiting(ctx, u, mine)
		if err != nil {
			return err
		}
		if err := s.groupWork(ctx, u, &w, mine, held); err != nil {
			return err
		}
		return s.doneToday(ctx, u, &w)
	})
	return w, err
}

func (s *Service) myTurns(ctx context.Context, u *work.Unit) ([]*record.Record, error) {
	open := true
	mine, err := record.List(ctx, u.Tx, u.Actor, record.Filter{Open: &open, Turn: turnOf(u.Actor)}, record.Sorts[0], nil, workMost)
	if err != nil {
		return nil, err
	}
	asked, err := waitingApprovals(ctx, u)
	if err != nil {
		return nil, err
	}
	asked = slices.DeleteFunc(asked, func(key string) bool {
		return slices.ContainsFunc(mine, func(r *record.Record) bool { return r.ID == key })
	})
	more, err := record.Many(ctx, u.Tx, u.Actor, asked)
	return s.readableOf(ctx, u, append(mine, more...)), err
}

func (s *Service) heldWaiting(ctx context.Context, u *work.Unit, mine []*record.Record) ([]*record.Record, error) {
	open := true
	f := record.Filter{Open: &open, Assignees: []string{u.Actor.ID}}
	if u.Actor.OrgKind == work.Customer {
		f = record.Filter{Open: &open, Requesters: []string{u.Actor.ID}}
	}
	held, err := record.List(ctx, u.Tx, u.Actor, f, record.Sorts[0], nil, workMost)
	return slices.DeleteFunc(s.readableOf(ctx, u, held), func(r *record.Record) bool {
		return slices.ContainsFunc(mine, func(m *record.Record) bool { return m.ID == r.ID })
	}), err
}

func (s *Service) groupWork(ctx context.Context, u *work.Unit, w *Work, mine, held []*record.Record) error {
	slices.SortStableFunc(mine, func(a, b *record.Record) int { return dueFirst(a).Compare(dueFirst(b)) })
	w.Headline.Count = len(mine)
	now := u.Now()
	local := now.In(s.zone)
	midnight := time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, s.zone)
	keys := []string{"hour", "today", "later", "unpromised"}
	lists := map[string][]*record.Record{"waiting": held}
	for _, r := range mine {
		key := "later"
		switch {
		case r.Due.IsZero():
			key = "unpromised"
		case r.Due.Before(now.Add(time.Hour)):
			key = "hour"
		case r.Due.Before(midnight):
			key = "today"
		}
		lists[key] = append(lists[key], r)
		if w.Headline.NextDueAt == nil && !r.Due.IsZero() {
			w.Headline.NextDueAt = &r.Due
		}
	}
	for _, key := range append(keys, "waiting") {
		if len(lists[key]) == 0 {
			continue
		}
		items, err := s.summaries(ctx, u, lists[key])
		if err != nil {
			return err
		}
		w.Groups = append(w.Groups, WorkGroup{Key: key, Items: items})
	}
	return nil
}

func dueFirst(r *record.Record) time.Time {
	if r.Due.IsZero() {
		return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return r.Due
}

func (s *Service) doneToday(ctx context.Context, u *work.Unit, w *Work) error {
	local := u.Now().In(s.zone)
	closed := false
	n, err := record.Count(ctx, u.Tx, u.Actor, record.Filter{Open: &closed, Assignees: []string{u.Actor.ID},
		UpdatedFrom: time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, s.zone)}, countCap)
	w.DoneToday = n
	return err
}

// Counts are the numbers beside the navigation.
type Counts struct {
	Work          int            `json:"work"`
	WorkDue       int            `json:"work_due"` // due within the hour, or over
	Notifications int            `json:"notifications"`
	Types         map[string]int `json:"types"` // open records by type
}

// Counts counts for the navigation, each up to a hundred or so, so that it stays cheap.
func (s *Service) Counts(ctx context.Context) (c Counts, err error) {
	err = s.door.Read(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		c = Counts{Types: map[string]int{}}
		open := true
		mine := record.Filter{Open: &open, Turn: turnOf(u.Actor)}
		if c.Work, err = record.Count(ctx, u.Tx, u.Actor, mine, workMost); err != nil {
			return err
		}
		mine.DueBefore = u.Now().Add(time.Hour)
		if c.WorkDue, err = record.Count(ctx, u.Tx, u.Actor, mine, workMost); err != nil {
			return err
		}
		if u.Actor.May(notify.Read) {
			if c.Notifications, err = notify.Unread(ctx, u); err != nil {
				return err
			}
		}
		for _, def := range s.catalogue.Types() {
			if s.hidden(u, def) {
				continue
			}
			n, err := record.Count(ctx, u.Tx, u.Actor, record.Filter{Types: []string{def.Type}, Open: &open}, countCap)
			if err != nil {
				return err
			}
			c.Types[def.Type] = n
		}
		return nil
	})
	return c, err
}

// Found is a record that the full text found.
type Found struct {
	Summary
	Snippet []search.Piece `json:"snippet"`
}

func searchQuery(a *work.Actor, q string, types []string, limit int) search.Query {
	return search.Query{Text: q, Types: types, Scope: a.Scope(), Internal: a.OrgKind == work.Provider || a.System, Limit: limit}
}

type searchPlace struct {
	Seq int64 `json:"q"`
}

// Search finds records by their text, newest first.
func (s *Service) Search(ctx context.Context, q string, types []string, cursor string, limit int) (out []Found, next string, err error) {
	err = s.door.Read(ctx, UseSearch, func(ctx context.Context, u *work.Unit) error {
		var place searchPlace
		if _, err := httpapi.ReadCursor(cursor, &place); err != nil {
			return err
		}
		query := searchQuery(u.Actor, q, types, limit)
		query.Before = place.Seq
		if query.Scope.Own != "" {
			if query.OwnIDs, err = record.Watched(ctx, u.Tx, u.Actor.ID); err != nil {
				return err
			}
		}
		hits, more, err := search.Find(ctx, u.Tx, query)
		if err != nil {
			return err
		}
		if more {
			next = httpapi.Cursor(searchPlace{hits[len(hits)-1].Seq})
		}
		out, err = s.found(ctx, u, hits, q)
		return err
	})
	return orEmpty(out), next, err
}

func (s *Service) found(ctx context.Context, u *work.Unit, hits []search.Hit, q string) ([]Found, error) {
	ids := make([]string, len(hits))
	for i, h := range hits {
		ids[i] = h.RecordID
	}
	list, err := record.Many(ctx, u.Tx, u.Actor, ids)
	if err != nil {
		return nil, err
	}
	list = s.readableOf(ctx, u, list)
	slices.SortFunc(list, func(a, b *record.Record) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	views, err := s.summaries(ctx, u, list)
	if err != nil {
		return nil, err
	}
	out := make([]Found, len(list))
	for i, r := range list {
		def, _, err := s.definitionOf(r)
		if err != nil {
			return nil, err
		}
		public, internal := def.Fields.SearchText(r.All())
		if u.Actor.OrgKind == work.Provider {
			public += "\n" + internal
		}
		out[i] = Found{Summary: views[i], Snippet: orEmpty(search.Snippet(public, q, 80))}
	}
	return out, nil
}

// readableOf keeps the records whose type is for the actor to read: some types are for the provider's people alone.
func (s *Service) readableOf(ctx context.Context, u *work.Unit, list []*record.Record) []*record.Record {
	return slices.DeleteFunc(list, func(r *record.Record) bool {
		c, err := s.sceneOf(u, r)
		return err != nil || c.readable(ctx) != nil
	})
}

// Alike is a record that may be about the same thing.
type Alike struct {
	Score  float64 `json:"score"`
	Record Summary `json:"record"`
}

// Similar looks for possible duplicates among a customer's recent records (SD-13, SD-19).
func (s *Service) Similar(ctx context.Context, typ, customer, text string, days int) (out []Alike, err error) {
	err = s.door.Read(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		out = []Alike{}
		if u.Actor.OrgKind == work.Customer {
			customer = u.Actor.Org
		}
		if !u.Actor.Scope().Reaches(customer) {
			return nil
		}
		hits, err := search.Similar(ctx, u.Tx, text, customer, u.Now().AddDate(0, 0, -days), 10)
		if err != nil {
			return err
		}
		ids := make([]string, len(hits))
		score := map[string]float64{}
		for i, h := range hits {
			ids[i], score[h.RecordID] = h.RecordID, h.Score
		}
		list, err := record.Many(ctx, u.Tx, u.Actor, ids)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(s.readableOf(ctx, u, list), func(r *record.Record) bool { return typ != "" && r.Type != typ })
		slices.SortFunc(list, func(a, b *record.Record) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
		views, err := s.summaries(ctx, u, list)
		for i, r := range list {
			out = append(out, Alike{Score: score[r.ID], Record: views[i]})
		}
		return err
	})
	return out, err
}

// History is what a customer reported lately, so that nobody has to tell it twice (SD-19).
type History struct {
	Items        []Summary `json:"items"`
	Total        int       `json:"total"`
	Open         int       `json:"open"`
	SameDayCalls int       `json:"same_day_calls"`
	LastRating   any       `json:"last_rating"`
}

// CustomerHistory reads the customer's newest records of the last days.
func (s *Service) CustomerHistory(ctx context.Context, customer string, days int) (h History, err error) {
	err = s.door.Read(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		h = History{Items: []Summary{}}
		if _, _, err := party.Refer(ctx, u.Tx, u.Actor, "customer", customer); err != nil {
			return err
		}
		local := u.Now().In(s.zone)
		today := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, s.zone)
		f := record.Filter{Customers: []string{customer}, CreatedFrom: u.Now().AddDate(0, 0, -days)}
		sort, _ := record.SortBy("-created_at")
		list, err := record.List(ctx, u.Tx, u.Actor, f, sort, nil, 100)
		if err != nil {
			return err
		}
		list = s.readableOf(ctx, u, list)
		h.Total = len(list)
		for _, r := range list {
			if r.Open {
				h.Open++
			}
			if r.Channel == "phone" && !r.CreatedAt.Before(today) {
				h.SameDayCalls++
			}
			if rating := r.Get("satisfaction"); rating != nil && h.LastRating == nil {
				h.LastRating = rating
			}
		}
		h.Items, err = s.summaries(ctx, u, list[:min(len(list), 20)])
		return err
	})
	return h, err
}

// OpenWorkOf lists what a person holds, for whoever marks them as left (SEC-02).
func (s *Service) OpenWorkOf(ctx context.Context, u *work.Unit, person party.Person) ([]party.OpenWork, error) {
	open := true
	list, err := record.List(ctx, u.Tx, u.Actor, record.Filter{Open: &open, Assignees: []string{person.ID}}, record.Sorts[0], nil, workMost)
	if err != nil {
		return nil, err
	}
	var out []party.OpenWork
	for _, r := range list {
		c, err := s.sceneOf(u, r)
		if err != nil {
			return nil, err
		}
		out = append(out, party.OpenWork{Number: r.Number, Type: r.Type, Title: r.Title, State: c.stateView().Label})
	}
	return out, nil
}

// Options are the choices of a field that refers to something: parties, or records of a type.
func (s *Service) Options(ctx context.Context, to, q, customer string, limit int) (out []party.Option, err error) {
	err = s.door.Read(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		if slices.Contains(builtinTargets, to) {
			out, err = party.Options(ctx, u.Tx, u.Actor, to, q, customer, limit)
			return err
		}
		def, ok := s.catalogue.Current(to)
		if !ok {
			return fault.Missing()
		}
		out, err = s.recordOptions(ctx, u, def, q, customer, limit)
		return err
	})
	return orEmpty(out), err
}

func (s *Service) recordOptions(ctx context.Context, u *work.Unit, def *definition.Type, q, customer string, limit int) ([]party.Option, error) {
	f := record.Filter{Types: []string{def.Type}}
	if customer != "" {
		f.Customers = []string{customer}
	}
	if q != "" {
		if err := s.filterText(ctx, u, def, &f, q); err != nil {
			return nil, err
		}
	}
	sort, _ := record.SortBy("-created_at")
	list, err := record.List(ctx, u.Tx, u.Actor, f, sort, nil, limit)
	if err != nil {
		return nil, err
	}
	var out []party.Option
	for _, r := range s.readableOf(ctx, u, list) {
		c, err := s.sceneOf(u, r)
		if err != nil {
			return nil, err
		}
		out = append(out, party.Option{ID: r.Number, Label: r.Number + " " + r.Title, Hint: c.stateView().Label})
	}
	return out, nil
}
