// Package webhook hands notices to another program as signed JSON over HTTP.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Headers of every request. The signature is "v1=" and the hex HMAC-SHA256 of "<timestamp>.<body>" under the secret; the
// receiver refuses timestamps that are too old and deliveries that it has seen.
const (
	HeaderDelivery  = "X-Steward-Delivery"
	HeaderTimestamp = "X-Steward-Timestamp" // seconds since 1970
	HeaderSignature = "X-Steward-Signature"
)

// minSecret is the fewest characters a signature is worth something with.
const minSecret = 16

// Driver is the webhook.
var Driver channel.Driver = driver{}

type driver struct{}

// Settings of a webhook.
func (driver) Settings() []channel.Setting {
	return []channel.Setting{
		{Name: "url", Label: text.Label{Zh: "地址", En: "Address"}, Form: channel.URL, Required: true, Secret: true, Max: 1000,
			Help: text.Label{Zh: "收到 POST 的地址；可能含密钥，保存后不再显示。", En: "Where the POST goes. It may hold a key, so it is not shown again."}},
		{Name: "secret", Label: text.Label{Zh: "签名密钥", En: "Signing secret"}, Form: channel.Line, Required: true, Secret: true,
			Help: text.Label{Zh: "至少 16 个字符；对方用它核对 X-Steward-Signature。", En: "At least 16 characters; the receiver checks X-Steward-Signature with it."}},
	}
}

// Personal is false: who reads along at the other end is unknown.
func (driver) Personal() bool { return false }

// Check wants a web address and a secret worth the name.
func (driver) Check(v channel.Values) []fault.Field {
	fields := channel.CheckURL("url", v["url"])
	if len([]rune(v["secret"])) < minSecret {
		fields = append(fields, fault.Field{Name: "secret", Code: "webhook.secret", Params: text.Params{"min": minSecret}})
	}
	return fields
}

// Reaches everybody.
func (driver) Reaches(channel.Recipient) bool { return true }

// Body is what the receiver gets.
type Body struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Kind      string    `json:"kind"`
	Level     string    `json:"level"`
	Number    string    `json:"number"`
	Type      string    `json:"type"`
	Subject   string    `json:"subject"`
	Text      string    `json:"text"`
	Link      string    `json:"link"`
	Recipient struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"recipient"`
}

// Send posts the notice.
func (driver) Send(ctx context.Context, network *channel.Network, v channel.Values, m channel.Message) (channel.Receipt, error) {
	b := Body{ID: m.ID, At: m.At, Kind: m.Kind, Level: m.Level, Number: m.Number, Type: m.Type, Subject: m.Subject, Text: m.Text, Link: m.Link}
	b.Recipient.ID, b.Recipient.Name = m.To.ID, m.To.Name
	content, err := json.Marshal(b)
	if err != nil {
		return channel.Receipt{}, fmt.Errorf("write message: %w", err)
	}
	stamp := strconv.FormatInt(m.At.Unix(), 10)
	response, err := network.Do(ctx, channel.Request{Method: "POST", URL: v["url"], Body: content, Header: map[string]string{
		"Content-Type": "application/json; charset=utf-8", HeaderDelivery: m.ID, HeaderTimestamp: stamp, HeaderSignature: Sign(v["secret"], stamp, content),
	}})
	if err != nil {
		return channel.Receipt{}, err
	}
	if f := response.Refusal(); f != nil {
		return channel.Receipt{}, f
	}
	return channel.Receipt{Confirmed: true, Answer: "HTTP " + strconv.Itoa(response.Status)}, nil
}

// Sign is the signature of a body.
func Sign(secret, stamp string, body []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(stamp + "."))
	h.Write(body)
	return "v1=" + hex.EncodeToString(h.Sum(nil))
}

func init() {
	text.Register(map[string]text.Label{
		"webhook.secret": {Zh: "{label}至少 {min} 个字符。", En: "{label} needs at least {min} characters."},
	})
}
