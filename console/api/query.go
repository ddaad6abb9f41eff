package api

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/monthend/monthend/console/problem"
	"github.com/monthend/monthend/pipeline/ledger"
)

// readQuery reads the parameters of a query, each with its own reader. None may be unknown, come twice or be empty: a filter
// that is misspelt must not show everything.
func readQuery(r *http.Request, readers map[string]func(value string) error) error {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return problem.New(problem.Malformed, "the query cannot be read")
	}
	for name, given := range values {
		read, known := readers[name]
		switch {
		case !known:
			return problem.Wrong(clip(strings.ToValidUTF8(name, "\uFFFD")), "there is no such parameter")
		case len(given) > 1:
			return problem.Wrong(name, "given more than once")
		case given[0] == "":
			return problem.Wrong(name, "empty; leave it out")
		}
		if err := read(given[0]); err != nil {
			return problem.Wrong(name, err.Error())
		}
	}
	return nil
}

// cursor is a place in the list of runs as it is handed out: opaque, so that nobody makes one up, and checked, since somebody will.
func cursor(p ledger.Place) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.CreatedAt.UnixMicro(), 10) + " " + p.RunID))
}

func readCursor(text string) (p ledger.Place, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return p, false
	}
	at, id, _ := strings.Cut(string(raw), " ")
	micros, err := strconv.ParseInt(at, 10, 64)
	if err != nil || micros < 0 || micros > maxMicros || !visible(id, maxID) {
		return p, false
	}
	return ledger.Place{CreatedAt: time.UnixMicro(micros).UTC(), RunID: id}, true
}

// maxMicros is the end of the year 9999.
var maxMicros = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1
