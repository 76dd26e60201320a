# Each value that would fail on AWS, or lose something, is refused before anything is made, with a message that names the variable.

override_data {
  target = data.aws_caller_identity.current
  values = { account_id = "123456789012" }
}

variables {
  domain     = "invite.example.com"
  stage      = "test"
  prefix     = "cis"
  api_domain = "api.example.com"

  api_certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/x"
  package             = "wiring.yaml" # any file will do: only its digest is looked at
}

run "no_domain" {
  command = plan
  variables {
    domain = "invite@example.com"
  }
  expect_failures = [var.domain]
}

run "stage_with_hyphen" {
  command = plan
  variables {
    stage = "pre-prod"
  }
  expect_failures = [var.stage]
}

run "region_without_receiving" {
  command = plan
  variables {
    region = "eu-north-1"
  }
  expect_failures = [var.region]
}

run "long_prefix" {
  command = plan
  variables {
    prefix = "calendar-invite-server"
  }
  expect_failures = [var.prefix]
}

run "unknown_setting" {
  command = plan
  variables {
    settings = { EVENT_LIMITS = "5" }
  }
  expect_failures = [var.settings]
}

run "setting_that_names_a_resource" {
  command = plan
  variables {
    settings = { MAIL_BUCKET = "mine" }
  }
  expect_failures = [var.settings]
}

run "setting_that_is_made" {
  command = plan
  variables {
    settings = { API_KEYS = "{}" }
  }
  expect_failures = [var.settings]
}

run "unknown_function" {
  command = plan
  variables {
    reserved_concurrency = { send-everything = 5 }
  }
  expect_failures = [var.reserved_concurrency]
}

run "function_that_never_runs" {
  command = plan
  variables {
    reserved_concurrency = { receive-mail = 0 }
  }
  expect_failures = [var.reserved_concurrency]
}

run "dashboard_without_https" {
  command = plan
  variables {
    dashboard_url = "dashboard.example.com"
  }
  expect_failures = [var.dashboard_url]
}

run "endpoint_with_a_path" {
  command = plan
  variables {
    endpoint = "http://localhost:4566/x"
  }
  expect_failures = [var.endpoint]
}

run "mail_from_of_two_labels" {
  command = plan
  variables {
    mail_from = "a.b"
  }
  expect_failures = [var.mail_from]
}

run "dmarc_policy" {
  command = plan
  variables {
    dmarc_policy = "accept"
  }
  expect_failures = [var.dmarc_policy]
}

run "zone_of_another_domain" {
  command = plan
  variables {
    zone_ids = { "example.org" = "Z1" }
  }
  expect_failures = [var.zone_ids]
}

run "mail_that_vanishes" {
  command = plan
  variables {
    mail_retention_days = 1
  }
  expect_failures = [var.mail_retention_days]
}

run "api_domain_with_scheme" {
  command = plan
  variables {
    api_domain = "https://api.example.com"
  }
  expect_failures = [var.api_domain]
}

run "api_domain_without_certificate" {
  command = plan
  variables {
    api_certificate_arn = ""
  }
  expect_failures = [var.api_domain]
}

run "certificate_that_is_none" {
  command = plan
  variables {
    api_certificate_arn = "x"
  }
  expect_failures = [var.api_certificate_arn]
}

run "closed_api" {
  command = plan
  variables {
    api_rate = 0
  }
  expect_failures = [var.api_rate]
}

run "closed_api_burst" {
  command = plan
  variables {
    api_burst = 0
  }
  expect_failures = [var.api_burst]
}

run "log_retention" {
  command = plan
  variables {
    log_retention_days = 31
  }
  expect_failures = [var.log_retention_days]
}

run "alarm_email" {
  command = plan
  variables {
    alarm_email = "operations"
  }
  expect_failures = [var.alarm_email]
}

run "alarm_to_ourselves" {
  command = plan
  variables {
    alarm_email = "support@invite.example.com"
  }
  expect_failures = [var.alarm_email]
}

run "no_package" {
  command = plan
  variables {
    package = "build/nothing.zip"
  }
  expect_failures = [check.package]
}
