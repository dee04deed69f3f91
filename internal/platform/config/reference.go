package config

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// Parse reads the settings of an argument list, the environment and the file they name, and checks them.
func Parse(args []string) (Config, error) {
	var c Config
	parser, err := kong.New(&c, kong.Name("steward"))
	if err != nil {
		return c, err
	}
	if _, err := parser.Parse(args); err != nil {
		return c, err
	}
	return c, c.Check()
}

// Reference is every setting as a page of Markdown, made from the struct so that it cannot grow old.
func Reference() string {
	parser, err := kong.New(&Config{}, kong.Name("steward"))
	if err != nil {
		panic(err) // the struct itself is wrong
	}
	var b strings.Builder
	b.WriteString(`# Settings

Every setting is a flag, an environment variable, and a key of the file that ` + "`--config`" + ` names.
A flag wins over the environment, the environment over the file, the file over the default.

| setting | environment | default | what it does |
|---|---|---|---|
`)
	for _, flag := range parser.Model.Flags {
		if flag.Name == "help" {
			continue
		}
		name := "--" + flag.Name
		if flag.Tag.Negatable != "" {
			name = "--[no-]" + flag.Name
		}
		value := ""
		if flag.HasDefault {
			value = "`" + flag.Default + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", name, strings.Join(flag.Tag.Envs, ", "), value, strings.ReplaceAll(flag.Help, "|", `\|`))
	}
	return b.String()
}
