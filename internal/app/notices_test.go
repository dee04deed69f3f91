package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/steward-ops/steward/internal/app/apptest"
	"github.com/steward-ops/steward/internal/engine/notify/notifytest"
	"github.com/steward-ops/steward/internal/platform/db"
)

// TestNoticesLeaveByMail: an administrator sets up a mail server, a report comes in, and whoever it concerns gets mail in
// their language; the customer's people only once the channel is opened to them.
func TestNoticesLeaveByMail(t *testing.T) {
	t.Parallel()
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			h := openHouse(t, apptest.Start(t, dialect))
			server := notifytest.NewSMTP(t, false)
			admin := h.people["admin"]
			made := admin.must("POST", api+"/notification-channels", map[string]any{"kind": "mail", "name": "公司邮箱", "enabled": true, "levels": []string{"normal", "urgent"},
				"settings": map[string]any{"host": server.Host, "port": server.Port, "from": "steward@hy.example", "ca": server.CA}})
			if tested := admin.must("POST", api+"/notification-channels/"+made.text("id")+"/test", nil); tested.text("code") != "notify.no_address" {
				t.Errorf("a test to somebody without an address: %v", tested)
			}
			desk := h.hire("desk", h.provider, "周婷", map[string]any{"email": "desk@hy.example"}, grant{role: "desk"})
			h.hire("l1", h.provider, "Li Qiang", map[string]any{"email": "l1@hy.example", "language": "en"}, grant{role: "l1"})
			team := h.add("/teams", "team", map[string]any{"organisation": h.provider, "name": "一线", "tier": "L1", "members": []string{h.people["l1"].id}})
			customer := h.add("/organisations", "customer", map[string]any{"kind": "customer", "name": "安康超市"})
			user := h.hire("user", customer, "刘敏", map[string]any{"email": "liu@ak.example"}, grant{role: "customer_user"})

			report := user.must("POST", api+"/incidents", map[string]any{"title": "收银机全部断网", "description": "三台都连不上", "urgency": "high"})
			number := report.text("number")
			desk.must("POST", api+"/incidents/"+number+"/assign", map[string]any{"team": team, "assignee": h.people["l1"].id})
			h.tick()
			if to := receivers(server.Mails()); slices.Contains(to, "liu@ak.example") || !slices.Contains(to, "l1@hy.example") {
				t.Fatalf("mails to %v", to)
			}
			for _, m := range server.Mails() {
				if m.To[0] == "l1@hy.example" && (!strings.Contains(m.Text, "Number: "+number) || !strings.Contains(m.Text, "Time: 2025-03-03 08:00")) {
					t.Errorf("not in the reader's language: %s", m.Text)
				}
			}
			admin.must("PATCH", api+"/notification-channels/"+made.text("id"), map[string]any{"customers": true})
			before := len(server.Mails())
			desk.must("POST", api+"/incidents/"+number+"/comments", map[string]any{"body": "已派人", "public": true})
			h.tick()
			if to := receivers(server.Mails()[before:]); !slices.Contains(to, "liu@ak.example") {
				t.Errorf("mails to %v", to)
			}
			h.tick()
			if n := len(admin.must("GET", api+"/deliveries?state=sent&limit=200", nil).list("items")); n != len(server.Mails()) {
				t.Errorf("%d deliveries are sent, the server has %d", n, len(server.Mails()))
			}
		})
	}
}

// tick fires what is due by the program's clock.
func (h *house) tick() { h.people["admin"].must("POST", "/api/test/tick", nil) }

func receivers(mails []notifytest.Mail) (to []string) {
	for _, m := range mails {
		to = append(to, m.To...)
	}
	return to
}
