//go:build ignore

// Command gotest runs `go test -json` with the arguments it is given, prints what plain `go test` would have printed
// as each package ends, lists what was skipped and why, and closes with one line: "N passed, N failed". With -counts it
// writes "passed failed skipped" to FILE instead of that line, for a caller that closes with a sum of its own.
//
// Leaves are counted: a test with subtests is its subtests, unless it failed by itself. A package that fails without
// naming a test (it did not build, or ended early) counts as one failure.
//
//	go run scripts/gotest.go [-counts FILE] [go test arguments]
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

type event struct {
	Action, Package, ImportPath, Test, Output string
}

// test is what is known of one test of the package under way.
type test struct {
	result string // pass, fail, skip, or empty while it runs
	parent bool
	output []string
}

// run is one package under way.
type run struct {
	order  []string
	tests  map[string]*test
	output []string
}

type counts struct{ passed, failed, skipped int }

func main() {
	args := os.Args[1:]
	countsFile := ""
	if len(args) >= 2 && args[0] == "-counts" {
		countsFile, args = args[1], args[2:]
	}
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(2)
	}

	var total counts
	var skips []string
	runs := map[string]*run{}
	lines := bufio.NewReader(out)
	for {
		line, readErr := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				os.Stdout.Write(line) // not test2json's: pass it on
			} else if e.Action == "build-output" {
				fmt.Print(e.Output)
			} else if e.Package != "" {
				r := runs[e.Package]
				if r == nil {
					r = &run{tests: map[string]*test{}}
					runs[e.Package] = r
				}
				if r.take(e) {
					total = total.plus(r.close(e, &skips))
					delete(runs, e.Package)
				}
			}
		}
		if readErr != nil {
			break
		}
	}
	code := 0
	if cmd.Wait() != nil {
		code = 1
	}
	for name, r := range runs { // the go command ended before these did
		total = total.plus(r.close(event{Action: "fail", Package: name}, &skips))
	}
	if code != 0 && total.failed == 0 {
		total.failed = 1
	}
	if total.failed > 0 {
		code = 1
	}
	if len(skips) > 0 {
		fmt.Printf("\nSkipped:\n%s", strings.Join(skips, ""))
	}
	if countsFile == "" {
		fmt.Printf("%s\n", total)
	} else {
		text := fmt.Sprintf("%d %d %d\n", total.passed, total.failed, total.skipped)
		if err := os.WriteFile(countsFile, []byte(text), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "gotest:", err)
			code = 2
		}
	}
	os.Exit(code)
}

// take records one event and reports whether the package has ended with it.
func (r *run) take(e event) bool {
	if e.Test == "" {
		if e.Action == "output" && e.Output != "PASS\n" {
			r.output = append(r.output, e.Output)
		}
		return e.Action == "pass" || e.Action == "fail" || e.Action == "skip"
	}
	t := r.tests[e.Test]
	if t == nil {
		t = &test{}
		r.tests[e.Test] = t
		r.order = append(r.order, e.Test)
		for name := e.Test; ; {
			cut := strings.LastIndexByte(name, '/')
			if cut < 0 {
				break
			}
			name = name[:cut]
			if p := r.tests[name]; p != nil {
				p.parent = true
			}
		}
	}
	switch e.Action {
	case "output":
		if !strings.HasPrefix(e.Output, "=== ") {
			t.output = append(t.output, e.Output)
		}
	case "pass", "fail", "skip":
		t.result = e.Action
	}
	return false
}

// close prints the package and counts it.
func (r *run) close(end event, skips *[]string) counts {
	var c counts
	for _, name := range r.order {
		t := r.tests[name]
		if t.result == "fail" || t.result == "" && end.Action == "fail" {
			fmt.Print(strings.Join(t.output, ""))
		}
		switch {
		case t.result == "fail" || t.result == "":
			if !t.parent || !r.failedBelow(name) {
				c.failed++
			}
		case t.parent:
		case t.result == "pass":
			c.passed++
		case t.result == "skip":
			c.skipped++
			*skips = append(*skips, fmt.Sprintf("  %s %s: %s\n", end.Package, name, reason(t.output)))
		}
	}
	if end.Action == "fail" && c.failed == 0 {
		c.failed = 1
	}
	fmt.Print(strings.Join(r.output, ""))
	return c
}

func (r *run) failedBelow(name string) bool {
	for other, t := range r.tests {
		if strings.HasPrefix(other, name+"/") && (t.result == "fail" || t.result == "") {
			return true
		}
	}
	return false
}

// reason is what a skipped test said of itself, on one line.
func reason(output []string) string {
	var words []string
	for _, line := range output {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "--- SKIP") {
			words = append(words, line)
		}
	}
	if len(words) == 0 {
		return "no reason given"
	}
	return strings.Join(words, " ")
}

func (c counts) plus(d counts) counts {
	return counts{c.passed + d.passed, c.failed + d.failed, c.skipped + d.skipped}
}

func (c counts) String() string {
	s := fmt.Sprintf("%d passed, %d failed", c.passed, c.failed)
	if c.skipped > 0 {
		s += fmt.Sprintf(", %d skipped", c.skipped)
	}
	return s
}
