package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// line is one figure beside its yardstick.
type line struct {
	database, what    string
	figure, yardstick string
	ratio, bar        string
	verdict           string
}

// report is the table that is printed at the end, and the load of the machine while it was measured.
type report struct {
	o     *options
	lines []line
	load  []float64
}

func newReport(o *options) *report {
	r := &report{o: o}
	r.noteLoad()
	return r
}

// noteLoad keeps how busy the machine is: figures of a busy one are worse than the program.
func (r *report) noteLoad() {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return
	}
	if load, err := strconv.ParseFloat(strings.Fields(string(raw))[0], 64); err == nil {
		r.load = append(r.load, load)
	}
}

// add puts a line into the table.
func (r *report) add(l line) {
	r.noteLoad()
	r.lines = append(r.lines, l)
}

func verdict(ok bool) string {
	if ok {
		return "ok"
	}
	return "MISSES"
}

func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "\n%s/%s, %d processors, %d and %d records", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), r.o.small, r.o.large)
	if len(r.load) > 0 {
		fmt.Fprintf(out, ", load while measuring %.1f to %.1f", slices.Min(r.load), slices.Max(r.load))
	}
	fmt.Fprint(out, "\n\n")
	rows := [][]string{{"database", "what", "figure", "yardstick in the same run", "ratio", "bar", ""}}
	for _, l := range r.lines {
		rows = append(rows, []string{l.database, l.what, l.figure, l.yardstick, l.ratio, l.bar, l.verdict})
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], width(cell))
		}
	}
	for i, row := range rows {
		for j, cell := range row {
			fmt.Fprint(out, cell, strings.Repeat(" ", widths[j]-width(cell)+2))
		}
		fmt.Fprintln(out)
		if i == 0 {
			fmt.Fprintln(out, strings.Repeat("-", sum(widths)+2*len(widths)))
		}
	}
}

// width counts Han characters as two, as terminals draw them.
func width(s string) int {
	n := utf8.RuneCountInString(s)
	for _, c := range s {
		if c >= 0x2e80 {
			n++
		}
	}
	return n
}

func sum(list []int) (n int) {
	for _, x := range list {
		n += x
	}
	return n
}

// timings of one kind of request.
type timings []time.Duration

// at is a quantile, 0.5 or 0.99.
func (t timings) at(q float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// brief writes a duration with three figures.
func brief(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 100*time.Millisecond:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	case d < 100*time.Microsecond:
		return fmt.Sprintf("%.2f µs", float64(d.Nanoseconds())/1000)
	}
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}

func times(a, b time.Duration) string { return fmt.Sprintf("%.1f×", float64(a)/float64(max(b, 1))) }

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(list))[len(list)/2]
}
