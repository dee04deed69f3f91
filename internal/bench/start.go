package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const (
	startBar  = time.Second
	memoryBar = 100 << 20
	binaryBar = 80 << 20
	shellBar  = 300 << 10
	idleFor   = 3 * time.Second
	starts    = 5
)

// measureStart takes what can be seen from outside: the size of the binary, how long it takes to answer, what it needs
// when nobody asks, and what the first page weighs.
func measureStart(ctx context.Context, o *options, report *report) error {
	info, err := os.Stat(o.program)
	if err != nil {
		return err
	}
	report.add(line{"", "binary", megabytes(float64(info.Size())), "", "", "≤ 80 MB", verdict(info.Size() <= binaryBar)})
	data := filepath.Join(o.folder, "start")
	url := "sqlite:" + filepath.Join(data, "steward.db")
	var cold, bare timings
	first := time.Duration(0)
	for i := range starts + 1 {
		took := time.Now()
		if err := exec.CommandContext(ctx, o.program, "version").Run(); err != nil { //nolint:gosec // the program just built
			return err
		}
		bare = append(bare, time.Since(took))
		took = time.Now()
		p, err := start(ctx, o, data, url, "start")
		if err != nil {
			return err
		}
		_, _, err = get(ctx, p.base+"/api/v1/setup")
		if i == 0 {
			first = time.Since(took)
		} else {
			cold = append(cold, time.Since(took))
		}
		if err := errors.Join(err, p.stop()); err != nil {
			return err
		}
	}
	report.add(line{"sqlite", "first start, to the first answer", brief(first), "process that prints its version " + brief(bare.at(0.5)), times(first, bare.at(0.5)), "≤ 1 s", verdict(first <= startBar)})
	report.add(line{"sqlite", "cold start, to the first answer", brief(cold.at(0.5)), "process that prints its version " + brief(bare.at(0.5)), times(cold.at(0.5), bare.at(0.5)), "≤ 1 s", verdict(cold.at(0.5) <= startBar)})
	return measureIdle(ctx, o, data, url, report)
}

func measureIdle(ctx context.Context, o *options, data, url string, report *report) error {
	p, err := start(ctx, o, data, url, "idle")
	if err != nil {
		return err
	}
	if err := measurePage(ctx, p.base, report); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-time.After(idleFor):
	}
	resident, err := p.gauge(ctx, "process_resident_memory_bytes")
	if err != nil {
		return err
	}
	heap, err := p.gauge(ctx, "go_memstats_heap_inuse_bytes")
	if err != nil {
		return err
	}
	report.add(line{"sqlite", "idle memory", megabytes(resident), "heap in use " + megabytes(heap), fmt.Sprintf("%.1f×", resident/heap), "≤ 100 MiB", verdict(resident <= memoryBar)})
	return p.stop()
}

func megabytes(n float64) string { return fmt.Sprintf("%.1f MiB", n/(1<<20)) }

var asset = regexp.MustCompile(`(?:src|href)="(/[^"]+\.(?:js|css))"`)

// measurePage fetches the page and what it names, as a browser does, compressed.
func measurePage(ctx context.Context, base string, report *report) error {
	took := time.Now()
	page, size, err := get(ctx, base+"/")
	if err != nil {
		return err
	}
	firstByte := time.Since(took)
	scripts := 0
	seen := map[string]bool{}
	for _, m := range asset.FindAllStringSubmatch(page, -1) {
		if seen[m[1]] {
			continue
		}
		seen[m[1]] = true
		_, n, err := get(ctx, base+m[1])
		if err != nil {
			return err
		}
		if size += n; strings.HasSuffix(m[1], ".js") {
			scripts += n
		}
	}
	what := fmt.Sprintf("first page, %d files, all from loopback", len(seen)+1)
	if len(seen) == 0 {
		what = "first page (the binary has no web application)"
	}
	report.add(line{"", what, brief(time.Since(took)), "the page itself " + brief(firstByte), times(time.Since(took), firstByte), "", ""})
	report.add(line{"", "script of the first page, compressed", fmt.Sprintf("%d KB", scripts>>10), fmt.Sprintf("all files %d KB", size>>10), "", "≤ 300 KB", verdict(scripts <= shellBar)})
	return nil
}

// get fetches something as a browser would and answers its text, if it is not compressed by brotli, and how many bytes came.
func get(ctx context.Context, address string) (content string, size int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("Accept-Encoding", "br, gzip")
	if strings.HasSuffix(address, "/") { // to be read here
		req.Header.Set("Accept-Encoding", "gzip")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", 0, fmt.Errorf("%s: %s", address, res.Status)
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.Header.Get("Content-Encoding") != "gzip" {
		return string(raw), len(raw), err
	}
	unpacked, err := gzip.NewReader(strings.NewReader(string(raw)))
	if err != nil {
		return "", 0, err
	}
	plain, err := io.ReadAll(unpacked)
	return string(plain), len(raw), err
}
