package plan_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// tofu is the OpenTofu CLI with a stand-in for the AWS provider: it knows the provider's schema, makes up what AWS would answer, and opens
// no connection.
type tofu struct{ binary, mirror string }

// findTofu finds what the tool tofu-check has built. TOFU_CHECK names the tool, and then it must be there.
func findTofu(t *testing.T) tofu {
	t.Helper()
	tool, required := os.LookupEnv("TOFU_CHECK")
	lack := t.Skipf
	if required {
		lack = t.Fatalf
	} else {
		tool = filepath.Join(project(t), "../shared/tools/tofu-check/tofu-check")
	}
	if _, err := os.Stat(tool); err != nil {
		lack("what Terraform makes is not compared: %v", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	found := tofu{newest(t, filepath.Join(cache, "tofu-check/tofu-*")), newest(t, filepath.Join(cache, "tofu-check/mirror-*"))}
	if found.binary == "" || found.mirror == "" {
		lack("what Terraform makes is not compared: run %s once, it builds what is needed", tool)
	}
	return found
}

// newest is the file of that pattern that was made last; "" if there is none.
func newest(t *testing.T, pattern string) string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	paths = slices.DeleteFunc(paths, func(path string) bool { return strings.HasSuffix(path, ".new") }) // being built
	if len(paths) == 0 {
		return ""
	}
	return slices.MaxFunc(paths, func(a, b string) int { return modified(t, a).Compare(modified(t, b)) })
}

// deploy applies the configuration of the project in root to the stand-in.
func (f tofu) deploy(root string, variables map[string]string) (*deployment, error) {
	dir := filepath.Join(root, "terraform")
	settings := filepath.Join(root, "cli.tfrc")
	mirror := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", f.mirror)
	if err := os.WriteFile(settings, []byte(mirror), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "local_override.tf"), []byte("terraform {\n  backend \"local\" {}\n}\n"), 0o600); err != nil {
		return nil, err
	}
	run := func(args ...string) ([]byte, error) {
		cmd := exec.Command(f.binary, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+settings, "TF_IN_AUTOMATION=1")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("tofu %s: %w\n%s", args[0], err, stderr.Bytes())
		}
		return out, nil
	}
	if _, err := run("init", "-input=false", "-no-color"); err != nil {
		return nil, err
	}
	apply := []string{"apply", "-auto-approve", "-input=false", "-no-color"}
	for name, value := range variables {
		apply = append(apply, "-var", name+"="+value)
	}
	if _, err := run(apply...); err != nil {
		return nil, err
	}
	state, err := run("show", "-json")
	if err != nil {
		return nil, err
	}
	var shown struct {
		Values struct {
			Root struct {
				Resources []resource `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	if err := json.Unmarshal(bytes.ReplaceAll(state, []byte(standInAccount), []byte(account)), &shown); err != nil {
		return nil, err
	}
	return &deployment{resources: shown.Values.Root.Resources}, nil
}

// The stand-in's account, and the local stack's, which takes its place before the two are compared.
const (
	standInAccount = "123456789012"
	account        = "000000000000"
)

// The deployment that both sides describe.
var variables = map[string]string{
	"domain": domain, "stage": "local", "prefix": "cis", "dashboard_url": dashboardURL,
	"api_domain": "api." + domain, "api_certificate_arn": "arn:aws:acm:us-east-1:" + account + ":certificate/x", "alarm_email": "operations@example.org",
}

const (
	domain       = "cis.localhost"
	apiURL       = "https://api." + domain
	dashboardURL = "https://dashboard." + domain
)

// copyProject copies the wiring of the project to a folder of its own, with a second tenant and webhooks, so that there is something of
// everything.
func copyProject(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"terraform", "statemachines"} {
		if err := os.CopyFS(filepath.Join(root, dir), os.DirFS(filepath.Join(project(t), dir))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(root, "terraform/.terraform")); err != nil {
		t.Fatal(err)
	}
	change(t, root, "terraform/wiring.yaml", "\ntenants:\n", "\ntenants:\n  acme: {domain: acme.localhost, keys: [{name: acme}]}\n")
	change(t, root, "terraform/wiring.yaml", "\nwebhooks: {}\n", "\nwebhooks: {crm: {url: \"https://crm.example.com/hook?a=1&b=2\", types: [rsvp.changed, attendee.bounced]}, all: {url: \"https://all.example.com/\"}}\n")
	return root
}

// change replaces text in a file of root; a text that is not there fails the test.
func change(t *testing.T, root, file, old, text string) {
	t.Helper()
	path := filepath.Join(root, file)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(content, []byte(old)) {
		t.Fatalf("%s has no %q", file, old)
	}
	if err := os.WriteFile(path, bytes.Replace(content, []byte(old), []byte(text), 1), 0o600); err != nil {
		t.Fatal(err)
	}
}

// deployed is what Terraform makes of copyProject: the tests share it, because it takes a while.
func deployed(t *testing.T) *deployment {
	t.Helper()
	f := findTofu(t)
	once.Do(func() { shared, failure = f.deploy(copyProject(t), variables) })
	if failure != nil {
		t.Fatal(failure)
	}
	return shared
}

var (
	once    sync.Once
	shared  *deployment
	failure error
)
