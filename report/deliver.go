package report

import (
	"crypto/sha256"
	"encoding/hex"
)

// Delivery is one recipient of every version that is published. Exactly one of Directory, Webhook and Email is set. As JSON it is
// what the ledger keeps: the deliveries of a version are those that its definition had when it was published.
type Delivery struct {
	Directory string   `json:"directory,omitempty"` // file:///folder or s3://bucket/prefix, no slash at its end
	Webhook   *Webhook `json:"webhook,omitempty"`
	Email     *Email   `json:"email,omitempty"`
	Formats   []string `json:"formats,omitempty"` // that are copied or linked to; none: all of the definition
}

// Webhook is who is told by a signed POST.
type Webhook struct {
	URL       string `json:"url"`        // https, or http to a loopback address
	SecretEnv string `json:"secret_env"` // the variable of the worker that holds the secret
}

// Email is one address that is told by a mail.
type Email struct {
	To string `json:"to"` // one plain address
}

// Target is the recipient in words: its kind and address. Two deliveries of one target are one.
func (d Delivery) Target() string {
	switch {
	case d.Webhook != nil:
		return "webhook " + d.Webhook.URL
	case d.Email != nil:
		return "email " + d.Email.To
	}
	return "directory " + d.Directory
}

// Kind is the first word of Target: directory, webhook or email.
func (d Delivery) Kind() string {
	switch {
	case d.Webhook != nil:
		return "webhook"
	case d.Email != nil:
		return "email"
	}
	return "directory"
}

// IdempotencyKey is what tells the recipient that two tries mean one delivery: hex sha256 of the target and the subject, which
// for a version is its name (see VersionName).
func (d Delivery) IdempotencyKey(subject string) string {
	sum := sha256.Sum256([]byte(d.Target() + "\n" + subject))
	return hex.EncodeToString(sum[:])
}
