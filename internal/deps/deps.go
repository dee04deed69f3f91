//go:build deps

package deps

import (
	_ "cel.dev/cel-go/cel"
	_ "github.com/alecthomas/kong"
	_ "github.com/andybalholm/brotli"
	_ "github.com/danielgtaylor/huma/v2"
	_ "github.com/danielgtaylor/huma/v2/adapters/humago"
	_ "github.com/danielgtaylor/huma/v2/humatest"
	_ "github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/kljensen/snowball"
	_ "github.com/minio/minio-go/v7"
	_ "github.com/pquerna/otp/totp"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/riverqueue/river"
	_ "github.com/riverqueue/river/riverdriver/riverpgxv5"
	_ "github.com/riverqueue/river/riverdriver/riversqlite"
	_ "github.com/riverqueue/river/rivermigrate"
	_ "github.com/xuri/excelize/v2"
	_ "golang.org/x/crypto/argon2"
	_ "golang.org/x/crypto/chacha20poly1305"
	_ "golang.org/x/sync/semaphore"
	_ "golang.org/x/time/rate"
	_ "gopkg.in/yaml.v3"
	_ "github.com/coreos/go-oidc/v3/oidc"
	_ "github.com/go-ldap/ldap/v3"
	_ "github.com/go-webauthn/webauthn/webauthn"
	_ "modernc.org/sqlite"
)
