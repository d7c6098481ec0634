// Command v1_36 answers with the code of Kubernetes 1.36.
package main

import (
	"net/http"

	"k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/filters"

	"kubeauditlint/oracle"
)

func newEvaluator(p *audit.Policy) oracle.Evaluator {
	evaluator := policy.NewPolicyRuleEvaluator(p)
	return func(attribs authorizer.Attributes) oracle.Outcome {
		config := evaluator.EvaluatePolicyRule(attribs)
		return oracle.Outcome{
			Level:             config.Level,
			OmitStages:        config.OmitStages,
			OmitManagedFields: &config.OmitManagedFields,
		}
	}
}

func newFilters(p *audit.Policy, sink oracle.Sink) (http.Handler, http.Handler) {
	evaluator := policy.NewPolicyRuleEvaluator(p)
	return filters.WithAuditInit(filters.WithAudit(oracle.Served, sink, evaluator, oracle.LongRunning)),
		filters.WithAuditInit(filters.WithFailedAuthenticationAudit(oracle.Refused, sink, evaluator))
}

func main() {
	oracle.Serve(oracle.Version{
		Name:         "1.36",
		NewEvaluator: newEvaluator,
		PolicyOmits:  func(p *audit.Policy) bool { return p.OmitManagedFields },
		Audit:        newFilters,
	})
}
