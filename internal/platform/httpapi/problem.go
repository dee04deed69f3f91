package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Problem is the body of every answer that is not a success (RFC 9457).
type Problem struct {
	_         struct{}       `json:"-" additionalProperties:"true"`
	Type      string         `json:"type" format:"uri" example:"urn:steward:problem:invalid" doc:"Names the kind of problem."`
	Title     string         `json:"title" doc:"The kind of problem in the reader's language."`
	Status    int            `json:"status" example:"422" doc:"HTTP status."`
	Code      string         `json:"code" example:"invalid" doc:"Stable identifier for programs."`
	Detail    string         `json:"detail,omitempty" doc:"What happened, in the reader's language."`
	Guard     string         `json:"guard,omitempty" doc:"The rule of the process that refused."`
	Errors    []ProblemField `json:"errors,omitempty" doc:"Every field that is missing or wrong."`
	RequestID string         `json:"request_id" doc:"Number of the request in the log."`
	data      map[string]any
	cause     error
	retry     int // seconds, 0 = says nothing
}

// ProblemField is one field that is missing or wrong.
type ProblemField struct {
	Field  string `json:"field" example:"parts[2].count" doc:"Path of the field in the input."`
	Code   string `json:"code" example:"field.required" doc:"Stable identifier for programs."`
	Detail string `json:"detail" doc:"What to do, in the reader's language."`
}

// Error makes a problem an error that huma understands.
func (p *Problem) Error() string { return p.Code }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of problem documents.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders are the headers that go with the problem.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if p.Status == http.StatusRequestEntityTooLarge || p.Status == http.StatusRequestTimeout {
		h.Set("Connection", "close") // the rest of the body is not read
	}
	if p.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retry))
	}
	return h
}

// MarshalJSON adds the fault's data as members of the document; they never replace its own.
func (p *Problem) MarshalJSON() ([]byte, error) {
	type plain Problem
	own, err := json.Marshal((*plain)(p))
	if err != nil || len(p.data) == 0 {
		return own, err
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(own, &members); err != nil {
		return nil, err
	}
	for name, value := range p.data {
		if _, taken := members[name]; taken {
			continue
		}
		if members[name], err = json.Marshal(value); err != nil {
			return nil, err
		}
	}
	return json.Marshal(members)
}

var statuses = map[fault.Kind]int{
	fault.Invalid: http.StatusUnprocessableEntity, fault.Malformed: http.StatusBadRequest,
	fault.Unauthenticated: http.StatusUnauthorized, fault.Forbidden: http.StatusForbidden,
	fault.NotFound: http.StatusNotFound, fault.Conflict: http.StatusConflict,
	fault.Stale: http.StatusPreconditionFailed, fault.TooLarge: http.StatusRequestEntityTooLarge,
	fault.TooMany: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable,
	fault.Internal: http.StatusInternalServerError,
}

// refusal is a fault for which HTTP has a status of its own.
type refusal struct {
	fault  *fault.Error
	status int
}

func (r refusal) Error() string { return r.fault.Error() }

func (r refusal) Unwrap() error { return r.fault }

func refuse(status int, kind fault.Kind, code string, params text.Params) error {
	return refusal{fault.New(kind, code, params), status}
}

// malformed is a request that could not be read; code is the message that says why.
func malformed(code string, cause error) *fault.Error {
	return &fault.Error{Kind: fault.Malformed, Code: code, Cause: cause}
}

// problemOf says any error in the reader's language. What is no fault is Internal and says nothing.
func problemOf(ctx context.Context, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	f := fault.As(err)
	if f == nil {
		f = unexpected(err)
	}
	lang := Lang(ctx)
	params := f.Params
	if f.Kind == fault.Internal {
		params = text.Params{"request": RequestID(ctx)}
	}
	p = &Problem{
		Type: "urn:steward:problem:" + string(f.Kind), Title: text.Say(lang, "httpapi.title."+string(f.Kind), nil),
		Status: statuses[f.Kind], Code: f.Code, Guard: f.Guard, RequestID: RequestID(ctx),
		Detail: (&fault.Error{Code: f.Code, Label: f.Label, Params: params}).Say(lang),
		data:   maps.Clone(f.Data), cause: err, retry: retryAfter(f),
	}
	if p.Status == 0 {
		p.Status = http.StatusInternalServerError
	}
	if r, ok := errors.AsType[refusal](err); ok {
		p.Status = r.status
	}
	for _, field := range f.Fields {
		p.Errors = append(p.Errors, ProblemField{Field: field.Name, Code: field.Code, Detail: field.Say(lang)})
	}
	if x := exchangeOf(ctx); x != nil {
		x.cause = err
	}
	return p
}

func unexpected(err error) *fault.Error {
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Cause: err}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return malformed("httpapi.slow", err)
	}
	return &fault.Error{Kind: fault.Internal, Code: "internal", Cause: err}
}

func retryAfter(f *fault.Error) int {
	switch f.Kind {
	case fault.TooMany:
		n, _ := strconv.Atoi(text.Fill("{seconds}", text.En, f.Params))
		return max(n, 1)
	case fault.Unavailable:
		return 5
	}
	return 0
}

// writeProblem answers with a problem outside of huma.
func writeProblem(w http.ResponseWriter, p *Problem) {
	if p.Status == http.StatusRequestEntityTooLarge { // answer at once, not after a part of the body
		_ = http.NewResponseController(w).EnableFullDuplex()
	}
	h := w.Header()
	maps.Copy(h, p.GetHeaders())
	h.Del("ETag")
	h.Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = encodeJSON(w, p)
}

// encodeJSON writes a value as JSON without escaping HTML: our answers are never HTML.
func encodeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

func init() {
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return fromHuma(context.Background(), status, msg, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return fromHuma(ctx.Context(), status, msg, errs)
	}
}
