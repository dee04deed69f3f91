package seal_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/steward-ops/steward/internal/core/seal"
)

func ring(t *testing.T, keys ...seal.Key) *seal.Ring {
	t.Helper()
	r, err := seal.New(keys)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sealed(t *testing.T, r *seal.Ring, plain, aad string) string {
	t.Helper()
	s, err := r.Seal(plain, aad)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOpensWhatItSealed(t *testing.T) {
	r := ring(t, seal.Generate("k1"))
	for _, plain := range []string{"", "x", "机房门禁 8842#", strings.Repeat("a", 100_000)} {
		s := sealed(t, r, plain, "place")
		if len(plain) > 4 && strings.Contains(s, plain) {
			t.Fatalf("the plain text shows in %q", s)
		}
		if got, err := r.Open(s, "place"); err != nil || got != plain {
			t.Fatalf("opened %q, %v", got, err)
		}
	}
	if sealed(t, r, "same", "p") == sealed(t, r, "same", "p") {
		t.Fatal("the same text sealed twice looks the same")
	}
}

func TestRefuses(t *testing.T) {
	one, two := seal.Generate("k1"), seal.Generate("k2")
	r := ring(t, one)
	s := sealed(t, r, "secret", "place")
	altered := s[:len(s)-1] + map[bool]string{true: "B", false: "A"}[strings.HasSuffix(s, "A")]
	forged := seal.Key{ID: "k1", Secret: two.Secret}
	cases := []struct {
		name, text, aad string
		ring            *seal.Ring
		want            error
	}{
		{"another place", s, "elsewhere", r, seal.ErrBroken},
		{"unknown key", s, "place", ring(t, two), seal.ErrUnknownKey},
		{"another key of that name", s, "place", ring(t, forged), seal.ErrBroken},
		{"altered", altered, "place", r, seal.ErrBroken},
		{"key id exchanged", strings.Replace(s, ".k1.", ".k2.", 1), "place", ring(t, one, seal.Key{ID: "k2", Secret: one.Secret}), seal.ErrBroken},
		{"cut", s[:20], "place", r, seal.ErrBroken},
		{"plain text", "secret", "place", r, seal.ErrBroken},
		{"empty", "", "place", r, seal.ErrBroken},
		{"not base64", "s1.k1.***", "place", r, seal.ErrBroken},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got, err := c.ring.Open(c.text, c.aad); !errors.Is(err, c.want) || got != "" {
				t.Fatalf("got %q, %v; want %v", got, err, c.want)
			}
		})
	}
}

func TestRotates(t *testing.T) {
	old, fresh := seal.Generate("2025"), seal.Generate("2026")
	s := sealed(t, ring(t, old), "secret", "p")
	both := ring(t, fresh, old)
	moved, changed, err := both.Rotate(s, "p")
	if err != nil || !changed || !strings.HasPrefix(moved, both.CurrentPrefix()) {
		t.Fatalf("%q %v %v", moved, changed, err)
	}
	if got, err := ring(t, fresh).Open(moved, "p"); err != nil || got != "secret" {
		t.Fatalf("%q %v", got, err)
	}
	if again, changed, err := both.Rotate(moved, "p"); err != nil || changed || again != moved {
		t.Fatalf("rotated twice: %v %v", changed, err)
	}
	if _, _, err := both.Rotate(s, "q"); !errors.Is(err, seal.ErrBroken) {
		t.Fatalf("rotated for another place: %v", err)
	}
}

func TestKeys(t *testing.T) {
	a, b := seal.Generate("a"), seal.Generate("b")
	keys, err := seal.Parse(a.String() + ", " + b.String())
	if err != nil || len(keys) != 2 || keys[1].String() != b.String() {
		t.Fatalf("%v %v", keys, err)
	}
	for _, bad := range []string{"", "noid", "a:***"} {
		if _, err := seal.Parse(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	for name, keys := range map[string][]seal.Key{
		"none": nil, "short": {{ID: "a", Secret: []byte("x")}}, "twice": {a, a}, "no id": {{Secret: a.Secret}}, "dot": {{ID: "a.b", Secret: a.Secret}},
	} {
		if _, err := seal.New(keys); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
