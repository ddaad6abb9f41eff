package postgres

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

const (
	mostUnpacked = 512 << 20 // bytes; the build has 60 MB
	linksFile    = "native/pg-symlinks.json"
)

// unpack writes the native folder of an npm archive into dir, which is made, and the symbolic links that npm archives cannot
// hold. Nothing in the archive can reach outside of dir: every write goes through an os.Root.
func unpack(archive io.Reader, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	// The umask may have closed it to the server's account.
	if err := root.Chmod(".", 0o755); err != nil {
		return err
	}
	unzipped, err := gzip.NewReader(archive)
	if err != nil {
		return fmt.Errorf("read archive: %w", err)
	}
	entries := tar.NewReader(io.LimitReader(unzipped, mostUnpacked))
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return link(root)
		}
		if err != nil {
			return fmt.Errorf("read archive: %w", err)
		}
		name, inside := strings.CutPrefix(header.Name, "package/")
		if !inside || !strings.HasPrefix(name, "native/") {
			continue // npm's own files
		}
		if !filepath.IsLocal(name) {
			return fmt.Errorf("archive entry %q leads outside", header.Name)
		}
		switch header.Typeflag {
		case tar.TypeDir:
			err = makeFolder(root, path.Clean(name))
		case tar.TypeReg:
			err = writeEntry(root, name, header.FileInfo().Mode().Perm(), entries)
		default:
			err = errors.New("neither a file nor a folder")
		}
		if err != nil {
			return fmt.Errorf("archive entry %q: %w", header.Name, err)
		}
	}
}

func writeEntry(root *os.Root, name string, mode os.FileMode, content io.Reader) error {
	if err := makeFolder(root, path.Dir(name)); err != nil {
		return err
	}
	file, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	readable := os.FileMode(0o644)
	if mode&0o111 != 0 {
		readable = 0o755
	}
	return errors.Join(err, file.Chmod(readable), file.Close())
}

// makeFolder makes a folder and those above it, open to every account.
func makeFolder(root *os.Root, name string) error {
	if name == "." {
		return nil
	}
	if info, err := root.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	if err := makeFolder(root, path.Dir(name)); err != nil {
		return err
	}
	if err := root.Mkdir(name, 0o755); err != nil {
		return err
	}
	return root.Chmod(name, 0o755)
}

// link makes the links that the package lists: Source is what Target points at, both from the package's folder.
func link(root *os.Root) error {
	text, err := root.ReadFile(linksFile)
	if err != nil {
		return fmt.Errorf("read the archive's links: %w", err)
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("read %q: %w", linksFile, err)
	}
	for _, l := range links {
		if !filepath.IsLocal(l.Source) || !filepath.IsLocal(l.Target) {
			return fmt.Errorf("link %q to %q leads outside", l.Target, l.Source)
		}
		relative, err := filepath.Rel(path.Dir(l.Target), l.Source)
		if err != nil {
			return fmt.Errorf("link %q to %q: %w", l.Target, l.Source, err)
		}
		if err := root.Symlink(relative, l.Target); err != nil {
			return fmt.Errorf("link %q to %q: %w", l.Target, l.Source, err)
		}
	}
	return nil
}
