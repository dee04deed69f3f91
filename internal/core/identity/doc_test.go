package identity_test

import (
	"strings"
	"testing"
)

func TestDocumentIsWhole(t *testing.T) {
	each(t, func(h *house) {
		doc := h.root.must(200, "GET", "/openapi.json", "")
		paths := doc.at("paths")
		for _, path := range []string{"/session", "/setup", "/me/totp", "/accounts/{id}/disable", "/people/{id}/leave", "/callers", "/teams/{id}/members"} {
			if len(paths.at("/api/v1"+path).m) == 0 {
				h.t.Errorf("%s is not in the document", path)
			}
		}
		for name := range doc.at("components").at("schemas").m {
			if strings.ContainsAny(name, "[]*") {
				h.t.Errorf("schema name %s", name)
			}
		}
	})
}
