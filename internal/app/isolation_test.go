package app_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/platform/db"
)

// TestWalkIsolation walks every registered route as every persona of customer B with what belongs to customer A (DESIGN §4,
// net 4; PLT-09): the answer must be the one for a thing that does not exist, say nothing of A, and leave A unchanged.
func TestWalkIsolation(t *testing.T) {
	t.Parallel()
	eachWalk(t, func(t *testing.T, h *house) {
		w := newWalk(t, h)
		w.notVacuous()
		last := ""
		for _, r := range h.routes() {
			for _, req := range w.requests(r, w.facts) {
				for _, p := range w.strangers {
					w.ask(p, req, w.facts)
				}
			}
			if r.method == "GET" || w.dynamic(r.path) {
				for _, req := range w.requests(r, w.others) {
					w.ask(w.a.colleague, req, w.others)
				}
			}
			if base, _, _ := strings.Cut(strings.TrimPrefix(r.path, api+"/"), "/"); base != last {
				if !w.passes() { // what is passed over shows at the next look
					w.unchanged("something of " + last)
				}
				last = base
			}
		}
		for _, p := range w.strangers {
			w.references(p)
			w.typedReferences(p)
		}
		w.unchanged("what belongs to B and was to point to what belongs to A")
		w.corrected()
		w.stream(t)
		t.Logf("%d answers looked through; %d ids and %d numbers of A", w.seen, len(w.facts.ids), len(w.facts.numbers))
	})
}

// TestWalkCustomersSeeTheirSideOnly walks every route as A's own people with A's own ids: no inner note or field, no tier, no
// team, no other customer, neither in answers nor in refusals, in either language.
func TestWalkCustomersSeeTheirSideOnly(t *testing.T) {
	t.Parallel()
	eachWalk(t, func(t *testing.T, h *house) {
		w := newWalk(t, h)
		w.a.responsible.speak("en")
		for _, r := range h.routes() {
			if described[r.path] || endless[r.String()] || r.method != "GET" && !w.dynamic(r.path) {
				continue
			}
			for _, p := range []*person{w.a.user, w.a.responsible} {
				for _, req := range w.requests(r, w.facts) {
					if !w.passes() {
						w.discreet(p, req, p.send(req))
					}
				}
			}
		}
	})
}

// TestInnerMattersStayInside: customers are not told of inner notes, of records of types that are the provider's own, or
// of what another customer has, neither by notices nor by live events; and their records cannot point to another's.
func TestInnerMattersStayInside(t *testing.T) {
	t.Parallel()
	eachHouse(t, func(t *testing.T, h *house) {
		h.staff(teamMark)
		a, b := h.customer("alpha", markA, "1390000"), h.customer("bravo", markB, "1380000")
		w := &walk{h: h, t: t, a: a, b: b}
		desk, ctx := h.people["desk"], t.Context()
		heard := map[*person]chan string{a.responsible: w.listen(ctx, a.responsible), a.user: w.listen(ctx, a.user)}
		told := func(p *person) int { return len(p.must("GET", api+"/notifications", nil).list("items")) }
		for _, def := range h.types {
			made, err := h.open(def, "", a, desk)
			if err != nil {
				t.Fatal(err)
			}
			base := api + "/" + def.Plural + "/" + made.text("number")
			for _, p := range []*person{a.user, a.responsible} {
				follow := desk.send(request{method: "POST", path: base + "/watchers", body: map[string]any{"person": p.id}})
				if _, has := def.Field("customer"); follow.ok() != has { // what is the provider's own no customer's person follows
					t.Errorf("%s: a customer's person follows it: %v, it may be a customer's: %v", def.Type, follow.ok(), has)
				}
			}
			before := told(a.user) + told(a.responsible)
			desk.must("POST", base+"/comments", map[string]any{"body": "inner", "public": false})
			if after := told(a.user) + told(a.responsible); after != before {
				t.Errorf("%s: an inner note is announced to the customer", def.Type)
			}
			desk.must("POST", base+"/comments", map[string]any{"body": "open", "public": true})
			for p := range heard {
				if seen := p.get(api + "/records/" + made.text("number")).ok(); seen != def.ForCustomers() {
					t.Errorf("%s: %s can read it: %v, but the type is for customers: %v", def.Type, p.login, seen, def.ForCustomers())
				}
			}
			w.pointAcross(def, base)
		}
		deadline := time.After(time.Second)
		for p, lines := range heard {
			w.overhear(p, lines, deadline)
		}
	})
}

// pointAcross has the desk, who serves everybody, make a record of A point to what is B's where A would see it.
func (w *walk) pointAcross(def *definition.Type, base string) {
	w.t.Helper()
	if !def.ForCustomers() {
		return
	}
	strange := map[string]string{"person": w.b.user.id, "contact": w.b.contact.id, "site": w.b.sites[0], "service": w.b.services[0], "customer": w.b.id, "organisation": w.b.id}
	for _, f := range def.Fields {
		if f.Type != form.Ref || !f.Public || f.ReadOnly || f.Name == "customer" {
			continue
		}
		target, ok := strange[f.To]
		if other := w.h.typeOfRef(f.To); other != nil {
			made, err := w.h.open(other, "", w.b, w.h.people["desk"])
			if err != nil {
				w.t.Fatal(err)
			}
			target, ok = made.text("number"), true
		}
		if !ok {
			continue
		}
		body := map[string]any{f.Name: target}
		if f.Multiple {
			body[f.Name] = []string{target}
		}
		if got := w.h.people["desk"].send(request{method: "PATCH", path: base, body: body}); got.status != 422 {
			w.t.Errorf("%s: field %s, which the customer sees, may point to another customer's: %s", def.Type, f.Name, got)
		}
	}
}

func (h *house) typeOfRef(to string) *definition.Type {
	i := slices.IndexFunc(h.types, func(d *definition.Type) bool { return d.Type == to })
	if i < 0 {
		return nil
	}
	return h.types[i]
}

// overhear looks through what a customer's person heard: only of types that are for customers.
func (w *walk) overhear(p *person, lines chan string, deadline <-chan time.Time) {
	w.t.Helper()
	all := ""
	for waiting := true; waiting; {
		select {
		case line := <-lines:
			all += line
		case <-deadline:
			waiting = false
		case <-time.After(300 * time.Millisecond):
			waiting = false
		}
	}
	for _, def := range w.h.types {
		prefix := "record:" + def.Number[:strings.IndexByte(def.Number, '-')+1]
		named := strings.Contains(all, prefix) || strings.Contains(all, `"list:`+def.Type+`"`)
		if named && !def.ForCustomers() {
			w.t.Errorf("%s hears of %s, which customers do not see: %s", p.login, def.Type, all)
		}
		if p == w.a.responsible && !named && def.ForCustomers() {
			w.t.Errorf("%s heard nothing of %s: the stream proves nothing", p.login, def.Type)
		}
	}
}

// described are routes that describe the API to developers, whoever they are; they hold no data.
var described = map[string]bool{api + "/openapi.json": true, api + "/openapi.yaml": true, "/api/docs": true, "/metrics": true}

// tierForm finds how the provider is organised: lines of support by any name.
var tierForm = regexp.MustCompile(`[一二三]线|(?i:(first|second|third)[- ]line)|(^|[^A-Za-z])L[123]([^0-9A-Za-z]|$)`)

// discreet names what an answer tells a customer that is none of theirs.
func (w *walk) discreet(p *person, req request, got answer) {
	w.t.Helper()
	content := got.text()
	var told []string
	for _, word := range []string{markA.inner, markB.org, markB.rec, markB.inner, teamMark} {
		if strings.Contains(content, word) {
			told = append(told, word)
		}
	}
	if tier := tierForm.FindString(content); tier != "" && !bytes.HasPrefix(got.body, []byte("PK")) { // L1 is a cell there
		told = append(told, "tier "+tier)
	}
	var body any
	if json.Unmarshal(got.body, &body) == nil {
		inner := w.innerFields()
		namesIn(body, "", func(name string) {
			if inner[name] && !strings.Contains(req.path+string(encode(req.body)), name) {
				told = append(told, "field "+name)
			}
		})
	}
	if got.status >= 500 || got.status == 401 {
		told = append(told, "an error")
	}
	if len(told) > 0 {
		slices.Sort(told)
		w.complain("%s: %s\ntells %s\nanswer %s", p.login, req, slices.Compact(told), got)
	}
}

// innerFields are the names of fields that no type shows to customers.
func (w *walk) innerFields() map[string]bool {
	inner := map[string]bool{}
	for _, def := range w.h.types {
		for _, f := range def.Fields {
			inner[f.Name] = true
		}
	}
	for _, def := range w.h.types {
		for _, f := range def.Fields {
			if f.Public {
				delete(inner, f.Name)
			}
		}
	}
	return inner
}

// namesIn finds where an answer names fields: members of "fields", and lists of names.
func namesIn(v any, under string, found func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if under == "fields" {
				found(name)
			}
			if text, ok := member.(string); ok && name == "field" {
				found(text)
			}
			namesIn(member, name, found)
		}
	case []any:
		for _, one := range v {
			if text, ok := one.(string); ok && slices.Contains([]string{"fields", "require", "editable", "columns"}, under) {
				found(text)
			} else if m, ok := one.(map[string]any); ok && under == "fields" {
				text, _ := m["name"].(string)
				found(text)
				namesIn(m, "", found)
			} else {
				namesIn(one, "", found)
			}
		}
	}
}

// marks of the two customers; teamMark stands in the names of the provider's teams.
var (
	markA    = marks{org: "qzalphaorg", rec: "qzalpharec", inner: "qzalphainner"}
	markB    = marks{org: "qzbravoorg", rec: "qzbravorec", inner: "qzbravoinner"}
	teamMark = "qzteam"
)

// walk is a house with two customers, what is secret about A, and who must not see it.
type walk struct {
	h         *house
	t         *testing.T
	a, b      *customer
	facts     *facts // everything of A
	others    *facts // of A's records, what is none of the colleague's business
	strangers []*person
	ghosts    map[string]answer
	tables    map[string][]string
	before    map[string]int // A's rows
	mine      map[string]bool
	seen      int // answers looked through
	holes     int // leaks found
	offered   int // requests that could be sent
}

// stride is how many requests a walk passes over for each that it sends under the race detector. That makes everything five
// times slower, and requests that come one after the other give it little to find: it gets a share of every walk. Without
// it, as scripts/test.sh runs them beside, walks send everything. Coprime to the number of visitors and of languages.
const stride = 41

// passes tells whether the next request is passed over.
func (w *walk) passes() bool {
	w.offered++
	return raced && w.offered%stride != 0
}

func newWalk(t *testing.T, h *house) *walk {
	t.Helper()
	h.staff(teamMark)
	w := &walk{h: h, t: t, ghosts: map[string]answer{}, mine: map[string]bool{}}
	w.a = h.customer("alpha", markA, "1390000")
	w.b = h.customer("bravo", markB, "1380000")
	h.populate(w.a, 3)
	h.populate(w.b, 2)
	engineer, leader, administrator := h.restricted(w.b)
	w.strangers = []*person{w.b.user, w.b.responsible, engineer, leader, administrator}
	w.b.responsible.speak("en")
	w.belongings()
	h.app.Clock.(interface{ Advance(time.Duration) }).Advance(5 * time.Hour) // timers fire, notices go out
	if _, err := h.app.Engine.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range append(slices.Clone(w.strangers), w.a.user, w.a.colleague, w.a.responsible, h.people["desk"], h.people["sup"], h.people["admin"], h.people["l1"]) {
		p.signIn() // the sessions had run out by then
	}
	w.tables = tablesOf(t, h)
	w.facts = w.gather()
	w.others = w.gatherRecords(w.a.colleague.id)
	w.before = w.rows()
	return w
}

// belongings are views, tokens and shared things that name A.
func (w *walk) belongings() {
	w.t.Helper()
	h := w.h
	plural := h.types[0].Plural
	query := "customer=" + w.a.id + "&q=" + markA.rec
	h.people["sup"].must("POST", api+"/views", map[string]any{"type": h.types[0].Type, "name": markA.org + " 的单", "query": query, "shared": true})
	w.a.responsible.must("POST", api+"/views", map[string]any{"type": h.types[0].Type, "name": markA.org, "query": "q=" + markA.rec})
	w.a.responsible.must("POST", api+"/me/tokens", map[string]any{"name": markA.org, "scopes": []string{"record.read"}, "expires_at": h.app.Clock.Now().Add(48 * time.Hour)})
	h.people["sup"].must("GET", api+"/"+plural+"/export?"+query, nil)
	h.people["admin"].must("POST", api+"/access-review/"+h.ids["grant:alphauser:customer_user"]+"/confirm", map[string]any{"note": markA.org})
	h.people["admin"].must("POST", api+"/people/"+w.a.contact.id+"/leave", nil)
}

// facts are what must not be told: ids with their table, numbers, words; and the things to ask for, by kind.
type facts struct {
	ids     map[string]string
	numbers map[string]bool
	words   []string
	things  map[string][]string
	ghost   *strings.Replacer
}

// parents are the columns by which a row belongs to something.
var parents = []string{"organisation", "organisation_id", "customer", "customer_id", "record_id", "from_id", "to_id", "account", "person", "person_id", "owner_id", "parent_id"}

// gather finds everything that belongs to A, however far down.
func (w *walk) gather() *facts {
	w.t.Helper()
	f := &facts{ids: map[string]string{w.a.id: "party_organisations"}, numbers: map[string]bool{}, words: []string{markA.org, markA.rec, markA.inner, "1390000"}, things: map[string][]string{}}
	rows := w.everything()
	for grown := true; grown; {
		grown = false
		for table, list := range rows {
			for _, row := range list {
				if w.joins(f, table, row) {
					grown = true
				}
			}
		}
	}
	w.sort(f)
	return f
}

// gatherRecords finds what belongs to A's records that a person neither asked for nor watches.
func (w *walk) gatherRecords(person string) *facts {
	w.t.Helper()
	f := &facts{ids: map[string]string{}, numbers: map[string]bool{}, words: []string{markA.rec, markA.inner}, things: map[string][]string{}}
	rows := w.everything()
	for _, row := range rows["records"] {
		if row.text("customer_id") == w.a.id && row.text("requester_id") != person {
			f.ids[row.text("id")] = "records"
			f.numbers[row.text("number")] = true
		}
	}
	for _, table := range []string{"record_comments", "record_links", "record_work", "approvals", "record_files"} {
		for _, row := range rows[table] {
			w.joins(f, table, row)
		}
	}
	w.sort(f)
	return f
}

// joins takes a row in that belongs to something already known; true when that is news.
func (w *walk) joins(f *facts, table string, row object) bool {
	key := row.text("id")
	if table == "record_files" {
		key = row.text("file_id")
		table = "files"
		if f.ids[row.text("record_id")] == "" {
			return false
		}
	} else if key == "" || table == "audit_events" && row.text("customer_id") != w.a.id ||
		!slices.ContainsFunc(parents, func(column string) bool { return f.ids[row.text(column)] != "" }) {
		return false
	}
	if f.ids[key] != "" || key == "" {
		return false
	}
	f.ids[key] = table
	if number := row.text("number"); table == "records" {
		f.numbers[number] = true
	}
	return true
}

// kinds says which kind of thing the rows of a table are, as parameters of routes and fields of bodies name them.
var kinds = map[string]string{"party_organisations": "organisation", "party_sites": "site", "party_departments": "department", "party_people": "person",
	"party_teams": "team", "party_services": "service", "party_dedicated": "dedicated", "identity_accounts": "account", "identity_grants": "grant",
	"identity_sessions": "session", "identity_tokens": "token", "list_views": "view", "files": "file", "notices": "notice", "records": "record",
	"record_links": "link", "approvals": "approval", "agreements": "agreement", "audit_events": "event", "identity_reviews": "review"}

// sort files what was found by kind, and makes the words that stand for it as if it did not exist.
func (w *walk) sort(f *facts) {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(f.ids)) {
		if kind := kinds[f.ids[key]]; kind != "" {
			f.things[kind] = append(f.things[kind], key)
		}
		if id.Valid(key) {
			pairs = append(pairs, key, absent)
		}
	}
	for _, number := range slices.Sorted(maps.Keys(f.numbers)) {
		f.things["number"] = append(f.things["number"], number)
		pairs = append(pairs, number, number[:strings.LastIndexByte(number, '-')+1]+strings.Repeat("9", len(number)-strings.LastIndexByte(number, '-')-1))
	}
	for _, word := range f.words {
		pairs = append(pairs, word, strings.Repeat("7", len(word)))
	}
	for _, kind := range []string{"organisation", "site", "person", "number", "file"} {
		if len(f.things[kind]) == 0 && f.things["number"] == nil {
			w.t.Fatalf("nothing of kind %s was found of A: the test would prove nothing", kind)
		}
	}
	f.ghost = strings.NewReplacer(pairs...)
}

// absent is the id of something that does not exist.
var absent = id.New()

// ignorant says, once, what the walk does not know of a route: a route that it cannot fill proves nothing.
func (w *walk) ignorant(format string, args ...any) {
	w.t.Helper()
	message := fmt.Sprintf("isolation: "+format, args...)
	if _, said := w.ghosts[message]; !said {
		w.ghosts[message] = answer{}
		w.t.Error(message)
	}
}

// of takes a few things of a kind, spread over all.
func (f *facts) of(kind string, most int) []string {
	all := f.things[kind]
	if len(all) <= most {
		return all
	}
	var some []string
	for i := range most {
		some = append(some, all[i*len(all)/most])
	}
	return some
}

// ask sends a request and the same one for things that do not exist; the answers must be alike.
func (w *walk) ask(p *person, req request, f *facts) {
	w.t.Helper()
	if w.passes() {
		return
	}
	body := string(encode(req.body))
	ghost := req
	ghost.path = f.ghost.Replace(req.path)
	if req.body != nil {
		ghost.body = f.ghost.Replace(body)
	}
	got := p.send(req)
	if got.status >= 500 || got.status == 401 {
		w.t.Errorf("%s: %s\nanswer %s", p.login, req, got)
	}
	w.leaks(p.login, req, got, f)
	if ghost.path == req.path && (req.body == nil || ghost.body == body) {
		return
	}
	key := p.login + " " + ghost.method + " " + ghost.path + " " + string(encode(ghost.body))
	want, known := w.ghosts[key]
	if !known {
		want = p.send(ghost)
		w.ghosts[key] = want
	}
	if got.status != want.status || f.ghost.Replace(got.plain()) != want.plain() {
		w.complain("%s: %s\nanswers      %s\nfor an absent thing %s", p.login, req, got, want)
	}
}

// endless are routes that do not end, or end the walk; stream and other tests have them.
var endless = map[string]bool{
	"GET /api/v1/events": true, "DELETE /api/v1/session": true, "POST /api/v1/session": true, "POST /api/v1/setup": true,
	"PUT /api/test/clock": true, "POST /api/test/tick": true, "DELETE /api/v1/me/sessions": true,
}

var requestID = regexp.MustCompile(`"request_id":"[^"]*"`)

// plain is the content of an answer without what differs every time.
func (a answer) plain() string {
	return requestID.ReplaceAllString(a.text(), "")
}

// text is the content of an answer; that of a spreadsheet is unpacked.
func (a answer) text() string {
	if !bytes.HasPrefix(a.body, []byte("PK\x03\x04")) {
		return string(a.body)
	}
	archive, err := zip.NewReader(bytes.NewReader(a.body), int64(len(a.body)))
	if err != nil {
		return err.Error()
	}
	var all strings.Builder
	for _, f := range archive.File {
		if strings.HasPrefix(f.Name, "docProps/") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			return err.Error()
		}
		_, _ = io.Copy(&all, r)
		_ = r.Close()
	}
	return all.String()
}

var (
	uuidForm   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	numberForm = regexp.MustCompile(`[A-Z]{2,6}-\d{4}-\d{3,8}`)
)

// leaks names what an answer tells of A beyond what the caller said themselves.
func (w *walk) leaks(who string, req request, got answer, f *facts) {
	w.t.Helper()
	w.seen++
	said := req.path + string(encode(req.body))
	content := got.text() + fmt.Sprint(got.header["Location"], got.header["Etag"], got.header["Content-Disposition"])
	var told []string
	for _, word := range f.words {
		if strings.Contains(content, word) && !strings.Contains(said, word) {
			told = append(told, word)
		}
	}
	for _, key := range uuidForm.FindAllString(content, -1) {
		if f.ids[key] != "" && !strings.Contains(said, key) {
			told = append(told, f.ids[key]+" "+key)
		}
	}
	for _, number := range numberForm.FindAllString(content, -1) {
		if f.numbers[number] && !strings.Contains(said, number) {
			told = append(told, number)
		}
	}
	if len(told) > 0 {
		slices.Sort(told)
		w.complain("%s: %s\ntells %s\nanswer %s", who, req, slices.Compact(told), got)
	}
}

// complain reports a leak; a hole that everything comes through is reported fifty times.
func (w *walk) complain(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf(format, args...)
	if w.holes++; w.holes == 50 {
		w.t.Fatal("and so on")
	}
}

// requests are all ways to call a route with what f holds.
func (w *walk) requests(r route, f *facts) []request {
	w.t.Helper()
	var out []request
	if endless[r.String()] {
		return nil
	}
	for _, values := range w.fill(r, f) {
		path := r.filled(values...)
		if r.method == "GET" {
			out = append(out, request{method: "GET", path: path})
			for _, query := range w.queries(r, f) {
				out = append(out, request{method: "GET", path: path + "?" + query.Encode()})
			}
			continue
		}
		for _, body := range w.bodies(r, values, f) {
			out = append(out, request{method: r.method, path: path, body: body})
		}
	}
	return out
}

// pathKinds says what stands in the place of a parameter, by the segment before it.
var pathKinds = map[string]string{
	"organisations/{id}": "organisation", "sites/{id}": "site", "departments/{id}": "department", "people/{id}": "person", "teams/{id}": "team",
	"services/{id}": "service", "dedicated-engineers/{id}": "dedicated", "accounts/{id}": "account", "grants/{id}": "grant", "access-review/{id}": "grant",
	"views/{id}": "view", "sessions/{id}": "session", "tokens/{id}": "token", "customers/{id}": "organisation", "files/{file}": "file",
	"agreements/{id}": "agreement", "clocks/{agreement}": "agreement",
	"records/{number}": "number", "jobs/{id}": "job", "notifications/{id}": "notice",
}

// words that stand for parameters which are not ids.
func (w *walk) choices() map[string][]string {
	types := []string{}
	for _, def := range w.h.types {
		types = append(types, def.Type)
	}
	return map[string][]string{
		"options/{to}": append([]string{"person", "staff", "contact", "organisation", "customer", "supplier", "site", "team", "service"}, types...),
		"roles/{code}": {"customer_user", "desk"}, "priority-schemes/{code}": {"standard"},
		"alerts/{id}": {"no-such-alert"}, "alert-rules/{id}": {"default"}, "alert-sources/{id}": {"api"}, "alert-windows/{id}": {"none"}, "alert-objects/{id}": {"none"},
		"alert-payloads/{id}": {"none"}, "alert-metrics/{metric}": {"cpu"}, "intake/{kind}": {"generic"}, "{kind}/{token}": {"sta_wrong"}, "prometheus/{token}": {"sta_wrong"},
		"calendars/{code}": {"office-alpha"}, "public-days/{country}": {"CN"}, "{country}/{year}": {"2025"}, "{agreement}/{target}": {"resolution"},
		"definitions/{type}": types[:1], "versions/{version}": {"1"},
		"rosters/{id}": {"none"}, "overrides/{override}": {"none"}, "duty-feeds/{token}": {strings.Repeat("A", 32)},
		"acknowledge/{token}": {strings.Repeat("A", 43)}, "notification-channels/{id}": {"none"}, "deliveries/{id}": {"none"},
		"notification-templates/{kind}": {"default"}, "{kind}/{lang}": {"zh"},
	}
}

// fill gives the combinations of values for the parameters of a route. It must know every parameter.
func (w *walk) fill(r route, f *facts) [][]string {
	w.t.Helper()
	combos := [][]string{{}}
	segments := strings.Split(r.path, "/")
	for i, segment := range segments {
		if !strings.HasPrefix(segment, "{") {
			continue
		}
		var next [][]string
		for _, have := range combos {
			values, known := w.values(r, segments[i-1], segment, have, f)
			if !known {
				w.ignorant("teach TestWalkIsolation what to put for %s in %s (pathKinds, choices or values)", segment, r)
				return nil
			}
			for _, v := range values {
				next = append(next, append(slices.Clone(have), v))
			}
		}
		combos = next
	}
	return combos
}

// fewNumbers is how many records of a type are tried at each route.
const fewNumbers = 5

func (w *walk) values(r route, before, segment string, have []string, f *facts) ([]string, bool) {
	if kind, ok := pathKinds[before+"/"+segment]; ok {
		return f.of(kind, 4), true
	}
	if words, ok := w.choices()[before+"/"+segment]; ok {
		return words, true
	}
	switch segment {
	case "{number}":
		def := w.h.typeOf(before)
		all := slices.DeleteFunc(slices.Clone(f.things["number"]), func(n string) bool { return !strings.HasPrefix(n, def.Number[:strings.IndexByte(def.Number, '-')+1]) })
		return (&facts{things: map[string][]string{"number": all}}).of("number", fewNumbers), true
	case "{transition}":
		return w.transitions(w.h.typeOf(strings.Split(r.path, "/")[3]), have[0], f), true
	case "{link}":
		return f.of("link", 2), true
	case "{approval}":
		return f.of("approval", 2), true
	case "{field}":
		def := w.h.typeOf(strings.Split(r.path, "/")[3])
		var names []string
		for _, field := range def.Fields {
			if field.Type == form.Secret || field.Name == "title" {
				names = append(names, field.Name)
			}
		}
		return names, true
	}
	return nil, false
}

// transitions are many of a type for its first record, and for others those of their workflow's beginning.
func (w *walk) transitions(def *definition.Type, number string, f *facts) []string {
	var names []string
	for _, flow := range def.Workflows {
		for _, t := range flow.Value.Transitions {
			if !slices.Contains(names, t.Name) {
				names = append(names, t.Name)
			}
		}
	}
	first := slices.IndexFunc(f.things["number"], func(n string) bool { return strings.HasPrefix(n, number[:strings.IndexByte(number, '-')]) })
	if f.things["number"][first] == number {
		return append((&facts{things: map[string][]string{"step": names}}).of("step", 15), "no_such_step")
	}
	return names[:min(3, len(names))]
}

// refNames says which kind of thing a query parameter or a member of a body refers to.
var refNames = map[string]string{
	"organisation": "organisation", "customer": "organisation", "owner": "organisation", "site": "site", "sites": "site", "department": "department",
	"person": "person", "people": "person", "members": "person", "head": "person", "lead": "person", "manager": "person", "superior": "person",
	"requester": "person", "assignee": "person", "to": "person", "team": "team", "service": "service", "parent": "number", "number": "number", "record": "number", "handler": "person",
	"actor": "person", "stream": "record", "ids": "notice", "notice": "notice", "by": "person", "approver": "person",
	"add": "person", "remove": "person", "user": "person", "roster": "roster",
}

// plainNames are short texts that refer to nothing. Whoever adds a short text decides which list it belongs to.
var plainNames = []string{
	"kind", "status", "customer_class", "side", "contact_role", "outsourced", "tier", "resident", "role", "disabled", "type", "types", "subject", "show", "format",
	"cursor", "sort", "q", "state", "open", "priority", "impact", "urgency", "channel", "level", "workflow", "major", "watching", "turn", "created_from", "created_to",
	"updated_from", "updated_to", "due_before", "limit", "count", "group", "columns", "unread", "days", "stale_days", "from", "text", "phone", "version",
	"code", "language", "zone", "process", "project", // there are no projects yet
	"login", "password", "totp", "theme", "density", "value", "mark", "geo", "phone2", "short_name", "employee_number",
	"form_of_address", "contact_roles", "scopes", "perms", "expires_at", "zh", "en", "now", "new", "current", "classes", "dictionary", "$schema",
	"name", "digest_at", "lang",
	"word", "severity", "unit", "source", "rule", "object", "metric", "unlinked", "overdue", "held", "past", // of alerts
	"calendar", "target", "valid_until", "date", "month", "country", // of agreements
	"start", "end", "at", "draft", "skill", "timezone", "valid_from", "valid_to", // of rosters
}

// queries are the queries of a list that name what f holds, one parameter at a time and all at once.
func (w *walk) queries(r route, f *facts) []url.Values {
	w.t.Helper()
	all := url.Values{}
	var out []url.Values
	for _, name := range w.parameters(r) {
		values := w.queryValues(r, name, f)
		for _, v := range values {
			out = append(out, url.Values{name: {v}})
		}
		if len(values) > 0 && slices.Contains([]string{"customer", "organisation", "site", "service", "text", "q", "type", "person"}, name) {
			all.Set(name, values[0])
		}
	}
	if len(all) > 1 {
		out = append(out, all)
	}
	return append(out, w.shapes(r, f)...)
}

// parameters of a route's query, as the document has them; export and counts take those of the list.
func (w *walk) parameters(r route) []string {
	path := r.path
	for _, def := range w.h.types {
		if base := api + "/" + def.Plural; path == base+"/export" || path == base+"/counts" {
			path = base
		}
	}
	if path == api+"/audit/export" {
		path = api + "/audit"
	}
	var names []string
	for _, p := range w.h.document().Paths[path]["get"].Parameters {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	return names
}

func (w *walk) queryValues(r route, name string, f *facts) []string {
	w.t.Helper()
	switch name {
	case "q", "text":
		return append(slices.Clone(f.words), f.of("number", 2)...)
	case "phone":
		return w.a.phones[:min(4, len(w.a.phones))]
	case "parent":
		if !strings.Contains(r.path, "departments") {
			return f.of("number", 2)
		}
		return f.of("department", 2)
	case "stream":
		return append(f.of("record", 2), f.of("person", 2)...)
	case "number":
		return f.of("number", 2)
	}
	if own, ok := strings.CutPrefix(name, "f."); ok {
		return w.fieldValues(r, own, f)
	}
	if kind, ok := refNames[name]; ok {
		return f.of(kind, 2)
	}
	if !slices.Contains(plainNames, name) {
		w.ignorant("say in refNames or plainNames what query parameter %s of %s means", name, r)
	}
	return nil
}

// fieldValues are values that A's records have in an indexed field.
func (w *walk) fieldValues(r route, name string, f *facts) []string {
	def := w.h.typeOf(strings.Split(r.path, "/")[3])
	if field, ok := def.Field(name); ok && field.Type == form.Ref {
		return f.of(refNames[name], 1)
	}
	return []string{markA.rec}
}

// shapes are the further ways in which a list can be asked for; they name nothing, so only their content is looked at.
func (w *walk) shapes(r route, f *facts) []url.Values {
	var out []url.Values
	isList := slices.ContainsFunc(w.h.types, func(d *definition.Type) bool { return r.path == api+"/"+d.Plural })
	switch {
	case isList:
		for _, sort := range []string{"due", "-created_at", "number"} {
			out = append(out, url.Values{"sort": {sort}, "limit": {"200"}, "count": {"true"}})
		}
		out = append(out, url.Values{"watching": {"me"}}, url.Values{"turn": {"me"}}, url.Values{"open": {"true"}})
	case strings.HasSuffix(r.path, "/counts") && r.path != api+"/counts":
		for _, by := range []string{"state", "kind", "priority", "assignee", "team", "customer", "channel", "workflow", "service", "type"} {
			out = append(out, url.Values{"group": {by}})
			for _, customer := range f.of("organisation", 1) {
				out = append(out, url.Values{"group": {by}, "customer": {customer}})
			}
		}
	case strings.HasSuffix(r.path, "/export"):
		out = append(out, url.Values{"format": {"xlsx"}}, url.Values{"format": {"csv"}})
	case strings.HasSuffix(r.path, "/timeline"):
		for _, show := range []string{"all", "public", "internal", "moves"} {
			out = append(out, url.Values{"show": {show}})
		}
	}
	return out
}

// bodies are what is sent to a route that changes something.
func (w *walk) bodies(r route, values []string, f *facts) []any {
	w.t.Helper()
	if r.method == "DELETE" {
		return []any{nil}
	}
	if op, ok := w.h.document().Paths[r.path][strings.ToLower(r.method)]; ok {
		if in, ok := w.h.document().body(op); ok {
			return []any{w.sample(r, in, "", func(kind string) string { return first(f.things[kind], absent) })}
		}
		if !w.dynamic(r.path) {
			return []any{nil}
		}
	}
	body, known := w.recordBody(r, values, f)
	if !known {
		w.ignorant("teach TestWalkIsolation what to send to %s (recordBody)", r)
	}
	return body
}

func first(list []string, otherwise string) string {
	if len(list) == 0 {
		return otherwise
	}
	return list[0]
}

func (w *walk) dynamic(path string) bool {
	return slices.ContainsFunc(w.h.types, func(d *definition.Type) bool { return strings.HasPrefix(path+"/", api+"/"+d.Plural+"/") })
}

// recordBody is what goes to the operations whose body the document does not describe.
func (w *walk) recordBody(r route, values []string, f *facts) ([]any, bool) {
	person, number, file := first(f.things["person"], absent), first(f.things["number"], "X-2025-1"), first(f.things["file"], absent)
	bodies := map[string]any{
		"urge": map[string]any{"comment": "x"}, "comments": map[string]any{"body": "x", "public": true, "attachments": []string{file}},
		"work-log": map[string]any{"minutes": 5, "text": "x"}, "links": map[string]any{"kind": "related", "number": number},
		"watchers": map[string]any{"person": person}, "attachments": map[string]any{"files": []string{file}, "public": true},
		"{approval}": map[string]any{"decision": "approve", "reason": "x"}, "delegate": map[string]any{"to": person}, "watch": nil,
		"{transition}": map[string]any{}, "files": nil, "leave": nil, "return": nil, "unlock": nil, "enable": nil, "reset-totp": nil,
		"{token}": map[string]any{"object": "x"}, "alerts": []any{},
	}
	last := r.path[strings.LastIndexByte(r.path, '/')+1:]
	if last == "bulk" {
		return w.bulk(r, f), true
	}
	body, known := bodies[last]
	return []any{body}, known
}

func (w *walk) bulk(r route, f *facts) []any {
	values, _ := w.values(r, strings.Split(r.path, "/")[3], "{number}", nil, f)
	var targets []map[string]any
	for _, n := range values[:min(2, len(values))] {
		targets = append(targets, map[string]any{"number": n})
	}
	return []any{
		map[string]any{"numbers": targets, "action": "assign", "fields": map[string]any{"assignee": w.h.people["l1"].id}},
		map[string]any{"numbers": targets, "action": "urge"},
		map[string]any{"numbers": targets, "action": "priority", "fields": map[string]any{"impact": "high"}},
		map[string]any{"numbers": targets, "action": "transition", "transition": "close"},
	}
}

// sample is a value that a schema accepts; what refers to something is asked for by kind.
func (w *walk) sample(r route, s schema, name string, ref func(kind string) string) any {
	w.t.Helper()
	s = w.h.document().resolve(s)
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.is("object"):
		body := map[string]any{}
		for _, member := range slices.Sorted(maps.Keys(s.Properties)) {
			if p := s.Properties[member]; !p.ReadOnly && member != "$schema" {
				body[member] = w.sample(r, p, member, ref)
			}
		}
		return body
	case s.is("array"):
		if s.Items == nil {
			return []any{}
		}
		return []any{w.sample(r, *s.Items, name, ref)}
	case s.is("boolean"):
		return false
	case s.is("integer"), s.is("number"):
		if s.Minimum != nil {
			return *s.Minimum
		}
		return 1
	case s.is("string"):
		return w.sampleText(r, s, name, ref)
	}
	return map[string]any{}
}

func (w *walk) sampleText(r route, s schema, name string, ref func(kind string) string) any {
	w.t.Helper()
	kind := refNames[name]
	if strings.Contains(r.path, "departments") && name == "parent" {
		kind = "department"
	}
	switch {
	case kind != "":
		return ref(kind)
	case s.Format == "date-time":
		return "2025-03-04T09:00:00+08:00"
	case s.MaxLength > 0 && s.MaxLength <= 64 && !slices.Contains(plainNames, name) && !w.dynamic(r.path):
		w.ignorant("say in refNames or plainNames what member %s of %s means", name, r)
	}
	word := map[string]string{"kind": "customer", "side": "customer", "role": "customer_user", "tier": "L1", "zone": "Asia/Shanghai", "language": "zh", "login": "new.login", "type": w.h.types[0].Type}[name]
	if word == "" {
		word = "text"
	}
	return word
}

// references lets a person point from their own records to what belongs to A, one reference at a time.
func (w *walk) references(p *person) {
	w.t.Helper()
	for _, def := range w.h.types {
		for _, name := range def.Create.Inputs() {
			field, ok := def.Field(name)
			if !ok || field.ReadOnly || p.customer != "" && !field.Public || field.Type != form.Ref && field.Type != form.Files {
				continue
			}
			body := w.h.opening(def, w.b, &person{h: w.h, login: p.login, customer: p.customer, cookie: w.h.people["desk"].cookie, csrf: w.h.people["desk"].csrf}, -time.Hour, false)
			w.askWith(p, request{method: "POST", path: api + "/" + def.Plural}, body, name, field)
		}
		for _, number := range w.b.records[def.Type][:min(2, len(w.b.records[def.Type]))] {
			w.ownRecord(p, def, number)
		}
	}
}

func (w *walk) askWith(p *person, req request, body map[string]any, name string, field form.Field) {
	w.t.Helper()
	for _, target := range w.refsOf(field) {
		with := maps.Clone(body)
		with[name] = target
		if field.Multiple || field.Type == form.Files {
			with[name] = []any{target}
		}
		req.body = with
		w.ask(p, req, w.facts)
	}
}

// refsOf is what of A a field could point to.
func (w *walk) refsOf(field form.Field) []string {
	switch {
	case field.Type == form.Files:
		return w.facts.of("file", 2)
	case field.To == "customer" || field.To == "organisation":
		return []string{w.a.id}
	case field.To == "person" || field.To == "contact" || field.To == "staff":
		return []string{w.a.user.id}
	case field.To == "site":
		return w.a.sites[:1]
	case field.To == "service":
		return w.a.services[:1]
	case field.To == "team":
		return []string{w.a.team}
	}
	return w.a.records[field.To][:min(1, len(w.a.records[field.To]))]
}

// ownRecord lets a person point from a record of B to what belongs to A.
func (w *walk) ownRecord(p *person, def *definition.Type, number string) {
	w.t.Helper()
	base := api + "/" + def.Plural + "/" + number
	for _, field := range def.Fields {
		if field.Type == form.Ref || field.Type == form.Files {
			w.askWith(p, request{method: "PATCH", path: base}, map[string]any{}, field.Name, field)
		}
	}
	file, other := w.facts.of("file", 1)[0], w.a.records[def.Type][0]
	for path, body := range map[string]map[string]any{
		"POST /assign": {"assignee": w.a.user.id}, "POST /assign?": {"team": w.a.team}, "POST /links": {"kind": "related", "number": other},
		"POST /watchers": {"person": w.a.user.id}, "PUT /attachments": {"files": []string{file}}, "POST /comments": {"body": "x", "attachments": []string{file}},
	} {
		method, rest, _ := strings.Cut(path, " ")
		w.ask(p, request{method: method, path: base + strings.TrimSuffix(rest, "?"), body: body}, w.facts)
	}
	rec := p.get(api + "/records/" + number).object()
	for _, action := range rec.list("next_steps.actions") {
		names, _ := action.at("form.fields").([]any)
		for _, name := range names {
			if field, ok := def.Field(fmt.Sprint(name)); ok && (field.Type == form.Ref || field.Type == form.Files) {
				w.askWith(p, request{method: "POST", path: base + "/" + action.text("transition")}, map[string]any{"comment": "x"}, field.Name, field)
			}
		}
	}
	for _, a := range rec.list("approvals") {
		w.ask(p, request{method: "POST", path: base + "/approvals/" + a.text("id") + "/delegate", body: map[string]any{"to": w.a.user.id}}, w.facts)
	}
}

// typedReferences lets a person create and change what is B's with one reference to what is A's.
func (w *walk) typedReferences(p *person) {
	w.t.Helper()
	mine := map[string]string{"organisation": w.b.id, "site": w.b.sites[0], "department": w.b.departments[0], "person": w.b.colleague.id, "team": w.b.team,
		"service": w.b.services[0], "dedicated": w.b.dedicated, "number": absent, "record": absent, "notice": absent, "account": w.h.ids["account:bravomate"]}
	for _, r := range w.h.routes() {
		op := w.h.document().Paths[r.path][strings.ToLower(r.method)]
		in, ok := w.h.document().body(op)
		if !ok || w.dynamic(r.path) || endless[r.String()] {
			continue
		}
		path, ok := w.ownPath(r, mine)
		if !ok {
			continue
		}
		for name := range in.Properties {
			if refNames[name] == "" {
				continue
			}
			w.typedReference(p, r, in, path, name, mine)
		}
	}
}

func (w *walk) typedReference(p *person, r route, in schema, path, name string, mine map[string]string) {
	w.t.Helper()
	body := map[string]any{}
	for _, member := range append(slices.Clone(in.Required), name) {
		kindOf := func(kind string) string {
			if member == name {
				return first(w.facts.things[kind], absent)
			}
			return mine[kind]
		}
		body[member] = w.sample(r, in.Properties[member], member, kindOf)
	}
	w.ask(p, request{method: r.method, path: path, body: body}, w.facts)
}

// ownPath fills a route with what is B's.
func (w *walk) ownPath(r route, mine map[string]string) (string, bool) {
	segments := strings.Split(r.path, "/")
	var values []string
	for i, segment := range segments {
		if !strings.HasPrefix(segment, "{") {
			continue
		}
		v := mine[pathKinds[segments[i-1]+"/"+segment]]
		if v == "" {
			return "", false
		}
		values = append(values, v)
	}
	return r.filled(values...), true
}

// corrected: what was registered for A by mistake and then put right for B tells B nothing of A.
func (w *walk) corrected() {
	w.t.Helper()
	desk := w.h.people["desk"]
	for _, def := range w.h.types {
		if def.Type != "vault" && len(def.Edit.Fields) > 0 && !slices.Contains(def.Edit.Fields, "customer") {
			continue
		}
		wrong := *w.a // what was said stays with the record; what shows whose it was does not
		wrong.marks, wrong.records = marks{markA.org, "said", "noted"}, map[string][]string{}
		made, err := w.h.open(def, "", &wrong, desk)
		if err != nil {
			w.t.Fatal(err)
		}
		number := made.text("number")
		base := api + "/" + def.Plural + "/" + number
		desk.must("POST", base+"/watchers", map[string]any{"person": w.a.user.id})
		body := map[string]any{}
		for _, f := range def.Fields {
			if _, filled := made.at("fields").(map[string]any)[f.Name]; !filled || f.ReadOnly || f.Name == "assignee" || f.Name == "team" || f.Name == "channel" ||
				len(def.Edit.Fields) > 0 && !slices.Contains(def.Edit.Fields, f.Name) {
				continue
			}
			body[f.Name] = nil
			if v, ok := w.h.filler(w.b, desk).value(f); ok && f.To != def.Type && f.Type != form.Signature {
				body[f.Name] = v
			}
		}
		body["customer"] = w.b.id
		desk.must("PATCH", base, body)
		w.facts.numbers[number] = false // it is B's now
		stream := w.h.people["admin"].must("GET", api+"/audit?number="+number, nil).text("items.0.stream")
		for _, p := range w.strangers {
			for _, path := range []string{base, base + "/timeline", base + "/timeline?show=public", api + "/records/" + number, api + "/" + def.Plural + "?limit=200",
				api + "/audit?stream=" + stream, api + "/audit?number=" + number, api + "/audit/export?number=" + number} {
				if w.passes() {
					continue
				}
				w.leaks(p.login, request{method: "GET", path: path}, p.get(path), w.facts)
			}
		}
		desk.must("POST", base+"/comments", map[string]any{"body": markB.rec, "public": true})
		if notices := w.a.user.get(api + "/notifications").text(); strings.Contains(notices, number) {
			w.t.Errorf("%s is told of %s, which is not A's any more: %s", w.a.user.login, number, notices)
		}
	}
}

// stream listens as everybody while A's records change, then while B's do: only the second may be heard.
func (w *walk) stream(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	heard := map[string]chan string{}
	for _, p := range append(slices.Clone(w.strangers), w.a.colleague) {
		heard[p.login] = w.listen(ctx, p)
	}
	change := func(c *customer) {
		for _, def := range w.h.types {
			base := api + "/" + def.Plural + "/" + c.records[def.Type][0]
			w.h.people["desk"].must("POST", base+"/comments", map[string]any{"body": "again", "public": true})
			w.h.people["desk"].must("POST", base+"/comments", map[string]any{"body": "again", "public": false})
			if _, err := w.h.open(def, "", c, w.h.people["desk"]); err != nil {
				t.Error(err)
			}
		}
	}
	change(w.a)
	// then something that each of them may hear ends the listening
	w.b.records["last"] = nil
	change(w.b)
	for login, lines := range heard {
		w.eavesdrop(login, lines)
	}
}

// eavesdrop looks through what somebody heard until something of B comes, or nothing more does.
func (w *walk) eavesdrop(login string, lines chan string) {
	w.t.Helper()
	count := 0
	f := w.gather() // with what was just made
	deaf := login == w.a.colleague.login || login == w.b.user.login
	patience := 20 * time.Second // for whoever must hear something
	if deaf {
		patience = 1500 * time.Millisecond
	}
	deadline := time.After(patience)
	for {
		select {
		case line := <-lines:
			if count++; count == 1 { // the rest is under way
				deadline = time.After(1500 * time.Millisecond)
			}
			w.leaks(login, request{method: "GET", path: api + "/events"}, answer{status: 200, body: []byte(line)}, f)
		case <-deadline:
			if count == 0 && !deaf {
				w.t.Errorf("%s heard nothing of B's records: the stream proves nothing", login)
			}
			return
		}
	}
}

func (w *walk) listen(ctx context.Context, p *person) chan string {
	w.t.Helper()
	req, err := http.NewRequestWithContext(ctx, "GET", w.h.app.URL()+api+"/events", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	p.dress(req, request{method: "GET"})
	res, err := w.h.client.Do(req)
	if err != nil || res.StatusCode != 200 {
		w.t.Fatalf("%s: listen: %v %v", p.login, res, err)
	}
	lines, ready := make(chan string, 1000), make(chan bool)
	go func() {
		defer func() { _ = res.Body.Close() }()
		scanner := bufio.NewScanner(res.Body)
		for scanner.Scan() {
			if line := scanner.Text(); strings.HasPrefix(line, ": hello") {
				close(ready)
			} else if strings.HasPrefix(line, "data:") {
				lines <- line
			}
		}
	}()
	<-ready
	return lines
}

// notVacuous makes sure that what B must not see is there for those who may.
func (w *walk) notVacuous() {
	w.t.Helper()
	for _, p := range []*person{w.a.responsible, w.h.people["desk"]} {
		found := 0
		for _, def := range w.h.types {
			body := p.get(api + "/" + def.Plural + "?limit=200").text()
			for _, number := range numberForm.FindAllString(body, -1) {
				if w.facts.numbers[number] {
					found++
				}
			}
		}
		if found < 10 {
			w.t.Errorf("%s finds %d records of A: the world is too small to prove anything", p.login, found)
		}
	}
	states := map[string]bool{}
	for _, row := range w.everything()["records"] {
		states[row.text("type")+"."+row.text("state")] = true
	}
	if len(states) < 12 {
		w.t.Errorf("the records are in %d states only: %v", len(states), slices.Sorted(maps.Keys(states)))
	}
	w.t.Logf("states of records: %v", slices.Sorted(maps.Keys(states)))
}

// tablesOf lists the tables of the database with their columns.
func tablesOf(t *testing.T, h *house) map[string][]string {
	t.Helper()
	sql := `SELECT m.name, p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, p.cid`
	if h.app.DB.Dialect() == db.Postgres {
		sql = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position`
	}
	tables := map[string][]string{}
	err := h.app.DB.Read(t.Context(), func(tx db.Tx) error {
		rows, err := db.All(t.Context(), tx, func(row db.Row) (pair [2]string, err error) { return pair, row.Scan(&pair[0], &pair[1]) }, sql)
		for _, r := range rows {
			if !strings.HasPrefix(r[0], "search_") && !strings.HasPrefix(r[0], "river") {
				tables[r[0]] = append(tables[r[0]], r[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// lines are all rows of all tables, each as one line of JSON.
func (w *walk) lines() map[string][]string {
	w.t.Helper()
	if w.tables == nil {
		w.tables = tablesOf(w.t, w.h)
	}
	out := map[string][]string{}
	err := w.h.app.DB.Read(w.t.Context(), func(tx db.Tx) error {
		for table, columns := range w.tables {
			sql := "SELECT to_json(t)::text FROM " + table + " t"
			if tx.Dialect() == db.SQLite {
				var members []string
				for _, c := range columns {
					members = append(members, fmt.Sprintf(`'%s', CASE WHEN typeof("%s") = 'blob' THEN hex("%[1]s") ELSE "%[1]s" END`, c, c))
				}
				sql = "SELECT json_object(" + strings.Join(members, ", ") + ") FROM " + table
			}
			rows, err := db.All(w.t.Context(), tx, db.Scan[string], sql)
			if err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
			out[table] = rows
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// everything is lines, decoded.
func (w *walk) everything() map[string][]object {
	w.t.Helper()
	out := map[string][]object{}
	for table, lines := range w.lines() {
		for _, line := range lines {
			var o object
			if err := json.Unmarshal([]byte(line), &o); err != nil {
				w.t.Fatal(err)
			}
			out[table] = append(out[table], o)
		}
	}
	return out
}

// rows are all rows that have to do with A, as they stand now.
func (w *walk) rows() map[string]int {
	w.t.Helper()
	out := map[string]int{}
	for table, lines := range w.lines() {
		if table == "audit_seals" || table == "identity_failures" || table == "identity_sessions" {
			continue
		}
		for _, line := range lines {
			line = table + " " + line
			of, known := w.mine[line]
			if !known {
				of = w.ofA(table, line)
				w.mine[line] = of
			}
			if of {
				out[line]++
			}
		}
	}
	return out
}

// ofA tells whether a row names something of A. Another's deed, as the audit trail keeps it, may well name A.
func (w *walk) ofA(table, line string) bool {
	if table == "audit_events" {
		return strings.Contains(line, `"customer_id":"`+w.a.id)
	}
	return slices.ContainsFunc(uuidForm.FindAllString(line, -1), func(key string) bool { return w.facts.ids[key] != "" })
}

// unchanged compares A's rows with what they were.
func (w *walk) unchanged(what string) {
	w.t.Helper()
	before, after := w.before, w.rows()
	if w.before = after; maps.Equal(before, after) {
		return
	}
	for line, n := range before {
		if after[line] != n {
			w.t.Errorf("%s changed or deleted what is A's: %s", what, cut(line, 600))
		}
	}
	for line, n := range after {
		if before[line] != n {
			w.t.Errorf("%s left behind what names A: %s", what, cut(line, 600))
		}
	}
}
