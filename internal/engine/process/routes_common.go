package process

import (
	"context"
	"strings"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

type out[T any] struct{ Body T }

func result[T any](v T, err error) (*out[T], error) {
	if err != nil {
		return nil, err
	}
	return &out[T]{v}, nil
}

type itemsOf[T any] struct {
	Items []T `json:"items"`
}

type searchIn struct {
	httpapi.Paged
	Q     string `query:"q" maxLength:"500" doc:"words; all must be found, a phrase in quotes as it stands"`
	Types string `query:"types" maxLength:"200" doc:"record types, separated by commas"`
}

type similarIn struct {
	Type     string `query:"type" maxLength:"40"`
	Customer string `query:"customer" maxLength:"40"`
	Text     string `query:"text" maxLength:"5000"`
	Days     int    `query:"days" default:"30" minimum:"1" maximum:"730"`
}

type optionsIn struct {
	To       string `path:"to" maxLength:"40"`
	Q        string `query:"q" maxLength:"200"`
	Customer string `query:"customer" maxLength:"40"`
	Limit    int    `query:"limit" default:"20" minimum:"1" maximum:"100"`
}

type historyIn struct {
	ID   string `path:"id" maxLength:"40"`
	Days int    `query:"days" default:"90" minimum:"1" maximum:"730"`
}

type viewIn struct {
	ID   string `path:"id" maxLength:"40"`
	Body ViewInput
}

type schemeIn struct {
	httpapi.Conditional
	Code string `path:"code" maxLength:"40"`
	Body SchemeInput
}

// SchemeInput is a priority scheme as it is changed.
type SchemeInput struct {
	Scheme
}

// commonRoutes are the operations over all record types.
func (s *Service) commonRoutes(api *httpapi.API) {
	api.Tag("Records", "What all record types share.")
	op := func(id, method, path, summary string, perm work.Perm) httpapi.Op {
		return httpapi.Op{ID: id, Method: method, Path: "/api/v1" + path, Summary: summary, Perm: perm, Tag: "Records"}
	}
	httpapi.Handle(api, op("meta", "GET", "/meta", "Types, fields, forms and navigation open to the caller", ReadRecords),
		func(ctx context.Context, _ *struct{}) (*out[Meta], error) { return result(s.Meta(ctx)) })
	httpapi.Handle(api, op("work", "GET", "/work", "What waits for the caller, by promise", ReadRecords),
		func(ctx context.Context, _ *struct{}) (*out[Work], error) { return result(s.MyWork(ctx)) })
	httpapi.Handle(api, op("counts", "GET", "/counts", "Numbers for the navigation", ReadRecords),
		func(ctx context.Context, _ *struct{}) (*out[Counts], error) { return result(s.Counts(ctx)) })
	httpapi.Handle(api, op("search", "GET", "/search", "Full text over all records, newest first", UseSearch),
		func(ctx context.Context, in *searchIn) (*out[httpapi.Page[Found]], error) {
			found, next, err := s.Search(ctx, in.Q, split([]string{in.Types}), in.Cursor, in.Limit)
			return result(httpapi.NewPage(found, next), err)
		})
	httpapi.Handle(api, op("similar", "GET", "/similar", "Possible duplicates among a customer's recent records", ReadRecords),
		func(ctx context.Context, in *similarIn) (*out[itemsOf[Alike]], error) {
			found, err := s.Similar(ctx, in.Type, in.Customer, in.Text, in.Days)
			return result(itemsOf[Alike]{found}, err)
		})
	httpapi.Handle(api, op("options", "GET", "/options/{to}", "Choices of a field that refers to something", ReadRecords),
		func(ctx context.Context, in *optionsIn) (*out[itemsOf[party.Option]], error) {
			found, err := s.Options(ctx, in.To, in.Q, in.Customer, in.Limit)
			return result(itemsOf[party.Option]{found}, err)
		})
	httpapi.Handle(api, op("customer-history", "GET", "/customers/{id}/history", "What a customer reported lately", ReadRecords),
		func(ctx context.Context, in *historyIn) (*out[History], error) {
			return result(s.CustomerHistory(ctx, in.ID, in.Days))
		})
	api.Route(op("record-get", "GET", "/records/{number}", "A record of any type by its number", ReadRecords), s.getRoute(""))
	s.viewRoutes(api, op)
}

func (s *Service) viewRoutes(api *httpapi.API, op func(id, method, path, summary string, perm work.Perm) httpapi.Op) {
	httpapi.Handle(api, op("view-list", "GET", "/views", "Saved views", ReadRecords),
		func(ctx context.Context, in *struct {
			Type string `query:"type" maxLength:"40"`
		}) (*out[itemsOf[View]], error) {
			views, err := s.Views(ctx, in.Type)
			return result(itemsOf[View]{views}, err)
		})
	create := op("view-create", "POST", "/views", "Save a view", ReadRecords)
	create.Status = 201
	httpapi.Handle(api, create, func(ctx context.Context, in *struct{ Body ViewInput }) (*out[View], error) {
		return result(s.SaveView(ctx, "", in.Body))
	})
	httpapi.Handle(api, op("view-update", "PATCH", "/views/{id}", "Change a view of one's own", ReadRecords),
		func(ctx context.Context, in *viewIn) (*out[View], error) {
			return result(s.SaveView(ctx, in.ID, in.Body))
		})
	httpapi.Handle(api, op("view-delete", "DELETE", "/views/{id}", "Delete a view of one's own", ReadRecords),
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"40"`
		}) (*struct{}, error) {
			return &struct{}{}, s.DeleteView(ctx, in.ID)
		})
	httpapi.Handle(api, op("priority-scheme-list", "GET", "/priority-schemes", "Priority schemes", ReadDefinitions),
		func(ctx context.Context, _ *struct{}) (*out[itemsOf[Scheme]], error) {
			return result(itemsOf[Scheme]{s.schemes.all()}, nil)
		})
	httpapi.Handle(api, op("priority-scheme-save", "PUT", "/priority-schemes/{code}", "Change or add a priority scheme", ManageDefinitions),
		func(ctx context.Context, in *schemeIn) (*out[Scheme], error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			in.Body.Code = in.Code
			return result(s.SaveScheme(ctx, in.Body.Scheme, version))
		})
}

type definitionIn struct {
	Type string `path:"type" maxLength:"40"`
	Body DefinitionInput
}

// DefinitionInput is a changed definition.
type DefinitionInput struct {
	YAML string `json:"yaml" maxLength:"600000"`
	Note string `json:"note,omitempty" maxLength:"500"`
}

type diagramIn struct {
	Type     string `path:"type" maxLength:"40"`
	Workflow string `query:"workflow" maxLength:"40"`
	Version  int    `query:"version" minimum:"0"`
}

// Published is the version that a publication made.
type Published struct {
	Version int `json:"version"`
}

// DefinitionSource is the YAML of a version.
type DefinitionSource struct {
	YAML string `json:"yaml"`
}

func (s *Service) definitionRoutes(api *httpapi.API) {
	api.Tag("Definitions", "Record types as data: look, check, publish.")
	op := func(id, method, path, summary string, perm work.Perm) httpapi.Op {
		return httpapi.Op{ID: id, Method: method, Path: "/api/v1/definitions" + path, Summary: summary, Perm: perm, Tag: "Definitions", BodyLimit: 2 << 20}
	}
	httpapi.Handle(api, op("definition-list", "GET", "", "Types with their versions", ReadDefinitions),
		func(ctx context.Context, _ *struct{}) (*out[itemsOf[DefinitionInfo]], error) {
			list, err := s.Definitions(ctx)
			return result(itemsOf[DefinitionInfo]{list}, err)
		})
	httpapi.Handle(api, op("definition-source", "GET", "/{type}/versions/{version}", "The YAML of a version", ReadDefinitions),
		func(ctx context.Context, in *struct {
			Type    string `path:"type" maxLength:"40"`
			Version int    `path:"version" minimum:"1"`
		}) (*out[DefinitionSource], error) {
			source, err := s.DefinitionText(ctx, in.Type, in.Version)
			return result(DefinitionSource{source}, err)
		})
	httpapi.Handle(api, op("definition-check", "POST", "/{type}/check", "Check a changed definition without publishing it", ManageDefinitions),
		func(ctx context.Context, in *definitionIn) (*out[CheckResult], error) {
			return result(s.CheckDefinition(ctx, in.Type, in.Body.YAML))
		})
	httpapi.Handle(api, op("definition-publish", "POST", "/{type}/publish", "Publish a changed definition; running records keep theirs", ManageDefinitions),
		func(ctx context.Context, in *definitionIn) (*out[Published], error) {
			version, err := s.PublishDefinition(ctx, in.Type, in.Body.YAML, strings.TrimSpace(in.Body.Note))
			return result(Published{version}, err)
		})
	httpapi.Handle(api, op("definition-diagram", "GET", "/{type}/diagram", "States and transitions of a workflow", ReadRecords),
		func(ctx context.Context, in *diagramIn) (*out[Diagram], error) {
			return result(s.DrawDefinition(ctx, in.Type, in.Workflow, in.Version))
		})
}
