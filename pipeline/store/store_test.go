package store_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/monthend/monthend/pipeline/store"
)

func TestOpenMalformed(t *testing.T) {
	for _, output := range []string{
		"", "reports", "/var/reports", "./reports", "file://reports", "file://host/reports", "file:reports", "file:", "s3://", "s3:///prefix",
		"s3:bucket", "https://bucket.s3.amazonaws.com/prefix", "s3://bucket/a/../b", "s3://bucket/a//b", "s3://bucket?versionId=1",
		"s3://id:secret@bucket/prefix", "file:///reports#x", "s3://bucket:80/x", "file:///re%zzports", "s3://id:sec%ret@bucket/prefix",
	} {
		_, err := store.Open(t.Context(), output, nil)
		var refused *store.OutputError
		if !errors.As(err, &refused) || !refused.Malformed {
			t.Errorf("open %q: got %v, want a malformed output", output, err)
			continue
		}
		if text := err.Error(); !strings.HasSuffix(text, "want file:///directory or s3://bucket/prefix") || strings.Contains(text, "\n") {
			t.Errorf("open %q: got %q, want one line that names the two forms", output, text)
		}
		if strings.Contains(err.Error(), "sec") {
			t.Errorf("open %q: got %q, want no secret in it", output, err)
		}
	}
}
