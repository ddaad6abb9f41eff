package sheet

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// plainByte marks the ASCII that stands in XML as it is.
var plainByte = func() (plain [utf8.RuneSelf]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		plain[c] = !strings.ContainsRune(`&<>"_`, rune(c))
	}
	plain['\t'], plain['\n'] = true, true
	return plain
}()

// appendText appends s as XML text or the value of an attribute. What XML cannot hold, bytes that are no UTF-8 and control
// characters, becomes U+FFFD, and replaced says so. Line ends become LF.
func appendText(b []byte, s string) (out []byte, replaced bool) {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf && plainByte[c] {
			i++
			continue
		}
		size, instead := 1, "\ufffd"
		if c < utf8.RuneSelf {
			switch {
			case c == '&':
				instead = "&amp;"
			case c == '<':
				instead = "&lt;"
			case c == '>':
				instead = "&gt;"
			case c == '"':
				instead = "&quot;"
			case c == '_' && !escapeLike(s[i:]):
				i++
				continue
			case c == '_':
				instead = "_x005F_" // or a reader would take what follows for a character's number
			case c == '\r' && strings.HasPrefix(s[i+1:], "\n"):
				instead = ""
			case c == '\r':
				instead = "\n"
			default:
				replaced = true
			}
		} else {
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			if (r != utf8.RuneError || size > 1) && r != '\ufffe' && r != '\uffff' {
				i += size
				continue
			}
			replaced = true
		}
		b = append(append(b, s[from:i]...), instead...)
		i += size
		from = i
	}
	return append(b, s[from:]...), replaced
}

// escapeLike reports whether s begins like _x0041_, which readers turn into a character.
func escapeLike(s string) bool {
	if len(s) < 7 || s[1] != 'x' || s[6] != '_' {
		return false
	}
	for _, c := range []byte(s[2:6]) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// escape is appendText for what is written once.
func escape(s string) string {
	b, _ := appendText(nil, s)
	return string(b)
}

// formulaLike reports whether a reader would take s for a formula if somebody edited its cell.
func formulaLike(s string) bool {
	return s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@' || s[0] == '\t' || s[0] == '\'')
}

// fitText cuts a text that no cell can hold.
func fitText(s string) (string, bool) {
	if len(s) <= MaxText { // never fewer bytes than units
		return s, false
	}
	units := 0
	for _, r := range s {
		units += utf16.RuneLen(max(r, 0))
	}
	if units <= MaxText {
		return s, false
	}
	return shorten(s, MaxText-1) + "…", true
}
