package report

import (
	"path"
	"slices"
)

// TenantsName is what the query of tenants is called where an extract query has its name.
const TenantsName = "tenants"

// MaxTenants is how many tenants one asking may have.
const MaxTenants = 100_000

// readTenants reads the query that says whose reports a job without a tenant asks for. It is what finds the tenants, so it has
// none of its own to be bound.
func (l *loader) readTenants(n *node) {
	if n == nil {
		return
	}
	l.def.Tenants = Extract{Name: TenantsName, SQL: l.readSQL(n, true), Path: n.str()}
	for _, p := range Parameters(l.def.Tenants.SQL) {
		if p.Name == "tenant" {
			l.problems = append(l.problems, Problem{File: path.Join(l.dir, n.str()), Line: p.Line, Col: p.Col,
				Message: "@tenant: the query of tenants is asked for all of them at once and has no tenant"})
		}
	}
}

// checkTenants finds the slip by which a thousand tenants would get one tenant's rows.
func (l *loader) checkTenants(n *node) {
	if n == nil || l.def.Tenants.SQL == "" || len(l.def.Extract) == 0 {
		return
	}
	for _, e := range l.def.Extract {
		if e.Outside != nil || slices.ContainsFunc(Parameters(e.SQL), func(p Parameter) bool { return p.Name == "tenant" }) {
			return
		}
	}
	l.complain(n, "tenants: no extract query has @tenant, so every tenant would get the same report")
}
