//go:build browser

package format_test

import (
	"encoding/json"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

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

// TestAxe has a real browser look at the drawn pages with axe-core, in light and dark, on a desk and on a telephone. It needs
// a Chromium (CHROMIUM, else chromium on the path) and the file axe.min.js of npm's axe-core (AXE):
//
//	npm pack axe-core && tar xzf axe-core-*.tgz package/axe.min.js
//	AXE=$PWD/package/axe.min.js go test -tags browser -run Axe ./report/format
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
		for scheme, query := range map[string]string{"light": "(width: 1px)", "dark": "(min-width: 1px)"} {
			for _, size := range []string{"1000,1400", "390,1400"} {
				t.Run(name+"/"+scheme+"/"+size, func(t *testing.T) {
					// The browser has no switch for the scheme that works everywhere, so the query is made true or false.
					got := runAxe(t, strings.ReplaceAll(page, "(prefers-color-scheme: dark)", query), string(axe), size)
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
	out, err := exec.CommandContext(t.Context(), chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
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
