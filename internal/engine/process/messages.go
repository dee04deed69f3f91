package process

import "github.com/steward-ops/steward/internal/kernel/text"

func init() {
	text.Register(map[string]text.Label{
		"process.denied":         {Zh: "须由{who}操作。", En: "Only {who} can do this."},
		"process.state":          {Zh: "现在是“{state}”，不能“{label}”。", En: "It is “{state}” now, so “{label}” is not possible."},
		"process.other_customer": {Zh: "{label}不属于这家客户，请改其中一个。", En: "{label} belongs to another customer; change one of them."},
		"process.other_tier":     {Zh: "这个组不是{tier}处理组，换一个。", En: "That team is not a {tier} team; choose another."},
		"process.not_in_team":    {Zh: "处理人不在这个组里，换人或换组。", En: "The handler is not in that team; change one of them."},
		"process.missing":        {Zh: "“{label}”还差 {count} 项：{fields}", En: "“{label}” still needs {count}: {fields}"},
		"process.turn_yours":     {Zh: "轮到你：{label}", En: "Your turn: {label}"},
		"process.turn_you":       {Zh: "等您：{label}", En: "Your turn: {label}"},
		"process.waiting":        {Zh: "在等{who}：{label}", En: "Waiting for {who}: {label}"},
		"process.waiting_plain":  {Zh: "在等{who}", En: "Waiting for {who}"},
		"process.done":           {Zh: "已结束，没有下一步。", En: "Finished; nothing more to do."},
		"process.we_work":        {Zh: "我们正在处理，有进展会告诉您。", En: "We are on it and will tell you when there is news."},
		"process.approval_yours": {Zh: "轮到你审批：{label}", En: "Your approval: {label}"},
		"process.decided":        {Zh: "这次审批已经有了结果。", En: "This approval is already decided."},
		"process.not_asked":      {Zh: "没有请您审批，或还没轮到您。", En: "You are not asked, or it is not your turn yet."},
		"process.bad_definition": {Zh: "定义有 {count} 处错误，没有发布。", En: "The definition has {count} mistakes and was not published."},
		"process.sort":           {Zh: "没有这种排序。", En: "There is no such order."},
		"process.group":          {Zh: "不能按这一项统计。", En: "It cannot be counted by this."},
		"process.filter":         {Zh: "没有这个筛选条件：{name}", En: "There is no such filter: {name}"},
		"process.yes":            {Zh: "是", En: "Yes"},
		"process.no":             {Zh: "否", En: "No"},
		"process.timer_late":     {Zh: "系统停机后补触发", En: "fired late, after an outage"},
	})
}
