package sms_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/engine/notify/notifytest"
	"github.com/steward-ops/steward/internal/engine/notify/sms"
)

var network = channel.NewNetwork([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})

func message() channel.Message {
	return channel.Message{ID: "d-1", At: time.Unix(1760000000, 0), Short: `【申远】核心"中断"&请响应`, To: channel.Recipient{Phone: "+86 138 0013 8000"}}
}

func TestJSONGateway(t *testing.T) {
	server := notifytest.NewHTTP(t, func(r notifytest.Request) notifytest.Reply {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer k3y-") {
			return notifytest.Reply{Body: `{"code":"401","msg":"no"}`}
		}
		return notifytest.Reply{Body: `{"code":"0","id":"778"}`}
	})
	v := channel.Values{"method": "POST", "url": server.URL + "/send", "headers": "Content-Type: application/json\nAuthorization: Bearer {{.Secret}}",
		"body": `{"to":{{json .Phone}},"text":{{json .Text}},"ref":{{json .ID}},"t":{{.Unix}}}`, "secret": "k3y-4711", "success": `status == 200 && json.code == "0"`}
	if fields := sms.Driver.Check(v); len(fields) != 0 {
		t.Fatalf("%v", fields)
	}
	r, err := sms.Driver.Send(t.Context(), network, v, message())
	if err != nil || r.Confirmed {
		t.Fatalf("%+v %v", r, err)
	}
	got := server.Requests()[0]
	if got.Text("to") != "13800138000" || got.Text("text") != message().Short || got.Text("ref") != "d-1" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%+v", got)
	}
	v["secret"] = "wrong"
	_, err = sms.Driver.Send(t.Context(), network, v, message())
	if f, ok := errors.AsType[*channel.Failure](err); !ok || f.Code != "channel.refused" || !strings.Contains(f.Answer, `"401"`) {
		t.Errorf("HTTP 200 with a refusal in it: %v", err)
	}
}

func TestFormGateway(t *testing.T) {
	server := notifytest.NewHTTP(t, func(notifytest.Request) notifytest.Reply { return notifytest.Reply{Body: "1,778"} })
	v := channel.Values{"method": "GET", "url": server.URL + "/s?m={{.Phone}}&c={{query .Text}}&sign={{md5 (printf \"%s%s\" .Phone .Secret) | upper}}", "headers": "", "secret": "abcd", "success": `body.startsWith("1,")`}
	if fields := sms.Driver.Check(v); len(fields) != 0 {
		t.Fatalf("%v", fields)
	}
	if _, err := sms.Driver.Send(t.Context(), network, v, message()); err != nil {
		t.Fatal(err)
	}
	got := server.Requests()[0]
	if got.Method != "GET" || got.Query["c"][0] != message().Short || got.Query["sign"][0] != "EA4FFB4B5E3498AC4E4A064CEDB17524" {
		t.Errorf("%+v", got)
	}
}

func TestSettingsAreTried(t *testing.T) {
	good := func() channel.Values {
		return channel.Values{"url": "https://gateway.example/send", "headers": "A: b", "body": "{{.Text}}", "success": "status == 200", "secret": "hush-hush"}
	}
	for name, bad := range map[string][]string{
		"url":     {"ftp://x", "{{.Nothing}}", "{{", "https://u:p@x/"},
		"headers": {"no colon", "Host: evil", "a b: c", "{{range .Text}}{{end}}"},
		"body":    {"{{.Nothing}}", "{{call .Text}}", "{{range 1000000000}}x{{end}}", `{{printf "%999999d" 1}}`},
		"success": {"status", "status ==", "nothing == 1", `body.matches("(")  +`},
	} {
		for _, value := range bad {
			v := good()
			v[name] = value
			fields := sms.Driver.Check(v)
			if len(fields) != 1 || fields[0].Name != name {
				t.Errorf("%s %q: %v", name, value, fields)
			}
		}
	}
	if fields := sms.Driver.Check(good()); len(fields) != 0 {
		t.Errorf("%v", fields)
	}
	v := good()
	v["body"] = `{{.Secret | nothing}}`
	if fields := sms.Driver.Check(v); len(fields) != 1 || strings.Contains(fields[0].Params["reason"].(string), "hush-hush") {
		t.Errorf("%v", fields)
	}
}

func TestHeadersCannotBeSplit(t *testing.T) {
	server := notifytest.NewHTTP(t, func(notifytest.Request) notifytest.Reply { return notifytest.Reply{} })
	m := message()
	m.Short = "x\r\nX-Evil: 1"
	v := channel.Values{"url": server.URL, "headers": "X-Text: {{.Text}}", "success": "status == 200"}
	_, err := sms.Driver.Send(t.Context(), network, v, m)
	if err != nil || server.Requests()[0].Header.Get("X-Evil") != "" || server.Requests()[0].Header.Get("X-Text") != "x X-Evil: 1" {
		t.Fatalf("a header was smuggled in: %v %v", err, server.Requests())
	}
	if sms.Driver.Reaches(channel.Recipient{Phone: "021-61234567"}) {
		t.Error("a landline gets text messages")
	}
}
