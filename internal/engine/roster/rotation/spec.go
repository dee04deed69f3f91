// Package rotation answers, as pure functions, who is on duty at an instant, when duty is handed on, and when nobody is
// on duty: rotations, rosters by group and day, layers, overrides and temporary schedules (DUT-01, DUT-02).
package rotation

import (
	"time"
)

// Spec says who is on duty when; at most one of Rotation, Roster and Layers. Wall-clock times are read in Timezone.
type Spec struct {
	Timezone  string      `json:"timezone" maxLength:"60" doc:"IANA name"`
	Rotation  *Rotation   `json:"rotation,omitempty"`
	Roster    *Groups     `json:"roster,omitempty"`
	Layers    []Layer     `json:"layers,omitempty" maxItems:"100" nullable:"false"`
	LayerMode string      `json:"layer_mode,omitempty" enum:"union,priority" doc:"union: every layer counts; priority: of the layers that have somebody, only those with the highest priority"`
	Overrides []Override  `json:"overrides,omitempty" maxItems:"2000" nullable:"false"`
	Temporary []Temporary `json:"temporary,omitempty" maxItems:"200" nullable:"false" doc:"within its time a temporary schedule stands in for everything else"`

	First, Last string `json:"-"` // the days ("2026-10-01") on which stretches of layers may begin; empty = no bound
}

// Rotation hands duty from one participant to the next at the wall-clock time of its start, every ShiftLength hours, days,
// weeks or months. Before its start nobody is on duty.
type Rotation struct {
	Type         string    `json:"type" enum:"hourly,daily,weekly,monthly"`
	ShiftLength  int       `json:"shift_length,omitempty" minimum:"1" maximum:"10000" doc:"of hours, days, weeks or months; 1 when not given"`
	Start        time.Time `json:"start" doc:"first hand-off"`
	Participants []string  `json:"participants" minItems:"1" maxItems:"500" nullable:"false"`
}

// Groups is a roster by whole days: each group is on duty for Interval days, weeks, months or hours. Days that are not in
// ByDay are free and do not use up anybody's turn of a daily or hourly roster.
type Groups struct {
	Frequency string     `json:"frequency" enum:"hourly,daily,weekly,monthly"`
	Interval  int        `json:"interval,omitempty" minimum:"1" maximum:"10000" doc:"1 when not given"`
	Start     string     `json:"start" format:"date" maxLength:"10" doc:"first day"`
	TotalDays int        `json:"total_days,omitempty" minimum:"0" maximum:"100000" doc:"how many days it runs; 0 or absent: without end"`
	ByDay     []string   `json:"by_day,omitempty" maxItems:"7" nullable:"false" doc:"mon … sun; none: every day"`
	Groups    [][]string `json:"groups" minItems:"1" maxItems:"500" nullable:"false"`
}

// Layer is one person, rotation or roster, possibly only on some days of the week and between two times of the day. A
// stretch that ends at or before the time it begins at runs into the next day and belongs to the day it begins on.
type Layer struct {
	User     string    `json:"user,omitempty" maxLength:"200"`
	Rotation *Rotation `json:"rotation,omitempty"`
	Roster   *Groups   `json:"roster,omitempty"`
	Days     []string  `json:"days,omitempty" maxItems:"7" nullable:"false" doc:"mon … sun; none: every day"`
	From     string    `json:"from,omitempty" maxLength:"8" doc:"08:00"`
	To       string    `json:"to,omitempty" maxLength:"8" doc:"20:00, at most 24:00"`
	Priority int       `json:"priority,omitempty" doc:"the highest number wins in layer_mode priority"`
}

// Override changes who is on duty for a time. Those with a higher priority act later and so have the last word; of equal
// ones the later given.
type Override struct {
	Type     string    `json:"type" enum:"add,remove,replace,cover_all" doc:"replace acts only while the replaced person is on duty; cover_all puts one person in place of everybody"`
	Add      string    `json:"add,omitempty" maxLength:"200"`
	Remove   string    `json:"remove,omitempty" maxLength:"200"`
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	Priority int       `json:"priority,omitempty"`
	Ref      string    `json:"-"` // whatever the caller knows it by; comes back with the shift
}

// Temporary is a schedule for a limited time that lists each shift, such as a holiday's.
type Temporary struct {
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	Shifts []Fixed   `json:"shifts" maxItems:"2000" nullable:"false"`
}

// Fixed is one shift of a temporary schedule.
type Fixed struct {
	User  string    `json:"user" minLength:"1" maxLength:"200"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Absence takes a person off every roster for a time; Substitute, when named, stands in wherever the person was on duty.
type Absence struct {
	User, Substitute string
	Start, End       time.Time
	Ref              string
}
