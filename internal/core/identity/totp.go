package identity

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

const (
	totpPeriod  = 30 // seconds
	totpSkew    = 1  // steps before and after that count too
	backupCodes = 10
)

var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

// Enrolment is what an authenticator app needs, shown once.
type Enrolment struct {
	URL    string `json:"otpauth_url"`
	Secret string `json:"secret"`
}

// BackupCodes each replace one code of the authenticator; shown once.
type BackupCodes struct {
	Codes []string `json:"backup_codes" nullable:"false"`
}

// stepOf is the number of the 30-second step whose code this is, 0 when it is none of those valid at the instant.
func stepOf(code, secret string, at time.Time) int64 {
	now := at.Unix() / totpPeriod
	for step := now - totpSkew; step <= now+totpSkew; step++ {
		ok, err := hotp.ValidateCustom(code, uint64(step), secret, hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && ok {
			return step
		}
	}
	return 0
}

func random32(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return base32Text.EncodeToString(b)
}

func (s *Service) otpauth(login, secret string) string {
	q := url.Values{"secret": {secret}, "issuer": {s.issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + s.issuer + ":" + login, RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	return u.String()
}

func totpPlace(account string) string { return "identity.totp:" + account }

// secondFactor demands a code of the authenticator, or a backup code, of an account that has the second factor on.
// A code counts once: its step must be later than the last one that was used.
func (s *Service) secondFactor(ctx context.Context, u *work.Unit, a *account, code string) (bool, error) {
	code = strings.Map(dropBlanks, code)
	if len(code) != 6 {
		return useBackupCode(ctx, u, a.ID, code)
	}
	secret, err := s.ring.Open(a.TOTPSecret, totpPlace(a.ID))
	if err != nil {
		return false, fmt.Errorf("open second factor: %w", err)
	}
	step := stepOf(code, secret, u.Now())
	if step == 0 {
		return false, nil
	}
	n, err := exec(ctx, u, "use second factor", "UPDATE identity_accounts SET totp_step = $1 WHERE id = $2 AND totp_step < $1", step, a.ID)
	return n == 1, err
}

func dropBlanks(r rune) rune {
	if r == ' ' || r == '-' {
		return -1
	}
	return r
}

func useBackupCode(ctx context.Context, u *work.Unit, account, code string) (bool, error) {
	if code == "" {
		return false, nil
	}
	n, err := exec(ctx, u, "use backup code", "DELETE FROM identity_backup_codes WHERE account = $1 AND hash = $2", account, digest(strings.ToUpper(code)))
	return n == 1, err
}

// EnrolTOTP begins to set up a second factor; it counts only once confirmed. The password is asked again, so that a
// session left open cannot be used to lock its owner out.
func (s *Service) EnrolTOTP(ctx context.Context, password string) (e Enrolment, err error) {
	if err := s.confirmPassword(ctx, "password", password); err != nil {
		return e, err
	}
	err = s.own(ctx, func(ctx context.Context, u *work.Unit, a *account) error {
		if a.TOTPOn {
			return fault.New(fault.Conflict, "identity.totp_on", nil)
		}
		e.Secret = random32(20)
		e.URL = s.otpauth(a.Login, e.Secret)
		sealed, err := s.ring.Seal(e.Secret, totpPlace(a.ID))
		if err != nil {
			return err
		}
		if _, err := exec(ctx, u, "store second factor", "UPDATE identity_accounts SET totp_secret = $1, totp_step = 0 WHERE id = $2", sealed, a.ID); err != nil {
			return err
		}
		return record(ctx, u, a.ID, "account.totp_enrolled", "account", a.Login, nil)
	})
	return e, err
}

// ConfirmTOTP turns the second factor on once a code of it was shown, and returns the backup codes. Other sessions
// end and this one gets a new token: they were opened with less proof.
func (s *Service) ConfirmTOTP(ctx context.Context, code string) (codes BackupCodes, opened Opened, err error) {
	err = s.own(ctx, func(ctx context.Context, u *work.Unit, a *account) error {
		switch {
		case a.TOTPOn:
			return fault.New(fault.Conflict, "identity.totp_on", nil)
		case a.TOTPSecret == "":
			return fault.New(fault.Conflict, "identity.totp_off", nil)
		}
		ok, err := s.secondFactor(ctx, u, a, code)
		if err != nil {
			return err
		}
		if !ok {
			return fault.One("code", "identity.totp_wrong", nil)
		}
		if codes, err = newBackupCodes(ctx, u, a.ID); err != nil {
			return err
		}
		if _, err := exec(ctx, u, "turn second factor on", "UPDATE identity_accounts SET totp_on = $1 WHERE id = $2", true, a.ID); err != nil {
			return err
		}
		if opened, err = s.renew(ctx, u, a.ID); err != nil {
			return err
		}
		return record(ctx, u, a.ID, "account.totp_on", "account", a.Login, nil)
	})
	return codes, opened, err
}

// DisableTOTP turns the second factor off.
func (s *Service) DisableTOTP(ctx context.Context, password string) (opened Opened, err error) {
	if err := s.confirmPassword(ctx, "password", password); err != nil {
		return opened, err
	}
	err = s.own(ctx, func(ctx context.Context, u *work.Unit, a *account) error {
		if err := clearTOTP(ctx, u, a.ID); err != nil {
			return err
		}
		if opened, err = s.renew(ctx, u, a.ID); err != nil {
			return err
		}
		return record(ctx, u, a.ID, "account.totp_off", "account", a.Login, nil)
	})
	return opened, err
}

func clearTOTP(ctx context.Context, u *work.Unit, account string) error {
	if _, err := exec(ctx, u, "drop backup codes", "DELETE FROM identity_backup_codes WHERE account = $1", account); err != nil {
		return err
	}
	_, err := exec(ctx, u, "drop second factor", "UPDATE identity_accounts SET totp_on = $1, totp_secret = '', totp_step = 0 WHERE id = $2", false, account)
	return err
}

func newBackupCodes(ctx context.Context, u *work.Unit, account string) (b BackupCodes, err error) {
	if _, err := exec(ctx, u, "drop backup codes", "DELETE FROM identity_backup_codes WHERE account = $1", account); err != nil {
		return b, err
	}
	for range backupCodes {
		code := random32(10) // 80 bits: a plain digest is enough
		if _, err := exec(ctx, u, "store backup code", "INSERT INTO identity_backup_codes (account, hash) VALUES ($1, $2)", account, digest(code)); err != nil {
			return b, err
		}
		b.Codes = append(b.Codes, code[:4]+"-"+code[4:8]+"-"+code[8:12]+"-"+code[12:])
	}
	return b, nil
}

// Reseal seals anew under the current master key what an older one sealed, and returns how many secrets that were.
func (s *Service) Reseal(ctx context.Context) (count int, err error) {
	err = s.door.Do(work.WithActor(ctx, sweepActor), sweeping, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded() // the secrets stay what they are
		type sealed struct{ id, secret string }
		old, err := db.All(ctx, u, func(r db.Row) (v sealed, err error) {
			err = r.Scan(&v.id, &v.secret)
			return v, err
		}, "SELECT id, totp_secret FROM identity_accounts WHERE totp_secret <> '' AND totp_secret NOT LIKE $1", s.ring.CurrentPrefix()+"%")
		if err != nil {
			return fmt.Errorf("read second factors: %w", err)
		}
		count = 0
		for _, v := range old {
			fresh, _, err := s.ring.Rotate(v.secret, totpPlace(v.id))
			if err != nil {
				return fmt.Errorf("reseal second factor of account %s: %w", v.id, err)
			}
			if _, err := exec(ctx, u, "store second factor", "UPDATE identity_accounts SET totp_secret = $1 WHERE id = $2", fresh, v.id); err != nil {
				return err
			}
			count++
		}
		return nil
	})
	return count, err
}
