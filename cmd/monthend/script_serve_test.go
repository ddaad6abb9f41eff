package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/pflag"
)

// curl is as much of curl as the documents use: a machine that runs the tests need not have it.
func curl() {
	flags := pflag.NewFlagSet("curl", pflag.ExitOnError)
	headers := flags.StringArrayP("header", "H", nil, "")
	method := flags.StringP("request", "X", "", "")
	data := flags.StringP("data", "d", "", "")
	into := flags.StringP("output", "o", "", "")
	named := flags.BoolP("remote-header-name", "J", false, "")
	write := flags.StringP("write-out", "w", "", "")
	include := flags.BoolP("include", "i", false, "")
	fail := flags.Bool("fail-with-body", false, "")
	flags.BoolP("silent", "s", false, "")
	flags.BoolP("remote-name", "O", false, "")
	err := flags.Parse(os.Args[1:])
	if err == nil {
		err = fetch(*method, flags.Arg(0), *data, *headers, func(response *http.Response, text []byte) error {
			out := io.Writer(os.Stdout)
			if *named {
				_, params, err := mime.ParseMediaType(response.Header.Get("Content-Disposition"))
				if err != nil {
					return err
				}
				*into = filepath.Base(params["filename"])
			}
			if *into != "" {
				file, err := os.Create(*into)
				if err != nil {
					return err
				}
				defer file.Close()
				out = file
			}
			if *include {
				fmt.Fprintf(out, "%s %s\n", response.Proto, response.Status)
				response.Header.Write(out)
				fmt.Fprintln(out)
			}
			if _, err := out.Write(text); err != nil {
				return err
			}
			fmt.Print(strings.NewReplacer("%{http_code}", fmt.Sprint(response.StatusCode), `\n`, "\n").Replace(*write))
			if *fail && response.StatusCode >= 400 {
				return fmt.Errorf("the server answered %d", response.StatusCode)
			}
			return nil
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "curl:", err)
		os.Exit(22)
	}
}

func fetch(method, url, data string, headers []string, done func(*http.Response, []byte) error) error {
	if method == "" {
		method = map[bool]string{true: "GET", false: "POST"}[data == ""]
	}
	request, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(data))
	if err != nil {
		return err
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ":")
		if value = strings.TrimSpace(value); strings.EqualFold(name, "Host") {
			request.Host = value
		} else {
			request.Header.Add(name, value)
		}
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	return done(response, text)
}

// apiAddress is where the document has the API listen.
const apiAddress = "127.0.0.1:8080"

// scriptDocument keeps what a document shows to be typed, line by line, as one shell script: document NAME FILE. The API is where
// the variable API says.
func scriptDocument(ts *testscript.TestScript, _ bool, args []string) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", args[0]))
	ts.Check(err)
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 3 {
		ts.Fatalf("%s shows %d blocks", args[0], len(blocks))
	}
	var script strings.Builder
	for _, block := range blocks {
		if !strings.HasPrefix(block[1], "# terminal") { // what stays is started by the transcript
			script.WriteString(block[1])
		}
	}
	typed := strings.ReplaceAll(script.String(), apiAddress, ts.Getenv("API"))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(typed), 0o600))
}

// scriptPick takes a member of an object that was printed or answered as JSON: pick VARIABLE FILE NAME.
func scriptPick(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[1])
	if i := strings.Index(text, "{"); i > 0 {
		text = text[i:] // below the headers
	}
	var members map[string]any
	ts.Check(json.NewDecoder(bytes.NewBufferString(text)).Decode(&members))
	value, ok := members[args[2]].(string)
	if !ok {
		ts.Fatalf("no %s in %s", args[2], text)
	}
	ts.Setenv(args[0], value)
}

// Whether others reach it is read from where it listens.
func TestIsLocal(t *testing.T) {
	for addr, want := range map[string]bool{"127.0.0.1:0": true, "[::1]:0": true, "0.0.0.0:0": false} {
		listener, err := net.Listen("tcp", addr)
		if err != nil {
			continue // a machine without IPv6
		}
		if got := isLocal(listener); got != want {
			t.Errorf("%s: got %v", addr, got)
		}
		listener.Close()
	}
}

// The files of a certificate and its key make TLS that a client believes, and no older TLS than 1.2.
func TestServeTLS(t *testing.T) {
	lent := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer lent.Close()
	key, err := x509.MarshalPKCS8PrivateKey(lent.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	h := serveSettings{TLSCert: filepath.Join(dir, "tls.crt"), TLSKey: filepath.Join(dir, "tls.key")}
	for file, block := range map[string]*pem.Block{
		h.TLSCert: {Type: "CERTIFICATE", Bytes: lent.Certificate().Raw}, h.TLSKey: {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	secure, err := h.tls()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := tls.NewListener(plain, secure)
	if !isLocal(listener) {
		t.Error("a TLS listener of loopback is not taken for one")
	}
	server := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go server.Serve(listener)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(lent.Certificate())
	for version, want := range map[uint16]bool{tls.VersionTLS13: true, tls.VersionTLS12: true, tls.VersionTLS11: false} {
		conn, err := tls.Dial("tcp", plain.Addr().String(), &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS10, MaxVersion: version})
		if err == nil {
			conn.Close()
		}
		if (err == nil) != want {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
	h.TLSKey = h.TLSCert
	if _, err := h.tls(); err == nil || !strings.Contains(err.Error(), "MONTHEND_TLS_CERT") {
		t.Errorf("got %v for a file without a key", err)
	}
}
