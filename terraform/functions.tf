# One Lambda function per step: all from one package, each told by HANDLER which step it is.

resource "aws_lambda_function" "step" {
  for_each = local.wiring.functions

  function_name    = "${local.prefix}-${each.key}"
  description      = "Calendar Invite Server (${var.stage}): ${each.key}"
  role             = aws_iam_role.function[each.key].arn
  filename         = var.package
  source_code_hash = fileexists(var.package) ? filebase64sha256(var.package) : null

  runtime                        = "provided.al2023"
  architectures                  = ["arm64"]
  handler                        = "bootstrap"
  memory_size                    = each.value.memory
  timeout                        = each.value.timeout
  reserved_concurrent_executions = lookup(var.reserved_concurrency, each.key, -1) # -1: a share in the account's

  environment {
    variables = merge(
      { HANDLER = each.key },
      { for name in concat(["REGION", "LOG_LEVEL"], each.value.settings) : name => local.settings[name] },
    )
  }

  logging_config {
    log_format = "Text" # the steps write JSON lines themselves
    log_group  = aws_cloudwatch_log_group.function[each.key].name
  }

  tracing_config {
    mode = "Active"
  }

  # A function that starts before its role can do anything fails on its first events.
  depends_on = [aws_iam_role_policy.wiring, aws_iam_role_policy.runtime]

  lifecycle {
    precondition { # so do roles of IAM
      condition     = length("${local.prefix}-${each.key}") <= 64
      error_message = "${local.prefix}-${each.key} is too long for the name of a function: Lambda takes 64 characters."
    }
    precondition { # Lambda guide, "Lambda quotas": environment variables together have at most 4 KB
      condition = 4096 > length(join("", flatten([
        for name in concat(["HANDLER", "REGION", "LOG_LEVEL"], each.value.settings) : [name, try(local.settings[name], each.key)]
      ])))
      error_message = "${each.key} has settings of more than 4 KB, which Lambda does not take: fewer tenants, mailboxes or webhooks, or shorter names."
    }
  }
}

# Made before the function, or Lambda makes one that keeps logs for ever.
resource "aws_cloudwatch_log_group" "function" {
  for_each = local.wiring.functions

  name              = "/aws/lambda/${local.prefix}-${each.key}"
  retention_in_days = var.log_retention_days
}
