package identity

import (
	"context"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/work"
)

const base = "/api/v1"

// Rates at the door, by address: enough for an office behind one address in the morning, too few for guessing.
var (
	doorRate  = httpapi.Rate{Every: 500 * time.Millisecond, Burst: 60, By: httpapi.ByIP}
	setupRate = httpapi.Rate{Every: 10 * time.Second, Burst: 10, By: httpapi.ByIP}
)

type (
	none  struct{}
	oneIn struct {
		ID string `path:"id" maxLength:"40"`
	}
	bodyOut[T any] struct {
		Body T
	}
	entryOut[T any] struct {
		ETag string `header:"ETag"`
		Body T
	}
	itemsOut[T any] struct {
		Body ItemsOf[T]
	}
	pageOut[T any] struct {
		Body httpapi.Page[T]
	}
)

// ItemsOf is a list that comes whole.
type ItemsOf[T any] struct {
	Items []T `json:"items" nullable:"false"`
}

func items[T any](list []T, err error) (*itemsOut[T], error) {
	return &itemsOut[T]{ItemsOf[T]{append([]T{}, list...)}}, err
}

func body[T any](v T, err error) (*bodyOut[T], error) { return &bodyOut[T]{v}, err }

// page cuts a list that was read one item too far.
func page[T any](list []T, limit int, place func(T) any, err error) (*pageOut[T], error) {
	if err != nil {
		return nil, err
	}
	next := ""
	if len(list) > limit {
		list = list[:limit]
		next = httpapi.Cursor(place(list[limit-1]))
	}
	return &pageOut[T]{httpapi.NewPage(list, next)}, nil
}

func op(method, path, id, tag, summary string, perm work.Perm) httpapi.Op {
	return httpapi.Op{ID: id, Method: method, Path: base + path, Tag: tag, Summary: summary, Perm: perm}
}

func created(o httpapi.Op) httpapi.Op {
	o.Status = 201
	return o
}

// Routes registers the operations of this package.
func (s *Service) Routes(api *httpapi.API) {
	api.Tag("Session", "Coming in, going out, and who one is.")
	api.Tag("Me", "One's own settings, password, second factor, sessions and tokens.")
	api.Tag("Access", "Accounts, roles, grants, password policy and access reviews.")
	s.doorRoutes(api)
	s.sessionRoutes(api)
	s.meRoutes(api)
	s.totpRoutes(api)
	s.tokenRoutes(api)
	s.accountRoutes(api)
	s.accountActions(api)
	s.roleRoutes(api)
	s.grantRoutes(api)
	s.policyRoutes(api)
	s.reviewRoutes(api)
}

// SetupState tells whether the first run is still to come.
type SetupState struct {
	Needed bool `json:"needed"`
}

// Credentials are what somebody shows at the door.
type Credentials struct {
	Login    string `json:"login" maxLength:"200"`
	Password string `json:"password" maxLength:"200"`
	TOTP     string `json:"totp,omitempty" maxLength:"40" doc:"code of the authenticator, or a backup code"`
}

func (s *Service) doorRoutes(api *httpapi.API) {
	httpapi.Handle(api, op("GET", "/setup", "setup-state", "Session", "Tell whether the first run is still to come", work.Public),
		func(ctx context.Context, _ *none) (*bodyOut[SetupState], error) {
			needed, err := s.SetupNeeded(ctx)
			return body(SetupState{needed}, err)
		})
	first := created(op("POST", "/setup", "setup", "Session", "Create the provider and its administrator, and sign in", work.Public))
	first.Rate = setupRate
	httpapi.Handle(api, first, func(ctx context.Context, in *struct{ Body Setup }) (*bodyOut[Me], error) {
		if err := s.SetUp(ctx, in.Body); err != nil {
			return nil, err
		}
		return body(s.enter(ctx, SignIn{Login: in.Body.Login, Password: in.Body.Password}))
	})
	enter := op("POST", "/session", "session-open", "Session", "Sign in", work.Public)
	enter.Rate = doorRate
	httpapi.Handle(api, enter, func(ctx context.Context, in *struct{ Body Credentials }) (*bodyOut[Me], error) {
		return body(s.enter(ctx, SignIn{Login: in.Body.Login, Password: in.Body.Password, Code: strings.TrimSpace(in.Body.TOTP)}))
	})
}

// enter signs in, gives the browser its cookie, and tells it who it is now.
func (s *Service) enter(ctx context.Context, in SignIn) (me Me, err error) {
	in.IP, in.Agent = httpapi.ClientIP(ctx), httpapi.UserAgent(ctx)
	if had := work.ActorOf(ctx); had != nil {
		in.Previous = had.Session
	}
	opened, err := s.SignIn(ctx, in)
	if err != nil {
		return me, err
	}
	actor, csrf, err := s.Authenticate(ctx, opened.Token, "")
	if err != nil {
		return me, err
	}
	if me, err = s.Me(work.WithActor(ctx, actor)); err != nil {
		return me, err
	}
	me.CSRF = csrf
	httpapi.SetSession(ctx, opened.Token, opened.Expires)
	return me, nil
}

func (s *Service) sessionRoutes(api *httpapi.API) {
	httpapi.Handle(api, op("GET", "/session", "session-read", "Session", "Tell who is signed in", work.SignedIn),
		func(ctx context.Context, _ *none) (*bodyOut[Me], error) {
			csrf := httpapi.CSRF(ctx)
			opened, due, err := s.Refresh(ctx)
			if err != nil {
				return nil, err
			}
			if due {
				csrf = csrfOf(opened.Token)
				httpapi.SetSession(ctx, opened.Token, opened.Expires)
			}
			me, err := s.Me(ctx)
			me.CSRF = csrf
			return body(me, err)
		})
	httpapi.Handle(api, op("DELETE", "/session", "session-close", "Session", "Sign out", work.SignedIn),
		func(ctx context.Context, _ *none) (*none, error) {
			if err := s.SignOut(ctx); err != nil {
				return nil, err
			}
			httpapi.ClearSession(ctx)
			return &none{}, nil
		})
	httpapi.Handle(api, op("GET", "/me/sessions", "my-sessions", "Me", "List one's own sessions", work.SignedIn),
		func(ctx context.Context, _ *none) (*itemsOut[MySession], error) { return items(s.Sessions(ctx)) })
	httpapi.Handle(api, op("DELETE", "/me/sessions", "my-sessions-end", "Me", "End all of one's other sessions", work.SignedIn),
		func(ctx context.Context, _ *none) (*none, error) { return nil, s.EndOtherSessions(ctx) })
	httpapi.Handle(api, op("DELETE", "/me/sessions/{id}", "my-session-end", "Me", "End one of one's own sessions", work.SignedIn),
		func(ctx context.Context, in *oneIn) (*none, error) { return nil, s.EndSession(ctx, in.ID) })
}

// NewPassword changes one's own password.
type NewPassword struct {
	Current string `json:"current" maxLength:"200"`
	New     string `json:"new" maxLength:"200"`
}

// Refreshed is what a browser needs after its session got a new token.
type Refreshed struct {
	CSRF string `json:"csrf"`
}

// refreshed gives the browser its new cookie.
func refreshed(ctx context.Context, o Opened) Refreshed {
	httpapi.SetSession(ctx, o.Token, o.Expires)
	return Refreshed{CSRF: csrfOf(o.Token)}
}

func (s *Service) meRoutes(api *httpapi.API) {
	httpapi.Handle(api, op("PATCH", "/me", "me-change", "Me", "Change language, theme and other settings of one's own", work.SignedIn),
		func(ctx context.Context, in *struct{ Body MeChange }) (*bodyOut[Me], error) {
			me, err := s.ChangeMe(ctx, in.Body)
			me.CSRF = httpapi.CSRF(ctx)
			return body(me, err)
		})
	httpapi.Handle(api, op("POST", "/me/password", "my-password", "Me", "Change one's own password; other sessions end", work.SignedIn),
		func(ctx context.Context, in *struct{ Body NewPassword }) (*bodyOut[Refreshed], error) {
			opened, err := s.ChangePassword(ctx, in.Body.Current, in.Body.New)
			if err != nil {
				return nil, err
			}
			return body(refreshed(ctx, opened), nil)
		})
	httpapi.Handle(api, op("GET", "/me/password-policy", "my-password-policy", "Me", "Rules for a new password", work.SignedIn),
		func(ctx context.Context, _ *none) (*bodyOut[Policy], error) {
			p, _, err := s.Policy(ctx)
			return body(p, err)
		})
}

// Confirmation is the password, asked again before a change of one's own access.
type Confirmation struct {
	Password string `json:"password" maxLength:"200"`
}

// Code is a code of the authenticator.
type Code struct {
	Code string `json:"code" maxLength:"40"`
}

// Confirmed is shown once when the second factor is on.
type Confirmed struct {
	BackupCodes
	Refreshed
}

func (s *Service) totpRoutes(api *httpapi.API) {
	httpapi.Handle(api, op("POST", "/me/totp", "my-totp", "Me", "Begin to set up a second factor", work.SignedIn),
		func(ctx context.Context, in *struct{ Body Confirmation }) (*bodyOut[Enrolment], error) {
			return body(s.EnrolTOTP(ctx, in.Body.Password))
		})
	httpapi.Handle(api, op("POST", "/me/totp/confirm", "my-totp-confirm", "Me", "Turn the second factor on", work.SignedIn),
		func(ctx context.Context, in *struct{ Body Code }) (*bodyOut[Confirmed], error) {
			codes, opened, err := s.ConfirmTOTP(ctx, in.Body.Code)
			if err != nil {
				return nil, err
			}
			return body(Confirmed{codes, refreshed(ctx, opened)}, nil)
		})
	httpapi.Handle(api, op("DELETE", "/me/totp", "my-totp-off", "Me", "Turn the second factor off", work.SignedIn),
		func(ctx context.Context, in *struct{ Body Confirmation }) (*bodyOut[Refreshed], error) {
			opened, err := s.DisableTOTP(ctx, in.Body.Password)
			if err != nil {
				return nil, err
			}
			return body(refreshed(ctx, opened), nil)
		})
}

func (s *Service) tokenRoutes(api *httpapi.API) {
	httpapi.Handle(api, op("GET", "/me/tokens", "my-tokens", "Me", "List one's own API tokens", work.SignedIn),
		func(ctx context.Context, _ *none) (*itemsOut[Token], error) { return items(s.Tokens(ctx)) })
	httpapi.Handle(api, created(op("POST", "/me/tokens", "my-token-create", "Me", "Make an API token; its secret is shown once", work.SignedIn)),
		func(ctx context.Context, in *struct{ Body TokenNew }) (*bodyOut[TokenMade], error) {
			return body(s.CreateToken(ctx, in.Body))
		})
	httpapi.Handle(api, op("DELETE", "/me/tokens/{id}", "my-token-delete", "Me", "End an API token at once", work.SignedIn),
		func(ctx context.Context, in *oneIn) (*none, error) { return nil, s.DeleteToken(ctx, in.ID) })
}

type accountsIn struct {
	httpapi.Paged
	Q            string `query:"q" maxLength:"100" doc:"part of login or name"`
	Person       string `query:"person" maxLength:"40"`
	Organisation string `query:"organisation" maxLength:"40"`
	Disabled     string `query:"disabled" enum:"true,false"`
}

func (s *Service) accountRoutes(api *httpapi.API) {
	httpapi.Handle(api, op("GET", "/accounts", "account-list", "Access", "List accounts", Manage),
		func(ctx context.Context, in *accountsIn) (*pageOut[Account], error) {
			f := AccountFilter{Q: strings.TrimSpace(in.Q), Person: in.Person, Organisation: in.Organisation, Limit: in.Limit + 1}
			if in.Disabled != "" {
				yes := in.Disabled == "true"
				f.Disabled = &yes
			}
			if _, err := httpapi.ReadCursor(in.Cursor, &f.After); err != nil {
				return nil, err
			}
			list, err := s.Accounts(ctx, f)
			return page(list, in.Limit, func(a Account) any { return AccountPlace{a.Login, a.ID} }, err)
		})
	httpapi.Handle(api, op("GET", "/accounts/{id}", "account-read", "Access", "Read an account", Manage),
		func(ctx context.Context, in *oneIn) (*entryOut[Account], error) {
			a, err := s.Account(ctx, in.ID)
			return &entryOut[Account]{httpapi.ETag(a.Version), a}, err
		})
	httpapi.Handle(api, created(op("POST", "/accounts", "account-create", "Access", "Give a person an account", Manage)),
		func(ctx context.Context, in *struct{ Body AccountNew }) (*bodyOut[AccountMade], error) {
			return body(s.CreateAccount(ctx, in.Body))
		})
	httpapi.Handle(api, op("PATCH", "/accounts/{id}", "account-change", "Access", "Change an account", Manage),
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"40"`
			httpapi.Conditional
			Body AccountChange
		}) (*entryOut[Account], error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			a, err := s.ChangeAccount(ctx, in.ID, version, in.Body)
			return &entryOut[Account]{httpapi.ETag(a.Version), a}, err
		})
}

// PasswordReset may bring the new password; else one is made up and answered once.
type PasswordReset struct {
	Password *string `json:"password,omitempty" maxLength:"128"`
}

// Disabling may say why.
type Disabling struct {
	Reason string `json:"reason,omitempty" maxLength:"500"`
}

func (s *Service) accountActions(api *httpapi.API) {
	httpapi.Handle(api, op("POST", "/accounts/{id}/reset-password", "account-reset-password", "Access", "Give an account a new password; sessions and tokens end", Manage),
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"40"`
			Body PasswordReset
		}) (*bodyOut[AccountMade], error) {
			return body(s.ResetPassword(ctx, in.ID, in.Body.Password))
		})
	httpapi.Handle(api, op("POST", "/accounts/{id}/disable", "account-disable", "Access", "Disable an account; sessions and tokens end", Manage),
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"40"`
			Body Disabling
		}) (*bodyOut[Account], error) {
			return body(s.Disable(ctx, in.ID, strings.TrimSpace(in.Body.Reason)))
		})
	for _, action := range []struct {
		name, summary string
		run           func(ctx context.Context, id string) (Account, error)
	}{
		{"unlock", "Let somebody who failed too often try again", s.Unlock},
		{"enable", "Enable a disabled account", s.Enable},
		{"reset-totp", "Take away a lost second factor; sessions and tokens end", s.ResetTOTP},
	} {
		httpapi.Handle(api, op("POST", "/accounts/{id}/"+action.name, "account-"+action.name, "Access", action.summary, Manage),
			func(ctx context.Context, in *oneIn) (*bodyOut[Account], error) { return body(action.run(ctx, in.ID)) })
	}
}

type roleIn struct {
	Code string `path:"code" maxLength:"40"`
}

func (s *Service) roleRoutes(api *httpapi.API) {
	httpapi.Handle(api, op("GET", "/permissions", "permission-list", "Access", "List the permissions that roles can hold", Manage),
		func(ctx context.Context, _ *none) (*itemsOut[PermView], error) { return items(s.Perms(ctx)) })
	httpapi.Handle(api, op("GET", "/roles", "role-list", "Access", "List roles", Manage),
		func(ctx context.Context, _ *none) (*itemsOut[Role], error) { return items(s.Roles(ctx)) })
	httpapi.Handle(api, op("GET", "/roles/{code}", "role-read", "Access", "Read a role", Manage),
		func(ctx context.Context, in *roleIn) (*entryOut[Role], error) {
			r, err := s.Role(ctx, in.Code)
			return &entryOut[Role]{httpapi.ETag(r.Version), r}, err
		})
	httpapi.Handle(api, created(op("POST", "/roles", "role-create", "Access", "Add a role", Manage)),
		func(ctx context.Context, in *struct{ Body RoleNew }) (*entryOut[Role], error) {
			r, err := s.CreateRole(ctx, in.Body)
			return &entryOut[Role]{httpapi.ETag(r.Version), r}, err
		})
	httpapi.Handle(api, op("PATCH", "/roles/{code}", "role-change", "Access", "Change a role", Manage),
		func(ctx context.Context, in *struct {
			Code string `path:"code" maxLength:"40"`
			httpapi.Conditional
			Body RoleChange
		}) (*entryOut[Role], error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			r, err := s.ChangeRole(ctx, in.Code, version, in.Body)
			return &entryOut[Role]{httpapi.ETag(r.Version), r}, err
		})
	httpapi.Handle(api, op("DELETE", "/roles/{code}", "role-delete", "Access", "Delete a role that nobody holds", Manage),
		func(ctx context.Context, in *roleIn) (*none, error) { return nil, s.DeleteRole(ctx, in.Code) })
}

type grantsIn struct {
	httpapi.Paged
	Person       string `query:"person" maxLength:"40"`
	Role         string `query:"role" maxLength:"40"`
	Customer     string `query:"customer" maxLength:"40"`
	Organisation string `query:"organisation" maxLength:"40" doc:"of the person"`
}

// paged completes a filter by which page of the list is asked for; one entry more tells whether another follows.
func (f GrantFilter) paged(p httpapi.Paged) (GrantFilter, error) {
	f.Limit = p.Limit + 1
	_, err := httpapi.ReadCursor(p.Cursor, &f.After)
	return f, err
}

func grantPlace(g Grant) any { return g.ID }

func (s *Service) grantRoutes(api *httpapi.API) {
	httpapi.Handle(api, op("GET", "/grants", "grant-list", "Access", "List who holds which role", Manage),
		func(ctx context.Context, in *grantsIn) (*pageOut[Grant], error) {
			f, err := GrantFilter{Person: in.Person, Role: in.Role, Customer: in.Customer, Organisation: in.Organisation}.paged(in.Paged)
			if err != nil {
				return nil, err
			}
			list, err := s.Grants(ctx, f)
			return page(list, in.Limit, grantPlace, err)
		})
	httpapi.Handle(api, created(op("POST", "/grants", "grant-create", "Access", "Give a person a role", Manage)),
		func(ctx context.Context, in *struct{ Body GrantNew }) (*bodyOut[Grant], error) {
			return body(s.Grant(ctx, in.Body))
		})
	httpapi.Handle(api, op("DELETE", "/grants/{id}", "grant-delete", "Access", "Take a role away", Manage),
		func(ctx context.Context, in *oneIn) (*none, error) { return nil, s.Revoke(ctx, in.ID) })
}

func (s *Service) policyRoutes(api *httpapi.API) {
	httpapi.Handle(api, op("GET", "/password-policy", "password-policy-read", "Access", "Read the password policy", Manage),
		func(ctx context.Context, _ *none) (*entryOut[Policy], error) {
			p, version, err := s.Policy(ctx)
			return &entryOut[Policy]{httpapi.ETag(version), p}, err
		})
	httpapi.Handle(api, op("PATCH", "/password-policy", "password-policy-change", "Access", "Change the password policy", Manage),
		func(ctx context.Context, in *struct {
			httpapi.Conditional
			Body PolicyChange
		}) (*entryOut[Policy], error) {
			version, err := in.Version()
			if err != nil {
				return nil, err
			}
			p, version, err := s.ChangePolicy(ctx, version, in.Body)
			return &entryOut[Policy]{httpapi.ETag(version), p}, err
		})
}

type reviewIn struct {
	httpapi.Paged
	Person       string `query:"person" maxLength:"40"`
	Role         string `query:"role" maxLength:"40"`
	Customer     string `query:"customer" maxLength:"40"`
	Organisation string `query:"organisation" maxLength:"40" doc:"of the person"`
	StaleDays    int    `query:"stale_days" minimum:"0" maximum:"3650" doc:"only what nobody made or confirmed for so many days"`
}

type decisionsIn struct {
	httpapi.Paged
	Person string `query:"person" maxLength:"40"`
}

func (s *Service) reviewRoutes(api *httpapi.API) {
	httpapi.Handle(api, op("GET", "/access-review", "access-review", "Access", "List who may do what, with last use", Audit),
		func(ctx context.Context, in *reviewIn) (*pageOut[Grant], error) {
			f := GrantFilter{Person: in.Person, Role: in.Role, Customer: in.Customer, Organisation: in.Organisation, StaleDays: in.StaleDays}
			f, err := f.paged(in.Paged)
			if err != nil {
				return nil, err
			}
			list, err := s.AccessReview(ctx, f)
			return page(list, in.Limit, grantPlace, err)
		})
	httpapi.Handle(api, op("GET", "/access-review/decisions", "access-review-decisions", "Access", "List what access reviews decided, newest first", Audit),
		func(ctx context.Context, in *decisionsIn) (*pageOut[Decision], error) {
			before := ""
			if _, err := httpapi.ReadCursor(in.Cursor, &before); err != nil {
				return nil, err
			}
			list, err := s.Decisions(ctx, in.Person, before, in.Limit+1)
			return page(list, in.Limit, func(d Decision) any { return d.ID }, err)
		})
	for _, action := range []struct {
		name, summary string
		run           func(ctx context.Context, grant, note string) (Decision, error)
	}{
		{"confirm", "Record that a role is still needed", s.ConfirmGrant},
		{"revoke", "Take a role away in an access review", s.RevokeGrant},
	} {
		httpapi.Handle(api, op("POST", "/access-review/{id}/"+action.name, "access-review-"+action.name, "Access", action.summary, Manage),
			func(ctx context.Context, in *struct {
				ID   string `path:"id" maxLength:"40"`
				Body ReviewNote
			}) (*bodyOut[Decision], error) {
				return body(action.run(ctx, in.ID, in.Body.Note))
			})
	}
}
