package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/report"
)

// memoryLimit is far more than small reports take, the race detector's share included, and far less than the hungry one does.
const memoryLimit = 1 << 30 // bytes

// hungry asks for a report that takes more memory than its workers may have, so that the system kills them: one that worked
// on others as well, then two that worked on nothing else. The jobs beside it are published all the same.
func hungry(t *testing.T) {
	s := NewStack(t, StackConfig{})
	sent := s.Send(report.Job{Report: "hungry-month", Period: "2024-01"})
	s.Expect(sent, report.Failed)
	beside := []Sent{s.Send(job("beside-0")), s.Send(job("beside-1"))}
	for n := range 3 {
		w := s.NewWorker(fmt.Sprintf("starved-%d", n))
		w.Env["MONTHEND_CONCURRENCY"] = "2"
		w.Starve(memoryLimit)
		w.Start()
		w.Wait()
		s.Expire()
	}
	s.StartWorker("last")
	s.Check()
	for _, b := range beside {
		if r := s.Await(b); r.Outcome != report.Published {
			t.Errorf("request %s beside it: got outcome %q, want published", b.RequestID, r.Outcome)
		}
	}
	letters := s.DeadLetters(t.Context())
	if len(letters) != 1 || !strings.Contains(letters[0].Reason, "crashed 2 times while worked alone") {
		t.Errorf("got dead letters %+v, want one that says why", letters)
	}
}

// Starve lets the worker have so many bytes of memory and has it killed when it takes more: by the kernel where the test may
// make a memory cgroup, else by the test itself, in the way of the kernel.
func (w *Worker) Starve(limit int64) {
	w.tb.Helper()
	for _, g := range memoryGroups() {
		group := filepath.Join(g.folder, fmt.Sprintf("monthend-%d-%s", os.Getpid(), w.name))
		if os.Mkdir(group, 0o755) != nil {
			continue
		}
		w.tb.Cleanup(func() { os.Remove(group) }) // after the worker's end, which was asked for later
		if os.WriteFile(filepath.Join(group, g.limit), fmt.Append(nil, limit), 0o644) != nil {
			continue
		}
		w.Wrap = []string{"sh", "-c", `echo $$ > "$0" && exec "$@"`, filepath.Join(group, "cgroup.procs")}
		return
	}
	w.tb.Logf("no memory cgroup for %s: the test kills it above %d bytes", w.name, limit)
	go func() { // ends with the worker
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-w.done:
				return
			case <-tick.C:
			}
			if w.resident() > limit {
				w.Kill()
			}
		}
	}()
}

// memoryGroup is a cgroup that the tests run in and the name of its limit.
type memoryGroup struct{ folder, limit string }

// memoryGroups are the memory cgroups of this process, of either version.
func memoryGroups() (groups []memoryGroup) {
	data, _ := os.ReadFile("/proc/self/cgroup")
	for line := range strings.Lines(string(data)) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(fields) != 3:
		case fields[1] == "memory":
			groups = append(groups, memoryGroup{filepath.Join("/sys/fs/cgroup/memory", fields[2]), "memory.limit_in_bytes"})
		case fields[1] == "":
			groups = append(groups, memoryGroup{filepath.Join("/sys/fs/cgroup", fields[2]), "memory.max"})
		}
	}
	return groups
}

// resident is how many bytes of memory the worker holds, 0 before its start.
func (w *Worker) resident() int64 {
	w.start.Lock()
	defer w.start.Unlock()
	if w.cmd == nil || w.cmd.Process == nil {
		return 0
	}
	var total, pages int64
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", w.cmd.Process.Pid))
	if err == nil {
		_, err = fmt.Sscan(string(data), &total, &pages)
	}
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
