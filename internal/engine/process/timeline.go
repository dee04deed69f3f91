package process

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/audit"
	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Entry is one line of a record's history as its reader sees it.
type Entry struct {
	ID          string          `json:"id"`
	At          time.Time       `json:"at"`
	Kind        string          `json:"kind"`
	Public      bool            `json:"public"`
	Direction   string          `json:"direction"` // of a public comment: in (from the customer), out; else none
	Author      Author          `json:"author"`
	Text        string          `json:"text"`
	Body        string          `json:"body"`
	Attachments []record.File   `json:"attachments"`
	Transition  *TransitionView `json:"transition"`
	Changes     []ChangeView    `json:"changes"`
	counts      bool            // it counted the record's version up
}

// Author is who did it.
type Author struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Side string `json:"side"`
	Me   bool   `json:"me"`
}

// TransitionView is a step that was taken.
type TransitionView struct {
	Code  string `json:"code"`
	Label string `json:"label"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// ChangeView is one field that changed.
type ChangeView struct {
	Field string `json:"field"`
	Label string `json:"label"`
	Old   any    `json:"old"`
	New   any    `json:"new"`
}

// eventData is what the audit events of a record hold.
type eventData struct {
	Transition string        `json:"transition"`
	From       string        `json:"from"`
	To         string        `json:"to"`
	Changes    []form.Change `json:"changes"`
	Comments   []string      `json:"comments"`
	Files      []string      `json:"files"`
	Timer      string        `json:"timer"`
	Late       bool          `json:"late"`
	Kind       string        `json:"kind"`
	Number     string        `json:"number"`
	Minutes    int           `json:"minutes"`
	Text       string        `json:"text"`
	Approval   string        `json:"approval"`
	Decision   string        `json:"decision"`
	Reason     string        `json:"reason"`
	Steps      []clockStep   `json:"steps"`
	Corrected  bool          `json:"corrected"` // the record was registered for another customer until then
}

// clockStep is what a clock did at one of its points.
type clockStep struct {
	Kind string     `json:"kind"` // warning, alarm, escalation
	Text text.Label `json:"text"`
}

type timelinePlace struct {
	Seq int64 `json:"q"`
}

// Timeline reads a page of a record's history: the newest one first, its entries in order of time; the cursor leads to earlier ones.
func (s *Service) Timeline(ctx context.Context, typ, number, show, cursor string, limit int) (entries []Entry, next string, err error) {
	err = s.door.Read(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		var place timelinePlace
		if _, err := httpapi.ReadCursor(cursor, &place); err != nil {
			return err
		}
		r, err := record.Load(ctx, u.Tx, u.Actor, number)
		if err != nil {
			return err
		}
		if typ != "" && r.Type != typ {
			return fault.Missing()
		}
		c, err := s.changeOf(u, r)
		if err != nil {
			return err
		}
		if err := c.readable(ctx); err != nil {
			return err
		}
		all, first, err := c.history(ctx, place.Seq, limit)
		if err != nil {
			return err
		}
		entries = slices.DeleteFunc(all, func(e Entry) bool { return !shows(show, e) })
		if first > 1 {
			next = httpapi.Cursor(timelinePlace{first})
		}
		return nil
	})
	return orEmpty(entries), next, err
}

func shows(show string, e Entry) bool {
	switch show {
	case "public":
		return e.Public && e.Direction != "none"
	case "internal":
		return e.Kind == "comment" && !e.Public
	case "moves":
		return e.Kind == "moved" || e.Kind == "created" || e.Kind == "approval"
	}
	return true
}

func (c *change) timeline(ctx context.Context, before int64, limit int) ([]Entry, error) {
	entries, _, err := c.history(ctx, before, limit)
	return entries, err
}

// history renders a page of audit events; first is the sequence number of its earliest event, 0 when there is none.
func (c *change) history(ctx context.Context, before int64, limit int) (entries []Entry, first int64, err error) {
	events, err := audit.Timeline(ctx, c.u.Tx, c.rec.ID, audit.TimelineOptions{PublicOnly: c.customer(), Before: before, Limit: limit})
	if err != nil || len(events) == 0 {
		return nil, 0, err
	}
	comments, err := record.Comments(ctx, c.u.Tx, c.rec.ID, c.customer())
	if err != nil {
		return nil, 0, err
	}
	files, err := record.Files(ctx, c.u.Tx, c.rec.ID, c.customer())
	if err != nil {
		return nil, 0, err
	}
	slices.Reverse(events)
	if len(events) == limit {
		first = events[0].Seq
	}
	events = slices.DeleteFunc(events, func(e audit.Entry) bool { return !c.within(e) })
	names, err := c.namesIn(ctx, events)
	if err != nil {
		return nil, 0, err
	}
	for _, e := range events {
		entries = append(entries, c.entriesOf(e, comments, files, names)...)
	}
	return entries, first, nil
}

// within tells whether an event is from a time when the record was within the reader's reach. What was registered for
// another customer and then corrected begins, for whoever serves only this one, after the correction.
func (c *change) within(e audit.Entry) bool {
	scope := c.actor.Scope()
	if scope.All || e.Customer != "" {
		return scope.Reaches(e.Customer)
	}
	var d eventData
	return json.Unmarshal(e.Data, &d) == nil && !d.Corrected
}

// namesIn are the names that the changes of these events mention.
func (c *change) namesIn(ctx context.Context, events []audit.Entry) (map[string]string, error) {
	var ids, actors []string
	for _, e := range events {
		actors = append(actors, e.ActorID)
		var d eventData
		if json.Unmarshal(e.Data, &d) != nil {
			continue
		}
		for _, x := range d.Changes {
			if f, ok := c.def.Field(x.Name); ok && f.Type == form.Ref {
				ids = append(ids, texts(x.Old)...)
				ids = append(ids, texts(x.New)...)
			}
		}
	}
	names, err := party.Names(ctx, c.u.Tx, ids)
	if err != nil {
		return nil, err
	}
	c.sides, err = party.SidesOf(ctx, c.u.Tx, actors)
	return names, err
}

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, x := range v {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// entriesOf renders one event: its sentence, and the comments that went with it.
func (c *change) entriesOf(e audit.Entry, comments map[string]record.Comment, files []record.File, names map[string]string) []Entry {
	var d eventData
	_ = json.Unmarshal(e.Data, &d) // what cannot be read shows as a bare line
	one := Entry{ID: e.ID, At: e.At, Public: e.Public, Direction: "none", Attachments: []record.File{}, Changes: c.changesOf(d.Changes, names),
		Author: Author{ID: e.ActorID, Name: e.ActorName, Side: c.sideOf(e), Me: e.ActorID == c.actor.ID}}
	var out []Entry
	if e.Kind != "record.commented" && c.sentence(&one, e, d) {
		out = append(out, one)
	}
	for _, key := range d.Comments {
		said, ok := comments[key]
		if !ok {
			continue
		}
		talk := one
		talk.ID, talk.Kind, talk.Public, talk.Body, talk.Text = said.ID, "comment", said.Public, said.Body, ""
		talk.Transition, talk.Changes, talk.counts = nil, []ChangeView{}, false
		talk.Author.Side, talk.Direction = said.Side, direction(said)
		talk.Attachments = slices.DeleteFunc(slices.Clone(files), func(f record.File) bool { return !slices.Contains(said.Files, f.ID) })
		out = append(out, talk)
	}
	return out
}

func direction(c record.Comment) string {
	switch {
	case !c.Public:
		return "none"
	case c.Side == string(work.Customer):
		return "in"
	}
	return "out"
}

func (c *change) sideOf(e audit.Entry) string {
	if e.Via == "system" {
		return "system"
	}
	if side, known := c.sides[e.ActorID]; known {
		return string(side.Kind)
	}
	return string(work.Provider)
}

// sentence says what happened; false = nothing this reader need see.
func (c *change) sentence(one *Entry, e audit.Entry, d eventData) bool {
	lang := c.actor.Lang
	p := text.Params{"who": e.ActorName, "number": d.Number, "minutes": d.Minutes, "text": d.Text, "reason": d.Reason}
	one.Kind = map[string]string{"record.created": "created", "record.moved": "moved", "record.edited": "edited", "record.assigned": "assigned",
		"record.urged": "urged", "record.approval": "approval", "record.attached": "attachment", "record.linked": "link", "record.unlinked": "link",
		"record.worked": "work", "record.timer": "timer", "record.clock": "clock", "record.promised": "promised"}[e.Kind]
	one.counts = slices.Contains([]string{"created", "moved", "edited", "assigned", "urged", "approval", "timer", "clock"}, one.Kind)
	if one.Kind == "" {
		one.Kind = "other"
	}
	key := "timeline." + one.Kind
	switch one.Kind {
	case "moved":
		if !c.movedView(one, d, p) {
			return false
		}
		if c.customer() { // what a step is called tells how the provider works inside
			key = "timeline.reached"
		}
	case "assigned":
		p["to"] = lastNew(one.Changes, "assignee", "team")
	case "link":
		if labels, ok := linkLabels[d.Kind]; ok {
			p["kind"] = labels[0]
		} else {
			key = "timeline.unlinked"
		}
	case "approval":
		c.approvalSentence(e, d, p, &key)
	case "timer":
		if t, ok := c.def.Timers.Get(d.Timer); ok {
			p["timer"] = t.Label
		}
		if d.Late {
			key = "timeline.timer_late"
		}
	case "clock":
		var said []string
		for _, step := range d.Steps {
			said = append(said, text.Say(lang, "timeline.clock."+step.Kind, text.Params{"text": step.Text}))
		}
		if p["text"] = strings.Join(said, " · "); d.Late {
			key = "timeline.clock_late"
		}
	case "other":
		p["kind"] = e.Kind
	}
	one.Text = text.Say(lang, key, p)
	return true
}

// movedView fills a transition; a customer does not see moves between states that are one to them.
func (c *change) movedView(one *Entry, d eventData, p text.Params) bool {
	lang := c.actor.Lang
	v := TransitionView{Code: d.Transition, Label: d.Transition, From: c.stateName(d.From), To: c.stateName(d.To)}
	if t, ok := c.flow.Transition(d.Transition); ok {
		v.Label = strings.TrimSuffix(t.Label.In(lang), "…") // the button asked for more; here it was given
	}
	one.Transition = &v
	p["label"], p["to"] = v.Label, v.To
	if c.customer() {
		v.Code, v.Label = "", ""
		one.Changes = []ChangeView{}
		return v.From != v.To && v.To != ""
	}
	return true
}

func (c *change) stateName(code string) string {
	state, ok := c.flow.State(code)
	if !ok {
		return ""
	}
	return state.LabelFor(c.customer()).In(c.actor.Lang)
}

func (c *change) approvalSentence(e audit.Entry, d eventData, p text.Params, key *string) {
	p["approval"] = d.Approval
	if a, ok := c.def.Approvals.Get(d.Approval); ok {
		p["approval"] = a.Label
	}
	switch d.Decision {
	case "approve":
		*key = "timeline.approved"
	case "refuse":
		*key = "timeline.refused"
		if c.customer() && c.sides[e.ActorID].Organisation != c.actor.Org { // why, the provider's people told each other
			*key = "timeline.refused_plain"
		}
	default:
		*key = "timeline.delegated"
	}
}

func lastNew(changes []ChangeView, fields ...string) string {
	for _, field := range fields {
		for _, x := range changes {
			if s, ok := x.New.(string); ok && x.Field == field {
				return s
			}
		}
	}
	return "—"
}

// changesOf says the changed fields in words: names for ids, labels for codes. A customer sees public fields alone.
func (c *change) changesOf(list []form.Change, names map[string]string) []ChangeView {
	out := []ChangeView{}
	for _, x := range list {
		if c.customer() && !x.Public {
			continue
		}
		f, ok := c.def.Field(x.Name)
		if !ok {
			continue
		}
		out = append(out, ChangeView{Field: x.Name, Label: f.Label.In(c.actor.Lang), Old: c.spell(f, x.Old, names), New: c.spell(f, x.New, names)})
	}
	return out
}

func (c *change) spell(f form.Field, v any, names map[string]string) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	if o, ok := f.Option(s); ok {
		return o.Label.In(c.actor.Lang)
	}
	if name, ok := names[s]; ok && f.Type == form.Ref {
		return name
	}
	return s
}

func init() {
	text.Register(map[string]text.Label{
		"timeline.created":          {Zh: "{who} 登记", En: "{who} registered it"},
		"timeline.moved":            {Zh: "{who} {label} → {to}", En: "{who}: {label} → {to}"},
		"timeline.reached":          {Zh: "{to}", En: "{to}"},
		"timeline.edited":           {Zh: "{who} 修改", En: "{who} changed it"},
		"timeline.assigned":         {Zh: "{who} 派给 {to}", En: "{who} assigned it to {to}"},
		"timeline.urged":            {Zh: "{who} 催办", En: "{who} urged"},
		"timeline.approved":         {Zh: "{who} 批准了{approval}", En: "{who} approved: {approval}"},
		"timeline.refused":          {Zh: "{who} 没有批准{approval}：{reason}", En: "{who} refused {approval}: {reason}"},
		"timeline.refused_plain":    {Zh: "{who} 没有批准{approval}", En: "{who} refused {approval}"},
		"timeline.delegated":        {Zh: "{who} 转交了{approval}", En: "{who} delegated: {approval}"},
		"timeline.attachment":       {Zh: "{who} 添加附件", En: "{who} attached files"},
		"timeline.link":             {Zh: "{who} 关联 {number}（{kind}）", En: "{who} linked {number} ({kind})"},
		"timeline.unlinked":         {Zh: "{who} 取消一项关联", En: "{who} removed a link"},
		"timeline.work":             {Zh: "{who} 记工时 {minutes} 分：{text}", En: "{who} logged {minutes} min: {text}"},
		"timeline.timer":            {Zh: "到时：{timer}", En: "Time reached: {timer}"},
		"timeline.timer_late":       {Zh: "到时（停机后补触发）：{timer}", En: "Time reached, fired late after an outage: {timer}"},
		"timeline.clock":            {Zh: "{text}", En: "{text}"},
		"timeline.clock_late":       {Zh: "{text}（停机后补发）", En: "{text} (sent late after an outage)"},
		"timeline.clock.warning":    {Zh: "预警：{text}", En: "Warning: {text}"},
		"timeline.clock.alarm":      {Zh: "报警：{text}", En: "Alarm: {text}"},
		"timeline.clock.report":     {Zh: "逐级上报：{text}", En: "Reported upwards: {text}"},
		"timeline.clock.escalation": {Zh: "升级：{text}", En: "Escalation: {text}"},
		"timeline.promised":         {Zh: "协议或日历有变，时限重新计算", En: "The agreement or calendar changed; the deadline was reckoned anew"},
		"timeline.other":            {Zh: "{who} · {kind}", En: "{who} · {kind}"},
	})
}
