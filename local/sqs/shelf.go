package sqs

import (
	"cmp"
	"container/heap"
	"container/list"
	"iter"
	"math/rand/v2"
	"slices"
	"time"
)

// shelf holds a queue's messages in the order that its kind promises. A message is filed by its visible time.
type shelf interface {
	// file puts a message where its visible time says; one that stands here already is put anew.
	file(*message)
	remove(*message)
	// visible yields what can be received now, in the order of delivery. The message just yielded may be removed, and only it.
	visible(now time.Time) iter.Seq[*message]
	// next is when something more becomes visible by itself, and whether anything will.
	next(now time.Time) (time.Time, bool)
}

// loose is the shelf of a standard queue: oldest first, though nobody may rely on it.
type loose struct {
	ready   *list.List // of *message
	waiting waiting    // delayed or in flight
}

func newLoose() *loose { return &loose{ready: list.New()} }

func (l *loose) file(m *message) {
	l.remove(m)
	slot := &slot{message: m}
	m.placement = slot
	heap.Push(&l.waiting, slot)
}

func (l *loose) remove(m *message) {
	switch place := m.placement.(type) {
	case *slot:
		heap.Remove(&l.waiting, place.index)
	case *list.Element:
		l.ready.Remove(place)
	}
	m.placement = nil
}

func (l *loose) visible(now time.Time) iter.Seq[*message] {
	return func(yield func(*message) bool) {
		for len(l.waiting) > 0 && !l.waiting[0].message.visible.After(now) {
			m := heap.Pop(&l.waiting).(*slot).message
			m.placement = l.ready.PushBack(m)
		}
		for e := l.ready.Front(); e != nil; {
			after := e.Next()
			if !yield(e.Value.(*message)) {
				return
			}
			e = after
		}
	}
}

func (l *loose) next(now time.Time) (time.Time, bool) {
	if len(l.waiting) == 0 {
		return time.Time{}, false
	}
	return l.waiting[0].message.visible, true
}

// shuffled is how many of the oldest messages a reordering mixes.
const shuffled = 100

// shuffle mixes the messages at the front.
func (l *loose) shuffle(now time.Time, random *rand.Rand) {
	var front []*list.Element
	for m := range l.visible(now) {
		if front = append(front, m.placement.(*list.Element)); len(front) == shuffled {
			break
		}
	}
	random.Shuffle(len(front), func(i, j int) {
		a, b := front[i], front[j]
		a.Value, b.Value = b.Value, a.Value
		a.Value.(*message).placement, b.Value.(*message).placement = a, b
	})
}

// slot is a place in the heap of messages that are not visible yet.
type slot struct {
	message *message
	index   int
}

// waiting is a heap by visible time, then by arrival.
type waiting []*slot

func (w waiting) Len() int { return len(w) }

func (w waiting) Less(i, j int) bool {
	a, b := w[i].message, w[j].message
	return cmp.Or(a.visible.Compare(b.visible), cmp.Compare(a.entry, b.entry)) < 0
}

func (w waiting) Swap(i, j int) {
	w[i], w[j] = w[j], w[i]
	w[i].index, w[j].index = i, j
}

func (w *waiting) Push(x any) {
	s := x.(*slot)
	s.index = len(*w)
	*w = append(*w, s)
}

func (w *waiting) Pop() any {
	last := len(*w) - 1
	s := (*w)[last]
	*w = slices.Delete(*w, last, last+1)
	return s
}
