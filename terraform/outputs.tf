output "next_steps" {
  description = "What is left to do by hand, in order."
  value       = <<-EOT
    1. DNS: enter the records of the output dns_records${length(var.zone_ids) > 0 ? " that Route 53 does not have yet" : ""}. SES verifies a domain, and receives its mail, when they are there.
    2. Secrets: run the commands of the output set_secrets, once. Until then the steps that need them fail.
    3. Keys: the commands of the output api_keys show the API keys' values.
    4. Receiving: ${var.activate_receiving ? "the receipt rules are the account's active ones in ${var.region}." : "run aws ses set-active-receipt-rule-set --rule-set-name ${local.rule_set} --region ${var.region}, or set activate_receiving; before that no mail comes in."}
    5. Sending: a new account is in the SES sandbox, which sends to verified addresses only, 200 mails a day. Ask for production access: aws sesv2 put-account-details --production-access-enabled --mail-type TRANSACTIONAL --website-url https://${var.domain} --region ${var.region}.
    6. Alarms: ${var.alarm_email == "" ? "subscribe somebody to the topic ${aws_sns_topic.alarms.arn}." : "${var.alarm_email} must confirm the subscription."}
    7. Try it: invite create@${var.domain} to an event, and look at ${local.api_url}/health.
  EOT
}

output "dns_records" {
  description = "Records of the mail domains: type, name, value. Those of domains in zone_ids are in Route 53 already."
  value       = [for key in sort(keys(local.mail_records)) : "${local.mail_records[key].type} ${local.mail_records[key].name} ${local.mail_records[key].value}"]
}

output "api_record" {
  description = "Where api_domain must point (CNAME), if it has no zone here."
  value       = one([for domain in aws_api_gateway_domain_name.api : "CNAME ${domain.domain_name} ${domain.regional_domain_name}"])
}

output "set_secrets" {
  description = "Commands that give the secrets their values: random ones, and Shopify's. They go from your terminal to Secrets Manager and nowhere else."
  value = { for key, secret in local.secrets : secret.name => format(
    "aws secretsmanager put-secret-value --region %s --secret-id %s --secret-string %s",
    var.region, secret.name,
    startswith(key, "webhook-") ? "\"whsec_$(openssl rand -base64 32)\"" :
    key == "SHOPIFY_SECRET" ? "'<the signing secret in Shopify: Settings, Notifications, Webhooks>'" :
    "\"$(openssl rand -base64 32)\"",
  ) }
}

output "api_keys" {
  description = "Commands that show the API keys' values."
  value = { for name, key in aws_api_gateway_api_key.key : name =>
    "aws apigateway get-api-key --region ${var.region} --api-key ${key.id} --include-value --query value --output text"
  }
}

output "api_url" {
  description = "Where the REST API and the guests' pages are."
  value       = local.api_url
}

output "mailboxes" {
  description = "Addresses that receive mail."
  value       = sort(flatten([for rule in aws_ses_receipt_rule.mailbox : tolist(rule.recipients)]))
}

output "table" {
  description = "The DynamoDB table."
  value       = aws_dynamodb_table.records.name
}

output "mail_bucket" {
  description = "Received mail, lists and reports."
  value       = aws_s3_bucket.mail.bucket
}

output "template_bucket" {
  description = "Put templates that replace the built-in ones here."
  value       = aws_s3_bucket.templates.bucket
}

output "dashboard" {
  description = "The dashboard in CloudWatch."
  value       = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards:name=${aws_cloudwatch_dashboard.overview.dashboard_name}"
}

output "alarm_topic" {
  description = "SNS topic of the alarms."
  value       = aws_sns_topic.alarms.arn
}

output "dead_letters" {
  description = "SQS queue with what was given up."
  value       = aws_sqs_queue.dead_letters.url
}

output "workflows" {
  description = "State machines: name = ARN."
  value       = { for name, machine in aws_sfn_state_machine.workflow : name => machine.arn }
}
