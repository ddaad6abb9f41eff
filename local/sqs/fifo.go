package sqs

import (
	"cmp"
	"container/list"
	"iter"
	"slices"
	"time"
)

// grouped is the shelf of a FIFO queue. Within a group messages leave in the order of their arrival, and one that is not
// visible holds back all that came after it; groups take turns, the one served longest ago first.
type grouped struct {
	groups map[string]*list.Element // of *group, by name
	turns  *list.List
}

type group struct {
	name     string
	messages []*message // by entry
}

func newGrouped() *grouped { return &grouped{groups: map[string]*list.Element{}, turns: list.New()} }

// file adds a new message at the end of its group. One that stands in its group keeps its place and only ends the group's turn.
func (g *grouped) file(m *message) {
	if m.placement != nil {
		g.turns.MoveToBack(g.groups[m.group])
		return
	}
	e := g.groups[m.group]
	if e == nil {
		e = g.turns.PushBack(&group{name: m.group})
		g.groups[m.group] = e
	}
	of := e.Value.(*group)
	of.messages = append(of.messages, m)
	m.placement = of
}

func (g *grouped) remove(m *message) {
	of, ok := m.placement.(*group)
	if !ok {
		return
	}
	m.placement = nil
	i, _ := slices.BinarySearchFunc(of.messages, m.entry, func(m *message, entry uint64) int { return cmp.Compare(m.entry, entry) })
	of.messages = slices.Delete(of.messages, i, i+1)
	if len(of.messages) == 0 {
		g.turns.Remove(g.groups[of.name])
		delete(g.groups, of.name)
	}
}

func (g *grouped) visible(now time.Time) iter.Seq[*message] {
	return func(yield func(*message) bool) {
		for e := g.turns.Front(); e != nil; {
			after := e.Next() // taken now: removing its last message removes the group
			of := e.Value.(*group)
			for i := 0; i < len(of.messages) && !of.messages[i].visible.After(now); {
				m := of.messages[i]
				if !yield(m) {
					return
				}
				if i < len(of.messages) && of.messages[i] == m {
					i++
				}
			}
			e = after
		}
	}
}

func (g *grouped) next(now time.Time) (at time.Time, ok bool) {
	for e := g.turns.Front(); e != nil; e = e.Next() {
		// Only the first hidden message of a group holds it back.
		for _, m := range e.Value.(*group).messages {
			if m.visible.After(now) {
				if !ok || m.visible.Before(at) {
					at, ok = m.visible, true
				}
				break
			}
		}
	}
	return at, ok
}
