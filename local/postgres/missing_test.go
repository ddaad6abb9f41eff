package postgres_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/monthend/monthend/local/postgres"
)

func TestNothingInstalled(t *testing.T) {
	temp := openTemp(t)
	_, err := postgres.Start(t.Context(), postgres.Config{Temp: temp, Search: []string{}, NoDownload: true})
	var missing *postgres.MissingError
	if !errors.As(err, &missing) {
		t.Fatalf("got %v, want a MissingError", err)
	}
	if got, want := missing.Error(), "postgresql 14 or newer is not installed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if missing.Hint() == "" {
		t.Error("no hint at what to do")
	}
	wantNothingIn(t, temp)
}

func TestUselessInstallations(t *testing.T) {
	for _, tt := range []struct{ name, postgres, want string }{
		{"too old", "#!/bin/sh\necho 'postgres (PostgreSQL) 13.4 (Debian 13.4-1)'\n", "(found 13.4 in "},
		{"another program", "#!/bin/sh\necho hello\n", `says "hello`},
		{"broken", "#!/bin/sh\nexit 3\n", "exit status 3"},
		{"initdb only", "", `no program "postgres"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := openTemp(t)
			write(t, filepath.Join(dir, "initdb"), "#!/bin/sh\nexit 1\n")
			if tt.postgres != "" {
				write(t, filepath.Join(dir, "postgres"), tt.postgres)
			}
			_, err := postgres.Start(t.Context(), postgres.Config{Search: []string{dir}, NoDownload: true})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// The npm of these tests is a script, since what the real one brings is the same everywhere by its pinned sum.
func TestFetchIsRefused(t *testing.T) {
	if _, _, ok := postgres.Build(runtime.GOOS, runtime.GOARCH); !ok {
		return // nothing is fetched here
	}
	for _, tt := range []struct{ name, npm, want string }{
		{"other contents", "echo spoilt > \"$5/build.tgz\"", "the archive is not the pinned one"},
		{"no archive", "exit 0", "npm brought 0 archives"},
		{"npm fails", "echo 'npm error network'; exit 7", "npm pack: exit status 7: npm error network"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cache := openTemp(t)
			npm := filepath.Join(t.TempDir(), "npm")
			write(t, npm, "#!/bin/sh\n"+tt.npm+"\n")
			var announced []string
			_, err := postgres.Start(t.Context(), postgres.Config{Search: []string{}, NPM: npm, Cache: cache,
				Announce: func(line string) { announced = append(announced, line) }})
			var missing *postgres.MissingError
			if !errors.As(err, &missing) || missing.Download == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if len(announced) != 1 {
				t.Errorf("announced %q, want one line", announced)
			}
			wantNothingIn(t, cache)
		})
	}
}

func TestInstallCommand(t *testing.T) {
	for _, tt := range []struct {
		name, goos, release string
		major               int
		want                string
	}{
		{"debian", "linux", "PRETTY_NAME=\"Debian\"\nID=debian\n", 0, "apt-get install postgresql"},
		{"debian, one version", "linux", "ID=debian\n", 15, "apt-get install postgresql-15"},
		{"mint", "linux", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", 0, "apt-get install postgresql"},
		{"rocky", "linux", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", 0, "dnf install postgresql-server"},
		{"alpine", "linux", "ID=alpine\n", 16, "apk add postgresql16"},
		{"opensuse", "linux", "ID=\"opensuse-leap\"\nID_LIKE='suse opensuse'\n", 0, "zypper install postgresql-server"},
		{"arch", "linux", "ID=arch\n", 0, "pacman -S postgresql"},
		{"macos", "darwin", "", 0, "brew install postgresql@17"},
		{"unknown", "linux", "", 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := postgres.InstallFor(tt.goos, tt.release, tt.major); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// openTemp is a temporary directory that every account can enter.
func openTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "open")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
