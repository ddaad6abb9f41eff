package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/monthend/monthend/local/xray"
)

// month moves, checks and adds up a month of 850,000 rows, and the whole table as one month of ten million. The limit is what
// the server can send: psql's binary COPY of the very same query, thrown away. The job is the real program drawing a
// preview: extraction, six rules, quarantine, five datasets, their files. Beside the small month stand the ways that it is
// done elsewhere: Python with lists and loops, and a Go program that only scans the rows. The small month is also worked
// with somebody listening to its trace, which must cost next to nothing.
//
// Within a round all variants take turns, each in a process of its own, start included; memory is the most that the process
// ever held (what it had of this program's memory before it became itself counts too, some 40 MB).
func month(ctx context.Context, b *bench) error {
	m, err := b.newMonths(ctx)
	if err != nil {
		return err
	}
	defer m.ledger.server.Close()
	defer m.xray.Close()
	for round := range cmp.Or(b.rounds, 5) {
		for _, v := range m.variants {
			t, err := m.take(ctx, v)
			if err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
			m.taken[v.name] = append(m.taken[v.name], t)
			fmt.Fprintf(b.out, "round %d: %-12s %6s s, processor %6s s, %4.0f MB\n", round+1, v.name, short(s(t.wall)), short(s(t.cpu)), t.rss)
		}
	}
	if err := m.compare(); err != nil {
		return err
	}
	m.report()
	return nil
}

// months is the measure in work.
type months struct {
	*bench
	ledger   *ledger
	xray     *xray.Server
	dir      string
	env      []string // of every variant
	variants []variant
	taken    map[string][]taken
}

// variant is one way, as a command.
type variant struct {
	name  string
	limit string // the variant that it is compared with, "" for a limit itself
	args  []string
	env   []string // beside that of all
}

// taken is what one run of a variant took.
type taken struct {
	wall, cpu time.Duration
	rss       float64 // MB
}

func (b *bench) newMonths(ctx context.Context) (m *months, err error) {
	m = &months{bench: b, taken: map[string][]taken{}}
	if m.dir, err = os.MkdirTemp(b.dir, "month-"); err != nil {
		return nil, err
	}
	psql, python, err := findRivals(ctx)
	if err != nil {
		return nil, err
	}
	if err := m.writeDefinitions(); err != nil {
		return nil, err
	}
	if m.ledger, err = b.openLedger(ctx); err != nil {
		return nil, err
	}
	if m.env, err = environment(m.ledger.url); err != nil {
		return nil, errors.Join(err, m.ledger.server.Close())
	}
	self, err := os.Executable()
	if err != nil {
		return nil, errors.Join(err, m.ledger.server.Close())
	}
	if m.xray, err = xray.Start(xray.Config{}); err != nil {
		return nil, errors.Join(err, m.ledger.server.Close())
	}
	limit := func(name, definition string) variant {
		return variant{name: name, args: []string{psql, "-qXc", "COPY (" + m.literal(definition) + ") TO STDOUT (FORMAT binary)"}}
	}
	worker := func(name, limit, work, definition, memory string) variant {
		return variant{name: name, limit: limit, args: []string{self, workFlag, work, m.definitions(), definition, memory}}
	}
	run := func(name, limit, definition, memory string) variant {
		return variant{name: name, limit: limit, args: []string{b.binary, "run", definition, "--preview", "--month", "3", "--year", "2026",
			"--to", m.files(name), "--memory-mb", memory, "--log-level", "error"}}
	}
	m.variants = []variant{
		limit("copy month", "month"),
		worker("ingest month", "copy month", "ingest", "month", "256"),
		worker("scan month", "copy month", "scan", "month", "256"),
		run("job month", "copy month", "month", "256"),
		traced(run("job traced", "copy month", "month", "256"), m.xray),
		{name: "lists month", limit: "copy month", args: []string{python, filepath.Join(m.dir, "bench", "lists.py"), m.files("lists month")}},
		limit("copy all", "all"),
		worker("ingest all", "copy all", "ingest", "all", "512"),
		run("job all", "copy all", "all", "256"),
		run("job all 512", "copy all", "all", "512"),
	}
	if len(b.only) > 0 {
		m.variants = slices.DeleteFunc(m.variants, func(v variant) bool { return !slices.Contains(b.only, v.name) })
	}
	return m, nil
}

// traced is a variant whose trace somebody takes.
func traced(v variant, x *xray.Server) variant {
	v.env = append(v.env, "MONTHEND_XRAY_ADDRESS="+x.UDPAddr())
	return v
}

// findRivals answers with the programs that are compared with. A missing one is not passed over: the measure would say less
// than it promises.
func findRivals(ctx context.Context) (psql, python string, err error) {
	const install = "apt-get install -y postgresql-client python3-sqlalchemy python3-psycopg2"
	if psql, err = exec.LookPath("psql"); err != nil {
		return "", "", fmt.Errorf("psql is not installed; on Debian: %s", install)
	}
	// Debian's own Python first: a python3 earlier on the PATH may not see Debian's packages.
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.CommandContext(ctx, python, "-c", "import sqlalchemy, psycopg2").Run() == nil {
			return psql, python, nil
		}
	}
	return "", "", fmt.Errorf("python3 has no sqlalchemy or no psycopg2; on Debian: %s", install)
}

func (m *months) definitions() string { return filepath.Join(m.dir, "bench", "definition") }

// files is where a variant writes.
func (m *months) files(variant string) string { return filepath.Join(m.dir, "files", variant) }

// writeDefinitions lays out the reports. "all" is "month" over the whole table.
func (m *months) writeDefinitions() error {
	if err := os.CopyFS(filepath.Join(m.dir, "bench"), definitions); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(m.dir, "bench", "lists.py"), lists, 0o644); err != nil {
		return err
	}
	all := filepath.Join(m.definitions(), "all")
	if err := os.CopyFS(all, os.DirFS(filepath.Join(m.definitions(), "month"))); err != nil {
		return err
	}
	for file, change := range map[string]func(string) string{
		"report.yaml":      func(text string) string { return strings.Replace(text, "name: month", "name: all", 1) },
		"transactions.sql": func(text string) string { before, _, _ := strings.Cut(text, "WHERE"); return before },
	} {
		path := filepath.Join(all, file)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(change(string(text))), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// literal is the main query with its parameters written into it: COPY takes none.
func (m *months) literal(definition string) string {
	text, err := os.ReadFile(filepath.Join(m.definitions(), definition, "transactions.sql"))
	if err != nil {
		panic(err) // it was written a moment ago
	}
	return strings.NewReplacer("@period_start", "'2026-03-01Z'", "@period_end", "'2026-04-01Z'").Replace(string(text))
}

// environment names the database to every variant, in the ways of libpq and of monthend.
func environment(url string) ([]string, error) {
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the server's URL is not a connection string")
	}
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), urlVariable + "=" + url,
		"PGHOST=" + cfg.Host, fmt.Sprintf("PGPORT=%d", cfg.Port), "PGUSER=" + cfg.User, "PGPASSWORD=" + cfg.Password, "PGDATABASE=" + cfg.Database,
	}, nil
}

// take runs a variant once.
func (m *months) take(ctx context.Context, v variant) (taken, error) {
	if err := os.MkdirAll(m.files(v.name), 0o755); err != nil {
		return taken{}, err
	}
	cmd := exec.CommandContext(ctx, v.args[0], v.args[1:]...)
	cmd.Env = append(append(slices.Clone(m.env), v.env...), "TMPDIR="+m.dir, "MONTHEND_SPOOL="+filepath.Join(m.dir, "spool"), "MONTHEND_DEFINITIONS="+m.definitions())
	var out, said bytes.Buffer
	if v.limit != "" { // the others go to the null device, as the limit is defined
		cmd.Stdout = &out
	}
	cmd.Stderr = &said
	began := time.Now()
	err := cmd.Run()
	t := taken{wall: time.Since(began)}
	if err != nil {
		return t, fmt.Errorf("%w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	t.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		t.rss = float64(usage.Maxrss) / 1024
		if runtime.GOOS == "darwin" {
			t.rss /= 1024 // which counts in bytes
		}
	}
	return t, nil
}

// compare holds the files of the job against those of the lists: who is faster with another result has won nothing.
func (m *months) compare() error {
	if !m.have("job month") || !m.have("lists month") {
		return nil
	}
	for _, dataset := range []string{"by_account", "by_category", "daily", "by_region", "top_counterparties"} {
		want, err := os.ReadFile(filepath.Join(m.files("lists month"), dataset+".csv"))
		if err != nil {
			return err
		}
		got, err := os.ReadFile(filepath.Join(m.files("job month"), dataset+".csv"))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("%s.csv of the job is not that of the lists", dataset)
		}
	}
	return nil
}

// report prints the medians and the verdicts. A variant that was left out has none.
func (m *months) report() {
	fmt.Fprintf(m.out, "\n%-12s %10s %10s %10s %10s\n", "median of", "s", "limits", "cpu s", "MB")
	for _, v := range m.variants {
		rate := "1"
		if m.have(v.limit) {
			rate = short(m.median(v.limit, wall) / m.median(v.name, wall))
		}
		fmt.Fprintf(m.out, "%-12s %10s %10s %10s %10.0f\n", v.name, short(m.median(v.name, wall)), rate, short(m.median(v.name, cpu)), m.median(v.name, rss))
	}
	fmt.Fprintln(m.out)
	ratio := func(name, above, below string, of func(taken) float64, want string) {
		if m.have(above) && m.have(below) {
			m.verdict(name, m.median(above, of)/m.median(below, of), want)
		}
	}
	ratio("ingest_over_copy", "copy all", "ingest all", wall, ">=1")
	ratio("job_over_copy", "copy all", "job all 512", wall, ">=0.6")
	ratio("traced_over_untraced", "job traced", "job month", wall, "<=1.03")
	ratio("job_over_lists", "lists month", "job month", wall, ">=8")
	ratio("job_over_lists_rss", "job month", "lists month", rss, "<=0.333")
	if m.have("job all") {
		m.verdict("job_rss_mb", m.median("job all", rss), "<=600")
	}
}

func wall(t taken) float64 { return s(t.wall) }
func cpu(t taken) float64  { return s(t.cpu) }
func rss(t taken) float64  { return t.rss }

func (m *months) have(variant string) bool { return len(m.taken[variant]) > 0 }

func (m *months) median(variant string, of func(taken) float64) float64 {
	var values []float64
	for _, t := range m.taken[variant] {
		values = append(values, of(t))
	}
	return median(values)
}
