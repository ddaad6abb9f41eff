package postgres_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/local/postgres"
)

// The kept directories of these tests lie below a folder that is closed to all but us, as mktemp makes them, so that as root
// they also show that the server's account gets in.

func TestKeptDirectory(t *testing.T) {
	dir := t.TempDir()
	keep(t, dir)
	info, err := os.Stat(filepath.Join(dir, "password"))
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode of the password file: got %o, want 600", got)
	}
	t.Run("reused", func(t *testing.T) {
		s := start(t, postgres.Config{Dir: dir})
		wantKept(t, s)
		if got := show(t, connect(t, s.URL("")), "fsync"); got != "on" {
			t.Errorf("fsync: got %s, want on where data is kept", got)
		}
	})
	t.Run("killed server", func(t *testing.T) {
		s := start(t, postgres.Config{Dir: dir})
		if err := syscall.Kill(postmaster(t, dir), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close after the server died: %v", err)
		}
		wantKept(t, start(t, postgres.Config{Dir: dir}))
	})
	for name, pid := range stalePIDs(t) {
		t.Run("lock file of "+name, func(t *testing.T) {
			writeLockFile(t, dir, pid)
			wantKept(t, start(t, postgres.Config{Dir: dir}))
		})
	}
	t.Run("spoilt settings", func(t *testing.T) {
		conf := filepath.Join(dir, "data", "postgresql.conf")
		if err := os.WriteFile(conf, []byte("no_such_setting = on\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := postgres.Start(t.Context(), postgres.Config{Dir: dir})
		if err == nil || !strings.Contains(err.Error(), "no_such_setting") || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line with the server's own words", err)
		}
	})
}

// stalePIDs are process ids that a lock file may hold though no server runs under them.
func stalePIDs(t *testing.T) map[string]int {
	t.Helper()
	zombie, stranger := exec.Command("true"), exec.Command("sleep", "600")
	stdout, err := zombie.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range []*exec.Cmd{zombie, stranger} {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
	}
	// Its output ends with it, and nobody waits for it before the test's end.
	if n, err := stdout.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Fatalf("read %d bytes (%v) from a program that prints none", n, err)
	}
	return map[string]int{"a zombie": zombie.Process.Pid, "a stranger": stranger.Process.Pid, "ourselves": os.Getpid()}
}

// writeLockFile writes what a server that died hard leaves, for the account that ran it.
func writeLockFile(t *testing.T, dir string, pid int) {
	t.Helper()
	data := filepath.Join(dir, "data")
	path := filepath.Join(data, "postmaster.pid")
	text := strconv.Itoa(pid) + "\n" + data + "\n1700000000\n5432\n\n\n        0         0\nready   \n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(data)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	if err := os.Chown(path, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
}

func TestKeptDirectoryWithLongPath(t *testing.T) {
	dir, temp := filepath.Join(t.TempDir(), strings.Repeat("x", 100), "a,b"), openTemp(t)
	keep(t, dir)
	s := start(t, postgres.Config{Dir: dir, Temp: temp})
	wantKept(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantNothingIn(t, temp)
}

func TestSecondServerOnOneDirectory(t *testing.T) {
	dir := t.TempDir()
	first := start(t, postgres.Config{Dir: dir})
	_, err := postgres.Start(t.Context(), postgres.Config{Dir: dir})
	if want := "started by process " + strconv.Itoa(os.Getpid()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	// PostgreSQL's own lock holds where ours was removed.
	if err := os.Remove(filepath.Join(dir, "owner")); err != nil {
		t.Fatal(err)
	}
	_, err = postgres.Start(t.Context(), postgres.Config{Dir: dir})
	if want := "in use by another server, process " + strconv.Itoa(postmaster(t, dir)); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	connect(t, first.URL("")) // and the first is unharmed
}

func TestInterruptedInitialisation(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "data.new", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "password"), []byte("of nobody"), 0o600); err != nil {
		t.Fatal(err)
	}
	keep(t, dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if diff := cmp.Diff([]string{"data", "log", "owner", "password", "socket"}, got); diff != "" {
		t.Errorf("files kept (-want +got):\n%s", diff)
	}
}

func TestDatabaseOfAnotherVersion(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("12\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := postgres.Start(t.Context(), postgres.Config{Dir: dir, NoDownload: true})
	var missing *postgres.MissingError
	if !errors.As(err, &missing) || missing.Major != 12 || len(missing.Refused) == 0 {
		t.Errorf("got %v, want that version 12 is missing and what was found instead", err)
	}
}

// keep makes a database in dir with something to find again, and closes its server.
func keep(t *testing.T, dir string) {
	t.Helper()
	s := start(t, postgres.Config{Dir: dir})
	conn := connect(t, s.URL(""))
	if _, err := conn.Exec(t.Context(), "CREATE TABLE kept (n integer); INSERT INTO kept VALUES (42)"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func wantKept(t *testing.T, s *postgres.Server) {
	t.Helper()
	var got int
	if err := connect(t, s.URL("")).QueryRow(t.Context(), "SELECT n FROM kept").Scan(&got); err != nil || got != 42 {
		t.Errorf("got %d (%v), want the 42 that was kept", got, err)
	}
}

// postmaster is the process id of the server in dir.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}
