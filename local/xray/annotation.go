package xray

import (
	"maps"
	"slices"

	"github.com/monthend/monthend/trace"
)

// annotate adds the annotations and users of a segment and its subsegments, each value once.
func (t *traceSummary) annotate(d trace.Document, id serviceID) {
	for _, key := range slices.Sorted(maps.Keys(d.Annotations)) {
		t.Annotations[key] = withValue(t.Annotations[key], d.Annotations[key], id)
	}
	if d.User != "" && !slices.ContainsFunc(t.Users, func(u userSummary) bool { return u.UserName == d.User }) {
		t.Users = append(t.Users, userSummary{d.User, []serviceID{id}})
	}
	for _, sub := range d.Subsegments {
		t.annotate(sub, id)
	}
}

// withValue adds a value, or the service to those that gave the same one.
func withValue(values []annotationValue, value any, id serviceID) []annotationValue {
	for i, v := range values {
		if v.value() != value {
			continue
		}
		if !slices.ContainsFunc(v.ServiceIDs, func(s serviceID) bool { return s.Name == id.Name }) {
			values[i].ServiceIDs = append(v.ServiceIDs, id)
		}
		return values
	}
	v := annotationValue{ServiceIDs: []serviceID{id}}
	switch value := value.(type) {
	case string:
		v.AnnotationValue.StringValue = &value
	case float64:
		v.AnnotationValue.NumberValue = &value
	case bool:
		v.AnnotationValue.BooleanValue = &value
	default: // X-Ray indexes nothing else
		return values
	}
	return append(values, v)
}

func (v annotationValue) value() any {
	switch a := v.AnnotationValue; {
	case a.StringValue != nil:
		return *a.StringValue
	case a.NumberValue != nil:
		return *a.NumberValue
	case a.BooleanValue != nil:
		return *a.BooleanValue
	}
	return nil
}
