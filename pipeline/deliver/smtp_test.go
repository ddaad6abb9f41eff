package deliver_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/monthend/monthend/pipeline/deliver"
)

// smtpServer is a mail server on the loopback: as much of RFC 5321 as a client of good manners needs.
type smtpServer struct {
	listener net.Listener
	secured  *tls.Config // with a certificate for 127.0.0.1; nil offers no STARTTLS
	trust    *tls.Config // of a client
	password string      // of the user "reports"; "" asks for none

	mutex   sync.Mutex
	mails   []smtpMail
	answers map[string]string // to a command instead of yes; "cut" takes it and hangs up
	open    sync.WaitGroup
}

type smtpMail struct {
	from, to, data string
	secured        bool
}

func newSMTP(t *testing.T, offersTLS bool) *smtpServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &smtpServer{listener: listener, answers: map[string]string{}}
	if offersTLS {
		// The certificate of net/http's tests, which its client trusts.
		web := httptest.NewTLSServer(nil)
		s.secured = &tls.Config{Certificates: web.TLS.Certificates}
		s.trust = web.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		web.Close()
	}
	s.open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.open.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		s.open.Wait()
	})
	return s
}

// mail is what a worker knows of the server.
func (s *smtpServer) mail(t *testing.T, user string) *deliver.Mail {
	t.Helper()
	m, err := deliver.ParseMail("smtp://"+user+s.listener.Addr().String(), "reports@example.com")
	if err != nil {
		t.Fatal(err)
	}
	m.TLS = s.trust
	return m
}

func (s *smtpServer) all() []smtpMail {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]smtpMail(nil), s.mails...)
}

// answer sets what a command is answered with.
func (s *smtpServer) answer(command, text string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.answers[command] = text
}

func (s *smtpServer) serve(conn net.Conn) {
	defer func() { conn.Close() }()
	lines := bufio.NewReader(conn)
	say := func(text string) { conn.Write([]byte(text + "\r\n")) }
	var mail smtpMail
	say("220 post.example.com ESMTP")
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		command, _, _ := strings.Cut(strings.ToUpper(line), " ")
		s.mutex.Lock()
		instead := s.answers[command]
		s.mutex.Unlock()
		if instead != "" && instead != "cut" {
			say(instead)
			continue
		}
		switch command {
		case "EHLO":
			offers := []string{"post.example.com", "8BITMIME"}
			if s.secured != nil && !mail.secured {
				offers = append(offers, "STARTTLS")
			}
			if s.password != "" {
				offers = append(offers, "AUTH PLAIN")
			}
			for i, offer := range offers {
				say("250" + map[bool]string{true: " ", false: "-"}[i == len(offers)-1] + offer)
			}
		case "STARTTLS":
			say("220 go ahead")
			conn = tls.Server(conn, s.secured)
			lines, mail.secured = bufio.NewReader(conn), true
		case "AUTH":
			credentials, _ := base64.StdEncoding.DecodeString(line[strings.LastIndex(line, " ")+1:])
			if string(credentials) != "\x00reports\x00"+s.password {
				say("535 no")
				continue
			}
			say("235 welcome")
		case "MAIL":
			mail.from = address(line)
			say("250 ok")
		case "RCPT":
			mail.to = address(line)
			say("250 ok")
		case "DATA":
			say("354 go on")
			var data strings.Builder
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				data.WriteString(line)
			}
			mail.data = data.String()
			s.mutex.Lock()
			s.mails = append(s.mails, mail)
			s.mutex.Unlock()
			if instead == "cut" {
				s.answer("DATA", "")
				return
			}
			say("250 queued as " + strconv.Itoa(len(mail.data)))
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func address(line string) string {
	_, rest, _ := strings.Cut(line, "<")
	text, _, _ := strings.Cut(rest, ">")
	return text
}
