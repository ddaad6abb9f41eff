package deliver

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// SignatureHeader carries the signature of a webhook: t=<seconds since 1970>,v1=<hex HMAC-SHA256 of "<t>.<body>">.
const SignatureHeader = "Monthend-Signature"

// Sign makes the signature of a body sent at a time.
func Sign(secret, body []byte, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(secret, t, body))
}

// Verify checks a signature as a recipient does: made with the secret, over this body, and not longer ago, nor further ahead, than
// tolerance.
func Verify(secret, body []byte, signature string, now time.Time, tolerance time.Duration) error {
	t, sum, ok := strings.Cut(signature, ",")
	t, stamped := strings.CutPrefix(t, "t=")
	sum, versioned := strings.CutPrefix(sum, "v1=")
	got, err := hex.DecodeString(sum)
	if !ok || !stamped || !versioned || err != nil {
		return fmt.Errorf("%s is not of the form t=…,v1=…", SignatureHeader)
	}
	seconds, err := strconv.ParseInt(t, 10, 64)
	if err != nil {
		return fmt.Errorf("%s has no time", SignatureHeader)
	}
	if !hmac.Equal(got, mac(secret, t, body)) {
		return fmt.Errorf("%s does not fit the body", SignatureHeader)
	}
	if age := now.Sub(time.Unix(seconds, 0)).Abs(); age > tolerance {
		return fmt.Errorf("%s is of another time: %s apart", SignatureHeader, age.Round(time.Second))
	}
	return nil
}

func mac(secret []byte, t string, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(t + "."))
	h.Write(body)
	return h.Sum(nil)
}
