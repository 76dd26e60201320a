# Each value that would fail on AWS, or lose something, is refused before anything is made, with a message that names the variable.

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

run "values" {
  command = plan

  variables {
    domain              = "invite@example.com"
    stage               = "pre-prod"
    region              = "eu-north-1" # SES does not receive there
    prefix              = "calendar-invite-server"
    settings            = { EVENT_LIMITS = "5" } # there is none of that name
    dashboard_url       = "dashboard.example.com"
    endpoint            = "http://localhost:4566/x"
    mail_from           = "a.b"
    dmarc_policy        = "accept"
    mail_retention_days = 1
    api_certificate_arn = "x"
    api_rate            = 0
    api_burst           = 0
    log_retention_days  = 31
  }
  expect_failures = [
    var.domain, var.stage, var.region, var.prefix, var.settings, var.dashboard_url, var.endpoint, var.mail_from, var.dmarc_policy,
    var.mail_retention_days, var.api_certificate_arn, var.api_rate, var.api_burst, var.log_retention_days,
  ]
}

# Names are held against wiring.yaml.
run "names" {
  command = plan

  variables {
    settings             = { MAIL_BUCKET = "mine" } # permissions name the bucket too
    reserved_concurrency = { send-everything = 5 }
    zone_ids             = { "example.org" = "Z1" }
    alarm_email          = "support@invite.example.com" # would be lost with what it is about
    api_domain           = "https://api.example.com"
  }
  expect_failures = [var.settings, var.reserved_concurrency, var.zone_ids, var.alarm_email, var.api_domain]
}

run "combinations" {
  command = plan

  variables {
    settings             = { API_KEYS = "{}" } # is made from the tenants
    reserved_concurrency = { receive-mail = 0 }
    api_certificate_arn  = "" # and no zone to validate one in
    alarm_email          = "operations"
  }
  expect_failures = [var.settings, var.reserved_concurrency, var.api_domain, var.alarm_email]
}

run "no_package" {
  command = plan

  variables {
    package = "build/nothing.zip"
  }
  expect_failures = [check.package]
}
