package faults_test

import (
	"os"
	"testing"
	"time"

	"github.com/monthend/monthend/local/postgres/pgtest"
)

func TestMain(m *testing.M) {
	code := pgtest.Main(m)
	built.remove()
	os.Exit(code)
}

// patience bounds every wait of a test: long enough for two busy cores under the race detector, and never reached when all
// is well.
const patience = 90 * time.Second
