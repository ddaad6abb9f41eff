package queue_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	localsqs "github.com/monthend/monthend/local/sqs"
	"github.com/monthend/monthend/queue"
)

func TestTryChangesNothing(t *testing.T) {
	for name, fifo := range map[string]bool{"standard": false, "fifo": true} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, fifo)
			got, err := queue.Try(t.Context(), s.client, s.url)
			if err != nil {
				t.Fatal(err)
			}
			want := []queue.Right{
				{Action: "ReceiveMessage", Allowed: true}, {Action: "DeleteMessage", Allowed: true},
				{Action: "ChangeMessageVisibility", Allowed: true}, {Action: "SendMessage", Allowed: true},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			about, err := queue.Inspect(t.Context(), s.client, s.url)
			if err != nil || about.Waiting+about.InFlight+about.Delayed != 0 {
				t.Errorf("the queue holds %+v, %v; want nothing", about, err)
			}
		})
	}
}

func TestTryFindsWhatIsDenied(t *testing.T) {
	for _, denied := range []string{"ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "SendMessage"} {
		t.Run(denied, func(t *testing.T) {
			s := newStand(t, false)
			if _, err := s.server.Inject(localsqs.Fault{Kind: localsqs.Denied, Operation: denied}); err != nil {
				t.Fatal(err)
			}
			got, err := queue.Try(t.Context(), s.client, s.url)
			if err != nil {
				t.Fatal(err)
			}
			for _, right := range got {
				if want := (queue.Right{Action: right.Action, Allowed: right.Action != denied}); !cmp.Equal(right, want, cmpopts.EquateErrors()) {
					t.Errorf("got %+v, want %+v", right, want)
				}
			}
		})
	}
}

func TestTryWithoutQueue(t *testing.T) {
	s := newStand(t, false)
	got, err := queue.Try(t.Context(), s.client, s.url+"-nowhere")
	if err != nil {
		t.Fatal(err)
	}
	// SQS may look at the parameters of the others before it looks for the queue.
	if right := got[1]; right.Action != "DeleteMessage" || right.Allowed || !errors.Is(right.Err, queue.ErrNoQueue) {
		t.Errorf("got %+v, want ErrNoQueue", right)
	}
}
