package format

import (
	"strings"

	"github.com/monthend/monthend/report"
)

// words are the fixed words of a drawn document in one language; %s stands for what is put in. What a definition says, titles and
// labels, is in the definition's language already.
type words struct {
	About, Version, Draft, DraftMark, DraftTitle, DraftNote, Restated string
	Compared, Unpublished, Missing, Against, Unchanged, Points        string
	NoRows, Page, Data, Replaced                                      string
	Quality, Passed, Failed, GateShut, RuleBroken, RuleKept           string
	Rejected, Share, ShareLimit, OfAmount, More, Finding, Tolerance   string
	Rules, Rule, Severity, RowsOf, Broken, FirstOf                    string
	Rows, Extract, Extracted, Valid, Quarantined, Offending, Key      string
	Warn, Reject, Fail                                                string
	Continued, AtLeast, AtMost, OrLater, AnyNumber                    string
}

var languages = map[report.Locale]words{
	report.English: {
		About: "All amounts in %s, rounded half away from zero", Version: "version %s", Draft: "draft", DraftMark: "DRAFT", DraftTitle: "Draft.",
		DraftNote: "Not published; figures may change.", Restated: "Restated.",
		Compared: "Compared with %s", Unpublished: "unpublished", Missing: "no figure for %s", Against: "vs %s", Unchanged: "unchanged", Points: "pp",
		NoRows: "No rows in this period", Page: "Page %s of %s", Data: "data %s",
		Replaced: "%s stands for characters that the fonts of this file do not have (%s). The other formats hold them.",
		Quality:  "Data quality", Passed: "passed", Failed: "failed", GateShut: "That is more than the gate lets through.",
		RuleBroken: "A rule that must hold is broken.", RuleKept: "Every rule that must hold is kept.",
		Rejected: "%s of %s rows of %s rejected", Share: "(%s)", ShareLimit: "(%s, at most %s allowed)", OfAmount: "of the amount",
		More: "and %s more", Finding: "expected %s, found %s", Tolerance: "tolerance %s",
		Rules: "Rules", Rule: "Rule", Severity: "Severity", RowsOf: "Rows of", Broken: "Broken", FirstOf: "First of them, or finding",
		Rows: "Rows", Extract: "Extract", Extracted: "Extracted", Valid: "Valid", Quarantined: "Rejected", Offending: "First rows that break %s", Key: "Key",
		Warn: "warning", Reject: "reject", Fail: "must hold",
		Continued: "%s, continued", AtLeast: "at least %s", AtMost: "at most %s", OrLater: "%s or later", AnyNumber: "any number after a month of 0",
	},
	report.German: {
		About: "Alle Beträge in %s, kaufmännisch gerundet", Version: "Version %s", Draft: "Entwurf", DraftMark: "ENTWURF", DraftTitle: "Entwurf.",
		DraftNote: "Nicht veröffentlicht; Zahlen können sich ändern.", Restated: "Berichtigt.",
		Compared: "Verglichen mit %s", Unpublished: "unveröffentlicht", Missing: "keine Zahl für %s", Against: "ggü. %s", Unchanged: "unverändert", Points: "Pp.",
		NoRows: "Keine Zeilen in diesem Zeitraum", Page: "Seite %s von %s", Data: "Daten %s",
		Replaced: "%s steht für Zeichen, die den Schriften dieser Datei fehlen (%s). Die anderen Formate enthalten sie.",
		Quality:  "Datenqualität", Passed: "bestanden", Failed: "nicht bestanden", GateShut: "Das ist mehr, als die Schwelle zulässt.",
		RuleBroken: "Eine verbindliche Regel ist verletzt.", RuleKept: "Alle verbindlichen Regeln sind eingehalten.",
		Rejected: "%s von %s Zeilen aus %s abgewiesen", Share: "(%s)", ShareLimit: "(%s, höchstens %s erlaubt)", OfAmount: "vom Betrag",
		More: "und %s weitere", Finding: "erwartet %s, gefunden %s", Tolerance: "Toleranz %s",
		Rules: "Regeln", Rule: "Regel", Severity: "Schwere", RowsOf: "Zeilen aus", Broken: "Verletzt", FirstOf: "Die ersten, oder Befund",
		Rows: "Zeilen", Extract: "Auszug", Extracted: "Gelesen", Valid: "Gültig", Quarantined: "Abgewiesen", Offending: "Erste Zeilen, die %s verletzen", Key: "Schlüssel",
		Warn: "Warnung", Reject: "abweisen", Fail: "verbindlich",
		Continued: "%s, Fortsetzung", AtLeast: "mindestens %s", AtMost: "höchstens %s", OrLater: "%s oder später", AnyNumber: "jede Zahl nach einem Monat mit 0",
	},
	report.French: {
		About: "Tous les montants en %s, arrondis au plus proche, la moitié s’éloignant de zéro", Version: "version %s", Draft: "brouillon", DraftMark: "BROUILLON",
		DraftTitle: "Brouillon.", DraftNote: "Non publié ; les chiffres peuvent changer.", Restated: "Rectifié.",
		Compared: "Comparé à %s", Unpublished: "non publié", Missing: "aucun chiffre pour %s", Against: "vs %s", Unchanged: "inchangé", Points: "pt",
		NoRows: "Aucune ligne pour cette période", Page: "Page %s sur %s", Data: "données %s",
		Replaced: "%s remplace les caractères absents des polices de ce fichier (%s). Les autres formats les contiennent.",
		Quality:  "Qualité des données", Passed: "conforme", Failed: "non conforme", GateShut: "C’est plus que le seuil ne l’admet.",
		RuleBroken: "Une règle impérative est enfreinte.", RuleKept: "Toutes les règles impératives sont respectées.",
		Rejected: "%s lignes sur %s de %s rejetées", Share: "(%s)", ShareLimit: "(%s, au plus %s admis)", OfAmount: "du montant",
		More: "et %s autres", Finding: "attendu %s, trouvé %s", Tolerance: "tolérance %s",
		Rules: "Règles", Rule: "Règle", Severity: "Gravité", RowsOf: "Lignes de", Broken: "Enfreintes", FirstOf: "Les premières, ou constat",
		Rows: "Lignes", Extract: "Extrait", Extracted: "Lues", Valid: "Valides", Quarantined: "Rejetées", Offending: "Premières lignes qui enfreignent %s", Key: "Clé",
		Warn: "alerte", Reject: "rejet", Fail: "impératif",
		Continued: "%s, suite", AtLeast: "au moins %s", AtMost: "au plus %s", OrLater: "%s ou plus tard", AnyNumber: "tout nombre après un mois de 0",
	},
	report.Czech: {
		About: "Všechny částky v %s, polovina se zaokrouhluje od nuly", Version: "verze %s", Draft: "koncept", DraftMark: "KONCEPT", DraftTitle: "Koncept.",
		DraftNote: "Nezveřejněno; čísla se mohou změnit.", Restated: "Opraveno.",
		Compared: "Srovnání: %s", Unpublished: "nezveřejněno", Missing: "%s: bez údaje", Against: "oproti %s", Unchanged: "beze změny", Points: "p. b.",
		NoRows: "V tomto období nejsou žádné řádky", Page: "Strana %s z %s", Data: "data %s",
		Replaced: "%s nahrazuje znaky, které písma tohoto souboru nemají (%s). Ostatní formáty je obsahují.",
		Quality:  "Kvalita dat", Passed: "v pořádku", Failed: "nevyhovuje", GateShut: "To je víc, než mez připouští.",
		RuleBroken: "Závazné pravidlo je porušeno.", RuleKept: "Všechna závazná pravidla jsou dodržena.",
		Rejected: "Zamítnuto %s z %s řádků z %s", Share: "(%s)", ShareLimit: "(%s, dovoleno nejvýše %s)", OfAmount: "z částky",
		More: "a dalších %s", Finding: "očekáváno %s, nalezeno %s", Tolerance: "tolerance %s",
		Rules: "Pravidla", Rule: "Pravidlo", Severity: "Závažnost", RowsOf: "Řádky z", Broken: "Porušeno", FirstOf: "První z nich, nebo nález",
		Rows: "Řádky", Extract: "Výběr", Extracted: "Načteno", Valid: "Platné", Quarantined: "Zamítnuto", Offending: "První řádky, které porušují %s", Key: "Klíč",
		Warn: "varování", Reject: "zamítnout", Fail: "závazné",
		Continued: "%s, pokračování", AtLeast: "nejméně %s", AtMost: "nejvýše %s", OrLater: "%s nebo později", AnyNumber: "jakýkoli počet po měsíci s 0",
	},
	report.Japanese: {
		About: "金額の単位は%s、四捨五入", Version: "第%s版", Draft: "下書き", DraftMark: "下書き", DraftTitle: "下書き。",
		DraftNote: "未公開。数値は変わることがあります。", Restated: "訂正版。",
		Compared: "比較対象：%s", Unpublished: "未公開", Missing: "%sの数値なし", Against: "%s比", Unchanged: "増減なし", Points: "ポイント",
		NoRows: "この期間の行はありません", Page: "%s / %s ページ", Data: "データ %s",
		Replaced: "%sは、このファイルのフォントにない文字を表します（%s）。他の形式には含まれています。",
		Quality:  "データ品質", Passed: "合格", Failed: "不合格", GateShut: "許容範囲を超えています。",
		RuleBroken: "必須の規則に違反があります。", RuleKept: "必須の規則はすべて守られています。",
		Rejected: "%s件を除外（全%s件、%s）", Share: "（%s）", ShareLimit: "（%s、上限 %s）", OfAmount: "金額の",
		More: "他%s件", Finding: "期待値 %s、実際 %s", Tolerance: "許容差 %s",
		Rules: "規則", Rule: "規則", Severity: "重大度", RowsOf: "対象", Broken: "違反", FirstOf: "最初の行または所見",
		Rows: "行数", Extract: "抽出", Extracted: "抽出", Valid: "有効", Quarantined: "除外", Offending: "%sに違反する最初の行", Key: "キー",
		Warn: "警告", Reject: "除外", Fail: "必須",
		Continued: "%s（続き）", AtLeast: "%s以上", AtMost: "%s以下", OrLater: "%s以降", AnyNumber: "前月が0件なので任意",
	},
}

func wordsOf(l report.Locale) words {
	if w, ok := languages[l]; ok {
		return w
	}
	return languages[report.English]
}

// put fills the places of a pattern in their order. It is not fmt's: what is put in is data.
func put(pattern string, parts ...string) string {
	var out strings.Builder
	for _, part := range parts {
		before, after, _ := strings.Cut(pattern, "%s")
		out.WriteString(before + part)
		pattern = after
	}
	return out.String() + pattern
}
