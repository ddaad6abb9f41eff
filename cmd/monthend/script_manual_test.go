package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/metric"
)

// manual is docs/operations.md.
func manual() (string, error) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	return string(text), err
}

// passage is the block of code below the mark <!-- KIND NAME --> in the manual.
func passage(ts *testscript.TestScript, kind, name string) string {
	text, err := manual()
	ts.Check(err)
	found := regexp.MustCompile("(?s)<!-- " + kind + " " + name + " -->\n```[a-z]+\n(.*?)```").FindStringSubmatch(text)
	if found == nil {
		ts.Fatalf("the manual has no %s %q", kind, name)
	}
	return found[1]
}

// scriptManualSQL runs SQL of the manual as it stands there: manual-sql VARIABLE NAME, with the url of the database in VARIABLE.
func scriptManualSQL(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, ts.Getenv(args[0]))
	ts.Check(err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, passage(ts, "sql", args[1]))
	ts.Check(err)
}

// operationsOf are what an action of IAM's allows.
func operationsOf(action string) []string {
	name := strings.TrimPrefix(action, "sqs:")
	if slices.Contains([]string{"SendMessage", "DeleteMessage", "ChangeMessageVisibility"}, name) {
		return []string{name, name + "Batch"}
	}
	return []string{name}
}

// policed is the script's SQS and what it denies now.
type policed struct {
	server *sqs.Server
	denied []*sqs.Injection
}

// scriptPolicy has the script's SQS deny whatever a policy of the manual does not allow: policy NAME. It starts one first.
func scriptPolicy(ts *testscript.TestScript, _ bool, args []string) {
	p := ts.Value("policed").(*policed)
	if p.server == nil {
		p.server = startSQS(ts, sqs.Config{Region: cloudRegion})
	}
	for _, injection := range p.denied {
		injection.Remove()
	}
	p.denied = nil
	var policy struct {
		Version   string
		Statement []struct {
			Effect, Resource string
			Action           []string
		}
	}
	decoder := json.NewDecoder(bytes.NewBufferString(passage(ts, "policy", args[0])))
	decoder.DisallowUnknownFields()
	ts.Check(decoder.Decode(&policy))
	allowed := map[string][]string{} // by queue
	for _, s := range policy.Statement {
		queue := s.Resource[strings.LastIndex(s.Resource, ":")+1:]
		for _, action := range s.Action {
			allowed[queue] = append(allowed[queue], operationsOf(action)...)
		}
	}
	deny := func(f sqs.Fault) {
		injection, err := p.server.Inject(f)
		ts.Check(err)
		p.denied = append(p.denied, injection)
	}
	for _, operation := range []string{
		"CreateQueue", "DeleteQueue", "GetQueueUrl", "ListQueues", "GetQueueAttributes", "SetQueueAttributes", "PurgeQueue", "TagQueue", "UntagQueue",
		"ListQueueTags", "ListDeadLetterSourceQueues", "SendMessage", "SendMessageBatch", "ReceiveMessage", "DeleteMessage", "DeleteMessageBatch",
		"ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "StartMessageMoveTask", "ListMessageMoveTasks", "CancelMessageMoveTask",
	} {
		if operation == "GetQueueUrl" { // it names no URL that a queue could be known by
			if !slices.Contains(slices.Concat(allowed[cloudQueue], allowed[cloudDLQ]), operation) {
				deny(sqs.Fault{Kind: sqs.Denied, Operation: operation})
			}
			continue
		}
		for _, queue := range []string{cloudQueue, cloudDLQ} {
			if !slices.Contains(allowed[queue], operation) {
				deny(sqs.Fault{Kind: sqs.Denied, Operation: operation, Queue: queue})
			}
		}
	}
}

// TestManualNames holds the manual to commands, flags, checks and figures that there are.
func TestManualNames(t *testing.T) {
	text, err := manual()
	if err != nil {
		t.Fatal(err)
	}
	var figures []string
	for _, m := range metric.All() {
		figures = append(figures, m.Name)
	}
	for _, name := range regexp.MustCompile(`monthend_[a-z_]+(_total|_age|_pending|_up|_work|_seconds|_bytes|_messages|_runs|_deliveries|_overdue|_published)\b`).FindAllString(text, -1) {
		if !slices.Contains(figures, name) {
			t.Errorf("there is no figure %q", name)
		}
	}
	root := newRootCommand(newApp(nil, nil, nil, nil, nil))
	commands := regexp.MustCompile("(?m)`monthend ([a-z][^`]*)`").FindAllStringSubmatch(text, -1)
	if len(commands) < 30 {
		t.Errorf("the manual names %d commands only", len(commands))
	}
	for _, c := range commands {
		words := strings.Fields(c[1])
		cmd, rest, err := root.Find(words)
		if err != nil || cmd == root || cmd.HasSubCommands() && len(rest) > 0 && regexp.MustCompile(`^[a-z]+$`).MatchString(rest[0]) {
			t.Errorf("there is no command %q", c[1])
			continue
		}
		for _, word := range words {
			if name, isFlag := strings.CutPrefix(word, "--"); isFlag && cmd.Flags().Lookup(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
				t.Errorf("%q: there is no flag --%s", c[1], name)
			}
		}
		if i := slices.Index(words, "--only"); i > 0 && words[0] == "doctor" {
			for _, name := range strings.Split(words[i+1], ",") {
				if !slices.Contains(checkNames(), name) {
					t.Errorf("%q: there is no check %q", c[1], name)
				}
			}
		}
	}
}
