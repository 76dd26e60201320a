#!/usr/bin/env bash
# What can be found without AWS and without a plan: a security scan of the configuration, and the grammar of the state machines. Needs Go
# and npm. Findings that do not apply are ignored where they are, with the reason.
set -euo pipefail
cd "$(dirname "$0")/../.."

tfsec=github.com/aquasecurity/tfsec/cmd/tfsec@v1.26.0
asl=asl-validator@4.0.0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The scanner is older than check blocks, which are in a file of their own.
cp -r terraform statemachines "$work"
rm "$work/terraform/checks.tf"
go run "$tfsec" "$work/terraform" --tfvars-file "$work/terraform/environments/prod.tfvars" --no-colour --concise-output
go run "$tfsec" "$work/terraform/bootstrap" --no-colour --concise-output

definitions=()
for file in statemachines/*.asl.json; do
  sed -e 's/\${partition}/aws/g' \
    -e 's/\${functions}/arn:aws:lambda:us-east-1:123456789012:function:cis-/g' \
    -e 's/\${machines}/arn:aws:states:us-east-1:123456789012:stateMachine:cis-/g' "$file" >"$work/$(basename "$file")"
  definitions+=(--json-path "$work/$(basename "$file")")
done
npx --yes "$asl" "${definitions[@]}"
