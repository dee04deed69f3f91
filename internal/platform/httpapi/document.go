package httpapi

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/steward-ops/steward/internal/platform/work"
)

const schemaPrefix = "#/components/schemas/"

// document is the OpenAPI document: typed operations, and what describers add, built when first asked for.
type document struct {
	mu         sync.Mutex
	describers []func(*huma.OpenAPI)
	built      *served
}

type served struct{ json, yaml []byte }

func (api *API) humaConfig() huma.Config {
	server := strings.TrimSuffix(api.cfg.BaseURL, "/")
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title:       cmp.Or(api.cfg.Title, "Steward"),
				Version:     cmp.Or(api.cfg.Version, "0.0.0"),
				Description: "IT operations service desk, service levels, duty and evidence. Every refusal is a problem document (RFC 9457) in the reader's language.",
				License:     &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
				Contact:     &huma.Contact{Name: "Steward", URL: "https://github.com/steward-ops/steward"},
			},
			Servers: []*huma.Server{{URL: cmp.Or(server, "/"), Description: "This installation"}},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry(schemaPrefix, api.schemaName),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"session": {Type: "apiKey", In: "cookie", Name: cookieName, Description: "Browser session; changes also need the X-CSRF-Token header."},
					"token":   {Type: "http", Scheme: "bearer", Description: "API token or session token."},
				},
			},
		},
		Formats: map[string]huma.Format{
			"application/json": {Marshal: encodeJSON, Unmarshal: json.Unmarshal},
			"json":             {Marshal: encodeJSON, Unmarshal: json.Unmarshal},
		},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	}
}

// operation is what huma must know of an operation.
func (api *API) operation(op *Op) huma.Operation {
	h := huma.Operation{
		OperationID: op.ID, Method: strings.ToUpper(op.Method), Path: op.Path, Summary: op.Summary, Description: op.Detail,
		DefaultStatus: op.Status, Hidden: op.Hidden, MaxBodyBytes: -1, BodyReadTimeout: -1,
		Errors: Errors(op.Perm), Security: Security(op.Perm), Metadata: map[string]any{"op": op},
	}
	if op.Tag != "" {
		h.Tags = []string{op.Tag}
	}
	return h
}

// Errors are the statuses that an operation with a permission may refuse with; also for described operations.
func Errors(perm work.Perm) []int {
	if perm == work.Public {
		return []int{400, 403, 404, 409, 413, 415, 422, 429}
	}
	return []int{400, 401, 403, 404, 409, 412, 413, 415, 422, 429}
}

// Security is the security requirement of a permission; also for described operations.
func Security(perm work.Perm) []map[string][]string {
	if perm == work.Public {
		return []map[string][]string{{}}
	}
	return []map[string][]string{{"session": {}}, {"token": {}}}
}

// ProblemResponses are the refusals of an operation in the document, for describers.
func ProblemResponses(perm work.Perm) map[string]*huma.Response {
	responses := map[string]*huma.Response{}
	for _, code := range append(Errors(perm), http.StatusInternalServerError) {
		responses[strconv.Itoa(code)] = &huma.Response{
			Description: http.StatusText(code),
			Content: map[string]*huma.MediaType{
				"application/problem+json": {Schema: &huma.Schema{Ref: schemaPrefix + "Problem"}},
			},
		}
	}
	return responses
}

// serveDocument answers with the document, built when it is first asked for.
func (api *API) serveDocument(contentType string, yaml bool) func(context.Context, *Call) (*Reply, error) {
	return func(context.Context, *Call) (*Reply, error) {
		built, err := api.document()
		if err != nil {
			return nil, err
		}
		content := built.json
		if yaml {
			content = built.yaml
		}
		return &Reply{ContentType: contentType, ETag: digest(content), Write: func(w io.Writer) error {
			_, err := w.Write(content)
			return err
		}}, nil
	}
}

// OpenAPI is the document as JSON, for the command that prints it.
func (api *API) OpenAPI() ([]byte, error) {
	built, err := api.document()
	if err != nil {
		return nil, err
	}
	return built.json, nil
}

func (api *API) document() (*served, error) {
	d := &api.doc
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.built != nil {
		return d.built, nil
	}
	doc := api.copyDocument()
	for _, describe := range d.describers {
		describe(doc)
	}
	api.describeTags(doc)
	j, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		return nil, err
	}
	y, err := doc.YAML()
	if err != nil {
		return nil, err
	}
	d.built = &served{j, y}
	return d.built, nil
}

// copyDocument copies as deep as describers change: requests are being validated against the original.
func (api *API) copyDocument() *huma.OpenAPI {
	base := api.huma.OpenAPI()
	doc, components := *base, *base.Components
	components.Schemas = &registry{
		Registry: huma.NewMapRegistry(schemaPrefix, api.schemaName),
		schemas:  maps.Clone(base.Components.Schemas.Map()),
	}
	doc.Components = &components
	doc.Paths = make(map[string]*huma.PathItem, len(base.Paths))
	for p, item := range base.Paths {
		clone := *item
		doc.Paths[p] = &clone
	}
	return &doc
}

// registry shows the schemas of the typed operations beside those that describers add.
type registry struct {
	huma.Registry
	schemas map[string]*huma.Schema
}

func (r *registry) Map() map[string]*huma.Schema {
	for name, s := range r.Registry.Map() {
		if _, known := r.schemas[name]; !known {
			r.schemas[name] = s
		}
	}
	return r.schemas
}

func (r *registry) SchemaFromRef(ref string) *huma.Schema {
	return r.Map()[strings.TrimPrefix(ref, schemaPrefix)]
}

func (r *registry) MarshalJSON() ([]byte, error) { return json.Marshal(r.Map()) }

func (r *registry) MarshalYAML() (any, error) { return r.Map(), nil }

// describeTags lists the tags that are used, with what was said about them.
func (api *API) describeTags(doc *huma.OpenAPI) {
	used := map[string]bool{}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete, item.Head, item.Options} {
			if op != nil {
				for _, tag := range op.Tags {
					used[tag] = true
				}
			}
		}
	}
	described := map[string]bool{}
	for _, tag := range doc.Tags {
		described[tag.Name] = true
	}
	for name := range used {
		if !described[name] {
			doc.Tags = append(doc.Tags, &huma.Tag{Name: name, Description: cmp.Or(api.tags[name], name+".")})
		}
	}
	slices.SortFunc(doc.Tags, func(a, b *huma.Tag) int { return cmp.Compare(a.Name, b.Name) })
}

// schemaName puts the package before the name of a type, so that two types of one name do not collide:
// party.Person is PartyPerson, Page[party.Person] is PagePartyPerson.
func (api *API) schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" {
		return capital(api.pkg) + capital(hint)
	}
	name := t.Name()
	if pkg := t.PkgPath(); pkg != "" {
		name = path.Base(pkg) + "." + name
	}
	var b strings.Builder
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("[]*,·", r) }) {
		part = part[strings.LastIndexByte(part, '/')+1:]
		pkg, base, found := strings.Cut(part, ".")
		switch {
		case !found:
			base = pkg
		case pkg != "httpapi":
			b.WriteString(capital(pkg))
		}
		b.WriteString(capital(base))
	}
	return b.String()
}

func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteRune(unicode.ToUpper(r))
	for i, part := range strings.FieldsFunc(s[size:], func(r rune) bool { return r == '-' || r == '_' || r == '.' }) {
		if i > 0 {
			part = strings.ToUpper(part[:1]) + part[1:]
		}
		b.WriteString(part)
	}
	return b.String()
}

func packageOf(types ...reflect.Type) string {
	for _, t := range types {
		if t.PkgPath() != "" {
			return path.Base(t.PkgPath())
		}
	}
	return ""
}

func docsPage(context.Context, *Call) (*Reply, error) {
	return &Reply{ContentType: "text/html; charset=utf-8", Write: func(w io.Writer) error {
		_, err := io.WriteString(w, `<!doctype html><html lang="zh"><meta charset="utf-8"><title>Steward API</title>
<body style="font-family:sans-serif;max-width:40em;margin:3em auto"><h1>Steward API</h1>
<p>OpenAPI 3.1: <a href="/api/v1/openapi.json">openapi.json</a> · <a href="/api/v1/openapi.yaml">openapi.yaml</a></p>
<p>用您常用的工具打开上面的文件，或用它生成客户端。Open it in your tool, or generate a client from it.</p></body></html>`)
		return err
	}}, nil
}

func describeEvents(doc *huma.OpenAPI) {
	responses := ProblemResponses(work.SignedIn)
	responses["200"] = &huma.Response{Description: "A stream that stays open.", Content: map[string]*huma.MediaType{
		"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}},
	}}
	doc.AddOperation(&huma.Operation{
		OperationID: "events", Method: http.MethodGet, Path: "/api/v1/events", Tags: []string{"System"}, Summary: "Live events",
		Description: "Server-sent events. `stale` names the cached queries that are out of date, `resync` means all of them, `end` that the session ended, `restart` that the client should connect anew.",
		Security:    Security(work.SignedIn), Responses: responses,
	})
}

// digest names a content for ETags.
func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}
