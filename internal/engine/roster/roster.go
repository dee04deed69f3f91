// Package roster keeps the duty rosters: who is on duty for a team at any instant, past or future, who stands in, who
// came on time, and what is wrong with a roster before it is published (DUT-01 … DUT-12).
package roster

import (
	"context"
	"log/slog"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/roster/rotation"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/pump"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Permissions of this package; neither is for customers.
const (
	Read   work.Perm = "roster.read"   // see rosters and who is on duty
	Manage work.Perm = "roster.manage" // make, publish and override them
)

// keeper is the background actor of the timers and of the calendar feeds.
var keeper = work.System("roster", Read, Manage)

// What a layer or a shift is, as people speak of it.
const (
	DayShift     = "day"
	NightShift   = "night"
	HolidayShift = "holiday"
)

// Cover says what a roster promises (C-24).
const (
	Always    = "always"     // somebody at any hour; a gap refuses publication
	AsPlanned = "as_planned" // whatever it says
)

// Body is what a roster says. People are named by id. A roster whose team is on duty in several ways at once has several
// layers: first line and second line, or day and night.
type Body struct {
	Timezone       string    `json:"timezone" maxLength:"60" doc:"IANA name; its wall clock is what hand-offs follow"`
	Cover          string    `json:"cover,omitempty" enum:"always,as_planned" doc:"always (when not given): somebody at any hour, so a gap refuses publication"`
	ValidFrom      string    `json:"valid_from,omitempty" format:"date" maxLength:"10" doc:"first day; none: no beginning"`
	ValidTo        string    `json:"valid_to,omitempty" format:"date" maxLength:"10" doc:"last day; none: no end"`
	Tolerance      *int      `json:"tolerance_minutes,omitempty" minimum:"0" maximum:"240" doc:"how late somebody may check in before the supervisor is told; 10 when not given"`
	Remind         *int      `json:"remind_minutes,omitempty" minimum:"0" maximum:"1440" doc:"how long before a shift its person is reminded; 30 when not given, 0: never"`
	CheckIn        *bool     `json:"check_in,omitempty" doc:"whether people check in at all; true when not given"`
	HolidayCover   *bool     `json:"holiday_cover,omitempty" doc:"whether New Year, Spring Festival, Labour Day and National Day need a schedule of their own; true when not given"`
	LayerMode      string    `json:"layer_mode,omitempty" enum:"union,priority"`
	Layers         []Layer   `json:"layers" maxItems:"50" nullable:"false"`
	Schedules      []Special `json:"schedules,omitempty" maxItems:"100" nullable:"false" doc:"temporary schedules: each stands in for the layers during its time"`
	MaxConsecutive int       `json:"max_consecutive,omitempty" minimum:"0" maximum:"100" doc:"shifts without a day off after which the check warns; 6 when 0 or absent"`
	MaxHours       float64   `json:"max_hours,omitempty" minimum:"0" maximum:"168" doc:"hours a week above which the check warns; 60 when 0 or absent"`
	Rules          string    `json:"rules,omitempty" maxLength:"20000" doc:"duties and requirements of the person on duty, as markdown (DUT-11)"`
}

// Layer is one line of a roster with its name.
type Layer struct {
	Name  string `json:"name" minLength:"1" maxLength:"60"`
	Mark  string `json:"mark,omitempty" enum:"day,night,holiday" doc:"how its shifts are shown"`
	Skill string `json:"skill,omitempty" maxLength:"60" doc:"what its people are there for"`
	rotation.Layer
}

// Special is a temporary schedule, such as a holiday's (DUT-09).
type Special struct {
	Name   string           `json:"name" minLength:"1" maxLength:"60"`
	Mark   string           `json:"mark,omitempty" enum:"day,night,holiday" doc:"holiday: it is the roster of a public holiday"`
	Start  time.Time        `json:"start"`
	End    time.Time        `json:"end"`
	Shifts []rotation.Fixed `json:"shifts" maxItems:"2000" nullable:"false"`
}

// Roster is a team's duty roster: what is being worked on, and what is published.
type Roster struct {
	ID          string     `json:"id"`
	Version     int64      `json:"version"`
	Status      string     `json:"status" doc:"active or retired"`
	Team        party.Ref  `json:"team"`
	Name        string     `json:"name"`
	Body        Body       `json:"body" doc:"what is being worked on"`
	Published   int        `json:"published" doc:"number of the published version, 0 = never"`
	PublishedAt *time.Time `json:"published_at,omitempty"`
	PublishedBy *party.Ref `json:"published_by,omitempty"`
	Changed     bool       `json:"changed" doc:"what is being worked on differs from what is published"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	People      []Member   `json:"people" doc:"everybody the roster names"`
	MayManage   bool       `json:"may_manage"`

	customer string // of the team
}

// Member is a person as rosters show them.
type Member struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Phone     string `json:"phone"`
	Reachable bool   `json:"reachable" doc:"has a phone number or an e-mail address"`
}

// The states of a roster.
const (
	Active  = "active"
	Retired = "retired"
)

// Config is what the service is made of.
type Config struct {
	Door    *work.Door
	Clock   clock.Clock
	Log     *slog.Logger
	BaseURL string // of the program, for the addresses of calendar feeds; may be empty
}

// Service is the use cases of this package.
type Service struct {
	door   *work.Door
	log    *slog.Logger
	base   string
	timers *pump.Pump
}

// New makes the service.
func New(cfg Config) *Service {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	s := &Service{door: cfg.Door, log: cfg.Log, base: cfg.BaseURL}
	s.timers = pump.New(pump.Config{Clock: cfg.Clock, Log: cfg.Log, Name: "timers of rosters", Next: s.nextDue, Fire: s.fireOne})
	return s
}

// mayManage tells whether somebody arranges the rosters of a team that serves a customer ("" = everybody).
func mayManage(a *work.Actor, customer string) bool { return a.MayFor(Manage, customer, "roster") }

func stream(roster string) string { return "roster:" + roster }

// changed is the audit event of a roster.
func changed(ctx context.Context, u *work.Unit, kind string, r Roster, data any) error {
	_, err := u.Record(ctx, work.Event{Stream: stream(r.ID), Kind: kind, Subject: "roster", Number: r.Name, Customer: "", Data: data})
	if err != nil {
		return err
	}
	return u.Announce(ctx, work.Notice{Keys: []string{"list:roster", "roster:" + r.ID, "duty"}, Staff: true})
}
