# Every alarm reaches somebody, and everything that can fail unseen has one.

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

run "alarms" {
  command = plan

  variables {
    alarm_email = "operations@example.org"
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.alarm : alarm.treat_missing_data == "notBreaching"])
    error_message = "A quiet system would raise an alarm."
  }
  assert {
    condition     = alltrue([for name in ["dead-letters", "api-errors", "throttled-functions", "throttled-table", "bounces", "complaints"] : contains(keys(aws_cloudwatch_metric_alarm.alarm), name)])
    error_message = "An alarm is missing."
  }
  assert {
    condition     = alltrue([for name in keys(yamldecode(file("wiring.yaml")).workflows) : contains(keys(aws_cloudwatch_metric_alarm.alarm), "workflow-${name}")])
    error_message = "A workflow can fail unseen."
  }
  assert {
    condition = alltrue([for name in keys(yamldecode(file("wiring.yaml")).functions) :
      contains(keys(aws_cloudwatch_metric_alarm.alarm), "function-${name}") || anytrue([for flow in yamldecode(file("wiring.yaml")).workflows : contains(flow.functions, name)])
    ])
    error_message = "A function that no workflow runs can fail unseen."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.alarm : length([for q in alarm.metric_query : q if q.return_data]) == 1])
    error_message = "An alarm looks at no metric, or at two."
  }
  assert {
    condition     = one(values(aws_sns_topic_subscription.alarm_email)).endpoint == "operations@example.org"
    error_message = "The alarms are not mailed."
  }
  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.overview.dashboard_body).widgets) == 12
    error_message = "The dashboard lacks something."
  }
}
