package identity

import (
	"slices"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Sides that a role is for: the provider's people and its suppliers', or a customer's.
const (
	forProvider = "provider"
	forCustomer = "customer"
)

// Administrator is the role that manages accounts.
const Administrator = "admin"

func init() {
	of := func(zh, en string) PermInfo { return PermInfo{Label: text.Label{Zh: zh, En: en}} }
	both := func(zh, en string) PermInfo { return PermInfo{Label: text.Label{Zh: zh, En: en}, Customers: true} }
	RegisterPerms(map[work.Perm]PermInfo{
		Manage:                    of("管理账号与角色", "Manage accounts and roles"),
		Audit:                     of("查看授权与复核", "See grants and access reviews"),
		ReadSecret:                of("查看密文", "Open sealed fields"),
		work.SeesOrg:              both("查看本单位全部记录", "See the whole organisation's records"),
		"record.read":             both("查看记录", "See records"),
		"record.create":           both("新建记录", "Create records"),
		"record.write":            of("修改记录", "Change records"),
		"record.move":             both("流转记录", "Move records on"),
		"record.comment":          both("写公开评论", "Write public comments"),
		"record.comment_internal": of("写内部备注", "Write internal notes"),
		"record.assign":           of("派单", "Assign records"),
		"record.bulk":             of("批量处理", "Change many records at once"),
		"record.export":           both("导出记录", "Export records"),
		"definition.read":         of("查看流程定义", "See definitions"),
		"definition.manage":       of("发布流程定义", "Publish definitions"),
		"audit.read":              of("查看审计记录", "Read the audit trail"),
		"search.use":              both("搜索", "Search"),
		"notify.read":             both("接收通知", "Receive notifications"),
		"notify.manage":           of("管理通知通道与模板", "Manage notification channels and templates"),
		"calc.use":                both("使用时限计算", "Use the deadline calculator"),
		"view.share":              of("共享视图", "Share views"),
		"sla.read":                of("查看服务级别协议与日历", "See agreements and calendars"),
		"sla.manage":              of("管理服务级别协议与日历", "Manage agreements and calendars"),
		"roster.read":             of("查看值班表", "See duty rosters"),
		"roster.manage":           of("编排值班表", "Arrange duty rosters"),
		"alert.read":              of("查看告警", "See alerts"),
		"alert.handle":            of("上报与处理告警", "Report and handle alerts"),
		"alert.manage":            of("管理告警来源与规则", "Manage alert sources and rules"),
		"system.metrics":          of("查看系统指标", "Read system metrics"),
		"system.jobs":             of("管理后台任务", "Manage background jobs"),
	})
	mine := map[work.Perm]PermInfo{}
	for perm, label := range party.Permissions() {
		mine[perm] = PermInfo{Label: label, Customers: slices.Contains([]work.Perm{party.Read, party.Write, party.SeeContact}, perm)}
	}
	RegisterPerms(mine)
}

// Sets of permissions that the built-in roles are put together from.
var (
	reader = []work.Perm{"record.read", "search.use", "notify.read", "calc.use", "definition.read", party.Read, "roster.read", "sla.read", "alert.read"}
	worker = join(reader, []work.Perm{
		"record.create", "record.write", "record.move", "record.comment", "record.comment_internal", party.SeeContact, ReadSecret, "alert.handle",
	})
	leader = join(worker, []work.Perm{
		"record.assign", "record.bulk", "record.export", "view.share", "audit.read", party.Write, party.UseCalls,
	})
	arranger = []work.Perm{"roster.manage", "sla.manage", "alert.manage"}
	customer = []work.Perm{
		"record.read", "record.create", "record.move", "record.comment", "search.use", "notify.read", party.Read,
	}
)

// builtin are the roles that are there from the start. Administrators can edit them; what they never edited follows
// new releases.
var builtin = []Role{
	role(Administrator, "系统管理员", "Administrator", []work.Perm{
		Manage, Audit, party.Read, party.Write, party.Leave, "record.read", "search.use", "notify.read", "calc.use",
		"definition.read", "definition.manage", "audit.read", "view.share", "system.metrics", "system.jobs", "notify.manage",
		"roster.read", "roster.manage", "sla.read", "sla.manage", "alert.read", "alert.handle", "alert.manage",
	}),
	role("desk", "服务台", "Service desk", worker, []work.Perm{
		"record.assign", "record.bulk", "record.export", "view.share", party.Write, party.UseCalls,
	}),
	role("l1", "一线支持", "First-line support", worker),
	role("l2", "二线支持", "Second-line support", worker),
	role("l3", "三线支持", "Third-line support", worker),
	role("incident_manager", "事件经理", "Incident manager", leader),
	role("supervisor", "运维主管", "Maintenance supervisor", leader, arranger),
	role("maintenance_manager", "维护经理", "Maintenance manager", leader, arranger),
	role("head", "部门主管", "Department head", leader, arranger, []work.Perm{party.Leave}),
	role("service_manager", "服务经理", "Service manager", leader, []work.Perm{"sla.manage"}),
	role("project_manager", "项目经理", "Project manager", leader),
	role("qa", "质量审计", "Quality assurance", reader, []work.Perm{"record.export", "audit.read", Audit}),
	role("technician", "运维工程师", "Engineer", worker),
	role("boss", "公司领导", "Company management", reader, []work.Perm{
		"record.move", "record.comment", "record.comment_internal", "record.export", "audit.read", "view.share",
	}),
	role("process_owner", "流程负责人", "Process owner", worker, []work.Perm{"record.export", "audit.read", "view.share"}),
	customerRole("customer_user", "用户", "User", customer),
	customerRole("customer_responsible", "用户负责人", "User's responsible person", customer, []work.Perm{
		work.SeesOrg, party.SeeContact, "record.export",
	}),
}

func role(code, zh, en string, sets ...[]work.Perm) Role {
	return Role{Code: code, Label: text.Label{Zh: zh, En: en}, Side: forProvider, Perms: join(sets...), Builtin: true}
}

func customerRole(code, zh, en string, sets ...[]work.Perm) Role {
	r := role(code, zh, en, sets...)
	r.Side = forCustomer
	return r
}

// join puts sets together, sorted and without doubles; never nil, so that JSON says [].
func join(sets ...[]work.Perm) []work.Perm {
	all := append([]work.Perm{}, slices.Concat(sets...)...)
	slices.Sort(all)
	return slices.Compact(all)
}
