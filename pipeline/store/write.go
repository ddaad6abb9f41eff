package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// temporaryPrefix begins the name of a file that is being written. No path may begin so, and no listing shows it.
const temporaryPrefix = ".put-"

// write makes a temporary file in folder and returns its name once its content is on the disk. On error nothing is left.
func (d *directory) write(folder string, content func(io.Writer) error) (string, error) {
	name := path.Join(folder, temporaryPrefix+rand.Text())
	file, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	err = content(file)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, d.root.Remove(name))
	}
	return name, nil
}

// makeFolder makes folder and its parents, each safe in its own parent before anything is put into it.
func (d *directory) makeFolder(folder string) error {
	if folder == "." {
		return nil
	}
	err := d.root.Mkdir(folder, 0o755)
	if errors.Is(err, fs.ErrNotExist) {
		if err := d.makeFolder(path.Dir(folder)); err != nil {
			return err
		}
		err = d.root.Mkdir(folder, 0o755)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.sync(path.Dir(folder))
}

// sync makes the names in folder safe.
func (d *directory) sync(folder string) error {
	file, err := d.root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// plain drops the path from an error whose reader has just been told it.
func plain(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return fmt.Errorf("%s: %w", link.Op, link.Err)
	}
	return err
}
