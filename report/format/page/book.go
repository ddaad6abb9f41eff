// Package page sets type on the pages of a PDF: a cursor, text in embedded faces, shapes, tables that break well. It stands on the
// ground floor, below format. It knows no document: what is drawn, and in which order, is format's business.
package page

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
	"unicode/utf16"

	"codeberg.org/go-pdf/fpdf"

	"github.com/monthend/monthend/report"
)

// Measures of a page in points: A4.
const (
	Height = 841.89
	full   = 595.28
	Margin = 48.0
	Inner  = full - 2*Margin // the width between the margins
	top    = 52.0
	bottom = Height - 58.0
)

// Options are what a file says about itself. It has no clock: Date is the document's own.
type Options struct {
	Title, Author, Subject, Keywords string
	Language                         string // BCP 47
	Date                             time.Time
}

// Book is a PDF that is being drawn. Y is the cursor: the place below which the page is free.
type Book struct {
	Y        float64
	pdf      *fpdf.Fpdf
	faces    [3]*face // nil until it is needed
	err      error    // of a face
	added    [3]bool
	replaced map[rune]int
	current  struct {
		weight Weight
		size   float64
	}
}

// New begins a book with its first page.
func New(o Options) (*Book, error) {
	b := &Book{replaced: map[rune]int{}}
	for _, weight := range []Weight{Regular, Bold} {
		if b.face(weight) == nil {
			return nil, b.err
		}
	}
	b.pdf = fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", SizeStr: "A4"})
	// Equal documents give equal bytes: no clock, and maps in order.
	b.pdf.SetCreationDate(o.Date)
	b.pdf.SetModificationDate(o.Date)
	b.pdf.SetCatalogSort(true)
	b.pdf.SetProducer("monthend", false)
	b.pdf.SetTitle(utf16Text(o.Title), false)
	b.pdf.SetAuthor(utf16Text(o.Author), false)
	b.pdf.SetSubject(utf16Text(o.Subject), false)
	b.pdf.SetKeywords(utf16Text(o.Keywords), false)
	b.pdf.SetLang(o.Language)
	b.pdf.SetAutoPageBreak(false, 0) // rows and headings know better
	b.pdf.SetMargins(0, 0, 0)
	b.pdf.SetCellMargin(0)
	b.pdf.SetLineCapStyle("round")
	b.pdf.SetLineJoinStyle("round")
	b.Break()
	return b, nil
}

// utf16Text is a text as the file's own fields hold it: any rune, which the library's own encoding would not keep.
func utf16Text(s string) string {
	if s == "" {
		return ""
	}
	out := []byte("\xfe\xff")
	for _, code := range utf16.Encode([]rune(report.Clean(s))) {
		out = binary.BigEndian.AppendUint16(out, code)
	}
	return string(out)
}

// Break begins a new page.
func (b *Book) Break() {
	b.pdf.AddPage()
	b.Y = top
	b.current.size = 0
}

// Fresh reports whether nothing is drawn on the page yet.
func (b *Book) Fresh() bool { return b.Y == top }

// Left is how much of the page is free below the cursor.
func (b *Book) Left() float64 { return bottom - b.Y }

// Whole is how much is free on a page of its own.
func (b *Book) Whole() float64 { return bottom - top }

// Room begins a new page unless so much is free on this one. What is taller than a page begins on the page it is on.
func (b *Book) Room(height float64) {
	if height > b.Left() && !b.Fresh() && height <= b.Whole() {
		b.Break()
	}
}

// Skip moves the cursor down; at the top of a page there is nothing to keep a distance from.
func (b *Book) Skip(height float64) {
	if !b.Fresh() {
		b.Y += height
	}
}

// Bookmark puts an entry that leads to the cursor into the outline; level 0 is the outermost.
func (b *Book) Bookmark(title string, level int) {
	b.font(Regular, 8) // the library writes the title in the encoding of the current font
	b.pdf.Bookmark(b.clean(title), level, b.Y-4)
}

// Pages runs draw once a page, last of all, with the number of pages known. It is where marks and footers are drawn.
func (b *Book) Pages(draw func(number, of int)) {
	of := b.pdf.PageCount()
	for number := 1; number <= of; number++ {
		b.pdf.SetPage(number)
		b.current.size = 0
		draw(number, of)
	}
}

// Replaced are the runes that were drawn as Replacement, in order.
func (b *Book) Replaced() []rune { return slices.Sorted(maps.Keys(b.replaced)) }

// Write ends the book.
func (b *Book) Write(w io.Writer) error {
	if b.err != nil {
		return b.err
	}
	if err := b.pdf.Output(w); err != nil {
		return fmt.Errorf("write pdf: %w", err)
	}
	return nil
}

// face is a face for laying text out. One that cannot be read has no rune, and Write says so.
func (b *Book) face(weight Weight) *face {
	if b.faces[weight] == nil {
		f, err := faces[weight]()
		if err != nil {
			b.err = err
			return nil
		}
		b.faces[weight] = f
	}
	return b.faces[weight]
}

// font chooses a face. A face is embedded in the file only when something is drawn in it.
func (b *Book) font(weight Weight, size float64) {
	if b.current.size == size && b.current.weight == weight {
		return
	}
	f := b.face(weight)
	if f == nil {
		return
	}
	if !b.added[weight] {
		b.added[weight] = true
		b.pdf.AddUTF8FontFromBytes(f.family, f.style, f.data)
	}
	b.pdf.SetFont(f.family, f.style, size)
	b.current.weight, b.current.size = weight, size
}
