package console

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/monthend/monthend/console/problem"
)

// guarded refuses what a browser sends in another site's name, and what is meant for another host. Nothing here is for
// browsers of other sites, so no answer is given to them that CORS would let them read.
func guarded(cfg Config, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure(w.Header())
		switch {
		case !served(cfg, r.Host):
			problem.Write(w, problem.New(problem.Misdirected, "this host is not answered for here"), "")
		case crossSite(r):
			problem.Write(w, problem.New(problem.CrossSite, "the request comes from another site"), "")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// secure sets what every answer says to browsers: nothing of it is a page to run, to frame or to guess the type of.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// served reports whether the Host of a request is one of ours. A page of another site that has its own name resolve to our
// address (DNS rebinding) says its own name here.
func served(cfg Config, host string) bool {
	if !cfg.Loopback && len(cfg.Hosts) == 0 {
		return true
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	for _, ours := range cfg.Hosts {
		if strings.EqualFold(name, ours) {
			return true
		}
	}
	return cfg.Loopback && IsLoopback(name)
}

// IsLoopback reports whether a host name or address is this machine and no other.
func IsLoopback(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.Unmap().IsLoopback()
}

// crossSite reports whether a browser sent the request in the name of another origin. Programs send neither header.
func crossSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return true
	}
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return false
	}
	origin, err := url.Parse(origins[0])
	return err != nil || len(origins) > 1 || !strings.EqualFold(origin.Host, r.Host) || origin.Host == ""
}

// bounded answers so many requests at once and no more.
func bounded(most int, next http.Handler) http.Handler {
	room := make(chan struct{}, most)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case room <- struct{}{}:
			defer func() { <-room }()
			next.ServeHTTP(w, r)
		default:
			p := problem.New(problem.Busy, "as many requests as are allowed at once are in work")
			p.RetryAfter = 1
			problem.Write(w, p, "")
		}
	})
}
