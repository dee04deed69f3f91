// Package alert takes in what monitoring systems report: it reads their payloads, applies the rules that merge, hold back
// and map them, keeps the alerts, and opens incidents for the person on duty (MON-01…MON-07, INC-01, SM-44).
package alert

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/steward-ops/steward/internal/core/identity"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/platform/work"
)

// Permissions of this package. None of them is for customers.
const (
	Read   work.Perm = "alert.read"
	Handle work.Perm = "alert.handle"
	Manage work.Perm = "alert.manage"
)

// Intake is the narrow background actor that takes alerts in and opens, assigns and annotates their incidents.
var Intake = work.System("alert", Read, Handle, process.ReadRecords, process.CreateRecords, process.MoveRecords, process.AssignRecords,
	process.Comments, process.InternalComments)

// Engine is what alerts need of engine/process.
type Engine interface {
	Create(ctx context.Context, typ, workflow, parent string, in process.Input, key string) (number string, err error)
	Move(ctx context.Context, typ, number, transition string, version int64, in process.Input) error
	Assign(ctx context.Context, typ, number string, version int64, in process.Input) error
	Comment(ctx context.Context, typ, number, body string, public bool, files []string) (entry string, err error)
}

// Config is what the service is built from.
type Config struct {
	Door   *work.Door
	Engine Engine
	Types  func(name string) bool // whether there is a record type of this name
	Clock  clock.Clock
	Zone   *time.Location // in which times without an offset and months are read
	Log    *slog.Logger
}

// Service is the use cases of alerts.
type Service struct {
	door    *work.Door
	engine  Engine
	types   func(string) bool
	clock   clock.Clock
	zone    *time.Location
	log     *slog.Logger
	current atomic.Pointer[setup]
}

// New makes the service.
func New(cfg Config) *Service {
	s := &Service{door: cfg.Door, engine: cfg.Engine, types: cfg.Types, clock: cfg.Clock, zone: cfg.Zone, log: cfg.Log}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.zone == nil {
		s.zone = time.UTC
	}
	return s
}

// States of an alert (SM-44).
const (
	StateNew          = "new"
	StateAcknowledged = "acknowledged"
	StateHandling     = "handling"
	StateResolved     = "resolved"
	StateFalse        = "false"
)

// lookAfter are the roles that are told of an alert for which no team is found.
var lookAfter = []string{"desk", identity.Administrator}
