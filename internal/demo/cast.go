package demo

import (
	"fmt"
	"time"
)

// organisation is a customer that is served.
type organisation struct{ key, name, short, code, class, phone, address string }

var customers = []organisation{
	{"hospital", "清河市第一人民医院", "市一院", "QHYY", "A", "0571-86201100", "清河市人民路 18 号"},
	{"store", "惠民生活超市", "惠民超市", "HMCS", "B", "0571-86204400", "清河市建设路 200 号"},
	{"bank", "云溪农商银行", "云溪农商行", "YXNS", "A", "0571-86207700", "云溪县府前街 1 号"},
	{"school", "清河区教育局", "区教育局", "QHJY", "B", "0571-86209900", "清河区学院路 66 号"},
}

type place struct{ key, org, name, kind string }

var sites = []place{
	{"opd", "hospital", "门诊楼", "院区"}, {"ward", "hospital", "住院楼", "院区"}, {"er", "hospital", "急诊楼", "院区"},
	{"room", "hospital", "信息机房", "机房"}, {"south", "hospital", "南院区", "院区"},
	{"renmin", "store", "人民路店", "门店"}, {"jianshe", "store", "建设路店", "门店"}, {"binjiang", "store", "滨江店", "门店"},
	{"college", "store", "大学城店", "门店"}, {"dc", "store", "配送中心", "仓库"}, {"hq", "store", "总部", "办公"},
	{"dc1", "bank", "总行数据中心", "机房"}, {"hall", "bank", "营业部", "网点"}, {"east", "bank", "城东支行", "网点"},
	{"west", "bank", "城西支行", "网点"}, {"estuary", "bank", "河口支行", "网点"},
	{"bureau", "school", "局机关", "办公"}, {"exp3", "school", "第三实验小学", "学校"}, {"mid1", "school", "第一中学", "学校"},
	{"vocational", "school", "职教中心", "学校"}, {"edc", "school", "区数据中心", "机房"},
}

var services = []place{
	{"his", "hospital", "HIS 收费与挂号", "应用系统"}, {"emr", "hospital", "电子病历", "应用系统"}, {"pacs", "hospital", "PACS 影像", "应用系统"},
	{"lis", "hospital", "LIS 检验", "应用系统"}, {"insurance", "hospital", "医保接口", "应用系统"}, {"hnet", "hospital", "院内网络与机房", "网络设备"},
	{"desktop", "hospital", "桌面终端", "桌面及外围设备"},
	{"pos", "store", "收银系统 POS", "应用系统"}, {"points", "store", "会员积分", "应用系统"}, {"tags", "store", "电子价签", "应用系统"},
	{"stock", "store", "库存与补货", "应用系统"}, {"storenet", "store", "门店网络", "网络设备"}, {"cctv", "store", "监控与门禁", "配套设施"},
	{"core", "bank", "核心业务系统", "应用系统"}, {"counter", "bank", "柜面终端", "桌面及外围设备"}, {"atm", "bank", "自助设备", "配套设施"},
	{"oa", "bank", "办公 OA", "应用系统"}, {"backbone", "bank", "骨干网络与安防", "网络设备"}, {"dcenv", "bank", "机房环境", "配套设施"},
	{"record", "school", "录播系统", "应用系统"}, {"campus", "school", "校园网", "网络设备"}, {"register", "school", "学籍与报名", "应用系统"},
	{"exam", "school", "阅卷系统", "应用系统"}, {"board", "school", "班班通", "桌面及外围设备"}, {"portal", "school", "门户与邮件", "应用系统"},
}

// person of either side; the key is the login. Later people name earlier ones as their superior.
type person struct {
	key, name, org, position, department, superior, phone string
	roles                                                 []string
	site                                                  string
}

func staff(key, name, position, department, superior, phone string, roles ...string) person {
	return person{key: key, name: name, position: position, department: department, superior: superior, phone: phone, roles: roles}
}

func contact(org, key, name, position, site, phone string, roles ...string) person {
	return person{key: key, name: name, org: org, position: position, site: site, phone: phone, roles: roles}
}

var people = []person{
	staff("zhengguoqiang", "郑国强", "总经理", "office", "", "13905710001", "boss"),
	staff("yangfan", "杨帆", "运维部负责人", "operations", "zhengguoqiang", "13905710002", "head"),
	staff("panwei", "潘伟", "维护经理", "operations", "yangfan", "13905710003", "maintenance_manager"),
	staff("lijing", "李静", "服务经理", "delivery", "yangfan", "13905710004", "incident_manager", "service_manager"),
	staff("xiaoran", "萧然", "项目经理", "delivery", "yangfan", "13905710005", "project_manager"),
	staff("chengfang", "程芳", "质量专员", "office", "zhengguoqiang", "13905710006", "qa"),
	staff("liangzhiqiang", "梁志强", "运维主管", "operations", "panwei", "13905710007", "supervisor"),
	staff("hanxue", "韩雪", "技术主管", "technology", "panwei", "13905710008", "supervisor", "process_owner"),
	staff("dongmin", "董敏", "客户经理", "delivery", "lijing", "13905710009", "service_manager"),
	staff("zhouting", "周婷", "服务台组长", "desk", "liangzhiqiang", "13905710010", "desk"),
	staff("wuyue", "吴月", "服务台", "desk", "zhouting", "13905710011", "desk"),
	staff("sunqian", "孙倩", "服务台", "desk", "zhouting", "13905710012", "desk"),
	staff("qianyutong", "钱雨桐", "服务台", "desk", "zhouting", "13905710013", "desk"),
	staff("huangyong", "黄勇", "一线组长", "field", "liangzhiqiang", "13905710014", "l1", "technician"),
	staff("luobin", "罗斌", "现场工程师", "field", "huangyong", "13905710015", "l1", "technician"),
	staff("zhengkai", "郑凯", "现场工程师", "field", "huangyong", "13905710016", "l1", "technician"),
	staff("hezhiyuan", "何志远", "现场工程师", "field", "huangyong", "13905710017", "l1", "technician"),
	staff("songjia", "宋佳", "现场工程师", "field", "huangyong", "13905710018", "l1", "technician"),
	staff("tanglei", "唐磊", "驻点组长", "field", "liangzhiqiang", "13905710019", "l1", "technician"),
	staff("fengxiaodong", "冯晓东", "驻点工程师", "field", "tanglei", "13905710020", "l1", "technician"),
	staff("chenli", "陈立", "应用工程师", "technology", "hanxue", "13905710021", "l2"),
	staff("xufeng", "徐锋", "应用工程师", "technology", "hanxue", "13905710022", "l2"),
	staff("wanghaifeng", "王海峰", "应用工程师", "technology", "hanxue", "13905710023", "l2"),
	staff("xuqing", "许晴", "应用工程师", "technology", "hanxue", "13905710024", "l2"),
	staff("dengchao", "邓超", "网络安全工程师", "technology", "hanxue", "13905710025", "l2"),
	staff("caoyang", "曹阳", "网络工程师", "technology", "hanxue", "13905710026", "l2"),
	staff("pengfei", "彭飞", "网络工程师", "technology", "hanxue", "13905710027", "l2"),
	staff("mahuijuan", "马会娟", "数据库专家", "technology", "hanxue", "13905710028", "l3"),
	staff("jiangwenbo", "蒋文博", "研发工程师", "technology", "hanxue", "13905710029", "l3"),
	staff("xieyu", "谢宇", "研发工程师", "technology", "hanxue", "13905710030", "l3"),

	contact("hospital", "sunliqun", "孙立群", "分管副院长", "", "0571-86201101", "customer_responsible"),
	contact("hospital", "liumin", "刘敏", "信息科主任", "room", "0571-86201118", "customer_responsible"),
	contact("hospital", "gaojie", "高洁", "护士长", "er", "0571-86201120", "customer_user"),
	contact("hospital", "tianyuan", "田园", "收费处组长", "opd", "0571-86201133", "customer_user"),
	contact("hospital", "shilei", "石磊", "放射科医生", "opd", "0571-86201145", "customer_user"),
	contact("store", "guchanghai", "顾长海", "运营总监", "hq", "0571-86204401", "customer_responsible"),
	contact("store", "lintao", "林涛", "信息部经理", "hq", "0571-86204406", "customer_responsible"),
	contact("store", "wuguifang", "吴桂芳", "店长", "renmin", "0571-86204417", "customer_user"),
	contact("store", "huxiaomei", "胡小梅", "店长", "jianshe", "0571-86204426", "customer_user"),
	contact("store", "fangzheng", "方正", "配送中心主管", "dc", "0571-86204435", "customer_user"),
	contact("bank", "yemao", "叶茂", "科技部总经理", "dc1", "0571-86207701", "customer_responsible"),
	contact("bank", "hejia", "何佳", "运行部", "dc1", "0571-86207712", "customer_responsible"),
	contact("bank", "fanxiaohong", "范晓红", "支行主任", "east", "0571-86207723", "customer_user"),
	contact("bank", "shaojun", "邵军", "机房值班", "dc1", "0571-86207734", "customer_user"),
	contact("school", "yinzhigang", "尹志刚", "信息中心主任", "bureau", "0571-86209901", "customer_responsible"),
	contact("school", "duanwenjing", "段文静", "信息中心", "bureau", "0571-86209912", "customer_responsible"),
	contact("school", "jiangtao", "江涛", "信息教师", "exp3", "0571-86209923", "customer_user"),
	contact("school", "heyun", "贺芸", "电教老师", "mid1", "0571-86209934", "customer_user"),
}

type department struct{ key, name, head string }

var departments = []department{
	{"office", "综合部", "zhengguoqiang"}, {"operations", "运维部", "yangfan"}, {"delivery", "交付管理部", "lijing"},
	{"desk", "服务台", "zhouting"}, {"field", "现场服务部", "huangyong"}, {"technology", "技术部", "hanxue"},
}

type team struct {
	key, name, tier, lead, customer string
	members                         []string
}

var teams = []team{
	{"t_desk", "服务台", "desk", "zhouting", "", []string{"zhouting", "wuyue", "sunqian", "qianyutong"}},
	{"t_field", "现场支持组", "L1", "huangyong", "", []string{"huangyong", "luobin", "zhengkai", "hezhiyuan", "songjia"}},
	{"t_store", "惠民驻点组", "L1", "tanglei", "store", []string{"tanglei", "fengxiaodong"}},
	{"t_app", "应用组", "L2", "chenli", "", []string{"chenli", "xufeng", "wanghaifeng", "xuqing"}},
	{"t_net", "网络安全组", "L2", "dengchao", "", []string{"dengchao", "caoyang", "pengfei"}},
	{"t_rd", "数据库与研发组", "L3", "mahuijuan", "", []string{"mahuijuan", "jiangwenbo", "xieyu"}},
}

func teamOf(key string) team {
	for _, t := range teams {
		if t.key == key {
			return t
		}
	}
	panic("demo: no team " + key)
}

func personOf(key string) person {
	for _, p := range people {
		if p.key == key {
			return p
		}
	}
	panic("demo: no person " + key)
}

func customerOf(contact string) string { return personOf(contact).org }

// cast does the first run and brings everybody on stage.
func (p *play) cast() error {
	if err := p.c.SetClock(p.ctx, p.end.Add(-span-24*time.Hour)); err != nil {
		return err
	}
	_, err := p.send("", "POST", "/setup", map[string]any{
		"organisation": map[string]any{"name": "恒远运维", "short_name": "恒远", "code": "HYYW"},
		"person":       map[string]any{"name": "系统管理员"},
		"login":        "admin", "password": Password, "language": "zh",
	})
	if err != nil {
		return err
	}
	if err := p.findProvider(); err != nil {
		return err
	}
	for _, part := range []func() error{p.places, p.everybody, p.groups, p.heads, p.promises} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) findProvider() error {
	answer, err := p.send("admin", "GET", "/organisations?kind=provider", nil)
	if err != nil {
		return err
	}
	items, _ := answer["items"].([]any)
	if len(items) == 0 {
		return fmt.Errorf("the provider is not listed")
	}
	first, _ := items[0].(map[string]any)
	p.ids["provider"], _ = first["id"].(string)
	return nil
}

// add creates an entry as the administrator and keeps its id under its key.
func (p *play) add(path, key string, body map[string]any) error {
	id, err := p.make("admin", path, "id", body)
	if err != nil {
		return err
	}
	if _, twice := p.ids[key]; twice {
		return fmt.Errorf("the key %q is there twice", key)
	}
	p.ids[key] = id
	return nil
}

func (p *play) places() error {
	for _, c := range customers {
		body := map[string]any{"kind": "customer", "name": c.name, "short_name": c.short, "code": c.code, "customer_class": c.class, "phone": c.phone, "address": c.address}
		if err := p.add("/organisations", c.key, body); err != nil {
			return err
		}
	}
	for _, s := range sites {
		if err := p.add("/sites", s.key, map[string]any{"organisation": p.ids[s.org], "name": s.name, "kind": s.kind}); err != nil {
			return err
		}
	}
	for _, s := range services {
		if err := p.add("/services", s.key, map[string]any{"customer": p.ids[s.org], "name": s.name, "kind": s.kind}); err != nil {
			return err
		}
	}
	for _, d := range departments {
		if err := p.add("/departments", "d_"+d.key, map[string]any{"organisation": p.ids["provider"], "name": d.name}); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) everybody() error {
	for _, who := range people {
		body := map[string]any{"organisation": p.ids["provider"], "name": who.name, "position": who.position, "phone": who.phone}
		if who.org != "" {
			body["organisation"] = p.ids[who.org]
		}
		if who.department != "" {
			body["department"] = p.ids["d_"+who.department]
		}
		if who.superior != "" {
			body["superior"] = p.ids[who.superior]
		}
		if who.site != "" {
			body["sites"] = []string{p.ids[who.site]}
		}
		if err := p.add("/people", who.key, body); err != nil {
			return err
		}
		if err := p.account(who); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) account(who person) error {
	_, err := p.send("admin", "POST", "/accounts", map[string]any{
		"person": p.ids[who.key], "login": who.key, "password": Password, "must_change": false,
	})
	if err != nil {
		return err
	}
	for _, role := range who.roles {
		if _, err := p.send("admin", "POST", "/grants", map[string]any{"person": p.ids[who.key], "role": role}); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) groups() error {
	for _, t := range teams {
		members := make([]string, len(t.members))
		for i, m := range t.members {
			members[i] = p.ids[m]
		}
		body := map[string]any{"organisation": p.ids["provider"], "name": t.name, "code": t.key, "tier": t.tier, "lead": p.ids[t.lead], "members": members}
		if t.customer != "" {
			body["customer"], body["resident"], body["manager"] = p.ids[t.customer], true, p.ids["panwei"]
		}
		if err := p.add("/teams", t.key, body); err != nil {
			return err
		}
	}
	return nil
}

// heads names the heads of departments, who did not exist when the departments were made.
func (p *play) heads() error {
	for _, d := range departments {
		if _, err := p.send("admin", "PATCH", "/departments/"+p.ids["d_"+d.key], map[string]any{"head": p.ids[d.head]}); err != nil {
			return err
		}
	}
	return nil
}
