package xray

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// The longest stretches of time that X-Ray answers for at once.
const (
	maxGraphHours   = 6
	maxSummaryHours = 24
)

type serviceGraphInput struct {
	StartTime, EndTime float64
	GroupName          string
	GroupARN           string
}

type serviceGraphOutput struct {
	StartTime, EndTime       float64
	ContainsOldGroupVersions bool
	Services                 []serviceOutput
}

// serviceGraph draws the map of a time from the traces that are kept.
func (s *Server) serviceGraph(in *serviceGraphInput) (any, error) {
	if err := checkTimes(in.StartTime, in.EndTime, maxGraphHours); err != nil {
		return nil, err
	}
	if in.GroupARN != "" || in.GroupName != "" && in.GroupName != "Default" {
		return nil, errors.New("GroupName: the local X-Ray has no groups but Default")
	}
	g := graph{}
	for _, t := range s.store.all() {
		g.add(dissect(t.segments), in.StartTime, in.EndTime)
	}
	return serviceGraphOutput{StartTime: in.StartTime, EndTime: in.EndTime, Services: g.services()}, nil
}

type traceGraphInput struct {
	TraceIDs []string `json:"TraceIds"`
}

type traceGraphOutput struct{ Services []serviceOutput }

// traceGraph draws the map of some traces; one that is not kept adds nothing to it.
func (s *Server) traceGraph(in *traceGraphInput) (any, error) {
	if len(in.TraceIDs) == 0 {
		return nil, errors.New("TraceIds: missing")
	}
	g, seen := graph{}, map[string]bool{}
	for _, id := range in.TraceIDs {
		if t, ok := s.store.trace(id); ok && !seen[id] {
			seen[id] = true
			g.add(dissect(t.segments), 0, math.Inf(1))
		}
	}
	return traceGraphOutput{g.services()}, nil
}

// checkTimes refuses what is no stretch of time that X-Ray answers for; start and end are seconds since 1970.
func checkTimes(start, end float64, hours int) error {
	switch {
	case start <= 0 || end <= 0:
		return errors.New("StartTime and EndTime: both are needed, in seconds since 1970")
	case end <= start:
		return errors.New("EndTime: not after StartTime")
	case end-start > (time.Duration(hours) * time.Hour).Seconds():
		return fmt.Errorf("EndTime: time range cannot be longer than %d hours", hours)
	}
	return nil
}
