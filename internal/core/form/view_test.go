package form_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/kernel/text"
)

var stored = form.Values{
	"title": "打印机坏了", "story": "三楼 **急**", "count": 3.0, "channel": "mail", "room_code": "sealed:xyz",
	"phone": "13812346021", "mail": "liqiang@example.com", "gone": "field of an older form",
	"parts": []any{map[string]any{"part": "硒鼓", "count": 2.0, "price": "99.00"}},
}

func TestMask(t *testing.T) {
	fields := decode(t, everything)
	cases := []struct {
		view form.View
		want string
	}{
		{form.View{Plain: true}, `{"title":"打印机坏了","story":"三楼 **急**","count":3,"channel":"mail","room_code":{"set":true},"phone":"13812346021","mail":"liqiang@example.com","parts":[{"part":"硒鼓","count":2,"price":"99.00"}]}`},
		{form.View{}, `{"title":"打印机坏了","story":"三楼 **急**","count":3,"channel":"mail","room_code":{"set":true},"phone":"138****6021","mail":"l***@example.com","parts":[{"part":"硒鼓","count":2,"price":"99.00"}]}`},
		{form.View{Customer: true, Plain: true}, `{"title":"打印机坏了","story":"三楼 **急**","phone":"13812346021","parts":[{"part":"硒鼓","count":2}]}`},
	}
	for _, c := range cases {
		if got := mustJSON(t, fields.Mask(stored, c.view)); !equalJSON(t, got, c.want) {
			t.Errorf("%+v:\n got %s\nwant %s", c.view, got, c.want)
		}
	}
	if got := fields.Public(stored); got["count"] != nil || got["room_code"] != nil {
		t.Error(got)
	}
	if !form.ViewOf(nil, true).Customer || !form.ViewOf(customer, true).Customer || form.ViewOf(engineer, true).Customer {
		t.Error("views")
	}
}

func TestStar(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "王": "*", "王明": "王*", "王小明": "王*明", "欧阳小明": "欧**明", "12345": "1***5", "13812346021": "138****6021",
	} {
		if got := form.Star(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if got := form.StarEmail("王@a.cn"); got != "王***@a.cn" {
		t.Error(got)
	}
}

func TestDiff(t *testing.T) {
	fields := decode(t, everything)
	changed := stored.Merge(form.Values{"title": "打印机修好了", "room_code": "sealed:new", "phone": "13900001111", "count": nil})
	got := mustJSON(t, fields.Diff(stored, changed))
	want := `[{"name":"title","old":"打印机坏了","new":"打印机修好了","public":true},{"name":"count","old":3},
		{"name":"room_code","old":{"set":true},"new":{"set":true}},{"name":"phone","old":"138****6021","new":"139****1111","public":true}]`
	if !equalJSON(t, got, want) {
		t.Error(got)
	}
	if d := fields.Diff(stored, stored.Merge(nil)); d != nil {
		t.Error(d)
	}
}

func TestSearchText(t *testing.T) {
	public, internal := decode(t, everything).SearchText(stored)
	if public != "打印机坏了\n三楼 **急**\n硒鼓\n2\n99.00" || internal != "邮件\nMail\n13812346021" {
		t.Errorf("%q %q", public, internal)
	}
}

func TestMissing(t *testing.T) {
	fields := decode(t, everything)
	missing := fields.Missing(form.Values{"title": "x", "preparation": map[string]any{"badge": map[string]any{"na": true}}},
		[]string{"title", "story", "preparation", "briefed", "unheard"})
	if said(missing) != "story field.required, preparation form.open, briefed field.required" {
		t.Error(said(missing))
	}
	if s := missing[1].Say(text.Zh); s != "出发准备还差：身份证。" {
		t.Error(s)
	}
	if !fields.Complete(form.Values{"title": "x"}, "title") || fields.Complete(nil, "title") || fields.Complete(nil, "unheard") {
		t.Error("complete")
	}
}

func TestValues(t *testing.T) {
	v := form.Values{
		"s": "a", "n": 2.5, "b": true, "d": 60.0, "t": "2025-03-04T01:30:00.000Z", "day": "2025-03-04", "l": []any{"x", "y"},
		"rows": []any{map[string]any{"a": "b"}},
	}
	if v.Text("s") != "a" || v.Number("n") != 2.5 || !v.Bool("b") || v.Duration("d") != time.Minute || !v.Time("t").Equal(now) || v.Time("day").Day() != 4 {
		t.Error("accessors")
	}
	if strings.Join(v.Strings("l"), "") != "xy" || v.Strings("s")[0] != "a" || v.Rows("rows")[0].Text("a") != "b" || v.Strings("none") != nil || len(v.Rows("none")) != 0 {
		t.Error("lists")
	}
	for _, empty := range []any{nil, "", []any{}, map[string]any{}} {
		if form.Filled(empty) {
			t.Errorf("%#v is filled", empty)
		}
	}
	if !form.Filled(false) || !form.Filled(0.0) {
		t.Error("no and nought are answers")
	}
	merged := v.Merge(form.Values{"s": nil, "x": 1.0})
	if _, there := merged["s"]; there || v["s"] != "a" || merged["x"] != 1.0 {
		t.Error("merge")
	}
}

func TestNative(t *testing.T) {
	fields := decode(t, everything)
	for name, c := range map[string]struct{ in, want any }{
		"since":  {"2025-03-04T01:30:00.000Z", now},
		"day":    {"2025-03-04", time.Date(2025, 3, 4, 0, 0, 0, 0, shanghai)},
		"effort": {60.0, time.Minute},
		"mark":   {4.0, int64(4)},
		"title":  {"x", "x"},
	} {
		f, _ := fields.Get(name)
		got := f.Native(c.in, shanghai)
		if t1, ok := got.(time.Time); ok {
			if !t1.Equal(c.want.(time.Time)) {
				t.Error(name, got)
			}
		} else if got != c.want {
			t.Errorf("%s: %#v", name, got)
		}
	}
	mark, _ := fields.Get("mark")
	if mark.Native(form.Declined, nil) != form.Declined {
		t.Error("declined")
	}
}

func TestSchema(t *testing.T) {
	fields := decode(t, everything)
	s := fields.Schema(true)
	if got := mustJSON(t, s["required"]); got != `["title"]` || s["additionalProperties"] != false {
		t.Error(got)
	}
	b, err := json.Marshal(map[string]any{"in": s, "out": fields.StoredSchema()})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"maxLength":20`, `"enum":["hw","printer"]`, `"writeOnly":true`, `"format":"email"`, `"maxItems":3`, `"const":"declined"`, `"readOnly":true`} {
		if !strings.Contains(string(b), want) {
			t.Error("lacks", want)
		}
	}
	for _, f := range fields {
		if form.Schema(f)["title"] != f.Label.En {
			t.Error(f.Name)
		}
	}
}

func TestVisible(t *testing.T) {
	fields := decode(t, everything).Visible()
	if got := strings.Join(fields.Names(), " "); got != "title story parts accepted briefed signature phone" {
		t.Error(got)
	}
	parts, _ := fields.Get("parts")
	if got := strings.Join(parts.Columns.Names(), " "); got != "part count oral" {
		t.Error(got)
	}
	f, _ := decode(t, everything).Get("category")
	if path := f.OptionPath("printer"); len(path) != 2 || path[0].Value != "hw" || f.OptionPath("x") != nil {
		t.Error(path)
	}
}
