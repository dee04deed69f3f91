// Command bench measures the program against the bars of DESIGN §11 and prints each figure beside a yardstick taken in
// the same run on the same machine, so that the ratio says something even where the machine is slow or busy.
//
//	make bench                          everything, on SQLite and PostgreSQL, with a million records
//	make bench ARGS=-quick              the same with fewer records and requests
//	make bench ARGS='-only create -db sqlite -profile /tmp/p'
//
// PostgreSQL is the server that STEWARD_BENCH_POSTGRES names; each run works in a schema of its own and drops it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/steward-ops/steward/internal/platform/db"
)

// options of a run.
type options struct {
	databases []db.Dialect
	only      []string
	small     int // records at which reads are measured first
	large     int // and then again, to see whether they stay flat
	requests  int // a kind of read
	slices    int // alternating stretches of yardstick and program
	stretch   time.Duration
	keep      string // folder whose filled database is used again
	profile   string // folder for processor profiles of the server
	folder    string // of this run
	program   string // the real binary
	match     string // of the reads
	clocks    int    // that run
	due       int    // of them at once
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == serveCommand {
		serve(os.Args[2:])
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func readOptions() (o options, err error) {
	databases := flag.String("db", "sqlite,postgres", "databases")
	only := flag.String("only", "start,calendar,create,alerts,clocks,read", "parts: start, calendar, create, alerts, clocks, read")
	quick := flag.Bool("quick", false, "fewer records and requests")
	flag.IntVar(&o.large, "n", 1_000_000, "records of the large database")
	flag.IntVar(&o.small, "small", 10_000, "records of the small database")
	flag.IntVar(&o.requests, "requests", 400, "requests of each kind of read")
	flag.StringVar(&o.match, "match", "", "only reads whose name contains this")
	flag.IntVar(&o.clocks, "clocks", 100_000, "clocks that run, two a record")
	flag.IntVar(&o.due, "due", 1_000, "clocks that come due at once")
	flag.IntVar(&o.slices, "slices", 5, "alternating stretches of yardstick and program")
	flag.DurationVar(&o.stretch, "stretch", 2*time.Second, "length of a stretch")
	flag.StringVar(&o.keep, "keep", "", "folder in which the filled databases stay for the next run (for work on the reads)")
	flag.StringVar(&o.program, "program", "", "a binary that is built already")
	flag.StringVar(&o.profile, "profile", "", "folder for processor profiles of the server")
	flag.Parse()
	if *quick {
		o.clocks, o.due = min(o.clocks, 10_000), min(o.due, 300)
		o.large, o.small, o.requests, o.slices, o.stretch = min(o.large, 100_000), min(o.small, 5_000), 100, 3, time.Second
	}
	for name := range strings.SplitSeq(*databases, ",") {
		o.databases = append(o.databases, db.Dialect(name))
	}
	o.only = strings.Split(*only, ",")
	if slices.Contains(o.databases, db.Postgres) && os.Getenv(postgresEnv) == "" {
		return o, errors.New(postgresEnv + " is not set; make bench sets it")
	}
	return o, nil
}

func (o *options) does(part string) bool { return slices.Contains(o.only, part) }

func run(ctx context.Context) error {
	o, err := readOptions()
	if err != nil {
		return err
	}
	if o.folder, err = os.MkdirTemp("", "steward-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(o.folder)
	if o.program == "" {
		if o.program, err = build(ctx, o.folder); err != nil {
			return err
		}
	}
	report := newReport(&o)
	if o.does("start") {
		if err := measureStart(ctx, &o, report); err != nil {
			return fmt.Errorf("start: %w", err)
		}
	}
	if o.does("calendar") {
		if err := measureCalendar(report); err != nil {
			return fmt.Errorf("calendar: %w", err)
		}
	}
	for _, dialect := range o.databases {
		if err := measureDatabase(ctx, &o, dialect, report); err != nil {
			return fmt.Errorf("%s: %w", dialect, err)
		}
	}
	report.print(os.Stdout)
	return nil
}

// parts are what is measured on each database.
var parts = []struct {
	name    string
	measure func(ctx context.Context, o *options, p *place, report *report) error
}{{"create", measureCreates}, {"alerts", measureAlerts}, {"clocks", measureClocks}, {"read", measureReads}}

func measureDatabase(ctx context.Context, o *options, dialect db.Dialect, report *report) error {
	var p *place
	for _, part := range parts {
		if !o.does(part.name) {
			continue
		}
		if p == nil {
			var err error
			if p, err = openPlace(ctx, o, dialect); err != nil {
				return err
			}
			defer p.close()
			if err := p.prepare(ctx); err != nil {
				return fmt.Errorf("prepare: %w", err)
			}
		}
		if err := part.measure(ctx, o, p, report); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05")+"  "+format+"\n", args...)
}
