package page

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Wrap breaks a text into lines of a width, at most limit of them; 0 is no limit. It breaks at spaces, between East Asian runes, after
// a hyphen or a slash, and inside a word only where the word alone is wider than the line. A no-break space never breaks, so a figure
// stays whole.
func (b *Book) Wrap(s string, width float64, style Style, limit int) []string {
	var lines []string
	rest := strings.TrimSpace(b.clean(s))
	for rest != "" {
		if limit > 0 && len(lines) == limit-1 {
			return append(lines, b.Fit(rest, width, style))
		}
		at := b.lineEnd(rest, width, style)
		lines = append(lines, strings.TrimRight(rest[:at], " "))
		rest = strings.TrimLeft(rest[at:], " ")
	}
	if lines == nil {
		return []string{""}
	}
	return lines
}

// lineEnd is how many bytes of a clean text fit on one line, at least one rune.
func (b *Book) lineEnd(s string, width float64, style Style) int {
	used, last := 0.0, 0 // last is the end of the text that may stand on the line
	var before rune
	for i, r := range s {
		if i > 0 && breaks(before, r) {
			last = i
		}
		used += b.width(string(r), style)
		if used > width && r != ' ' {
			switch {
			case last > 0:
				return last
			case i > 0:
				return i
			}
			return utf8.RuneLen(r)
		}
		before = r
	}
	return len(s)
}

// breaks reports whether a line may end between two runes.
func breaks(before, after rune) bool {
	switch {
	case before == ' ' && after != ' ':
		return true
	case before == '-' && unicode.IsLetter(after), before == '/' && after != '/':
		return true
	}
	return (eastAsian(before) || eastAsian(after)) && after != ' ' && !unicode.IsPunct(after)
}

// eastAsian reports whether a script without spaces has r.
func eastAsian(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) }
