package definition

import (
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// costLimit bounds one evaluation; the shipped conditions need a hundredth of it.
const costLimit = 20_000

// Program is one compiled condition or value.
type Program struct {
	Text    string
	Reads   map[string]bool // names of the record's fields it looks at
	program cel.Program
}

// Resolver answers the variables of a program: "rec.state", "me.id", "now".
type Resolver func(name string) (any, bool)

type activation struct{ resolve Resolver }

func (a activation) ResolveName(name string) (any, bool) { return a.resolve(name) }
func (a activation) Parent() interpreter.Activation      { return nil }

// Value evaluates the program. Instants come back as time.Time, the rest as plain Go values.
func (p *Program) Value(resolve Resolver) (any, error) {
	out, _, err := p.program.Eval(activation{resolve})
	if err != nil {
		return nil, fmt.Errorf("evaluate %q: %w", p.Text, err)
	}
	return plain(out), nil
}

// Holds evaluates a condition.
func (p *Program) Holds(resolve Resolver) (bool, error) {
	v, err := p.Value(resolve)
	if err != nil {
		return false, err
	}
	b, _ := v.(bool)
	return b, nil
}

func plain(v ref.Val) any {
	switch v := v.(type) {
	case types.Timestamp:
		return v.Time.UTC()
	case types.Duration:
		return v.Duration
	case types.Null:
		return nil
	}
	return v.Value()
}

// coreVariables are what every record knows about itself beside its fields.
var coreVariables = map[string]*cel.Type{
	"rec.number": cel.StringType, "rec.type": cel.StringType, "rec.state": cel.StringType, "rec.kind": cel.StringType,
	"rec.workflow": cel.StringType, "rec.parent": cel.StringType, "rec.created_by": cel.StringType,
	"rec.created_at": cel.TimestampType, "rec.updated_at": cel.TimestampType, "rec.state_since": cel.TimestampType,
	"rec.reopened": cel.IntType, "rec.urges": cel.IntType, "rec.due_at": cel.TimestampType,
	"rec.visited": cel.ListType(cel.StringType), // states the record has been in
	"me.id":       cel.StringType, "me.org": cel.StringType, "me.side": cel.StringType, "me.roles": cel.ListType(cel.StringType),
	"now": cel.TimestampType,
}

// environment is what conditions of the type may say; wall-clock conditions are read in zone.
func (t *Type) environment(zone *time.Location) (*cel.Env, error) {
	opts := []cel.EnvOption{cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals())}
	for name, kind := range coreVariables {
		opts = append(opts, cel.Variable(name, kind))
	}
	for _, m := range Milestones {
		opts = append(opts, cel.Variable("rec."+m+"_at", cel.TimestampType))
	}
	for _, f := range t.Fields {
		opts = append(opts, cel.Variable("rec."+f.Name, celType(f.Kind())))
	}
	return cel.NewEnv(append(opts, functions(zone)...)...)
}

func celType(kind string) *cel.Type {
	switch kind {
	case "double":
		return cel.DoubleType
	case "int":
		return cel.IntType
	case "bool":
		return cel.BoolType
	case "timestamp":
		return cel.TimestampType
	case "duration":
		return cel.DurationType
	case "list":
		return cel.ListType(cel.DynType)
	case "map":
		return cel.MapType(cel.StringType, cel.DynType)
	}
	return cel.StringType
}

// Zero is the value of an empty field in a condition; filled() tells it from a real one.
func Zero(kind string) any {
	switch kind {
	case "double":
		return 0.0
	case "int":
		return int64(0)
	case "bool":
		return false
	case "timestamp":
		return time.Time{}
	case "duration":
		return time.Duration(0)
	case "list":
		return []any{}
	case "map":
		return map[string]any{}
	}
	return ""
}

func functions(zone *time.Location) []cel.EnvOption {
	return []cel.EnvOption{
		cel.Function("filled", cel.Overload("filled_dyn", []*cel.Type{cel.DynType}, cel.BoolType, cel.UnaryBinding(filled))),
		cel.Function("complete", cel.Overload("complete_map", []*cel.Type{cel.MapType(cel.StringType, cel.DynType)}, cel.BoolType, cel.UnaryBinding(complete))),
		cel.Function("given", cel.Overload("given_map", []*cel.Type{cel.MapType(cel.StringType, cel.DynType)}, cel.BoolType, cel.UnaryBinding(given))),
		cel.Function("next_day_at", cel.Overload("next_day_at_ts", []*cel.Type{cel.TimestampType, cel.StringType}, cel.TimestampType, cel.BinaryBinding(nextDayAt(zone)))),
		cel.Function("earliest", cel.Overload("earliest_list", []*cel.Type{cel.ListType(cel.TimestampType)}, cel.TimestampType, cel.UnaryBinding(earliest))),
	}
}

func filled(v ref.Val) ref.Val {
	switch v := v.(type) {
	case types.String:
		return types.Bool(v != "")
	case types.Bool:
		return v
	case types.Double:
		return types.Bool(v != 0)
	case types.Int:
		return types.Bool(v != 0)
	case types.Timestamp:
		return types.Bool(!v.Time.IsZero())
	case types.Duration:
		return types.Bool(v.Duration != 0)
	case traits.Sizer:
		return types.Bool(v.Size().(types.Int) > 0)
	}
	return types.Bool(v != types.NullValue)
}

// complete tells whether every item of a checklist or sign-off sheet is done.
func complete(v ref.Val) ref.Val {
	m, ok := v.Value().(map[string]any)
	if !ok || len(m) == 0 {
		return types.False
	}
	for _, item := range m {
		entry, _ := item.(map[string]any)
		if done, _ := entry["done"].(bool); !done {
			return types.False
		}
	}
	return types.True
}

// given tells whether a consent was given.
func given(v ref.Val) ref.Val {
	m, _ := v.Value().(map[string]any)
	ok, _ := m["given"].(bool)
	return types.Bool(ok)
}

func nextDayAt(zone *time.Location) func(t, hhmm ref.Val) ref.Val {
	return func(t, hhmm ref.Val) ref.Val {
		at, err := time.Parse("15:04", string(hhmm.(types.String)))
		if err != nil {
			return types.NewErr("next_day_at wants a time like 09:00")
		}
		local := t.(types.Timestamp).Time.In(zone)
		next := time.Date(local.Year(), local.Month(), local.Day()+1, at.Hour(), at.Minute(), 0, 0, zone)
		return types.Timestamp{Time: next.UTC()}
	}
}

func earliest(list ref.Val) ref.Val {
	var best time.Time
	it := list.(traits.Lister).Iterator()
	for it.HasNext() == types.True {
		t, ok := it.Next().(types.Timestamp)
		if ok && !t.Time.IsZero() && (best.IsZero() || t.Time.Before(best)) {
			best = t.Time
		}
	}
	return types.Timestamp{Time: best}
}

// compile checks one expression; out is the type it must have, or nil for any.
func compile(env *cel.Env, expr string, out *cel.Type) (*Program, error) {
	ast, issues := env.Compile(expr)
	if issues != nil && issues.Err() != nil {
		return nil, fmt.Errorf("%s", firstIssue(issues))
	}
	if out != nil && !out.IsExactType(ast.OutputType()) && ast.OutputType() != cel.DynType {
		return nil, fmt.Errorf("the expression gives %s, %s is expected", ast.OutputType(), out)
	}
	program, err := env.Program(ast, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, err
	}
	return &Program{Text: expr, Reads: reads(ast), program: program}, nil
}

func firstIssue(issues *cel.Issues) string {
	e := issues.Errors()[0]
	return fmt.Sprintf("%s (column %d)", e.Message, e.Location.Column()+1)
}

func reads(ast *cel.Ast) map[string]bool {
	out := map[string]bool{}
	for _, r := range ast.NativeRep().ReferenceMap() {
		if name, ok := strings.CutPrefix(r.Name, "rec."); ok {
			out[name] = true
		}
	}
	return out
}
