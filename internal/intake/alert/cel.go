package alert

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// costLimit bounds one evaluation, so that no rule can hold up the intake; usual rules need a hundredth of it.
const costLimit = 20_000

// maxExpression is how long an expression may be, in characters.
const maxExpression = 2_000

// program is one compiled expression.
type program struct {
	text    string
	program cel.Program
}

type resolver func(name string) (any, bool)

type activation struct{ resolve resolver }

// ResolveName answers a variable.
func (a activation) ResolveName(name string) (any, bool) { return a.resolve(name) }

// Parent is none.
func (a activation) Parent() interpreter.Activation { return nil }

var stringMap = cel.MapType(cel.StringType, cel.StringType)

// ruleVariables are what rules, windows and groupings can ask about. Absent numbers are 0, see has_value and has_threshold.
var ruleVariables = map[string]*cel.Type{
	"alert.object": cel.StringType, "alert.metric": cel.StringType, "alert.value": cel.DoubleType, "alert.threshold": cel.DoubleType,
	"alert.has_value": cel.BoolType, "alert.has_threshold": cel.BoolType, "alert.exceeds": cel.BoolType,
	"alert.severity": cel.StringType, "alert.status": cel.StringType, "alert.group": cel.StringType, "alert.fingerprint": cel.StringType,
	"alert.title": cel.StringType, "alert.description": cel.StringType, "alert.labels": stringMap, "alert.annotations": stringMap,
	"alert.started_at": cel.TimestampType,
	"source.id":        cel.StringType, "source.name": cel.StringType, "source.kind": cel.StringType,
	"object.known": cel.BoolType, "object.customer": cel.StringType, "object.service": cel.StringType, "object.site": cel.StringType, "object.team": cel.StringType,
	"now": cel.TimestampType,
}

// get reads a label that may be absent; alert.labels['x'] of an absent one is an error.
func get(set, name ref.Val) ref.Val {
	m, ok := set.(traits.Mapper)
	if !ok {
		return types.MaybeNoSuchOverloadErr(set)
	}
	if v, found := m.Find(name); found {
		return v
	}
	return types.String("")
}

var ruleEnv = sync.OnceValues(func() (*cel.Env, error) {
	opts := []cel.EnvOption{
		cel.ASTValidators(cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals(), cel.ValidateRegexLiterals()),
		cel.Function("get", cel.MemberOverload("map_get_string", []*cel.Type{stringMap, cel.StringType}, cel.StringType, cel.BinaryBinding(get))),
	}
	for name, kind := range ruleVariables {
		opts = append(opts, cel.Variable(name, kind))
	}
	return cel.NewEnv(opts...)
})

var payloadEnv = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(cel.ASTValidators(cel.ValidateRegexLiterals()), cel.Variable("body", cel.DynType), cel.Variable("item", cel.DynType))
})

// compileCondition checks a condition.
func compileCondition(expr string) (*program, error) { return compileRule(expr, cel.BoolType) }

// compileRule checks an expression of a rule; out is the type it must have.
func compileRule(expr string, out *cel.Type) (*program, error) {
	env, err := ruleEnv()
	if err != nil {
		return nil, err
	}
	return compile(env, expr, out)
}

// compilePayload checks an expression of a mapping.
func compilePayload(expr string) (*program, error) {
	env, err := payloadEnv()
	if err != nil {
		return nil, err
	}
	return compile(env, expr, nil)
}

func compile(env *cel.Env, expr string, out *cel.Type) (*program, error) {
	if len([]rune(expr)) > maxExpression {
		return nil, fmt.Errorf("at most %d characters", maxExpression)
	}
	ast, issues := env.Compile(expr)
	if issues != nil && issues.Err() != nil {
		first := issues.Errors()[0]
		return nil, fmt.Errorf("%s (column %d)", first.Message, first.Location.Column()+1)
	}
	if out != nil && !out.IsExactType(ast.OutputType()) {
		return nil, fmt.Errorf("it gives %s, %s is expected", ast.OutputType(), out)
	}
	p, err := env.Program(ast, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, err
	}
	return &program{text: expr, program: p}, nil
}

var errNoValue = errors.New("no value")

func (p *program) value(resolve resolver) (any, error) {
	out, _, err := p.program.Eval(activation{resolve})
	if err != nil {
		return nil, err
	}
	return out.Value(), nil
}

// holds evaluates a condition; none always holds.
func (p *program) holds(resolve resolver) (bool, error) {
	if p == nil {
		return true, nil
	}
	v, err := p.value(resolve)
	if err != nil {
		return false, err
	}
	b, _ := v.(bool)
	return b, nil
}

// says evaluates a text.
func (p *program) says(resolve resolver) (string, error) {
	v, err := p.value(resolve)
	if err != nil {
		return "", err
	}
	s, ok := v.(string)
	if !ok {
		return "", errNoValue
	}
	return s, nil
}

// over evaluates a mapping's expression and gives plain Go values, as encoding/json would have read them.
func (p *program) over(vars map[string]any) (any, error) {
	out, _, err := p.program.Eval(vars)
	if err != nil {
		return nil, err
	}
	return native(out), nil
}

func native(v ref.Val) any {
	switch v := v.(type) {
	case types.Null:
		return nil
	case types.Timestamp:
		return v.Time.UTC().Format(time.RFC3339Nano)
	case traits.Mapper:
		out := map[string]any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			if name, ok := key.Value().(string); ok {
				out[name] = native(v.Get(key))
			}
		}
		return out
	case traits.Lister:
		out := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			out = append(out, native(it.Next()))
		}
		return out
	}
	return v.Value()
}

// scene is one alert as rules see it.
type scene struct {
	signal *Signal
	source *Source
	object *Object // nil: unknown
	below  bool    // too little is what is wrong with this metric
	now    time.Time
}

var nowhere = &Object{}

func (c *scene) resolve(name string) (any, bool) {
	g, o := c.signal, c.object
	if o == nil {
		o = nowhere
	}
	switch name {
	case "alert.object":
		return g.Object, true
	case "alert.metric":
		return g.Metric, true
	case "alert.value":
		return figure(g.Value), true
	case "alert.threshold":
		return figure(g.Threshold), true
	case "alert.has_value":
		return g.Value != nil, true
	case "alert.has_threshold":
		return g.Threshold != nil, true
	case "alert.exceeds":
		return g.exceeds(c.below), true
	case "alert.severity":
		return string(g.Severity), true
	case "alert.status":
		return g.status(), true
	case "alert.group":
		return g.Group, true
	case "alert.fingerprint":
		return g.Fingerprint, true
	case "alert.title":
		return g.headline(), true
	case "alert.description":
		return g.Description, true
	case "alert.labels":
		return orEmpty(g.Labels), true
	case "alert.annotations":
		return orEmpty(g.Annotations), true
	case "alert.started_at":
		return g.Started, true
	case "source.id":
		return c.source.ID, true
	case "source.name":
		return c.source.Name, true
	case "source.kind":
		return string(c.source.Kind), true
	case "object.known":
		return c.object != nil, true
	case "object.customer":
		return o.Customer, true
	case "object.service":
		return o.Service, true
	case "object.site":
		return o.Site, true
	case "object.team":
		return o.Team, true
	case "now":
		return c.now, true
	}
	return nil, false
}

func figure(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func (g *Signal) status() string {
	if g.Resolved {
		return "resolved"
	}
	return "firing"
}
