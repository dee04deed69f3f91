package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/app"
	"github.com/steward-ops/steward/internal/app/apptest"
	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/identity"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
)

// The world of these tests: the program with a provider, and customers that are filled with records of every type.
// Everything is made through the API, by the people who would make it; nothing here knows a shipped record type by name.

const (
	api      = "/api/v1"
	password = "Rocket-2025-lamp"
)

// vault is a record type with every type of field, see testdata/vault.yaml.
func vault(t *testing.T) process.Source {
	t.Helper()
	source, err := os.ReadFile("testdata/vault.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return process.Source{Practice: "test", File: "vault.yaml", Text: source}
}

// eachHouse runs a test on both databases in a fresh house.
func eachHouse(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	source := vault(t)
	apptest.Each(t, func(t *testing.T, a *app.App) { fn(t, openHouse(t, a, source)) }, source)
}

// eachWalk is eachHouse for walks through everything. Raced, a share of them on one database is enough, see stride, since
// scripts/test.sh runs those of this name beside, whole and on both.
func eachWalk(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	if !strings.HasPrefix(t.Name(), "TestWalk") {
		t.Fatalf("call it TestWalk…, or nothing walks it whole")
	}
	if !raced {
		eachHouse(t, fn)
		return
	}
	source := vault(t)
	t.Run(string(db.SQLite), func(t *testing.T) { fn(t, openHouse(t, apptest.Start(t, db.SQLite, source), source)) })
}

// house is a running program with its people.
type house struct {
	t        *testing.T
	app      *app.App
	client   *http.Client
	types    []*definition.Type
	shape    *shape
	doc      *document // once it was asked for
	people   map[string]*person
	ids      map[string]string // what the house itself made, by key
	provider string
	count    int
}

// person is somebody with a session, or nobody.
type person struct {
	h                        *house
	login, id, cookie, csrf  string
	bearer, accept, customer string
}

func openHouse(t *testing.T, a *app.App, further ...process.Source) *house {
	t.Helper()
	h := &house{t: t, app: a, people: map[string]*person{}, ids: map[string]string{},
		client: &http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}}
	t.Cleanup(h.client.CloseIdleConnections)
	h.shape = shapeOf(t, a, further...)
	h.types = h.shape.types
	admin := &person{h: h, login: "admin"}
	made := admin.must("POST", api+"/setup", map[string]any{"organisation": map[string]any{"name": "恒远运维", "code": "HY"},
		"person": map[string]any{"name": "系统管理员"}, "login": "admin", "password": password, "language": "zh"})
	admin.csrf, admin.id = made.text("csrf"), made.text("person.id")
	h.people["admin"], h.provider = admin, made.text("organisation.id")
	return h
}

// shape is what a program is made of: its record types, and its description. Every database begins with the same roles, so
// that the shape is the same in every house with the same sources; it is read once, since that takes seconds when raced.
type shape struct {
	types       []*definition.Type
	description []byte
}

var shapes sync.Map // by the sources beside the shipped ones

func shapeOf(t *testing.T, a *app.App, further ...process.Source) *shape {
	t.Helper()
	read := sync.OnceValue(func() *shape { return &shape{definitionsOf(t, a, further...), describe(t, a)} })
	once, _ := shapes.LoadOrStore(fmt.Sprintf("%s", further), read)
	return once.(func() *shape)()
}

// definitionsOf reads the record types as the program reads them.
func definitionsOf(t *testing.T, a *app.App, further ...process.Source) []*definition.Type {
	t.Helper()
	var roles map[string]text.Label
	err := a.DB.Read(t.Context(), func(tx db.Tx) (err error) {
		roles, err = identity.RoleLabels(t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := process.NewCatalogue(app.Behaviour().Vocabulary(time.UTC, roles), append(app.Sources(), further...))
	if err != nil {
		t.Fatal(err)
	}
	return catalogue.Types()
}

// document is the program's description of itself.
func (h *house) document() document {
	h.t.Helper()
	if h.doc == nil {
		doc := documentOf(h.t, h.shape.description)
		h.doc = &doc
	}
	return *h.doc
}

func (h *house) typeOf(name string) *definition.Type {
	h.t.Helper()
	i := slices.IndexFunc(h.types, func(d *definition.Type) bool { return d.Type == name || d.Plural == name })
	if i < 0 {
		h.t.Fatalf("there is no record type %q", name)
	}
	return h.types[i]
}

// request is what a person sends; header entries are pairs.
type request struct {
	method, path string
	body         any
	header       []string
}

func (r request) String() string {
	if r.body == nil {
		return r.method + " " + r.path
	}
	return r.method + " " + r.path + " " + cut(string(encode(r.body)), 300)
}

func encode(body any) []byte {
	switch b := body.(type) {
	case nil:
		return nil
	case []byte:
		return b
	case string:
		return []byte(b)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return raw
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) ok() bool { return a.status >= 200 && a.status < 300 }

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, cut(string(a.body), 1500)) }

func cut(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}

// object is a decoded JSON object with a way to look into it: "person.id".
type object map[string]any

func (a answer) object() object {
	var o object
	if json.Unmarshal(a.body, &o) != nil {
		return object{}
	}
	return o
}

func (o object) at(path string) any {
	var v any = map[string]any(o)
	for step := range strings.SplitSeq(path, ".") {
		if list, ok := v.([]any); ok {
			n, err := strconv.Atoi(step)
			if err != nil || n >= len(list) {
				return nil
			}
			v = list[n]
			continue
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[step]
	}
	return v
}

func (o object) text(path string) string {
	s, _ := o.at(path).(string)
	return s
}

func (o object) list(path string) []object {
	all, _ := o.at(path).([]any)
	var out []object
	for _, one := range all {
		if m, ok := one.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// try sends a request; err is a broken connection.
func (p *person) try(ctx context.Context, r request) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, p.h.app.URL()+r.path, bytes.NewReader(encode(r.body)))
	if err != nil {
		return answer{}, err
	}
	p.dress(req, r)
	res, err := p.h.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	for _, c := range res.Cookies() {
		p.cookie = c.Value
	}
	return answer{res.StatusCode, res.Header, body}, err
}

func (p *person) dress(req *http.Request, r request) {
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if p.accept != "" {
		req.Header.Set("Accept-Language", p.accept)
	}
	if p.cookie != "" {
		req.AddCookie(&http.Cookie{Name: "steward_session", Value: p.cookie})
		if r.method != http.MethodGet {
			req.Header.Set("X-CSRF-Token", p.csrf)
		}
	}
	if p.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+p.bearer)
	}
	for i := 0; i+1 < len(r.header); i += 2 {
		req.Header.Set(r.header[i], r.header[i+1])
	}
}

func (p *person) send(r request) answer {
	p.h.t.Helper()
	a, err := p.try(p.h.t.Context(), r)
	if err != nil {
		p.h.t.Fatalf("%s: %s: %v", p.login, r, err)
	}
	return a
}

func (p *person) get(path string) answer {
	p.h.t.Helper()
	return p.send(request{method: "GET", path: path})
}

// must sends what has to succeed.
func (p *person) must(method, path string, body any) object {
	p.h.t.Helper()
	r := request{method: method, path: path, body: body}
	a := p.send(r)
	if !a.ok() {
		p.h.t.Fatalf("%s: %s\nanswer %s", p.login, r, a)
	}
	return a.object()
}

// upload stores a file and gives its id.
func (p *person) upload(name, content string) string {
	p.h.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = io.WriteString(part, content)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		p.h.t.Fatal(err)
	}
	a := p.send(request{method: "POST", path: api + "/files", body: b.Bytes(), header: []string{"Content-Type", w.FormDataContentType()}})
	if a.status != 201 {
		p.h.t.Fatalf("%s: upload: %s", p.login, a)
	}
	return a.object().text("id")
}

// signIn opens a session.
func (p *person) signIn() {
	p.h.t.Helper()
	made := p.must("POST", api+"/session", map[string]any{"login": p.login, "password": password})
	p.csrf = made.text("csrf")
}

// speak changes the person's language.
func (p *person) speak(language string) {
	p.h.t.Helper()
	p.must("PATCH", api+"/me", map[string]any{"language": language})
}

// add makes an entry as the administrator and keeps its id under a key.
func (h *house) add(path, key string, body map[string]any) string {
	h.t.Helper()
	h.ids[key] = h.people["admin"].must("POST", api+path, body).text("id")
	return h.ids[key]
}

// grant is a role within a scope.
type grant struct{ role, customer string }

// hire adds a person, and with grants an account and a session.
func (h *house) hire(login, organisation, name string, more map[string]any, grants ...grant) *person {
	h.t.Helper()
	body := map[string]any{"organisation": organisation, "name": name}
	for k, v := range more {
		body[k] = v
	}
	p := &person{h: h, login: login, id: h.add("/people", login, body)}
	h.people[login] = p
	if len(grants) == 0 {
		return p
	}
	admin := h.people["admin"]
	h.ids["account:"+login] = admin.must("POST", api+"/accounts", map[string]any{"person": p.id, "login": login, "password": password, "must_change": false}).text("account.id")
	for _, g := range grants {
		body := map[string]any{"person": p.id, "role": g.role}
		if g.customer != "" {
			body["customer"] = g.customer
		}
		h.ids["grant:"+login+":"+g.role] = admin.must("POST", api+"/grants", body).text("id")
	}
	p.signIn()
	return p
}

// staff hires the provider's people, who serve everybody, and puts them into teams. teamMark stands in the teams' names.
func (h *house) staff(teamMark string) {
	h.t.Helper()
	boss := h.hire("boss", h.provider, "郑总", nil, grant{role: "boss"})
	sup := h.hire("sup", h.provider, "徐锋", map[string]any{"superior": boss.id}, grant{role: "supervisor"}, grant{role: "incident_manager"}, grant{role: "head"})
	under := map[string]any{"superior": sup.id}
	desk := h.hire("desk", h.provider, "周婷", under, grant{role: "desk"})
	l1 := h.hire("l1", h.provider, "黄勇", under, grant{role: "l1"}, grant{role: "technician"})
	l2 := h.hire("l2", h.provider, "陈立", under, grant{role: "l2"})
	l3 := h.hire("l3", h.provider, "马会娟", under, grant{role: "l3"})
	for tier, p := range map[string]*person{"desk": desk, "L1": l1, "L2": l2, "L3": l3} {
		h.add("/teams", "team:"+tier, map[string]any{"organisation": h.provider, "name": teamMark + tier, "code": "t" + strings.ToLower(tier), "tier": tier, "members": []string{p.id}})
	}
	for _, p := range []*person{desk, l1, l2, l3, sup} {
		p.refresh()
	}
}

// refresh takes over a session that was renewed because rights changed.
func (p *person) refresh() {
	p.h.t.Helper()
	if csrf := p.must("GET", api+"/session", nil).text("csrf"); csrf != "" {
		p.csrf = csrf
	}
}

// marks are the words that stand in everything of a customer: of the organisation and its people, of its records, and
// of what its records hold for the provider alone.
type marks struct{ org, rec, inner string }

// customer is one customer with what it has.
type customer struct {
	key, id                      string
	marks                        marks
	phones                       []string
	sites, services, departments []string
	user, colleague, responsible *person
	contact                      *person             // without an account
	records                      map[string][]string // numbers by type
	team, dedicated              string
}

// customer adds a customer with sites, services, departments, people and a resident team.
func (h *house) customer(key string, m marks, digits string) *customer {
	h.t.Helper()
	c := &customer{key: key, marks: m, records: map[string][]string{}}
	phone := func(n int) string {
		s := digits + fmt.Sprintf("%04d", n)
		c.phones = append(c.phones, s)
		return s
	}
	c.id = h.add("/organisations", key, map[string]any{"kind": "customer", "name": m.org + " 公司", "short_name": m.org, "code": m.org, "customer_class": "A",
		"phone": phone(1), "address": m.org + " 路 1 号", "note": m.inner + " 的备注"})
	for i := range 2 {
		name := fmt.Sprintf("%s:site%d", key, i)
		c.sites = append(c.sites, h.add("/sites", name, map[string]any{"organisation": c.id, "name": m.org + " 店" + strconv.Itoa(i), "code": m.org + strconv.Itoa(i),
			"address": m.org + " 街", "phone": phone(10 + i), "note": m.org}))
		c.departments = append(c.departments, h.add("/departments", fmt.Sprintf("%s:dept%d", key, i), map[string]any{"organisation": c.id, "name": m.org + " 部" + strconv.Itoa(i), "code": m.org + "D" + strconv.Itoa(i)}))
	}
	for i := range 2 {
		c.services = append(c.services, h.add("/services", fmt.Sprintf("%s:service%d", key, i), map[string]any{"customer": c.id, "name": m.org + " 系统" + strconv.Itoa(i), "sites": c.sites[i:]}))
	}
	h.customersPeople(c, phone)
	h.promise(c)
	c.team = h.add("/teams", key+":team", map[string]any{"organisation": h.provider, "name": m.inner + " 驻场组", "code": m.inner, "resident": true, "customer": c.id, "members": []string{h.people["l1"].id}})
	c.dedicated = h.add("/dedicated-engineers", key+":dedicated", map[string]any{"customer": c.id, "person": h.people["l1"].id, "note": m.inner})
	return c
}

// promise puts an agreement with the customer in force.
func (h *house) promise(c *customer) {
	h.t.Helper()
	calendar := "office-" + c.key
	week := map[string]any{"mon": [][]string{{"09:00", "18:00"}}, "tue": [][]string{{"09:00", "18:00"}}}
	label := map[string]any{"zh": "工作时间", "en": "Office hours"}
	h.people["admin"].must("PUT", api+"/calendars/"+calendar, map[string]any{"label": label, "country": "CN", "spec": map[string]any{"timezone": "Asia/Shanghai", "weekly": week}})
	clauses := map[string]any{}
	for _, name := range []string{"scope", "quality", "indicators", "compensation", "disputes", "leftovers", "complaints"} {
		clauses[name] = c.marks.inner
	}
	made := h.people["admin"].must("POST", api+"/agreements", map[string]any{"code": "SLA-" + c.marks.org, "label": map[string]any{"zh": c.marks.org + " 协议", "en": c.marks.org}, "kind": "sla", "customer": c.id,
		"calendar": calendar, "day_rule": true, "valid_from": "2020-01-01", "clauses": clauses,
		"targets": []map[string]any{{"name": "response", "seconds": 1800}, {"name": "resolution", "seconds": 14400, "pausable": true}}})
	h.people["admin"].must("POST", api+"/agreements/"+made.text("id")+"/activate", map[string]any{})
}

func (h *house) customersPeople(c *customer, phone func(int) string) {
	h.t.Helper()
	m := c.marks
	about := func(n int) map[string]any {
		return map[string]any{"phone": phone(20 + n), "email": fmt.Sprintf("%s%d@%s.example", c.key, n, m.org), "department": c.departments[0], "sites": []string{c.sites[0]},
			"contact_roles": []string{"user"}, "position": m.org}
	}
	c.responsible = h.hire(c.key+"resp", c.id, m.org+" 负责人", about(1), grant{role: "customer_responsible"})
	c.user = h.hire(c.key+"user", c.id, m.org+" 用户", about(2), grant{role: "customer_user"})
	c.colleague = h.hire(c.key+"mate", c.id, "同事", nil, grant{role: "customer_user"})
	c.contact = h.hire(c.key+"contact", c.id, m.org+" 联系人", about(3))
	for _, p := range []*person{c.responsible, c.user, c.colleague, c.contact} {
		p.customer = c.id
	}
}

// restricted hires people of the provider who serve one customer alone: an engineer, a leader, and an administrator.
func (h *house) restricted(c *customer) (engineer, leader, administrator *person) {
	h.t.Helper()
	engineer = h.hire(c.key+"eng", h.provider, "何佳", nil, grant{"technician", c.id}, grant{"l1", c.id})
	leader = h.hire(c.key+"lead", h.provider, "吴月", nil, grant{"supervisor", c.id}, grant{"desk", c.id}, grant{"qa", c.id}, grant{"head", c.id})
	administrator = h.hire(c.key+"admin", h.provider, "郑敏", nil, grant{"admin", c.id})
	return engineer, leader, administrator
}

// ordinary are the types whose records can be opened and moved with any sound values. The rules of the others look at
// rosters or at another record; their own tests go through them.
func (h *house) ordinary() []*definition.Type {
	return slices.DeleteFunc(slices.Clone(h.types), func(def *definition.Type) bool {
		return def.Practice == "duty" || def.Type == "coordination"
	})
}

// filler makes values for fields of a customer's records.
type filler struct {
	h    *house
	c    *customer
	by   *person
	at   time.Duration // of instants, from now
	refs func(to string) []string
	n    int
}

func (h *house) filler(c *customer, by *person) *filler {
	h.count++
	return &filler{h: h, c: c, by: by, at: 3 * time.Hour, n: h.count}
}

// words is a text that says whose it is.
func (f *filler) words(field form.Field) string {
	mark := f.c.marks.rec
	if !field.Public {
		mark = f.c.marks.inner
	}
	s := []rune(fmt.Sprintf("%s %s%d", mark, field.Label.Zh, f.n))
	if field.MaxLen > 0 && len(s) > field.MaxLen {
		s = s[:field.MaxLen]
	}
	return strings.TrimSpace(string(s))
}

// value is something right for a field; false when there is nothing to refer to.
func (f *filler) value(field form.Field) (any, bool) {
	v, ok := f.single(field)
	if ok && field.Multiple {
		return []any{v}, true
	}
	return v, ok
}

func (f *filler) single(field form.Field) (any, bool) {
	now := f.h.app.Clock.Now()
	switch field.Type {
	case form.Text, form.Markdown:
		return f.words(field), field.Pattern == ""
	case form.Number:
		return numberFor(field, f.n), true
	case form.Money:
		return "12.50", true
	case form.Bool:
		return f.n%2 == 0, true
	case form.Date:
		return now.Add(f.at).Format(time.DateOnly), true
	case form.Time:
		return "09:30", true
	case form.DateTime:
		return now.Add(f.at).Format(time.RFC3339), true
	case form.Duration:
		return 3600, true
	case form.Enum, form.Tree:
		return optionFor(field, f.n), true
	case form.Rating:
		return 4, true
	case form.Phone:
		return f.c.phones[f.n%len(f.c.phones)], true
	case form.Email:
		return "x@" + f.c.marks.rec + ".example", true
	case form.Link:
		return "https://" + f.c.marks.rec + ".example/a", true
	case form.Secret:
		return f.c.marks.inner + " secret", true
	case form.Geo:
		return map[string]any{"lat": 31.2, "lng": 121.4}, true
	case form.Interval:
		return map[string]any{"from": now.Add(f.at).Format(time.RFC3339), "to": now.Add(f.at + time.Hour).Format(time.RFC3339)}, true
	}
	return f.composite(field)
}

func numberFor(field form.Field, n int) float64 {
	v := float64(1 + n%3)
	if field.Min != nil {
		v = max(v, *field.Min)
	}
	if field.Max != nil {
		v = min(v, *field.Max)
	}
	return v
}

// optionFor takes the choices in turn; a tree's leaves too.
func optionFor(field form.Field, n int) string {
	var all []string
	var walk func([]form.Option)
	walk = func(list []form.Option) {
		for _, o := range list {
			all = append(all, o.Value)
			walk(o.Children)
		}
	}
	walk(field.Options)
	return all[n%len(all)]
}

func (f *filler) composite(field form.Field) (any, bool) {
	switch field.Type {
	case form.Ref:
		ids := f.targets(field.To)
		if len(ids) == 0 {
			return nil, false
		}
		return ids[f.n%len(ids)], true
	case form.Files:
		return []any{f.file(field.Public)}, true
	case form.Table:
		row := map[string]any{}
		for _, column := range field.Columns {
			column.Public = column.Public || field.Public
			if v, ok := f.value(column); ok && !column.ReadOnly && (column.Required || f.n%2 == 0) {
				row[column.Name] = v
			}
		}
		return []any{row}, true
	case form.Checklist, form.Signoffs:
		lines := map[string]any{}
		for _, item := range field.Items {
			lines[item.Code] = true
		}
		return lines, true
	case form.Consent:
		covers := []string{}
		for _, item := range field.Covers {
			covers = append(covers, item.Code)
		}
		return map[string]any{"given": true, "by": f.c.responsible.id, "how": "phone", "covers": covers, "note": f.words(field)}, true
	case form.Signature:
		return map[string]any{"account": true}, true
	}
	return nil, false
}

// targets are what a reference may point to.
func (f *filler) targets(to string) []string {
	if f.refs != nil {
		return f.refs(to)
	}
	h, c := f.h, f.c
	switch to {
	case "customer", "organisation":
		return []string{c.id}
	case "site":
		return c.sites[:1]
	case "service":
		return c.services[:1]
	case "person":
		return []string{c.responsible.id, c.user.id}
	case "contact":
		return []string{c.contact.id, c.user.id}
	case "staff":
		return []string{h.people["desk"].id, h.people["l1"].id}
	case "team":
		return []string{h.ids["team:L1"]}
	case "supplier":
		return nil
	}
	return c.records[to]
}

func (f *filler) file(public bool) string {
	mark := f.c.marks.rec
	if !public {
		mark = f.c.marks.inner
	}
	return f.by.upload(mark+".txt", mark+" content")
}

// form fills fields for somebody; those that stay empty are left out.
func (f *filler) form(def *definition.Type, names []string) map[string]any {
	body := map[string]any{}
	for _, name := range names {
		field, ok := def.Field(name)
		if !ok || field.ReadOnly || f.by.customer != "" && !field.Public {
			continue
		}
		if v, ok := f.value(field); ok {
			body[name] = v
		}
	}
	return body
}

// creators are who may open a record, for a customer.
func (h *house) creators(def *definition.Type, c *customer) []*person {
	var out []*person
	if slices.Contains(def.Create.By, "customer") {
		out = append(out, c.user, c.responsible)
	}
	return append(out, h.people["desk"], h.people["sup"], h.people["l1"])
}

// open makes a record of a type; it tries until the definition's own rules are satisfied.
func (h *house) open(def *definition.Type, workflow string, c *customer, by *person) (object, error) {
	var last answer
	for _, at := range []time.Duration{3 * time.Hour, -time.Hour} {
		for _, all := range []bool{true, false} {
			body := h.opening(def, c, by, at, all)
			if workflow != "" {
				body["workflow"] = workflow
			}
			last = by.send(request{method: "POST", path: api + "/" + def.Plural, body: body})
			if last.status == 201 {
				made := last.object()
				c.records[def.Type] = append(c.records[def.Type], made.text("number"))
				return made, nil
			}
		}
	}
	return nil, fmt.Errorf("%s cannot open a record of type %s: %s", by.login, def.Type, last)
}

func (h *house) opening(def *definition.Type, c *customer, by *person, at time.Duration, all bool) map[string]any {
	names := slices.Clone(def.Create.Require)
	for _, w := range def.Create.RequireWhen {
		names = append(names, w.Fields...)
	}
	if all {
		names = append(names, def.Create.Accept...)
	} else {
		for _, name := range []string{"customer", "requester"} {
			if slices.Contains(def.Create.Inputs(), name) {
				names = append(names, name)
			}
		}
	}
	f := h.filler(c, by)
	f.at = at
	body := f.form(def, names)
	if by.customer != "" {
		delete(body, "customer")
	}
	return body
}

// actorFor finds somebody who may stand for an actor expression on a record.
func (h *house) actorFor(expr string, c *customer, rec object) *person {
	a, err := definition.ParseActor(expr)
	if err != nil {
		h.t.Fatal(err)
	}
	byID := func(id string) *person {
		for _, p := range h.people {
			if id != "" && p.id == id && p.cookie != "" {
				return p
			}
		}
		return nil
	}
	switch a.Name {
	case "handler":
		return byID(rec.text("assignee.id"))
	case "requester":
		return byID(rec.text("requester.id"))
	case "team", "tier":
		if tier := map[string]string{"L1": "l1", "L2": "l2", "L3": "l3", "desk": "desk"}[a.Arg()]; tier != "" {
			return h.people[tier]
		}
		for tier, login := range map[string]string{"L1": "l1", "L2": "l2", "L3": "l3", "desk": "desk"} {
			if rec.text("team.id") == h.ids["team:"+tier] {
				return h.people[login]
			}
		}
		return nil
	case "customer":
		if a.Arg() == "contact" {
			return byID(rec.text("requester.id"))
		}
		return c.responsible
	case "field":
		return byID(rec.text("fields." + a.Arg()))
	}
	return h.people[whoIs[a.Name]]
}

// whoIs says which of the provider's people stands for a role.
var whoIs = map[string]string{"superior": "sup", "supervisor": "sup", "incident_manager": "sup", "head": "sup", "technician": "l1", "l1": "l1", "l2": "l2", "l3": "l3",
	"desk": "desk", "boss": "boss", "staff": "desk", "creator": "desk"}

// step takes one transition that is open, beginning the search at turn; false when none could be taken.
func (h *house) step(c *customer, number string, def *definition.Type, turn int) bool {
	rec := h.people["desk"].must("GET", api+"/records/"+number, nil)
	flow, ok := def.Workflow(rec.text("workflow"))
	if !ok {
		return false
	}
	for _, t := range goingOn(flow, rec.text("state.code"), turn) {
		for _, expr := range t.Actors(rec.text("state.code")) {
			p := h.actorFor(expr, c, rec)
			if p != nil && h.take(c, p, number, def, t) {
				return true
			}
		}
	}
	return h.approve(c, number, rec, turn)
}

// goingOn are the transitions of a state, beginning at turn, those that end the record last.
func goingOn(flow *definition.Workflow, state string, turn int) []*definition.Transition {
	open := flow.FromState(state)
	if len(open) == 0 {
		return nil
	}
	turn %= len(open)
	open = slices.Concat(open[turn:], open[:turn])
	ends := func(t *definition.Transition) int {
		if target, ok := flow.State(t.To); ok && !target.Kind.Open() {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(open, func(a, b *definition.Transition) int { return ends(a) - ends(b) })
	return open
}

// take tries a transition with fuller and sparer forms.
func (h *house) take(c *customer, p *person, number string, def *definition.Type, t *definition.Transition) bool {
	for _, at := range []time.Duration{3 * time.Hour, -time.Hour} {
		for _, all := range []bool{true, false} {
			body := h.stepping(c, p, number, def, t, at, all)
			if p.send(request{method: "POST", path: api + "/" + def.Plural + "/" + number + "/" + t.Code, body: body}).ok() {
				return true
			}
		}
	}
	return false
}

func (h *house) stepping(c *customer, p *person, number string, def *definition.Type, t *definition.Transition, at time.Duration, all bool) map[string]any {
	names := slices.Clone(t.Require)
	for _, w := range t.RequireWhen {
		names = append(names, w.Fields...)
	}
	if all {
		names = append(names, slices.DeleteFunc(slices.Clone(t.Accept), func(n string) bool { return n == "team" || n == "assignee" })...)
	}
	f := h.filler(c, p)
	f.at = at
	f.refs = func(to string) []string {
		plain := *f
		plain.refs = nil
		return slices.DeleteFunc(slices.Clone(plain.targets(to)), func(n string) bool { return n == number })
	}
	body := f.form(def, names)
	if t.Comment == "required" || t.Comment == "optional" && all {
		body["comment"] = c.marks.inner + " 步骤说明"
		if t.Public || p.customer != "" {
			body["comment"] = c.marks.rec + " 步骤说明"
		}
	}
	return body
}

// approve answers an approval that is open.
func (h *house) approve(c *customer, number string, rec object, turn int) bool {
	for _, a := range rec.list("approvals") {
		if a.text("state") != "open" {
			continue
		}
		for _, p := range []*person{h.people["sup"], c.responsible, c.user} {
			body := map[string]any{"decision": "approve", "reason": c.marks.inner + " 同意"}
			if turn%4 == 3 {
				body["decision"] = "refuse"
			}
			if p.customer != "" {
				body["reason"] = c.marks.rec + " 我方意见"
			}
			path := api + "/" + rec.text("plural") + "/" + number + "/approvals/" + a.text("id")
			if p.send(request{method: "POST", path: path, body: body}).ok() {
				return true
			}
		}
	}
	return false
}

// populate fills a customer with records of every type and workflow in many states, each with what can hang on it.
func (h *house) populate(c *customer, perWorkflow int) {
	h.t.Helper()
	for _, def := range h.types {
		creators := h.creators(def, c)
		for w := range def.Workflows {
			for i := range perWorkflow {
				made, err := h.open(def, def.Workflows[w].Name, c, creators[(i+w)%len(creators)])
				if err != nil {
					h.t.Fatal(err)
				}
				number := made.text("number")
				h.adorn(c, def, number, i)
				for step := range i * 2 {
					if !h.step(c, number, def, step+i+w) {
						break
					}
				}
			}
		}
	}
}

// adorn hangs comments, files, links, watchers and work on a record.
func (h *house) adorn(c *customer, def *definition.Type, number string, n int) {
	h.t.Helper()
	desk, base := h.people["desk"], api+"/"+def.Plural+"/"+number
	open := desk.upload(c.marks.rec+".txt", c.marks.rec+" content")
	closed := desk.upload(c.marks.inner+".txt", c.marks.inner+" content")
	desk.must("POST", base+"/comments", map[string]any{"body": c.marks.rec + " 公开", "public": true, "attachments": []string{open}})
	desk.must("POST", base+"/comments", map[string]any{"body": c.marks.inner + " 内部", "public": false, "attachments": []string{closed}})
	desk.must("POST", base+"/work-log", map[string]any{"minutes": 15, "text": c.marks.inner + " 工时"})
	desk.must("POST", base+"/watchers", map[string]any{"person": h.people["sup"].id})
	if len(def.Read) == 0 {
		desk.must("POST", base+"/watchers", map[string]any{"person": c.user.id})
	}
	if all := c.records[def.Type]; len(all) > 1 {
		desk.must("POST", base+"/links", map[string]any{"kind": "related", "number": all[0]})
	}
	if n == 0 && len(def.Urge) > 0 {
		h.people["sup"].send(request{method: "POST", path: base + "/urge", body: map[string]any{"comment": c.marks.inner + " 催"}})
	}
}
