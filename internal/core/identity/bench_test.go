package identity_test

import (
	"context"
	"testing"
)

// BenchmarkAuthenticate is what every request pays: one indexed query, the actor from the cache.
func BenchmarkAuthenticate(b *testing.B) {
	h := benchHouse(b)
	ctx := context.Background()
	for b.Loop() {
		if _, _, err := h.access.Authenticate(ctx, h.root.cookie, ""); err != nil {
			b.Fatal(err)
		}
	}
}
