# What the functions may do: one role each, with exactly the permissions that wiring.yaml lists.

resource "aws_iam_role" "function" {
  for_each = local.wiring.functions

  name        = "${local.prefix}-${each.key}"
  description = "What the function ${each.key} may do"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "wiring" {
  for_each = { for name, f in local.wiring.functions : name => f.permissions if length(f.permissions) > 0 }

  name = "wiring"
  role = aws_iam_role.function[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for permission in each.value : {
      Sid      = replace(title(replace(permission, "-", " ")), " ", "")
      Effect   = "Allow"
      Action   = local.wiring.permissions[permission].actions
      Resource = local.wiring.permissions[permission].resources
    }]
  })
}

# What Lambda itself does in the function's name: its log, its traces, and the queue for events that nobody waits for.
resource "aws_iam_role_policy" "runtime" {
  for_each = local.wiring.functions

  name = "runtime"
  role = aws_iam_role.function[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid      = "Log"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.function[each.key].arn}:*"]
      },
      { # X-Ray knows no resources: these two actions take * only (Service Authorization Reference, AWS X-Ray).
        Sid      = "Trace"
        Effect   = "Allow"
        Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        Resource = ["*"]
      },
      ], [for name in local.unawaited : {
        Sid      = "KeepFailedEvents"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [aws_sqs_queue.dead_letters.arn]
    } if name == each.key])
  })
}
