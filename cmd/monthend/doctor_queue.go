package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/monthend/monthend/queue"
)

// What a queue must be for a worker to rely on it.
const (
	leastReceives  = 100 // maxReceiveCount: the attempts that count are the ledger's
	leastHidden    = 15 * time.Second
	leastRetention = 2 * 24 * time.Hour // jobs of a later version are put back for a day, jobs of an unfinished month for half of one
	goodRetention  = 4 * 24 * time.Hour // a weekend, and the Monday after it
)

func (d *doctor) credentials(ctx context.Context) finding {
	var err error
	if d.cfg, err = awsConfig(ctx); err != nil {
		var f *failure
		errors.As(err, &f)
		return wrong(f.hint, "%s", err)
	}
	creds, err := d.cfg.Credentials.Retrieve(ctx)
	switch {
	case err != nil:
		return wrong("aws configure", "region %s; no credentials: %s", d.cfg.Region, err)
	case creds.Expired():
		return wrong("aws sso login", "region %s; the credentials of %s expired at %s", d.cfg.Region, creds.Source, creds.Expires.UTC().Format(time.RFC3339))
	case creds.CanExpire:
		return well("region %s, credentials of %s until %s", d.cfg.Region, creds.Source, creds.Expires.UTC().Format(time.RFC3339))
	}
	return well("region %s, credentials of %s", d.cfg.Region, creds.Source)
}

func (d *doctor) queueThere(ctx context.Context) finding {
	if d.QueueURL == "" {
		return wrong(laptop, "MONTHEND_QUEUE_URL is not set")
	}
	var err error
	d.jobs, err = queue.Inspect(ctx, sqs.NewFromConfig(d.cfg), d.QueueURL)
	name, _ := queueNames(d.QueueURL, d.cfg.Region)
	switch {
	case errors.Is(err, queue.ErrNoQueue):
		return wrong(d.createQueue(name), "%s", err)
	case errors.Is(err, queue.ErrDenied):
		return wrong(d.allowQueue(d.QueueURL, "GetQueueAttributes", "GetQueueUrl"), "%s", err)
	case err != nil:
		return wrong(d.cli("sqs get-queue-attributes --queue-url ")+queueWord(d.QueueURL)+" --attribute-names QueueArn", "%s", err)
	case d.jobs.FIFO && !d.jobs.ContentDedup:
		return warned(d.setQueue(d.QueueURL, "ContentBasedDeduplication=true"),
			"FIFO queue %q has no deduplication by content; EventBridge Scheduler could not send to it", name)
	case d.jobs.FIFO:
		return well("FIFO queue %q", name)
	}
	return well("standard queue %q", name)
}

// queueNames are the name of a queue and its ARN, by its URL: those of SQS end with account and name.
func queueNames(address, region string) (name, arn string) {
	parts := strings.Split(strings.TrimRight(address, "/"), "/")
	name = parts[len(parts)-1]
	account := ""
	if len(parts) > 1 {
		account = parts[len(parts)-2]
	}
	return name, fmt.Sprintf("arn:aws:sqs:%s:%s:%s", region, account, name)
}

// queueWord is a queue's URL in a command. One that holds a password is named, not told.
func queueWord(raw string) string {
	if u, err := url.Parse(raw); err != nil || u.User != nil {
		return `"$MONTHEND_QUEUE_URL"`
	}
	return shellWord(raw)
}

// cli begins a command of AWS's own. Its first version does not read AWS_REGION.
func (d *doctor) cli(command string) string {
	region := `"$AWS_REGION"`
	if d.cfg.Region != "" {
		region = shellWord(d.cfg.Region)
	}
	return "aws --region " + region + " " + command
}

// createQueue makes a queue; the suffix says of which kind.
func (d *doctor) createQueue(name string) string {
	command := d.cli("sqs create-queue --queue-name ") + shellWord(name)
	if strings.HasSuffix(name, ".fifo") {
		command += " --attributes FifoQueue=true,ContentBasedDeduplication=true"
	}
	return command
}

func (d *doctor) setQueue(address, attributes string) string {
	return d.cli("sqs set-queue-attributes --queue-url ") + queueWord(address) + " --attributes " + shellQuote(attributes)
}

// setRedrive names the dead-letter queue.
func (d *doctor) setRedrive(deadARN string) string {
	return d.setQueue(d.QueueURL, fmt.Sprintf(`{"RedrivePolicy":"{\"deadLetterTargetArn\":\"%s\",\"maxReceiveCount\":\"%d\"}"}`, deadARN, leastReceives))
}

// clockSQS asks by the date of an answer, which has whole seconds.
func (d *doctor) clockSQS(ctx context.Context) finding {
	asked := d.now()
	out, err := sqs.NewFromConfig(d.cfg).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &d.QueueURL, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return wrong("", "%s", err)
	}
	trip := d.now().Sub(asked)
	theirs, ok := awsmiddleware.GetServerTime(out.ResultMetadata)
	if !ok {
		return warned("", "SQS does not say what time it has")
	}
	return skew(asked.Add(trip/2).Sub(theirs.Add(time.Second/2)), trip/2+time.Second/2, "SQS's")
}

func (d *doctor) redrive(context.Context) finding {
	name, arn := queueNames(d.QueueURL, d.cfg.Region)
	if d.jobs.ARN != "" {
		arn = d.jobs.ARN
	}
	switch {
	case d.jobs.DeadLetterARN == "":
		// The two are of one kind, and the suffix .fifo stays at the end.
		base, fifo := strings.CutSuffix(name, ".fifo")
		dead := base + "-dlq"
		if fifo {
			dead += ".fifo"
		}
		return wrong(d.createQueue(dead)+" && "+d.setRedrive(strings.TrimSuffix(arn, name)+dead),
			"the queue has no redrive policy: a job that cannot be worked has nowhere to go")
	case d.jobs.MaxReceiveCount < leastReceives:
		return wrong(d.setRedrive(d.jobs.DeadLetterARN), "maxReceiveCount is %d, want %d or more: SQS would bury jobs that only waited for their turn",
			d.jobs.MaxReceiveCount, leastReceives)
	}
	return well("after %d receives a message goes to %s", d.jobs.MaxReceiveCount, d.jobs.DeadLetterARN)
}

// visibility is about whoever else receives: a worker asks for its own.
func (d *doctor) visibility(context.Context) finding {
	mend := d.setQueue(d.QueueURL, "VisibilityTimeout=15")
	switch v := d.jobs.Visibility; {
	case v == 0:
		return wrong(mend, "the visibility timeout is 0: what another tool looks at is delivered to a worker at the same time")
	case v < leastHidden:
		return warned(mend, "the visibility timeout is %s, below the lease of %s", v, leastHidden)
	case v > time.Hour:
		return warned(mend, "the visibility timeout is %s: a message that another tool looks at waits as long", v)
	default:
		return well("%s for other tools; a worker asks for its own", v)
	}
}

func (d *doctor) retention(context.Context) finding {
	mend := d.setQueue(d.QueueURL, "MessageRetentionPeriod=1209600")
	switch r := d.jobs.Retention; {
	case r < leastRetention:
		return wrong(mend, "the queue keeps messages for %s: a job that is put back for a newer worker may be lost, want %s or more", r, leastRetention)
	case r < goodRetention:
		return warned(mend, "the queue keeps messages for %s: less than a long weekend", r)
	default:
		return well("the queue keeps messages for %d days", int(r.Hours()/24))
	}
}

// backlog tells how much waits. Age is not an attribute of a queue: CloudWatch has ApproximateAgeOfOldestMessage.
func (d *doctor) backlog(context.Context) finding {
	said := fmt.Sprintf("%d waiting, %d in work, %d put off", d.jobs.Waiting, d.jobs.InFlight, d.jobs.Delayed)
	if d.jobs.Waiting > 0 && d.jobs.InFlight == 0 {
		return warned("monthend work", "%s: nobody works on them", said)
	}
	return well("%s", said)
}
