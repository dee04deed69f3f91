package form

import (
	"strings"
	"unicode/utf8"

	"github.com/steward-ops/steward/internal/platform/work"
)

// View is who looks at values.
type View struct {
	Customer bool // a person of the customer: sees public fields alone
	Plain    bool // sensitive fields in full: the record's own page for who may; lists and exports never
}

// ViewOf is the view of an actor.
func ViewOf(actor *work.Actor, plain bool) View {
	return View{Customer: actor == nil || actor.OrgKind == work.Customer, Plain: plain}
}

// Mask is what a view shows of the values: secrets are {"set": true}, sensitive ones are starred, and a customer's
// person gets nothing of what is not public. Values of fields that the form no longer has are left out.
func (fs Fields) Mask(values Values, view View) Values {
	shown := Values{}
	for i := range fs {
		f := &fs[i]
		value, ok := values[f.Name]
		if !ok || (view.Customer && !f.Public) {
			continue
		}
		shown[f.Name] = f.mask(value, view)
	}
	return shown
}

func (f *Field) mask(value any, view View) any {
	switch {
	case value == nil:
		return nil
	case f.Type == Secret:
		return map[string]any{"set": true}
	case f.Sensitive && !view.Plain:
		return starred(f.Type, value)
	case f.Type == Table:
		return f.maskRows(value, view)
	}
	return value
}

func (f *Field) maskRows(value any, view View) any {
	columns := f.Columns
	if view.Customer {
		columns = f.publicColumns()
		view.Customer = false // what is left of the columns is for the customer
	}
	list, _ := value.([]any)
	rows := make([]any, len(list))
	for i, row := range list {
		rows[i] = map[string]any(columns.Mask(asMap(row), view))
	}
	return rows
}

func starred(t Type, value any) any {
	switch v := value.(type) {
	case string:
		if t == Email {
			return StarEmail(v)
		}
		return Star(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = starred(t, v[i])
		}
		return out
	}
	return "***"
}

// Star hides the middle of a text: 13812346021 becomes 138****6021, 王小明 becomes 王*明.
func Star(s string) string {
	runes := []rune(s)
	n := len(runes)
	switch {
	case n <= 1:
		return strings.Repeat("*", n)
	case n <= 4:
		return string(runes[:1]) + strings.Repeat("*", n-min(n-1, 2)) + string(runes[n-min(n-2, 1):])
	case n < 9:
		return string(runes[:1]) + strings.Repeat("*", n-2) + string(runes[n-1:])
	}
	return string(runes[:3]) + strings.Repeat("*", n-7) + string(runes[n-4:])
}

// StarEmail keeps the domain: l***@example.com.
func StarEmail(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at <= 0 {
		return Star(s)
	}
	_, first := utf8.DecodeRuneInString(s)
	return s[:first] + "***" + s[at:]
}

// Public is what the customer sees of the values.
func (fs Fields) Public(values Values) Values {
	return fs.Mask(values, View{Customer: true, Plain: true})
}

// Change is one field that changed; the values are as anybody may read them in the trail.
type Change struct {
	Name   string `json:"name"`
	Old    any    `json:"old,omitempty"`
	New    any    `json:"new,omitempty"`
	Public bool   `json:"public,omitempty"`
}

// Diff lists what changed from old to new, in the order of the form. Secrets tell only that they changed,
// sensitive values are starred: the trail is read by more people than the record.
func (fs Fields) Diff(old, new Values) []Change {
	var changes []Change
	for i := range fs {
		f := &fs[i]
		before, after := old[f.Name], new[f.Name]
		if same(before, after) {
			continue
		}
		changes = append(changes, Change{Name: f.Name, Old: f.mask(before, View{}), New: f.mask(after, View{}), Public: f.Public})
	}
	return changes
}

// SearchText is what full text shall find: public is open to the customer, internal is not.
func (fs Fields) SearchText(values Values) (public, internal string) {
	var open, closed strings.Builder
	for i := range fs {
		f := &fs[i]
		if !f.Searchable {
			continue
		}
		into := &closed
		if f.Public && !f.Sensitive {
			into = &open
		}
		f.words(into, values[f.Name])
	}
	return open.String(), closed.String()
}

func (f *Field) words(into *strings.Builder, value any) {
	switch v := value.(type) {
	case string:
		f.word(into, v)
	case float64:
		line(into, spell(v))
	case []any:
		for _, item := range v {
			f.words(into, item)
		}
	case map[string]any:
		f.parts(into, v)
	}
}

func (f *Field) word(into *strings.Builder, s string) {
	switch f.Type {
	case Secret, Ref, Files: // ids and seals are not words
	case Enum, Tree:
		if o, ok := f.Option(s); ok {
			line(into, o.Label.Zh)
			line(into, o.Label.En)
		}
	default:
		line(into, s)
	}
}

func (f *Field) parts(into *strings.Builder, m map[string]any) {
	switch f.Type {
	case Table:
		for i := range f.Columns {
			f.Columns[i].words(into, m[f.Columns[i].Name])
		}
	case Checklist, Signoffs:
		for _, item := range f.Items {
			line(into, str(asMap(m[item.Code]), "note"))
		}
	case Consent:
		line(into, str(m, "note"))
	}
}

func line(into *strings.Builder, s string) {
	if s == "" {
		return
	}
	if into.Len() > 0 {
		into.WriteByte('\n')
	}
	into.WriteString(s)
}
