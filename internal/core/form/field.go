// Package form declares the fields of a record type, reads what people enter into them, and decides who sees what.
package form

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/steward-ops/steward/internal/kernel/text"
)

// Type is what a field holds.
type Type string

// The field types.
const (
	Text      Type = "text"
	Markdown  Type = "markdown"
	Number    Type = "number"
	Money     Type = "money"
	Bool      Type = "bool"
	Date      Type = "date"
	Time      Type = "time"
	DateTime  Type = "datetime"
	Duration  Type = "duration"
	Enum      Type = "enum"
	Tree      Type = "tree"
	Ref       Type = "ref"
	Files     Type = "files"
	Table     Type = "table"
	Checklist Type = "checklist"
	Signoffs  Type = "signoffs"
	Consent   Type = "consent"
	Signature Type = "signature"
	Secret    Type = "secret"
	Rating    Type = "rating"
	Geo       Type = "geo"
	Interval  Type = "interval"
	Phone     Type = "phone"
	Email     Type = "email"
	Link      Type = "link"
)

// kinds is every type with the kind of value an expression sees.
var kinds = map[Type]string{
	Text: "string", Markdown: "string", Number: "double", Money: "string", Bool: "bool",
	Date: "timestamp", Time: "string", DateTime: "timestamp", Duration: "duration",
	Enum: "string", Tree: "string", Ref: "string", Files: "list", Table: "list",
	Checklist: "map", Signoffs: "map", Consent: "map", Signature: "map", Secret: "string",
	Rating: "int", Geo: "map", Interval: "map", Phone: "string", Email: "string", Link: "string",
}

// Field is the declaration of one field of a record type.
type Field struct {
	Name        string     `json:"name"`
	Type        Type       `json:"type"`
	Label       text.Label `json:"label"`
	Help        text.Label `json:"help,omitzero"`
	Placeholder text.Label `json:"placeholder,omitzero"`
	Group       text.Label `json:"group,omitzero"`
	Width       string     `json:"width,omitempty"` // third, half, full

	Required   bool `json:"required,omitempty"`
	ReadOnly   bool `json:"read_only,omitempty"`  // filled by the program
	Public     bool `json:"public,omitempty"`     // the customer sees it
	Sensitive  bool `json:"sensitive,omitempty"`  // masked in lists and exports
	Indexed    bool `json:"indexed,omitempty"`    // lists filter and sort by it
	Searchable bool `json:"searchable,omitempty"` // full text finds it

	Default  any        `json:"default,omitempty"` // in canonical form
	Unit     text.Label `json:"unit,omitzero"`
	Min      *float64   `json:"min,omitempty"` // of a number, or of the count of rows, files, choices
	Max      *float64   `json:"max,omitempty"`
	MaxLen   int        `json:"max_len,omitempty"` // in characters
	Pattern  string     `json:"pattern,omitempty"` // the whole text must match
	Scale    int        `json:"scale,omitempty"`   // best mark of a rating
	Currency string     `json:"currency,omitempty"`

	Options  []Option `json:"options,omitempty"`  // enum, tree
	Multiple bool     `json:"multiple,omitempty"` // enum, tree, ref
	To       string   `json:"to,omitempty"`       // ref: person, staff, contact, organisation, … or a record type
	From     string   `json:"from,omitempty"`     // copied from there at creation: "parent.site", "requester.phone"
	Accept   []string `json:"accept,omitempty"`   // files: content types, "image/*"

	Columns Fields   `json:"columns,omitempty"` // table
	Items   []Item   `json:"items,omitempty"`   // checklist, signoffs
	By      []string `json:"by,omitempty"`      // signature, signoffs: who may
	Of      string   `json:"of,omitempty"`      // consent: whose; "customer" when not said
	Covers  []Item   `json:"covers,omitempty"`  // consent: what it must be about
	Readers []string `json:"readers,omitempty"` // secret: who may open it
	Until   string   `json:"until,omitempty"`   // secret: the milestone at which it is erased

	Line int `json:"-"` // where the definition declares it

	pattern *regexp.Regexp
}

// Option is one choice of an enum, or one node of a tree.
type Option struct {
	Value    string     `json:"value"`
	Label    text.Label `json:"label"`
	Hint     text.Label `json:"hint,omitzero"`
	Children []Option   `json:"children,omitempty"`
}

// Item is one line of a checklist, one sign-off, or one thing that a consent covers.
type Item struct {
	Code     string     `json:"code"`
	Label    text.Label `json:"label"`
	By       []string   `json:"by,omitempty"`       // sign-off: who may sign this line; the field's By when empty
	Optional bool       `json:"optional,omitempty"` // the checklist is complete without it
	NA       bool       `json:"na,omitempty"`       // "not applicable" is an answer
}

// Fields are the fields of a record type, in the order of the definition.
type Fields []Field

// DefinitionError tells which line of a definition is wrong, and why.
type DefinitionError struct {
	Line   int
	Reason string
}

func (e *DefinitionError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

func wrong(line int, format string, args ...any) error {
	return &DefinitionError{Line: line, Reason: fmt.Sprintf(format, args...)}
}

// Types lists every field type, sorted.
func Types() []Type {
	list := make([]Type, 0, len(kinds))
	for t := range kinds {
		list = append(list, t)
	}
	slices.Sort(list)
	return list
}

// Kind is the kind of value an expression sees: string, double, int, bool, timestamp, duration, list or map.
// A date is a timestamp (its first instant); a rating may also be the string "declined".
func (f Field) Kind() string {
	if f.Multiple {
		return "list"
	}
	return kinds[f.Type]
}

// Get finds a field by its name.
func (fs Fields) Get(name string) (Field, bool) {
	for i := range fs {
		if fs[i].Name == name {
			return fs[i], true
		}
	}
	return Field{}, false
}

// Names lists the names in order.
func (fs Fields) Names() []string {
	names := make([]string, len(fs))
	for i := range fs {
		names[i] = fs[i].Name
	}
	return names
}

// Where keeps the fields for which keep holds, in order.
func (fs Fields) Where(keep func(Field) bool) Fields {
	var some Fields
	for _, f := range fs {
		if keep(f) {
			some = append(some, f)
		}
	}
	return some
}

// Visible are the fields a customer may know of; a table keeps just its public columns unless none is marked.
func (fs Fields) Visible() Fields {
	some := fs.Where(func(f Field) bool { return f.Public })
	for i := range some {
		some[i].Columns = some[i].publicColumns()
	}
	return some
}

func (f Field) publicColumns() Fields {
	public := f.Columns.Where(func(c Field) bool { return c.Public })
	if len(public) == 0 {
		return f.Columns
	}
	return public
}

// Option finds a choice by its value, at any depth of a tree.
func (f Field) Option(value string) (Option, bool) { return findOption(f.Options, value) }

func findOption(options []Option, value string) (Option, bool) {
	for _, o := range options {
		if o.Value == value {
			return o, true
		}
		if deeper, ok := findOption(o.Children, value); ok {
			return deeper, true
		}
	}
	return Option{}, false
}

// OptionPath is the way from the root of a tree to the value, both ends included; nil when there is no such value.
func (f Field) OptionPath(value string) []Option { return optionPath(f.Options, value) }

func optionPath(options []Option, value string) []Option {
	for _, o := range options {
		if o.Value == value {
			return []Option{o}
		}
		if rest := optionPath(o.Children, value); rest != nil {
			return append([]Option{o}, rest...)
		}
	}
	return nil
}

func findItem(items []Item, code string) (Item, bool) {
	i := slices.IndexFunc(items, func(it Item) bool { return it.Code == code })
	if i < 0 {
		return Item{}, false
	}
	return items[i], true
}

// Customers tells whether a role of a `by` list is the customer's: "customer", "customer(contact)".
func Customers(role string) bool {
	return role == "customer" || strings.HasPrefix(role, "customer(")
}
