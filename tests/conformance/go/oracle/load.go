package oracle

import (
	"bytes"
	"encoding/json"
	"flag"
	"strings"

	"k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/klog/v2"
)

type failure struct {
	OK       bool     `json:"ok"`
	Error    string   `json:"error"`
	Panic    bool     `json:"panic,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

type loaded struct {
	OK       bool         `json:"ok"`
	Policy   loadedPolicy `json:"policy"`
	Warnings []string     `json:"warnings,omitempty"`
}

type loadedPolicy struct {
	Rules             []map[string]any `json:"rules"`
	OmitStages        []audit.Stage    `json:"omitStages,omitempty"`
	OmitManagedFields bool             `json:"omitManagedFields,omitempty"`
}

var log bytes.Buffer

// captureWarnings sends the server's log to a buffer: the loader tells of lenient decoding nowhere else.
func captureWarnings() {
	flags := flag.NewFlagSet("klog", flag.PanicOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{
		"logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL",
		"one_output": "true", "skip_headers": "true",
	} {
		if err := flags.Set(name, value); err != nil {
			panic(err)
		}
	}
	klog.SetOutput(&log)
}

func takeWarnings() []string {
	klog.Flush()
	text := strings.TrimRight(log.String(), "\n")
	log.Reset()
	if text == "" {
		return nil
	}
	return []string{text}
}

func load(version Version, text []byte) any {
	takeWarnings()
	parsed, err := policy.LoadPolicyFromBytes(text)
	if err != nil {
		return failure{Error: err.Error(), Warnings: takeWarnings()}
	}
	shown, err := show(version, parsed)
	if err != nil {
		return failure{Error: err.Error()}
	}
	return loaded{OK: true, Policy: shown, Warnings: takeWarnings()}
}

func show(version Version, parsed *audit.Policy) (loadedPolicy, error) {
	shown := loadedPolicy{OmitStages: parsed.OmitStages, OmitManagedFields: version.PolicyOmits(parsed)}
	for i := range parsed.Rules {
		rule, err := showRule(&parsed.Rules[i])
		if err != nil {
			return shown, err
		}
		shown.Rules = append(shown.Rules, rule)
	}
	return shown, nil
}

// showRule goes through JSON so that a field that only some versions have needs no code here.
func showRule(rule *audit.PolicyRule) (map[string]any, error) {
	text, err := json.Marshal(rule)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	for name, value := range fields {
		if list, ok := value.([]any); value == nil || (ok && len(list) == 0) {
			delete(fields, name)
		}
	}
	return fields, nil
}
