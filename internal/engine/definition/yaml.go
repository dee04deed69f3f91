package definition

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/steward-ops/steward/internal/core/form"
	"gopkg.in/yaml.v3"
)

// Error says where a definition is wrong and why.
type Error struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

func (e Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason) }

// Errors are all mistakes found in one definition.
type Errors []Error

func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Entry is one member of an ordered mapping, with the line it stands on.
type Entry[T any] struct {
	Name  string
	Value T
	Line  int
}

// Named is a YAML mapping that keeps its order.
type Named[T any] []Entry[T]

// UnmarshalYAML reads the mapping strictly: a name given twice or an unknown key inside is an error.
func (n *Named[T]) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return lineError(node, "a mapping is expected")
	}
	seen := map[string]bool{}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if seen[key.Value] {
			return lineError(key, "%q is given twice", key.Value)
		}
		seen[key.Value] = true
		entry := Entry[T]{Name: key.Value, Line: key.Line}
		if err := strict(value, &entry.Value); err != nil {
			return err
		}
		setCode(&entry.Value, key.Value)
		*n = append(*n, entry)
	}
	return nil
}

// Get finds a member by name.
func (n Named[T]) Get(name string) (*T, bool) {
	for i := range n {
		if n[i].Name == name {
			return &n[i].Value, true
		}
	}
	return nil, false
}

func setCode(target any, code string) {
	v := reflect.ValueOf(target).Elem()
	if v.Kind() == reflect.Struct {
		if f := v.FieldByName("Code"); f.IsValid() {
			f.SetString(code)
		}
	}
}

// Words is one word or a list of words.
type Words []string

// UnmarshalYAML accepts a scalar or a sequence of scalars.
func (w *Words) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*w = Words{node.Value}
		return nil
	}
	var list []string
	if err := node.Decode(&list); err != nil {
		return lineError(node, "a word or a list of words is expected")
	}
	*w = list
	return nil
}

// UnmarshalYAML reads a guard: a bare name, or {id, holds, label}.
func (g *Guard) UnmarshalYAML(node *yaml.Node) error {
	g.Line = node.Line
	if node.Kind == yaml.ScalarNode {
		g.ID = node.Value
		return nil
	}
	type plain Guard
	return strict(node, (*plain)(g))
}

// UnmarshalYAML reads an effect: a bare name, or {name: arguments} where arguments are a mapping or one value ("value").
func (e *Effect) UnmarshalYAML(node *yaml.Node) error {
	e.Line = node.Line
	if node.Kind == yaml.ScalarNode {
		e.Name = node.Value
		return nil
	}
	if node.Kind != yaml.MappingNode || len(node.Content) != 2 {
		return lineError(node, "an effect is a name, or one name with its arguments")
	}
	e.Name = node.Content[0].Value
	value := node.Content[1]
	if value.Kind == yaml.MappingNode {
		return value.Decode(&e.Args)
	}
	var single any
	if err := value.Decode(&single); err != nil {
		return err
	}
	e.Args = map[string]any{"value": single}
	return nil
}

// Word is an argument as text, or "".
func (e Effect) Word(name string) string {
	s, _ := e.Args[name].(string)
	return s
}

// List is an argument as a list of words; one word counts as a list of one.
func (e Effect) List(name string) []string {
	switch v := e.Args[name].(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// Map is an argument as a mapping.
func (e Effect) Map(name string) map[string]any {
	m, _ := e.Args[name].(map[string]any)
	return m
}

// strict decodes a node and refuses keys that the target does not have; nested targets with an
// UnmarshalYAML of their own are strict themselves.
func strict(node *yaml.Node, target any) error {
	v := reflect.ValueOf(target)
	if node.Kind == yaml.MappingNode && v.Elem().Kind() == reflect.Struct {
		if _, own := target.(yaml.Unmarshaler); !own {
			if err := knownKeys(node, v.Elem().Type()); err != nil {
				return err
			}
			return decodeStruct(node, v.Elem())
		}
	}
	return node.Decode(target)
}

func decodeStruct(node *yaml.Node, v reflect.Value) error {
	fields := yamlFields(v.Type())
	for i := 0; i < len(node.Content); i += 2 {
		field := v.FieldByIndex(fields[node.Content[i].Value])
		value := node.Content[i+1]
		if field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct && !isUnmarshaler(field.Addr()) {
			if err := decodeSlice(value, field); err != nil {
				return err
			}
			continue
		}
		if err := strict(value, field.Addr().Interface()); err != nil {
			return err
		}
	}
	return nil
}

func decodeSlice(node *yaml.Node, field reflect.Value) error {
	if node.Kind != yaml.SequenceNode {
		return lineError(node, "a list is expected")
	}
	for _, item := range node.Content {
		element := reflect.New(field.Type().Elem())
		if err := strict(item, element.Interface()); err != nil {
			return err
		}
		field.Set(reflect.Append(field, element.Elem()))
	}
	return nil
}

func isUnmarshaler(v reflect.Value) bool {
	_, ok := v.Interface().(yaml.Unmarshaler)
	return ok
}

func yamlFields(t reflect.Type) map[string][]int {
	out := map[string][]int{}
	for i := range t.NumField() {
		tag, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if tag != "" && tag != "-" {
			out[tag] = t.Field(i).Index
		}
	}
	return out
}

func knownKeys(node *yaml.Node, t reflect.Type) error {
	known := yamlFields(t)
	seen := map[string]bool{}
	for i := 0; i < len(node.Content); i += 2 {
		key := node.Content[i]
		if _, ok := known[key.Value]; !ok {
			return lineError(key, "unknown key %q", key.Value)
		}
		if seen[key.Value] {
			return lineError(key, "%q is given twice", key.Value)
		}
		seen[key.Value] = true
	}
	return nil
}

func lineError(node *yaml.Node, format string, args ...any) error {
	return Error{Line: node.Line, Reason: fmt.Sprintf(format, args...)}
}

// maxSource bounds a definition file; the shipped ones are a tenth of it.
const maxSource = 512 << 10

// decode reads one YAML document into a Type.
func decode(file string, source []byte) (*Type, error) {
	if len(source) > maxSource {
		return nil, Error{File: file, Line: 1, Reason: "the file is larger than 512 KiB"}
	}
	var doc yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	if err := decoder.Decode(&doc); err != nil {
		return nil, yamlError(file, err)
	}
	var more yaml.Node
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, Error{File: file, Line: 1, Reason: "one document a file is expected"}
	}
	if hasAlias(&doc, 0) {
		return nil, Error{File: file, Line: 1, Reason: "anchors and aliases are not allowed, nor nesting deeper than 30"}
	}
	t := &Type{Source: source}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, Error{File: file, Line: 1, Reason: "a mapping is expected"}
	}
	if err := strict(doc.Content[0], t); err != nil {
		return nil, yamlError(file, err)
	}
	return t, nil
}

func hasAlias(node *yaml.Node, depth int) bool {
	if node.Kind == yaml.AliasNode || node.Anchor != "" || depth > 30 {
		return true
	}
	for _, child := range node.Content {
		if hasAlias(child, depth+1) {
			return true
		}
	}
	return false
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

func yamlError(file string, err error) error {
	var own Error
	if errors.As(err, &own) {
		own.File = file
		return own
	}
	var field *form.DefinitionError
	if errors.As(err, &field) {
		return Error{File: file, Line: field.Line, Reason: field.Reason}
	}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1])
		return Error{File: file, Line: line, Reason: m[2]}
	}
	return Error{File: file, Line: 1, Reason: err.Error()}
}

func yamlUnmarshal(source []byte, target any) error { return yaml.Unmarshal(source, target) }
