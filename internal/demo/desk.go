package demo

import "time"

// shortCalls are calls that end on the phone.
func (p *play) shortCalls(count int) {
	for range count {
		at := p.someTime(p.end.Add(-span), p.end, p.chance(20))
		agent := one(p, teamOf("t_desk").members)
		who := one(p, []string{"liumin", "gaojie", "tianyuan", "lintao", "wuguifang", "huxiaomei", "hejia", "fanxiaohong", "duanwenjing", "jiangtao", "heyun"})
		switch n := p.rng.IntN(100); {
		case n < 40:
			p.shortCall(at, agent, who, "answered", one(p, p.stories.desk.Answered))
		case n < 75:
			p.shortCall(at, agent, who, "solve_by_phone", one(p, p.stories.desk.Solved))
		case n < 88:
			p.shortCall(at, agent, who, "out_of_scope", one(p, p.stories.desk.OutOfScope))
		default:
			p.shortCall(at, agent, "", "wrong_number", shortCall{Subject: "打错了"})
		}
	}
}

func (p *play) shortCall(at time.Time, agent, who, end string, c shortCall) {
	number := ""
	rings := 1 + p.rng.IntN(3)
	if p.chance(8) {
		rings += 3
	}
	p.steps = append(p.steps, step{at, "call: " + c.Subject, func() (err error) {
		body := fields("rings", rings, "greeting", true, "agent_stated_name", !p.chance(5), "subject", c.Subject)
		if who != "" {
			body["caller_phone"], body["caller_name"] = personOf(who).phone, personOf(who).name
			body["customer"], body["requester"] = p.ids[customerOf(who)], p.ids[who]
		}
		number, err = p.make(agent, "/calls", "number", body)
		return err
	}}, step{at.Add(p.between(1, 6)), "end of call: " + c.Subject, func() error {
		body := fields("way_offered", c.Way)
		if end == "answered" || end == "solve_by_phone" {
			body["guidance"] = c.Guidance
		}
		_, err := p.send(agent, "POST", "/calls/"+number+"/"+end, body)
		return err
	}})
}

// commitments are promises to answer later: most kept, some explained anew, some late, the last ones open.
func (p *play) commitments() {
	for i := range 18 {
		at := p.someTime(p.end.Add(-span), p.end.Add(-24*time.Hour), false)
		fate := one(p, []string{"kept", "kept", "kept", "kept", "rescheduled", "late"})
		p.commitment(i, at, time.Duration(1+p.rng.IntN(5))*time.Hour, fate)
	}
	p.commitment(18, p.end.Add(-100*time.Minute), 4*time.Hour, "open")
	p.commitment(19, p.end.Add(-70*time.Minute), 2*time.Hour, "open")
	p.commitment(20, p.end.Add(-3*time.Hour), 2*time.Hour, "open") // its time has passed
}

func (p *play) commitment(i int, at time.Time, within time.Duration, fate string) {
	text := p.stories.desk.Commitments[i%len(p.stories.desk.Commitments)]
	agent := one(p, teamOf("t_desk").members)
	who := one(p, []string{"liumin", "lintao", "hejia", "duanwenjing", "wuguifang", "shaojun"})
	number, call := "", ""
	path := func(step string) string { return "/commitments/" + number + "/" + step }
	p.steps = append(p.steps, step{at.Add(-4 * time.Minute), "call: " + text.Question, func() (err error) {
		call, err = p.make(agent, "/calls", "number", fields("rings", 2, "greeting", true, "agent_stated_name", true, "subject", text.Question,
			"caller_phone", personOf(who).phone, "caller_name", personOf(who).name, "customer", p.ids[customerOf(who)]))
		return err
	}}, step{at, "promise: " + text.Question, func() (err error) {
		number, err = p.make(agent, "/commitments", "number", map[string]any{
			"question": text.Question, "customer_phone": personOf(who).phone, "caller_name": personOf(who).name,
			"customer": p.ids[customerOf(who)], "promised_at": stamp(at.Add(within)), "call": call,
		})
		return err
	}})
	answer := func(when time.Time, body map[string]any) {
		p.steps = append(p.steps, step{when, "answer: " + text.Question, func() error {
			_, err := p.send(agent, "POST", path("answer"), body)
			return err
		}})
	}
	switch fate {
	case "kept":
		answer(at.Add(within*3/4), fields("answer", text.Answer))
	case "late":
		answer(at.Add(within+p.between(10, 150)), fields("answer", text.Answer, "explanation", one(p, p.stories.desk.Explanations)))
	case "rescheduled":
		later := at.Add(within + 5*time.Hour)
		reason := one(p, p.stories.desk.Explanations)
		p.steps = append(p.steps, step{at.Add(within - 10*time.Minute), "reschedule: " + text.Question, func() error {
			_, err := p.send(agent, "POST", path("explain_and_reschedule"), map[string]any{"explanation": reason, "promised_at": stamp(later)})
			return err
		}})
		answer(later.Add(-40*time.Minute), fields("answer", text.Answer))
	}
}

// relays are messages for colleagues who were away.
func (p *play) relays() {
	for i, text := range p.stories.desk.Relays {
		at, open := p.someTime(p.end.Add(-span), p.end.Add(-24*time.Hour), false), false
		if i%6 == 0 { // the newest still wait
			at, open = p.end.Add(-p.between(20, 90)), true
		}
		agent := one(p, teamOf("t_desk").members)
		target := one(p, []string{"huangyong", "luobin", "chenli", "xufeng", "mahuijuan", "dengchao", "tanglei", "xiaoran"})
		p.relay(text, at, agent, target, open)
	}
}

func (p *play) relay(text relay, at time.Time, agent, target string, open bool) {
	number := ""
	p.steps = append(p.steps, step{at, "message: " + text.Message, func() (err error) {
		body := fields("for", p.ids[target], "caller", text.Caller, "message", text.Message, "visit_related", text.Visit, "may_relay", !text.Private)
		if text.Private || p.chance(60) {
			body["callback_phone"] = one(p, []string{"13805718801", "13805718802", "13805718803", "0571-86203300"})
		}
		number, err = p.make(agent, "/relay-messages", "number", body)
		return err
	}})
	if open {
		return
	}
	p.steps = append(p.steps, step{at.Add(p.between(5, 60)), "passed on: " + text.Message, func() error {
		_, err := p.send(agent, "POST", "/relay-messages/"+number+"/relayed", map[string]any{})
		return err
	}}, step{at.Add(p.between(70, 300)), "dealt with: " + text.Message, func() error {
		_, err := p.send(target, "POST", "/relay-messages/"+number+"/done", fields("outcome", one(p, []string{"已回电话", "已改约", "已处理", "知道了"})))
		return err
	}})
}
