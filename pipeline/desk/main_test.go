package desk_test

import (
	"os"
	"testing"

	"github.com/monthend/monthend/local/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
