package report

import (
	"fmt"
	"io/fs"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// MaxRecipients bounds how many get one version.
const MaxRecipients = 100

// maxAddress bounds an address, in bytes.
const maxAddress = 2000

// secretPattern is the schema's: only variables that were made for this may be named, for whoever writes a definition does not own
// the worker's environment.
var secretPattern = regexp.MustCompile(`^MONTHEND_WEBHOOK_[A-Z0-9_]{1,64}$`)

// readDeliver reads who gets every version. It is called after the formats: what is not made cannot be brought.
func (l *loader) readDeliver(approve, n *node) {
	l.def.Approve = approve != nil && approve.kind == boolNode && approve.text == "true"
	seen := map[string]bool{}
	for _, item := range n.list() {
		formats := l.readDeliveredFormats(item.get("formats"))
		for _, d := range l.readRecipient(item) {
			d.Formats = formats
			switch {
			case seen[d.Target()]:
				l.complain(item, "deliver: %s is given twice", clip(d.Target()))
			case len(l.def.Deliver) == MaxRecipients:
				l.complain(item, "deliver: more than %d recipients", MaxRecipients)
				return
			default:
				seen[d.Target()] = true
				l.def.Deliver = append(l.def.Deliver, d)
			}
		}
	}
}

// recipients are the fields of which a delivery has one.
var recipients = []string{"directory", "webhook", "email"}

// readRecipient reads whom one item means: one recipient, or an address each.
func (l *loader) readRecipient(n *node) []Delivery {
	if n.kind != mapNode {
		return nil
	}
	var given []string
	for _, m := range n.members {
		if slices.Contains(recipients, m.name) {
			given = append(given, m.name)
		}
	}
	if len(given) != 1 {
		if len(given) > 1 || !n.hasNear(recipients...) {
			l.complain(n, "deliver: want one of directory, webhook or email, here are %d", len(given))
		}
		return nil
	}
	var out []Delivery
	switch n := n.get(given[0]); given[0] {
	case "directory":
		if place := l.readDirectory(n); place != "" {
			out = append(out, Delivery{Directory: place})
		}
	case "webhook":
		if hook := l.readWebhook(n); hook != nil {
			out = append(out, Delivery{Webhook: hook})
		}
	case "email":
		for _, address := range l.readEmail(n) {
			out = append(out, Delivery{Email: &address})
		}
	}
	return out
}

// readDirectory is a place without a slash at its end, "" where there is a mistake.
func (l *loader) readDirectory(n *node) string {
	text := n.str()
	if text == "" {
		return ""
	}
	place, why := parsePlace(text)
	if why != "" {
		l.complain(n, "directory: %s; want file:///folder or s3://bucket/prefix", why)
	}
	return place
}

// parsePlace reads the two forms of a place; why says what is wrong with it. It never quotes what may hold a password.
func parsePlace(text string) (place, why string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || len(text) > maxAddress || strings.ContainsFunc(text, unprintable):
		return "", "it is not a URL"
	case u.Scheme != "file" && u.Scheme != "s3":
		return "", "its scheme is neither file nor s3"
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "" || u.Port() != "":
		return "", "it has parts that a place does not have"
	case u.Scheme == "file" && (u.Host != "" || !strings.HasPrefix(u.Path, "/")):
		return "", "its folder is not absolute"
	case u.Scheme == "s3" && u.Host == "":
		return "", "it names no bucket"
	}
	folder := strings.Trim(u.Path, "/")
	if folder == "" && u.Scheme == "file" {
		return "", "it is the root of everything"
	}
	if folder != "" && (!fs.ValidPath(folder) || strings.Contains(folder, `\`) || strings.Contains("/"+folder, "/.")) {
		return "", "its path has an empty, a hidden or a relative part"
	}
	return strings.TrimRight(u.Scheme+"://"+strings.ToLower(u.Host)+"/"+folder, "/"), ""
}

func unprintable(r rune) bool { return r <= ' ' || r == 0x7f }

// readWebhook is nil where there is a mistake.
func (l *loader) readWebhook(n *node) *Webhook {
	address, secret := n.get("url"), n.get("secret_env").str()
	if address.str() == "" {
		return nil
	}
	text, why := parseHook(address.str())
	if why != "" {
		l.complain(address, "url: %s", why)
		return nil
	}
	if !secretPattern.MatchString(secret) {
		return nil // the schema has complained
	}
	return &Webhook{URL: text, SecretEnv: secret}
}

// parseHook reads the URL of a webhook; why says what is wrong with it.
func parseHook(text string) (address, why string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || len(text) > maxAddress || strings.ContainsFunc(text, func(r rune) bool { return unprintable(r) || r > 0x7e }):
		return "", "it is not a URL"
	case u.Scheme != "https" && u.Scheme != "http":
		return "", "its scheme is not https"
	case u.Hostname() == "" || u.Opaque != "":
		return "", "it names no host"
	case u.User != nil:
		return "", "it holds a name or password; a webhook is signed with the secret of secret_env"
	case u.Fragment != "":
		return "", "it has a fragment, which is never sent"
	case u.Scheme == "http" && !Loopback(u.Hostname()):
		return "", "http is for this machine alone; want https"
	}
	u.Host = strings.ToLower(u.Host)
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String(), ""
}

// Loopback reports whether a host is this machine by its very name.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// readEmail is one Email an address, those left out that are none.
func (l *loader) readEmail(n *node) []Email {
	var out []Email
	for i, text := range n.get("to").strs() {
		if text == "" {
			continue // the schema has complained
		}
		if why := checkAddress(text); why != "" {
			l.complain(n.get("to").items[i], "to: %q %s; want one plain address such as cfo@example.com", clip(text), why)
			continue
		}
		name, domain, _ := strings.Cut(text, "@")
		out = append(out, Email{To: name + "@" + strings.ToLower(domain)})
	}
	return out
}

// addressPattern is the plain form of an address: what it refuses, some mail server on the way would refuse or rewrite.
var addressPattern = regexp.MustCompile("^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$")

func checkAddress(text string) string {
	if len(text) > 254 || !addressPattern.MatchString(text) {
		return "is not an address"
	}
	if parsed, err := mail.ParseAddress(text); err != nil || parsed.Address != text {
		return "is not an address"
	}
	return ""
}

// allFormats are the schema's.
var allFormats = []string{"html", "pdf", "xlsx", "csv", "parquet", "json"}

// readDeliveredFormats reads which formats a recipient gets; nil is all.
func (l *loader) readDeliveredFormats(n *node) []string {
	var formats []string
	for i, format := range n.strs() {
		switch {
		case format == "": // the schema has complained
		case slices.Contains(formats, format):
			l.complain(n.items[i], "format %q is given twice", clip(format))
		case !slices.Contains(allFormats, format): // the same
		case !slices.Contains(l.def.Formats, format):
			l.complain(n.items[i], "format %q is not made; it is not in generate.formats%s", clip(format), made(l.def.Formats))
		default:
			formats = append(formats, format)
		}
	}
	return formats
}

func made(formats []string) string {
	if len(formats) == 0 {
		return ""
	}
	return fmt.Sprintf(", which has %s", strings.Join(formats, ", "))
}
