package deliver

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// Mail is the server that takes mails, and who they are from.
type Mail struct {
	Host     string
	Port     int
	Implicit bool // TLS from the first byte (smtps); else STARTTLS
	Strict   bool // also a server on this machine must offer TLS; any other must anyway
	User     string
	Password string
	From     string      // one plain address
	TLS      *tls.Config // nil is the machine's own trust
}

// ParseMail reads smtp://user:password@host:587 or smtps://user:password@host:465. Its errors never quote the url.
func ParseMail(server, from string) (*Mail, error) {
	u, err := url.Parse(server)
	switch {
	case err != nil || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("it is not of the form smtp://user:password@host:587")
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return nil, errors.New("its scheme is neither smtp nor smtps")
	}
	m := &Mail{Host: u.Hostname(), Implicit: u.Scheme == "smtps", From: from, Port: 587}
	if m.Implicit {
		m.Port = 465
	}
	if u.Port() != "" {
		if m.Port, err = strconv.Atoi(u.Port()); err != nil {
			return nil, errors.New("its port is not a number")
		}
	}
	if u.User != nil {
		m.User = u.User.Username()
		m.Password, _ = u.User.Password()
	}
	address, err := mail.ParseAddress(from)
	if err != nil || address.Address != from {
		return nil, fmt.Errorf("the sender %q is not a plain address", from)
	}
	return m, nil
}

// mailer brings mails.
type mailer struct{ cfg *Config }

// send hands the mail to the server. Its Message-ID is made of the idempotency key: a mailbox shows two tries as one. An answer of
// 5xx is the server's no; anything else is tried again.
func (m mailer) send(ctx context.Context, p parcel) error {
	server := m.cfg.Mail
	if server == nil {
		return &FinalError{errors.New("email: the worker has no mail server: MONTHEND_SMTP_URL is not set")}
	}
	message, err := server.compose(p)
	if err != nil {
		return &FinalError{fmt.Errorf("email: %w", err)}
	}
	err = trace.Remote(ctx, net.JoinHostPort(server.Host, strconv.Itoa(server.Port)), func(ctx context.Context) error {
		client, err := server.client(ctx)
		if err != nil {
			return &FinalError{fmt.Errorf("email: %w", err)}
		}
		err = client.DialAndSendWithContext(ctx, message)
		if message.IsDelivered() {
			return nil // whatever the farewell came to
		}
		return judgeMail(err)
	})
	return err
}

func judgeMail(err error) error {
	var refused *gomail.SendError
	if errors.As(err, &refused) && refused.ErrorCode() >= 500 {
		return &FinalError{fmt.Errorf("email: the server answered %d", refused.ErrorCode())}
	}
	if errors.As(err, &refused) && refused.ErrorCode() > 0 {
		return fmt.Errorf("email: the server answered %d", refused.ErrorCode())
	}
	return fmt.Errorf("email: %w", err)
}

func (m *Mail) client(ctx context.Context) (*gomail.Client, error) {
	options := []gomail.Option{gomail.WithPort(m.Port), gomail.WithDialContextFunc(func(_ context.Context, network, address string) (net.Conn, error) {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		// The library minds ctx until it is connected; a server that says nothing from then on is left here.
		context.AfterFunc(ctx, func() { conn.Close() })
		if !m.Implicit {
			return conn, nil
		}
		secured := tls.Client(conn, m.tls())
		return secured, secured.HandshakeContext(ctx)
	})}
	switch {
	case m.Implicit:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS)) // it is there already
	case report.Loopback(m.Host) && !m.Strict:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic), gomail.WithTLSConfig(m.tls()))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithTLSConfig(m.tls()))
	}
	if m.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(m.User), gomail.WithPassword(m.Password))
	}
	return gomail.NewClient(m.Host, options...)
}

func (m *Mail) tls() *tls.Config {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if m.TLS != nil {
		cfg = m.TLS.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = m.Host
	}
	return cfg
}

// compose writes the mail. Nothing of a name or a reason can become a header: the library encodes what is not plain.
func (m *Mail) compose(p parcel) (*gomail.Msg, error) {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := errors.Join(message.From(m.From), message.To(p.Recipient.Email.To)); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(m.From, "@")
	message.SetMessageIDWithValue(p.ID + "@" + domain)
	message.SetDate()
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	subject, text := p.mail()
	message.Subject(oneLine(subject))
	message.SetBodyString(gomail.TypeTextPlain, text)
	return message, nil
}

// oneLine folds what would break a header.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// mail is the subject and the text.
func (p parcel) mail() (subject, text string) {
	var b strings.Builder
	if p.Kind == ledger.DeliveryOfAlert {
		var indented bytes.Buffer
		if json.Indent(&indented, []byte(p.Delivery.Body), "", "  ") != nil {
			indented.WriteString(p.Delivery.Body)
		}
		fmt.Fprintf(&b, "%s\n\n%s\n", p.Title, indented.String())
		return p.Title, b.String()
	}
	name := oneLine(fmt.Sprintf("%s %s %s", p.Report, p.Tenant, p.Period))
	fmt.Fprintf(&b, "%s has been published, version %d.\n", name, p.Version)
	if p.letter.Reason != "" {
		fmt.Fprintf(&b, "It replaces an earlier version: %s\n", oneLine(p.letter.Reason))
	}
	if p.letter.ApprovedBy != "" {
		fmt.Fprintf(&b, "Approved by %s.\n", oneLine(p.letter.ApprovedBy))
	}
	b.WriteString("\n")
	for _, file := range p.letter.Files {
		fmt.Fprintf(&b, "%s\n", file.Link)
	}
	fmt.Fprintf(&b, "\nData digest %.8s, version %s.\n", p.letter.DataDigest, p.letter.Name)
	return fmt.Sprintf("%s, version %d", name, p.Version), b.String()
}
