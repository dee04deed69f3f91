package demo

import "time"

const hour = 3600

// agreed is what one customer was promised: working seconds by priority, P1 first.
type agreed struct {
	customer, code, zh, en string
	calendar               string
	always                 []string // priorities served around the clock
	response, resolution   [4]int
	scope, compensation    string
}

var agreements = []agreed{
	{"hospital", "SLA-QHYY", "市一院信息系统运维协议", "City First Hospital IT services", "office", []string{"P1", "P2"},
		[4]int{hour / 4, hour / 2, hour, 2 * hour}, [4]int{4 * hour, 8 * hour, 16 * hour, 40 * hour},
		"HIS、电子病历、PACS、LIS、医保接口、院内网络与机房、桌面终端。", "每月解决率低于 95% 时，按当月服务费的 3% 抵扣。"},
	{"store", "SLA-HMCS", "惠民超市门店运维协议", "Huimin stores IT services", "office", []string{"P1"},
		[4]int{hour / 2, hour / 2, hour, 4 * hour}, [4]int{4 * hour, 8 * hour, 24 * hour, 48 * hour},
		"收银、会员、价签、库存、门店网络、监控与门禁。", "收银中断超时的，每次抵扣 500 元。"},
	{"bank", "SLA-YXNS", "云溪农商银行运维协议", "Yunxi Rural Bank IT services", "always", nil,
		[4]int{hour / 4, hour / 4, hour / 2, hour}, [4]int{2 * hour, 4 * hour, 24 * hour, 72 * hour},
		"核心业务系统、柜面、自助设备、办公 OA、骨干网络、机房环境。", "核心业务超时的，每次抵扣当月服务费的 2%。"},
	{"school", "SLA-QHJY", "区教育局信息化运维协议", "District Education Bureau IT services", "office", []string{"P1"},
		[4]int{hour / 2, hour, 2 * hour, 4 * hour}, [4]int{8 * hour, 12 * hour, 24 * hour, 60 * hour},
		"录播、校园网、学籍与报名、阅卷、班班通、门户与邮件。", "考试与报名期间超时的，每次抵扣 300 元。"},
}

// promises puts calendars and agreements in force before the first record is told.
func (p *play) promises() error {
	for _, part := range []func() error{p.calendars, p.withCustomers, p.beneath} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) calendars() error {
	shift, whole := [][2]string{{"09:00", "12:00"}, {"13:30", "18:00"}}, [][2]string{{"00:00", "24:00"}}
	office, always := map[string]any{}, map[string]any{}
	for i, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
		always[day] = whole
		if i < 5 {
			office[day] = shift
		}
	}
	_, err := p.send("lijing", "PUT", "/calendars/office", map[string]any{"label": label("工作日", "Working days"), "country": "CN",
		"spec": map[string]any{"timezone": "Asia/Shanghai", "weekly": office}})
	if err != nil {
		return err
	}
	_, err = p.send("lijing", "PUT", "/calendars/always", map[string]any{"label": label("7×24", "Around the clock"),
		"spec": map[string]any{"timezone": "Asia/Shanghai", "weekly": always}})
	return err
}

func (p *play) withCustomers() error {
	for _, a := range agreements {
		targets := []any{map[string]any{"name": "update", "seconds": 2 * hour, "after_first_response": true}}
		for i, priority := range []string{"P1", "P2", "P3", "P4"} {
			targets = append(targets,
				map[string]any{"name": "response", "priority": priority, "seconds": a.response[i]},
				map[string]any{"name": "resolution", "priority": priority, "seconds": a.resolution[i], "pausable": true})
		}
		targets = append(targets, // until it is classified
			map[string]any{"name": "response", "seconds": a.response[2]},
			map[string]any{"name": "resolution", "seconds": a.resolution[2], "pausable": true})
		err := p.inForce(map[string]any{"code": a.code, "label": label(a.zh, a.en), "kind": "sla", "customer": p.ids[a.customer], "calendar": a.calendar,
			"applies": map[string]any{"types": []string{"incident"}}, "always_on": fields("priorities", orNone(a.always)), "targets": targets, "pauses_on": []string{"customer"},
			"clauses": map[string]any{"scope": a.scope, "quality": "故障恢复后不再复发，用户签字确认。", "indicators": "响应达标率不低于 98%，解决达标率不低于 95%。",
				"assessment": "每月 5 日前出具上月服务报告，双方核对。", "compensation": a.compensation,
				"disputes": "先由双方服务经理协商，协商不成的提交双方分管领导。", "leftovers": "登记为遗留问题，每周通报进展，直至关闭。", "complaints": "投诉一小时内受理，两个工作日内答复。"}})
		if err != nil {
			return err
		}
	}
	return nil
}

// beneath is what the agreements rest on: one between teams, one with a supplier.
func (p *play) beneath() error {
	err := p.inForce(map[string]any{"code": "OLA-L2", "label": label("二线支持内部约定", "Second-line commitment"), "kind": "ola", "calendar": "office",
		"applies":   map[string]any{"types": []string{"incident"}, "teams": []string{p.ids["t_app"], p.ids["t_net"]}},
		"always_on": map[string]any{"priorities": []string{"P1", "P2"}}, "pauses_on": []string{"customer", "supplier"},
		"targets": []any{map[string]any{"name": "second_line", "label": label("二线处理", "Second line"), "seconds": 6 * hour, "pausable": true, "starts": "assigned"}}})
	if err != nil {
		return err
	}
	return p.inForce(map[string]any{"code": "UC-VENDOR", "label": label("厂商支撑合同", "Vendor support contract"), "kind": "uc", "calendar": "office",
		"supplier": "睿联软件", "applies": map[string]any{"types": []string{"incident"}},
		"targets": []any{map[string]any{"name": "vendor", "label": label("厂商答复", "Vendor's answer"), "seconds": 8 * hour}}})
}

// steps of every agreement: nobody is told at half time, which would be most of the notices.
var steps = []any{
	map[string]any{"target": "*", "percent": 80, "kind": "warning", "to": []string{"handler", "team"}},
	map[string]any{"target": "*", "percent": 100, "kind": "alarm", "to": []string{"handler", "superior(handler)", "incident_manager"}, "wake": true},
	map[string]any{"target": "resolution", "percent": 150, "kind": "escalation", "to": []string{"supervisor", "head"}, "wake": true},
}

func (p *play) inForce(body map[string]any) error {
	body["steps"] = steps
	if body["kind"] != "sla" {
		body["steps"] = steps[:2]
	}
	body["valid_from"] = p.end.Add(-span - 25*24*time.Hour).Format(time.DateOnly)
	id, err := p.make("lijing", "/agreements", "id", body)
	if err != nil {
		return err
	}
	_, err = p.send("lijing", "POST", "/agreements/"+id+"/activate", map[string]any{})
	return err
}

func label(zh, en string) map[string]any { return map[string]any{"zh": zh, "en": en} }

// orNone is nil for an empty list, which fields leaves out.
func orNone(list []string) any {
	if len(list) == 0 {
		return nil
	}
	return list
}
