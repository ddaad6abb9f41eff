package read

import "charm.land/lipgloss/v2"

// marks stand before names; their shapes differ so that they can be told apart without colour.
var marks = map[string]string{"ok": "●", "error": "▲", "fault": "✗", "throttle": "◆"}

const openMark = "○"

func mark(n *Node) string {
	if n.Document.InProgress && n.Document.Status() == "ok" {
		return openMark
	}
	return marks[n.Document.Status()]
}

// brush colours text, or leaves it as it is when false. The 16 colours of the terminal follow its theme, light or dark.
type brush bool

var tones = map[string]lipgloss.Style{
	"ok":       lipgloss.NewStyle().Foreground(lipgloss.Green),
	"error":    lipgloss.NewStyle().Foreground(lipgloss.Yellow),
	"fault":    lipgloss.NewStyle().Foreground(lipgloss.Red),
	"throttle": lipgloss.NewStyle().Foreground(lipgloss.Magenta),
}

func (b brush) status(status, s string) string { return b.with(tones[status], s) }
func (b brush) dim(s string) string            { return b.with(lipgloss.NewStyle().Faint(true), s) }
func (b brush) strong(s string) string         { return b.with(lipgloss.NewStyle().Bold(true), s) }

func (b brush) with(style lipgloss.Style, s string) string {
	if !b {
		return s
	}
	return style.Render(s)
}
