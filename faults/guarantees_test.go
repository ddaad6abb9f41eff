package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// reference is a test as the guarantees name it: `file Test`, or `file TestFault/row`.
var reference = regexp.MustCompile("`([a-z0-9_/]+_test\\.go) (Test[A-Za-z0-9]+)(?:/([a-z0-9_]+))?`")

// TestGuarantees checks that each sentence of the guarantees names a test, and that the tests named are there.
func TestGuarantees(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "guarantees.md"))
	if err != nil {
		t.Fatal(err)
	}
	promised, _, ok := strings.Cut(string(text), "\n# What is not promised\n")
	if !ok {
		t.Fatal("the guarantees do not say what is not promised")
	}
	sentences := strings.Split(promised, "\n- ")[1:]
	if len(sentences) == 0 {
		t.Fatal("nothing is promised")
	}
	rows := map[string]bool{}
	for _, f := range faults {
		if f.missing == "" {
			rows[fmt.Sprintf("%02d_%s", f.number, f.name)] = true
		}
	}
	for _, sentence := range sentences {
		sentence, _, _ = strings.Cut(sentence, "\n\n")
		named := reference.FindAllStringSubmatch(sentence, -1)
		if len(named) == 0 {
			t.Errorf("nothing shows %q", sentence)
		}
		for _, m := range named {
			file, name, row := m[1], m[2], m[3]
			stands(t, file+" "+name)
			if name == "TestFault" && !rows[row] {
				t.Errorf("the table has no row %q, which shows %q", row, sentence)
			}
		}
		if strings.Count(sentence, "_test.go") != len(named) {
			t.Errorf("a test is named in another form than `file Test` in %q", sentence)
		}
	}
}
