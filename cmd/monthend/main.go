// Command monthend produces month-end reports: it takes report jobs from Amazon SQS, extracts the month from PostgreSQL,
// validates every row, publishes one immutable version and shows the run as one AWS X-Ray trace. This folder wires the
// rooms together, reads flags and environment and prints; it decides nothing about reports.
package main

import (
	"os"
	_ "time/tzdata" // definitions name time zones, and a slim image has none
)

func main() {
	app := newApp(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	os.Exit(app.main())
}
