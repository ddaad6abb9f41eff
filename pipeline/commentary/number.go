package commentary

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
)

// scales are words behind a number that multiply it, by the power of ten; percentWord stands for a percentage. The longest come first.
type scale struct {
	word  string
	power int32
}

const percentWord = -2

var everywhere = []scale{{"%", percentWord}}

var scales = map[report.Locale][]scale{
	report.English: {{"thousand", 3}, {"million", 6}, {"billion", 9}, {"percent", percentWord}, {"per cent", percentWord}, {"mn", 6}, {"bn", 9}, {"k", 3}, {"m", 6}},
	report.German: {{"Millionen", 6}, {"Million", 6}, {"Milliarden", 9}, {"Milliarde", 9}, {"Tausend", 3}, {"Prozent", percentWord},
		{"Tsd.", 3}, {"Mio.", 6}, {"Mrd.", 9}},
	report.French: {{"millions", 6}, {"million", 6}, {"milliards", 9}, {"milliard", 9}, {"mille", 3}, {"pour cent", percentWord}, {"Md", 9}, {"k", 3}, {"M", 6}},
	report.Czech: {{"milionů", 6}, {"miliony", 6}, {"milionu", 6}, {"milion", 6}, {"miliardy", 9}, {"miliard", 9}, {"miliarda", 9}, {"tisíce", 3}, {"tisíc", 3},
		{"procenta", percentWord}, {"procent", percentWord}, {"tis.", 3}, {"mil.", 6}, {"mld.", 9}},
	report.Japanese: {{"パーセント", percentWord}, {"百万", 6}, {"億", 8}, {"万", 4}, {"千", 3}},
}

// words are numbers in words: they cannot be looked up, so no paragraph has them. Articles are not among them.
var words = map[report.Locale]*regexp.Regexp{
	report.English: wordsOf(`two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\pL+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|trillions?|dozens?|half|halved|halves|thirds?|quarters?|fifths?|tenths?|twice|thrice|doubled?|doubling|tripled?|quadrupled?|\pL+fold`),
	report.German:  wordsOf(`zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|\pL+zehn|\pL+(zig|ßig)|hundert|\pL*tausend|million(en)?|milliarden?|dutzend|halb|hälfte|halbiert\pL*|drittel|viertel|doppelt\pL*|verdoppel\pL*|verdreifach\pL*|\pL+fach\pL*`),
	report.French:  wordsOf(`deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingts?|trente|quarante|cinquante|soixante|cents?|mille|millions?|milliards?|douzaines?|moitié|demi\pL*|tiers|quarts?|doubl\pL+|tripl\pL+`),
	report.Czech:   wordsOf(`dva|dvě|tři|čtyři|pět|šest|sedm|osm|devět|deset|\pL+náct|\pL+cet|\pL+desát|sto|stovk\pL+|tisíce?|milion\pL*|miliard\pL*|tuct\pL+|polovin\pL+|půl|třetin\pL+|čtvrtin\pL+|dvojnásob\pL+|trojnásob\pL+|zdvojnásob\pL+`),
	// In Japanese they are signs, of which only those beside a unit are meant as numbers.
	report.Japanese: regexp.MustCompile(`[二三四五六七八九十百千万億兆半]+(円|件|人|倍|割|分|％|%|年|月|日|万|億)|半分|倍増|倍`),
}

func wordsOf(list string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|[^\pL])(` + list + `)($|[^\pL])`)
}

// borneOut reports whether every number of a paragraph is.
func (c *checker) borneOut(p string) bool {
	for _, phrase := range c.phrases {
		p = replaceWhole(p, phrase)
	}
	prose := []rune{} // what is left beside numbers with their scales
	for at := 0; at < len(p); {
		r, size := utf8.DecodeRuneInString(p[at:])
		switch {
		case r >= '0' && r <= '9':
			number, scale, end, ok := c.number(p, at)
			if !ok || !c.known(number, scale) {
				return false
			}
			prose = append(prose, '·')
			at = end
			continue
		case unicode.IsNumber(r):
			return false // ½, Ⅷ, ３, ٣
		}
		prose = append(prose, r)
		at += size
	}
	language := report.Locale(c.locale.Language())
	return !words[language].MatchString(string(prose))
}

// replaceWhole takes a phrase out wherever it does not continue a word or a number.
func replaceWhole(p, phrase string) string {
	if phrase == "" {
		return p
	}
	var out strings.Builder
	for {
		at := strings.Index(p, phrase)
		if at < 0 {
			return out.String() + p
		}
		before, _ := utf8.DecodeLastRuneInString(out.String() + p[:at])
		after, _ := utf8.DecodeRuneInString(p[at+len(phrase):])
		if apart(before) && apart(after) && !(strings.ContainsRune(".,", after) && digitAt(p, at+len(phrase)+1)) {
			out.WriteString(p[:at] + "·")
		} else {
			out.WriteString(p[:at+len(phrase)])
		}
		p = p[at+len(phrase):]
	}
}

// apart reports whether a neighbour ends what it stands beside: a script without spaces has no ends of words.
func apart(neighbour rune) bool {
	if neighbour == utf8.RuneError {
		return true
	}
	return !unicode.IsNumber(neighbour) && (!unicode.IsLetter(neighbour) || unicode.In(neighbour, unicode.Han, unicode.Hiragana, unicode.Katakana))
}

func digitAt(p string, at int) bool { return at < len(p) && p[at] >= '0' && p[at] <= '9' }

// number reads the number that begins at a digit, and the word behind it. False is one that is not written as the language has it.
func (c *checker) number(p string, from int) (value decimal.Decimal, power int32, end int, ok bool) {
	if before, _ := utf8.DecodeLastRuneInString(p[:from]); unicode.IsLetter(before) && !unicode.In(before, unicode.Han, unicode.Hiragana, unicode.Katakana) {
		return value, 0, 0, false // Q1
	}
	end = from
	for digitAt(p, end) || c.separates(p, end) > 0 {
		end += max(1, c.separates(p, end))
	}
	text := p[from:end]
	whole, fraction, broken := strings.Cut(text, c.point)
	groups := c.groups(whole)
	for i, g := range groups {
		if len(groups) > 1 && (len(g) > 3 || i > 0 && len(g) != 3) {
			return value, 0, 0, false
		}
	}
	digits := strings.Join(groups, "")
	if digits == "" || strings.ContainsFunc(digits+fraction, func(r rune) bool { return r < '0' || r > '9' }) || broken && fraction == "" || len(digits+fraction) > 60 {
		return value, 0, 0, false
	}
	if broken {
		digits += "." + fraction
	}
	value, err := decimal.NewFromString(digits)
	power, end, ok = c.scale(p, end)
	return value, power, end, ok && err == nil
}

// groups are the whole digits between the language's separators; any of its spaces is as good as another.
func (c *checker) groups(whole string) []string {
	if c.spaced() {
		whole = strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(whole)
		return strings.Split(whole, " ")
	}
	return strings.Split(whole, c.group)
}

func (c *checker) spaced() bool { return c.group == "\u00a0" || c.group == "\u202f" }

// separates is how many bytes of a separator stand at a place between two digits, 0 where none does. What is a separator in another
// language counts too: it makes the number one that is not written as it should be, and not two that are.
func (c *checker) separates(p string, at int) int {
	for _, s := range []string{".", ",", "'", "’", "\u00a0", "\u202f", " "} {
		if !strings.HasPrefix(p[at:], s) || !digitAt(p, at+len(s)) {
			continue
		}
		if strings.TrimSpace(s) != "" {
			return len(s)
		}
		// A space parts two numbers, unless three digits follow in a language that groups so.
		n := at + len(s)
		if c.spaced() && digitAt(p, n+1) && digitAt(p, n+2) && !digitAt(p, n+3) {
			return len(s)
		}
	}
	return 0
}

// scale reads the word behind a number. Another letter right behind it is no number of ours.
func (c *checker) scale(p string, at int) (power int32, end int, ok bool) {
	rest := p[at:]
	gap := 0
	for _, space := range []string{" ", "\u00a0", "\u202f", "-"} {
		if strings.HasPrefix(rest, space) {
			gap = len(space)
			break
		}
	}
	for _, s := range slices.Concat(everywhere, scales[report.Locale(c.locale.Language())]) {
		word := rest[gap:]
		if len(word) < len(s.word) || !strings.EqualFold(word[:len(s.word)], s.word) {
			continue
		}
		after, _ := utf8.DecodeRuneInString(word[len(s.word):])
		if apart(after) || s.word == "%" {
			return s.power, at + gap + len(s.word), true
		}
	}
	next, _ := utf8.DecodeRuneInString(rest)
	glued := unicode.IsLetter(next) && !unicode.In(next, unicode.Han, unicode.Hiragana, unicode.Katakana)
	return 0, at, !glued && next != '‰' && next != '/' && next != '+' && next != '^'
}

// known reports whether a figure bears a number out; see checker.
func (c *checker) known(v decimal.Decimal, power int32) bool {
	places := max(0, -v.Exponent())
	precise := significant(v)
	return slices.ContainsFunc(c.figures, func(f figure) bool {
		switch {
		case power == percentWord:
			return f.percent && (f.value.Equal(v) || precise >= 2 && f.value.Round(places).Equal(v)) ||
				f.portion && (f.value.Shift(2).Equal(v) || precise >= 2 && f.value.Shift(2).Round(places).Equal(v))
		case power > 0:
			return f.value.Equal(v.Shift(power)) || precise >= 2 && f.value.Shift(-power).Round(places).Equal(v)
		}
		return f.value.Equal(v) || precise >= 3 && places < -f.value.Exponent() && f.value.Round(places).Equal(v)
	})
}

// significant is how many digits a number says, from its first that is not zero on.
func significant(v decimal.Decimal) int {
	return len(strings.TrimLeft(v.Coefficient().String(), "0"))
}
