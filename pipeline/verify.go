package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
)

// VerifyConfig says what to verify; Report, Tenant and Period are all of them where they are zero.
type VerifyConfig struct {
	Ledger *ledger.Store
	Store  store.Store
	Report string
	Tenant string
	Period report.Period
	Repair bool // write a current.json that is lost or wrong anew; nothing else is ever written
}

// FindingKind is what is wrong with a file.
type FindingKind string

const (
	Altered FindingKind = "altered" // it is not what was published
	Lost    FindingKind = "lost"    // it is not there
	Extra   FindingKind = "extra"   // it was never published, and lies where readers look
	Orphan  FindingKind = "orphan"  // a folder that an attempt left which did not publish it, or not yet; harmless
)

// Finding is one thing that is not as it was published.
type Finding struct {
	Kind     FindingKind
	Key      report.Key
	Version  int    // 0 where it belongs to none that the ledger knows
	Path     string // of the file or folder, below the output
	Detail   string // what was found and what was expected
	Repaired bool
}

// Verified is what Verify looked at and found, in the order of report, tenant, period, version and path.
type Verified struct {
	Keys     int
	Versions int
	Files    int
	Bytes    int64 // of the files read
	Findings []Finding
}

// Sound reports whether everything is as it was published, or is so again.
func (v Verified) Sound() bool {
	return !slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Kind != Orphan && !f.Repaired })
}

// Verify hashes what is published again: every file of every version that the ledger knows against its manifest, the manifest
// against the content digest in the ledger and in the path, current.json against the ledger. Files are streamed, key by key.
//
// A file that cannot be read, for whatever passes, is an error and no finding; what was found before it is returned with it.
// Quarantine is not published and not looked at.
func Verify(ctx context.Context, cfg VerifyConfig) (Verified, error) {
	v := verification{cfg: cfg}
	filter := ledger.Filter{Report: cfg.Report, Tenant: cfg.Tenant, Period: cfg.Period}
	var last report.Key
	for {
		keys, err := cfg.Ledger.Published(ctx, filter, last)
		if err != nil {
			return v.result, fmt.Errorf("verify: %w", err)
		}
		if len(keys) == 0 {
			return v.result, nil
		}
		for _, key := range keys {
			if err := v.key(ctx, key); err != nil {
				return v.result, fmt.Errorf("verify %s: %w", key, err)
			}
		}
		last = keys[len(keys)-1]
	}
}

// verification is one Verify.
type verification struct {
	cfg    VerifyConfig
	result Verified
}

func (v *verification) found(f Finding) { v.result.Findings = append(v.result.Findings, f) }

// key verifies one key. The ledger is asked before the store is listed: whatever it knows then has been stored whole.
func (v *verification) key(ctx context.Context, key report.Key) error {
	versions, err := v.cfg.Ledger.Versions(ctx, key)
	if err != nil {
		return err
	}
	slices.Reverse(versions) // the oldest first
	entries, err := v.cfg.Store.List(ctx, key.Path()+"/")
	if err != nil {
		return err
	}
	rest := map[string]bool{} // stored files that nothing has accounted for yet
	for _, entry := range entries {
		rest[entry.Path] = true
	}
	v.result.Keys++
	if err := v.checkPointer(ctx, key); err != nil {
		return err
	}
	delete(rest, key.Path()+"/"+pointerName)
	for _, version := range versions {
		if err := v.version(ctx, version, rest); err != nil {
			return err
		}
	}
	v.unaccounted(key, versions, entries, rest)
	return nil
}

// unaccounted tells what lies there and was never published: a folder of a version that the ledger does not know is told
// once, whatever is in it.
func (v *verification) unaccounted(key report.Key, versions []ledger.Version, entries []store.Entry, rest map[string]bool) {
	known := map[string]int{} // folder → version
	for _, version := range versions {
		known[version.Path] = version.Number
	}
	told := map[string]bool{}
	for _, entry := range entries {
		if !rest[entry.Path] {
			continue
		}
		folder, _, inside := strings.Cut(strings.TrimPrefix(entry.Path, key.Path()+"/"), "/")
		_, _, isVersion := store.ParseVersion(folder)
		folder = key.Path() + "/" + folder
		number, isKnown := known[folder]
		switch {
		case isKnown, !inside, !isVersion:
			v.found(Finding{Kind: Extra, Key: key, Version: number, Path: entry.Path, Detail: "no manifest names it"})
		case !told[folder]:
			told[folder] = true
			v.found(Finding{Kind: Orphan, Key: key, Path: folder, Detail: "the ledger knows no such version"})
		}
	}
}

// sum streams a file through its hash.
func (v *verification) sum(ctx context.Context, path string) (store.Sum, error) {
	var got store.Sum
	err := v.read(ctx, path, func(r io.Reader) error {
		hash := sha256.New()
		size, err := io.Copy(hash, r)
		got = store.Sum{SHA256: hex.EncodeToString(hash.Sum(nil)), Size: size}
		return err
	})
	v.result.Bytes += got.Size
	return got, err
}

// copy streams a file into a new file through its hash.
func (v *verification) copy(ctx context.Context, path, file string) (store.Sum, error) {
	var got store.Sum
	err := v.read(ctx, path, func(r io.Reader) (err error) {
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		hash := sha256.New()
		size, err := io.Copy(io.MultiWriter(f, hash), r)
		got = store.Sum{SHA256: hex.EncodeToString(hash.Sum(nil)), Size: size}
		return err
	})
	return got, err
}

// readTries is how often a file is begun again whose connection breaks in the middle; what a store refuses outright, its own
// client has tried again already.
const readTries = 3

// read opens a file and lets fn read it, from the beginning each time.
func (v *verification) read(ctx context.Context, path string, fn func(io.Reader) error) error {
	for try := 1; ; try++ {
		file, err := v.cfg.Store.Open(ctx, path)
		if err != nil {
			return err
		}
		err = errors.Join(fn(stoppable{ctx, file}), file.Close())
		if err == nil {
			v.result.Files++
			return nil
		}
		if try == readTries || ctx.Err() != nil {
			return fmt.Errorf("read %q: %w", path, err)
		}
	}
}

// stoppable ends a long read with its context.
type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s stoppable) Read(p []byte) (int, error) {
	if err := context.Cause(s.ctx); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}
