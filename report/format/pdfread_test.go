package format_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"
)

var (
	pdfStream = regexp.MustCompile(`(?s)<</Filter /FlateDecode /Length (\d+)>>\nstream\n`)
	pdfText   = regexp.MustCompile(`(?s)BT ([-0-9.]+) ([-0-9.]+) Td \(((?:[^\\)]|\\.)*)\) Tj ET`)
	pdfTitle  = regexp.MustCompile(`(?s)<</Title \(((?:[^\\)]|\\.)*)\)`)
	pdfInfo   = regexp.MustCompile(`(?s)/(Title|Author|Subject|Keywords|CreationDate|Lang) \(((?:[^\\)]|\\.)*)\)`)
	pdfMark   = regexp.MustCompile(`(?m) (re|l|c|S|f|f\*|B|h)( |$)`)
)

// pages are the texts of each page of a file of ours in drawing order, each with its place in points. Our fonts are embedded so that
// the code of a glyph is its rune.
func pages(t testing.TB, pdf []byte) [][]string {
	t.Helper()
	var out [][]string
	for _, at := range pdfStream.FindAllSubmatchIndex(pdf, -1) {
		var length int
		fmt.Sscan(string(pdf[at[2]:at[3]]), &length)
		r, err := zlib.NewReader(bytes.NewReader(pdf[at[1] : at[1]+length]))
		if err != nil {
			continue // a font
		}
		content, err := io.ReadAll(r)
		if err != nil || !bytes.Contains(content, []byte(" Tj ET")) {
			continue
		}
		var page []string
		for _, m := range pdfText.FindAllSubmatch(content, -1) {
			page = append(page, fmt.Sprintf("%s %s %s", m[1], m[2], decodeText(m[3])))
		}
		shapes := map[string]int{}
		for _, m := range pdfMark.FindAllSubmatch(content, -1) {
			shapes[string(m[1])]++
		}
		out = append(out, append(page, fmt.Sprintf("shapes: %v", shapes)))
	}
	return out
}

// decodeText reads a string of a PDF that holds UTF-16.
func decodeText(raw []byte) string {
	var text []byte
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' && i+1 < len(raw) {
			i++
			if raw[i] == 'r' {
				text = append(text, '\r')
				continue
			}
		}
		text = append(text, raw[i])
	}
	text = bytes.TrimPrefix(text, []byte("\xfe\xff"))
	codes := make([]uint16, len(text)/2)
	for i := range codes {
		codes[i] = binary.BigEndian.Uint16(text[2*i:])
	}
	return string(utf16.Decode(codes))
}

// layout is what a reader sees of a file, in a form that can be compared: what it says of itself, its outline, every text at its place
// and how many shapes there are.
func layout(t testing.TB, pdf []byte) []byte {
	t.Helper()
	var out strings.Builder
	info := pdf[bytes.LastIndex(pdf, []byte("/Producer")):]
	for _, m := range pdfInfo.FindAllSubmatch(info, -1) {
		text := string(m[2])
		if strings.HasPrefix(text, "\xfe\xff") {
			text = decodeText(m[2])
		}
		fmt.Fprintf(&out, "%s: %s\n", m[1], text)
	}
	for _, m := range pdfTitle.FindAllSubmatch(pdf, -1) {
		fmt.Fprintf(&out, "outline: %s\n", decodeText(m[1]))
	}
	for i, page := range pages(t, pdf) {
		fmt.Fprintf(&out, "--- page %d\n%s\n", i+1, strings.Join(page, "\n"))
	}
	return []byte(out.String())
}
