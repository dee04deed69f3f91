package notify

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// describeLinks adds the operations of links to the document; they answer JSON or a page, so they are not typed ones.
func describeLinks(doc *huma.OpenAPI) {
	for _, op := range []*huma.Operation{
		{OperationID: "acknowledge-show", Method: http.MethodGet, Summary: "What a link acknowledges; changes nothing"},
		{OperationID: "acknowledge", Method: http.MethodPost, Summary: "Acknowledge by a link"},
	} {
		op.Path, op.Tags, op.Security = acknowledgePath, []string{"Notifications"}, httpapi.Security(work.Public)
		op.Description = "The token of the link is all that is needed, for seven days and once. Browsers get a page; only its button acknowledges, for mail scanners follow links."
		op.Parameters = []*huma.Param{{Name: "token", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}}}
		op.Responses = httpapi.ProblemResponses(work.Public)
		op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{
			"application/json": {Schema: linkedSchema()}, "text/html": {Schema: &huma.Schema{Type: huma.TypeString}},
		}}
		doc.AddOperation(op)
	}
}

func linkedSchema() *huma.Schema {
	instant := func(nullable bool) *huma.Schema {
		return &huma.Schema{Type: huma.TypeString, Format: "date-time", Nullable: nullable}
	}
	return &huma.Schema{Type: huma.TypeObject, Required: []string{"number", "text", "at", "acknowledged_at"}, Properties: map[string]*huma.Schema{
		"number": {Type: huma.TypeString}, "text": {Type: huma.TypeString}, "at": instant(false), "acknowledged_at": instant(true),
	}}
}
