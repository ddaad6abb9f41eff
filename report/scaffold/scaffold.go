// Package scaffold holds the definition that a new one begins as: small, whole, full of comments, with a test case, and running as it
// is over the demo company's books. It stands on the ground floor beside report, whose syntax it shows. It writes no file.
package scaffold

import (
	"embed"
	"io/fs"
	"strings"

	"github.com/monthend/monthend/report"
)

//go:embed all:new-report
var embedded embed.FS

// folder is the name of the report that stands in for any.
const folder = "new-report"

// SchemaFile is where the first line of a new report.yaml says that the schema lies: beside the folders of the reports.
const SchemaFile = "report.schema.json"

// File is one file of a new definition.
type File struct {
	Path string // inside the folder of the definition, with slashes
	Data []byte
}

// Files are the files of a new definition called name, report.yaml first.
func Files(name string) ([]File, error) {
	var files []File
	err := fs.WalkDir(embedded, folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := embedded.ReadFile(path)
		if err != nil {
			return err
		}
		file := File{Path: strings.TrimPrefix(path, folder+"/"), Data: data}
		if file.Path == report.DefinitionFile {
			file.Data = []byte(strings.NewReplacer(folder, name, "New report", title(name)).Replace(string(data)))
			files = append([]File{file}, files...)
			return nil
		}
		files = append(files, file)
		return nil
	})
	return files, err
}

// title makes a first title of a name.
func title(name string) string {
	words := strings.ReplaceAll(name, "-", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}
