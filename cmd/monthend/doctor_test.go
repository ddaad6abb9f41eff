package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDoctorLinesShown holds the transcripts to every line of doctor: each is shown well, and not well.
func TestDoctorLinesShown(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "script", "doctor_*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("transcripts %v, %v", files, err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	// Either a line that is looked for, or one of an output that is compared whole.
	shown := func(status, name string) bool {
		return regexp.MustCompile(`(?m)^(stdout '\^)?` + status + ` +` + name + ` `).MatchString(all.String())
	}
	warnOnly := map[string]bool{"backlog": true, "tracing": true, "sampling": true, "traces-whole": true, "trace-dropped": true} // they stop no run
	for _, name := range checkNames() {
		if !shown(checkOK, name) {
			t.Errorf("no transcript shows %q well", name)
		}
		if !shown(checkWrong, name) && !(warnOnly[name] && shown(checkWarn, name)) {
			t.Errorf("no transcript shows %q not well", name)
		}
	}
}

// TestDoctorOrder holds each check to standing behind those that it needs.
func TestDoctorOrder(t *testing.T) {
	before := map[string]bool{}
	for _, c := range doctorChecks() {
		for _, need := range c.needs {
			if !before[need] {
				t.Errorf("%q needs %q, which does not stand before it", c.name, need)
			}
		}
		before[c.name] = true
	}
}
