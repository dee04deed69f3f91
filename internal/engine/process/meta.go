package process

import (
	"context"
	"slices"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Meta tells a client what its person may see and do, in their language.
type Meta struct {
	Types      []TypeMeta     `json:"types"`
	Nav        []NavGroup     `json:"nav"`
	Priorities []PriorityView `json:"priorities"`
	Schemes    []SchemeMeta   `json:"schemes"`
	LinkKinds  []LinkKind     `json:"link_kinds"`
	Channels   []OptionMeta   `json:"channels"`
	Home       string         `json:"home"`
}

// TypeMeta is one record type.
type TypeMeta struct {
	Type      string         `json:"type"`
	Plural    string         `json:"plural"`
	Label     string         `json:"label"`
	Icon      string         `json:"icon"`
	Group     string         `json:"group"`
	Create    *FormSpec      `json:"create"`
	Workflows []WorkflowMeta `json:"workflows"`
	Fields    []FieldMeta    `json:"fields"`
	Columns   []string       `json:"columns"`
	Board     bool           `json:"board"`
	Bulk      []string       `json:"bulk"`
	Sorts     []string       `json:"sorts"`
	Similar   bool           `json:"similar"`
	Scheme    string         `json:"scheme"`
	Version   int            `json:"version"`
}

// WorkflowMeta is one variant of a type's process.
type WorkflowMeta struct {
	Code    string      `json:"code"`
	Label   string      `json:"label"`
	Default bool        `json:"default"`
	States  []StateMeta `json:"states"`
}

// StateMeta is a state with its place in the workflow.
type StateMeta struct {
	StateView
	Order int `json:"order"`
}

// FieldMeta is a field as a form shows it.
type FieldMeta struct {
	Name        string       `json:"name"`
	Type        string       `json:"type"`
	Label       string       `json:"label"`
	Help        string       `json:"help"`
	Placeholder string       `json:"placeholder"`
	Group       string       `json:"group"`
	Unit        string       `json:"unit"`
	Width       string       `json:"width"`
	Required    bool         `json:"required"`
	ReadOnly    bool         `json:"read_only"`
	Public      bool         `json:"public"`
	Sensitive   bool         `json:"sensitive"`
	Indexed     bool         `json:"indexed"`
	Multiple    bool         `json:"multiple"`
	Options     []OptionMeta `json:"options"`
	To          string       `json:"to"`
	Columns     []FieldMeta  `json:"columns"`
	Items       []ItemMeta   `json:"items"`
	Covers      []ItemMeta   `json:"covers"`
	Min         *float64     `json:"min"`
	Max         *float64     `json:"max"`
	MaxLen      int          `json:"max_len"`
	Scale       int          `json:"scale"`
	Currency    string       `json:"currency"`
	Accept      []string     `json:"accept"`
	Of          string       `json:"of"`
	By          []string     `json:"by"`
}

// OptionMeta is one choice; those of a tree name their parent.
type OptionMeta struct {
	Value  string `json:"value"`
	Label  string `json:"label"`
	Hint   string `json:"hint"`
	Parent string `json:"parent"`
}

// ItemMeta is a line of a checklist, sign-off sheet or consent.
type ItemMeta struct {
	Code  string `json:"code"`
	Label string `json:"label"`
}

// SchemeMeta is a priority scheme.
type SchemeMeta struct {
	Code       string                       `json:"code"`
	Label      string                       `json:"label"`
	Impacts    []OptionMeta                 `json:"impacts"`
	Urgencies  []OptionMeta                 `json:"urgencies"`
	Priorities []PriorityView               `json:"priorities"`
	Matrix     map[string]map[string]string `json:"matrix"`
}

// LinkKind is a way to join records.
type LinkKind struct {
	Code    string `json:"code"`
	Label   string `json:"label"`
	Inverse string `json:"inverse"`
}

// NavGroup is a section of the navigation.
type NavGroup struct {
	Group string    `json:"group"`
	Label string    `json:"label"`
	Items []NavItem `json:"items"`
}

// NavItem is one entry of the navigation.
type NavItem struct {
	Key   string `json:"key"`
	Label string `json:"label"`
	Icon  string `json:"icon"`
	To    string `json:"to"`
	Count string `json:"count"` // key in the counts, "" = none
}

// Meta describes the types, forms and navigation open to the actor.
func (s *Service) Meta(ctx context.Context) (m Meta, err error) {
	err = s.door.Read(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		m = Meta{Types: []TypeMeta{}, LinkKinds: []LinkKind{}, Channels: []OptionMeta{}, Home: "work"}
		if u.Actor.OrgKind == work.Customer {
			m.Home = "portal"
		}
		for _, def := range s.catalogue.Types() {
			if s.hidden(u, def) {
				continue
			}
			t, err := s.typeMeta(ctx, u, def)
			if err != nil {
				return err
			}
			m.Types = append(m.Types, t)
			if f, ok := def.Field("channel"); ok && len(m.Channels) == 0 {
				m.Channels = options(f.Options, "", u.Actor.Lang)
			}
		}
		for _, k := range record.LinkKinds {
			m.LinkKinds = append(m.LinkKinds, LinkKind{Code: k, Label: linkLabels[k][0].In(u.Actor.Lang), Inverse: linkLabels[k][1].In(u.Actor.Lang)})
		}
		m.Schemes, m.Priorities = s.schemeMeta(u.Actor.Lang)
		m.Nav = s.nav(u, m.Types)
		return nil
	})
	return m, err
}

func (s *Service) typeMeta(ctx context.Context, u *work.Unit, def *definition.Type) (TypeMeta, error) {
	lang, customer := u.Actor.Lang, u.Actor.OrgKind != work.Provider
	t := TypeMeta{Type: def.Type, Plural: def.Plural, Label: def.Label.In(lang), Icon: def.Icon, Group: def.Group, Columns: orEmpty(def.Columns),
		Board: true, Bulk: []string{}, Sorts: []string{}, Similar: def.Similar, Scheme: def.Scheme, Version: def.Version}
	c := &scene{s: s, u: u, actor: u.Actor, rec: &record.Record{Type: def.Type, Customer: customerOf(u.Actor)}, def: def, flow: def.DefaultWorkflow()}
	may, err := c.allowed(ctx, def.Create.By)
	if err != nil {
		return t, err
	}
	t.Columns = c.shown(t.Columns)
	if may && u.Actor.May(CreateRecords) {
		t.Create = c.createForm()
	}
	for _, w := range def.Workflows {
		t.Workflows = append(t.Workflows, workflowMeta(w, lang, customer))
	}
	fields := def.Fields
	if customer {
		fields = fields.Visible()
	}
	t.Fields = fieldsMeta(fields, lang)
	for _, sort := range record.Sorts {
		t.Sorts = append(t.Sorts, sort.Name)
	}
	if u.Actor.May(BulkRecords) {
		t.Bulk = append(t.Bulk, "assign", "urge")
		if def.Scheme != "" {
			t.Bulk = append(t.Bulk, "priority")
		}
	}
	return t, nil
}

func customerOf(a *work.Actor) string {
	if a.OrgKind == work.Customer {
		return a.Org
	}
	return ""
}

func (c *scene) createForm() *FormSpec {
	cr := &c.def.Create
	spec := c.formOf(&definition.Transition{Require: cr.Require, RequireWhen: cr.RequireWhen, Accept: cr.Accept})
	spec.Comment = "none"
	return &spec
}

func workflowMeta(w definition.Entry[definition.Workflow], lang text.Lang, customer bool) WorkflowMeta {
	m := WorkflowMeta{Code: w.Name, Label: w.Value.Label.In(lang), Default: w.Value.Default, States: []StateMeta{}}
	for i, st := range w.Value.States {
		v := StateView{Code: st.Name, Label: st.Value.LabelFor(customer).In(lang), Kind: string(st.Value.Kind), WaitingOn: st.Value.On, Progress: st.Value.Progress}
		if customer {
			v.Code, v.WaitingOn = st.Value.Stage, ""
			if slices.ContainsFunc(m.States, func(have StateMeta) bool { return have.Code == v.Code && have.Label == v.Label }) {
				continue
			}
		}
		m.States = append(m.States, StateMeta{StateView: v, Order: i})
	}
	return m
}

func fieldsMeta(fields form.Fields, lang text.Lang) []FieldMeta {
	out := []FieldMeta{}
	for _, f := range fields {
		out = append(out, FieldMeta{Name: f.Name, Type: string(f.Type), Label: f.Label.In(lang), Help: f.Help.In(lang), Placeholder: f.Placeholder.In(lang),
			Group: f.Group.In(lang), Unit: f.Unit.In(lang), Width: f.Width, Required: f.Required, ReadOnly: f.ReadOnly, Public: f.Public, Sensitive: f.Sensitive,
			Indexed: f.Indexed, Multiple: f.Multiple, Options: options(f.Options, "", lang), To: f.To, Columns: fieldsMeta(f.Columns, lang), Items: items(f.Items, lang),
			Covers: items(f.Covers, lang), Min: f.Min, Max: f.Max, MaxLen: f.MaxLen, Scale: f.Scale, Currency: f.Currency, Accept: orEmpty(f.Accept), Of: f.Of, By: orEmpty(f.By)})
	}
	return out
}

// options lists choices flat, parents before their children.
func options(list []form.Option, parent string, lang text.Lang) []OptionMeta {
	out := []OptionMeta{}
	for _, o := range list {
		out = append(out, OptionMeta{Value: o.Value, Label: o.Label.In(lang), Hint: o.Hint.In(lang), Parent: parent})
		out = append(out, options(o.Children, o.Value, lang)...)
	}
	return out
}

func items(list []form.Item, lang text.Lang) []ItemMeta {
	out := []ItemMeta{}
	for _, i := range list {
		out = append(out, ItemMeta{Code: i.Code, Label: i.Label.In(lang)})
	}
	return out
}

func (s *Service) schemeMeta(lang text.Lang) ([]SchemeMeta, []PriorityView) {
	out, standard := []SchemeMeta{}, []PriorityView{}
	grades := func(list []Grade) []OptionMeta {
		g := []OptionMeta{}
		for _, x := range list {
			g = append(g, OptionMeta{Value: x.Value, Label: x.Label.In(lang), Hint: x.Hint.In(lang)})
		}
		return g
	}
	for _, x := range s.schemes.all() {
		m := SchemeMeta{Code: x.Code, Label: x.Label.In(lang), Impacts: grades(x.Impacts), Urgencies: grades(x.Urgencies), Matrix: x.Matrix, Priorities: []PriorityView{}}
		for _, p := range x.Priorities {
			m.Priorities = append(m.Priorities, PriorityView{Value: p.Value, Label: p.Label.In(lang), Mark: p.Mark})
		}
		if x.Code == standardScheme.Code {
			standard = m.Priorities
		}
		out = append(out, m)
	}
	return out, standard
}

// navigation is what stands beside the record types; perm decides who sees it.
var navigation = []struct {
	group string
	label text.Label
	perm  work.Perm
	item  NavItem
	name  text.Label
}{
	{"service", text.Label{}, "call.use", NavItem{Key: "desk", Icon: "phone-incoming", To: "/desk"}, text.Label{Zh: "来电登记", En: "Calls"}},
	{"service", text.Label{}, "alert.read", NavItem{Key: "alert", Icon: "siren", To: "/alerts"}, text.Label{Zh: "告警", En: "Alerts"}},
	{"duty", text.Label{}, "roster.read", NavItem{Key: "duty", Icon: "timer", To: "/duty"}, text.Label{Zh: "谁在值班", En: "On duty now"}},
	{"duty", text.Label{}, "roster.read", NavItem{Key: "rosters", Icon: "calendar-clock", To: "/duty/rosters"}, text.Label{Zh: "值班表", En: "Duty rosters"}},
	{"records", text.Label{}, "sla.read", NavItem{Key: "agreements", Icon: "handshake", To: "/agreements"}, text.Label{Zh: "服务协议", En: "Agreements"}},
	{"records", text.Label{}, "sla.read", NavItem{Key: "calendars", Icon: "calendar-clock", To: "/calendars"}, text.Label{Zh: "服务日历", En: "Calendars"}},
	{"admin", text.Label{}, "party.write", NavItem{Key: "people", Icon: "users", To: "/admin/people"}, text.Label{Zh: "人员与组织", En: "People"}},
	{"admin", text.Label{}, "identity.manage", NavItem{Key: "accounts", Icon: "key-round", To: "/admin/accounts"}, text.Label{Zh: "账号与权限", En: "Accounts and roles"}},
	{"admin", text.Label{}, "notify.manage", NavItem{Key: "channels", Icon: "bell", To: "/admin/channels"}, text.Label{Zh: "通知设置", En: "Notification settings"}},
	{"admin", text.Label{}, ManageDefinitions, NavItem{Key: "definitions", Icon: "workflow", To: "/admin/definitions"}, text.Label{Zh: "流程定义", En: "Definitions"}},
	{"admin", text.Label{}, "audit.read", NavItem{Key: "audit", Icon: "shield-check", To: "/audit"}, text.Label{Zh: "审计", En: "Audit"}},
}

func (s *Service) nav(u *work.Unit, types []TypeMeta) []NavGroup {
	lang := u.Actor.Lang
	groups := []NavGroup{{Group: "work", Items: []NavItem{
		{Key: "work", Label: text.Label{Zh: "工作台", En: "My work"}.In(lang), Icon: "inbox", To: "/", Count: "work"},
		{Key: "notifications", Label: text.Label{Zh: "通知", En: "Notifications"}.In(lang), Icon: "bell", To: "/notifications", Count: "notifications"}}},
		{Group: "service", Label: text.Label{Zh: "服务", En: "Service"}.In(lang), Items: []NavItem{}},
		{Group: "duty", Label: text.Label{Zh: "值班", En: "Duty"}.In(lang), Items: []NavItem{}},
		{Group: "records", Label: text.Label{Zh: "资料", En: "Records"}.In(lang), Items: []NavItem{}},
		{Group: "admin", Label: text.Label{Zh: "管理", En: "Administration"}.In(lang), Items: []NavItem{}}}
	add := func(group string, item NavItem) {
		i := slices.IndexFunc(groups, func(g NavGroup) bool { return g.Group == group })
		if i >= 0 {
			groups[i].Items = append(groups[i].Items, item)
		}
	}
	for _, n := range navigation {
		if u.Actor.May(n.perm) && (n.group != "service" || u.Actor.OrgKind == work.Provider) {
			n.item.Label = n.name.In(lang)
			add(n.group, n.item)
		}
	}
	for _, t := range types {
		add(t.Group, NavItem{Key: t.Type, Label: t.Label, Icon: t.Icon, To: "/t/" + t.Plural, Count: "types." + t.Type})
	}
	return slices.DeleteFunc(groups, func(g NavGroup) bool { return len(g.Items) == 0 })
}
