package xray

import (
	"strings"

	"github.com/monthend/monthend/trace"
)

// The types of services that never send a segment of their own.
const (
	typeSQL    = "Database::SQL"
	typeQueue  = "AWS::SQS::Queue"
	typeBucket = "AWS::S3::Bucket"
	typeTable  = "AWS::DynamoDB::Table"
	typeRemote = "remote"
)

// callee names the service that a subsegment called; false when it called none. X-Ray names a queue by its URL and a table
// by its name, a database as the subsegment does; that it names a bucket by resource_names is what its traces look like,
// and nowhere promised.
func callee(sub trace.Document) (service, bool) {
	said := func(key string) string { s, _ := sub.AWS[key].(string); return s }
	switch {
	case sub.Namespace == "":
		return service{}, false
	case sub.SQL != nil:
		return service{sub.Name, typeSQL}, true
	case sub.Namespace != "aws":
		return service{sub.Name, typeRemote}, true
	case sub.Name == "SQS" && said("queue_url") != "":
		return service{said("queue_url"), typeQueue}, true
	case sub.Name == "DynamoDB" && said("table_name") != "":
		return service{said("table_name"), typeTable}, true
	case sub.Name == "S3" && said("bucket_name") != "":
		return service{said("bucket_name"), typeBucket}, true
	}
	return service{sub.Name, "AWS::" + strings.ReplaceAll(sub.Name, " ", "")}, true
}
