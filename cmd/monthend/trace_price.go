package main

import "github.com/shopspring/decimal"

// AWS's public prices of X-Ray in US dollars, the same in most regions; aws.amazon.com/xray/pricing has the others.
var (
	recordPrice = decimal.RequireFromString("0.000005")  // a trace recorded
	readPrice   = decimal.RequireFromString("0.0000005") // a trace retrieved or scanned
)

// What a month is free of charge, for the whole account.
const (
	freeRecords = 100_000
	freeReads   = 1_000_000
)

// guaranteedBytes is the size that X-Ray takes of any trace; of a larger one it may drop documents.
const guaranteedBytes = 100_000

// costBasis is what an estimate is made from.
type costBasis struct {
	Runs      int64           `json:"runs_a_month"`
	Documents int64           `json:"documents_a_trace"`
	Bytes     int64           `json:"bytes_a_trace"`
	Reads     int64           `json:"reads_of_a_trace"`
	Kept      decimal.Decimal `json:"share_kept_anyway"` // of the runs: failed, slow or tried again
}

// costLine is what one sampling rate costs a month, in US dollars.
type costLine struct {
	Rate       decimal.Decimal `json:"sample_rate"`
	Traces     int64           `json:"traces_recorded"`
	Documents  int64           `json:"documents"`
	Bytes      int64           `json:"bytes"`
	Recorded   decimal.Decimal `json:"recorded_usd"`
	Read       decimal.Decimal `json:"read_usd"`
	Total      decimal.Decimal `json:"total_usd"`
	WithoutFee decimal.Decimal `json:"total_usd_without_free_tier"`
}

// at is the cost at a rate: the share of the runs that the rate takes, and of the others those that are kept anyway.
func (b costBasis) at(rate decimal.Decimal) costLine {
	one := decimal.NewFromInt(1)
	share := rate.Add(one.Sub(rate).Mul(b.Kept))
	traces := decimal.NewFromInt(b.Runs).Mul(share).Ceil().IntPart()
	line := costLine{Rate: rate, Traces: traces, Documents: traces * b.Documents, Bytes: traces * b.Bytes}
	price := func(n, free int64, each decimal.Decimal) decimal.Decimal {
		return each.Mul(decimal.NewFromInt(max(0, n-free)))
	}
	reads := traces * b.Reads
	line.Recorded, line.Read = price(traces, freeRecords, recordPrice), price(reads, freeReads, readPrice)
	line.Total = line.Recorded.Add(line.Read)
	line.WithoutFee = price(traces, 0, recordPrice).Add(price(reads, 0, readPrice))
	return line
}
