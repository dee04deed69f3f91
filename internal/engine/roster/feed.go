package roster

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/steward-ops/steward/internal/core/identity"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/roster/rotation"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Feed is the address under which a calendar program reads somebody's duty, or a roster; whoever has it reads it without
// signing in, so it is shown once and stored only as a hash.
type Feed struct {
	Path string `json:"path" doc:"below this program's address"`
	URL  string `json:"url"`
}

// Feeds show the duty from a month ago to half a year ahead.
const (
	feedBack  = 31 * 24 * time.Hour
	feedAhead = 183 * 24 * time.Hour
)

// MakeFeed makes the address of the actor's own duty (roster ""), or of a roster they can see. An earlier address of the same
// is no longer good.
func (s *Service) MakeFeed(ctx context.Context, roster string) (f Feed, err error) {
	err = s.door.Do(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		if roster != "" {
			if _, err := reached(ctx, u, roster); err != nil {
				return err
			}
		}
		secret := make([]byte, 24)
		if _, err := rand.Read(secret); err != nil {
			return fmt.Errorf("make feed: %w", err)
		}
		token := base64.RawURLEncoding.EncodeToString(secret)
		if err := dropFeed(ctx, u, roster); err != nil {
			return err
		}
		_, err := u.Exec(ctx, "INSERT INTO roster_feeds (token_hash, person, roster, created_at) VALUES ($1, $2, $3, $4)", hashOf(token), u.Actor.ID, roster, clock.Millis(u.Now()))
		if err != nil {
			return fmt.Errorf("insert feed: %w", err)
		}
		f.Path = "/api/v1/duty-feeds/" + token
		f.URL = strings.TrimSuffix(s.base, "/") + f.Path
		return feedEvent(ctx, u, "feed.made", roster)
	})
	return f, err
}

// DropFeed makes an address useless.
func (s *Service) DropFeed(ctx context.Context, roster string) error {
	return s.door.Do(ctx, Read, func(ctx context.Context, u *work.Unit) error {
		if err := dropFeed(ctx, u, roster); err != nil {
			return err
		}
		return feedEvent(ctx, u, "feed.dropped", roster)
	})
}

func dropFeed(ctx context.Context, u *work.Unit, roster string) error {
	_, err := u.Exec(ctx, "DELETE FROM roster_feeds WHERE person = $1 AND roster = $2", u.Actor.ID, roster)
	if err != nil {
		return fmt.Errorf("drop feed: %w", err)
	}
	return nil
}

func feedEvent(ctx context.Context, u *work.Unit, kind, roster string) error {
	_, err := u.Record(ctx, work.Event{Stream: "feed:" + u.Actor.ID, Kind: kind, Subject: "feed", Data: map[string]any{"roster": roster}})
	return err
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Calendar is the duty behind an address, as iCalendar text. An address of somebody who has left, or who may no longer see
// the roster, is not found.
func (s *Service) Calendar(ctx context.Context, token string) (calendar string, err error) {
	err = s.door.Read(work.WithActor(ctx, keeper), Read, func(ctx context.Context, u *work.Unit) error {
		owner, roster := "", ""
		err := u.QueryRow(ctx, "SELECT person, roster FROM roster_feeds WHERE token_hash = $1", hashOf(token)).Scan(&owner, &roster)
		if err != nil {
			return err
		}
		actor, err := identity.ActorFor(ctx, u, owner)
		if err != nil {
			return err
		}
		if !actor.May(Read) {
			return fault.Missing()
		}
		own := *u
		own.Actor = actor
		if roster == "" {
			calendar, err = ownCalendar(ctx, &own)
		} else {
			calendar, err = rosterCalendar(ctx, &own, roster)
		}
		return err
	})
	return calendar, err
}

func ownCalendar(ctx context.Context, u *work.Unit) (string, error) {
	shifts, err := ShiftsOf(ctx, u, u.Actor.ID, u.Now().Add(-feedBack), u.Now().Add(feedAhead))
	if err != nil {
		return "", err
	}
	cal := newCalendar(text.Say(u.Actor.Lang, "roster.feed_person", text.Params{"person": u.Actor.Name}))
	for _, s := range shifts {
		entry(cal, u, s.Roster, s.Person, s.Start, s.End, join(s.Layer, s.RosterName))
	}
	return cal.Serialize(ics.WithNewLineWindows), nil
}

func rosterCalendar(ctx context.Context, u *work.Unit, roster string) (string, error) {
	r, err := reached(ctx, u, roster)
	if err != nil {
		return "", err
	}
	cal := newCalendar(join(r.Name, r.Team.Name))
	if r.Published == 0 || r.Status != Active {
		return cal.Serialize(ics.WithNewLineWindows), nil
	}
	from, to := u.Now().Add(-feedBack), u.Now().Add(feedAhead)
	p, err := one(ctx, u, roster, stretch{asOf: u.Now(), from: from, to: to})
	if err != nil {
		return "", err
	}
	shifts, err := p.plan.Shifts(from, to)
	if err != nil {
		return "", err
	}
	names, err := namesIn(ctx, u, shifts)
	if err != nil {
		return "", err
	}
	for _, s := range shifts {
		layer, _ := p.layerName(s)
		who := names[s.User]
		if s.Instead != "" && s.Instead != s.User {
			who += " (" + text.Say(u.Actor.Lang, "roster.feed_instead", text.Params{"person": names[s.Instead]}) + ")"
		}
		entry(cal, u, roster, s.User, s.Start, s.End, join(who, layer))
	}
	return cal.Serialize(ics.WithNewLineWindows), nil
}

func namesIn(ctx context.Context, tx db.Tx, shifts []rotation.Shift) (map[string]string, error) {
	var ids []string
	for _, s := range shifts {
		ids = append(ids, s.User, s.Instead)
	}
	return party.NamesOf(ctx, tx, ids, party.KindPerson)
}

func newCalendar(name string) *ics.Calendar {
	cal := ics.NewCalendarFor("Steward")
	cal.SetMethod(ics.MethodPublish)
	cal.SetXWRCalName(name)
	cal.SetRefreshInterval("PT1H")
	return cal
}

// entry is one shift; its id stays the same as long as person and beginning do, so that calendar programs follow changes.
func entry(cal *ics.Calendar, u *work.Unit, roster, person string, start, end time.Time, summary string) {
	e := cal.AddEvent(fmt.Sprintf("%s-%s-%d@steward", roster, person, start.Unix()))
	e.SetDtStampTime(u.Now())
	e.SetStartAt(start)
	e.SetEndAt(end)
	e.SetSummary(summary)
}

func join(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, " · ")
}
