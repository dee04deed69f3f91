package notify_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/engine/notify/notifytest"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
	"github.com/steward-ops/steward/internal/platform/work"
)

// linkIn is the path of the link to acknowledge that a text holds.
func linkIn(t *testing.T, said string) string {
	t.Helper()
	_, rest, found := strings.Cut(said, "https://desk.example.com/api/v1/acknowledge/")
	if !found {
		t.Fatalf("no link in %s", said)
	}
	return "/api/v1/acknowledge/" + strings.Fields(rest)[0]
}

func (h *house) acknowledged(what, person string) (at time.Time) {
	h.t.Helper()
	ok(h.t, h.db.Read(h.t.Context(), func(tx db.Tx) (err error) {
		at, err = notify.Acknowledged(h.t.Context(), tx, what, person)
		return err
	}))
	return at
}

func TestAcknowledgeByLink(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.mail(map[string]any{"position": 1})
		var heard []notify.Acknowledgement
		h.svc.OnAcknowledge(func(_ context.Context, _ *work.Unit, a notify.Acknowledgement) error {
			heard = append(heard, a)
			return nil
		})
		h.send(notify.Notice{People: []string{h.wang.id, h.li.id}, Record: "rec-1", Number: "INC-1", Text: say("请确认 <b>", "Please confirm"), Level: notify.Urgent, Acknowledge: true, Ref: "hop-1"})
		h.settle()
		count(h, s.Mails(), 2)
		var mine string
		for _, m := range s.Mails() {
			if m.To[0] == "wang@sy.example" {
				mine = linkIn(t, m.Text)
			}
		}
		// Scanners and previews follow links; that acknowledges nothing.
		for range 3 {
			for _, accept := range []string{"text/html,*/*", "application/json"} {
				if a := h.call("", accept, "GET", mine, nil); a.status != 200 || a.header.Get("Cache-Control") != "no-store" {
					t.Fatalf("%d %s", a.status, a.body)
				}
			}
		}
		page := h.call("", "text/html", "GET", mine, nil)
		if !strings.Contains(page.body, `<form method="post">`) || !strings.Contains(page.body, "请确认 &lt;b&gt;") || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s", page.body)
		}
		if at := h.acknowledged("hop-1", h.wang.id); !at.IsZero() {
			t.Fatalf("a look acknowledged: %v", at)
		}
		h.clock.Advance(5 * time.Minute)
		a := h.call("", "application/json", "POST", mine, nil)
		if a.status != 200 || a.m["acknowledged_at"] != "2026-10-15T02:05:00Z" || a.m["number"] != "INC-1" {
			t.Fatalf("%d %s", a.status, a.body)
		}
		for _, what := range []string{"hop-1", "rec-1"} {
			if at := h.acknowledged(what, h.wang.id); !at.Equal(thursday.Add(5 * time.Minute)) {
				t.Errorf("%s: %v", what, at)
			}
			if at := h.acknowledged(what, h.li.id); !at.IsZero() {
				t.Errorf("%s by another person: %v", what, at)
			}
		}
		if len(heard) != 1 || heard[0].Person != h.wang.id || heard[0].Via != "link" || heard[0].Ref != "hop-1" {
			t.Errorf("%+v", heard)
		}
		// The link works once.
		if a := h.call("", "application/json", "POST", mine, nil); a.status != 409 || a.m["code"] != "notify.acknowledged" || a.m["acknowledged_at"] == nil {
			t.Errorf("%d %s", a.status, a.body)
		}
		if a := h.call("", "text/html", "POST", mine, nil); a.status != 200 || strings.Contains(a.body, "<form") {
			t.Errorf("%d %s", a.status, a.body)
		}
		h.expect("邮件 acknowledged", "邮件 sent")
		token := strings.TrimPrefix(mine, "/api/v1/acknowledge/")
		other := "B" // another first character, and so another notice
		if token[0] == 'B' {
			other = "C"
		}
		for _, forged := range []string{"x", strings.Repeat("A", 43), other + token[1:], token + "A", strings.ToUpper(token), ""} {
			if a := h.call("", "application/json", "POST", "/api/v1/acknowledge/"+forged, nil); a.status != 404 {
				t.Errorf("%q: %d %s", forged, a.status, a.body)
			}
		}
		events := h.events("notice.acknowledged")
		if len(events) != 1 || !strings.Contains(events[0], h.wang.id) || strings.Contains(events[0], token) {
			t.Errorf("%v", events)
		}
	})
}

func (h *house) events(kind string) (out []string) {
	h.t.Helper()
	ok(h.t, h.db.Read(h.t.Context(), func(tx db.Tx) (err error) {
		out, err = db.All(h.t.Context(), tx, db.Scan[string], "SELECT CAST(data AS TEXT) FROM audit_events WHERE kind = $1", kind)
		return err
	}))
	return out
}

func TestLinksGrowOldAndLeaveWithTheirPerson(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.mail(nil)
		h.send(notify.Notice{People: []string{h.wang.id, h.li.id}, Text: say("确认", "Confirm"), Acknowledge: true})
		h.settle()
		count(h, s.Mails(), 2)
		links := map[string]string{}
		for _, m := range s.Mails() {
			links[m.To[0]] = linkIn(t, m.Text)
		}
		ok(t, h.db.Write(t.Context(), func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE party_people SET left_at = 1 WHERE id = $1", h.li.id)
			return err
		}))
		if a := h.call("", "", "POST", links["li@sy.example"], nil); a.status != 404 {
			t.Errorf("who left: %d %s", a.status, a.body)
		}
		h.clock.Advance(7*24*time.Hour + time.Second)
		if a := h.call("", "text/html", "POST", links["wang@sy.example"], nil); a.status != 404 || !strings.Contains(a.body, "链接无效") {
			t.Errorf("too old: %d %s", a.status, a.body)
		}
	})
}

func TestAcknowledgeInTheApplication(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.hook("群", nil)
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("确认", "Confirm"), Acknowledge: true})
		h.settle()
		if body := s.Requests()[0].Body; strings.Contains(body, "acknowledge") {
			t.Errorf("a group got a personal link: %s", body)
		}
		item := h.wang.must(200, "GET", "/notifications", nil).items()[0]
		if item["acknowledge"] != true || item["acknowledged_at"] != nil {
			t.Fatalf("%v", item)
		}
		path := "/notifications/" + fmt.Sprint(item["id"]) + "/acknowledge"
		h.li.must(404, "POST", path, nil)
		h.admin.must(404, "POST", path, nil)
		h.clock.Advance(time.Minute)
		first := h.wang.must(200, "POST", path, nil)
		h.clock.Advance(time.Minute)
		again := h.wang.must(200, "POST", path, nil)
		if first.m["acknowledged_at"] != "2026-10-15T02:01:00Z" || again.m["acknowledged_at"] != first.m["acknowledged_at"] || again.m["read"] != true {
			t.Errorf("%s %s", first.body, again.body)
		}
		if n := len(h.events("notice.acknowledged")); n != 1 {
			t.Errorf("%d events", n)
		}
		h.expect("群 acknowledged")
		if a := h.call("", "", "POST", "/api/v1"+path, nil); a.status != 401 {
			t.Errorf("%d", a.status)
		}
	})
}

// Reading is not acknowledging: what asks for an acknowledgement goes out although it was read.
func TestReadTimes(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.hook("钩子", nil)
		h.send(notify.Notice{People: []string{h.wang.id, h.li.id, h.zhao.id}, Record: "case-1", Text: say("通报", "Report"), Ref: "case-1/1"})
		h.settle()
		h.clock.Advance(time.Hour)
		h.wang.must(204, "POST", "/notifications/read", map[string]any{"all": true})
		var receipts []notify.Receipt
		ok(t, h.db.Read(t.Context(), func(tx db.Tx) (err error) {
			receipts, err = notify.Receipts(t.Context(), tx, "case-1/1")
			return err
		}))
		if len(receipts) != 3 || receipts[0].Person != h.wang.id || !receipts[0].ReadAt.Equal(thursday.Add(time.Hour)) || len(receipts[0].Channels) != 1 || !receipts[1].ReadAt.IsZero() || len(receipts[2].Channels) != 0 {
			t.Errorf("%+v", receipts)
		}
		h.expect("钩子 read", "钩子 delivered")
		h.li.must(200, "PUT", "/notifications/preferences", map[string]any{"quiet": map[string]any{"from": "11:00", "to": "12:00"}})
		h.send(notify.Notice{People: []string{h.li.id}, Text: say("确认", "Confirm"), Acknowledge: true})
		h.settle()
		h.li.must(204, "POST", "/notifications/read", map[string]any{"all": true})
		h.advance(time.Hour)
		count(h, s.Requests(), 3)
	})
}

func TestTemplates(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.mail(nil)
		own := map[string]any{"subject": "【{{.Level}}】{{.Text}}", "body": "{{.Person}}：{{.Text}}{{if .Number}} {{.Number}}{{end}}", "short": "{{.Text}}"}
		h.admin.must(200, "PUT", "/notification-templates/assigned/zh", own)
		h.send(notify.Notice{People: []string{h.wang.id}, Kind: "assigned", Number: "INC-1", Text: say("派单", "Assigned")})
		h.send(notify.Notice{People: []string{h.li.id}, Kind: "assigned", Number: "INC-1", Text: say("派单", "Assigned")})
		h.send(notify.Notice{People: []string{h.wang.id}, Kind: "urged", Text: say("催办\r\nBcc: x@example.com", "Urged")})
		h.settle()
		subjects := map[string]string{}
		for _, m := range s.Mails() {
			subjects[m.Subject] = m.Text
		}
		if got := strings.TrimSpace(subjects["【一般】派单"]); got != "王伟：派单 INC-1" || subjects["Assigned"] == "" || subjects["催办 Bcc: x@example.com"] == "" {
			t.Errorf("%v", subjects)
		}
		for part, bad := range map[string][]string{
			"subject": {"{{.Nothing}}", "{{", "{{range 1000000000}}x{{end}}", "{{if .Number}}x{{end}}", `{{printf "%999999d" 1}}`},
			"body":    {"{{template \"x\"}}", "{{.Text.Evil}}"},
			"short":   {"{{nothing .Text}}", strings.Repeat("{{printf \"%9999s\" .Text}}", 8)},
		} {
			for _, source := range bad {
				wrong := map[string]any{"subject": "x", "body": "x", "short": "x"}
				wrong[part] = source
				h.admin.refused(422, part+":notify.template", "PUT", "/notification-templates/told/zh", wrong)
				h.admin.refused(422, part+":notify.template", "POST", "/notification-templates/preview", map[string]any{"lang": "zh", "subject": wrong["subject"], "body": wrong["body"], "short": wrong["short"]})
			}
		}
		preview := h.admin.must(200, "POST", "/notification-templates/preview", map[string]any{"lang": "en", "subject": "{{.Number}} {{.Text}}", "body": "{{.Kind}}", "short": "{{.Count}}"})
		if preview.m["subject"] != "INC-2026-00042 Core switch down, respond within 30 minutes" || preview.m["body"] != "Assigned" || preview.m["short"] != "3" {
			t.Errorf("%s", preview.body)
		}
		h.admin.must(404, "PUT", "/notification-templates/nothing/zh", own)
		h.admin.must(404, "PUT", "/notification-templates/told/fr", own)
		h.wang.must(403, "PUT", "/notification-templates/told/zh", own)
		list := h.admin.must(200, "GET", "/notification-templates", nil)
		mine := 0
		for _, v := range list.items() {
			if v["own"] == true {
				mine++
			}
		}
		if mine != 1 || len(list.items()) < 20 || len(list.m["variables"].([]any)) != 10 {
			t.Errorf("%d of %d", mine, len(list.items()))
		}
		h.admin.must(204, "DELETE", "/notification-templates/assigned/zh", nil)
		h.admin.must(404, "DELETE", "/notification-templates/assigned/zh", nil)
		h.wang.must(403, "DELETE", "/notification-templates/assigned/zh", nil)
	})
}

func TestChannelSettings(t *testing.T) {
	each(t, func(h *house) {
		kinds := h.admin.must(200, "GET", "/notification-channels/kinds", nil).items()
		count(h, kinds, 6)
		made := h.admin.must(201, "POST", "/notification-channels", map[string]any{"kind": "webhook", "name": " 钩子 ", "settings": map[string]string{"url": "https://hooks.example.com/a", "secret": hookSecret}})
		if made.m["enabled"] != false || made.m["name"] != "钩子" || fmt.Sprint(made.m["secrets_set"]) != "[url secret]" || len(made.m["settings"].(map[string]any)) != 0 {
			t.Errorf("%s", made.body)
		}
		path := "/notification-channels/" + fmt.Sprint(made.m["id"])
		changed := h.admin.must(200, "PATCH", path, map[string]any{"enabled": true, "per_minute": 30, "settings": map[string]string{"url": "https://hooks.example.com/b"}})
		if changed.m["version"] != 2.0 || changed.m["per_minute"] != 30.0 || fmt.Sprint(changed.m["secrets_set"]) != "[url secret]" || changed.header.Get("ETag") != `"v2"` {
			t.Errorf("%s", changed.body)
		}
		if events := h.events("notify.channel_changed"); len(events) != 1 || !strings.Contains(events[0], "url") || strings.Contains(events[0], "hooks.example.com") {
			t.Errorf("%v", events)
		}
		for code, in := range map[string]map[string]any{
			"settings.url:channel.url":       {"settings": map[string]string{"url": "ftp://x"}},
			"settings.secret:webhook.secret": {"settings": map[string]string{"secret": "short"}},
			"settings.secret:field.required": {"settings": map[string]string{"secret": ""}},
			"settings.nothing:field.unknown": {"settings": map[string]string{"nothing": "x"}},
			"settings.url:field.length":      {"settings": map[string]string{"url": "https://x.example/" + strings.Repeat("a", 1001)}},
			"levels":                         {"levels": []string{"loud"}},
			"per_minute":                     {"per_minute": -1},
			"name:field.required":            {"name": "  "},
			"field.unknown":                  {"secrets": "x"},
		} {
			h.admin.refused(422, code, "PATCH", path, in)
		}
		h.admin.refused(422, "name:field.unique", "POST", "/notification-channels", map[string]any{"kind": "webhook", "name": "钩子", "settings": map[string]string{"url": "https://x.example/", "secret": hookSecret}})
		h.admin.refused(422, "kind:field.choice", "POST", "/notification-channels", map[string]any{"kind": "pigeon", "name": "x"})
		stale := h.header(h.admin, "PATCH", "/api/v1"+path, `{"enabled":false}`, "If-Match", `"v1"`)
		if stale.status != 412 {
			t.Errorf("%d %s", stale.status, stale.body)
		}
		for _, p := range []*person{h.wang, h.zhao} {
			p.must(403, "PATCH", path, map[string]any{"enabled": false})
			p.must(403, "DELETE", path, nil)
			p.must(403, "POST", path+"/test", nil)
			p.must(403, "POST", "/notification-channels", map[string]any{"kind": "webhook", "name": "y"})
		}
		h.admin.must(204, "DELETE", path, nil)
		h.admin.must(404, "DELETE", path, nil)
		h.admin.must(201, "POST", "/notification-channels", map[string]any{"kind": "webhook", "name": "钩子", "settings": map[string]string{"url": "https://x.example/", "secret": hookSecret}})
	})
}

func TestTestButton(t *testing.T) {
	each(t, func(h *house) {
		s, id := h.mail(map[string]any{"enabled": false})
		if a := h.admin.must(200, "POST", "/notification-channels/"+id+"/test", nil); a.m["ok"] != true {
			t.Fatalf("%s", a.body)
		}
		if m := s.Mails(); len(m) != 1 || m[0].To[0] != "admin@sy.example" || !strings.Contains(m[0].Text, "测试消息") {
			t.Errorf("%+v", m)
		}
		s.Answer("550 5.7.1 not you")
		if a := h.admin.must(200, "POST", "/notification-channels/"+id+"/test", nil); a.m["ok"] != false || a.m["code"] != "channel.refused" || a.m["reason"] != "对方拒收" || !strings.Contains(fmt.Sprint(a.m["answer"]), "not you") {
			t.Errorf("%s", a.body)
		}
		h.admin.must(404, "POST", "/notification-channels/nothing/test", nil)
		if n := len(h.events("notify.channel_tested")); n != 2 {
			t.Errorf("%d events", n)
		}
		inner := h.channel("webhook", "内网", map[string]string{"url": "http://169.254.169.254/latest/meta-data", "secret": hookSecret}, nil)
		if a := h.admin.must(200, "POST", "/notification-channels/"+inner+"/test", nil); a.m["code"] != "channel.refused_address" {
			t.Errorf("%s", a.body)
		}
		h.expect()
	})
}

// All robots and the SMS gateway by way of real notices.
func TestEveryChannelCarries(t *testing.T) {
	each(t, func(h *house) {
		wecom := notifytest.Wecom(t, "wk")
		ding := notifytest.DingTalk(t, "dt", "SECabc", h.clock.Now)
		feishu := notifytest.Feishu(t, "fh", "fsecret", h.clock.Now)
		gateway := notifytest.NewHTTP(t, func(notifytest.Request) notifytest.Reply { return notifytest.Reply{Body: `{"code":0}`} })
		ids := []string{
			h.channel("wecom", "企业微信", map[string]string{"url": wecom.URL + "/cgi-bin/webhook/send?key=wk"}, nil),
			h.channel("dingtalk", "钉钉", map[string]string{"url": ding.URL + "/robot/send?access_token=dt", "secret": "SECabc"}, nil),
			h.channel("feishu", "飞书", map[string]string{"url": feishu.URL + "/open-apis/bot/v2/hook/fh", "secret": "fsecret"}, nil),
			h.channel("sms", "短信", map[string]string{"url": gateway.URL + "/send", "body": `{"p":{{json .Phone}},"t":{{json .Text}}}`, "success": "json.code == 0"}, nil),
		}
		for _, id := range ids {
			h.wang.must(200, "PUT", "/notifications/preferences", map[string]any{"levels": []any{map[string]any{"level": "urgent", "channels": []string{id}}}})
			h.send(notify.Notice{People: []string{h.wang.id}, Number: "INC-1", Text: say("核心中断", "Core down"), Level: notify.Urgent, Acknowledge: true})
			h.settle()
		}
		h.expect("企业微信 delivered", "钉钉 delivered", "飞书 delivered", "短信 sent")
		if got := gateway.Requests()[0]; got.Text("p") != "13800138000" || !strings.Contains(got.Text("t"), "核心中断") || linkIn(t, got.Text("t")) == "" {
			t.Errorf("%s", got.Body)
		}
		for _, s := range []*notifytest.HTTP{wecom, ding, feishu} {
			count(h, s.Requests(), 1)
			if body := s.Requests()[0].Body; strings.Contains(body, "/acknowledge/") || !strings.Contains(body, "王伟") {
				t.Errorf("%s", body)
			}
		}
	})
}

func TestDeliveriesList(t *testing.T) {
	each(t, func(h *house) {
		s, id := h.hook("钩子", nil)
		for i := range 5 {
			h.send(notify.Notice{People: []string{h.wang.id}, Number: fmt.Sprintf("INC-%d", i), Text: say("机密内容", "Confidential")})
		}
		h.settle()
		count(h, s.Requests(), 5)
		page := h.admin.must(200, "GET", "/deliveries?limit=3", nil)
		count(h, page.items(), 3)
		rest := h.admin.must(200, "GET", "/deliveries?limit=3&cursor="+fmt.Sprint(page.m["next_cursor"]), nil)
		count(h, rest.items(), 2)
		if strings.Contains(page.body, "机密内容") {
			t.Error("the list tells what notices say")
		}
		for query, want := range map[string]int{"state=delivered": 5, "state=failed,given_up": 0, "channel=" + id: 5, "channel=x": 0, "person=" + h.wang.id: 5, "person=" + h.li.id: 0,
			"number=INC-2": 1, "level=normal": 5, "level=urgent": 0, "from=2026-10-15T02:00:01Z": 0, "to=2026-10-15T02:00:01Z": 5} {
			count(h, h.admin.must(200, "GET", "/deliveries?"+query, nil).items(), want)
		}
		h.admin.refused(422, "state:field.choice", "GET", "/deliveries?state=lost", nil)
		h.admin.must(422, "GET", "/deliveries?cursor=x", nil)
		h.admin.must(404, "POST", "/deliveries/nothing/retry", nil)
	})
}

// What went out long ago is forgotten; what is younger or still waits stays, and so do the notices.
func TestOldDeliveriesAreForgotten(t *testing.T) {
	each(t, func(h *house) {
		_, _ = h.hook("钩子", nil)
		h.send(notify.Notice{People: []string{h.wang.id}, Number: "INC-1", Text: say("旧", "Old")})
		h.settle()
		forget := func(days int, want ...string) {
			h.t.Helper()
			h.clock.Advance(time.Duration(days) * 24 * time.Hour)
			if err := h.courier.Forget(h.t.Context()); err != nil {
				h.t.Fatal(err)
			}
			h.expect(want...)
		}
		forget(399, "钩子 delivered")
		h.send(notify.Notice{People: []string{h.wang.id}, Number: "INC-2", Text: say("新", "New")})
		h.settle()
		forget(2, "钩子 delivered")
		// What never ended is kept, however old.
		ok(h.t, h.door.Do(work.WithActor(h.t.Context(), process), "test.send", func(ctx context.Context, u *work.Unit) error {
			u.Unrecorded()
			_, err := u.Exec(ctx, `UPDATE notify_deliveries SET state = 'pending'`)
			return err
		}))
		forget(401, "钩子 pending")
		count(h, h.wang.must(200, "GET", "/notifications", nil).items(), 2)
	})
}

func TestDocumentHasTheLinks(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(thursday)
	h := build(t, dbtest.Open(t, migrations(), dbtest.Clock(c)), c)
	a := h.call("", "application/json", "GET", "/api/v1/openapi.json", nil)
	for _, part := range []string{`"/api/v1/acknowledge/{token}"`, `"acknowledge-show"`, `"text/html"`} {
		if !strings.Contains(a.body, part) {
			t.Errorf("%d: the document lacks %s", a.status, part)
		}
	}
}
