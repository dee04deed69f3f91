package notify_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/core/seal"
	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/engine/notify/notifytest"
	"github.com/steward-ops/steward/internal/engine/notify/webhook"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

func TestInboxAloneWithoutChannels(t *testing.T) {
	each(t, func(h *house) {
		h.send(notify.Notice{People: []string{h.wang.id, h.wang.id, "", h.zhao.id}, Kind: "assigned", Number: "INC-1", Type: "incident", Text: say("派给您", "Assigned to you")})
		h.settle()
		got := h.wang.must(200, "GET", "/notifications", nil).items()
		if len(got) != 1 || got[0]["text"] != "派给您" || got[0]["level"] != "normal" || got[0]["read"] != false || got[0]["read_at"] != nil {
			t.Fatalf("%v", got)
		}
		count(h, h.zhao.must(200, "GET", "/notifications", nil).items(), 1)
		h.expect()
	})
}

func TestMailInTheReadersLanguage(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.mail(nil)
		n := notify.Notice{People: []string{h.wang.id, h.li.id}, Kind: "assigned", Number: "INC-2026-00042", Type: "incident", Text: say("核心交换机中断", "Core switch down")}
		h.send(n)
		h.settle()
		mails := s.Mails()
		count(h, mails, 2)
		slices.SortFunc(mails, func(a, b notifytest.Mail) int { return strings.Compare(b.To[0], a.To[0]) })
		if m := mails[0]; m.Subject != "核心交换机中断" || !strings.Contains(m.Text, "编号：INC-2026-00042") || !strings.Contains(m.Text, "2026-10-15 10:00") ||
			!strings.Contains(m.Text, "https://desk.example.com/r/INC-2026-00042") || !m.TLS || strings.Contains(m.Text, "acknowledge") {
			t.Errorf("%+v", m)
		}
		if m := mails[1]; m.Subject != "Core switch down" || !strings.Contains(m.Text, "Number: INC-2026-00042") {
			t.Errorf("%+v", m)
		}
		h.expect("邮件 sent", "邮件 sent")
	})
}

func TestNothingGoesOutOfARollback(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.mail(nil)
		err := h.door.Do(work.WithActor(t.Context(), process), "test.send", func(ctx context.Context, u *work.Unit) error {
			u.Unrecorded()
			ok(t, notify.Send(ctx, u, notify.Notice{People: []string{h.wang.id}, Kind: "told", Text: say("不会发生", "Never")}))
			return fault.Denied()
		})
		if !fault.Is(err, fault.Forbidden) {
			t.Fatal(err)
		}
		h.settle()
		count(h, s.Mails(), 0)
		h.expect()
	})
}

func TestARepeatedRefIsSentOnce(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.mail(nil)
		n := notify.Notice{People: []string{h.wang.id}, Text: say("升级", "Escalated"), Ref: "step-7"}
		h.send(n)
		n.People = []string{h.wang.id, h.li.id}
		h.send(n)
		h.settle()
		count(h, s.Mails(), 2)
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("甲", "A")})
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("甲", "A")})
		h.settle()
		count(h, s.Mails(), 4)
	})
}

// A job that River runs twice, or twice at once, delivers once.
func TestARepeatedJobDeliversOnce(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.hook("钩子", nil)
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("一次", "Once")})
		h.settle()
		got := s.Requests()
		count(h, got, 1)
		id := got[0].Header.Get(webhook.HeaderDelivery)
		for range 3 {
			ok(t, h.courier.Deliver(t.Context(), id))
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := h.courier.Deliver(context.Background(), id); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		count(h, s.Requests(), 1)
		h.expect("钩子 delivered")
	})
}

// Two couriers that find the same delivery at the same instant: one carries it.
func TestTwoCouriersAtOnce(t *testing.T) {
	each(t, func(h *house) {
		entered, leave := make(chan struct{}), make(chan struct{})
		var once sync.Once
		s := notifytest.NewHTTP(t, func(notifytest.Request) notifytest.Reply {
			once.Do(func() { close(entered) })
			<-leave
			return notifytest.Reply{Status: 204}
		})
		h.channel("webhook", "慢", map[string]string{"url": s.URL, "secret": hookSecret}, nil)
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("慢", "Slow")})
		<-entered // the job has it
		id := fmt.Sprint(h.admin.must(200, "GET", "/deliveries", nil).items()[0]["id"])
		ok(t, h.courier.Deliver(t.Context(), id))
		close(leave)
		h.settle()
		count(h, s.Requests(), 1)
		h.advance(10 * time.Minute)
		count(h, s.Requests(), 1)
	})
}

func TestRetryWithBackoff(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.hook("钩子", nil)
		s.Answer(notifytest.Reply{Status: 503, Body: "try later"}, notifytest.Reply{Status: 503}, notifytest.Reply{Status: 503})
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("重试", "Again")})
		h.settle()
		h.expect("钩子 pending channel.trouble")
		for i, step := range []time.Duration{15 * time.Second, time.Minute, 4 * time.Minute} {
			h.advance(step - time.Second)
			count(h, s.Requests(), i+1)
			h.advance(time.Second)
			count(h, s.Requests(), i+2)
		}
		h.expect("钩子 delivered")
		ids := map[string]bool{}
		for _, r := range s.Requests() {
			ids[r.Header.Get(webhook.HeaderDelivery)] = true
		}
		if len(ids) != 1 {
			t.Errorf("the attempts have different keys: %v", ids)
		}
	})
}

func TestGivenUpAfterManyAttempts(t *testing.T) {
	each(t, func(h *house) {
		s := notifytest.NewHTTP(t, func(notifytest.Request) notifytest.Reply { return notifytest.Reply{Status: 500, Body: "no"} })
		h.channel("webhook", "坏", map[string]string{"url": s.URL, "secret": hookSecret}, nil)
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("不通", "Down")})
		h.settle()
		for range 12 {
			h.advance(6 * time.Hour)
		}
		count(h, s.Requests(), 8)
		h.expect("坏 given_up channel.trouble")
		id := fmt.Sprint(h.admin.must(200, "GET", "/deliveries?state=given_up", nil).items()[0]["id"])
		s.Answer(notifytest.Reply{Status: 200})
		h.admin.must(204, "POST", "/deliveries/"+id+"/retry", nil)
		h.settle()
		h.expect("坏 delivered")
		h.admin.refused(409, "notify.not_failed", "POST", "/deliveries/"+id+"/retry", nil)
		h.wang.must(403, "POST", "/deliveries/"+id+"/retry", nil)
	})
}

// Urgent notices do not wait for a second attempt where there is another way; others try three times first.
func TestFailOver(t *testing.T) {
	each(t, func(h *house) {
		bad := notifytest.NewHTTP(t, func(notifytest.Request) notifytest.Reply { return notifytest.Reply{Status: 503} })
		h.channel("webhook", "甲", map[string]string{"url": bad.URL, "secret": hookSecret}, map[string]any{"position": 1})
		good, _ := h.hook("乙", map[string]any{"position": 2})
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("急", "Urgent"), Level: notify.Urgent})
		h.settle()
		count(h, good.Requests(), 1)
		h.expect("甲 failed channel.trouble", "乙 delivered")
		h.send(notify.Notice{People: []string{h.li.id}, Text: say("不急", "Normal")})
		h.settle()
		count(h, good.Requests(), 1)
		h.advance(15 * time.Second)
		count(h, good.Requests(), 1)
		h.advance(time.Minute)
		count(h, good.Requests(), 2)
		count(h, bad.Requests(), 4)
		h.expect("甲 failed channel.trouble", "乙 delivered", "甲 failed channel.trouble", "乙 delivered")
	})
}

func TestFailOverWhereThereIsNoAddress(t *testing.T) {
	each(t, func(h *house) {
		h.mail(map[string]any{"position": 1})
		good, _ := h.hook("乙", map[string]any{"position": 2})
		ok(t, h.db.Write(t.Context(), func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE party_people SET email = '' WHERE id = $1", h.wang.id)
			return err
		}))
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("没邮箱", "No address")})
		h.settle()
		count(h, good.Requests(), 1)
		h.expect("邮件 failed notify.no_address", "乙 delivered")
	})
}

func TestOffAndRemovedChannelsPassOn(t *testing.T) {
	each(t, func(h *house) {
		first, id := h.hook("甲", map[string]any{"position": 1})
		second, _ := h.hook("乙", map[string]any{"position": 2})
		h.wang.must(200, "PUT", "/notifications/preferences", map[string]any{"quiet": map[string]any{"from": "09:00", "to": "11:00"}})
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("等", "Wait")})
		h.settle()
		h.admin.must(204, "DELETE", "/notification-channels/"+id, nil)
		h.advance(time.Hour)
		count(h, first.Requests(), 0)
		count(h, second.Requests(), 1)
		h.expect("甲 failed notify.channel_off", "乙 delivered")
		h.admin.must(404, "GET", "/notification-channels/"+id, nil)
		count(h, h.admin.must(200, "GET", "/notification-channels", nil).items(), 1)
	})
}

func TestRateLimit(t *testing.T) {
	each(t, func(h *house) {
		first, id := h.hook("甲", map[string]any{"position": 1, "per_minute": 2})
		second, other := h.hook("乙", map[string]any{"position": 2})
		for range 4 {
			h.send(notify.Notice{People: []string{h.wang.id}, Text: say("多", "Many")})
		}
		h.settle()
		count(h, first.Requests(), 2)
		count(h, second.Requests(), 2)
		if got := h.deliveries(); !slices.Contains(got, "甲 failed notify.rate") {
			t.Errorf("%v", got)
		}
		// Without another channel what is too much waits for its turn, and no attempt is lost by that.
		h.admin.must(200, "PATCH", "/notification-channels/"+other, map[string]any{"enabled": false})
		h.advance(time.Minute)
		for range 4 {
			h.send(notify.Notice{People: []string{h.wang.id}, Text: say("再多", "More")})
		}
		h.settle()
		count(h, first.Requests(), 4)
		h.advance(29 * time.Second)
		count(h, first.Requests(), 4)
		h.advance(time.Second)
		count(h, first.Requests(), 5)
		h.advance(30 * time.Second)
		count(h, first.Requests(), 6)
		h.admin.must(200, "GET", "/notification-channels/"+id, nil)
	})
}

func TestBusyOtherSidePassesOn(t *testing.T) {
	each(t, func(h *house) {
		robot := notifytest.Wecom(t, "k")
		robot.Answer(notifytest.Reply{Body: `{"errcode":45009,"errmsg":"api freq out of limit"}`})
		h.channel("wecom", "群", map[string]string{"url": robot.URL + "/cgi-bin/webhook/send?key=k"}, map[string]any{"position": 1})
		second, _ := h.hook("乙", map[string]any{"position": 2})
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("忙", "Busy")})
		h.settle()
		count(h, second.Requests(), 1)
		h.expect("群 failed channel.busy", "乙 delivered")
	})
}

func TestQuietHours(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.hook("钩子", nil)
		h.wang.must(200, "PUT", "/notifications/preferences", map[string]any{"quiet": map[string]any{"from": "22:00", "to": "07:30"}})
		h.clock.Set(time.Date(2026, 10, 15, 14, 0, 0, 0, time.UTC)) // 22:00 in Shanghai
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("明早再说", "Tomorrow")})
		h.send(notify.Notice{People: []string{h.li.id}, Text: say("没设", "No wish")})
		h.settle()
		count(h, s.Requests(), 1)
		h.expect("钩子 held notify.quiet", "钩子 delivered")
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("起来", "Wake up"), Level: notify.Urgent})
		h.settle()
		count(h, s.Requests(), 2)
		h.clock.Set(time.Date(2026, 10, 15, 23, 29, 59, 0, time.UTC))
		h.settle()
		count(h, s.Requests(), 2)
		h.advance(time.Second)
		count(h, s.Requests(), 3)
		// What was read meanwhile does not go out in the morning.
		h.clock.Set(time.Date(2026, 10, 16, 14, 0, 0, 0, time.UTC))
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("已看", "Read")})
		h.settle()
		h.wang.must(204, "POST", "/notifications/read", map[string]any{"all": true})
		h.advance(12 * time.Hour)
		count(h, s.Requests(), 3)
		if got := h.deliveries(); got[len(got)-1] != "钩子 given_up notify.known" {
			t.Errorf("%v", got)
		}
	})
}

// Friday evening before a make-up Saturday: service hours follow the calendar, not the week.
func TestHeldUntilServiceHours(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.hook("钩子", nil)
		h.wang.must(200, "PUT", "/notifications/preferences", map[string]any{"hold_until_service_hours": true})
		h.clock.Set(time.Date(2026, 10, 9, 11, 0, 0, 0, time.UTC)) // Friday 19:00; Saturday 2026-10-10 is worked for National Day
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("等上班", "Later")})
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("急", "Now"), Level: notify.Urgent})
		h.settle()
		count(h, s.Requests(), 1)
		h.clock.Set(time.Date(2026, 10, 10, 0, 59, 59, 0, time.UTC))
		h.settle()
		count(h, s.Requests(), 1)
		h.advance(time.Second)
		count(h, s.Requests(), 2)
	})
}

func TestDigest(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.mail(nil)
		h.wang.must(200, "PUT", "/notifications/preferences", map[string]any{"digest": "daily", "digest_at": "17:30"})
		for i := range 3 {
			h.send(notify.Notice{People: []string{h.wang.id}, Number: fmt.Sprintf("INC-%d", i), Text: say(fmt.Sprintf("第 %d 条", i), "n")})
		}
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("急", "Now"), Level: notify.Urgent})
		h.settle()
		count(h, s.Mails(), 1)
		h.expect("邮件 held notify.digest", "邮件 held notify.digest", "邮件 held notify.digest", "邮件 sent")
		h.clock.Set(time.Date(2026, 10, 15, 9, 29, 0, 0, time.UTC))
		h.settle()
		count(h, s.Mails(), 1)
		s.Answer("451 4.3.0 later")
		h.advance(time.Minute)
		count(h, s.Mails(), 1)
		h.advance(15 * time.Second)
		mails := s.Mails()
		count(h, mails, 2)
		if m := mails[1]; m.Subject != "3 条通知" || !strings.Contains(m.Text, "10-15 10:00  第 0 条\n") || !strings.Contains(m.Text, "第 2 条") || !strings.Contains(m.Text, "https://desk.example.com/notifications") {
			t.Errorf("%+v", m)
		}
		h.expect("邮件 sent", "邮件 sent", "邮件 sent", "邮件 sent")
		// Hourly; one alone is no digest; a digest moves to the next channel as one.
		h.li.must(200, "PUT", "/notifications/preferences", map[string]any{"digest": "hourly"})
		second, _ := h.hook("乙", map[string]any{"position": 2})
		h.send(notify.Notice{People: []string{h.li.id}, Text: say("一", "One")})
		h.settle()
		h.clock.Set(time.Date(2026, 10, 15, 10, 0, 0, 0, time.UTC))
		h.settle()
		count(h, s.Mails(), 3)
		if m := s.Mails()[2]; m.Subject != "One" {
			t.Errorf("%+v", m)
		}
		h.send(notify.Notice{People: []string{h.li.id}, Text: say("二", "Two")})
		h.send(notify.Notice{People: []string{h.li.id}, Text: say("三", "Three")})
		h.settle()
		s.Answer("550 5.1.1 gone")
		h.clock.Set(time.Date(2026, 10, 15, 11, 0, 0, 0, time.UTC))
		h.settle()
		count(h, s.Mails(), 3)
		got := second.Requests()
		count(h, got, 1)
		if got[0].Text("subject") != "2 notices" || !strings.Contains(got[0].Text("text"), "Three") {
			t.Errorf("%s", got[0].Body)
		}
	})
}

func TestOwnOrderOfChannels(t *testing.T) {
	each(t, func(h *house) {
		first, a := h.hook("甲", map[string]any{"position": 1})
		second, b := h.hook("乙", map[string]any{"position": 2, "levels": []string{}})
		p := h.wang.must(200, "GET", "/notifications/preferences", nil)
		if got := fmt.Sprint(p.list("levels")[1]["channels"]); got != "["+a+"]" || p.m["digest"] != "none" || p.m["quiet"] != nil || len(p.list("channels")) != 2 {
			t.Fatalf("%s", p.body)
		}
		h.wang.must(200, "PUT", "/notifications/preferences", map[string]any{"levels": []any{
			map[string]any{"level": "normal", "channels": []string{b, a}}, map[string]any{"level": "info", "channels": []string{}}}})
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("一般", "Normal")})
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("知会", "Info"), Level: notify.Info})
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("急", "Urgent"), Level: notify.Urgent})
		h.settle()
		count(h, second.Requests(), 1)
		count(h, first.Requests(), 1)
		count(h, h.wang.must(200, "GET", "/notifications", nil).items(), 3)
		h.wang.refused(422, "levels[0].channels[0]:field.choice", "PUT", "/notifications/preferences", map[string]any{"levels": []any{map[string]any{"level": "info", "channels": []string{"nothing"}}}})
		h.wang.refused(422, "levels[1].level:field.choice", "PUT", "/notifications/preferences", map[string]any{"levels": []any{map[string]any{"level": "info", "channels": []string{}}, map[string]any{"level": "info", "channels": []string{}}}})
		h.wang.refused(422, "quiet.to:field.type", "PUT", "/notifications/preferences", map[string]any{"quiet": map[string]any{"from": "22:00", "to": "25:00"}})
		h.wang.refused(422, "digest:field.choice", "PUT", "/notifications/preferences", map[string]any{"digest": "weekly"})
		h.wang.refused(422, "digest_at:field.type", "PUT", "/notifications/preferences", map[string]any{"digest": "daily", "digest_at": "9:00"})
	})
}

// A customer's people are reached only by channels that are opened to them, and see no others.
func TestCustomers(t *testing.T) {
	each(t, func(h *house) {
		inner, id := h.hook("内部群", map[string]any{"position": 1})
		s, _ := h.mail(map[string]any{"position": 2, "customers": true})
		h.send(notify.Notice{People: []string{h.zhao.id}, Number: "INC-1", Text: say("您的故障有进展", "Progress")})
		h.settle()
		count(h, inner.Requests(), 0)
		count(h, s.Mails(), 1)
		if m := s.Mails()[0]; !strings.Contains(m.Text, "https://desk.example.com/portal/r/INC-1") {
			t.Errorf("%s", m.Text)
		}
		p := h.zhao.must(200, "GET", "/notifications/preferences", nil)
		if len(p.list("channels")) != 1 || strings.Contains(p.body, "内部群") || strings.Contains(p.body, id) {
			t.Errorf("%s", p.body)
		}
		h.zhao.refused(422, "levels[0].channels[0]:field.choice", "PUT", "/notifications/preferences", map[string]any{"levels": []any{map[string]any{"level": "normal", "channels": []string{id}}}})
		for _, path := range []string{"/deliveries", "/notification-channels", "/notification-channels/kinds", "/notification-channels/" + id, "/notification-templates"} {
			h.zhao.must(403, "GET", path, nil)
			h.wang.must(403, "GET", path, nil)
		}
	})
}

// What was registered for a customer by mistake tells its people nothing once it is put right, by no channel and no link.
func TestCorrectedRecord(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.mail(map[string]any{"customers": true})
		r := &record.Record{ID: "r1", Number: "INC-1", Type: "incident", Customer: h.zhao.actor.Org, CreatedAt: thursday, UpdatedAt: thursday, Version: 1}
		ok(t, h.db.Write(t.Context(), func(tx db.Tx) error { return record.Insert(t.Context(), tx, r) }))
		n := notify.Notice{People: []string{h.zhao.id, h.wang.id}, Record: "r1", Number: "INC-1", Text: say("机密", "Secret"), Acknowledge: true}
		h.send(n)
		h.settle()
		count(h, s.Mails(), 2)
		var link string
		for _, m := range s.Mails() {
			if m.To[0] == "zhao@ak.example" {
				link = linkIn(t, m.Text)
			}
		}
		item := fmt.Sprint(h.zhao.must(200, "GET", "/notifications", nil).items()[0]["id"])
		h.zhao.must(200, "PUT", "/notifications/preferences", map[string]any{"quiet": map[string]any{"from": "09:00", "to": "11:00"}})
		h.send(n)
		h.settle()
		ok(t, h.db.Write(t.Context(), func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE records SET customer_id = 'another' WHERE id = 'r1'")
			return err
		}))
		h.advance(time.Hour)
		count(h, s.Mails(), 3) // the second one to wang
		if got := h.deliveries(); !slices.Contains(got, "邮件 given_up notify.corrected") {
			t.Errorf("%v", got)
		}
		count(h, h.zhao.must(200, "GET", "/notifications", nil).items(), 0)
		h.zhao.must(404, "POST", "/notifications/"+item+"/acknowledge", nil)
		for _, method := range []string{"GET", "POST"} {
			if a := h.call("", "", method, link, nil); a.status != 404 {
				t.Errorf("%s: %d %s", method, a.status, a.body)
			}
		}
	})
}

func TestWhoLeftIsToldNothing(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.hook("钩子", nil)
		h.wang.must(200, "PUT", "/notifications/preferences", map[string]any{"quiet": map[string]any{"from": "09:00", "to": "11:00"}})
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("晚", "Late")})
		h.settle()
		ok(t, h.db.Write(t.Context(), func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE party_people SET left_at = 1, status = 'left' WHERE id = $1", h.wang.id)
			return err
		}))
		h.advance(time.Hour)
		count(h, s.Requests(), 0)
		h.expect("钩子 given_up notify.left")
	})
}

// A job that was lost is put back by the sweep.
func TestSweepFindsLostJobs(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.hook("钩子", nil)
		s.Answer(notifytest.Reply{Status: 503})
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("丢了", "Lost")})
		h.settle()
		ok(t, h.db.Write(t.Context(), func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), "DELETE FROM river_job")
			return err
		}))
		h.advance(time.Minute)
		ok(t, h.courier.Sweep(t.Context()))
		h.settle()
		count(h, s.Requests(), 1) // not overdue yet
		h.advance(2 * time.Minute)
		ok(t, h.courier.Sweep(t.Context()))
		h.settle()
		count(h, s.Requests(), 2)
		ok(t, h.courier.Sweep(t.Context()))
		h.settle()
		count(h, s.Requests(), 2)
	})
}

// A process that died while sending: its lease runs out and another one carries on, under the same key.
func TestDeathWhileSending(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.hook("钩子", nil)
		h.wang.must(200, "PUT", "/notifications/preferences", map[string]any{"quiet": map[string]any{"from": "09:00", "to": "10:30"}})
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("断", "Cut")})
		h.settle()
		ok(t, h.db.Write(t.Context(), func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE notify_deliveries SET state = 'pending', next_at = 0, attempts = 1, claimed_until = $1", thursday.Add(33*time.Minute).UnixMilli())
			return err
		}))
		h.advance(30 * time.Minute)
		count(h, s.Requests(), 0)
		h.advance(2 * time.Minute)
		count(h, s.Requests(), 0)
		h.advance(time.Minute)
		count(h, s.Requests(), 1)
		h.expect("钩子 delivered")
	})
}

func TestTickCarriesWithoutJobs(t *testing.T) {
	each(t, func(h *house) {
		ok(t, h.queue.Stop(context.Background()))
		s, _ := h.hook("钩子", nil)
		h.wang.must(200, "PUT", "/notifications/preferences", map[string]any{"digest": "hourly"})
		h.send(notify.Notice{People: []string{h.wang.id, h.li.id}, Text: say("走", "Go")})
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("走二", "Go two")})
		if n, err := h.courier.Tick(t.Context()); err != nil || n != 3 {
			t.Fatalf("%d %v", n, err)
		}
		count(h, s.Requests(), 1)
		h.clock.Advance(time.Hour)
		if _, err := h.courier.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		count(h, s.Requests(), 2)
		if n, err := h.courier.Tick(t.Context()); err != nil || n != 0 {
			t.Fatalf("%d %v", n, err)
		}
	})
}

func TestSecretsNeverComeOut(t *testing.T) {
	each(t, func(h *house) {
		s := notifytest.NewSMTP(t, false)
		s.User, s.Password = "steward", "right"
		mail := h.channel("mail", "邮件", map[string]string{"host": s.Host, "port": s.Port, "from": "a@sy.example", "ca": s.CA, "user": "steward", "password": "pass-4711-wrong"}, nil)
		echo := notifytest.NewHTTP(t, func(r notifytest.Request) notifytest.Reply {
			return notifytest.Reply{Status: 500, Body: fmt.Sprintf("bad request %s %v %s", r.Path, r.Query, r.Header.Get("Authorization"))}
		})
		h.channel("webhook", "回声", map[string]string{"url": echo.URL + "/path-s3cret/x?token=query-s3cret", "secret": hookSecret}, map[string]any{"position": 1})
		h.channel("sms", "短信", map[string]string{"url": echo.URL + "/sms", "headers": "Authorization: Bearer {{.Secret}}", "secret": "sms-s3cret"}, map[string]any{"position": 2})
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("急", "Urgent"), Level: notify.Urgent})
		h.settle()
		count(h, echo.Requests(), 2)
		seen := h.log.String()
		for _, path := range []string{"/notification-channels", "/notification-channels/" + mail, "/deliveries"} {
			seen += h.admin.must(200, "GET", path, nil).body
		}
		for _, c := range h.admin.must(200, "GET", "/notification-channels", nil).items() {
			seen += h.admin.must(200, "POST", "/notification-channels/"+fmt.Sprint(c["id"])+"/test", nil).body
		}
		ok(t, h.db.Read(t.Context(), func(tx db.Tx) error {
			for _, sql := range []string{"SELECT COALESCE(CAST(data AS TEXT), '') FROM audit_events", "SELECT CAST(settings AS TEXT) || secrets FROM notify_channels", "SELECT code || answer FROM notify_deliveries", "SELECT COALESCE(CAST(args AS TEXT), '') || COALESCE(CAST(errors AS TEXT), '') FROM river_job"} {
				rows, err := db.All(t.Context(), tx, db.Scan[string], sql)
				if err != nil {
					return err
				}
				seen += strings.Join(rows, "\n")
			}
			return nil
		}))
		for _, secret := range []string{"pass-4711-wrong", "path-s3cret", "query-s3cret", "sms-s3cret", hookSecret} {
			if strings.Contains(seen, secret) {
				at := strings.Index(seen, secret)
				t.Errorf("%s came out: …%s…", secret, seen[max(0, at-80):min(len(seen), at+60)])
			}
		}
		if !strings.Contains(seen, "bad request") || !strings.Contains(seen, "***") {
			t.Error("what the other side said is not kept")
		}
	})
}

func TestResealAfterANewKey(t *testing.T) {
	each(t, func(h *house) {
		s, _ := h.hook("钩子", nil)
		fresh := seal.Generate("k2")
		both, err := seal.New([]seal.Key{fresh, h.key})
		ok(t, err)
		if n, err := notify.NewCourier(notify.New(notify.Config{Door: h.door, Seal: both})).Reseal(t.Context()); err != nil || n != 1 {
			t.Fatalf("%d %v", n, err)
		}
		// Who has the old key alone cannot send; the notice waits for who has the new one, and the channel can still be seen.
		h.send(notify.Notice{People: []string{h.wang.id}, Text: say("旧钥匙", "Old key")})
		h.settle()
		count(h, s.Requests(), 0)
		h.expect("钩子 pending channel.bad_settings")
		if c := h.admin.must(200, "GET", "/notification-channels", nil).items()[0]; fmt.Sprint(c["secrets_set"]) != "[]" {
			t.Errorf("%v", c)
		}
		h.clock.Advance(15 * time.Second)
		if _, err := notify.NewCourier(notify.New(notify.Config{Door: h.door, Seal: both, Networks: loopback})).Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		count(h, s.Requests(), 1)
	})
}

func TestReachable(t *testing.T) {
	each(t, func(h *house) {
		ask := func(level notify.Level) (out map[string]bool) {
			ok(t, h.db.Read(t.Context(), func(tx db.Tx) (err error) {
				out, err = notify.Reachable(t.Context(), tx, []string{h.wang.id, h.li.id, h.zhao.id, "nobody"}, level)
				return err
			}))
			return out
		}
		if got := ask(notify.Urgent); len(got) != 0 {
			t.Errorf("without channels: %v", got)
		}
		h.channel("sms", "短信", map[string]string{"url": "https://sms.example.com/"}, map[string]any{"levels": []string{"urgent"}})
		ok(t, h.db.Write(t.Context(), func(tx db.Tx) error {
			_, err := tx.Exec(t.Context(), "UPDATE party_people SET phone = '021-61234567' WHERE id = $1", h.li.id)
			return err
		}))
		if got := ask(notify.Urgent); !got[h.wang.id] || got[h.li.id] || got[h.zhao.id] || got["nobody"] {
			t.Errorf("%v", got)
		}
		if got := ask(notify.Normal); got[h.wang.id] {
			t.Errorf("%v", got)
		}
	})
}

// Who administers for some customers only has no part in what concerns all.
func TestAdministratorOfSomeCustomers(t *testing.T) {
	each(t, func(h *house) {
		_, id := h.hook("钩子", nil)
		h.admin.actor.Grants = []work.Grant{{Role: "admin", Customer: "some"}}
		for _, path := range []string{"/deliveries", "/notification-channels", "/notification-channels/" + id, "/notification-templates"} {
			h.admin.must(403, "GET", path, nil)
		}
		h.admin.must(403, "DELETE", "/notification-channels/"+id, nil)
		h.admin.must(403, "POST", "/notification-channels/"+id+"/test", nil)
	})
}
