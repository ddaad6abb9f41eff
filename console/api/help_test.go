package api_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/monthend/monthend/pipeline/store"
)

// storeless is a store that keeps nothing.
type storeless struct{}

func (*storeless) Open(context.Context, string) (io.ReadCloser, error) { return nil, store.ErrNotFound }

// unmarshal reads the members of an object that are named.
func unmarshal(text []byte, into map[string]any) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	for name, value := range members {
		if to, ok := into[name]; ok {
			if err := json.Unmarshal(value, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// cutOff fetches a file that must not arrive whole.
func (w *world) cutOff(path string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), "GET", w.url+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+w.read)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return
	}
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err == nil {
		w.t.Errorf("%d bytes arrived as if whole", len(text))
	}
}
