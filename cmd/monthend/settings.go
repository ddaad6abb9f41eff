package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/spf13/pflag"
)

// settings is what the environment says; flags override it, command by command.
type settings struct {
	DatabaseURL string        `env:"MONTHEND_DATABASE_URL"`
	SourceURL   string        `env:"MONTHEND_SOURCE_URL"`
	QueueURL    string        `env:"MONTHEND_QUEUE_URL"`
	Output      string        `env:"MONTHEND_OUTPUT"`
	Definitions string        `env:"MONTHEND_DEFINITIONS"`
	XRayAddress string        `env:"MONTHEND_XRAY_ADDRESS"`
	HealthFile  string        `env:"MONTHEND_HEALTH_FILE"`
	Spool       string        `env:"MONTHEND_SPOOL"`
	MemoryMB    int64         `env:"MONTHEND_MEMORY_MB" envDefault:"256"`
	Concurrency int           `env:"MONTHEND_CONCURRENCY" envDefault:"1"`
	Drain       time.Duration `env:"MONTHEND_DRAIN" envDefault:"25s"`
	CrashLimit  int           `env:"MONTHEND_CRASH_LIMIT" envDefault:"2"`
	LogLevel    string        `env:"MONTHEND_LOG_LEVEL" envDefault:"info"`
	Tenants     drainSettings
	Trace       traceSettings
	Deliver     deliverSettings
	Outside     outsideSettings
	Commentary  commentarySettings
	Metric      metricSettings
	HTTP        serveSettings
	Schedule    scheduleSettings
}

// readSettings reads environ; a malformed value is a usage error that names its variable.
func readSettings(environ []string) (settings, error) {
	var s settings
	err := env.ParseWithOptions(&s, env.Options{Environment: env.ToMap(environ)})
	if err != nil {
		return s, malformed(err, environ)
	}
	s.Outside.readSecrets(environ)
	s.Deliver.readSecrets(environ)
	return s, nil
}

// flag adds a flag whose default is what the environment says. The default is not shown: it may hold a password.
func flag[T any](add func(*T, string, T, string), fs *pflag.FlagSet, value *T, name, text string) {
	add(value, name, *value, text)
	fs.Lookup(name).DefValue = ""
}

func (s *settings) databaseFlags(fs *pflag.FlagSet) {
	flag(fs.StringVar, fs, &s.DatabaseURL, "database-url", "database of the run ledger, PostgreSQL (MONTHEND_DATABASE_URL)")
}

func (s *settings) sourceFlags(fs *pflag.FlagSet) {
	flag(fs.StringVar, fs, &s.SourceURL, "source-url", "database that the reports read, PostgreSQL; the ledger's when empty (MONTHEND_SOURCE_URL)")
}

func (s *settings) queueFlags(fs *pflag.FlagSet) {
	flag(fs.StringVar, fs, &s.QueueURL, "queue-url", "queue of the jobs, SQS (MONTHEND_QUEUE_URL)")
}

func (s *settings) outputFlags(fs *pflag.FlagSet) {
	flag(fs.StringVar, fs, &s.Output, "output", "where versions are kept: file:///dir or s3://bucket/prefix (MONTHEND_OUTPUT)")
}

func (s *settings) definitionFlags(fs *pflag.FlagSet) {
	flag(fs.StringVar, fs, &s.Definitions, "definitions", "folder with report definitions of your own (MONTHEND_DEFINITIONS)")
}

func (s *settings) engineFlags(fs *pflag.FlagSet) {
	flag(fs.StringVar, fs, &s.Spool, "spool", "folder for the files of runs in work (MONTHEND_SPOOL)")
	flag(fs.Int64Var, fs, &s.MemoryMB, "memory-mb", "memory of the engine in MB, 256 unless set (MONTHEND_MEMORY_MB)")
}

// laptop is the hint wherever something that the local cloud gives is missing.
const laptop = "monthend local -o env > local.env &   # then: . ./local.env"

// needDatabase checks the ledger's URL before anything is opened.
func (s *settings) needDatabase() error {
	if s.DatabaseURL == "" {
		return usage(laptop, "MONTHEND_DATABASE_URL is not set, and --database-url is not given")
	}
	return checkURL("MONTHEND_DATABASE_URL", s.DatabaseURL, "postgres", "postgresql")
}

// needSource falls back to the ledger's database.
func (s *settings) needSource() error {
	if s.SourceURL == "" {
		s.SourceURL = s.DatabaseURL
	}
	if s.SourceURL == "" {
		return usage(laptop, "MONTHEND_SOURCE_URL is not set, and --source-url is not given")
	}
	return checkURL("MONTHEND_SOURCE_URL", s.SourceURL, "postgres", "postgresql")
}

func (s *settings) needQueue() error {
	if s.QueueURL == "" {
		return usage(laptop, "MONTHEND_QUEUE_URL is not set, and --queue-url is not given")
	}
	return checkURL("MONTHEND_QUEUE_URL", s.QueueURL, "http", "https")
}

func (s *settings) needOutput() error {
	if s.Output == "" {
		return usage(laptop, "MONTHEND_OUTPUT is not set, and --output is not given")
	}
	return checkURL("MONTHEND_OUTPUT", s.Output, "file", "s3")
}

func (s *settings) checkConcurrency() error {
	if s.Concurrency < 1 {
		return usage("", "MONTHEND_CONCURRENCY %d is below 1", s.Concurrency)
	}
	return nil
}

func (s *settings) checkCrashLimit() error {
	if s.CrashLimit < 1 {
		return usage("", "MONTHEND_CRASH_LIMIT %d is below 1", s.CrashLimit)
	}
	return nil
}

// makeSpool makes the folder that the spools of all processes lie in. Rows lie in them: the one that is made in a place for everybody is closed to
// others, and one that somebody else has made there is refused.
func (s *settings) makeSpool() error {
	ours := s.Spool == ""
	if ours {
		s.Spool = filepath.Join(os.TempDir(), fmt.Sprintf("monthend-spool-%d", os.Getuid()))
	}
	err := os.MkdirAll(s.Spool, 0o700)
	if err == nil && ours {
		err = os.Chmod(s.Spool, 0o700)
	}
	if err != nil {
		return unavailable("export MONTHEND_SPOOL=/some/folder", "make the spool: %w", err)
	}
	return nil
}

// checkURL refuses what is no URL of one of the schemes. What it says never holds the value: it may carry a password.
func checkURL(name, value string, schemes ...string) error {
	u, err := url.Parse(value)
	if err != nil {
		return usage("", "%s is not a URL", name)
	}
	for _, scheme := range schemes {
		if u.Scheme == scheme {
			return nil
		}
	}
	forms := make([]string, len(schemes))
	for i, scheme := range schemes {
		forms[i] = fmt.Sprintf("%s://…", scheme)
	}
	return usage("", "%s is not of the form %s", name, strings.Join(forms, " or "))
}
