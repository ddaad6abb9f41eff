package chart

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// words are what a chart says beside its labels, in one language. %s stands for what is put in.
type words struct {
	nothing, more            string
	line, area, bar, stacked string
	entries, extremes, trend string
	units                    []unit // of large figures, the largest first
}

// unit is the short form of a power of ten.
type unit struct {
	power int32
	sign  string
}

var languages = map[report.Locale]words{
	report.English: {
		nothing: "No data in this period", more: "and %s more",
		line: "Line chart", area: "Area chart", bar: "Bar chart", stacked: "Stacked bar chart",
		entries: "%s of %s entries, from %s to %s.", extremes: "%s: lowest %s (%s), highest %s (%s).", trend: "Trend: lowest %s, highest %s, last %s",
		units: []unit{{12, "T"}, {9, "bn"}, {6, "M"}, {3, "k"}},
	},
	report.German: {
		nothing: "Keine Daten in diesem Zeitraum", more: "und %s weitere",
		line: "Liniendiagramm", area: "Flächendiagramm", bar: "Balkendiagramm", stacked: "Gestapeltes Balkendiagramm",
		entries: "%s mit %s Einträgen, von %s bis %s.", extremes: "%s: niedrigster Wert %s (%s), höchster Wert %s (%s).", trend: "Verlauf: niedrigster Wert %s, höchster %s, letzter %s",
		units: []unit{{12, " Bio."}, {9, " Mrd."}, {6, " Mio."}, {3, " Tsd."}},
	},
	report.French: {
		nothing: "Aucune donnée pour cette période", more: "et %s autres",
		line: "Courbe", area: "Graphique en aires", bar: "Graphique à barres", stacked: "Graphique à barres empilées",
		entries: "%s de %s entrées, de %s à %s.", extremes: "%s : minimum %s (%s), maximum %s (%s).", trend: "Évolution : minimum %s, maximum %s, dernier %s",
		units: []unit{{12, " Bn"}, {9, " Md"}, {6, " M"}, {3, " k"}},
	},
	report.Czech: {
		nothing: "Za toto období nejsou data", more: "a dalších %s",
		line: "Spojnicový graf", area: "Plošný graf", bar: "Sloupcový graf", stacked: "Skládaný sloupcový graf",
		entries: "%s, položek: %s, od %s do %s.", extremes: "%s: nejméně %s (%s), nejvíce %s (%s).", trend: "Vývoj: nejméně %s, nejvíce %s, naposledy %s",
		units: []unit{{12, " bil."}, {9, " mld."}, {6, " mil."}, {3, " tis."}},
	},
	report.Japanese: {
		nothing: "この期間のデータはありません", more: "他%s件",
		line: "折れ線グラフ", area: "面グラフ", bar: "棒グラフ", stacked: "積み上げ棒グラフ",
		entries: "%s、%s件、%sから%sまで。", extremes: "%s：最小 %s（%s）、最大 %s（%s）。", trend: "推移：最小 %s、最大 %s、最新 %s",
		units: []unit{{12, "兆"}, {8, "億"}, {4, "万"}},
	},
}

func wordsOf(l report.Locale) words {
	if w, ok := languages[l]; ok {
		return w
	}
	return languages[report.English]
}

// put fills the places of a pattern in their order. It is not fmt's: a pattern is data, and so is what is put in.
func put(pattern string, parts ...string) string {
	var out strings.Builder
	for _, part := range parts {
		before, after, _ := strings.Cut(pattern, "%s")
		out.WriteString(before + part)
		pattern = after
	}
	return out.String() + pattern
}

// Compact writes a figure in English in three significant digits at most: 1.28M, 44k, −0.5. Half is rounded away from zero.
func Compact(d decimal.Decimal) string { return compact(report.English, d) }

// compact writes a figure in three significant digits at most, with the short forms of the language.
func compact(l report.Locale, d decimal.Decimal) string {
	for _, unit := range wordsOf(l).units {
		short := d.Shift(-unit.power)
		digits := 0
		if whole := magnitude(short) + 1; whole < 3 {
			digits = int(3 - max(whole, 1))
		}
		// 999.6k would be written 1,000k: it is 1M.
		if short.Abs().Round(int32(digits)).LessThan(decimal.NewFromInt(1)) || d.Abs().LessThan(decimal.New(9995, unit.power-4)) {
			continue
		}
		return trim(l, l.Figure(short, digits)) + strings.ReplaceAll(unit.sign, " ", "\u00a0")
	}
	digits := 2
	switch m := int(magnitude(d)); {
	case m >= 2:
		digits = 0
	case m < 0:
		digits = 2 - m
	}
	return trim(l, l.Figure(d, digits))
}

// trim drops zeros after the point.
func trim(l report.Locale, s string) string {
	if strings.Contains(s, l.Point()) {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), l.Point())
	}
	return s
}
