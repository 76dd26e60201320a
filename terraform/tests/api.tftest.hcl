# The API: every operation of openapi.yaml integrated, with its key, its function's permission and its limits.

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

run "routes_and_stage" {
  command = plan

  assert {
    condition     = toset(keys(aws_lambda_permission.route)) == toset(flatten([for path, item in yamldecode(file("openapi.yaml")).paths : [for method in keys(item) : "${upper(method)} ${path}"]]))
    error_message = "A route may not invoke its function."
  }
  assert {
    condition = alltrue(flatten([for path, item in yamldecode(file("openapi.yaml")).paths : [for method, operation in item : (
      try(jsondecode(aws_api_gateway_rest_api.api.body).paths[path][method]["x-amazon-apigateway-integration"].uri, "") ==
      replace(operation["x-amazon-apigateway-integration"].uri, "$${invoke}", "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:cis-")
    )]]))
    error_message = "An operation of openapi.yaml is not integrated."
  }
  assert {
    condition = alltrue(flatten([for path, item in yamldecode(file("openapi.yaml")).paths : [for method, operation in item :
      jsonencode(jsondecode(aws_api_gateway_rest_api.api.body).paths[path][method].security) == jsonencode(operation.security)
    ]]))
    error_message = "An operation asks for a key where openapi.yaml does not, or the other way round."
  }
  assert {
    condition     = alltrue([for route in local.routes : contains(keys(aws_lambda_function.step), route.function)])
    error_message = "A route invokes a function that does not exist."
  }
  assert {
    condition     = alltrue([for item in jsondecode(aws_api_gateway_rest_api.api.body).paths : item.options["x-amazon-apigateway-integration"].type == "mock"])
    error_message = "Preflight requests are not answered."
  }
  assert {
    condition = jsondecode(aws_api_gateway_rest_api.api.body).paths["/event/{uid}/invite"].get.parameters[1] == {
      name = "email", in = "query", required = true, schema = { type = "string" }
    }
    error_message = "A parameter that openapi.yaml refers to is not resolved."
  }
  assert {
    condition     = !strcontains(aws_api_gateway_rest_api.api.body, "$ref") && !strcontains(aws_api_gateway_rest_api.api.body, "\"example\"")
    error_message = "The document holds what API Gateway's import refuses."
  }
  assert {
    condition = (
      jsondecode(aws_api_gateway_rest_api.api.body)["x-amazon-apigateway-gateway-responses"].MISSING_AUTHENTICATION_TOKEN.statusCode == 404 &&
      jsondecode(aws_api_gateway_rest_api.api.body)["x-amazon-apigateway-gateway-responses"].DEFAULT_4XX.responseTemplates["application/json"] == "{\"message\":$context.error.messageString}"
    )
    error_message = "API Gateway's own errors look different."
  }
  assert {
    condition     = aws_api_gateway_deployment.api.triggers["document"] == sha256(aws_api_gateway_rest_api.api.body)
    error_message = "A changed document is not deployed."
  }
  assert {
    condition     = aws_api_gateway_deployment.api.triggers["default_endpoint"] == "false"
    error_message = "To close API Gateway's own name, the API has to be deployed."
  }
  assert {
    condition     = one(aws_api_gateway_method_settings.api.settings).throttling_rate_limit == 200 && one(aws_api_gateway_method_settings.api.settings).throttling_burst_limit == 400 && !one(aws_api_gateway_method_settings.api.settings).data_trace_enabled
    error_message = "The stage is not limited, or logs requests in full."
  }
  assert {
    condition = alltrue([for word in ["$context.path", "sourceIp", "querystring", "identity.user"] :
      !strcontains(replace(one(aws_api_gateway_stage.api.access_log_settings).format, "$context.resourcePath", ""), word)
    ]) && aws_api_gateway_stage.api.xray_tracing_enabled
    error_message = "The access log holds addresses or tokens, or there are no traces."
  }
  assert {
    condition     = toset(keys(aws_api_gateway_api_key.key)) == toset(["key", "admin-key"]) && keys(aws_api_gateway_usage_plan.tenant) == ["default"] && toset(keys(aws_api_gateway_usage_plan_key.key)) == toset(["key", "admin-key"])
    error_message = "The keys and plans are not the tenants'."
  }
  assert {
    condition     = one(aws_api_gateway_usage_plan.tenant["default"].throttle_settings).rate_limit == 50 && one(aws_api_gateway_usage_plan.tenant["default"].quota_settings).limit == 1000000
    error_message = "A usage plan has other limits than wiring.yaml."
  }
  assert {
    condition     = aws_api_gateway_rest_api.api.disable_execute_api_endpoint && keys(aws_api_gateway_base_path_mapping.api) == ["api.example.com"] && length(aws_acm_certificate.api) == 0
    error_message = "The API is not at its own domain alone, with the certificate given."
  }
}

run "own_name_of_api_gateway" {
  command = plan

  variables {
    api_domain          = ""
    api_certificate_arn = ""
    cors                = false
  }
  assert {
    condition = (
      !aws_api_gateway_rest_api.api.disable_execute_api_endpoint && length(aws_api_gateway_domain_name.api) == 0 &&
      aws_api_gateway_deployment.api.triggers["default_endpoint"] == "true"
    )
    error_message = "There is a domain that nobody asked for."
  }
  assert {
    condition     = alltrue([for item in jsondecode(aws_api_gateway_rest_api.api.body).paths : !can(item.options)]) && !strcontains(aws_api_gateway_rest_api.api.body, "Access-Control")
    error_message = "Preflight requests are answered."
  }
}

run "made_certificate" {
  command = plan

  variables {
    api_zone_id         = "Z1"
    api_certificate_arn = ""
  }
  override_resource {
    target = aws_acm_certificate.api
    values = {
      domain_validation_options = [{ domain_name = "api.example.com", resource_record_name = "_x.api.example.com", resource_record_type = "CNAME", resource_record_value = "_y.acm-validations.aws" }]
    }
  }
  assert {
    condition     = keys(aws_acm_certificate.api) == ["api.example.com"] && keys(aws_route53_record.api) == ["api.example.com"] && keys(aws_route53_record.certificate) == ["api.example.com"]
    error_message = "No certificate is made, or the domain has no record."
  }
}
