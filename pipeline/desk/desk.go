// Package desk is the analyst's: here a definition is checked against its source and the engine without reading a row, and tested
// over rows that stand beside it as CSV. It stands in pipeline beside source and engine, which it uses as a run does. It claims
// nothing, publishes nothing, and knows neither ledger nor store.
package desk
