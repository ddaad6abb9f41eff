package api

import (
	"net/http"

	"github.com/monthend/monthend/pipeline/ledger"
)

// definition is a report that can be asked for.
type definition struct {
	Name     string   `json:"name"`
	Title    string   `json:"title,omitempty"`
	Timezone string   `json:"timezone,omitempty"`
	Currency string   `json:"currency,omitempty"`
	Formats  []string `json:"formats"`
	Broken   bool     `json:"broken,omitempty"` // its definition has mistakes; it cannot be asked for
}

type definitions struct {
	Reports []definition `json:"reports"`
}

func (a *API) reports(w http.ResponseWriter, r *http.Request, by ledger.Token) error {
	if err := readQuery(r, nil); err != nil {
		return err
	}
	out := definitions{Reports: []definition{}}
	for _, name := range a.cfg.Catalog.Names() {
		if len(by.Reports) > 0 && !by.Covers(name, first(by.Tenants)) {
			continue
		}
		d, err := a.cfg.Catalog.Get(name)
		if err != nil {
			out.Reports = append(out.Reports, definition{Name: name, Formats: []string{}, Broken: true})
			continue
		}
		out.Reports = append(out.Reports, definition{
			Name: name, Title: d.Title, Timezone: d.Location.String(), Currency: d.Currency, Formats: append([]string{}, d.Formats...),
		})
	}
	return answer(w, http.StatusOK, out)
}

// first is one of the tenants that a token reaches, to ask about reports alone.
func first(tenants []string) string {
	if len(tenants) == 0 {
		return ""
	}
	return tenants[0]
}
