package report

import (
	"fmt"
	"strconv"
	"strings"
)

// VersionName names one published version for people: report/tenant/period/vN, with "_" for no tenant.
type VersionName struct {
	Key    Key
	Number int // 1 and up
}

// String is the name as ParseVersionName reads it.
func (v VersionName) String() string { return v.Key.Path() + "/v" + strconv.Itoa(v.Number) }

// ParseVersionName reads report/tenant/period/vN. The folder of a version, which ends in a digest, is not one: it is found by
// its number.
func ParseVersionName(s string) (VersionName, error) {
	fail := func(why string) (VersionName, error) {
		return VersionName{}, fmt.Errorf("version %q: %s; want report/tenant/YYYY-MM/vN, with _ for no tenant", s, why)
	}
	parts := strings.Split(s, "/")
	if len(parts) != 4 {
		return fail("it has not four parts")
	}
	v := VersionName{Key: Key{Report: parts[0], Tenant: parts[1]}}
	if v.Key.Tenant == NoTenant {
		v.Key.Tenant = ""
	}
	digits, numbered := strings.CutPrefix(parts[3], "v")
	number, err := strconv.Atoi(digits)
	switch {
	case !ValidName(v.Key.Report):
		return fail("its report is no name")
	case parts[1] != NoTenant && !ValidTenant(parts[1]):
		return fail("its tenant is no name")
	case !numbered || err != nil || number < 1 || strconv.Itoa(number) != digits:
		return fail("it does not end in a number such as v1")
	}
	if v.Key.Period, err = ParsePeriod(parts[2]); err != nil {
		return fail(err.Error())
	}
	v.Number = number
	return v, nil
}
