package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDefaults(t *testing.T) {
	c, err := Parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:8080" || c.DatabaseURL != "sqlite:data/steward.db" || !c.RateLimits || c.TestClock || c.UploadLimit != 50 {
		t.Errorf("%+v", c)
	}
}

func TestFlagThenEnvironmentThenFile(t *testing.T) {
	for _, tc := range []struct{ name, content string }{
		{"settings.yaml", "listen: 127.0.0.1:1\nzone: Europe/Paris\nupload-limit: 7\nproxies: [10.0.0.1, 10.1.0.0/16]\nrate-limits: false\nstop-within: 3s\n"},
		{"settings.json", `{"listen": "127.0.0.1:1", "zone": "Europe/Paris", "upload-limit": 7, "proxies": ["10.0.0.1", "10.1.0.0/16"], "rate-limits": false, "stop-within": "3s"}`},
	} {
		path := write(t, tc.name, tc.content)
		t.Setenv("STEWARD_ZONE", "Asia/Tokyo")
		t.Setenv("STEWARD_LISTEN", "127.0.0.1:2")
		c, err := Parse([]string{"--config", path, "--listen", "127.0.0.1:3"})
		if err != nil {
			t.Fatal(err)
		}
		if c.Listen != "127.0.0.1:3" || c.Zone != "Asia/Tokyo" || c.UploadLimit != 7 || len(c.Proxies) != 2 || c.RateLimits || c.StopWithin.Seconds() != 3 {
			t.Errorf("%s: %+v", tc.name, c)
		}
		t.Setenv("STEWARD_CONFIG", path)
		if c, err := Parse(nil); err != nil || c.UploadLimit != 7 {
			t.Errorf("%s by environment: %v %v", tc.name, c.UploadLimit, err)
		}
		if err := os.Unsetenv("STEWARD_CONFIG"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRefusalsNameTheSetting(t *testing.T) {
	for want, args := range map[string][]string{
		"listen":       {"--listen", "here"},
		"test-clock":   {"--listen", "0.0.0.0:80", "--test-clock"},
		"zone":         {"--zone", "Mars/Base"},
		"database-url": {"--database-url", "mysql://x"},
		"upload-limit": {"--upload-limit", "0"},
		"base-url":     {"--base-url", "example.com"},
		"s3-bucket":    {"--s3-endpoint", "s3.example.com"},
		"proxies":      {"--proxies", "nearby"},
		"log-level":    {"--log-level", "loud"},
		"colour":       {"--config", write(t, "typo.yaml", "colour: red\n")},
		"typo.yaml":    {"--config", write(t, "typo.yaml", "listen: [\n")},
		"missing.yaml": {"--config", filepath.Join(t.TempDir(), "missing.yaml")},
	} {
		if _, err := Parse(args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v does not name %s", args, err, want)
		}
	}
}

func TestReferenceHasEverySetting(t *testing.T) {
	page := Reference()
	for _, want := range []string{"| `--listen` | `STEWARD_LISTEN` | `127.0.0.1:8080` | Address", "--[no-]rate-limits", "STEWARD_CONFIG", "STEWARD_TEST_CLOCK"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing in\n%s", want, page)
		}
	}
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
