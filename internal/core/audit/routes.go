package audit

import (
	"context"
	"io"
	"net/url"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/httpapi"
)

// ListInput is the query of the audit page.
type ListInput struct {
	httpapi.Paged
	Stream   string    `query:"stream" maxLength:"100"`
	Subject  string    `query:"subject" maxLength:"100" doc:"Type of the thing: incident, person."`
	Actor    string    `query:"actor" maxLength:"100"`
	Customer string    `query:"customer" maxLength:"100"`
	Kind     string    `query:"kind" maxLength:"100"`
	Number   string    `query:"number" maxLength:"100"`
	From     time.Time `query:"from"`
	To       time.Time `query:"to" doc:"Exclusive."`
}

func (in *ListInput) filter() Filter {
	return Filter{
		Stream: in.Stream, Subject: in.Subject, Actor: in.Actor, Customer: in.Customer, Kind: in.Kind, Number: in.Number,
		From: in.From, To: in.To, Cursor: in.Cursor, Limit: in.Limit,
	}
}

// ListOutput is a page of events.
type ListOutput struct{ Body httpapi.Page[Entry] }

// VerifyOutput is the result of a verification.
type VerifyOutput struct {
	Body struct {
		Report
		Sentence string `json:"sentence,omitempty" doc:"The first finding in words."`
	}
}

// Routes registers the operations.
func (s *Service) Routes(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Op{
		ID: "audit-list", Method: "GET", Path: "/api/v1/audit", Tag: "audit", Perm: Read,
		Summary: "List audit events, newest first",
	}, s.list)
	httpapi.Handle(api, httpapi.Op{
		ID: "audit-verify", Method: "GET", Path: "/api/v1/audit/verify", Tag: "audit", Perm: Read, Timeout: 30 * time.Minute,
		Summary: "Recompute every hash and seal; at most once a minute",
	}, s.verify)
	api.Route(httpapi.Op{
		ID: "audit-export", Method: "GET", Path: "/api/v1/audit/export", Tag: "audit", Perm: Read, Timeout: 30 * time.Minute,
		Summary: "Audit events as CSV",
	}, s.export)
}

func (s *Service) list(ctx context.Context, in *ListInput) (*ListOutput, error) {
	page, err := s.List(ctx, in.filter())
	if err != nil {
		return nil, err
	}
	return &ListOutput{Body: httpapi.NewPage(page.Items, page.Next)}, nil
}

func (s *Service) verify(ctx context.Context, _ *struct{}) (*VerifyOutput, error) {
	if err := s.verified.enter(s.clock); err != nil {
		return nil, err
	}
	defer s.verified.leave()
	report, err := s.Verify(ctx, io.Discard)
	if err != nil {
		return nil, err
	}
	out := &VerifyOutput{}
	out.Body.Report = report
	if report.First != nil {
		out.Body.Sentence = report.First.Say(httpapi.Lang(ctx))
	}
	return out, nil
}

func (s *Service) export(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
	f, err := filterOf(c.Queries())
	if err != nil {
		return nil, err
	}
	return &httpapi.Reply{
		ContentType: "text/csv; charset=utf-8",
		Header:      map[string]string{"Content-Disposition": `attachment; filename="audit.csv"`},
		Write:       func(w io.Writer) error { return s.Export(ctx, f, w) },
	}, nil
}

// filterOf reads the filter of an export from the query.
func filterOf(query url.Values) (Filter, error) {
	var f Filter
	var wrong []fault.Field
	texts := map[string]*string{
		"stream": &f.Stream, "subject": &f.Subject, "actor": &f.Actor, "customer": &f.Customer, "kind": &f.Kind, "number": &f.Number,
	}
	times := map[string]*time.Time{"from": &f.From, "to": &f.To}
	for name, values := range query {
		if into, ok := texts[name]; ok {
			*into = values[0]
			continue
		}
		into, ok := times[name]
		if !ok {
			wrong = append(wrong, fault.Field{Name: name, Code: "field.unknown", Params: text.Params{"name": name}})
			continue
		}
		t, err := time.Parse(time.RFC3339, values[0])
		if err != nil {
			wrong = append(wrong, fault.Field{Name: name, Code: "field.type", Params: text.Params{"label": name, "wanted": "RFC 3339"}})
		}
		*into = t
	}
	if wrong != nil {
		return Filter{}, fault.Fields(wrong...)
	}
	return f, nil
}
