# EventBridge rules on the account's default bus, where SES's events and the system's own facts are: those of wiring.yaml, and one for each
# webhook. What cannot be delivered for a day goes to the dead letters.

locals {
  webhook_workflow = "webhook-delivery"

  # As the local stack makes them (localstack/wiring/webhooks.go).
  webhook_rules = { for name, hook in local.webhooks : "webhook-${name}" => {
    pattern  = { for k, v in { source = ["calendar-invite-server"], "detail-type" = try(hook.types, []) } : k => v if length(v) > 0 }
    workflow = local.webhook_workflow
    input    = { paths = { fact = "$.detail" }, template = "{\"webhook\":\"${name}\",\"fact\":<fact>}" }
  } }

  rules = merge(local.wiring.rules, local.webhook_rules)

  # Functions that somebody invokes without waiting for the answer: SES, and rules.
  unawaited = distinct(concat([local.receive_mail], [for rule in local.rules : rule.function if can(rule.function)]))
}

resource "aws_cloudwatch_event_rule" "rule" {
  for_each = local.rules

  name           = "${local.prefix}-${each.key}"
  description    = "Starts ${try(each.value.workflow, each.value.function)}"
  event_bus_name = "default"
  event_pattern  = jsonencode(each.value.pattern)

  lifecycle {
    precondition {
      condition     = length("${local.prefix}-${each.key}") <= 64
      error_message = "${local.prefix}-${each.key} is too long for the name of a rule: EventBridge takes 64 characters."
    }
  }
}

resource "aws_cloudwatch_event_target" "rule" {
  for_each = local.rules

  rule           = aws_cloudwatch_event_rule.rule[each.key].name
  event_bus_name = "default"
  target_id      = try(each.value.workflow, each.value.function)
  arn            = try(aws_sfn_state_machine.workflow[each.value.workflow].arn, aws_lambda_function.step[each.value.function].arn)
  role_arn       = can(each.value.workflow) ? aws_iam_role.events.arn : null

  dynamic "input_transformer" {
    for_each = can(each.value.input) ? [each.value.input] : []

    content {
      input_paths    = input_transformer.value.paths
      input_template = input_transformer.value.template
    }
  }

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  depends_on = [aws_sqs_queue_policy.dead_letters, aws_iam_role_policy.events]
}

resource "aws_lambda_permission" "rule" {
  for_each = { for name, rule in local.rules : name => rule.function if can(rule.function) }

  statement_id  = "rule-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.step[each.value].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.rule[each.key].arn
}

resource "aws_iam_role" "events" {
  name        = "${local.prefix}-events"
  description = "What EventBridge rules may start"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "events.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "events" {
  name = "start-workflows"
  role = aws_iam_role.events.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "StartWorkflows"
      Effect   = "Allow"
      Action   = ["states:StartExecution"]
      Resource = distinct([for rule in local.rules : "${local.machines}${rule.workflow}" if can(rule.workflow)])
    }]
  })
}

# What was given up: events that no target took, and mails that receive-mail could not read. docs/operate.md says how to send them again.
resource "aws_sqs_queue" "dead_letters" {
  name                      = "${local.prefix}-dead-letters"
  message_retention_seconds = 1209600 # 14 days, the longest
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "KeepUndeliveredEvents"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.dead_letters.arn
        Condition = { ArnEquals = { "aws:SourceArn" = [for rule in aws_cloudwatch_event_rule.rule : rule.arn] } }
      },
      {
        Sid       = "OnlyOverTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.dead_letters.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
