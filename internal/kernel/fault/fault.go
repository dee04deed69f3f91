// Package fault is the one error of the program: what kind, which rule, which fields, said in the reader's language.
package fault

import (
	"errors"
	"fmt"

	"github.com/steward-ops/steward/internal/kernel/text"
)

// Kind says what went wrong in general; httpapi maps it to a status.
type Kind string

// The kinds. Out of scope is NotFound, never Forbidden, so that nobody learns what exists.
const (
	Invalid         Kind = "invalid"         // 422, with fields
	Malformed       Kind = "malformed"       // 400, could not be read at all
	Unauthenticated Kind = "unauthenticated" // 401
	Forbidden       Kind = "forbidden"       // 403
	NotFound        Kind = "not_found"       // 404
	Conflict        Kind = "conflict"        // 409, with guard where a rule of a process refused
	Stale           Kind = "stale"           // 412, the version named in If-Match is not the current one
	TooLarge        Kind = "too_large"       // 413
	TooMany         Kind = "too_many"        // 429
	Unavailable     Kind = "unavailable"     // 503
	Internal        Kind = "internal"        // 500, never with details
)

// Field is one input that is missing or wrong. Name is the input's path ("fields.phone", "parts[2].count").
type Field struct {
	Name   string
	Code   string      // message key, e.g. "field.required"
	Params text.Params // of the message; "label" is the field's label
}

// Error carries everything an answer needs. Code is both stable identifier and message key.
type Error struct {
	Kind   Kind
	Code   string
	Params text.Params
	Fields []Field
	Guard  string         // id of the violated guard
	Data   map[string]any // further members of the problem document, e.g. "current"
	Cause  error          // for the log, never for the answer
	Label  text.Label     // a sentence that a definition brings along; used instead of Code's message
}

func (e *Error) Error() string {
	s := string(e.Kind) + " " + e.Code
	if e.Guard != "" {
		s += " guard=" + e.Guard
	}
	for _, f := range e.Fields {
		s += fmt.Sprintf(" %s:%s", f.Name, f.Code)
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

// Say is the error's sentence in a language.
func (e *Error) Say(lang text.Lang) string {
	if !e.Label.Empty() {
		return text.Fill(e.Label.In(lang), lang, e.Params)
	}
	return text.Say(lang, e.Code, e.Params)
}

// Say is the field's sentence in a language.
func (f Field) Say(lang text.Lang) string { return text.Say(lang, f.Code, f.Params) }

// New makes an error of a kind with a code (message key) and its parameters.
func New(kind Kind, code string, params text.Params) *Error {
	return &Error{Kind: kind, Code: code, Params: params}
}

// Fields makes an Invalid error that names every wrong field.
func Fields(fields ...Field) *Error {
	return &Error{Kind: Invalid, Code: "invalid", Fields: fields}
}

// One makes an Invalid error for one field.
func One(name, code string, params text.Params) *Error {
	return Fields(Field{Name: name, Code: code, Params: params})
}

// Missing makes a NotFound error: absent and out of scope look the same.
func Missing() *Error { return New(NotFound, "not_found", nil) }

// Denied makes a Forbidden error.
func Denied() *Error { return New(Forbidden, "forbidden", nil) }

// Guarded makes the Conflict of a violated guard, with the sentence its definition gives.
func Guarded(guard string, sentence text.Label, params text.Params) *Error {
	return &Error{Kind: Conflict, Code: "guard", Guard: guard, Label: sentence, Params: params}
}

// As returns the fault inside err, or nil.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// Is tells whether err is a fault of a kind.
func Is(err error, kind Kind) bool {
	e := As(err)
	return e != nil && e.Kind == kind
}

func init() {
	text.Register(map[string]text.Label{
		"invalid":         {Zh: "有几项要改，改好再提交，已填的内容都在。", En: "Some fields need a change. Nothing you entered is lost."},
		"malformed":       {Zh: "看不懂这个请求：{reason}", En: "The request cannot be read: {reason}"},
		"unauthenticated": {Zh: "先登录，再继续。", En: "Sign in to continue."},
		"forbidden":       {Zh: "您没有做这件事的权限。", En: "You are not allowed to do this."},
		"not_found":       {Zh: "没有找到。可能已删除，或不在您的范围内。", En: "Not found. It may be gone, or not yours to see."},
		"guard":           {Zh: "现在还不能这样做。", En: "This cannot be done yet."},
		"stale":           {Zh: "有人刚改过这条记录，您写的内容还在。请看差别后再保存。", En: "Someone just changed this record. What you wrote is still here; look at the difference and save again."},
		"conflict":        {Zh: "与已有的数据冲突。", En: "This conflicts with what is already there."},
		"too_large":       {Zh: "内容太大，上限 {limit}。", En: "Too large. The limit is {limit}."},
		"too_many":        {Zh: "操作太频繁，请 {seconds} 秒后再试。", En: "Too many attempts. Try again in {seconds} seconds."},
		"unavailable":     {Zh: "服务暂时不可用，请稍后再试，没有保存任何内容。", En: "The service is not available right now. Nothing was saved; try again shortly."},
		"internal":        {Zh: "系统出错了，没有保存任何内容。请把编号 {request} 告诉管理员。", En: "Something went wrong and nothing was saved. Give number {request} to your administrator."},

		"field.required": {Zh: "请填写{label}。", En: "Enter {label}."},
		"field.unknown":  {Zh: "没有这一项：{name}。", En: "There is no such field: {name}."},
		"field.readonly": {Zh: "{label}由系统填写，不能修改。", En: "{label} is filled by the system and cannot be changed."},
		"field.type":     {Zh: "{label}的格式不对，应为{wanted}。", En: "{label} has the wrong form; {wanted} is expected."},
		"field.length":   {Zh: "{label}太长，最多 {max} 个字。", En: "{label} is too long; at most {max} characters."},
		"field.range":    {Zh: "{label}应在 {min} 和 {max} 之间。", En: "{label} must be between {min} and {max}."},
		"field.choice":   {Zh: "{label}没有这个选项。", En: "{label} has no such option."},
		"field.missing":  {Zh: "{label}指向的内容没有找到。", En: "What {label} points to was not found."},
		"field.encoding": {Zh: "{label}含有无法识别的字符，请改用 UTF-8。", En: "{label} has characters that cannot be read; use UTF-8."},
		"field.unique":   {Zh: "{label}已有人使用，换一个。", En: "{label} is already taken; choose another."},
	})
}
