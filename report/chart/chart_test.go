package chart_test

import (
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/chart"
)

var update = flag.Bool("update", false, "write the golden files")

// data is a chart of figures given as text; "" is a missing one.
func data(kind report.ChartKind, figures ...string) report.Chart {
	c := report.Chart{Kind: kind, Title: "Net", Series: []report.Series{{Name: "Net"}}}
	for i, f := range figures {
		c.Labels = append(c.Labels, fmt.Sprintf("%d Mar", i+1))
		var v any
		if f != "" {
			v = decimal.RequireFromString(f)
		}
		c.Series[0].Values = append(c.Series[0].Values, v)
	}
	return c
}

func TestGolden(t *testing.T) {
	two := data(report.LineChart, "1", "5", "", "4")
	two.Series = append(two.Series, report.Series{Name: "A year ago", Values: []any{nil, decimal.NewFromInt(2), decimal.NewFromInt(3), nil}})
	bars, areas, stacks, behind, czech := two, two, two, two, two
	bars.Kind, areas.Kind, stacks.Kind = report.BarChart, report.AreaChart, report.StackedBarChart
	stacks.Series = append([]report.Series{{Name: "Costs", Values: []any{decimal.NewFromInt(-3), decimal.NewFromInt(-9), nil, decimal.Zero}}}, two.Series...)
	behind.Series = []report.Series{two.Series[0], {Name: "February", Values: two.Series[1].Values, Behind: true}, {Name: "March 2025", Values: two.Series[0].Values, Behind: true}}
	czech.Locale, czech.Kind = report.Czech, report.BarChart
	many := data(report.StackedBarChart, "1", "2")
	for i := range 9 {
		many.Series = append(many.Series, report.Series{Name: fmt.Sprintf("Series number %d", i), Values: []any{decimal.NewFromInt(int64(i)), nil}})
	}
	for name, c := range map[string]report.Chart{
		"line":         data(report.LineChart, "1200.50", "-300", "0", "-80", "2500.25", "", "700"),
		"line-two":     two,
		"line-one-day": data(report.LineChart, "-5"),
		"line-zero":    data(report.LineChart, "0", "0.00"),
		"bar":          data(report.BarChart, "1284310.42", "-44033.04", "0", "12", ""),
		"bar-two":      bars,
		"area-two":     areas,
		"stacked":      stacks,
		"stacked-many": many,
		"line-behind":  behind,
		"bar-czech":    czech,
		"bar-negative": data(report.BarChart, "-10", "-20.5"),
		"nothing":      data(report.LineChart),
		"only-missing": data(report.BarChart, "", ""),
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, name, chart.SVG(c, 600, "c1"))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".svg")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// canvas remembers what was drawn.
type canvas struct {
	rects []rect
	texts []string
	areas map[chart.Ink]int
	bad   []string // places that are none
	width float64
}

type rect struct {
	x, width float64
	ink      chart.Ink
}

func (c *canvas) place(points ...chart.Point) {
	for _, p := range points {
		if !(p.X >= -1 && p.X <= c.width+1 && p.Y >= -1 && p.Y < 1e5) {
			c.bad = append(c.bad, fmt.Sprint(p))
		}
	}
}
func (c *canvas) Line(from, to chart.Point, _ chart.Ink) { c.place(from, to) }
func (c *canvas) Rect(at chart.Point, width, _, _ float64, ink chart.Ink) {
	c.place(at, chart.Point{X: at.X + width, Y: at.Y})
	c.rects = append(c.rects, rect{at.X, width, ink})
}
func (c *canvas) Path(points []chart.Point, _ chart.Ink) { c.place(points...) }
func (c *canvas) Area(points []chart.Point, ink chart.Ink) {
	c.place(points...)
	c.areas[ink]++
}
func (c *canvas) Text(at chart.Point, text string, _ chart.Anchor, _ chart.Ink) {
	c.place(at)
	c.texts = append(c.texts, text)
}

func draw(c report.Chart, width float64) *canvas {
	out := &canvas{areas: map[chart.Ink]int{}, width: width}
	chart.Draw(out, c, width)
	return out
}

func TestNegativeBarsAreRedAndLeftOfZero(t *testing.T) {
	got := draw(data(report.BarChart, "100", "-50"), 600)
	if len(got.rects) != 2 {
		t.Fatalf("got %d bars", len(got.rects))
	}
	up, down := got.rects[0], got.rects[1]
	if up.ink == chart.Bad || down.ink != chart.Bad {
		t.Errorf("inks: got %s and %s", up.ink, down.ink)
	}
	if end := down.x + down.width; end-up.x > 0.01 || up.x-end > 0.01 {
		t.Errorf("the bars meet at %v and %v, want one zero", end, up.x)
	}
	if ratio := up.width / down.width; ratio < 1.99 || ratio > 2.01 {
		t.Errorf("lengths: got a ratio of %v, want 2", ratio)
	}
}

func TestAreaBelowZeroIsRed(t *testing.T) {
	got := draw(data(report.LineChart, "10", "-10", "-5", "10", "0", "-3"), 600)
	if got.areas[chart.Bad] != 2 || got.areas[chart.SeriesInk(0)] != 2 {
		t.Errorf("got %v, want two surfaces on each side", got.areas)
	}
}

func TestBarsAreBounded(t *testing.T) {
	var figures []string
	for i := range chart.MaxBars + 7 {
		figures = append(figures, fmt.Sprint(i))
	}
	got := draw(data(report.BarChart, figures...), 600)
	if last := got.texts[len(got.texts)-1]; last != "and 7 more" {
		t.Errorf("got %q, want how many are left out", last)
	}
}

func TestCompact(t *testing.T) {
	for figure, want := range map[string]string{
		"0": "0", "0.00": "0", "5": "5", "-0.5": "−0.5", "0.001": "0.001", "12.345": "12.35", "999": "999", "999.4": "999", "1000": "1k",
		"1234": "1.23k", "44033.04": "44k", "999499": "999k", "999500": "1M", "1284310.42": "1.28M", "-2500000": "−2.5M",
		"7000000000": "7bn", "1234567890123": "1.23T", "1234567890123456": "1,235T",
	} {
		if got := chart.Compact(decimal.RequireFromString(figure)); got != want {
			t.Errorf("%s: got %q, want %q", figure, got, want)
		}
	}
}

func TestDescribe(t *testing.T) {
	got := chart.Describe(data(report.LineChart, "1200.50", "-300", ""))
	want := "Line chart of 3 entries, from 1 Mar to 3 Mar. Net: lowest −300 (2 Mar), highest 1.2k (1 Mar)."
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSparkSVG(t *testing.T) {
	d := decimal.RequireFromString
	for name, values := range map[string]report.Trend{
		"spark": {d("3"), d("-1"), nil, d("5.5"), d("2000000")}, "spark-flat": {d("7"), d("7")}, "spark-one": {d("-7")}, "spark-none": {nil},
	} {
		golden(t, name, chart.SparkSVG(values, report.English, 84, 16))
	}
}

// The pieces of a stack add up to the longest bar, negative ones on their own side of zero.
func TestStacksAddUp(t *testing.T) {
	c := data(report.StackedBarChart, "3", "-2")
	c.Series = append(c.Series, report.Series{Name: "More", Values: []any{decimal.NewFromInt(1), decimal.NewFromInt(4)}})
	got := draw(c, 600)
	var pieces []rect
	for _, r := range got.rects {
		if r.width != 14 { // a mark of the legend
			pieces = append(pieces, r)
		}
	}
	if len(pieces) != 4 {
		t.Fatalf("got %d pieces", len(pieces))
	}
	zero := pieces[0].x
	if ratio := (pieces[0].width + 1) / (pieces[1].width + 1); ratio < 2.99 || ratio > 3.01 {
		t.Errorf("pieces: got a ratio of %v, want 3", ratio)
	}
	if pieces[2].x+pieces[2].width > zero || pieces[3].x < zero {
		t.Error("a negative piece is not left of zero, or a positive one is")
	}
}

func TestDescribeInEveryLanguage(t *testing.T) {
	c := data(report.AreaChart, "1200.50", "-300")
	for locale, want := range map[report.Locale]string{
		report.German:   "Flächendiagramm mit 2 Einträgen, von 1 Mar bis 2 Mar. Net: niedrigster Wert −300 (2 Mar), höchster Wert 1,2\u00a0Tsd. (1 Mar).",
		report.Japanese: "面グラフ、2件、1 Marから2 Marまで。 Net：最小 −300（2 Mar）、最大 1,201（1 Mar）。",
	} {
		c.Locale = locale
		if got := chart.Describe(c); got != want {
			t.Errorf("%s: got %q, want %q", locale, got, want)
		}
	}
}

// FuzzSVG draws any figures under any name: the result is well-formed, stays inside and is the same twice.
func FuzzSVG(f *testing.F) {
	f.Add("1200.50 -300 0 x 5", "😀<script>\"'&日本\u202e\x00\xff", true, 600)
	f.Add("0 0", "", false, 200)
	f.Add("99999999999999999999999999999999999.99 -0.000001", "a", false, 350)
	f.Add("1e40 1", "\u202e", true, 900)
	f.Fuzz(func(t *testing.T, figures, name string, bars bool, width int) {
		if width < 200 || width > 2000 || len(figures) > 2000 {
			return
		}
		c := report.Chart{Kind: report.LineChart, Title: name, Series: []report.Series{{Name: name}}}
		if bars {
			c.Kind = []report.ChartKind{report.BarChart, report.StackedBarChart}[width%2]
		}
		for _, figure := range strings.Fields(figures) {
			var v any
			if d, err := decimal.NewFromString(figure); err == nil && d.Exponent() < 60 && d.Exponent() > -60 && d.NumDigits() < 60 {
				v = d
			}
			c.Labels = append(c.Labels, name)
			c.Series[0].Values = append(c.Series[0].Values, v)
		}
		for range width % 5 {
			c.Series = append(c.Series, report.Series{Name: name, Values: c.Series[0].Values, Behind: width%3 == 0})
		}
		svg := chart.SVG(c, float64(width), "c")
		if svg != chart.SVG(c, float64(width), "c") {
			t.Fatal("two drawings differ")
		}
		if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Fatalf("a place is none: %s", svg)
		}
		decoder := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := decoder.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("not well-formed: %v\n%s", err, svg)
			}
		}
		if bad := draw(c, float64(width)).bad; len(bad) > 0 {
			t.Fatalf("outside of the canvas: %v", bad)
		}
	})
}
