package report

// ReadyName is what the ready query is called where an extract query has its name.
const ReadyName = "ready"

// readReady reads the query that is asked before the extracts, in their snapshot and with their parameters.
func (l *loader) readReady(n *node) {
	if n != nil {
		l.def.Ready = Extract{Name: ReadyName, SQL: l.readSQL(n, true), Path: n.str()}
	}
}
