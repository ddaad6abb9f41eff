package postgres_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/monthend/monthend/local/postgres"
)

func TestKilledOwner(t *testing.T) {
	temp := openTemp(t)
	owner := exec.Command(os.Args[0], "-test.run=^$")
	owner.Env = append(os.Environ(), ownerVariable+"="+temp)
	owner.Stderr = os.Stderr
	if _, err := owner.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("owner said %q: %v", line, err)
	}
	left, err := filepath.Glob(filepath.Join(temp, "monthend-pg-*"))
	if err != nil || len(left) != 1 {
		t.Fatalf("directories of the owner: %q (%v), want one", left, err)
	}
	server := postmaster(t, left[0])
	if !postgres.LivePostmaster(server) {
		t.Fatal("the server does not live before its owner is killed")
	}
	// What a living owner has, and what was not made by us, a start leaves alone.
	stranger := filepath.Join(temp, "monthend-pg-stranger")
	if err := os.Mkdir(stranger, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := start(t, postgres.Config{Temp: temp}).Close(); err != nil {
		t.Fatal(err)
	}
	if !postgres.LivePostmaster(server) {
		t.Fatal("a second start ended the server of a living owner")
	}

	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait() // killed
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); postgres.LivePostmaster(server); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the server outlives its killed owner")
		}
	}

	if err := start(t, postgres.Config{Temp: temp}).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left[0]); !os.IsNotExist(err) {
		t.Errorf("the directory of the killed owner is still there (%v)", err)
	}
	if _, err := os.Stat(stranger); err != nil {
		t.Errorf("the directory of a stranger was swept: %v", err)
	}
}
