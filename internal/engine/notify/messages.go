package notify

import "github.com/steward-ops/steward/internal/kernel/text"

func init() {
	text.Register(map[string]text.Label{
		"notify.template":       {Zh: "{label}写得不对：{reason}。可用的变量：{names}。", En: "{label} is wrong: {reason}. It may use: {names}."},
		"notify.template_empty": {Zh: "{label}在没有编号和链接时什么也不说。", En: "{label} says nothing where there is no number and no link."},
		"notify.link":           {Zh: "链接无效或已过期。请登录后在“通知”里确认。", En: "This link is not valid or too old. Sign in and acknowledge the notice there."},
		"notify.acknowledged":   {Zh: "已经确认过了。", En: "It is acknowledged already."},
		"notify.not_failed":     {Zh: "只有失败或放弃的投递可以重发。", En: "Only a delivery that failed or was given up can be sent again."},

		"notify.known":       {Zh: "收件人已在系统里看过", En: "The person has read it in the application"},
		"notify.corrected":   {Zh: "记录已更正为其他客户的", En: "The record was corrected: it is another customer's"},
		"notify.left":        {Zh: "收件人已离职", En: "The person has left"},
		"notify.channel_off": {Zh: "通道已停用", En: "The channel is switched off"},
		"notify.no_address":  {Zh: "收件人没有这个通道需要的邮箱或手机号", En: "The person has no address or number for this channel"},
		"notify.rate":        {Zh: "通道发送过快", En: "The channel is at its limit of messages"},
		"notify.quiet":       {Zh: "等到免打扰结束或服务时间开始", En: "Waits for the end of quiet hours or for service hours"},
		"notify.digest":      {Zh: "等待汇总", En: "Waits for the digest"},

		"notify.state.pending":      {Zh: "待发送", En: "Waiting to be sent"},
		"notify.state.held":         {Zh: "暂缓", En: "Held back"},
		"notify.state.sent":         {Zh: "已发出", En: "Sent"},
		"notify.state.delivered":    {Zh: "已送达", En: "Delivered"},
		"notify.state.read":         {Zh: "已读", En: "Read"},
		"notify.state.acknowledged": {Zh: "已确认", En: "Acknowledged"},
		"notify.state.failed":       {Zh: "失败，已换通道", En: "Failed, went another way"},
		"notify.state.given_up":     {Zh: "已放弃", En: "Given up"},

		"notify.page_title":  {Zh: "确认收到通知", En: "Acknowledge a notice"},
		"notify.page_button": {Zh: "我已知悉", En: "I know"},
		"notify.page_thanks": {Zh: "已确认，可以关闭本页。", En: "Acknowledged. You may close this page."},
	})
}
