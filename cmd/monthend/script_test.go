package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"monthend": main, "curl": curl})
}

// TestScript runs the command line as a person does: each file of testdata/script is one transcript.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			// A private PostgreSQL looks for its programs on PATH and its npm cache at home; nothing else is handed down.
			e.Setenv("PATH", e.Getenv("PATH"))
			e.Setenv("NO_COLOR", "1")
			e.Values["policed"] = &policed{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":        scriptExits,
			"cloud":        scriptCloud,
			"send":         scriptSend,
			"fresh-trace":  scriptFreshTrace,
			"dead-letters": scriptDeadLetters,
			"await":        scriptAwait,
			"follow-run":   scriptFollowRun,
			"check-demo":   scriptCheckDemo,
			"request":      scriptRequest,
			"run-of":       scriptRunOf,
			"no-messages":  scriptNoMessages,
			"alter":        scriptAlter,
			"lose":         scriptLose,
			"letter":       scriptLetter,
			"redriven":     scriptRedriven,
			"parent":       scriptParent,
			"await-parent": scriptAwaitParent,
			"fifo":         scriptFIFO,
			"replay":       scriptReplayTraces,
			"sql":          scriptSQL,
			"sqs-server":   scriptSQSServer,
			"set-queue":    scriptSetQueue,
			"s3-server":    scriptS3Server,
			"admin":        scriptAdmin,
			"url":          scriptURL,
			"answers":      scriptAnswers,
			"other-xray":   scriptOtherXRay,
			"hole":         scriptHole,
			"hangs":        scriptHangs,
			"manual-sql":   scriptManualSQL,
			"policy":       scriptPolicy,
			"receiver":     scriptReceiver,
			"received":     scriptReceived,
			"delivered":    scriptDelivered,
			"free-address": scriptFreeAddress,
			"scrape":       scriptScrape,
			"alerted":      scriptAlerted,
			"posted":       scriptPosted,
			"document":     scriptDocument,
			"pick":         scriptPick,
			"fired":        scriptFired,
			"rates":        scriptRates,
		},
	})
}

// scriptExits runs a command that must exit with the code given: exits 2 monthend trigger.
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// scriptCloud keeps `monthend local` running until the end of the script, and gives the script its environment. A document
// that breaks a rule of X-Ray's fails the script, whatever it was about.
func scriptCloud(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command("monthend", append([]string{"local", "-o", "json", "--strict"}, args...)...)
	var told bytes.Buffer
	path, err := exec.LookPath("monthend")
	ts.Check(err)
	cmd.Path = path
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("HOME"), "TMPDIR=" + ts.Getenv("TMPDIR")}
	cmd.Stderr = &told
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			ts.Logf("monthend local: %v", err)
			ts.Fatalf("monthend local did not stop cleanly: %s", told.String())
		}
		for line := range strings.Lines(told.String()) {
			if line != "monthend: ready; Ctrl-C stops it\n" {
				ts.Fatalf("monthend local said: %s", line)
			}
		}
	})
	var printed struct{ Env map[string]string }
	ts.Check(json.NewDecoder(out).Decode(&printed))
	for name, value := range printed.Env {
		ts.Setenv(name, value)
	}
	ts.Setenv("SQS_ADDR", strings.TrimPrefix(printed.Env["AWS_ENDPOINT_URL_SQS"], "http://"))
	// PostgreSQL's own database: one that answers and holds nothing of ours.
	ts.Setenv("EMPTY_DATABASE_URL", strings.Replace(printed.Env["MONTHEND_DATABASE_URL"], "/monthend?", "/postgres?", 1))
}
