package definition

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/steward-ops/steward/internal/kernel/text"
)

// Actor names who may do something, by their relation to the record: "handler", "team(L1)", "superior(handler)",
// "customer(contact)", "field(recipient)", a role such as "desk", or "not(requester, handler)".
type Actor struct {
	Name string
	Args []string
}

var actorForm = regexp.MustCompile(`^([a-z][a-z0-9_]*)(?:\(([A-Za-z0-9_, ]+)\))?$`)

// ParseActor reads one actor expression.
func ParseActor(s string) (Actor, error) {
	m := actorForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return Actor{}, fmt.Errorf("%q is not an actor", s)
	}
	a := Actor{Name: m[1]}
	if m[2] != "" {
		for arg := range strings.SplitSeq(m[2], ",") {
			a.Args = append(a.Args, strings.TrimSpace(arg))
		}
	}
	return a, nil
}

// Arg is the first argument, or "".
func (a Actor) Arg() string {
	if len(a.Args) == 0 {
		return ""
	}
	return a.Args[0]
}

// relations are the actor expressions that are not roles, with how many arguments they take (min, max).
var relations = map[string][2]int{
	"handler": {0, 0}, "requester": {0, 0}, "creator": {0, 0}, "watcher": {0, 0}, "staff": {0, 0}, "system": {0, 0},
	"team": {0, 1}, "tier": {1, 1}, "superior": {1, 1}, "customer": {0, 1}, "field": {1, 1}, "not": {1, 9}, "parent": {1, 1},
}

var relationLabels = map[string]text.Label{
	"handler":   {Zh: "处理人", En: "the handler"},
	"requester": {Zh: "申报人", En: "the requester"},
	"creator":   {Zh: "登记人", En: "whoever registered it"},
	"watcher":   {Zh: "关注人", En: "a watcher"},
	"staff":     {Zh: "供方人员", En: "the provider's staff"},
	"system":    {Zh: "系统", En: "the system"},
	"team":      {Zh: "处理组成员", En: "a member of the team"},
	"customer":  {Zh: "客户", En: "the customer"},
}

// ActorLabel says who an expression means, e.g. for "须由服务台操作". Roles are named by the caller.
func ActorLabel(a Actor, roles map[string]text.Label) text.Label {
	if label, ok := relationLabels[a.Name]; ok {
		if a.Name == "team" && a.Arg() != "" {
			return text.Label{Zh: tierNames[a.Arg()].Zh + "处理组成员", En: "a member of the " + tierNames[a.Arg()].En + " team"}
		}
		return label
	}
	switch a.Name {
	case "tier":
		return text.Label{Zh: tierNames[a.Arg()].Zh + "人员", En: tierNames[a.Arg()].En + " staff"}
	case "superior":
		return text.Label{Zh: "上级主管", En: "the superior"}
	case "field":
		return text.Label{Zh: "指定的人", En: "the person named"}
	}
	if label, ok := roles[a.Name]; ok {
		return label
	}
	return text.Label{Zh: a.Name, En: a.Name}
}

var tierNames = map[string]text.Label{
	"desk": {Zh: "服务台", En: "service desk"}, "L1": {Zh: "一线", En: "first-line"}, "L2": {Zh: "二线", En: "second-line"},
	"L3": {Zh: "三线", En: "third-line"}, "vendor": {Zh: "供应商", En: "vendor"},
}

// TierLabel names a support tier (ORG-05).
func TierLabel(tier string) text.Label { return tierNames[tier] }
