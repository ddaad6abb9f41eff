package source_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Rows are the same over TCP and TLS, which is how a server of one's own is seldom reached and everybody else's always: a long
// answer whole, row by row.
func TestOverTLS(t *testing.T) {
	address, _ := database(t)
	const long = "SELECT (i || repeat('x', 90))::text AS word FROM generate_series(1, 100000) AS i ORDER BY i"
	want, plain, err := query(begin(t, open(t, address, nil)), long)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"disable", "require"} {
		t.Run(mode, func(t *testing.T) {
			s := begin(t, open(t, overTCP(t, address, mode), nil))
			got, rows, err := query(s, long)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) || got[0] != want[0] || got[len(got)-1] != want[len(want)-1] || rows.Digest() != plain.Digest() {
				t.Errorf("%d rows came, want the %d that come over the socket", len(got), len(want))
			}
		})
	}
}

// overTCP is the database's URL through a port of loopback that takes TLS where it is asked for.
func overTCP(t *testing.T, address, mode string) string {
	t.Helper()
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	network, to := "tcp", net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port))
	if cfg.Host[0] == '/' {
		network, to = "unix", fmt.Sprintf("%s/.s.PGSQL.%d", cfg.Host, cfg.Port)
	}
	certificate := selfSigned(t)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer client.Close()
				if err := forward(client, network, to, mode, certificate); err != nil {
					t.Error(err)
				}
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		running.Wait()
	})
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=%s", url.UserPassword(cfg.User, cfg.Password), listener.Addr(), cfg.Database, mode)
}

// forward joins a client and the server until one of them leaves.
func forward(client net.Conn, network, to, mode string, certificate tls.Certificate) error {
	if mode == "require" {
		asked := make([]byte, 8) // the request for TLS
		if _, err := io.ReadFull(client, asked); err != nil {
			return err
		}
		if _, err := client.Write([]byte("S")); err != nil {
			return err
		}
		client = tls.Server(client, &tls.Config{Certificates: []tls.Certificate{certificate}})
	}
	server, err := net.Dial(network, to)
	if err != nil {
		return err
	}
	defer server.Close()
	go func() { // ends with the client
		io.Copy(server, client)
		server.Close()
	}()
	io.Copy(client, server)
	return nil
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
