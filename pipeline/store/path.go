package store

import (
	"fmt"
	"io/fs"
	"strings"
)

// maxPath bounds a path in bytes; S3 allows 1,024 with the prefix.
const maxPath = 512

// checkPath refuses whatever is not a plain path below the root: absolute, with "..", hidden names, control characters or
// a backslash, which some systems take for a slash.
func checkPath(path string) error {
	if path == "." || !fs.ValidPath(path) || len(path) > maxPath {
		return fmt.Errorf("path %q is not a path below the output", path)
	}
	for name := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(name, ".") || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }) {
			return fmt.Errorf("path %q has the name %q, which cannot be stored", path, name)
		}
	}
	return nil
}

// checkPrefix allows what a path may begin with.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	return checkPath(strings.TrimSuffix(prefix, "/"))
}
