// Package app puts the program together: it is the only package that knows all others, and it can be started inside a test.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/steward-ops/steward/internal/core/audit"
	"github.com/steward-ops/steward/internal/core/identity"
	"github.com/steward-ops/steward/internal/core/party"
	"github.com/steward-ops/steward/internal/engine/notify"
	"github.com/steward-ops/steward/internal/engine/process"
	"github.com/steward-ops/steward/internal/engine/roster"
	"github.com/steward-ops/steward/internal/engine/sla"
	"github.com/steward-ops/steward/internal/intake/alert"
	"github.com/steward-ops/steward/internal/kernel/clock"
	"github.com/steward-ops/steward/internal/kernel/text"
	"github.com/steward-ops/steward/internal/platform/blob"
	"github.com/steward-ops/steward/internal/platform/config"
	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/httpapi"
	"github.com/steward-ops/steward/internal/platform/jobs"
	"github.com/steward-ops/steward/internal/platform/observe"
	"github.com/steward-ops/steward/internal/platform/work"
	"github.com/steward-ops/steward/internal/webui"
)

// App is the running program.
type App struct {
	Config   config.Config
	Log      *slog.Logger
	Clock    clock.Clock
	DB       *db.DB
	Door     *work.Door
	API      *httpapi.API
	Hub      *httpapi.Hub
	People   *party.Service
	Access   *identity.Service
	Audit    *audit.Service
	Notices  *notify.Service
	Courier  *notify.Courier
	Engine   *process.Service
	Rosters  *roster.Service
	Promises *sla.Service
	Alerts   *alert.Service
	Jobs     *jobs.Queue
	figures  *observe.Figures
	metrics  http.Handler
	roles    roleNames
	server   *http.Server
	listener net.Listener
	stop     context.CancelFunc
	running  sync.WaitGroup
}

// Options are what a test changes of the program.
type Options struct {
	Clock   clock.Clock      // nil = the machine's, or a settable one with Config.TestClock
	Sources []process.Source // further definitions
	Log     *slog.Logger
	Version string

	HashMemory uint32 // see identity.Config
}

// New opens the database, brings it up to date, and wires everything. Nothing runs yet.
func New(ctx context.Context, cfg config.Config, opts Options) (*App, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	a := &App{Config: cfg, Log: opts.Log, Clock: opts.Clock}
	if a.Log == nil {
		a.Log = slog.Default()
	}
	if a.Clock == nil {
		a.Clock = clock.System()
		if cfg.TestClock {
			a.Clock = clock.NewRunning()
		}
	}
	if err := a.open(ctx); err != nil {
		return nil, err
	}
	if err := a.wire(ctx, opts); err != nil {
		a.DB.Close()
		return nil, err
	}
	return a, nil
}

func (a *App) open(ctx context.Context) error {
	if err := makeFolder(a.Config.Data); err != nil {
		return err
	}
	registry := observe.Registry()
	a.figures, a.metrics = observe.NewFigures(registry), observe.Handler(registry)
	database, err := db.Open(ctx, db.Config{URL: a.Config.DatabaseURL, Clock: a.Clock, Log: a.Log, MaxConns: a.Config.MaxConns, Sync: a.Config.Sync,
		Observe: a.figures.Transaction})
	if err != nil {
		return err
	}
	applied, err := database.Migrate(ctx, Migrations())
	if err != nil {
		database.Close()
		return err
	}
	if len(applied) > 0 {
		a.Log.InfoContext(ctx, "database brought up to date", "migrations", len(applied))
	}
	a.DB = database
	return nil
}

func (a *App) wire(ctx context.Context, opts Options) error {
	cfg := a.Config
	zone, err := time.LoadLocation(cfg.Zone)
	if err != nil {
		return err
	}
	ring, err := masterKeys(cfg)
	if err != nil {
		return err
	}
	blobs, err := fileStore(cfg)
	if err != nil {
		return err
	}
	a.Hub = httpapi.NewHub(a.DB, a.Log)
	if a.Jobs, err = jobs.New(a.DB, jobs.Config{Clock: a.Clock, Log: observe.Quiet(a.Log), Observe: a.figures.Job}); err != nil {
		return err
	}
	a.Door = work.New(a.DB, audit.Ledger{}, a.Jobs, a.Hub)
	a.People = party.New(a.Door)
	a.Access = identity.New(a.Door, a.People, identity.Config{Ring: ring, Log: a.Log, HashMemory: opts.HashMemory})
	a.Audit = audit.New(a.Door, a.Clock)
	if err := a.wireNotices(ring); err != nil {
		return err
	}
	if err := a.Access.Seed(ctx); err != nil {
		return fmt.Errorf("built-in roles: %w", err)
	}
	if err := a.roles.load(ctx, a.DB); err != nil {
		return err
	}
	a.Promises = sla.New(a.Door, zone)
	behaviour := Behaviour()
	catalogue, err := process.NewCatalogue(behaviour.Vocabulary(zone, a.roles.get()), append(Sources(), opts.Sources...))
	if err != nil {
		return fmt.Errorf("definitions:\n%w", err)
	}
	a.Engine = process.New(process.Config{Door: a.Door, Catalogue: catalogue, Behaviour: behaviour, Seal: ring, Blobs: blobs, Clock: a.Clock, Log: a.Log, Roles: a.roles.get, Zone: zone,
		Clocks: a.Promises})
	a.Promises.Serve(a.Engine)
	a.Jobs.Register(sla.RereadJob, a.Promises.Reread)
	a.Alerts = alert.New(alert.Config{Door: a.Door, Engine: a.Engine, Clock: a.Clock, Zone: zone, Log: a.Log, Types: func(name string) bool {
		_, ok := catalogue.Current(name)
		return ok
	}})
	a.Rosters = roster.New(roster.Config{Door: a.Door, Clock: a.Clock, Log: a.Log, BaseURL: cfg.BaseURL})
	if err := a.Engine.Start(ctx, a.DB); err != nil {
		return err
	}
	a.People.OnLeave(a.Engine.OpenWorkOf)
	a.Access.OnLock(tellLockout)
	return a.serve(opts)
}

func (a *App) serve(opts Options) error {
	proxies, err := a.Config.ProxyNetworks()
	if err != nil {
		return err
	}
	a.API = httpapi.New(httpapi.Config{Clock: a.Clock, Log: a.Log, Sessions: a.Access, Hub: a.Hub, Web: webui.Handler(), Metrics: a.metrics,
		Checks:  []httpapi.Check{{Name: "database", Run: a.DB.Ping}},
		Limits:  httpapi.Limits{Off: !a.Config.RateLimits},
		Version: opts.Version, BaseURL: a.Config.BaseURL, Proxies: proxies})
	a.People.Routes(a.API)
	a.Access.Routes(a.API)
	a.Audit.Routes(a.API)
	a.Notices.Routes(a.API)
	a.Promises.Routes(a.API)
	a.Alerts.Routes(a.API)
	a.Engine.Routes(a.API, a.Config.UploadLimit<<20)
	a.Rosters.Routes(a.API)
	a.jobRoutes()
	if a.Config.TestClock {
		a.testRoutes()
	}
	return nil
}

// Start listens and begins the background work. The program then serves until Stop.
func (a *App) Start(ctx context.Context) error {
	listener, err := net.Listen("tcp", a.Config.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	a.listener = listener
	ctx, a.stop = context.WithCancel(context.WithoutCancel(ctx))
	if err := a.background(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	a.server = a.API.Server(a.Config.Listen)
	a.running.Go(func() {
		if err := a.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.Log.Error("server", "error", err)
		}
	})
	if a.Config.TestClock {
		a.Log.Warn("TEST CLOCK: anybody on this machine can set the time of this program")
	}
	return nil
}

// URL is where the program answers.
func (a *App) URL() string { return "http://" + a.listener.Addr().String() }

// Stop ends the program gracefully: live streams close, running requests end, background work finishes its step.
func (a *App) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, a.Config.StopWithin)
	defer cancel()
	var err error
	if a.stop != nil {
		a.stop()
		a.Hub.Close()
		err = errors.Join(a.server.Shutdown(ctx), a.Jobs.Stop(ctx))
		a.running.Wait()
	}
	a.DB.Close()
	return err
}

// roleNames are the names of roles as last read.
type roleNames struct {
	mu    sync.RWMutex
	names map[string]text.Label
}

func (r *roleNames) get() map[string]text.Label {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.names
}

func (r *roleNames) load(ctx context.Context, database *db.DB) error {
	return database.Read(ctx, func(tx db.Tx) error {
		names, err := identity.RoleLabels(ctx, tx)
		if err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.names = names
		return nil
	})
}

func fileStore(cfg config.Config) (process.Blobs, error) {
	if cfg.S3Endpoint == "" {
		return blob.NewDisk(filepath.Join(cfg.Data, "files"))
	}
	return blob.NewS3(blob.S3Config{Endpoint: cfg.S3Endpoint, Bucket: cfg.S3Bucket, Key: cfg.S3Key, Secret: cfg.S3Secret, Insecure: cfg.S3Insecure})
}
