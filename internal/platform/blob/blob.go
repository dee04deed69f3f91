// Package blob keeps the content of files, on disk or in an S3 bucket; what a file is called and who may see it is not its business.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/text"
)

// Info is what is known of a stored content.
type Info struct {
	SHA256 string
	Size   int64
}

// Store keeps contents by key. Put stores all or nothing; a key is written once.
type Store interface {
	// Put reads r to its end. More than limit bytes is a too_large fault and stores nothing.
	Put(ctx context.Context, key string, r io.Reader, limit int64) (Info, error)
	// Open reads a content; an absent one is a not_found fault.
	Open(ctx context.Context, key string) (io.ReadCloser, error)
	// Stat tells the size of a content, and its hash where the store knows it without reading; an absent one is a not_found fault.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes a content; removing what is not there is no error.
	Delete(ctx context.Context, key string) error
}

var (
	_ Store = (*Disk)(nil)
	_ Store = (*S3)(nil)
)

// meter counts and hashes what passes, and stops at a limit.
type meter struct {
	r     io.Reader
	sum   hash.Hash
	size  int64
	limit int64
}

func newMeter(r io.Reader, limit int64) *meter { return &meter{r: r, sum: sha256.New(), limit: limit} }

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.size += int64(n)
	if m.size > m.limit {
		return 0, tooLarge(m.limit)
	}
	m.sum.Write(p[:n])
	return n, err
}

func (m *meter) info() Info { return Info{SHA256: hex.EncodeToString(m.sum.Sum(nil)), Size: m.size} }

func tooLarge(limit int64) error {
	return fault.New(fault.TooLarge, "too_large", text.Params{"limit": fmt.Sprintf("%d MB", limit>>20)})
}

var errKey = errors.New("blob: a key is letters, digits, dots and dashes")

// checkKey keeps keys from naming anything but an object of the store.
func checkKey(key string) error {
	if len(key) < 4 || len(key) > 200 {
		return errKey
	}
	for i := range len(key) {
		c := key[i]
		if c != '-' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') || c == '.' && i == 0 {
			return errKey
		}
	}
	return nil
}
