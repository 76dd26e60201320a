# What somebody must hear of. Each alarm costs $0.10 a month per metric that it looks at; thresholds are such that a quiet system is silent.

locals {
  # Functions that a workflow runs are tried again, and their failure is the execution's. Those that something else invokes have no other
  # witness.
  watched = setsubtract(keys(local.wiring.functions), flatten([for flow in local.workflows : flow.functions]))

  alarms = merge(
    { for name in local.watched : "function-${name}" => {
      text      = "More than 5 % of the invocations of ${name} failed, for 15 minutes. See its log /aws/lambda/${local.prefix}-${name}."
      threshold = 5
      periods   = 3
      # Below ten invocations one failure says nothing.
      expression = "IF(invocations >= 10, 100 * errors / invocations, 0)"
      metrics = {
        errors      = { namespace = "AWS/Lambda", name = "Errors", dimensions = { FunctionName = "${local.prefix}-${name}" } }
        invocations = { namespace = "AWS/Lambda", name = "Invocations", dimensions = { FunctionName = "${local.prefix}-${name}" } }
      }
    } },
    { for name in keys(local.workflows) : "workflow-${name}" => {
      text       = "Executions of ${name} failed: they did not do what a mail or a request asked for. The state they ended in says why; start them again with the same input when the cause is gone (docs/operate.md)."
      threshold  = 0
      periods    = 1
      expression = "FILL(failed, 0) + FILL(late, 0)"
      metrics = {
        failed = { namespace = "AWS/States", name = "ExecutionsFailed", dimensions = { StateMachineArn = "${local.machines}${name}" } }
        late   = { namespace = "AWS/States", name = "ExecutionsTimedOut", dimensions = { StateMachineArn = "${local.machines}${name}" } }
      }
    } },
    {
      dead-letters = {
        text       = "Events or mails were given up. They are in the queue ${local.prefix}-dead-letters for 14 days."
        threshold  = 0
        periods    = 1
        expression = null
        metrics = { waiting = {
          namespace  = "AWS/SQS", name = "ApproximateNumberOfMessagesVisible", statistic = "Maximum"
          dimensions = { QueueName = "${local.prefix}-dead-letters" }
        } }
      }
      api-errors = {
        text       = "More than 2 % of the API's answers were 5xx, for 15 minutes."
        threshold  = 2
        periods    = 3
        expression = "IF(requests >= 20, 100 * errors / requests, 0)"
        metrics = {
          errors   = { namespace = "AWS/ApiGateway", name = "5XXError", dimensions = { ApiName = local.prefix, Stage = var.stage } }
          requests = { namespace = "AWS/ApiGateway", name = "Count", dimensions = { ApiName = local.prefix, Stage = var.stage } }
        }
      }
      throttled-functions = {
        text       = "Lambda refused invocations in this Region, for 15 minutes: ask for more concurrency, or lower BULK_CONCURRENCY."
        threshold  = 0
        periods    = 3
        expression = null
        metrics    = { throttles = { namespace = "AWS/Lambda", name = "Throttles", dimensions = {} } }
      }
      throttled-table = {
        text       = "DynamoDB refused reads or writes of the table, for 15 minutes: a hot key, or growth faster than on-demand follows."
        threshold  = 0
        periods    = 3
        expression = "FILL(reads, 0) + FILL(writes, 0)"
        metrics = {
          reads  = { namespace = "AWS/DynamoDB", name = "ReadThrottleEvents", dimensions = { TableName = local.table.name } }
          writes = { namespace = "AWS/DynamoDB", name = "WriteThrottleEvents", dimensions = { TableName = local.table.name } }
        }
      }
      # SES reviews an account at a bounce rate of 5 % and a complaint rate of 0.1 % (SES guide, "Reputation metrics").
      bounces = {
        text       = "More than 4 % of the account's mails bounce; at 5 % SES puts the account under review. Stop lists of doubtful origin."
        threshold  = 0.04
        periods    = 1
        expression = null
        metrics    = { rate = { namespace = "AWS/SES", name = "Reputation.BounceRate", statistic = "Maximum", dimensions = {} } }
      }
      complaints = {
        text       = "More than 0.08 % of the account's mails are reported as spam; at 0.1 % SES puts the account under review."
        threshold  = 0.0008
        periods    = 1
        expression = null
        metrics    = { rate = { namespace = "AWS/SES", name = "Reputation.ComplaintRate", statistic = "Maximum", dimensions = {} } }
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  for_each = local.alarms

  alarm_name          = "${local.prefix}-${each.key}"
  alarm_description   = each.value.text
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = each.value.periods
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  dynamic "metric_query" {
    for_each = each.value.metrics

    content {
      id          = metric_query.key
      return_data = each.value.expression == null

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.name
        dimensions  = metric_query.value.dimensions
        period      = 300
        stat        = try(metric_query.value.statistic, "Sum")
      }
    }
  }

  dynamic "metric_query" {
    for_each = each.value.expression == null ? [] : [each.value.expression]

    content {
      id          = "result"
      label       = each.key
      expression  = metric_query.value
      return_data = true
    }
  }
}

# Not encrypted with a key: CloudWatch cannot use the AWS managed one, and alarms hold names and numbers only.
#tfsec:ignore:aws-sns-enable-topic-encryption
resource "aws_sns_topic" "alarms" {
  name = "${local.prefix}-alarms"
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alarms.arn
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
      {
        Sid       = "OnlyOverTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.alarms.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "alarm_email" {
  for_each = toset(compact([var.alarm_email]))

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}
