package main

import (
	"errors"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
	"github.com/spf13/pflag"
)

// shapes say what a value of a type looks like, for whoever typed another. The names are those of pflag and of reflect.
var shapes = map[string]string{
	"int": "is not a whole number", "int64": "is not a whole number", "float64": "is not a number", "bool": "is not true or false",
	"duration": "is no length of time such as 90s or 5m", "time.Duration": "is no length of time such as 90s or 5m",
}

// malformed tells the first variable whose value is none of its type.
func malformed(err error, environ []string) error {
	var parse env.ParseError
	if errors.As(err, &parse) {
		variable, shape := variableOf(reflect.TypeFor[settings](), parse.Name), shapes[parse.Type.String()]
		if variable != "" && shape != "" {
			return usage("", "%s %q %s", variable, env.ToMap(environ)[variable], shape)
		}
	}
	return usage("", "read the environment: %s", strings.TrimPrefix(err.Error(), "env: "))
}

// variableOf is the variable of a field, here or below, "" where more than one field has the name.
func variableOf(of reflect.Type, name string) string {
	var found []string
	for _, field := range reflect.VisibleFields(of) {
		switch variable, tagged := field.Tag.Lookup("env"); {
		case tagged && field.Name == name:
			found = append(found, variable)
		case !tagged && field.Type.Kind() == reflect.Struct:
			if variable := variableOf(field.Type, name); variable != "" {
				found = append(found, variable)
			}
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

// mistyped tells what is wrong with flags as they were typed.
func mistyped(err error, hint string) error {
	var value *pflag.InvalidValueError
	if errors.As(err, &value) {
		if shape := shapes[value.GetFlag().Value.Type()]; shape != "" {
			return usage(hint, "--%s %q %s", value.GetFlag().Name, value.GetValue(), shape)
		}
	}
	return usage(hint, "%w", err)
}
