package report_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/report"
)

// layer is a folder of definitions like wholeFolder's, under other names.
func layer(title string, names ...string) fstest.MapFS {
	out := fstest.MapFS{"README.md": {Data: []byte("not a definition")}, "drafts/notes.txt": {Data: []byte("nor this")}}
	for _, name := range names {
		for path, file := range wholeFolder() {
			data := strings.Replace(string(file.Data), "name: sales\ntitle: Sales", "name: "+name+"\ntitle: "+title, 1)
			out[strings.Replace(path, "sales", name, 1)] = &fstest.MapFile{Data: []byte(data)}
		}
	}
	return out
}

func TestCatalogLayers(t *testing.T) {
	catalog, err := report.NewCatalog(layer("Shipped", "sales", "stock"), layer("Ours", "sales", "payroll"))
	if err != nil {
		t.Fatal(err)
	}
	want := []report.Listing{{Name: "payroll", Title: "Ours"}, {Name: "sales", Title: "Ours"}, {Name: "stock", Title: "Shipped"}}
	if diff := cmp.Diff(want, catalog.List()); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	def, err := catalog.Get("sales")
	if err != nil || def.Title != "Ours" {
		t.Errorf("got %q, %v, want the later layer's", def.Title, err)
	}
}

func TestCatalogOfUnknownReport(t *testing.T) {
	catalog, err := report.NewCatalog(layer("Shipped", "sales", "stock"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = catalog.Get("sale")
	var unknown *report.UnknownReportError
	if !errors.As(err, &unknown) {
		t.Fatalf("got %v, want an unknown report", err)
	}
	if got, want := err.Error(), `no report is called "sale"; did you mean "sales"?`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCatalogKeepsWhatIsWhole(t *testing.T) {
	ours := layer("Ours", "sales")
	ours["sales/report.yaml"] = &fstest.MapFile{Data: []byte("name: sales")}
	ours["Old Report/report.yaml"] = &fstest.MapFile{Data: []byte("name: old")}
	catalog, err := report.NewCatalog(layer("Shipped", "sales", "stock"), ours)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Old Report", "sales", "stock"}, catalog.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if _, err := catalog.Get("stock"); err != nil {
		t.Errorf("stock: %v", err)
	}
	var broken *report.DefinitionError
	if _, err := catalog.Get("sales"); !errors.As(err, &broken) {
		t.Errorf("sales: got %v, want the mistakes of the later layer", err)
	}
}
