package alert

import (
	"strings"
	"testing"
	"time"
)

func ruled(t *testing.T, body RuleBody) *compiled {
	t.Helper()
	body.Enabled = true
	if body.Dedup == "" {
		body.Dedup = "fingerprint"
	}
	c, faults := compileRuleBody(Rule{ID: body.Name, RuleBody: body})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return c
}

func cpu() *scene {
	return &scene{signal: &Signal{Object: "web-01", Metric: "cpu", Value: ptr(96), Threshold: ptr(90), Severity: Warning, Fingerprint: "f", Group: "g", Labels: map[string]string{"env": "prod"}},
		source: &Source{ID: "s1", Name: "生产", Kind: Generic}, object: &Object{Customer: "c1", Team: "t1"}, now: noon}
}

func TestRuleConditions(t *testing.T) {
	for expr, want := range map[string]bool{
		"": true, "alert.exceeds": true, "alert.value > 95.0 && alert.metric == 'cpu'": true, "alert.labels['env'] == 'prod'": true, "alert.labels['no'] == ''": false,
		"alert.labels.get('no') == ''": true, "alert.labels.get('env') == 'prod'": true, "object.known && object.customer == 'c1'": true, "source.name == '生产'": true, "alert.severity in ['critical']": false,
		"now.getHours('Asia/Shanghai') == 12": true, "alert.object.matches('^web-[0-9]+$')": true, "alert.status == 'firing'": true,
	} {
		c := ruled(t, RuleBody{Name: "r", Match: expr, Action: actIncident})
		if key, params := c.refusal(cpu()); (key == "") != want {
			t.Errorf("%s: %s %v, want %v", expr, key, params, want)
		}
	}
}

func TestRuleFaults(t *testing.T) {
	_, faults := compileRuleBody(Rule{RuleBody: RuleBody{Match: "alert.value > 'a'", Dedup: "expression", Count: 3, FlapTimes: 2, Set: RuleSet{Title: "5", Impact: "alert.nothing"}}})
	var names []string
	for _, f := range faults {
		names = append(names, f.Name)
	}
	for _, want := range []string{"match", "dedup_by", "within", "flap_within", "set.title", "set.impact"} {
		if !strings.Contains(strings.Join(names, " "), want) {
			t.Errorf("%s is not found wrong: %v", want, names)
		}
	}
}

// TestRuleCost: an expression that would run for long is cut off, and then does not apply.
func TestRuleCost(t *testing.T) {
	long := "[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5,6,7,8,9,10].all(c, [1,2,3,4,5,6,7,8,9,10].all(d, [1,2,3,4,5,6,7,8,9,10].all(e, a+b+c+d+e > 0)))))"
	c := ruled(t, RuleBody{Name: "r", Match: long, Action: actIncident})
	if key, _ := c.refusal(cpu()); key != "alert.why.error" {
		t.Errorf("%q", key)
	}
}

func TestFirstRuleWins(t *testing.T) {
	set := &setup{rules: []*compiled{ruled(t, RuleBody{Name: "no", Match: "false", Action: actDrop}), ruled(t, RuleBody{Name: "other", Sources: []string{"s2"}, Action: actDrop}),
		ruled(t, RuleBody{Name: "first", Match: "alert.exceeds", Action: actIncident, Set: RuleSet{Severity: "'critical'", Title: "alert.object + ' 忙'"}}), ruled(t, RuleBody{Name: "last", Action: actDrop})}}
	v := set.judge(cpu())
	if v.rule == nil || v.rule.ID != "first" || v.severity != Critical || v.told["title"] != "web-01 忙" {
		t.Errorf("%+v", v)
	}
}

func TestDedupKeys(t *testing.T) {
	key := func(body RuleBody, sc *scene) string {
		k, _ := dedupKey(body.Dedup, ruled(t, body).dedupBy, ruled(t, body), sc)
		return k
	}
	other, elsewhere := cpu(), cpu()
	other.signal.Fingerprint, elsewhere.source = "g", &Source{ID: "s2"}
	for _, tt := range []struct {
		body             RuleBody
		merged, anywhere bool // another fingerprint, another source
	}{
		{RuleBody{Name: "a", Dedup: "fingerprint"}, false, false},
		{RuleBody{Name: "b", Dedup: "group"}, true, false},
		{RuleBody{Name: "c", Dedup: "object"}, true, true},
		{RuleBody{Name: "d", Dedup: "rule"}, true, true},
		{RuleBody{Name: "e", Dedup: "expression", DedupBy: "alert.labels['env']"}, true, true},
		{RuleBody{Name: "f", Dedup: "expression", DedupBy: "alert.labels['no']"}, false, false},
	} {
		if got := key(tt.body, cpu()) == key(tt.body, other); got != tt.merged {
			t.Errorf("%s: another fingerprint is merged: %v", tt.body.Dedup, got)
		}
		if got := key(tt.body, cpu()) == key(tt.body, elsewhere); got != tt.anywhere {
			t.Errorf("%s: another source is merged: %v", tt.body.Dedup, got)
		}
	}
}

func TestWindow(t *testing.T) {
	match, err := compileCondition("alert.object == 'web-01'")
	if err != nil {
		t.Fatal(err)
	}
	set := &setup{windows: []*compiledWindow{{Window: Window{From: noon, To: noon.Add(time.Hour)}, match: match}}}
	for offset, want := range map[time.Duration]bool{-time.Millisecond: false, 0: true, time.Hour - time.Millisecond: true, time.Hour: false} {
		sc := cpu()
		sc.now = noon.Add(offset)
		if got := set.window(sc) != nil; got != want {
			t.Errorf("%v: %v, want %v", offset, got, want)
		}
	}
}

func TestExceeds(t *testing.T) {
	for _, tt := range []struct {
		value, threshold *float64
		below, want      bool
	}{{ptr(96), ptr(90), false, true}, {ptr(90), ptr(90), false, false}, {ptr(90), ptr(90), true, false}, {ptr(80), ptr(99), true, true}, {ptr(80), nil, false, false}, {nil, ptr(9), false, false}} {
		if got := (&Signal{Value: tt.value, Threshold: tt.threshold}).exceeds(tt.below); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

func TestWithin(t *testing.T) {
	now := time.UnixMilli(100_000)
	if got := within([]int64{39_999, 40_000, 40_001, 99_999}, now, 60); len(got) != 2 || got[0] != 40_001 {
		t.Error(got)
	}
}
