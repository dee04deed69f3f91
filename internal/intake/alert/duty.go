package alert

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/identity"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/engine/roster"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// plan is the record to be opened for an alert. It is settled once, so that a second try opens the same.
type plan struct {
	Type        string `json:"type,omitempty"`
	Workflow    string `json:"workflow,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Customer    string `json:"customer,omitempty"`
	Service     string `json:"service,omitempty"`
	Site        string `json:"site,omitempty"`
	Impact      string `json:"impact,omitempty"`
	Urgency     string `json:"urgency,omitempty"`
	Team        string `json:"team,omitempty"`
	Assignee    string `json:"assignee,omitempty"`
	Plain       bool   `json:"plain,omitempty"` // the whole of it was refused: open it with what cannot be wrong
}

// weights are impact and urgency of an alert whose rule does not say (ESC-01).
var weights = map[Severity][2]string{Critical: {"high", "high"}, High: {"high", "medium"}, Warning: {"medium", "medium"}, Info: {"low", "low"}}

// defaultType is the type of record that a rule opens when it names none.
const defaultType = "incident"

func (s *Service) plan(ctx context.Context, u *work.Unit, l line, r *row) (plan, error) {
	p := plan{Type: defaultType, Title: r.Title, Customer: r.Customer, Service: r.Service, Site: r.Site,
		Impact: cmp.Or(l.told["impact"], weights[r.Severity][0]), Urgency: cmp.Or(l.told["urgency"], weights[r.Severity][1])}
	if l.rule != nil {
		p.Type, p.Workflow = cmp.Or(l.rule.Type, defaultType), l.rule.Workflow
	}
	p.Description = s.describe(r)
	var err error
	p.Team, p.Assignee, err = s.onDuty(ctx, u, r)
	return p, err
}

// describe says in Chinese what is known of an alert, for whoever opens the record.
func (s *Service) describe(r *row) string {
	var b strings.Builder
	say := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s：%s\n", text.Say(text.Zh, key, nil), value)
		}
	}
	if r.Detail.Description != "" {
		b.WriteString(r.Detail.Description + "\n\n")
	}
	say("alert.text.object", r.Object)
	say("alert.text.metric", r.Metric)
	if r.HasReading {
		threshold := "–"
		if r.HasThreshold {
			threshold = decimal(r.Threshold)
		}
		b.WriteString(text.Say(text.Zh, "alert.text.value", text.Params{"value": decimal(r.Reading), "threshold": threshold}) + "\n")
	}
	say("alert.text.since", s.local(r.StartedAt))
	say("alert.text.source", r.Detail.Link)
	return strings.TrimSpace(b.String())
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func (s *Service) local(ms int64) string {
	if ms == 0 {
		return ""
	}
	return clock.FromMillis(ms).In(s.zone).Format("2006-01-02 15:04:05")
}

// onDuty finds the team of an alert and who of it gets it: the dedicated engineer if on duty, else who is on duty at the
// alert's time, else nobody, which leaves it to the team (C-19).
func (s *Service) onDuty(ctx context.Context, tx db.Tx, r *row) (team, person string, err error) {
	teams, err := s.teamsFor(ctx, tx, r)
	if err != nil {
		return "", "", err
	}
	for _, candidate := range teams {
		choice, err := roster.Choose(ctx, tx, roster.Asked{Team: candidate, Customer: r.Customer, Service: r.Service, Site: r.Site, At: when(r)})
		if err != nil {
			return "", "", fmt.Errorf("who is on duty: %w", err)
		}
		if choice.Person != "" {
			return candidate, choice.Person, nil
		}
	}
	if len(teams) == 0 {
		return "", "", nil
	}
	return teams[0], "", nil
}

// longAgo is from when on an alert's beginning says nothing about who is to be called: it was known elsewhere for long.
const longAgo = 24 * time.Hour

// when is the instant whose duty counts: the alert's own time (S14).
func when(r *row) time.Time {
	if r.StartedAt == 0 || r.ReceivedAt-r.StartedAt > longAgo.Milliseconds() {
		return clock.FromMillis(r.ReceivedAt)
	}
	return clock.FromMillis(r.StartedAt)
}

// teamsFor are the teams an alert may go to, the first that has somebody on duty gets it: the one named, or else the
// customer's resident team, the desk, the first line.
func (s *Service) teamsFor(ctx context.Context, tx db.Tx, r *row) ([]string, error) {
	if r.Team != "" {
		team, err := party.LoadTeam(ctx, tx, r.Team)
		if err == nil {
			return []string{team.ID}, nil
		}
		if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	var found []party.Team
	if r.Customer != "" {
		resident, err := party.ResidentTeams(ctx, tx, r.Customer, "")
		if err != nil {
			return nil, err
		}
		found = append(found, resident...)
	}
	for _, tier := range []string{"desk", "L1"} {
		teams, err := party.TeamsByTier(ctx, tx, tier)
		if err != nil {
			return nil, err
		}
		found = append(found, teams...)
	}
	var ids []string
	for _, t := range found {
		if t.Customer == "" || t.Customer == r.Customer {
			ids = append(ids, t.ID)
		}
	}
	return ids, nil
}

// call tells the person on duty of an alert, or the team when nobody is (MON-04).
func (s *Service) call(ctx context.Context, u *work.Unit, r *row) error {
	said := both("alert.notice", text.Params{"severity": both("alert.severity."+string(r.Severity), nil), "title": r.Title})
	return s.inform(ctx, u, r, said)
}

func (s *Service) inform(ctx context.Context, u *work.Unit, r *row, said text.Label) error {
	people, err := s.concerned(ctx, u, r)
	if err != nil {
		return err
	}
	return notify.Send(ctx, u, notify.Notice{People: people, Kind: "alert", Number: r.Record, Type: r.RecordType, Text: said})
}

// concerned are those who are to know of an alert: its handler, else who is on duty, else the team, else the desk.
func (s *Service) concerned(ctx context.Context, tx db.Tx, r *row) ([]string, error) {
	if r.Handler != "" {
		return []string{r.Handler}, nil
	}
	team, person, err := s.onDuty(ctx, tx, r)
	switch {
	case err != nil:
		return nil, err
	case person != "":
		return []string{person}, nil
	case team != "":
		return party.TeamMembers(ctx, tx, team)
	}
	return identity.PeopleWith(ctx, tx, r.Customer, defaultType, lookAfter...)
}
