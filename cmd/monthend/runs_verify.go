package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/monthend/monthend/pipeline"
	"github.com/monthend/monthend/report"
)

// verifyOptions are the flags of runs verify.
type verifyOptions struct {
	month, year int
	tenant      string
	repair      bool
}

func newRunsVerifyCommand(a *app, s settings) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify [REPORT]",
		Short: "Hash again what is published, and name what was altered or lost",
		Long: "verify reads every file of every published version and compares it with its manifest, the manifest with the ledger,\n" +
			"and current.json with the version that is current. It exits with 1 when something was altered, lost or added, and\n" +
			"is not so any more after --repair, which writes current.json and nothing else.",
		Args: atMost("REPORT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := o.config(args)
			if err != nil {
				return err
			}
			return a.runRunsVerify(cmd.Context(), s, cfg)
		},
	}
	fs := cmd.Flags()
	fs.IntVar(&o.month, "month", 0, "verify this month only, 1 to 12; with --year")
	fs.IntVar(&o.year, "year", 0, "year of the month")
	fs.StringVar(&o.tenant, "tenant", "", "verify this tenant only")
	fs.BoolVar(&o.repair, "repair", false, "write a current.json that is lost or wrong anew")
	s.databaseFlags(fs)
	s.outputFlags(fs)
	return cmd
}

// config checks the flags.
func (o verifyOptions) config(args []string) (cfg pipeline.VerifyConfig, err error) {
	cfg = pipeline.VerifyConfig{Tenant: o.tenant, Repair: o.repair}
	if len(args) > 0 {
		cfg.Report = args[0]
	}
	switch {
	case cfg.Report != "" && !report.ValidName(cfg.Report):
		return cfg, usage("monthend runs list", "%q is not the name of a report", cfg.Report)
	case o.tenant != "" && !report.ValidTenant(o.tenant):
		return cfg, usage("", "%q is not the name of a tenant", o.tenant)
	case o.month != 0 && o.year == 0:
		return cfg, usage("", "--year is missing")
	case o.month == 0 && o.year != 0:
		return cfg, usage("", "--month is missing")
	case o.month != 0:
		if cfg.Period, err = report.NewPeriod(o.year, o.month); err != nil {
			return cfg, usage("", "%w", err)
		}
	}
	return cfg, nil
}

// findingLine is one thing that is not as it was published.
type findingLine struct {
	Finding  pipeline.FindingKind `json:"finding"`
	Report   string               `json:"report"`
	Period   string               `json:"period"`
	Tenant   string               `json:"tenant,omitempty"`
	Version  int                  `json:"version,omitempty"`
	Path     string               `json:"path"`
	Detail   string               `json:"detail"`
	Repaired bool                 `json:"repaired,omitempty"`
}

// verifiedShown is the whole of it.
type verifiedShown struct {
	Sound    bool          `json:"sound"`
	Versions int           `json:"versions"`
	Files    int           `json:"files"`
	Bytes    int64         `json:"bytes"`
	Findings []findingLine `json:"findings"`
}

func (a *app) runRunsVerify(ctx context.Context, s settings, cfg pipeline.VerifyConfig) error {
	if err := a.checkFormat(formatTable, formatJSON, formatCSV); err != nil {
		return err
	}
	for _, need := range []func() error{s.needDatabase, s.needOutput} {
		if err := need(); err != nil {
			return err
		}
	}
	var err error
	if cfg.Ledger, err = s.openLedger(ctx, ""); err != nil {
		return err
	}
	defer cfg.Ledger.Close()
	if cfg.Store, err = s.openStore(ctx); err != nil {
		return err
	}
	defer cfg.Store.Close()
	verified, broken := pipeline.Verify(ctx, cfg)
	shown := newVerifiedShown(cfg, verified)
	shown.Sound = shown.Sound && broken == nil // what was not read is not sound
	if err := a.printVerified(shown); err != nil {
		return err
	}
	switch {
	case broken != nil:
		return unavailable("", "%w", broken)
	case !verified.Sound():
		return withCode(exitFailed, "", fmt.Errorf("what is published is not what it was: %s", things(unmended(verified), "finding")))
	}
	return nil
}

// unmended counts the findings that are the reason for the exit code.
func unmended(v pipeline.Verified) int {
	n := 0
	for _, f := range v.Findings {
		if f.Kind != pipeline.Orphan && !f.Repaired {
			n++
		}
	}
	return n
}

func newVerifiedShown(cfg pipeline.VerifyConfig, v pipeline.Verified) verifiedShown {
	shown := verifiedShown{Sound: v.Sound(), Versions: v.Versions, Files: v.Files, Bytes: v.Bytes, Findings: []findingLine{}}
	for _, f := range v.Findings {
		shown.Findings = append(shown.Findings, findingLine{
			Finding: f.Kind, Report: f.Key.Report, Period: f.Key.Period.String(), Tenant: f.Key.Tenant, Version: f.Version,
			Path: cfg.Store.Locate(f.Path), Detail: f.Detail, Repaired: f.Repaired,
		})
	}
	return shown
}

func (a *app) printVerified(v verifiedShown) error {
	g := grid{head: []string{"finding", "report", "period", "tenant", "version", "path", "detail", "repaired"}, right: map[int]bool{4: true}}
	for _, f := range v.Findings {
		version, repaired := "", ""
		if f.Version > 0 {
			version = strconv.Itoa(f.Version)
		}
		if f.Repaired {
			repaired = "repaired"
		}
		g.rows = append(g.rows, []string{string(f.Finding), f.Report, f.Period, f.Tenant, version, f.Path, f.Detail, repaired})
	}
	if err := a.printGrid(g, v); err != nil || a.format != formatTable {
		return err
	}
	_, err := fmt.Fprintf(a.stdout, "read %s of %s, %s: %s\n",
		things(v.Files, "file"), things(v.Versions, "version"), sizeText(v.Bytes), map[bool]string{true: "sound", false: "not sound"}[v.Sound])
	return err
}
