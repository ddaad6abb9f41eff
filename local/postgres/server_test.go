package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/monthend/monthend/local/postgres"
)

// ownerVariable makes the test binary the owner of a server with its temporary directory in the variable's value.
const ownerVariable = "MONTHEND_TEST_OWNER"

// ownUntilKilled starts a server, says so on stdout, and waits for the end of stdin, which comes only if the test ends
// without killing it.
func ownUntilKilled(temp string) int {
	if _, err := postgres.Start(context.Background(), postgres.Config{Temp: temp}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("started")
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
	return 1
}

// TestMain is also the program that the test of a killed owner runs.
func TestMain(m *testing.M) {
	if temp := os.Getenv(ownerVariable); temp != "" {
		os.Exit(ownUntilKilled(temp))
	}
	goleak.VerifyTestMain(m)
}

func TestTemporaryServer(t *testing.T) {
	temp := openTemp(t)
	s := start(t, postgres.Config{Temp: temp})
	conn := connect(t, s.URL(""))
	// The server is not on the network, and asks for the password on the socket too.
	if got := show(t, conn, "listen_addresses"); got != "" {
		t.Errorf("listen_addresses: got %q, want none", got)
	}
	if got := show(t, conn, "password_encryption"); got != "scram-sha-256" {
		t.Errorf("password_encryption: got %q", got)
	}
	u, err := url.Parse(s.URL(""))
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("postgres", "wrong")
	if _, err := pgx.Connect(t.Context(), u.String()); err == nil || !strings.Contains(err.Error(), "28P01") {
		t.Errorf("wrong password: got %v, want invalid_password", err)
	}
	if os.Geteuid() == 0 {
		var super string
		if err := conn.QueryRow(t.Context(), "SELECT pg_read_file('/proc/self/status')").Scan(&super); err == nil && strings.Contains(super, "Uid:\t0\t") {
			t.Error("the server runs as root")
		}
	}
	// An open transaction must not hold Close up, nor a second Close do anything.
	if _, err := conn.Exec(t.Context(), "BEGIN; CREATE TABLE open (n integer)"); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	both.Wait()
	wantNothingIn(t, temp)
}

func TestCreateDatabase(t *testing.T) {
	s := start(t, postgres.Config{})
	for range 2 {
		if err := s.CreateDatabase(t.Context(), `odd "name"`); err != nil {
			t.Fatal(err)
		}
	}
	conn := connect(t, s.URL(`odd "name"`))
	var got string
	if err := conn.QueryRow(t.Context(), "SELECT current_database()").Scan(&got); err != nil || got != `odd "name"` {
		t.Errorf("got %q (%v)", got, err)
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	for _, within := range []time.Duration{0, 100 * time.Millisecond} { // before anything, and amid what takes longest
		temp := openTemp(t)
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		s, err := postgres.Start(ctx, postgres.Config{Temp: temp})
		if err == nil {
			t.Fatal(errors.Join(errors.New("started"), s.Close()))
		}
		var missing *postgres.MissingError
		if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &missing) {
			t.Errorf("within %s: got %v, want only that the time was over", within, err)
		}
		wantNothingIn(t, temp)
	}
}

func TestLongTemporaryDirectory(t *testing.T) {
	long := filepath.Join(t.TempDir(), strings.Repeat("x", 100))
	if err := os.Mkdir(long, 0o755); err != nil {
		t.Fatal(err)
	}
	s := start(t, postgres.Config{Temp: long})
	connect(t, s.URL(""))
	wantNothingIn(t, long)
}

func TestSocketPath(t *testing.T) {
	for _, tt := range []struct {
		dir  string
		want bool
	}{
		{"/tmp/monthend-pg-0123456789/socket", true},
		{"/" + strings.Repeat("x", 120), false},
		{"/tmp/a,b", false}, // a comma parts hosts in a connection string
	} {
		if got := postgres.FitsSocket(tt.dir); got != tt.want {
			t.Errorf("%q: got %t, want %t", tt.dir, got, tt.want)
		}
	}
}

func start(t *testing.T, cfg postgres.Config) *postgres.Server {
	t.Helper()
	s, err := postgres.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func show(t *testing.T, conn *pgx.Conn, setting string) string {
	t.Helper()
	var value string
	if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func wantNothingIn(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, entry := range entries {
		t.Errorf("left behind: %s", entry.Name())
	}
}
