package postgres

// For the tests of what has no public door without a second system or a published archive.
var (
	InstallFor     = installFor
	Unpack         = unpack
	Verify         = verify
	Build          = build
	FitsSocket     = fitsSocket
	LivePostmaster = livePostmaster
)
