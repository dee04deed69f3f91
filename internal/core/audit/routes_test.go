package audit_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/audit"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

type badge map[string]*work.Actor

func (b badge) Authenticate(_ context.Context, _, bearer string) (*work.Actor, string, error) {
	if a := b[bearer]; a != nil {
		return a, "", nil
	}
	return nil, "", fault.New(fault.Unauthenticated, "unauthenticated", nil)
}

func TestRoutes(t *testing.T) {
	each(t, func(h *house) {
		h.fill(2, 3)
		api := httpapi.New(httpapi.Config{Clock: h.clock, Sessions: badge{"auditor": staff(audit.Read), "clerk": staff()}})
		h.service.Routes(api)
		server := httptest.NewServer(api.Handler())
		defer server.Close()
		get := func(who, path string) (int, string) {
			r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL+path, nil)
			if who != "" {
				r.Header.Set("Authorization", "Bearer "+who)
			}
			reply, err := http.DefaultClient.Do(r)
			if err != nil {
				h.t.Fatal(err)
			}
			defer func() { _ = reply.Body.Close() }()
			body, _ := io.ReadAll(reply.Body)
			return reply.StatusCode, string(body)
		}
		for _, path := range []string{"/api/v1/audit", "/api/v1/audit/verify", "/api/v1/audit/export"} {
			if status, body := get("clerk", path); status != http.StatusForbidden {
				h.t.Error(path, status, body)
			}
			if status, body := get("", path); status != http.StatusUnauthorized {
				h.t.Error(path, status, body)
			}
		}
		h.pagesOver(get)
		if status, body := get("auditor", "/api/v1/audit?from=yesterday"); status != http.StatusUnprocessableEntity {
			h.t.Error(status, body)
		}
		if status, body := get("auditor", "/api/v1/audit/verify"); status != http.StatusOK || !strings.Contains(body, `"intact":true`) {
			h.t.Error(status, body)
		}
		if status, body := get("auditor", "/api/v1/audit/verify"); status != http.StatusTooManyRequests {
			h.t.Error("twice in a minute:", status, body)
		}
		h.clock.Advance(time.Minute)
		if status, _ := get("auditor", "/api/v1/audit/verify"); status != http.StatusOK {
			h.t.Error("a minute later:", status)
		}
		if status, body := get("auditor", "/api/v1/audit/export?number=INC-2025-00001"); status != http.StatusOK || strings.Count(body, "\n") != 4 {
			h.t.Error(status, body)
		}
		for _, query := range []string{"colour=red", "from=yesterday"} {
			if status, body := get("auditor", "/api/v1/audit/export?"+query); status != http.StatusUnprocessableEntity {
				h.t.Error(query, status, body)
			}
		}
	})
}

func (h *house) pagesOver(get func(who, path string) (int, string)) {
	h.t.Helper()
	path, count := "/api/v1/audit?limit=4&subject=incident", 0
	for range 5 {
		status, body := get("auditor", path)
		var page httpapi.Page[audit.Entry]
		if err := json.Unmarshal([]byte(body), &page); err != nil || status != http.StatusOK {
			h.t.Fatal(status, body, err)
		}
		count += len(page.Items)
		if page.NextCursor == "" {
			break
		}
		path = "/api/v1/audit?limit=4&subject=incident&cursor=" + page.NextCursor
	}
	if count != 6 {
		h.t.Errorf("%d events over pages", count)
	}
}
