package trace

import (
	"errors"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	ours      = "github.com/monthend/monthend/"
	maxFrames = 10
)

// callers is the stack above this package, as deep as is worth looking for frames of ours.
func callers() []uintptr {
	pcs := make([]uintptr, 64)
	return pcs[:runtime.Callers(3, pcs)]
}

// stackOf is where err happened: the stack that it carries (StackTrace() []uintptr), else the function that returned it, whose
// entry is running, and the frames of our own around it. At most maxFrames; the rest is counted.
func stackOf(err error, running uintptr, stack []uintptr) (frames []StackFrame, truncated int) {
	var carrier interface{ StackTrace() []uintptr }
	carried := errors.As(err, &carrier)
	if carried {
		stack = carrier.StackTrace()
	} else if f := runtime.FuncForPC(running); running != 0 && f != nil {
		if _, panicking := err.(panicked); !panicking {
			file, line := f.FileLine(running)
			frames = append(frames, frame(f.Name(), file, line))
		}
	}
	if len(stack) == 0 {
		return frames, 0
	}
	walk := runtime.CallersFrames(stack)
	for {
		f, more := walk.Next()
		if f.Function != "" && (carried || own(f.Function)) {
			if len(frames) == maxFrames {
				truncated++
			} else {
				frames = append(frames, frame(f.Function, f.File, f.Line))
			}
		}
		if !more {
			return frames, truncated
		}
	}
}

// own reports whether function is ours and not a part of this package or its adapters.
func own(function string) bool {
	rest, found := strings.CutPrefix(function, ours)
	if !found {
		return strings.HasPrefix(function, "main.")
	}
	for _, self := range []string{"trace.", "trace/pgxtrace.", "trace/awstrace.", "trace/httptrace."} {
		if strings.HasPrefix(rest, self) {
			return false
		}
	}
	return true
}

// frame names a line by its path in the module, whatever directory the program was built in.
func frame(function, file string, line int) StackFrame {
	slash := strings.LastIndexByte(function, '/') + 1
	pkg, label, _ := strings.Cut(function[slash:], ".")
	if label == "" {
		label = pkg
	}
	where := path.Join(function[:slash], path.Base(path.Dir(filepath.ToSlash(file))), path.Base(filepath.ToSlash(file)))
	return StackFrame{Path: strings.TrimPrefix(where, ours), Line: line, Label: strings.TrimSuffix(label, "-fm")}
}
