# The mail domains as SES identities, and how mail is sent.

resource "aws_sesv2_email_identity" "domain" {
  for_each = toset(local.domains)

  email_identity         = each.key
  configuration_set_name = aws_sesv2_configuration_set.sending.configuration_set_name

  dkim_signing_attributes { # Easy DKIM: SES keeps the key, and the records prove that the domain is ours
    next_signing_key_length = "RSA_2048_BIT"
  }
}

resource "aws_sesv2_email_identity_mail_from_attributes" "domain" {
  for_each = aws_sesv2_email_identity.domain

  email_identity         = each.value.email_identity
  mail_from_domain       = "${var.mail_from}.${each.key}"
  behavior_on_mx_failure = "USE_DEFAULT_VALUE" # while the record is missing, SES's own domain is the return path
}

# Bounces and complaints come as events; nobody reads them as mails.
resource "aws_sesv2_email_identity_feedback_attributes" "domain" {
  for_each = aws_sesv2_email_identity.domain

  email_identity           = each.value.email_identity
  email_forwarding_enabled = false

  depends_on = [aws_sesv2_configuration_set_event_destination.feedback]
}

resource "aws_sesv2_configuration_set" "sending" {
  configuration_set_name = local.names.configuration_set

  delivery_options {
    tls_policy = "OPTIONAL" # TLS where the receiver has it: an invitation is worth more than a closed envelope
  }
  reputation_options {
    reputation_metrics_enabled = true
  }
  sending_options {
    sending_enabled = true
  }
  suppression_options {
    suppressed_reasons = ["BOUNCE", "COMPLAINT"]
  }
}

# SES publishes to the account's default bus only (SESv2 API reference, EventBridgeDestination), with source aws.ses.
resource "aws_sesv2_configuration_set_event_destination" "feedback" {
  configuration_set_name = aws_sesv2_configuration_set.sending.configuration_set_name
  event_destination_name = "feedback"

  event_destination {
    enabled              = true
    matching_event_types = local.wiring.feedback

    event_bridge_destination {
      event_bus_arn = local.bus
    }
  }
}
