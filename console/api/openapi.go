package api

import (
	_ "embed"
	"fmt"
	"net/http"
	"slices"

	"github.com/goccy/go-yaml"

	"github.com/monthend/monthend/pipeline/ledger"
)

//go:embed openapi.yaml
var openapiPaths []byte

//go:embed openapi_schema.yaml
var openapiComponents []byte

// document is the OpenAPI document as it is served.
func document() ([]byte, error) {
	text, err := yaml.YAMLToJSON(slices.Concat(openapiPaths, openapiComponents))
	if err != nil {
		return nil, fmt.Errorf("set up the api: read its document: %w", err)
	}
	return text, nil
}

func (a *API) openapi(w http.ResponseWriter, r *http.Request, _ ledger.Token) error {
	if err := readQuery(r, nil); err != nil {
		return err
	}
	return answerText(w, http.StatusOK, a.doc)
}
