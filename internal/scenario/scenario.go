// Package scenario runs acceptance scenarios, written as YAML (given, when, then), against a running server over HTTP.
package scenario

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// Files holds the scenarios and what they are built on.
//
//go:embed files
var Files embed.FS

// Names lists the scenarios that are shipped, to be given to Run one by one.
func Names() []string {
	entries, err := fs.ReadDir(Files, "files")
	if err != nil {
		panic(err)
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".yaml"); ok && !e.IsDir() {
			names = append(names, name)
		}
	}
	return names
}

// Run plays a shipped scenario against a fresh server whose clock the scenario may set; the first run, the fixture and
// everything else happen over HTTP.
func Run(t testing.TB, base, name string) {
	t.Helper()
	files, err := fs.Sub(Files, "files")
	if err != nil {
		t.Fatal(err)
	}
	RunFile(t, base, files, name+".yaml")
}

// RunFile plays a scenario from any file system.
func RunFile(t testing.TB, base string, files fs.FS, name string) {
	t.Helper()
	if err := play(base, files, name, t.Log); err != nil {
		t.Fatal(err)
	}
}

// Scenario is one file.
type Scenario struct {
	Name   string   `yaml:"scenario"`
	Covers []string `yaml:"covers"` // requirements
	Given  Given    `yaml:"given"`
	Steps  []Step   `yaml:"steps"`
	file   string
}

// Given is the world before the first step.
type Given struct {
	Clock       string   `yaml:"clock"`
	Fixture     string   `yaml:"fixture"`     // a file of organisations, people, accounts …
	Agreements  string   `yaml:"agreements"`  // a file of calendars and agreements, which it puts in force
	Definitions []string `yaml:"definitions"` // record types published beside the shipped ones
}

// Step is something that happens, and what follows from it.
type Step struct {
	Say     string            `yaml:"say"`
	Clock   string            `yaml:"clock"` // set first
	Tick    bool              `yaml:"tick"`  // run what is due
	As      string            `yaml:"as"`    // persona; empty = nobody
	When    string            `yaml:"when"`  // "POST /incidents"; /api/v1 is put before
	Headers map[string]string `yaml:"headers"`
	Body    any               `yaml:"body"`
	Then    Then              `yaml:"then"`
	Save    map[string]string `yaml:"save"` // variable: path in the answer
	line    int
}

// Then is what is expected of the answer.
type Then struct {
	Status int            `yaml:"status"` // 0 = any 2xx
	Guard  string         `yaml:"guard"`
	Code   string         `yaml:"code"`
	Fields []string       `yaml:"fields"` // the names in errors, exactly these
	Body   map[string]any `yaml:"body"`   // path: value or matcher
}

// UnmarshalYAML remembers the line, for messages, and refuses what a step does not have.
func (s *Step) UnmarshalYAML(node *yaml.Node) error {
	type plain Step
	if err := strict(node, (*plain)(s)); err != nil {
		return err
	}
	s.line = node.Line
	return nil
}

// strict decodes a mapping and refuses unknown keys, which yaml.v3 does for whole documents only.
func strict(node *yaml.Node, into any) error {
	raw, err := yaml.Marshal(node)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(raw)))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	return nil
}

func read(files fs.FS, name string, into any) error {
	f, err := files.Open(name)
	if err != nil {
		return fmt.Errorf("open scenario: %w", err)
	}
	defer f.Close()
	decoder := yaml.NewDecoder(f)
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// play runs the whole scenario; the error says where it went wrong and shows the answer.
func play(base string, files fs.FS, name string, log func(...any)) error {
	var s Scenario
	if err := read(files, name, &s); err != nil {
		return err
	}
	s.file = path.Base(name)
	w := newWorld(base, files)
	if err := w.given(s.Given); err != nil {
		return fmt.Errorf("%s: given: %w", s.file, err)
	}
	for i := range s.Steps {
		step := &s.Steps[i]
		if err := w.step(step); err != nil {
			return fmt.Errorf("%s:%d: %s: %w", s.file, step.line, title(i, step), err)
		}
	}
	log(fmt.Sprintf("%s: %d steps, %s", s.Name, len(s.Steps), strings.Join(s.Covers, " ")))
	return nil
}

func title(i int, s *Step) string {
	if s.Say != "" {
		return fmt.Sprintf("step %d “%s”", i+1, s.Say)
	}
	return fmt.Sprintf("step %d", i+1)
}

// step does one step and checks its answer.
func (w *world) step(s *Step) error {
	if s.Clock != "" {
		if err := w.setClock(s.Clock); err != nil {
			return err
		}
	}
	if s.Tick {
		if err := w.tick(); err != nil {
			return err
		}
	}
	if s.When == "" {
		return nil
	}
	method, target, ok := strings.Cut(s.When, " ")
	if !ok || !slices.Contains([]string{"GET", "POST", "PATCH", "PUT", "DELETE"}, method) {
		return fmt.Errorf("when: %q is not a method and a path", s.When)
	}
	target, err := w.fillText(target)
	if err != nil {
		return err
	}
	body, err := w.fill(s.Body)
	if err != nil {
		return err
	}
	answer, err := w.call(s.As, method, target, s.Headers, body)
	if err != nil {
		return err
	}
	if err := w.expect(s.Then, answer); err != nil {
		return fmt.Errorf("as %s %s: %w\nsent: %s\nanswer %d: %s", orNobody(s.As), s.When, err, pretty(body), answer.status, pretty(answer.body))
	}
	return w.save(s.Save, answer)
}

func orNobody(persona string) string {
	if persona == "" {
		return "nobody"
	}
	return persona
}

// expect compares an answer with what the scenario wants.
func (w *world) expect(want Then, a answer) error {
	if want.Status == 0 && (a.status < 200 || a.status > 299) {
		return fmt.Errorf("status: want success, got %d", a.status)
	}
	if want.Status != 0 && a.status != want.Status {
		return fmt.Errorf("status: want %d, got %d", want.Status, a.status)
	}
	problem, _ := a.body.(map[string]any)
	if want.Guard != "" && problem["guard"] != want.Guard {
		return fmt.Errorf("guard: want %s, got %v", want.Guard, problem["guard"])
	}
	if want.Code != "" && problem["code"] != want.Code {
		return fmt.Errorf("code: want %s, got %v", want.Code, problem["code"])
	}
	if want.Fields != nil {
		if err := sameFields(want.Fields, problem["errors"]); err != nil {
			return err
		}
	}
	return w.expectBody(want.Body, a.body)
}

func (w *world) expectBody(want map[string]any, body any) error {
	for _, at := range sorted(want) {
		expected, err := w.fill(want[at])
		if err != nil {
			return err
		}
		place, err := w.fillText(at)
		if err != nil {
			return err
		}
		got, found, err := find(body, place)
		if err != nil {
			return err
		}
		if err := match(expected, got, found); err != nil {
			return fmt.Errorf("%s: %w", place, err)
		}
	}
	return nil
}

func sameFields(want []string, errs any) error {
	var got []string
	list, _ := errs.([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		name, _ := m["field"].(string)
		got = append(got, name)
	}
	want = slices.Clone(want)
	slices.Sort(want)
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(want, got) {
		return fmt.Errorf("fields: want %v, got %v", want, got)
	}
	return nil
}

func (w *world) save(names map[string]string, a answer) error {
	for _, name := range sorted(names) {
		value, found, err := find(a.body, names[name])
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("save %s: the answer has no %s: %s", name, names[name], pretty(a.body))
		}
		w.vars[name] = value
	}
	return nil
}

// Definitions are the record types that scenarios bring along, by file name; a server under test is started with them
// beside the shipped ones.
func Definitions() map[string][]byte {
	const dir = "files/definitions"
	entries, err := fs.ReadDir(Files, dir)
	if err != nil {
		panic(err)
	}
	sources := map[string][]byte{}
	for _, e := range entries {
		source, err := Files.ReadFile(dir + "/" + e.Name())
		if err != nil {
			panic(err)
		}
		sources[e.Name()] = source
	}
	return sources
}
