// Reads command lines as JSON arrays, one a line, and writes which flags pflag sets with which values, and its error.
//
//	go run . BOOLEAN,FLAGS VALUE,FLAGS < lines.jsonl
//
// tests/data/pflag_arguments.json was recorded with it.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// As WordSepNormalizeFunc of k8s.io/component-base/cli/flag.
func normalize(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	return pflag.NormalizedName(strings.ReplaceAll(name, "_", "-"))
}

func parse(args []string) ([][2]string, string) {
	flags := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	flags.SetNormalizeFunc(normalize)
	flags.StringP("v", "v", "", "")
	flags.String("etcd-servers", "", "")
	for _, name := range strings.Split(os.Args[1], ",") {
		flags.Bool(name, false, "")
	}
	for _, name := range strings.Split(os.Args[2], ",") {
		flags.String(name, "", "")
	}
	set := [][2]string{}
	err := flags.ParseAll(args, func(flag *pflag.Flag, value string) error {
		set = append(set, [2]string{flag.Name, value})
		return nil
	})
	if err != nil {
		return set, err.Error()
	}
	return set, ""
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var args []string
		if err := json.Unmarshal(lines.Bytes(), &args); err != nil {
			panic(err)
		}
		set, message := parse(args)
		out, _ := json.Marshal(map[string]any{"args": args, "set": set, "error": message})
		os.Stdout.Write(append(out, '\n'))
	}
}
