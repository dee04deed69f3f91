package identity

import (
	"context"
	"fmt"

	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Setup is the first run: the provider and its first administrator.
type Setup struct {
	Organisation SetupOrganisation `json:"organisation"`
	Person       SetupPerson       `json:"person"`
	Login        string            `json:"login" maxLength:"64"`
	Password     string            `json:"password" maxLength:"128"`
	Language     string            `json:"language,omitempty" maxLength:"10"`
}

// SetupOrganisation is the provider.
type SetupOrganisation struct {
	Name      string `json:"name" maxLength:"200"`
	ShortName string `json:"short_name,omitempty" maxLength:"100"`
	Code      string `json:"code,omitempty" maxLength:"60"`
}

// SetupPerson is the first administrator.
type SetupPerson struct {
	Name  string `json:"name" maxLength:"200"`
	Email string `json:"email,omitempty" maxLength:"254"`
	Phone string `json:"phone,omitempty" maxLength:"40"`
}

// SetupNeeded tells whether there is no account yet.
func (s *Service) SetupNeeded(ctx context.Context) (needed bool, err error) {
	err = s.door.Read(work.WithActor(ctx, setupActor), settingUp, func(ctx context.Context, u *work.Unit) error {
		used, err := anyAccount(ctx, u)
		needed = !used
		return err
	})
	return needed, err
}

func anyAccount(ctx context.Context, tx db.Tx) (bool, error) {
	return db.Exists(ctx, tx, "SELECT 1 FROM identity_accounts")
}

// SetUp creates the provider and its administrator, only while there is no account at all.
func (s *Service) SetUp(ctx context.Context, in Setup) error {
	needed, err := s.SetupNeeded(ctx)
	if err != nil {
		return err
	}
	if !needed { // before the costly hash; decided again in the transaction
		return fault.New(fault.Conflict, "identity.setup_done", nil)
	}
	if len(in.Password) > maxPassword {
		return fault.One("password", "identity.password_long", map[string]any{"max": maxPassword})
	}
	hash, err := s.hasher.hash(ctx, in.Password)
	if err != nil {
		return err
	}
	return s.door.Do(work.WithActor(ctx, setupActor), settingUp, func(ctx context.Context, u *work.Unit) error {
		if err := db.Lock(ctx, u, "identity.setup"); err != nil {
			return err
		}
		used, err := anyAccount(ctx, u)
		if err != nil {
			return err
		}
		if used {
			return fault.New(fault.Conflict, "identity.setup_done", nil)
		}
		return setUp(ctx, u, in, hash)
	})
}

func setUp(ctx context.Context, u *work.Unit, in Setup, hash string) error {
	if err := seed(ctx, u); err != nil {
		return err
	}
	org, err := provider(ctx, u, in.Organisation)
	if err != nil {
		return nested("organisation", err)
	}
	person, err := party.AddPerson(ctx, u, party.PersonNew{
		Organisation: org.ID, Name: in.Person.Name,
		PersonFields: party.PersonFields{Email: &in.Person.Email, Phone: &in.Person.Phone, Language: &in.Language},
	})
	if err != nil {
		return nested("person", err)
	}
	if err := acceptFor(ctx, u, "password", in.Password, person, in.Login); err != nil {
		return err
	}
	account, err := addAccount(ctx, u, person, in.Login, hash, false)
	if err != nil {
		return err
	}
	if _, err := AddGrant(ctx, u, GrantNew{Person: person.ID, Role: Administrator}); err != nil {
		return err
	}
	return record(ctx, u, account, "account.first_run", "account", in.Login, map[string]any{"organisation": org.ID, "person": person.ID})
}

// provider is the one that an import already brought, or a new one.
func provider(ctx context.Context, u *work.Unit, in SetupOrganisation) (party.Organisation, error) {
	org, err := party.Provider(ctx, u)
	if !fault.Is(err, fault.NotFound) {
		return org, err
	}
	return party.AddOrganisation(ctx, u, party.OrganisationNew{
		Kind: string(work.Provider), Name: in.Name,
		OrganisationFields: party.OrganisationFields{ShortName: &in.ShortName, Code: &in.Code},
	})
}

// nested names the fields of a part of the input as the whole input does. Another error stays as it is.
func nested(part string, err error) error {
	f := fault.As(err)
	if f == nil || f.Kind != fault.Invalid {
		return fmt.Errorf("set up %s: %w", part, err)
	}
	renamed := *f
	renamed.Fields = nil
	for _, field := range f.Fields {
		if field.Name != "language" {
			field.Name = part + "." + field.Name
		}
		renamed.Fields = append(renamed.Fields, field)
	}
	return &renamed
}
