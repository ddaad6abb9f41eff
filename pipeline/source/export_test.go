package source

// Bind and DecodeNumeric are under test apart from a server: each parses what others wrote.
var (
	Bind          = bind
	DecodeNumeric = decodeNumeric
)
