package main

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReadme pastes what the README shows: every line of every sh block, in a copy of the repository, terminal by terminal.
func TestReadme(t *testing.T) {
	dir := copyRepository(t)
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) < 4 {
		t.Fatalf("the README has %d sh blocks, want the demo and three terminals", len(blocks))
	}
	pasted := 0
	for _, block := range blocks {
		text := block[1]
		switch {
		case strings.HasPrefix(text, "# terminal 1"):
			stay(t, dir, text)
			await(t, filepath.Join(dir, "local.env"), "MONTHEND_XRAY_ADDRESS=")
		case strings.HasPrefix(text, "# terminal 2"), strings.HasPrefix(text, "# terminal 4"):
			stay(t, dir, text)
		default:
			paste(t, dir, text)
		}
		pasted++
	}
	t.Logf("pasted %d blocks", pasted)
}

// copyRepository copies what a clone would hold, without building on what lies about here.
func copyRepository(t *testing.T) string {
	t.Helper()
	root, dir := filepath.Join("..", ".."), t.TempDir()
	out, err := exec.Command("git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatalf("list the files of the repository: %v", err)
	}
	for _, name := range strings.Fields(string(out)) {
		data, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, data, fs.FileMode(0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// pasteTimeout bounds one block; the first ones build the program.
const pasteTimeout = 5 * time.Minute

// shell is a terminal of its own: what it starts is one process group.
func shell(ctx context.Context, dir, text string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-e", "-c", text)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// paste runs a block to its end, which must be a good one.
func paste(t *testing.T, dir, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), pasteTimeout)
	defer cancel()
	out, err := shell(ctx, dir, text).CombinedOutput()
	if err != nil {
		t.Fatalf("%s\n%s\n%v", text, out, err)
	}
}

// stay runs a block that goes on until Ctrl-C, which comes at the end of the test.
func stay(t *testing.T, dir, text string) {
	t.Helper()
	cmd := shell(context.WithoutCancel(t.Context()), dir, text)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		select {
		case err := <-ended:
			t.Errorf("ended before Ctrl-C: %v", err)
		default:
			syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
			<-ended
		}
		if t.Failed() {
			t.Logf("%s\n%s", text, out.String())
		}
	})
}

// await waits until a file holds text. A file has no signal to wait for; this looks again and again.
func await(t *testing.T, file, text string) {
	t.Helper()
	err := poll(t.Context(), pasteTimeout, func(context.Context) (bool, error) {
		data, err := os.ReadFile(file)
		return err == nil && bytes.Contains(data, []byte(text)), nil
	})
	if err != nil {
		t.Fatalf("wait for %s in %s: %v", text, filepath.Base(file), err)
	}
}
