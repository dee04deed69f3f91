package identity_test

import (
	"context"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/identity"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/seal"
	"github.com/steward-ops/steward/internal/kernel/fault"
)

func TestSecondFactorSurvivesANewMasterKey(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chen", "desk")
		secret := chen.must(200, "POST", "/me/totp", `{"password":"`+userPassword+`"}`).str("secret")
		chen.must(200, "POST", "/me/totp/confirm", `{"code":"`+h.code(secret)+`"}`)
		fresh := seal.Generate("k2")
		with := func(keys ...seal.Key) *identity.Service {
			ring, err := seal.New(keys)
			ok(h.t, err)
			return identity.New(h.door, party.New(h.door), identity.Config{Ring: ring, HashMemory: 64})
		}
		ctx := context.Background()
		both := with(fresh, h.key)
		for _, want := range []int{1, 0} {
			if n, err := both.Reseal(ctx); err != nil || n != want {
				h.t.Fatalf("resealed %d, %v; want %d", n, err, want)
			}
		}
		h.clock.Advance(30 * time.Second)
		in := identity.SignIn{Login: "chen", Password: userPassword, Code: h.code(secret)}
		if _, err := with(fresh).SignIn(ctx, in); err != nil {
			h.t.Fatal(err)
		}
		in.Code = "000000"
		_, err := with(fresh).SignIn(ctx, in)
		isFault(h.t, err, fault.Unauthenticated, "identity.totp_wrong")
	})
}
