package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/steward-ops/steward/internal/kernel/fault"
)

// Disk keeps contents as files under a folder.
type Disk struct{ root string }

// NewDisk uses the folder, which it makes when it is not there.
func NewDisk(root string) (*Disk, error) {
	if err := os.MkdirAll(filepath.Join(root, "tmp"), 0o700); err != nil {
		return nil, fmt.Errorf("file store: %w", err)
	}
	return &Disk{root: root}, nil
}

// path spreads contents over 256 folders by the end of their key, the random part of an id.
func (d *Disk) path(key string) string { return filepath.Join(d.root, key[len(key)-2:], key) }

// Put writes to a temporary file, syncs it and renames it, so that a crash leaves no half content.
func (d *Disk) Put(_ context.Context, key string, r io.Reader, limit int64) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	tmp, err := os.CreateTemp(filepath.Join(d.root, "tmp"), "put-*")
	if err != nil {
		return Info{}, fmt.Errorf("store file: %w", err)
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	m := newMeter(r, limit)
	if _, err := io.Copy(tmp, m); err != nil {
		return Info{}, err
	}
	if err := tmp.Sync(); err != nil {
		return Info{}, fmt.Errorf("store file: %w", err)
	}
	target := d.path(key)
	if err := d.folder(filepath.Dir(target)); err != nil {
		return Info{}, fmt.Errorf("store file: %w", err)
	}
	if err := os.Rename(tmp.Name(), target); err != nil {
		return Info{}, fmt.Errorf("store file: %w", err)
	}
	return m.info(), syncFolder(filepath.Dir(target))
}

// folder makes a folder durably, unless it is there.
func (d *Disk) folder(path string) error {
	err := os.Mkdir(path, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncFolder(d.root)
}

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

// Open reads a content.
func (d *Disk) Open(_ context.Context, key string) (io.ReadCloser, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	f, err := os.Open(d.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Missing()
	}
	return f, err
}

// Stat tells the size of a content.
func (d *Disk) Stat(_ context.Context, key string) (Info, error) {
	if err := checkKey(key); err != nil {
		return Info{}, err
	}
	file, err := os.Stat(d.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return Info{}, fault.Missing()
	}
	if err != nil {
		return Info{}, fmt.Errorf("look at file: %w", err)
	}
	return Info{Size: file.Size()}, nil
}

// Delete removes a content.
func (d *Disk) Delete(_ context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := os.Remove(d.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
