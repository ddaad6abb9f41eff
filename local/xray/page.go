package xray

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// place is where a page of summaries ends: after the trace with this start and id. The zero place is before all. What
// arrives between two pages neither repeats nor hides a trace.
type place struct {
	start float64
	id    string
}

// before says whether a trace comes after the place, in the order of compare.
func (p place) before(t assembled) bool {
	return cmp.Or(cmp.Compare(p.start, t.start), cmp.Compare(p.id, t.id)) < 0
}

// inOrder is the order of traces: by start, then id.
func inOrder(a, b assembled) int {
	return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.id, b.id))
}

func tokenAfter(last traceSummary) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %s", strconv.FormatFloat(last.StartTime, 'g', -1, 64), last.ID))
}

func parseToken(token string) (place, error) {
	if token == "" {
		return place{}, nil
	}
	wrong := errors.New("NextToken: not one that was given out")
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return place{}, wrong
	}
	start, id, found := strings.Cut(string(text), " ")
	at, err := strconv.ParseFloat(start, 64)
	if err != nil || !found {
		return place{}, wrong
	}
	return place{at, id}, nil
}
