package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"runtime"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/monthend/monthend/local/postgres"
)

// databaseVariable names a server whose role may create databases; nothing is started then.
const databaseVariable = "MONTHEND_TEST_DATABASE_URL"

// shared is the one server of this test process. Without Main it ends with the process, and the next start removes its
// directory.
var shared server

type server struct {
	mu        sync.Mutex
	base      *url.URL         // nil until the first need
	started   *postgres.Server // nil when the server was given
	templates map[string]*template
}

// template is a database that is copied. prepared is closed when name or err is set.
type template struct {
	prepared chan struct{}
	name     string
	err      error
}

// Main runs the tests of a package, ends the server and fails when goroutines are left over. ignored are for goroutines of
// others that never end.
func Main(m *testing.M, ignored ...goleak.Option) int {
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		code = max(code, 1)
	}
	if code == 0 {
		if err := goleak.Find(ignored...); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
			return 1
		}
	}
	return code
}

// url is where the server is, started at the first call. A start that did not succeed is tried again by the next test,
// which then says why itself.
func (s *server) url(ctx context.Context) (*url.URL, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.base != nil {
		return s.base, nil
	}
	if given := os.Getenv(databaseVariable); given != "" {
		base, err := url.Parse(given)
		if err != nil || (base.Scheme != "postgres" && base.Scheme != "postgresql") {
			// The text of a parse error would hold the password.
			return nil, fmt.Errorf("%s is not a postgres:// URL", databaseVariable)
		}
		s.base = base
		return base, nil
	}
	started, err := postgres.Start(ctx, postgres.Config{Announce: func(line string) { fmt.Fprintln(os.Stderr, line) }})
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(started.URL(""))
	if err != nil {
		return nil, errors.Join(err, started.Close())
	}
	s.started, s.base = started, base
	return base, nil
}

// template is the name of the database that prepare filled. The first caller prepares, the others wait for it.
func (s *server) template(ctx context.Context, prepare func(context.Context, string) error) (string, error) {
	base, err := s.url(ctx)
	if err != nil {
		return "", err
	}
	key := runtime.FuncForPC(reflect.ValueOf(prepare).Pointer()).Name()
	s.mu.Lock()
	t, begun := s.templates[key]
	if !begun {
		t = &template{prepared: make(chan struct{})}
		if s.templates == nil {
			s.templates = map[string]*template{}
		}
		s.templates[key] = t
	}
	s.mu.Unlock()
	if !begun {
		t.name, t.err = prepareTemplate(ctx, base, prepare)
		close(t.prepared)
	}
	select {
	case <-t.prepared:
		return t.name, t.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func prepareTemplate(ctx context.Context, base *url.URL, prepare func(context.Context, string) error) (string, error) {
	name := newName()
	if err := createDatabase(ctx, base, name, ""); err != nil {
		return "", err
	}
	if err := prepare(ctx, withDatabase(base, name)); err != nil {
		return "", errors.Join(err, dropDatabase(context.WithoutCancel(ctx), base, name))
	}
	// A database in use cannot be copied, so nobody may connect to it from here on.
	return name, execute(ctx, base, "ALTER DATABASE "+quote(name)+" ALLOW_CONNECTIONS false")
}

// close ends a server of ours, and leaves a given one as it was.
func (s *server) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started != nil {
		err := s.started.Close()
		s.started, s.base, s.templates = nil, nil, nil
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), operationTimeout)
	defer cancel()
	var err error
	for _, t := range s.templates {
		if t.name != "" {
			err = errors.Join(err, dropDatabase(ctx, s.base, t.name))
		}
	}
	s.templates = nil
	return err
}
