package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/steward-ops/steward/internal/app"
	"github.com/steward-ops/steward/internal/platform/config"
)

// build makes the real binary as make does.
func build(ctx context.Context, folder string) (string, error) {
	path := filepath.Join(folder, "steward")
	progress("build the program")
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-ldflags", "-s -w", "-o", path, "github.com/steward-ops/steward/cmd/steward")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
}

// settings of a program that is measured: everything as in production but the limits on one caller.
func settings(data, url string) config.Config {
	return config.Config{Listen: "127.0.0.1:0", Data: data, DatabaseURL: url, Sync: "full", Zone: "Asia/Shanghai", MaxConns: 16,
		UploadLimit: 5, StopWithin: 10 * time.Second, LogLevel: "warn", LogFormat: "text"}
}

// process is a running program.
type process struct {
	cmd     *exec.Cmd
	base    string
	started time.Duration // until it said its address
}

const (
	serveCommand = "serve-for-bench"
	profileEnv   = "STEWARD_BENCH_PROFILE"
)

// start runs the real binary; with a profile wanted this one, which serves the same and keeps a profile.
func start(ctx context.Context, o *options, data, url, name string) (*process, error) {
	args := []string{"serve", "--listen", "127.0.0.1:0", "--no-rate-limits", "--log-level", "warn", "--data", data, "--database-url", url}
	cmd := exec.CommandContext(ctx, o.program, args...) //nolint:gosec // the program just built
	if o.profile != "" {
		cmd = exec.CommandContext(ctx, os.Args[0], serveCommand, data, url) //nolint:gosec // this program
		cmd.Env = append(os.Environ(), profileEnv+"="+filepath.Join(o.profile, name+".pprof"))
	}
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, address, ok := strings.Cut(lines.Text(), "http://"); ok {
			p := &process{cmd: cmd, base: "http://" + address, started: time.Since(began)}
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return p, nil
		}
	}
	return nil, errors.Join(errors.New("the program did not start"), cmd.Wait())
}

func (p *process) stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// gauge reads a figure of the program's own metrics.
func (p *process) gauge(ctx context.Context, name string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("the metrics have no %s", name)
}

// profiled keeps a processor profile of this process until done, if profiles are wanted.
func profiled(o *options, name string) (done func(), err error) {
	if o.profile == "" {
		return func() {}, nil
	}
	file, err := os.Create(filepath.Join(o.profile, name+".pprof"))
	if err != nil {
		return nil, err
	}
	return func() { pprof.StopCPUProfile(); _ = file.Close() }, pprof.StartCPUProfile(file)
}

// serve is this program as the server, for profiles.
func serve(args []string) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	file, err := os.Create(os.Getenv(profileEnv))
	if err == nil {
		err = pprof.StartCPUProfile(file)
	}
	if err == nil {
		log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
		err = app.Serve(ctx, settings(args[0], args[1]), app.Options{Log: log, Version: "bench"}, os.Stdout)
		pprof.StopCPUProfile()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench server:", err)
		os.Exit(1)
	}
}
