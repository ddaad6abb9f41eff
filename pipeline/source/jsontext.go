package source

import (
	"bufio"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonMistake is what is wrong with a JSON text.
type jsonMistake string

func (m jsonMistake) Error() string { return string(m) }

// maxNesting bounds how deep a JSON text goes, and maxNumber how many characters a number has.
const (
	maxNesting = 64
	maxNumber  = 400
)

// jsonText reads a JSON text (RFC 8259) piece by piece and takes nothing else for one: no text that is not UTF-8, no half of a
// surrogate pair, nothing behind the end. The standard library's reader would put other characters in their place.
type jsonText struct {
	r     *bufio.Reader
	at    int64 // bytes read
	lists []bool
	buf   []byte
}

func newJSONText(r io.Reader) *jsonText {
	t := &jsonText{r: bufio.NewReaderSize(r, 64<<10)}
	skipMark(t.r)
	return t
}

// fail is a mistake at the place reached.
func (t *jsonText) fail(format string, args ...any) error {
	return jsonMistake(fmt.Sprintf("not JSON at byte %d: %s", t.at, fmt.Sprintf(format, args...)))
}

// peek is the next character that is no blank. A text that ends here ends too early.
func (t *jsonText) peek() (byte, error) {
	for {
		c, err := t.r.ReadByte()
		if err == io.EOF {
			return 0, t.fail("it ends too early")
		}
		if err != nil {
			return 0, err
		}
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c, t.r.UnreadByte()
		}
		t.at++
	}
}

// skip goes past the character that peek has shown, which opens an object or a list.
func (t *jsonText) skip() {
	c, _ := t.read()
	t.lists = append(t.lists, c == '[')
}

func (t *jsonText) read() (byte, error) {
	c, err := t.r.ReadByte()
	if err == io.EOF {
		return 0, t.fail("it ends too early")
	}
	t.at++
	return c, err
}

// expect wants a character, after blanks.
func (t *jsonText) expect(want byte) error {
	c, err := t.peek()
	if err != nil {
		return err
	}
	if c != want {
		return t.fail("want %q", want)
	}
	_, err = t.read()
	return err
}

// inList reports whether the innermost thing that is open is a list.
func (t *jsonText) inList() bool { return len(t.lists) > 0 && t.lists[len(t.lists)-1] }

// follows goes to what comes next in the innermost thing that is open; false is past its end.
func (t *jsonText) follows(first bool, closing byte) (bool, error) {
	c, err := t.peek()
	switch {
	case err != nil:
		return false, err
	case c == closing:
		t.lists = t.lists[:len(t.lists)-1]
		_, err := t.read()
		return false, err
	case first:
		return true, nil
	case c != ',':
		return false, t.fail("want a comma or the end with %q", closing)
	}
	_, err = t.read()
	return true, err
}

// item goes to the next item of a list that is open.
func (t *jsonText) item(first bool) (bool, error) { return t.follows(first, ']') }

// member goes to the value of the next member of an object that is open, and gives its name.
func (t *jsonText) member(first bool) (name string, more bool, err error) {
	if more, err = t.follows(first, '}'); err != nil || !more {
		return "", false, err
	}
	if c, err := t.peek(); err != nil || c != '"' {
		return "", false, either(err, t.fail("want the name of a member"))
	}
	if name, err = t.str(); err != nil {
		return "", false, err
	}
	return name, true, t.expect(':')
}

// pass goes past a value, whatever it is.
func (t *jsonText) pass(depth int) error {
	if depth > maxNesting {
		return t.fail("it is nested deeper than %d levels", maxNesting)
	}
	c, err := t.peek()
	if err != nil {
		return err
	}
	switch c {
	case '{', '[':
		t.skip()
		for first := true; ; first = false {
			var more bool
			if c == '{' {
				_, more, err = t.member(first)
			} else {
				more, err = t.item(first)
			}
			if err != nil || !more {
				return err
			}
			if err := t.pass(depth + 1); err != nil {
				return err
			}
		}
	case '"':
		_, err = t.str()
	case 't':
		err = t.word("true")
	case 'f':
		err = t.word("false")
	case 'n':
		err = t.word("null")
	default:
		_, err = t.number()
	}
	return err
}

// word wants one of JSON's three words.
func (t *jsonText) word(want string) error {
	for i := range len(want) {
		c, err := t.read()
		if err != nil {
			return err
		}
		if c != want[i] {
			return t.fail("want %s", want)
		}
	}
	return nil
}

// number reads a number, as it is written.
func (t *jsonText) number() (string, error) {
	t.buf = t.buf[:0]
	digits := func() (n int, err error) {
		for {
			next, err := t.r.Peek(1)
			if err == io.EOF || err == nil && (next[0] < '0' || next[0] > '9') {
				return n, nil
			}
			if err != nil {
				return n, err
			}
			if len(t.buf) > maxNumber {
				return n, t.fail("a number has more than %d characters", maxNumber)
			}
			t.take()
			n++
		}
	}
	is := func(wanted string) bool {
		next, err := t.r.Peek(1)
		for i := range len(wanted) {
			if err == nil && next[0] == wanted[i] {
				t.take()
				return true
			}
		}
		return false
	}
	is("-")
	if !is("0") {
		if n, err := digits(); err != nil || n == 0 {
			return "", either(err, t.fail("want a value"))
		}
	}
	if is(".") {
		if n, err := digits(); err != nil || n == 0 {
			return "", either(err, t.fail("want a digit behind the point"))
		}
	}
	if is("eE") {
		is("+-")
		if n, err := digits(); err != nil || n == 0 {
			return "", either(err, t.fail("want a digit of the exponent"))
		}
	}
	return string(t.buf), nil
}

// take keeps the next byte, which is known to be there.
func (t *jsonText) take() {
	c, _ := t.read()
	t.buf = append(t.buf, c)
}

// str reads a string.
func (t *jsonText) str() (string, error) {
	if _, err := t.read(); err != nil {
		return "", err
	}
	t.buf = t.buf[:0]
	for {
		c, err := t.read()
		switch {
		case err != nil:
			return "", err
		case c == '"' && !utf8.Valid(t.buf):
			return "", t.fail("a text is not UTF-8")
		case c == '"':
			return string(t.buf), nil
		case c < ' ':
			return "", t.fail("a text has a control character")
		case c == '\\':
			if err := t.escape(); err != nil {
				return "", err
			}
		default:
			t.buf = append(t.buf, c)
		}
	}
}

var escaped = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (t *jsonText) escape() error {
	c, err := t.read()
	if err != nil {
		return err
	}
	if plain, known := escaped[c]; known {
		t.buf = append(t.buf, plain)
		return nil
	}
	if c != 'u' {
		return t.fail("an escape is not known")
	}
	r, err := t.hex()
	if err != nil {
		return err
	}
	if utf16.IsSurrogate(r) {
		if err := t.word(`\u`); err != nil {
			return t.fail("half of a surrogate pair")
		}
		low, err := t.hex()
		if err != nil {
			return err
		}
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return t.fail("half of a surrogate pair")
		}
	}
	t.buf = utf8.AppendRune(t.buf, r)
	return nil
}

// hex reads four digits.
func (t *jsonText) hex() (r rune, err error) {
	for range 4 {
		c, err := t.read()
		if err != nil {
			return 0, err
		}
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, t.fail("want four digits behind \\u")
		}
		r = r<<4 | rune(c)
	}
	return r, nil
}

// end wants nothing but blanks.
func (t *jsonText) end() error {
	for {
		c, err := t.r.ReadByte()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		t.at++
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return t.fail("something follows its end")
		}
	}
}
