//go:build !cgo

package engine

// Without cgo there is no DuckDB. The next line does not compile, and its one identifier is the message.
var _ = monthend_needs_cgo_and_a_C_compiler__set_CGO_ENABLED_1_and_install_gcc__see_README
