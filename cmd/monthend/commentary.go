package main

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/monthend/monthend/pipeline/commentary"
)

// commentarySettings say which language model may be asked for drafts in words. Without a URL nobody is asked.
type commentarySettings struct {
	URL     string        `env:"MONTHEND_COMMENTARY_URL"`
	Model   string        `env:"MONTHEND_COMMENTARY_MODEL"`
	Key     string        `env:"MONTHEND_COMMENTARY_KEY"`
	Timeout time.Duration `env:"MONTHEND_COMMENTARY_TIMEOUT" envDefault:"20s"`
}

// commentaryFlags has no flag for the key: what stands on a command line, everybody on the machine can read.
func (s *settings) commentaryFlags(fs *pflag.FlagSet) {
	c := &s.Commentary
	flag(fs.StringVar, fs, &c.URL, "commentary-url", "where commentary is drafted, an API as OpenAI's, such as https://host/v1; nobody is asked when empty (MONTHEND_COMMENTARY_URL)")
	flag(fs.StringVar, fs, &c.Model, "commentary-model", "its model; the key is MONTHEND_COMMENTARY_KEY (MONTHEND_COMMENTARY_MODEL)")
	flag(fs.DurationVar, fs, &c.Timeout, "commentary-timeout", "how long a report waits for its draft, 20s unless set (MONTHEND_COMMENTARY_TIMEOUT)")
}

// openCommentary is nil where nobody is to be asked.
func (s *settings) openCommentary() (*commentary.Drafter, error) {
	c := &s.Commentary
	if c.URL == "" {
		return nil, nil
	}
	d, err := commentary.New(commentary.Config{URL: c.URL, Model: c.Model, Key: c.Key, Timeout: c.Timeout})
	if err != nil {
		return nil, usage("", "MONTHEND_COMMENTARY_URL, _MODEL or _TIMEOUT: %w", err)
	}
	return d, nil
}
