package notify

import (
	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/engine/notify/mail"
	"github.com/steward-ops/steward/internal/engine/notify/robot"
	"github.com/steward-ops/steward/internal/engine/notify/sms"
	"github.com/steward-ops/steward/internal/engine/notify/webhook"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// drivers are the kinds of channels, in the order in which they are offered.
var drivers = []struct {
	kind   string
	label  text.Label
	driver channel.Driver
}{
	{"mail", text.Label{Zh: "邮件（SMTP）", En: "E-mail (SMTP)"}, mail.Driver},
	{"wecom", text.Label{Zh: "企业微信群机器人", En: "WeCom group robot"}, robot.WeCom},
	{"dingtalk", text.Label{Zh: "钉钉群机器人", En: "DingTalk group robot"}, robot.DingTalk},
	{"feishu", text.Label{Zh: "飞书群机器人", En: "Feishu group robot"}, robot.Feishu},
	{"sms", text.Label{Zh: "短信网关", En: "SMS gateway"}, sms.Driver},
	{"webhook", text.Label{Zh: "Webhook", En: "Webhook"}, webhook.Driver},
}

func driverOf(kind string) (channel.Driver, bool) {
	for _, d := range drivers {
		if d.kind == kind {
			return d.driver, true
		}
	}
	return nil, false
}

func kindLabel(kind string) text.Label {
	for _, d := range drivers {
		if d.kind == kind {
			return d.label
		}
	}
	return text.Label{Zh: kind, En: kind}
}
