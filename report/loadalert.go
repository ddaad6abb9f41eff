package report

import "slices"

// readAlerts reads who hears of what went wrong. It is called after the schedules and slow_after: of what there is not, nobody hears.
func (l *loader) readAlerts(n *node) {
	seen := map[string]bool{}
	for _, item := range n.list() {
		on := l.readAlertKinds(item.get("on"))
		for _, to := range l.readListener(item) {
			switch {
			case seen[to.Target()]:
				l.complain(item, "alerts: %s is given twice; one entry has all that it is to hear of", clip(to.Target()))
			case len(l.def.Alerts) == MaxRecipients:
				l.complain(item, "alerts: more than %d recipients", MaxRecipients)
				return
			default:
				seen[to.Target()] = true
				l.def.Alerts = append(l.def.Alerts, Alert{To: to, On: on})
			}
		}
	}
}

// readListener reads whom one item means: a webhook, or an address each.
func (l *loader) readListener(n *node) []Delivery {
	if n.kind != mapNode {
		return nil
	}
	hook, mail := n.get("webhook"), n.get("email")
	switch {
	case hook != nil && mail != nil:
		l.complain(n, "alerts: want one of webhook or email, here are both")
	case hook != nil:
		if w := l.readWebhook(hook); w != nil {
			return []Delivery{{Webhook: w}}
		}
	case mail != nil:
		var out []Delivery
		for _, address := range l.readEmail(mail) {
			out = append(out, Delivery{Email: &address})
		}
		return out
	case !n.hasNear("webhook", "email"):
		l.complain(n, "alerts: want one of webhook or email, here is neither")
	}
	return nil
}

// readAlertKinds reads what is to be told; all of it where nothing is said.
func (l *loader) readAlertKinds(n *node) []AlertKind {
	if n == nil {
		return AlertKinds
	}
	var named []AlertKind
	for i, text := range n.strs() {
		kind := AlertKind(text)
		switch {
		case !slices.Contains(AlertKinds, kind): // the schema has complained
		case slices.Contains(named, kind):
			l.complain(n.items[i], "alerts: %q is given twice", text)
		case kind == AlertSlow && l.def.SlowAfter.Total == 0 && len(l.def.SlowAfter.Stages) == 0:
			l.complain(n.items[i], "alerts: nothing is ever slow; there is no slow_after")
		case kind == AlertMissed && len(l.def.Schedules) == 0:
			l.complain(n.items[i], "alerts: nothing is ever missed; there is no schedule")
		case kind == AlertOverdue && l.def.DueBy == nil:
			l.complain(n.items[i], "alerts: nothing is ever overdue; there is no due_by")
		default:
			named = append(named, kind)
		}
	}
	var on []AlertKind
	for _, kind := range AlertKinds {
		if slices.Contains(named, kind) {
			on = append(on, kind)
		}
	}
	return on
}
