package party

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// check gathers every wrong field of an entry, so that all are answered at once.
type check struct{ fields []fault.Field }

func (c *check) fail(name, code string, params text.Params) {
	if slices.ContainsFunc(c.fields, func(f fault.Field) bool { return f.Name == name }) {
		return
	}
	if params == nil {
		params = text.Params{}
	}
	params["label"] = labelOf(name)
	c.fields = append(c.fields, fault.Field{Name: name, Code: code, Params: params})
}

// err is the fault that names all wrong fields, or nil.
func (c *check) err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return fault.Fields(c.fields...)
}

func (c *check) required(name, value string) {
	if value == "" {
		c.fail(name, "field.required", nil)
	}
}

func (c *check) length(name, value string, most int) {
	if utf8.RuneCountInString(value) > most {
		c.fail(name, "field.length", text.Params{"max": most})
	}
}

// line is a short text of one line that must be there.
func (c *check) line(name, value string) {
	c.required(name, value)
	c.optional(name, value)
}

// optional is a short text of one line.
func (c *check) optional(name, value string) {
	c.length(name, value, 200)
	if strings.ContainsAny(value, "\r\n") {
		c.fail(name, "party.one_line", nil)
	}
}

func (c *check) choice(name, value string, options ...string) {
	if !slices.Contains(options, value) {
		c.fail(name, "field.choice", nil)
	}
}

// phone must look like what people dial; a masked number that a client sends back does not.
func (c *check) phone(name, value string) {
	if value != "" && (utf8.RuneCountInString(value) > 40 || !dialable(value)) {
		c.fail(name, "party.phone", nil)
	}
}

func (c *check) email(name, value string) {
	local, domain, ok := strings.Cut(value, "@")
	good := ok && local != "" && strings.Contains(domain, ".") && !strings.ContainsAny(value, " \t\r\n,;<>*") && !strings.Contains(domain, "@")
	if value != "" && (!good || len(value) > 254) {
		c.fail(name, "party.email", nil)
	}
}

func (c *check) zone(name, value string) {
	if value == "" {
		return
	}
	if _, err := time.LoadLocation(value); err != nil || value == "Local" {
		c.fail(name, "party.zone", nil)
	}
}

func (c *check) language(name, value string) {
	if value != "" && value != string(text.Zh) && value != string(text.En) {
		c.fail(name, "field.choice", nil)
	}
}

// set takes a changed value over, when one was sent.
func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// setText takes a changed text over without the blanks around it.
func setText(to *string, from *string) {
	if from != nil {
		*to = strings.TrimSpace(*from)
	}
}

// distinct sorts items and drops what is there twice.
func distinct(items []string) []string {
	items = slices.Clone(items)
	slices.Sort(items)
	return slices.Compact(items)
}

func labelOf(name string) text.Label {
	if l, ok := labels[name]; ok {
		return l
	}
	return text.Label{Zh: name, En: name}
}

var labels = map[string]text.Label{
	"address":         {Zh: "地址", En: "the address"},
	"code":            {Zh: "编号", En: "the code"},
	"contact_roles":   {Zh: "联系人角色", En: "the contact roles"},
	"customer":        {Zh: "客户", En: "the customer"},
	"customer_class":  {Zh: "客户等级", En: "the customer class"},
	"department":      {Zh: "部门", En: "the department"},
	"email":           {Zh: "邮箱", En: "the e-mail address"},
	"employee_number": {Zh: "工号", En: "the employee number"},
	"english_name":    {Zh: "英文名", En: "the English name"},
	"form_of_address": {Zh: "称呼", En: "the form of address"},
	"geo":             {Zh: "坐标", En: "the coordinates"},
	"head":            {Zh: "负责人", En: "the head"},
	"kind":            {Zh: "类型", En: "the kind"},
	"language":        {Zh: "语言", En: "the language"},
	"lead":            {Zh: "组长", En: "the lead"},
	"manager":         {Zh: "维护经理", En: "the maintenance manager"},
	"members":         {Zh: "成员", En: "the members"},
	"name":            {Zh: "名称", En: "the name"},
	"note":            {Zh: "备注", En: "the note"},
	"organisation":    {Zh: "单位", En: "the organisation"},
	"parent":          {Zh: "上级部门", En: "the parent department"},
	"person":          {Zh: "人员", En: "the person"},
	"phone":           {Zh: "电话", En: "the phone number"},
	"phone2":          {Zh: "备用电话", En: "the second phone number"},
	"position":        {Zh: "岗位", En: "the position"},
	"project":         {Zh: "项目", En: "the project"},
	"service":         {Zh: "服务", En: "the service"},
	"short_name":      {Zh: "简称", En: "the short name"},
	"site":            {Zh: "站点", En: "the site"},
	"sites":           {Zh: "站点", En: "the sites"},
	"status":          {Zh: "状态", En: "the status"},
	"superior":        {Zh: "上级", En: "the superior"},
	"tier":            {Zh: "支持级别", En: "the tier"},
	"zone":            {Zh: "时区", En: "the time zone"},
}

func init() {
	text.Register(map[string]text.Label{
		"party.one_line":         {Zh: "{label}只能写一行。", En: "{label} takes a single line."},
		"party.phone":            {Zh: "{label}只能写数字、空格和 + - ( )，分机写“转 802”。", En: "{label} takes digits, spaces and + - ( ); write an extension as “ext 802”."},
		"party.email":            {Zh: "{label}不是一个邮箱地址。", En: "{label} is not an e-mail address."},
		"party.zone":             {Zh: "没有这个时区，写法如 Asia/Shanghai。", En: "There is no such time zone; write it like Asia/Shanghai."},
		"party.geo":              {Zh: "坐标写成“纬度,经度”，如 31.2304,121.4737。", En: "Write coordinates as “latitude,longitude”, for example 31.2304,121.4737."},
		"party.cycle":            {Zh: "不能这样设：绕一圈会回到本身。", En: "This would lead back to itself."},
		"party.other_side":       {Zh: "{label}不属于同一个单位。", En: "{label} belongs to another organisation."},
		"party.not_customer":     {Zh: "只有客户才有这一项。", En: "Only customers have this."},
		"party.not_provider":     {Zh: "{label}应是本公司的人员。", En: "{label} must be one of the provider's people."},
		"party.gone":             {Zh: "{label}已离职或已停用，换一个。", En: "{label} has left or is out of use; choose another."},
		"party.target_missing":   {Zh: "客户、服务、站点至少选一个。", En: "Name at least a customer, a service or a site."},
		"party.already_left":     {Zh: "{name}已办理离职。", En: "{name} has already left."},
		"party.not_left":         {Zh: "{name}在职，不用恢复。", En: "{name} has not left."},
		"party.left_by_leave":    {Zh: "离职和恢复在职要单独办理。", En: "Leaving and returning are actions of their own."},
		"party.leave_self":       {Zh: "不能给自己办理离职。", En: "You cannot mark yourself as left."},
		"party.caller_too_short": {Zh: "号码至少要 3 位数字。", En: "Enter at least 3 digits."},
	})
}
