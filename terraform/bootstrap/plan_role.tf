# Pull requests show what they would do to dev: the role that plans. It may read how everything is set up, and nothing that people wrote: no
# mail, no record, no log, no secret, no API key. The state is all it reads of an object; it holds the values of dev's API keys.

resource "aws_iam_role" "plan" {
  count = var.repository != "" && contains(var.stages, "dev") ? 1 : 0

  name                 = "cis-plan"
  description          = "GitHub Actions of ${var.repository}, pull requests"
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = local.provider }
      Condition = { StringEquals = {
        "${local.issuer}:aud" = "sts.amazonaws.com"
        "${local.issuer}:sub" = "repo:${var.repository}:pull_request"
      } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "read_only" {
  count = length(aws_iam_role.plan)

  role       = aws_iam_role.plan[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/ReadOnlyAccess"
}

resource "aws_iam_role_policy" "no_contents" {
  count = length(aws_iam_role.plan)

  name = "no-contents"
  role = aws_iam_role.plan[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid         = "OnlyTheState"
        Effect      = "Deny"
        Action      = ["s3:GetObject", "s3:GetObjectVersion"]
        NotResource = ["${aws_s3_bucket.state.arn}/dev.tfstate"]
      },
      {
        Sid    = "NoContents"
        Effect = "Deny"
        Action = [
          "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:PartiQLSelect", "dynamodb:GetRecords",
          "logs:GetLogEvents", "logs:FilterLogEvents", "logs:GetLogRecord", "logs:GetQueryResults", "logs:StartQuery", "logs:StartLiveTail", "logs:Unmask",
          "states:DescribeExecution", "states:GetExecutionHistory", "xray:BatchGetTraces", "xray:StartTraceRetrieval", "xray:ListRetrievedTraces",
          "ses:GetSuppressedDestination", "ses:ListSuppressedDestinations",
          "sqs:ReceiveMessage", "secretsmanager:GetSecretValue",
        ]
        Resource = "*"
      },
      { # API Gateway tells the values of keys to whoever may read them, so the plan does not refresh
        Sid    = "NoKeys"
        Effect = "Deny"
        Action = ["apigateway:GET"]
        Resource = [for path in ["apikeys", "apikeys/*", "usageplans/*/keys", "usageplans/*/keys/*"] :
          "arn:${local.partition}:apigateway:*::/${path}"
        ]
      },
    ]
  })
}
