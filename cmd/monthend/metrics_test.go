package main

import (
	"testing"
	"testing/synctest"
	"time"
)

// The longest wait is told for one minute at least and for two at most.
func TestOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o oldest
		look := func(want time.Duration) {
			t.Helper()
			if got := o.worst(); got != want {
				t.Errorf("at %s: got %s, want %s", time.Now().Format(time.TimeOnly), got, want)
			}
		}
		look(0)
		o.add(3 * time.Second)
		o.add(time.Second)
		look(3 * time.Second)
		<-time.After(time.Minute) // of the bubble's clock, as all here
		o.add(2 * time.Second)
		look(3 * time.Second)
		<-time.After(time.Minute)
		look(2 * time.Second)
		<-time.After(2 * time.Minute)
		look(0)
	})
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.9.9.9": true, "::1": true, "localhost": true,
		"": false, "0.0.0.0": false, "::": false, "192.168.0.1": false, "example.com": false, "127.0.0.1.example.com": false,
	} {
		if got := loopback(host); got != want {
			t.Errorf("%q: got %v, want %v", host, got, want)
		}
	}
}
