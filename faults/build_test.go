package faults_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built is the real binary, built at the first need and once a test process.
var built program

type program struct {
	once sync.Once
	dir  string
	path string
	err  error
}

// Binary is the path of the monthend that the tests start.
func Binary(tb testing.TB) string {
	tb.Helper()
	built.once.Do(built.build)
	if built.err != nil {
		tb.Fatalf("build monthend: %v", built.err)
	}
	return built.path
}

func (p *program) build() {
	if p.dir, p.err = os.MkdirTemp("", "monthend-faults-"); p.err != nil {
		return
	}
	p.path = filepath.Join(p.dir, "monthend")
	args := []string{"build", "-o", p.path}
	if raceFlag != "" {
		args = append(args, raceFlag)
	}
	out, err := exec.Command("go", append(args, "github.com/monthend/monthend/cmd/monthend")...).CombinedOutput()
	if err != nil {
		p.err = fmt.Errorf("%w\n%s", err, out)
	}
}

func (p *program) remove() {
	if p.dir != "" {
		os.RemoveAll(p.dir)
	}
}
