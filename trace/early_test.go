package trace_test

import (
	"os"
	"os/exec"
	"testing"
)

// The SDK resolves AWS_XRAY_DAEMON_ADDRESS while a program is initialized, and panics over what it cannot resolve.
func TestDaemonVariableIsHidden(t *testing.T) {
	for _, address := range []string{"foo", "no-such-host.invalid:2000"} {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), "AWS_XRAY_DAEMON_ADDRESS="+address)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%.300s", address, err, out)
		}
	}
}
