package config

import (
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/alecthomas/kong"
	"gopkg.in/yaml.v3"
)

// file is the path of a settings file, read before the other settings are settled.
type file string

// BeforeResolve is called by kong when the flag or its variable is set.
func (f file) BeforeResolve(ctx *kong.Context, trace *kong.Path) error {
	path, ok := ctx.FlagValue(trace.Flag).(file)
	if !ok || path == "" {
		return nil
	}
	content, err := os.ReadFile(string(path)) //nolint:gosec // the administrator names it
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	values := settings{}
	if err := yaml.Unmarshal(content, &values); err != nil { // JSON is YAML too
		return fmt.Errorf("config: %s: %w", path, err)
	}
	if err := values.Validate(ctx.Model); err != nil {
		return fmt.Errorf("config: %s: %w", path, err)
	}
	ctx.AddResolver(values)
	return nil
}

// settings are the contents of a file.
type settings map[string]any

// Validate refuses names that are no setting: a typing error must not pass for the default.
func (s settings) Validate(app *kong.Application) error {
	known := map[string]bool{}
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known[flag.Name] = true
		}
		return next(nil)
	})
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if !known[name] || name == "config" {
			return fmt.Errorf("there is no setting %q", name)
		}
	}
	return nil
}

// Resolve gives kong a setting of the file, unless the environment has it.
func (s settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Tag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil //nolint:nilnil // kong's way to say "not here"
		}
	}
	value, ok := s[flag.Name]
	if !ok {
		return nil, nil //nolint:nilnil // kong's way to say "not here"
	}
	switch v := value.(type) {
	case []any:
		return v, nil
	case bool:
		return v, nil
	default: // kong reads text into every type
		return fmt.Sprint(v), nil
	}
}
