package form

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Resolver finds which of the ids of a kind exist within the actor's reach. It answers with the canonical id of each
// one found (a record may be named by its number), and leaves out what is absent or out of scope.
// Kinds are a ref's To, and "file".
type Resolver func(kind string, ids []string) (map[string]string, error)

// Parse is what reading an input needs to know.
type Parse struct {
	Prefix  string   // of the paths in faults: "fields"
	Partial bool     // a change: what is not named stays, nothing is required but Require
	System  bool     // the program itself fills: read-only fields are open
	Only    []string // names that may be given; nil = all
	Require []string // names that must be filled afterwards
	Old     Values   // what is stored now: checklists and sign-offs are merged with it, signatures protected by it

	Now   time.Time
	Zone  *time.Location // of datetimes given without an offset; nil = such datetimes are refused
	Actor *work.Actor

	Refs   Resolver                                // nil = references are taken as they are
	Seal   func(plain, aad string) (string, error) // for secrets; aad is the field's name
	Plays  func(role string) bool                  // whether the actor plays a role of `by` or `of` on this record; nil = by side and granted role alone
	Code   func(code string) (bool, error)         // checks the one-time code of a signature; nil = no codes
	Digest string                                  // hash of what a signature signs
}

// Parse reads an input. It answers the values in canonical form (nil = cleared), every field that is wrong, and an error
// when reading failed for another reason or the actor may not do that at all: a signature in somebody's place is forbidden (ONS-20).
//
// Values are exactly what encoding/json would decode into an any, so that they are alike fresh and stored.
func (fs Fields) Parse(in map[string]json.RawMessage, p Parse) (Values, []fault.Field, error) {
	r := &reading{p: p, fields: fs}
	values := Values{}
	for i := range fs {
		f := &fs[i]
		raw, given := in[f.Name]
		if !given || !r.open(f) {
			continue
		}
		if v, ok := r.value(f, r.path(f.Name), raw, p.Old[f.Name]); ok {
			values[f.Name] = v
		}
	}
	r.unknown(in)
	r.defaults(values, in)
	r.resolve()
	for name, v := range values {
		values[name] = settled(v)
	}
	r.require(values)
	return values, r.faults, r.err
}

// reading is one run of Parse.
type reading struct {
	p      Parse
	fields Fields
	faults []fault.Field
	wants  []want
	err    error
}

// want is references to be resolved together with all others.
type want struct {
	field *Field
	kind  string
	path  string
	ids   []string
	take  func(ids []string)
}

func (r *reading) path(name string) string {
	if r.p.Prefix == "" {
		return name
	}
	return r.p.Prefix + "." + name
}

func (r *reading) fault(f *Field, path, code string, params text.Params) {
	if params == nil {
		params = text.Params{}
	}
	params["label"] = f.Label
	r.faults = append(r.faults, fault.Field{Name: path, Code: code, Params: params})
}

func (r *reading) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// open tells whether the actor may give this field here, and says why not.
func (r *reading) open(f *Field) bool {
	switch {
	case r.p.System:
		return true
	case !r.visible(f):
		return false // unknown says so: a customer learns nothing of internal fields
	case f.ReadOnly || (r.p.Only != nil && !slices.Contains(r.p.Only, f.Name)):
		r.fault(f, r.path(f.Name), "field.readonly", nil)
		return false
	}
	return true
}

func (r *reading) visible(f *Field) bool {
	return f.Public || r.p.System || r.p.Actor == nil || r.p.Actor.OrgKind != work.Customer
}

// unknown names what the input has and the form has not.
func (r *reading) unknown(in map[string]json.RawMessage) {
	var names []string
	for name := range in {
		f, ok := r.fields.Get(name)
		if !ok || !r.visible(&f) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		r.faults = append(r.faults, unknownField(r.path(short(name)), short(name)))
	}
}

func unknownField(path, name string) fault.Field {
	return fault.Field{Name: path, Code: "field.unknown", Params: text.Params{"name": name}}
}

// short makes a name from the input fit to be shown.
func short(name string) string {
	name = strings.ToValidUTF8(name, "?")
	name = strings.Map(func(c rune) rune {
		if isControl(c) {
			return '?'
		}
		return c
	}, name)
	if runes := []rune(name); len(runes) > 64 {
		return string(runes[:64]) + "…"
	}
	return name
}

// defaults fills what a new record's input leaves out.
func (r *reading) defaults(values Values, in map[string]json.RawMessage) {
	if r.p.Partial {
		return
	}
	for i := range r.fields {
		f := &r.fields[i]
		if _, given := in[f.Name]; !given && f.Default != nil {
			values[f.Name] = clone(f.Default)
		}
	}
}

// resolve checks all references, one question a kind.
func (r *reading) resolve() {
	if r.p.Refs == nil || r.err != nil {
		return
	}
	for _, kind := range r.kindsWanted() {
		found, err := r.p.Refs(kind, r.idsWanted(kind))
		if err != nil {
			r.fail(err)
			return
		}
		r.take(kind, found)
	}
}

func (r *reading) kindsWanted() []string {
	var list []string
	for _, w := range r.wants {
		if !slices.Contains(list, w.kind) {
			list = append(list, w.kind)
		}
	}
	return list
}

func (r *reading) idsWanted(kind string) []string {
	seen := map[string]bool{}
	var ids []string
	for _, w := range r.wants {
		for _, id := range w.ids {
			if w.kind == kind && !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	return ids
}

func (r *reading) take(kind string, found map[string]string) {
	for _, w := range r.wants {
		if w.kind != kind {
			continue
		}
		var ids []string
		for i, id := range w.ids {
			canonical, ok := found[id]
			if !ok {
				r.fault(w.field, w.at(i), "field.missing", nil)
			} else if !slices.Contains(ids, canonical) {
				ids = append(ids, canonical)
			}
		}
		if len(ids) > 0 {
			w.take(ids)
		}
	}
}

// at is the path of one of the references.
func (w want) at(i int) string {
	if w.field.Type == Files || w.field.Multiple {
		return index(w.path, i)
	}
	return w.path
}

// require names what is still empty. A field that is already named as wrong is not named again.
func (r *reading) require(values Values) {
	for i := range r.fields {
		f := &r.fields[i]
		if r.requires(f, values) && !r.isFilled(f, values) && !r.faulty(r.path(f.Name)) {
			r.fault(f, r.path(f.Name), "field.required", nil)
		}
	}
}

func (r *reading) requires(f *Field, values Values) bool {
	if slices.Contains(r.p.Require, f.Name) {
		return true
	}
	if !f.Required || f.ReadOnly {
		return false
	}
	_, named := values[f.Name]
	return named || (!r.p.Partial && r.visible(f) && (r.p.Only == nil || slices.Contains(r.p.Only, f.Name)))
}

func (r *reading) isFilled(f *Field, values Values) bool {
	if v, named := values[f.Name]; named {
		return f.Filled(v)
	}
	return f.Filled(r.p.Old[f.Name])
}

func (r *reading) faulty(path string) bool {
	return slices.ContainsFunc(r.faults, func(f fault.Field) bool {
		return f.Name == path || strings.HasPrefix(f.Name, path+".") || strings.HasPrefix(f.Name, path+"[")
	})
}

// value reads one field; false means a fault was noted, or nothing changes.
func (r *reading) value(f *Field, path string, raw json.RawMessage, old any) (any, bool) {
	if isNull(raw) {
		return nil, r.clear(f, path, old)
	}
	if f.Multiple {
		return r.many(f, path, raw)
	}
	return readers[f.Type](r, f, path, raw, old)
}

// clear tells whether a value may be emptied: what somebody else signed stays.
func (r *reading) clear(f *Field, path string, old any) bool {
	switch f.Type {
	case Signature:
		return r.maySign(f, path, f.By) && r.ownSignature(f, path, old)
	case Signoffs, Checklist:
		if len(asMap(old)) > 0 {
			r.fault(f, path, "form.keep", nil)
			return false
		}
	}
	return true
}

type reader func(r *reading, f *Field, path string, raw json.RawMessage, old any) (any, bool)

// readers is filled by init, for tables read their columns through it.
var readers map[Type]reader

func init() {
	readers = map[Type]reader{
		Text: readText, Markdown: readText, Phone: readPhone, Email: readEmail, Link: readLink, Secret: readSecret,
		Number: readNumber, Money: readMoney, Bool: readBool, Duration: readDuration, Rating: readRating,
		Date: readDate, Time: readTime, DateTime: readDateTime, Interval: readInterval, Geo: readGeo,
		Enum: readChoice, Tree: readChoice, Ref: readRef, Files: readFiles, Table: readTable,
		Checklist: readChecklist, Signoffs: readSignoffs, Consent: readConsent, Signature: readSignature,
	}
}
