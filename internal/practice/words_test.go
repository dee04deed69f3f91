package practice_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// said is one thing a definition says to people.
type said struct {
	where    string
	label    text.Label
	customer bool // the customer's people may read it
	button   bool
}

// sayings collects every label of a type.
func sayings(t *definition.Type) []said {
	var all []said
	add := func(where string, l text.Label, customer, button bool) {
		if !l.Empty() {
			all = append(all, said{t.Type + " " + where, l, customer, button})
		}
	}
	open := len(t.Read) == 0 // the customer's people may read the type at all
	add("label", t.Label, open, false)
	add("due_label", t.DueLabel, open, false)
	for _, f := range t.Fields {
		seen := open && f.Public
		add("field "+f.Name, f.Label, seen, false)
		add("help of "+f.Name, f.Help, seen, false)
		add("group of "+f.Name, f.Group, seen, false)
		for _, o := range f.Options {
			add("option "+f.Name+"."+o.Value, o.Label, seen, false)
			add("hint "+f.Name+"."+o.Value, o.Hint, seen, false)
		}
	}
	for _, g := range t.Create.Guards {
		add("guard "+g.ID, g.Label, open, false)
	}
	for i := range t.Workflows {
		w := &t.Workflows[i].Value
		add("workflow "+w.Code, w.Label, false, false)
		for _, s := range w.Stages {
			add(w.Code+" stage "+s.Name, s.Value.Label, false, false)
			add(w.Code+" stage "+s.Name, s.Value.LabelFor(true), open, false)
		}
		for _, s := range w.States {
			add(w.Code+" state "+s.Name, s.Value.Label, false, false)
			add(w.Code+" state "+s.Name, s.Value.LabelFor(true), open, false)
		}
		for j := range w.Transitions {
			tr := &w.Transitions[j].Value
			add(w.Code+" button "+tr.Code, tr.Label, open && forCustomer(tr.By), true)
			for _, g := range tr.Guards {
				add(w.Code+" guard "+tr.Code+"."+g.ID, g.Label, open && forCustomer(tr.By), false)
			}
		}
	}
	for _, e := range allEffects(t) {
		if e.effect.Name == "notify" {
			add(e.where+" notice", noticeLabel(e.effect), slices.ContainsFunc(e.effect.List("to"), customerSide), false)
		}
	}
	return all
}

func customerSide(actor string) bool {
	return actor == "requester" || strings.HasPrefix(actor, "customer") || actor == "watcher" || actor == "creator"
}

func forCustomer(by []string) bool { return slices.ContainsFunc(by, customerSide) }

func noticeLabel(e definition.Effect) text.Label {
	m := e.Map("label")
	zh, _ := m["zh"].(string)
	en, _ := m["en"].(string)
	return text.Label{Zh: zh, En: en}
}

type placed struct {
	where  string
	effect definition.Effect
}

// allEffects collects every effect of a type with where it stands.
func allEffects(t *definition.Type) []placed {
	var all []placed
	add := func(where string, list []definition.Effect) {
		for _, e := range list {
			all = append(all, placed{t.Type + " " + where, e})
		}
	}
	add("create", t.Create.Effects)
	for i := range t.Workflows {
		w := &t.Workflows[i].Value
		for j := range w.Transitions {
			add(w.Code+"."+w.Transitions[j].Name, w.Transitions[j].Value.Effects)
		}
	}
	for i := range t.Timers {
		add("timer "+t.Timers[i].Name, t.Timers[i].Value.Do)
	}
	for i := range t.Approvals {
		add("approval "+t.Approvals[i].Name, t.Approvals[i].Value.OnApproved)
		add("approval "+t.Approvals[i].Name, t.Approvals[i].Value.OnRefused)
	}
	return all
}

var (
	placeholder = regexp.MustCompile(`\{[a-z_]+\}`)
	tier        = regexp.MustCompile(`一线|二线|三线|派单|供应商|(?i)\bL[123]\b|first.line|second.line|third.line|supplier|dispatch`)
	halfWidth   = regexp.MustCompile(`\p{Han}[,.;:!?()]|[,;:!?()]\p{Han}`)
)

// The rules of "Words" that a program can check.
func TestWords(t *testing.T) {
	for _, typ := range load(t) {
		for _, s := range sayings(typ) {
			zh, en := placeholder.ReplaceAllString(s.label.Zh, "X"), s.label.En
			switch {
			case s.label.Zh == "" || s.label.En == "":
				t.Errorf("%s: a language is missing: %+v", s.where, s.label)
			case strings.ContainsAny(zh+en, "!！"):
				t.Errorf("%s: no exclamation marks: %+v", s.where, s.label)
			case strings.Contains(zh, "成功") || strings.Contains(zh, "亲"):
				t.Errorf("%s: not our words: %s", s.where, zh)
			case s.button && strings.Contains(zh, "请") && !strings.Contains(zh, "申请"):
				t.Errorf("%s: no 请 on a button: %s", s.where, zh)
			case slices.Contains([]string{"确定", "提交", "OK"}, zh) && s.button:
				t.Errorf("%s: a button names its object: %s", s.where, zh)
			case halfWidth.MatchString(zh):
				t.Errorf("%s: full-width punctuation in Chinese: %s", s.where, zh)
			case glued(zh):
				t.Errorf("%s: a space between Chinese and Latin or digits: %s", s.where, zh)
			case hasHan(en):
				t.Errorf("%s: Chinese in the English text: %s", s.where, en)
			case s.customer && (tier.MatchString(zh) || tier.MatchString(en)):
				t.Errorf("%s: the customer would see how we are organised: %+v", s.where, s.label)
			}
			if !slices.Equal(places(s.label.Zh), places(s.label.En)) {
				t.Errorf("%s: the languages name different values: %+v", s.where, s.label)
			}
		}
	}
}

func places(s string) []string {
	found := placeholder.FindAllString(s, -1)
	slices.Sort(found)
	return found
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// glued tells whether Chinese touches a letter or digit.
func glued(s string) bool {
	var before rune
	for _, r := range s {
		latin := func(c rune) bool { return c < 128 && (unicode.IsLetter(c) || unicode.IsDigit(c)) }
		if unicode.Is(unicode.Han, before) && latin(r) || latin(before) && unicode.Is(unicode.Han, r) {
			return true
		}
		before = r
	}
	return false
}

// What the customer is told or asked for must be theirs to see.
func TestCustomersSeeOnlyPublicFields(t *testing.T) {
	for _, typ := range load(t) {
		if len(typ.Read) > 0 {
			continue // staff only
		}
		public := func(where string, names []string) {
			for _, name := range names {
				if f, ok := typ.Field(name); ok && !f.Public {
					t.Errorf("%s %s: the field %q is internal", typ.Type, where, name)
				}
			}
		}
		for i := range typ.Workflows {
			w := &typ.Workflows[i].Value
			for j := range w.Transitions {
				tr := &w.Transitions[j].Value
				if forCustomer(tr.By) {
					public(w.Code+"."+tr.Code, tr.Inputs())
				}
			}
		}
		if forCustomer(typ.Create.By) {
			public("create", typ.Create.Require)
		}
		for _, e := range allEffects(typ) {
			switch e.effect.Name {
			case "tell_customer":
				public(e.where, []string{e.effect.Word("field")})
			case "notify":
				if slices.ContainsFunc(e.effect.List("to"), customerSide) {
					for _, p := range places(noticeLabel(e.effect).Zh) {
						public(e.where, []string{strings.Trim(p, "{}")})
					}
				}
			}
		}
	}
}

// A notice names values that exist.
func TestNoticesNameKnownValues(t *testing.T) {
	own := []string{"number", "title", "priority", "customer"}
	for _, typ := range load(t) {
		for _, e := range allEffects(typ) {
			if e.effect.Name != "notify" {
				continue
			}
			for _, p := range places(noticeLabel(e.effect).Zh) {
				name := strings.Trim(p, "{}")
				if _, ok := typ.Field(name); !ok && !slices.Contains(own, name) {
					t.Errorf("%s: there is no value %s", e.where, p)
				}
			}
		}
	}
}

// Whoever opens a record sees where it stands, whose turn it is, and one key for one step.
func TestWorkflowsAreComplete(t *testing.T) {
	for _, typ := range load(t) {
		for i := range typ.Workflows {
			w := &typ.Workflows[i].Value
			for j := range w.States {
				s := &w.States[j].Value
				at := typ.Type + " " + w.Code + "." + s.Code
				if s.Kind.Open() && s.Turn == "" && !asksApproval(typ, s.Code) {
					t.Errorf("%s: whose turn is it?", at)
				}
				if s.Stage == "" {
					t.Errorf("%s: no stage of the strip", at)
				}
				if len(typ.Read) == 0 && s.Customer.Empty() {
					t.Errorf("%s: no words for the customer", at)
				}
				keys := map[string]string{}
				for _, tr := range w.FromState(s.Code) {
					if other, taken := keys[tr.Key]; tr.Key != "" && taken {
						t.Errorf("%s: key %s is on both %s and %s", at, tr.Key, other, tr.Code)
					}
					keys[tr.Key] = tr.Code
				}
			}
		}
	}
}

func asksApproval(t *definition.Type, state string) bool {
	return slices.ContainsFunc(t.Approvals, func(a definition.Entry[definition.Approval]) bool { return a.Value.Opens == state })
}

// A step on another record exists there, and the system or anybody may take it.
func TestMovesLeadSomewhere(t *testing.T) {
	types := load(t)
	for _, typ := range types {
		for _, e := range allEffects(typ) {
			if e.effect.Name != "move" {
				continue
			}
			target, transition := typ, e.effect.Word("transition")
			if f, ok := typ.Field(e.effect.Word("record")); ok {
				target = types[f.To]
			}
			if target == nil || !hasTransition(target, transition) {
				t.Errorf("%s: moves %s by %q, which is not there", e.where, e.effect.Word("record"), transition)
			}
		}
	}
}

func hasTransition(t *definition.Type, code string) bool {
	return slices.ContainsFunc(t.Workflows, func(w definition.Entry[definition.Workflow]) bool {
		_, ok := w.Value.Transition(code)
		return ok
	})
}

// Every workflow of a type passes the milestones that clocks and reports look at (C-05).
func TestIncidentWorkflowsReachTheCommonMilestones(t *testing.T) {
	incident := load(t)["incident"]
	for i := range incident.Workflows {
		w := &incident.Workflows[i].Value
		reached := map[string]bool{}
		for j := range w.Transitions {
			for _, m := range w.Transitions[j].Value.Milestone {
				reached[m] = true
			}
		}
		for _, m := range definition.Milestones {
			if m != "arrived" && !reached[m] { // visits arrive
				t.Errorf("%s never reaches %s", w.Code, m)
			}
		}
	}
}
