// Package mail sends notices by SMTP, as plain text with a simple HTML form beside it.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"html"
	"net"
	netmail "net/mail"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Driver is the mail channel.
var Driver channel.Driver = driver{}

type driver struct{}

// How the connection is kept private.
const (
	startTLS = "starttls" // begins in the clear and must turn to TLS
	fullTLS  = "tls"
	noTLS    = "none"
)

var usualPort = map[string]int{startTLS: 587, fullTLS: 465, noTLS: 25}

// Settings of a mail server.
func (driver) Settings() []channel.Setting {
	return []channel.Setting{
		{Name: "host", Label: text.Label{Zh: "邮件服务器", En: "Mail server"}, Form: channel.Line, Required: true, Max: 255},
		{Name: "port", Label: text.Label{Zh: "端口", En: "Port"}, Form: channel.Number,
			Help: text.Label{Zh: "不填：STARTTLS 587，TLS 465，不加密 25。", En: "Empty: 587 for STARTTLS, 465 for TLS, 25 for none."}},
		{Name: "security", Label: text.Label{Zh: "加密", En: "Encryption"}, Form: channel.Choice, Options: []string{startTLS, fullTLS, noTLS}, Default: startTLS},
		{Name: "user", Label: text.Label{Zh: "用户名", En: "User name"}, Form: channel.Line},
		{Name: "password", Label: text.Label{Zh: "密码或授权码", En: "Password or app password"}, Form: channel.Line, Secret: true},
		{Name: "from", Label: text.Label{Zh: "发件地址", En: "Sender address"}, Form: channel.Line, Required: true, Max: 254},
		{Name: "from_name", Label: text.Label{Zh: "发件人名称", En: "Sender name"}, Form: channel.Line, Default: "Steward 运维管家", Max: 100},
		{Name: "ca", Label: text.Label{Zh: "自有证书颁发机构", En: "Own certificate authority"}, Form: channel.Lines, Max: 20000,
			Help: text.Label{Zh: "PEM 格式；服务器用自签证书时填写。", En: "PEM; for a server whose certificate is not publicly trusted."}},
	}
}

// Personal is true: one mailbox.
func (driver) Personal() bool { return true }

// Reaches who has an address.
func (driver) Reaches(to channel.Recipient) bool { return to.Email != "" }

// Check wants what a connection can be made with.
func (driver) Check(v channel.Values) (fields []fault.Field) {
	fail := func(name, code string) { fields = append(fields, fault.Field{Name: name, Code: code}) }
	if strings.ContainsAny(v["host"], " /:@") && net.ParseIP(v["host"]) == nil {
		fail("host", "mail.host")
	}
	if n, err := strconv.Atoi(v["port"]); v["port"] != "" && (err != nil || n < 1 || n > 65535) {
		fail("port", "mail.port")
	}
	if a, err := netmail.ParseAddress(v["from"]); err != nil || a.Address != v["from"] {
		fail("from", "mail.address")
	}
	if v["ca"] != "" && !x509.NewCertPool().AppendCertsFromPEM([]byte(v["ca"])) {
		fail("ca", "mail.ca")
	}
	if v["security"] == noTLS && v["password"] != "" {
		fail("security", "mail.clear_password")
	}
	return fields
}

// Send hands the mail to the server. Whether it is read, a server does not know.
func (driver) Send(ctx context.Context, network *channel.Network, v channel.Values, m channel.Message) (channel.Receipt, error) {
	msg, err := compose(v, m)
	if err != nil {
		return channel.Receipt{}, &channel.Failure{Code: "mail.bad_address", Lasting: true, Answer: err.Error()}
	}
	client, err := connect(network, v)
	if err != nil {
		return channel.Receipt{}, &channel.Failure{Code: "channel.bad_settings", Lasting: true, Answer: err.Error()}
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return channel.Receipt{}, explain(err)
	}
	return channel.Receipt{Answer: "250"}, nil
}

func connect(network *channel.Network, v channel.Values) (*mail.Client, error) {
	tlsConfig := &tls.Config{ServerName: v["host"], MinVersion: tls.VersionTLS12}
	if v["ca"] != "" {
		tlsConfig.RootCAs = x509.NewCertPool()
		tlsConfig.RootCAs.AppendCertsFromPEM([]byte(v["ca"]))
	}
	options := []mail.Option{mail.WithPort(portOf(v)), mail.WithTLSConfig(tlsConfig)}
	dial := network.Dial
	switch v["security"] {
	case fullTLS: // the guarded connection is ours, so its TLS is, too
		dial = func(ctx context.Context, kind, address string) (net.Conn, error) {
			return dialTLS(ctx, network, tlsConfig, kind, address)
		}
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	case noTLS:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	options = append(options, mail.WithDialContextFunc(dial))
	if v["user"] != "" {
		options = append(options, mail.WithSMTPAuth(authOf(v)), mail.WithUsername(v["user"]), mail.WithPassword(v["password"]))
	}
	return mail.NewClient(v["host"], options...)
}

// authOf lets the library choose where it made the encryption itself; of ours it knows only that it is there.
func authOf(v channel.Values) mail.SMTPAuthType {
	if v["security"] == fullTLS {
		return mail.SMTPAuthPlain
	}
	return mail.SMTPAuthAutoDiscover
}

func dialTLS(ctx context.Context, network *channel.Network, cfg *tls.Config, kind, address string) (net.Conn, error) {
	plain, err := network.Dial(ctx, kind, address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(plain, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, plain.Close())
	}
	return conn, nil
}

func portOf(v channel.Values) int {
	if n, err := strconv.Atoi(v["port"]); err == nil {
		return n
	}
	if n, ok := usualPort[v["security"]]; ok {
		return n
	}
	return usualPort[startTLS]
}

var errAddress = errors.New("not an address")

func compose(v channel.Values, m channel.Message) (*mail.Msg, error) {
	if a, err := netmail.ParseAddress(m.To.Email); err != nil || a.Address != m.To.Email {
		return nil, errAddress
	}
	msg := mail.NewMsg(mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingB64))
	if err := msg.From((&netmail.Address{Name: v["from_name"], Address: v["from"]}).String()); err != nil {
		return nil, err
	}
	if err := msg.To((&netmail.Address{Name: m.To.Name, Address: m.To.Email}).String()); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(v["from"], "@")
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.At)
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // holiday notes need not answer
	msg.SetGenHeader("X-Steward-Delivery", m.ID)
	if m.Number != "" { // mail programs gather what is about one record
		msg.SetGenHeader(mail.HeaderReferences, "<"+m.Number+"@"+domain+">")
	}
	if m.Urgent {
		msg.SetImportance(mail.ImportanceHigh)
	}
	msg.SetBodyString(mail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(mail.TypeTextHTML, page(m))
	return msg, nil
}

// page is the text as HTML: everything escaped, the two links clickable.
func page(m channel.Message) string {
	body := html.EscapeString(m.Text)
	for _, link := range []string{m.Link, m.Acknowledge} {
		if link != "" {
			link = html.EscapeString(link)
			body = strings.ReplaceAll(body, link, `<a href="`+link+`">`+link+`</a>`)
		}
	}
	body = strings.ReplaceAll(body, "\n", "<br>\n")
	return `<!doctype html><html lang="` + string(m.Lang) + `"><meta charset="utf-8"><title>` + html.EscapeString(m.Subject) + `</title>` +
		`<body style="font: 15px/1.6 sans-serif; color: #1f2328; max-width: 40em">` + "\n" + body + "\n</body></html>\n"
}

// explain reads the server's reply code: 4xx may go away by itself, 5xx will not.
func explain(err error) *channel.Failure {
	code := replyCode(err)
	said := channel.Failure{Answer: err.Error()}
	switch {
	case code >= 530 && code <= 538:
		said.Code, said.Lasting = "channel.credentials", true
	case code >= 500:
		said.Code, said.Lasting = "channel.refused", true
	case code == 450 || code == 451 || code == 452 || code == 421:
		said.Code, said.Busy = "channel.busy", code == 421 || code == 451
	case code >= 400:
		said.Code = "channel.trouble"
	default:
		return channel.Explain(err)
	}
	return &said
}

// replyCode is the code that the server answered with, 0 where it never came to that.
func replyCode(err error) int {
	if e, ok := errors.AsType[*textproto.Error](err); ok {
		return e.Code
	}
	if e, ok := errors.AsType[*mail.SendError](err); ok {
		return e.ErrorCode()
	}
	return 0
}

func init() {
	text.Register(map[string]text.Label{
		"mail.host":           {Zh: "{label}只写主机名或地址，端口另填。", En: "{label} takes a host name or address; the port goes into its own field."},
		"mail.port":           {Zh: "{label}是 1 到 65535 的数字。", En: "{label} is a number from 1 to 65535."},
		"mail.address":        {Zh: "{label}不是一个邮箱地址。", En: "{label} is not a mail address."},
		"mail.ca":             {Zh: "{label}不是 PEM 格式的证书。", En: "{label} is not a certificate in PEM form."},
		"mail.clear_password": {Zh: "不加密时不能带密码登录，请选 STARTTLS 或 TLS。", En: "A password must not travel in the clear; choose STARTTLS or TLS."},
		"mail.bad_address":    {Zh: "收件人的邮箱地址无法使用", En: "The person's e-mail address cannot be used"},
	})
}
