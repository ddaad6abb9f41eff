package remote_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monthend/monthend/pipeline/source/remote"
	"github.com/monthend/monthend/report"
)

// names is a resolver that asks a name server of ours on loopback, which answers every name with the addresses.
func names(t *testing.T, addresses ...string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		conn.Close()
		<-done
	})
	go func() {
		defer close(done)
		buffer := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			conn.WriteTo(answer(buffer[:n], addresses), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// answer is a DNS message that gives the addresses of the asked family.
func answer(query []byte, addresses []string) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	question := query[12 : end+5]
	kind := binary.BigEndian.Uint16(query[end+1:])
	var records []byte
	count := 0
	for _, text := range addresses {
		address := netip.MustParseAddr(text)
		if (kind == 1) != address.Is4() || kind != 1 && kind != 28 {
			continue
		}
		data := address.AsSlice()
		records = append(records, 0xC0, 12)
		records = binary.BigEndian.AppendUint16(records, kind)
		records = append(records, 0, 1, 0, 0, 0, 1)
		records = binary.BigEndian.AppendUint16(records, uint16(len(data)))
		records = append(records, data...)
		count++
	}
	message := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, byte(count), 0, 0, 0, 0}, question...)
	return append(message, records...)
}

// Whatever a name stands for, only a public address is dialled, unless the operator names its network.
func TestAddressesThatAreNotDialled(t *testing.T) {
	var called atomic.Int64
	s := server(t, func(w http.ResponseWriter, _ *http.Request) {
		called.Add(1)
		fmt.Fprint(w, "[]")
	})
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	for _, c := range []struct{ address, words string }{
		{"127.0.0.1", "a loopback address"}, {"127.8.9.1", "a loopback address"}, {"::1", "a loopback address"},
		{"::ffff:127.0.0.1", "a loopback address"}, {"169.254.169.254", "a link-local address"}, {"fe80::1", "a link-local address"},
		{"10.1.2.3", "a private address"}, {"172.16.0.1", "a private address"}, {"192.168.1.1", "a private address"}, {"fd00::1", "a private address"},
		{"0.0.0.0", "an address of no host"}, {"::", "an address of no host"}, {"224.0.0.1", ""}, {"100.64.0.1", "not public"},
		{"198.18.0.1", "not public"}, {"255.255.255.255", "not public"}, {"64:ff9b::7f00:1", "a loopback address"}, {"2002:7f00:1::1", "a loopback address"},
		{"64:ff9b::a9fe:a9fe", "a link-local address"}, {"2001:db8::1", "not public"}, {"::127.0.0.1", "not public"}, {"fec0::1", "not public"}, {"0.1.2.3", "not public"},
	} {
		t.Run(c.address, func(t *testing.T) {
			f := fetcher(t, "http://rates.example"+port, func(cfg *remote.Config) { cfg.Resolver = names(t, c.address) })
			_, _, err := fetch(t, f, report.Outside{URL: "http://rates.example" + port + "/x", Retries: 1})
			wantError(t, err, true, c.words)
		})
	}
	if called.Load() != 0 {
		t.Fatalf("the server was called %d times, want never", called.Load())
	}

	allowed := fetcher(t, "http://rates.example"+port+"@127.0.0.0/8", func(cfg *remote.Config) { cfg.Resolver = names(t, "127.0.0.1") })
	if _, data, err := fetch(t, allowed, report.Outside{URL: "http://rates.example" + port + "/x"}); err != nil || data != "[]" {
		t.Errorf("got %q, %v, want a host in a network that the operator names", data, err)
	}
	// The network of one host is no other's.
	other := fetcher(t, "http://rates.example"+port+"@127.0.0.0/8,http://books.example"+port, func(cfg *remote.Config) { cfg.Resolver = names(t, "127.0.0.1") })
	_, _, err := fetch(t, other, report.Outside{URL: "http://books.example" + port + "/x"})
	wantError(t, err, true, "a loopback address")
}

func TestHostsAreNoOther(t *testing.T) {
	f := fetcher(t, "api.example.com, http://127.0.0.1:1, https://[2001:4860:4860::8888]:8443")
	for _, address := range []string{
		"https://evil.example/", "https://api.example.com.evil.example/", "https://evil.example/?api.example.com", "http://api.example.com/",
		"https://api.example.com:8443/", "https://localhost/", "https://127.0.0.1/", "http://127.0.0.1:2/", "http://2130706433:1/", "http://0x7f.1:1/",
		"http://127.1:1/", "http://[::1]:1/", "https://[2001:4860:4860::8888]/", "https://user:pw@api.example.com/", "ftp://api.example.com/", "file:///etc/passwd", "//api.example.com/",
	} {
		_, _, err := fetch(t, f, report.Outside{URL: address})
		if err == nil || !remote.IsPermanent(err) {
			t.Errorf("%s: got %v, want it refused", address, err)
		}
		if strings.Contains(fmt.Sprint(err), "pw") {
			t.Errorf("got a password in %v", err)
		}
	}
}

func TestRedirectsStayWithTheHost(t *testing.T) {
	other := serve(t, "application/json", "[]")
	named := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	var mine string
	s := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/there":
			if r.Header.Get("Authorization") != "s3cret" || r.Header.Get("Referer") != "" {
				w.WriteHeader(http.StatusTeapot)
			}
			fmt.Fprint(w, "[]")
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/other":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "/named":
			http.Redirect(w, r, named, http.StatusFound)
		case "/secure":
			http.Redirect(w, r, strings.Replace(mine, "http://", "https://", 1), http.StatusMovedPermanently)
		case "/metadata":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/user":
			http.Redirect(w, r, strings.Replace(mine, "http://", "http://me:pw@", 1)+"/there", http.StatusFound)
		default:
			http.Redirect(w, r, "/there", http.StatusFound)
		}
	})
	mine = s.URL
	// Even where the other host is allowed too: the definition names one.
	f := fetcher(t, s.URL+","+other.URL+","+named+"@127.0.0.0/8", func(c *remote.Config) { c.Secrets = map[string]string{"MONTHEND_SECRET_T": "s3cret"} })
	headers := []report.Header{{Name: "Authorization", Env: "MONTHEND_SECRET_T"}}
	if _, data, err := fetch(t, f, report.Outside{URL: s.URL + "/here?token=hidden", Headers: headers}); err != nil || data != "[]" {
		t.Errorf("got %q, %v, want the same host followed", data, err)
	}
	for path, words := range map[string]string{
		"/other": "another host", "/named": "another host", "/secure": "another host", "/metadata": "another host", "/file": "another host", "/user": "another host", "/round": "on and on",
	} {
		_, _, err := fetch(t, f, report.Outside{URL: s.URL + path, Headers: headers, Retries: 2})
		wantError(t, err, true, words)
	}
}

func TestParseHosts(t *testing.T) {
	got, err := remote.ParseHosts(" API.Example.com., http://rates.internal:8080@10.1.0.0/16+fd00::/8 ,https://[::1]:9/")
	want := []remote.Host{
		{Scheme: "https", Name: "api.example.com", Port: "443"},
		{Scheme: "http", Name: "rates.internal", Port: "8080", Networks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00::/8")}},
		{Scheme: "https", Name: "::1", Port: "9", Networks: []netip.Prefix{netip.MustParsePrefix("::1/128")}},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); err != nil || diff != "" {
		t.Errorf("got %v (-want +got):\n%s", err, diff)
	}
	for _, wrong := range []string{"*.example.com", "ftp://x", "https://x/path", "x@10.1.2.3", "x@10.1.2.3/8", "x@", "a b", "https://[fe80::1%25eth0]", "x?y", "https://"} {
		if got, err := remote.ParseHosts(wrong); err == nil {
			t.Errorf("%q: got %+v, want an error", wrong, got)
		}
	}
}

func FuzzParseHosts(f *testing.F) {
	for _, seed := range []string{"api.example.com", "http://a:1@10.0.0.0/8", "[::1]", "https://[::ffff:1.2.3.4]:8", "x@y@z", "%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hosts, err := remote.ParseHosts(text)
		if err != nil {
			return
		}
		for _, h := range hosts {
			u, err := url.Parse(h.Scheme + "://" + net.JoinHostPort(h.Name, h.Port) + "/")
			if err != nil || u.Hostname() != h.Name {
				t.Errorf("%q gives host %q, which no URL can name: %v", text, h.Name, err)
			}
		}
	})
}
