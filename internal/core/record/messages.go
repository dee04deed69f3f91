package record

import "github.com/steward-ops/steward/internal/kernel/text"

func init() {
	text.Register(map[string]text.Label{
		"record.linked": {Zh: "这两条记录已经这样关联了。", En: "These two records are already linked this way."},
		"record.once":   {Zh: "这个幂等键已用于另一个请求，换一个新的。", En: "This idempotency key was used for another request; take a new one."},
	})
}
