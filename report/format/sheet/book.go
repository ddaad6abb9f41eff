package sheet

import (
	"archive/zip"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/flate"
)

// Property is what a workbook says about itself.
type Property struct {
	Title, Subject, Company, Comment string
	Created                          time.Time // what the workbook is about, never the time of writing
}

// Book is a workbook that is being written. Its tabs are declared in their order, then each is opened, filled and closed once,
// in any order. A Book is used by one goroutine.
type Book struct {
	zip      *zip.Writer
	property Property
	tabs     []*Tab
	styles   styles
	charts   int
	open     *Sheet
	stat     Stat
	err      error // the first; nothing is written after it
}

// level is the effort of compression: more of it costs more time than it saves room.
const level = 1

// epoch is the date of every part, the first that a ZIP file can tell.
var epoch = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// New begins a workbook. Nothing else may write to w until Close.
func New(w io.Writer, p Property) *Book {
	b := &Book{zip: zip.NewWriter(w), property: p, styles: newStyles()}
	b.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, level) })
	// What tells a kind of file by its first bytes wants to see one of these first.
	b.part("_rels/.rels", rootRelations)
	b.part("docProps/core.xml", coreProperties(p))
	b.part("docProps/app.xml", appProperties(p))
	return b
}

// Stat is what the closed sheets could not hold as it was given.
func (b *Book) Stat() Stat { return b.stat }

// Close writes what binds the sheets together. It does not close the writer below. A tab that was never opened is an error.
func (b *Book) Close() error {
	if b.err != nil {
		return b.err
	}
	if b.open != nil {
		return errOpen
	}
	if len(b.tabs) == 0 {
		return fmt.Errorf("sheet: a workbook needs a sheet")
	}
	for _, t := range b.tabs {
		if !t.done {
			return fmt.Errorf("sheet: %q was never written", t.name)
		}
	}
	b.part("xl/styles.xml", b.styles.xml())
	b.part("xl/workbook.xml", b.workbook())
	b.part("xl/_rels/workbook.xml.rels", b.relations())
	b.part("[Content_Types].xml", b.contentTypes())
	if b.err != nil {
		return b.err
	}
	return b.zip.Close()
}

// create begins a part of the file.
func (b *Book) create(name string) (io.Writer, error) {
	return b.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: epoch})
}

// part writes a whole part; it keeps the first error.
func (b *Book) part(name, content string) {
	if b.err != nil {
		return
	}
	w, err := b.create(name)
	if err == nil {
		_, err = io.WriteString(w, content)
	}
	b.err = err
}
