package internal_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/steward-ops/steward/"

// levels are the layers of the house, lowest first: a package imports only packages of its own or a lower level, and
// within `isolated` levels none of its neighbours. A package that stands nowhere here fails the test.
var levels = []struct {
	name     string
	isolated bool
	packages []string
}{
	{"kernel", false, []string{"internal/kernel/text", "internal/kernel/clock", "internal/kernel/id", "internal/kernel/fault"}},
	{"platform: settings and data", false, []string{"internal/platform/config", "internal/platform/observe", "internal/platform/db", "internal/platform/db/dbtest", "internal/platform/blob"}},
	{"platform: work", false, []string{"internal/platform/work", "internal/platform/pump"}},
	{"platform: jobs and HTTP", false, []string{"internal/platform/jobs", "internal/platform/httpapi"}},
	{"core: trail and seals", true, []string{"internal/core/audit", "internal/core/seal", "internal/core/calendar"}},
	{"core: forms and people", false, []string{"internal/core/form", "internal/core/party", "internal/core/identity"}},
	{"core: records", false, []string{"internal/core/record", "internal/core/search"}},
	{"engine: channels", false, []string{"internal/engine/notify/channel"}},
	{"engine: kinds of channels", true, []string{"internal/engine/notify/mail", "internal/engine/notify/robot", "internal/engine/notify/sms", "internal/engine/notify/webhook", "internal/engine/notify/notifytest"}},
	{"engine: grammar", false, []string{"internal/engine/definition", "internal/engine/notify", "internal/engine/roster/rotation"}},
	{"engine", false, []string{"internal/engine/process"}},
	{"engine: promises and duty", true, []string{"internal/engine/sla", "internal/engine/roster"}},
	{"intake", true, []string{"internal/intake/alert"}},
	{"practices", true, []string{"internal/practice/incident", "internal/practice/request", "internal/practice/call", "internal/practice/duty", "internal/practice/major", "internal/practice"}},
	{"scenarios, demonstration, web", true, []string{"internal/scenario", "internal/demo", "internal/webui"}},
	{"app", false, []string{"internal/app", "internal/app/apptest"}},
	{"programs", false, []string{"cmd/steward", "internal/bench", "internal"}},
}

// reserved are packages of the standard library or of drivers that only some of ours may use.
var reserved = map[string][]string{
	"database/sql":            {"internal/platform/db", "internal/platform/jobs"},
	"github.com/jackc/pgx/v5": {"internal/platform/db", "internal/platform/db/dbtest", "internal/platform/jobs"},
	"modernc.org/sqlite":      {"internal/platform/db", "internal/platform/jobs"},
	"net/http":                {"internal/platform/httpapi", "internal/platform/observe", "internal/app", "internal/webui", "internal/core/identity", "internal/engine/notify", "internal/engine/notify/channel", "internal/engine/notify/notifytest", "internal/scenario", "internal/demo", "internal/bench"},
}

type listed struct {
	ImportPath  string
	Imports     []string
	Doc         string
	GoFiles     []string
	TestGoFiles []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Doc,GoFiles,TestGoFiles", "../...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []listed
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func levelOf(path string) int {
	return slices.IndexFunc(levels, func(l struct {
		name     string
		isolated bool
		packages []string
	}) bool {
		return slices.Contains(l.packages, path)
	})
}

func TestArchitecture(t *testing.T) {
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, module)
		own := levelOf(path)
		if own < 0 {
			t.Errorf("%s: the architecture test does not know this package; give it a place in levels", path)
			continue
		}
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s: the package comment that says what it is for is missing", path)
		}
		for _, imported := range p.Imports {
			checkImport(t, path, own, imported)
		}
	}
}

func checkImport(t *testing.T, path string, own int, imported string) {
	t.Helper()
	if users, limited := reserved[imported]; limited && !slices.Contains(users, path) {
		t.Errorf("%s imports %s, which only %s may", path, imported, strings.Join(users, ", "))
	}
	target, ours := strings.CutPrefix(imported, module)
	if !ours {
		return
	}
	level := levelOf(target)
	switch {
	case level > own:
		t.Errorf("%s (%s) imports %s (%s): imports go downwards", path, levels[own].name, target, levels[level].name)
	case level == own && levels[own].isolated && target != path:
		t.Errorf("%s imports its neighbour %s; they meet through records and events", path, target)
	}
}
