# Functions and what they may do are wiring.yaml's, entry for entry.

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

run "functions_and_permissions" {
  command = plan

  assert {
    condition     = toset(keys(aws_lambda_function.step)) == toset(keys(yamldecode(file("wiring.yaml")).functions))
    error_message = "There is not one function per entry of wiring.yaml."
  }
  assert {
    condition     = alltrue([for name, f in yamldecode(file("wiring.yaml")).functions : aws_lambda_function.step[name].memory_size == f.memory && aws_lambda_function.step[name].timeout == f.timeout])
    error_message = "A function's memory or timeout is not wiring.yaml's."
  }
  assert {
    condition = alltrue([for name, f in yamldecode(file("wiring.yaml")).functions :
      toset(keys(aws_lambda_function.step[name].environment[0].variables)) == toset(concat(["HANDLER", "REGION", "LOG_LEVEL"], f.settings)) &&
      aws_lambda_function.step[name].environment[0].variables["HANDLER"] == name
    ])
    error_message = "A function has other settings than wiring.yaml lists."
  }
  assert {
    condition     = alltrue([for f in aws_lambda_function.step : f.runtime == "provided.al2023" && f.architectures == tolist(["arm64"]) && f.tracing_config[0].mode == "Active" && f.source_code_hash == filebase64sha256("wiring.yaml")])
    error_message = "A function does not run the package on arm64, with traces."
  }
  assert {
    condition     = alltrue([for name, f in aws_lambda_function.step : f.logging_config[0].log_group == aws_cloudwatch_log_group.function[name].name && aws_cloudwatch_log_group.function[name].retention_in_days == 30])
    error_message = "A function has no log with an end."
  }
  assert {
    condition = aws_lambda_function.step["receive-mail"].environment[0].variables["TENANTS"] == jsonencode({ "invite.example.com" = "default" }) && (
      jsondecode(aws_lambda_function.step["receive-mail"].environment[0].variables["MAILBOXES"])["create"] ==
      { prefix = "event_request/", workflow = "arn:aws:states:us-east-1:123456789012:stateMachine:cis-event-request" }
    )
    error_message = "TENANTS or MAILBOXES is not made from wiring.yaml."
  }
  assert {
    condition     = aws_lambda_function.step["send-event-invite"].environment[0].variables["API_URL"] == "https://api.example.com"
    error_message = "API_URL is not the API's domain."
  }
  assert {
    condition = alltrue([for name, f in local.wiring.functions :
      jsondecode(aws_iam_role_policy.wiring[name].policy).Statement[*].Action == [for p in f.permissions : local.wiring.permissions[p].actions] &&
      jsondecode(aws_iam_role_policy.wiring[name].policy).Statement[*].Resource == [for p in f.permissions : local.wiring.permissions[p].resources]
      if length(f.permissions) > 0
    ])
    error_message = "A function's policy is not what wiring.yaml permits."
  }
  assert {
    condition     = !contains(keys(aws_iam_role_policy.wiring), "health") && contains(keys(aws_iam_role.function), "health")
    error_message = "A function without permissions has some, or no role."
  }
  assert {
    condition = jsondecode(aws_iam_role_policy.wiring["receive-mail"].policy).Statement[0].Resource == [
      "arn:aws:states:us-east-1:123456789012:stateMachine:cis-event-request",
      "arn:aws:states:us-east-1:123456789012:stateMachine:cis-event-reply",
      "arn:aws:states:us-east-1:123456789012:stateMachine:cis-bulk-invites",
      "arn:aws:states:us-east-1:123456789012:stateMachine:cis-unsubscribe-request",
    ]
    error_message = "receive-mail may start other workflows than the mailboxes'."
  }
  assert {
    condition = alltrue(flatten([for policy in concat(values(aws_iam_role_policy.wiring)[*].policy, values(aws_iam_role_policy.workflow)[*].policy) :
      [for s in jsondecode(policy).Statement : [for action in flatten([s.Action]) : !strcontains(action, "*")]]
    ]))
    error_message = "A policy allows a whole family of actions."
  }
}

run "changed_settings" {
  command = plan

  variables {
    settings             = { EVENT_LIMIT = "20" }
    reserved_concurrency = { send-bulk-event-invites = 16 }
  }
  assert {
    condition     = aws_lambda_function.step["create-new-event-record"].environment[0].variables["EVENT_LIMIT"] == "20"
    error_message = "settings do not override wiring.yaml."
  }
  assert {
    condition     = aws_lambda_function.step["send-bulk-event-invites"].reserved_concurrent_executions == 16 && aws_lambda_function.step["health"].reserved_concurrent_executions == -1
    error_message = "Concurrency is not reserved as asked."
  }
}
