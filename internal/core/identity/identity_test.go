package identity_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/core/identity"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

func TestSetupOnlyOnce(t *testing.T) {
	each(t, func(h *house) {
		guest := &browser{h: h}
		if needed := guest.must(200, "GET", "/setup", "").m["needed"]; needed != false {
			h.t.Fatalf("needed: %v", needed)
		}
		guest.refused(409, "identity.setup_done", "POST", "/setup", `{"organisation":{"name":"x"},"person":{"name":"y"},"login":"evil","password":"`+userPassword+`"}`)
		if n := h.count("SELECT COUNT(*) FROM party_organisations"); n != 1 {
			h.t.Fatalf("%d organisations", n)
		}
		me := h.root.must(200, "GET", "/session", "")
		if me.at("person").str("name") != "系统管理员" || me.at("organisation").str("kind") != "provider" || me.str("csrf") != h.root.csrf {
			h.t.Fatalf("session %v", me.m)
		}
	})
}

func TestSetupIsWhole(t *testing.T) {
	each(t, func(h *house) {
		ok(h.t, h.db.Write(context.Background(), func(tx db.Tx) error {
			for _, table := range []string{"identity_sessions", "identity_passwords", "identity_grants", "identity_accounts", "party_people", "party_organisations"} {
				if _, err := tx.Exec(context.Background(), "DELETE FROM "+table); err != nil {
					return err
				}
			}
			return nil
		}))
		guest := &browser{h: h}
		guest.refused(422, "password:identity.password_common", "POST", "/setup", `{"organisation":{"name":"申远"},"person":{"name":"y"},"login":"root","password":"Password123!"}`)
		guest.refused(422, "organisation.name:field.required", "POST", "/setup", `{"organisation":{"name":" "},"person":{"name":"y"},"login":"root","password":"`+rootPassword+`"}`)
		guest.refused(422, "person.email:party.email", "POST", "/setup", `{"organisation":{"name":"申远"},"person":{"name":"y","email":"no"},"login":"root","password":"`+rootPassword+`"}`)
		if n := h.count("SELECT COUNT(*) FROM party_organisations"); n != 0 {
			h.t.Fatalf("a refused setup left %d organisations", n)
		}
		var made sync.WaitGroup
		codes := make([]int, 4)
		for i := range codes {
			made.Go(func() {
				b := &browser{h: h}
				codes[i], _ = b.send("POST", "/setup", fmt.Sprintf(`{"organisation":{"name":"申远 %d"},"person":{"name":"y"},"login":"root%d","password":"%s"}`, i, i, rootPassword))
			})
		}
		made.Wait()
		slices.Sort(codes)
		if !slices.Equal(codes, []int{201, 409, 409, 409}) {
			h.t.Fatalf("four at once: %v", codes)
		}
	})
}

func TestSignIn(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "Chen.Li", "desk")
		for name, c := range map[string]struct{ login, password, code string }{
			"unknown login":  {"nobody", userPassword, "identity.bad_credentials"},
			"wrong password": {"chen.li", userPassword + "x", "identity.bad_credentials"},
			"no password":    {"chen.li", "", "identity.bad_credentials"},
			"injection":      {"' OR 1=1 --", userPassword, "identity.bad_credentials"},
		} {
			b := &browser{h: h}
			h.t.Log(name)
			b.refused(401, c.code, "POST", "/session", `{"login":"`+c.login+`","password":"`+c.password+`"}`)
			if b.cookie != "" {
				h.t.Error("a refusal sets a cookie")
			}
		}
		b := &browser{h: h, login: " CHEN.LI "} // whatever the case
		b.signIn(userPassword)
		me := b.must(200, "GET", "/session", "")
		perms, _ := me.m["perms"].([]any)
		if !slices.Contains(perms, any("record.assign")) || slices.Contains(perms, any("identity.manage")) {
			h.t.Errorf("perms %v", perms)
		}
		for _, secret := range []string{b.cookie, chen.cookie} {
			if n := h.count("SELECT COUNT(*) FROM identity_sessions WHERE hash = $1 OR id = $1", secret); n != 0 {
				h.t.Error("a token is stored as it is")
			}
		}
	})
}

func TestSessionsRotateAndEnd(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chen", "desk")
		first := *chen
		chen.signIn(userPassword) // with the first cookie still in the browser
		if chen.cookie == first.cookie || chen.csrf == first.csrf {
			h.t.Fatal("the token did not change at sign-in")
		}
		first.refused(401, "unauthenticated", "GET", "/session", "")
		other := &browser{h: h, login: "chen"}
		other.signIn(userPassword)
		if n := len(chen.must(200, "GET", "/me/sessions", "").items()); n != 2 {
			h.t.Fatalf("%d sessions", n)
		}
		chen.must(204, "DELETE", "/me/sessions", "")
		other.refused(401, "unauthenticated", "GET", "/session", "")
		chen.refused(404, "not_found", "DELETE", "/me/sessions/"+h.root.sessionID(), "")
		h.root.must(200, "GET", "/session", "")
		old := *chen
		chen.must(204, "DELETE", "/session", "")
		old.refused(401, "unauthenticated", "GET", "/session", "")
		if chen.cookie != "" {
			h.t.Error("the cookie stays after signing out")
		}
	})
}

func (b *browser) sessionID() string {
	b.h.t.Helper()
	for _, s := range b.must(200, "GET", "/me/sessions", "").items() {
		if s.m["current"] == true {
			return s.str("id")
		}
	}
	b.h.t.Fatal("no current session")
	return ""
}

func TestSessionsExpire(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chen", "desk")
		for range 6 { // used every three hours: idle never, absolute after a day
			h.clock.Advance(3 * time.Hour)
			chen.must(200, "GET", "/session", "")
		}
		h.clock.Advance(3*time.Hour + 59*time.Minute)
		chen.must(200, "GET", "/session", "")
		h.clock.Advance(2*time.Hour + time.Minute)
		chen.refused(401, "unauthenticated", "GET", "/session", "")

		chen.signIn(userPassword)
		h.clock.Advance(4*time.Hour - time.Millisecond)
		chen.must(200, "GET", "/session", "")
		h.clock.Advance(4 * time.Hour)
		chen.refused(401, "unauthenticated", "GET", "/session", "")
		ok(h.t, h.access.Sweep(context.Background()))
		if n := h.count("SELECT COUNT(*) FROM identity_sessions"); n != 0 {
			h.t.Errorf("%d dead sessions stay", n)
		}
	})
}

func TestCSRF(t *testing.T) {
	each(t, func(h *house) {
		h.root.csrf = "wrong"
		h.root.refused(403, "httpapi.csrf", "PATCH", "/me", `{"theme":"dark"}`)
	})
}

func TestLockout(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chen", "desk")
		for _, login := range []string{"chen", "nobody"} { // both look the same from outside
			b := &browser{h: h}
			for range 5 {
				b.refused(401, "identity.bad_credentials", "POST", "/session", `{"login":"`+login+`","password":"wrong"}`)
			}
			b.refused(429, "identity.locked", "POST", "/session", `{"login":"`+login+`","password":"`+userPassword+`"}`)
		}
		if len(h.locks) != 1 || h.locks[0].Person != chen.person || len(h.locks[0].Administrators) != 1 {
			h.t.Fatalf("told of locks: %+v", h.locks)
		}
		if n := h.count("SELECT COUNT(*) FROM audit_events WHERE kind = 'account.locked' AND stream = $1", chen.account); n != 1 {
			h.t.Errorf("%d events of the lock", n)
		}
		view := h.root.must(200, "GET", "/accounts/"+chen.account, "")
		if view.str("locked_until") == "" || view.m["failed"] != float64(5) {
			h.t.Errorf("account %v", view.m)
		}
		chen.must(200, "GET", "/session", "") // who is in stays in
		h.clock.Advance(15 * time.Minute)
		b := &browser{h: h, login: "chen"}
		b.signIn(userPassword)

		for range 5 {
			b.refused(401, "identity.bad_credentials", "POST", "/session", `{"login":"chen","password":"wrong"}`)
		}
		b.refused(429, "identity.locked", "POST", "/session", `{"login":"chen","password":"`+userPassword+`"}`)
		h.root.must(200, "POST", "/accounts/"+chen.account+"/unlock", "")
		b.signIn(userPassword)
	})
}

func TestParallelGuessesDoNotOutrunTheLock(t *testing.T) {
	each(t, func(h *house) {
		h.staff(h.org, "陈立", "chen", "desk")
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				b := &browser{h: h}
				b.send("POST", "/session", `{"login":"chen","password":"wrong"}`)
			})
		}
		wg.Wait()
		if n := h.count("SELECT failed FROM identity_attempts"); n != 5 {
			h.t.Fatalf("%d failures counted, want 5 and then a lock", n)
		}
	})
}

func TestSecondFactor(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chen", "desk")
		other := &browser{h: h, login: "chen"}
		other.signIn(userPassword)
		chen.refused(422, "password:identity.password_wrong", "POST", "/me/totp", `{"password":"wrong"}`)
		chen.refused(409, "identity.totp_off", "POST", "/me/totp/confirm", `{"code":"123456"}`)
		e := chen.must(200, "POST", "/me/totp", `{"password":"`+userPassword+`"}`)
		secret := e.str("secret")
		if !strings.HasPrefix(e.str("otpauth_url"), "otpauth://totp/Steward:chen?") {
			h.t.Errorf("url %s", e.str("otpauth_url"))
		}
		if n := h.count("SELECT COUNT(*) FROM identity_accounts WHERE totp_secret LIKE $1", "%"+secret+"%"); n != 0 {
			h.t.Error("the secret is not sealed")
		}
		chen.refused(422, "code:identity.totp_wrong", "POST", "/me/totp/confirm", `{"code":"000000"}`)
		before := chen.cookie
		done := chen.must(200, "POST", "/me/totp/confirm", `{"code":"`+h.code(secret)+`"}`)
		chen.csrf = done.str("csrf")
		if chen.cookie == before {
			h.t.Error("the session keeps its token")
		}
		other.refused(401, "unauthenticated", "GET", "/session", "")

		try := func(code string) string {
			return `{"login":"chen","password":"` + userPassword + `","totp":"` + code + `"}`
		}
		b := &browser{h: h, login: "chen"}
		b.refused(401, "totp_required", "POST", "/session", try(""))
		b.refused(401, "identity.bad_credentials", "POST", "/session", `{"login":"chen","password":"wrong","totp":"`+h.code(secret)+`"}`)
		b.refused(401, "identity.totp_wrong", "POST", "/session", try(h.code(secret))) // used to confirm: replayed
		h.clock.Advance(30 * time.Second)
		now := h.code(secret)
		b.must(200, "POST", "/session", try(now))
		b.refused(401, "identity.totp_wrong", "POST", "/session", try(now)) // replayed

		codes := done.m["backup_codes"].([]any)
		if len(codes) != 10 {
			h.t.Fatalf("%d backup codes", len(codes))
		}
		spare := strings.ToLower(codes[0].(string))
		b.must(200, "POST", "/session", try(spare))
		b.refused(401, "identity.totp_wrong", "POST", "/session", try(spare))

		chen.must(200, "DELETE", "/me/totp", `{"password":"`+userPassword+`"}`)
		b.must(200, "POST", "/session", try(""))
	})
}

func TestSecondFactorIsGuessedUnderTheLock(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chen", "desk")
		secret := chen.must(200, "POST", "/me/totp", `{"password":"`+userPassword+`"}`).str("secret")
		chen.must(200, "POST", "/me/totp/confirm", `{"code":"`+h.code(secret)+`"}`)
		b := &browser{h: h}
		for range 5 {
			b.refused(401, "identity.totp_wrong", "POST", "/session", `{"login":"chen","password":"`+userPassword+`","totp":"000000"}`)
		}
		h.clock.Advance(30 * time.Second)
		b.refused(429, "identity.locked", "POST", "/session", `{"login":"chen","password":"`+userPassword+`","totp":"`+h.code(secret)+`"}`)
		h.root.must(200, "POST", "/accounts/"+chen.account+"/reset-totp", "")
		h.root.must(200, "POST", "/accounts/"+chen.account+"/unlock", "")
		chen.refused(401, "unauthenticated", "GET", "/session", "")
		chen.signIn(userPassword)
	})
}

func TestLeaverIsOutAtOnce(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chen", "desk")
		robot := &browser{h: h, bearer: chen.token("party.read")}
		robot.must(200, "GET", "/people", "")
		l := h.root.must(200, "POST", "/people/"+chen.person+"/leave", "")
		if l.at("person").str("status") != "left" {
			h.t.Errorf("leaving %v", l.m)
		}
		chen.refused(401, "unauthenticated", "GET", "/session", "")
		robot.refused(401, "unauthenticated", "GET", "/people", "")
		b := &browser{h: h}
		b.refused(401, "identity.bad_credentials", "POST", "/session", `{"login":"chen","password":"`+userPassword+`"}`)
		h.root.refused(409, "identity.person_left", "POST", "/accounts/"+chen.account+"/enable", "")
		h.root.refused(422, "person:identity.person_left", "POST", "/accounts", `{"person":"`+chen.person+`","login":"chen2"}`)

		h.root.must(200, "POST", "/people/"+chen.person+"/return", "")
		b.refused(401, "identity.bad_credentials", "POST", "/session", `{"login":"chen","password":"`+userPassword+`"}`)
		h.root.must(200, "POST", "/accounts/"+chen.account+"/enable", "")
		chen.signIn(userPassword)
		robot.refused(401, "unauthenticated", "GET", "/people", "")
	})
}

func (b *browser) token(scopes ...string) string {
	b.h.t.Helper()
	expires := b.h.clock.Now().AddDate(0, 6, 0).Format(time.RFC3339)
	return b.must(201, "POST", "/me/tokens", `{"name":"接口","scopes":["`+strings.Join(scopes, `","`)+`"],"expires_at":"`+expires+`"}`).str("secret")
}

func (b *browser) person0() string {
	b.h.t.Helper()
	return b.must(200, "GET", "/session", "").at("person").str("id")
}

func (b *browser) grant(person, role string) string {
	b.h.t.Helper()
	return b.must(201, "POST", "/grants", `{"person":"`+person+`","role":"`+role+`"}`).str("id")
}

func TestLastAdministratorStays(t *testing.T) {
	each(t, func(h *house) {
		root := h.root.person0()
		grants := h.root.must(200, "GET", "/grants?role=admin", "").items()
		h.root.refused(409, "identity.last_admin", "DELETE", "/grants/"+grants[0].str("id"), "")
		h.root.refused(409, "party.leave_self", "POST", "/people/"+root+"/leave", "")
		second := h.staff(h.org, "周敏", "zhou", "admin")
		account := h.root.must(200, "GET", "/session", "").at("account").str("id")
		h.root.refused(409, "identity.disable_self", "POST", "/accounts/"+account+"/disable", "{}")
		second.must(200, "POST", "/accounts/"+account+"/disable", `{"reason":"休假"}`)
		h.root.refused(401, "unauthenticated", "GET", "/session", "")
		mine := second.must(200, "GET", "/grants?role=admin&person="+second.person, "").items()
		second.refused(409, "identity.last_admin", "DELETE", "/grants/"+mine[0].str("id"), "")
		second.refused(422, "perms:identity.perm_admin", "PATCH", "/roles/admin", `{"perms":["identity.audit"]}`)
		second.refused(422, "perms:identity.perm_admin", "PATCH", "/roles/admin", `{"perms":["identity.manage","secret.read"]}`)
		perms := second.must(200, "GET", "/session", "").m["perms"].([]any)
		if slices.Contains(perms, any("secret.read")) {
			h.t.Error("the administrator reads secrets")
		}
	})
}

func TestTokens(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chen", "desk")
		robot := &browser{h: h, bearer: chen.token("party.read")}
		robot.must(200, "GET", "/people", "")
		robot.refused(403, "forbidden", "POST", "/people", `{"organisation":"`+h.org+`","name":"x"}`) // chen may, the token not
		chen.must(201, "POST", "/people", `{"organisation":"`+h.org+`","name":"x"}`)
		robot.refused(403, "identity.session_only", "POST", "/me/tokens", `{"name":"x","scopes":["party.write"],"expires_at":"2026-12-01T00:00:00Z"}`)
		robot.refused(403, "identity.session_only", "POST", "/me/password", `{"current":"`+userPassword+`","new":"`+rootPassword+`"}`)
		robot.refused(403, "identity.session_only", "DELETE", "/session", "")
		me := robot.must(200, "GET", "/session", "")
		if perms := me.m["perms"].([]any); len(perms) != 1 || me.m["must_change_password"] != false {
			h.t.Errorf("the token's session: %v", me.m)
		}
		for name, c := range map[string]struct{ scopes, expires, code string }{
			"more than one's own": {`"identity.manage"`, "2026-12-01T00:00:00Z", "scopes:identity.perm_not_held"},
			"signed in":           {`"signed_in"`, "2026-12-01T00:00:00Z", "scopes:identity.perm_not_held"},
			"over a year":         {`"party.read"`, "2027-12-01T00:00:00Z", "expires_at:identity.token_expiry"},
			"already over":        {`"party.read"`, "2026-10-01T00:00:00Z", "expires_at:identity.token_expiry"},
		} {
			h.t.Log(name)
			chen.refused(422, c.code, "POST", "/me/tokens", `{"name":"x","scopes":[`+c.scopes+`],"expires_at":"`+c.expires+`"}`)
		}
		list := chen.must(200, "GET", "/me/tokens", "").items()
		if len(list) != 1 || list[0].str("last_used") == "" || strings.Contains(fmt.Sprint(list[0].m), robot.bearer) {
			h.t.Errorf("tokens %v", list)
		}
		h.root.refused(404, "not_found", "DELETE", "/me/tokens/"+list[0].str("id"), "")
		h.clock.Advance(200 * 24 * time.Hour)
		robot.refused(401, "unauthenticated", "GET", "/people", "")
		chen.signIn(userPassword)
		robot.bearer = chen.token("party.read")
		robot.must(200, "GET", "/people", "")
		id := chen.must(200, "GET", "/me/tokens", "").items()[1].str("id")
		chen.must(204, "DELETE", "/me/tokens/"+id, "")
		robot.refused(401, "unauthenticated", "GET", "/people", "")
		robot.bearer = chen.cookie // a session's token is no API token
		robot.refused(401, "unauthenticated", "GET", "/people", "")
	})
}

func TestRightsChangeAtOnce(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chen", "")
		chen.refused(403, "forbidden", "GET", "/people", "")
		grant := h.root.grant(chen.person, "desk")
		before := chen.cookie
		chen.must(200, "GET", "/people", "")
		stale := *chen
		chen.csrf = chen.must(200, "GET", "/session", "").str("csrf")
		if chen.cookie == before {
			h.t.Error("new rights, old token")
		}
		stale.must(200, "GET", "/people", "") // requests under way pass for a moment
		h.clock.Advance(31 * time.Second)
		stale.refused(401, "unauthenticated", "GET", "/people", "")
		chen.must(200, "PATCH", "/me", `{"theme":"dark"}`)

		h.root.must(200, "PATCH", "/roles/desk", `{"perms":["record.read"]}`)
		chen.refused(403, "forbidden", "GET", "/people", "")
		h.root.must(200, "PATCH", "/roles/desk", `{"perms":["party.read"]}`)
		chen.must(200, "GET", "/people", "")
		h.root.must(204, "DELETE", "/grants/"+grant, "")
		chen.refused(403, "forbidden", "GET", "/people", "")
		ok(h.t, h.access.Seed(context.Background())) // an edited role stays as it is
		if perms := h.root.must(200, "GET", "/roles/desk", "").m["perms"].([]any); len(perms) != 1 {
			h.t.Errorf("perms %v", perms)
		}
	})
}

func TestActor(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chen", "l1")
		li := h.staff(h.org, "李强", "li", "supervisor")
		h.root.must(200, "PATCH", "/people/"+chen.person, `{"superior":"`+li.person+`","zone":"Asia/Urumqi","language":"en"}`)
		team := h.root.must(201, "POST", "/teams", `{"organisation":"`+h.org+`","name":"一线","tier":"L1","members":["`+chen.person+`"]}`).str("id")
		a, csrf, err := h.access.Authenticate(context.Background(), chen.cookie, "")
		ok(h.t, err)
		if a.ID != chen.person || a.Account != chen.account || a.Superior != li.person || a.Zone != "Asia/Urumqi" || a.Lang != "en" ||
			!a.InTeam(team) || !slices.Equal(a.Tiers, []string{"L1"}) || !a.Holds("l1", "any", "incident") || !a.Scope().All || !a.May("secret.read") || csrf != chen.csrf {
			h.t.Errorf("actor %+v", a)
		}
		h.root.must(200, "PATCH", "/teams/"+team, `{"tier":"L2"}`)
		a, _, err = h.access.Authenticate(context.Background(), chen.cookie, "")
		ok(h.t, err)
		if !slices.Equal(a.Tiers, []string{"L2"}) {
			h.t.Errorf("tiers %v", a.Tiers)
		}
		h.root.must(200, "PUT", "/teams/"+team+"/members", `{"people":[]}`)
		a, _, err = h.access.Authenticate(context.Background(), chen.cookie, "")
		ok(h.t, err)
		if len(a.Teams) != 0 {
			h.t.Errorf("teams %v", a.Teams)
		}
		for _, bad := range []string{"", "x", strings.Repeat("A", 43), chen.cookie + "A"} {
			_, _, err := h.access.Authenticate(context.Background(), bad, "")
			isFault(h.t, err, fault.Unauthenticated, "unauthenticated")
			_, _, err = h.access.Authenticate(context.Background(), "", "stw_"+bad)
			isFault(h.t, err, fault.Unauthenticated, "unauthenticated")
		}
		ok(h.t, h.db.Read(context.Background(), func(tx db.Tx) error {
			with, err := identity.PeopleWith(context.Background(), tx, "", "incident", "supervisor", "head")
			if !slices.Equal(with, []string{li.person}) {
				h.t.Errorf("people with roles: %v", with)
			}
			return err
		}))
	})
}

func TestPasswords(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chenli", "desk")
		for name, c := range map[string]struct{ new, code string }{
			"short":        {"Ab1!short", "new:identity.password_short"},
			"one class":    {"onlysmallletters", "new:identity.password_classes"},
			"common":       {"P@ssw0rd2026", "new:identity.password_common"},
			"keyboard":     {"1Qaz2wsx3edc", "new:identity.password_common"},
			"admin":        {"Admin@123456", "new:identity.password_common"},
			"login":        {"Chenli-2026", "new:identity.password_name"},
			"the same":     {userPassword, "new:identity.password_again"},
			"far too long": {strings.Repeat("Aa1-", 40), "new:identity.password_long"},
		} {
			h.t.Log(name)
			chen.refused(422, c.code, "POST", "/me/password", `{"current":"`+userPassword+`","new":"`+c.new+`"}`)
		}
		chen.refused(422, "current:identity.password_wrong", "POST", "/me/password", `{"current":"x","new":"Marmot+Kettle4"}`)
		other := &browser{h: h, login: "chenli"}
		other.signIn(userPassword)
		current := userPassword
		old := *chen
		for i := range 5 {
			h.clock.Advance(time.Minute)
			next := fmt.Sprintf("Marmot+Kettle%d", i)
			chen.csrf = chen.must(200, "POST", "/me/password", `{"current":"`+current+`","new":"`+next+`"}`).str("csrf")
			current = next
		}
		old.refused(401, "unauthenticated", "GET", "/session", "")
		other.refused(401, "unauthenticated", "GET", "/session", "")
		chen.refused(422, "new:identity.password_again", "POST", "/me/password", `{"current":"`+current+`","new":"Marmot+Kettle0"}`)
		chen.csrf = chen.must(200, "POST", "/me/password", `{"current":"`+current+`","new":"`+userPassword+`"}`).str("csrf") // the sixth before
	})
}

func TestPasswordGuessingInsideASessionLocks(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chen", "desk")
		for range 5 {
			chen.refused(422, "current:identity.password_wrong", "POST", "/me/password", `{"current":"x","new":"Marmot+Kettle4"}`)
		}
		chen.refused(429, "identity.locked", "POST", "/me/password", `{"current":"`+userPassword+`","new":"Marmot+Kettle4"}`)
	})
}

func TestMustChange(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chen", "desk")
		robot := &browser{h: h, bearer: chen.token("party.read")}
		made := h.root.must(200, "POST", "/accounts/"+chen.account+"/reset-password", "{}")
		fresh := made.str("password")
		if fresh == "" || made.at("account").m["must_change"] != true {
			h.t.Fatalf("reset %v", made.m)
		}
		chen.refused(401, "unauthenticated", "GET", "/session", "")
		robot.refused(401, "unauthenticated", "GET", "/people", "")
		chen.signIn(fresh)
		me := chen.must(200, "GET", "/session", "")
		if me.m["must_change_password"] != true || len(me.m["perms"].([]any)) != 0 {
			h.t.Errorf("session %v", me.m)
		}
		chen.refused(403, "forbidden", "GET", "/people", "")
		chen.csrf = chen.must(200, "POST", "/me/password", `{"current":"`+fresh+`","new":"Marmot+Kettle4"}`).str("csrf")
		chen.must(200, "GET", "/people", "")

		h.root.must(200, "PATCH", "/password-policy", `{"max_age_days":90}`)
		h.clock.Advance(91 * 24 * time.Hour)
		chen.signIn("Marmot+Kettle4")
		chen.refused(403, "forbidden", "GET", "/people", "")
	})
}

func TestPolicy(t *testing.T) {
	each(t, func(h *house) {
		p := h.root.must(200, "GET", "/password-policy", "")
		if p.m["min_length"] != float64(10) || p.m["history"] != float64(5) || p.m["lockout_failures"] != float64(5) || p.m["lockout_minutes"] != float64(15) {
			h.t.Errorf("policy %v", p.m)
		}
		h.root.must(200, "PATCH", "/password-policy", `{"min_length":16}`)
		h.root.refused(422, "min_length:httpapi.min", "PATCH", "/password-policy", `{"min_length":4}`)
		h.root.refused(422, "minimum:field.unknown", "PATCH", "/password-policy", `{"minimum":4}`)
		h.root.refused(412, "stale", "PATCH", "/password-policy", `{"min_length":12}`, "If-Match", `"v7"`)
		chen := h.root.must(201, "POST", "/people", `{"organisation":"`+h.org+`","name":"陈立"}`).str("id")
		h.root.refused(422, "password:identity.password_short", "POST", "/accounts", `{"person":"`+chen+`","login":"chen","password":"Quiet?Lamp-7"}`)
		desk := h.staff2(chen, "chen", "Quiet?Lantern-77x", "desk")
		desk.refused(403, "forbidden", "PATCH", "/password-policy", `{"min_length":8}`)
		desk.refused(403, "forbidden", "GET", "/accounts", "")
		if n := h.count("SELECT COUNT(*) FROM audit_events WHERE kind = 'password_policy.changed'"); n != 1 {
			h.t.Errorf("%d events", n)
		}
	})
}

func (h *house) staff2(person, login, password, role string) *browser {
	h.t.Helper()
	made := h.root.must(201, "POST", "/accounts", `{"person":"`+person+`","login":"`+login+`","password":"`+password+`","must_change":false}`)
	h.root.grant(person, role)
	b := &browser{h: h, person: person, account: made.at("account").str("id"), login: login}
	b.signIn(password)
	return b
}

func TestAccounts(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chen", "desk")
		h.root.refused(422, "login:field.unique", "POST", "/accounts", `{"person":"`+chen.person+`","login":"CHEN"}`)
		h.root.refused(422, "login:identity.login_form", "POST", "/accounts", `{"person":"`+chen.person+`","login":"a b"}`)
		h.root.refused(422, "person:field.missing", "POST", "/accounts", `{"person":"nobody","login":"xx"}`)
		made := h.root.must(201, "POST", "/accounts", `{"person":"`+chen.person+`","login":"chen-2"}`)
		if made.str("password") == "" {
			h.t.Error("no password was made up")
		}
		h.root.must(200, "PATCH", "/accounts/"+chen.account, `{"login":"chen.li"}`, "If-Match", `"v1"`)
		h.root.refused(412, "stale", "PATCH", "/accounts/"+chen.account, `{"login":"chen.l"}`, "If-Match", `"v1"`)
		b := &browser{h: h, login: "chen.li"}
		b.signIn(userPassword)
		list := h.root.must(200, "GET", "/accounts?limit=2", "")
		rest := h.root.must(200, "GET", "/accounts?limit=2&cursor="+list.str("next_cursor"), "")
		if len(list.items()) != 2 || len(rest.items()) != 1 || rest.str("next_cursor") != "" {
			h.t.Errorf("pages of %d and %d", len(list.items()), len(rest.items()))
		}
		if found := h.root.must(200, "GET", "/accounts?q=CHEN.", "").items(); len(found) != 1 || !slices.Equal(found[0].m["roles"].([]any), []any{"desk"}) {
			h.t.Errorf("found %v", found)
		}
	})
}

func TestRestrictedAdministrator(t *testing.T) {
	each(t, func(h *house) {
		acme, liu := h.customer("安康超市", "liu", "customer_user")
		_, qian := h.customer("博文学校", "qian", "customer_user")
		person := h.root.must(201, "POST", "/people", `{"organisation":"`+h.org+`","name":"客户管理员"}`).str("id")
		h.root.must(201, "POST", "/accounts", `{"person":"`+person+`","login":"local","password":"`+userPassword+`","must_change":false}`)
		h.root.must(201, "POST", "/grants", `{"person":"`+person+`","role":"admin","customer":"`+acme+`"}`)
		local := &browser{h: h, login: "local", person: person}
		local.signIn(userPassword)
		if list := local.must(200, "GET", "/accounts", "").items(); len(list) != 1 || list[0].str("login") != "liu" {
			h.t.Errorf("accounts %v", list)
		}
		for _, path := range []string{"/grants", "/access-review"} {
			for _, g := range local.must(200, "GET", path, "").items() {
				if g.str("person") != liu.person {
					h.t.Errorf("%s shows %v", path, g.m)
				}
			}
		}
		local.must(200, "POST", "/accounts/"+liu.account+"/reset-password", "{}")
		local.refused(404, "not_found", "POST", "/accounts/"+qian.account+"/reset-password", "{}")
		local.refused(404, "not_found", "GET", "/accounts/"+qian.account, "")
		root := h.root.must(200, "GET", "/session", "")
		local.refused(404, "not_found", "POST", "/accounts/"+root.at("account").str("id")+"/reset-password", "{}")
		local.refused(422, "person:field.missing", "POST", "/grants", `{"person":"`+person+`","role":"admin"}`)
		local.refused(422, "person:field.missing", "POST", "/accounts", `{"person":"`+qian.person+`","login":"evil"}`)
		local.refused(403, "forbidden", "PATCH", "/roles/desk", `{"perms":[]}`)
		local.refused(403, "forbidden", "PATCH", "/password-policy", `{"min_length":8}`)
	})
}

func TestRolesAndGrants(t *testing.T) {
	each(t, func(h *house) {
		acme, liu := h.customer("安康超市", "liu", "customer_user")
		chen := h.staff(h.org, "陈立", "chen", "desk")
		h.root.refused(422, "role:identity.role_side", "POST", "/grants", `{"person":"`+liu.person+`","role":"desk"}`)
		h.root.refused(422, "role:identity.role_side", "POST", "/grants", `{"person":"`+chen.person+`","role":"customer_user"}`)
		h.root.refused(422, "role:field.missing", "POST", "/grants", `{"person":"`+chen.person+`","role":"king"}`)
		h.root.refused(422, "customer:field.missing", "POST", "/grants", `{"person":"`+chen.person+`","role":"l1","customer":"`+h.org+`"}`)
		h.root.refused(422, "role:identity.granted", "POST", "/grants", `{"person":"`+chen.person+`","role":"desk"}`)
		h.root.must(201, "POST", "/grants", `{"person":"`+chen.person+`","role":"l1","customer":"`+acme+`","process":"incident"}`)

		h.root.refused(422, "perms:identity.perm_side", "POST", "/roles", `{"code":"buyer","zh":"采购","en":"Buyer","side":"customer","perms":["record.comment_internal"]}`)
		h.root.refused(422, "perms:identity.perm_unknown", "POST", "/roles", `{"code":"buyer","zh":"采购","en":"Buyer","side":"customer","perms":["root"]}`)
		h.root.refused(422, "label:field.required", "POST", "/roles", `{"code":"buyer","zh":"采购","en":"","side":"customer","perms":[]}`)
		h.root.must(201, "POST", "/roles", `{"code":"buyer","zh":"采购","en":"Buyer","side":"customer","perms":["record.read"]}`)
		h.root.refused(422, "code:field.unique", "POST", "/roles", `{"code":"buyer","zh":"采购","en":"Buyer","side":"customer","perms":[]}`)
		grant := h.root.grant(liu.person, "buyer")
		h.root.refused(409, "identity.role_used", "DELETE", "/roles/buyer", "")
		h.root.must(204, "DELETE", "/grants/"+grant, "")
		h.root.must(204, "DELETE", "/roles/buyer", "")
		h.root.refused(409, "identity.role_builtin", "DELETE", "/roles/l3", "")
		if n := len(h.root.must(200, "GET", "/roles", "").items()); n != 17 {
			h.t.Errorf("%d built-in roles", n)
		}
		qa := h.root.must(200, "GET", "/roles/qa", "").m["perms"].([]any)
		for _, p := range qa {
			if slices.Contains([]any{"record.write", "record.create", "record.move", "record.assign", "record.bulk", "record.comment", "secret.read"}, p) {
				h.t.Errorf("quality assurance may %v", p)
			}
		}
	})
}

func TestAccessReview(t *testing.T) {
	each(t, func(h *house) {
		chen := h.staff(h.org, "陈立", "chen", "desk")
		qa := h.staff(h.org, "吴莉", "wu", "qa")
		h.clock.Advance(100 * 24 * time.Hour)
		h.root.login = "root"
		h.root.signIn(rootPassword)
		stale := h.root.must(200, "GET", "/access-review?stale_days=90", "").items()
		if len(stale) != 3 {
			h.t.Fatalf("%d grants are due", len(stale))
		}
		var grant string
		for _, g := range stale {
			if g.str("person") == chen.person {
				grant = g.str("id")
				if g.str("last_use") != "2026-10-12T01:00:00Z" {
					h.t.Errorf("last use %q", g.str("last_use"))
				}
			}
		}
		d := h.root.must(200, "POST", "/access-review/"+grant+"/confirm", `{"note":"仍在服务台"}`)
		if d.str("decision") != "confirmed" {
			h.t.Errorf("decision %v", d.m)
		}
		if left := h.root.must(200, "GET", "/access-review?stale_days=90", "").items(); len(left) != 2 {
			h.t.Errorf("%d grants are still due", len(left))
		}
		h.root.must(200, "POST", "/access-review/"+grant+"/revoke", `{}`)
		h.root.refused(404, "not_found", "POST", "/access-review/"+grant+"/revoke", `{}`)
		qa.signIn(userPassword)
		if list := qa.must(200, "GET", "/access-review/decisions", "").items(); len(list) != 2 || list[0].str("decision") != "revoked" || list[1].str("note") != "仍在服务台" {
			h.t.Errorf("decisions %v", list)
		}
		qa.refused(403, "forbidden", "POST", "/access-review/"+grant+"/confirm", `{}`)
		chen.signIn(userPassword)
		chen.refused(403, "forbidden", "GET", "/access-review", "")
	})
}

func TestMe(t *testing.T) {
	each(t, func(h *house) {
		me := h.root.must(200, "PATCH", "/me", `{"language":"en","theme":"dark","density":"roomy","single_keys":false,"preferences":{"columns":{"incident":["number"]},"x":1}}`)
		if me.str("language") != "en" || me.str("theme") != "dark" || me.m["single_keys"] != false {
			h.t.Errorf("me %v", me.m)
		}
		me = h.root.must(200, "PATCH", "/me", `{"preferences":{"x":null}}`)
		if p := me.at("preferences"); len(p.m) != 1 || me.str("density") != "roomy" {
			h.t.Errorf("me %v", me.m)
		}
		_, problem := h.root.send("GET", "/people/nobody", "")
		if !strings.HasPrefix(problem.str("detail"), "Not found") {
			h.t.Errorf("said %q", problem.str("detail"))
		}
		h.root.refused(422, "preferences:identity.preferences_large", "PATCH", "/me", `{"preferences":{"x":"`+strings.Repeat("a", 40_000)+`"}}`)
		h.root.refused(422, "zone:party.zone", "PATCH", "/me", `{"zone":"Mars"}`)
		h.root.refused(422, "colour:field.unknown", "PATCH", "/me", `{"colour":"red"}`)
	})
}

func TestCustomersOverHTTP(t *testing.T) {
	each(t, func(h *house) {
		acme, liu := h.customer("安康超市", "liu", "customer_user")
		globex, qian := h.customer("博文学校", "qian", "customer_responsible")
		h.root.must(201, "POST", "/sites", `{"organisation":"`+globex+`","name":"东校区"}`)
		for _, path := range []string{"/organisations", "/sites", "/departments", "/people", "/teams", "/services", "/dedicated-engineers"} {
			for _, item := range liu.must(200, "GET", path, "").items() {
				if text := fmt.Sprint(item.m); strings.Contains(text, globex) || strings.Contains(text, h.org) {
					h.t.Errorf("%s shows %s", path, text)
				}
			}
		}
		liu.refused(404, "not_found", "GET", "/organisations/"+globex, "")
		liu.refused(404, "not_found", "GET", "/people/"+qian.person, "")
		liu.refused(403, "forbidden", "PATCH", "/organisations/"+acme, `{"name":"x"}`)
		liu.refused(403, "forbidden", "GET", "/callers?phone=13800138000", "")
		a, _, err := h.access.Authenticate(context.Background(), liu.cookie, "")
		ok(h.t, err)
		if s := a.Scope(); s.All || s.Own != liu.person || !slices.Equal(s.Customers, []string{acme}) {
			h.t.Errorf("scope %+v", s)
		}
		a, _, err = h.access.Authenticate(context.Background(), qian.cookie, "")
		ok(h.t, err)
		if s := a.Scope(); s.All || s.Own != "" || !slices.Equal(s.Customers, []string{globex}) {
			h.t.Errorf("scope %+v", s)
		}
	})
}

func TestPartyOverHTTP(t *testing.T) {
	each(t, func(h *house) {
		made := h.root.must(201, "POST", "/organisations", `{"kind":"customer","name":"安康超市","customer_class":"A"}`)
		id := made.str("id")
		if made.header.Get("ETag") != `"v1"` || made.header.Get("Location") != "/api/v1/organisations/"+id {
			h.t.Errorf("headers %v", made.header)
		}
		h.root.must(200, "PATCH", "/organisations/"+id, `{"short_name":"安康"}`, "If-Match", `"v1"`)
		h.root.refused(412, "stale", "PATCH", "/organisations/"+id, `{"short_name":"x"}`, "If-Match", `"v1"`)
		h.root.refused(422, "kind:field.unknown", "PATCH", "/organisations/"+id, `{"kind":"supplier"}`)
		h.root.refused(422, "name:field.required", "POST", "/organisations", `{"kind":"customer"}`)
		h.root.refused(422, "cursor:httpapi.cursor", "GET", "/organisations?cursor=x", "")
		list := h.root.must(200, "GET", "/organisations?limit=1", "")
		next := h.root.must(200, "GET", "/organisations?limit=1&cursor="+list.str("next_cursor"), "")
		if len(next.items()) != 1 || next.items()[0].str("id") == list.items()[0].str("id") || next.str("next_cursor") != "" {
			h.t.Errorf("pages %v %v", list.m, next.m)
		}
		guest := &browser{h: h}
		guest.refused(401, "unauthenticated", "GET", "/organisations", "")
		guest.refused(401, "unauthenticated", "POST", "/people/"+id+"/leave", "")
	})
}

// TestNobodyGetsIn calls use cases without an actor, and with one that may nothing.
func TestNobodyGetsIn(t *testing.T) {
	each(t, func(h *house) {
		ctx := context.Background()
		drop := func(_ any, err error) error { return err }
		for name, call := range map[string]func(ctx context.Context) error{
			"Accounts":      func(ctx context.Context) error { return drop(h.access.Accounts(ctx, identity.AccountFilter{})) },
			"Account":       func(ctx context.Context) error { return drop(h.access.Account(ctx, "x")) },
			"CreateAccount": func(ctx context.Context) error { return drop(h.access.CreateAccount(ctx, identity.AccountNew{})) },
			"ChangeAccount": func(ctx context.Context) error {
				return drop(h.access.ChangeAccount(ctx, "x", 0, identity.AccountChange{}))
			},
			"ResetPassword": func(ctx context.Context) error { return drop(h.access.ResetPassword(ctx, "x", nil)) },
			"Unlock":        func(ctx context.Context) error { return drop(h.access.Unlock(ctx, "x")) },
			"Disable":       func(ctx context.Context) error { return drop(h.access.Disable(ctx, "x", "")) },
			"Enable":        func(ctx context.Context) error { return drop(h.access.Enable(ctx, "x")) },
			"ResetTOTP":     func(ctx context.Context) error { return drop(h.access.ResetTOTP(ctx, "x")) },
			"Roles":         func(ctx context.Context) error { return drop(h.access.Roles(ctx)) },
			"Role":          func(ctx context.Context) error { return drop(h.access.Role(ctx, "admin")) },
			"Perms":         func(ctx context.Context) error { return drop(h.access.Perms(ctx)) },
			"CreateRole":    func(ctx context.Context) error { return drop(h.access.CreateRole(ctx, identity.RoleNew{})) },
			"ChangeRole": func(ctx context.Context) error {
				return drop(h.access.ChangeRole(ctx, "admin", 0, identity.RoleChange{}))
			},
			"DeleteRole":   func(ctx context.Context) error { return h.access.DeleteRole(ctx, "l1") },
			"Grants":       func(ctx context.Context) error { return drop(h.access.Grants(ctx, identity.GrantFilter{})) },
			"Grant":        func(ctx context.Context) error { return drop(h.access.Grant(ctx, identity.GrantNew{})) },
			"Revoke":       func(ctx context.Context) error { return h.access.Revoke(ctx, "x") },
			"AccessReview": func(ctx context.Context) error { return drop(h.access.AccessReview(ctx, identity.GrantFilter{})) },
			"Decisions":    func(ctx context.Context) error { return drop(h.access.Decisions(ctx, "", "", 1)) },
			"ConfirmGrant": func(ctx context.Context) error { return drop(h.access.ConfirmGrant(ctx, "x", "")) },
			"RevokeGrant":  func(ctx context.Context) error { return drop(h.access.RevokeGrant(ctx, "x", "")) },
			"ChangePolicy": func(ctx context.Context) error {
				_, _, err := h.access.ChangePolicy(ctx, 0, identity.PolicyChange{})
				return err
			},
		} {
			h.t.Log(name)
			isFault(h.t, call(ctx), fault.Unauthenticated, "unauthenticated")
			isFault(h.t, call(work.WithActor(ctx, &work.Actor{ID: "x", OrgKind: work.Provider})), fault.Forbidden, "forbidden")
		}
		for name, call := range map[string]func(ctx context.Context) error{
			"Me":               func(ctx context.Context) error { return drop(h.access.Me(ctx)) },
			"ChangeMe":         func(ctx context.Context) error { return drop(h.access.ChangeMe(ctx, identity.MeChange{})) },
			"ChangePassword":   func(ctx context.Context) error { return drop(h.access.ChangePassword(ctx, "", "")) },
			"EnrolTOTP":        func(ctx context.Context) error { return drop(h.access.EnrolTOTP(ctx, "")) },
			"ConfirmTOTP":      func(ctx context.Context) error { _, _, err := h.access.ConfirmTOTP(ctx, ""); return err },
			"DisableTOTP":      func(ctx context.Context) error { return drop(h.access.DisableTOTP(ctx, "")) },
			"Sessions":         func(ctx context.Context) error { return drop(h.access.Sessions(ctx)) },
			"EndSession":       func(ctx context.Context) error { return h.access.EndSession(ctx, "x") },
			"EndOtherSessions": func(ctx context.Context) error { return h.access.EndOtherSessions(ctx) },
			"SignOut":          func(ctx context.Context) error { return h.access.SignOut(ctx) },
			"Tokens":           func(ctx context.Context) error { return drop(h.access.Tokens(ctx)) },
			"CreateToken":      func(ctx context.Context) error { return drop(h.access.CreateToken(ctx, identity.TokenNew{})) },
			"DeleteToken":      func(ctx context.Context) error { return h.access.DeleteToken(ctx, "x") },
			"Refresh":          func(ctx context.Context) error { _, _, err := h.access.Refresh(ctx); return err },
			"Policy":           func(ctx context.Context) error { _, _, err := h.access.Policy(ctx); return err },
		} {
			h.t.Log(name)
			isFault(h.t, call(ctx), fault.Unauthenticated, "unauthenticated")
		}
	})
}
