package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/demo"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/config"
)

// fillDemo tells the demonstration's story into an empty installation: through the API, as its people, with a clock of its own.
// An installation that has an account already is left as it is.
func fillDemo(ctx context.Context, cfg config.Config, opts Options, out io.Writer) error {
	now := clock.System().Now()
	manual := clock.NewManual(now)
	cfg.RateLimits, cfg.Sync = false, "normal"
	opts.Clock, opts.Log = manual, slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelError}))
	a, err := New(ctx, cfg, opts)
	if err != nil {
		return err
	}
	defer a.DB.Close()
	needed, err := a.Access.SetupNeeded(ctx)
	if err != nil || !needed {
		return err
	}
	fmt.Fprintln(out, "正在准备演示数据，约一分钟… Preparing the demonstration, about a minute…")
	teller := &storyteller{app: a, clock: manual, tokens: map[string]string{}}
	if err := demo.Fill(ctx, teller, demo.Options{Now: now, Seed: 1}); err != nil {
		return err
	}
	return a.sealAll(ctx)
}

// storyteller carries the demonstration's requests straight to the API's handler.
type storyteller struct {
	app    *App
	clock  *clock.Manual
	tokens map[string]string // of each account, for a year: nobody signs in a thousand times
}

// SetClock moves the story on and fires what is due.
func (s *storyteller) SetClock(ctx context.Context, at time.Time) error {
	s.clock.Set(at)
	_, err := s.app.Engine.Tick(ctx)
	return err
}

// Do sends a request as an account; "" = nobody.
func (s *storyteller) Do(ctx context.Context, as, method, path string, body any) (int, json.RawMessage, error) {
	token := ""
	if as != "" {
		var err error
		if token, err = s.token(ctx, as); err != nil {
			return 0, nil, fmt.Errorf("as %s: %w", as, err)
		}
	}
	r, err := requestOf(ctx, method, path, body)
	if err != nil {
		return 0, nil, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	status, answer, _ := s.send(r)
	return status, answer, nil
}

func (s *storyteller) send(r *http.Request) (int, json.RawMessage, http.Header) {
	w := &answer{header: http.Header{}, status: http.StatusOK}
	s.app.API.Handler().ServeHTTP(w, r)
	return w.status, w.body.Bytes(), w.header
}

// token signs the account in once and makes a token with all it may do.
func (s *storyteller) token(ctx context.Context, login string) (string, error) {
	if t, ok := s.tokens[login]; ok {
		return t, nil
	}
	r, err := requestOf(ctx, http.MethodPost, "/session", map[string]string{"login": login, "password": demo.Password})
	if err != nil {
		return "", err
	}
	status, body, header := s.send(r)
	var me struct {
		CSRF  string   `json:"csrf"`
		Perms []string `json:"perms"`
	}
	if err := json.Unmarshal(body, &me); err != nil || status >= 300 {
		return "", fmt.Errorf("sign in: %d %s", status, body)
	}
	r, err = requestOf(ctx, http.MethodPost, "/me/tokens", map[string]any{"name": "story", "scopes": me.Perms, "expires_at": s.clock.Now().AddDate(0, 6, 0)})
	if err != nil {
		return "", err
	}
	cookie, _, _ := strings.Cut(header.Get("Set-Cookie"), ";")
	r.Header.Set("Cookie", cookie)
	r.Header.Set("X-CSRF-Token", me.CSRF)
	status, body, _ = s.send(r)
	var made struct {
		Secret string `json:"secret"`
	}
	if err := json.Unmarshal(body, &made); err != nil || status >= 300 {
		return "", fmt.Errorf("make a token: %d %s", status, body)
	}
	s.tokens[login] = made.Secret
	return made.Secret, nil
}

func requestOf(ctx context.Context, method, path string, body any) (*http.Request, error) {
	content, contentType, err := contentOf(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://steward"+"/api/v1"+path, content)
	if err != nil {
		return nil, err
	}
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Accept-Language", "zh")
	return r, nil
}

func contentOf(body any) (*bytes.Buffer, string, error) {
	var b bytes.Buffer
	file, ok := body.(demo.File)
	if !ok {
		if body == nil {
			return &b, "application/json", nil
		}
		return &b, "application/json", json.NewEncoder(&b).Encode(body)
	}
	form := multipart.NewWriter(&b)
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename=%q`, file.Name)}, "Content-Type": {file.Type}})
	if err != nil {
		return nil, "", err
	}
	_, err = part.Write(file.Data)
	return &b, form.FormDataContentType(), errors.Join(err, form.Close())
}

// answer keeps what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// printSignIns says with which accounts the demonstration can be tried.
func printSignIns(out io.Writer) {
	fmt.Fprintf(out, "\n演示账号 Demo accounts (密码 password: %s)\n", demo.Password)
	for _, s := range [][2]string{
		{"zhouting", "周婷 服务台 · service desk"}, {"huangyong", "黄勇 一线 · first line"}, {"chenli", "陈立 二线 · second line"},
		{"mahuijuan", "马会娟 三线 · third line"}, {"lijing", "李静 事件经理 · incident manager"}, {"liumin", "刘敏 市一院 客户 · customer"}, {"admin", "系统管理员 · administrator"},
	} {
		fmt.Fprintf(out, "  %-10s %s\n", s[0], s[1])
	}
}
