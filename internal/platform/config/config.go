// Package config is every setting of the program in one struct, read from flags, environment and a file.
package config

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"time"
)

// Config is what an administrator can set. Each setting is a flag, an environment variable STEWARD_<NAME>, and a key of the file.
type Config struct {
	File file `name:"config" placeholder:"FILE" help:"YAML or JSON file with settings by their names; flags and environment win over it." env:"STEWARD_CONFIG"`

	Listen      string   `help:"Address to listen on." default:"127.0.0.1:8080" env:"STEWARD_LISTEN"`
	Data        string   `help:"Folder for the database, files and keys." default:"./data" env:"STEWARD_DATA"`
	DatabaseURL string   `name:"database-url" help:"postgres://… for PostgreSQL, sqlite:<file> for SQLite. Default: steward.db in the data folder." env:"STEWARD_DATABASE_URL"`
	MaxConns    int      `help:"Most connections to the database." default:"16" env:"STEWARD_MAX_CONNS"`
	Sync        string   `help:"How surely SQLite writes: full survives a power cut, normal may lose the last moments." enum:"full,normal" default:"full" env:"STEWARD_SYNC"`
	BaseURL     string   `name:"base-url" help:"Address under which people reach it, https://… in production; decides secure cookies." env:"STEWARD_BASE_URL"`
	Proxies     []string `help:"Networks of reverse proxies whose X-Forwarded-For is believed." env:"STEWARD_PROXIES"`
	Networks    []string `name:"open-networks" help:"Inner networks that notification channels (mail servers, gateways, webhooks) may reach; the others are closed to them." env:"STEWARD_OPEN_NETWORKS"`
	Keys        string   `help:"Master keys id:base64, the current one first. Default: keys file in the data folder, made at first start." env:"STEWARD_KEYS"`
	LogLevel    string   `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info" env:"STEWARD_LOG_LEVEL"`
	LogFormat   string   `help:"text or json." enum:"text,json" default:"text" env:"STEWARD_LOG_FORMAT"`
	Zone        string   `help:"Time zone of the provider." default:"Asia/Shanghai" env:"STEWARD_ZONE"`
	UploadLimit int64    `help:"Largest file in megabytes." default:"50" env:"STEWARD_UPLOAD_LIMIT"`

	S3Endpoint string `name:"s3-endpoint" help:"Host of an S3 service for files; empty = files in the data folder." env:"STEWARD_S3_ENDPOINT"`
	S3Bucket   string `name:"s3-bucket" help:"Bucket for files." env:"STEWARD_S3_BUCKET"`
	S3Key      string `name:"s3-key" help:"Access key." env:"STEWARD_S3_KEY"`
	S3Secret   string `name:"s3-secret" help:"Secret key." env:"STEWARD_S3_SECRET"`
	S3Insecure bool   `name:"s3-insecure" help:"Plain HTTP to the S3 service." env:"STEWARD_S3_INSECURE"`

	StopWithin time.Duration `help:"How long running requests may take to end when the program stops." default:"15s" env:"STEWARD_STOP_WITHIN"`
	RateLimits bool          `help:"Limit how often one caller may ask." default:"true" negatable:"" env:"STEWARD_RATE_LIMITS"`
	Demo       bool          `help:"Fill an empty database with a demonstration company." env:"STEWARD_DEMO"`
	TestClock  bool          `help:"Let clients set the clock (tests only; refused unless bound to loopback)." env:"STEWARD_TEST_CLOCK"`
}

// Check fills what follows from other settings and refuses what cannot be, naming the setting.
func (c *Config) Check() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("listen: %q is not host:port", c.Listen)
	}
	if c.TestClock && !loopback(host) {
		return fmt.Errorf("test-clock: refused, because listen %q is not a loopback address", c.Listen)
	}
	if _, err := time.LoadLocation(c.Zone); err != nil {
		return fmt.Errorf("zone: %q is not a time zone", c.Zone)
	}
	if c.DatabaseURL == "" {
		c.DatabaseURL = "sqlite:" + filepath.Join(c.Data, "steward.db")
	}
	if !strings.HasPrefix(c.DatabaseURL, "sqlite:") && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
		return fmt.Errorf("database-url: begins with sqlite: or postgres://")
	}
	if c.UploadLimit < 1 || c.UploadLimit > 2048 {
		return fmt.Errorf("upload-limit: 1 to 2048 megabytes")
	}
	if c.BaseURL != "" && !strings.HasPrefix(c.BaseURL, "https://") && !strings.HasPrefix(c.BaseURL, "http://") {
		return fmt.Errorf("base-url: begins with https:// or http://")
	}
	if c.S3Endpoint != "" && c.S3Bucket == "" {
		return fmt.Errorf("s3-bucket: is needed with s3-endpoint")
	}
	if _, err := c.OpenNetworks(); err != nil {
		return err
	}
	_, err = c.ProxyNetworks()
	return err
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// ProxyNetworks are the parsed proxies.
func (c *Config) ProxyNetworks() ([]netip.Prefix, error) { return networks("proxies", c.Proxies) }

// OpenNetworks are the parsed inner networks that notification channels may reach.
func (c *Config) OpenNetworks() ([]netip.Prefix, error) { return networks("open-networks", c.Networks) }

func networks(setting string, list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, p := range list {
		if ip, err := netip.ParseAddr(p); err == nil {
			out = append(out, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(p)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is not an address or network", setting, p)
		}
		out = append(out, network)
	}
	return out, nil
}
