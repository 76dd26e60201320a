# Secrets, without values: those are set once, by the commands in the output set_secrets, and never come near this configuration or its
# state. A function that needs one fails, and says so, until it is there.

locals {
  secrets = merge(
    { for setting, secret in local.wiring.secrets : setting => {
      name        = local.wiring.settings[setting]
      description = secret.description
    } },
    { for name, hook in local.webhooks : "webhook-${name}" => {
      name        = hook.secret
      description = "Signs the messages to the webhook ${name}"
    } },
  )
}

resource "aws_secretsmanager_secret" "secret" {
  for_each = local.secrets

  name                    = each.value.name
  description             = each.value.description
  recovery_window_in_days = var.protect ? 30 : 0
}
