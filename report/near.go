package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Near is the one of known that word was most likely meant to be: one typing slip away, or two where word is longer than five
// characters; the first of known where two are as near. It is "" where none is near.
func Near(word string, known []string) string {
	best, slips := "", 2
	if utf8.RuneCountInString(word) > 5 {
		slips = 3
	}
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < slips && d < utf8.RuneCountInString(k) {
			best, slips = k, d
		}
	}
	return best
}

// DidYouMean is "; did you mean …?" for the end of a message, or "" where nothing known is near word.
func DidYouMean(word string, known []string) string {
	if near := Near(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// maxWord bounds what distance compares: its time is the product of both lengths, and names are short.
const maxWord = 64

// distance counts the slips between two words: a character too many, too few or another, or two that changed places.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > maxWord || len(y) > maxWord {
		return maxWord
	}
	before, last := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}
