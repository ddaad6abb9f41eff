// Package engine is the DuckDB workspace of one run: extracted rows are loaded, checked, queried and exported in it. It
// stands below pipeline, which opens one workspace a run, and it is the only package that imports DuckDB. It does not know
// where rows come from, how a report is drawn or where files are published.
//
// What SQL may do here: every rule and dataset is proved to be one SELECT before it runs, it reads the tables of its own
// run only, and the database itself has no way to files, extensions or settings. DuckDB's memory limit is not a hard one
// (a single huge value passes it), so the worker process stays the unit of isolation.
package engine
