package store

import (
	"context"
	"fmt"
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

// Highest is the highest version that lies below the folder of a key, whole or not; 0 when there is none.
func Highest(ctx context.Context, s Store, key string) (int, error) {
	entries, err := s.List(ctx, key+"/")
	if err != nil {
		return 0, err
	}
	highest := 0
	for _, entry := range entries {
		folder, _, inside := strings.Cut(strings.TrimPrefix(entry.Path, key+"/"), "/")
		if number, _, ok := ParseVersion(folder); ok && inside {
			highest = max(highest, number)
		}
	}
	return highest, nil
}
