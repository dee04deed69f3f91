package form

// Schema is the JSON Schema (2020-12, as OpenAPI 3.1 uses it) of what may be sent for a field.
func Schema(f Field) map[string]any {
	s := f.schema(f.single(true))
	if f.Default != nil {
		s["default"] = f.Default
	}
	return s
}

// StoredSchema is the JSON Schema of what is answered for a field.
func StoredSchema(f Field) map[string]any { return f.schema(f.single(false)) }

// Schema is the schema of an object with the fields; with needed, the required ones must be there.
func (fs Fields) Schema(needed bool) map[string]any {
	return fs.object(Schema, func(f Field) bool { return needed && f.Required && !f.ReadOnly && f.Default == nil })
}

// StoredSchema is the schema of the object that is answered.
func (fs Fields) StoredSchema() map[string]any {
	return fs.object(StoredSchema, func(Field) bool { return false })
}

func (fs Fields) object(of func(Field) map[string]any, needs func(Field) bool) map[string]any {
	properties := map[string]any{}
	var required []string
	for _, f := range fs {
		properties[f.Name] = of(f)
		if needs(f) {
			required = append(required, f.Name)
		}
	}
	s := object(properties)
	if required != nil {
		s["required"] = required
	}
	return s
}

func (f Field) schema(s map[string]any) map[string]any {
	if f.Multiple {
		s = array(s)
		s["uniqueItems"] = true
	}
	f.count(s)
	s["title"] = f.Label.En
	if !f.Help.Empty() {
		s["description"] = f.Help.En
	}
	if f.ReadOnly {
		s["readOnly"] = true
	}
	return s
}

// count says how many entries a list takes, or how large a number may be.
func (f Field) count(s map[string]any) {
	low, high := "minimum", "maximum"
	if s["type"] == "array" {
		low, high = "minItems", "maxItems"
	}
	if f.Type == Money {
		return
	}
	if f.Min != nil {
		s[low] = *f.Min
	}
	if f.Max != nil {
		s[high] = *f.Max
	}
}

func (f Field) single(input bool) map[string]any {
	switch f.Type {
	case Text, Markdown, Phone, Email, Link:
		return f.textSchema()
	case Number:
		return map[string]any{"type": "number"}
	case Money:
		return map[string]any{"type": "string", "pattern": `^-?[0-9]{1,13}(\.[0-9]{1,2})?$`}
	case Bool:
		return map[string]any{"type": "boolean"}
	case Date:
		return map[string]any{"type": "string", "format": "date"}
	case Time:
		return map[string]any{"type": "string", "pattern": timeForm.String()}
	case DateTime:
		return map[string]any{"type": "string", "format": "date-time"}
	case Duration:
		return map[string]any{"type": "integer", "minimum": 0, "description": "seconds"}
	case Rating:
		return anyOf(map[string]any{"type": "integer", "minimum": 1, "maximum": f.Scale}, map[string]any{"const": Declined})
	case Enum, Tree:
		return map[string]any{"type": "string", "enum": optionValues(f.Options)}
	case Ref:
		return map[string]any{"type": "string", "maxLength": 100, "x-to": f.To}
	case Files:
		return array(map[string]any{"type": "string", "maxLength": 100})
	}
	return f.composite(input)
}

func (f Field) textSchema() map[string]any {
	limit := f.MaxLen
	if limit == 0 {
		limit = map[Type]int{Text: shortText, Markdown: longText, Phone: 40, Email: emailText, Link: linkText}[f.Type]
	}
	s := map[string]any{"type": "string", "maxLength": limit}
	if format := map[Type]string{Email: "email", Link: "uri"}[f.Type]; format != "" {
		s["format"] = format
	}
	if f.Pattern != "" {
		s["pattern"] = `^(?:` + f.Pattern + `)$`
	}
	return s
}

func (f Field) composite(input bool) map[string]any {
	instant := map[string]any{"type": "string", "format": "date-time"}
	plain := map[string]any{"type": "string"}
	flag := map[string]any{"type": "boolean"}
	switch f.Type {
	case Geo:
		return geoSchema()
	case Interval:
		s := object(map[string]any{"from": instant, "to": instant})
		s["required"] = []string{"from", "to"}
		return s
	case Table:
		if input {
			return array(f.Columns.Schema(true))
		}
		return array(f.Columns.StoredSchema())
	case Secret:
		if input {
			return map[string]any{"type": "string", "writeOnly": true}
		}
		return object(map[string]any{"set": flag})
	case Checklist, Signoffs:
		return f.linesSchema(input)
	case Consent:
		covers := array(map[string]any{"type": "string", "enum": itemCodes(f.Covers)})
		s := object(map[string]any{"given": flag, "by": plain, "name": plain, "at": instant,
			"how":    map[string]any{"type": "string", "enum": append([]string{"account"}, hows...)},
			"covers": covers, "note": plain, "recorded_by": plain})
		if input {
			return anyOf(flag, s)
		}
		return s
	}
	if input { // a signature
		return object(map[string]any{"image": plain, "code": plain, "account": flag})
	}
	return object(map[string]any{"how": plain, "image": plain, "by": plain, "name": plain, "at": instant, "hash": plain})
}

func (f Field) linesSchema(input bool) map[string]any {
	flag, plain := map[string]any{"type": "boolean"}, map[string]any{"type": "string"}
	line := object(map[string]any{"done": flag, "na": flag, "note": plain,
		"by": plain, "name": plain, "at": map[string]any{"type": "string", "format": "date-time"}})
	properties := map[string]any{}
	for _, item := range f.Items {
		s := line
		if input {
			s = anyOf(flag, line, map[string]any{"type": "null"})
		}
		properties[item.Code] = s
	}
	return object(properties)
}

func geoSchema() map[string]any {
	s := object(map[string]any{
		"lat":      map[string]any{"type": "number", "minimum": -90, "maximum": 90},
		"lng":      map[string]any{"type": "number", "minimum": -180, "maximum": 180},
		"accuracy": map[string]any{"type": "number", "minimum": 0},
	})
	s["required"] = []string{"lat", "lng"}
	return s
}

func object(properties map[string]any) map[string]any {
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
}

func array(items map[string]any) map[string]any {
	return map[string]any{"type": "array", "items": items}
}

func anyOf(choices ...map[string]any) map[string]any { return map[string]any{"anyOf": choices} }

func optionValues(options []Option) []string {
	var values []string
	for _, o := range options {
		values = append(values, o.Value)
		values = append(values, optionValues(o.Children)...)
	}
	return values
}

func itemCodes(items []Item) []string {
	codes := make([]string, len(items))
	for i, item := range items {
		codes[i] = item.Code
	}
	return codes
}
