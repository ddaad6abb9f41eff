package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// major is the version of PostgreSQL that made the database, 0 when there is none yet.
func (h *home) major() (int, error) {
	text, err := os.ReadFile(filepath.Join(h.dir, "data", "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("PG_VERSION %.20q is not a version", strings.TrimSpace(string(text)))
	}
	return major, nil
}

// prepare makes the database where there is none and returns the superuser's password.
func (h *home) prepare(ctx context.Context, bin binaries) (string, error) {
	made, err := h.major()
	if err != nil {
		return "", err
	}
	path := filepath.Join(h.dir, "password")
	if made != 0 {
		password, err := os.ReadFile(path)
		if err != nil {
			return "", fmt.Errorf("read the password of the database: %w", err)
		}
		return string(password), h.clearStale(ctx)
	}
	password := rand.Text()
	if err := writePrivate(path, password); err != nil {
		return "", err
	}
	if err := h.account.give(path); err != nil {
		return "", err
	}
	if err := h.initialise(ctx, bin); err != nil {
		return "", err
	}
	if h.temporary {
		err = os.Remove(path) // needed by nobody but us from here on
	}
	return password, err
}

// initialise runs initdb in a folder of another name and renames it at the end, so that a database that was cut off while
// being made is never taken for one.
func (h *home) initialise(ctx context.Context, bin binaries) error {
	const fresh = "data.new"
	path := filepath.Join(h.dir, fresh)
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	if err := h.account.makeDir(path); err != nil {
		return err
	}
	// No locale package is needed for C, and text sorts by bytes everywhere.
	args := []string{"-D", h.seen(fresh), "-U", superuser, "--pwfile", h.seen("password"), "--auth=scram-sha-256",
		"--locale=C", "--encoding=UTF8", "--no-instructions"}
	if h.temporary {
		args = append(args, "--no-sync", "--wal-segsize=1")
	}
	p, err := h.launch(filepath.Join(bin.dir, "initdb"), args)
	if err != nil {
		return err
	}
	if err := p.wait(ctx); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, h.lastWords())
	}
	return os.Rename(path, filepath.Join(h.dir, "data"))
}

// clearStale deals with the lock file of a server that died hard. PostgreSQL refuses it as long as some process has the
// recorded id, even a zombie or a stranger. Rewriting the id to ours, the parent's, tells it that the server is gone and
// keeps its own check that no orphaned backend still uses the shared memory named in the file.
func (h *home) clearStale(ctx context.Context) error {
	const name = "postmaster.pid"
	// The folder belongs to the server's account, which must not lead us, who may be root, to another file by a link.
	data, err := os.OpenRoot(filepath.Join(h.dir, "data"))
	if err != nil {
		return err
	}
	defer data.Close()
	wait, cancel := context.WithTimeout(ctx, 5*time.Second) // a server whose owner was killed is just shutting down
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		text, err := data.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		first, rest, _ := strings.Cut(string(text), "\n")
		pid, err := strconv.Atoi(strings.TrimSpace(first))
		if err != nil || pid <= 0 {
			return nil // PostgreSQL judges and words it
		}
		if pid == os.Getpid() || !livePostmaster(pid) {
			return data.WriteFile(name, []byte(strconv.Itoa(os.Getpid())+"\n"+rest), 0o600)
		}
		select {
		case <-wait.Done():
			return fmt.Errorf("in use by another server, process %d", pid)
		case <-tick.C:
		}
	}
}

// serve launches the server, with everything said on its command line: no file of the cluster is edited.
func (h *home) serve(bin binaries) (*process, error) {
	args := []string{"-D", h.seen("data"),
		"-c", "listen_addresses=",
		"-c", "port=" + port,
		"-c", `unix_socket_directories="` + strings.ReplaceAll(h.seenSocket(), `"`, `""`) + `"`,
		"-c", "unix_socket_permissions=0700",
		"-c", "timezone=UTC",
		// Statements and the details of errors hold row values, which have no place in a log.
		"-c", "log_min_error_statement=panic",
		"-c", "log_error_verbosity=terse",
	}
	if h.temporary {
		args = append(args, "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	}
	return h.launch(filepath.Join(bin.dir, "postgres"), args)
}

// launch starts a program of PostgreSQL under the server's account. It writes to the log, which it begins anew.
func (h *home) launch(program string, args []string) (*process, error) {
	log, err := os.OpenFile(filepath.Join(h.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own
	cmd := exec.Command(program, args...)
	// Nothing of our environment: a stray PGOPTIONS or TZ would make another database than the next one's.
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin"}
	cmd.Dir = "/" // any account may stand there
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes(h.account)
	if h.door != nil {
		cmd.ExtraFiles = []*os.File{h.door}
	}
	return launch(cmd)
}

// writePrivate writes a file that only its owner may read, replacing what was there.
func writePrivate(path, text string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}
