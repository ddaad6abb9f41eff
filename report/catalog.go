package report

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// Catalog is the definitions that a worker knows. It is read once: a definition does not change under a running worker.
type Catalog struct {
	entries map[string]entry
}

// entry is a definition as it was read, and where.
type entry struct {
	reading *Reading
	layer   int
	files   fs.FS
}

// Listing is one line of the list of definitions. A broken definition has no title but says why in Err.
type Listing struct {
	Name  string
	Title string
	Err   error
}

// UnknownReportError is a report that no layer defines.
type UnknownReportError struct {
	Name  string
	Known []string // ordered
}

// Error lists what there is instead.
func (e *UnknownReportError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("no report is called %q; none is defined", clip(e.Name))
	}
	if near := DidYouMean(e.Name, e.Known); near != "" {
		return fmt.Sprintf("no report is called %q%s", clip(e.Name), near)
	}
	return fmt.Sprintf("no report is called %q; known are %s", clip(e.Name), strings.Join(e.Known, ", "))
}

// NewCatalog reads every folder with a report.yaml at the top of each layer. A later layer's definition takes the place of an
// earlier one of the same name, even when it is broken: falling back in silence would draw another report than asked for.
// One broken definition does not hide the others; only a layer that cannot be listed is an error.
func NewCatalog(layers ...fs.FS) (*Catalog, error) {
	schema, err := compileSchema()
	if err != nil {
		return nil, err
	}
	c := &Catalog{entries: map[string]entry{}}
	for i, layer := range layers {
		folders, err := fs.ReadDir(layer, ".")
		if err != nil {
			return nil, fmt.Errorf("list definitions: %w", err)
		}
		for _, folder := range folders {
			name := folder.Name()
			if info, err := fs.Stat(layer, name); err != nil || !info.IsDir() {
				continue // a plain file, or a link that leads nowhere
			}
			if _, err := fs.Stat(layer, name+"/"+DefinitionFile); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			reading, err := read(layer, name, schema)
			if err != nil {
				return nil, err
			}
			files, err := fs.Sub(layer, name)
			if err != nil {
				return nil, fmt.Errorf("open definition %q: %w", name, err)
			}
			c.entries[name] = entry{reading, i, files}
		}
	}
	return c, nil
}

// Names are the known reports in order, broken ones included.
func (c *Catalog) Names() []string { return slices.Sorted(maps.Keys(c.entries)) }

// Get is the definition of a report: *UnknownReportError when there is none, *DefinitionError when it is broken.
func (c *Catalog) Get(name string) (Definition, error) {
	reading, err := c.Reading(name)
	if err != nil {
		return Definition{}, err
	}
	return reading.definition()
}

// Reading is a definition as it was read, broken or not; *UnknownReportError when there is none.
func (c *Catalog) Reading(name string) (*Reading, error) {
	found, ok := c.entries[name]
	if !ok {
		return nil, &UnknownReportError{Name: name, Known: c.Names()}
	}
	return found.reading, nil
}

// Layer is the number, from 0, of the layer that a known definition comes from.
func (c *Catalog) Layer(name string) int { return c.entries[name].layer }

// Files is the folder of a known definition, nil for any other. It can be read as long as its layer can.
func (c *Catalog) Files(name string) fs.FS { return c.entries[name].files }

// List is one line a definition, ordered by name.
func (c *Catalog) List() []Listing {
	var out []Listing
	for _, name := range c.Names() {
		def, err := c.entries[name].reading.definition()
		out = append(out, Listing{Name: name, Title: def.Title, Err: err})
	}
	return out
}
