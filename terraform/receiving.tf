# Mail in: per mailbox of wiring.yaml, SES stores the raw mail under the mailbox's prefix and then invokes receive-mail with its verdicts.

locals {
  receive_mail = "receive-mail"

  rule_set = "${local.prefix}-receiving"
  # Made from names because the bucket's policy must name the rules, and SES makes a rule only if the bucket lets it write.
  receipt_rules = "arn:${local.partition}:ses:${var.region}:${local.account}:receipt-rule-set/${local.rule_set}:receipt-rule/"
}

resource "aws_ses_receipt_rule_set" "receiving" {
  rule_set_name = local.rule_set
}

# The rules' recipients have nothing in common, so their order means nothing and none says which it comes after. (Rules of one for_each
# could not wait for each other either.)
resource "aws_ses_receipt_rule" "mailbox" {
  for_each = local.mailboxes

  rule_set_name = aws_ses_receipt_rule_set.receiving.rule_set_name
  name          = each.key
  recipients    = [for domain in local.domains : "${each.key}@${domain}"] # user+label@ matches too
  enabled       = true
  scan_enabled  = true # without it there is no verdict on spam and viruses
  tls_policy    = var.require_tls ? "Require" : "Optional"

  s3_action {
    position          = 1
    bucket_name       = aws_s3_bucket.mail.bucket
    object_key_prefix = each.value.prefix
  }

  dynamic "lambda_action" { # a mailbox without a workflow is stored only
    for_each = each.value.workflow == "" ? [] : [local.receive_mail]

    content {
      position        = 2
      function_arn    = aws_lambda_function.step[lambda_action.value].arn
      invocation_type = "Event"
    }
  }

  # SES tries both when the rule is made, and refuses the rule if either fails.
  depends_on = [aws_s3_bucket_policy.mail, aws_lambda_permission.ses]

  lifecycle {
    precondition { # SES guide, "Quotas": 100 recipients per rule
      condition     = length(local.domains) <= 100
      error_message = "SES takes at most 100 recipients per receipt rule: a deployment can have 100 tenants."
    }
  }
}

resource "aws_lambda_permission" "ses" {
  for_each = { for name, box in local.mailboxes : name => box if box.workflow != "" }

  statement_id   = "ses-${each.key}"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.step[local.receive_mail].function_name
  principal      = "ses.amazonaws.com"
  source_account = local.account
  source_arn     = "${local.receipt_rules}${each.key}"
}

resource "aws_ses_active_receipt_rule_set" "receiving" {
  count = var.activate_receiving ? 1 : 0

  rule_set_name = aws_ses_receipt_rule_set.receiving.rule_set_name

  depends_on = [aws_ses_receipt_rule.mailbox]
}

# SES does not wait for receive-mail. Where Lambda has no room, or is told to have none, an invocation waits for up to six hours; one that fails is tried
# twice more, after a minute and two. What is left is in the queue, and the mail in the bucket.
resource "aws_lambda_function_event_invoke_config" "unawaited" {
  for_each = toset(local.unawaited)

  function_name                = aws_lambda_function.step[each.key].function_name
  maximum_event_age_in_seconds = 21600
  maximum_retry_attempts       = 2

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead_letters.arn
    }
  }

  depends_on = [aws_iam_role_policy.runtime]
}
