package rotation

import (
	"context"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Case is one question to the calculator: who is on duty at these instants, and the hand-offs and gaps of a window.
type Case struct {
	Spec
	Queries []Query `json:"queries,omitempty" maxItems:"1000" nullable:"false"`
	Window  *Window `json:"window,omitempty"`
}

// Query asks who is on duty at an instant.
type Query struct {
	At time.Time `json:"at"`
}

// Window is the time, [from, to), for which hand-offs and gaps are wanted.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Answer is the calculator's; hand-offs and gaps are empty without a window.
type Answer struct {
	Who      []OnDuty    `json:"who"`
	Handoffs []time.Time `json:"handoffs"`
	Gaps     []Gap       `json:"gaps"`
}

// OnDuty is who is on duty at an instant.
type OnDuty struct {
	At  time.Time `json:"at"`
	Who []string  `json:"who"`
}

// Calculate answers a case.
func Calculate(_ context.Context, in Case) (out Answer, err error) {
	plan, err := New(in.Spec)
	if err != nil {
		return out, err
	}
	if err := in.check(); err != nil {
		return out, err
	}
	out = Answer{Who: []OnDuty{}, Handoffs: []time.Time{}, Gaps: []Gap{}}
	for _, q := range in.Queries {
		out.Who = append(out.Who, OnDuty{At: q.At, Who: plan.Who(q.At)})
	}
	if in.Window == nil {
		return out, nil
	}
	if out.Handoffs, err = plan.Handoffs(in.Window.From, in.Window.To); err != nil {
		return out, err
	}
	out.Gaps, err = plan.Gaps(in.Window.From, in.Window.To)
	return out, err
}

func (in Case) check() error {
	var faults []fault.Field
	far := func(field string, t time.Time) {
		if !Reasonable(t) {
			faults = append(faults, fault.Field{Name: field, Code: "rotation.far", Params: text.Params{"label": field}})
		}
	}
	for i, q := range in.Queries {
		far(fmt.Sprintf("queries[%d].at", i), q.At)
	}
	if w := in.Window; w != nil {
		far("window.from", w.From)
		far("window.to", w.To)
		if w.To.Before(w.From) {
			faults = append(faults, fault.Field{Name: "window.to", Code: "rotation.order", Params: text.Params{"label": "window.to"}})
		}
	}
	if len(faults) > 0 {
		return fault.Fields(faults...)
	}
	return nil
}
