package source

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/monthend/monthend/pipeline/column"
	"github.com/monthend/monthend/report"
)

// jsonRows reads the objects of one list in a JSON text, one after the other: a text of any size takes the memory of one row. Members
// that are no columns are passed over; the whole text must be JSON all the same. A number keeps its digits, and never becomes a float.
type jsonRows struct {
	query   report.Extract
	text    *jsonText
	columns map[string]int
	kinds   []column.Kind
	seen    []bool
	path    []string // of the pointer, taken apart
	begun   bool
	rows    int64
}

func newJSONRows(q report.Extract, r io.Reader) (*jsonRows, error) {
	declared, err := Declared(q)
	if err != nil {
		return nil, err
	}
	j := &jsonRows{query: q, text: newJSONText(r), columns: map[string]int{}, seen: make([]bool, len(declared))}
	for i, c := range declared {
		j.columns[c.Name] = i
		j.kinds = append(j.kinds, c.Type.Kind)
	}
	if q.Outside.Rows != "" {
		for _, step := range strings.Split(q.Outside.Rows, "/")[1:] {
			j.path = append(j.path, strings.NewReplacer("~1", "/", "~0", "~").Replace(step))
		}
	}
	for _, step := range j.path {
		if err := j.enter(step); err != nil {
			return nil, j.wrong(err)
		}
	}
	if c, err := j.text.peek(); err != nil || c != '[' {
		return nil, j.wrong(either(err, j.pointed("is no list")))
	}
	j.text.skip()
	return j, nil
}

// either is err, and otherwise where there is none.
func either(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// wrong names what was being read; the place is told by the text.
func (j *jsonRows) wrong(err error) error {
	var own *Error
	var mistaken jsonMistake
	switch {
	case errors.As(err, &own):
		return err
	case errors.As(err, &mistaken) && j.begun:
		return inRow(j.query, j.rows+1, "%s", string(mistaken))
	case errors.As(err, &mistaken):
		return mistakeIn(j.query, "%s", string(mistaken))
	}
	return err // of the file
}

func (j *jsonRows) pointed(what string) error {
	if len(j.path) == 0 {
		return jsonMistake("the answer " + what + " of objects; rows says where one is, as in /data/rates")
	}
	return jsonMistake("what is at " + j.query.Outside.Rows + " " + what)
}

// enter goes to the member, or the item, that a step of the pointer names.
func (j *jsonRows) enter(step string) error {
	c, err := j.text.peek()
	if err != nil {
		return err
	}
	switch c {
	case '{':
		j.text.skip()
		for first := true; ; first = false {
			name, more, err := j.text.member(first)
			if err != nil {
				return err
			}
			if !more {
				return j.pointed("is not there")
			}
			if name == step {
				return nil
			}
			if err := j.text.pass(0); err != nil {
				return err
			}
		}
	case '[':
		j.text.skip()
		wanted, err := strconv.Atoi(step)
		if err != nil || wanted < 0 || strconv.Itoa(wanted) != step {
			return j.pointed("is not there")
		}
		for i := 0; ; i++ {
			more, err := j.text.item(i == 0)
			if err != nil {
				return err
			}
			if !more {
				return j.pointed("is not there")
			}
			if i == wanted {
				return nil
			}
			if err := j.text.pass(0); err != nil {
				return err
			}
		}
	}
	return j.pointed("is not there")
}

func (j *jsonRows) next(row []given) error {
	first := !j.begun
	j.begun = true
	more, err := j.text.item(first)
	if err != nil {
		return j.wrong(err)
	}
	if !more {
		j.begun = false
		if err := j.leave(); err != nil {
			return j.wrong(err)
		}
		return io.EOF
	}
	if err := j.object(row); err != nil {
		return j.wrong(err)
	}
	j.rows++
	return nil
}

// leave reads what is behind the list: the rest of all that it lies in, and nothing more. What the pointer names must not come again.
func (j *jsonRows) leave() error {
	for _, step := range slices.Backward(j.path) {
		for inList := j.text.inList(); ; {
			name, more, err := "", false, error(nil)
			if inList {
				more, err = j.text.item(false)
			} else {
				name, more, err = j.text.member(false)
			}
			if err != nil {
				return err
			}
			if !more {
				break
			}
			if !inList && name == step {
				return j.pointed("is there twice")
			}
			if err := j.text.pass(0); err != nil {
				return err
			}
		}
	}
	return j.text.end()
}

// object reads one row.
func (j *jsonRows) object(row []given) error {
	if c, err := j.text.peek(); err != nil || c != '{' {
		return either(err, jsonMistake("it is no object"))
	}
	j.text.skip()
	clear(j.seen)
	for first := true; ; first = false {
		name, more, err := j.text.member(first)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		at, wanted := j.columns[name]
		if !wanted {
			if err := j.text.pass(0); err != nil {
				return err
			}
			continue
		}
		if j.seen[at] {
			return jsonMistake("column " + strconv.Quote(name) + " is there twice")
		}
		j.seen[at] = true
		if row[at], err = j.value(name, j.kinds[at]); err != nil {
			return err
		}
	}
	if at := slices.Index(j.seen, false); at >= 0 {
		return jsonMistake("column " + strconv.Quote(j.query.Outside.Columns[at].Name) + " is missing")
	}
	return nil
}

// value reads the value of a column. What is written as another thing than the column's type is refused, but for a number in quotes:
// that is how amounts travel where readers may be careless.
func (j *jsonRows) value(name string, kind column.Kind) (given, error) {
	c, err := j.text.peek()
	if err != nil {
		return given{}, err
	}
	number := kind == column.Int16 || kind == column.Int32 || kind == column.Int64 || kind == column.Decimal
	wrong := func(want string) (given, error) {
		return given{}, jsonMistake("column " + strconv.Quote(name) + ": want " + want)
	}
	switch {
	case c == 'n':
		return given{null: true}, j.text.word("null")
	case c == '"' && kind != column.Bool:
		text, err := j.text.str()
		if err == nil && strings.ContainsRune(text, 0) {
			return wrong("a text without a zero byte, which no text of PostgreSQL has")
		}
		return given{text: text}, err
	case (c == '-' || c >= '0' && c <= '9') && number:
		text, err := j.text.number()
		if err != nil {
			return given{}, err
		}
		if text, err = plainNumber(text); err != nil {
			return wrong(err.Error())
		}
		return given{text: text}, nil
	case c == 't' && kind == column.Bool:
		return given{text: "true"}, j.text.word("true")
	case c == 'f' && kind == column.Bool:
		return given{text: "false"}, j.text.word("false")
	case number:
		return wrong("a number")
	case kind == column.Bool:
		return wrong("true or false")
	}
	return wrong("a text in quotes")
}

// plainNumber writes a number without its exponent, digit by digit.
func plainNumber(text string) (string, error) {
	at := strings.IndexAny(text, "eE")
	if at < 0 {
		return text, nil
	}
	exponent, err := strconv.Atoi(text[at+1:])
	if err != nil || exponent < -100 || exponent > 100 {
		return "", errors.New("a number with an exponent from -100 to 100")
	}
	sign, digits := "", text[:at]
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	if exponent >= 0 {
		fraction += strings.Repeat("0", max(0, exponent-len(fraction)))
		whole, fraction = whole+fraction[:exponent], fraction[exponent:]
	} else {
		whole = strings.Repeat("0", max(0, 1-exponent-len(whole))) + whole
		cut := len(whole) + exponent
		whole, fraction = whole[:cut], whole[cut:]+fraction
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
		whole += "." + fraction
	}
	return sign + whole, nil
}
