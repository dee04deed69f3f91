// Package channel is what every way out of the program has in common: the message, its outcome, the settings that an
// administrator fills in, and the guarded road to the network.
package channel

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Message is one thing to be told to one person. It is already in their language and time zone.
type Message struct {
	ID           string // the same for every attempt, so that the other side can tell a repetition
	At           time.Time
	Kind, Level  string
	Number, Type string // of the record it is about; may be empty
	Lang         text.Lang
	Subject      string // one line
	Text         string // some lines, for mail and groups
	Short        string // for text messages
	Link         string // to the record, "" when the program does not know its own address
	Acknowledge  string // personal link; only for channels that reach one person alone
	Urgent       bool
	To           Recipient
}

// Recipient is who is told.
type Recipient struct{ ID, Name, Email, Phone string }

// Receipt says that the other side took the message. Confirmed means that it stands where it is read, not only that the
// next server has it.
type Receipt struct {
	Confirmed bool
	Answer    string // what the other side said, for the administrator
}

// Failure says why a message did not go out. Code is a message key.
type Failure struct {
	Code    string
	Lasting bool          // trying again is no use
	Busy    bool          // the other side wants fewer messages
	Wait    time.Duration // how long the other side asks to wait
	Answer  string
}

func (f *Failure) Error() string { return strings.TrimSpace(f.Code + " " + f.Answer) }

// Driver is one kind of channel. Drivers keep no state.
type Driver interface {
	Settings() []Setting
	Personal() bool               // reaches one person alone, so that it may carry personal links
	Check(v Values) []fault.Field // beyond what Settings demands; names are those of the settings
	Reaches(to Recipient) bool    // whether it has an address of the person
	Send(ctx context.Context, net *Network, v Values, m Message) (Receipt, error)
}

// Values are the settings of one channel, secrets among them.
type Values map[string]string

// Form is how a setting is entered.
type Form string

// The forms of settings.
const (
	Line   Form = "line"
	Lines  Form = "lines"
	Choice Form = "choice"
	Number Form = "number"
	URL    Form = "url"
)

// Setting is one thing that the administrator fills in.
type Setting struct {
	Name     string
	Label    text.Label
	Help     text.Label
	Form     Form
	Options  []string
	Required bool
	Secret   bool // sealed, never shown again
	Default  string
	Max      int // characters; 0 = 500
}

// Limit is how long the value may be.
func (s Setting) Limit() int {
	if s.Max > 0 {
		return s.Max
	}
	return 500
}

// CheckURL wants an address that a request may go to.
func CheckURL(name, value string) []fault.Field {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return []fault.Field{{Name: name, Code: "channel.url"}}
	}
	return nil
}

// Mobile is a phone number as gateways and robots know it: a Chinese mobile number without its country code, another
// country's with it, digits alone. Landlines and extensions get no text messages, so for them it is "".
func Mobile(phone string) string {
	phone = strings.TrimSpace(phone)
	if strings.ContainsFunc(phone, unicode.IsLetter) {
		return ""
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
	abroad := strings.HasPrefix(phone, "+")
	if strings.HasPrefix(digits, "00") {
		abroad, digits = true, digits[2:]
	}
	if len(digits) == 13 && strings.HasPrefix(digits, "861") {
		return digits[2:]
	}
	if len(digits) == 11 && digits[0] == '1' && !abroad || abroad && len(digits) >= 8 && !strings.HasPrefix(digits, "86") {
		return digits
	}
	return ""
}

// Clip shortens text to so many bytes without cutting a character in two.
func Clip(s string, limit int) string {
	const end = "…"
	if len(s) <= limit {
		return s
	}
	cut := limit - len(end)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + end
}

// maxAnswer is how many bytes of the other side's words are kept.
const maxAnswer = 300

// Answer is what the other side said, fit to be kept and shown: one line, shortened, without any of the secrets.
func Answer(said string, secrets ...string) string {
	for _, secret := range secrets {
		if len(secret) < 4 {
			continue // nothing would be left of the sentence, and nobody finds it again there
		}
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), strings.Trim(fmt.Sprintf("%q", secret), `"`)} {
			said = strings.ReplaceAll(said, form, "***")
		}
	}
	said = strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(said, "\x00", ""), "�")), " ")
	return Clip(said, maxAnswer)
}

func init() {
	text.Register(map[string]text.Label{
		"channel.url":             {Zh: "{label}要以 https:// 或 http:// 开头，不带用户名。", En: "{label} begins with https:// or http:// and has no user name."},
		"channel.refused_address": {Zh: "目标地址在内网，未经允许", En: "The address is in a private network that is not allowed"},
		"channel.unreachable":     {Zh: "连接不上对方", En: "The other side cannot be reached"},
		"channel.timeout":         {Zh: "对方没有及时回应", En: "The other side did not answer in time"},
		"channel.certificate":     {Zh: "对方的证书不可信", En: "The other side's certificate is not trusted"},
		"channel.refused":         {Zh: "对方拒收", En: "The other side refused it"},
		"channel.busy":            {Zh: "对方限制了发送频率", En: "The other side wants fewer messages"},
		"channel.trouble":         {Zh: "对方出错了", En: "The other side has trouble"},
		"channel.credentials":     {Zh: "对方不认可密钥或签名", En: "The other side refuses the key or the signature"},
		"channel.bad_settings":    {Zh: "通道设置有误", En: "The channel is set up wrongly"},
	})
}
