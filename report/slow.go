package report

import (
	"regexp"
	"strconv"
	"time"
)

// SlowAfter says from when on a run, or one stage of it, is slow: it is marked, told and counted, and goes on. The zero value
// has no such time.
type SlowAfter struct {
	Total  time.Duration            // of one attempt; 0 is never
	Stages map[string]time.Duration // by the name of the stage as a trace has it; one that is missing is never slow
}

// slowPattern is the schema's.
var slowPattern = regexp.MustCompile(`^[1-9][0-9]{0,4}[smh]$`)

// slowUnits are what a time may be counted in.
var slowUnits = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour}

// readSlowAfter reads one time, the total's, or one a stage.
func (l *loader) readSlowAfter(n *node) {
	if n == nil {
		return
	}
	if n.kind != mapNode {
		l.def.SlowAfter.Total = n.duration()
		return
	}
	for _, m := range n.members {
		limit := m.value.duration()
		switch {
		case limit == 0: // the schema has complained
		case m.name == "total":
			l.def.SlowAfter.Total = limit
		default:
			if l.def.SlowAfter.Stages == nil {
				l.def.SlowAfter.Stages = map[string]time.Duration{}
			}
			l.def.SlowAfter.Stages[m.name] = limit
		}
	}
	if total := l.def.SlowAfter.Total; total > 0 {
		for _, m := range n.members {
			if limit := l.def.SlowAfter.Stages[m.name]; limit > total {
				l.complain(m.value, "slow_after: %s is longer than the total; the whole would be slow before its part", m.name)
			}
		}
	}
}

// duration is a text such as 90s, 10m or 2h; 0 for anything else, which the schema has complained about.
func (n *node) duration() time.Duration {
	text := n.str()
	if !slowPattern.MatchString(text) {
		return 0
	}
	last := len(text) - 1
	count, _ := strconv.Atoi(text[:last])
	return time.Duration(count) * slowUnits[text[last]]
}
