package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/steward-ops/steward/internal/kernel/fault"
)

// S3 keeps contents as objects of a bucket of any service that speaks S3.
type S3 struct {
	client *minio.Client
	bucket string
}

// S3Config says where the bucket is. Endpoint is a host, or a URL whose scheme decides about TLS.
type S3Config struct {
	Endpoint, Bucket, Region string
	Key, Secret              string
	Insecure                 bool // plain HTTP
}

// NewS3 uses the bucket, which must exist.
func NewS3(cfg S3Config) (*S3, error) {
	if u, err := url.Parse(cfg.Endpoint); err == nil && u.Host != "" {
		cfg.Endpoint, cfg.Insecure = u.Host, u.Scheme == "http"
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1" // what services other than Amazon's expect; also spares asking for it
	}
	client, err := minio.New(cfg.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(cfg.Key, cfg.Secret, ""), Secure: !cfg.Insecure, Region: cfg.Region,
	})
	if err != nil {
		return nil, fmt.Errorf("file store: %w", err)
	}
	return &S3{client: client, bucket: cfg.Bucket}, nil
}

// Check tells whether the bucket can be reached.
func (s *S3) Check(ctx context.Context) error {
	ok, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return unreachable(err)
	}
	if !ok {
		return fmt.Errorf("file store: there is no bucket %q", s.bucket)
	}
	return nil
}

const hashHeader = "Sha256" // of the object's own metadata

// Put first collects the content in a temporary file: only then its size and hash are known, and what is too large or
// breaks off never reaches the bucket.
func (s *S3) Put(ctx context.Context, key string, r io.Reader, limit int64) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	tmp, err := os.CreateTemp("", "steward-put-*")
	if err != nil {
		return Info{}, fmt.Errorf("store file: %w", err)
	}
	defer func() { _, _ = tmp.Close(), os.Remove(tmp.Name()) }()
	m := newMeter(r, limit)
	if _, err := io.Copy(tmp, m); err != nil {
		return Info{}, err
	}
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		return Info{}, fmt.Errorf("store file: %w", err)
	}
	info := m.info()
	_, err = s.client.PutObject(ctx, s.bucket, key, tmp, info.Size, minio.PutObjectOptions{
		ContentType: "application/octet-stream", UserMetadata: map[string]string{hashHeader: info.SHA256},
	})
	if err != nil {
		return Info{}, unreachable(err)
	}
	return info, nil
}

// Open reads a content.
func (s *S3) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	object, err := s.client.GetObject(ctx, s.bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, unreachable(err)
	}
	if _, err := object.Stat(); err != nil { // GetObject itself asks nothing yet
		_ = object.Close()
		return nil, unreachable(err)
	}
	return object, nil
}

// Stat tells the size and hash of a content.
func (s *S3) Stat(ctx context.Context, key string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	object, err := s.client.StatObject(ctx, s.bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return Info{}, unreachable(err)
	}
	return Info{SHA256: object.UserMetadata[hashHeader], Size: object.Size}, nil
}

// Delete removes a content.
func (s *S3) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := unreachable(s.client.RemoveObject(ctx, s.bucket, key, minio.RemoveObjectOptions{}))
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// unreachable says what an error of the service means to a person.
func unreachable(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return fault.Missing()
	}
	return &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Cause: fmt.Errorf("file store: %w", err)}
}
