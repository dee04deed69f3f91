package demo

import (
	"slices"
	"strings"
	"time"
)

// incident plans one incident from its first word. start is ignored when it stops on the way (see place).
func (p *play) incident(st story, site string, start time.Time, until string) *script {
	s := &script{p: p, story: st, plural: "incidents", site: site, who: st.Main.Who, at: start, until: until}
	s.rush = st.pressing() || until != ""
	s.crew()
	s.register()
	switch st.Main.Workflow {
	case "customer_confirm":
		s.customerConfirm()
	case "telecom":
		s.telecom()
	case "application":
		s.application()
	default:
		s.tiers()
	}
	return s
}

// crew says who works on it.
func (s *script) crew() {
	p := s.p
	s.desk = one(p, []string{"zhouting", "zhouting", "wuyue", "sunqian", "qianyutong"})
	s.team1, s.l1 = "t_field", one(p, []string{"huangyong", "huangyong", "luobin", "zhengkai", "hezhiyuan", "songjia"})
	if s.story.Customer == "store" && s.site != "hq" && s.site != "dc" {
		s.team1, s.l1 = "t_store", one(p, teamOf("t_store").members)
	}
	s.team2, s.l2 = "t_app", one(p, []string{"chenli", "chenli", "xufeng", "wanghaifeng", "xuqing"})
	if strings.HasPrefix(s.story.Main.Category, "network") || s.story.Main.Category == "security" {
		s.team2, s.l2 = "t_net", one(p, teamOf("t_net").members)
	}
	s.l3 = one(p, teamOf("t_rd").members)
	if s.story.Main.Category == "software_database" {
		s.l3 = "mahuijuan"
	}
	if s.story.Title == flagship {
		s.desk, s.l1, s.l2 = "zhouting", "huangyong", "chenli"
	}
}

// flagship is the incident that whoever looks around first should find in good hands.
const flagship = "门诊 HIS 收费窗口大面积无法登录"

// register is the call, or the customer's own report, until the incident is there.
func (s *script) register() {
	switch s.story.Main.Channel {
	case "portal":
		s.then(0, 0, "registered", s.fromPortal)
	case "phone":
		s.then(0, 0, "call", s.pickUp)
		s.then(2, 4, "registered", func() error { return s.byDesk("phone") })
	default:
		s.then(0, 0, "registered", func() error { return s.byDesk(s.story.Main.Channel) })
	}
}

// pickUp registers the call.
func (s *script) pickUp() error {
	who := personOf(s.who)
	rings := 1 + s.p.rng.IntN(3)
	if s.p.chance(7) {
		rings = 4 + s.p.rng.IntN(3)
	}
	number, err := s.p.make(s.desk, "/calls", "number", map[string]any{
		"rings": rings, "greeting": true, "agent_stated_name": !s.p.chance(4), "caller_phone": who.phone, "caller_name": who.name,
		"customer": s.p.ids[s.story.Customer], "site": s.p.ids[s.site], "requester": s.p.ids[s.who], "subject": s.story.Title,
	})
	s.call = number
	return err
}

// report is what a new incident says, whoever enters it.
func (s *script) report() map[string]any {
	st := s.story
	title := st.Title
	if s.repeat {
		title += "（" + siteName(s.site) + "）"
	}
	body := fields("title", title, "description", st.Text, "site", s.p.ids[s.site], "service", s.p.ids[st.Main.Service],
		"occurred_at", stamp(s.p.now.Add(-s.p.between(8, 55))), "urgency", st.urgency(), "expected_solve_at", stamp(s.expected()),
		"contact_phone", personOf(s.who).phone, "affected", st.Form.Affected)
	if st.Main.Workflow != "tiers" {
		body["workflow"] = st.Main.Workflow
	}
	return body
}

func siteName(key string) string {
	i := slices.IndexFunc(sites, func(s place) bool { return s.key == key })
	return sites[i].name
}

// expected is when the customer expects it: what the script says, else by its weight.
func (s *script) expected() time.Time {
	if !s.due.IsZero() {
		return s.due
	}
	hours := map[string]int{"hh": 4, "hm": 8, "mh": 8, "mm": 24, "lh": 24}[s.story.Main.Weight]
	if hours == 0 {
		hours = 72
	}
	return s.p.now.Add(time.Duration(hours) * time.Hour)
}

func (s *script) fromPortal() error {
	body := s.report()
	if s.story.Main.Picture {
		id, err := s.p.photo(s.who)
		if err != nil {
			return err
		}
		body["photos"] = []string{id}
	}
	return s.registered(s.who, body)
}

func (s *script) byDesk(channel string) error {
	body := s.report()
	body["channel"], body["customer"], body["requester"] = channel, s.p.ids[s.story.Customer], s.p.ids[s.who]
	body["impact"], body["caller_name"] = s.story.impact(), personOf(s.who).name
	if s.story.Main.Category != "" {
		body["category"] = s.story.Main.Category
	}
	if s.call != "" {
		body["call"] = s.call
		body["solvable_by_phone"] = s.story.Main.Level == "desk"
	}
	if s.story.Main.Picture {
		id, err := s.p.photo(s.desk)
		if err != nil {
			return err
		}
		body["photos"] = []string{id}
	}
	return s.registered(s.desk, body)
}

func (s *script) registered(as string, body map[string]any) error {
	number, err := s.p.make(as, "/incidents", "number", body)
	if err != nil {
		return err
	}
	s.number = number
	if before := s.p.told[s.story.Title]; before != "" {
		_, err = s.p.send(s.desk, "POST", s.path("links"), map[string]any{"kind": "related", "number": before})
	}
	s.p.told[s.story.Title] = number
	return err
}

// watched lets the incident manager follow what is urgent.
func (s *script) watched() {
	if s.story.pressing() {
		s.then(1, 3, "watched", func() error {
			_, err := s.p.send("lijing", "PUT", s.path("watch"), nil)
			return err
		})
	}
}

// requirement is what the desk asks of the handler.
func (s *script) requirement() string {
	switch s.story.Main.Weight {
	case "hh":
		return "马上联系用户，先恢复业务"
	case "mh", "hm":
		return "30 分钟内联系用户"
	}
	return one(s.p, []string{"今天处理完", "联系用户约时间", "先远程看，不行再上门"})
}

// repair is the repair information.
func (s *script) repair() map[string]any {
	return fields("repair_cause", s.story.Why, "repair_action", s.story.Did, "repaired_at", stamp(s.p.now))
}

func (s *script) solution() map[string]any {
	body := fields("solution", s.story.Solution, "steps", rows("step", s.story.Steps), "temporary_patch", s.story.Patch)
	return body
}

// logged writes the time worked.
func (s *script) logged(as string) {
	minutes := 10 + 5*s.p.rng.IntN(18)
	s.then(1, 4, "logged", func() error {
		_, err := s.p.send(as, "POST", s.path("work-log"), map[string]any{"minutes": minutes, "text": s.story.Did})
		return err
	})
}

// talk is what happens in words while the handler works: a public word, an internal note, a question to the customer.
func (s *script) talk(handler, asked, answered string) {
	st := s.story
	if st.Say != "" {
		s.then(4, 12, "told", func() error { return s.say(handler, st.Say, true) })
	}
	if st.Note != "" {
		s.then(6, 20, "noted", func() error { return s.say(handler, st.Note, false) })
	}
	if st.Ask == "" {
		return
	}
	s.then(5, 15, asked, func() error { return s.move(handler, "ask_customer", map[string]any{"waiting_reason": st.Ask}) })
	s.then(6, 90, answered, func() error { return s.move(s.who, "customer_answered", map[string]any{"comment": st.Answer}) })
}

// rating is how content the user is.
func (s *script) rating() any {
	switch n := s.p.rng.IntN(100); {
	case n < 62:
		return 5
	case n < 88:
		return 4
	case n < 95:
		return 3
	case n < 97:
		return 2
	}
	return "declined"
}

func (s *script) confirm(label string) {
	st := s.story
	if st.Main.Workflow == "tiers" && s.p.chance(15) {
		s.then(20, 240, label, func() error { return s.move(s.desk, "confirm", map[string]any{"satisfaction": s.rating()}) })
		return
	}
	s.then(15, 600, label, func() error {
		return s.move(s.who, "confirm", fields("satisfaction", s.rating(), "comment", st.Thanks))
	})
}

var disputes = []string{"刚才好了一会儿，现在又不行了，麻烦再看看", "只好了一半，还有一台不行", "我这边重启之后又出现了"}

// ── tiers ───────────────────────────────────────────────────────────────────

func (s *script) tiers() {
	st, p := s.story, s.p
	if st.Main.Channel == "portal" {
		s.then(3, 25, "classified", func() error {
			return s.move(s.desk, "classify", fields("impact", st.impact(), "urgency", st.urgency(), "category", st.Main.Category))
		})
	}
	if st.Main.Level == "desk" {
		s.then(1, 3, "desk_attempt", func() error { return s.move(s.desk, "attempt", nil) })
		s.then(4, 18, "solved", func() error { return s.move(s.desk, "solve", s.solution()) })
		s.confirm("confirmed")
		s.closing()
		return
	}
	s.watched()
	s.then(2, 6, "assigned_L1", func() error {
		return s.move(s.desk, "dispatch", map[string]any{"team": p.ids[s.team1], "handling_requirement": s.requirement()})
	})
	if p.chance(5) && s.until == "" {
		s.then(15, 25, "urged", func() error {
			_, err := p.send(s.desk, "POST", s.path("urge"), map[string]any{"comment": one(p, p.stories.desk.Urges)})
			return err
		})
	}
	s.then(3, 22, "investigating_L1", func() error {
		return s.move(s.l1, "accept", map[string]any{"first_contact": one(p, p.stories.desk.Contacts)})
	})
	handler := s.l1
	if st.Main.Level == "l1" {
		s.talk(handler, "waiting_customer", "answered")
	} else {
		handler = s.upward()
	}
	s.solved(handler)
	if p.chance(6) && s.until == "" {
		s.then(20, 200, "disputed", func() error { return s.move(s.who, "dispute", map[string]any{"comment": one(p, disputes)}) })
		s.then(25, 120, "solved", func() error {
			return s.move(handler, "solve", map[string]any{"solution": st.Solution + " 之后又复查了一遍，补做了重启验证。"})
		})
	}
	s.confirm("confirmed")
	s.closing()
}

// upward hands the incident to the second and, where it takes that, third line; it answers who has it in the end.
func (s *script) upward() string {
	st, p := s.story, s.p
	s.then(8, 35, "assigned_L2", func() error {
		return s.move(s.l1, "escalate", map[string]any{
			"to": "L2", "reason": one(p, []string{"beyond_ability", "beyond_ability", "limit_threatened", "high_priority"}),
			"team": p.ids[s.team2], "comment": one(p, p.stories.desk.Handovers),
		})
	})
	s.then(3, 15, "investigating_L2", func() error { return s.move(s.l2, "accept", nil) })
	s.talk(s.l2, "waiting_customer", "answered")
	switch st.Main.Level {
	case "vendor":
		s.then(5, 20, "with_vendor", func() error {
			return s.move(s.l2, "vendor", fields("supplier", st.Vendor.Name, "case", st.Vendor.Case))
		})
		s.then(60, 300, "vendor_answered", func() error { return s.move(s.l2, "vendor_result", fields("vendor_result", st.Supplier)) })
	case "l3":
		s.then(10, 40, "assigned_L3", func() error {
			return s.move(s.l2, "escalate", map[string]any{
				"to": "L3", "reason": "beyond_ability", "team": p.ids["t_rd"], "comment": one(p, p.stories.desk.Handovers3),
			})
		})
		s.then(4, 20, "investigating_L3", func() error { return s.move(s.l3, "accept", nil) })
		return s.l3
	}
	return s.l2
}

func (s *script) solved(handler string) {
	s.then(5, 30, "diagnosed", func() error { return s.move(handler, "diagnose", fields("diagnosis", s.story.Cause)) })
	s.then(10, 90, "solved", func() error {
		body := s.solution()
		for name, v := range s.repair() {
			body[name] = v
		}
		return s.move(handler, "solve", body)
	})
	s.logged(handler)
}

func (s *script) closing() {
	s.then(5, 120, "closed", func() error { return s.move(s.desk, "close", fields("lessons", s.story.Lesson)) })
}

// ── closed by the user ──────────────────────────────────────────────────────

func (s *script) customerConfirm() {
	st, p := s.story, s.p
	s.then(3, 15, "problem_confirmed", func() error {
		return s.move(s.desk, "confirm_problem", fields("phenomenon", or(st.Symptom, st.Title), "impact", st.impact(), "urgency", st.urgency(),
			"team", p.ids[s.team1], "handling_requirement", s.requirement()))
	})
	s.then(4, 25, "diagnosing", func() error {
		return s.move(s.l1, "accept", map[string]any{"first_contact": one(p, p.stories.desk.Contacts)})
	})
	s.talk(s.l1, "waiting_customer", "answered")
	s.then(10, 60, "solving", func() error { return s.move(s.l1, "diagnose", fields("diagnosis", st.Cause)) })
	s.then(15, 120, "testing", func() error { return s.move(s.l1, "solve", s.solution()) })
	if p.chance(20) && s.until == "" {
		s.then(10, 40, "test_failed", func() error {
			return s.move(s.l1, "fail_test", map[string]any{"test_record": "运行半小时后现象又出现，回到诊断。"})
		})
		s.then(15, 60, "solving", func() error { return s.move(s.l1, "diagnose", fields("diagnosis", st.Cause)) })
		s.then(15, 60, "testing", func() error { return s.move(s.l1, "solve", s.solution()) })
	}
	s.then(15, 60, "user_confirmation", func() error {
		body := s.repair()
		body["test_record"] = or(st.Test, "恢复使用半小时，现象没有再出现。")
		return s.move(s.l1, "pass_test", body)
	})
	s.logged(s.l1)
	s.confirm("closed")
}

func or(s, instead string) string {
	if s == "" {
		return instead
	}
	return s
}

// ── telecom ─────────────────────────────────────────────────────────────────

func (s *script) telecom() {
	st, p := s.story, s.p
	handler, group := s.l2, s.team2
	if st.Main.Level == "l1" {
		handler, group = s.l1, s.team1
	}
	s.watched()
	s.then(2, 8, "symptom_confirmed", func() error {
		return s.move(s.desk, "confirm_symptom", fields("phenomenon", or(st.Symptom, st.Title), "impact", st.impact(), "urgency", st.urgency(),
			"team", p.ids[group], "handling_requirement", s.requirement()))
	})
	s.then(2, 12, "diagnosing", func() error { return s.move(handler, "accept", nil) })
	s.talk(handler, "waiting_customer", "answered")
	s.then(4, 15, "locating", func() error { return s.move(handler, "diagnose", fields("diagnosis", st.Cause)) })
	s.then(5, 30, "handling", func() error { return s.move(handler, "locate", fields("fault_location", st.Place)) })
	if st.Vendor.Name != "" {
		s.then(2, 8, "with_vendor", func() error {
			return s.move(handler, "vendor", fields("supplier", st.Vendor.Name, "case", st.Vendor.Case))
		})
		s.then(20, 60, "vendor_answered", func() error { return s.move(handler, "vendor_result", fields("vendor_result", st.Supplier)) })
	}
	s.then(3, 15, "recovering", func() error { return s.move(handler, "solve", s.solution()) })
	s.then(5, 20, "analysing", func() error { return s.move(handler, "pass_test", fields("test_record", st.Test)) })
	s.logged(handler)
	s.then(60, 300, "awaiting_user", func() error {
		return s.move(handler, "analyse", fields("fault_analysis", st.Analysis, "prevention", st.Prevent, "repair_cause", st.Why, "repair_action", st.Did))
	})
	if s.until == "" && p.chance(30) {
		return // the user says nothing; after five days it closes by itself
	}
	s.confirm("confirmed")
	s.then(5, 60, "closed", func() error { return s.move(handler, "close", fields("lessons", st.Prevent)) })
}

// ── application form ────────────────────────────────────────────────────────

func (s *script) application() {
	st, p := s.story, s.p
	s.then(2, 10, "verified", func() error {
		return s.move(s.desk, "verify", fields("fault_class", st.Form.Class, "impact", st.impact(), "urgency", st.urgency(), "team", p.ids[s.team2]))
	})
	if st.Form.Class == "major" {
		s.then(2, 8, "accepted", func() error {
			return s.move("lijing", "start_plan", fields("plan", st.Plan, "handling_requirement", "先恢复业务，再查原因"))
		})
	}
	s.then(2, 8, "handling", func() error { return s.move(s.l2, "accept", nil) })
	s.talk(s.l2, "waiting_customer", "answered")
	s.then(20, 90, "tracking", func() error {
		body := s.solution()
		body["diagnosis"] = st.Cause
		return s.move(s.l2, "solve", body)
	})
	s.logged(s.l2)
	s.then(120, 400, "reported_on", func() error {
		body := s.repair()
		body["processing_process"], body["processing_result"] = st.Process, st.Result
		return s.move(s.l2, "report", body)
	})
	var first, second time.Time
	s.then(10, 60, "fed_back", func() error {
		first, second = s.p.now.AddDate(0, 0, 7), s.p.now.AddDate(0, 0, 30)
		return s.move(s.desk, "feed_back", map[string]any{"feedback": st.Feedback, "rechecks": s.rechecks(first, second, 0)})
	})
	s.confirm("rechecking")
	s.then(7*24*60, 7*24*60+300, "rechecked", func() error {
		return s.move(s.l2, "recheck", map[string]any{"rechecks": s.rechecks(first, second, 1)})
	})
	s.then(23*24*60, 23*24*60+300, "rechecked twice", func() error {
		return s.move(s.l2, "recheck", map[string]any{"rechecks": s.rechecks(first, second, 2)})
	})
	s.then(10, 60, "closed", func() error { return s.move(s.desk, "close", nil) })
}

// rechecks is the table with so many of its two rows done.
func (s *script) rechecks(first, second time.Time, done int) []any {
	table := []any{}
	for i, due := range []time.Time{first, second} {
		row := map[string]any{"due": stamp(due)}
		if i < done {
			row["done_at"], row["result"] = stamp(due.Add(40*time.Minute)), "复查正常，没有再出现"
		}
		table = append(table, row)
	}
	return table
}
