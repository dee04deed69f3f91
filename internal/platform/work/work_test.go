package work_test

import (
	"errors"
	"testing"

	"github.com/steward-ops/steward/internal/platform/work"
)

func TestOnce(t *testing.T) {
	type key string
	u, asked := &work.Unit{}, 0
	ask := func(k key, err error) int {
		n, _ := work.Once(u, k, func() (int, error) { asked++; return asked, err })
		return n
	}
	if ask("a", nil) != 1 || ask("a", nil) != 1 || ask("b", nil) != 2 || asked != 2 {
		t.Error("asked", asked, "times")
	}
	if ask("c", errors.New("not now")); ask("c", nil) != 4 {
		t.Error("a failure is not kept")
	}
}
