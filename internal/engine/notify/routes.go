package notify

import (
	"bytes"
	"context"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

type listIn struct {
	httpapi.Paged
	Unread bool `query:"unread" doc:"only those not read yet"`
}

type listOut struct{ Body httpapi.Page[Item] }

// ReadInput names the notices to mark; none = all.
type ReadInput struct {
	IDs []string `json:"ids,omitempty" maxItems:"500" nullable:"false"`
	All bool     `json:"all,omitempty"`
}

type idIn struct {
	ID string `path:"id" maxLength:"40"`
}

type itemOut struct{ Body Item }

type preferencesOut struct{ Body Preferences }

type channelOut struct {
	ETag string `header:"ETag"`
	Body Channel
}

func channelAnswer(c Channel) *channelOut { return &channelOut{ETag: httpapi.ETag(c.Version), Body: c} }

type channelList struct {
	Body struct {
		Items []Channel `json:"items" nullable:"false"`
	}
}

type kindList struct {
	Body struct {
		Items []ChannelKind `json:"items" nullable:"false"`
	}
}

type templateIn struct {
	Kind string `path:"kind" maxLength:"40"`
	Lang string `path:"lang" maxLength:"5" doc:"zh or en"`
}

type templateOut struct{ Body TemplateView }

type templateList struct {
	Body struct {
		Items     []TemplateView `json:"items" nullable:"false"`
		Variables []string       `json:"variables" nullable:"false" doc:"what templates may use, as {{.Name}}"`
	}
}

// PreviewInput is a template to be tried.
type PreviewInput struct {
	Lang text.Lang `json:"lang" enum:"zh,en"`
	Template
}

type deliveriesIn struct {
	httpapi.Paged
	State   string    `query:"state" maxLength:"200" doc:"comma = any of"`
	Channel string    `query:"channel" maxLength:"40"`
	Person  string    `query:"person" maxLength:"40"`
	Number  string    `query:"number" maxLength:"60" doc:"of the record"`
	Notice  string    `query:"notice" maxLength:"40"`
	Level   string    `query:"level" maxLength:"10" enum:"info,normal,urgent"`
	From    time.Time `query:"from" doc:"made at or after"`
	To      time.Time `query:"to" doc:"made before"`
}

// filter of a list of deliveries; a state that there is none is refused.
func (in *deliveriesIn) filter() (DeliveryFilter, error) {
	f := DeliveryFilter{Channel: in.Channel, Person: in.Person, Number: in.Number, Notice: in.Notice, Level: Level(in.Level), From: in.From, To: in.To, Cursor: in.Cursor, Limit: in.Limit}
	if in.State == "" {
		return f, nil
	}
	for part := range strings.SplitSeq(in.State, ",") {
		if !text.Known("notify.state." + part) {
			return f, fault.One("state", "field.choice", text.Params{"label": "state"})
		}
		f.States = append(f.States, State(part))
	}
	return f, nil
}

// Routes registers the operations.
func (s *Service) Routes(api *httpapi.API) {
	s.inboxRoutes(api)
	s.preferenceRoutes(api)
	s.linkRoutes(api)
	s.channelRoutes(api)
	s.templateRoutes(api)
	s.deliveryRoutes(api)
}

func (s *Service) inboxRoutes(api *httpapi.API) {
	const tag = "Notifications"
	api.Tag(tag, "What concerns me, and how I am told.")
	httpapi.Handle(api, httpapi.Op{ID: "notification-list", Method: "GET", Path: "/api/v1/notifications", Tag: tag, Summary: "My notices, newest first", Perm: Read},
		func(ctx context.Context, in *listIn) (*listOut, error) {
			items, next, err := s.List(ctx, in.Unread, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return &listOut{httpapi.NewPage(items, next)}, nil
		})
	httpapi.Handle(api, httpapi.Op{ID: "notification-read", Method: "POST", Path: "/api/v1/notifications/read", Tag: tag, Summary: "Mark notices as read", Perm: Read},
		func(ctx context.Context, in *struct{ Body ReadInput }) (*struct{}, error) {
			if !in.Body.All && len(in.Body.IDs) == 0 {
				return &struct{}{}, nil
			}
			return &struct{}{}, s.MarkRead(ctx, in.Body.IDs)
		})
	httpapi.Handle(api, httpapi.Op{ID: "notification-acknowledge", Method: "POST", Path: "/api/v1/notifications/{id}/acknowledge", Tag: tag, Summary: "Acknowledge one of my notices", Perm: Read,
		Detail: "Confirms that I know. A second time changes nothing and answers the first instant."},
		func(ctx context.Context, in *idIn) (*itemOut, error) {
			item, err := s.Acknowledge(ctx, in.ID)
			return &itemOut{item}, err
		})
}

func (s *Service) preferenceRoutes(api *httpapi.API) {
	const tag = "Notifications"
	httpapi.Handle(api, httpapi.Op{ID: "notification-preferences", Method: "GET", Path: "/api/v1/notifications/preferences", Tag: tag, Summary: "How I am told", Perm: Read},
		func(ctx context.Context, _ *struct{}) (*preferencesOut, error) {
			p, err := s.Preferences(ctx)
			return &preferencesOut{p}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "notification-preferences-set", Method: "PUT", Path: "/api/v1/notifications/preferences", Tag: tag, Summary: "Choose how I am told", Perm: Read,
		Detail: "Replaces the whole choice. Urgent notices pass quiet hours, service hours and digests."},
		func(ctx context.Context, in *struct{ Body PreferencesInput }) (*preferencesOut, error) {
			p, err := s.SetPreferences(ctx, in.Body)
			return &preferencesOut{p}, err
		})
}

func (s *Service) channelRoutes(api *httpapi.API) {
	const tag = "Notification channels"
	api.Tag(tag, "Mail servers, group robots, SMS gateways and webhooks by which people are told.")
	httpapi.Handle(api, httpapi.Op{ID: "notification-channel-list", Method: "GET", Path: "/api/v1/notification-channels", Tag: tag, Summary: "Channels", Perm: Manage},
		func(ctx context.Context, _ *struct{}) (*channelList, error) {
			list, err := s.Channels(ctx)
			out := &channelList{}
			out.Body.Items = append([]Channel{}, list...)
			return out, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "notification-channel-kinds", Method: "GET", Path: "/api/v1/notification-channels/kinds", Tag: tag, Summary: "What can be set up, and what each needs", Perm: Manage},
		func(ctx context.Context, _ *struct{}) (*kindList, error) {
			list, err := s.ChannelKinds(ctx)
			out := &kindList{}
			out.Body.Items = append([]ChannelKind{}, list...)
			return out, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "notification-channel-create", Method: "POST", Path: "/api/v1/notification-channels", Tag: tag, Summary: "Set up a channel", Perm: Manage, Status: 201},
		func(ctx context.Context, in *struct{ Body ChannelNew }) (*channelOut, error) {
			c, err := s.CreateChannel(ctx, in.Body)
			return channelAnswer(c), err
		})
	httpapi.Handle(api, httpapi.Op{ID: "notification-channel-read", Method: "GET", Path: "/api/v1/notification-channels/{id}", Tag: tag, Summary: "One channel", Perm: Manage},
		func(ctx context.Context, in *idIn) (*channelOut, error) {
			c, err := s.Channel(ctx, in.ID)
			return channelAnswer(c), err
		})
	httpapi.Handle(api, httpapi.Op{ID: "notification-channel-change", Method: "PATCH", Path: "/api/v1/notification-channels/{id}", Tag: tag, Summary: "Change a channel", Perm: Manage},
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"40"`
			httpapi.Conditional
			Body ChannelChange
		}) (*channelOut, error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			c, err := s.ChangeChannel(ctx, in.ID, version, in.Body)
			return channelAnswer(c), err
		})
	httpapi.Handle(api, httpapi.Op{ID: "notification-channel-remove", Method: "DELETE", Path: "/api/v1/notification-channels/{id}", Tag: tag, Summary: "Remove a channel and its secrets", Perm: Manage},
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"40"`
			httpapi.Conditional
		}) (*struct{}, error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			return &struct{}{}, s.RemoveChannel(ctx, in.ID, version)
		})
	httpapi.Handle(api, httpapi.Op{ID: "notification-channel-test", Method: "POST", Path: "/api/v1/notification-channels/{id}/test", Tag: tag, Summary: "Send me a test message", Perm: Manage,
		Timeout: 90 * time.Second, Rate: httpapi.Rate{Every: 3 * time.Second, Burst: 10}},
		func(ctx context.Context, in *idIn) (*struct{ Body TestResult }, error) {
			result, err := s.TestChannel(ctx, in.ID)
			return &struct{ Body TestResult }{result}, err
		})
}

func (s *Service) templateRoutes(api *httpapi.API) {
	const tag = "Notification templates"
	api.Tag(tag, "How notices are worded outside of the application.")
	httpapi.Handle(api, httpapi.Op{ID: "notification-template-list", Method: "GET", Path: "/api/v1/notification-templates", Tag: tag, Summary: "Templates of every kind in both languages", Perm: Manage},
		func(ctx context.Context, _ *struct{}) (*templateList, error) {
			list, err := s.Templates(ctx)
			out := &templateList{}
			out.Body.Items, out.Body.Variables = append([]TemplateView{}, list...), variableNames
			return out, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "notification-template-set", Method: "PUT", Path: "/api/v1/notification-templates/{kind}/{lang}", Tag: tag, Summary: "Word a kind in a language", Perm: Manage},
		func(ctx context.Context, in *struct {
			Kind string `path:"kind" maxLength:"40"`
			Lang string `path:"lang" maxLength:"5" doc:"zh or en"`
			Body Template
		}) (*templateOut, error) {
			t, err := s.SetTemplate(ctx, in.Kind, text.Lang(in.Lang), in.Body)
			return &templateOut{t}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "notification-template-reset", Method: "DELETE", Path: "/api/v1/notification-templates/{kind}/{lang}", Tag: tag, Summary: "Go back to the shipped wording", Perm: Manage},
		func(ctx context.Context, in *templateIn) (*struct{}, error) {
			return &struct{}{}, s.ResetTemplate(ctx, in.Kind, text.Lang(in.Lang))
		})
	httpapi.Handle(api, httpapi.Op{ID: "notification-template-preview", Method: "POST", Path: "/api/v1/notification-templates/preview", Tag: tag, Summary: "Try a template on a sample", Perm: Manage},
		func(ctx context.Context, in *struct{ Body PreviewInput }) (*struct{ Body Template }, error) {
			t, err := s.Preview(ctx, in.Body.Lang, in.Body.Template)
			return &struct{ Body Template }{t}, err
		})
}

func (s *Service) deliveryRoutes(api *httpapi.API) {
	const tag = "Notification channels"
	httpapi.Handle(api, httpapi.Op{ID: "delivery-list", Method: "GET", Path: "/api/v1/deliveries", Tag: tag, Summary: "What went out and what did not, newest first", Perm: Manage},
		func(ctx context.Context, in *deliveriesIn) (*struct{ Body httpapi.Page[Delivery] }, error) {
			f, err := in.filter()
			if err != nil {
				return nil, err
			}
			items, next, err := s.Deliveries(ctx, f)
			if err != nil {
				return nil, err
			}
			return &struct{ Body httpapi.Page[Delivery] }{httpapi.NewPage(items, next)}, nil
		})
	httpapi.Handle(api, httpapi.Op{ID: "delivery-retry", Method: "POST", Path: "/api/v1/deliveries/{id}/retry", Tag: tag, Summary: "Send a failed delivery once more", Perm: Manage},
		func(ctx context.Context, in *idIn) (*struct{}, error) { return &struct{}{}, s.Retry(ctx, in.ID) })
}

const acknowledgePath = "/api/v1/acknowledge/{token}"

// linkRate is for people who follow links, without an account.
var linkRate = httpapi.Rate{Every: time.Second, Burst: 30, By: httpapi.ByIP}

func (s *Service) linkRoutes(api *httpapi.API) {
	const tag, path = "Notifications", acknowledgePath
	api.Describe(describeLinks)
	api.Route(httpapi.Op{ID: "acknowledge-show", Method: "GET", Path: path, Tag: tag, Summary: "What a link acknowledges; changes nothing", Perm: work.Public, Rate: linkRate},
		func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
			l, err := s.follow(ctx, c.Path("token"), c.Lang())
			return s.linkReply(c, l, l.AcknowledgedAt != nil, err)
		})
	api.Route(httpapi.Op{ID: "acknowledge", Method: "POST", Path: path, Tag: tag, Summary: "Acknowledge by a link", Perm: work.Public, Rate: linkRate, BodyLimit: 4 << 10},
		func(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
			l, err := s.acknowledgeBy(ctx, c.Path("token"), c.Lang())
			if page(c) && fault.Is(err, fault.Conflict) { // who taps twice sees that it is done
				err = nil
			}
			return s.linkReply(c, l, true, err)
		})
}

// page tells whether a browser asks, which wants a page and not JSON.
func page(c *httpapi.Call) bool { return strings.Contains(c.Header("Accept"), "text/html") }

func (s *Service) linkReply(c *httpapi.Call, l Linked, done bool, err error) (*httpapi.Reply, error) {
	header := map[string]string{"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
	if !page(c) {
		if err != nil {
			return nil, err
		}
		return &httpapi.Reply{Status: 200, Body: l, Header: header}, nil
	}
	status, say := 200, func(key string) string { return text.Say(c.Lang(), key, nil) }
	v := linkPage{Lang: c.Lang(), Title: say("notify.page_title"), Text: l.Text, Number: l.Number, Done: done, Button: say("notify.page_button"), Thanks: say("notify.page_thanks")}
	if err != nil {
		if !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		status, v.Wrong = 404, say("notify.link")
	}
	var b bytes.Buffer
	if err := linkTemplate.Execute(&b, v); err != nil {
		return nil, err
	}
	return &httpapi.Reply{Status: status, ContentType: "text/html; charset=utf-8", Header: header, Write: func(w io.Writer) error {
		_, err := w.Write(b.Bytes())
		return err
	}}, nil
}

type linkPage struct {
	Lang                                       text.Lang
	Title, Text, Number, Button, Thanks, Wrong string
	Done                                       bool
}

// linkTemplate is a page without script, for any phone. Only its button acknowledges.
var linkTemplate = template.Must(template.New("link").Parse(`<!doctype html>
<html lang="{{.Lang}}"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}}</title>
<style>body{font:16px/1.6 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1.25rem;color:#1f2328;background:#fff}
button{font:inherit;width:100%;padding:.75rem;border:0;border-radius:6px;background:#0958d9;color:#fff}
@media (prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}}</style>
<main><h1 style="font-size:1.25rem">{{.Title}}</h1>
{{if .Wrong}}<p>{{.Wrong}}</p>{{else}}{{if .Number}}<p><strong>{{.Number}}</strong></p>{{end}}<p>{{.Text}}</p>
{{if .Done}}<p role="status">{{.Thanks}}</p>{{else}}<form method="post"><button>{{.Button}}</button></form>{{end}}{{end}}</main></html>
`))
