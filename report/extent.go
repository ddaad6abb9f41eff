package report

import (
	"regexp"
	"strconv"
	"strings"
)

// Freshness asks how near the end of the period the newest value of a column lies. An extract without rows passes: that it must
// not be empty is a RowCount's business. Rows that all lack the value break it.
type Freshness struct {
	Column string // a date or a timestamp
	// Days counts calendar days of the definition's zone: with 1 the newest value must be of the last day of the period. Hours
	// are elapsed ones. Exactly one of the two is more than 0.
	Days  int
	Hours int
}

// Within is the limit as a definition writes it: 2d or 36h.
func (f Freshness) Within() string {
	if f.Days > 0 {
		return strconv.Itoa(f.Days) + "d"
	}
	return strconv.Itoa(f.Hours) + "h"
}

// RowCount asks how many rows an extract has, those that break a rule included.
type RowCount struct {
	Min      int64
	Max      *int64 // nil is no limit
	Previous string // largest difference from the previous month as a share of its rows, a decimal fraction such as "0.2"; "" is no limit
}

// readFreshness reads the column and how old its newest value may be.
func (l *loader) readFreshness(n *node, rule string) *Freshness {
	f := &Freshness{Column: n.get("freshness").str()}
	within := n.get("within")
	if within == nil {
		l.complain(n, "rule %q: \"within\" is missing: how old the newest value may be, such as 2d or 36h", clip(rule))
		return f
	}
	text := within.str()
	if !withinPattern.MatchString(text) {
		return f // the schema has complained
	}
	count, _ := strconv.Atoi(text[:len(text)-1])
	if strings.HasSuffix(text, "d") {
		f.Days = count
	} else {
		f.Hours = count
	}
	return f
}

// withinPattern is the schema's.
var withinPattern = regexp.MustCompile(`^[1-9][0-9]{0,3}[dh]$`)

// readRowCount reads the limits of a number of rows.
func (l *loader) readRowCount(n *node, rule string) *RowCount {
	least, most, previous := n.get("min"), n.get("max"), n.get("previous")
	count := &RowCount{Min: least.whole(), Previous: l.share(previous)}
	if most != nil {
		limit := most.whole()
		count.Max = &limit
		if limit < count.Min {
			l.complain(most, "rule %q: max %d is less than min %d", clip(rule), limit, count.Min)
		}
	}
	return count
}
