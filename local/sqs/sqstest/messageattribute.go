package sqstest

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

type messageAttributes = map[string]types.MessageAttributeValue

// starwars and the digests below were seen at AWS.
var starwars = messageAttributes{"Hello": text("There"), "General": text("Kenobi"), "Help.Me": text("Me")}

var messageAttributeRules = []rule{
	{"text comes back with its MD5", func(k *kit) { k.carried(messageAttributes{"Foo": text("Bar")}, "ae7155c6026991b6d54b11589678bf9c") }},
	{"the MD5 is over the attributes in the order of their names", func(k *kit) { k.carried(starwars, "4c360f3fdafd970e05fae2f149d997f5") }},
	{"bytes come back with their MD5", func(k *kit) {
		k.carried(messageAttributes{"attr1": {DataType: aws.String("Binary"), BinaryValue: []byte("traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01")}},
			"8cbe4db156db8a94db8b801b7addb984")
	}},
	{"a type may have a label of its own", func(k *kit) {
		k.carried(messageAttributes{"n": {DataType: aws.String("Number.int"), StringValue: aws.String("-12.5e3")}}, "")
	}},
	{"none come unless asked for", func(k *kit) { k.asked(nil, nil, "") }},
	{"All asks for all", func(k *kit) { k.asked([]string{"All"}, starwars, "4c360f3fdafd970e05fae2f149d997f5") }},
	{".* asks for all", func(k *kit) { k.asked([]string{".*"}, starwars, "4c360f3fdafd970e05fae2f149d997f5") }},
	{"names ask for those there are, and the MD5 is over them", func(k *kit) {
		k.asked([]string{"Hello", "Missing"}, messageAttributes{"Hello": text("There")}, "a311262e065454b75da111d535b8dacd")
	}},
	{"a name and .* ask for all that begin so", func(k *kit) {
		k.asked([]string{"Hel.*"}, messageAttributes{"Hello": text("There"), "Help.Me": text("Me")}, "83fee93c1bcd8b9a5a923ffacdc636c7")
	}},
	{"an empty value is refused", func(k *kit) { k.uncarried(messageAttributes{"a": text("")}) }},
	{"a control character is refused", func(k *kit) { k.uncarried(messageAttributes{"a": text("b\x08")}) }},
	{"an unknown type is refused", func(k *kit) {
		k.uncarried(messageAttributes{"a": {DataType: aws.String("Date"), StringValue: aws.String("2026-03-31")}})
	}},
	{"a Number must be one", func(k *kit) {
		k.uncarried(messageAttributes{"a": {DataType: aws.String("Number"), StringValue: aws.String("twelve")}})
	}},
	{"names have rules", func(k *kit) {
		for _, name := range []string{"aWs.x", "AMAZON.x", ".x", "x.", "x!", "x y", strings.Repeat("x", 257)} {
			k.uncarried(messageAttributes{name: text("v")})
		}
	}},
	{"ten are taken and eleven refused", func(k *kit) {
		many := messageAttributes{}
		for i := range 10 {
			many["a"+strconv.Itoa(i)] = text("v")
		}
		k.carried(many, "")
		many["more"] = text("v")
		k.uncarried(many)
	}},
}

// carried checks that the attributes arrive, and their MD5 unless it is "".
func (k *kit) carried(sent messageAttributes, md5 string) {
	k.Helper()
	url := k.queue(nil)
	out := k.sends(&sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("m"), MessageAttributes: sent})
	got := k.one(url)
	if diff := cmp.Diff(sent, got.MessageAttributes, cmpopts.IgnoreUnexported(types.MessageAttributeValue{}), cmpopts.EquateEmpty()); diff != "" {
		k.Fatal(diff)
	}
	same(k, "received MD5", aws.ToString(got.MD5OfMessageAttributes), aws.ToString(out.MD5OfMessageAttributes))
	if md5 != "" {
		same(k, "MD5", aws.ToString(out.MD5OfMessageAttributes), md5)
	}
}

func (k *kit) uncarried(sent messageAttributes) {
	k.Helper()
	k.unsent(&sqs.SendMessageInput{MessageBody: aws.String("m"), MessageAttributes: sent}, "InvalidParameterValue")
}

// asked checks which of starwars come for some names.
func (k *kit) asked(names []string, want messageAttributes, md5 string) {
	k.Helper()
	url := k.queue(nil)
	k.sends(&sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("m"), MessageAttributes: starwars})
	got := k.receives(&sqs.ReceiveMessageInput{QueueUrl: url, MessageAttributeNames: names, WaitTimeSeconds: 20})
	same(k, "messages", len(got), 1)
	if diff := cmp.Diff(want, got[0].MessageAttributes, cmpopts.IgnoreUnexported(types.MessageAttributeValue{}), cmpopts.EquateEmpty()); diff != "" {
		k.Fatal(diff)
	}
	same(k, "MD5", aws.ToString(got[0].MD5OfMessageAttributes), md5)
}
