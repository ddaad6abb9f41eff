package sheet

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Tab is the place of a sheet in its workbook.
type Tab struct {
	book  *Book
	name  string
	index int // from 0
	page  Page
	done  bool
}

// Tab declares the next sheet. Its name is made of the one given: without what the format forbids, at most MaxName units long,
// and told apart from those before by a number, as in "name (2)".
func (b *Book) Tab(name string) *Tab {
	base := safeName(name)
	name = base
	for n := 2; b.named(name); n++ {
		suffix := " (" + strconv.Itoa(n) + ")"
		name = strings.TrimRight(shorten(base, MaxName-len(suffix)), " ") + suffix
	}
	t := &Tab{book: b, name: name, index: len(b.tabs)}
	b.tabs = append(b.tabs, t)
	return t
}

// Name is how the sheet is called in the workbook.
func (t *Tab) Name() string { return t.name }

// Area writes an area of the sheet as a formula refers to it: 'Net result'!$A$2:$A$13.
func (t *Tab) Area(a Area) string { return t.quoted() + "!" + a.absolute() }

func (t *Tab) quoted() string { return "'" + strings.ReplaceAll(t.name, "'", "''") + "'" }

// named reports whether a tab has the name already; readers compare without case.
func (b *Book) named(name string) bool {
	for _, t := range b.tabs {
		if strings.EqualFold(t.name, name) {
			return true
		}
	}
	return false
}

// safeName takes out what no sheet may be called by: some marks, control characters, an apostrophe at either end, and the one
// reserved word.
func safeName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(`:\/?*[]`, r):
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return ' '
		}
		return r
	}, name)
	name = strings.Join(strings.Fields(name), " ")
	name = strings.TrimSpace(shorten(strings.Trim(name, "' "), MaxName))
	name = strings.Trim(name, "' ")
	if name == "" || strings.EqualFold(name, "History") {
		return strings.TrimSpace("Sheet " + name)
	}
	return name
}

// shorten cuts s to so many UTF-16 units, between two runes.
func shorten(s string, units int) string {
	n := 0
	for i, r := range s {
		if n += utf16.RuneLen(r); n > units {
			return s[:i]
		}
	}
	return s
}
