package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strconv"

	"github.com/steward-ops/steward/internal/kernel/clock"
)

// canon writes values so that no two different lists of them give the same bytes: each is preceded by its length.
type canon struct{ h hash.Hash }

func newCanon(what string) canon {
	c := canon{sha256.New()}
	c.text(what)
	return c
}

func (c canon) text(parts ...string) {
	var length [8]byte
	for _, s := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(s)))
		c.h.Write(length[:])
		c.h.Write([]byte(s))
	}
}

func (c canon) number(n int64) { c.text(strconv.FormatInt(n, 10)) }

func (c canon) sum() string { return hex.EncodeToString(c.h.Sum(nil)) }

// digest is the hash of an event. Everything that is said is in it but its place in the stream, which Prev fixes, and
// the seal, which comes later.
func (e Entry) digest() string {
	public := "0"
	if e.Public {
		public = "1"
	}
	c := newCanon("steward.audit.event.1")
	c.text(e.ID, e.Stream)
	c.number(clock.Millis(e.At))
	c.text(e.Kind, e.Subject, e.Number, e.Customer, e.ActorID, e.ActorName, e.Via, public, string(e.Data), e.Prev)
	return c.sum()
}

// digest is the hash of a seal.
func (s Seal) digest() string {
	c := newCanon("steward.audit.seal.1")
	c.number(s.No)
	c.text(s.FirstID, s.LastID)
	c.number(s.Count)
	c.text(s.Root, s.Prev)
	c.number(clock.Millis(s.At))
	return c.sum()
}

// rootOf is the hash over events' ids and hashes, in order.
type rootOf struct {
	canon
	count       int64
	first, last string
}

func newRoot() *rootOf { return &rootOf{canon: newCanon("steward.audit.root.1")} }

func (r *rootOf) add(id, hash string) {
	if r.count == 0 {
		r.first = id
	}
	r.last = id
	r.count++
	r.text(id, hash)
}
