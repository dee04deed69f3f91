// Package seal keeps secrets at rest: XChaCha20-Poly1305 under master keys that can be exchanged while the program runs on.
package seal

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// KeySize is the length of a master key's secret in bytes.
const KeySize = chacha20poly1305.KeySize

// prefix marks sealed text and its format; a later format gets another number.
const prefix = "s1"

// Key is one master key. ID stands in front of everything it sealed, so that it can be found again.
type Key struct {
	ID     string
	Secret []byte
}

// Errors of Open. Neither says anything about the content.
var (
	ErrUnknownKey = errors.New("seal: sealed under a key that is not configured")
	ErrBroken     = errors.New("seal: not sealed text, altered, or sealed for another place")
)

// Ring seals under its first key and opens under any.
type Ring struct {
	keys []Key
}

// New makes a ring. The first key is the current one; the others only open what they sealed earlier.
func New(keys []Key) (*Ring, error) {
	if len(keys) == 0 {
		return nil, errors.New("seal: no master key")
	}
	seen := map[string]bool{}
	for _, k := range keys {
		switch {
		case k.ID == "" || strings.ContainsAny(k.ID, ".:, \t\r\n"):
			return nil, fmt.Errorf("seal: key id %q is empty or has a character that is not allowed", k.ID)
		case len(k.Secret) != KeySize:
			return nil, fmt.Errorf("seal: key %q has %d bytes instead of %d", k.ID, len(k.Secret), KeySize)
		case seen[k.ID]:
			return nil, fmt.Errorf("seal: key id %q is there twice", k.ID)
		}
		seen[k.ID] = true
	}
	return &Ring{keys: keys}, nil
}

// Parse reads "id:base64,id:base64", the form in which the configuration brings keys; the first is the current one.
func Parse(list string) ([]Key, error) {
	var keys []Key
	for part := range strings.SplitSeq(list, ",") {
		name, text, ok := strings.Cut(strings.TrimSpace(part), ":")
		if !ok {
			return nil, errors.New("seal: a key must look like id:base64")
		}
		secret, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("seal: key %q is not base64", name)
		}
		keys = append(keys, Key{ID: name, Secret: secret})
	}
	return keys, nil
}

// Generate makes a new key with random content.
func Generate(id string) Key {
	secret := make([]byte, KeySize)
	_, _ = rand.Read(secret) // never fails: it ends the program instead
	return Key{ID: id, Secret: secret}
}

// String is the key in the form that Parse reads; it is for key files, never for logs.
func (k Key) String() string { return k.ID + ":" + base64.StdEncoding.EncodeToString(k.Secret) }

// Seal returns sealed text. aad names the place it belongs to ("totp:<account>"): opened for another place it is broken.
func (r *Ring) Seal(plain, aad string) (string, error) {
	key := r.keys[0]
	aead, err := chacha20poly1305.NewX(key.Secret)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	_, _ = rand.Read(nonce)
	box := aead.Seal(nonce, nonce, []byte(plain), bind(key.ID, aad))
	return prefix + "." + key.ID + "." + base64.RawURLEncoding.EncodeToString(box), nil
}

// Open returns what was sealed for the place named by aad.
func (r *Ring) Open(sealed, aad string) (string, error) {
	name, box, err := split(sealed)
	if err != nil {
		return "", err
	}
	key, ok := r.find(name)
	if !ok {
		return "", ErrUnknownKey
	}
	aead, err := chacha20poly1305.NewX(key.Secret)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	if len(box) < aead.NonceSize() {
		return "", ErrBroken
	}
	plain, err := aead.Open(nil, box[:aead.NonceSize()], box[aead.NonceSize():], bind(name, aad))
	if err != nil {
		return "", ErrBroken
	}
	return string(plain), nil
}

// Rotate seals anew under the current key what an older one sealed; changed is false when nothing was to do.
func (r *Ring) Rotate(sealed, aad string) (fresh string, changed bool, err error) {
	name, _, err := split(sealed)
	if err != nil {
		return "", false, err
	}
	if name == r.keys[0].ID {
		return sealed, false, nil
	}
	plain, err := r.Open(sealed, aad)
	if err != nil {
		return "", false, err
	}
	fresh, err = r.Seal(plain, aad)
	return fresh, err == nil, err
}

// CurrentPrefix is what everything sealed under the current key begins with: for queries after what is left to rotate.
func (r *Ring) CurrentPrefix() string { return prefix + "." + r.keys[0].ID + "." }

func (r *Ring) find(id string) (Key, bool) {
	for _, k := range r.keys {
		if k.ID == id {
			return k, true
		}
	}
	return Key{}, false
}

func split(sealed string) (key string, box []byte, err error) {
	parts := strings.Split(sealed, ".")
	if len(parts) != 3 || parts[0] != prefix {
		return "", nil, ErrBroken
	}
	box, err = base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return "", nil, ErrBroken
	}
	return parts[1], box, nil
}

// bind makes the associated data: a box moved to another place, or to another key's name, does not open.
func bind(key, aad string) []byte { return []byte(prefix + "\x00" + key + "\x00" + aad) }
