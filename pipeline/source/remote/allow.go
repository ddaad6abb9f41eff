package remote

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/monthend/monthend/report"
)

// Host is one that may be called. Its address must be a public one, unless it lies in one of the networks.
type Host struct {
	Scheme   string // https, or http where the operator has written it
	Name     string // in lower case; an address without brackets
	Port     string
	Networks []netip.Prefix
}

var hostName = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$`)

// ParseHosts reads a list with commas of [http://|https://]HOST[:PORT][@NETWORK[+NETWORK…]]. Without a scheme it is https. A host
// whose addresses are not public ones names the networks that they lie in, as in rates.internal@10.1.0.0/16; one that is
// written as an address needs not.
func ParseHosts(text string) (hosts []Host, err error) {
	for _, entry := range list(text) {
		h, err := parseHost(entry)
		if err != nil {
			return nil, fmt.Errorf("%q %w", entry, err)
		}
		hosts = append(hosts, h)
	}
	return hosts, nil
}

func parseHost(entry string) (Host, error) {
	h := Host{Scheme: "https"}
	rest, networks, given := strings.Cut(entry, "@")
	if scheme, after, found := strings.Cut(rest, "://"); found {
		h.Scheme, rest = strings.ToLower(scheme), after
	}
	if h.Scheme != "http" && h.Scheme != "https" {
		return h, fmt.Errorf("begins with neither https:// nor http://")
	}
	u, err := url.Parse(h.Scheme + "://" + strings.TrimSuffix(rest, "/"))
	if err != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Hostname() == "" {
		return h, fmt.Errorf("is not of the form HOST, HOST:PORT or HOST@NETWORK")
	}
	h.Name, h.Port = hostOf(u)
	if address, err := netip.ParseAddr(h.Name); err == nil {
		if address.Zone() != "" {
			return h, fmt.Errorf("has a zone")
		}
		address = address.Unmap()
		h.Networks = []netip.Prefix{netip.PrefixFrom(address, address.BitLen())}
	} else if !hostName.MatchString(h.Name) {
		return h, fmt.Errorf("is not the name of a host; one with other letters is written as xn--…")
	}
	if !given {
		return h, nil
	}
	for _, text := range strings.Split(networks, "+") {
		network, err := netip.ParsePrefix(text)
		if err != nil || network.Masked() != network || network.Addr().Is4In6() {
			return h, fmt.Errorf("has a network that is not of the form 10.1.0.0/16")
		}
		h.Networks = append(h.Networks, network)
	}
	return h, nil
}

// hostOf is the host of a URL and its port, in one form each.
func hostOf(u *url.URL) (name, port string) {
	name, port = strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	if address, err := netip.ParseAddr(name); err == nil {
		name = address.Unmap().String()
	}
	return name, port
}

// allowed refuses a URL whose host is not in the list, or not by this scheme.
func (f *Fetcher) allowed(u *url.URL) error {
	name, port := hostOf(u)
	for _, h := range f.cfg.Hosts {
		if h.Scheme == u.Scheme && h.Name == name && h.Port == port {
			return nil
		}
	}
	shown := u.Scheme + "://" + u.Host
	if u.Scheme == "https" {
		shown = u.Host
	}
	return refuse("host %q is not allowed; who runs the worker allows hosts by MONTHEND_SOURCE_HOSTS", shown)
}

// Folder is a folder of this machine, or the beginning of the names in a bucket, that files may be read from.
type Folder struct {
	Bucket string // "" is this machine
	Path   string // absolute and clean; in a bucket "" or without slashes at its ends
}

// ParseFolders reads a list with commas of file:///folder and s3://bucket/prefix.
func ParseFolders(text string) (folders []Folder, err error) {
	for _, entry := range list(text) {
		if name, local := strings.CutPrefix(entry, "file:///"); local {
			folders = append(folders, Folder{Path: path.Clean("/" + name)})
			continue
		}
		name, s3 := strings.CutPrefix(entry, "s3://")
		bucket, prefix, _ := strings.Cut(name, "/")
		if !s3 || bucket == "" {
			return nil, fmt.Errorf("%q is not of the form file:///folder or s3://bucket/prefix", entry)
		}
		folders = append(folders, Folder{Bucket: bucket, Path: strings.Trim(prefix, "/")})
	}
	return folders, nil
}

// within is the rest of a name below the folder; false means that it lies elsewhere.
func (d Folder) within(bucket, name string) (rest string, ok bool) {
	switch {
	case d.Bucket != bucket:
		return "", false
	case d.Path == "" || d.Path == "/":
		return strings.TrimPrefix(name, "/"), true
	}
	return strings.CutPrefix(name, d.Path+"/")
}

// folder finds the folder that a file lies in.
func (f *Fetcher) folder(bucket, name string) (d Folder, rest string, err error) {
	for _, d := range f.cfg.Folders {
		if rest, ok := d.within(bucket, name); ok {
			return d, rest, nil
		}
	}
	return d, "", refuse("the file's folder is not allowed; who runs the worker allows folders by MONTHEND_SOURCE_FILES")
}

// Permits tells whether the operator allows what o names, and has set what its headers need. An allowed folder of this machine has to be
// there; nobody is called.
func (f *Fetcher) Permits(o *report.Outside, address string) error {
	if o.File == "" {
		u, err := url.Parse(address)
		if err != nil {
			return refuse("the address is not a URL")
		}
		if err := f.allowed(u); err != nil {
			return err
		}
		_, err = f.header(o)
		return err
	}
	if name, s3 := strings.CutPrefix(address, "s3://"); s3 {
		bucket, key, _ := strings.Cut(name, "/")
		_, _, err := f.folder(bucket, key)
		return err
	}
	d, _, err := f.folder("", strings.TrimPrefix(address, "file://"))
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(d.Path)
	if err != nil {
		return refuse("the allowed folder %q cannot be opened: %v", d.Path, cause(err))
	}
	return root.Close()
}

// list takes a list with commas apart; blanks and empty entries say nothing.
func list(text string) (entries []string) {
	for _, entry := range strings.Split(text, ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			entries = append(entries, entry)
		}
	}
	return entries
}

// networksOf are the networks that a host may lie in beside the public one, and whether it may be called at all.
func (f *Fetcher) networksOf(address string) (networks []netip.Prefix, known bool) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, false
	}
	name, _ := hostOf(&url.URL{Host: net.JoinHostPort(host, port)})
	for _, h := range f.cfg.Hosts {
		if h.Name == name && h.Port == port {
			networks, known = append(networks, h.Networks...), true
		}
	}
	return networks, known
}
