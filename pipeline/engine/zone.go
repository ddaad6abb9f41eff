//go:build cgo

package engine

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// zone is what the engine's calendar says about the workspace's time zone in the years around its month: enough to tell the time of
// an instant by an addition, without asking the calendar.
type zone struct {
	from, to time.Time
	steps    []zoneStep // the first one at from
}

// zoneStep is from when on an offset from UTC holds.
type zoneStep struct {
	from   time.Time
	offset time.Duration // whole minutes
}

// yearsAround is how far from the month the offsets are known, to either side.
const yearsAround = 1

// manyRows is from how many extracted rows on asking for the offsets beforehand pays.
const manyRows = 100_000

// offsets are those of the workspace's zone, nil where they are not known or do not pay.
func (w *Workspace) offsets(ctx context.Context) (*zone, error) {
	rows := int64(0)
	for _, e := range w.extracts {
		rows += e.rows
	}
	if w.zone != nil || w.month.Period.IsZero() || rows < manyRows {
		return w.zone, nil
	}
	first := w.month.Period.First()
	z := &zone{from: first.AddDate(-yearsAround, 0, 0), to: first.AddDate(yearsAround, 1, 0)}
	// Nearly all clocks are changed at a full hour, and all have been at a quarter of one for decades.
	for _, grid := range []time.Duration{time.Hour, 15 * time.Minute} {
		sharp, err := w.askOffsets(ctx, z, grid)
		if err != nil {
			return nil, err
		}
		if sharp {
			w.zone = z
			break
		}
	}
	return w.zone, nil
}

// askOffsets asks the calendar once each grid, and just before each change that it finds. sharp is false where a change lies between.
func (w *Workspace) askOffsets(ctx context.Context, z *zone, grid time.Duration) (sharp bool, err error) {
	rows, err := w.conn.QueryContext(ctx, `WITH points AS (SELECT p, epoch_us(CAST(make_timestamptz(p) AS TIMESTAMP)) - p AS shift FROM range(?::BIGINT, ?::BIGINT, ?::BIGINT) AS r(p)),
steps AS (SELECT p, shift, lag(shift) OVER (ORDER BY p) AS before FROM points)
SELECT p, shift, before IS NULL OR epoch_us(CAST(make_timestamptz(p - 1) AS TIMESTAMP)) - (p - 1) = before FROM steps
WHERE before IS DISTINCT FROM shift ORDER BY p`, z.from.UnixMicro(), z.to.UnixMicro(), grid.Microseconds())
	if err != nil {
		return false, redact(ctx, err)
	}
	defer rows.Close()
	z.steps, sharp = nil, true
	for rows.Next() {
		var at, shift int64
		var exact bool
		if err := rows.Scan(&at, &shift, &exact); err != nil {
			return false, redact(ctx, err)
		}
		step := zoneStep{from: time.UnixMicro(at), offset: time.Duration(shift) * time.Microsecond}
		sharp = sharp && exact && step.offset%time.Minute == 0
		z.steps = append(z.steps, step)
	}
	return sharp && len(z.steps) > 0, redactRows(ctx, rows.Err())
}

// knows is the condition that an instant, given as SQL, lies in the years that are known.
func (z *zone) knows(instant string) string {
	return fmt.Sprintf("%[1]s >= %[2]s AND %[1]s < %[3]s", instant, instantLiteral(z.from), instantLiteral(z.to))
}

// clock is what the clock of the zone shows at a known instant, as a TIMESTAMP.
func (z *zone) clock(instant string) string {
	return fmt.Sprintf("make_timestamp(epoch_us(%s) + %s)", instant,
		z.choose(instant, func(s zoneStep) string { return fmt.Sprint(s.offset.Microseconds()) }))
}

// suffix is the offset at a known instant as ISO 8601 has it.
func (z *zone) suffix(instant string) string {
	return z.choose(instant, func(s zoneStep) string {
		return text(time.Time{}.In(time.FixedZone("", int(s.offset/time.Second))).Format("-07:00"))
	})
}

// choose is what tell says of the offset that holds at a known instant.
func (z *zone) choose(instant string, tell func(zoneStep) string) string {
	last := tell(z.steps[len(z.steps)-1])
	if len(z.steps) == 1 {
		return last
	}
	var cases strings.Builder
	for i, s := range z.steps[1:] {
		fmt.Fprintf(&cases, " WHEN %s < %s THEN %s", instant, instantLiteral(s.from), tell(z.steps[i]))
	}
	return "CASE" + cases.String() + " ELSE " + last + " END"
}

func instantLiteral(t time.Time) string {
	return "TIMESTAMPTZ " + text(t.UTC().Format("2006-01-02 15:04:05+00"))
}
