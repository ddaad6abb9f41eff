package page_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report/format/page"
)

func book(t testing.TB) *page.Book {
	t.Helper()
	b, err := page.New(page.Options{Title: "Page 😀", Language: "en", Date: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var text = page.Style{Size: 10}

func TestDigitsAreOfOneWidth(t *testing.T) {
	b := book(t)
	for _, weight := range []page.Weight{page.Regular, page.Bold} {
		for _, digit := range "0123456789−" {
			if got := b.Width(string(digit), page.Style{Size: 10, Weight: weight}); got != 6 {
				t.Errorf("%c: got a width of %v, want 6", digit, got)
			}
		}
	}
}

func TestWrap(t *testing.T) {
	b := book(t)
	tests := []struct {
		name  string
		text  string
		width float64
		limit int
		want  []string
	}{
		{"one line", "Müller & Söhne", 200, 0, []string{"Müller & Söhne"}},
		{"at spaces", "one two  three", 40, 0, []string{"one two", "three"}},
		{"nothing", "", 40, 0, []string{""}},
		{"only spaces", "   ", 40, 0, []string{""}},
		{"a figure stays whole", "a 1\u00a0234\u00a0567", 50, 0, []string{"a", "1\u00a0234\u00a0567"}},
		{"inside a long word", "abcdefghij", 20, 0, []string{"abc", "defg", "hij"}},
		{"after a hyphen", "Müller-Söhne", 45, 0, []string{"Müller-", "Söhne"}},
		{"Japanese", "日本支店", 20, 0, []string{"日本", "支店"}},
		{"narrower than a rune", "日本", 1, 0, []string{"日", "本"}},
		{"a limit", "one two three four", 40, 2, []string{"one two", "three f…"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, b.Wrap(test.text, test.width, text, test.limit)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFit(t *testing.T) {
	b := book(t)
	got := b.Fit(strings.Repeat("wide ", 20), 60, text)
	if !strings.HasSuffix(got, "…") || b.Width(got, text) > 60 {
		t.Errorf("got %q, %v wide", got, b.Width(got, text))
	}
	if got := b.Fit("short", 60, text); got != "short" {
		t.Errorf("got %q", got)
	}
}

func TestReplaced(t *testing.T) {
	b := book(t)
	b.Text(50, 50, "é e\u0301 日 😀 שלום\u200f 𠮷😀", page.Left, text)
	if diff := cmp.Diff([]rune{'ו', 'ל', 'ם', 'ש', '😀', '𠮷'}, b.Replaced()); diff != "" {
		t.Errorf("replaced (-want +got):\n%s", diff)
	}
}

// FuzzWrap breaks any text: the lines hold all of it but spaces, and none is wider than asked unless it is one rune.
func FuzzWrap(f *testing.F) {
	f.Add("one two three", 30.0)
	f.Add("1\u00a0234\u00a0567,00 日本支店のa-b/c", 12.5)
	f.Add("\xff\x00\u202e 😀", 0.0)
	b := book(f)
	f.Fuzz(func(t *testing.T, s string, width float64) {
		if !(width >= 0 && width < 1e4) || len(s) > 2000 {
			return
		}
		lines := b.Wrap(s, width, text, 0)
		whole := strings.Join(b.Wrap(s, 1e9, text, 1), "")
		if got, want := squeeze(strings.Join(lines, "")), squeeze(whole); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
		for _, line := range lines {
			if len([]rune(line)) > 1 && b.Width(line, text) > width+0.001 {
				t.Fatalf("%q is %v wide, want at most %v", line, b.Width(line, text), width)
			}
		}
	})
}

func squeeze(s string) string { return strings.ReplaceAll(s, " ", "") }

func TestEqualBooksAreEqual(t *testing.T) {
	var want []byte
	for range 8 {
		b := book(t)
		b.Text(50, 50, "a\u00a0b c−1 日本 ÄÖÜ \u202f", page.Left, text)
		b.Bookmark("日本 — Ä", 0)
		b.Stamp("DRAFT", page.Ink{R: 200})
		var out bytes.Buffer
		if err := b.Write(&out); err != nil {
			t.Fatal(err)
		}
		if want != nil && !bytes.Equal(want, out.Bytes()) {
			t.Fatal("two books differ")
		}
		want = out.Bytes()
	}
}
