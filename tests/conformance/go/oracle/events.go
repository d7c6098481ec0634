package oracle

import (
	"net/http"
	"net/http/httptest"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/apis/audit"
	auditing "k8s.io/apiserver/pkg/audit"
	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authentication/user"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/server/filters"
)

// LongRunning is the check that kube-apiserver gives its audit filter (cmd/kube-apiserver, genericConfig.LongRunningFunc).
var LongRunning = filters.BasicLongRunningRequestCheck(
	sets.NewString("watch", "proxy"),
	sets.NewString("attach", "exec", "proxy", "log", "portforward"),
)

// sink keeps the stages of the events that the filters write.
type sink struct{ stages []audit.Stage }

func (s *sink) ProcessEvents(events ...*audit.Event) bool {
	for _, event := range events {
		s.stages = append(s.stages, event.Stage)
	}
	return true
}

type audited struct {
	OK     bool  `json:"ok"`
	Events []any `json:"events"`
}

// events sends requests through the server's audit filters: the stages of what they write of each.
func events(version Version, text []byte, requests []request) any {
	parsed, err := policy.LoadPolicyFromBytes(text)
	if err != nil {
		return failure{Error: err.Error(), Warnings: takeWarnings()}
	}
	written := &sink{}
	handler, unauthenticated := version.Audit(parsed, written)
	result := audited{OK: true, Events: []any{}}
	for _, asked := range requests {
		received, refused := asked.received()
		if refused != nil {
			result.Events = append(result.Events, refused)
			continue
		}
		written.stages = []audit.Stage{}
		serveOne(handler, unauthenticated, received, asked)
		result.Events = append(result.Events, written.stages)
	}
	takeWarnings()
	return result
}

func serveOne(handler, unauthenticated http.Handler, received *http.Request, asked request) {
	defer func() { _ = recover() }() // the filter lets the panic of a handler pass
	if asked.User == nil {
		unauthenticated.ServeHTTP(httptest.NewRecorder(), received)
		return
	}
	who := &user.DefaultInfo{Name: *asked.User, Groups: asked.Groups}
	received = received.WithContext(apirequest.WithUser(received.Context(), who))
	handler.ServeHTTP(httptest.NewRecorder(), received)
}

// received is the request with its RequestInfo, as the filters before those of auditing leave it.
func (r request) received() (*http.Request, *refusal) {
	received, err := receive(r.Method, r.URL)
	if err != nil {
		return nil, &refusal{err.Error(), http.StatusBadRequest}
	}
	info, err := requestInfo.NewRequestInfo(received)
	if err != nil {
		return nil, &refusal{err.Error(), http.StatusInternalServerError}
	}
	if r.Panic {
		received.Header.Set(panics, "yes")
	}
	return received.WithContext(apirequest.WithRequestInfo(received.Context(), info)), nil
}

const panics = "Panics"

// Served answers a request, or panics where the question says so; Refused answers 401.
var (
	Served = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(panics) != "" {
			panic("as asked for")
		}
		w.WriteHeader(http.StatusOK)
	})
	Refused = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
)

// Sink is what the filters write to.
type Sink = auditing.Sink
