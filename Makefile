# The few targets that people expect; each is one command that can be typed as well.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: build test race lint vuln demo bench chaos tenants

build: ## the binary, here
	go build -o monthend ./cmd/monthend

test: ## everything, against servers that it starts itself
	go test ./...

race: ## the same under the race detector
	go test -race ./...

lint: ## format, vet, staticcheck
	test -z "$$(gofmt -l .)"
	go vet ./...
	go run $(STATICCHECK) ./...

vuln: ## known vulnerabilities; asks the Go vulnerability database
	go run $(GOVULNCHECK) ./...

demo: ## one month, end to end, on this machine alone
	go run ./cmd/monthend demo

bench: ## every measure beside its rival, or those that MEASURE names
	go run ./bench $(MEASURE)

DURATION = 600s
WORKERS = 3
SEED = 0

chaos: ## random kills and faults for DURATION on WORKERS processes, from SEED (0 draws one and prints it)
	go test ./faults -run '^TestChaos$$' -v -count=1 -timeout 0 \
		-chaos $(DURATION) -chaos-workers $(WORKERS) -chaos-seed $(SEED)

TENANTS = 1000
EVERY = 10s

tenants: ## one asking for TENANTS tenants on three workers, one of them killed EVERY so often, at the real clock
	go test ./faults -run '^TestTenants$$' -v -count=1 -timeout 0 -tenants $(TENANTS) -tenants-kill-every $(EVERY)
