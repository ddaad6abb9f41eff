package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxVersionDigits keeps a version number within what every party can hold.
const maxVersionDigits = 9

// ParseVersion reads the name of a version's folder, v<N>-<first 8 hex of the content digest>.
func ParseVersion(folder string) (number int, digest string, ok bool) {
	text, digest, found := strings.Cut(strings.TrimPrefix(folder, "v"), "-")
	if !found || !strings.HasPrefix(folder, "v") || len(text) > maxVersionDigits || len(digest) != 8 {
		return 0, "", false
	}
	for _, c := range []byte(digest) {
		if !strings.ContainsRune("0123456789abcdef", rune(c)) {
			return 0, "", false
		}
	}
	number, err := strconv.Atoi(text)
	if err != nil || number < 1 || strconv.Itoa(number) != text {
		return 0, "", false
	}
	return number, digest, true
}

// FormatVersion is the name of a version's folder; contentDigest is hex of at least 8 digits.
func FormatVersion(number int, contentDigest string) string {
	return fmt.Sprintf("v%d-%.8s", number, contentDigest)
}

// Folder is the folder of one version, whole or not.
type Folder struct {
	Path   string // below the root
	Number int
	Files  []string // their paths, in the order of List
}

// Folders are the versions that lie below the folder of a key, the highest number first, then in the order of List.
func Folders(ctx context.Context, s Store, key string) ([]Folder, error) {
	entries, err := s.List(ctx, key+"/")
	if err != nil {
		return nil, err
	}
	var folders []Folder
	for _, entry := range entries {
		name, _, inside := strings.Cut(strings.TrimPrefix(entry.Path, key+"/"), "/")
		number, _, ok := ParseVersion(name)
		if !ok || !inside {
			continue
		}
		path := key + "/" + name
		if len(folders) == 0 || folders[len(folders)-1].Path != path {
			folders = append(folders, Folder{Path: path, Number: number})
		}
		last := &folders[len(folders)-1]
		last.Files = append(last.Files, entry.Path)
	}
	slices.SortStableFunc(folders, func(a, b Folder) int { return b.Number - a.Number })
	return folders, nil
}
