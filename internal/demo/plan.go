package demo

import (
	"cmp"
	"slices"
	"time"
)

// plan lays out the whole story: three months of finished matters, and those that are on the way at its end.
func (p *play) plan() {
	used := map[string]bool{}
	p.underWay(used)
	p.history(used)
	p.requests()
	p.twins()
	p.shortCalls(60)
	p.commitments()
	p.relays()
	p.duty()
	p.reading()
}

// reading: everybody has read their notices but those of the last hours, as people do before they go home.
func (p *play) reading() {
	for i, who := range people {
		at := p.end.Add(-13*time.Hour + time.Duration(i)*time.Second)
		p.steps = append(p.steps, step{at, "reads notices", func() error {
			_, err := p.send(who.key, "POST", "/notifications/read", map[string]any{"all": true})
			return err
		}})
	}
}

// someTime is an instant between two, mostly in working hours; any hour when it is pressing.
func (p *play) someTime(from, to time.Time, anyHour bool) time.Time {
	for {
		at := from.Add(time.Duration(p.rng.Int64N(int64(to.Sub(from))))).Truncate(time.Minute)
		hour, day := at.In(home).Hour(), at.In(home).Weekday()
		switch {
		case anyHour:
			return at
		case hour < 8 || hour > 18:
		case (day == time.Saturday || day == time.Sunday) && !p.chance(25):
		default:
			return at
		}
	}
}

// history tells every story that is not under way once, then some of them again elsewhere.
func (p *play) history(used map[string]bool) {
	from, to := p.end.Add(-span), p.end.Add(-36*time.Hour)
	list := slices.Clone(p.stories.incidents)
	p.rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	tell := func(st story, site string, repeat bool) {
		s := p.incident(st, site, p.someTime(from, to, st.pressing()), "")
		s.repeat = repeat
		s.place(time.Time{})
	}
	for _, st := range list {
		if !used[st.Title] || !st.pressing() {
			tell(st, st.Main.Sites[0], false)
		}
	}
	for range 105 {
		st := one(p, list)
		if !st.pressing() {
			tell(st, one(p, st.Main.Sites), true)
		}
	}
}

// stop is a matter that is on the way at the end of the story.
type stop struct {
	workflow, level, channel string // which stories may be it; "" = any
	until                    string // its last step
	due                      int    // minutes from the end of the story until the customer expects it; negative = overdue
	title                    string // a certain story
}

var stops = []stop{
	{title: flagship, until: "noted", due: 194},
	{title: "人民路店 3 台收银机刷卡都提示“通讯超时”", until: "assigned_L2", due: 24},
	{title: "录播系统上传失败，期中公开课没法回看", until: "told", due: 114},
	{title: "电子病历保存时提示“会话已过期”", until: "solved", due: 70},
	{title: "病案首页上传到卫健委平台失败", until: "waiting_customer", due: 160},
	{title: "医生工号登录提示密码错误但确定没错", until: "solved", due: 500},
	{title: "机房空调漏水报警", until: "reported_on", due: -60},
	{title: "总行机房 UPS 1 号告警“旁路运行”", until: "rechecking", due: -2000},
	{title: "教育局门户网站被挂上博彩链接", until: "handling", due: 95},
	{title: "中考报名系统高峰期打不开", until: "verified", due: 55},
	{title: "城西支行到总行骨干链路中断", until: "with_vendor", due: 130},
	{title: "南院区医生站全部上不了内网", until: "analysing", due: -240},
	{title: "滨江店早上开店 POS 连不上服务器", until: "awaiting_user", due: -900},
	{workflow: "tiers", channel: "portal", until: "registered", due: 400},
	{workflow: "tiers", channel: "portal", until: "registered", due: 1500},
	{workflow: "tiers", channel: "portal", until: "classified", due: 700},
	{workflow: "tiers", channel: "phone", level: "l1", until: "registered", due: 300},
	{workflow: "tiers", level: "desk", until: "desk_attempt", due: 240},
	{workflow: "tiers", level: "desk", until: "solved", due: 200},
	{workflow: "tiers", level: "desk", until: "confirmed", due: 100},
	{workflow: "tiers", level: "l1", until: "assigned_L1", due: 14},
	{workflow: "tiers", level: "l1", until: "assigned_L1", due: 320},
	{workflow: "tiers", level: "l1", until: "investigating_L1", due: -21},
	{workflow: "tiers", level: "l1", until: "investigating_L1", due: 80},
	{workflow: "tiers", level: "l1", until: "diagnosed", due: 170},
	{workflow: "tiers", level: "l1", until: "solved", due: 45},
	{workflow: "tiers", level: "l1", until: "confirmed", due: 30},
	{workflow: "tiers", level: "l1", until: "waiting_customer", due: 600},
	{workflow: "tiers", level: "l2", until: "assigned_L2", due: 210},
	{workflow: "tiers", level: "l2", until: "investigating_L2", due: 150},
	{workflow: "tiers", level: "l2", until: "investigating_L2", due: -90},
	{workflow: "tiers", level: "l2", until: "waiting_customer", due: 900},
	{workflow: "tiers", level: "l2", until: "waiting_customer", due: 380},
	{workflow: "tiers", level: "l2", until: "diagnosed", due: 65},
	{workflow: "tiers", level: "l2", until: "solved", due: 25},
	{workflow: "tiers", level: "l2", until: "solved", due: -35},
	{workflow: "tiers", level: "vendor", until: "with_vendor", due: 1200},
	{workflow: "tiers", level: "l3", until: "assigned_L3", due: 260},
	{workflow: "tiers", level: "l3", until: "investigating_L3", due: 420},
	{workflow: "tiers", level: "l3", until: "diagnosed", due: 110},
	{workflow: "customer_confirm", until: "registered", due: 500},
	{workflow: "customer_confirm", until: "problem_confirmed", due: 350},
	{workflow: "customer_confirm", until: "diagnosing", due: 290},
	{workflow: "customer_confirm", until: "solving", due: 180},
	{workflow: "customer_confirm", until: "testing", due: 120},
	{workflow: "customer_confirm", until: "user_confirmation", due: 40},
	{workflow: "telecom", until: "symptom_confirmed", due: 220},
	{workflow: "telecom", until: "locating", due: 160},
	{workflow: "telecom", until: "recovering", due: 75},
	{workflow: "application", until: "registered", due: 1000},
	{workflow: "application", until: "verified", due: 450},
	{workflow: "application", until: "tracking", due: 60},
	{workflow: "application", until: "fed_back", due: -300},
}

// underWay plans what is still open when the story ends. Pressing matters happen once only.
func (p *play) underWay(used map[string]bool) {
	late := p.lastHours()
	list := slices.Clone(p.stories.incidents)
	p.rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	times := map[string]int{}
	for _, stop := range stops {
		fitting := slices.DeleteFunc(slices.Clone(list), func(st story) bool { return !stop.fits(st) })
		st := slices.MinFunc(fitting, func(a, b story) int { return cmp.Compare(times[a.Title], times[b.Title]) })
		site := st.Main.Sites[times[st.Title]%len(st.Main.Sites)]
		s := p.incident(st, site, p.end, stop.until)
		s.repeat = times[st.Title] > 0
		times[st.Title]++
		used[st.Title] = true
		s.due = p.end.Add(time.Duration(stop.due) * time.Minute)
		s.place(late.Add(-p.between(1, 50)))
	}
}

func (s stop) fits(st story) bool {
	switch {
	case s.title != "":
		return st.Title == s.title
	case st.pressing() || s.workflow != st.Main.Workflow:
		return false
	case s.until == "waiting_customer" && st.Ask == "":
		return false
	}
	return (s.level == "" || s.level == st.Main.Level) && (s.channel == "" || s.channel == st.Main.Channel)
}

// lastHours is when the open matters came to where they are: just now by day, the evening before at night.
func (p *play) lastHours() time.Time {
	local := p.end.In(home)
	evening := time.Date(local.Year(), local.Month(), local.Day(), 19, 0, 0, 0, home)
	switch {
	case local.Hour() < 8:
		return evening.AddDate(0, 0, -1)
	case local.Hour() >= 20:
		return evening
	}
	return p.end
}

// requests tells every request once or twice, and leaves some on the way.
func (p *play) requests() {
	from, to := p.end.Add(-span), p.end.Add(-3*24*time.Hour)
	for round := range 2 {
		for _, st := range p.stories.requests {
			if round == 1 && p.chance(45) {
				continue
			}
			s := p.request(st, one(p, st.Main.Sites), p.someTime(from, to, false), "")
			s.repeat = round == 1
			s.place(time.Time{})
		}
	}
	for i, until := range []string{"registered", "awaiting_approval", "approved", "dispatched", "fulfilling", "waiting_customer", "fulfilled", "confirmed", "registered", "awaiting_approval"} {
		st := p.requestFor(until, i)
		s := p.request(st, st.Main.Sites[0], p.end, until)
		s.repeat = true
		s.due = p.end.Add(time.Duration(1+i) * 9 * time.Hour)
		s.place(p.lastHours().Add(-p.between(5, 200)))
	}
}

// requestFor finds a request that passes through a state.
func (p *play) requestFor(until string, i int) story {
	fits := func(st story) bool {
		switch until {
		case "awaiting_approval":
			return st.Main.Approver != ""
		case "waiting_customer":
			return st.Ask != ""
		case "dispatched":
			return st.Main.Kind != "usage_help" && st.Main.Kind != "user_data"
		}
		return true
	}
	list := slices.DeleteFunc(slices.Clone(p.stories.requests), func(st story) bool { return !fits(st) })
	return list[(7*i+3)%len(list)]
}

// twins are second reports of the same matter, merged, and reports that were none.
func (p *play) twins() {
	from, to := p.end.Add(-span), p.end.Add(-48*time.Hour)
	for range 6 {
		st := one(p, p.stories.incidents)
		if st.Main.Workflow != "tiers" || st.Main.Level == "desk" {
			continue
		}
		at := p.someTime(from, to, false)
		first := p.incident(st, st.Main.Sites[0], at, "")
		first.repeat = true
		first.place(time.Time{})
		second := &script{p: p, story: st, plural: "incidents", site: st.Main.Sites[0], who: st.Main.Who, at: first.steps[0].at.Add(12 * time.Minute), rush: true}
		second.crew()
		second.then(0, 0, "again", func() error {
			second.number = ""
			number, err := p.make(second.desk, "/incidents", "number", fields("title", "又报："+st.Title, "description", st.Text,
				"customer", p.ids[st.Customer], "site", p.ids[second.site], "channel", "staff"))
			second.number = number
			return err
		})
		second.then(2, 5, "merged", func() error {
			return second.move(second.desk, "mark_duplicate", map[string]any{"duplicate_of": first.number})
		})
		second.place(time.Time{})
	}
	for _, text := range []string{"测试一下门户能不能报修", "上次的问题自己好了", "帮我看看家里的电脑"} {
		p.invalid(text, p.someTime(from, to, false))
	}
}

func (p *play) invalid(text string, at time.Time) {
	who := one(p, []string{"wuguifang", "jiangtao", "gaojie"})
	s := &script{p: p, story: story{Title: text, Customer: customerOf(who)}, plural: "incidents", who: who, at: at}
	s.crew()
	s.then(0, 0, "registered", func() error {
		number, err := p.make(who, "/incidents", "number", map[string]any{"title": text, "description": text + "，不用处理。", "urgency": "low"})
		s.number = number
		return err
	})
	s.then(5, 40, "invalid", func() error {
		return s.move(s.desk, "mark_invalid", map[string]any{"invalid_reason": "不是故障，也不在服务范围，已电话告知用户"})
	})
	s.place(time.Time{})
}
