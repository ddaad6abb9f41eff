package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/aws/smithy-go"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/pipeline/store"
)

func (d *doctor) output(ctx context.Context) finding {
	if d.Output == "" {
		return wrong(laptop, "MONTHEND_OUTPUT is not set")
	}
	st, err := d.openStore(ctx)
	if err != nil {
		return wrong(d.outputMend(err), "%s", err)
	}
	defer st.Close()
	probed, err := store.Probe(ctx, st)
	switch {
	case errors.Is(err, store.ErrOverwritten):
		return wrong("export MONTHEND_OUTPUT=s3://bucket/prefix   # of a service that knows If-None-Match", "%s: two workers could publish over each other", err)
	case err != nil:
		return wrong(d.outputMend(err), "%s", err)
	case probed.Left != nil:
		mend := ""
		if store.IsS3(d.Output) {
			mend = d.cli("s3 rm ") + shellWord(probed.Place)
		}
		return warned(mend, "put, read back, and not overwritten in %s; but what was tried could not be removed: %s", d.Output, probed.Left)
	}
	return well("put, read back, not overwritten, removed in %s", d.Output)
}

// outputMend is the command for an output that refuses.
func (d *doctor) outputMend(err error) string { return d.placeMend(d.Output, err) }

// placeMend is the command for a place that refuses.
func (d *doctor) placeMend(place string, err error) string {
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(place, "s3://"), "/")
	var refused smithy.APIError
	switch {
	case !store.IsS3(place):
		folder := strings.TrimPrefix(strings.TrimPrefix(place, "file://"), "localhost")
		return "sudo install -d -o " + shellWord(userName()) + " " + shellWord(folder)
	case strings.Contains(err.Error(), "there is no bucket"):
		return d.cli("s3 mb ") + shellWord("s3://"+bucket)
	case errors.As(err, &refused):
		if prefix = strings.Trim(prefix, "/"); prefix != "" {
			prefix += "/"
		}
		return d.allow("monthend-output", []string{"arn:aws:s3:::" + bucket, "arn:aws:s3:::" + bucket + "/" + prefix + "*"}, "s3:ListBucket", "s3:GetObject", "s3:PutObject")
	}
	return d.cli("s3 ls ") + shellWord("s3://"+bucket)
}

// userName is who runs this, for a command.
func userName() string {
	for _, name := range []string{"USER", "LOGNAME"} {
		if user := os.Getenv(name); user != "" {
			return user
		}
	}
	return "root"
}

// spoolProbe is written to see whether there is room: as much as a page of the engine's.
const spoolProbe = 256 << 10

// spool looks for room for as many runs as may be in work: each may spill several times what it holds in memory.
func (d *doctor) spool(ctx context.Context) finding {
	const mend = "export MONTHEND_SPOOL=/some/folder   # with more room, of this user's own"
	s := d.settings
	if err := s.makeSpool(); err != nil {
		return wrong(mend, "%s", err)
	}
	mine, err := pipeline.OpenSpool(ctx, s.Spool)
	if err != nil {
		return wrong(mend, "%s", err)
	}
	defer mine.Close()
	file := filepath.Join(mine.Dir, "probe")
	if err := os.WriteFile(file, make([]byte, spoolProbe), 0o600); err != nil {
		return wrong(mend, "write to the spool: %s", err)
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(mine.Dir, &disk); err != nil {
		return wrong(mend, "look for room in the spool: %s", &fs.PathError{Op: "statfs", Path: mine.Dir, Err: err})
	}
	free, runs := int64(disk.Bavail)*int64(disk.Bsize), int64(s.Concurrency)
	least := s.MemoryMB << 20 * runs
	said := sizeText(free) + " free in " + s.Spool
	switch {
	case free < least:
		return wrong(mend, "%s, and %s with %d MB of memory may spill as much as %s", said, things(s.Concurrency, "run"), s.MemoryMB, sizeText(least))
	case free < 4*least:
		return warned(mend, "%s; a large month may spill several times the engine's memory of %d MB", said, s.MemoryMB)
	}
	return well("%s", said)
}

func (d *doctor) health(context.Context) finding {
	if d.HealthFile == "" {
		return unset("MONTHEND_HEALTH_FILE is not set: whether a worker lives is not told in a file")
	}
	polled, troubles, err := readHealth(d.HealthFile)
	mend := "monthend work --health-file " + shellWord(d.HealthFile)
	switch age := d.now().Sub(polled); {
	case err != nil:
		return wrong(mend, "%s", err)
	case age > healthAge:
		return wrong(mend, "%s", &staleError{age})
	case troubles != "":
		return wrong("monthend doctor --only queue-rights,spool", "%s", &unreadyError{troubles})
	}
	return well("a worker polled at %s", polled.UTC().Format("15:04:05Z"))
}
