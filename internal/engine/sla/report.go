package sla

import (
	"context"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

func init() {
	of := func(name string, level notify.Level, zh, en string) notify.Kind {
		return notify.Kind{Name: name, Level: level, Label: text.Label{Zh: zh, En: en}}
	}
	notify.RegisterKind(of("warning", notify.Normal, "时限预警", "Deadline warning"), of("alarm", notify.Normal, "时限报警", "Deadline alarm"),
		of("escalation", notify.Normal, "时限升级", "Deadline escalation"), of("report", notify.Urgent, "逐级上报", "Report upwards"))
}

// hop is one level of a report upwards (逐级上报, ESC-13): who was told after whom, and when. One without a time has been
// asked for and not been made; one without a next has been acknowledged, or there is nobody above.
type hop struct {
	Step  string `json:"s"`
	Every int64  `json:"e"` // seconds of the wall clock until the next level is told
	From  string `json:"f,omitempty"`
	To    string `json:"t,omitempty"`
	At    int64  `json:"a,omitempty"`
	Done  bool   `json:"d,omitempty"`
}

// ref names the notice of a hop.
func (h hop) ref(x *row) string {
	return fmt.Sprintf("report:%s:%s:%s:%s", x.Record, x.Target, h.Step, h.To)
}

// last is the hop that may lead on; nil when nothing is reported upwards.
func (x *row) lastHop() *hop {
	if n := len(x.Reports); n > 0 && !x.Reports[n-1].Done {
		return &x.Reports[n-1]
	}
	return nil
}

// nextHop is when the next level is told; zero when there is none. A report is made around the clock.
func (x *row) nextHop() time.Time {
	h := x.lastHop()
	if h == nil {
		return time.Time{}
	}
	return clock.FromMillis(h.At).Add(time.Duration(h.Every) * time.Second)
}

// reportUp tells the next level: the handler's superior first, then the superior of whoever did not acknowledge.
func reportUp(ctx context.Context, u *work.Unit, r *record.Record, c standing, x *row) ([]process.Alarm, error) {
	h := x.lastHop()
	if h == nil || h.At != 0 && x.nextHop().After(u.Now()) {
		return nil, nil
	}
	from := r.Assignee
	if h.At != 0 {
		known, err := notify.Acknowledged(ctx, u.Tx, h.ref(x), h.To)
		if err != nil {
			return nil, err
		}
		h.Done, from = true, h.To
		if !known.IsZero() {
			return nil, x.save(ctx, u.Tx)
		}
	}
	to := ""
	if from != "" {
		var err error
		if to, err = party.SuperiorOf(ctx, u.Tx, from); err != nil {
			return nil, err
		}
	}
	if to == "" { // nobody had it, or there is nobody above
		h.Done = true
		return nil, x.save(ctx, u.Tx)
	}
	made := hop{Step: h.Step, Every: h.Every, From: from, To: to, At: clock.Millis(u.Now())}
	if h.At == 0 {
		*h = made
	} else {
		x.Reports = append(x.Reports, made)
	}
	return []process.Alarm{{Kind: "report", At: u.Now(), People: []string{to}, Wake: true, Acknowledge: true, Ref: made.ref(x), Text: c.sentence(Step{Kind: "alarm"}),
		Data: map[string]any{"target": c.promised.Name, "agreement": c.agreement.Code, "from": from, "people": []string{to}, "due": c.Due}}}, nil
}
