package alert

import (
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

func init() {
	text.Register(map[string]text.Label{
		"alert.token":     {Zh: "没有找到。", En: "Not found."},
		"alert.encoding":  {Zh: "内容不是 UTF-8，或含有空字符。", En: "The payload is not UTF-8, or has NUL characters."},
		"alert.deep":      {Zh: "内容嵌套太深，最多 {max} 层。", En: "The payload is nested too deeply; at most {max} levels."},
		"alert.json":      {Zh: "内容不是 JSON：第 {line} 行第 {column} 列。", En: "The payload is not JSON: line {line}, column {column}."},
		"alert.shape":     {Zh: "{label}的类型不对，应为{wanted}。", En: "{label} has the wrong type; {wanted} is expected."},
		"alert.empty":     {Zh: "内容里没有告警。", En: "There is no alert in the payload."},
		"alert.many":      {Zh: "一次最多 {max} 条告警。", En: "At most {max} alerts at a time."},
		"alert.labels":    {Zh: "一条告警最多 {max} 个标签。", En: "An alert has at most {max} labels."},
		"alert.long":      {Zh: "{label}太长，最多 {max} 个字。", En: "{label} is too long; at most {max} characters."},
		"alert.nameless":  {Zh: "告警既没有对象也没有指标。", En: "The alert names neither an object nor a metric."},
		"alert.instant":   {Zh: "{label}不是时间。", En: "{label} is not a time."},
		"alert.status":    {Zh: "{label}应为 firing 或 resolved。", En: "{label} must be firing or resolved."},
		"alert.none_good": {Zh: "没有一条告警可用：{reason}", En: "None of the alerts can be used: {reason}"},
		"alert.mapping":   {Zh: "按映射取不到{label}：{reason}", En: "The mapping cannot read {label}: {reason}"},

		"alert.cel":          {Zh: "{label}的表达式不对：{reason}", En: "The expression of {label} is wrong: {reason}"},
		"alert.path":         {Zh: "{label}应为路径（a.b[0]）或以 = 开头的表达式。", En: "{label} must be a path (a.b[0]) or an expression after =."},
		"alert.metric":       {Zh: "没有配置这个指标：{metric}。已有：{known}。", En: "This metric is not configured: {metric}. There are: {known}."},
		"alert.window":       {Zh: "结束时间应晚于开始时间。", En: "The end must be after the start."},
		"alert.window_match": {Zh: "请写明哪些告警；全部请填 true。", En: "Say which alerts; enter true for all."},
		"alert.built_in":     {Zh: "内置来源不能改。", En: "A built-in source cannot be changed."},
		"alert.order":        {Zh: "请把每条规则恰好列一次。", En: "Name every rule exactly once."},
		"alert.state":        {Zh: "告警已是“{state}”，不能再{step}。", En: "The alert is {state}; it cannot be {step} any more."},
		"alert.cut":          {Zh: "这份内容太大，只留了开头，不能重试。", En: "Of this payload only the beginning was kept; it cannot be tried again."},

		"alert.state.new":          {Zh: "新告警", En: "new"},
		"alert.state.acknowledged": {Zh: "已确认", En: "acknowledged"},
		"alert.state.handling":     {Zh: "处理中", En: "being handled"},
		"alert.state.resolved":     {Zh: "已恢复", En: "resolved"},
		"alert.state.false":        {Zh: "误报", En: "false"},
		"alert.step.acknowledge":   {Zh: "确认", En: "acknowledged"},
		"alert.step.handle":        {Zh: "处理", En: "handled"},
		"alert.step.resolve":       {Zh: "恢复", En: "resolved"},
		"alert.step.false":         {Zh: "判为误报", En: "judged false"},
		"alert.severity.critical":  {Zh: "严重", En: "Critical"},
		"alert.severity.high":      {Zh: "重要", En: "High"},
		"alert.severity.warning":   {Zh: "警告", En: "Warning"},
		"alert.severity.info":      {Zh: "提示", En: "Information"},

		"alert.why.rule":       {Zh: "命中规则“{rule}”", En: "Rule “{rule}” applies"},
		"alert.why.no_rule":    {Zh: "没有规则命中，只收下", En: "No rule applies; the alert is only kept"},
		"alert.why.disabled":   {Zh: "已停用", En: "Disabled"},
		"alert.why.source":     {Zh: "不是这个来源的规则", En: "Not for this source"},
		"alert.why.match":      {Zh: "条件不成立", En: "The condition does not hold"},
		"alert.why.error":      {Zh: "条件算不出来：{reason}", En: "The condition cannot be worked out: {reason}"},
		"alert.why.not_asked":  {Zh: "前面的规则已命中", En: "A rule before it applies"},
		"alert.why.window":     {Zh: "维护窗口“{window}”内，只收下", En: "Kept only: within the maintenance window “{window}”"},
		"alert.why.threshold":  {Zh: "{within} 秒内满 {count} 次才算", En: "Counts from {count} times in {within} seconds on"},
		"alert.why.drop":       {Zh: "规则要求丢弃", En: "The rule drops it"},
		"alert.why.heartbeat":  {Zh: "心跳，不算告警", En: "A heartbeat, no alert"},
		"alert.why.nothing":    {Zh: "没有未恢复的同一告警", En: "There is no open alert to resolve"},
		"alert.why.flapping":   {Zh: "反复告警，平静后才算恢复", En: "Flapping; it counts as resolved once calm"},
		"alert.why.others":     {Zh: "同组还有告警未恢复", En: "Others of its group still fire"},
		"alert.why.repeat":     {Zh: "重复", En: "A repeat"},
		"alert.why.reopened":   {Zh: "恢复后又告警", En: "It fired again after it had recovered"},
		"alert.why.old_record": {Zh: "并入未结束的记录", En: "Merged into the record that is still open"},

		"alert.silence":      {Zh: "{object} 已 {seconds} 秒没有心跳", En: "{object} has been silent for {seconds} seconds"},
		"alert.note.again":   {Zh: "告警重复：{title}，共 {count} 次，最近一次 {last}，当前值 {value}", En: "The alert came again: {title}, {count} times, last at {last}, value now {value}"},
		"alert.note.over":    {Zh: "告警已恢复：{title}，{at}。记录仍由处理人确认解决。", En: "The alert has recovered: {title}, {at}. Its record stays open until it is solved."},
		"alert.note.joined":  {Zh: "又有告警并入：{title}", En: "Another alert was merged: {title}"},
		"alert.notice":       {Zh: "告警 {severity} · {title}", En: "Alert {severity} · {title}"},
		"alert.notice.late":  {Zh: "告警超时未确认 · {title}", En: "Alert not acknowledged in time · {title}"},
		"alert.notice.stuck": {Zh: "告警没能开单 · {title}：{reason}", En: "No record could be opened for an alert · {title}: {reason}"},
		"alert.text.object":  {Zh: "对象", En: "Object"},
		"alert.text.metric":  {Zh: "指标", En: "Metric"},
		"alert.text.value":   {Zh: "数值 {value}，阈值 {threshold}", En: "Value {value}, threshold {threshold}"},
		"alert.text.source":  {Zh: "来源", En: "Source"},
		"alert.text.since":   {Zh: "开始时间", En: "Since"},

		"alert.label.name":        {Zh: "名称", En: "the name"},
		"alert.label.type":        {Zh: "记录类型", En: "the record type"},
		"alert.label.source":      {Zh: "来源", En: "the source"},
		"alert.label.customer":    {Zh: "客户", En: "the customer"},
		"alert.label.service":     {Zh: "服务", En: "the service"},
		"alert.label.site":        {Zh: "地点", En: "the site"},
		"alert.label.team":        {Zh: "小组", En: "the team"},
		"alert.label.code":        {Zh: "编码", En: "the code"},
		"alert.label.zh":          {Zh: "中文名称", En: "the Chinese name"},
		"alert.label.en":          {Zh: "英文名称", En: "the English name"},
		"alert.label.object":      {Zh: "对象", En: "the object"},
		"alert.label.metric":      {Zh: "指标", En: "the metric"},
		"alert.label.title":       {Zh: "标题", En: "the title"},
		"alert.label.description": {Zh: "说明", En: "the description"},
		"alert.label.fingerprint": {Zh: "指纹", En: "the fingerprint"},
		"alert.label.group":       {Zh: "分组键", En: "the group key"},
		"alert.label.severity":    {Zh: "级别", En: "the severity"},
		"alert.label.label":       {Zh: "标签", En: "a label"},
	})
}

// named is a part of an alert as a message names it.
func named(part string) text.Label {
	key := "alert.label." + part
	if !text.Known(key) {
		return text.Label{Zh: part, En: part}
	}
	return text.Label{Zh: text.Say(text.Zh, key, nil), En: text.Say(text.En, key, nil)}
}

// both is a message in both languages, for what is stored and read later by somebody else.
func both(key string, params text.Params) text.Label {
	return text.Label{Zh: text.Say(text.Zh, key, params), En: text.Say(text.En, key, params)}
}

// unreadable is a payload that cannot be read at all.
func unreadable(code string, params text.Params) *fault.Error {
	return fault.New(fault.Malformed, code, params)
}

var forms = map[string]text.Label{
	"object": {Zh: "对象", En: "an object"}, "list": {Zh: "列表", En: "a list"}, "text": {Zh: "文字", En: "text"}, "number": {Zh: "数字", En: "a number"},
}
