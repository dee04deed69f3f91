package form

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/steward-ops/steward/internal/kernel/text"
)

var (
	nameForm     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	codeForm     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$`)
	roleForm     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(\([A-Za-z0-9_, ]*\))?$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
	acceptForm   = regexp.MustCompile(`^[a-z]+/(\*|[a-z0-9.+-]+)$`)
	pathForm     = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`)
)

func checkName(key *yaml.Node) error {
	if !nameForm.MatchString(key.Value) {
		return wrong(key.Line, "field name %q is not lower_snake", key.Value)
	}
	return nil
}

func checkCode(line int, what, code string, label text.Label) error {
	switch {
	case !codeForm.MatchString(code):
		return wrong(line, "%s has no proper code: %q", what, code)
	case !label.Complete():
		return wrong(line, "%s %q lacks a label", what, code)
	}
	return nil
}

// check refuses a declaration that is incomplete or contradicts itself.
func (f *Field) check(column bool) error {
	for _, rule := range []func() error{
		f.checkBasics, f.checkStrays, f.checkOptions, f.checkNeeds, f.checkLimits, f.checkForms, f.checkPattern,
	} {
		if err := rule(); err != nil {
			return err
		}
	}
	if column {
		return f.checkColumn()
	}
	return nil
}

func (f *Field) checkBasics() error {
	switch {
	case f.Type == "":
		return wrong(f.Line, "field %q has no type", f.Name)
	case !f.Label.Complete():
		return wrong(f.Line, "field %q lacks a label", f.Name)
	case !slices.Contains([]string{"", "third", "half", "full"}, f.Width):
		return wrong(f.Line, "field %q: width is third, half or full", f.Name)
	}
	return nil
}

// belongs says which types a key is for; keys that are not here are for all.
var belongs = []struct {
	key   string
	set   func(f *Field) bool
	types []Type
}{
	{"options", func(f *Field) bool { return f.Options != nil }, []Type{Enum, Tree}},
	{"multiple", func(f *Field) bool { return f.Multiple }, []Type{Enum, Tree, Ref}},
	{"to", func(f *Field) bool { return f.To != "" }, []Type{Ref}},
	{"accept", func(f *Field) bool { return f.Accept != nil }, []Type{Files}},
	{"columns", func(f *Field) bool { return f.Columns != nil }, []Type{Table}},
	{"items", func(f *Field) bool { return f.Items != nil }, []Type{Checklist, Signoffs}},
	{"by", func(f *Field) bool { return f.By != nil }, []Type{Signature, Signoffs}},
	{"of", func(f *Field) bool { return f.Of != "" }, []Type{Consent}},
	{"covers", func(f *Field) bool { return f.Covers != nil }, []Type{Consent}},
	{"readers", func(f *Field) bool { return f.Readers != nil }, []Type{Secret}},
	{"until", func(f *Field) bool { return f.Until != "" }, []Type{Secret}},
	{"scale", func(f *Field) bool { return f.Scale != 0 }, []Type{Rating}},
	{"currency", func(f *Field) bool { return f.Currency != "" }, []Type{Money}},
	{"unit", func(f *Field) bool { return !f.Unit.Empty() }, []Type{Number, Text, Table}},
	{"max_len", func(f *Field) bool { return f.MaxLen != 0 }, []Type{Text, Markdown, Secret, Phone, Email, Link}},
	{"pattern", func(f *Field) bool { return f.Pattern != "" }, []Type{Text, Secret, Phone, Email, Link}},
	{"min or max", func(f *Field) bool { return f.Min != nil || f.Max != nil },
		[]Type{Number, Money, Duration, Table, Files, Enum, Tree, Ref}},
	{"placeholder", func(f *Field) bool { return !f.Placeholder.Empty() },
		[]Type{Text, Markdown, Number, Money, Phone, Email, Link, Secret, Enum, Tree, Ref}},
}

func (f *Field) checkStrays() error {
	for _, b := range belongs {
		if b.set(f) && !slices.Contains(b.types, f.Type) {
			return wrong(f.Line, "field %q: %s is nothing for the type %s", f.Name, b.key, f.Type)
		}
	}
	if f.Searchable && slices.Contains([]Type{Secret, Signature, Bool, Geo, Interval, Files}, f.Type) {
		return wrong(f.Line, "field %q: the type %s cannot be searched", f.Name, f.Type)
	}
	return nil
}

func (f *Field) checkNeeds() error {
	need := map[Type]struct {
		key  string
		have bool
	}{
		Enum:      {"options", len(f.Options) > 0},
		Tree:      {"options", len(f.Options) > 0},
		Ref:       {"to", f.To != ""},
		Table:     {"columns", len(f.Columns) > 0},
		Checklist: {"items", len(f.Items) > 0},
		Signoffs:  {"items", len(f.Items) > 0},
		Signature: {"by", len(f.By) > 0},
		Secret:    {"readers", len(f.Readers) > 0},
	}[f.Type]
	if need.key != "" && !need.have {
		return wrong(f.Line, "field %q of type %s needs %s", f.Name, f.Type, need.key)
	}
	return f.checkSigners()
}

func (f *Field) checkSigners() error {
	for _, item := range f.Items {
		switch {
		case f.Type == Signoffs && len(item.By) == 0 && len(f.By) == 0:
			return wrong(f.Line, "field %q: nobody may sign %q: give by", f.Name, item.Code)
		case f.Type == Checklist && len(item.By) > 0:
			return wrong(f.Line, "field %q: by is nothing for a line of a checklist", f.Name)
		case f.Type == Signoffs && item.NA:
			return wrong(f.Line, "field %q: na is nothing for a sign-off", f.Name)
		}
	}
	return nil
}

func (f *Field) checkOptions() error {
	seen := map[string]bool{}
	var walk func(options []Option) error
	walk = func(options []Option) error {
		for _, o := range options {
			if seen[o.Value] {
				return wrong(f.Line, "field %q: option %q is there twice", f.Name, o.Value)
			}
			seen[o.Value] = true
			if f.Type == Enum && o.Children != nil {
				return wrong(f.Line, "field %q: an enum has no children; use tree", f.Name)
			}
			if err := walk(o.Children); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(f.Options)
}

func (f *Field) checkLimits() error {
	switch {
	case f.Min != nil && f.Max != nil && *f.Min > *f.Max:
		return wrong(f.Line, "field %q: min is above max", f.Name)
	case f.MaxLen < 0 || f.MaxLen > maxText:
		return wrong(f.Line, "field %q: max_len is 1 to %d", f.Name, maxText)
	case f.Type == Rating && (f.Scale < 2 || f.Scale > 100):
		return wrong(f.Line, "field %q: scale is 2 to 100", f.Name)
	case !f.Multiple && (f.Min != nil || f.Max != nil) && slices.Contains([]Type{Enum, Tree, Ref}, f.Type):
		return wrong(f.Line, "field %q: min and max need multiple", f.Name)
	}
	return nil
}

func (f *Field) checkForms() error {
	for _, role := range slices.Concat(f.signers(), f.Readers, one(f.Of)) {
		if !roleForm.MatchString(role) {
			return wrong(f.Line, "field %q: %q is no role", f.Name, role)
		}
	}
	for _, accept := range f.Accept {
		if !acceptForm.MatchString(accept) {
			return wrong(f.Line, "field %q: %q is no content type", f.Name, accept)
		}
	}
	switch {
	case f.Currency != "" && !currencyForm.MatchString(f.Currency):
		return wrong(f.Line, "field %q: currency is three capitals", f.Name)
	case f.From != "" && !pathForm.MatchString(f.From):
		return wrong(f.Line, "field %q: %q is no path", f.Name, f.From)
	case f.To != "" && !nameForm.MatchString(f.To):
		return wrong(f.Line, "field %q: %q is nothing a reference can point to", f.Name, f.To)
	case f.Until != "" && !nameForm.MatchString(f.Until):
		return wrong(f.Line, "field %q: %q is no milestone", f.Name, f.Until)
	}
	return nil
}

func one(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func (f *Field) checkPattern() error {
	if f.Pattern == "" {
		return nil
	}
	re, err := regexp.Compile(`^(?:` + f.Pattern + `)$`)
	if err != nil {
		return wrong(f.Line, "field %q: pattern: %v", f.Name, err)
	}
	f.pattern = re
	return nil
}

// checkColumn refuses what a cell cannot hold.
func (f *Field) checkColumn() error {
	if slices.Contains([]Type{Table, Checklist, Signoffs, Signature, Secret}, f.Type) {
		return wrong(f.Line, "column %q: a table cannot hold the type %s", f.Name, f.Type)
	}
	if f.Indexed || f.From != "" {
		return wrong(f.Line, "column %q: indexed and from are nothing for a column", f.Name)
	}
	return nil
}

// setDefault takes a default that the field itself would take.
func (f *Field) setDefault(raw json.RawMessage, line int) error {
	if slices.Contains([]Type{Checklist, Signoffs, Consent, Signature, Secret, Ref, Files}, f.Type) {
		return wrong(line, "field %q: the type %s has no default", f.Name, f.Type)
	}
	r := &reading{p: Parse{System: true}}
	v, ok := r.value(f, f.Name, raw, nil)
	if !ok || len(r.faults) > 0 || r.err != nil || v == nil {
		return wrong(line, "field %q: the default is not a value of it: %s", f.Name, strings.Join(r.reasons(), ", "))
	}
	f.Default = settled(v)
	return nil
}

func (r *reading) reasons() []string {
	var list []string
	for _, f := range r.faults {
		list = append(list, f.Name+" "+f.Code)
	}
	return list
}
