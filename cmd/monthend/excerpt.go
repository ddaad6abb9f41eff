package main

import (
	"fmt"
	"strings"
	"unicode"

	"charm.land/lipgloss/v2"
)

// maxExcerpt is how many characters of a line are shown.
const maxExcerpt = 110

// excerpt is the line that a mistake stands in, and below it a mark under the word that is meant. It is empty where the line is not
// known.
func (p problemLine) excerpt(mark lipgloss.Style) string {
	line := []rune(strings.ReplaceAll(p.Source, "\t", " ")) // a mark below a tab would stand anywhere
	if len(line) == 0 || p.Col < 1 || p.Col > len(line)+1 {
		return ""
	}
	at := p.Col - 1
	length := wordAt(line, at, strings.HasSuffix(p.File, ".yaml"))
	if from := at - maxExcerpt*2/3; len(line) > maxExcerpt && from > 0 {
		line, at = append([]rune("…"), line[from:]...), at-from+1
	}
	if len(line) > maxExcerpt {
		line = append(line[:maxExcerpt:maxExcerpt], '…')
	}
	for i, r := range line {
		if unicode.IsControl(r) {
			line[i] = '\uFFFD'
		}
	}
	length = max(1, min(length, len(line)-at))
	number := fmt.Sprintf("%5d", p.Line)
	// As wide as what stands above it, whatever the characters are.
	blank := strings.Repeat(" ", lipgloss.Width(string(line[:min(at, len(line))])))
	return fmt.Sprintf("%s │ %s\n%s │ %s%s\n", number, string(line), strings.Repeat(" ", len(number)), blank, mark.Render(strings.Repeat("^", length)))
}

// wordAt is how many characters the word, the quoted text or the parameter at a place has; 1 for anything else. A word of YAML may
// be a path or a percentage.
func wordAt(line []rune, at int, yaml bool) int {
	if at >= len(line) {
		return 1
	}
	if q := line[at]; q == '"' || q == '\'' {
		for i := at + 1; i < len(line); i++ {
			if line[i] == q {
				return i - at + 1
			}
		}
		return 1
	}
	n := at
	if line[n] == '@' {
		n++
	}
	for n < len(line) && (unicode.IsLetter(line[n]) || unicode.IsDigit(line[n]) || line[n] == '_' || line[n] == '.' || yaml && strings.ContainsRune("-/%", line[n])) {
		n++
	}
	return max(1, n-at)
}
