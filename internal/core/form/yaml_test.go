package form_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/steward-ops/steward/internal/core/form"
)

const everything = `
title:       {type: text, label: {zh: 标题, en: Title}, required: true, public: true, searchable: true, max_len: 20}
story:       {type: markdown, label: {zh: 描述, en: Description}, public: true, searchable: true}
count:       {type: number, label: {zh: 数量, en: Count}, min: 1, max: 10, unit: GB}
cost:        {type: money, label: {zh: 费用, en: Cost}, min: 0}
urgent:      {type: bool, label: {zh: 紧急, en: Urgent}, default: false}
day:         {type: date, label: {zh: 日期, en: Date}, default: 2025-03-04}
hour:        {type: time, label: {zh: 时刻, en: Time}}
since:       {type: datetime, label: {zh: 发生时间, en: Since}}
effort:      {type: duration, label: {zh: 工时, en: Effort}, max: 86400}
channel:     {type: enum, label: {zh: 渠道, en: Channel}, default: phone, searchable: true, options: [
               {value: phone, label: {zh: 电话, en: Phone}}, {value: mail, label: {zh: 邮件, en: Mail}}]}
tags:        {type: enum, multiple: true, max: 2, label: {zh: 标签, en: Tags}, options: [
               {value: a, label: {zh: 甲, en: A}}, {value: b, label: {zh: 乙, en: B}}, {value: c, label: {zh: 丙, en: C}}]}
category:    {type: tree, label: {zh: 分类, en: Category}, options: [
               {value: hw, label: {zh: 硬件, en: Hardware}, children: [{value: printer, label: {zh: 打印机, en: Printer}}]}]}
site:        {type: ref, to: site, from: parent.site, label: {zh: 现场, en: Site}}
cis:         {type: ref, to: ci, multiple: true, label: {zh: 配置项, en: CIs}}
photos:      {type: files, accept: [image/*], max: 3, label: {zh: 照片, en: Photos}}
parts:
  type: table
  label: {zh: 备件, en: Parts}
  public: true
  searchable: true
  columns:
    part:  {type: text, required: true, public: true, label: {zh: 备件, en: Part}}
    count: {type: number, min: 1, default: 1, public: true, label: {zh: 数量, en: Count}}
    price: {type: money, label: {zh: 单价, en: Price}}
    oral:  {type: consent, label: {zh: 口头同意, en: Oral consent}}
    model: {type: ref, to: model, label: {zh: 型号, en: Model}}
preparation: {type: checklist, label: {zh: 出发准备, en: Preparation}, items: [
               {code: id_card, label: {zh: 身份证, en: ID card}}, {code: badge, label: {zh: 工牌, en: Badge}, na: true},
               {code: map, label: {zh: 地图, en: Map}, optional: true}]}
accepted:    {type: signoffs, label: {zh: 四方会签, en: Sign-offs}, by: operation, items: [
               {code: ops, label: {zh: 运行, en: Operation}}, {code: user, label: {zh: 用户, en: User}, by: customer(owner)}]}
briefed:     {type: consent, of: customer, label: {zh: 知情同意, en: Informed consent}, covers: [
               {code: content, label: {zh: 内容, en: Content}}, {code: risk, label: {zh: 风险, en: Risk}}]}
signature:   {type: signature, by: customer(contact), label: {zh: 客户签名, en: Signature}}
room_code:   {type: secret, readers: [handler], until: closed, label: {zh: 门禁码, en: Room code}}
mark:        {type: rating, label: {zh: 评分, en: Mark}}
place:       {type: geo, label: {zh: 位置, en: Place}}
slot:        {type: interval, label: {zh: 时段, en: Slot}}
phone:       {type: phone, sensitive: true, searchable: true, public: true, label: {zh: 电话, en: Phone}}
mail:        {type: email, sensitive: true, label: {zh: 邮箱, en: E-mail}}
page:        {type: link, label: {zh: 链接, en: Link}}
closed_by:   {type: text, read_only: true, label: {zh: 关闭人, en: Closed by}}
code:        {type: text, pattern: "[A-Z]{2}[0-9]+", label: {zh: 代码, en: Code}}
`

func decode(t testing.TB, text string) form.Fields {
	t.Helper()
	var fields form.Fields
	if err := yaml.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

func TestDecode(t *testing.T) {
	fields := decode(t, everything)
	if got := strings.Join(fields.Names(), " "); !strings.HasPrefix(got, "title story count cost") || !strings.HasSuffix(got, "closed_by code") {
		t.Error("order:", got)
	}
	used := map[form.Type]bool{}
	for _, f := range fields {
		used[f.Type] = true
		if f.Kind() == "" || f.Line == 0 {
			t.Errorf("%s: kind %q, line %d", f.Name, f.Kind(), f.Line)
		}
	}
	for _, typ := range form.Types() {
		if !used[typ] {
			t.Errorf("no field of type %s here", typ)
		}
	}
	day, _ := fields.Get("day")
	parts, _ := fields.Get("parts")
	mark, _ := fields.Get("mark")
	signature, _ := fields.Get("signature")
	count, _ := fields.Get("count")
	if day.Default != "2025-03-04" || parts.Columns.Names()[1] != "count" || mark.Scale != 5 || !signature.Public || count.Unit.En != "GB" {
		t.Errorf("%+v %+v %+v %+v", day.Default, parts.Columns.Names(), mark.Scale, signature.Public)
	}
	if _, err := json.Marshal(fields); err != nil {
		t.Error(err)
	}
}

func TestDecodeRefusals(t *testing.T) {
	const label = "label: {zh: 甲, en: A}"
	const option = "options: [{value: x, label: {zh: 甲, en: A}}]"
	cases := []struct{ name, text, reason string }{
		{"unknown key", "a: {type: text, " + label + ", colour: red}", `unknown key "colour"`},
		{"unknown type", "a: {type: string, " + label + "}", `unknown type "string"`},
		{"no type", "a: {" + label + "}", "has no type"},
		{"no label", "a: {type: text}", "lacks a label"},
		{"one language", "a: {type: text, label: {zh: 甲}}", "lacks en"},
		{"other language", "a: {type: text, label: {en: A}}", "lacks zh"},
		{"third language", "a: {type: text, label: {zh: 甲, en: A, fr: B}}", "unknown language"},
		{"enum without options", "a: {type: enum, " + label + "}", "needs options"},
		{"empty options", "a: {type: enum, options: [], " + label + "}", "needs options"},
		{"option without label", "a: {type: enum, options: [{value: x}], " + label + "}", "lacks a label"},
		{"option twice", "a: {type: enum, options: [{value: x, label: {zh: 甲, en: A}}, {value: x, label: {zh: 甲, en: A}}], " + label + "}", "there twice"},
		{"option key", "a: {type: enum, options: [{value: x, label: {zh: 甲, en: A}, icon: y}], " + label + "}", "unknown key"},
		{"enum with children", "a: {type: enum, options: [{value: x, label: {zh: 甲, en: A}, children: [{value: y, label: {zh: 甲, en: A}}]}], " + label + "}", "use tree"},
		{"tree twice", "a: {type: tree, options: [{value: x, label: {zh: 甲, en: A}, children: [{value: x, label: {zh: 甲, en: A}}]}], " + label + "}", "there twice"},
		{"ref without to", "a: {type: ref, " + label + "}", "needs to"},
		{"duplicate field", "a: {type: text, " + label + "}\na: {type: text, " + label + "}", "declared twice"},
		{"duplicate key", "a: {type: text, type: text, " + label + "}", "there twice"},
		{"bad name", "Title: {type: text, " + label + "}", "lower_snake"},
		{"table without columns", "a: {type: table, " + label + "}", "needs columns"},
		{"table in table", "a: {type: table, " + label + ", columns: {b: {type: table, " + label + ", columns: {c: {type: text, " + label + "}}}}}", "cannot hold a table"},
		{"column duplicate", "a:\n  type: table\n  " + label + "\n  columns:\n    b: {type: text, " + label + "}\n    b: {type: text, " + label + "}", "declared twice"},
		{"checklist without items", "a: {type: checklist, " + label + "}", "needs items"},
		{"item twice", "a: {type: checklist, " + label + ", items: [{code: x, label: {zh: 甲, en: A}}, {code: x, label: {zh: 甲, en: A}}]}", "there twice"},
		{"item plain", "a: {type: checklist, " + label + ", items: [id_card]}", "mapping"},
		{"signature by nobody", "a: {type: signature, " + label + "}", "needs by"},
		{"signoffs by nobody", "a: {type: signoffs, " + label + ", items: [{code: x, label: {zh: 甲, en: A}}]}", "nobody may sign"},
		{"secret without readers", "a: {type: secret, " + label + "}", "needs readers"},
		{"bad role", "a: {type: signature, by: [\"cust omer\"], " + label + "}", "is no role"},
		{"to on text", "a: {type: text, to: site, " + label + "}", "nothing for the type"},
		{"options on text", "a: {type: text, " + option + ", " + label + "}", "nothing for the type"},
		{"searchable secret", "a: {type: secret, readers: [x], searchable: true, " + label + "}", "cannot be searched"},
		{"min above max", "a: {type: number, min: 3, max: 2, " + label + "}", "above max"},
		{"min of one choice", "a: {type: enum, min: 1, " + option + ", " + label + "}", "need multiple"},
		{"bad pattern", "a: {type: text, pattern: \"[\", " + label + "}", "pattern"},
		{"bad default", "a: {type: number, default: x, " + label + "}", "default"},
		{"default out of range", "a: {type: number, max: 3, default: 4, " + label + "}", "default"},
		{"default no option", "a: {type: enum, default: z, " + option + ", " + label + "}", "default"},
		{"default for a ref", "a: {type: ref, to: site, default: z, " + label + "}", "has no default"},
		{"not a bool", "a: {type: text, required: maybe, " + label + "}", "maybe"},
		{"not a mapping", "[a, b]", "mapping"},
		{"field is text", "a: text", "mapping"},
		{"key is a list", "? [a]\n: {type: text}", "plain key"},
		{"bad width", "a: {type: text, width: huge, " + label + "}", "width"},
		{"scale of 1", "a: {type: rating, scale: 1, " + label + "}", "scale"},
		{"bad accept", "a: {type: files, accept: [png], " + label + "}", "content type"},
		{"indexed column", "a: {type: table, " + label + ", columns: {b: {type: text, indexed: true, " + label + "}}}", "column"},
		{"cyclic alias", "a: &x {type: table, " + label + ", columns: {b: *x}}", ""},
		{"cyclic options", "a: {type: tree, " + label + ", options: &x [{value: v, label: {zh: 甲, en: A}, children: *x}]}", ""},
	}
	for _, c := range cases {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			text := "\n" + c.text
			var fields form.Fields
			err := yaml.Unmarshal([]byte(text), &fields)
			var wrong *form.DefinitionError
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v", err)
			}
			if wrong.Line < 2 || !strings.Contains(wrong.Reason, c.reason) {
				t.Errorf("line %d: %s", wrong.Line, wrong.Reason)
			}
		})
	}
}

// The line is that of the key at fault, also deep inside a larger definition.
func TestDecodeLine(t *testing.T) {
	var whole struct {
		Type   string
		Fields form.Fields
	}
	err := yaml.Unmarshal([]byte("type: x\nfields:\n  a:\n    type: text\n    label:\n      zh: 甲\n      en: A\n    wrong: 1\n"), &whole)
	var wrong *form.DefinitionError
	if !errors.As(err, &wrong) || wrong.Line != 8 {
		t.Error(err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(everything)
	f.Add("a: &x {type: tree, options: *x}")
	f.Add("a: {type: text, label: {zh: 甲, en: A}, default: .nan}")
	f.Fuzz(func(t *testing.T, text string) {
		var fields form.Fields
		if yaml.Unmarshal([]byte(text), &fields) != nil {
			return
		}
		for _, field := range fields {
			if field.Kind() == "" || !field.Label.Complete() {
				t.Errorf("%+v", field)
			}
			form.Schema(field)
		}
		if _, err := json.Marshal(fields); err != nil {
			t.Error(err)
		}
	})
}
