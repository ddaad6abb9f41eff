package deliver

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/monthend/monthend/pipeline/store"
	"github.com/monthend/monthend/report"
)

// AllowVariable is where the operator says what deliveries may reach; the errors of what is not allowed name it.
const AllowVariable = "MONTHEND_DELIVER_ALLOW"

// Allow is what deliveries may reach: whoever writes a definition says where to, the operator whose machine brings it says where at
// all. Each entry is a place, as a URL, and allows what lies below it:
//
//	file:///srv/reports                a folder and those in it; s3://bucket/prefix likewise
//	https://hooks.example.com          a host; https://hooks.example.com/month a path and those below it
//	mailto:cfo@example.com             one address; mailto:@example.com all of a domain
type Allow []string

// ParseAllow reads a list parted by commas; a mistake is told by its number, since a URL may hold a password.
func ParseAllow(text string) (Allow, error) {
	var allow Allow
	for i, entry := range strings.Split(text, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		if why := checkEntry(entry); why != "" {
			return nil, fmt.Errorf("entry %d of %s %s; want file:///folder, s3://bucket/prefix, https://host/path or mailto:@domain", i+1, AllowVariable, why)
		}
		allow = append(allow, strings.TrimRight(entry, "/"))
	}
	return allow, nil
}

func checkEntry(entry string) string {
	u, err := url.Parse(entry)
	switch {
	case err != nil:
		return "is not a URL"
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "has parts that a place does not have"
	case u.Scheme == "mailto":
		if name, domain, ok := strings.Cut(u.Opaque, "@"); !ok || domain == "" || strings.ContainsAny(name+domain, "@*") {
			return "is neither an address nor @domain"
		}
	case u.Scheme == "file":
		if u.Host != "" || strings.Trim(u.Path, "/") == "" || path.Clean(u.Path) != strings.TrimRight(u.Path, "/") {
			return "is not an absolute folder"
		}
	case u.Scheme == "s3", u.Scheme == "https":
		if u.Host == "" || hasDots(u.Path) {
			return "names no host or bucket"
		}
	case u.Scheme == "http":
		if !report.Loopback(u.Hostname()) {
			return "is http, which is for this machine alone"
		}
	default:
		return "has a scheme that is not known"
	}
	return ""
}

// Permits reports whether a delivery may be made.
func (a Allow) Permits(d report.Delivery) bool {
	_, err := a.check(d)
	return err == nil
}

// Shelf is the allowed place that the directory of a delivery lies in, the innermost. The error is why a delivery may not be made.
func (a Allow) Shelf(d report.Delivery) (string, error) { return a.check(d) }

// check answers the shelf of an allowed directory, the innermost, and a *FinalError for what is not allowed.
func (a Allow) check(d report.Delivery) (shelf string, err error) {
	if len(a) == 0 {
		return "", &FinalError{fmt.Errorf("%s is not allowed: %s is not set, where the operator lists what deliveries may reach", d.Target(), AllowVariable)}
	}
	allowed := false
	for _, entry := range a {
		if entry != "" && permits(entry, d) {
			allowed = true
			if len(entry) > len(shelf) {
				shelf = entry
			}
		}
	}
	if !allowed {
		return "", &FinalError{fmt.Errorf("%s is not allowed: %s does not list it", d.Target(), AllowVariable)}
	}
	return shelf, nil
}

func permits(entry string, d report.Delivery) bool {
	switch {
	case d.Webhook != nil:
		return permitsURL(entry, d.Webhook.URL)
	case d.Email != nil:
		address, ok := strings.CutPrefix(entry, "mailto:")
		_, domain, _ := strings.Cut(d.Email.To, "@")
		return ok && (strings.EqualFold(address, d.Email.To) || strings.EqualFold(address, "@"+domain))
	}
	_, within := store.Within(entry, d.Directory)
	return within && (strings.HasPrefix(entry, "file://") || strings.HasPrefix(entry, "s3://"))
}

// permitsURL compares what is asked of a host, so that no spelling of an address is another one to the server.
func permitsURL(entry, address string) bool {
	allowed, err := url.Parse(entry)
	asked, failed := url.Parse(address)
	if errors.Join(err, failed) != nil || hasDots(asked.Path) || asked.Scheme != "https" && asked.Scheme != "http" {
		return false
	}
	if allowed.Scheme != asked.Scheme || !strings.EqualFold(allowed.Hostname(), asked.Hostname()) || port(allowed) != port(asked) {
		return false
	}
	_, within := store.Within(allowed.EscapedPath(), asked.EscapedPath())
	return within
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"https": "443", "http": "80"}[u.Scheme]
}

// hasDots reports whether a decoded path climbs: some servers follow that, however it was written.
func hasDots(p string) bool {
	for part := range strings.SplitSeq(strings.ReplaceAll(p, `\`, "/"), "/") {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}
