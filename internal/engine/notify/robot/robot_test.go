package robot_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/engine/notify/notifytest"
	"github.com/steward-ops/steward/internal/engine/notify/robot"
)

var (
	network = channel.NewNetwork([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	now     = time.UnixMilli(1760000000000).UTC()
)

const secret = "SEC1234567890abcdef"

func message() channel.Message {
	return channel.Message{ID: "d1", At: now, Subject: "核心交换机中断", Text: "核心交换机中断\n编号：INC-2026-00042", To: channel.Recipient{ID: "p1", Name: "王伟", Phone: "13800138000"}}
}

func at() time.Time { return now }

func send(t *testing.T, d channel.Driver, v channel.Values, m channel.Message) (channel.Receipt, *channel.Failure) {
	t.Helper()
	r, err := d.Send(t.Context(), network, v, m)
	if err == nil {
		return r, nil
	}
	f, ok := errors.AsType[*channel.Failure](err)
	if !ok {
		t.Fatal(err)
	}
	return r, f
}

func TestWeCom(t *testing.T) {
	server := notifytest.Wecom(t, "693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa")
	v := channel.Values{"url": server.URL + "/cgi-bin/webhook/send?key=693axxx6-7aoc-4bc4-97a0-0ec2sifa5aaa", "mention": "person"}
	if r, f := send(t, robot.WeCom, v, message()); f != nil || !r.Confirmed || r.Answer != "0 ok" {
		t.Fatalf("%+v %v", r, f)
	}
	got := server.Requests()[0]
	if got.Text("text.mentioned_mobile_list") != "[13800138000]" || !strings.Contains(got.Text("text.content"), "王伟") || got.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%+v", got)
	}
	long := message()
	long.Text = strings.Repeat("断", 3000)
	if _, f := send(t, robot.WeCom, v, long); f != nil {
		t.Errorf("a long text: %v", f)
	}
	urgent := message()
	urgent.Urgent = true
	v["mention"] = "all"
	if _, f := send(t, robot.WeCom, v, urgent); f != nil || server.Requests()[2].Text("text.mentioned_list") != "[@all]" {
		t.Errorf("everybody: %v %v", f, server.Requests()[2].Body)
	}
	v["mention"] = "nobody"
	if _, f := send(t, robot.WeCom, v, message()); f != nil || strings.Contains(server.Requests()[3].Body, "mentioned") {
		t.Errorf("nobody: %v %v", f, server.Requests()[3].Body)
	}
	v["url"] = server.URL + "/cgi-bin/webhook/send?key=wrong"
	if _, f := send(t, robot.WeCom, v, message()); f == nil || f.Code != "channel.credentials" || !f.Lasting {
		t.Errorf("a wrong key: %v", f)
	}
}

func TestDingTalkSigns(t *testing.T) {
	server := notifytest.DingTalk(t, "tok", secret, at)
	v := channel.Values{"url": server.URL + "/robot/send?access_token=tok", "secret": secret, "mention": "person"}
	if r, f := send(t, robot.DingTalk, v, message()); f != nil || !r.Confirmed {
		t.Fatalf("%+v %v", r, f)
	}
	got := server.Requests()[0]
	// The signature was computed by another program.
	if got.Query["sign"][0] != "BLKu+XyDmcJY60S1vdHad8hrlDjOyWTj2Kqs3IW7V5M=" || got.Query["timestamp"][0] != "1760000000000" {
		t.Errorf("%v", got.Query)
	}
	if got.Text("at.atMobiles") != "[13800138000]" || !strings.Contains(got.Text("text.content"), "@13800138000") || got.Text("at.isAtAll") != "false" {
		t.Errorf("%s", got.Body)
	}
	for what, change := range map[string]func(v channel.Values, m *channel.Message){
		"a wrong secret":   func(v channel.Values, _ *channel.Message) { v["secret"] = "SECother" },
		"no secret":        func(v channel.Values, _ *channel.Message) { v["secret"] = "" },
		"an old timestamp": func(_ channel.Values, m *channel.Message) { m.At = now.Add(-2 * time.Hour) },
		"a wrong token":    func(v channel.Values, _ *channel.Message) { v["url"] = server.URL + "/robot/send?access_token=other" },
	} {
		w, m := channel.Values{"url": v["url"], "secret": v["secret"]}, message()
		change(w, &m)
		if _, f := send(t, robot.DingTalk, w, m); f == nil || f.Code != "channel.credentials" || !f.Lasting {
			t.Errorf("%s: %v", what, f)
		}
	}
}

func TestFeishuSigns(t *testing.T) {
	server := notifytest.Feishu(t, "hook-1", secret, at)
	v := channel.Values{"url": server.URL + "/open-apis/bot/v2/hook/hook-1", "secret": secret, "mention": "person"}
	m := message()
	m.Text = `标题 <at user_id="all">x</at>`
	if r, f := send(t, robot.Feishu, v, m); f != nil || !r.Confirmed {
		t.Fatalf("%+v %v", r, f)
	}
	got := server.Requests()[0]
	if got.Text("sign") != "rplXV6npPS8IkkokPvCImsOWWuU2bseOrnmDezxDqQ8=" || got.Text("timestamp") != "1760000000" { // by another program
		t.Errorf("%s", got.Body)
	}
	if said := got.Text("content.text"); strings.Contains(said, "<at") || !strings.HasPrefix(said, "@王伟") {
		t.Errorf("what people write calls the group: %s", said)
	}
	urgent := message()
	urgent.Urgent = true
	v["mention"] = "all"
	if _, f := send(t, robot.Feishu, v, urgent); f != nil || !strings.HasPrefix(server.Requests()[1].Text("content.text"), `<at user_id="all">`) {
		t.Errorf("%v", f)
	}
	v["secret"] = "other"
	if _, f := send(t, robot.Feishu, v, message()); f == nil || f.Code != "channel.credentials" || !strings.HasPrefix(f.Answer, "19021 ") {
		t.Errorf("%v", f)
	}
}

// What counts is the code in the answer: all three answer HTTP 200 also to what they refuse.
func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		driver channel.Driver
		status int
		body   string
		code   string
		busy   bool
		last   bool
	}{
		{robot.WeCom, 200, `{"errcode":45009,"errmsg":"api freq out of limit"}`, "channel.busy", true, false},
		{robot.DingTalk, 200, `{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}`, "channel.busy", true, false},
		{robot.Feishu, 200, `{"code":11232,"msg":"frequency limited psm"}`, "channel.busy", true, false},
		{robot.Feishu, 200, `{"code":9499,"msg":"Too Many Requests","data":{}}`, "channel.busy", true, false},
		{robot.WeCom, 200, `{"errcode":-1,"errmsg":"system busy"}`, "channel.trouble", false, false},
		{robot.WeCom, 200, `{"errcode":44004,"errmsg":"text content is empty"}`, "channel.refused", false, true},
		{robot.Feishu, 400, `{"code":9499,"msg":"Bad Request","data":{}}`, "channel.refused", false, true},
		{robot.Feishu, 200, `<html>captive portal</html>`, "channel.trouble", false, false},
		{robot.Feishu, 200, `{}`, "channel.trouble", false, false},
		{robot.DingTalk, 502, `bad gateway`, "channel.trouble", false, false},
		{robot.DingTalk, 429, `slow down`, "channel.busy", true, false},
	} {
		server := notifytest.NewHTTP(t, func(notifytest.Request) notifytest.Reply { return notifytest.Reply{Status: c.status, Body: c.body} })
		_, f := send(t, c.driver, channel.Values{"url": server.URL + "/x"}, message())
		if f == nil || f.Code != c.code || f.Busy != c.busy || f.Lasting != c.last {
			t.Errorf("%s: %+v", c.body, f)
		}
	}
}
