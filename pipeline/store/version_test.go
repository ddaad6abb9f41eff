package store_test

import (
	"testing"

	"github.com/monthend/monthend/pipeline/store"
)

func TestParseVersion(t *testing.T) {
	for folder, want := range map[string]struct {
		number int
		digest string
	}{
		"v1-0a1b2c3d":         {1, "0a1b2c3d"},
		"v12-ffffffff":        {12, "ffffffff"},
		"v999999999-00000000": {999999999, "00000000"},
	} {
		number, digest, ok := store.ParseVersion(folder)
		if !ok || number != want.number || digest != want.digest {
			t.Errorf("%q: got %d, %q, %v; want %d, %q", folder, number, digest, ok, want.number, want.digest)
		}
	}
	for _, folder := range []string{
		"", "v", "v1", "v1-", "1-0a1b2c3d", "v0-0a1b2c3d", "v01-0a1b2c3d", "v-1-0a1b2c3d", "v+1-0a1b2c3d", "v1-0A1B2C3D", "v1-0a1b2c3", "v1-0a1b2c3d4",
		"v1-0a1b2c3d/", "vv1-0a1b2c3d", "v1000000000-0a1b2c3d", "v99999999999999999999-0a1b2c3d", "v1-0a1b2c3g", "v1 -0a1b2c3d", "V1-0a1b2c3d",
	} {
		if number, digest, ok := store.ParseVersion(folder); ok {
			t.Errorf("%q: got %d, %q; want it refused", folder, number, digest)
		}
	}
}

// Whatever is read is written back as it was: no two names mean one version.
func FuzzParseVersion(f *testing.F) {
	for _, seed := range []string{"v1-0a1b2c3d", "v01-0a1b2c3d", "v999999999-ffffffff", "v1000000000-00000000", "v1-0a1b2c3", "v-1-0a1b2c3d", "current.json", "v٣-0a1b2c3d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, folder string) {
		number, digest, ok := store.ParseVersion(folder)
		if !ok {
			if number != 0 || digest != "" {
				t.Errorf("%q: got %d, %q with a refusal", folder, number, digest)
			}
			return
		}
		if number < 1 || number > 999_999_999 {
			t.Errorf("%q: got number %d", folder, number)
		}
		if got := store.FormatVersion(number, digest); got != folder {
			t.Errorf("%q: written back as %q", folder, got)
		}
	})
}
