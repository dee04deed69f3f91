package main

import (
	"context"
	"fmt"
	"time"

	"github.com/steward-ops/steward/internal/app"
)

// cast is who and what is there: the organisations served, the people, their API tokens, and records that went through
// the engine, as patterns for many.
type cast struct {
	Customers []customer
	Teams     []string
	Engineers []string
	User      string            // a customer's person with few records of their own at the largest customer
	Tokens    map[string]string // by kind of person, see people
	Patterns  []string          // numbers
	Filled    int               // records made of the patterns
	AlertPath string            // where a monitoring system posts
}

type customer struct{ ID, Site, Service string }

// The kinds of people who ask.
const (
	desk        = "desk"        // reaches everything
	engineer    = "engineer"    // reaches everything, works in the first line
	limited     = "limited"     // reaches three customers
	user        = "user"        // a customer's person: their own records
	responsible = "responsible" // a customer's person: all records of the largest customer
)

const secret = "Bench-2026-password"

// stage puts them on, through the API.
type stage struct {
	ctx      context.Context
	app      *app.App
	cast     *cast
	admin    *caller
	provider string
}

const (
	manyCustomers = 100
	manyEngineers = 30
)

func (s *stage) build() error {
	s.admin = s.caller()
	_, err := s.admin.call(s.ctx, "POST", "/setup", map[string]any{"organisation": map[string]any{"name": "恒远运维"}, "person": map[string]any{"name": "管理员"}, "login": "admin", "password": secret})
	if err != nil {
		return err
	}
	me, err := s.admin.call(s.ctx, "GET", "/session", nil)
	if err != nil {
		return err
	}
	provider, _ := me["organisation"].(map[string]any)
	s.provider, _ = provider["id"].(string)
	for _, part := range []func() error{s.customers, s.engineers, s.people, s.promises, s.monitoring, s.patterns} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) caller() *caller { return &caller{handler: s.app.API.Handler()} }

// add creates an entry and answers its id.
func (s *stage) add(path string, body map[string]any) (string, error) {
	made, err := s.admin.call(s.ctx, "POST", path, body)
	key, _ := made["id"].(string)
	return key, err
}

func (s *stage) customers() error {
	for i := range manyCustomers {
		var c customer
		var err error
		if c.ID, err = s.add("/organisations", map[string]any{"kind": "customer", "name": fmt.Sprintf("清河市第%d人民医院", i+1)}); err != nil {
			return err
		}
		if c.Site, err = s.add("/sites", map[string]any{"organisation": c.ID, "name": "门诊楼"}); err != nil {
			return err
		}
		if c.Service, err = s.add("/services", map[string]any{"customer": c.ID, "name": "HIS 收费与挂号"}); err != nil {
			return err
		}
		s.cast.Customers = append(s.cast.Customers, c)
	}
	return nil
}

func (s *stage) engineers() error {
	for i := range manyEngineers {
		key, err := s.add("/people", map[string]any{"organisation": s.provider, "name": fmt.Sprintf("工程师%02d", i+1)})
		if err != nil {
			return err
		}
		s.cast.Engineers = append(s.cast.Engineers, key)
	}
	for i, tier := range []string{"L1", "L1", "L2", "L2", "L3", "desk"} {
		members := s.cast.Engineers[5*i : 5*i+5]
		team, err := s.add("/teams", map[string]any{"organisation": s.provider, "name": fmt.Sprintf("%s 组 %d", tier, i+1), "tier": tier, "lead": members[0], "members": members})
		if err != nil {
			return err
		}
		s.cast.Teams = append(s.cast.Teams, team)
	}
	return nil
}

// promises puts an agreement in force, so that every incident has two clocks; those of the highest priority have a third,
// which comes due soon.
func (s *stage) promises() error {
	week := map[string]any{}
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		week[day] = [][]string{{"00:00", "24:00"}}
	}
	label := map[string]any{"zh": "全天候", "en": "Around the clock"}
	if _, err := s.admin.call(s.ctx, "PUT", "/calendars/always", map[string]any{"label": label, "spec": map[string]any{"timezone": "Asia/Shanghai", "weekly": week}}); err != nil {
		return err
	}
	clauses := map[string]any{}
	for _, name := range []string{"scope", "quality", "indicators", "compensation", "disputes", "leftovers", "complaints"} {
		clauses[name] = "见合同"
	}
	agreement, err := s.add("/agreements", map[string]any{"code": "SLA", "label": label, "kind": "sla", "calendar": "always", "valid_from": "2020-01-01", "clauses": clauses,
		"targets": []map[string]any{{"name": "response", "seconds": 30 * 86400}, {"name": "resolution", "seconds": 90 * 86400, "pausable": true},
			{"name": soon, "priority": "P1", "seconds": soonSeconds}},
		"steps": []map[string]any{{"target": "*", "percent": 80, "kind": "warning", "to": []string{"handler"}}, {"target": soon, "percent": 100, "kind": "alarm", "to": []string{"desk"}}}})
	if err != nil {
		return err
	}
	_, err = s.admin.call(s.ctx, "POST", "/agreements/"+agreement+"/activate", map[string]any{})
	return err
}

// monitoring lets a monitoring system in.
func (s *stage) monitoring() error {
	made, err := s.admin.call(s.ctx, "POST", "/alert-sources", map[string]any{"name": "Alertmanager", "kind": "alertmanager"})
	s.cast.AlertPath, _ = made["path"].(string)
	return err
}

// people gives an account and a token to one person of each kind.
func (s *stage) people() error {
	s.cast.Tokens = map[string]string{}
	first := s.cast.Customers[0].ID
	staff := []string{"record.read", "record.create", "record.write", "record.move", "record.comment", "search.use", "notify.read"}
	client := []string{"record.read", "record.create", "record.move", "record.comment", "search.use", "notify.read"}
	for _, p := range []struct {
		kind, person, organisation, role string
		customers                        []int
		scopes                           []string
	}{
		{desk, s.cast.Engineers[25], "", "desk", nil, staff},
		{engineer, s.cast.Engineers[0], "", "l1", nil, staff},
		{limited, s.cast.Engineers[1], "", "l1", []int{7, 19, 49}, staff},
		{user, "", first, "customer_user", nil, client},
		{responsible, "", first, "customer_responsible", nil, append(client, "record.see_organisation")},
	} {
		if p.person == "" {
			var err error
			if p.person, err = s.add("/people", map[string]any{"organisation": p.organisation, "name": "客户 " + p.kind}); err != nil {
				return err
			}
		}
		if p.kind == user {
			s.cast.User = p.person
		}
		if err := s.account(p.kind, p.person, p.role, p.customers, p.scopes); err != nil {
			return fmt.Errorf("%s: %w", p.kind, err)
		}
	}
	return nil
}

func (s *stage) account(kind, person, role string, customers []int, scopes []string) error {
	_, err := s.add("/accounts", map[string]any{"person": person, "login": kind, "password": secret, "must_change": false})
	if err != nil {
		return err
	}
	grants := []map[string]any{}
	for _, i := range customers {
		grants = append(grants, map[string]any{"person": person, "role": role, "customer": s.cast.Customers[i].ID})
	}
	if len(grants) == 0 {
		grants = append(grants, map[string]any{"person": person, "role": role})
	}
	for _, g := range grants {
		if _, err := s.add("/grants", g); err != nil {
			return err
		}
	}
	c := s.caller()
	if _, err := c.call(s.ctx, "POST", "/session", map[string]any{"login": kind, "password": secret}); err != nil {
		return err
	}
	made, err := c.call(s.ctx, "POST", "/me/tokens", map[string]any{"name": "bench", "scopes": scopes, "expires_at": time.Now().Add(24 * 30 * time.Hour)})
	s.cast.Tokens[kind], _ = made["secret"].(string)
	return err
}

var none = map[string]any{}

// courses are what happens to the patterns: who takes which step with what.
var courses = [][]struct {
	who, step string
	body      map[string]any
}{
	{},
	{{desk, "attempt", none}},
	{{desk, "attempt", none}, {desk, "solve", map[string]any{"solution": "重启打印服务并清理队列"}}},
	{{desk, "dispatch", none}},
	{{desk, "dispatch", none}, {engineer, "accept", none}},
	{{desk, "attempt", none}, {desk, "solve", map[string]any{"solution": "更换打印头并清洁导轨"}}, {desk, "confirm", map[string]any{"satisfaction": 5}}, {desk, "close", none}},
	{{desk, "dispatch", none}, {engineer, "accept", none}, {engineer, "diagnose", map[string]any{"diagnosis": "交换机端口协商失败"}},
		{engineer, "solve", map[string]any{"solution": "更换网线并固定速率", "repair_cause": "网线老化", "repair_action": "更换网线"}},
		{desk, "confirm", map[string]any{"satisfaction": 4, "comment": "好了", "comment_public": true}}, {desk, "close", none}},
	{{desk, "mark_invalid", map[string]any{"invalid_reason": "演练时误报"}}},
}

// patterns are records in many states, each made and moved by the engine.
func (s *stage) patterns() error {
	callers := map[string]*caller{}
	for kind, token := range s.cast.Tokens {
		callers[kind] = &caller{handler: s.app.API.Handler(), token: token}
	}
	made, err := callers[user].call(s.ctx, "POST", "/incidents", map[string]any{"title": "门诊打印机卡纸", "description": "窗口打印机不出纸", "urgency": "medium"})
	if err != nil {
		return err
	}
	s.cast.Patterns = append(s.cast.Patterns, made["number"].(string))
	for i, course := range courses {
		body := incidentBody(s.cast.Customers[i], newWriter(uint64(i)))
		if i%3 == 0 {
			delete(body, "expected_solve_at")
			delete(body, "channel")
		}
		made, err := callers[desk].call(s.ctx, "POST", "/incidents", body)
		if err != nil {
			return err
		}
		number := made["number"].(string)
		for _, step := range course {
			if _, err := callers[step.who].call(s.ctx, "POST", "/incidents/"+number+"/"+step.step, step.body); err != nil {
				return err
			}
		}
		s.cast.Patterns = append(s.cast.Patterns, number)
	}
	return nil
}

// incidentBody is a report as the desk takes it.
func incidentBody(c customer, w *writer) map[string]any {
	title, description := w.report()
	return map[string]any{"title": title, "description": description, "customer": c.ID, "site": c.Site, "service": c.Service, "impact": "high", "urgency": "medium",
		"category": "hardware_terminal", "channel": "phone", "caller_name": "田园", "contact_phone": "0571-86201133", "affected": "门诊收费", "phenomenon": "打印机亮红灯",
		"expected_solve_at": time.Now().Add(8 * time.Hour)}
}
