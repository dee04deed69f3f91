package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// maxCases is how many calculations one call may ask for.
const maxCases = 1000

// Calculate registers a stateless calculation: of one case, or of many as {"cases": [{"id": …, …}]}, answered as
// {"results": [{"id": …, …}]} in their order. A bad case of many gets its own "problem" and does not fail the others.
// In is checked as strictly as the body of a typed operation.
func Calculate[In, Out any](api *API, op Op, fn func(ctx context.Context, in In) (Out, error)) {
	if op.BodyLimit == 0 {
		op.BodyLimit = 8 << 20
	}
	api.pkg = packageOf(reflect.TypeFor[In](), reflect.TypeFor[Out]())
	defer func() { api.pkg = "" }()
	registry := api.huma.OpenAPI().Components.Schemas
	in, out := registry.Schema(reflect.TypeFor[In](), true, "In"), registry.Schema(reflect.TypeFor[Out](), true, "Out")
	k := &calculator[In, Out]{registry: registry, schema: in, fn: fn}
	api.Route(op, func(ctx context.Context, c *Call) (*Reply, error) {
		body, err := c.JSON()
		if err != nil {
			return nil, err
		}
		if _, many := body["cases"]; many {
			results, err := k.batch(ctx, body)
			return &Reply{Body: map[string]any{"results": results}}, err
		}
		result, err := k.one(ctx, body)
		return &Reply{Body: result}, err
	})
	api.Describe(func(doc *huma.OpenAPI) { describeCalculation(doc, op, in, out) })
}

type calculator[In, Out any] struct {
	registry huma.Registry
	schema   *huma.Schema
	fn       func(ctx context.Context, in In) (Out, error)
}

func (k *calculator[In, Out]) batch(ctx context.Context, body map[string]json.RawMessage) ([]map[string]json.RawMessage, error) {
	var cases []map[string]json.RawMessage
	switch err := json.Unmarshal(body["cases"], &cases); {
	case err != nil:
		return nil, fault.One("cases", "field.type", text.Params{"label": "cases", "wanted": forms["array"]})
	case len(cases) > maxCases:
		return nil, fault.One("cases", "httpapi.many", text.Params{"label": "cases", "max": maxCases})
	}
	for name := range body {
		if name != "cases" {
			return nil, fault.One(name, "field.unknown", text.Params{"name": name})
		}
	}
	results := make([]map[string]json.RawMessage, len(cases))
	for i, one := range cases {
		result, err := k.one(ctx, one)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err != nil {
			problem, err := json.Marshal(problemOf(ctx, err))
			if err != nil {
				return nil, err
			}
			result = map[string]json.RawMessage{"problem": problem}
			if id, named := one["id"]; named {
				result["id"] = id
			}
		}
		results[i] = result
	}
	return results, nil
}

// one calculates a case; a name that it has is repeated with its answer.
func (k *calculator[In, Out]) one(ctx context.Context, members map[string]json.RawMessage) (map[string]json.RawMessage, error) {
	id, named := members["id"]
	bare := make(map[string]json.RawMessage, len(members))
	for name, value := range members {
		if name != "id" {
			bare[name] = value
		}
	}
	in, err := k.read(ctx, bare)
	if err != nil {
		return nil, err
	}
	out, err := k.fn(ctx, in)
	if err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	var result map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &result); err != nil {
		return nil, err
	}
	if named {
		result["id"] = id
	}
	return result, nil
}

func (k *calculator[In, Out]) read(ctx context.Context, members map[string]json.RawMessage) (in In, err error) {
	encoded, err := json.Marshal(members)
	if err != nil {
		return in, err
	}
	var plain any
	if err := json.Unmarshal(encoded, &plain); err != nil {
		return in, malformed("httpapi.unreadable", err)
	}
	found := &huma.ValidateResult{}
	huma.Validate(k.registry, k.schema, huma.NewPathBuffer(nil, 0), huma.ModeWriteToServer, plain, found)
	if len(found.Errors) > 0 {
		return in, fromHuma(ctx, http.StatusUnprocessableEntity, "", found.Errors)
	}
	if err := json.Unmarshal(encoded, &in); err != nil {
		return in, malformed("httpapi.unreadable", err)
	}
	return in, nil
}

func describeCalculation(doc *huma.OpenAPI, op Op, in, out *huma.Schema) {
	list := func(name string, of *huma.Schema) *huma.Schema {
		return &huma.Schema{Type: huma.TypeObject, Required: []string{name}, Properties: map[string]*huma.Schema{
			name: {Type: huma.TypeArray, Items: of}}}
	}
	content := func(one *huma.Schema, name string) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{AnyOf: []*huma.Schema{one, list(name, &huma.Schema{Type: huma.TypeObject})}}}}
	}
	responses := ProblemResponses(op.Perm)
	responses["200"] = &huma.Response{Description: "The result, or the results of the cases in their order.", Content: content(out, "results")}
	doc.AddOperation(&huma.Operation{
		OperationID: op.ID, Method: http.MethodPost, Path: op.Path, Tags: []string{op.Tag}, Summary: op.Summary,
		Description: op.Detail, Security: Security(op.Perm), Responses: responses,
		RequestBody: &huma.RequestBody{Required: true, Content: content(in, "cases")},
	})
}
