package postgres

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// minimum is the oldest major version of PostgreSQL that will do.
const minimum = 14

// binaries is a folder with initdb and postgres, symbolic links resolved: both look for their own files beside themselves.
type binaries struct {
	dir     string
	major   int
	version string // as PostgreSQL prints it, such as "15.18"
}

// find looks for installed binaries, else for a build that npm brings. major is the version that made the database; 0 takes
// any that is not older than the minimum.
func find(ctx context.Context, cfg Config, who *account, major int) (binaries, error) {
	missing := &MissingError{Major: major, Install: installCommand(major)}
	for _, dir := range folders(ctx, cfg) {
		bin, err := inspect(ctx, dir, who)
		if ctx.Err() != nil {
			return binaries{}, context.Cause(ctx) // nothing is known about what is installed
		}
		if err != nil {
			missing.Refused = append(missing.Refused, err.Error())
			continue
		}
		if missing.fits(bin.major) {
			return bin, nil
		}
		missing.Refused = append(missing.Refused, fmt.Sprintf("%s in %q", bin.version, bin.dir))
	}
	if cfg.NoDownload || !missing.fits(buildMajor) {
		return binaries{}, missing
	}
	dir, err := fetch(ctx, cfg, who)
	if err != nil {
		missing.Download = err
		return binaries{}, missing
	}
	bin, err := inspect(ctx, dir, who)
	if err != nil {
		missing.Download = err
		return binaries{}, missing
	}
	return bin, nil
}

// folders are the real paths of the folders that hold an initdb, best first, each once.
func folders(ctx context.Context, cfg Config) []string {
	candidates := cfg.Search
	if candidates == nil {
		candidates = usualFolders(ctx)
	}
	var found []string
	for _, dir := range candidates {
		initdb, err := filepath.EvalSymlinks(filepath.Join(dir, "initdb"))
		if err != nil {
			continue
		}
		if initdb, err = filepath.Abs(initdb); err != nil {
			continue
		}
		if dir := filepath.Dir(initdb); !slices.Contains(found, dir) {
			found = append(found, dir)
		}
	}
	return found
}

// usualFolders are PATH, what pg_config names and where packages put PostgreSQL, which is seldom on PATH.
func usualFolders(ctx context.Context) []string {
	var dirs []string
	if initdb, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(initdb))
	}
	if out, err := output(ctx, "pg_config", "--bindir"); err == nil {
		dirs = append(dirs, strings.TrimSpace(out))
	}
	patterns := []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/lib/postgresql*/bin", "/usr/libexec/postgresql*",
		"/usr/local/pgsql/bin", "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin", "/run/current-system/sw/bin"}
	if runtime.GOOS == "darwin" {
		patterns = []string{"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
			"/Applications/Postgres.app/Contents/Versions/*/bin", "/opt/local/lib/postgresql*/bin", "/Library/PostgreSQL/*/bin"}
	}
	for _, pattern := range patterns {
		found, _ := filepath.Glob(pattern) // the only error is a malformed pattern
		slices.SortFunc(found, func(a, b string) int { return folderVersion(b) - folderVersion(a) })
		dirs = append(dirs, found...)
	}
	return dirs
}

var (
	number     = regexp.MustCompile(`[0-9]+`)
	serverName = regexp.MustCompile(`^postgres \(PostgreSQL\) (([0-9]+)[^ \n]*)`)
)

// folderVersion is the first number in a path, so that 17 is tried before 9.
func folderVersion(path string) int {
	n, _ := strconv.Atoi(number.FindString(path))
	return n
}

// inspect checks that both programs are there, that the server's account can reach them and which version they are.
func inspect(ctx context.Context, dir string, who *account) (binaries, error) {
	if closed := who.closedTo(dir); closed != "" {
		return binaries{}, fmt.Errorf("%q: account %q may not enter %q", dir, who.name, closed)
	}
	for _, program := range []string{"initdb", "postgres"} {
		info, err := os.Stat(filepath.Join(dir, program))
		if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
			return binaries{}, fmt.Errorf("%q: no program %q", dir, program)
		}
	}
	out, err := output(ctx, filepath.Join(dir, "postgres"), "--version")
	if err != nil {
		return binaries{}, fmt.Errorf("%q: postgres --version: %w", dir, err)
	}
	match := serverName.FindStringSubmatch(out)
	if match == nil {
		return binaries{}, fmt.Errorf("%q: postgres --version says %.60q", dir, out)
	}
	major, err := strconv.Atoi(match[2])
	if err != nil {
		return binaries{}, fmt.Errorf("%q: version %.20q: %w", dir, match[1], err)
	}
	return binaries{dir: dir, major: major, version: match[1]}, nil
}

// output is what a quick program prints.
func output(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second) // far more than it takes, for machines that are very busy
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	return string(out), err
}
