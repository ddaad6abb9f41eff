//go:build race

package faults_test

// raceFlag has the worker built as the tests were: under the detector, races of the worker are found too.
const raceFlag = "-race"
