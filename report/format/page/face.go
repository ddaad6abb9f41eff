package page

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
)

// The faces are embedded as their makers published them, licences beside them.
var (
	//go:embed font/IBMPlexSans-Regular.ttf
	plexRegular []byte
	//go:embed font/IBMPlexSans-SemiBold.ttf
	plexSemiBold []byte
	//go:embed font/NotoSansJP-Regular.ttf
	notoJP []byte
)

// face is what laying text out needs of a font: which runes of the basic plane it has and how wide they are. PDF fonts of our library
// end at U+FFFF, and so does a face.
type face struct {
	family, style string // as the library calls it
	data          []byte
	widths        [1 << 16]uint16 // in thousandths of the size
	known         [1 << 16]bool
}

// faces reads each embedded font once a process, when it is first needed: they are constants, and reading one takes as long as
// drawing a page.
var faces = [3]func() (*face, error){
	Regular: sync.OnceValues(func() (*face, error) { return newFace("plex", "", plexRegular) }),
	Bold:    sync.OnceValues(func() (*face, error) { return newFace("plex", "B", plexSemiBold) }),
	wide:    sync.OnceValues(func() (*face, error) { return newFace("noto", "", notoJP) }),
}

func newFace(family, style string, data []byte) (*face, error) {
	f := &face{family: family, style: style, data: data}
	if err := f.read(); err != nil {
		return nil, fmt.Errorf("read font %s: %w", family, err)
	}
	return f, nil
}

// has reports whether the face has a shape for r.
func (f *face) has(r rune) bool { return f != nil && r >= 0 && r < 1<<16 && f.known[r] }

var errFont = errors.New("not a TrueType font with a Unicode table of format 4")

// read reads the tables cmap and hmtx.
func (f *face) read() error {
	tables := map[string][]byte{}
	if len(f.data) < 12 {
		return errFont
	}
	for i := range int(binary.BigEndian.Uint16(f.data[4:])) {
		entry := f.data[12+16*i:]
		from, size := binary.BigEndian.Uint32(entry[8:]), binary.BigEndian.Uint32(entry[12:])
		tables[string(entry[:4])] = f.data[from : from+size]
	}
	for _, name := range []string{"cmap", "head", "hhea", "hmtx"} {
		if tables[name] == nil {
			return errFont
		}
	}
	em := uint32(binary.BigEndian.Uint16(tables["head"][18:]))
	metrics := int(binary.BigEndian.Uint16(tables["hhea"][34:]))
	segments := cmapSegments(tables["cmap"])
	if segments == nil || metrics == 0 {
		return errFont
	}
	for _, s := range segments {
		for r := int(s.first); r <= int(s.last) && r < 0xffff; r++ {
			glyph := s.glyph(uint16(r))
			if glyph == 0 {
				continue
			}
			// Glyphs beyond the last metric are as wide as the last one.
			at := min(int(glyph), metrics-1)
			width := uint32(binary.BigEndian.Uint16(tables["hmtx"][4*at:]))
			f.known[r], f.widths[r] = true, uint16((width*1000+em/2)/em)
		}
	}
	return nil
}

// segment is a range of runes of a cmap of format 4.
type segment struct {
	first, last, delta uint16
	offset             uint16 // 0, or into ids
	ids                []byte // from the place of offset on
}

func (s segment) glyph(r uint16) uint16 {
	if s.offset == 0 {
		return r + s.delta
	}
	at := int(s.offset) + 2*int(r-s.first)
	if at+2 > len(s.ids) {
		return 0
	}
	glyph := binary.BigEndian.Uint16(s.ids[at:])
	if glyph == 0 {
		return 0
	}
	return glyph + s.delta
}

// cmapSegments finds the table of the Unicode basic plane.
func cmapSegments(cmap []byte) []segment {
	for i := range int(binary.BigEndian.Uint16(cmap[2:])) {
		entry := cmap[4+8*i:]
		platform, encoding := binary.BigEndian.Uint16(entry), binary.BigEndian.Uint16(entry[2:])
		table := cmap[binary.BigEndian.Uint32(entry[4:]):]
		if !(platform == 0 || platform == 3 && encoding == 1) || binary.BigEndian.Uint16(table) != 4 {
			continue
		}
		n := int(binary.BigEndian.Uint16(table[6:])) // twice the number of segments
		out := make([]segment, n/2)
		for s := range out {
			at := 14 + 2*s
			out[s] = segment{
				last: binary.BigEndian.Uint16(table[at:]), first: binary.BigEndian.Uint16(table[at+n+2:]),
				delta: binary.BigEndian.Uint16(table[at+2*n+2:]), offset: binary.BigEndian.Uint16(table[at+3*n+2:]),
				ids: table[at+3*n+2:],
			}
		}
		return out
	}
	return nil
}
