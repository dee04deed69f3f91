package form

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/steward-ops/steward/internal/kernel/text"
)

// UnmarshalYAML reads an ordered mapping of name to declaration. Whatever it does not know is an error that carries the line.
func (fs *Fields) UnmarshalYAML(node *yaml.Node) error {
	fields, err := decodeFields(node, false)
	if err != nil {
		return err
	}
	*fs = fields
	return nil
}

// UnmarshalYAML reads one declaration without its name, which stands before it in the mapping.
func (f *Field) UnmarshalYAML(node *yaml.Node) error {
	return f.decode(node, false)
}

func decodeFields(node *yaml.Node, column bool) (Fields, error) {
	var fields Fields
	err := eachEntry(node, func(key, value *yaml.Node) error {
		f := Field{Name: key.Value, Line: key.Line}
		if err := checkName(key); err != nil {
			return err
		}
		if _, twice := fields.Get(f.Name); twice {
			return wrong(key.Line, "field %q is declared twice", f.Name)
		}
		if err := f.decode(value, column); err != nil {
			return err
		}
		fields = append(fields, f)
		return nil
	})
	return fields, err
}

func (f *Field) decode(node *yaml.Node, column bool) error {
	if f.Line == 0 {
		f.Line = node.Line
	}
	var fallback *yaml.Node
	err := eachKey(node, func(key, value *yaml.Node) error {
		if key.Value == "default" {
			fallback = value // read last: it needs all the rest
			return nil
		}
		if column && key.Value == "columns" { // also keeps an alias from naming itself
			return wrong(key.Line, "column %q: a table cannot hold a table", f.Name)
		}
		read, ok := fieldKeys[key.Value]
		if !ok {
			return wrong(key.Line, "unknown key %q", key.Value)
		}
		return read(f, value)
	})
	if err != nil {
		return err
	}
	f.settle()
	if err := f.check(column); err != nil {
		return err
	}
	return f.decodeDefault(fallback)
}

// settle fills what follows from the rest.
func (f *Field) settle() {
	switch f.Type {
	case Consent:
		if f.Of == "" {
			f.Of = "customer"
		}
		f.Public = f.Public || Customers(f.Of)
	case Signature, Signoffs:
		f.Public = f.Public || slices.ContainsFunc(f.signers(), Customers) // who signs must see it
	case Rating:
		if f.Scale == 0 {
			f.Scale = 5
		}
	case Money:
		if f.Currency == "" {
			f.Currency = "CNY"
		}
	}
}

// signers are all roles that may sign something in the field.
func (f *Field) signers() []string {
	all := slices.Clone(f.By)
	for _, item := range f.Items {
		all = append(all, item.By...)
	}
	return all
}

func (f *Field) decodeDefault(node *yaml.Node) error {
	if node == nil {
		return nil
	}
	var plain any
	if err := node.Decode(&plain); err != nil {
		return wrong(node.Line, "default: %v", err)
	}
	if s := resolved(node); s.Kind == yaml.ScalarNode && s.Tag == "!!timestamp" {
		plain = s.Value // YAML would make a date a time
	}
	raw, err := json.Marshal(plain)
	if err != nil {
		return wrong(node.Line, "default: %v", err)
	}
	return f.setDefault(raw, node.Line)
}

// fieldKeys are the keys of a declaration.
var fieldKeys map[string]func(f *Field, node *yaml.Node) error

func init() {
	fieldKeys = map[string]func(f *Field, node *yaml.Node) error{
		"type":        func(f *Field, n *yaml.Node) error { return decodeType(n, &f.Type) },
		"label":       func(f *Field, n *yaml.Node) error { return decodeLabel(n, &f.Label) },
		"help":        func(f *Field, n *yaml.Node) error { return decodeLabel(n, &f.Help) },
		"placeholder": func(f *Field, n *yaml.Node) error { return decodeLabel(n, &f.Placeholder) },
		"group":       func(f *Field, n *yaml.Node) error { return decodeLabel(n, &f.Group) },
		"unit":        func(f *Field, n *yaml.Node) error { return decodeUnit(n, &f.Unit) },
		"width":       func(f *Field, n *yaml.Node) error { return scalar(n, &f.Width) },
		"required":    func(f *Field, n *yaml.Node) error { return scalar(n, &f.Required) },
		"read_only":   func(f *Field, n *yaml.Node) error { return scalar(n, &f.ReadOnly) },
		"public":      func(f *Field, n *yaml.Node) error { return scalar(n, &f.Public) },
		"sensitive":   func(f *Field, n *yaml.Node) error { return scalar(n, &f.Sensitive) },
		"indexed":     func(f *Field, n *yaml.Node) error { return scalar(n, &f.Indexed) },
		"searchable":  func(f *Field, n *yaml.Node) error { return scalar(n, &f.Searchable) },
		"min":         func(f *Field, n *yaml.Node) error { return scalar(n, &f.Min) },
		"max":         func(f *Field, n *yaml.Node) error { return scalar(n, &f.Max) },
		"max_len":     func(f *Field, n *yaml.Node) error { return scalar(n, &f.MaxLen) },
		"pattern":     func(f *Field, n *yaml.Node) error { return scalar(n, &f.Pattern) },
		"scale":       func(f *Field, n *yaml.Node) error { return scalar(n, &f.Scale) },
		"currency":    func(f *Field, n *yaml.Node) error { return scalar(n, &f.Currency) },
		"multiple":    func(f *Field, n *yaml.Node) error { return scalar(n, &f.Multiple) },
		"to":          func(f *Field, n *yaml.Node) error { return scalar(n, &f.To) },
		"from":        func(f *Field, n *yaml.Node) error { return scalar(n, &f.From) },
		"of":          func(f *Field, n *yaml.Node) error { return scalar(n, &f.Of) },
		"until":       func(f *Field, n *yaml.Node) error { return scalar(n, &f.Until) },
		"accept":      func(f *Field, n *yaml.Node) error { return decodeNames(n, &f.Accept) },
		"by":          func(f *Field, n *yaml.Node) error { return decodeNames(n, &f.By) },
		"readers":     func(f *Field, n *yaml.Node) error { return decodeNames(n, &f.Readers) },
		"options":     func(f *Field, n *yaml.Node) (err error) { f.Options, err = decodeOptions(n, new(int), 0); return err },
		"items":       func(f *Field, n *yaml.Node) (err error) { f.Items, err = decodeItems(n); return err },
		"covers":      func(f *Field, n *yaml.Node) (err error) { f.Covers, err = decodeItems(n); return err },
		"columns":     decodeColumns,
	}
}

func decodeColumns(f *Field, node *yaml.Node) (err error) {
	f.Columns, err = decodeFields(node, true)
	return err
}

func decodeType(node *yaml.Node, into *Type) error {
	if err := scalar(node, (*string)(into)); err != nil {
		return err
	}
	if _, ok := kinds[*into]; !ok {
		return wrong(node.Line, "unknown type %q", *into)
	}
	return nil
}

// decodeLabel reads {zh: …, en: …}; both are needed.
func decodeLabel(node *yaml.Node, into *text.Label) error {
	err := eachKey(node, func(key, value *yaml.Node) error {
		switch key.Value {
		case "zh":
			return scalar(value, &into.Zh)
		case "en":
			return scalar(value, &into.En)
		}
		return wrong(key.Line, "unknown language %q in a label", key.Value)
	})
	if err != nil {
		return err
	}
	into.Zh, into.En = strings.TrimSpace(into.Zh), strings.TrimSpace(into.En)
	switch {
	case into.Zh == "":
		return wrong(node.Line, "label lacks zh")
	case into.En == "":
		return wrong(node.Line, "label lacks en")
	}
	return nil
}

// decodeUnit reads a label, or one word that is the same in both languages ("GB").
func decodeUnit(node *yaml.Node, into *text.Label) error {
	if resolved(node).Kind != yaml.ScalarNode {
		return decodeLabel(node, into)
	}
	if err := scalar(node, &into.Zh); err != nil {
		return err
	}
	if into.Zh == "" {
		return wrong(node.Line, "empty unit")
	}
	into.En = into.Zh
	return nil
}

// decodeNames reads a list of names, or one name alone.
func decodeNames(node *yaml.Node, into *[]string) error {
	if resolved(node).Kind == yaml.ScalarNode {
		*into = make([]string, 1)
		return scalar(node, &(*into)[0])
	}
	return eachItem(node, func(item *yaml.Node) error {
		var name string
		if err := scalar(item, &name); err != nil {
			return err
		}
		if name == "" || slices.Contains(*into, name) {
			return wrong(item.Line, "%q is empty or named twice", name)
		}
		*into = append(*into, name)
		return nil
	})
}

// The most a tree of options may have, so that aliases in YAML cannot blow it up.
const (
	maxOptions = 5000
	maxDepth   = 8
)

func decodeOptions(node *yaml.Node, count *int, depth int) ([]Option, error) {
	if depth >= maxDepth {
		return nil, wrong(node.Line, "options are nested deeper than %d", maxDepth)
	}
	var options []Option
	err := eachItem(node, func(item *yaml.Node) error {
		if *count++; *count > maxOptions {
			return wrong(item.Line, "more than %d options", maxOptions)
		}
		o, err := decodeOption(item, count, depth)
		options = append(options, o)
		return err
	})
	return options, err
}

func decodeOption(node *yaml.Node, count *int, depth int) (Option, error) {
	var o Option
	err := eachKey(node, func(key, value *yaml.Node) (err error) {
		switch key.Value {
		case "value":
			return scalar(value, &o.Value)
		case "label":
			return decodeLabel(value, &o.Label)
		case "hint":
			return decodeLabel(value, &o.Hint)
		case "children":
			o.Children, err = decodeOptions(value, count, depth+1)
			return err
		}
		return wrong(key.Line, "unknown key %q in an option", key.Value)
	})
	if err != nil {
		return o, err
	}
	return o, checkCode(node.Line, "option", o.Value, o.Label)
}

func decodeItems(node *yaml.Node) ([]Item, error) {
	var items []Item
	err := eachItem(node, func(node *yaml.Node) error {
		item, err := decodeItem(node)
		if err != nil {
			return err
		}
		if _, twice := findItem(items, item.Code); twice {
			return wrong(node.Line, "item %q is there twice", item.Code)
		}
		items = append(items, item)
		return nil
	})
	return items, err
}

func decodeItem(node *yaml.Node) (Item, error) {
	var item Item
	err := eachKey(node, func(key, value *yaml.Node) error {
		switch key.Value {
		case "code":
			return scalar(value, &item.Code)
		case "label":
			return decodeLabel(value, &item.Label)
		case "by":
			return decodeNames(value, &item.By)
		case "optional":
			return scalar(value, &item.Optional)
		case "na":
			return scalar(value, &item.NA)
		}
		return wrong(key.Line, "unknown key %q in an item", key.Value)
	})
	if err != nil {
		return item, err
	}
	return item, checkCode(node.Line, "item", item.Code, item.Label)
}

// resolved follows an alias to what it names.
func resolved(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		return node.Alias
	}
	return node
}

// eachEntry walks a mapping in order.
func eachEntry(node *yaml.Node, visit func(key, value *yaml.Node) error) error {
	node = resolved(node)
	if node.Kind != yaml.MappingNode {
		return wrong(node.Line, "a mapping is wanted here")
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return wrong(key.Line, "a plain key is wanted here")
		}
		if err := visit(key, value); err != nil {
			return err
		}
	}
	return nil
}

// eachKey walks a mapping in which no key may stand twice.
func eachKey(node *yaml.Node, visit func(key, value *yaml.Node) error) error {
	seen := map[string]bool{}
	return eachEntry(node, func(key, value *yaml.Node) error {
		if seen[key.Value] {
			return wrong(key.Line, "key %q is there twice", key.Value)
		}
		seen[key.Value] = true
		return visit(key, value)
	})
}

func eachItem(node *yaml.Node, visit func(item *yaml.Node) error) error {
	node = resolved(node)
	if node.Kind != yaml.SequenceNode {
		return wrong(node.Line, "a list is wanted here")
	}
	for _, item := range node.Content {
		if err := visit(item); err != nil {
			return err
		}
	}
	return nil
}

// scalar reads one plain value.
func scalar[T any](node *yaml.Node, into *T) error {
	if resolved(node).Kind != yaml.ScalarNode {
		return wrong(node.Line, "a plain value is wanted here")
	}
	if err := resolved(node).Decode(into); err != nil {
		var typed *yaml.TypeError
		if errors.As(err, &typed) {
			return wrong(node.Line, "%s", strings.Join(typed.Errors, "; "))
		}
		return wrong(node.Line, "%v", err)
	}
	return nil
}
