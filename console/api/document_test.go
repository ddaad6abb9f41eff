package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/console/problem"
)

// contract is the document as a validator reads it.
var contract = sync.OnceValues(func() (*spec, error) {
	paths, err := os.ReadFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	components, err := os.ReadFile("openapi_schema.yaml")
	if err != nil {
		return nil, err
	}
	text, err := yaml.YAMLToJSON(slices.Concat(paths, components))
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	router, err := gorillamux.NewRouter(doc)
	return &spec{doc, router}, err
})

type spec struct {
	*openapi3.T
	router routers.Router
}

// validation is how requests and answers are held to the document. What a token allows is not the document's to say.
func validation() *openapi3filter.Options {
	return &openapi3filter.Options{IncludeResponseStatus: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true}
}

// conforms holds an answer to the document: to the operation's answers, or, where there is no such operation, to a problem.
func conforms(r *http.Request, response *http.Response, text []byte) error {
	doc, err := contract()
	if err != nil {
		return err
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"} {
		if got := response.Header.Get(name); got != want {
			return fmt.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if response.Header.Get("Access-Control-Allow-Origin") != "" {
		return errors.New("other sites may read it")
	}
	route, params, err := doc.find(r)
	if err != nil {
		if response.StatusCode < 400 {
			return fmt.Errorf("answered, though the document has no such operation: %w", err)
		}
		return isProblem(doc, response, text)
	}
	if response.StatusCode >= 400 && r.Method != http.MethodHead && len(text) > 0 {
		if err := isProblem(doc, response, text); err != nil {
			return err
		}
	}
	options := validation()
	options.ExcludeResponseBody = r.Method == http.MethodHead || route.Operation.OperationID == "file" && response.StatusCode < 400 || route.Operation.OperationID == "metrics" && response.StatusCode < 400
	return openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options},
		Status:                 response.StatusCode, Header: response.Header, Body: io.NopCloser(bytes.NewReader(text)), Options: options,
	})
}

// find is the operation of a request, whatever host it names.
func (s *spec) find(r *http.Request) (*routers.Route, map[string]string, error) {
	plain := r.Clone(r.Context())
	plain.Host, plain.URL.Host = "", ""
	if plain.Method == http.MethodHead {
		plain.Method = http.MethodGet
	}
	// A path of the document has no slash within a parameter; the server takes one in a file's name as it is, too.
	if head, name, ok := strings.Cut(plain.URL.EscapedPath(), "/files/"); ok && strings.HasPrefix(head, "/api/runs/") && name != "" {
		plain.URL.RawPath = head + "/files/" + strings.ReplaceAll(name, "/", "%2F")
	}
	return s.router.FindRoute(plain)
}

func isProblem(doc *spec, response *http.Response, text []byte) error {
	if got := response.Header.Get("Content-Type"); got != problem.ContentType {
		return fmt.Errorf("an error of type %q", got)
	}
	if response.Request.Method == http.MethodHead {
		return nil
	}
	var said struct{ Status int }
	if err := json.Unmarshal(text, &said); err != nil || said.Status != response.StatusCode {
		return fmt.Errorf("the problem %s says %d, %v", text, said.Status, err)
	}
	decoded, err := openapi3filter.JSONBodyDecoder(bytes.NewReader(text), nil, nil, nil)
	if err != nil {
		return err
	}
	return doc.Components.Schemas["Problem"].Value.VisitJSON(decoded)
}

// What is served is what is documented, with the scopes that it says.
func TestRoutesAreDocumented(t *testing.T) {
	doc := must[*spec](t)(contract())
	var want []string
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			scope, _ := operation.Extensions["x-scope"].(string)
			if open := operation.Security != nil && len(*operation.Security) == 0; open != (scope == "") {
				t.Errorf("%s %s: its security and its scope %q differ", method, path, scope)
			}
			want = append(want, strings.TrimSpace(method+" "+path+" "+scope))
		}
	}
	var got []string
	for _, route := range routes(t) {
		got = append(got, strings.TrimSpace(route.Method+" "+route.Path+" "+string(route.Scope)))
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("documented and served (-want +got):\n%s", diff)
	}
	var kinds []any
	for _, kind := range problem.Kinds {
		kinds = append(kinds, problem.Prefix+kind.Slug)
	}
	if diff := cmp.Diff(kinds, doc.Components.Schemas["Problem"].Value.Properties["type"].Value.Enum); diff != "" {
		t.Errorf("problems (-made +documented):\n%s", diff)
	}
}

func TestDocumentIsServed(t *testing.T) {
	w := newWorld(t, options{})
	got := w.wants(http.StatusOK, call{method: "GET", path: "/api/openapi.json"})
	served := must[*openapi3.T](t)(openapi3.NewLoader().LoadFromData(got.text))
	if err := served.Validate(t.Context()); err != nil || len(served.Paths.Map()) < 10 {
		t.Errorf("%d paths, %v", len(served.Paths.Map()), err)
	}
}
