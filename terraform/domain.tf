# The API's own domain name, if it has one (api_domain).

locals {
  own_domain       = var.api_domain == "" ? [] : [var.api_domain]
  made_certificate = var.api_certificate_arn == "" ? local.own_domain : []
}

resource "aws_api_gateway_domain_name" "api" {
  for_each = toset(local.own_domain)

  domain_name              = each.key
  regional_certificate_arn = var.api_certificate_arn != "" ? var.api_certificate_arn : aws_acm_certificate_validation.api[each.key].certificate_arn
  security_policy          = "TLS_1_2"

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_base_path_mapping" "api" {
  for_each = aws_api_gateway_domain_name.api

  api_id      = aws_api_gateway_rest_api.api.id
  stage_name  = aws_api_gateway_stage.api.stage_name
  domain_name = each.value.domain_name
}

resource "aws_acm_certificate" "api" {
  for_each = toset(local.made_certificate)

  domain_name       = each.key
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_acm_certificate_validation" "api" {
  for_each = aws_acm_certificate.api

  certificate_arn         = each.value.arn
  validation_record_fqdns = [for record in aws_route53_record.certificate : record.fqdn]
}

resource "aws_route53_record" "certificate" {
  for_each = toset(local.made_certificate)

  zone_id         = var.api_zone_id
  name            = one(aws_acm_certificate.api[each.key].domain_validation_options).resource_record_name
  type            = one(aws_acm_certificate.api[each.key].domain_validation_options).resource_record_type
  records         = [one(aws_acm_certificate.api[each.key].domain_validation_options).resource_record_value]
  ttl             = 300
  allow_overwrite = true # another deployment may have validated the same name
}

resource "aws_route53_record" "api" {
  for_each = { for domain in local.own_domain : domain => domain if var.api_zone_id != "" }

  zone_id = var.api_zone_id
  name    = each.key
  type    = "A"

  alias {
    name                   = aws_api_gateway_domain_name.api[each.key].regional_domain_name
    zone_id                = aws_api_gateway_domain_name.api[each.key].regional_zone_id
    evaluate_target_health = false
  }
}
