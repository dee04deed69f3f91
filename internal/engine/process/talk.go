package process

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/steward-ops/steward/internal/core/form"
	"github.com/steward-ops/steward/internal/core/identity"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/work"
)

// note records something that happened on a record without changing its row: no version, no search.
func (c *change) note(ctx context.Context, kind string, public bool, data map[string]any) error {
	hash, err := c.u.Record(ctx, work.Event{Stream: c.rec.ID, Kind: kind, Subject: c.rec.Type, Number: c.rec.Number, Customer: c.rec.Customer,
		Public: public, Prev: c.rec.AuditHead, Data: data})
	if err != nil {
		return err
	}
	if err := record.Head(ctx, c.u.Tx, c.rec, hash); err != nil {
		return err
	}
	return c.announce(ctx)
}

// Comment says something on a record. A customer's person always speaks publicly; staff choose.
func (s *Service) Comment(ctx context.Context, typ, number, body string, public bool, files []string) (entry string, err error) {
	perm := Comments
	if a := work.ActorOf(ctx); a != nil && !public && a.OrgKind == work.Provider {
		perm = InternalComments
	}
	err = s.door.Do(ctx, perm, func(ctx context.Context, u *work.Unit) error {
		c, err := s.open(ctx, u, perm, typ, number, 0)
		if err != nil {
			return err
		}
		public := public || c.customer()
		body := strings.TrimSpace(body)
		if err := checkComment(body, len(files)); err != nil {
			return err
		}
		if err := c.checkFiles(ctx, files); err != nil {
			return err
		}
		if err := record.Attach(ctx, u.Tx, c.rec.ID, files, public); err != nil {
			return err
		}
		said, err := record.AddComment(ctx, u.Tx, record.Comment{Record: c.rec.ID, Author: u.Actor.ID, Side: c.side(), Public: public, Body: body, Files: files})
		if err != nil {
			return err
		}
		entry = said.ID
		if public {
			c.spoke = c.side()
			if err := c.followAndSync(ctx); err != nil {
				return err
			}
		}
		if err := c.note(ctx, "record.commented", public, map[string]any{"comments": []string{said.ID}}); err != nil {
			return err
		}
		return c.tellComment(ctx, public)
	})
	return entry, err
}

func checkComment(body string, files int) error {
	label := text.Label{Zh: "内容", En: "the text"}
	if body == "" && files == 0 {
		return fault.One("body", "field.required", text.Params{"label": label})
	}
	if len([]rune(body)) > maxComment {
		return fault.One("body", "field.length", text.Params{"label": label, "max": maxComment})
	}
	return nil
}

func (c *change) checkFiles(ctx context.Context, files []string) error {
	known, err := record.KnownFiles(ctx, c.u.Tx, c.actor, files)
	if err != nil {
		return err
	}
	for _, f := range files {
		if known[f] == "" {
			return fault.One("attachments", "field.missing", text.Params{"label": text.Label{Zh: "附件", En: "Attachment"}})
		}
	}
	return nil
}

// tellComment tells the other side, and those who follow.
func (c *change) tellComment(ctx context.Context, public bool) error {
	to := []string{"handler", "watcher"}
	if public {
		to = append(to, "requester")
	}
	people, err := c.people(ctx, to)
	if err != nil {
		return err
	}
	if !public { // that there is an inner note is no news for the customer
		sides, err := party.SidesOf(ctx, c.u.Tx, people)
		if err != nil {
			return err
		}
		people = slices.DeleteFunc(people, func(p string) bool { return sides[p].Foreign("") })
	}
	return c.notifyPeople(ctx, people, "answered", text.Label{Zh: "{actor} 在 {number} 留言 · {title}", En: "{actor} wrote on {number} · {title}"})
}

// LogWork notes time spent, in minutes.
func (s *Service) LogWork(ctx context.Context, typ, number string, minutes int, body string) error {
	return s.door.Do(ctx, WriteRecords, func(ctx context.Context, u *work.Unit) error {
		c, err := s.open(ctx, u, WriteRecords, typ, number, 0)
		if err != nil {
			return err
		}
		if c.customer() {
			return c.denied([]string{"staff"})
		}
		if _, err := record.AddWork(ctx, u.Tx, c.rec.ID, u.Actor.ID, minutes, body); err != nil {
			return err
		}
		return c.note(ctx, "record.worked", false, map[string]any{"minutes": minutes, "text": body})
	})
}

// Link joins two records that the actor can both reach.
func (s *Service) Link(ctx context.Context, typ, number, kind, to string) error {
	return s.door.Do(ctx, WriteRecords, func(ctx context.Context, u *work.Unit) error {
		c, err := s.open(ctx, u, WriteRecords, typ, number, 0)
		if err != nil {
			return err
		}
		if c.customer() {
			return c.denied([]string{"staff"})
		}
		if !slices.Contains(record.LinkKinds, kind) {
			return fault.One("kind", "field.choice", text.Params{"label": text.Label{Zh: "关系", En: "Relation"}})
		}
		target, err := record.Load(ctx, u.Tx, u.Actor, to)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err != nil || target.ID == c.rec.ID {
			return fault.One("number", "field.missing", text.Params{"label": text.Label{Zh: "编号", En: "Number"}})
		}
		if _, err := record.AddLink(ctx, u.Tx, c.rec.ID, target.ID, kind, u.Actor.ID); err != nil {
			return err
		}
		return c.note(ctx, "record.linked", false, map[string]any{"kind": kind, "number": target.Number})
	})
}

// Unlink takes a link away.
func (s *Service) Unlink(ctx context.Context, typ, number, link string) error {
	return s.door.Do(ctx, WriteRecords, func(ctx context.Context, u *work.Unit) error {
		c, err := s.open(ctx, u, WriteRecords, typ, number, 0)
		if err != nil {
			return err
		}
		if c.customer() {
			return c.denied([]string{"staff"})
		}
		if err := record.RemoveLink(ctx, u.Tx, c.rec.ID, link); err != nil {
			return err
		}
		return c.note(ctx, "record.unlinked", false, map[string]any{"link": link})
	})
}

// Watch makes the actor follow the record, or stop; or adds a colleague (person not "").
func (s *Service) Watch(ctx context.Context, typ, number, person string, on bool) error {
	return s.door.Do(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		u.Unrecorded()
		c, err := s.open(ctx, u, ReadRecords, typ, number, 0)
		if err != nil {
			return err
		}
		who := u.Actor.ID
		if person != "" {
			if who, err = c.watcherNamed(ctx, person); err != nil {
				return err
			}
		}
		if on {
			err = record.Watch(ctx, u.Tx, c.rec.ID, who)
		} else {
			err = record.Unwatch(ctx, u.Tx, c.rec.ID, who)
		}
		if err != nil {
			return err
		}
		return c.announce(ctx)
	})
}

// watcherNamed: staff may add colleagues and people of the record's customer; a customer's person nobody else.
func (c *change) watcherNamed(ctx context.Context, person string) (string, error) {
	if c.customer() {
		return "", c.denied([]string{"staff"})
	}
	found, err := c.refs(ctx, "person", []string{person})
	if err != nil {
		return "", err
	}
	if owner := c.owners[person]; found[person] == "" || owner != "" && owner != c.rec.Customer {
		return "", fault.One("person", "field.missing", text.Params{"label": text.Label{Zh: "关注人", En: "The watcher"}})
	}
	return person, nil
}

// AttachFiles puts uploaded files on a record; a customer's are public.
func (s *Service) AttachFiles(ctx context.Context, typ, number string, files []string, public bool) error {
	return s.door.Do(ctx, Comments, func(ctx context.Context, u *work.Unit) error {
		c, err := s.open(ctx, u, Comments, typ, number, 0)
		if err != nil {
			return err
		}
		if err := c.checkFiles(ctx, files); err != nil {
			return err
		}
		public := public || c.customer()
		if err := record.Attach(ctx, u.Tx, c.rec.ID, files, public); err != nil {
			return err
		}
		return c.note(ctx, "record.attached", public, map[string]any{"files": files})
	})
}

// Upload stores a file that is not on any record yet; only the uploader can see it until it is attached.
func (s *Service) Upload(ctx context.Context, name, contentType string, content io.Reader, size int64) (f record.File, err error) {
	mayStore := func(context.Context, *work.Unit) error { return nil }
	if err := s.door.Read(ctx, Comments, mayStore); err != nil { // before a byte of it is kept
		return f, err
	}
	key := id.New()
	info, err := s.blobs.Put(ctx, key, content, size)
	if err != nil {
		return f, err
	}
	err = s.door.Do(ctx, Comments, func(ctx context.Context, u *work.Unit) error {
		f, err = record.AddFile(ctx, u.Tx, record.File{Name: name, Type: contentType, Size: info.Size, SHA256: info.SHA256, Blob: key, By: u.Actor.ID})
		if err != nil {
			return err
		}
		_, err = u.Record(ctx, work.Event{Stream: f.ID, First: true, Kind: "file.uploaded", Subject: "file", Number: name, Data: f})
		return err
	})
	return f, err
}

// Download opens a file that the actor may see.
func (s *Service) Download(ctx context.Context, file string) (f record.File, content io.ReadCloser, err error) {
	err = s.door.Read(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		f, err = record.FindFile(ctx, u.Tx, u.Actor, file)
		return err
	})
	if err != nil {
		return f, nil, err
	}
	content, err = s.blobs.Open(ctx, f.Blob)
	return f, content, err
}

// Reveal opens a secret for one of its named readers, and records that it was read (SEC-10).
func (s *Service) Reveal(ctx context.Context, typ, number, field string) (value string, err error) {
	err = s.door.Do(ctx, ReadRecords, func(ctx context.Context, u *work.Unit) error {
		c, err := s.open(ctx, u, ReadRecords, typ, number, 0)
		if err != nil {
			return err
		}
		f, ok := c.def.Field(field)
		if !ok || f.Type != form.Secret {
			return fault.Missing()
		}
		if !c.may(identity.ReadSecret) {
			return fault.Denied()
		}
		ok, err = c.allowed(ctx, f.Readers)
		if err != nil {
			return err
		}
		if !ok {
			return c.denied(f.Readers)
		}
		sealed, _ := c.rec.Get(field).(string)
		if sealed == "" {
			return fault.Missing()
		}
		if value, err = s.seal.Open(sealed, c.rec.ID+"/"+field); err != nil {
			return err
		}
		return c.note(ctx, "record.secret_read", false, map[string]any{"field": field})
	})
	return value, err
}

// stale says what changed since the version the caller saw.
func (s *Service) stale(ctx context.Context, c *change, seen int64) error {
	e := fault.New(fault.Stale, "stale", nil)
	entries, err := c.timeline(ctx, 0, 50)
	if err != nil {
		return err
	}
	missed := int(c.rec.Version - seen)
	changes := []map[string]any{}
	for i := len(entries) - 1; i >= 0 && missed > 0; i-- {
		for _, x := range entries[i].Changes {
			changes = append(changes, map[string]any{"field": x.Field, "label": x.Label, "old": x.Old, "new": x.New, "by": entries[i].Author.Name, "at": entries[i].At.Format(time.RFC3339Nano)})
		}
		if entries[i].counts {
			missed--
		}
	}
	current, err := c.detail(ctx)
	if err != nil {
		return err
	}
	e.Data = map[string]any{"changes": changes, "current": current}
	return e
}

// orphansAfter is how long an upload may wait to be put on a record.
const orphansAfter = 24 * time.Hour

// CleanFiles removes uploads that never came onto a record.
func (s *Service) CleanFiles(ctx context.Context) error {
	var gone map[string]string
	err := s.door.Do(work.WithActor(ctx, Engine), WriteRecords, func(ctx context.Context, u *work.Unit) (err error) {
		u.Unrecorded() // unless something is removed
		if gone, err = record.Orphans(ctx, u.Tx, u.Now().Add(-orphansAfter)); err != nil {
			return err
		}
		for file := range gone {
			if err := record.RemoveFile(ctx, u.Tx, file); err != nil {
				return err
			}
			if _, err := u.Record(ctx, work.Event{Stream: file, Kind: "file.removed", Subject: "file"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range gone {
		if err := s.blobs.Delete(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
