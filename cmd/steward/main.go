// Command steward is the whole program: the server, its maintenance commands, and nothing else to install.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/steward-ops/steward/internal/app"
	"github.com/steward-ops/steward/internal/platform/config"
	"github.com/steward-ops/steward/internal/platform/observe"
)

// version is set when a release is built.
var version = "dev"

type commands struct {
	Serve   serve    `cmd:"" default:"withargs" help:"Run the server."`
	Migrate migrate  `cmd:"" help:"Bring the database up to date, or say what would be done."`
	Audit   audit    `cmd:"" help:"The audit trail."`
	Docs    docs     `cmd:"" hidden:"" help:"Write the generated pages of the documentation."`
	Version struct{} `cmd:"" help:"Print the version."`
}

type serve struct{ config.Config }

type migrate struct {
	config.Config
	DryRun bool `help:"Only list what is not applied yet."`
}

type audit struct {
	Verify verify `cmd:"" help:"Recompute every hash and seal of the trail, and say where it is broken."`
}

type verify struct{ config.Config }

type docs struct {
	Dir string `arg:"" help:"Folder to write to."`
}

//go:generate go run . docs ../../docs/reference
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	k := kong.Parse(&c, kong.Name("steward"), kong.Description("IT operations service, on one binary."), kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)))
	if k.Command() == "version" {
		fmt.Println(version)
		return
	}
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "steward:", err)
		os.Exit(1)
	}
}

// Run serves until it is told to stop.
func (s *serve) Run(ctx context.Context) error {
	log := observe.Log(os.Stderr, s.LogLevel, s.LogFormat)
	return app.Serve(ctx, s.Config, app.Options{Log: log, Version: version}, os.Stdout)
}

// Run brings the database up to date.
func (m *migrate) Run(ctx context.Context) error {
	return app.Migrate(ctx, m.Config, m.DryRun, os.Stdout)
}

// Run verifies the trail; a broken one is an error.
func (v *verify) Run(ctx context.Context) error {
	return app.VerifyAudit(ctx, v.Config, os.Stdout)
}

// Run writes the generated pages.
func (d *docs) Run(ctx context.Context) error { return app.WriteDocs(ctx, d.Dir) }
