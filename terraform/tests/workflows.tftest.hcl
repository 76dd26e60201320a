# State machines, what they may do, and what starts them.

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

run "machines_and_rules" {
  command = plan

  assert {
    condition     = { for name, m in aws_sfn_state_machine.workflow : name => m.type } == { for name, flow in yamldecode(file("wiring.yaml")).workflows : name => flow.type }
    error_message = "The state machines are not wiring.yaml's."
  }
  assert {
    condition     = alltrue([for m in aws_sfn_state_machine.workflow : can(jsondecode(m.definition).States) && !strcontains(m.definition, "$${")])
    error_message = "A definition is no JSON, or has a placeholder left."
  }
  assert {
    condition     = alltrue([for m in aws_sfn_state_machine.workflow : one(m.logging_configuration).level == "ALL" && !one(m.logging_configuration).include_execution_data && one(m.tracing_configuration).enabled])
    error_message = "A state machine leaves no trace, or writes addresses to its log."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.workflow["bulk-invites"].policy).Statement : s.Sid => s.Resource if !contains(["Log", "Trace"], s.Sid) } == {
      InvokeSteps    = [for f in yamldecode(file("wiring.yaml")).workflows["bulk-invites"].functions : "arn:aws:lambda:us-east-1:123456789012:function:cis-${f}"]
      ReadObjects    = ["arn:aws:s3:::cis-mail-123456789012/lists/*"]
      WriteObjects   = ["arn:aws:s3:::cis-mail-123456789012/lists/*"]
      StartBatches   = ["arn:aws:states:us-east-1:123456789012:stateMachine:cis-bulk-invites"]
      FollowBatches  = ["arn:aws:states:us-east-1:123456789012:execution:cis-bulk-invites:*", "arn:aws:states:us-east-1:123456789012:execution:cis-bulk-invites/*:*"]
      RedriveBatches = ["arn:aws:states:us-east-1:123456789012:execution:cis-bulk-invites/*:*"]
    }
    error_message = "A workflow with a Distributed Map may do something else than that."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.workflow["event-request"].policy).Statement : s.Sid => s.Resource if !contains(["Log", "Trace", "InvokeSteps"], s.Sid) } == {
      StartWorkflows = ["arn:aws:states:us-east-1:123456789012:stateMachine:cis-event-update", "arn:aws:states:us-east-1:123456789012:stateMachine:cis-event-cancellation"]
    }
    error_message = "event-request may start other workflows than wiring.yaml lists."
  }
  assert {
    condition = alltrue([for name, policy in aws_iam_role_policy.workflow :
      alltrue([for s in jsondecode(policy.policy).Statement : s.Resource != ["*"] || contains(["Log", "Trace"], s.Sid)])
    ])
    error_message = "A workflow's role reaches everything."
  }
  assert {
    condition     = { for name, rule in aws_cloudwatch_event_rule.rule : name => jsonencode(jsondecode(rule.event_pattern)) } == { for name, rule in yamldecode(file("wiring.yaml")).rules : name => jsonencode(rule.pattern) }
    error_message = "The rules are not wiring.yaml's."
  }
  assert {
    condition     = alltrue([for rule in aws_cloudwatch_event_rule.rule : rule.event_bus_name == "default"])
    error_message = "A rule is on a bus where SES does not publish."
  }
  assert {
    condition = alltrue([for target in aws_cloudwatch_event_target.rule :
      one(target.retry_policy).maximum_event_age_in_seconds == 86400 && length(target.dead_letter_config) == 1
    ])
    error_message = "What a target does not take is lost."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.events.policy).Statement[0].Resource == ["arn:aws:states:us-east-1:123456789012:stateMachine:cis-delivery-feedback"]
    error_message = "Rules may start other workflows than theirs."
  }
}
