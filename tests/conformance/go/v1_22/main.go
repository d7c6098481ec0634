// Command v1_22 answers with the code of Kubernetes 1.22.
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
	checker := policy.NewChecker(p)
	return func(attribs authorizer.Attributes) oracle.Outcome {
		level, stages := checker.LevelAndStages(attribs)
		return oracle.Outcome{Level: level, OmitStages: stages}
	}
}

func newFilters(p *audit.Policy, sink oracle.Sink) (http.Handler, http.Handler) {
	checker := policy.NewChecker(p)
	return filters.WithAudit(oracle.Served, sink, checker, oracle.LongRunning),
		filters.WithFailedAuthenticationAudit(oracle.Refused, sink, checker)
}

func main() {
	oracle.Serve(oracle.Version{
		Name:         "1.22",
		NewEvaluator: newEvaluator,
		PolicyOmits:  func(*audit.Policy) bool { return false }, // omitManagedFields came with 1.23
		Audit:        newFilters,
	})
}
