package process

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/core/search"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
	"github.com/xuri/excelize/v2"
)

// Query is a list as a caller asks for it: the filters of its URL, order, page.
type Query struct {
	Filters map[string][]string
	Sort    string
	Cursor  string
	Limit   int
	Count   bool
}

// List is one page of records.
type List struct {
	Items       []Summary `json:"items"`
	NextCursor  string    `json:"next_cursor,omitempty"`
	Total       *int      `json:"total,omitempty"`
	TotalCapped bool      `json:"total_capped,omitempty"`
}

// countCap is the most a list counts; beyond it people read "1000+".
const countCap = 1000

// page parameters are no filters.
var pageParameters = []string{"sort", "cursor", "limit", "count", "format", "columns", "group"}

// filterOf reads the filters of a query. An unknown one is refused by name, never ignored.
func (s *Service) filterOf(ctx context.Context, u *work.Unit, def *definition.Type, q map[string][]string) (record.Filter, error) {
	f := record.Filter{Values: map[string][]string{}}
	if def != nil {
		f.Types = []string{def.Type}
	}
	var faults []fault.Field
	for name, raw := range q {
		if slices.Contains(pageParameters, name) {
			continue
		}
		if err := s.filterBy(ctx, u, def, &f, name, split(raw)); err != nil {
			one := fault.As(err)
			if one == nil || one.Kind != fault.Invalid {
				return f, err
			}
			faults = append(faults, one.Fields...)
		}
	}
	if len(faults) > 0 {
		return f, fault.Fields(faults...)
	}
	if def != nil {
		s.narrow(def.Type, &f)
	}
	return f, nil
}

// narrow says what follows from the states and kinds that are wanted: which states the kinds have, and whether all of
// them are open or none is. It changes no answer, but makes it quick: open records are few, and found at once.
func (s *Service) narrow(typ string, f *record.Filter) {
	if f.States == nil && f.Kinds != nil {
		f.States = []string{}
		for _, state := range s.catalogue.statesOf(typ, func(st *definition.State) bool { return slices.Contains(f.Kinds, string(st.Kind)) }) {
			f.States = append(f.States, state.Code)
		}
	}
	if f.Open != nil || f.States == nil {
		return
	}
	found := s.catalogue.statesOf(typ, func(st *definition.State) bool { return slices.Contains(f.States, st.Code) })
	open := slices.ContainsFunc(found, func(st *definition.State) bool { return st.Kind.Open() })
	closed := slices.ContainsFunc(found, func(st *definition.State) bool { return !st.Kind.Open() })
	if open != closed {
		f.Open = &open
	}
}

func split(raw []string) []string {
	var out []string
	for _, r := range raw {
		for part := range strings.SplitSeq(r, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

func (s *Service) filterBy(ctx context.Context, u *work.Unit, def *definition.Type, f *record.Filter, name string, values []string) error {
	if len(values) == 0 {
		return nil
	}
	if u.Actor.OrgKind == work.Customer {
		if inner(def, name) {
			return fault.One(short(name), "process.filter", text.Params{"name": short(name)})
		}
		if name == "state" {
			f.States = statesOf(def, values)
			return nil
		}
	}
	if len(values) > 200 {
		return fault.One(name, "field.range", text.Params{"label": name, "min": 1, "max": 200})
	}
	me := map[string]string{"me": u.Actor.ID, "none": ""}
	lists := map[string]*[]string{"state": &f.States, "kind": &f.Kinds, "workflow": &f.Workflows, "customer": &f.Customers, "site": &f.Sites,
		"service": &f.Services, "priority": &f.Priorities, "impact": &f.Impacts, "urgency": &f.Urgencies, "level": &f.Levels, "channel": &f.Channels}
	if into, ok := lists[name]; ok {
		*into = replaced(values, me)
		return nil
	}
	switch name {
	case "q":
		return s.filterText(ctx, u, def, f, strings.Join(values, " "))
	case "assignee":
		f.Assignees = replaced(values, me)
	case "requester":
		f.Requesters = replaced(values, me)
	case "team":
		f.Teams = []string{}
		for _, v := range values {
			if v == "mine" {
				f.Teams = append(f.Teams, u.Actor.Teams...)
			} else {
				f.Teams = append(f.Teams, replaced([]string{v}, me)...)
			}
		}
	case "watching":
		f.Watcher = u.Actor.ID
	case "turn":
		f.Turn = turnOf(u.Actor)
	case "open", "major":
		return flag(f, name, values[0])
	case "parent":
		return s.filterParent(ctx, u, f, values[0])
	case "created_from", "created_to", "updated_from", "updated_to", "due_before":
		return s.filterTime(f, name, values[0])
	default:
		return filterField(def, f, name, values)
	}
	return nil
}

// inner tells whether a filter or breakdown asks for what customers do not see.
func inner(def *definition.Type, name string) bool {
	if name == "team" || name == "level" {
		return true
	}
	own, ok := strings.CutPrefix(name, "f.")
	if !ok || def == nil {
		return false
	}
	field, known := def.Field(own)
	return known && !field.Public
}

// statesOf are the states behind the stages that a customer knows them by.
func statesOf(def *definition.Type, stages []string) []string {
	states := []string{}
	for _, w := range def.Workflows {
		for _, st := range w.Value.States {
			if slices.Contains(stages, st.Value.Stage) {
				states = append(states, st.Name)
			}
		}
	}
	return states
}

// stageOf is the stage that a customer knows a state by.
func stageOf(def *definition.Type, state string) *definition.Stage {
	for _, w := range def.Workflows {
		if st, ok := w.Value.State(state); ok {
			if stage, ok := w.Value.Stages.Get(st.Stage); ok {
				return stage
			}
		}
	}
	return &definition.Stage{}
}

func turnOf(a *work.Actor) *record.Turn {
	t := &record.Turn{Person: a.ID, Teams: a.Teams}
	for _, g := range a.Grants {
		t.Roles = append(t.Roles, g.Role)
	}
	return t
}

func replaced(values []string, words map[string]string) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v
		if w, ok := words[v]; ok {
			out[i] = w
		}
	}
	return out
}

func flag(f *record.Filter, name, value string) error {
	b, err := strconv.ParseBool(value)
	if err != nil {
		return fault.One(name, "field.type", text.Params{"label": name, "wanted": text.Label{Zh: "true 或 false", En: "true or false"}})
	}
	if name == "open" {
		f.Open = &b
	} else {
		f.Major = &b
	}
	return nil
}

func (s *Service) filterParent(ctx context.Context, u *work.Unit, f *record.Filter, number string) error {
	parent, err := record.Load(ctx, u.Tx, u.Actor, number)
	if fault.Is(err, fault.NotFound) {
		f.IDs = []string{}
		return nil
	}
	if err == nil {
		f.Parent = parent.ID
	}
	return err
}

// filterTime reads an instant, or a day in the provider's time zone.
func (s *Service) filterTime(f *record.Filter, name, value string) error {
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		if t, err = time.ParseInLocation("2006-01-02", value, s.zone); err == nil && strings.HasSuffix(name, "_to") {
			t = t.AddDate(0, 0, 1) // "to the 3rd" means the 3rd is included
		}
	}
	if err != nil {
		return fault.One(name, "field.type", text.Params{"label": name, "wanted": text.Label{Zh: "日期，如 2026-10-10", En: "a date such as 2026-10-10"}})
	}
	into := map[string]*time.Time{"created_from": &f.CreatedFrom, "created_to": &f.CreatedTo, "updated_from": &f.UpdatedFrom, "updated_to": &f.UpdatedTo, "due_before": &f.DueBefore}
	*into[name] = t
	return nil
}

func filterField(def *definition.Type, f *record.Filter, name string, values []string) error {
	own, ok := strings.CutPrefix(name, "f.")
	if ok && def != nil {
		if field, known := def.Field(own); known && field.Indexed && !definition.StandardField(own) {
			f.Values[own] = values
			return nil
		}
	}
	return fault.One(short(name), "process.filter", text.Params{"name": short(name)})
}

func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// textMatches is how many full-text hits a list filters by; the newest.
const textMatches = 500

func (s *Service) filterText(ctx context.Context, u *work.Unit, def *definition.Type, f *record.Filter, q string) error {
	query := searchQuery(u.Actor, q, nil, textMatches)
	if def != nil {
		query.Types = []string{def.Type}
	}
	hits, _, err := search.Find(ctx, u.Tx, query)
	if err != nil {
		return err
	}
	f.IDs = []string{}
	for _, h := range hits {
		f.IDs = append(f.IDs, h.RecordID)
	}
	return nil
}

func (s *Service) typeFor(plural string) (*definition.Type, error) {
	def, ok := s.catalogue.ByPlural(plural)
	if !ok {
		return nil, fault.Missing()
	}
	return def, nil
}

// hidden tells whether the records of a type are not for the actor at all; for lists, that depends on roles alone.
func (s *Service) hidden(u *work.Unit, def *definition.Type) bool {
	if len(def.Read) == 0 || u.Actor.System {
		return false
	}
	c := &scene{s: s, u: u, actor: u.Actor, rec: &record.Record{Type: def.Type}, def: def, flow: def.DefaultWorkflow()}
	ok, err := c.allowed(context.Background(), def.Read)
	return err != nil || !ok
}

// List reads a page of a type's records.
func (s *Service) List(ctx context.Context, plural string, q Query) (out List, err error) {
	err = s.door.Read(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		out = List{Items: []Summary{}}
		def, err := s.typeFor(plural)
		if err != nil {
			return err
		}
		sort, after, err := q.place()
		if err != nil || s.hidden(u, def) {
			return err
		}
		f, err := s.filterOf(ctx, u, def, q.Filters)
		if err != nil {
			return err
		}
		rows, err := record.List(ctx, u.Tx, u.Actor, f, sort, after, q.Limit+1)
		if err != nil {
			return err
		}
		if len(rows) > q.Limit {
			rows = rows[:q.Limit]
			out.NextCursor = httpapi.Cursor(sort.PlaceOf(rows[q.Limit-1]))
		}
		if q.Count {
			n, err := record.Count(ctx, u.Tx, u.Actor, f, countCap+1)
			if err != nil {
				return err
			}
			total := min(n, countCap)
			out.Total, out.TotalCapped = &total, n > countCap
		}
		out.Items, err = s.summaries(ctx, u, rows)
		return err
	})
	return out, err
}

// place is the order of a list, and where its page begins.
func (q Query) place() (record.Sort, *record.Place, error) {
	sort, ok := record.SortBy(q.Sort)
	if !ok {
		return sort, nil, fault.One("sort", "process.sort", nil)
	}
	if q.Cursor == "" {
		return sort, nil, nil
	}
	var after record.Place
	if _, err := httpapi.ReadCursor(q.Cursor, &after); err != nil {
		return sort, nil, err
	}
	if !sort.Fits(after) {
		return sort, nil, fault.One("cursor", "process.sort", nil)
	}
	return sort, &after, nil
}

// GroupCount is one line of a breakdown.
type GroupCount struct {
	Value string `json:"value"`
	Label string `json:"label"`
	Count int    `json:"count"`
}

// Breakdown counts a type's records by a column.
func (s *Service) Breakdown(ctx context.Context, plural, by string, filters map[string][]string) (out []GroupCount, err error) {
	err = s.door.Read(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		out = []GroupCount{}
		def, err := s.typeFor(plural)
		if err != nil || s.hidden(u, def) {
			return err
		}
		f, err := s.filterOf(ctx, u, def, filters)
		if err != nil {
			return err
		}
		customer := u.Actor.OrgKind == work.Customer
		groups, ok, err := record.Groups(ctx, u.Tx, u.Actor, f, by)
		if err != nil {
			return err
		}
		if !ok || customer && inner(def, by) {
			return fault.One("group", "process.group", nil)
		}
		if customer && by == "state" {
			out = byStage(def, groups, u.Actor.Lang)
			return nil
		}
		labels, err := s.groupLabels(ctx, u, def, by, groups)
		if err != nil {
			return err
		}
		for _, g := range groups {
			out = append(out, GroupCount{Value: g.Value, Label: labels[g.Value], Count: g.Count})
		}
		return nil
	})
	return out, err
}

// byStage counts records by the stages that a customer knows, in the order of the counts.
func byStage(def *definition.Type, groups []record.Group, lang text.Lang) []GroupCount {
	out := []GroupCount{}
	for _, g := range groups {
		stage := stageOf(def, g.Value)
		i := slices.IndexFunc(out, func(c GroupCount) bool { return c.Value == stage.Code })
		if i < 0 {
			out = append(out, GroupCount{Value: stage.Code, Label: stage.LabelFor(true).In(lang)})
			i = len(out) - 1
		}
		out[i].Count += g.Count
	}
	return out
}

func (s *Service) groupLabels(ctx context.Context, u *work.Unit, def *definition.Type, by string, groups []record.Group) (map[string]string, error) {
	labels, m := map[string]string{}, mentions{}
	target := by
	if by == "assignee" {
		target = "person"
	}
	for _, g := range groups {
		labels[g.Value] = g.Value
		m.add(target, g.Value)
	}
	switch by {
	case "assignee", "team", "customer", "service":
		return namesOf(ctx, u, nil, m)
	case "state":
		for _, w := range def.Workflows {
			for _, st := range w.Value.States {
				if _, wanted := labels[st.Name]; wanted {
					labels[st.Name] = st.Value.LabelFor(u.Actor.OrgKind != work.Provider).In(u.Actor.Lang)
				}
			}
		}
	default:
		if f, ok := def.Field(by); ok {
			for v := range labels {
				if o, ok := f.Option(v); ok {
					labels[v] = o.Label.In(u.Actor.Lang)
				}
			}
		}
	}
	return labels, nil
}

// exportMost bounds one export.
const exportMost = 50_000

// Export writes the list that the filters make as CSV or XLSX; what is sensitive stays masked (SEC-09). It is on the record who exported (SEC-06).
func (s *Service) Export(ctx context.Context, plural, format string, q Query) (write func(io.Writer) error, err error) {
	var rows [][]string
	err = s.door.Do(ctx, ExportRecords, func(ctx context.Context, u *work.Unit) error {
		def, err := s.typeFor(plural)
		if err != nil {
			return err
		}
		if s.hidden(u, def) {
			return fault.Denied()
		}
		f, err := s.filterOf(ctx, u, def, q.Filters)
		if err != nil {
			return err
		}
		sort, ok := record.SortBy(q.Sort)
		if !ok {
			return fault.One("sort", "process.sort", nil)
		}
		if rows, err = s.exportRows(ctx, u, def, f, sort); err != nil {
			return err
		}
		_, err = u.Record(ctx, work.Event{Stream: "export:" + def.Type, Kind: "record.exported", Subject: def.Type, Data: map[string]any{"filters": q.Filters, "rows": len(rows) - 1, "format": format}})
		return err
	})
	if err != nil {
		return nil, err
	}
	if format == "xlsx" {
		return func(w io.Writer) error { return writeXLSX(w, rows) }, nil
	}
	return func(w io.Writer) error { return writeCSV(w, rows) }, nil
}

func (s *Service) exportRows(ctx context.Context, u *work.Unit, def *definition.Type, f record.Filter, sort record.Sort) ([][]string, error) {
	lang := u.Actor.Lang
	fields := def.Fields.Where(func(x form.Field) bool {
		return x.Type != form.Secret && x.Type != form.Files && x.Type != form.Table && x.Type != form.Checklist && !slices.Contains(exportedFirst, x.Name)
	})
	if u.Actor.OrgKind != work.Provider {
		fields = fields.Visible()
	}
	head := []string{}
	for _, l := range exportHead {
		head = append(head, l.In(lang))
	}
	for _, x := range fields {
		head = append(head, x.Label.In(lang))
	}
	rows := [][]string{head}
	var after *record.Place
	for len(rows) <= exportMost {
		page, err := record.List(ctx, u.Tx, u.Actor, f, sort, after, 500)
		if err != nil {
			return nil, err
		}
		if rows, err = s.exportPage(ctx, u, rows, page, fields); err != nil || len(page) < 500 {
			return rows, err
		}
		place := sort.PlaceOf(page[len(page)-1])
		after = &place
	}
	return rows, nil
}

var (
	exportedFirst = []string{"title", "customer", "site", "service", "requester", "assignee", "team", "priority"}
	exportHead    = []text.Label{{Zh: "编号", En: "Number"}, {Zh: "标题", En: "Title"}, {Zh: "客户", En: "Customer"}, {Zh: "站点", En: "Site"}, {Zh: "服务", En: "Service"},
		{Zh: "状态", En: "State"}, {Zh: "优先级", En: "Priority"}, {Zh: "申报人", En: "Requester"}, {Zh: "处理人", En: "Handler"}, {Zh: "登记时间", En: "Created"}, {Zh: "更新时间", En: "Updated"}}
)

func (s *Service) exportPage(ctx context.Context, u *work.Unit, rows [][]string, page []*record.Record, fields form.Fields) ([][]string, error) {
	views, err := s.summaries(ctx, u, page)
	if err != nil {
		return nil, err
	}
	name := func(r *Ref) string {
		if r == nil {
			return ""
		}
		return r.Name
	}
	for i, v := range views {
		priority := ""
		if v.Priority != nil {
			priority = v.Priority.Label
		}
		row := []string{v.Number, v.Title, name(v.Customer), name(v.Site), name(v.Service), v.State.Label, priority, name(v.Requester), name(v.Assignee),
			v.CreatedAt.In(s.zone).Format("2006-01-02 15:04"), v.UpdatedAt.In(s.zone).Format("2006-01-02 15:04")}
		values := fields.Mask(page[i].All(), form.ViewOf(u.Actor, false))
		for _, f := range fields {
			row = append(row, cell(f, values[f.Name], u.Actor.Lang, s.zone))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func cell(f form.Field, value any, lang text.Lang, zone *time.Location) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		if o, ok := f.Option(v); ok {
			return o.Label.In(lang)
		}
		if f.Type == form.DateTime {
			if t, err := time.Parse(form.Instant, v); err == nil {
				return t.In(zone).Format("2006-01-02 15:04")
			}
		}
		return v
	case bool:
		return text.Say(lang, map[bool]string{true: "process.yes", false: "process.no"}[v], nil)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

// writeCSV writes UTF-8 with a mark, as spreadsheet programs want it; a cell never starts a formula.
func writeCSV(w io.Writer, rows [][]string) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	for _, row := range rows {
		for i, v := range row {
			if v != "" && strings.ContainsRune("=+-@\t\r", rune(v[0])) {
				row[i] = "'" + v
			}
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func writeXLSX(w io.Writer, rows [][]string) error {
	file := excelize.NewFile()
	defer file.Close()
	sheet, err := file.NewStreamWriter("Sheet1")
	if err != nil {
		return err
	}
	for i, row := range rows {
		cells := make([]any, len(row))
		for j, v := range row {
			cells[j] = v
		}
		if err := sheet.SetRow("A"+strconv.Itoa(i+1), cells); err != nil {
			return err
		}
	}
	if err := sheet.Flush(); err != nil {
		return err
	}
	return file.Write(w)
}
