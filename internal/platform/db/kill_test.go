package db_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/steward-ops/steward/internal/platform/db"
)

const killFile = "STEWARD_DB_KILL_FILE"

// TestNothingAcknowledgedIsLost kills a process in the midst of writing and looks for all it had answered.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	if path := os.Getenv(killFile); path != "" {
		writeUntilKilled(path)
		return
	}
	path := filepath.Join(t.TempDir(), "kill.db")
	for round := range 3 {
		child := exec.Command(os.Args[0], "-test.run=^TestNothingAcknowledgedIsLost$") //nolint:gosec // this test
		child.Env = append(os.Environ(), killFile+"="+path)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged := map[string]bool{}
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			acknowledged[lines.Text()] = true
			if len(acknowledged) == 300 {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = child.Wait()
		if len(acknowledged) < 300 {
			t.Fatalf("round %d: the child answered only %d", round, len(acknowledged))
		}
		compare(t, path, acknowledged)
	}
}

func compare(t *testing.T, path string, acknowledged map[string]bool) {
	t.Helper()
	d, err := db.Open(t.Context(), db.Config{URL: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for note := range acknowledged {
		if n := count(t, d, "SELECT count(*) FROM tally WHERE note = $1", note); n != 1 {
			t.Errorf("%s is there %d times", note, n)
		}
	}
	if n := count(t, d, "SELECT count(*) FROM tally WHERE note = 'failed'"); n != 0 {
		t.Errorf("%d rows of failed transactions", n)
	}
}

func writeUntilKilled(path string) {
	ctx := context.Background()
	d, err := db.Open(ctx, db.Config{URL: "sqlite:" + path})
	if err != nil {
		panic(err)
	}
	if _, err := d.Migrate(ctx, schema); err != nil {
		panic(err)
	}
	insert := func(note string, then error) error {
		return d.Write(ctx, func(tx db.Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO tally (note) VALUES ($1)", note); err != nil {
				return err
			}
			return then
		})
	}
	for worker := range 16 {
		go func() {
			for i := 0; ; i++ {
				note := fmt.Sprintf("%d-%d-%d", os.Getpid(), worker, i)
				if insert(note, nil) == nil {
					fmt.Println(note)
				}
				_ = insert("failed", context.Canceled)
			}
		}()
	}
	select {}
}
