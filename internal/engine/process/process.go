// Package process runs records through their definitions: create, edit, move, approve, time, and what is open to whom.
package process

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"time"

	"github.com/steward-ops/steward/internal/core/record"
	"github.com/steward-ops/steward/internal/core/seal"
	"github.com/steward-ops/steward/internal/engine/definition"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/blob"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/pump"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Permissions of this package.
const (
	ReadRecords       work.Perm = "record.read"
	CreateRecords     work.Perm = "record.create"
	WriteRecords      work.Perm = "record.write"
	MoveRecords       work.Perm = "record.move"
	Comments          work.Perm = "record.comment"
	InternalComments  work.Perm = "record.comment_internal"
	ExportRecords     work.Perm = "record.export"
	BulkRecords       work.Perm = "record.bulk"
	AssignRecords     work.Perm = "record.assign"
	ReadDefinitions   work.Perm = "definition.read"
	ManageDefinitions work.Perm = "definition.manage"
	UseSearch         work.Perm = "search.use"
	ShareViews        work.Perm = "view.share"
)

// Blobs keeps the content of files: a folder, or an S3 bucket.
type Blobs interface {
	Put(ctx context.Context, key string, r io.Reader, limit int64) (blob.Info, error)
	Open(ctx context.Context, key string) (io.ReadCloser, error)
	Delete(ctx context.Context, key string) error
}

// Config is what the engine is built from.
type Config struct {
	Door      *work.Door
	Catalogue *Catalogue
	Behaviour *Behaviour // guards and effects in Go
	Seal      *seal.Ring
	Blobs     Blobs
	Clock     clock.Clock
	Log       *slog.Logger
	Roles     func() map[string]text.Label // names of the roles, for "only … may do this"
	Zone      *time.Location
	Clocks    Clocks // nil: records are due when their definitions say
}

// Service is the engine's use cases.
type Service struct {
	door      *work.Door
	catalogue *Catalogue
	behaviour *Behaviour
	seal      *seal.Ring
	blobs     Blobs
	log       *slog.Logger
	roles     func() map[string]text.Label
	zone      *time.Location
	clocks    Clocks
	schemes   *schemes
	timers    *pump.Pump
	changed   func() // tells the API document that definitions changed
}

// New makes the engine. Start must be called before it serves.
func New(cfg Config) *Service {
	s := &Service{door: cfg.Door, catalogue: cfg.Catalogue, behaviour: cfg.Behaviour, seal: cfg.Seal, blobs: cfg.Blobs, log: cfg.Log,
		roles: cfg.Roles, zone: cfg.Zone, clocks: cfg.Clocks, schemes: &schemes{}, changed: func() {}}
	s.timers = pump.New(pump.Config{Clock: cfg.Clock, Log: cfg.Log, Name: "timers", Next: s.nextDue, Fire: s.fireOne, AtOnce: firing})
	return s
}

// Engine is the background actor of timers and definitions.
var Engine = work.System("engine", ReadRecords, CreateRecords, MoveRecords, WriteRecords, Comments, InternalComments, ManageDefinitions)

// Start stores shipped definitions and schemes and loads what is published.
func (s *Service) Start(ctx context.Context, database *db.DB) error {
	err := database.Write(ctx, func(tx db.Tx) error {
		if err := seedSchemes(ctx, tx); err != nil {
			return err
		}
		return s.catalogue.Sync(ctx, tx)
	})
	if err != nil {
		return err
	}
	return s.Reload(ctx, database)
}

// Reload takes over definitions and schemes that another replica published.
func (s *Service) Reload(ctx context.Context, database *db.DB) error {
	err := database.Read(ctx, func(tx db.Tx) error {
		if err := s.schemes.reload(ctx, tx); err != nil {
			return err
		}
		return s.catalogue.Reload(ctx, tx)
	})
	if err == nil {
		s.changed()
	}
	return err
}

// DefinitionsChanged is the announcement after which replicas call Reload.
const DefinitionsChanged = "definitions"

func (s *Service) tellDefinitions(ctx context.Context, u *work.Unit) error {
	return u.Announce(ctx, work.Notice{Keys: []string{DefinitionsChanged, "meta"}})
}

// Input is what a caller gives, by field name, plus the comment that goes with a step.
type Input struct {
	Fields        map[string]json.RawMessage
	Comment       string
	CommentPublic *bool
}

// definitionOf finds the definition a running record keeps.
func (s *Service) definitionOf(r *record.Record) (*definition.Type, *definition.Workflow, error) {
	t, ok := s.catalogue.Version(r.Type, r.Definition)
	if !ok {
		return nil, nil, errNoDefinition(r)
	}
	w, ok := t.Workflow(r.Workflow)
	if !ok {
		return nil, nil, errNoDefinition(r)
	}
	return t, w, nil
}

// Catalogue is the definitions in force.
func (s *Service) Catalogue() *Catalogue { return s.catalogue }
