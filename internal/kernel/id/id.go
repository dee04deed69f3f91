// Package id makes identifiers: UUIDv7 text that sorts by time of making, and random secrets.
package id

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"sync"

	"github.com/steward-ops/steward/internal/kernel/clock"
)

var (
	mu   sync.Mutex
	last uint64 // 48-bit milliseconds and a 12-bit counter, so that ids of one process never go backwards
)

// New returns a UUIDv7 in its usual text form. Ids made later in one process sort later.
func New() string {
	var b [16]byte
	_, _ = rand.Read(b[8:]) // crypto/rand.Read never fails: it ends the program instead
	stamp := next(uint64(clock.System().Now().UnixMilli()) << 12)
	ms, seq := stamp>>12, stamp&0xfff
	b[0], b[1], b[2], b[3], b[4], b[5] = byte(ms>>40), byte(ms>>32), byte(ms>>24), byte(ms>>16), byte(ms>>8), byte(ms)
	b[6], b[7] = 0x70|byte(seq>>8), byte(seq)
	b[8] = 0x80 | b[8]&0x3f
	return format(b)
}

func next(now uint64) uint64 {
	mu.Lock()
	defer mu.Unlock()
	if now <= last {
		now = last + 1
	}
	last = now
	return now
}

func format(b [16]byte) string {
	var out [36]byte
	hex.Encode(out[0:8], b[0:4])
	out[8] = '-'
	hex.Encode(out[9:13], b[4:6])
	out[13] = '-'
	hex.Encode(out[14:18], b[6:8])
	out[18] = '-'
	hex.Encode(out[19:23], b[8:10])
	out[23] = '-'
	hex.Encode(out[24:36], b[10:16])
	return string(out[:])
}

// Valid tells whether s has the form that New makes.
func Valid(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Secret returns n random bytes as URL-safe text; for tokens and keys.
func Secret(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}
