// Package format draws a document: one file a format, all from the same model. It stands on the ground floor beside report and
// chart. It computes no figures and reads no clock, so equal documents give equal bytes. CSV and Parquet are not drawn here:
// they are exports of the engine.
package format

import (
	"fmt"
	"io"
	"strings"

	"github.com/monthend/monthend/report"
)

// The drawn formats, as definitions name them; each is also the extension of its file.
const (
	HTML = "html"
	JSON = "json"
	PDF  = "pdf"
	XLSX = "xlsx"
)

// Drawn reports whether a format of a definition is drawn here.
func Drawn(format string) bool {
	return format == HTML || format == JSON || format == PDF || format == XLSX
}

// Draw writes doc in a drawn format.
func Draw(format string, w io.Writer, doc report.Document) error {
	var err error
	switch format {
	case HTML:
		err = drawHTML(w, doc)
	case JSON:
		err = drawJSON(w, doc)
	case PDF:
		err = drawPDF(w, doc)
	case XLSX:
		err = drawXLSX(w, doc)
	default:
		return fmt.Errorf("draw %q: not a drawn format; want one of %s", format, strings.Join([]string{HTML, JSON, PDF, XLSX}, ", "))
	}
	if err != nil {
		return fmt.Errorf("draw %s: %w", format, err)
	}
	return nil
}
