package channel_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"
	"unicode/utf8"

	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/engine/notify/notifytest"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func failure(t *testing.T, err error) *channel.Failure {
	t.Helper()
	f, ok := errors.AsType[*channel.Failure](err)
	if !ok {
		t.Fatalf("%v is no failure", err)
	}
	return f
}

func TestInnerNetworksAreClosed(t *testing.T) {
	n := channel.NewNetwork(nil)
	for _, host := range []string{
		"127.0.0.1", "127.8.8.8", "localhost", "[::1]", "10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "[fe80::1%25lo]", "[fd00::1]",
		"0.0.0.0", "[::]", "100.64.0.1", "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.7", "[::ffff:10.0.0.5]", "[::ffff:127.0.0.1]",
		"[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001:db8::1]", "2130706433", "0x7f.1",
	} {
		_, err := n.Do(t.Context(), channel.Request{Method: "POST", URL: "http://" + host + ":1/x?key=hush-hush"})
		f := failure(t, err)
		// What no resolver takes for an address, or the machine has no road to, is unreachable before it could be refused.
		if f.Code != "channel.refused_address" && (f.Code != "channel.unreachable" || !slices.Contains([]string{"2130706433", "0x7f.1", "255.255.255.255"}, host)) {
			t.Errorf("%s: %v", host, f)
		}
		if strings.Contains(f.Error(), "hush-hush") {
			t.Errorf("%s: the failure tells the key: %v", host, f)
		}
	}
}

func TestListedNetworkIsOpen(t *testing.T) {
	server := notifytest.NewHTTP(t, func(notifytest.Request) notifytest.Reply { return notifytest.Reply{Body: "fine"} })
	r, err := channel.NewNetwork(loopback).Do(t.Context(), channel.Request{Method: "GET", URL: server.URL})
	if err != nil || r.Status != 200 || r.Body != "fine" {
		t.Fatalf("%+v %v", r, err)
	}
	_, err = channel.NewNetwork([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}).Do(t.Context(), channel.Request{Method: "GET", URL: server.URL})
	if f := failure(t, err); f.Code != "channel.refused_address" || !f.Lasting || len(server.Requests()) != 1 {
		t.Fatalf("another network listed: %v, %d requests", f, len(server.Requests()))
	}
	if _, err := channel.NewNetwork(nil).Dial(t.Context(), "tcp", strings.TrimPrefix(server.URL, "http://")); failure(t, channel.Explain(err)).Code != "channel.refused_address" {
		t.Fatalf("dialled: %v", err)
	}
}

func TestRequestsAreBounded(t *testing.T) {
	inner := notifytest.NewHTTP(t, func(notifytest.Request) notifytest.Reply { return notifytest.Reply{} })
	server := notifytest.NewHTTP(t, func(r notifytest.Request) notifytest.Reply {
		if r.Path == "/redirect" {
			return notifytest.Reply{Status: 307, Header: map[string]string{"Location": inner.URL}}
		}
		return notifytest.Reply{Status: 429, Body: strings.Repeat("x", 1<<20), Header: map[string]string{"Retry-After": "90"}}
	})
	n := channel.NewNetwork(loopback)
	r, err := n.Do(t.Context(), channel.Request{Method: "POST", URL: server.URL + "/redirect", Body: []byte("secret")})
	if err != nil || r.Status != 307 || len(inner.Requests()) != 0 || !r.Refusal().Lasting {
		t.Fatalf("a redirect was followed: %+v %v", r, err)
	}
	r, err = n.Do(t.Context(), channel.Request{Method: "POST", URL: server.URL})
	if err != nil || len(r.Body) != 64<<10 || r.Wait != 90*time.Second || !r.Refusal().Busy {
		t.Fatalf("%d bytes, %v, %v", len(r.Body), r.Wait, err)
	}
	for _, bad := range []string{"file:///etc/passwd", "gopher://127.0.0.1/", "http://user:pass@127.0.0.1/", "://", "http://127.0.0.1:notaport/"} {
		if _, err := n.Do(t.Context(), channel.Request{Method: "GET", URL: bad}); !failure(t, err).Lasting {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestSilenceIsATimeout(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = channel.NewNetwork(loopback).Do(ctx, channel.Request{Method: "GET", URL: "http://" + listener.Addr().String() + "/hush"})
	if f := failure(t, err); f.Code != "channel.timeout" || f.Lasting || strings.Contains(f.Answer, "hush") {
		t.Fatalf("%v", f)
	}
}

func TestMobile(t *testing.T) {
	for phone, want := range map[string]string{
		"13800138000": "13800138000", "138 0013 8000": "13800138000", "+86 138-0013-8000": "13800138000", "008613800138000": "13800138000", "8613800138000": "13800138000",
		"+44 7700 900123": "447700900123", "021-6123 4567": "", "021-61234567 转 802": "", "+86 21 61234567": "", "400-800-1234": "", "": "", "110": "",
	} {
		if got := channel.Mobile(phone); got != want {
			t.Errorf("%q: %q, want %q", phone, got, want)
		}
	}
}

func TestAnswersHoldNoSecret(t *testing.T) {
	said := "key s3cr3t/key rejected,\r\n s3cr3t%2Fkey too\x00 " + strings.Repeat("机房", 400)
	got := channel.Answer(said, "s3cr3t/key", "")
	if strings.Contains(got, "s3cr3t") || len(got) > 300 || !utf8.ValidString(got) || strings.ContainsAny(got, "\r\n\x00") {
		t.Fatalf("%q", got)
	}
	if got := channel.Clip("机房断电", 8); got != "机…" {
		t.Fatalf("%q", got)
	}
}

func TestPlainTemplatesOnly(t *testing.T) {
	for source, good := range map[string]bool{
		"": true, "x {{.}}": true, "{{if .}}a{{else if eq . \"b\"}}b{{else}}c{{end}}": true, "{{/* why */}}": true,
		"{{range .}}x{{end}}": false, "{{range 1000000000}}x{{end}}": false, `{{define "a"}}{{template "a"}}{{end}}{{template "a"}}`: false,
		"{{if .}}{{range .}}{{end}}{{end}}": false, "{{with .}}x{{end}}": false, `{{block "a" .}}{{end}}`: false,
	} {
		tpl, err := template.New("t").Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		if got := channel.Plain(tpl) == nil; got != good {
			t.Errorf("%s: allowed %v", source, got)
		}
	}
}
