package blob

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/steward-ops/steward/internal/kernel/fault"
	"github.com/steward-ops/steward/internal/kernel/id"
)

func each(t *testing.T, fn func(t *testing.T, s Store, kept func() int)) {
	t.Helper()
	t.Run("disk", func(t *testing.T) {
		root := t.TempDir()
		s, err := NewDisk(root)
		if err != nil {
			t.Fatal(err)
		}
		fn(t, s, func() int {
			files := 0
			_ = filepath.WalkDir(root, func(_ string, e os.DirEntry, err error) error {
				if err == nil && !e.IsDir() {
					files++
				}
				return err
			})
			return files
		})
	})
	t.Run("s3", func(t *testing.T) {
		fake := &bucket{objects: map[string]object{}}
		server := httptest.NewServer(fake)
		t.Cleanup(server.Close)
		s, err := NewS3(S3Config{Endpoint: server.URL, Bucket: "files", Key: "key", Secret: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		fn(t, s, func() int {
			fake.mu.Lock()
			defer fake.mu.Unlock()
			return len(fake.objects)
		})
	})
}

func TestWhatIsPutComesBack(t *testing.T) {
	each(t, func(t *testing.T, s Store, kept func() int) {
		ctx := t.Context()
		for name, content := range map[string][]byte{
			"empty": {}, "text": []byte("故障照片"), "large": bytes.Repeat([]byte("0123456789abcdef"), 1<<18),
		} {
			key := id.New()
			sum := sha256.Sum256(content)
			want := Info{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content))}
			got, err := s.Put(ctx, key, bytes.NewReader(content), 8<<20)
			if err != nil || got != want {
				t.Fatalf("%s: %+v %v", name, got, err)
			}
			if got, err := s.Stat(ctx, key); err != nil || got.Size != want.Size || got.SHA256 != "" && got.SHA256 != want.SHA256 {
				t.Errorf("%s: %+v %v", name, got, err)
			}
			r, err := s.Open(ctx, key)
			if err != nil {
				t.Fatal(name, err)
			}
			if back, err := io.ReadAll(r); err != nil || !bytes.Equal(back, content) {
				t.Errorf("%s: %d bytes back, %v", name, len(back), err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			for range 2 { // the second time there is nothing to delete
				if err := s.Delete(ctx, key); err != nil {
					t.Error(err)
				}
			}
		}
		if n := kept(); n != 0 {
			t.Errorf("%d left over", n)
		}
	})
}

func TestNothingIsKeptOfAFailure(t *testing.T) {
	each(t, func(t *testing.T, s Store, kept func() int) {
		key := id.New()
		if _, err := s.Put(t.Context(), key, strings.NewReader("12345"), 4); !fault.Is(err, fault.TooLarge) {
			t.Error(err)
		}
		if _, err := s.Put(t.Context(), key, strings.NewReader("1234"), 4); err != nil {
			t.Error("exactly the limit:", err)
		}
		_ = s.Delete(t.Context(), key)
		boom := errors.New("the browser went away")
		broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(boom))
		if _, err := s.Put(t.Context(), key, broken, 100); !errors.Is(err, boom) {
			t.Error(err)
		}
		if n := kept(); n != 0 {
			t.Errorf("%d left over", n)
		}
	})
}

func TestAbsentIsMissing(t *testing.T) {
	each(t, func(t *testing.T, s Store, _ func() int) {
		if _, err := s.Open(t.Context(), id.New()); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		if _, err := s.Stat(t.Context(), id.New()); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

func TestKeysCannotLeaveTheStore(t *testing.T) {
	each(t, func(t *testing.T, s Store, _ func() int) {
		for _, key := range []string{"", "abc", "../../etc/passwd", "a/b/c/d", ".hidden", "nul\x00nul", "back\\slash", strings.Repeat("a", 201)} {
			_, put := s.Put(t.Context(), key, strings.NewReader("x"), 10)
			_, open := s.Open(t.Context(), key)
			_, stat := s.Stat(t.Context(), key)
			for _, err := range []error{put, open, stat, s.Delete(t.Context(), key)} {
				if err == nil {
					t.Errorf("%q was taken", key)
				}
			}
		}
	})
}

func TestAServiceThatIsDownIsUnavailable(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	s, err := NewS3(S3Config{Endpoint: server.URL, Bucket: "files", Key: "key", Secret: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500_000_000)
	defer cancel()
	if _, err := s.Stat(ctx, id.New()); !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
}

// bucket speaks as much S3 as the store uses.
type bucket struct {
	mu      sync.Mutex
	objects map[string]object
}

type object struct {
	content []byte
	sum     string
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	key, isObject := strings.CutPrefix(r.URL.Path, "/files/")
	if !isObject || key == "" { // HEAD /files/: the bucket exists
		return
	}
	if !strings.Contains(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=key/") {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	if r.Method == http.MethodPut {
		content, err := payload(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		b.objects[key] = object{content, r.Header.Get("X-Amz-Meta-Sha256")}
		w.Header().Set("ETag", `"e"`)
		return
	}
	if r.Method == http.MethodDelete {
		delete(b.objects, key)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	o, ok := b.objects[key]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
		return
	}
	w.Header().Set("X-Amz-Meta-Sha256", o.sum)
	w.Header().Set("ETag", `"e"`)
	w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
	w.Header().Set("Content-Length", strconv.Itoa(len(o.content)))
	_, _ = w.Write(o.content)
}

// payload undoes the signed chunks in which a client sends over plain HTTP: "<size in hex>;chunk-signature=…\r\n…\r\n".
func payload(r *http.Request) ([]byte, error) {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return io.ReadAll(r.Body)
	}
	var content []byte
	in := bufio.NewReader(r.Body)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		hexSize, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		size, err := strconv.ParseInt(hexSize, 16, 64)
		if err != nil {
			return nil, fmt.Errorf("chunk %q: %w", line, err)
		}
		if size == 0 {
			return content, nil
		}
		chunk := make([]byte, size+2)
		if _, err := io.ReadFull(in, chunk); err != nil {
			return nil, err
		}
		content = append(content, chunk[:size]...)
	}
}
