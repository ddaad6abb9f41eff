package xray

import (
	"math"

	"github.com/monthend/monthend/trace"
)

// service names a node of the map, as X-Ray tells nodes apart. typ is the origin; "" for a segment that names none.
type service struct{ name, typ string }

// typeClient is the type of the node that stands for whoever called the first service.
const typeClient = "client"

// part is one segment of a trace as the map counts it: one that was sent, one inferred from a call, or the client.
type part struct {
	service  service
	document trace.Document // of an inferred one its subsegment; of the client the entry's segment
	root     bool           // the first segment of a whole trace
	inferred bool
	called   bool // something of the trace led here
	calling  bool
}

// link is one call from a part to another, by their places in the list of parts.
type link struct {
	from, to int
	document trace.Document // how the call went: the caller's subsegment, and behind a queue the consumer's segment
	queued   bool           // from a queue to who consumes it
	age      float64        // seconds from the end of sending to the consumer's start, when queued
}

// anatomy is a trace taken apart for the map.
type anatomy struct {
	parts   []part
	links   []link
	partial bool // something is in progress, or names a parent that is not there
}

// dissect finds the parts of a trace and who called whom. What X-Ray does not say of a queue whose consumer goes on with the
// trace is answered here as producer → queue → consumer.
func dissect(segments []trace.Document) anatomy {
	d := dissector{children: map[string][]int{}}
	for _, s := range segments {
		if s.Type == "subsegment" { // its segment has not arrived: nobody knows who called
			d.partial = true
			continue
		}
		if s.ParentID != "" {
			d.children[s.ParentID] = append(d.children[s.ParentID], len(d.parts))
		}
		d.parts = append(d.parts, part{service: service{s.Name, s.Origin}, document: s, inferred: s.Inferred})
	}
	for i := range len(d.parts) {
		s := d.parts[i].document
		d.partial = d.partial || s.InProgress
		d.enter(i, segments)
		for _, below := range d.children[s.ID] { // called by the segment itself
			d.link(link{from: i, to: below, document: d.parts[below].document})
		}
		for _, sub := range s.Subsegments {
			d.follow(i, sub)
		}
	}
	return d.anatomy
}

type dissector struct {
	anatomy
	children map[string][]int // segments by the id of the document that they name as parent
}

func (d *dissector) link(l link) {
	d.links = append(d.links, l)
	d.parts[l.from].calling, d.parts[l.to].called = true, true
}

// enter gives the entry of a trace a client; a segment whose parent has not arrived is an entry that nobody is seen to call.
func (d *dissector) enter(i int, segments []trace.Document) {
	s := d.parts[i].document
	switch {
	case s.ParentID != "":
		d.partial = d.partial || !holds(segments, s.ParentID)
	default:
		d.parts[i].root = true
		d.parts = append(d.parts, part{service: service{s.Name, typeClient}, document: s})
		d.link(link{from: len(d.parts) - 1, to: i, document: s})
	}
}

func holds(documents []trace.Document, id string) bool {
	for _, d := range documents {
		if d.ID == id || holds(d.Subsegments, id) {
			return true
		}
	}
	return false
}

// follow goes through what a segment did: each call of another service leads to the segment that the service sent, else to
// an inferred one.
func (d *dissector) follow(from int, sub trace.Document) {
	below := d.children[sub.ID]
	to, called := callee(sub)
	switch {
	case called && (len(below) == 0 || to.typ == typeQueue):
		d.parts = append(d.parts, part{service: to, document: sub, inferred: true})
		between := len(d.parts) - 1
		d.link(link{from: from, to: between, document: sub})
		for _, consumer := range below {
			s := d.parts[consumer].document
			d.link(link{from: between, to: consumer, document: s, queued: true, age: math.Max(0, s.StartTime-sub.EndTime)})
		}
	default:
		for _, next := range below {
			d.link(link{from: from, to: next, document: sub})
		}
	}
	for _, inner := range sub.Subsegments {
		d.follow(from, inner)
	}
}
