package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"

	"github.com/monthend/monthend/report"
)

// digest is what two runs share exactly when they stand on equal data: the definition, the raw rows whatever their order, what
// was taken from other months, the datasets and the verdicts of the rules. The version and the reason are no part of it. What is
// hashed is one JSON value a line, row by row: a dataset is never held a second time.
func (j *attempt) digest() (string, error) {
	sum := sha256.New()
	lines := json.NewEncoder(sum)
	err := lines.Encode(j.def.Digest)
	line := func(value any) {
		if err == nil {
			err = lines.Encode(value)
		}
	}
	datasets := func(list []report.Dataset) {
		for _, dataset := range list {
			line(dataset.Name)
			line(dataset.Columns)
			for _, row := range dataset.Rows {
				line(row)
			}
		}
	}
	for _, e := range j.extracts {
		line(e)
	}
	for _, pin := range j.pins() {
		if len(pin.Datasets) > 0 {
			pin.Rows = nil // what they mean stands in the verdicts
			line(pin)      // of a version, its content digest stands for its datasets
		}
	}
	for _, m := range j.months {
		datasets(m.drawn.Datasets)
	}
	datasets(j.datasets)
	line(j.validation)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// pins are what was taken from other months, in the order of the comparisons, published ones before the rest of the same month.
func (j *attempt) pins() []Pin {
	var pins []Pin
	for _, m := range j.months {
		counted := maps.Clone(m.rows)
		maps.DeleteFunc(counted, func(name string, _ int64) bool { _, published := m.counted[name]; return published })
		for _, p := range []struct {
			report.Comparative
			rows map[string]int64
		}{{m.published, m.counted}, {m.drawn, counted}} {
			if len(p.Datasets)+len(p.rows) == 0 {
				continue
			}
			pin := Pin{Name: p.Name, Period: p.Period.String(), Version: p.Version, ContentDigest: p.ContentDigest, Rows: p.rows}
			for _, dataset := range p.Datasets {
				pin.Datasets = append(pin.Datasets, dataset.Name)
			}
			pins = append(pins, pin)
		}
	}
	return pins
}
