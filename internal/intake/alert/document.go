package alert

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// describeIntake puts the intake into the API document: any payload in, always the same answer out.
func describeIntake(doc *huma.OpenAPI) {
	answer := doc.Components.Schemas.Schema(reflect.TypeFor[Outcome](), true, "AlertOutcome")
	token := &huma.Param{Name: "token", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}
	for _, kind := range kinds {
		op := &huma.Operation{OperationID: "alert-intake-" + string(kind), Method: "POST", Path: "/api/v1/intake/" + string(kind) + "/{token}", Tags: []string{tag},
			Summary: "Take a payload of kind " + string(kind) + " in", Parameters: []*huma.Param{token}, Security: httpapi.Security(work.Public),
			RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{}}}},
			Responses:   httpapi.ProblemResponses(work.Public)}
		op.Responses["200"] = &huma.Response{Description: "What became of each alert", Content: map[string]*huma.MediaType{"application/json": {Schema: answer}}}
		doc.AddOperation(op)
	}
}
