// Package sms sends text messages through whichever gateway speaks HTTP: request and success are described by templates
// and a condition, since every provider has its own form.
package sms

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // gateways demand it; nothing of ours rests on it
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strconv"
	"strings"
	"text/template"
	"time"

	"cel.dev/cel-go/cel"

	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Driver is the gateway.
var Driver channel.Driver = driver{}

type driver struct{}

// Settings of a gateway.
func (driver) Settings() []channel.Setting {
	names := text.Label{
		Zh: "可用 {{.Phone}} {{.Text}} {{.ID}} {{.Unix}} {{.Time}} {{.Secret}}，以及函数 query json base64 md5 sha256 hmac_sha256 upper。",
		En: "May use {{.Phone}} {{.Text}} {{.ID}} {{.Unix}} {{.Time}} {{.Secret}} and the functions query, json, base64, md5, sha256, hmac_sha256, upper.",
	}
	return []channel.Setting{
		{Name: "method", Label: text.Label{Zh: "方法", En: "Method"}, Form: channel.Choice, Options: []string{"POST", "GET"}, Default: "POST"},
		{Name: "url", Label: text.Label{Zh: "地址模板", En: "Address template"}, Form: channel.Line, Required: true, Max: 2000, Help: names},
		{Name: "headers", Label: text.Label{Zh: "请求头模板", En: "Header template"}, Form: channel.Lines, Max: 2000, Default: "Content-Type: application/json; charset=utf-8",
			Help: text.Label{Zh: "每行一个：名称: 值。", En: "One a line: name: value."}},
		{Name: "body", Label: text.Label{Zh: "正文模板", En: "Body template"}, Form: channel.Lines, Max: 4000, Help: names},
		{Name: "secret", Label: text.Label{Zh: "密钥", En: "Secret"}, Form: channel.Line, Secret: true,
			Help: text.Label{Zh: "模板里写 {{.Secret}}，不要直接写密钥。", En: "Templates say {{.Secret}}; do not write the key itself into them."}},
		{Name: "success", Label: text.Label{Zh: "成功条件", En: "Success condition"}, Form: channel.Line, Default: "status == 200",
			Help: text.Label{Zh: `表达式，可用 status、body、json，如 status == 200 && json.code == "0"。`, En: `An expression over status, body and json, such as status == 200 && json.code == "0".`}},
	}
}

// Personal is true: one phone.
func (driver) Personal() bool { return true }

// Reaches who has a phone.
func (driver) Reaches(to channel.Recipient) bool { return channel.Mobile(to.Phone) != "" }

// Check tries the templates on a sample and compiles the condition.
func (driver) Check(v channel.Values) (fields []fault.Field) {
	sample := variables(v, channel.Message{ID: "sample", At: time.Unix(0, 0), Short: "sample", To: channel.Recipient{Phone: "13800000000"}})
	fail := func(name string, err error) {
		fields = append(fields, fault.Field{Name: name, Code: "sms.template", Params: text.Params{"reason": reasonOf(err, v["secret"])}})
	}
	if address, err := fill(v["url"], sample); err != nil {
		fail("url", err)
	} else {
		fields = append(fields, channel.CheckURL("url", address)...)
	}
	if _, err := headers(v["headers"], sample); errors.Is(err, errHeaders) {
		fields = append(fields, fault.Field{Name: "headers", Code: "sms.headers"})
	} else if err != nil {
		fail("headers", err)
	}
	if _, err := fill(v["body"], sample); err != nil {
		fail("body", err)
	}
	if _, err := compile(condition(v)); err != nil {
		fields = append(fields, fault.Field{Name: "success", Code: "sms.condition", Params: text.Params{"reason": channel.Answer(err.Error())}})
	}
	return fields
}

func reasonOf(err error, secret string) string {
	said := err.Error()
	if i := strings.LastIndex(said, ": "); i >= 0 {
		said = said[i+2:]
	}
	return channel.Answer(said, secret)
}

func condition(v channel.Values) string {
	if v["success"] == "" {
		return "status == 200"
	}
	return v["success"]
}

// values are what templates may use.
type values struct {
	Phone, Text, ID, Unix, Time, Secret string
}

func variables(v channel.Values, m channel.Message) values {
	return values{Phone: channel.Mobile(m.To.Phone), Text: m.Short, ID: m.ID, Unix: strconv.FormatInt(m.At.Unix(), 10),
		Time: m.At.UTC().Format("20060102150405"), Secret: v["secret"]}
}

var functions = template.FuncMap{
	"query":  url.QueryEscape,
	"json":   func(s string) (string, error) { b, err := json.Marshal(s); return string(b), err },
	"base64": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"md5":    func(s string) string { sum := md5.Sum([]byte(s)); return hex.EncodeToString(sum[:]) }, //nolint:gosec // see above
	"sha256": func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) },
	"hmac_sha256": func(key, s string) string {
		h := hmac.New(sha256.New, []byte(key))
		h.Write([]byte(s))
		return hex.EncodeToString(h.Sum(nil))
	},
	"upper": strings.ToUpper,
}

// maxRequest bounds what a template can grow to.
const maxRequest = 32 << 10

var errLarge = errors.New("the result is too long")

// bounded takes so many bytes and no more.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxRequest {
		return 0, errLarge
	}
	return b.Buffer.Write(p)
}

var _ io.Writer = (*bounded)(nil)

func fill(source string, v values) (string, error) {
	t, err := template.New("sms").Option("missingkey=error").Funcs(functions).Parse(source)
	if err != nil {
		return "", err
	}
	if err := channel.Plain(t); err != nil {
		return "", err
	}
	var out bounded
	err = t.Execute(&out, v)
	return out.String(), err
}

var errHeaders = errors.New("not a header")

// headers fills the template of each line by itself, so that a text cannot add a header.
func headers(lines string, v values) (map[string]string, error) {
	out := map[string]string{}
	for line := range strings.SplitSeq(lines, "\n") {
		filled, err := fill(line, v)
		if err != nil {
			return nil, err
		}
		filled = strings.Join(strings.Fields(filled), " ")
		if filled == "" {
			continue
		}
		name, value, ok := strings.Cut(filled, ":")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name, " \t\"(),/;<=>?@[\\]{}") || strings.EqualFold(name, "Host") || strings.EqualFold(name, "Content-Length") {
			return nil, errHeaders
		}
		out[name] = strings.TrimSpace(value)
	}
	return out, nil
}

// costLimit keeps a condition from searching forever.
const costLimit = 100_000

var environment = func() *cel.Env {
	env, err := cel.NewEnv(cel.Variable("status", cel.IntType), cel.Variable("body", cel.StringType), cel.Variable("json", cel.DynType))
	if err != nil {
		panic(err)
	}
	return env
}()

var errNotBool = errors.New("the condition must be true or false")

func compile(expression string) (cel.Program, error) {
	ast, issues := environment.Compile(expression)
	if err := issues.Err(); err != nil {
		return nil, err
	}
	if ast.OutputType() != cel.BoolType && ast.OutputType() != cel.DynType {
		return nil, errNotBool
	}
	return environment.Program(ast, cel.CostLimit(costLimit))
}

// Send asks the gateway to send the text message. It accepted it, which does not say that the phone was on.
func (driver) Send(ctx context.Context, network *channel.Network, v channel.Values, m channel.Message) (channel.Receipt, error) {
	request, err := requestOf(v, m)
	if err != nil {
		return channel.Receipt{}, &channel.Failure{Code: "channel.bad_settings", Lasting: true, Answer: reasonOf(err, v["secret"])}
	}
	response, err := network.Do(ctx, request)
	if err != nil {
		return channel.Receipt{}, err
	}
	if ok, err := accepted(condition(v), response); err != nil || !ok {
		return channel.Receipt{}, refusal(response)
	}
	return channel.Receipt{Answer: response.Body}, nil
}

// refusal is the status' own failure, else the gateway's "no" in its body, whose meaning only people can read: it is
// tried again like any trouble.
func refusal(response channel.Response) *channel.Failure {
	if f := response.Refusal(); f != nil {
		return f
	}
	return &channel.Failure{Code: "channel.refused", Answer: response.Body}
}

func requestOf(v channel.Values, m channel.Message) (r channel.Request, err error) {
	values := variables(v, m)
	r.Method = v["method"]
	if r.Method == "" {
		r.Method = "POST"
	}
	if r.URL, err = fill(v["url"], values); err != nil {
		return r, err
	}
	if r.Header, err = headers(v["headers"], values); err != nil {
		return r, err
	}
	body, err := fill(v["body"], values)
	r.Body = []byte(body)
	return r, err
}

func accepted(expression string, r channel.Response) (bool, error) {
	program, err := compile(expression)
	if err != nil {
		return false, err
	}
	var body any
	if json.Unmarshal([]byte(r.Body), &body) != nil {
		body = map[string]any{}
	}
	out, _, err := program.Eval(map[string]any{"status": r.Status, "body": r.Body, "json": body})
	if err != nil {
		return false, err
	}
	yes, _ := out.Value().(bool)
	return yes, nil
}

func init() {
	text.Register(map[string]text.Label{
		"sms.template":  {Zh: "{label}写得不对：{reason}", En: "{label} is wrong: {reason}"},
		"sms.headers":   {Zh: "{label}每行写“名称: 值”。", En: "{label} takes one “name: value” a line."},
		"sms.condition": {Zh: "{label}写得不对：{reason}", En: "{label} is wrong: {reason}"},
	})
}
