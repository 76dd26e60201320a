package main

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/calendarinvite/calendarinviteserver/handlers"
	"github.com/calendarinvite/calendarinviteserver/internal/awstest"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// lookup finds settings in a map, as os.LookupEnv does in the environment.
func lookup(settings map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, found := settings[name]
		return value, found
	}
}

// environment is what a function gets from terraform/wiring.yaml and from Lambda, on an AWS that only knows secrets.
func environment(t *testing.T, wired *wiring.Wiring, function string) map[string]string {
	t.Helper()
	aws := awstest.StartFunc(t, func(r awstest.Request) awstest.Answer {
		secret, _ := r.Field(t, "SecretId").(string)
		if r.Operation != "GetSecretValue" || secret != "cis/link-signing" && secret != "cis/shopify" {
			t.Errorf("%s starts with a call of %s: %s", function, r.Operation, r.Body)
		}
		return awstest.JSON(t, map[string]string{"Name": secret, "SecretString": "a secret of many octets"})
	})
	settings := map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token",
		"AWS_ENDPOINT_URL": aws.URL,
	}
	maps.Copy(settings, wired.Environment(function))
	return settings
}

func loadWiring(t *testing.T) *wiring.Wiring {
	t.Helper()
	wired, err := wiring.Load(".", wiring.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	return wired
}

func TestUnknownHandlerListsTheValidOnes(t *testing.T) {
	for name, settings := range map[string]map[string]string{
		"none":        {},
		"empty":       {"HANDLER": ""},
		"unknown":     {"HANDLER": "make-coffee"},
		"wrong case":  {"HANDLER": "Health"},
		"underscores": {"HANDLER": "receive_mail"},
	} {
		step, err := start(t.Context(), lookup(settings))
		if step != nil || err == nil {
			t.Fatalf("%s: %v, %v", name, step, err)
		}
		for _, valid := range handlers.Names() {
			if !strings.Contains(err.Error(), "\n  "+valid) {
				t.Errorf("%s: the error does not list %s: %v", name, valid, err)
			}
		}
	}
}

// optional are the settings that may be missing, beside the looks.
var optional = map[string]bool{
	"LOG_LEVEL":         true,
	"SUBJECT":           true,
	"CONFIGURATION_SET": true,
	"LANDING_HOSTS":     true,
}

func mayBeMissing(setting string) bool {
	return optional[setting] || strings.HasPrefix(setting, "BRAND_") && setting != "BRAND_NAME"
}

// Whatever setting a step reads, without it the step does not start and says which, unless the setting is optional.
func TestMissingSettingIsNamed(t *testing.T) {
	wired := loadWiring(t)
	for _, name := range handlers.Names() {
		full := environment(t, wired, name)
		asked := map[string]bool{}
		if _, err := start(t.Context(), func(setting string) (string, bool) {
			asked[setting] = true
			return lookup(full)(setting)
		}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		delete(asked, "HANDLER")
		maps.DeleteFunc(asked, func(setting string, _ bool) bool { return strings.HasPrefix(setting, "AWS_") }) // Lambda's own
		for setting := range asked {
			lacking := maps.Clone(full)
			delete(lacking, setting)
			_, err := start(t.Context(), lookup(lacking))
			switch {
			case mayBeMissing(setting):
				if err != nil {
					t.Errorf("%s without %s: %v", name, setting, err)
				}
			case err == nil || !strings.HasPrefix(err.Error(), name+" cannot start: ") || !strings.Contains(err.Error(), "setting "+setting+": is missing"):
				t.Errorf("%s without %s: %v", name, setting, err)
			}
		}
	}
}

// Neither AWS_REGION nor REGION: the step does not know where AWS is.
func TestMissingRegion(t *testing.T) {
	_, err := start(t.Context(), lookup(map[string]string{"HANDLER": "health"}))
	if err == nil || err.Error() != "health cannot start: setting REGION: is missing" {
		t.Errorf("%v", err)
	}
}

// What wiring.yaml gives every step is what the step needs, and every step is a function that Lambda can invoke.
func TestEveryStepStarts(t *testing.T) {
	wired := loadWiring(t)
	for _, name := range handlers.Names() {
		t.Run(name, func(t *testing.T) {
			step, err := start(t.Context(), lookup(environment(t, wired, name)))
			if err != nil {
				t.Fatal(err)
			}
			// Of a function that it does not accept, the handler complains before it reads the payload.
			_, err = lambda.NewHandler(step).Invoke(t.Context(), []byte("no JSON"))
			if syntax := (*json.SyntaxError)(nil); !errors.As(err, &syntax) {
				t.Errorf("invoked with a payload that is no JSON: %v", err)
			}
		})
	}
}
