package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// directory keeps files below one folder, which no path and no symbolic link leads out of.
type directory struct {
	root *os.Root
	name string // absolute
}

func openDirectory(name string) (*directory, error) {
	name = filepath.FromSlash(path.Clean(name))
	if err := os.MkdirAll(name, 0o755); err != nil {
		return nil, plain(err)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, plain(err)
	}
	d := &directory{root: root, name: name}
	if err := d.probe(); err != nil {
		root.Close()
		return nil, fmt.Errorf("write a file there: %w", plain(err))
	}
	return d, nil
}

// probe does what Put does and leaves nothing: a read-only folder, or one on a file system without links, is found now and
// not at the end of the first run.
func (d *directory) probe() error {
	temporary, err := d.write(".", func(w io.Writer) error {
		_, err := w.Write([]byte("monthend\n"))
		return err
	})
	if err != nil {
		return err
	}
	linked := temporaryPrefix + rand.Text()
	err = d.root.Link(temporary, linked)
	if err == nil {
		err = d.root.Remove(linked)
	}
	return errors.Join(err, d.root.Remove(temporary))
}

func (d *directory) Put(ctx context.Context, name, file string, sum Sum) error {
	if err := errors.Join(checkPath(name), sum.check()); err != nil {
		return fmt.Errorf("put file: %w", err)
	}
	if err := d.put(ctx, name, file, sum); err != nil {
		return fmt.Errorf("put %q: %w", name, err)
	}
	return nil
}

// put writes the file whole and safe under a temporary name first, so that its own name never holds less. A link, unlike a
// rename, replaces nothing.
func (d *directory) put(ctx context.Context, name, file string, sum Sum) error {
	source, err := os.Open(file)
	if err != nil {
		return err
	}
	defer source.Close()
	folder := path.Dir(name)
	if err := d.makeFolder(folder); err != nil {
		return err
	}
	temporary, err := d.write(folder, func(w io.Writer) error {
		got, err := copySum(ctx, w, source)
		if err == nil && got != sum {
			err = changed(got, sum)
		}
		return err
	})
	if err != nil {
		return err
	}
	err = d.root.Link(temporary, name)
	if errors.Is(err, fs.ErrExist) {
		err = d.compare(ctx, name, sum)
	}
	if err == nil {
		// Also for a file that was there already: whoever linked it may have died before this.
		err = d.sync(folder)
	}
	return errors.Join(err, d.root.Remove(temporary))
}

// compare answers what is stored under a taken name: nil for the same.
func (d *directory) compare(ctx context.Context, name string, sum Sum) error {
	file, err := d.root.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	got, err := copySum(ctx, io.Discard, file)
	if err == nil && got != sum {
		err = ErrConflict
	}
	return err
}

func (d *directory) Replace(_ context.Context, name string, data []byte) error {
	if err := checkPath(name); err != nil {
		return fmt.Errorf("replace file: %w", err)
	}
	if err := d.replace(name, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(data))
		return err
	}); err != nil {
		return fmt.Errorf("replace %q: %w", name, err)
	}
	return nil
}

func (d *directory) replace(name string, content func(io.Writer) error) error {
	folder := path.Dir(name)
	if err := d.makeFolder(folder); err != nil {
		return err
	}
	temporary, err := d.write(folder, content)
	if err != nil {
		return err
	}
	if err := d.root.Rename(temporary, name); err != nil {
		return errors.Join(err, d.root.Remove(temporary))
	}
	return d.sync(folder)
}

func (d *directory) Open(_ context.Context, name string) (io.ReadCloser, error) {
	if err := checkPath(name); err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	file, err := d.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, fmt.Errorf("open %q: %w", name, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", name, plain(err))
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNotFound // a folder has no content
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %q: %w", name, err), file.Close())
	}
	return file, nil
}

func (d *directory) List(ctx context.Context, prefix string) ([]Entry, error) {
	if err := checkPrefix(prefix); err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	var entries []Entry
	folder := path.Dir(prefix + "x") // "a/b" looks in a, "a/b/" in a/b
	err := fs.WalkDir(d.root.FS(), folder, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // the folder that was asked for, or a file that went away since
		case err != nil:
			return err
		case !entry.Type().IsRegular() || !strings.HasPrefix(name, prefix) || checkPath(name) != nil:
			return context.Cause(ctx)
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			entries = append(entries, Entry{Path: name, Size: info.Size()})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list %q: %w", prefix, err)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return entries, nil
}

func (d *directory) Locate(name string) string {
	return filepath.Join(d.name, filepath.FromSlash(name))
}

func (d *directory) Close() error { return d.root.Close() }
