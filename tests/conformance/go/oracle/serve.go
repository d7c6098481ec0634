// Package oracle answers questions about audit policies with kube-apiserver's own code.
//
// It is built once for each Kubernetes version: what differs between the versions comes in through Version.
package oracle

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"

	"k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// Evaluator decides one request, as the server's audit filter asks it to.
type Evaluator func(authorizer.Attributes) Outcome

// Outcome is what the server takes from the policy. OmitManagedFields is nil where the version has no such field.
type Outcome struct {
	Level             audit.Level   `json:"level"`
	OmitStages        []audit.Stage `json:"omitStages"`
	OmitManagedFields *bool         `json:"omitManagedFields,omitempty"`
}

// Version is what a Kubernetes version does in its own way.
type Version struct {
	Name         string
	NewEvaluator func(*audit.Policy) Evaluator
	PolicyOmits  func(*audit.Policy) bool
	// Audit makes the filters that audit what is served, and what fails authentication.
	Audit func(*audit.Policy, Sink) (http.Handler, http.Handler)
}

type question struct {
	Op           string    `json:"op"`
	Policy       string    `json:"policy"`
	PolicyBase64 *string   `json:"policy_base64"`
	Requests     []request `json:"requests"`
}

// Serve answers each line of standard input with one line on standard output.
func Serve(version Version) {
	captureWarnings()
	if err := serve(version, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(version Version, from io.Reader, to io.Writer) error {
	in, out := bufio.NewReaderSize(from, 1<<20), bufio.NewWriterSize(to, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := write(out, answer(version, line)); err != nil {
				return err
			}
		}
		// A caller that waits for its answer has sent nothing more; one that streams gets full buffers.
		if in.Buffered() == 0 || err != nil {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func write(out *bufio.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

func answer(version Version, line []byte) (result any) {
	defer func() {
		// A panic of the real code is a finding of a fuzzer, not the end of its run.
		if cause := recover(); cause != nil {
			result = failure{Error: fmt.Sprintf("panic: %v", cause), Panic: true}
		}
	}()
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return failure{Error: "bad question: " + err.Error()}
	}
	text, err := asked.text()
	if err != nil {
		return failure{Error: "bad question: " + err.Error()}
	}
	switch asked.Op {
	case "version":
		return map[string]any{"ok": true, "version": version.Name}
	case "load":
		return load(version, text)
	case "decide":
		return decide(version, text, asked.Requests)
	case "events":
		return events(version, text, asked.Requests)
	}
	return failure{Error: "bad question: unknown op " + asked.Op}
}

func (q question) text() ([]byte, error) {
	if q.PolicyBase64 != nil {
		return base64.StdEncoding.DecodeString(*q.PolicyBase64)
	}
	return []byte(q.Policy), nil
}
