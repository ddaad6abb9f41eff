package trace

import "net/url"

// fitting is h as X-Ray takes it and anybody may read it: texts of at most 250 characters, and of a URL neither a password, nor a
// query, nor a fragment, whatever the caller has left in it.
func (h HTTP) fitting() *HTTP {
	if h.Request != nil {
		r := *h.Request
		r.Method, r.UserAgent, r.ClientIP = cut(r.Method, maxText), cut(r.UserAgent, maxText), cut(r.ClientIP, maxText)
		if u, err := url.Parse(r.URL); err != nil {
			r.URL = "" // what cannot be read cannot be cleaned
		} else {
			u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
			r.URL = cut(u.String(), maxText)
		}
		h.Request = &r
	}
	if h.Response != nil && (h.Response.Status < 100 || h.Response.Status > 599) {
		r := *h.Response
		r.Status = 0 // no HTTP status
		h.Response = &r
	}
	return &h
}
