package notify

import (
	"cmp"
	"slices"
	"sync"

	"github.com/steward-ops/steward/internal/kernel/text"
)

// Level says how much a notice may disturb.
type Level string

// The levels. Only urgent ones pass quiet hours, do not wait for service hours, and are never gathered into a digest.
const (
	Info   Level = "info"
	Normal Level = "normal"
	Urgent Level = "urgent" // may wake people (ESC-14)
)

// Levels in ascending order.
var Levels = []Level{Info, Normal, Urgent}

var levelLabels = map[Level]text.Label{
	Info:   {Zh: "知会", En: "For information"},
	Normal: {Zh: "一般", En: "Normal"},
	Urgent: {Zh: "紧急", En: "Urgent"},
}

// Kind is one sort of event that people are told of. Level is that of a notice which names none itself.
type Kind struct {
	Name  string
	Level Level
	Label text.Label
}

// Kinds that this package sends itself, or that stand for all others.
const (
	AnyKind    = "default" // the template of every kind without its own
	DigestKind = "digest"
	TestKind   = "test"
)

var (
	kindsMu sync.RWMutex
	kinds   = map[string]Kind{}
)

// RegisterKind makes a kind known, so that administrators can give it templates of its own; packages call it from init.
func RegisterKind(list ...Kind) {
	kindsMu.Lock()
	defer kindsMu.Unlock()
	for _, k := range list {
		if _, twice := kinds[k.Name]; twice || !k.Label.Complete() || !slices.Contains(Levels, k.Level) {
			panic("notify: kind registered twice or incompletely: " + k.Name)
		}
		kinds[k.Name] = k
	}
}

func kindOf(name string) (Kind, bool) {
	kindsMu.RLock()
	defer kindsMu.RUnlock()
	k, ok := kinds[name]
	return k, ok
}

// allKinds by name.
func allKinds() []Kind {
	kindsMu.RLock()
	defer kindsMu.RUnlock()
	list := make([]Kind, 0, len(kinds))
	for _, k := range kinds {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b Kind) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// levelOf is the notice's own level, else its kind's.
func levelOf(n Notice) Level {
	if n.Level != "" {
		return n.Level
	}
	if k, ok := kindOf(n.Kind); ok {
		return k.Level
	}
	return Normal
}

func init() {
	of := func(name string, level Level, zh, en string) Kind {
		return Kind{Name: name, Level: level, Label: text.Label{Zh: zh, En: en}}
	}
	RegisterKind(
		of(AnyKind, Normal, "其他通知", "Any other notice"),
		of(DigestKind, Normal, "汇总", "Digest"),
		of(TestKind, Normal, "测试", "Test"),
		of("assigned", Normal, "派单", "Assigned"),
		of("told", Normal, "流程通知", "Told by a process"),
		of("urged", Normal, "催办", "Urged"),
		of("answered", Normal, "有新回复", "Answered"),
		of("approval", Normal, "待审批", "Approval wanted"),
		of("timer", Normal, "到时提醒", "Reminder"),
		of("security", Normal, "账号安全", "Account security"),
	)
}
