package alert

import (
	"context"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// maxPayload is how large a payload may be; a larger one is 413.
const maxPayload = 5 << 20

// senders may send fast; see guessers for who has no good token.
var senders = httpapi.Rate{Every: 200 * time.Microsecond, Burst: 20_000, By: httpapi.ByIP}

const tag = "Alerts"

// kinds that have a token.
var kinds = []Kind{Alertmanager, Grafana, Zabbix, Prometheus, Generic}

// Routes registers the operations.
func (s *Service) Routes(api *httpapi.API) {
	api.Tag(tag, "What monitoring systems report, and what becomes of it.")
	s.intakeRoutes(api)
	s.alertRoutes(api)
	s.ruleRoutes(api)
	s.sourceRoutes(api)
	s.otherRoutes(api)
}

// intakeRoutes take payloads in. They are public: the token in the address says who speaks. The longer one is where a
// Prometheus server posts that is told to use .../intake/prometheus/{token} as an Alertmanager's prefix.
func (s *Service) intakeRoutes(api *httpapi.API) {
	op := httpapi.Op{ID: "alert-intake", Method: "POST", Path: "/api/v1/intake/{kind}/{token}", Tag: tag, Summary: "Take a monitoring system's payload in",
		Perm: work.Public, BodyLimit: maxPayload, Rate: senders}
	api.Route(op, s.receive)
	op.ID, op.Path = "alert-intake-as-alertmanager", "/api/v1/intake/prometheus/{token}/api/v2/alerts"
	op.Summary = "Take in what a Prometheus server posts to an Alertmanager"
	api.Route(op, s.receivePrometheus)
	api.Describe(describeIntake)
}

func (s *Service) receive(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
	return s.received(ctx, c, Kind(c.Path("kind")))
}

func (s *Service) receivePrometheus(ctx context.Context, c *httpapi.Call) (*httpapi.Reply, error) {
	return s.received(ctx, c, Prometheus)
}

func (s *Service) received(ctx context.Context, c *httpapi.Call, kind Kind) (*httpapi.Reply, error) {
	source, err := s.sourceOf(ctx, kind, c.Path("token"))
	if err != nil {
		return nil, err
	}
	body, err := c.Body()
	if err != nil {
		return nil, err
	}
	out, err := s.deliver(ctx, delivery{source: source, body: body, ip: httpapi.ClientIP(ctx), lang: c.Lang()})
	if err != nil {
		return nil, err
	}
	return &httpapi.Reply{Status: 200, Body: out}, nil
}

type (
	idIn struct {
		ID string `path:"id" maxLength:"40"`
	}
	alertOut struct {
		ETag string `header:"ETag"`
		Body Alert
	}
	reasonIn struct {
		ID string `path:"id" maxLength:"40"`
		httpapi.Conditional
		Body ReasonInput
	}
	stepIn struct {
		ID string `path:"id" maxLength:"40"`
		httpapi.Conditional
	}
	itemsOut[T any] struct{ Body ItemsOf[T] }
	entryOut[T any] struct {
		ETag string `header:"ETag"`
		Body T
	}
)

// ItemsOf is a list that comes whole.
type ItemsOf[T any] struct {
	Items []T `json:"items" nullable:"false"`
}

func items[T any](list []T, err error) (*itemsOut[T], error) {
	if list == nil {
		list = []T{}
	}
	return &itemsOut[T]{ItemsOf[T]{list}}, err
}

// ReasonInput says why.
type ReasonInput struct {
	Reason string `json:"reason,omitempty" maxLength:"1000"`
}

// LinkInput names the record.
type LinkInput struct {
	Record string `json:"record" minLength:"1" maxLength:"40" doc:"number"`
}

// Asked is the query of a list of alerts.
type Asked struct {
	Open     string `query:"open" enum:"true,false" doc:"neither resolved nor false"`
	Unlinked string `query:"unlinked" enum:"true,false"`
	Overdue  string `query:"overdue" enum:"true,false"`
	Held     string `query:"held" enum:"true,false" doc:"kept back by a window or a threshold"`
	State    string `query:"state" maxLength:"100" doc:"any of, with commas between"`
	Severity string `query:"severity" maxLength:"100" doc:"any of, with commas between"`
	Source   string `query:"source" maxLength:"40"`
	Rule     string `query:"rule" maxLength:"40"`
	Customer string `query:"customer" maxLength:"40"`
	Object   string `query:"object" maxLength:"300"`
	Metric   string `query:"metric" maxLength:"300"`
	Record   string `query:"record" maxLength:"40"`
	Handler  string `query:"handler" maxLength:"40" doc:"id, or me"`
	Q        string `query:"q" maxLength:"100" doc:"in title, object and metric"`
	From     string `query:"from" maxLength:"40" doc:"received at or after"`
	To       string `query:"to" maxLength:"40" doc:"received before"`
}

func (in Asked) filter(ctx context.Context, s *Service) (f Filter, err error) {
	f = Filter{Open: truth(in.Open), Unlinked: truth(in.Unlinked), Overdue: truth(in.Overdue), Held: truth(in.Held), States: separated(in.State), Severities: separated(in.Severity),
		Source: in.Source, Rule: in.Rule, Customer: in.Customer, Object: in.Object, Metric: in.Metric, Record: in.Record, Handler: in.Handler, Query: in.Q}
	if a := work.ActorOf(ctx); a != nil && in.Handler == "me" {
		f.Handler = a.ID
	}
	var ok bool
	if f.From, ok = instant(in.From, s.zone); !ok {
		return f, fault.One("from", "alert.instant", text.Params{"label": "from"})
	}
	if f.To, ok = instant(in.To, s.zone); !ok {
		return f, fault.One("to", "alert.instant", text.Params{"label": "to"})
	}
	return f, nil
}

func truth(s string) *bool {
	if s == "" {
		return nil
	}
	yes := s == "true"
	return &yes
}

func separated(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

type listIn struct {
	httpapi.Paged
	Asked
	Sort string `query:"sort" enum:"newest,worst" default:"newest" doc:"newest first; or worst first, of those the oldest"`
}

func (s *Service) alertRoutes(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Op{ID: "alert-list", Method: "GET", Path: "/api/v1/alerts", Tag: tag, Summary: "Alerts", Perm: Read},
		func(ctx context.Context, in *listIn) (*struct{ Body httpapi.Page[Alert] }, error) {
			f, err := in.filter(ctx, s)
			if err != nil {
				return nil, err
			}
			list, next, err := s.List(ctx, f, in.Sort == "worst", in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return &struct{ Body httpapi.Page[Alert] }{httpapi.NewPage(list, next)}, nil
		})
	httpapi.Handle(api, httpapi.Op{ID: "alert-report", Method: "POST", Path: "/api/v1/alerts", Tag: tag, Summary: "Report an alert, or that it is over", Perm: Handle, Status: 201},
		func(ctx context.Context, in *struct{ Body SignalNew }) (*struct {
			Status int
			Body   Alert
		}, error) {
			a, opened, err := s.Report(ctx, in.Body)
			if err != nil {
				return nil, err
			}
			status := 200
			if opened || a.Outcome == isIgnored && a.ID != "" && a.Count == 1 {
				status = 201
			}
			return &struct {
				Status int
				Body   Alert
			}{status, a}, nil
		})
	httpapi.Handle(api, httpapi.Op{ID: "alert-read", Method: "GET", Path: "/api/v1/alerts/{id}", Tag: tag, Summary: "Read an alert", Perm: Read},
		func(ctx context.Context, in *idIn) (*alertOut, error) { return shown(s.Get(ctx, in.ID)) })
	s.stepRoutes(api)
	httpapi.Handle(api, httpapi.Op{ID: "alert-statistics", Method: "GET", Path: "/api/v1/alert-statistics", Tag: tag, Summary: "Delay and false alarms, by month and source", Perm: Read},
		func(ctx context.Context, in *struct{ Asked }) (*struct{ Body Statistics }, error) {
			f, err := in.filter(ctx, s)
			if err != nil {
				return nil, err
			}
			out, err := s.Statistics(ctx, f)
			return &struct{ Body Statistics }{out}, err
		})
}

func shown(a Alert, err error) (*alertOut, error) {
	if err != nil {
		return nil, err
	}
	return &alertOut{ETag: httpapi.ETag(a.Version), Body: a}, nil
}

func (s *Service) stepRoutes(api *httpapi.API) {
	plain := func(id, path, summary string, step func(ctx context.Context, id string, version int64) (Alert, error)) {
		httpapi.Handle(api, httpapi.Op{ID: id, Method: "POST", Path: "/api/v1/alerts/{id}/" + path, Tag: tag, Summary: summary, Perm: Handle, Status: 200},
			func(ctx context.Context, in *stepIn) (*alertOut, error) {
				version, err := in.Version()
				if err != nil {
					return nil, err
				}
				return shown(step(ctx, in.ID, version))
			})
	}
	plain("alert-acknowledge", "acknowledge", "Acknowledge: I have seen it and look after it", s.Acknowledge)
	plain("alert-handle", "handle", "Start handling", s.Take)
	reasoned := func(id, path, summary string, step func(ctx context.Context, id string, version int64, reason string) (Alert, error)) {
		httpapi.Handle(api, httpapi.Op{ID: id, Method: "POST", Path: "/api/v1/alerts/{id}/" + path, Tag: tag, Summary: summary, Perm: Handle, Status: 200},
			func(ctx context.Context, in *reasonIn) (*alertOut, error) {
				version, err := in.Version()
				if err != nil {
					return nil, err
				}
				return shown(step(ctx, in.ID, version, in.Body.Reason))
			})
	}
	reasoned("alert-resolve", "resolve", "Resolve by hand", s.Resolve)
	reasoned("alert-false", "false", "Judge it a false alarm", s.False)
	httpapi.Handle(api, httpapi.Op{ID: "alert-link", Method: "POST", Path: "/api/v1/alerts/{id}/link", Tag: tag, Summary: "Put it under a record", Perm: Handle, Status: 200},
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"40"`
			httpapi.Conditional
			Body LinkInput
		}) (*alertOut, error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			return shown(s.Link(ctx, in.ID, version, in.Body.Record))
		})
}

// settings registers listing, adding, changing and removing one kind of setting.
type settings[T, New, Change any] struct {
	path, op, one string
	version       func(T) int64
	create        func(ctx context.Context, in New) (T, error)
	change        func(ctx context.Context, id string, version int64, in Change) (T, error)
	remove        func(ctx context.Context, id string) error
}

func mount[T, New, Change any](api *httpapi.API, r settings[T, New, Change]) {
	httpapi.Handle(api, httpapi.Op{ID: r.op + "-create", Method: "POST", Path: r.path, Tag: tag, Summary: "Add " + r.one, Perm: Manage, Status: 201},
		func(ctx context.Context, in *struct{ Body New }) (*entryOut[T], error) {
			v, err := r.create(ctx, in.Body)
			if err != nil {
				return nil, err
			}
			return &entryOut[T]{ETag: httpapi.ETag(r.version(v)), Body: v}, nil
		})
	httpapi.Handle(api, httpapi.Op{ID: r.op + "-change", Method: "PATCH", Path: r.path + "/{id}", Tag: tag, Summary: "Change " + r.one, Perm: Manage},
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"40"`
			httpapi.Conditional
			Body Change
		}) (*entryOut[T], error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			v, err := r.change(ctx, in.ID, version, in.Body)
			if err != nil {
				return nil, err
			}
			return &entryOut[T]{ETag: httpapi.ETag(r.version(v)), Body: v}, nil
		})
	httpapi.Handle(api, httpapi.Op{ID: r.op + "-remove", Method: "DELETE", Path: r.path + "/{id}", Tag: tag, Summary: "Remove " + r.one, Perm: Manage},
		func(ctx context.Context, in *idIn) (*struct{}, error) { return &struct{}{}, r.remove(ctx, in.ID) })
}

func (s *Service) ruleRoutes(api *httpapi.API) {
	const path = "/api/v1/alert-rules"
	httpapi.Handle(api, httpapi.Op{ID: "alert-rule-list", Method: "GET", Path: path, Tag: tag, Summary: "Rules, in the order in which they are asked", Perm: Manage},
		func(ctx context.Context, _ *struct{}) (*itemsOut[Rule], error) { return items(s.Rules(ctx)) })
	mount(api, settings[Rule, RuleNew, RuleChange]{path: path, op: "alert-rule", one: "a rule", version: func(r Rule) int64 { return r.Version },
		create: s.CreateRule, change: s.ChangeRule, remove: s.RemoveRule})
	httpapi.Handle(api, httpapi.Op{ID: "alert-rule-order", Method: "PUT", Path: "/api/v1/alert-rule-order", Tag: tag, Summary: "Put the rules into an order", Perm: Manage},
		func(ctx context.Context, in *struct{ Body OrderInput }) (*itemsOut[Rule], error) {
			return items(s.OrderRules(ctx, in.Body.Rules))
		})
	httpapi.Handle(api, httpapi.Op{ID: "alert-rule-try", Method: "POST", Path: "/api/v1/alert-rule-try", Tag: tag, Summary: "Say which rule a payload would meet, and why; nothing is kept", Perm: Manage, Status: 200, BodyLimit: maxPayload},
		func(ctx context.Context, in *struct{ Body Try }) (*itemsOut[Tried], error) {
			return items(s.TryRules(ctx, in.Body))
		})
}

// OrderInput names every rule once, in order.
type OrderInput struct {
	Rules []string `json:"rules" nullable:"false" maxItems:"1000" doc:"ids"`
}

func (s *Service) sourceRoutes(api *httpapi.API) {
	const path = "/api/v1/alert-sources"
	httpapi.Handle(api, httpapi.Op{ID: "alert-source-list", Method: "GET", Path: path, Tag: tag, Summary: "Sources", Perm: Manage},
		func(ctx context.Context, _ *struct{}) (*itemsOut[*Source], error) { return items(s.Sources(ctx)) })
	httpapi.Handle(api, httpapi.Op{ID: "alert-source-create", Method: "POST", Path: path, Tag: tag, Summary: "Add a source; its token is shown once", Perm: Manage, Status: 201},
		func(ctx context.Context, in *struct{ Body SourceNew }) (*struct{ Body SourceMade }, error) {
			made, err := s.CreateSource(ctx, in.Body)
			return &struct{ Body SourceMade }{made}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "alert-source-change", Method: "PATCH", Path: path + "/{id}", Tag: tag, Summary: "Change a source", Perm: Manage},
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"40"`
			httpapi.Conditional
			Body SourceChange
		}) (*entryOut[*Source], error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			v, err := s.ChangeSource(ctx, in.ID, version, in.Body)
			if err != nil {
				return nil, err
			}
			return &entryOut[*Source]{ETag: httpapi.ETag(v.Version), Body: v}, nil
		})
	httpapi.Handle(api, httpapi.Op{ID: "alert-source-renew", Method: "POST", Path: path + "/{id}/renew", Tag: tag, Summary: "Make a new token; the old one ends at once", Perm: Manage, Status: 200},
		func(ctx context.Context, in *idIn) (*struct{ Body SourceMade }, error) {
			made, err := s.RenewSource(ctx, in.ID)
			return &struct{ Body SourceMade }{made}, err
		})
}

func (s *Service) otherRoutes(api *httpapi.API) {
	const windows, objects, metrics, payloads = "/api/v1/alert-windows", "/api/v1/alert-objects", "/api/v1/alert-metrics", "/api/v1/alert-payloads"
	httpapi.Handle(api, httpapi.Op{ID: "alert-window-list", Method: "GET", Path: windows, Tag: tag, Summary: "Maintenance windows, the latest first", Perm: Manage},
		func(ctx context.Context, in *struct {
			Past bool `query:"past" doc:"also those that are over"`
		}) (*itemsOut[Window], error) {
			return items(s.Windows(ctx, in.Past))
		})
	mount(api, settings[Window, WindowNew, WindowChange]{path: windows, op: "alert-window", one: "a maintenance window", version: func(w Window) int64 { return w.Version },
		create: s.CreateWindow, change: s.ChangeWindow, remove: s.RemoveWindow})
	httpapi.Handle(api, httpapi.Op{ID: "alert-object-list", Method: "GET", Path: objects, Tag: tag, Summary: "Monitored objects, by name", Perm: Manage},
		func(ctx context.Context, in *struct {
			httpapi.Paged
			Q        string `query:"q" maxLength:"100"`
			Customer string `query:"customer" maxLength:"40"`
		}) (*struct{ Body httpapi.Page[*Object] }, error) {
			var from namePlace
			if _, err := httpapi.ReadCursor(in.Cursor, &from); err != nil {
				return nil, err
			}
			list, err := s.Objects(ctx, in.Q, in.Customer, from.Name, in.Limit+1)
			next := ""
			if len(list) > in.Limit {
				list = list[:in.Limit]
				next = httpapi.Cursor(namePlace{list[in.Limit-1].Name})
			}
			return &struct{ Body httpapi.Page[*Object] }{httpapi.NewPage(list, next)}, err
		})
	mount(api, settings[*Object, ObjectNew, ObjectChange]{path: objects, op: "alert-object", one: "a monitored object", version: func(o *Object) int64 { return o.Version },
		create: s.CreateObject, change: s.ChangeObject, remove: s.RemoveObject})
	httpapi.Handle(api, httpapi.Op{ID: "alert-metric-list", Method: "GET", Path: metrics, Tag: tag, Summary: "Metrics that a report may name", Perm: Read},
		func(ctx context.Context, _ *struct{}) (*itemsOut[Metric], error) { return items(s.Metrics(ctx)) })
	httpapi.Handle(api, httpapi.Op{ID: "alert-metric-save", Method: "PUT", Path: metrics + "/{metric}", Tag: tag, Summary: "Add or change a metric", Perm: Manage},
		func(ctx context.Context, in *struct {
			Code string `path:"metric" maxLength:"60"`
			Body MetricSave
		}) (*struct{ Body Metric }, error) {
			m, err := s.SaveMetric(ctx, in.Code, in.Body)
			return &struct{ Body Metric }{m}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "alert-metric-remove", Method: "DELETE", Path: metrics + "/{metric}", Tag: tag, Summary: "Remove a metric", Perm: Manage},
		func(ctx context.Context, in *struct {
			Code string `path:"metric" maxLength:"60"`
		}) (*struct{}, error) {
			return &struct{}{}, s.RemoveMetric(ctx, in.Code)
		})
	httpapi.Handle(api, httpapi.Op{ID: "alert-payload-list", Method: "GET", Path: payloads, Tag: tag, Summary: "Payloads that could not be read, newest first", Perm: Manage},
		func(ctx context.Context, in *struct {
			httpapi.Paged
			Source string `query:"source" maxLength:"40"`
		}) (*struct{ Body httpapi.Page[Payload] }, error) {
			list, next, err := s.Payloads(ctx, in.Source, in.Cursor, in.Limit)
			if err != nil {
				return nil, err
			}
			return &struct{ Body httpapi.Page[Payload] }{httpapi.NewPage(list, next)}, nil
		})
	httpapi.Handle(api, httpapi.Op{ID: "alert-payload-read", Method: "GET", Path: payloads + "/{id}", Tag: tag, Summary: "Read a payload that could not be read", Perm: Manage},
		func(ctx context.Context, in *idIn) (*struct{ Body Payload }, error) {
			p, err := s.Payload(ctx, in.ID)
			return &struct{ Body Payload }{p}, err
		})
	httpapi.Handle(api, httpapi.Op{ID: "alert-payload-retry", Method: "POST", Path: payloads + "/{id}/retry", Tag: tag, Summary: "Take it in again", Perm: Manage, Status: 200},
		func(ctx context.Context, in *idIn) (*struct{ Body Outcome }, error) {
			out, err := s.Retry(ctx, in.ID)
			return &struct{ Body Outcome }{out}, err
		})
}
