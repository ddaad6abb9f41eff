package postgres

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	port = "5432"
	// socketName is what PostgreSQL appends to the socket directory; only the port is in it.
	socketName = ".s.PGSQL." + port
)

// home is the folder of one server: the database in data, the superuser's password, the log, the owner's lock and, where
// its path is short enough, the socket.
type home struct {
	dir       string
	temporary bool
	account   *account // nil: the server runs as we do
	owner     *os.File // locked while this process owns the folder
	door      *os.File // set when the server's account cannot walk to dir and is handed the folder itself
	socket    string   // the directory of the socket, as clients see it
	scratch   *scratch // holds the socket when dir cannot; nil otherwise
}

func openHome(cfg Config, who *account) (*home, error) {
	if cfg.Dir == "" {
		s, err := newScratch(cfg.Temp, who)
		if err != nil {
			return nil, err
		}
		h := &home{dir: s.dir, temporary: true, account: who, scratch: s}
		if err := h.openSocket(cfg); err != nil {
			return nil, errors.Join(err, h.close())
		}
		return h, nil
	}
	dir, err := keptDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	h := &home{dir: dir, account: who}
	if h.owner, err = own(filepath.Join(dir, ownerFile)); err != nil {
		return nil, fmt.Errorf("directory %q: %w", dir, err)
	}
	if err := h.open(cfg); err != nil {
		return nil, errors.Join(err, h.close())
	}
	return h, nil
}

func keptDir(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("directory %q: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make directory: %w", err)
	}
	return filepath.EvalSymlinks(dir)
}

// open makes a kept folder usable by the server's account.
func (h *home) open(cfg Config) error {
	if h.account != nil {
		info, err := os.Stat(h.dir)
		if err != nil {
			return err
		}
		if err := os.Chmod(h.dir, info.Mode().Perm()|0o711); err != nil {
			return fmt.Errorf("open directory for account %q: %w", h.account.name, err)
		}
		if closed := h.account.closedTo(h.dir); closed != "" {
			if h.door, err = openDoor(h.dir); err != nil {
				return fmt.Errorf("directory %q: account %q, which must run the server, may not enter %q: %w", h.dir, h.account.name, closed, err)
			}
		}
	}
	return h.openSocket(cfg)
}

// openSocket makes the socket's directory, outside of the home where the path would be too long for a socket.
func (h *home) openSocket(cfg Config) error {
	h.socket = filepath.Join(h.dir, "socket")
	if !fitsSocket(h.socket) {
		s, err := newScratch(cfg.Temp, h.account)
		if err != nil {
			return err
		}
		h.scratch, h.socket = s, filepath.Join(s.dir, "socket")
	}
	return h.account.makeDir(h.socket)
}

// seen is the path of a thing in the home as the server sees it.
func (h *home) seen(name string) string {
	if h.door != nil {
		return doorPath + "/" + name
	}
	return filepath.Join(h.dir, name)
}

// seenSocket is the socket's directory as the server sees it.
func (h *home) seenSocket() string {
	if filepath.Dir(h.socket) == h.dir {
		return h.seen("socket")
	}
	return h.socket
}

// close gives the folder up. The log and the data of a kept one stay.
func (h *home) close() error {
	var err error
	if h.door != nil {
		err = h.door.Close()
	}
	if h.scratch != nil {
		err = errors.Join(err, h.scratch.remove())
	}
	if h.owner != nil {
		err = errors.Join(err, h.owner.Close())
	}
	return err
}

// lastWords are the lines of the log that say why the server or initdb ended: the fatal one and the one before it, which
// often has the reason.
func (h *home) lastWords() string {
	log, err := os.ReadFile(filepath.Join(h.dir, "log"))
	if err != nil {
		return err.Error()
	}
	const most = 400
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	end := slices.IndexFunc(lines, fatal.MatchString)
	if end < 0 {
		end = len(lines) - 1
	}
	words := prefix.ReplaceAllString(lines[end], "")
	if end > 0 {
		words = prefix.ReplaceAllString(lines[end-1], "") + "; " + words
	}
	return words[:min(len(words), most)]
}

var (
	fatal  = regexp.MustCompile(`FATAL: |PANIC: |error: `)
	prefix = regexp.MustCompile(`^[-0-9:. A-Z]* \[[0-9]+\] `) // the time and the process
)
