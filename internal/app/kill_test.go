package app_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/steward-ops/steward/internal/platform/db"
	"github.com/steward-ops/steward/internal/platform/db/dbtest"
)

// How hard the program is hit. The acceptance is fifty rounds on each database, on a server that waits for its disk:
//
//	STEWARD_KILL_ROUNDS=50 scripts/with-postgres.sh --durable go test -run TestKilled -timeout 30m ./internal/app
const (
	killRounds  = 3
	killClients = 200
	killMost    = 1500 // answers after which at the latest the program is killed
	killLogin   = "desk"
	killSecret  = "Kill-test-2026-pass"
)

// TestKilled runs the real program, kills it (SIGKILL) while two hundred clients create and move records, starts it
// again, and looks for everything it had answered with success, and for anything that is there by half.
func TestKilled(t *testing.T) {
	t.Parallel()
	rounds := killRounds
	if testing.Short() {
		rounds = 2
	}
	if s := os.Getenv("STEWARD_KILL_ROUNDS"); s != "" {
		var err error
		if rounds, err = strconv.Atoi(s); err != nil {
			t.Fatalf("STEWARD_KILL_ROUNDS: %v", err)
		}
	}
	program := buildProgram(t)
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			v := newVictim(t, program, dialect)
			v.start()
			v.prepare()
			for round := range rounds {
				v.round(round)
			}
		})
	}
}

// buildProgram makes the real binary, once for all tests.
func buildProgram(t *testing.T) string {
	t.Helper()
	path, err := builtProgram()
	if err != nil {
		t.Fatalf("build the program: %v", err)
	}
	return path
}

var builtProgram = sync.OnceValues(func() (string, error) {
	path := filepath.Join(os.TempDir(), fmt.Sprintf("steward-%d", os.Getpid()))
	build := exec.CommandContext(context.Background(), "go", "build", "-buildvcs=false", "-ldflags", "-s -w", "-o", path, "github.com/steward-ops/steward/cmd/steward")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

// TestMain removes the binary that the tests built.
func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.Remove(filepath.Join(os.TempDir(), fmt.Sprintf("steward-%d", os.Getpid())))
	os.Exit(code)
}

// victim is the program under attack, with its database.
type victim struct {
	t       *testing.T
	program string
	data    string
	url     string // of the database
	process *exec.Cmd
	log     *bytes.Buffer
	base    string
	token   string
	ids     map[string]string
	http    *http.Client
	further func(send func(method, path string, body any) map[string]any) // what the administrator prepares beside
}

func newVictim(t *testing.T, program string, dialect db.Dialect) *victim {
	v := &victim{t: t, program: program, data: t.TempDir(), ids: map[string]string{},
		http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: killClients}}}
	v.url = "sqlite:" + filepath.Join(v.data, "steward.db")
	if dialect == db.Postgres {
		v.url = dbtest.PostgresURL(t)
	}
	t.Cleanup(func() {
		if v.process != nil {
			v.kill()
		}
	})
	return v
}

func (v *victim) command(args ...string) *exec.Cmd {
	cmd := exec.Command(v.program, append(args, "--data", v.data, "--database-url", v.url, "--log-level", "warn")...) //nolint:gosec,noctx // this program
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "STEWARD_") })
	return cmd
}

// start runs the program until its address is known.
func (v *victim) start() {
	v.t.Helper()
	v.process, v.log = v.command("serve", "--listen", "127.0.0.1:0", "--no-rate-limits", "--sync", "full"), &bytes.Buffer{}
	v.process.Stderr = v.log
	out, err := v.process.StdoutPipe()
	if err != nil {
		v.t.Fatal(err)
	}
	if err := v.process.Start(); err != nil {
		v.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, address, ok := strings.Cut(lines.Text(), "http://"); ok {
			v.base = "http://" + address
			return
		}
	}
	v.kill()
	v.t.Fatalf("the program did not start:\n%s", v.log)
}

func (v *victim) kill() {
	_ = v.process.Process.Signal(syscall.SIGKILL)
	_ = v.process.Wait() // it ends by the signal
	v.process = nil
	v.http.CloseIdleConnections()
}

// prepare makes a provider, a customer and a desk agent with an API token.
func (v *victim) prepare() {
	v.t.Helper()
	cookie, csrf := "", ""
	send := func(method, path string, body any) map[string]any {
		v.t.Helper()
		answer, header, err := v.call(method, path, body, map[string]string{"Cookie": cookie, "X-CSRF-Token": csrf})
		if err != nil {
			v.t.Fatal(err)
		}
		if set := header.Get("Set-Cookie"); set != "" {
			cookie, _, _ = strings.Cut(set, ";")
			csrf, _ = answer["csrf"].(string)
		}
		return answer
	}
	add := func(key, path string, body map[string]any) {
		v.ids[key], _ = send("POST", path, body)["id"].(string)
	}
	send("POST", "/setup", map[string]any{"organisation": map[string]any{"name": "恒远运维"}, "person": map[string]any{"name": "管理员"}, "login": "admin", "password": killSecret})
	add("customer", "/organisations", map[string]any{"kind": "customer", "name": "清河市第一人民医院"})
	add("site", "/sites", map[string]any{"organisation": v.ids["customer"], "name": "门诊楼"})
	add("service", "/services", map[string]any{"customer": v.ids["customer"], "name": "HIS 收费与挂号"})
	me := send("GET", "/session", nil)
	provider, _ := me["organisation"].(map[string]any)
	add("agent", "/people", map[string]any{"organisation": provider["id"], "name": "周婷"})
	send("POST", "/accounts", map[string]any{"person": v.ids["agent"], "login": killLogin, "password": killSecret, "must_change": false})
	send("POST", "/grants", map[string]any{"person": v.ids["agent"], "role": "desk"})
	if v.further != nil {
		v.further(send)
	}
	cookie, csrf = "", ""
	send("POST", "/session", map[string]any{"login": killLogin, "password": killSecret})
	v.token, _ = send("POST", "/me/tokens", map[string]any{"name": "kill", "expires_at": time.Now().Add(24 * time.Hour), "scopes": []string{
		"record.read", "record.create", "record.move", "record.comment", "search.use"}})["secret"].(string)
	if v.token == "" {
		v.t.Fatal("no token was made")
	}
}

var errRefused = errors.New("refused")

// call sends a request; an answer other than success is an error.
func (v *victim) call(method, path string, body any, headers map[string]string) (map[string]any, http.Header, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, nil, err
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, v.base+"/api/v1"+path, reader)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	if v.token != "" {
		req.Header.Set("Authorization", "Bearer "+v.token)
	}
	res, err := v.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, nil, err
	}
	answer := map[string]any{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &answer); err != nil {
			return nil, nil, fmt.Errorf("%s %s: %w: %s", method, path, err, raw)
		}
	}
	if res.StatusCode > 299 {
		return answer, res.Header, fmt.Errorf("%s %s: %w with %d: %s", method, path, errRefused, res.StatusCode, raw)
	}
	return answer, res.Header, nil
}

// course is what a client does with a record after it was made, step by step.
var course = []struct {
	transition, state string
	body              map[string]any
}{
	{"attempt", "desk_attempt", map[string]any{}},
	{"solve", "solved_returned_to_desk", map[string]any{"solution": "更换打印头并清洁导轨"}},
	{"confirm", "confirmed", map[string]any{"satisfaction": 5, "comment": "好了，谢谢", "comment_public": true}},
	{"close", "closed", map[string]any{}},
}

// matter is one record as a client knows it: what it asked for, and what was answered with success.
type matter struct {
	key, marker string
	body        map[string]any
	number      string // once the creation was answered
	steps       int    // of the course, answered
	comment     string // answered
}

// round lets the clients loose, kills the program in their midst, starts it again and checks.
func (v *victim) round(n int) {
	target := int64(1 + rand.IntN(killMost)) //nolint:gosec // anything will do
	var answered atomic.Int64
	enough := make(chan struct{})
	acknowledge := func() {
		if answered.Add(1) == target {
			close(enough)
		}
	}
	var wg sync.WaitGroup
	lists := make([][]*matter, killClients)
	for client := range killClients {
		wg.Go(func() {
			for i := 0; ; i++ {
				m := &matter{key: fmt.Sprintf("%d-%d-%d", n, client, i), marker: word(n, client, i)}
				lists[client] = append(lists[client], m)
				if err := v.pursue(m, i%3 == 0, acknowledge); err != nil {
					if errors.Is(err, errRefused) {
						v.t.Error(err)
					}
					return // the program is dead
				}
			}
		})
	}
	stopped := make(chan struct{})
	go func() { wg.Wait(); close(stopped) }()
	select {
	case <-enough:
	case <-stopped:
		v.t.Fatalf("round %d: every client gave up before %d answers:\n%s", n, target, v.log)
	}
	v.kill()
	wg.Wait()
	v.start()
	matters := slices.Concat(lists...)
	v.checkAnswers(matters)
	v.checkStored()
	v.checkTrail()
	if v.t.Failed() {
		v.t.Fatalf("round %d failed; killed after %d answers", n, target)
	}
	v.t.Logf("round %d: killed after %d answers, %d records under way", n, target, len(matters))
}

// word is a text that nothing else has, in letters.
func word(numbers ...int) string {
	w := "q"
	for _, n := range numbers {
		for _, digit := range strconv.Itoa(n) {
			w += string('a' + digit - '0')
		}
		w += "x"
	}
	return w
}

// pursue makes a record and takes it through its course, until something is not answered with success.
func (v *victim) pursue(m *matter, byPhone bool, acknowledge func()) error {
	m.body = map[string]any{"title": "打印机卡纸 " + m.marker, "description": "门诊收费窗口三台打印机同时报警，无法打印票据。", "customer": v.ids["customer"],
		"site": v.ids["site"], "service": v.ids["service"], "impact": "high", "urgency": "medium", "caller_name": "田园", "contact_phone": "0571-86201133",
		"expected_solve_at": time.Now().Add(8 * time.Hour)}
	if byPhone { // then one transaction makes the incident, moves the call and links them
		call, _, err := v.call("POST", "/calls", map[string]any{"rings": 2, "caller_name": "田园", "customer": v.ids["customer"]}, nil)
		if err != nil {
			return err
		}
		acknowledge()
		m.body["call"], m.body["channel"] = call["number"], "phone"
	}
	made, _, err := v.call("POST", "/incidents", m.body, map[string]string{"Idempotency-Key": m.key})
	if err != nil {
		return err
	}
	m.number, _ = made["number"].(string)
	acknowledge()
	said, _, err := v.call("POST", "/incidents/"+m.number+"/comments", map[string]any{"body": "已联系现场 " + m.marker, "public": true}, nil)
	if err != nil {
		return err
	}
	m.comment, _ = said["id"].(string)
	acknowledge()
	for _, step := range course {
		if _, _, err := v.call("POST", "/incidents/"+m.number+"/"+step.transition, step.body, nil); err != nil {
			return err
		}
		m.steps++
		acknowledge()
	}
	return nil
}

// checkAnswers asks the program for everything that it answered with success before it was killed.
func (v *victim) checkAnswers(matters []*matter) {
	v.t.Helper()
	work := make(chan *matter)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for m := range work {
				if err := v.checkAnswer(m); err != nil {
					v.t.Errorf("%s (%s): %v", m.number, m.marker, err)
				}
			}
		})
	}
	for _, m := range matters {
		work <- m
	}
	close(work)
	wg.Wait()
}

func (v *victim) checkAnswer(m *matter) error {
	if m.number == "" {
		return v.checkRepeated(m)
	}
	made, _, err := v.call("GET", "/incidents/"+m.number, nil, nil)
	if err != nil {
		return err
	}
	if made["title"] != m.body["title"] {
		return fmt.Errorf("the title is %v", made["title"])
	}
	state, _ := made["state"].(map[string]any)
	reached := slices.IndexFunc(course, func(s struct {
		transition, state string
		body              map[string]any
	}) bool {
		return s.state == state["code"]
	}) + 1
	if reached < m.steps || reached > m.steps+1 {
		return fmt.Errorf("%d steps were answered, but it is %v", m.steps, state["code"])
	}
	if err := v.checkTimeline(m, reached); err != nil {
		return err
	}
	return v.checkFound(m, m.number)
}

func (v *victim) checkTimeline(m *matter, reached int) error {
	page, _, err := v.call("GET", "/incidents/"+m.number+"/timeline", nil, nil)
	if err != nil {
		return err
	}
	wanted := []string{"created", "classify"}
	if m.comment != "" {
		wanted = append(wanted, m.comment)
	}
	for _, step := range course[:reached] {
		wanted = append(wanted, step.transition)
	}
	items, _ := page["items"].([]any)
	for _, item := range items {
		entry, _ := item.(map[string]any)
		transition, _ := entry["transition"].(map[string]any)
		wanted = slices.DeleteFunc(wanted, func(w string) bool { return w == entry["kind"] || w == entry["id"] || w == transition["code"] })
	}
	if len(wanted) > 0 {
		return fmt.Errorf("the timeline lacks %v", wanted)
	}
	return nil
}

// checkRepeated sends a creation that was not answered once more: whether it had been kept or not, there is one record then.
func (v *victim) checkRepeated(m *matter) error {
	if m.body == nil || m.body["channel"] == "phone" && m.body["call"] == nil {
		return nil // it never came to that
	}
	made, _, err := v.call("POST", "/incidents", m.body, map[string]string{"Idempotency-Key": m.key})
	if err != nil {
		return err
	}
	m.number, _ = made["number"].(string)
	return v.checkFound(m, m.number)
}

// checkFound wants the full text to know exactly this record by its marker.
func (v *victim) checkFound(m *matter, number string) error {
	page, _, err := v.call("GET", "/search?q="+url.QueryEscape(m.marker), nil, nil)
	if err != nil {
		return err
	}
	items, _ := page["items"].([]any)
	if len(items) != 1 {
		return fmt.Errorf("the search finds %d", len(items))
	}
	if hit, _ := items[0].(map[string]any); hit["number"] != number {
		return fmt.Errorf("the search finds %v", hit["number"])
	}
	return nil
}

// checkTrail lets the program verify its audit trail.
func (v *victim) checkTrail() {
	v.t.Helper()
	out, err := v.command("audit", "verify").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("intact")) {
		v.t.Errorf("audit verify: %v\n%s", err, out)
	}
}

// nothing is what must not be there: each query counts rows that are there by half.
var nothing = map[string]string{
	"records without their first event":   `SELECT count(*) FROM records r WHERE NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.stream = r.id AND e.seq = 1 AND e.kind = 'record.created')`,
	"events without their record":         `SELECT count(*) FROM audit_events e WHERE e.kind LIKE 'record.%' AND NOT EXISTS (SELECT 1 FROM records r WHERE r.id = e.stream)`,
	"records whose last event is another": `SELECT count(*) FROM records r WHERE r.audit_head <> (SELECT e.hash FROM audit_events e WHERE e.stream = r.id ORDER BY e.seq DESC LIMIT 1)`,
	"records not in the full text":        `SELECT count(*) FROM records r WHERE NOT EXISTS (SELECT 1 FROM search_docs d WHERE d.record_id = r.id)`,
	"texts without their record":          `SELECT count(*) FROM search_docs d WHERE NOT EXISTS (SELECT 1 FROM records r WHERE r.id = d.record_id)`,
	"idempotency keys without a record":   `SELECT count(*) FROM record_once o WHERE NOT EXISTS (SELECT 1 FROM records r WHERE r.id = o.record_id)`,
	"incidents whose call was not ended and linked": `SELECT count(*) FROM records r WHERE r.type = 'incident' AND r.fields ->> 'call' <> '' AND NOT EXISTS (
		SELECT 1 FROM records c JOIN record_links l ON l.from_id = r.id AND l.to_id = c.id WHERE c.number = r.fields ->> 'call' AND c.state = 'closed' AND c.fields ->> 'result' = 'ticket')`,
	"calls ended by an incident that is not there": `SELECT count(*) FROM records c WHERE c.type = 'call' AND c.state = 'closed' AND NOT EXISTS (SELECT 1 FROM record_links l WHERE l.to_id = c.id)`,
}

// checkStored looks into the tables: nothing there by half, every row in step with its trail, no gap in the numbers.
func (v *victim) checkStored() {
	v.t.Helper()
	ctx := v.t.Context()
	database, err := db.Open(ctx, db.Config{URL: v.url, MaxConns: 2, Log: dbtest.Log(v.t)})
	if err != nil {
		v.t.Fatal(err)
	}
	defer database.Close()
	err = database.Read(ctx, func(tx db.Tx) error {
		for what, query := range nothing {
			if n, err := db.One(ctx, tx, db.Scan[int], query); err != nil || n != 0 {
				v.t.Errorf("%d %s, %v", n, what, err)
			}
		}
		if tx.Dialect() == db.SQLite {
			if n, err := db.One(ctx, tx, db.Scan[int], `SELECT count(*) FROM search_docs d WHERE NOT EXISTS (SELECT 1 FROM search_words w WHERE w.rowid = d.seq)`); err != nil || n != 0 {
				v.t.Errorf("%d texts without words, %v", n, err)
			}
		}
		if err := v.checkNumbers(tx); err != nil {
			return err
		}
		return v.checkSteps(tx)
	})
	if err != nil {
		v.t.Fatal(err)
	}
}

// checkNumbers wants every series to count from 1 to its counter.
func (v *victim) checkNumbers(tx db.Tx) error {
	ctx := v.t.Context()
	numbers, err := db.All(ctx, tx, db.Scan[string], `SELECT number FROM records ORDER BY number`)
	if err != nil {
		return err
	}
	series := map[string]int64{}
	for _, number := range numbers {
		i := strings.LastIndex(number, "-")
		count, err := strconv.ParseInt(number[i+1:], 10, 64)
		if err != nil {
			return err
		}
		if before := series[number[:i]]; count != before+1 {
			v.t.Errorf("%s follows %d", number, before)
		}
		series[number[:i]] = count
	}
	for name, last := range series {
		counter, err := db.One(ctx, tx, db.Scan[int64], `SELECT value FROM record_counters WHERE series = $1`, name+"-#")
		if err != nil || counter != last {
			v.t.Errorf("the counter of %s is %d, its last number %d, %v", name, counter, last, err)
		}
	}
	return nil
}

// standing is where a record stands, by its row or by its trail.
type standing struct {
	version  int64
	state    string
	comments int
}

// checkSteps wants version, state and comments of every record to be what its events add up to.
func (v *victim) checkSteps(tx db.Tx) error {
	ctx := v.t.Context()
	told := map[string]*standing{}
	rows, err := tx.Query(ctx, `SELECT stream, kind, data FROM audit_events WHERE kind LIKE 'record.%' ORDER BY stream, seq`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var stream, kind, data string
		if err := rows.Scan(&stream, &kind, &data); err != nil {
			return err
		}
		if told[stream] == nil {
			told[stream] = &standing{}
		}
		if err := told[stream].add(kind, data); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	type row struct {
		number, id, trail string
		standing
	}
	stored, err := db.All(ctx, tx, func(r db.Row) (s row, err error) {
		return s, r.Scan(&s.number, &s.id, &s.trail, &s.version, &s.state, &s.comments)
	}, `SELECT r.number, r.id, r.trail, r.version, r.state, (SELECT count(*) FROM record_comments c WHERE c.record_id = r.id) FROM records r`)
	if err != nil {
		return err
	}
	for _, s := range stored {
		want := told[s.id]
		if want == nil {
			continue // reported already
		}
		if want.state == "" { // it never moved
			want.state = s.state
		}
		if s.standing != *want || !strings.Contains(s.trail[strings.LastIndex(s.trail, "{"):], `"`+s.state+`"`) {
			v.t.Errorf("%s is %+v with the trail %s, its events say %+v", s.number, s.standing, s.trail, *want)
		}
	}
	return nil
}

// add takes an event into account.
func (s *standing) add(kind, data string) error {
	var d struct {
		To       string   `json:"to"`
		Comments []string `json:"comments"`
	}
	if data != "" {
		if err := json.Unmarshal([]byte(data), &d); err != nil {
			return err
		}
	}
	if kind == "record.created" || kind == "record.moved" {
		s.version++
	}
	if d.To != "" {
		s.state = d.To
	}
	s.comments += len(d.Comments)
	return nil
}
