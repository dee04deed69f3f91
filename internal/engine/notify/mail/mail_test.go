package mail_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/engine/notify/mail"
	"github.com/steward-ops/steward/internal/engine/notify/notifytest"
)

var network = channel.NewNetwork([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})

func message() channel.Message {
	return channel.Message{ID: "0199-d1", At: time.Date(2026, 10, 1, 1, 30, 0, 0, time.UTC), Number: "INC-2026-00042", Lang: "zh", Urgent: true,
		Subject: "核心交换机中断，请在 30 分钟内响应：门店 " + strings.Repeat("中山路", 12) + "，收银系统全部无法结算",
		Text:    "核心交换机中断 <b>不是标签</b>\n\n.行首的点\n查看：https://desk.example.com/r/INC-2026-00042?a=1&b=2\n确认：https://desk.example.com/ack/T0k",
		Link:    "https://desk.example.com/r/INC-2026-00042?a=1&b=2", Acknowledge: "https://desk.example.com/ack/T0k",
		To: channel.Recipient{ID: "p1", Name: `王"小"伟, 工程师 <x>`, Email: "wang@example.com"}}
}

func settings(s *notifytest.SMTP, security string) channel.Values {
	return channel.Values{"host": s.Host, "port": s.Port, "security": security, "from": "steward@sy.example", "from_name": "Steward 运维管家", "ca": s.CA}
}

func send(t *testing.T, v channel.Values, m channel.Message) *channel.Failure {
	t.Helper()
	_, err := mail.Driver.Send(t.Context(), network, v, m)
	if err == nil {
		return nil
	}
	f, ok := errors.AsType[*channel.Failure](err)
	if !ok {
		t.Fatal(err)
	}
	return f
}

// A Chinese mail arrives as it was written, whichever way the connection is kept.
func TestChineseMail(t *testing.T) {
	for _, security := range []string{"starttls", "tls", "none"} {
		t.Run(security, func(t *testing.T) {
			s := notifytest.NewSMTP(t, security == "tls")
			v := settings(s, security)
			if security != "none" {
				s.User, s.Password = "steward", "授权码-4711"
				v["user"], v["password"] = s.User, s.Password
			}
			if fields := mail.Driver.Check(v); len(fields) != 0 {
				t.Fatalf("%v", fields)
			}
			if f := send(t, v, message()); f != nil {
				t.Fatal(f)
			}
			mails := s.Mails()
			if len(mails) != 1 {
				t.Fatalf("%d mails", len(mails))
			}
			m, want := mails[0], message()
			if m.Subject != want.Subject || strings.TrimRight(m.Text, "\n") != want.Text || m.TLS != (security != "none") || m.User != v["user"] || m.From != "steward@sy.example" || !slices.Equal(m.To, []string{"wang@example.com"}) {
				t.Errorf("%+v", m)
			}
			for _, part := range []string{"&lt;b&gt;不是标签&lt;/b&gt;", `<a href="https://desk.example.com/r/INC-2026-00042?a=1&amp;b=2">`, `<a href="https://desk.example.com/ack/T0k">`, `lang="zh"`} {
				if !strings.Contains(m.HTML, part) {
					t.Errorf("the HTML lacks %s:\n%s", part, m.HTML)
				}
			}
			for name, value := range map[string]string{"Message-ID": "<0199-d1@sy.example>", "References": "<INC-2026-00042@sy.example>", "Auto-Submitted": "auto-generated", "X-Steward-Delivery": "0199-d1", "Importance": "high"} {
				if got := m.Header.Get(name); got != value {
					t.Errorf("%s: %q", name, got)
				}
			}
			if at, err := m.Header.Date(); err != nil || !at.Equal(want.At) {
				t.Errorf("date %v %v", at, err)
			}
			if from, err := m.Header.AddressList("From"); err != nil || from[0].Name != "Steward 运维管家" {
				t.Errorf("from %v %v", from, err)
			}
			for line := range strings.SplitSeq(m.Raw, "\r\n") {
				if len(line) > 998 || strings.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
					t.Errorf("a line that no server must take: %q", line)
				}
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	s := notifytest.NewSMTP(t, false)
	s.User, s.Password = "steward", "right-password"
	v := settings(s, "starttls")
	v["user"], v["password"] = "steward", "wrong-password"
	if f := send(t, v, message()); f == nil || f.Code != "channel.credentials" || !f.Lasting {
		t.Errorf("a wrong password: %+v", f)
	}
	v["password"] = "right-password"
	for reply, want := range map[string]channel.Failure{
		"550 5.1.1 no such user":        {Code: "channel.refused", Lasting: true},
		"451 4.7.1 greylisted":          {Code: "channel.busy", Busy: true},
		"452 4.2.2 mailbox full":        {Code: "channel.busy"},
		"421 4.7.0 too many connection": {Code: "channel.busy", Busy: true},
	} {
		s.Answer(reply)
		f := send(t, v, message())
		if f == nil || f.Code != want.Code || f.Lasting != want.Lasting || f.Busy != want.Busy {
			t.Errorf("%s: %+v", reply, f)
		}
	}
	if n := len(s.Mails()); n != 0 {
		t.Errorf("%d mails after refusals", n)
	}
	if f := send(t, v, message()); f != nil || len(s.Mails()) != 1 {
		t.Errorf("%v", f)
	}
}

func TestBadCertificateAndNoServer(t *testing.T) {
	s := notifytest.NewSMTP(t, true)
	v := settings(s, "tls")
	v["ca"] = ""
	if f := send(t, v, message()); f == nil || f.Code != "channel.certificate" {
		t.Errorf("an unknown authority: %+v", f)
	}
	starts := notifytest.NewSMTP(t, false)
	v = settings(starts, "starttls")
	v["ca"] = s.CA
	if f := send(t, v, message()); f == nil || f.Code != "channel.certificate" {
		t.Errorf("another authority: %+v", f)
	}
	v = settings(s, "none")
	v["port"] = "1"
	if f := send(t, v, message()); f == nil || f.Code != "channel.unreachable" || f.Lasting {
		t.Errorf("nobody there: %+v", f)
	}
	if _, err := mail.Driver.Send(t.Context(), channel.NewNetwork(nil), settings(starts, "none"), message()); err == nil || !strings.Contains(err.Error(), "channel.refused_address") {
		t.Errorf("an inner network: %v", err)
	}
	bad := message()
	bad.To.Email = "no address\r\nBcc: all@example.com"
	if f := send(t, settings(starts, "none"), bad); f == nil || f.Code != "mail.bad_address" || len(starts.Mails()) != 0 {
		t.Errorf("%+v", f)
	}
}

func TestSettings(t *testing.T) {
	good := func() channel.Values {
		return channel.Values{"host": "smtp.example.com", "port": "", "security": "starttls", "from": "a@example.com", "ca": ""}
	}
	for name, bad := range map[string][]string{"host": {"smtp.example.com:25", "a b", "user@host"}, "port": {"0", "65536", "x"}, "from": {"a", "A <a@example.com>"}, "ca": {"-----BEGIN"}} {
		for _, value := range bad {
			v := good()
			v[name] = value
			if fields := mail.Driver.Check(v); len(fields) != 1 || fields[0].Name != name {
				t.Errorf("%s %q: %v", name, value, fields)
			}
		}
	}
	v := good()
	v["security"], v["password"] = "none", "x"
	if fields := mail.Driver.Check(v); len(fields) != 1 || fields[0].Name != "security" {
		t.Errorf("a password in the clear: %v", fields)
	}
	v = good()
	v["host"] = "2001:db8::25"
	if fields := mail.Driver.Check(v); len(fields) != 0 {
		t.Errorf("%v", fields)
	}
}
