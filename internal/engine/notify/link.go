package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/work"
)

// linkValid is for how long a link acknowledges.
const linkValid = 7 * 24 * time.Hour

// acknowledging is what following a link allows, and all of it; no role can hold it.
const acknowledging work.Perm = "notify.acknowledge_link"

var linkActor = work.System("acknowledgement", acknowledging)

const (
	linkKey   = "link" // name of the key in notify_keys
	idLength  = 16
	macLength = 16
)

// errSealed says that the key is there and cannot be opened.
var errSealed = errors.New("link key cannot be opened")

// key is the secret that signs links. It is made at the first use and kept sealed, so that all replicas share it and
// links survive a change of the master keys.
func (s *Service) key(ctx context.Context, tx db.Tx) ([]byte, error) {
	sealed, err := db.One(ctx, tx, db.Scan[string], "SELECT sealed FROM notify_keys WHERE name = $1", linkKey)
	if err != nil {
		return nil, err
	}
	plain, err := s.seal.Open(sealed, "notify.key:"+linkKey)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSealed, err)
	}
	return []byte(plain), nil
}

func (s *Service) keyOrNew(ctx context.Context, u *work.Unit) ([]byte, error) {
	key, err := s.key(ctx, u.Tx)
	if !missing(err) {
		return key, err
	}
	sealed, err := s.seal.Seal(id.Secret(32), "notify.key:"+linkKey)
	if err != nil {
		return nil, fmt.Errorf("seal link key: %w", err)
	}
	if _, err := u.Exec(ctx, "INSERT INTO notify_keys (name, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING", linkKey, sealed); err != nil {
		return nil, fmt.Errorf("store link key: %w", err)
	}
	return s.key(ctx, u.Tx)
}

// token is the notice's id with its signature, 43 characters: short enough for a text message.
func token(key []byte, notice string) string {
	raw, err := hex.DecodeString(strings.ReplaceAll(notice, "-", ""))
	if err != nil || len(raw) != idLength {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(append(raw, signature(key, raw)...))
}

func signature(key, raw []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("steward acknowledge\x00"))
	h.Write(raw)
	return h.Sum(nil)[:macLength]
}

// noticeOf is the notice that a token was made for.
func noticeOf(key []byte, token string) (notice string, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != idLength+macLength || !hmac.Equal(raw[idLength:], signature(key, raw[:idLength])) {
		return "", false
	}
	h := hex.EncodeToString(raw[:idLength])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], true
}

// acknowledgeLink is the address that acknowledges a notice, "" where the program does not know its own.
func (s *Service) acknowledgeLink(ctx context.Context, u *work.Unit, notice string) (string, error) {
	if s.base == "" {
		return "", nil
	}
	key, err := s.keyOrNew(ctx, u)
	if errors.Is(err, errSealed) { // the notice matters more than its link
		s.log.ErrorContext(ctx, "key of links", "error", err)
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return s.base + "/api/v1/acknowledge/" + token(key, notice), nil
}

// Linked is what a link shows: no more than the message in which it stood.
type Linked struct {
	Number         string     `json:"number"`
	Text           string     `json:"text"`
	At             time.Time  `json:"at"`
	AcknowledgedAt *time.Time `json:"acknowledged_at"`

	notice, person string
}

// errLink is the answer to a link that was never made, or is too old.
func errLink() error { return fault.New(fault.NotFound, "notify.link", nil) }

// linked finds the notice of a token.
func (s *Service) linked(ctx context.Context, u *work.Unit, token string, lang text.Lang) (l Linked, err error) {
	key, err := s.key(ctx, u.Tx)
	if missing(err) {
		return l, errLink()
	}
	if err != nil {
		return l, err
	}
	notice, ok := noticeOf(key, token)
	if !ok {
		return l, errLink()
	}
	var at, ack int64
	var said text.Label
	err = u.QueryRow(ctx, `SELECT n.id, n.person_id, n.number, n.zh, n.en, n.at, n.ack_at FROM notices n JOIN party_people p ON p.id = n.person_id
		WHERE n.id = $1 AND p.left_at = 0
		AND NOT (p.side = 'customer' AND EXISTS (SELECT 1 FROM records r WHERE r.id = n.record_id AND r.customer_id NOT IN ('', p.organisation)))`, notice).Scan(&l.notice, &l.person, &l.Number, &said.Zh, &said.En, &at, &ack)
	l.Text, l.At, l.AcknowledgedAt = said.In(lang), clock.FromMillis(at), instant(ack)
	if missing(err) || err == nil && u.Now().After(l.At.Add(linkValid)) {
		return Linked{}, errLink()
	}
	return l, err
}

// follow shows what a link is about. It changes nothing: mail scanners and previews follow every link.
func (s *Service) follow(ctx context.Context, token string, lang text.Lang) (l Linked, err error) {
	err = s.door.Read(work.WithActor(ctx, linkActor), acknowledging, func(ctx context.Context, u *work.Unit) error {
		l, err = s.linked(ctx, u, token, lang)
		return err
	})
	return l, err
}

// acknowledgeBy acknowledges by a link, once.
func (s *Service) acknowledgeBy(ctx context.Context, token string, lang text.Lang) (l Linked, err error) {
	err = s.door.Do(work.WithActor(ctx, linkActor), acknowledging, func(ctx context.Context, u *work.Unit) error {
		if l, err = s.linked(ctx, u, token, lang); err != nil {
			return err
		}
		u.Unrecorded() // a link that was used already changes nothing
		fresh, err := s.acknowledge(ctx, u, l.notice, l.person, "link")
		if err != nil {
			return err
		}
		if !fresh {
			f := fault.New(fault.Conflict, "notify.acknowledged", nil)
			f.Data = map[string]any{"acknowledged_at": l.AcknowledgedAt}
			return f
		}
		now := u.Now()
		l.AcknowledgedAt = &now
		return nil
	})
	return l, err
}
