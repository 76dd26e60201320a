package main

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
)

// settings reads the stack's own settings, CIS_*, from the environment. The settings of the functions (spec §10) go on to the wiring, where
// each overrides the value of wiring.yaml.
func settings(environ []string) (stack.Config, error) {
	env := map[string]string{}
	for _, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			env[name] = value
		}
	}
	here, err := os.Getwd()
	if err != nil {
		return stack.Config{}, err
	}
	root, err := stack.Root(here)
	if err != nil {
		return stack.Config{}, err
	}
	var webhooks map[string]string
	if address := env["CIS_WEBHOOK"]; address != "" {
		webhooks = map[string]string{"local": address}
	}
	return stack.Config{
		APIAddr:        cmp.Or(env["CIS_API_ADDR"], "127.0.0.1:8080"),
		SMTPAddr:       cmp.Or(env["CIS_SMTP_ADDR"], "127.0.0.1:2525"),
		AWSAddr:        cmp.Or(env["CIS_AWS_ADDR"], "127.0.0.1:4566"),
		DataDir:        cmp.Or(env["CIS_DATA_DIR"], filepath.Join(root, ".local")),
		Domain:         cmp.Or(env["CIS_DOMAIN"], "cis.localhost"),
		Relay:          env["CIS_RELAY"],
		Webhooks:       webhooks,
		Binary:         env["CIS_BINARY"],
		Dynoxide:       env["CIS_DYNOXIDE"],
		DynamoEndpoint: env["DYNAMODB_ENDPOINT"],
		Root:           root,
		Warm:           true,
		Env:            environ,
	}, nil
}
