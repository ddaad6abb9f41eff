package main

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/spf13/pflag"

	"github.com/monthend/monthend/pipeline/source"
	"github.com/monthend/monthend/pipeline/source/remote"
	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace/awstrace"
)

// outsideSettings say whom definitions may have called, and how much may come. Nothing is allowed unless it is set.
type outsideSettings struct {
	Hosts   string `env:"MONTHEND_SOURCE_HOSTS"`
	Files   string `env:"MONTHEND_SOURCE_FILES"`
	MaxMB   int64  `env:"MONTHEND_SOURCE_MAX_MB" envDefault:"64"`
	MaxRows int64  `env:"MONTHEND_SOURCE_MAX_ROWS" envDefault:"1000000"`

	secrets map[string]string // the variables that headers may name, by name
}

func (s *settings) outsideFlags(fs *pflag.FlagSet) {
	o := &s.Outside
	flag(fs.StringVar, fs, &o.Hosts, "source-hosts", "hosts that definitions may call, HOST[:PORT][@NETWORK],…; none when empty (MONTHEND_SOURCE_HOSTS)")
	flag(fs.StringVar, fs, &o.Files, "source-files", "folders that definitions may read, file:///dir or s3://bucket/prefix,…; none when empty (MONTHEND_SOURCE_FILES)")
	flag(fs.Int64Var, fs, &o.MaxMB, "source-max-mb", "largest answer or file of a definition in MB, 64 unless set (MONTHEND_SOURCE_MAX_MB)")
	flag(fs.Int64Var, fs, &o.MaxRows, "source-max-rows", "most rows of one, 1000000 unless set (MONTHEND_SOURCE_MAX_ROWS)")
}

// readSecrets keeps the variables that may be sent to others; no other variable ever comes near a definition.
func (o *outsideSettings) readSecrets(environ []string) {
	o.secrets = map[string]string{}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, report.SecretPrefix) {
			o.secrets[name] = value
		}
	}
}

// openOutside opens what reads from outside the source.
func (s *settings) openOutside(ctx context.Context) (*source.Outside, error) {
	o := &s.Outside
	cfg := remote.Config{Secrets: o.secrets, MaxBytes: o.MaxMB << 20, MaxRows: o.MaxRows}
	var err error
	if cfg.Hosts, err = remote.ParseHosts(o.Hosts); err != nil {
		return nil, usage("", "MONTHEND_SOURCE_HOSTS: %w", err)
	}
	if cfg.Folders, err = remote.ParseFolders(o.Files); err != nil {
		return nil, usage("", "MONTHEND_SOURCE_FILES: %w", err)
	}
	if o.MaxMB < 0 || o.MaxRows < 0 {
		return nil, usage("", "MONTHEND_SOURCE_MAX_MB and MONTHEND_SOURCE_MAX_ROWS are 1 or more")
	}
	for _, folder := range cfg.Folders {
		if folder.Bucket == "" || cfg.Objects != nil {
			continue
		}
		settings, err := awsConfig(ctx)
		if err != nil {
			return nil, err
		}
		cfg.Objects = store.NewObjects(s3.NewFromConfig(settings, func(o *s3.Options) {
			o.UsePathStyle = true
			awstrace.Instrument(&o.APIOptions)
		}))
	}
	return source.OpenOutside(cfg)
}
