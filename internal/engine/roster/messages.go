package roster

import (
	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Kinds of notices.
const (
	kindAbsent = "duty_absent"
	kindDuty   = "duty"
)

func init() {
	notify.RegisterKind(
		notify.Kind{Name: kindAbsent, Level: notify.Urgent, Label: text.Label{Zh: "值班缺岗", En: "Nobody came on duty"}},
		notify.Kind{Name: kindDuty, Level: notify.Normal, Label: text.Label{Zh: "值班提醒", En: "Duty reminders"}})
	text.Register(map[string]text.Label{
		"roster.check":            {Zh: "发布检查发现 {count} 个问题，改好后再发布；可以接受的，勾选后再发布。", En: "The check found {count} problems. Put them right, or accept those that can be, and publish again."},
		"roster.retired":          {Zh: "这张值班表已停用，先启用再发布。", En: "This roster is retired; put it back to use before publishing."},
		"roster.year":             {Zh: "{label}离开始时间不能超过一年。", En: "{label} must be within a year of the start."},
		"roster.find_gap":         {Zh: "{from} 到 {to} 没有人值班", En: "Nobody is on duty from {from} to {to}"},
		"roster.find_unreachable": {Zh: "{person}没有电话也没有邮箱，叫不到人", En: "{person} has neither a phone number nor an e-mail address and cannot be reached"},
		"roster.find_left":        {Zh: "{person}已离职", En: "{person} has left the company"},
		"roster.find_not_in_team": {Zh: "{person}不是这个组的成员，不能接单", En: "{person} is not a member of the team and cannot be given its work"},
		"roster.find_on_leave":    {Zh: "{person}请假，{from} 到 {to} 的班没有人替", En: "{person} is on leave and nobody stands in from {from} to {to}"},
		"roster.find_consecutive": {Zh: "{person}从 {from} 起连续值班 {count} 天，上限 {max} 天", En: "{person} is on duty {count} days running from {from}; {max} is the limit"},
		"roster.find_hours":       {Zh: "{person}在 {from} 起的一周值班 {hours} 小时，上限 {max} 小时", En: "{person} is on duty {hours} hours in the week from {from}; {max} is the limit"},
		"roster.find_balance":     {Zh: "{person}共 {hours} 小时，平均每人 {average} 小时，分配不均", En: "{person} has {hours} hours while the average is {average}; the load is uneven"},
		"roster.find_holiday":     {Zh: "{holiday}还没有节日值班表（{from} 到 {to}）", En: "{holiday} has no holiday schedule yet ({from} to {to})"},
		"roster.absent":           {Zh: "{person}应于 {at} 到岗（{roster}），还没有签到", En: "{person} should have come on duty at {at} ({roster}) and has not checked in"},
		"roster.absent_you":       {Zh: "您应于 {at} 到岗（{roster}），还没有签到，主管已收到提醒", En: "You should have come on duty at {at} ({roster}) and have not checked in; your supervisor has been told"},
		"roster.begins":           {Zh: "您的班 {at} 开始（{roster}），记得签到", En: "Your shift begins at {at} ({roster}); remember to check in"},
		"roster.published":        {Zh: "值班表“{roster}”已发布（第 {number} 版），请看自己的班", En: "The roster “{roster}” was published (version {number}); see when you are on duty"},
		"roster.holiday_missing":  {Zh: "{holiday} {from} 至 {to} 还没有节日值班表（{roster}），今天要排好", En: "{holiday}: no holiday schedule from {from} to {to} yet ({roster}); it has to be arranged today"},
		"roster.late":             {Zh: "（系统停机后补发）", En: " (told late, after an outage)"},
		"roster.feed_person":      {Zh: "{person}的值班", En: "{person}'s duty"},
		"roster.feed_instead":     {Zh: "替{person}", En: "for {person}"},
		"roster.shift_day":        {Zh: "白班", En: "Day"},
		"roster.shift_night":      {Zh: "夜班", En: "Night"},
		"roster.shift_whole":      {Zh: "全天", En: "Whole day"},
	})
}
