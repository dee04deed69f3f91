package jobs_test
import ("testing";"syscall";"time";"github.com/steward-ops/steward/internal/platform/db";"github.com/steward-ops/steward/internal/platform/work")
func TestIdleTmp(t *testing.T) {
	each(t, func(t *testing.T, d *db.DB) {
		ran := make(chan string, 1)
		q := newQueue(t, d); q.Register("mail", took(ran)); start(t, q)
		time.Sleep(6*time.Second)
		var a, b syscall.Rusage
		syscall.Getrusage(0, &a); time.Sleep(10*time.Second); syscall.Getrusage(0, &b)
		t.Logf("cpu ms in 10 s: %d", (b.Utime.Nano()+b.Stime.Nano()-a.Utime.Nano()-a.Stime.Nano())/1e6)
		for range 5 { s := time.Now(); enqueue(t, d, q, work.Job{Kind: "mail", Args: mail{"x"}}); <-ran; t.Logf("cpu latency %s", time.Since(s)); time.Sleep(100*time.Millisecond) }
	})
}
