package roster

import (
	"context"
	"slices"
	"time"

	"github.com/steward-ops/steward/internal/engine/roster/rotation"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Plain is the few facts from which a whole roster is made: who, at which times of the day, from when on.
type Plain struct {
	Timezone string   `json:"timezone,omitempty" maxLength:"60" doc:"IANA name; the caller's when not given"`
	People   []string `json:"people" minItems:"1" maxItems:"100" nullable:"false" doc:"ids, in the order of their turns"`
	Day      *Hours   `json:"day,omitempty" doc:"the day shift; without day and night one person has the whole day"`
	Night    *Hours   `json:"night,omitempty" doc:"the night shift"`
	Start    string   `json:"start" format:"date" maxLength:"10" doc:"first day"`
	End      string   `json:"end,omitempty" format:"date" maxLength:"10" doc:"last day; none: without end"`
	Period   string   `json:"period,omitempty" enum:"daily,weekly,monthly" doc:"how long a turn is; daily when not given"`
	Length   int      `json:"length,omitempty" minimum:"1" maximum:"60" doc:"days, weeks or months a turn; 1 when not given"`
	Days     []string `json:"days,omitempty" maxItems:"7" nullable:"false" doc:"mon … sun; none: every day"`
	PerShift int      `json:"per_shift,omitempty" minimum:"1" maximum:"20" doc:"people on duty at once; 1 when not given"`
}

// Hours is a shift's time of the day.
type Hours struct {
	From string `json:"from" minLength:"5" maxLength:"5"`
	To   string `json:"to" minLength:"5" maxLength:"5"`
}

// Generate makes a roster's body from a few facts; nothing is stored. Where there are three or more, day and night go round
// the same people so that each has the day, then the night, then is free.
func (s *Service) Generate(ctx context.Context, in Plain) (body Body, err error) {
	err = s.door.Read(ctx, Manage, func(ctx context.Context, u *work.Unit) error {
		if in.Timezone == "" {
			in.Timezone = u.Actor.Zone
		}
		if in.Timezone == "" {
			in.Timezone = "Asia/Shanghai"
		}
		if body, err = in.body(u.Actor.Lang); err != nil {
			return err
		}
		return body.check(ctx, u)
	})
	return body, err
}

func (in Plain) body(lang text.Lang) (Body, error) {
	if in.Period == "" {
		in.Period = "daily"
	}
	if _, err := time.Parse(time.DateOnly, in.Start); err != nil {
		return Body{}, fault.One("start", "rotation.date", text.Params{"label": "start"})
	}
	distinct := slices.Compact(slices.Sorted(slices.Values(in.People)))
	if len(distinct) < len(in.People) || slices.Contains(in.People, "") {
		return Body{}, fault.One("people", "field.unique", text.Params{"label": "people"})
	}
	body := Body{Timezone: in.Timezone, ValidFrom: in.Start, ValidTo: in.End, Schedules: []Special{}}
	layer := func(code, mark string, hours *Hours, groups [][]string) {
		l := Layer{Name: text.Say(lang, "roster.shift_"+code, nil), Mark: mark}
		l.Roster = &rotation.Groups{Frequency: in.Period, Interval: max(in.Length, 1), Start: in.Start, ByDay: in.Days, Groups: groups}
		if hours != nil {
			l.From, l.To = hours.From, hours.To
		}
		body.Layers = append(body.Layers, l)
	}
	groups := in.groups()
	switch {
	case in.Day == nil && in.Night == nil:
		layer("whole", "", nil, groups)
	default:
		if in.Day != nil {
			layer("day", DayShift, in.Day, groups)
		}
		if in.Night != nil {
			layer("night", NightShift, in.Night, nights(groups))
		}
	}
	whole, err := body.always()
	if !whole {
		body.Cover = AsPlanned
	}
	return body, err
}

// groups puts as many people together as a shift needs, so that each is in as many groups as anybody else.
func (in Plain) groups() [][]string {
	size := min(max(in.PerShift, 1), len(in.People))
	count := len(in.People)
	if count%size == 0 {
		count /= size
	}
	groups := make([][]string, count)
	for i := range groups {
		for j := range size {
			groups[i] = append(groups[i], in.People[(i*size+j)%len(in.People)])
		}
	}
	return groups
}

// nights are the same groups, each one turn after its day.
func nights(groups [][]string) [][]string {
	last := len(groups) - 1
	return slices.Concat(groups[last:], groups[:last])
}

// always tells whether somebody is on duty at any hour of the first two weeks.
func (b Body) always() (bool, error) {
	plan, err := rotation.New(b.spec())
	if f := fault.As(err); f != nil {
		return false, fault.Fields(under(f.Fields)...)
	}
	if err != nil {
		return false, err
	}
	from := b.begins(plan.Zone()).Add(24 * time.Hour) // the first night may begin late
	gaps, err := plan.Gaps(from, from.Add(14*24*time.Hour))
	return len(gaps) == 0, err
}
