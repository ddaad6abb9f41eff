// Command bench measures what monthend promises in figures, each beside the rival that it is paired with: the two run
// alternating on the same machine in the same minutes, so that what is compared is them and not the day. It stands beside
// the rooms and may import all of them, but the worker that it measures is the real program with its real settings. It is
// no test: it ends with figures and not with a verdict, because a busy machine is no defect.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// measure is one benchmark: a subcommand.
type measure struct {
	name, short string
	run         func(ctx context.Context, b *bench) error
}

var measures = []measure{
	{"pickup", "message sent → segment begun on an idle worker, p95", pickup},
	{"small", "jobs of 1,000 rows, csv and json, over the bare receive and delete of their messages", small},
	{"recover", "kill -9 in mid-run → the report published by another worker, p95", recovery},
	{"emitter", "the time of a traced job while nobody listens, over the same while somebody does", emitter},
	{"demo", "the demo, to the printed paths of the report", demo},
	{"formats", "a PDF of three pages, and rows into workbooks, CSV and Parquet", formats},
	{"month", "a month of 850,000 rows and one of ten million, over the server's own COPY and over lists in Python", month},
}

// bench is one call of the program.
type bench struct {
	out    io.Writer
	binary string        // of monthend
	dir    string        // everything that is written lies below it, and is removed at the end
	rounds int           // 0: the measure's own number
	stop   time.Duration // emitter: how long nobody listens in each load; 0: 2 s
	lanes  int
	data   string   // month: where the table is kept
	rows   int      // month: of the table
	only   []string // month: the variants to take; none is all
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 1 && os.Args[1] == workFlag {
		if err := work(ctx, os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench worker:", err)
			os.Exit(1)
		}
		return
	}
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures what args name, or everything.
func run(ctx context.Context, args []string, out, messages io.Writer) error {
	b := &bench{out: out}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.StringVar(&b.binary, "monthend", "", "the program to measure; built when empty")
	flags.IntVar(&b.rounds, "rounds", 0, "how often to measure; each measure has its own number")
	flags.DurationVar(&b.stop, "stop", 2*time.Second, "emitter: how long nobody listens, in the middle of a load of twice that time")
	flags.IntVar(&b.lanes, "lanes", 2, "recover: how many pairs of workers are killed at the same time")
	flags.StringVar(&b.data, "data", "", "month: the folder that keeps the table; in the user's cache when empty")
	flags.IntVar(&b.rows, "rows", 10_002_000, "month: how many rows the table has")
	flags.Func("only", "month: a variant to take, such as \"copy all\", instead of all; may be repeated", func(v string) error {
		b.only = append(b.only, v)
		return nil
	})
	flags.Usage = func() {
		fmt.Fprintln(messages, "usage: bench [flags] [measure…]")
		for _, m := range measures {
			fmt.Fprintf(messages, "  %-8s  %s\n", m.name, m.short)
		}
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(flags.Args())
	if err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if b.binary == "" {
		if b.binary, err = build(ctx, b.dir); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, machine())
	for _, m := range chosen {
		fmt.Fprintf(out, "\n%s: %s\n", m.name, m.short)
		if err := m.run(ctx, b); err != nil {
			return fmt.Errorf("measure %q: %w", m.name, cmp.Or(context.Cause(ctx), err))
		}
	}
	return nil
}

// choose finds the measures by their names; no name is all of them.
func choose(names []string) ([]measure, error) {
	if len(names) == 0 {
		return measures, nil
	}
	var chosen []measure
	for _, name := range names {
		found := false
		for _, m := range measures {
			if m.name == name {
				chosen, found = append(chosen, m), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no measure is named %q", name)
		}
	}
	return chosen, nil
}
