# Reads wiring.yaml, as localstack/wiring does for the local stack. Functions, permissions, mailboxes, workflows and settings are only
# there; the other files build what is here.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  prefix    = var.prefix != "" ? var.prefix : "cis-${var.stage}"

  # What ${name} stands for in wiring.yaml. All of it is known before anything is made, because functions, rules and alarms are made for
  # each entry of the file. The API's URL may not be: it is filled in with the settings.
  names = {
    account           = local.account
    partition         = local.partition
    region            = var.region
    domain            = var.domain
    prefix            = local.prefix
    stage             = var.stage
    table             = local.prefix
    mail_bucket       = "${local.prefix}-mail-${local.account}"
    template_bucket   = "${local.prefix}-templates-${local.account}"
    configuration_set = local.prefix
    dashboard_url     = var.dashboard_url != "" ? var.dashboard_url : "$${api_url}/dashboard"
    api_url           = "$${api_url}"
    name              = "$${name}" # stands in a comment of the file
  }

  # ARNs are made from names, not taken from resources: the API's document names the functions, the functions' settings name the API, and
  # a role names the machine that has it, so that references would go round in a circle.
  functions           = "arn:${local.partition}:lambda:${var.region}:${local.account}:function:${local.prefix}-"
  machines            = "arn:${local.partition}:states:${var.region}:${local.account}:stateMachine:${local.prefix}-"
  invoke              = "arn:${local.partition}:apigateway:${var.region}:lambda:path/2015-03-31/functions/${local.functions}"
  mail_bucket_arn     = "arn:${local.partition}:s3:::${local.names.mail_bucket}"
  template_bucket_arn = "arn:${local.partition}:s3:::${local.names.template_bucket}"
  bus                 = "arn:${local.partition}:events:${var.region}:${local.account}:event-bus/default"

  wiring = yamldecode(templatefile("${path.module}/wiring.yaml", local.names))

  domains   = sort([for tenant in local.wiring.tenants : tenant.domain])
  webhooks  = { for name, hook in local.wiring.webhooks : name => merge(hook, { secret = "${local.prefix}/webhook-${name}" }) }
  mailboxes = { for name, box in local.wiring.mailboxes : name => { prefix = box.prefix, workflow = try(box.workflow, "") } }

  keys = merge([for tenant, t in local.wiring.tenants : {
    for key in try(t.keys, []) : key.name => { tenant = tenant, admin = try(key.admin, false) }
  }]...)

  # Settings without a value in wiring.yaml are made from its other sections.
  generated = {
    MAILBOXES = jsonencode({ for name, box in local.mailboxes : name => {
      for k, v in { prefix = box.prefix, workflow = box.workflow == "" ? "" : "${local.machines}${box.workflow}" } : k => v if v != ""
    } })
    TENANTS = jsonencode({ for name, tenant in local.wiring.tenants : tenant.domain => name })
    API_KEYS = jsonencode({ for name, key in local.keys : aws_api_gateway_api_key.key[name].id => {
      for k, v in key : k => v if v != false
    } })
    WORKFLOWS = jsonencode({ for name, flow in local.wiring.workflows : name => {
      for k, v in { arn = "${local.machines}${name}", express = flow.type == "EXPRESS" } : k => v if v != false
    } })
    WEBHOOKS = jsonencode({ for name, hook in local.webhooks : name => { url = hook.url, secret = hook.secret } })
  }

  settings = { for name, value in local.wiring.settings : name => (
    contains(keys(var.settings), name) ? var.settings[name] :
    value == null ? local.generated[name] :
    replace(value, "$${api_url}", local.api_url)
  ) }

  # Settings that a deployment may change: all but those that are made from the file or are names of resources, which permissions repeat.
  adjustable = [for name, value in yamldecode(file("${path.module}/wiring.yaml")).settings : name
    if try(!can(regex("^\\$\\{[a-z_]+\\}$", value)) && !strcontains(value, "$${prefix}"), false)
  ]
}
