package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"
	"unicode"

	"github.com/steward-ops/steward/internal/engine/notify/channel"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Template is how notices of a kind are worded outside of the application, in one language.
type Template struct {
	Subject string `json:"subject" minLength:"1" maxLength:"300" doc:"of mails"`
	Body    string `json:"body" minLength:"1" maxLength:"8000" doc:"of mails, groups and webhooks"`
	Short   string `json:"short" minLength:"1" maxLength:"500" doc:"of text messages"`
}

// Variables are what templates may use.
type Variables struct {
	Text        string // what happened
	Number      string // of the record, may be empty
	Type        string // of the record, may be empty
	Kind        string // label of the kind
	Level       string // label of the level
	Person      string // who is told
	Time        string // when, in the person's zone
	Link        string // to the record, may be empty
	Acknowledge string // link to acknowledge it, may be empty
	Count       int    // how many a digest gathers
}

// variableNames for people who write templates.
var variableNames = []string{"Text", "Number", "Type", "Kind", "Level", "Person", "Time", "Link", "Acknowledge", "Count"}

var shipped = map[text.Lang]map[string]Template{
	text.Zh: {
		AnyKind: {
			Subject: "{{.Text}}",
			Body: `{{.Text}}

{{if .Number}}编号：{{.Number}}
{{end}}时间：{{.Time}}{{if .Link}}
查看：{{.Link}}{{end}}{{if .Acknowledge}}

请确认已收到：{{.Acknowledge}}{{end}}`,
			Short: "{{.Text}}{{if .Acknowledge}} 请确认：{{.Acknowledge}}{{end}}",
		},
		DigestKind: {
			Subject: "{{.Count}} 条通知",
			Body: `{{.Count}} 条通知，截至 {{.Time}}：

{{.Text}}{{if .Link}}

全部查看：{{.Link}}{{end}}`,
			Short: "有 {{.Count}} 条通知{{if .Link}}：{{.Link}}{{end}}",
		},
	},
	text.En: {
		AnyKind: {
			Subject: "{{.Text}}",
			Body: `{{.Text}}

{{if .Number}}Number: {{.Number}}
{{end}}Time: {{.Time}}{{if .Link}}
Open: {{.Link}}{{end}}{{if .Acknowledge}}

Please confirm that you know: {{.Acknowledge}}{{end}}`,
			Short: "{{.Text}}{{if .Acknowledge}} Confirm: {{.Acknowledge}}{{end}}",
		},
		DigestKind: {
			Subject: "{{.Count}} notices",
			Body: `{{.Count}} notices up to {{.Time}}:

{{.Text}}{{if .Link}}

See all: {{.Link}}{{end}}`,
			Short: "{{.Count}} notices{{if .Link}}: {{.Link}}{{end}}",
		},
	},
}

// shippedFor is the wording that comes with the program.
func shippedFor(kind string, lang text.Lang) Template {
	if t, ok := shipped[lang][kind]; ok {
		return t
	}
	return shipped[lang][AnyKind]
}

// maxRendered bounds what a template can grow to, in bytes.
const maxRendered = 32 << 10

var errLong = errors.New("the result is too long")

type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxRendered {
		return 0, errLong
	}
	return b.Buffer.Write(p)
}

func fill(source string, v Variables) (string, error) {
	t, err := template.New("notice").Parse(source)
	if err != nil {
		return "", err
	}
	if err := channel.Plain(t); err != nil {
		return "", err
	}
	var out bounded
	err = t.Execute(&out, v)
	return out.String(), err
}

// render words a notice.
func (t Template) render(v Variables) (subject, body, short string, err error) {
	if subject, err = fill(t.Subject, v); err != nil {
		return
	}
	if body, err = fill(t.Body, v); err != nil {
		return
	}
	short, err = fill(t.Short, v)
	return oneLine(subject), strings.TrimSpace(body), oneLine(short), err
}

// oneLine is text without line breaks and other control characters.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// sample is what a template is tried on.
func sample(lang text.Lang) Variables {
	v := Variables{Number: "INC-2026-00042", Type: "incident", Level: levelLabels[Urgent].In(lang), Time: "2026-10-01 09:30",
		Link: "https://desk.example.com/r/INC-2026-00042", Acknowledge: "https://desk.example.com/api/v1/acknowledge/…", Count: 3}
	v.Text, v.Person, v.Kind = "核心交换机中断，请在 30 分钟内响应", "王伟", "派单"
	if lang == text.En {
		v.Text, v.Person, v.Kind = "Core switch down, respond within 30 minutes", "Wang Wei", "Assigned"
	}
	return v
}

// check tries each part on a sample with everything filled and on one with what may be empty.
func (t Template) check(lang text.Lang) error {
	var wrong []fault.Field
	bare := sample(lang)
	bare.Number, bare.Type, bare.Link, bare.Acknowledge = "", "", "", ""
	for _, part := range []struct{ name, source string }{{"subject", t.Subject}, {"body", t.Body}, {"short", t.Short}} {
		out, err := fill(part.source, bare)
		if err == nil {
			_, err = fill(part.source, sample(lang))
		}
		switch {
		case err != nil:
			wrong = append(wrong, fault.Field{Name: part.name, Code: "notify.template", Params: text.Params{"label": part.name, "reason": reasonOf(err), "names": variableNames}})
		case strings.TrimSpace(out) == "":
			wrong = append(wrong, fault.Field{Name: part.name, Code: "notify.template_empty", Params: text.Params{"label": part.name}})
		}
	}
	if len(wrong) > 0 {
		return fault.Fields(wrong...)
	}
	return nil
}

// reasonOf is what the template engine has against a template, without the program's own names.
func reasonOf(err error) string {
	said := err.Error()
	if i := strings.LastIndex(said, ": "); i >= 0 {
		said = said[i+2:]
	}
	said, _, _ = strings.Cut(said, " in type ")
	return channel.Answer(said)
}

// wording is the administrator's template of a kind, else theirs for all kinds, else the shipped one.
func wording(ctx context.Context, tx db.Tx, kind string, lang text.Lang) (Template, error) {
	own, err := db.All(ctx, tx, scanTemplate, `SELECT kind, lang, subject, body, short, updated_at FROM notify_templates
		WHERE lang = $1 AND (kind = $2 OR kind = $3)`, string(lang), kind, AnyKind)
	if err != nil {
		return Template{}, fmt.Errorf("read template: %w", err)
	}
	best := shippedFor(kind, lang)
	for _, t := range own {
		if t.Kind == kind {
			return t.Template, nil
		}
		if kind != DigestKind {
			best = t.Template
		}
	}
	return best, nil
}

func scanTemplate(row db.Row) (t TemplateView, err error) {
	var at int64
	err = row.Scan(&t.Kind, &t.Lang, &t.Subject, &t.Body, &t.Short, &at)
	t.Own, t.UpdatedAt = true, instant(at)
	return t, err
}

// TemplateView is the wording of one kind in one language.
type TemplateView struct {
	Kind      string    `json:"kind"`
	KindLabel string    `json:"kind_label"`
	Lang      text.Lang `json:"lang"`
	Level     Level     `json:"level" doc:"of notices of this kind that name none themselves"`
	Own       bool      `json:"own" doc:"written by an administrator; otherwise as for the kind default, or as shipped"`
	Template
	UpdatedAt *time.Time `json:"updated_at"`
}

// Templates lists every kind in both languages.
func (s *Service) Templates(ctx context.Context) (list []TemplateView, err error) {
	err = s.looking(ctx, func(ctx context.Context, u *work.Unit) error {
		own, err := db.All(ctx, u.Tx, scanTemplate, `SELECT kind, lang, subject, body, short, updated_at FROM notify_templates`)
		if err != nil {
			return fmt.Errorf("read templates: %w", err)
		}
		list = []TemplateView{}
		for _, k := range allKinds() {
			for _, lang := range []text.Lang{text.Zh, text.En} {
				list = append(list, viewOf(k, lang, own, u.Actor.Lang))
			}
		}
		return nil
	})
	return list, err
}

func viewOf(k Kind, lang text.Lang, own []TemplateView, reader text.Lang) TemplateView {
	v := TemplateView{Kind: k.Name, Lang: lang, Template: shippedFor(k.Name, lang)}
	find := func(kind string) (TemplateView, bool) {
		i := slices.IndexFunc(own, func(t TemplateView) bool { return t.Kind == kind && t.Lang == lang })
		if i < 0 {
			return TemplateView{}, false
		}
		return own[i], true
	}
	if t, ok := find(k.Name); ok {
		v = t
	} else if t, ok := find(AnyKind); ok && k.Name != DigestKind {
		v.Template = t.Template
	}
	v.KindLabel, v.Level = k.Label.In(reader), k.Level
	return v
}

// SetTemplate words a kind in a language.
func (s *Service) SetTemplate(ctx context.Context, kind string, lang text.Lang, t Template) (v TemplateView, err error) {
	err = s.managing(ctx, func(ctx context.Context, u *work.Unit) error {
		k, err := templated(kind, lang)
		if err != nil {
			return err
		}
		if err := t.check(lang); err != nil {
			return err
		}
		if _, err := u.Exec(ctx, `INSERT INTO notify_templates (kind, lang, updated_at, subject, body, short) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (kind, lang) DO UPDATE SET updated_at = excluded.updated_at, subject = excluded.subject, body = excluded.body, short = excluded.short`,
			kind, string(lang), clock.Millis(u.Now()), t.Subject, t.Body, t.Short); err != nil {
			return fmt.Errorf("store template: %w", err)
		}
		v = viewOf(k, lang, []TemplateView{{Kind: kind, Lang: lang, Own: true, Template: t, UpdatedAt: instant(clock.Millis(u.Now()))}}, u.Actor.Lang)
		_, err = u.Record(ctx, work.Event{Stream: "notify.template:" + kind + ":" + string(lang), Kind: "notify.template_changed", Subject: "notify_template", Number: kind, Data: t})
		return err
	})
	return v, err
}

// ResetTemplate goes back to the shipped wording.
func (s *Service) ResetTemplate(ctx context.Context, kind string, lang text.Lang) error {
	return s.managing(ctx, func(ctx context.Context, u *work.Unit) error {
		if _, err := templated(kind, lang); err != nil {
			return err
		}
		rows, err := u.Exec(ctx, "DELETE FROM notify_templates WHERE kind = $1 AND lang = $2", kind, string(lang))
		if err != nil {
			return fmt.Errorf("remove template: %w", err)
		}
		if rows == 0 {
			return fault.Missing()
		}
		_, err = u.Record(ctx, work.Event{Stream: "notify.template:" + kind + ":" + string(lang), Kind: "notify.template_reset", Subject: "notify_template", Number: kind})
		return err
	})
}

func templated(kind string, lang text.Lang) (Kind, error) {
	k, ok := kindOf(kind)
	if !ok || lang != text.Zh && lang != text.En {
		return k, fault.Missing()
	}
	return k, nil
}

// Preview words a sample by a template that need not be saved.
func (s *Service) Preview(ctx context.Context, lang text.Lang, t Template) (out Template, err error) {
	err = s.looking(ctx, func(context.Context, *work.Unit) error {
		if err := t.check(lang); err != nil {
			return err
		}
		out.Subject, out.Body, out.Short, err = t.render(sample(lang))
		return err
	})
	return out, err
}
