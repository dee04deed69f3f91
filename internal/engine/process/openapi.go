package process

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// describe adds every create and every transition of every type to the API document, with the schema its definition implies.
func (s *Service) describe(doc *huma.OpenAPI) {
	for _, def := range s.catalogue.Types() {
		d := describer{doc: doc, def: def, base: "/api/v1/" + def.Plural}
		d.shared()
		d.create()
		for _, variants := range steps(def) {
			d.transition(variants)
		}
	}
}

// steps gathers the transitions of a type by their code: several workflows may have a step of one name, which is one operation.
func steps(def *definition.Type) [][]*definition.Transition {
	var all [][]*definition.Transition
	for i := range def.Workflows {
		for j := range def.Workflows[i].Value.Transitions {
			t := &def.Workflows[i].Value.Transitions[j].Value
			k := slices.IndexFunc(all, func(have []*definition.Transition) bool { return have[0].Code == t.Code })
			if k < 0 {
				all = append(all, nil)
				k = len(all) - 1
			}
			all[k] = append(all[k], t)
		}
	}
	return all
}

type describer struct {
	doc  *huma.OpenAPI
	def  *definition.Type
	base string
}

var (
	numberParam = &huma.Param{Name: "number", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}
	matchParam  = &huma.Param{Name: "If-Match", In: "header", Description: "Version the caller saw; another answers 412.", Schema: &huma.Schema{Type: "string"}}
	onceParam   = &huma.Param{Name: "Idempotency-Key", In: "header", Description: "A retry with the same key answers the record already made.", Schema: &huma.Schema{Type: "string"}}
)

func (d describer) add(id, method, path, summary string, perm work.Perm, status string, in *huma.Schema, params ...*huma.Param) {
	responses := httpapi.ProblemResponses(perm)
	responses[status] = &huma.Response{Description: "Done", Content: map[string]*huma.MediaType{"application/json": {Schema: d.answer(status, method, path)}}}
	op := &huma.Operation{OperationID: d.def.Type + "-" + id, Method: method, Path: d.base + path, Summary: summary, Tags: []string{d.def.Label.En},
		Parameters: params, Responses: responses, Security: httpapi.Security(perm)}
	if in != nil {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: in}}}
	}
	d.doc.AddOperation(op)
}

func (d describer) answer(_, method, path string) *huma.Schema {
	if method == "GET" && path == "" {
		return d.doc.Components.Schemas.Schema(typeOf[List](), true, "ProcessList")
	}
	return d.doc.Components.Schemas.Schema(typeOf[Detail](), true, "ProcessDetail")
}

func (d describer) shared() {
	label := d.def.Label.En
	d.add("list", "GET", "", "List: "+label, ReadRecords, "200", nil, listParams(d.def)...)
	d.add("get", "GET", "/{number}", "Read: "+label, ReadRecords, "200", nil, numberParam)
	d.add("edit", "PATCH", "/{number}", "Change fields: "+label, WriteRecords, "200", d.schema(d.def.Fields.Names(), nil, "none"), numberParam, matchParam)
	d.add("assign", "POST", "/{number}/assign", "Assign: "+label, MoveRecords, "200", d.schema([]string{"assignee", "team"}, nil, "optional"), numberParam, matchParam)
}

func listParams(def *definition.Type) []*huma.Param {
	names := []string{"q", "state", "kind", "open", "customer", "site", "service", "assignee", "team", "requester", "priority", "impact", "urgency", "channel", "level",
		"workflow", "major", "watching", "turn", "parent", "created_from", "created_to", "updated_from", "updated_to", "due_before", "sort", "cursor", "limit", "count"}
	for _, f := range def.Fields {
		if f.Indexed && !definition.StandardField(f.Name) {
			names = append(names, "f."+f.Name)
		}
	}
	params := make([]*huma.Param, len(names))
	for i, name := range names {
		params[i] = &huma.Param{Name: name, In: "query", Schema: &huma.Schema{Type: "string"}}
	}
	return params
}

func (d describer) create() {
	cr := d.def.Create
	in := d.schema(cr.Inputs(), cr.Require, "none")
	in.Properties["parent"] = &huma.Schema{Type: "string", Description: "Number of the record above, for a sub-record"}
	in.Properties["workflow"] = &huma.Schema{Type: "string", Enum: d.workflows()}
	d.add("create", "POST", "", "Open: "+d.def.Label.En, CreateRecords, "201", in, onceParam)
}

func (d describer) workflows() []any {
	var codes []any
	for _, w := range d.def.Workflows {
		codes = append(codes, w.Name)
	}
	return codes
}

// transition describes a step: what any of its variants takes, and what all of them require.
func (d describer) transition(variants []*definition.Transition) {
	t := variants[0]
	names, require, comment := t.Inputs(), t.Require, t.Comment
	for _, v := range variants[1:] {
		for _, name := range v.Inputs() {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		require = slices.DeleteFunc(slices.Clone(require), func(name string) bool { return !slices.Contains(v.Require, name) })
		if v.Comment != comment {
			comment = "optional"
		}
	}
	d.add(strings.ReplaceAll(t.Code, "_", "-"), "POST", "/{number}/"+t.Code, t.Label.En+": "+d.def.Label.En, MoveRecords, "200",
		d.schema(names, require, comment), numberParam, matchParam)
}

// schema is the body that a step takes.
func (d describer) schema(names, require []string, comment string) *huma.Schema {
	s := &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{}, AdditionalProperties: false}
	for _, name := range names {
		if f, ok := d.def.Field(name); ok && !f.ReadOnly {
			s.Properties[name] = fieldSchema(f)
		}
	}
	s.Required = append(s.Required, require...)
	if comment != "" && comment != "none" {
		s.Properties["comment"] = &huma.Schema{Type: "string"}
		s.Properties["comment_public"] = &huma.Schema{Type: "boolean"}
		if comment == "required" {
			s.Required = append(s.Required, "comment")
		}
	}
	return s
}

// fieldSchema turns a field's JSON Schema into the document's own type; what the type does not know rides along as an extension.
func fieldSchema(f form.Field) *huma.Schema {
	s := &huma.Schema{}
	raw, err := json.Marshal(form.Schema(f))
	if err == nil {
		err = json.Unmarshal(raw, s)
	}
	if err != nil {
		s = &huma.Schema{}
	}
	s.Description = f.Label.In(text.En)
	return s
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }
