package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/monthend/monthend/local/postgres"
)

// demo runs the demo as a newcomer does, once it is built, up to the line that says where the files are. The rival is the
// private PostgreSQL alone: made, started and answering, which is what no demo on a real database comes below.
func demo(ctx context.Context, b *bench) error {
	var shown, bare []float64
	for range cmp.Or(b.rounds, 5) {
		took, err := b.runDemo(ctx)
		if err != nil {
			return err
		}
		database, err := b.startDatabase(ctx)
		if err != nil {
			return err
		}
		shown, bare = append(shown, s(took)), append(bare, s(database))
	}
	b.pair("s", shown, bare)
	b.verdict("demo_s", median(shown), "<=10")
	return nil
}

// runDemo is the time to the printed paths.
func (b *bench) runDemo(ctx context.Context) (took time.Duration, err error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer reader.Close()
	began := time.Now()
	p, err := b.start(ctx, nil, writer, "demo")
	writer.Close()
	if err != nil {
		return 0, err
	}
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		if took == 0 && strings.HasPrefix(lines.Text(), "Files") {
			took = time.Since(began)
		}
	}
	<-p.done
	if err := errors.Join(lines.Err(), p.err); err != nil {
		return 0, fmt.Errorf("run the demo: %w", err)
	}
	if took == 0 {
		return 0, errors.New("the demo printed no path")
	}
	return took, nil
}

// startDatabase is the time until a new private database answers.
func (b *bench) startDatabase(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	server, err := postgres.Start(ctx, postgres.Config{Temp: b.dir})
	if err != nil {
		return 0, err
	}
	took := time.Since(began)
	return took, server.Close()
}
