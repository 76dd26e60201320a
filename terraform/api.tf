# The REST API: openapi.yaml, as API Gateway can take it, with its stage, limits and keys.

locals {
  openapi = yamldecode(templatefile("${path.module}/openapi.yaml", { invoke = local.invoke }))
  methods = ["get", "put", "post", "delete", "options", "head", "patch"]

  # Each operation of the document: "GET /event/{uid}" and so on.
  routes = merge([for path, item in local.openapi.paths : {
    for method, operation in item : "${upper(method)} ${path}" => {
      method   = upper(method)
      path     = path
      function = trimsuffix(trimprefix(operation["x-amazon-apigateway-integration"].uri, local.invoke), "/invocations")
    } if contains(local.methods, method)
  }]...)

  # What API Gateway acts on: paths, parameters, keys and integrations. It refuses models with words that OpenAPI allows (example) and
  # references among responses, and nothing here needs them: the steps check bodies. So it gets neither.
  api_document = {
    openapi    = local.openapi.openapi
    info       = { title = local.prefix, version = local.openapi.info.version }
    components = { securitySchemes = local.openapi.components.securitySchemes }

    paths = { for path, item in local.openapi.paths : path => merge(
      { for method, operation in item : method => {
        operationId                             = operation.operationId
        security                                = operation.security
        parameters                              = local.parameters["${upper(method)} ${path}"]
        responses                               = { for status, response in operation.responses : status => { description = status } }
        "x-amazon-apigateway-integration"       = operation["x-amazon-apigateway-integration"]
        "x-amazon-apigateway-request-validator" = "parameters"
      } if contains(local.methods, method) },
      { for method in ["options"] : method => local.preflight[path] if var.cors },
    ) }

    "x-amazon-apigateway-api-key-source"     = "HEADER"
    "x-amazon-apigateway-binary-media-types" = local.openapi["x-amazon-apigateway-binary-media-types"]
    "x-amazon-apigateway-gateway-responses"  = local.gateway_responses
    "x-amazon-apigateway-request-validators" = { parameters = { validateRequestParameters = true, validateRequestBody = false } }
  }

  parameters = merge([for path, item in local.openapi.paths : {
    for method, operation in item : "${upper(method)} ${path}" => [for p in try(operation.parameters, []) : {
      for resolved in [try(local.openapi.components.parameters[trimprefix(p["$ref"], "#/components/parameters/")], p)] : "parameter" => {
        name     = resolved.name
        in       = resolved.in
        required = try(resolved.required, false)
        schema   = { type = try(resolved.schema.type, "string") }
      }
    }["parameter"]] if contains(local.methods, method)
  }]...)

  # Errors of API Gateway itself look like ours: {"message": ...}.
  gateway_responses = { for name, response in {
    DEFAULT_4XX = { message = "$context.error.messageString" }
    DEFAULT_5XX = { message = "$context.error.messageString" }
    # What API Gateway calls a missing token is a route that does not exist.
    MISSING_AUTHENTICATION_TOKEN = { message = "\"Not Found\"", status = 404 }
    } : name => merge(
    { responseTemplates = { "application/json" = "{\"message\":${response.message}}" } },
    { for k, v in { statusCode = try(response.status, null) } : k => v if v != null },
    { for k in ["responseParameters"] : k => { "gatewayresponse.header.Access-Control-Allow-Origin" = "'*'" } if var.cors },
  ) }

  # Answers to the question that a browser asks before it sends a key from another origin's page. Any origin may: the key lets a caller
  # in, not a cookie (internal/api says the same in its answers).
  preflight = { for path, item in local.openapi.paths : path => {
    security = []
    responses = { "204" = {
      description = "204"
      headers     = { for header in keys(local.preflight_headers) : header => { schema = { type = "string" } } }
    } }
    "x-amazon-apigateway-integration" = {
      type                = "mock"
      passthroughBehavior = "when_no_match"
      requestTemplates    = { "application/json" = "{\"statusCode\":204}" }
      responses = { default = {
        statusCode = "204"
        responseParameters = merge(
          { for header, value in local.preflight_headers : "method.response.header.${header}" => "'${value}'" },
          { "method.response.header.Access-Control-Allow-Methods" = "'${join(",", [
            for method in keys(item) : upper(method) if contains(local.methods, method)
          ])}'" },
        )
      } }
    }
  } }
  preflight_headers = {
    "Access-Control-Allow-Origin"  = "*"
    "Access-Control-Allow-Headers" = "Content-Type,X-Api-Key"
    "Access-Control-Allow-Methods" = ""
    "Access-Control-Max-Age"       = "7200"
  }

  own_url = (local.emulated ?
    "${var.endpoint}/restapis/${aws_api_gateway_rest_api.api.id}/${var.stage}/_user_request_" :
    "https://${aws_api_gateway_rest_api.api.id}.execute-api.${var.region}.${data.aws_partition.current.dns_suffix}/${var.stage}"
  )
  api_url = var.api_domain != "" ? "https://${var.api_domain}" : local.own_url
}

resource "aws_api_gateway_rest_api" "api" {
  name                         = local.prefix
  description                  = "Calendar Invite Server (${var.stage})"
  body                         = jsonencode(local.api_document)
  fail_on_warnings             = false
  disable_execute_api_endpoint = var.api_domain != ""

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_deployment" "api" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  triggers = { # what takes effect only when the API is deployed
    document         = sha256(aws_api_gateway_rest_api.api.body)
    default_endpoint = tostring(!aws_api_gateway_rest_api.api.disable_execute_api_endpoint)
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "api" {
  rest_api_id          = aws_api_gateway_rest_api.api.id
  deployment_id        = aws_api_gateway_deployment.api.id
  stage_name           = var.stage
  xray_tracing_enabled = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    # The route, not the path: paths and queries hold addresses and sealed tokens.
    format = jsonencode({
      time        = "$context.requestTimeEpoch"
      request     = "$context.requestId"
      trace       = "$context.xrayTraceId"
      method      = "$context.httpMethod"
      route       = "$context.resourcePath"
      status      = "$context.status"
      key         = "$context.identity.apiKeyId"
      error       = "$context.error.responseType"
      bytes       = "$context.responseLength"
      millis      = "$context.responseLatency"
      step_millis = "$context.integrationLatency"
    })
  }

  depends_on = [aws_api_gateway_account.logs, aws_cloudwatch_log_group.execution]
}

resource "aws_api_gateway_method_settings" "api" {
  rest_api_id = aws_api_gateway_rest_api.api.id
  stage_name  = aws_api_gateway_stage.api.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    logging_level          = "ERROR"
    data_trace_enabled     = false # it would write whole requests, with addresses and keys
    throttling_rate_limit  = var.api_rate
    throttling_burst_limit = var.api_burst
  }
}

# CloudWatch encrypts all logs; a key of KMS would add cost, and who may read logs is decided by IAM.
#tfsec:ignore:aws-cloudwatch-log-group-customer-key
resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/apigateway/${local.prefix}"
  retention_in_days = var.log_retention_days
}

# API Gateway writes here by itself, and would keep it for ever.
#tfsec:ignore:aws-cloudwatch-log-group-customer-key
resource "aws_cloudwatch_log_group" "execution" {
  name              = "API-Gateway-Execution-Logs_${aws_api_gateway_rest_api.api.id}/${var.stage}"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_permission" "route" {
  for_each = local.routes

  statement_id  = "api-${replace(trim(replace(lower(each.key), "/[^a-z0-9]+/", "-"), "-"), "--", "-")}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.step[each.value.function].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.api.execution_arn}/${var.stage}/${each.value.method}${replace(each.value.path, "/{[^}]*}/", "*")}"
}

# Keys, one usage plan per tenant; every key has the plan's limits for itself. API Gateway makes the values (output api_keys).

resource "aws_api_gateway_api_key" "key" {
  for_each = local.keys

  name        = "${local.prefix}-${each.key}"
  description = "Tenant ${each.value.tenant}${each.value.admin ? ", administrator" : ""}"
}

resource "aws_api_gateway_usage_plan" "tenant" {
  for_each = local.wiring.tenants

  name = "${local.prefix}-${each.key}"

  api_stages {
    api_id = aws_api_gateway_rest_api.api.id
    stage  = aws_api_gateway_stage.api.stage_name
  }
  throttle_settings {
    rate_limit  = local.wiring.usage_plan.rate
    burst_limit = local.wiring.usage_plan.burst
  }
  quota_settings {
    limit  = local.wiring.usage_plan.quota
    period = "DAY"
  }
}

resource "aws_api_gateway_usage_plan_key" "key" {
  for_each = local.keys

  key_id        = aws_api_gateway_api_key.key[each.key].id
  key_type      = "API_KEY"
  usage_plan_id = aws_api_gateway_usage_plan.tenant[each.value.tenant].id
}

# The role with which API Gateway writes logs: one per account and Region.

resource "aws_api_gateway_account" "logs" {
  count = var.manage_api_gateway_account ? 1 : 0

  cloudwatch_role_arn = aws_iam_role.api_logs[0].arn

  depends_on = [aws_iam_role_policy_attachment.api_logs]
}

resource "aws_iam_role" "api_logs" {
  count = var.manage_api_gateway_account ? 1 : 0

  name        = "${local.prefix}-api-logs"
  description = "Lets API Gateway write logs, for the whole account and Region"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "apigateway.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "api_logs" {
  count = var.manage_api_gateway_account ? 1 : 0

  role       = aws_iam_role.api_logs[0].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
}
