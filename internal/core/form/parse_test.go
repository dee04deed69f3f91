package form_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

var (
	now      = time.Date(2025, 3, 4, 1, 30, 0, 0, time.UTC)
	shanghai = time.FixedZone("CST", 8*3600)
	engineer = &work.Actor{ID: "eng", Name: "陈立", OrgKind: work.Provider, Grants: []work.Grant{{Role: "operation"}}}
	customer = &work.Actor{ID: "cust", Name: "王女士", Org: "c1", OrgKind: work.Customer}
)

func resolve(_ string, ids []string) (map[string]string, error) {
	found := map[string]string{}
	for _, id := range ids {
		if !strings.HasPrefix(id, "no") {
			found[id] = strings.ToLower(id)
		}
	}
	return found, nil
}

func setting() form.Parse {
	return form.Parse{
		Prefix: "fields", Partial: true, Now: now, Zone: shanghai, Actor: engineer, Refs: resolve,
		Seal: func(plain, aad string) (string, error) { return "sealed:" + aad + ":" + plain, nil },
	}
}

func input(t testing.TB, text string) map[string]json.RawMessage {
	t.Helper()
	var in map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		t.Fatal(text, err)
	}
	return in
}

// said are faults as "path code".
func said(faults []fault.Field) string {
	var list []string
	for _, f := range faults {
		list = append(list, f.Name+" "+f.Code)
	}
	return strings.Join(list, ", ")
}

func TestParseValues(t *testing.T) {
	fields := decode(t, everything)
	stamp := `"by":"eng","at":"2025-03-04T01:30:00.000Z","name":"陈立"`
	cases := []struct{ in, want string }{
		{`{"title": "  打印机\t坏了 "}`, `{"title":"打印机 坏了"}`},
		{`{"story": " "}`, `{"story":null}`},
		{`{"title": "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀"}`, ``},
		{`{"story": "a\r\nb\tc\rd\n"}`, `{"story":"a\nb\tc\nd"}`},
		{`{"story": "\ufffd"}`, `{"story":"�"}`},
		{`{"count": 3.5}`, ``}, {`{"count": 1e1}`, `{"count":10}`}, {`{"count": null}`, ``},
		{`{"cost": "12.5"}`, `{"cost":"12.50"}`}, {`{"cost": 12}`, `{"cost":"12.00"}`}, {`{"cost": "007.10"}`, `{"cost":"7.10"}`},
		{`{"cost": 0.1}`, `{"cost":"0.10"}`}, {`{"cost": "9999999999999.99"}`, ``}, {`{"cost": "-0"}`, `{"cost":"0.00"}`},
		{`{"urgent": true}`, ``}, {`{"day": "2024-02-29"}`, ``}, {`{"hour": "24:00"}`, ``},
		{`{"since": "2025-03-04T09:30:00+08:00"}`, `{"since":"2025-03-04T01:30:00.000Z"}`},
		{`{"since": "2025-03-04T09:30"}`, `{"since":"2025-03-04T01:30:00.000Z"}`},
		{`{"since": "2025-03-04T01:30:00.1239Z"}`, `{"since":"2025-03-04T01:30:00.123Z"}`},
		{`{"effort": 3600}`, ``}, {`{"channel": "mail"}`, ``}, {`{"tags": ["b", "a", "b"]}`, "?"},
		{`{"tags": ["b", "a"]}`, ``}, {`{"tags": []}`, `{"tags":null}`}, {`{"category": "printer"}`, ``},
		{`{"site": "ABC"}`, `{"site":"abc"}`}, {`{"cis": ["A", "a", "B"]}`, `{"cis":["a","b"]}`},
		{`{"photos": ["f1", "f2"]}`, ``},
		{`{"parts": [{"part": "硒鼓"}, {"part": "网线", "count": 2, "price": 3, "model": "M1"}]}`,
			`{"parts":[{"count":1,"part":"硒鼓"},{"count":2,"model":"m1","part":"网线","price":"3.00"}]}`},
		{`{"parts": []}`, `{"parts":null}`},
		{`{"preparation": {"id_card": true, "badge": {"na": true, "note": "借用"}}}`,
			`{"preparation":{"badge":{"done":false,"na":true,"note":"借用",` + stamp + `},"id_card":{"done":true,` + stamp + `}}}`},
		{`{"accepted": {"ops": true}}`, `{"accepted":{"ops":{"done":true,` + stamp + `}}}`},
		{`{"briefed": {"given": true, "by": "王女士", "how": "phone", "covers": ["risk", "content"], "at": "2025-03-04T09:00:00+08:00"}}`,
			`{"briefed":{"at":"2025-03-04T01:00:00.000Z","by":"王女士","covers":["content","risk"],"given":true,"how":"phone","recorded_by":"eng"}}`},
		{`{"briefed": false}`, `{"briefed":{"at":"2025-03-04T01:30:00.000Z","given":false,"recorded_by":"eng"}}`},
		{`{"room_code": " 12#"}`, `{"room_code":"sealed:room_code: 12#"}`}, {`{"room_code": {"set": true}}`, `{}`},
		{`{"mark": 5}`, ``}, {`{"mark": "declined"}`, ``},
		{`{"place": {"lat": 31.2, "lng": 121.5, "accuracy": 8}}`, ``}, {`{"place": {"lat": 0, "lng": 0}}`, ``},
		{`{"slot": {"from": "2025-03-04T09:00", "to": "2025-03-04T10:00:00+08:00"}}`, `{"slot":{"from":"2025-03-04T01:00:00.000Z","to":"2025-03-04T02:00:00.000Z"}}`},
		{`{"phone": "１３８ 1234 6021"}`, `{"phone":"13812346021"}`}, {`{"phone": "010-12345678转801"}`, ``}, {`{"phone": "+86 21 6100"}`, `{"phone":"+86216100"}`},
		{`{"mail": "Li.Qiang@Example.COM"}`, `{"mail":"Li.Qiang@example.com"}`}, {`{"page": "https://a.cn/路径?q=1"}`, ``},
		{`{"code": "AB12"}`, ``},
	}
	for _, c := range cases {
		if c.want == "?" {
			continue // three entries where two are allowed: among the refusals
		}
		values, faults, err := fields.Parse(input(t, c.in), setting())
		if err != nil || len(faults) > 0 {
			t.Errorf("%s: %v %s", c.in, err, said(faults))
			continue
		}
		want := c.want
		if want == "" {
			want = c.in
		}
		if got := mustJSON(t, values); !equalJSON(t, got, want) {
			t.Errorf("%s:\n got %s\nwant %s", c.in, got, want)
		}
		again := form.Values{}
		if err := json.Unmarshal([]byte(mustJSON(t, values)), &again); err != nil || !reflect.DeepEqual(again, values) {
			t.Errorf("%s: stored it would be another value: %#v %#v", c.in, values, again)
		}
	}
}

func mustJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func equalJSON(t testing.TB, a, b string) bool {
	t.Helper()
	var x, y any
	if err := errors.Join(json.Unmarshal([]byte(a), &x), json.Unmarshal([]byte(b), &y)); err != nil {
		t.Fatal(a, b, err)
	}
	return reflect.DeepEqual(x, y)
}

func TestParseRefusals(t *testing.T) {
	fields := decode(t, everything)
	long := strings.Repeat("长", 21)
	cases := []struct{ in, want string }{
		{`{"nothing": 1}`, "fields.nothing field.unknown"},
		{`{"closed_by": "me"}`, "fields.closed_by field.readonly"},
		{`{"title": 5}`, "fields.title field.type"},
		{`{"title": "` + long + `"}`, "fields.title field.length"},
		{`{"title": "a\u0000b"}`, "fields.title form.control"},
		{`{"title": "a\u0007b"}`, "fields.title form.control"},
		{`{"title": "a\nb"}`, "fields.title form.line"},
		{`{"title": "a\u2028b"}`, "fields.title form.control"},
		{`{"title": "\ud800"}`, "fields.title field.encoding"},
		{`{"title": null}`, "fields.title field.required"},
		{`{"story": "` + strings.Repeat("长", 50_001) + `"}`, "fields.story field.length"},
		{`{"story": "a\u0000"}`, "fields.story form.control"},
		{`{"count": "3"}`, "fields.count field.type"}, {`{"count": 0}`, "fields.count field.range"}, {`{"count": 11}`, "fields.count field.range"},
		{`{"count": 1e999}`, "fields.count field.type"}, {`{"count": true}`, "fields.count field.type"},
		{`{"cost": "1.234"}`, "fields.cost field.type"}, {`{"cost": "1,000"}`, "fields.cost field.type"}, {`{"cost": 1e3}`, "fields.cost field.type"},
		{`{"cost": -1}`, "fields.cost form.low"}, {`{"cost": "99999999999999"}`, "fields.cost field.type"}, {`{"cost": {}}`, "fields.cost field.type"},
		{`{"urgent": "yes"}`, "fields.urgent field.type"}, {`{"urgent": 1}`, "fields.urgent field.type"},
		{`{"day": "2025-02-30"}`, "fields.day field.type"}, {`{"day": "2025-3-4"}`, "fields.day field.type"}, {`{"day": "0001-01-01"}`, "fields.day field.type"},
		{`{"hour": "24:01"}`, "fields.hour field.type"}, {`{"hour": "9:00"}`, "fields.hour field.type"},
		{`{"since": "yesterday"}`, "fields.since field.type"}, {`{"since": 1741052400}`, "fields.since field.type"}, {`{"since": "9999-12-31T23:59:59-12:00"}`, "fields.since field.type"},
		{`{"effort": 1.5}`, "fields.effort field.type"}, {`{"effort": -1}`, "fields.effort field.type"}, {`{"effort": 86401}`, "fields.effort form.high"}, {`{"effort": "1h"}`, "fields.effort field.type"},
		{`{"channel": "fax"}`, "fields.channel field.choice"}, {`{"channel": ["mail"]}`, "fields.channel field.type"}, {`{"channel": "Mail"}`, "fields.channel field.choice"},
		{`{"tags": "a"}`, "fields.tags field.type"}, {`{"tags": ["a", "x"]}`, "fields.tags[1] field.choice"}, {`{"tags": ["a", "b", "c"]}`, "fields.tags form.count"},
		{`{"category": "mouse"}`, "fields.category field.choice"},
		{`{"site": "nowhere"}`, "fields.site field.missing"}, {`{"site": 5}`, "fields.site field.type"}, {`{"site": "` + strings.Repeat("a", 101) + `"}`, "fields.site field.type"},
		{`{"cis": ["a", "no", "b"]}`, "fields.cis[1] field.missing"}, {`{"cis": ["a", ""]}`, "fields.cis[1] field.missing"},
		{`{"photos": ["a", "b", "c", "d"]}`, "fields.photos form.count"}, {`{"photos": ["nofile"]}`, "fields.photos[0] field.missing"},
		{`{"parts": {"part": "x"}}`, "fields.parts field.type"}, {`{"parts": ["x"]}`, "fields.parts[0] field.type"}, {`{"parts": [null]}`, "fields.parts[0] field.type"},
		{`{"parts": [{"part": "x"}, {"part": "y"}, {"part": "z", "count": 0}]}`, "fields.parts[2].count form.low"},
		{`{"parts": [{"count": 2}]}`, "fields.parts[0].part field.required"}, {`{"parts": [{"part": "x", "colour": 1}]}`, "fields.parts[0].colour field.unknown"},
		{`{"parts": [{"part": "x", "model": "nomodel"}]}`, "fields.parts[0].model field.missing"},
		{`{"parts": [{"part": "x", "oral": true}]}`, "fields.parts[0].oral.by form.consent_by, fields.parts[0].oral.how form.consent_how"},
		{`{"preparation": {"id_card": "yes"}}`, "fields.preparation.id_card field.type"}, {`{"preparation": {"shoes": true}}`, "fields.preparation.shoes field.unknown"},
		{`{"preparation": {"id_card": {"na": true}}}`, "fields.preparation.id_card.na field.choice"}, {`{"preparation": [true]}`, "fields.preparation field.type"},
		{`{"preparation": {"id_card": {"done": true, "note": "` + strings.Repeat("x", 2001) + `"}}}`, "fields.preparation.id_card.note field.length"},
		{`{"briefed": true}`, "fields.briefed.covers form.covers, fields.briefed.by form.consent_by, fields.briefed.how form.consent_how"},
		{`{"briefed": {"given": true, "by": "王女士", "how": "phone", "covers": ["content"]}}`, "fields.briefed.covers form.covers"},
		{`{"briefed": {"given": true, "by": "王女士", "how": "telepathy", "covers": ["content", "risk"]}}`, "fields.briefed.how form.consent_how"},
		{`{"briefed": {"given": true, "by": "王女士", "how": "phone", "covers": ["content", "risk", "price"]}}`, "fields.briefed.covers[2] field.choice"},
		{`{"briefed": {"given": true, "by": "王女士", "how": "account", "covers": ["content", "risk"]}}`, "fields.briefed.how form.consent_how"},
		{`{"briefed": {"given": true, "by": "王女士", "how": "face", "covers": ["content", "risk"], "at": "2025-03-05T00:00:00Z"}}`, "fields.briefed.at form.future"},
		{`{"briefed": {"given": "yes"}}`, "fields.briefed.given field.type"}, {`{"briefed": {"ok": true}}`, "fields.briefed.ok field.unknown"},
		{`{"room_code": 12}`, "fields.room_code field.type"}, {`{"room_code": {"set": false}}`, "fields.room_code field.type"},
		{`{"mark": 6}`, "fields.mark field.range"}, {`{"mark": 0}`, "fields.mark field.range"}, {`{"mark": 4.5}`, "fields.mark field.type"}, {`{"mark": "no"}`, "fields.mark field.type"},
		{`{"place": {"lat": 91, "lng": 0}}`, "fields.place.lat field.range"}, {`{"place": {"lat": 1}}`, "fields.place.lng field.type"}, {`{"place": [1, 2]}`, "fields.place field.type"},
		{`{"slot": {"from": "2025-03-04T10:00:00Z", "to": "2025-03-04T10:00:00Z"}}`, "fields.slot form.order"}, {`{"slot": {"from": "2025-03-04T10:00:00Z"}}`, "fields.slot.to field.type"},
		{`{"phone": "call me"}`, "fields.phone field.type"}, {`{"phone": "138****6021"}`, "fields.phone field.type"}, {`{"phone": 13812346021}`, "fields.phone field.type"},
		{`{"mail": "a@"}`, "fields.mail field.type"}, {`{"mail": "A <a@b.cn>"}`, "fields.mail field.type"},
		{`{"page": "javascript:alert(1)"}`, "fields.page field.type"}, {`{"page": "https://u:p@a.cn"}`, "fields.page field.type"}, {`{"page": "/a"}`, "fields.page field.type"},
		{`{"code": "ab12"}`, "fields.code form.pattern"}, {`{"code": "AB12x"}`, "fields.code form.pattern"},
		{`{"title": 1, "count": "x", "zzz": 1, "aaa": 1}`, "fields.title field.type, fields.count field.type, fields.aaa field.unknown, fields.zzz field.unknown"},
	}
	for _, c := range cases {
		values, faults, err := fields.Parse(input(t, c.in), setting())
		if err != nil || said(faults) != c.want {
			t.Errorf("%.80s:\n got %s %v\nwant %s (values %v)", c.in, said(faults), err, c.want, values)
		}
		for _, f := range faults {
			for _, lang := range []text.Lang{text.Zh, text.En} {
				if s := f.Say(lang); strings.ContainsAny(s, "{}") || s == f.Code {
					t.Errorf("%.80s: says %q", c.in, s)
				}
			}
		}
	}
	raw := map[string]json.RawMessage{"title": json.RawMessage("\"a\xffb\"")}
	if _, faults, _ := fields.Parse(raw, setting()); said(faults) != "fields.title field.encoding" {
		t.Error("invalid UTF-8:", said(faults))
	}
}

func TestParseNeeds(t *testing.T) {
	fields := decode(t, everything)
	p := setting()
	p.Partial = false
	values, faults, err := fields.Parse(input(t, `{}`), p)
	if err != nil || said(faults) != "fields.title field.required" || values["channel"] != "phone" || values["urgent"] != false || values["day"] != "2025-03-04" {
		t.Error(values, said(faults), err)
	}
	p = setting()
	p.Only = []string{"title", "count"}
	if _, faults, _ := fields.Parse(input(t, `{"title": "x", "story": "y", "nothing": 1}`), p); said(faults) != "fields.story field.readonly, fields.nothing field.unknown" {
		t.Error("only:", said(faults))
	}
	p = setting()
	p.Require = []string{"story", "preparation"}
	p.Old = form.Values{"story": "old"}
	if _, faults, _ := fields.Parse(input(t, `{}`), p); said(faults) != "fields.preparation field.required" {
		t.Error("require:", said(faults))
	}
	if _, faults, _ := fields.Parse(input(t, `{"story": null}`), p); said(faults) != "fields.story field.required, fields.preparation field.required" {
		t.Error("require cleared:", said(faults))
	}
	p = setting()
	p.System = true
	if values, faults, _ := fields.Parse(input(t, `{"closed_by": "x"}`), p); len(faults) > 0 || values["closed_by"] != "x" {
		t.Error("system:", said(faults))
	}
	p.Zone = nil
	if _, faults, _ := fields.Parse(input(t, `{"since": "2025-03-04T09:30"}`), p); said(faults) != "fields.since field.type" {
		t.Error("no zone:", said(faults))
	}
}

func TestParseForCustomer(t *testing.T) {
	fields := decode(t, everything)
	p := setting()
	p.Actor = customer
	_, faults, err := fields.Parse(input(t, `{"title": "x", "count": 3, "closed_by": "y"}`), p)
	if err != nil || said(faults) != "fields.closed_by field.unknown, fields.count field.unknown" {
		t.Error("a customer learns of internal fields:", said(faults), err)
	}
	values, faults, err := fields.Parse(input(t, `{"briefed": {"given": true, "covers": ["content", "risk"]}}`), p)
	if err != nil || len(faults) > 0 || values.Map("briefed")["how"] != "account" || values.Map("briefed")["by"] != "cust" {
		t.Error(values, said(faults), err)
	}
}

func TestInfrastructureErrors(t *testing.T) {
	fields := decode(t, everything)
	down := errors.New("database is down")
	p := setting()
	p.Refs = func(string, []string) (map[string]string, error) { return nil, down }
	if _, faults, err := fields.Parse(input(t, `{"site": "x"}`), p); !errors.Is(err, down) || len(faults) > 0 {
		t.Error(faults, err)
	}
	p = setting()
	p.Seal = nil
	if _, _, err := fields.Parse(input(t, `{"room_code": "x"}`), p); err == nil {
		t.Error("a secret was taken without a seal")
	}
	p.Seal = func(string, string) (string, error) { return "", down }
	if _, _, err := fields.Parse(input(t, `{"room_code": "x"}`), p); !errors.Is(err, down) {
		t.Error(err)
	}
}

func TestReferencesAreAskedOnce(t *testing.T) {
	fields := decode(t, everything)
	asked := map[string]int{}
	p := setting()
	p.Refs = func(kind string, ids []string) (map[string]string, error) {
		asked[kind]++
		return resolve(kind, ids)
	}
	rows := strings.Repeat(`{"part": "x", "model": "m"},`, 50)
	_, faults, err := fields.Parse(input(t, `{"site": "a", "cis": ["a", "b"], "photos": ["f"], "parts": [`+rows[:len(rows)-1]+`]}`), p)
	if err != nil || len(faults) > 0 || fmt.Sprint(asked) != "map[ci:1 file:1 model:1 site:1]" {
		t.Error(asked, said(faults), err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"title": "打印机", "count": 3, "parts": [{"part": "x"}]}`)
	f.Add(`{"preparation": {"id_card": true}, "accepted": {"ops": true}, "briefed": {"given": true}}`)
	f.Add(`{"slot": {"from": "2025-03-04T09:00", "to": 1}, "place": {"lat": 1e400}, "room_code": {"set": true}}`)
	f.Add(`{"cost": "-0.00", "mark": "declined", "phone": "+1 (2)", "mail": "\"a b\"@c"}`)
	fields := decode(f, everything)
	f.Fuzz(func(t *testing.T, text string) {
		var in map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &in) != nil {
			return
		}
		values, faults, err := fields.Parse(in, setting())
		if err != nil && !fault.Is(err, fault.Forbidden) {
			t.Fatal(err)
		}
		stored := mustJSON(t, values)
		again := form.Values{}
		if json.Unmarshal([]byte(stored), &again) != nil || !reflect.DeepEqual(again, values) {
			t.Fatalf("%#v becomes %#v", values, again)
		}
		fields.Mask(values, form.View{})
		fields.SearchText(values)
		if len(faults) == 0 && err == nil {
			reparse(t, fields, values)
		}
	})
}

// reparse wants a canonical value to be read as itself.
func reparse(t *testing.T, fields form.Fields, values form.Values) {
	in := map[string]json.RawMessage{}
	for name, v := range values {
		if name != "room_code" {
			in[name] = json.RawMessage(mustJSON(t, v))
		}
	}
	p := setting()
	p.Old = values
	again, faults, err := fields.Parse(in, p)
	if err != nil || len(faults) > 0 {
		t.Fatalf("%v is refused the second time: %s %v", values, said(faults), err)
	}
	for name, v := range again {
		if !reflect.DeepEqual(v, values[name]) {
			t.Fatalf("%s: %#v then %#v", name, values[name], v)
		}
	}
}
