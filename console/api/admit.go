package api

import (
	"context"
	"errors"
	"math"
	"net"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/monthend/monthend/console/bearer"
	"github.com/monthend/monthend/console/limit"
	"github.com/monthend/monthend/console/problem"
	"github.com/monthend/monthend/pipeline/ledger"
)

// admit finds who asks and whether he may. Whoever has no token that is known to be good is counted by his address before the
// ledger is asked, so that guessing costs the guesser and not the database.
func (a *API) admit(r *http.Request, route Route) (ledger.Token, error) {
	if route.Untraced && route.Scope == "" {
		return ledger.Token{}, nil // probes come often, from one address, and learn nothing
	}
	secret, given := bearer.Secret(r)
	if given {
		if token, ok := a.cfg.Tokens.Known(secret); ok {
			return token, errors.Join(spend(a.cfg.ByToken, token.ID), may(token, route))
		}
	}
	if err := spend(a.cfg.ByAddress, limit.Address(r.RemoteAddr)); err != nil {
		return ledger.Token{}, err
	}
	if route.Scope == "" {
		return ledger.Token{}, nil
	}
	if !given {
		needed, err := a.cfg.Tokens.Needed(r.Context())
		if err != nil {
			return ledger.Token{}, err
		}
		if needed {
			return ledger.Token{}, problem.New(problem.Unauthorized, "no token was given: Authorization: Bearer mth_…")
		}
		return bearer.Anonymous, nil
	}
	token, err := a.cfg.Tokens.Find(r.Context(), secret)
	if errors.Is(err, ledger.ErrNotFound) {
		return token, problem.New(problem.Unauthorized, "the token is not known, was revoked or has expired")
	}
	if err != nil {
		return token, err
	}
	return token, errors.Join(spend(a.cfg.ByToken, token.ID), may(token, route))
}

// spend takes one from a bucket, or tells how long to wait.
func spend(buckets *limit.Buckets, key string) error {
	wait := buckets.Take(key)
	if wait == 0 {
		return nil
	}
	p := problem.New(problem.TooMany, "more was asked than is allowed in this time; wait, and ask again")
	p.RetryAfter = int(math.Ceil(wait.Seconds()))
	return p
}

func may(token ledger.Token, route Route) error {
	if !token.May(route.Scope) {
		return problem.New(problem.Forbidden, "the scope "+string(route.Scope)+" is needed")
	}
	return nil
}

// passing reports whether asking again may help: the database is not there, or did not answer in time.
func passing(err error) bool {
	var refused *pgconn.PgError
	var network net.Error
	switch {
	case errors.As(err, &refused):
		switch refused.Code[:2] {
		case "08", "53", "57", "40": // connection, resources, operator, rolled back
			return true
		}
		return refused.Code == "55P03" // a lock that was not given in time
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network):
		return true
	}
	var connect *pgconn.ConnectError
	return errors.As(err, &connect)
}

// stamp is a time on the wire, nil for none.
func stamp(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}
