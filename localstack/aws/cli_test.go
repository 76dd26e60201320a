package aws

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCLI drives the endpoint with the ordinary AWS CLI, unchanged.
func TestCLI(t *testing.T) {
	cli, err := exec.LookPath("aws")
	if err != nil || testing.Short() {
		t.Skip("the AWS CLI is not installed, or -short")
	}
	e := start(t)
	file := filepath.Join(t.TempDir(), "mail.eml")
	if err := os.WriteFile(file, []byte("From: a@cis.localhost\r\nTo: b@example.com\r\nSubject: By hand\r\n\r\nhello\r\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(t.TempDir(), "config") // version 2 wants binary input in base64 otherwise
	if err := os.WriteFile(settings, []byte("[default]\ncli_binary_format = raw-in-base64-out\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ args, want string }{
		{"sts get-caller-identity", `"Account": "000000000000"`},
		{"dynamodb list-tables", `"cis"`},
		{"s3 cp " + file + " s3://cis-mail/dir/mail.eml", "upload:"},
		{"s3 cp s3://cis-mail/dir/mail.eml -", "Subject: By hand"},
		{"sesv2 send-email --from-email-address a@cis.localhost --destination ToAddresses=b@example.com --content Simple={Subject={Data=Hi},Body={Text={Data=hello}}}", "MessageId"},
		{"secretsmanager get-secret-value --secret-id cis/link-signing", "SecretString"},
		{`lambda invoke --function-name cis-writer --payload {"Key":"by-hand"} /dev/stdout`, `"StatusCode": 200`},
	}
	for _, test := range tests {
		cmd := exec.CommandContext(t.Context(), cli, append([]string{"--endpoint-url", e.url}, strings.Fields(test.args)...)...)
		cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_DEFAULT_REGION=us-east-1", "AWS_PAGER=", "AWS_CONFIG_FILE="+settings)
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), test.want) {
			t.Errorf("aws %s: %v\n%s", test.args, err, out)
		}
	}
}
