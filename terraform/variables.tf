# What a deployment decides. What functions, mailboxes, workflows, settings and permissions there are stands in wiring.yaml.

# The deployment

variable "domain" {
  description = "Mail domain: create@, rsvp@ and bulk@ are addresses there. Its MX record leads to SES, so take a subdomain that has no other mail, such as invite.example.com."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.domain))
    error_message = "domain must be a mail domain in small letters, such as invite.example.com."
  }
}

variable "stage" {
  description = "Name of this deployment: dev, prod ... It is part of names, of the API's URL and of tags; dev marks confirmations as tests."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.stage))
    error_message = "stage must have 2 to 12 small letters and digits, a letter first, such as dev or prod."
  }
}

variable "region" {
  description = "AWS Region. SES must receive mail there."
  type        = string
  default     = "us-east-1"

  # SES guide, "Email receiving endpoints" (AWS General Reference, "Amazon SES endpoints and quotas"). AWS adds to them now and then.
  validation {
    condition = contains([
      "us-east-1", "us-east-2", "us-west-2", "ca-central-1", "sa-east-1",
      "eu-west-1", "eu-west-2", "eu-central-1",
      "ap-northeast-1", "ap-southeast-1", "ap-southeast-2",
    ], var.region)
    error_message = "region must be one where SES receives mail, such as us-east-1 or eu-west-1. If AWS has opened another one, add it to the list in variables.tf."
  }
}

variable "prefix" {
  description = "Begins the names of everything. Empty: cis-<stage>. Two deployments in one account need two."
  type        = string
  default     = ""

  # The longest function's name, with it, must stay within the 64 characters that Lambda and IAM allow.
  validation {
    condition     = can(regex("^([a-z][a-z0-9-]{1,17})?$", var.prefix))
    error_message = "prefix must have 2 to 18 small letters, digits and hyphens, a letter first; or be empty."
  }
}

variable "package" {
  description = "The functions' package, as make package makes it."
  type        = string
  default     = "../build/package.zip"
}

variable "settings" {
  description = "Settings that differ from wiring.yaml: name = value, such as {EVENT_LIMIT = \"20\"}."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : contains(local.adjustable, name)])
    error_message = "settings may only name settings of wiring.yaml that are not names of resources: ${join(", ", local.adjustable)}."
  }
}

variable "reserved_concurrency" {
  description = "Functions that get a share of the account's concurrency of their own, which also bounds how fast they send: function = most invocations at once. The sum must leave 100 of the account's."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.reserved_concurrency) : can(local.wiring.functions[name])])
    error_message = "reserved_concurrency may only name functions of wiring.yaml."
  }
  validation {
    condition     = alltrue([for n in values(var.reserved_concurrency) : n >= 1 && floor(n) == n])
    error_message = "reserved_concurrency must be whole numbers of at least 1; with 0 a function would never run."
  }
}

variable "dashboard_url" {
  description = "Where organizers see their events; the confirmation links there. Empty: no link."
  type        = string
  default     = ""

  validation {
    condition     = var.dashboard_url == "" || can(regex("^https://[^/ ]+", var.dashboard_url))
    error_message = "dashboard_url must begin with https:// or be empty."
  }
}

variable "tags" {
  description = "Tags of everything, besides Project, Stage, Prefix and ManagedBy."
  type        = map(string)
  default     = {}
}

variable "endpoint" {
  description = "An AWS endpoint other than AWS: LocalStack's http://localhost:4566. Empty: AWS."
  type        = string
  default     = ""

  validation {
    condition     = var.endpoint == "" || can(regex("^https?://[^/ ]+$", var.endpoint))
    error_message = "endpoint must be a URL without a path, such as http://localhost:4566, or be empty."
  }
}

# Mail

variable "activate_receiving" {
  description = "Make this deployment's receipt rules the account's active ones in the Region. There is only one active set, so this takes over all receiving there."
  type        = bool
  default     = true
}

variable "require_tls" {
  description = "Refuse mail that does not come over TLS. All large calendar services use it."
  type        = bool
  default     = true
}

variable "mail_from" {
  description = "Subdomain of the mail domain for the return path (custom MAIL FROM), which aligns SPF for DMARC."
  type        = string
  default     = "bounce"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.mail_from))
    error_message = "mail_from must be one label in small letters, such as bounce."
  }
}

variable "dmarc_policy" {
  description = "What receivers shall do with mail that only pretends to come from the domain: none, quarantine or reject."
  type        = string
  default     = "quarantine"

  validation {
    condition     = contains(["none", "quarantine", "reject"], var.dmarc_policy)
    error_message = "dmarc_policy must be none, quarantine or reject."
  }
}

variable "zone_ids" {
  description = "Route 53 zones that get the mail records: mail domain = zone id. For other domains the output dns_records says what to enter."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for domain in keys(var.zone_ids) : contains(local.domains, domain)])
    error_message = "zone_ids may only name mail domains of this deployment: ${join(", ", local.domains)}."
  }
}

variable "mail_retention_days" {
  description = "How long received mail, lists and reports are kept. Held requests and download links cannot outlive them."
  type        = number
  default     = 90

  validation {
    condition     = var.mail_retention_days >= 14 && floor(var.mail_retention_days) == var.mail_retention_days
    error_message = "mail_retention_days must be a whole number of at least 14: what is held for a click or retried still needs the mail."
  }
}

# API

variable "api_domain" {
  description = "Domain name of the API and of all links in mails, such as api.example.com. Empty: API Gateway's own name. Links in mails already sent break when it changes."
  type        = string
  default     = ""

  validation {
    condition     = var.api_domain == "" || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.api_domain))
    error_message = "api_domain must be a domain name in small letters, such as api.example.com, or be empty."
  }
  validation {
    condition     = var.api_domain == "" || var.api_zone_id != "" || var.api_certificate_arn != ""
    error_message = "api_domain needs a certificate: give api_zone_id, so that one is made and validated, or api_certificate_arn."
  }
}

variable "api_zone_id" {
  description = "Route 53 zone of api_domain: gets its record, and the certificate's unless there is one."
  type        = string
  default     = ""
}

variable "api_certificate_arn" {
  description = "ACM certificate for api_domain, in the same Region. Empty: one is made, for which api_zone_id is needed."
  type        = string
  default     = ""

  validation {
    condition     = var.api_certificate_arn == "" || can(regex("^arn:[a-z-]+:acm:", var.api_certificate_arn))
    error_message = "api_certificate_arn must be the ARN of an ACM certificate, or empty."
  }
}

variable "api_rate" {
  description = "Requests per second that the API takes from everybody together; a key's own limits stand in wiring.yaml."
  type        = number
  default     = 200

  validation {
    condition     = var.api_rate > 0
    error_message = "api_rate must be more than 0; with 0 the API would refuse everything."
  }
}

variable "api_burst" {
  description = "Requests at once that the API takes from everybody together."
  type        = number
  default     = 400

  validation {
    condition     = var.api_burst > 0
    error_message = "api_burst must be more than 0; with 0 the API would refuse everything."
  }
}

variable "cors" {
  description = "Answer browsers' preflight requests, so that pages of other origins can use the API with a key."
  type        = bool
  default     = true
}

variable "manage_api_gateway_account" {
  description = "Give API Gateway the role with which it writes logs. It is one setting of the whole account and Region: false where another deployment has it."
  type        = bool
  default     = true
}

# Safety and cost

variable "protect" {
  description = "Keep data from being deleted with the deployment: the table is protected, buckets with objects stay, secrets can be restored for 30 days."
  type        = bool
  default     = true
}

variable "point_in_time_recovery" {
  description = "Keep the table restorable to any second of the last 35 days, for about $0.20 per GB and month."
  type        = bool
  default     = true
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of CloudWatch's: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "log_execution_data" {
  description = "Write the input and output of every state to the logs of the workflows. They hold addresses: for development only."
  type        = bool
  default     = false
}

variable "alarm_email" {
  description = "Who gets the alarms by mail, besides the SNS topic; AWS asks that address for consent first. Empty: nobody."
  type        = string
  default     = ""

  validation {
    condition     = var.alarm_email == "" || can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", var.alarm_email))
    error_message = "alarm_email must be a mail address or empty."
  }
  validation {
    condition     = !contains(local.domains, try(split("@", var.alarm_email)[1], ""))
    error_message = "alarm_email must not be at the deployment's own mail domain: when that fails, the alarm would be lost with it."
  }
}
