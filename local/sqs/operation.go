package sqs

import (
	"context"
	"net/http"
)

// operations is what the server can do, by the name on the wire.
var operations = map[string]operation{
	"CreateQueue":                bind((*Server).createQueue),
	"DeleteQueue":                bind((*Server).deleteQueue),
	"GetQueueUrl":                bind((*Server).getQueueURL),
	"ListQueues":                 bind((*Server).listQueues),
	"GetQueueAttributes":         bind((*Server).getQueueAttributes),
	"SetQueueAttributes":         bind((*Server).setQueueAttributes),
	"PurgeQueue":                 bind((*Server).purgeQueue),
	"TagQueue":                   bind((*Server).tagQueue),
	"UntagQueue":                 bind((*Server).untagQueue),
	"ListQueueTags":              bind((*Server).listQueueTags),
	"ListDeadLetterSourceQueues": bind((*Server).listDeadLetterSourceQueues),

	"SendMessage":                  bindTraced((*Server).sendMessage),
	"SendMessageBatch":             bindTraced((*Server).sendMessageBatch),
	"ReceiveMessage":               bind((*Server).receiveMessage),
	"DeleteMessage":                bind((*Server).deleteMessage),
	"DeleteMessageBatch":           bind((*Server).deleteMessageBatch),
	"ChangeMessageVisibility":      bind((*Server).changeMessageVisibility),
	"ChangeMessageVisibilityBatch": bind((*Server).changeMessageVisibilityBatch),

	"StartMessageMoveTask":  bind((*Server).startMessageMoveTask),
	"ListMessageMoveTasks":  bind((*Server).listMessageMoveTasks),
	"CancelMessageMoveTask": bind((*Server).cancelMessageMoveTask),

	"AddPermission":    unsupported,
	"RemovePermission": unsupported,
}

// nothing is the answer of an operation that only has an effect.
type nothing struct{}

// unsupported refuses what SQS does and this server does not, so that nobody takes silence for success.
func unsupported(context.Context, *Server, http.Header, []byte) (any, error) {
	return nil, &apiError{shape: "UnsupportedOperation", code: prefix + "UnsupportedOperation", status: http.StatusBadRequest,
		message: "Permissions are not kept here."}
}
