//go:build browser

package format_test

import (
	"context"
	"encoding/json"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/report/format"
)

// axeResult is what axe-core finds in a page, as far as it is looked at here.
type axeResult struct {
	Passes     []any
	Violations []struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML, FailureSummary string }
	}
}

var (
	axeOutput = regexp.MustCompile(`(?s)<pre id="axe-result">(.*?)</pre>`)
	cspMeta   = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`)
)

// axeView is one way to look at a page. The browser has no switches for scheme and medium that work everywhere, so the page's own
// queries are made true or false instead.
type axeView struct {
	name, size string
	queries    *strings.Replacer
}

var (
	axeLight = strings.NewReplacer("(prefers-color-scheme: dark)", "(width: 1px)")
	axeDark  = strings.NewReplacer("(prefers-color-scheme: dark)", "(min-width: 1px)")
	axePrint = strings.NewReplacer("@media print", "@media all", "@media screen", "@media (width: 1px)")
	axeViews = []axeView{
		{"light on a desk", "1000,1400", axeLight}, {"light on a telephone", "390,1400", axeLight},
		{"dark on a desk", "1000,1400", axeDark}, {"dark on a telephone", "390,1400", axeDark},
		{"in print", "794,1123", axePrint},
	}
)

// axeTime bounds one look; a browser that hangs is a failure, not a wait.
const axeTime = time.Minute

// TestAxe has a real browser look at the drawn pages with axe-core, in light, dark and print, on a desk and on a telephone. It
// needs a Chromium (CHROMIUM, else chromium on the path) and the file axe.min.js of npm's axe-core (AXE), and fails without
// either; .ci/accessibility brings both.
func TestAxe(t *testing.T) {
	axe, err := os.ReadFile(os.Getenv("AXE"))
	if err != nil {
		t.Fatalf("read axe-core (AXE): %v", err)
	}
	draft := march(0)
	draft.Draft = true
	for name, doc := range map[string]report.Document{
		"everything": everything(t, report.English), "japanese": everything(t, report.Japanese), "failed": failed(t), "empty": empty(t), "draft": sample(t, draft),
	} {
		page := string(draw(t, format.HTML, doc))
		for _, view := range axeViews {
			t.Run(name+"/"+view.name, func(t *testing.T) {
				drawn := view.queries.Replace(page)
				if drawn == page {
					t.Fatal("the page has no query for this view: it would be looked at twice in the same way")
				}
				got := runAxe(t, drawn, string(axe), view.size)
				if len(got.Passes) < 20 {
					t.Errorf("axe-core has looked at %d rules only", len(got.Passes))
				}
				for _, v := range got.Violations {
					t.Errorf("%s (%s): %s: %+v", v.ID, v.Impact, v.Help, v.Nodes)
				}
			})
		}
	}
}

// TestAxeSees keeps TestAxe honest: a page with two mistakes on purpose must be found out.
func TestAxeSees(t *testing.T) {
	axe, err := os.ReadFile(os.Getenv("AXE"))
	if err != nil {
		t.Fatalf("read axe-core (AXE): %v", err)
	}
	page := string(draw(t, format.HTML, empty(t)))
	spoiled := strings.Replace(page, "</main>", `<img src="data:,"><p style="color:#ddd;background:#fff">pale</p></main>`, 1)
	if spoiled == page {
		t.Fatal("the page has no main element to spoil")
	}
	var got []string
	for _, v := range runAxe(t, spoiled, string(axe), "1000,1400").Violations {
		got = append(got, v.ID)
	}
	slices.Sort(got)
	if want := []string{"color-contrast", "image-alt"}; !slices.Equal(got, want) {
		t.Errorf("axe-core finds %q, want %q", got, want)
	}
}

// runAxe opens the page with axe-core at its end, which writes what it finds into the page.
func runAxe(t *testing.T, page, axe, size string) axeResult {
	t.Helper()
	const run = `axe.run(document, {resultTypes: ["violations"]}).then(r => {
		const out = document.createElement("pre"); out.id = "axe-result";
		out.textContent = JSON.stringify({Passes: r.passes.map(p => p.id), Violations: r.violations}); document.body.append(out)})`
	page = cspMeta.ReplaceAllString(page, "") // it would, rightly, not let axe-core run
	page = strings.Replace(page, "</body>", "<script>"+strings.ReplaceAll(axe, "</script", `<\/script`)+"\n"+run+"</script></body>", 1)
	dir := t.TempDir()
	file := filepath.Join(dir, "page.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	chromium := os.Getenv("CHROMIUM")
	if chromium == "" {
		chromium = "chromium"
	}
	ctx, cancel := context.WithTimeout(t.Context(), axeTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+filepath.Join(dir, "profile"),
		"--window-size="+size, "--virtual-time-budget=20000", "--dump-dom", "file://"+file).Output()
	if err != nil {
		t.Fatalf("run %s: %v", chromium, err)
	}
	m := axeOutput.FindSubmatch(out)
	if m == nil {
		t.Fatal("axe-core has written nothing")
	}
	var result axeResult
	if err := json.Unmarshal([]byte(html.UnescapeString(string(m[1]))), &result); err != nil {
		t.Fatal(err)
	}
	return result
}
