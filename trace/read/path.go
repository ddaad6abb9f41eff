package read

import "time"

// slowest finds the path that took longest: from the root whose work ended last, always on to what took longest of what a
// node led to, as long as that took longer than the node itself did alone. What runs beside something longer is not on it.
func slowest(t Trace) map[*Node]bool {
	on := map[*Node]bool{}
	var at *Node
	var latest time.Time
	for _, n := range t.Roots {
		if end := reachesTo(n, t.End); at == nil || end.After(latest) {
			at, latest = n, end
		}
	}
	for at != nil {
		on[at] = true
		at = slowestChild(at, t.End)
	}
	return on
}

// slowestChild is the child that took longest with all that it led to, nil when the node's own time is more than that.
func slowestChild(n *Node, now time.Time) *Node {
	var most *Node
	var took, all time.Duration
	for _, c := range n.Children {
		d := reachesTo(c, now).Sub(c.Document.Start())
		all += d
		if most == nil || d > took {
			most, took = c, d
		}
	}
	end := n.Document.End()
	if n.Document.InProgress {
		end = now
	}
	// Its own time, not the gaps between what it led to: a job that is tried again waits while nobody works.
	if own := end.Sub(n.Document.Start()) - all; own > took {
		return nil
	}
	return most
}

// reachesTo is when the last of a node and all that it led to ended; what is in progress goes on until now.
func reachesTo(n *Node, now time.Time) time.Time {
	end := n.Document.End()
	if n.Document.InProgress {
		end = now
	}
	for _, c := range n.Children {
		if e := reachesTo(c, now); e.After(end) {
			end = e
		}
	}
	return end
}
