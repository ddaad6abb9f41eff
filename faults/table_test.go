package faults_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fault is one row of the table: what breaks, where in a job's life, and what must come of it.
type fault struct {
	number int
	name   string // of the test, after the number
	point  string // see Point; "" where the fault is of no point
	how    string // how it is brought about
	want   string // what must come of it, beside the invariant

	run       func(t *testing.T) // nil for a row that stands elsewhere or is not covered
	elsewhere string             // "folder/file_test.go TestName": a test of another package that shows it
	missing   string             // why nothing shows it yet
}

// faults are all that a worker must survive; each number of the list has a row.
var faults = []fault{
	{number: 1, name: "kill_after_receive_before_claim", point: "R", how: "kill -9", want: "runs once, at the redelivery", run: killBeforeClaim},
	{number: 2, name: "kill_in_extraction", point: "X", how: "kill -9", want: "the next attempt extracts anew", run: killed(Extracting, StackConfig{})},
	{number: 2, name: "kill_in_extraction_at_the_real_clock", point: "X", how: "kill -9, nothing hurried", want: "published within a lease and a run", run: killAndWait},
	{number: 2, name: "files_left_are_swept", point: "X", how: "kill -9", want: "the next start removes what was left in the spool", run: killAndSweep},
	{number: 3, name: "kill_in_validation", point: "V", how: "kill -9", want: "the rules run again; quarantined rows stand once", run: killInValidation},
	{number: 4, name: "kill_in_generation", point: "G", how: "kill -9", want: "the same version, the same bytes", run: killInGeneration},
	{number: 5, name: "kill_in_upload", point: "U", how: "kill -9", want: "nothing is published, no part is left", run: killInUpload},
	{number: 6, name: "kill_after_upload_before_publish", point: "U", how: "kill -9", want: "the same objects are met, no second ones", run: killBeforePublish},
	{number: 7, name: "kill_after_publish_before_delete", point: "P", how: "kill -9", want: "the redelivery deletes the message and reads nothing", run: killAfterPublish},
	{number: 8, name: "answer_lost_at_claim", point: "C", how: "the proxy drops the answer", want: "one attempt", run: answerLost(Claimed, "monthend.claim(")},
	{number: 8, name: "answer_lost_at_allocation", point: "G", how: "the proxy drops the answer", want: "one attempt, one version", run: answerLost(Generating, "monthend.allocate(")},
	{number: 8, name: "answer_lost_at_publish", point: "P", how: "the proxy drops the answer", want: "one attempt, one version", run: answerLost(Published, "monthend.publish(")},
	{number: 8, name: "answer_late_at_publish", point: "P", how: "the proxy holds the answer", want: "published, and known to be", run: answerLate},
	{number: 8, name: "answer_lost_at_put", point: "U", how: "S3 stores and cuts", want: "one object", run: answerLostAtPut},
	{number: 8, name: "answer_lost_at_delete", point: "D", how: "SQS deletes and cuts", want: "deleted once", run: answerLostAtDelete},
	{number: 9, name: "duplicate_delivery_at_once", point: "X", how: "SQS delivers twice, to two workers", want: "one attempt; the other waits", run: duplicateAtOnce},
	{number: 10, name: "duplicate_delivery_days_later", how: "the same body after three days, the source gone", want: "answered from the ledger", run: duplicateDaysLater},
	{number: 11, name: "visibility_lost", point: "X", how: "renewals of the visibility are refused", want: "the work goes on, the redelivery is put back", run: visibilityLost},
	{number: 11, name: "visibility_and_lease_lost", point: "X", how: "the ledger cannot be reached either", want: "the work stops; a second worker publishes", run: leaseLost},
	{number: 12, name: "frozen_before_publish", point: "U", how: "SIGSTOP, SIGCONT", want: "the stale token publishes nothing and deletes nothing", run: frozen(Uploaded)},
	{number: 12, name: "frozen_in_extraction", point: "X", how: "SIGSTOP, SIGCONT", want: "the stale worker stops", run: frozen(Extracting)},
	{number: 13, name: "longer_than_twelve_hours", point: "X", how: "the queue's clock moves on by 12 h", want: "the redelivery is put back, one attempt", run: twelveHours},
	{number: 14, name: "postgres_restarts_in_extraction", point: "X", how: "a server of its own is restarted", want: "the whole snapshot is read anew", run: postgresRestarts},
	{number: 15, name: "old_primary_is_read_only", point: "X", how: "the database turns read-only and cuts", want: "nothing is published to it", run: readOnlyPrimary},
	{number: 16, name: "failover_loses_the_claim", point: "P", how: "kill -9, then the ledger forgets all", want: "the version in the store is adopted", run: ledgerForgets},
	{number: 17, name: "replica_lags_behind", point: "X", how: "the ready query says that a third of the month is there", want: "put back with the reason; the whole month once it is there, never a part", run: replicaLags},
	{number: 18, name: "rows_change_during_extraction", point: "X", how: "rows are added and changed between two queries", want: "one snapshot, the totals tie", run: rowsChange},
	{number: 19, name: "lock_timeout", point: "X", how: "somebody locks the table", want: "tried again with a delay", run: lockTimeout},
	{number: 19, name: "lease_lives_while_a_query_waits", point: "X", how: "somebody locks the table for longer than a renewal", want: "renewals go on, one attempt", run: leaseLivesOn},
	{number: 19, name: "pool_exhausted", point: "X", how: "two runs, one connection", want: "the second waits", run: poolExhausted},
	{number: 20, name: "disk_full_on_spool", point: "G", how: "a spool of two pages", want: "put back with a delay, not ready; nothing left, nothing published", run: diskFull},
	{number: 21, name: "killed_again_and_again", point: "X", how: "kill -9, three times", want: "a dead letter that says so", run: killedAgain},
	{number: 21, name: "out_of_memory", point: "G", how: "a report that takes more memory than the worker may have", want: "a dead letter that says so; the others published", run: hungry},
	{number: 22, name: "xray_is_not_there", how: "nobody listens", want: "the same result and exit code", run: xrayAbsent},
	{number: 22, name: "xray_is_slow_or_full", how: "a buffer that is full", want: "documents are dropped and counted", elsewhere: "trace/queue_test.go TestQueueIsBounded"},
	{number: 22, name: "xray_stops_in_mid_load", how: "the listener goes and comes back", want: "no job sees it, every document is counted", elsewhere: "trace/load_test.go TestListenerStopsInMidLoad"},
	{number: 23, name: "trace_headers_of_every_kind", how: "malformed, absent, oversized", want: "a new root, annotated", elsewhere: "trace/matrix_test.go TestHeaderMatrix"},
	{number: 23, name: "malformed_trace_header", point: "R", how: "a message with one", want: "the job runs; the trace says trace_parent=invalid", run: malformedHeader},
	{number: 24, name: "poison_messages", point: "R", how: "bad JSON, unknown report, month 13, far future", want: "dead letters with a reason at the first delivery, the rest published", run: poison},
	{number: 25, name: "oversized_body_is_not_sent", how: "more than 1 MiB", want: "refused where it is asked", elsewhere: "queue/producer_test.go TestSendRefuses"},
	{number: 25, name: "body_points_to_s3", point: "R", how: "an S3 pointer as other clients send it", want: "a dead letter with a reason", run: s3Pointer},
	{number: 26, name: "newer_version_of_the_message", point: "R", how: "v 2", want: "put back for newer workers, no dead letter", run: newerVersion},
	{number: 26, name: "newer_version_for_a_day", how: "24 h long", want: "put back until then", elsewhere: "cmd/monthend/work_test.go TestUnknownVersion"},
	{number: 27, name: "data_fails_its_gate", point: "V", how: "a tenth of the amounts missing", want: "data_failed at the first attempt; exit code 3", run: dataFails},
	{number: 27, name: "data_failure_is_told", point: "V", how: "the same, and kill -9 as the verdict is written down", want: "one signed alert with the command to type, from another worker", run: dataFailureIsTold},
	{number: 28, name: "month_by_the_zone", how: "31st, leap day, DST night, both sides of UTC", want: "the month of the schedule", elsewhere: "report/period_test.go TestPeriodBounds"},
	{number: 28, name: "previous_month_by_the_schedule", how: "scheduled_at around midnight", want: "never from the worker's clock", elsewhere: "report/job_test.go TestJobResolvePeriod"},
	{number: 28, name: "schedules_fire_once_at_their_time", how: "the 31st, leap day, both nights on which the clock is set, zones ahead and behind, a database's clock ten minutes off and set back", want: "never early, each month once, the instant of the rule", run: firesOnce},
	{number: 28, name: "twenty_years_of_schedules", how: "ten zones, five calendars, sixteen rules", want: "as an oracle of its own says", elsewhere: "schedule/property_test.go TestTwentyYears"},
	{number: 28, name: "eventbridge_asks", how: "a firing delivered twice, to a standard queue and to FIFO with content-based deduplication", want: "the month of the schedule, one run", run: eventBridge},
	{number: 29, name: "two_schedulers_at_once", how: "both are held until both write the row", want: "one message a period", run: schedulersRace},
	{number: 29, name: "leader_paused_and_resumed", how: "SIGSTOP with the statement on its way, SIGCONT after another has fired", want: "it fires nothing", run: leaderPaused},
	{number: 30, name: "scheduler_down_over_due_days", how: "kill -9, five months", want: "once per missed period within 92 days; older ones told and recorded", run: schedulerDown},
	{number: 31, name: "send_outcome_unknown", how: "SQS takes the messages and cuts, then kill -9 over the next answer", want: "sent again under the same ids, one run each", run: sendUnknown},
	{number: 32, name: "terminated_in_work", point: "X", how: "SIGTERM", want: "takes nothing new, finishes, exits 0", run: terminated},
	{number: 32, name: "drain_runs_out", point: "X", how: "SIGTERM, a short drain", want: "given back at once, no crash, exits 0", run: drainRunsOut},
	{number: 33, name: "terminated_twice", point: "X", how: "SIGTERM, SIGTERM", want: "given back at once, exits 143", run: terminatedTwice},
	{number: 34, name: "newer_schema_beside_older_worker", how: "an added column, a higher version", want: "works on", run: newerSchema},
	{number: 34, name: "schema_demands_newer_workers", how: "min_worker above ours", want: "refuses to start", run: schemaDemandsNewer},
	{number: 35, name: "sqs_throttles", how: "every call, for some seconds", want: "recovers by itself", run: outage(throttling)},
	{number: 35, name: "sqs_answers_503", how: "every call, for some seconds", want: "recovers by itself", run: outage(unavailable)},
	{number: 35, name: "sqs_refuses_connections", how: "every call, for some seconds", want: "recovers by itself", run: outage(unreachable)},
	{number: 35, name: "credentials_expire", how: "ExpiredToken for some calls", want: "recovers by itself", run: outage(expired)},
	{number: 36, name: "delete_fails", point: "D", how: "503, three times", want: "tried again", run: deleteFails},
	{number: 36, name: "kill_instead_of_delete", point: "D", how: "kill -9", want: "as fault 7", run: killInsteadOfDelete},
	{number: 37, name: "backlog_of_a_thousand", how: "1,000 requests for 12 months", want: "12 runs, none delivered twice but to wait", run: backlog},
	{number: 37, name: "never_holds_more_than_it_works_on", how: "a slow handler", want: "no message waits unrenewed", elsewhere: "queue/consumer_test.go TestNeverHoldsMoreThanItWorksOn"},
	{number: 37, name: "fair_between_tenants", point: "R", how: "one tenant's backlog of 500, another's single request", want: "the second waits for what is in the queue and in work, not for the backlog", run: fairBetweenTenants},
	{number: 38, name: "s3_conflict", how: "409 on a conditional put", want: "put again", elsewhere: "pipeline/store/bucket_test.go TestBucketConflictingWrites"},
	{number: 38, name: "s3_precondition", how: "412: equal, and different", want: "nil, and a conflict", elsewhere: "pipeline/store/conformance_test.go TestStore"},
	{number: 38, name: "s3_slow_down", point: "U", how: "503 on every second put", want: "put again", run: slowDown},
	{number: 38, name: "s3_put_cut_off", point: "U", how: "the connection breaks under two puts", want: "put again, whole", run: putCutOff},
	{number: 39, name: "altered_or_lost_after_publish", how: "a file is changed, another removed", want: "`runs verify` names both and exits 1", run: alteredAfterPublish},
	{number: 40, name: "restated_while_first_runs", point: "X", how: "a restatement beside the run", want: "version 1, then version 2", run: restatedMeanwhile},
	{number: 41, name: "trigger_and_schedule_at_once", point: "X", how: "both ask for the month in work", want: "one run; the person is told which", run: triggerAndSchedule},
	{number: 42, name: "cancel_in_extraction", point: "X", how: "the ledger is asked for the run's end", want: "cancelled within seconds", run: cancelled(Extracting)},
	{number: 42, name: "cancel_in_validation", point: "V", how: "the same", want: "the same", run: cancelled(Validating)},
	{number: 42, name: "cancel_in_generation", point: "G", how: "the same", want: "the same", run: cancelled(Generating)},
	{number: 42, name: "cancel_in_upload", point: "U", how: "the same", want: "the same", run: cancelled(Uploading)},
	{number: 42, name: "cancel_before_publish", point: "U", how: "the same", want: "the same", run: cancelled(Uploaded)},
	{number: 42, name: "cancel_after_publish", point: "P", how: "the same", want: "published first wins", run: cancelledTooLate},
	{number: 43, name: "one_tenant_of_500_fails", point: "V", how: "bad data of one tenant", want: "499 published, the parent partial; one retried alone, the parent done", run: oneTenantFails},
	{number: 43, name: "drain_killed_between_send_and_record", how: "kill -9 once the queue has ten messages", want: "sent again; no second run", run: killBetweenSendAndMark},
	{number: 43, name: "fan_out_answer_lost", how: "kill -9 once the parent is committed", want: "the same tenants once, the source is not asked again", run: parentDeliveredTwice},
	{number: 43, name: "queue_emptied_under_a_fan_out", how: "kill -9 once the messages are sent, then the queue is purged", want: "asked again in due time, each tenant once", run: messagesPurged},
	{number: 43, name: "all_tenants_cancelled", point: "X", how: "`runs cancel` of the parent", want: "nothing begins any more, what is published stays", run: cancelledParent},
	{number: 44, name: "delivery_reply_lost", how: "the receiver takes it and cuts", want: "sent again under the same key; the row ends once", run: deliveryReplyLost},
	{number: 44, name: "kill_between_send_and_record", how: "kill -9 once the receiver has answered", want: "another worker sends again under the same key", run: killBetweenSendAndRecord},
	{number: 44, name: "delivery_record_lost", how: "the proxy drops the answer", want: "sent once", run: deliveryRecordLost},
	{number: 44, name: "delivery_forgotten", how: "the ledger forgets all", want: "the adopted version is sent again under the same key", run: deliveryForgotten},
	{number: 44, name: "mail_reply_lost", how: "the mail server takes it and cuts", want: "sent again under the same Message-ID", elsewhere: "pipeline/deliver/mail_test.go TestMailReplyLost"},
	{number: 45, name: "model_fails", point: "G", how: "the model's endpoint answers 500", want: "published without a commentary, which is said; the figures as ever", run: modelFails},
	{number: 45, name: "model_slow", point: "G", how: "it says nothing", want: "the same, after the time that it may take", run: modelSlow},
	{number: 45, name: "model_lies", point: "G", how: "it names a figure that is not there", want: "that paragraph is not in the report", run: modelLies},
	{number: 45, name: "kill_after_upload", point: "U", how: "the attempt ends between upload and publication, and the model would say something else", want: "the same bytes", elsewhere: "pipeline/comment_test.go TestCommentaryIsDecidedOnce"},
	{number: 46, name: "redrive_of_a_published_job", how: "`dlq redrive` of a copy of it", want: "a duplicate, acknowledged", run: redrive},
	{number: 47, name: "late_rows_change_nothing", how: "rows are added after the publication", want: "only a restatement publishes them", run: lateRows},
	{number: 47, name: "late_rows_are_detected", how: "rows are changed after the publication", want: "`reports drift` tells what has moved and exits 1", elsewhere: "pipeline/diff_test.go TestDrift"},
}

// covered are the numbers that concern the worker.
func covered(number int) bool {
	return number >= 1 && number <= 47
}

func TestFault(t *testing.T) {
	for _, f := range faults {
		t.Run(fmt.Sprintf("%02d_%s", f.number, f.name), func(t *testing.T) {
			t.Parallel()
			switch {
			case f.run != nil:
				f.run(t)
			case f.elsewhere != "":
				stands(t, f.elsewhere)
			default:
				t.Logf("NOT COVERED: fault %d, %s: %s", f.number, f.name, f.missing)
			}
		})
	}
}

// stands checks that a test of another package is still where the table says.
func stands(t *testing.T, where string) {
	file, name, ok := strings.Cut(where, " ")
	if !ok {
		t.Fatalf("%q is not a file and a test", where)
	}
	source, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(source), "\nfunc "+name+"(t *testing.T) {") {
		t.Errorf("%s has no test %s any more", file, name)
	}
}

// TestTable holds the table to what it says it is: every number, each row of one kind, no name twice.
func TestTable(t *testing.T) {
	rows, names := map[int]bool{}, map[string]bool{}
	for _, f := range faults {
		kinds := 0
		for _, is := range []bool{f.run != nil, f.elsewhere != "", f.missing != ""} {
			if is {
				kinds++
			}
		}
		if kinds != 1 || f.name == "" || names[f.name] || !covered(f.number) {
			t.Errorf("row %d %q is of %d kinds, has no name, or one that is there twice", f.number, f.name, kinds)
		}
		rows[f.number], names[f.name] = true, true
	}
	for number := 1; number <= 47; number++ {
		if covered(number) && !rows[number] {
			t.Errorf("fault %d has no row", number)
		}
	}
}
