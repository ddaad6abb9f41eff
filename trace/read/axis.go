package read

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// axis maps a stretch of time to the cells of a bar column, each cut in two halves.
type axis struct {
	start time.Time
	span  time.Duration // > 0
	cells int
}

// longest bounds an axis, so that no sum of times on it overflows; what lies beyond is drawn at its end.
const longest = 100 * 365 * 24 * time.Hour

// newAxis spans the trace and the queue waits before it.
func newAxis(t Trace, cells int) axis {
	start := t.Start
	for n := range t.Nodes() {
		if s := n.Document.Start().Add(-queueWait(n)); s.Before(start) {
			start = s
		}
	}
	return axis{start: start, span: min(max(t.End.Sub(start), time.Microsecond), longest), cells: cells}
}

// halves gives the half cells [from, to) that a stretch of time covers, at least one.
func (a axis) halves(start, end time.Time) (from, to int) {
	scale := float64(2*a.cells) / float64(a.span)
	from = int(float64(start.Sub(a.start)) * scale)
	to = int(float64(end.Sub(a.start))*scale + 0.5)
	from = min(max(from, 0), 2*a.cells-1)
	return from, min(max(to, from+1), 2*a.cells)
}

// The rules of a bar, by which halves of a cell are covered: none, left, right, both.
var (
	solid   = [4]rune{' ', '╸', '╺', '━'}
	running = [4]rune{' ', '╸', '╺', '┅'}
	waiting = [4]rune{' ', '╴', '╶', '┄'}
)

// bar draws the halves [from, to) of a rule; it begins at the cell that holds from and has no blanks around it.
func bar(rule [4]rune, from, to int) string {
	var b strings.Builder
	for cell := from / 2; 2*cell < to; cell++ {
		covered := 0
		if from <= 2*cell {
			covered |= 1
		}
		if to > 2*cell+1 {
			covered |= 2
		}
		b.WriteRune(rule[covered])
	}
	return b.String()
}

// ticks writes the times of round steps, each at its cell.
func (a axis) ticks() string {
	const apart = 8 // cells between ticks, at least: a text and a blank
	step := a.step(a.span / time.Duration(a.cells) * apart)
	line, used := "", 0
	for at := time.Duration(0); at <= a.span; at += step {
		cell := int(float64(at) / float64(a.span) * float64(a.cells))
		text := tick(at)
		width := utf8.RuneCountInString(text)
		if cell+width > a.cells {
			break
		}
		if used > 0 && cell <= used {
			continue
		}
		line += strings.Repeat(" ", cell-used) + text
		used = cell + width
	}
	return line
}

// step is the shortest round step that is not under least.
func (a axis) step(least time.Duration) time.Duration {
	steps := []time.Duration{
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
	}
	if least <= 30*time.Second {
		for decade := time.Microsecond; ; decade *= 10 { // ends at 50 s
			for _, digit := range []time.Duration{1, 2, 5} {
				if digit*decade >= least {
					return digit * decade
				}
			}
		}
	}
	if i, _ := slices.BinarySearch(steps, least); i < len(steps) {
		return steps[i]
	}
	return least.Truncate(24*time.Hour) + 24*time.Hour
}

// tick writes a round time with no more digits than it has.
func tick(at time.Duration) string {
	switch {
	case at == 0:
		return "0s"
	case at < time.Millisecond:
		return fmt.Sprintf("%dµs", at.Microseconds())
	case at < time.Second:
		return fmt.Sprintf("%gms", float64(at.Microseconds())/1000)
	case at < time.Minute:
		return fmt.Sprintf("%gs", float64(at.Milliseconds())/1000)
	case at < time.Hour:
		return strings.TrimSuffix(fmt.Sprintf("%dm%02ds", int(at.Minutes()), int(at.Seconds())%60), "00s")
	case at < 24*time.Hour:
		return strings.TrimSuffix(fmt.Sprintf("%dh%02dm", int(at.Hours()), int(at.Minutes())%60), "00m")
	}
	return strings.TrimSuffix(fmt.Sprintf("%dd%02dh", int(at.Hours())/24, int(at.Hours())%24), "00h")
}
