package deliver_test

import (
	"io"
	"mime"
	"net/mail"
	"strings"
	"testing"

	"github.com/monthend/monthend/pipeline/deliver"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
)

const toCFO = "deliver:\n  - email: {to: [cfo@example.com]}\n"

var mails = deliver.Allow{"mailto:@example.com"}

// letterOf reads a mail as a mailbox does.
func letterOf(t *testing.T, m smtpMail) (header mail.Header, text string) {
	t.Helper()
	message, err := mail.ReadMessage(strings.NewReader(m.data))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		t.Fatal(err)
	}
	return message.Header, strings.NewReplacer("=\r\n", "", "\r\n", "\n").Replace(string(body))
}

func TestMail(t *testing.T) {
	s := newSMTP(t, true)
	s.password = "of the mail server"
	w := newWorld(t, toCFO)
	v := w.publish()
	links := func(path string) string { return "https://reports.example.com/" + path }
	w.once(w.deliverer(deliver.Config{Allow: mails, Mail: s.mail(t, "reports:of%20the%20mail%20server@"), Locate: links}))
	row := w.want(v, ledger.Delivered, "")
	got := s.all()
	if len(got) != 1 || got[0].to != "cfo@example.com" || got[0].from != "reports@example.com" || !got[0].secured {
		t.Fatalf("got %+v, want one mail over TLS", got)
	}
	header, text := letterOf(t, got[0])
	subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
	if err != nil || subject != "sales 2026-03, version 1" {
		t.Errorf("got subject %q, %v", subject, err)
	}
	if id := header.Get("Message-Id"); id != "<"+row.ID+"@example.com>" {
		t.Errorf("got Message-ID %q, want it made of the idempotency key", id)
	}
	if !strings.Contains(text, links(v.Path+"/sales-2026-03.html")) {
		t.Errorf("the mail has no link:\n%s", text)
	}
}

// Fault 44 by mail: the server took it and hung up.
func TestMailReplyLost(t *testing.T) {
	s := newSMTP(t, false)
	w := newWorld(t, toCFO)
	v := w.publish()
	d := w.deliverer(deliver.Config{Allow: mails, Mail: s.mail(t, "")})
	s.answer("DATA", "cut")
	w.once(d)
	w.want(v, ledger.DeliveryWaiting, "email: ")
	w.due()
	w.once(d)
	w.want(v, ledger.Delivered, "")
	got := s.all()
	if len(got) != 2 {
		t.Fatalf("got %d mails, want two", len(got))
	}
	first, _ := letterOf(t, got[0])
	second, _ := letterOf(t, got[1])
	if first.Get("Message-Id") == "" || first.Get("Message-Id") != second.Get("Message-Id") {
		t.Errorf("got Message-IDs %q and %q, want one", first.Get("Message-Id"), second.Get("Message-Id"))
	}
}

func TestMailAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		command, answer string
		state           ledger.DeliveryState
		text            string
	}{
		"unknown":  {"RCPT", "550 nobody of that name", ledger.DeliveryFailed, "email: the server answered 550"},
		"greylist": {"RCPT", "451 later", ledger.DeliveryWaiting, "email: the server answered 451"},
		"farewell": {"QUIT", "421 closing", ledger.Delivered, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSMTP(t, false)
			s.answer(test.command, test.answer)
			w := newWorld(t, toCFO)
			v := w.publish()
			w.once(w.deliverer(deliver.Config{Allow: mails, Mail: s.mail(t, "")}))
			w.want(v, test.state, test.text)
		})
	}
}

// A server elsewhere must speak TLS; one that no longer offers it gets neither mail nor password.
func TestMailWantsTLS(t *testing.T) {
	s := newSMTP(t, false)
	w := newWorld(t, toCFO)
	v := w.publish()
	m := s.mail(t, "reports:hunter2hunter2@")
	m.Strict = true
	w.once(w.deliverer(deliver.Config{Allow: mails, Mail: m}))
	row := w.want(v, ledger.DeliveryWaiting, "email: ")
	if len(s.all()) > 0 || strings.Contains(row.Error, "hunter2") {
		t.Errorf("got %d mails, error %q; want nothing sent and no password told", len(s.all()), row.Error)
	}
}

func TestNoMailServer(t *testing.T) {
	w := newWorld(t, toCFO)
	v := w.publish()
	w.once(w.deliverer(deliver.Config{Allow: mails}))
	w.want(v, ledger.DeliveryFailed, "MONTHEND_SMTP_URL is not set")
}

func TestMailAlert(t *testing.T) {
	s := newSMTP(t, false)
	w := newWorld(t, "")
	if _, err := w.ledger.PostAlert(t.Context(), ledger.Alert{Condition: "failed/run_1", Title: "sales 2026-03 failed\r\nBcc: x@example.org",
		Body: []byte(`{"event":"failed"}`), Recipients: []report.Delivery{mailTo("ops@example.com")}}); err != nil {
		t.Fatal(err)
	}
	w.once(w.deliverer(deliver.Config{Allow: mails, Mail: s.mail(t, "")}))
	got := s.all()
	if len(got) != 1 {
		t.Fatalf("got %d mails, want one", len(got))
	}
	header, text := letterOf(t, got[0])
	if header.Get("Bcc") != "" || header.Get("Subject") != "sales 2026-03 failed Bcc: x@example.org" || !strings.Contains(text, `"event": "failed"`) {
		t.Errorf("got %v\n%s", header, text)
	}
}

func TestParseMail(t *testing.T) {
	m, err := deliver.ParseMail("smtps://reports:p%40ss@post.example.com", "reports@example.com")
	if err != nil || m.Host != "post.example.com" || m.Port != 465 || !m.Implicit || m.User != "reports" || m.Password != "p@ss" {
		t.Errorf("got %+v, %v", m, err)
	}
	for _, bad := range []string{"", "post.example.com:587", "http://post.example.com", "smtp://", "smtp://a:hunter2@host/x", "smtp://a:hunter2@host:x", "smtp://host?a=b"} {
		if _, err := deliver.ParseMail(bad, "reports@example.com"); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
	for _, from := range []string{"", "Reports <reports@example.com>", "reports"} {
		if _, err := deliver.ParseMail("smtp://host", from); err == nil {
			t.Errorf("sender %q is taken", from)
		}
	}
}
