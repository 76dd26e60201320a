provider "aws" {
  region = var.region

  # With an endpoint of its own (LocalStack) there is no account to ask about, and the endpoint's certificate and names are local.
  access_key                  = local.emulated ? "test" : null
  secret_key                  = local.emulated ? "test" : null
  skip_credentials_validation = local.emulated
  skip_metadata_api_check     = local.emulated ? "true" : null
  skip_region_validation      = local.emulated
  s3_use_path_style           = local.emulated

  dynamic "endpoints" {
    for_each = local.emulated ? [var.endpoint] : []

    content {
      acm            = endpoints.value
      apigateway     = endpoints.value
      cloudwatch     = endpoints.value
      dynamodb       = endpoints.value
      events         = endpoints.value
      iam            = endpoints.value
      lambda         = endpoints.value
      logs           = endpoints.value
      route53        = endpoints.value
      s3             = endpoints.value
      secretsmanager = endpoints.value
      ses            = endpoints.value
      sesv2          = endpoints.value
      sfn            = endpoints.value
      sns            = endpoints.value
      sqs            = endpoints.value
      sts            = endpoints.value
    }
  }

  default_tags {
    tags = merge({
      Project   = "calendar-invite-server"
      Stage     = var.stage
      Prefix    = local.prefix
      ManagedBy = "terraform"
    }, var.tags)
  }
}

locals {
  emulated = var.endpoint != ""
}
