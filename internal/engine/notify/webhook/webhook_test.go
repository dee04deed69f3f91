package webhook_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/engine/notify/notifytest"
	"github.com/steward-ops/steward/internal/engine/notify/webhook"
)

const secret = "0123456789abcdef"

func TestSignedDelivery(t *testing.T) {
	network := channel.NewNetwork([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	server := notifytest.NewHTTP(t, func(r notifytest.Request) notifytest.Reply {
		if r.Header.Get(webhook.HeaderSignature) != webhook.Sign(secret, r.Header.Get(webhook.HeaderTimestamp), []byte(r.Body)) {
			return notifytest.Reply{Status: 401, Body: "bad signature"}
		}
		return notifytest.Reply{Status: 204}
	})
	m := channel.Message{ID: "d-1", At: time.Unix(1760000000, 0).UTC(), Kind: "urged", Level: "normal", Number: "INC-1", Subject: "催办", Text: "请尽快处理", Acknowledge: "https://x/ack",
		To: channel.Recipient{ID: "p1", Name: "王伟", Email: "w@example.com", Phone: "13800138000"}}
	v := channel.Values{"url": server.URL + "/hook", "secret": secret}
	r, err := webhook.Driver.Send(t.Context(), network, v, m)
	if err != nil || !r.Confirmed {
		t.Fatalf("%+v %v", r, err)
	}
	got := server.Requests()[0]
	if got.Header.Get(webhook.HeaderDelivery) != "d-1" || got.Header.Get(webhook.HeaderTimestamp) != "1760000000" || got.Text("number") != "INC-1" || got.Text("recipient.name") != "王伟" {
		t.Errorf("%+v", got)
	}
	for _, private := range []string{"13800138000", "w@example.com", "https://x/ack"} {
		if strings.Contains(got.Body, private) {
			t.Errorf("the body tells %s", private)
		}
	}
	v["secret"] = "another secret 123"
	_, err = webhook.Driver.Send(t.Context(), network, v, m)
	if f, ok := errors.AsType[*channel.Failure](err); !ok || f.Code != "channel.credentials" || !f.Lasting {
		t.Errorf("%v", err)
	}
}

// The value was computed by another program.
func TestSignature(t *testing.T) {
	if got := webhook.Sign(secret, "1760000000", []byte(`{"a":1}`)); got != "v1=2c435c4273ad1caba4ac63fa6d03fb28d9c34dd5834b37a314b559a26767ee5a" {
		t.Fatal(got)
	}
}

func TestSecretIsLongEnough(t *testing.T) {
	fields := webhook.Driver.Check(channel.Values{"url": "ftp://x", "secret": "short"})
	if len(fields) != 2 || fields[0].Name != "url" || fields[1].Name != "secret" {
		t.Fatalf("%v", fields)
	}
	if fields := webhook.Driver.Check(channel.Values{"url": "https://x.example/y", "secret": secret}); len(fields) != 0 {
		t.Fatalf("%v", fields)
	}
}
