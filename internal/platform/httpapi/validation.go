package httpapi

import (
	"context"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// huma writes its findings in English. We let it write message keys instead ("key|name=value"), so that the reader
// gets them in their language, and never the value that was wrong.
func init() {
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
	wanted := func(name string) string { return "field.type|wanted=" + name }
	for message, key := range map[*string]string{
		&validation.MsgUnexpectedProperty:                "field.unknown",
		&validation.MsgExpectedRequiredProperty:          "field.required|member=%s",
		&validation.MsgExpectedDependentRequiredProperty: "field.required|member=%s|with=%s",
		&validation.MsgExpectedMinLength:                 "httpapi.short|min=%d",
		&validation.MsgExpectedMaxLength:                 "field.length|max=%d",
		&validation.MsgExpectedMinimumNumber:             "httpapi.min|min=%v",
		&validation.MsgExpectedMaximumNumber:             "httpapi.max|max=%v",
		&validation.MsgExpectedExclusiveMinimumNumber:    "httpapi.above|min=%v",
		&validation.MsgExpectedExclusiveMaximumNumber:    "httpapi.below|max=%v",
		&validation.MsgExpectedNumberBeMultipleOf:        "httpapi.multiple|of=%v",
		&validation.MsgExpectedMinItems:                  "httpapi.few|min=%d",
		&validation.MsgExpectedMaxItems:                  "httpapi.many|max=%d",
		&validation.MsgExpectedMinProperties:             "httpapi.few|min=%d",
		&validation.MsgExpectedMaxProperties:             "httpapi.many|max=%d",
		&validation.MsgExpectedArrayItemsUnique:          "httpapi.twice",
		&validation.MsgExpectedOneOf:                     "field.choice",
		&validation.MsgExpectedConst:                     "field.choice",
		&validation.MsgExpectedMatchPattern:              "httpapi.pattern",
		&validation.MsgExpectedBePattern:                 "httpapi.pattern",
		&validation.MsgExpectedRFC3339DateTime:           wanted("date-time"),
		&validation.MsgExpectedRFC1123DateTime:           wanted("date-time"),
		&validation.MsgExpectedRFC3339Date:               wanted("date"),
		&validation.MsgExpectedRFC3339Time:               wanted("time"),
		&validation.MsgExpectedDuration:                  wanted("duration"),
		&validation.MsgExpectedRFC5322Email:              wanted("email"),
		&validation.MsgExpectedRFC3986URI:                wanted("uri"),
		&validation.MsgExpectedRFC4122UUID:               wanted("uuid"),
		&validation.MsgExpectedBoolean:                   wanted("boolean"),
		&validation.MsgExpectedNumber:                    wanted("number"),
		&validation.MsgExpectedInteger:                   wanted("integer"),
		&validation.MsgExpectedString:                    wanted("string"),
		&validation.MsgExpectedBase64String:              wanted("base64"),
		&validation.MsgExpectedArray:                     wanted("array"),
		&validation.MsgExpectedObject:                    wanted("object"),
	} {
		*message = key
	}
}

// forms are the things that a field may have to be.
var forms = map[string]text.Label{
	"date-time": {Zh: "带时区的日期时间，如 2026-01-05T09:00:00+08:00", En: "a date and time with zone, like 2026-01-05T09:00:00+08:00"},
	"date":      {Zh: "日期，如 2026-01-05", En: "a date, like 2026-01-05"},
	"time":      {Zh: "时间，如 09:00:00", En: "a time, like 09:00:00"},
	"duration":  {Zh: "时长，如 1h30m", En: "a duration, like 1h30m"},
	"email":     {Zh: "邮箱地址", En: "a mail address"},
	"uri":       {Zh: "网址", En: "a web address"},
	"uuid":      {Zh: "编号（UUID）", En: "an identifier (UUID)"},
	"boolean":   {Zh: "是或否（true/false）", En: "true or false"},
	"number":    {Zh: "数字", En: "a number"},
	"integer":   {Zh: "整数", En: "a whole number"},
	"string":    {Zh: "文字", En: "text"},
	"base64":    {Zh: "Base64 编码", En: "Base64"},
	"array":     {Zh: "列表", En: "a list"},
	"object":    {Zh: "对象", En: "an object"},
	"other":     {Zh: "说明文档里写的形式", En: "what the documentation says"},
}

// fromHuma turns huma's finding into a problem.
func fromHuma(ctx context.Context, status int, msg string, errs []error) *Problem {
	fields := make([]fault.Field, 0, len(errs))
	for _, err := range errs {
		if d, ok := err.(huma.ErrorDetailer); ok {
			if len(fields) < maxFields {
				fields = append(fields, fieldOf(d.ErrorDetail()))
			}
			continue
		}
		if p, ok := err.(*Problem); ok {
			return p
		}
	}
	switch {
	case status >= 500 && len(errs) > 0:
		return problemOf(ctx, errs[0])
	case status >= 500 || status == 0:
		return problemOf(ctx, fault.New(fault.Internal, "internal", nil))
	case status == http.StatusRequestEntityTooLarge:
		return problemOf(ctx, fault.New(fault.TooLarge, "too_large", nil))
	case strings.HasPrefix(msg, "request body is required"):
		return problemOf(ctx, malformed("httpapi.empty", nil))
	case len(fields) > 0:
		return problemOf(ctx, fault.Fields(fields...))
	}
	return problemOf(ctx, refuse(status, fault.Malformed, "httpapi.unreadable", nil))
}

// maxFields bounds an answer to an input with thousands of mistakes.
const maxFields = 100

func fieldOf(d *huma.ErrorDetail) fault.Field {
	name := trimLocation(d.Location)
	key, rest, _ := strings.Cut(d.Message, "|")
	if i := strings.Index(key, "%!("); i >= 0 { // what Sprintf had left over
		key = key[:i]
	}
	if !text.Known(key) {
		key, rest, name = unnamed(d.Message, name)
	}
	params := text.Params{}
	for pair := range strings.SplitSeq(rest, "|") {
		if i := strings.Index(pair, "%!("); i >= 0 {
			pair = pair[:i]
		}
		if k, v, ok := strings.Cut(pair, "="); ok {
			params[k] = v
		}
	}
	if member, ok := params["member"].(string); ok {
		name = join(name, member)
	}
	if form, ok := params["wanted"].(string); ok {
		params["wanted"] = forms[form]
	}
	params["label"], params["name"] = name, name
	return fault.Field{Name: name, Code: key, Params: params}
}

var unmarshalField = regexp.MustCompile(`Go struct field \S*?\.(\S+) of type`)

// unnamed translates the findings for which huma has no message variable.
func unnamed(msg, name string) (key, rest, field string) {
	wanted := "other"
	switch {
	case msg == "unknown query parameter":
		return "field.unknown", "", name
	case strings.HasPrefix(msg, "required "):
		return "field.required", "", name
	case strings.HasPrefix(msg, "invalid integer"):
		wanted = "integer"
	case strings.HasPrefix(msg, "invalid float"):
		wanted = "number"
	case strings.HasPrefix(msg, "invalid boolean"):
		wanted = "boolean"
	case strings.HasPrefix(msg, "invalid date/time"):
		wanted = "date-time"
	}
	if m := unmarshalField.FindStringSubmatch(msg); m != nil {
		name = m[1]
	}
	return "field.type", "wanted=" + wanted, name
}

// trimLocation makes "body.parts[2].count" the field "parts[2].count".
func trimLocation(location string) string {
	where, field, found := strings.Cut(location, ".")
	switch where {
	case "body", "query", "path", "header", "cookie", "form":
		if found {
			return field
		}
		return ""
	}
	return strings.TrimPrefix(location, "body")
}

func join(path, member string) string {
	if path == "" {
		return member
	}
	return path + "." + member
}

func init() {
	text.Register(map[string]text.Label{
		"httpapi.title.invalid":         {Zh: "内容需要修改", En: "Input needs a change"},
		"httpapi.title.malformed":       {Zh: "请求无法读取", En: "Request cannot be read"},
		"httpapi.title.unauthenticated": {Zh: "未登录", En: "Not signed in"},
		"httpapi.title.forbidden":       {Zh: "没有权限", En: "Not allowed"},
		"httpapi.title.not_found":       {Zh: "没有找到", En: "Not found"},
		"httpapi.title.conflict":        {Zh: "现在不能这样做", En: "Cannot be done now"},
		"httpapi.title.stale":           {Zh: "内容已被他人修改", En: "Changed by someone else"},
		"httpapi.title.too_large":       {Zh: "内容太大", En: "Too large"},
		"httpapi.title.too_many":        {Zh: "操作太频繁", En: "Too many requests"},
		"httpapi.title.unavailable":     {Zh: "服务暂时不可用", En: "Not available right now"},
		"httpapi.title.internal":        {Zh: "系统出错", En: "System error"},

		"httpapi.json":       {Zh: "第 {line} 行第 {column} 个字符附近不是正确的 JSON。", En: "The JSON is wrong near line {line}, character {column}."},
		"httpapi.object":     {Zh: "请求内容应是一个 JSON 对象。", En: "The body must be a JSON object."},
		"httpapi.empty":      {Zh: "请求没有内容。", En: "The request has no body."},
		"httpapi.unreadable": {Zh: "看不懂这个请求。", En: "The request cannot be read."},
		"httpapi.query":      {Zh: "网址里的查询参数无法识别。", En: "The query of the address cannot be read."},
		"httpapi.encoding":   {Zh: "请求含有无法识别的字符，请改用 UTF-8。", En: "The request has characters that cannot be read; use UTF-8."},
		"httpapi.multipart":  {Zh: "上传的表单不完整或格式不对。", En: "The uploaded form is incomplete or malformed."},
		"httpapi.broken":     {Zh: "请求内容没有传完。", En: "The body ended too early."},
		"httpapi.slow":       {Zh: "请求传得太慢，已停止接收。", En: "The request came too slowly and was dropped."},
		"httpapi.media_type": {Zh: "请求内容应是 JSON（Content-Type: application/json）。", En: "The body must be JSON (Content-Type: application/json)."},
		"httpapi.method":     {Zh: "这个地址不支持这种请求方法。", En: "This address does not support this method."},
		"httpapi.no_route":   {Zh: "没有这个地址。", En: "There is no such address."},
		"httpapi.if_match":   {Zh: "If-Match 应是读取时得到的 ETag。", En: "If-Match must be the ETag that was read."},
		"httpapi.key":        {Zh: "Idempotency-Key 最多 200 个可见字符。", En: "Idempotency-Key may have at most 200 visible characters."},
		"httpapi.cursor":     {Zh: "翻页位置已失效，请从第一页开始。", En: "The page position is not valid; start from the first page."},
		"httpapi.csrf":       {Zh: "页面已过期，请刷新后再试。", En: "This page is out of date; reload it and try again."},
		"httpapi.cross_site": {Zh: "不接受来自其他网站的操作。", En: "Changes from another site are not accepted."},
		"httpapi.streams":    {Zh: "打开的页面太多，请关掉几个。", En: "Too many pages are open; close some."},
		"httpapi.duplicate":  {Zh: "{label}写了两次。", En: "{label} is given twice."},
		"httpapi.deep":       {Zh: "{label}嵌套太深。", En: "{label} is nested too deeply."},
		"httpapi.short":      {Zh: "{label}太短，至少 {min} 个字。", En: "{label} is too short; at least {min} characters."},
		"httpapi.min":        {Zh: "{label}不能小于 {min}。", En: "{label} must be at least {min}."},
		"httpapi.max":        {Zh: "{label}不能大于 {max}。", En: "{label} must be at most {max}."},
		"httpapi.above":      {Zh: "{label}应大于 {min}。", En: "{label} must be more than {min}."},
		"httpapi.below":      {Zh: "{label}应小于 {max}。", En: "{label} must be less than {max}."},
		"httpapi.multiple":   {Zh: "{label}应是 {of} 的倍数。", En: "{label} must be a multiple of {of}."},
		"httpapi.few":        {Zh: "{label}至少要有 {min} 项。", En: "{label} needs at least {min} items."},
		"httpapi.many":       {Zh: "{label}最多 {max} 项。", En: "{label} may have at most {max} items."},
		"httpapi.twice":      {Zh: "{label}里有重复的项。", En: "{label} has an item twice."},
		"httpapi.pattern":    {Zh: "{label}的格式不对。", En: "{label} has the wrong form."},
	})
}
