// Package notifytest stands in for the other side of notification channels in tests: a mail server and the servers of the
// robots, faithful to their documented protocols.
package notifytest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// Mail is what the mail server took.
type Mail struct {
	From    string
	To      []string
	User    string // who signed in, "" = nobody
	TLS     bool
	Raw     string
	Header  mail.Header
	Subject string // decoded
	Text    string // the plain part, decoded
	HTML    string
}

// SMTP is a mail server (RFC 5321 with STARTTLS, RFC 3207, and AUTH PLAIN and LOGIN, RFC 4954).
type SMTP struct {
	Host, Port string
	CA         string // PEM of the authority that its certificate is from
	User       string // "" = anybody may send
	Password   string

	t        testing.TB
	implicit bool // TLS from the first byte
	tls      *tls.Config
	listener net.Listener
	mu       sync.Mutex
	mails    []Mail
	replies  []string // to the next RCPT commands, "" = accepted
	sessions sync.WaitGroup
}

// NewSMTP starts a mail server that speaks TLS after STARTTLS, or from the first byte.
func NewSMTP(t testing.TB, implicit bool) *SMTP {
	t.Helper()
	s := &SMTP{t: t, implicit: implicit}
	s.CA, s.tls = certificate(t)
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil { //nolint:noctx // a test's own
		t.Fatal(err)
	}
	if s.Host, s.Port, err = net.SplitHostPort(s.listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	s.sessions.Go(s.accept)
	t.Cleanup(func() {
		_ = s.listener.Close()
		s.sessions.Wait()
	})
	return s
}

// Answer sets what the next RCPT commands are answered, such as "550 5.1.1 no such user"; "" accepts.
func (s *SMTP) Answer(replies ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replies = append(s.replies, replies...)
}

// Mails are all that was taken so far.
func (s *SMTP) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail{}, s.mails...)
}

func (s *SMTP) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.sessions.Go(func() {
			defer conn.Close()
			_ = conn.SetDeadline(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
			if s.implicit {
				conn = tls.Server(conn, s.tls)
			}
			(&session{server: s, conn: conn, secure: s.implicit}).run()
		})
	}
}

type session struct {
	server *SMTP
	conn   net.Conn
	in     *bufio.Reader
	secure bool
	mail   Mail
	user   string
}

func (c *session) say(lines ...string) bool {
	_, err := io.WriteString(c.conn, strings.Join(lines, "\r\n")+"\r\n")
	return err == nil
}

func (c *session) line() (string, bool) {
	line, err := c.in.ReadString('\n')
	return strings.TrimRight(line, "\r\n"), err == nil
}

func (c *session) run() {
	c.in = bufio.NewReader(c.conn)
	c.say("220 mail.test ESMTP")
	for {
		line, ok := c.line()
		if !ok {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		if !c.command(strings.ToUpper(verb), rest) {
			return
		}
	}
}

func (c *session) command(verb, rest string) bool {
	switch verb {
	case "EHLO", "HELO":
		return c.hello()
	case "STARTTLS":
		return c.startTLS()
	case "AUTH":
		return c.auth(rest)
	case "MAIL":
		if c.server.User != "" && c.user == "" {
			return c.say("530 5.7.0 Authentication required")
		}
		c.mail = Mail{From: between(rest), User: c.user, TLS: c.secure}
		return c.say("250 2.1.0 OK")
	case "RCPT":
		return c.recipient(between(rest))
	case "DATA":
		return c.data()
	case "RSET", "NOOP":
		return c.say("250 2.0.0 OK")
	case "QUIT":
		c.say("221 2.0.0 Bye")
		return false
	}
	return c.say("502 5.5.1 Unknown command")
}

func (c *session) hello() bool {
	lines := []string{"250-mail.test", "250-8BITMIME", "250-SMTPUTF8"}
	if !c.secure {
		lines = append(lines, "250-STARTTLS")
	} else {
		lines = append(lines, "250-AUTH PLAIN LOGIN")
	}
	return c.say(append(lines, "250 SIZE 10485760")...)
}

func (c *session) startTLS() bool {
	if c.secure || !c.say("220 2.0.0 Ready") {
		return false
	}
	c.conn = tls.Server(c.conn, c.server.tls)
	c.in, c.secure = bufio.NewReader(c.conn), true
	return true
}

func (c *session) auth(rest string) bool {
	if !c.secure {
		return c.say("538 5.7.11 Encryption required")
	}
	kind, initial, _ := strings.Cut(rest, " ")
	var user, password string
	switch strings.ToUpper(kind) {
	case "PLAIN":
		parts := strings.Split(decoded(initial), "\x00")
		if len(parts) == 3 {
			user, password = parts[1], parts[2]
		}
	case "LOGIN":
		c.say("334 VXNlcm5hbWU6")
		line, _ := c.line()
		user = decoded(line)
		c.say("334 UGFzc3dvcmQ6")
		line, _ = c.line()
		password = decoded(line)
	}
	if user != c.server.User || password != c.server.Password {
		return c.say("535 5.7.8 Authentication failed for " + password) // some servers are that careless
	}
	c.user = user
	return c.say("235 2.7.0 Accepted")
}

func decoded(s string) string {
	b, _ := base64.StdEncoding.DecodeString(s)
	return string(b)
}

// between is the address of "FROM:<a@b> …".
func between(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}

func (c *session) recipient(to string) bool {
	c.server.mu.Lock()
	reply := ""
	if len(c.server.replies) > 0 {
		reply, c.server.replies = c.server.replies[0], c.server.replies[1:]
	}
	c.server.mu.Unlock()
	if reply != "" {
		return c.say(reply)
	}
	c.mail.To = append(c.mail.To, to)
	return c.say("250 2.1.5 OK")
}

func (c *session) data() bool {
	if len(c.mail.To) == 0 {
		return c.say("503 5.5.1 No recipients")
	}
	if !c.say("354 Go on") {
		return false
	}
	var raw strings.Builder
	for {
		line, ok := c.line()
		if !ok {
			return false
		}
		if line == "." {
			break
		}
		raw.WriteString(strings.TrimPrefix(line, ".") + "\r\n")
	}
	m := c.mail
	if err := m.parse(raw.String()); err != nil {
		c.server.t.Errorf("mail cannot be read: %v\n%s", err, raw.String())
		return c.say("554 5.6.0 Cannot read it")
	}
	c.server.mu.Lock()
	c.server.mails = append(c.server.mails, m)
	c.server.mu.Unlock()
	return c.say("250 2.0.0 Taken")
}

func (m *Mail) parse(raw string) error {
	m.Raw = raw
	msg, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return err
	}
	m.Header = msg.Header
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil {
		return err
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return fmt.Errorf("content type %q: %w", kind, err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err == io.EOF { //nolint:errorlint // as documented
			return nil
		}
		if err != nil {
			return err
		}
		content, err := io.ReadAll(transfer(part))
		if err != nil {
			return err
		}
		said := strings.ReplaceAll(string(content), "\r\n", "\n")
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			m.HTML = said
		} else {
			m.Text = said
		}
	}
}

func transfer(part *multipart.Part) io.Reader {
	switch strings.ToLower(part.Header.Get("Content-Transfer-Encoding")) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, part)
	case "quoted-printable":
		return quotedprintable.NewReader(part)
	}
	return part
}

// certificate makes a server certificate for 127.0.0.1 that is its own authority.
func certificate(t testing.TB) (ca string, cfg *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"},
		NotBefore: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		&tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}
