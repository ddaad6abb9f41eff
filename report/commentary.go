package report

import "slices"

// Commentary asks for a draft in words of what the datasets say. It is a draft by its mark in the document and by nature: no figure
// depends on it, and it is left out where it cannot be had.
type Commentary struct {
	Datasets     []string            // whose figures and dates are shared, in the order of the file
	Share        map[string][]string // by dataset: the columns of text that are shared too
	Instructions string              // to whoever writes; may be empty
}

// readCommentary comes after the datasets.
func (l *loader) readCommentary(n *node) {
	if n == nil || n.kind != mapNode {
		return
	}
	c := &Commentary{Instructions: n.get("instructions").str(), Share: map[string][]string{}}
	for _, item := range n.get("datasets").list() {
		l.checkDataset("commentary", item)
		if slices.Contains(c.Datasets, item.str()) {
			l.complain(item, "commentary: %q is given twice", clip(item.str()))
			continue
		}
		c.Datasets = append(c.Datasets, item.str())
	}
	if share := n.get("share"); share != nil {
		for _, m := range share.members {
			if !slices.Contains(c.Datasets, m.name) {
				l.complain(&node{at: m.at}, "share: %q is not one of the commentary's datasets", clip(m.name))
				continue
			}
			c.Share[m.name] = m.value.strs()
		}
	}
	l.def.Commentary = c
}

// commentary looks whether the columns that are shared are there, and are text.
func (f *fitting) commentary() {
	shared := f.reading.root.get("commentary").get("share")
	if shared == nil {
		return
	}
	for _, m := range shared.members {
		d, known := f.datasets[m.name]
		for _, item := range m.value.list() {
			at := slices.IndexFunc(d.Columns, func(c Column) bool { return c.Name == item.str() })
			problem := func(message string) {
				f.problems = append(f.problems, f.reading.ProblemIn(DefinitionFile, item.at.line, item.at.col, message))
			}
			switch {
			case !known || item.str() == "":
			case at < 0:
				problem("share: dataset " + m.name + " has no column " + item.str())
			case d.Columns[at].Kind != Text:
				problem("share: column " + item.str() + " is no text; figures and dates are shared without being named")
			}
		}
	}
}
