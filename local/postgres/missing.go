package postgres

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// MissingError says that no usable PostgreSQL is installed and none was fetched.
type MissingError struct {
	Major    int      // the version that made the kept database; 0: any from the minimum on
	Refused  []string // what was found and why it does not do
	Download error    // why npm did not bring one; nil when it was not asked
	Install  string   // the command that installs one on this system; "" when unknown
}

// Error is one line without the hint.
func (e *MissingError) Error() string {
	text := fmt.Sprintf("postgresql %d or newer is not installed", minimum)
	if e.Major != 0 {
		text = fmt.Sprintf("postgresql %d, which made this database, is not installed", e.Major)
	}
	if len(e.Refused) > 0 {
		text += " (found " + strings.Join(e.Refused, "; ") + ")"
	}
	if e.Download != nil {
		text += ": " + e.Download.Error()
	}
	return text
}

// Unwrap is why the download did not succeed.
func (e *MissingError) Unwrap() error { return e.Download }

// Hint is what to do about it, as a command where the system is known.
func (e *MissingError) Hint() string {
	if e.Install == "" {
		return "install the PostgreSQL server of your system"
	}
	return e.Install
}

func (e *MissingError) fits(major int) bool {
	return major >= minimum && (e.Major == 0 || major == e.Major)
}

// installCommand is the command for this machine.
func installCommand(major int) string {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		release = nil // not every system has one
	}
	return installFor(runtime.GOOS, string(release), major)
}

// installFor knows the package managers of the system families. major is 0 for the system's own choice.
func installFor(goos, release string, major int) string {
	version := ""
	if major != 0 {
		version = fmt.Sprint(major)
	}
	if goos == "darwin" {
		if version == "" {
			version = "17"
		}
		return "brew install postgresql@" + version
	}
	for _, family := range families(release) {
		switch family {
		case "debian", "ubuntu":
			if version != "" {
				version = "-" + version
			}
			return "apt-get install postgresql" + version
		case "fedora", "rhel", "centos":
			return "dnf install postgresql-server"
		case "alpine":
			return "apk add postgresql" + version
		case "suse", "opensuse":
			return "zypper install postgresql-server"
		case "arch":
			return "pacman -S postgresql"
		}
	}
	return ""
}

// families are the values of ID and ID_LIKE of an os-release file.
func families(release string) []string {
	var ids, likes []string
	for line := range strings.Lines(release) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"'`)
		switch key {
		case "ID":
			ids = strings.Fields(value)
		case "ID_LIKE":
			likes = strings.Fields(value)
		}
	}
	return append(ids, likes...)
}
