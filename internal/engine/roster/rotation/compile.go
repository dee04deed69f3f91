package rotation

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Instants outside of these are refused: no roster needs them, and hand-offs are counted from the start.
var (
	earliest = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Reasonable tells whether an instant lies within 1970 to 2199.
func Reasonable(t time.Time) bool { return !t.Before(earliest) && t.Before(latest) }

// Weekdays are the names of the days, Monday first.
var Weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// compiler turns a Spec into a Plan and gathers what is wrong with it.
type compiler struct {
	zone        *time.Location
	first, last time.Time
	faults      []fault.Field
}

func (c *compiler) fail(field, code string, params text.Params) {
	if params == nil {
		params = text.Params{}
	}
	if params["label"] == nil {
		params["label"] = field
	}
	c.faults = append(c.faults, fault.Field{Name: field, Code: code, Params: params})
}

// New checks and compiles a Spec; what is wrong is an invalid fault that names every field.
func New(spec Spec) (*Plan, error) {
	c := &compiler{zone: time.UTC}
	if zone, err := time.LoadLocation(spec.Timezone); err != nil || spec.Timezone == "" || spec.Timezone == "Local" {
		c.fail("timezone", "rotation.zone", nil)
	} else {
		c.zone = zone
	}
	p := &Plan{zone: c.zone, highest: spec.LayerMode == "priority"}
	if !slices.Contains([]string{"", "union", "priority"}, spec.LayerMode) {
		c.fail("layer_mode", "field.choice", nil)
	}
	c.first, c.last = c.bound("valid_from", spec.First), c.bound("valid_to", spec.Last)
	if !c.first.IsZero() && !c.last.IsZero() && c.last.Before(c.first) {
		c.fail("valid_to", "rotation.order", nil)
	}
	c.sources(spec, p)
	p.overrides = c.overrides(spec.Overrides)
	p.temporary = c.temporaries(spec.Temporary)
	if len(c.faults) > 0 {
		return nil, fault.Fields(c.faults...)
	}
	return p, nil
}

// sources compiles what the duty comes from.
func (c *compiler) sources(spec Spec, p *Plan) {
	given := 0
	if spec.Rotation != nil {
		given++
		p.layers = []layer{{cycle: c.rotation("rotation", *spec.Rotation), window: c.everyDay()}}
	}
	if spec.Roster != nil {
		given++
		p.layers = []layer{{cycle: c.groups("roster", *spec.Roster), window: c.everyDay()}}
	}
	if len(spec.Layers) > 0 {
		given++
		p.layers = make([]layer, len(spec.Layers))
		for i, l := range spec.Layers {
			p.layers[i] = c.layer(fmt.Sprintf("layers[%d]", i), l)
		}
	}
	if given > 1 {
		c.fail("layers", "rotation.one_source", nil)
	}
}

// bound reads a day, or none.
func (c *compiler) bound(field, date string) time.Time {
	if date == "" {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		c.fail(field, "rotation.date", nil)
	}
	return day
}

func (c *compiler) everyDay() window {
	w := window{zone: c.zone, to: 24 * time.Hour, first: c.first, last: c.last}
	for i := range w.days {
		w.days[i] = true
	}
	return w
}

func (c *compiler) instant(field string, t time.Time) {
	if !Reasonable(t) {
		c.fail(field, "rotation.far", nil)
	}
}

func (c *compiler) length(field string, n int) int {
	if n < 0 || n > 10000 {
		c.fail(field, "field.range", text.Params{"min": 1, "max": 10000})
	}
	return max(n, 1)
}

var units = []string{"hourly", "daily", "weekly", "monthly"}

func (c *compiler) rotation(at string, r Rotation) cycle {
	if !slices.Contains(units, r.Type) {
		c.fail(at+".type", "field.choice", nil)
	}
	if len(r.Participants) == 0 || slices.Contains(r.Participants, "") {
		c.fail(at+".participants", "field.required", nil)
	}
	c.instant(at+".start", r.Start)
	return &turning{zone: c.zone, unit: r.Type, n: c.length(at+".shift_length", r.ShiftLength), start: r.Start.UTC(),
		wall: wallOf(r.Start, c.zone), users: r.Participants}
}

func (c *compiler) groups(at string, g Groups) cycle {
	if !slices.Contains(units, g.Frequency) {
		c.fail(at+".frequency", "field.choice", nil)
	}
	start, err := time.Parse(time.DateOnly, g.Start)
	if err != nil {
		c.fail(at+".start", "rotation.date", nil)
		start = earliest
	}
	c.instant(at+".start", start)
	if g.TotalDays < 0 {
		c.fail(at+".total_days", "field.range", text.Params{"min": 0, "max": 100000})
	}
	empty := func(group []string) bool { return len(group) == 0 || slices.Contains(group, "") }
	if len(g.Groups) == 0 || slices.ContainsFunc(g.Groups, empty) {
		c.fail(at+".groups", "field.required", nil)
	}
	return &grouped{zone: c.zone, frequency: g.Frequency, n: c.length(at+".interval", g.Interval), start: start, days: g.TotalDays,
		active: c.days(at+".by_day", g.ByDay), groups: g.Groups}
}

// days are those named, or all of them when none is.
func (c *compiler) days(field string, names []string) (days [7]bool) {
	for _, name := range names {
		i := slices.Index(Weekdays, strings.ToLower(name))
		if i < 0 {
			c.fail(field, "rotation.weekday", nil)
			continue
		}
		days[(i+1)%7] = true
	}
	if len(names) == 0 {
		return c.everyDay().days
	}
	return days
}

func (c *compiler) layer(at string, l Layer) layer {
	out := layer{priority: l.Priority, window: window{zone: c.zone, first: c.first, last: c.last, days: c.days(at+".days", l.Days)}}
	given := 0
	if l.User != "" {
		given++
		out.cycle = always{l.User}
	}
	if l.Rotation != nil {
		given++
		out.cycle = c.rotation(at+".rotation", *l.Rotation)
	}
	if l.Roster != nil {
		given++
		out.cycle = c.groups(at+".roster", *l.Roster)
	}
	if given != 1 {
		c.fail(at, "rotation.layer_source", nil)
	}
	out.window.from, out.window.to = c.hours(at, l.From, l.To)
	return out
}

// hours reads the time of the day; neither given means the whole day.
func (c *compiler) hours(at, from, to string) (begin, end time.Duration) {
	if from == "" && to == "" {
		return 0, 24 * time.Hour
	}
	begin, ok := timeOfDay(from)
	if from == "" {
		begin, ok = 0, true
	}
	if !ok || begin == 24*time.Hour {
		c.fail(at+".from", "rotation.time", nil)
	}
	end, ok = timeOfDay(to)
	if to == "" {
		end, ok = 24*time.Hour, true
	}
	if !ok {
		c.fail(at+".to", "rotation.time", nil)
	}
	if end <= begin {
		end += 24 * time.Hour
	}
	return begin, end
}

// timeOfDay reads 08:00 or 08:00:30, up to 24:00.
func timeOfDay(s string) (time.Duration, bool) {
	if s == "24:00" || s == "24:00:00" {
		return 24 * time.Hour, true
	}
	for _, form := range []string{"15:04", time.TimeOnly} {
		if t, err := time.Parse(form, s); err == nil && len(s) == len(form) {
			return t.Sub(dateOf(t)), true
		}
	}
	return 0, false
}

func (c *compiler) overrides(list []Override) []Override {
	for i, o := range list {
		at := fmt.Sprintf("overrides[%d]", i)
		needs, known := map[string][2]bool{"add": {true, false}, "remove": {false, true}, "replace": {true, true}, "cover_all": {true, false}}[o.Type]
		if !known {
			c.fail(at+".type", "field.choice", nil)
		}
		if needs[0] && o.Add == "" {
			c.fail(at+".add", "field.required", nil)
		}
		if needs[1] && o.Remove == "" {
			c.fail(at+".remove", "field.required", nil)
		}
		c.span(at, o.Start, o.End)
	}
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b Override) int { return a.Priority - b.Priority })
	return sorted
}

func (c *compiler) span(at string, start, end time.Time) {
	c.instant(at+".start", start)
	c.instant(at+".end", end)
	if !end.After(start) {
		c.fail(at+".end", "rotation.order", nil)
	}
}

func (c *compiler) temporaries(list []Temporary) []Temporary {
	for i, t := range list {
		at := fmt.Sprintf("temporary[%d]", i)
		c.span(at, t.Start, t.End)
		for j, s := range t.Shifts {
			c.span(fmt.Sprintf("%s.shifts[%d]", at, j), s.Start, s.End)
			if s.User == "" {
				c.fail(fmt.Sprintf("%s.shifts[%d].user", at, j), "field.required", nil)
			}
		}
	}
	return list
}

func init() {
	text.Register(map[string]text.Label{
		"rotation.zone":         {Zh: "没有这个时区，要用 IANA 名称，如 Asia/Shanghai。", En: "There is no such time zone; use an IANA name such as Asia/Shanghai."},
		"rotation.far":          {Zh: "{label}要在 1970 到 2199 年之间。", En: "{label} must lie between 1970 and 2199."},
		"rotation.one_source":   {Zh: "rotation、roster、layers 只能给一个。", En: "Give only one of rotation, roster and layers."},
		"rotation.layer_source": {Zh: "{label}要有而且只有一个：人员、轮转或分组。", En: "{label} needs exactly one of a user, a rotation and a roster."},
		"rotation.date":         {Zh: "{label}要写成 2026-10-01 这样的日期。", En: "{label} must be a date like 2026-10-01."},
		"rotation.weekday":      {Zh: "{label}只能是 mon、tue、wed、thu、fri、sat、sun。", En: "{label} can be mon, tue, wed, thu, fri, sat and sun."},
		"rotation.time":         {Zh: "{label}要写成 08:00 这样的时间，最晚 24:00。", En: "{label} must be a time like 08:00, at most 24:00."},
		"rotation.order":        {Zh: "{label}要晚于开始时间。", En: "{label} must be later than the start."},
		"rotation.long":         {Zh: "这段时间交接太多，缩短后再算。", En: "There are too many hand-offs in this time; take a shorter one."},
	})
}
