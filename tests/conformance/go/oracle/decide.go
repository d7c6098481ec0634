package oracle

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/filters"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"
)

// The prefixes of kube-apiserver: server.NewRequestInfoResolver of its configuration.
var requestInfo = apirequest.RequestInfoFactory{
	APIPrefixes:          sets.NewString("api", "apis"),
	GrouplessAPIPrefixes: sets.NewString("api"),
}

// request is an HTTP request, or (with Attributes) what the server would have made of one.
type request struct {
	Method     string           `json:"method"`
	URL        string           `json:"url"`
	User       *string          `json:"user"`
	Groups     []string         `json:"groups"`
	Attributes *recordedRequest `json:"attributes"`
	Panic      bool             `json:"panic"` // of the handler; for the question "events" only
}

// recordedRequest has the names of policy_matching_cases.json.
type recordedRequest struct {
	Verb, Namespace, Resource, Subresource, Name, Group, Path string
	IsResource                                                bool
	User                                                      *struct {
		Name   string
		Groups []string
	}
}

type attributes struct {
	IsResource  bool   `json:"isResource"`
	Verb        string `json:"verb"`
	APIGroup    string `json:"apiGroup"`
	Resource    string `json:"resource"`
	Subresource string `json:"subresource"`
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
	Path        string `json:"path"`
}

type decision struct {
	Rule int `json:"rule"`
	Outcome
	Attributes attributes `json:"attributes"`
}

// refusal is a request that the server answers before it asks the audit policy:
// with 400 when it is no HTTP request, with 500 when its path cannot be read.
type refusal struct {
	Refused string `json:"refused"`
	Status  int    `json:"status"`
}

type decided struct {
	OK        bool     `json:"ok"`
	Decisions []any    `json:"decisions"`
	Warnings  []string `json:"warnings,omitempty"`
}

func decide(version Version, text []byte, requests []request) any {
	takeWarnings()
	parsed, err := policy.LoadPolicyFromBytes(text)
	if err != nil {
		return failure{Error: err.Error(), Warnings: takeWarnings()}
	}
	result := decided{OK: true, Decisions: []any{}, Warnings: takeWarnings()}
	rules := singleRules(version, parsed)
	whole := version.NewEvaluator(parsed.DeepCopy())
	for _, asked := range requests {
		attribs, refused := asked.attributes()
		if refused != nil {
			result.Decisions = append(result.Decisions, refused)
			continue
		}
		result.Decisions = append(result.Decisions, decideOne(whole, rules, attribs))
	}
	takeWarnings() // what the request parsing logged is not about the policy
	return result
}

func decideOne(whole Evaluator, rules []Evaluator, attribs authorizer.Attributes) decision {
	outcome := whole(attribs)
	stages := append([]audit.Stage{}, outcome.OmitStages...)
	sort.Slice(stages, func(i, j int) bool { return stages[i] < stages[j] })
	outcome.OmitStages = stages
	return decision{Rule: firstMatch(rules, attribs), Outcome: outcome, Attributes: showAttributes(attribs)}
}

// singleRules makes of each rule a policy of its own: the real evaluator does not tell which rule decided.
func singleRules(version Version, parsed *audit.Policy) []Evaluator {
	rules := []Evaluator{}
	for i := range parsed.Rules {
		alone := parsed.DeepCopy()
		alone.Rules = []audit.PolicyRule{alone.Rules[i]}
		alone.Rules[0].Level = audit.LevelMetadata
		rules = append(rules, version.NewEvaluator(alone))
	}
	return rules
}

func firstMatch(rules []Evaluator, attribs authorizer.Attributes) int {
	for i, evaluate := range rules {
		if evaluate(attribs).Level != audit.LevelNone {
			return i
		}
	}
	return -1
}

func (r request) attributes() (authorizer.Attributes, *refusal) {
	if r.Attributes != nil {
		return r.Attributes.record(), nil
	}
	received, err := receive(r.Method, r.URL)
	if err != nil {
		return nil, &refusal{err.Error(), http.StatusBadRequest}
	}
	info, err := requestInfo.NewRequestInfo(received)
	if err != nil {
		return nil, &refusal{err.Error(), http.StatusInternalServerError}
	}
	ctx := apirequest.WithRequestInfo(context.Background(), info)
	if r.User != nil {
		ctx = apirequest.WithUser(ctx, &user.DefaultInfo{Name: *r.User, Groups: r.Groups})
	}
	attribs, err := filters.GetAuthorizerAttributes(ctx)
	if err != nil {
		return nil, &refusal{err.Error(), http.StatusInternalServerError}
	}
	return attribs, nil
}

// receive reads the request as net/http's server does, so that what never reaches a handler is refused here too.
func receive(method, url string) (*http.Request, error) {
	if strings.ContainsAny(method+url, "\r\n") {
		return nil, fmt.Errorf("line break in the request line")
	}
	line := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: kubernetes\r\n\r\n", method, url)
	return http.ReadRequest(bufio.NewReader(strings.NewReader(line)))
}

func (r recordedRequest) record() authorizer.Attributes {
	record := authorizer.AttributesRecord{
		Verb: r.Verb, Namespace: r.Namespace, APIGroup: r.Group, Resource: r.Resource,
		Subresource: r.Subresource, Name: r.Name, ResourceRequest: r.IsResource, Path: r.Path,
	}
	if r.User != nil {
		record.User = &user.DefaultInfo{Name: r.User.Name, Groups: r.User.Groups}
	}
	return record
}

func showAttributes(a authorizer.Attributes) attributes {
	return attributes{
		IsResource: a.IsResourceRequest(), Verb: a.GetVerb(), APIGroup: a.GetAPIGroup(), Resource: a.GetResource(),
		Subresource: a.GetSubresource(), Namespace: a.GetNamespace(), Name: a.GetName(), Path: a.GetPath(),
	}
}
