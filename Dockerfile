# Two stages: DuckDB needs cgo and a C compiler to build; the program is linked statically and needs nothing to run.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=1 go build -trimpath -tags osusergo,netgo \
        -ldflags '-s -w -linkmode external -extldflags -static' -o /out/monthend ./cmd/monthend \
    && mkdir -p /out/spool

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/monthend /monthend
# The root file system may be read-only: the spool alone is written.
COPY --from=build --chown=65532:65532 /out/spool /spool
VOLUME ["/spool"]
ENV MONTHEND_SPOOL=/spool \
    MONTHEND_HEALTH_FILE=/spool/health
USER 65532:65532
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["/monthend", "healthcheck"]
ENTRYPOINT ["/monthend"]
CMD ["work"]
