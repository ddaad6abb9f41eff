package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes foreign text fit for a drawn page: bytes that are no UTF-8 and marks that would reorder the text around them (a
// figure read from the wrong end is a wrong figure) become U+FFFD, control characters and line breaks become spaces. Everything
// else stays: emoji, East Asian and right-to-left scripts.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\ufeff', r >= 0xfffe && r&0xfffe == 0xfffe:
			return utf8.RuneError
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		}
		return r
	}, s)
}
