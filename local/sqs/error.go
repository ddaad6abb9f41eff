package sqs

import (
	"fmt"
	"net/http"
)

// prefix stands before the codes that SQS had before it spoke JSON.
const prefix = "AWS.SimpleQueueService."

// apiError is one refusal: shape names the error in the body (errors.As in an SDK), code is the older name in the header.
type apiError struct {
	shape, code string
	status      int
	message     string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

// failure is an error of the protocol, whose shape and code agree.
func failure(status int, name, message string) *apiError {
	return &apiError{shape: name, code: name, status: status, message: message}
}

// old is an error whose code carries the prefix.
func old(name, message string) *apiError {
	return &apiError{shape: name, code: prefix + name, status: http.StatusBadRequest, message: message}
}

func invalidValue(message string) *apiError {
	return &apiError{shape: "InvalidParameterValueException", code: "InvalidParameterValue", status: http.StatusBadRequest, message: message}
}

func invalid(parameter string, value any, reason string) *apiError {
	return invalidValue(fmt.Sprintf("Value %v for parameter %s is invalid. Reason: %s", value, parameter, reason))
}

func missing(parameter string) *apiError {
	return &apiError{shape: "MissingRequiredParameterException", code: "MissingParameter", status: http.StatusBadRequest,
		message: "The request must contain the parameter " + parameter + "."}
}

func noSuchQueue() *apiError {
	return &apiError{shape: "QueueDoesNotExist", code: prefix + "NonExistentQueue", status: http.StatusBadRequest,
		message: "The specified queue does not exist."}
}

func invalidAttributeName(message string) *apiError {
	return failure(http.StatusBadRequest, "InvalidAttributeName", message)
}

func invalidAttributeValue(name string) *apiError {
	return failure(http.StatusBadRequest, "InvalidAttributeValue", "Invalid value for the parameter "+name+".")
}

func noSuchResource(message string) *apiError {
	return failure(http.StatusNotFound, "ResourceNotFoundException", message)
}
