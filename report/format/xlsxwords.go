package format

import "github.com/monthend/monthend/report"

// sheetWords are the words that only a workbook has; a definition keeps its language, so its sheets keep their names.
type sheetWords struct {
	summary, quality, quarantine, points string // names of sheets
	sheets, notes, rule, on, first       string
	expected, found, tolerance, trend    string
	wide, cut, replaced, undated, clocks string
}

var sheetLanguages = map[report.Locale]sheetWords{
	report.English: {
		summary: "Summary", quality: "Quality", quarantine: "Quarantine", points: "Chart data",
		sheets: "Sheets", notes: "Notes", rule: "Rule", on: "On", first: "First offending rows", expected: "Expected", found: "Found", tolerance: "Tolerance", trend: "Trend",
		wide:     "Figures of more than 15 digits, which no spreadsheet holds as numbers, stand as text, in full and outside of formulas: %s.",
		cut:      "Texts of more than 32,767 characters, which no cell holds, are cut and end in “…”: %s.",
		replaced: "Texts with characters that no workbook holds have \ufffd in their place: %s.",
		undated:  "Dates before March 1900 or after 9999, which spreadsheets do not count alike, stand as text: %s.",
		clocks:   "Times are clock times in %s.",
	},
	report.German: {
		summary: "Übersicht", quality: "Qualität", quarantine: "Quarantäne", points: "Diagrammdaten",
		sheets: "Blätter", notes: "Hinweise", rule: "Regel", on: "Auszug", first: "Erste verletzende Zeilen", expected: "Erwartet", found: "Gefunden", tolerance: "Toleranz", trend: "Verlauf",
		wide:     "Zahlen mit mehr als 15 Ziffern, die keine Tabelle als Zahl fasst, stehen vollständig als Text und außerhalb der Formeln: %s.",
		cut:      "Texte mit mehr als 32.767 Zeichen, die keine Zelle fasst, sind gekürzt und enden mit „…“: %s.",
		replaced: "Texte mit Zeichen, die keine Arbeitsmappe fasst, haben an deren Stelle \ufffd: %s.",
		undated:  "Tage vor März 1900 oder nach 9999, die Tabellen verschieden zählen, stehen als Text: %s.",
		clocks:   "Zeiten sind Ortszeiten in %s.",
	},
	report.French: {
		summary: "Synthèse", quality: "Qualité", quarantine: "Quarantaine", points: "Données des graphiques",
		sheets: "Feuilles", notes: "Notes", rule: "Règle", on: "Extrait", first: "Premières lignes en cause", expected: "Attendu", found: "Trouvé", tolerance: "Tolérance", trend: "Tendance",
		wide:     "Les nombres de plus de 15 chiffres, qu’aucun tableur ne contient, figurent en texte, complets et hors des formules : %s.",
		cut:      "Les textes de plus de 32 767 caractères, qu’aucune cellule ne contient, sont coupés et finissent par « … » : %s.",
		replaced: "Les caractères qu’aucun classeur ne contient sont remplacés par \ufffd, dans ce nombre de textes : %s.",
		undated:  "Les dates avant mars 1900 ou après 9999, que les tableurs comptent différemment, figurent en texte : %s.",
		clocks:   "Les heures sont celles de %s.",
	},
	report.Czech: {
		summary: "Přehled", quality: "Kvalita", quarantine: "Karanténa", points: "Data grafů",
		sheets: "Listy", notes: "Poznámky", rule: "Pravidlo", on: "Výběr", first: "První řádky, které pravidla porušují", expected: "Očekáváno", found: "Nalezeno", tolerance: "Tolerance", trend: "Vývoj",
		wide:     "Čísla s více než 15 číslicemi, která žádný tabulkový program nepojme, jsou zapsána celá jako text a mimo vzorce: %s.",
		cut:      "Texty delší než 32\u00a0767 znaků, které žádná buňka nepojme, jsou zkráceny a končí „…“: %s.",
		replaced: "Texty se znaky, které žádný sešit nepojme, mají na jejich místě \ufffd: %s.",
		undated:  "Data před březnem 1900 nebo po roce 9999, která tabulkové programy počítají různě, jsou zapsána jako text: %s.",
		clocks:   "Časy jsou místní v pásmu %s.",
	},
	report.Japanese: {
		summary: "概要", quality: "データ品質", quarantine: "除外行", points: "グラフデータ",
		sheets: "シート", notes: "注記", rule: "規則", on: "抽出", first: "違反した最初の行", expected: "期待値", found: "実際", tolerance: "許容差", trend: "推移",
		wide:     "15桁を超える数値は数値として保持できないため、全桁を文字列で記載し、数式に含めていません（%s件）。",
		cut:      "32,767文字を超える文字列はセルに収まらないため、末尾を「…」として切り詰めています（%s件）。",
		replaced: "ブックに保存できない文字は\ufffdに置き換えています（%s件）。",
		undated:  "1900年3月より前または9999年より後の日付は、文字列で記載しています（%s件）。",
		clocks:   "時刻は%sの現地時刻です。",
	},
}

func sheetWordsOf(l report.Locale) sheetWords {
	if w, ok := sheetLanguages[l]; ok {
		return w
	}
	return sheetLanguages[report.English]
}
