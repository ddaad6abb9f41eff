package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"charm.land/lipgloss/v2"
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/trace/read"
)

// printOutcome prints the end of a job: the files, the verdict of the rules, and the trace where there is one.
func (a *app) printOutcome(o outcome) error {
	if a.format == formatJSON {
		return a.printJSON(o)
	}
	bold, faint := lipgloss.NewStyle().Bold(true), lipgloss.NewStyle().Faint(true)
	var b strings.Builder
	head := o.Report + " " + o.Period
	if o.Tenant != "" {
		head += " " + o.Tenant
	}
	fmt.Fprintf(&b, "%s  %s", bold.Render(head), statusStyles[o.Status].Render(o.Status))
	if o.Version > 0 {
		fmt.Fprintf(&b, "  version %d", o.Version)
	}
	if o.RunID != "" {
		fmt.Fprintf(&b, "  %s", faint.Render(o.RunID))
	}
	b.WriteByte('\n')

	if len(o.Files) > 0 {
		fmt.Fprintf(&b, "\n%s  %s\n", bold.Render("Files"), o.folder)
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, f := range o.Files {
			fmt.Fprintf(w, "  %s\t%s\t%s\n", f.Name, sizeText(f.Bytes), faint.Render("sha256 "+f.SHA256[:8]))
		}
		w.Flush()
	}

	fmt.Fprintf(&b, "\n%s  %s\n", bold.Render("Quality"), verdict(o))
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, rule := range o.Rules {
		found := "kept"
		if rule.Broken > 0 {
			found = fmt.Sprintf("broken by %s", count(rule.Broken))
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", rule.Rule, rule.Severity, found)
	}
	w.Flush()
	if _, err := lipgloss.Fprint(a.stdout, b.String()); err != nil {
		return err
	}
	if len(o.Spans) > 0 {
		if err := a.printTrace(o.trace); err != nil {
			return err
		}
	}
	if o.Elapsed > 0 {
		fmt.Fprintf(a.stdout, "\ndone in %.1f s", float64(o.Elapsed)/1000)
		if html := o.find("html"); html != "" {
			fmt.Fprintf(a.stdout, "; open %s", html)
		}
		fmt.Fprintln(a.stdout)
	}
	return nil
}

// find is the path of the first file of a format.
func (o outcome) find(format string) string {
	for _, f := range o.Files {
		if f.Format == format {
			return filepath.FromSlash(f.Path)
		}
	}
	return ""
}

// printTrace draws a trace as a waterfall.
func (a *app) printTrace(t read.Trace) error {
	width, ok := terminal(a.stdout)
	if !ok {
		width = 120
	}
	fmt.Fprintln(a.stdout)
	return read.Waterfall(a.stdout, t, read.Options{Width: min(width, 160), Color: a.coloured(a.stdout)})
}

// verdict says in one line what the gate found.
func verdict(o outcome) string {
	if o.gate.Of == "" {
		return fmt.Sprintf("%s records extracted, %s rejected", count(o.Extracted), count(o.Rejected))
	}
	line := fmt.Sprintf("%s %s extracted, %s rejected", count(o.gate.Extracted), o.gate.Of, count(o.gate.Rejected))
	if o.gate.Limit != "" {
		line += fmt.Sprintf(" (%s of %s allowed)", percent(o.gate.Share), percent(o.gate.Limit))
	}
	if o.gate.Shut {
		line += ": the gate is shut"
	}
	return line
}

// count writes a number of things with its thousands apart.
func count(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// things counts what has a plain plural.
func things(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return count(int64(n)) + " " + thing + "s"
}

// sizeText is a file size as people read it.
func sizeText(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000*1000:
		return fmt.Sprintf("%.1f kB", float64(n)/1000)
	case n < 1000*1000*1000:
		return fmt.Sprintf("%.1f MB", float64(n)/1000/1000)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1000/1000/1000)
}

// percent writes a decimal fraction as a percentage with two digits.
func percent(share string) string {
	d, err := decimal.NewFromString(share)
	if err != nil {
		return share
	}
	return d.Shift(2).RoundBank(2).String() + " %"
}
