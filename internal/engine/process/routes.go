package process

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Routes registers the operations: some for all types at once, and the same set for each record type under its plural.
func (s *Service) Routes(api *httpapi.API, uploadLimit int64) {
	s.changed = api.Changed
	s.commonRoutes(api)
	s.definitionRoutes(api)
	s.fileRoutes(api, uploadLimit)
	for _, def := range s.catalogue.Types() {
		s.typeRoutes(api, def)
	}
	api.Describe(s.describe)
}

// routes of one record type. The plural is fixed when the program starts; fields and transitions follow what is published.
func (s *Service) typeRoutes(api *httpapi.API, def *definition.Type) {
	typ, base := def.Type, "/api/v1/"+def.Plural
	route := func(id, method, path string, perm work.Perm, fn func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error)) {
		api.Route(httpapi.Op{ID: typ + "-" + id, Method: method, Path: base + path, Perm: perm, Summary: id, Tag: def.Label.En, Hidden: true}, fn)
	}
	api.Tag(def.Label.En, "Records of type "+typ+".")
	route("list", "GET", "", ReadRecords, s.listRoute(def.Plural))
	route("counts", "GET", "/counts", ReadRecords, s.countsRoute(def.Plural))
	route("export", "GET", "/export", ExportRecords, s.exportRoute(def.Plural))
	route("create", "POST", "", CreateRecords, s.createRoute(typ))
	route("bulk", "POST", "/bulk", BulkRecords, s.bulkRoute(typ))
	route("get", "GET", "/{number}", ReadRecords, s.getRoute(typ))
	route("edit", "PATCH", "/{number}", WriteRecords, s.editRoute(typ))
	route("assign", "POST", "/{number}/assign", MoveRecords, s.assignRoute(typ))
	route("urge", "POST", "/{number}/urge", MoveRecords, s.urgeRoute(typ))
	route("timeline", "GET", "/{number}/timeline", ReadRecords, s.timelineRoute(typ))
	route("comment", "POST", "/{number}/comments", Comments, s.commentRoute(typ))
	route("work-log", "POST", "/{number}/work-log", WriteRecords, s.workRoute(typ))
	route("link", "POST", "/{number}/links", WriteRecords, s.linkRoute(typ))
	route("unlink", "DELETE", "/{number}/links/{link}", WriteRecords, s.unlinkRoute(typ))
	route("watch", "PUT", "/{number}/watch", ReadRecords, s.watchRoute(typ, true))
	route("unwatch", "DELETE", "/{number}/watch", ReadRecords, s.watchRoute(typ, false))
	route("add-watcher", "POST", "/{number}/watchers", WriteRecords, s.watcherRoute(typ))
	route("attach", "PUT", "/{number}/attachments", Comments, s.attachRoute(typ))
	route("decide", "POST", "/{number}/approvals/{approval}", MoveRecords, s.decideRoute(typ))
	route("delegate", "POST", "/{number}/approvals/{approval}/delegate", MoveRecords, s.delegateRoute(typ))
	route("secret", "GET", "/{number}/secrets/{field}", ReadRecords, s.secretRoute(typ))
	route("move", "POST", "/{number}/{transition}", MoveRecords, s.moveRoute(typ))
}

func (s *Service) listRoute(plural string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		page, err := c.Page()
		if err != nil {
			return nil, err
		}
		list, err := s.List(ctx, plural, Query{Filters: c.Queries(), Sort: c.Query("sort"), Cursor: page.Cursor, Limit: page.Limit, Count: c.Query("count") == "true"})
		return &httpapi.Reply{Body: list}, err
	}
}

func (s *Service) countsRoute(plural string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		groups, err := s.Breakdown(ctx, plural, c.Query("group"), c.Queries())
		return &httpapi.Reply{Body: map[string]any{"items": groups}}, err
	}
}

var exportTypes = map[string]string{"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}

func (s *Service) exportRoute(plural string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		format := c.Query("format")
		if format == "" {
			format = "csv"
		}
		contentType, ok := exportTypes[format]
		if !ok {
			return nil, fault.One("format", "field.choice", text.Params{"label": "format"})
		}
		write, err := s.Export(ctx, plural, format, Query{Filters: c.Queries(), Sort: c.Query("sort")})
		if err != nil {
			return nil, err
		}
		return &httpapi.Reply{ContentType: contentType, Header: map[string]string{"Content-Disposition": `attachment; filename="` + plural + "." + format + `"`}, Write: write}, nil
	}
}

func (s *Service) createRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		members, err := c.JSON()
		if err != nil {
			return nil, err
		}
		workflow, err := word(members, "workflow")
		if err != nil {
			return nil, err
		}
		parent, err := word(members, "parent")
		if err != nil {
			return nil, err
		}
		in, err := inputOf(members)
		if err != nil {
			return nil, err
		}
		number, err := s.Create(ctx, typ, workflow, parent, in, c.IdempotencyKey())
		if err != nil {
			return nil, err
		}
		reply, err := s.reply(ctx, typ, number)
		if err == nil {
			reply.Status = 201
		}
		return reply, err
	}
}

// word takes an optional text member out of a request.
func word(members map[string]json.RawMessage, name string) (string, error) {
	raw, ok := members[name]
	if !ok {
		return "", nil
	}
	delete(members, name)
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fault.One(name, "field.type", text.Params{"label": name, "wanted": text.Label{Zh: "文字", En: "text"}})
	}
	return s, nil
}

// reply is a record as an answer. After a step that took the record out of the actor's sight there is nothing to show.
func (s *Service) reply(ctx context.Context, typ, number string) (*httpapi.Reply, error) {
	d, err := s.Get(ctx, typ, number)
	if err != nil {
		return nil, err
	}
	return &httpapi.Reply{Body: d, ETag: "v" + strconv.FormatInt(d.Version, 10), Location: "/api/v1/" + d.Plural + "/" + url.PathEscape(d.Number)}, nil
}

func (s *Service) getRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		return s.reply(ctx, typ, c.Path("number"))
	}
}

// changing wraps a change: the version expected, the members, and the record afterwards as the answer.
func (s *Service) changing(typ string, fn func(ctx context.Context, c *httpapi.Call, version int64, in Input) error) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		version, err := c.Version()
		if err != nil {
			return nil, err
		}
		members, err := c.JSON()
		if err != nil {
			return nil, err
		}
		in, err := inputOf(members)
		if err != nil {
			return nil, err
		}
		if err := fn(ctx, c, version, in); err != nil {
			return nil, err
		}
		return s.reply(ctx, typ, c.Path("number"))
	}
}

func (s *Service) editRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	return s.changing(typ, func(ctx context.Context, c *httpapi.Call, version int64, in Input) error {
		return s.Edit(ctx, typ, c.Path("number"), version, in)
	})
}

func (s *Service) assignRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	return s.changing(typ, func(ctx context.Context, c *httpapi.Call, version int64, in Input) error {
		return s.Assign(ctx, typ, c.Path("number"), version, in)
	})
}

func (s *Service) urgeRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	return s.changing(typ, func(ctx context.Context, c *httpapi.Call, _ int64, in Input) error {
		for name := range in.Fields {
			return fault.One(short(name), "field.unknown", text.Params{"name": short(name)})
		}
		return s.Urge(ctx, typ, c.Path("number"), in.Comment)
	})
}

func (s *Service) moveRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	return s.changing(typ, func(ctx context.Context, c *httpapi.Call, version int64, in Input) error {
		return s.Move(ctx, typ, c.Path("number"), c.Path("transition"), version, in)
	})
}

func (s *Service) timelineRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		page, err := c.Page()
		if err != nil {
			return nil, err
		}
		entries, next, err := s.Timeline(ctx, typ, c.Path("number"), c.Query("show"), page.Cursor, page.Limit)
		return &httpapi.Reply{Body: httpapi.NewPage(entries, next)}, err
	}
}

// body reads a request into a struct; an unknown member is named.
func body[T any](c *httpapi.Call, known ...string) (T, error) {
	var v T
	members, err := c.JSON()
	if err != nil {
		return v, err
	}
	var faults []fault.Field
	for name := range members {
		if !slices.Contains(known, name) {
			faults = append(faults, fault.Field{Name: short(name), Code: "field.unknown", Params: text.Params{"name": short(name)}})
		}
	}
	if len(faults) > 0 {
		return v, fault.Fields(faults...)
	}
	raw, err := json.Marshal(members)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return v, fault.One(wrong.Field, "field.type", text.Params{"label": wrong.Field, "wanted": wrong.Type.String()})
		}
		return v, fault.New(fault.Malformed, "malformed", text.Params{"reason": "JSON"})
	}
	return v, nil
}

func (s *Service) commentRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	type input struct {
		Body        string   `json:"body"`
		Public      bool     `json:"public"`
		Attachments []string `json:"attachments"`
	}
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		in, err := body[input](c, "body", "public", "attachments")
		if err != nil {
			return nil, err
		}
		entry, err := s.Comment(ctx, typ, c.Path("number"), in.Body, in.Public, in.Attachments)
		if err != nil {
			return nil, err
		}
		entries, _, err := s.Timeline(ctx, typ, c.Path("number"), "all", "", 20)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(entries, func(e Entry) bool { return e.ID == entry })
		if i < 0 {
			return &httpapi.Reply{Status: 201, Body: map[string]any{"id": entry}}, nil
		}
		return &httpapi.Reply{Status: 201, Body: entries[i]}, nil
	}
}

func (s *Service) workRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	type input struct {
		Minutes int    `json:"minutes"`
		Text    string `json:"text"`
	}
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		in, err := body[input](c, "minutes", "text")
		if err != nil {
			return nil, err
		}
		if in.Minutes < 1 || in.Minutes > 24*60 {
			return nil, fault.One("minutes", "field.range", text.Params{"label": text.Label{Zh: "分钟", En: "Minutes"}, "min": 1, "max": 24 * 60})
		}
		if in.Text = strings.TrimSpace(in.Text); in.Text == "" || len([]rune(in.Text)) > 2000 {
			return nil, fault.One("text", "field.required", text.Params{"label": text.Label{Zh: "做了什么", En: "what was done"}})
		}
		if err := s.LogWork(ctx, typ, c.Path("number"), in.Minutes, in.Text); err != nil {
			return nil, err
		}
		return s.reply(ctx, typ, c.Path("number"))
	}
}

func (s *Service) linkRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	type input struct {
		Kind   string `json:"kind"`
		Number string `json:"number"`
	}
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		in, err := body[input](c, "kind", "number")
		if err != nil {
			return nil, err
		}
		if err := s.Link(ctx, typ, c.Path("number"), in.Kind, in.Number); err != nil {
			return nil, err
		}
		return s.reply(ctx, typ, c.Path("number"))
	}
}

func (s *Service) unlinkRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		if err := s.Unlink(ctx, typ, c.Path("number"), c.Path("link")); err != nil {
			return nil, err
		}
		return s.reply(ctx, typ, c.Path("number"))
	}
}

func (s *Service) watchRoute(typ string, on bool) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		if err := s.Watch(ctx, typ, c.Path("number"), "", on); err != nil {
			return nil, err
		}
		return &httpapi.Reply{Status: 204}, nil
	}
}

func (s *Service) watcherRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	type input struct {
		Person string `json:"person"`
	}
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		in, err := body[input](c, "person")
		if err != nil {
			return nil, err
		}
		if in.Person == "" {
			return nil, fault.One("person", "field.required", text.Params{"label": text.Label{Zh: "关注人", En: "the watcher"}})
		}
		if err := s.Watch(ctx, typ, c.Path("number"), in.Person, true); err != nil {
			return nil, err
		}
		return s.reply(ctx, typ, c.Path("number"))
	}
}

func (s *Service) attachRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	type input struct {
		Files  []string `json:"files"`
		Public bool     `json:"public"`
	}
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		in, err := body[input](c, "files", "public")
		if err != nil {
			return nil, err
		}
		if err := s.AttachFiles(ctx, typ, c.Path("number"), in.Files, in.Public); err != nil {
			return nil, err
		}
		return s.reply(ctx, typ, c.Path("number"))
	}
}

func (s *Service) decideRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	type input struct {
		Decision string `json:"decision"`
		Reason   string `json:"reason"`
	}
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		in, err := body[input](c, "decision", "reason")
		if err != nil {
			return nil, err
		}
		if err := s.Decide(ctx, typ, c.Path("number"), c.Path("approval"), in.Decision, in.Reason); err != nil {
			return nil, err
		}
		return s.reply(ctx, typ, c.Path("number"))
	}
}

func (s *Service) delegateRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	type input struct {
		To string `json:"to"`
	}
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		in, err := body[input](c, "to")
		if err != nil {
			return nil, err
		}
		if err := s.Delegate(ctx, typ, c.Path("number"), c.Path("approval"), in.To); err != nil {
			return nil, err
		}
		return s.reply(ctx, typ, c.Path("number"))
	}
}

func (s *Service) secretRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		value, err := s.Reveal(ctx, typ, c.Path("number"), c.Path("field"))
		return &httpapi.Reply{Body: map[string]any{"value": value}, Header: map[string]string{"Cache-Control": "no-store"}}, err
	}
}

// bulkMost bounds one bulk action.
const bulkMost = 200

func (s *Service) bulkRoute(typ string) func(context.Context, *httpapi.Call) (*httpapi.Reply, error) {
	type target struct {
		Number  string `json:"number"`
		Version int64  `json:"version"`
	}
	type input struct {
		Numbers    []target                   `json:"numbers"`
		Action     string                     `json:"action"`
		Transition string                     `json:"transition"`
		Fields     map[string]json.RawMessage `json:"fields"`
		Comment    string                     `json:"comment"`
	}
	return func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		in, err := body[input](c, "numbers", "action", "transition", "fields", "comment")
		if err != nil {
			return nil, err
		}
		if len(in.Numbers) == 0 || len(in.Numbers) > bulkMost {
			return nil, fault.One("numbers", "field.range", text.Params{"label": text.Label{Zh: "选中的记录", En: "Selected records"}, "min": 1, "max": bulkMost})
		}
		act := map[string]func(t target) error{
			"assign": func(t target) error {
				return s.Assign(ctx, typ, t.Number, t.Version, Input{Fields: in.Fields, Comment: in.Comment})
			},
			"priority": func(t target) error { return s.Edit(ctx, typ, t.Number, t.Version, Input{Fields: in.Fields}) },
			"urge":     func(t target) error { return s.Urge(ctx, typ, t.Number, in.Comment) },
			"transition": func(t target) error {
				return s.Move(ctx, typ, t.Number, in.Transition, t.Version, Input{Fields: in.Fields, Comment: in.Comment})
			},
		}[in.Action]
		if act == nil {
			return nil, fault.One("action", "field.choice", text.Params{"label": text.Label{Zh: "操作", En: "Action"}})
		}
		results := []map[string]any{}
		for _, t := range in.Numbers {
			one := map[string]any{"number": t.Number, "ok": true}
			if err := act(t); err != nil {
				e := fault.As(err)
				if e == nil || e.Kind == fault.Internal {
					return nil, err
				}
				one["ok"], one["error"] = false, map[string]any{"code": e.Code, "detail": e.Say(c.Lang()), "guard": e.Guard, "errors": fieldErrors(e, c.Lang())}
			}
			results = append(results, one)
		}
		return &httpapi.Reply{Body: map[string]any{"results": results}}, nil
	}
}

func fieldErrors(e *fault.Error, lang text.Lang) []map[string]string {
	out := []map[string]string{}
	for _, f := range e.Fields {
		out = append(out, map[string]string{"field": f.Name, "code": f.Code, "detail": f.Say(lang)})
	}
	return out
}

// fileRoutes are upload and download.
func (s *Service) fileRoutes(api *httpapi.API, limit int64) {
	api.Tag("Files", "Photos and documents on records.")
	api.Route(httpapi.Op{ID: "file-upload", Method: "POST", Path: "/api/v1/files", Tag: "Files", Summary: "Upload one file (multipart field \"file\")", Perm: Comments,
		BodyLimit: limit + 1<<20, Timeout: 10 * time.Minute}, func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
		for {
			part, err := c.NextPart()
			if errors.Is(err, io.EOF) {
				return nil, fault.One("file", "field.required", text.Params{"label": text.Label{Zh: "文件", En: "a file"}})
			}
			if err != nil {
				return nil, err
			}
			if part.Name != "file" {
				continue
			}
			f, err := s.Upload(ctx, fileName(part.FileName), fileType(part.FileName, part.Type), part, limit)
			return &httpapi.Reply{Status: 201, Body: f}, err
		}
	})
	api.Route(httpapi.Op{ID: "file-get", Method: "GET", Path: "/api/v1/files/{file}", Tag: "Files", Summary: "Download a file", Perm: ReadRecords, Timeout: 10 * time.Minute},
		func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
			f, content, err := s.Download(ctx, c.Path("file"))
			if err != nil {
				return nil, err
			}
			return httpapi.Attachment(f.Name, f.Type, true, content), nil
		})
}

// fileName keeps the last part of what the sender calls the file.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, name)
	if name == "" || name == "." || name == "/" {
		return "file"
	}
	if r := []rune(name); len(r) > 200 {
		return string(r[len(r)-200:])
	}
	return name
}

// fileType believes the extension, not the sender.
func fileType(name, _ string) string {
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
