# Secrets have names and no values.

provider "aws" { # plans are made without an account, and without a network
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = "true"
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

variables {
  domain     = "invite.example.com"
  stage      = "test"
  region     = "us-east-1"
  prefix     = "cis"
  api_domain = "api.example.com"

  api_certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/x"
  package             = "wiring.yaml" # any file will do: only its digest is looked at

  # The defaults, whatever a -var-file says.
  settings               = {}
  reserved_concurrency   = {}
  zone_ids               = {}
  api_zone_id            = ""
  alarm_email            = ""
  dmarc_policy           = "quarantine"
  mail_retention_days    = 90
  log_retention_days     = 30
  log_execution_data     = false
  protect                = true
  point_in_time_recovery = true
}

run "secrets" {
  command = plan

  assert {
    condition     = { for key, secret in aws_secretsmanager_secret.secret : key => secret.name } == { LINK_SIGNING_SECRET = "cis/link-signing", SHOPIFY_SECRET = "cis/shopify" }
    error_message = "The secrets are not wiring.yaml's."
  }
  assert {
    condition = alltrue(flatten([for f in aws_lambda_function.step : [for name in ["LINK_SIGNING_SECRET", "SHOPIFY_SECRET"] :
      startswith(lookup(f.environment[0].variables, name, "cis/"), "cis/")
    ]]))
    error_message = "A function's environment holds a secret instead of its name."
  }
  assert {
    condition     = toset(keys(output.set_secrets)) == toset(["cis/link-signing", "cis/shopify"]) && strcontains(output.set_secrets["cis/link-signing"], "$(openssl rand -base64 32)")
    error_message = "Nobody is told how to set a secret."
  }
}
