// Package robot posts into the groups of WeCom, DingTalk and Feishu through their robots, as each documents it.
package robot

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// The three robots. All answer HTTP 200 also when they refuse; what counts is the code in the answer.
var (
	WeCom    channel.Driver = robot{call: wecom, busy: []int{45009, 45033}, keys: []int{93000}}
	DingTalk channel.Driver = robot{call: dingtalk, signs: true, busy: []int{130101, 410100}, keys: []int{310000, 300001, 300005, 400101, 400102}}
	Feishu   channel.Driver = robot{call: feishu, signs: true, busy: []int{11232}, keys: []int{19001, 19021, 19022, 19024}}
)

// robot is one of them.
type robot struct {
	call  func(v channel.Values, m channel.Message) (address string, body any)
	signs bool
	busy  []int // codes that ask for fewer messages
	keys  []int // codes that refuse the address, its key or the signature
}

// Mentioning the person makes the group's message ring on their phone.
const (
	mentionPerson = "person"
	mentionAll    = "all" // everybody when it is urgent
	mentionNobody = "nobody"
)

// Settings of a robot. The address holds its key, so it is a secret as a whole.
func (r robot) Settings() []channel.Setting {
	list := []channel.Setting{{
		Name: "url", Label: text.Label{Zh: "Webhook 地址", En: "Webhook address"}, Form: channel.URL, Required: true, Secret: true, Max: 1000,
		Help: text.Label{Zh: "群设置里添加机器人后复制的完整地址。", En: "The whole address that the group's settings show after adding a robot."},
	}}
	if r.signs {
		list = append(list, channel.Setting{
			Name: "secret", Label: text.Label{Zh: "加签密钥", En: "Signing secret"}, Form: channel.Line, Secret: true,
			Help: text.Label{Zh: "机器人安全设置选“加签”（签名校验）时填写。", En: "When the robot's security is set to signing."},
		})
	}
	return append(list, channel.Setting{
		Name: "mention", Label: text.Label{Zh: "提醒谁", En: "Mention"}, Form: channel.Choice, Options: []string{mentionPerson, mentionAll, mentionNobody}, Default: mentionPerson,
		Help: text.Label{Zh: "person：@收件人；all：紧急时 @所有人；nobody：不提醒。", En: "person: the recipient; all: everybody when it is urgent; nobody."},
	})
}

// Personal is false: a group reads along.
func (robot) Personal() bool { return false }

// Check wants a web address.
func (robot) Check(v channel.Values) []fault.Field { return channel.CheckURL("url", v["url"]) }

// Reaches everybody: the group is there for who has no phone, too.
func (robot) Reaches(channel.Recipient) bool { return true }

// Send posts the message into the group.
func (r robot) Send(ctx context.Context, network *channel.Network, v channel.Values, m channel.Message) (channel.Receipt, error) {
	address, body := r.call(v, m)
	content, err := json.Marshal(body)
	if err != nil {
		return channel.Receipt{}, fmt.Errorf("write message: %w", err)
	}
	response, err := network.Do(ctx, channel.Request{Method: "POST", URL: address, Body: content,
		Header: map[string]string{"Content-Type": "application/json; charset=utf-8"}})
	if err != nil {
		return channel.Receipt{}, err
	}
	if f := response.Refusal(); f != nil && !json.Valid([]byte(response.Body)) {
		return channel.Receipt{}, f
	}
	return r.judge(response)
}

// judge reads the code of the answer: errcode of WeCom and DingTalk, code (before: StatusCode) of Feishu.
func (r robot) judge(response channel.Response) (channel.Receipt, error) {
	var a struct {
		ErrCode    *int   `json:"errcode"`
		ErrMsg     string `json:"errmsg"`
		Code       *int   `json:"code"`
		Msg        string `json:"msg"`
		StatusCode *int   `json:"StatusCode"`
	}
	if err := json.Unmarshal([]byte(response.Body), &a); err != nil {
		return channel.Receipt{}, &channel.Failure{Code: "channel.trouble", Answer: response.Body}
	}
	for _, code := range []*int{a.ErrCode, a.Code, a.StatusCode} {
		if code != nil {
			return r.verdict(*code, a.ErrMsg+a.Msg)
		}
	}
	return channel.Receipt{}, &channel.Failure{Code: "channel.trouble", Answer: response.Body}
}

func (r robot) verdict(code int, said string) (channel.Receipt, error) {
	said = strconv.Itoa(code) + " " + said
	switch {
	case code == 0:
		return channel.Receipt{Confirmed: true, Answer: said}, nil
	case code == -1: // "system busy" of WeCom and DingTalk
		return channel.Receipt{}, &channel.Failure{Code: "channel.trouble", Answer: said}
	case slices.Contains(r.busy, code), strings.Contains(strings.ToLower(said), "too many request"): // Feishu has one code for that and for bad requests
		return channel.Receipt{}, &channel.Failure{Code: "channel.busy", Busy: true, Answer: said}
	case slices.Contains(r.keys, code):
		return channel.Receipt{}, &channel.Failure{Code: "channel.credentials", Lasting: true, Answer: said}
	}
	return channel.Receipt{}, &channel.Failure{Code: "channel.refused", Lasting: true, Answer: said}
}

// WeCom takes 2,048 bytes of text; DingTalk and Feishu 20,000 a request.
const (
	wecomLimit = 2048
	otherLimit = 16000
)

// everyone and the person's number, as far as the settings and the level want them mentioned.
func mentioned(v channel.Values, m channel.Message) (mobile string, everyone bool) {
	switch v["mention"] {
	case mentionNobody:
		return "", false
	case mentionAll:
		if m.Urgent {
			return "", true
		}
	}
	return channel.Mobile(m.To.Phone), false
}

type object = map[string]any

// wecom: https://developer.work.weixin.qq.com/document/path/91770; the key is part of the address.
func wecom(v channel.Values, m channel.Message) (string, any) {
	content := object{"content": channel.Clip(named(m), wecomLimit)}
	switch mobile, everyone := mentioned(v, m); {
	case everyone:
		content["mentioned_list"] = []string{"@all"}
	case mobile != "":
		content["mentioned_mobile_list"] = []string{mobile}
	}
	return v["url"], object{"msgtype": "text", "text": content}
}

// dingtalk: https://open.dingtalk.com/document/orgapp/custom-robot-access. A number is only mentioned where the text has it.
func dingtalk(v channel.Values, m channel.Message) (string, any) {
	mobile, everyone := mentioned(v, m)
	said, at := channel.Clip(named(m), otherLimit), object{"isAtAll": everyone}
	if mobile != "" {
		said += "\n@" + mobile
		at["atMobiles"] = []string{mobile}
	}
	return signedURL(v, m), object{"msgtype": "text", "text": object{"content": said}, "at": at}
}

// signedURL adds timestamp (milliseconds) and signature: HMAC-SHA256 of "timestamp\nsecret" under the secret.
func signedURL(v channel.Values, m channel.Message) string {
	if v["secret"] == "" {
		return v["url"]
	}
	stamp := strconv.FormatInt(m.At.UnixMilli(), 10)
	sign := mac(v["secret"], stamp+"\n"+v["secret"])
	join := "?"
	if strings.Contains(v["url"], "?") {
		join = "&"
	}
	return v["url"] + join + "timestamp=" + stamp + "&sign=" + url.QueryEscape(sign)
}

// feishu: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot. Its robots cannot mention by number, so the
// person is named; the signature is HMAC-SHA256 of nothing under "timestamp\nsecret", the timestamp in seconds.
func feishu(v channel.Values, m channel.Message) (string, any) {
	said := harmless(channel.Clip(named(m), otherLimit))
	if _, everyone := mentioned(v, m); everyone {
		said = `<at user_id="all">所有人</at> ` + said
	}
	body := object{"msg_type": "text", "content": object{"text": said}}
	if v["secret"] != "" {
		stamp := strconv.FormatInt(m.At.Unix(), 10)
		body["timestamp"], body["sign"] = stamp, mac(stamp+"\n"+v["secret"], "")
	}
	return v["url"], body
}

// harmless keeps what people wrote into a title from calling a whole group.
func harmless(s string) string { return strings.ReplaceAll(s, "<at", "＜at") }

// named is the text with whom it concerns, since a group reads it.
func named(m channel.Message) string {
	if m.To.Name == "" || strings.Contains(m.Text, m.To.Name) {
		return m.Text
	}
	return "@" + m.To.Name + "\n" + m.Text
}

func mac(key, content string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(content))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}
