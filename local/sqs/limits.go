package sqs

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	maxMessage    = 1 << 20 // bytes of one message and of one batch
	maxEntries    = 10      // of one batch
	maxAttributes = 10      // of one message
	maxVisibility = 43200   // seconds

	standardInFlight = 120_000 // messages
	fifoInFlight     = 20_000
)

var (
	queueName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
	batchID   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)
	// fifoID is what a group or deduplication id may be: alphanumeric and ASCII punctuation.
	fifoID        = regexp.MustCompile(`^[!-~]{1,128}$`)
	attributeName = regexp.MustCompile(`^[\p{L}\p{N}_.-]{1,256}$`)
	attributeType = regexp.MustCompile(`^(String|Number|Binary)(\..+)?$`)
	number        = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
)

// checkQueueName says whether the queue is to be FIFO: the name and the attribute must agree.
func checkQueueName(name string, attributes map[string]string) (fifo bool, err error) {
	if name == "" {
		return false, missing("QueueName")
	}
	fifo = strings.EqualFold(attributes["FifoQueue"], "true")
	if !fifo {
		if !queueName.MatchString(name) {
			return false, invalidValue("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
		}
		return false, nil
	}
	stem, ok := strings.CutSuffix(name, ".fifo")
	if !ok || len(name) > 80 || !queueName.MatchString(stem) {
		return false, invalidValue("The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.")
	}
	return true, nil
}

// checkText refuses what SQS does not carry: anything but tab, line feed, carriage return, and U+0020 to U+D7FF, U+E000 to
// U+FFFD and the planes above.
func checkText(text string) error {
	for _, r := range text {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return failure(http.StatusBadRequest, "InvalidMessageContents", fmt.Sprintf("Invalid binary character '#x%X' was found in the message body, "+
				"the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF", r))
		}
	}
	return nil
}

// checkMessageAttributes keeps names, types and values of message attributes within their rules.
func checkMessageAttributes(attributes map[string]attribute) error {
	if len(attributes) > maxAttributes {
		return invalidValue(fmt.Sprintf("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(attributes), maxAttributes))
	}
	for name, a := range attributes {
		if err := checkAttributeName(name); err != nil {
			return err
		}
		if utf8.RuneCountInString(a.DataType) > 256 || !attributeType.MatchString(a.DataType) {
			return invalidValue("The type of message (user) attribute '" + name + "' is invalid. You must use only the following supported type prefixes: Binary, Number, String.")
		}
		if err := a.check(name); err != nil {
			return err
		}
	}
	return nil
}

// checkAttributeName also keeps the names that belong to AWS.
func checkAttributeName(name string) error {
	lower := strings.ToLower(name)
	switch {
	case !attributeName.MatchString(name),
		strings.HasPrefix(name, "."), strings.HasSuffix(name, "."), strings.Contains(name, ".."):
		return invalidValue("Invalid attribute name '" + name + "': it can contain alphanumeric characters, underscores, hyphens and periods, must not begin or end with a period or have two in a row, and is 1 to 256 in length.")
	case strings.HasPrefix(lower, "aws."), strings.HasPrefix(lower, "amazon."):
		return invalidValue("Message (user) attribute name '" + name + "' must not begin with AWS. or Amazon.")
	}
	return nil
}

// check refuses a value that is missing, empty, of the other kind, or not what its type says.
func (a attribute) check(name string) error {
	kind, _, _ := strings.Cut(a.DataType, ".")
	if len(a.StringListValues) > 0 || len(a.BinaryListValues) > 0 {
		return invalidValue("Message attribute list values in SendMessage operation are not supported.")
	}
	if kind == "Binary" {
		if len(a.BinaryValue) == 0 || a.StringValue != nil {
			return invalidValue("Message (user) attribute '" + name + "' must contain a non-empty value of type 'Binary'.")
		}
		return nil
	}
	if a.StringValue == nil || *a.StringValue == "" || len(a.BinaryValue) > 0 {
		return invalidValue("Message (user) attribute '" + name + "' must contain a non-empty value of type 'String'.")
	}
	if kind == "Number" && !number.MatchString(*a.StringValue) {
		return invalidValue("Can't cast the value of message (user) attribute '" + name + "' to a number.")
	}
	if checkText(*a.StringValue) != nil {
		return invalidValue("Message (user) attribute '" + name + "' contains a character that is not allowed.")
	}
	return nil
}

// size is what counts against the limits: the body, and each attribute's name, type and value, in bytes.
func size(body string, attributes map[string]attribute) int {
	n := len(body)
	for name, a := range attributes {
		n += len(name) + len(a.DataType) + len(a.BinaryValue)
		if a.StringValue != nil {
			n += len(*a.StringValue)
		}
	}
	return n
}

// checkFIFOID is the rule of group and deduplication ids.
func checkFIFOID(parameter, id string) error {
	if !fifoID.MatchString(id) {
		return invalid(parameter, id, parameter+" can only include alphanumeric and punctuation characters. 1 to 128 in length.")
	}
	return nil
}

// checkVisibility keeps a visibility timeout, in seconds, in its range.
func checkVisibility(seconds int32) error {
	if seconds < 0 || seconds > maxVisibility {
		return invalid("VisibilityTimeout", seconds, "Must be between 0 and 43200, if provided.")
	}
	return nil
}
