package store

import (
	"path/filepath"
	"strings"
)

// IsS3 reports whether output is in S3, so that a client is needed to open it.
func IsS3(output string) bool { return strings.HasPrefix(output, "s3://") }

// Locate is what Locate of the opened output answers, for who only tells where a file lies and need not be able to write
// there: an absolute file path, or an s3:// url. An output that is none gives the path alone.
func Locate(output, path string) string {
	place, err := parse(output)
	switch {
	case err != nil:
		return path
	case place.Scheme == "s3":
		return strings.TrimRight(output, "/") + "/" + path
	}
	return filepath.Join(filepath.FromSlash(place.Path), filepath.FromSlash(path))
}
