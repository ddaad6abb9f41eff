package report

// Locale says how figures, dates and the words around them are written in drawn formats. The zero Locale is English. Data formats
// (csv, parquet, json) have none.
type Locale string

// The locales, by ISO 639-1.
const (
	English  Locale = "en"
	German   Locale = "de"
	French   Locale = "fr"
	Czech    Locale = "cs"
	Japanese Locale = "ja"
)
