package practice_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/steward-ops/steward/internal/engine/definition"
)

// sound is a whole small definition; each case below breaks it in one place.
const sound = `type: note
plural: notes
label: {zh: 便签, en: Note}
number: NOTE-{yyyy}-{seq:4}
standard: [title]
fields:
  body: {type: text, label: {zh: 内容, en: Body}}
create:
  by: [staff]
  require: [title]
workflows:
  standard:
    label: {zh: 便签, en: Note}
    initial: open
    states:
      open: {kind: active, label: {zh: 打开, en: Open}}
      shut: {kind: done, label: {zh: 关闭, en: Shut}}
    transitions:
      shut:
        label: {zh: 关闭便签, en: Shut the note}
        from: open
        to: shut
        by: [desk]
        guards:
          - {id: has_body, holds: "filled(rec.body)", label: {zh: 先写内容, en: Write the body first}}
        effects:
          - notify: {to: [handler], label: {zh: 已关闭, en: Shut}}
timers:
  nag:
    label: {zh: 提醒, en: Reminder}
    due: "rec.created_at + duration('1h')"
`

func TestSoundDefinitionLoads(t *testing.T) {
	if _, err := definition.Load("note.yaml", []byte(sound), vocabulary()); err != nil {
		t.Fatal(err)
	}
}

// A definition that is wrong is refused with file, line and reason; it never loads half.
func TestHostileDefinitions(t *testing.T) {
	cases := []struct {
		name     string
		old, new string // replaced once in the sound definition; an empty old replaces all of it
		line     int
		reason   string
	}{
		{"unknown key", "plural: notes", "plural: notes\ncolour: red", 3, `unknown key "colour"`},
		{"unknown key in a transition", "        to: shut\n", "        to: shut\n        color: red\n", 23, `unknown key "color"`},
		{"unknown key in a field", "{type: text, label", "{type: text, colour: red, label", 7, `unknown key "colour"`},
		{"unknown key in a state", "{kind: active, label", "{kind: active, colour: red, label", 16, `unknown key "colour"`},
		{"unknown key in a guard", "{id: has_body, holds", "{id: has_body, colour: red, holds", 25, `unknown key "colour"`},
		{"unknown language in a label", "label: {zh: 打开, en: Open}", "label: {zh: 打开, en: Open, fr: Ouvert}", 16, "fr"},
		{"key given twice", "plural: notes", "plural: notes\nplural: more", 3, `"plural" is given twice`},
		{"state given twice", "      shut: {kind", "      open: {kind: done, label: {zh: 开, en: O}}\n      shut: {kind", 17, `"open" is given twice`},
		{"field given twice", "create:", "  body: {type: text, label: {zh: 内容, en: Body}}\ncreate:", 8, `"body" is declared twice`},
		{"unknown role", "by: [desk]", "by: [janitor]", 19, `no role or relation "janitor"`},
		{"role with an argument", "by: [desk]", "by: [desk(L1)]", 19, `the role "desk" takes no argument`},
		{"no actor at all", "by: [desk]", "by: [Desk!]", 19, `"Desk!" is not an actor`},
		{"unknown tier", "by: [desk]", "by: [team(L9)]", 19, `no tier "L9"`},
		{"actor of an unknown field", "by: [desk]", "by: [field(owner)]", 19, `no field "owner"`},
		{"transition without by", "        by: [desk]\n", "", 19, "transition shut: by: say who may take it"},
		{"create without by", "  by: [staff]\n", "", 1, "create: by"},
		{"unknown guard", `- {id: has_body, holds: "filled(rec.body)", label: {zh: 先写内容, en: Write the body first}}`, "- moon_is_full", 25, `no guard "moon_is_full"`},
		{"unknown effect", "- notify:", "- explode:", 27, `no effect "explode"`},
		{"effect without its arguments", "- notify: {to: [handler], label: {zh: 已关闭, en: Shut}}", "- notify: {to: [handler]}", 27, "effect notify: label"},
		{"effect on an unknown field", "- notify: {to: [handler], label: {zh: 已关闭, en: Shut}}", "- tell_customer: {field: nose}", 27, `no field "nose"`},
		{"effect that moves nothing", "- notify: {to: [handler], label: {zh: 已关闭, en: Shut}}", "- move: {record: self}", 27, "transition: say which"},
		{"effect with two names", "- notify: {", "- assign: {to: actor}\n            notify: {", 27, "an effect is a name"},
		{"unreachable state", "      shut: {kind", "      lost: {kind: done, label: {zh: 迷路, en: Lost}}\n      shut: {kind", 17, `nothing leads to state "lost"`},
		{"open state without a way out", "to: shut\n", "to: stuck\n", 19, `no state "stuck"`},
		{"dead end", "      shut: {kind: done,", "      shut: {kind: active,", 17, `nothing leaves the open state "shut"`},
		{"no such initial state", "initial: open", "initial: begin", 12, `no state "begin"`},
		{"unknown kind", "kind: active", "kind: sleepy", 16, "kind: new, active, waiting, done or cancelled"},
		{"waiting on nobody", "kind: active", "kind: waiting", 16, "on: customer, supplier or internal"},
		{"unknown stage", "{kind: active,", "{kind: active, stage: second,", 16, `no stage "second"`},
		{"unknown milestone", "        to: shut\n", "        to: shut\n        milestone: tired\n", 19, `no milestone "tired"`},
		{"missing English label", "{zh: 关闭便签, en: Shut the note}", "{zh: 关闭便签}", 19, "transition shut: the English label is missing"},
		{"missing Chinese label", "label: {zh: 便签, en: Note}\nnumber", "label: {en: Note}\nnumber", 1, "label: the Chinese label is missing"},
		{"guard without a sentence", `, label: {zh: 先写内容, en: Write the body first}}`, "}", 25, "guard has_body: the Chinese label is missing"},
		{"field without English", "label: {zh: 内容, en: Body}", "label: {zh: 内容}", 7, "lacks en"},
		{"expression that does not compile", `"filled(rec.body)"`, `"filled(rec.body"`, 25, "Syntax error"},
		{"expression of the wrong type", `"filled(rec.body)"`, `"rec.body"`, 25, "bool is expected"},
		{"expression on an unknown field", `"filled(rec.body)"`, `"filled(rec.soul)"`, 25, "undeclared reference to 'rec'"},
		{"expression with an unknown function", `"filled(rec.body)"`, `"system('rm -rf /')"`, 25, "undeclared reference to 'system'"},
		{"timer due that is no instant", `"rec.created_at + duration('1h')"`, `"rec.body"`, 29, "Timestamp is expected"},
		{"bad duration", `duration('1h')`, `duration('soon')`, 29, "invalid duration"},
		{"required field that is not there", "require: [title]", "require: [title, nose]", 1, `no field "nose"`},
		{"engine's own name", "  body:", "  state:", 1, `"state" is a name the engine uses itself`},
		{"no title", "standard: [title]", "standard: []", 1, "every type needs a title"},
		{"bad number", "NOTE-{yyyy}-{seq:4}", "NOTE-{yyyy}", 1, "not a pattern"},
		{"bad plural", "plural: notes", "plural: ../etc", 1, "not a path segment"},
		{"route's own word as a transition", "      shut:\n        label", "      timeline:\n        label", 19, "a name the routes use"},
		{"no workflow", "workflows:\n", "unflows:\n", 11, `unknown key "unflows"`},
		{"a list where a mapping belongs", "fields:\n  body: {type: text, label: {zh: 内容, en: Body}}", "fields: [body]", 6, "a mapping is wanted"},
		{"an anchor", "label: {zh: 便签, en: Note}\nnumber", "label: &l {zh: 便签, en: Note}\nnumber", 1, "anchors and aliases are not allowed"},
		{"billion laughs", "", laughs(), 1, "anchors and aliases are not allowed"},
		{"deep nesting", "", "type: " + strings.Repeat("[", 3000) + strings.Repeat("]", 3000) + "\n", 1, "nesting deeper than 30"},
		{"endless nesting", "", "type: " + strings.Repeat("[", 200_000), 1, ""},
		{"one megabyte", "", sound + strings.Repeat("# padding padding\n", 1<<20/18), 1, "larger than 512 KiB"},
		{"two documents", "", sound + "---\n" + sound, 1, "one document"},
		{"nothing", "", "", 1, ""},
		{"no mapping", "", "- a\n- b\n", 1, "a mapping is expected"},
		{"broken YAML", "", "type: note\n  plural: notes\n", 2, "mapping values are not allowed"},
		{"a tab", "", "type: note\n\tplural: notes\n", 2, "tab character"},
		{"binary", "", "\x00\x01\x02", 1, "control characters"},
		{"invalid UTF-8", "便签", "\xff\xfe", 1, "UTF-8"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			source := c.new
			if c.old != "" {
				if !strings.Contains(sound, c.old) {
					t.Fatalf("the sound definition has no %q", c.old)
				}
				source = strings.Replace(sound, c.old, c.new, 1)
			}
			typ, err := definition.Load("note.yaml", []byte(source), vocabulary())
			if err == nil || typ != nil {
				t.Fatal("it loads")
			}
			var errs definition.Errors
			if !errors.As(err, &errs) {
				t.Fatalf("an error of another kind: %T %v", err, err)
			}
			if !has(errs, c.line, c.reason) {
				t.Errorf("want note.yaml:%d: …%s…\ngot:\n%v", c.line, c.reason, errs)
			}
		})
	}
}

func has(errs definition.Errors, line int, reason string) bool {
	for _, e := range errs {
		if e.File == "note.yaml" && e.Line == line && strings.Contains(e.Reason, reason) && e.Reason != "" {
			return true
		}
	}
	return false
}

func laughs() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9)+"ha")
	}
	return b.String() + sound
}

// Every mistake is told at once, in the order of the lines.
func TestAllMistakesAreTold(t *testing.T) {
	source := strings.NewReplacer("by: [desk]", "by: [janitor]", "kind: done", "kind: over", "- notify:", "- explode:").Replace(sound)
	_, err := definition.Load("note.yaml", []byte(source), vocabulary())
	var errs definition.Errors
	if !errors.As(err, &errs) || len(errs) < 3 {
		t.Fatalf("want three mistakes, got %v", err)
	}
	for i := 1; i < len(errs); i++ {
		if errs[i].Line < errs[i-1].Line {
			t.Errorf("not in order: %v", errs)
		}
	}
}

// Whatever somebody sends to be checked, the answer is a definition or an error, never a crash.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(sound))
	f.Add([]byte(laughs()))
	f.Add([]byte("type: [[[["))
	known := vocabulary()
	f.Fuzz(func(t *testing.T, source []byte) {
		typ, err := definition.Load("fuzz.yaml", source, known)
		if (typ == nil) == (err == nil) {
			t.Errorf("definition %v, error %v", typ, err)
		}
	})
}
