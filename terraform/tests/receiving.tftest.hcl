# Mail in: receipt rules, prefixes, and who may write and invoke.

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

run "receiving_and_sending" {
  command = plan

  assert {
    condition = { for name, rule in aws_ses_receipt_rule.mailbox : name => one(rule.s3_action).object_key_prefix } == {
      create = "event_request/", rsvp = "event_reply/", bulk = "bulk_event_invites/", unsubscribe = "unsubscribe/"
      abuse  = "mailbox/abuse/", postmaster = "mailbox/postmaster/", support = "mailbox/support/", info = "mailbox/info/"
    }
    error_message = "Mail is stored under other prefixes."
  }
  assert {
    condition     = alltrue([for name, rule in aws_ses_receipt_rule.mailbox : rule.recipients == toset(["${name}@invite.example.com"])])
    error_message = "A rule has other recipients than its mailbox."
  }
  assert {
    condition     = alltrue([for rule in aws_ses_receipt_rule.mailbox : rule.enabled && rule.scan_enabled && rule.tls_policy == "Require"])
    error_message = "A rule is off, does not scan, or takes mail without TLS."
  }
  assert {
    condition = alltrue([for name, rule in aws_ses_receipt_rule.mailbox :
      one(rule.s3_action).position == 1 &&
      join(", ", [for a in rule.lambda_action : "${a.position} ${a.invocation_type}"]) == (contains(["create", "rsvp", "bulk", "unsubscribe"], name) ? "2 Event" : "")
    ])
    error_message = "receive-mail is not invoked after the mail is stored, or for mail that is stored only."
  }
  assert {
    condition     = one(aws_ses_active_receipt_rule_set.receiving).rule_set_name == "cis-receiving"
    error_message = "The rules are not active."
  }
  assert {
    condition = { for name, p in aws_lambda_permission.ses : name => "${p.principal} ${p.source_account} ${p.source_arn}" } == {
      for name in ["create", "rsvp", "bulk", "unsubscribe"] :
      name => "ses.amazonaws.com 123456789012 arn:aws:ses:us-east-1:123456789012:receipt-rule-set/cis-receiving:receipt-rule/${name}"
    }
    error_message = "Somebody else than this account's rules may invoke receive-mail."
  }
  assert {
    condition     = keys(aws_lambda_function_event_invoke_config.unawaited) == ["receive-mail"]
    error_message = "Mails that receive-mail gives up are not kept."
  }
  assert {
    condition     = keys(aws_sesv2_email_identity.domain) == ["invite.example.com"] && aws_sesv2_email_identity.domain["invite.example.com"].dkim_signing_attributes[0].next_signing_key_length == "RSA_2048_BIT"
    error_message = "The domain is not an identity with Easy DKIM."
  }
  assert {
    condition     = aws_sesv2_email_identity_mail_from_attributes.domain["invite.example.com"].mail_from_domain == "bounce.invite.example.com"
    error_message = "There is no MAIL FROM domain."
  }
  assert {
    condition = (
      one(aws_sesv2_configuration_set_event_destination.feedback.event_destination).matching_event_types == toset(yamldecode(file("wiring.yaml")).feedback) &&
      one(one(aws_sesv2_configuration_set_event_destination.feedback.event_destination).event_bridge_destination).event_bus_arn == "arn:aws:events:us-east-1:123456789012:event-bus/default"
    )
    error_message = "SES does not report to EventBridge what wiring.yaml asks for."
  }
}

run "shared_account" {
  command = plan

  variables {
    activate_receiving         = false
    require_tls                = false
    manage_api_gateway_account = false
  }
  assert {
    condition     = length(aws_ses_active_receipt_rule_set.receiving) == 0 && length(aws_api_gateway_account.logs) == 0 && length(aws_iam_role.api_logs) == 0
    error_message = "Something of the whole account is changed."
  }
  assert {
    condition     = alltrue([for rule in aws_ses_receipt_rule.mailbox : rule.tls_policy == "Optional"])
    error_message = "TLS is required."
  }
}

run "dns" {
  command = plan

  variables {
    zone_ids = { "invite.example.com" = "Z1" }
  }
  assert {
    condition = (
      aws_route53_record.mail["invite.example.com mx"].records == toset(["10 inbound-smtp.us-east-1.amazonaws.com"]) &&
      aws_route53_record.mail["invite.example.com mail-from mx"].records == toset(["10 feedback-smtp.us-east-1.amazonses.com"]) &&
      aws_route53_record.mail["invite.example.com dmarc"].name == "_dmarc.invite.example.com"
    )
    error_message = "A mail record is wrong."
  }
  assert {
    condition     = toset(keys(aws_route53_record.mail)) == toset([for kind in local.mail_record_kinds : "invite.example.com ${kind}"]) && toset(keys(local.mail_records)) == toset(keys(aws_route53_record.mail))
    error_message = "Not all mail records are entered."
  }
}
