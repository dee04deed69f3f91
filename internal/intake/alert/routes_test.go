package alert

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

// TestGuessing: who tries tokens gets the same answer for all of them, and soon none; a body is not even read.
func TestGuessing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := New(Config{Door: work.New(d, nil, nil, nil), Clock: clock.NewManual(noon)})
		api := httpapi.New(httpapi.Config{Log: dbtest.Log(t)})
		s.Routes(api)
		seen := map[int]int{}
		for i := range 40 {
			r := httptest.NewRequest("POST", "/api/v1/intake/grafana/sta_guess"+string(rune('a'+i%26)), strings.NewReader("{"))
			w := httptest.NewRecorder()
			api.Handler().ServeHTTP(w, r)
			seen[w.Code]++
			if w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") == "" {
				t.Error("it does not say when to come again")
			}
		}
		if seen[http.StatusNotFound] < 20 || seen[http.StatusTooManyRequests] < 15 || len(seen) != 2 {
			t.Errorf("answers: %v", seen)
		}
	}, dbtest.Migrations(Migrations))
}
