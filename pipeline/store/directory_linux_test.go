package store_test

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/monthend/monthend/pipeline/store"
)

// A read-only folder is found when the store is opened, not at the end of the first run.
func TestOpenDirectoryReadOnly(t *testing.T) {
	root, err := os.MkdirTemp("", "monthend-store-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	if err := os.Chmod(root, 0o555); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		// Root writes anywhere, so on this thread the file system is to see somebody else.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := syscall.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer syscall.Setfsuid(0)
	}
	_, err = store.Open(t.Context(), "file://"+root, nil)
	var refused *store.OutputError
	if !errors.As(err, &refused) || refused.Malformed || !errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line that says the permission is missing", err)
	}
}
