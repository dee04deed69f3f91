package audit

import "github.com/steward-ops/steward/internal/kernel/text"

func init() {
	text.Register(map[string]text.Label{
		"audit.progress": {Zh: "已核对 {events} 条……", En: "{events} events checked…"},
		"audit.sum": {
			Zh: "共 {events} 条记录，{streams} 个对象，{seals} 个封印；已封存 {sealed} 条，未封存 {unsealed} 条。",
			En: "{events} events of {streams} things, {seals} seals; {sealed} sealed, {unsealed} not yet sealed."},
		"audit.intact":        {Zh: "全部完整。最后的封印：第 {seal} 号，{hash}", En: "All intact. Last seal: no. {seal}, {hash}"},
		"audit.broken":        {Zh: "有 {broken} 处与原来不符，第一处：", En: "{broken} are not as they were. The first:"},
		"audit.event_changed": {Zh: "记录 {event}（{number}，对象 {stream} 的第 {seq} 条）内容被改动。", En: "Event {event} ({number}, no. {seq} of {stream}) was changed."},
		"audit.event_order":   {Zh: "记录 {event}（{number}，对象 {stream} 的第 {seq} 条）与前一条接不上：有记录被换过顺序或替换。", En: "Event {event} ({number}, no. {seq} of {stream}) does not follow the one before it: events were reordered or replaced."},
		"audit.event_gap":     {Zh: "对象 {stream}（{number}）在第 {seq} 条之前缺记录。", En: "{stream} ({number}) lacks events before no. {seq}."},
		"audit.event_orphan":  {Zh: "记录 {event} 属于第 {seal} 号封印，但这个封印不存在。", En: "Event {event} belongs to seal no. {seal}, which does not exist."},
		"audit.seal_changed":  {Zh: "第 {seal} 号封印被改动。", En: "Seal no. {seal} was changed."},
		"audit.seal_order":    {Zh: "第 {seal} 号封印与前一个接不上。", En: "Seal no. {seal} does not follow the one before it."},
		"audit.seal_gap":      {Zh: "第 {seal} 号封印之前缺封印。", En: "Seals before no. {seal} are missing."},
		"audit.seal_events":   {Zh: "第 {seal} 号封印下的记录有增删或改动。", En: "Events under seal no. {seal} were added, removed or changed."},
		"audit.anchor":        {Zh: "第 {seal} 号封印与另存的校验值不符。", En: "Seal no. {seal} is not the one whose hash was kept elsewhere."},

		"audit.column.at":       {Zh: "时间", En: "Time"},
		"audit.column.kind":     {Zh: "事项", En: "What"},
		"audit.column.subject":  {Zh: "对象类型", En: "Type"},
		"audit.column.number":   {Zh: "编号", En: "Number"},
		"audit.column.customer": {Zh: "客户", En: "Customer"},
		"audit.column.actor":    {Zh: "操作人", En: "Who"},
		"audit.column.actor_id": {Zh: "操作人标识", En: "Who (id)"},
		"audit.column.via":      {Zh: "途径", En: "Via"},
		"audit.column.public":   {Zh: "客户可见", En: "Customer sees it"},
		"audit.column.data":     {Zh: "内容", En: "Details"},
		"audit.column.stream":   {Zh: "对象标识", En: "Thing (id)"},
		"audit.column.seq":      {Zh: "序号", En: "Place"},
		"audit.column.seal":     {Zh: "封印", En: "Seal"},
		"audit.column.hash":     {Zh: "校验值", En: "Hash"},
	})
}
