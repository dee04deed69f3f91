package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"
)

// Cost of a password hash: OWASP's argon2id recommendation, about 80 ms of one core.
const (
	hashMemory  = 19 * 1024 // KiB
	hashTime    = 2
	hashThreads = 1
	hashSalt    = 16
	hashLength  = 32
)

// hasher computes password hashes, only a few at a time: a storm of sign-ins may queue, but neither fill the memory
// nor starve the rest of the program.
type hasher struct {
	slots  *semaphore.Weighted
	memory uint32 // KiB
	dummy  string // compared with when there is no account, so that both cases take the same time
}

// newHasher hashes at the recommended cost, or with another amount of memory in KiB; only tests ask for less.
func newHasher(memory uint32) *hasher {
	if memory == 0 {
		memory = hashMemory
	}
	h := &hasher{slots: semaphore.NewWeighted(int64(max(1, runtime.NumCPU()/2))), memory: memory}
	h.dummy = h.encode(salt(), make([]byte, hashLength))
	return h
}

// hash returns the password in the form in which it is stored.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	s := salt()
	key, err := h.key(ctx, password, s)
	if err != nil {
		return "", err
	}
	return h.encode(s, key), nil
}

// verify tells whether the password is the stored one. An empty stored hash costs the same and is never right.
func (h *hasher) verify(ctx context.Context, password, stored string) (bool, error) {
	known := stored != ""
	if !known {
		stored = h.dummy
	}
	s, want, err := h.decode(stored)
	if err != nil {
		return false, err
	}
	key, err := h.key(ctx, password, s)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, want) == 1 && known, nil
}

func (h *hasher) key(ctx context.Context, password string, salt []byte) ([]byte, error) {
	if err := h.slots.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("wait for a password check: %w", err)
	}
	defer h.slots.Release(1)
	return argon2.IDKey([]byte(password), salt, hashTime, h.memory, hashThreads, hashLength), nil
}

func salt() []byte {
	s := make([]byte, hashSalt)
	_, _ = rand.Read(s) // never fails: it ends the program instead
	return s
}

func (h *hasher) prefix() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, h.memory, hashTime, hashThreads)
}

func (h *hasher) encode(salt, key []byte) string {
	e := base64.RawStdEncoding
	return h.prefix() + e.EncodeToString(salt) + "$" + e.EncodeToString(key)
}

var errHash = errors.New("identity: a stored password hash cannot be read")

// decode reads a stored hash. There is one cost so far; a second one will need the parameters read from the text.
func (h *hasher) decode(stored string) (salt, key []byte, err error) {
	rest, ok := strings.CutPrefix(stored, h.prefix())
	first, second, two := strings.Cut(rest, "$")
	if !ok || !two {
		return nil, nil, errHash
	}
	if salt, err = base64.RawStdEncoding.DecodeString(first); err != nil {
		return nil, nil, errHash
	}
	if key, err = base64.RawStdEncoding.DecodeString(second); err != nil || len(key) != hashLength {
		return nil, nil, errHash
	}
	return salt, key, nil
}
