package format

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"time"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// jsonSchema is the version of the document that drawJSON writes. A new field keeps it, any other change raises it.
const jsonSchema = 1

// jsonFigure is a figure of the document's cards.
type jsonFigure struct {
	Label   string        `json:"label"`
	Value   any           `json:"value"`
	Format  report.Format `json:"format,omitempty"`
	Changes []jsonChange  `json:"changes,omitempty"`
}

// jsonChange is a figure beside that of another month. Missing figures are null, and so is a ratio that would say nothing.
type jsonChange struct {
	Against    string `json:"against"` // previous or year_ago
	Period     string `json:"period"`
	Version    int    `json:"version"` // 0 where that month was not published
	Value      any    `json:"value"`
	Difference any    `json:"difference"`
	Ratio      any    `json:"ratio"`
}

// jsonComparative is a month that figures are compared with.
type jsonComparative struct {
	Name          string `json:"name"`
	Period        string `json:"period"`
	Version       int    `json:"version"`
	ContentDigest string `json:"content_digest"` // "" where that month was not published
}

// jsonQuality is what the rules found.
type jsonQuality struct {
	Verdict string              `json:"verdict"` // passed or failed
	Tables  []report.TableCount `json:"tables"`
	Rules   []report.RuleResult `json:"rules"`
	Gate    *report.GateResult  `json:"gate"` // null when the definition has none
}

// drawJSON writes the data whole: the keys in a fixed order, one row of a dataset a line. Decimals are strings with all the
// digits of their column, never rounded; integers are numbers; dates are 2026-03-01, timestamps RFC 3339; NULL is null.
func drawJSON(w io.Writer, doc report.Document) error {
	j := &jsonWriter{out: bufio.NewWriter(w)}
	j.raw("{\n")
	j.field("schema", jsonSchema)
	j.field("report", doc.Report)
	j.field("title", doc.Title)
	j.field("company", doc.Company)
	j.field("tenant", doc.Tenant)
	j.field("period", doc.Period.String())
	j.field("currency", doc.Currency)
	j.field("version", doc.Version)
	j.field("draft", doc.Draft)
	j.field("data_digest", doc.DataDigest)
	j.field("restatement", doc.Restatement)
	j.field("locale", doc.Locale.Language())
	j.field("comparatives", jsonComparatives(doc))
	j.field("figures", jsonFigures(doc))
	j.datasets(doc.Datasets)
	j.raw(`  "quality": `)
	j.value(quality(doc.Validation))
	j.raw("\n}\n")
	if j.err != nil {
		return j.err
	}
	return j.out.Flush()
}

// jsonFigures are the cards of all blocks in reading order.
func jsonFigures(doc report.Document) []jsonFigure {
	out := []jsonFigure{}
	for _, b := range doc.Blocks {
		if kpis, ok := b.(*report.KPIs); ok {
			for _, card := range kpis.Cards {
				figure := jsonFigure{card.Label, jsonValue(card.Value, card.Kind, card.Scale), card.Format, nil}
				for _, c := range card.Changes {
					figure.Changes = append(figure.Changes, jsonChange{
						c.Name, c.Period.String(), c.Version, jsonValue(c.Value, card.Kind, card.Scale),
						jsonValue(c.Difference, card.Kind, card.Scale), jsonValue(c.Ratio, report.Decimal, 0),
					})
				}
				out = append(out, figure)
			}
		}
	}
	return out
}

func jsonComparatives(doc report.Document) []jsonComparative {
	out := []jsonComparative{}
	for _, c := range doc.Comparatives {
		out = append(out, jsonComparative{c.Name, c.Period.String(), c.Version, c.ContentDigest})
	}
	return out
}

func quality(v report.Validation) jsonQuality {
	out := jsonQuality{Verdict: "passed", Tables: v.Tables, Rules: v.Rules}
	if v.Failed {
		out.Verdict = "failed"
	}
	if out.Tables == nil {
		out.Tables = []report.TableCount{}
	}
	if out.Rules == nil {
		out.Rules = []report.RuleResult{}
	}
	if v.Gate.Of != "" {
		out.Gate = &v.Gate
	}
	return out
}

// jsonValue is a value of a dataset as JSON holds it.
func jsonValue(v any, kind report.Kind, scale int) any {
	switch v := v.(type) {
	case decimal.Decimal:
		// Zeros are added up to the column's scale, digits are never taken away.
		return v.StringFixed(max(int32(scale), -v.Exponent()))
	case time.Time:
		if kind == report.Date {
			return v.Format(time.DateOnly)
		}
		return v.Format(time.RFC3339Nano)
	}
	return v
}

// jsonWriter keeps the first error, so that the order of the document can be read off drawJSON.
type jsonWriter struct {
	out *bufio.Writer
	err error
}

func (j *jsonWriter) raw(s string) {
	if j.err == nil {
		_, j.err = j.out.WriteString(s)
	}
}

// value writes one value on the line. HTML's characters stay as they are: this is no page.
func (j *jsonWriter) value(v any) {
	if j.err != nil {
		return
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if j.err = enc.Encode(v); j.err == nil {
		_, j.err = j.out.Write(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
	}
}

func (j *jsonWriter) field(name string, v any) {
	j.raw(`  "` + name + `": `)
	j.value(v)
	j.raw(",\n")
}

// datasets writes row by row: a row a line can be compared and grepped, and no dataset is held twice.
func (j *jsonWriter) datasets(datasets []report.Dataset) {
	j.raw(`  "datasets": [`)
	for i, d := range datasets {
		if i > 0 {
			j.raw(",")
		}
		j.raw("\n    {\"name\": ")
		j.value(d.Name)
		j.raw(", \"columns\": ")
		if d.Columns == nil {
			d.Columns = []report.Column{}
		}
		j.value(d.Columns)
		j.raw(", \"rows\": [")
		for r, row := range d.Rows {
			if r > 0 {
				j.raw(",")
			}
			line := make([]any, len(row))
			for c, v := range row {
				line[c] = jsonValue(v, d.Columns[c].Kind, d.Columns[c].Scale)
			}
			j.raw("\n      ")
			j.value(line)
		}
		j.raw("\n    ]}")
	}
	j.raw("\n  ],\n")
}
