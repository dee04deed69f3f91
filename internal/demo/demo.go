// Package demo fills a fresh installation with a believable story: a provider, four customers and three months of work,
// done by its people through the same API as everybody's.
package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"
)

// Password is what every account of the demonstration signs in with.
const Password = "Steward-demo-2026"

// File is a body that is sent as the file of a multipart form, not as JSON.
type File struct {
	Name string
	Type string
	Data []byte
}

// Client carries the story's requests to the program.
type Client interface {
	// Do sends a request as the account with a login ("" = nobody) and answers status and body. The path is within the API
	// ("/incidents"). A body is sent as JSON; a File as the field "file" of a form.
	Do(ctx context.Context, as, method, path string, body any) (status int, answer json.RawMessage, err error)
	// SetClock moves the program's clock and fires the timers that are due by then.
	SetClock(ctx context.Context, at time.Time) error
}

// Options of a filling.
type Options struct {
	Now  time.Time    // the story ends here; the clock is left at it
	Seed uint64       // the same seed and Now tell the same story
	Log  *slog.Logger // progress; nothing is said when nil
}

// span is how long the story lasts.
const span = 90 * 24 * time.Hour

// home is the time zone the people of the story live in.
var home = time.FixedZone("CST", 8*3600)

// Fill tells the whole story. The installation must be fresh: Fill does the first run itself.
func Fill(ctx context.Context, c Client, o Options) error {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &play{ctx: ctx, c: c, log: o.Log, end: o.Now.In(home).Truncate(time.Minute), rng: rand.New(rand.NewPCG(o.Seed, 2026)),
		ids: map[string]string{}, told: map[string]string{}, stories: mustStories()}
	if err := p.cast(); err != nil {
		return fmt.Errorf("demo: people: %w", err)
	}
	p.plan()
	if err := p.perform(); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return c.SetClock(ctx, o.Now)
}

// play is the story being told.
type play struct {
	ctx     context.Context
	c       Client
	log     *slog.Logger
	end     time.Time
	now     time.Time // of the step being performed
	rng     *rand.Rand
	ids     map[string]string // of organisations, sites, services, people and teams, by their key
	told    map[string]string // story: the number of the record that told it last
	stories stories
	steps   []step
}

// step is one thing somebody does at an instant.
type step struct {
	at   time.Time
	what string
	do   func() error
}

// perform does all steps in the order of their instants.
func (p *play) perform() error {
	slices.SortStableFunc(p.steps, func(a, b step) int { return cmp.Compare(a.at.UnixMilli(), b.at.UnixMilli()) })
	day := ""
	for i, s := range p.steps {
		if s.at.After(p.end) {
			p.log.Info("demo", "done", i, "left for later", len(p.steps)-i)
			return nil
		}
		if err := p.ctx.Err(); err != nil {
			return err
		}
		if today := s.at.Format(time.DateOnly); today != day && s.at.Weekday() == time.Monday {
			day = today
			p.log.Info("demo", "week of", day, "steps", fmt.Sprintf("%d of %d", i, len(p.steps)))
		}
		if err := p.c.SetClock(p.ctx, s.at); err != nil {
			return err
		}
		p.now = s.at
		if err := s.do(); err != nil {
			return fmt.Errorf("%s, %s: %w", s.at.Format("2006-01-02 15:04"), s.what, err)
		}
	}
	return nil
}

// send sends a request and wants success.
func (p *play) send(as, method, path string, body any) (map[string]any, error) {
	status, raw, err := p.c.Do(p.ctx, as, method, path, body)
	if err != nil {
		return nil, fmt.Errorf("as %s %s %s: %w", as, method, path, err)
	}
	if status < 200 || status > 299 {
		sent, _ := json.Marshal(body)
		return nil, fmt.Errorf("as %s %s %s %s: answer %d: %s", as, method, path, sent, status, raw)
	}
	answer := map[string]any{}
	if len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &answer); err != nil {
			return nil, fmt.Errorf("%s %s: read the answer: %w", method, path, err)
		}
	}
	return answer, nil
}

// make creates something and answers a member of what came back.
func (p *play) make(as, path, member string, body any) (string, error) {
	answer, err := p.send(as, "POST", path, body)
	if err != nil {
		return "", err
	}
	id, _ := answer[member].(string)
	if id == "" {
		return "", fmt.Errorf("POST %s: the answer has no %s", path, member)
	}
	return id, nil
}

// stamp is an instant as the API takes it.
func stamp(t time.Time) string { return t.In(home).Format(time.RFC3339) }

// one picks any of a list.
func one[T any](p *play, list []T) T { return list[p.rng.IntN(len(list))] }

// chance is true in so many of a hundred cases.
func (p *play) chance(percent int) bool { return p.rng.IntN(100) < percent }

// between is a length of time from min to max minutes.
func (p *play) between(low, high int) time.Duration {
	return time.Duration(low+p.rng.IntN(max(1, high-low+1))) * time.Minute
}
