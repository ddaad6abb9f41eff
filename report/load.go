package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/currency"
)

// DefinitionFile is the file that makes a folder a definition.
const DefinitionFile = "report.yaml"

// currencyPattern is the schema's, which has complained about anything else.
var currencyPattern = regexp.MustCompile(`^[A-Z]{3}$`)

// MaxFileSize bounds report.yaml and each .sql file, in bytes.
const MaxFileSize = 256 << 10

// Load reads the definition in the folder dir of fsys. It looks for every mistake that can be found without a database and
// returns them all in one *DefinitionError. Whether columns exist and queries run is found out by preparing them, elsewhere.
//
// Pass a file system that cannot be left by a symbolic link, such as os.Root's.
func Load(fsys fs.FS, dir string) (Definition, error) {
	r, err := Read(fsys, dir)
	if err != nil {
		return Definition{}, err
	}
	return r.definition()
}

// definition is the whole definition or none.
func (r *Reading) definition() (Definition, error) {
	if err := r.Err(); err != nil {
		return Definition{}, err
	}
	return r.Definition, nil
}

// read goes as far as it can: what one stage has complained about, the next passes over.
func read(fsys fs.FS, dir string, schema *jsonschema.Schema) (*Reading, error) {
	l := &loader{fsys: fsys, dir: dir, file: path.Join(dir, DefinitionFile), files: map[string][]byte{}}
	r := &Reading{dir: dir, files: l.files}
	data, err := readFile(fsys, l.file)
	if err != nil {
		r.Problems = []Problem{problemOf(l.file, err)}
		return r, nil
	}
	l.files[DefinitionFile] = data
	root, problems := parseYAML(l.file, data)
	l.problems = problems
	if root != nil {
		if err := schema.Validate(root.plain()); err != nil {
			var invalid *jsonschema.ValidationError
			if !errors.As(err, &invalid) {
				return nil, fmt.Errorf("check %s: %w", l.file, err)
			}
			for _, p := range schemaProblems(l.file, root, invalid) {
				// What is no YAML of ours is no value either: one complaint about it is enough.
				if !slices.ContainsFunc(problems, func(q Problem) bool { return q.Line == p.Line && q.Col == p.Col }) {
					l.problems = append(l.problems, p)
				}
			}
		}
		l.read(root)
	}
	for i, p := range l.problems {
		if p.Source == "" {
			l.problems[i].Source = LineOf(l.files[strings.TrimPrefix(strings.TrimPrefix(p.File, dir), "/")], p.Line)
		}
	}
	r.root, r.Problems, r.Definition = root, SortProblems(l.problems), l.def
	if len(r.Problems) == 0 {
		r.Definition.Digest = digest(l.files)
	}
	return r, nil
}

// loader reads one definition. It goes on after a mistake and passes over what the schema has complained about.
type loader struct {
	fsys     fs.FS
	dir      string
	file     string            // report.yaml's path, for messages
	files    map[string][]byte // what was read, by path inside the folder
	def      Definition
	problems []Problem
}

// complain records a mistake at a node. A nil node is a field that the schema has found missing.
func (l *loader) complain(n *node, format string, args ...any) {
	if n != nil {
		l.problems = append(l.problems, Problem{File: l.file, Line: n.at.line, Col: n.at.col, Message: fmt.Sprintf(format, args...)})
	}
}

// read goes through the file in an order of its own: extracts before datasets, datasets before rules and blocks, so that every
// name is known when it is looked up.
func (l *loader) read(root *node) {
	l.def.Name, l.def.Title, l.def.Company = root.get("name").str(), root.get("title").str(), root.get("company").str()
	if folder := path.Base(l.dir); l.dir != "." && l.def.Name != "" && l.def.Name != folder {
		l.complain(root.get("name"), "name %q is not the name of its folder, %q", clip(l.def.Name), folder)
	}
	for _, field := range []string{"title", "company"} {
		if err := checkText(root.get(field).str()); err != nil {
			l.complain(root.get(field), "%s: %v", field, err)
		}
	}
	l.readZone(root.get("timezone"))
	l.readCurrency(root.get("currency"))
	l.def.Locale = Locale(root.get("locale").str())
	l.readReady(root.get("ready"))
	l.readTenants(root.get("tenants"))
	l.readSlowAfter(root.get("slow_after"))
	l.readSchedules(root.get("schedule"), root.get("due_by"))
	l.readExtracts(root.get("extract"))
	l.checkTenants(root.get("tenants"))
	l.readDatasets(root.get("generate").get("datasets"))
	l.readCommentary(root.get("commentary"))
	l.readRules(root.get("validate").get("rules"))
	l.readGate(root.get("validate").get("gate"))
	l.readDocument(root.get("generate").get("document"))
	l.checkComparisons(root.get("generate").get("document"))
	l.readFormats(root.get("generate").get("formats"))
	l.readDetails(root.get("generate").get("details"))
	l.readCSV(root.get("generate").get("csv"))
	l.readDeliver(root.get("approve"), root.get("deliver"))
	l.readAlerts(root.get("alerts"))
}

// readZone reads where months begin and end.
func (l *loader) readZone(n *node) { l.def.Location = l.location(n) }

func (l *loader) readCurrency(n *node) {
	l.def.Currency = n.str()
	if !currencyPattern.MatchString(l.def.Currency) {
		return
	}
	if _, err := currency.ParseISO(l.def.Currency); err != nil {
		l.complain(n, "currency %q is not in ISO 4217", l.def.Currency)
	}
}

// readExtracts keeps the names free that the engine makes of an extract's: t_extracted and t_quarantine.
func (l *loader) readExtracts(n *node) {
	if n == nil {
		return
	}
	for _, m := range n.members {
		for _, suffix := range []string{"_extracted", "_quarantine"} {
			if strings.HasSuffix(m.name, suffix) {
				l.complain(&node{at: m.at}, "extract %q: names ending in %s are taken", clip(m.name), suffix)
			}
		}
		sql := m.value.get("sql")
		l.def.Extract = append(l.def.Extract, Extract{
			Name: m.name, SQL: l.readSQL(sql, true), Path: sql.str(), Key: m.value.get("key").strs(), Outside: l.readOutside(m),
		})
	}
}

// readDatasets refuses the names of extracts: both are tables of one workspace.
func (l *loader) readDatasets(n *node) {
	if n == nil {
		return
	}
	for _, m := range n.members {
		if l.isExtract(strings.TrimSuffix(strings.TrimSuffix(m.name, "_extracted"), "_quarantine")) {
			l.complain(&node{at: m.at}, "dataset %q: the name is taken by an extract", clip(m.name))
		}
		l.def.Datasets = append(l.def.Datasets, DatasetQuery{Name: m.name, SQL: l.readSQL(m.value, false), Path: m.value.str()})
	}
}

func (l *loader) readFormats(n *node) {
	for i, format := range n.strs() {
		if slices.Contains(l.def.Formats, format) {
			l.complain(n.items[i], "format %q is given twice", clip(format))
			continue
		}
		l.def.Formats = append(l.def.Formats, format)
	}
}

// readSQL reads the file that n names. Parameters are bound in extract queries only.
func (l *loader) readSQL(n *node, parameters bool) string {
	name := n.str()
	if name == "" || !strings.HasSuffix(name, ".sql") {
		return ""
	}
	if !fs.ValidPath(name) || strings.Contains(name, `\`) {
		l.complain(n, "%q does not name a file inside the folder; want a path such as sql/daily.sql", clip(name))
		return ""
	}
	data, err := readFile(l.fsys, path.Join(l.dir, name))
	if err != nil {
		l.complain(n, "%s: %v", name, err)
		return ""
	}
	l.files[name] = data
	l.checkParameters(path.Join(l.dir, name), string(data), parameters)
	return string(data)
}

// checkParameters looks for @name in a file's SQL.
func (l *loader) checkParameters(file, sql string, allowed bool) {
	for _, p := range Parameters(sql) {
		if m := parameterMistake(p, allowed); m != "" {
			l.problems = append(l.problems, Problem{File: file, Line: p.Line, Col: p.Col, Message: m})
		}
	}
}

func parameterMistake(p Parameter, allowed bool) string {
	switch {
	case !allowed:
		return fmt.Sprintf("@%s: parameters are bound in extract queries only", clip(p.Name))
	case !slices.Contains(ParameterNames[:], p.Name):
		if near := Near(p.Name, ParameterNames[:]); near != "" {
			return fmt.Sprintf("@%s is not known; did you mean @%s?", clip(p.Name), near)
		}
		return fmt.Sprintf("@%s is not known; want one of @%s", clip(p.Name), strings.Join(ParameterNames[:], ", @"))
	case p.Glued:
		return fmt.Sprintf("@%s: want a space before it; PostgreSQL takes the @ for a part of the operator", p.Name)
	}
	return ""
}

// extractNames are what a rule or a gate may name.
func (l *loader) extractNames() []string {
	names := make([]string, len(l.def.Extract))
	for i, e := range l.def.Extract {
		names[i] = e.Name
	}
	return names
}

// datasetNames are what a block may name.
func (l *loader) datasetNames() []string {
	names := make([]string, len(l.def.Datasets))
	for i, d := range l.def.Datasets {
		names[i] = d.Name
	}
	return names
}

func (l *loader) isExtract(name string) bool {
	return slices.ContainsFunc(l.def.Extract, func(e Extract) bool { return e.Name == name })
}

func (l *loader) isDataset(name string) bool {
	return slices.ContainsFunc(l.def.Datasets, func(d DatasetQuery) bool { return d.Name == name })
}

// readFile reads a bounded text file; its errors do not repeat the path.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("no such file")
	}
	if err != nil {
		return nil, fmt.Errorf("open: %w", cause(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open: %w", cause(err))
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	// Not by the size in info: a file may grow, and some file systems say 0.
	data, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read: %w", cause(err))
	case len(data) > MaxFileSize:
		return nil, fmt.Errorf("more than %d bytes", MaxFileSize)
	case !utf8.Valid(data):
		line, col := LineCol(string(data), invalidAt(data))
		return nil, &encodingError{line, col}
	case bytes.HasPrefix(data, []byte("\ufeff")):
		return nil, errors.New("it begins with a byte order mark; save it as plain UTF-8")
	case len(strings.TrimSpace(string(data))) == 0:
		return nil, errors.New("the file is empty")
	}
	return data, nil
}

// encodingError is a file that is not UTF-8, with the place of the first byte that is not.
type encodingError struct{ line, col int }

func (e *encodingError) Error() string { return fmt.Sprintf("not UTF-8 at %d:%d", e.line, e.col) }

// problemOf is a file that could not be read.
func problemOf(file string, err error) Problem {
	var encoding *encodingError
	if errors.As(err, &encoding) {
		return Problem{File: file, Line: encoding.line, Col: encoding.col, Message: "not UTF-8 from here on"}
	}
	return Problem{File: file, Message: err.Error()}
}

// cause drops the path that *fs.PathError adds.
func cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// digest hashes every file with its name and length, in the order of the names, so that no two folders look alike.
func digest(files map[string][]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		io.WriteString(h, strconv.Itoa(len(name))+" "+name+" "+strconv.Itoa(len(files[name]))+"\n")
		h.Write(files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}
