# One page in CloudWatch: mail, workflows, steps, API, table.

locals {
  widgets = [
    {
      title   = "Mail sent"
      metrics = [for name in ["Send", "Delivery", "Bounce", "Complaint", "Reject"] : ["AWS/SES", name]]
    },
    {
      title   = "Reputation: bounces (review at 0.05), complaints (review at 0.001)"
      stat    = "Maximum"
      metrics = [for name in ["Reputation.BounceRate", "Reputation.ComplaintRate"] : ["AWS/SES", name]]
    },
    {
      title   = "Workflows started"
      metrics = [for name in keys(local.workflows) : ["AWS/States", "ExecutionsStarted", "StateMachineArn", "${local.machines}${name}", { label = name }]]
    },
    {
      title   = "Workflows failed"
      metrics = [for name in keys(local.workflows) : ["AWS/States", "ExecutionsFailed", "StateMachineArn", "${local.machines}${name}", { label = name }]]
    },
    {
      title   = "Steps that failed"
      metrics = [for name in keys(local.wiring.functions) : ["AWS/Lambda", "Errors", "FunctionName", "${local.prefix}-${name}", { label = name }]]
    },
    {
      title   = "Steps: time, 99th percentile"
      stat    = "p99"
      metrics = [for name in keys(local.wiring.functions) : ["AWS/Lambda", "Duration", "FunctionName", "${local.prefix}-${name}", { label = name }]]
    },
    {
      title   = "Invocations at once, throttled"
      metrics = [["AWS/Lambda", "ConcurrentExecutions", { stat = "Maximum" }], ["AWS/Lambda", "Throttles"]]
    },
    {
      title   = "API"
      metrics = [for name in ["Count", "4XXError", "5XXError"] : ["AWS/ApiGateway", name, "ApiName", local.prefix, "Stage", var.stage]]
    },
    {
      title   = "API: time, 99th percentile"
      stat    = "p99"
      metrics = [for name in ["Latency", "IntegrationLatency"] : ["AWS/ApiGateway", name, "ApiName", local.prefix, "Stage", var.stage]]
    },
    {
      title   = "Table: capacity used"
      metrics = [for name in ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"] : ["AWS/DynamoDB", name, "TableName", local.table.name]]
    },
    {
      title   = "Table: throttled"
      metrics = [for name in ["ReadThrottleEvents", "WriteThrottleEvents"] : ["AWS/DynamoDB", name, "TableName", local.table.name]]
    },
    {
      title   = "Given up"
      stat    = "Maximum"
      metrics = [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${local.prefix}-dead-letters"]]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "overview" {
  dashboard_name = local.prefix
  dashboard_body = jsonencode({ widgets = [for i, widget in local.widgets : {
    type   = "metric"
    x      = 8 * (i % 3)
    y      = 6 * floor(i / 3)
    width  = 8
    height = 6
    properties = {
      title   = widget.title
      region  = var.region
      period  = 300
      stat    = try(widget.stat, "Sum")
      metrics = widget.metrics
    }
  }] })
}
