package xray

import "time"

const (
	ruleName       = "Default"
	targetInterval = 10               // seconds until a client asks again
	quotaTTL       = 30 * time.Second // a client that asks every targetInterval never runs out
)

type samplingRulesOutput struct {
	NextToken           *string
	SamplingRuleRecords []samplingRuleRecord
}

type samplingRuleRecord struct {
	CreatedAt    float64 // seconds since 1970, as all times here
	ModifiedAt   float64
	SamplingRule samplingRule
}

type samplingRule struct {
	Attributes    map[string]string
	FixedRate     float64
	HTTPMethod    string
	Host          string
	Priority      int
	ReservoirSize int
	ResourceARN   string
	RuleARN       string
	RuleName      string
	ServiceName   string
	ServiceType   string
	URLPath       string
	Version       int
}

// samplingRules gives the one rule there is; the SDK takes it only with version 1, any resource and no attributes.
func (s *Server) samplingRules(*struct{}) (any, error) {
	return samplingRulesOutput{SamplingRuleRecords: []samplingRuleRecord{{
		ModifiedAt: epoch(s.since),
		SamplingRule: samplingRule{
			Attributes: map[string]string{}, FixedRate: *s.config.SampleRate, HTTPMethod: "*", Host: "*", Priority: 10000,
			ReservoirSize: s.config.Reservoir, ResourceARN: "*", RuleARN: "arn:aws:xray:local:000000000000:sampling-rule/" + ruleName,
			RuleName: ruleName, ServiceName: "*", ServiceType: "*", URLPath: "*", Version: 1,
		},
	}}}, nil
}

type samplingTargetsInput struct {
	SamplingStatisticsDocuments []struct{ RuleName string }
}

type samplingTargetsOutput struct {
	LastRuleModification    float64
	SamplingTargetDocuments []samplingTarget
	UnprocessedStatistics   []unprocessedStatistics
}

type samplingTarget struct {
	FixedRate         float64
	Interval          int
	ReservoirQuota    int
	ReservoirQuotaTTL float64
	RuleName          string
}

type unprocessedStatistics struct {
	RuleName  string
	ErrorCode string
	Message   string
}

// samplingTargets gives each client the whole reservoir: on a laptop there is one.
func (s *Server) samplingTargets(in *samplingTargetsInput) (any, error) {
	out := samplingTargetsOutput{
		LastRuleModification: epoch(s.since), SamplingTargetDocuments: []samplingTarget{}, UnprocessedStatistics: []unprocessedStatistics{},
	}
	for _, statistics := range in.SamplingStatisticsDocuments {
		if statistics.RuleName != ruleName {
			out.UnprocessedStatistics = append(out.UnprocessedStatistics,
				unprocessedStatistics{statistics.RuleName, "InvalidRequestException", "there is no such rule"})
			continue
		}
		out.SamplingTargetDocuments = append(out.SamplingTargetDocuments, samplingTarget{
			FixedRate: *s.config.SampleRate, Interval: targetInterval, ReservoirQuota: s.config.Reservoir,
			ReservoirQuotaTTL: epoch(s.config.Now().Add(quotaTTL)), RuleName: ruleName,
		})
	}
	return out, nil
}

func epoch(t time.Time) float64 { return float64(t.Unix()) }
