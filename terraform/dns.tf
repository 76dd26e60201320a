# The mail domains' records: entered in Route 53 where zone_ids names a zone, and always in the output dns_records.

locals {
  mail_records = merge([for domain in local.domains : merge(
    {
      "${domain} mx" = { # mail for the domain goes to SES
        domain = domain, name = domain, type = "MX"
        value  = "10 inbound-smtp.${var.region}.amazonaws.com"
      }
      "${domain} mail-from mx" = { # bounces go to SES
        domain = domain, name = "${var.mail_from}.${domain}", type = "MX"
        value  = "10 feedback-smtp.${var.region}.amazonses.com"
      }
      "${domain} mail-from spf" = {
        domain = domain, name = "${var.mail_from}.${domain}", type = "TXT"
        value  = "v=spf1 include:amazonses.com ~all"
      }
      "${domain} dmarc" = {
        domain = domain, name = "_dmarc.${domain}", type = "TXT"
        value  = "v=DMARC1; p=${var.dmarc_policy};"
      }
    },
    { for i in range(3) : "${domain} dkim ${i}" => { # Easy DKIM has three tokens, known once the identity is there
      domain = domain, type = "CNAME"
      name   = "${aws_sesv2_email_identity.domain[domain].dkim_signing_attributes[0].tokens[i]}._domainkey.${domain}"
      value  = "${aws_sesv2_email_identity.domain[domain].dkim_signing_attributes[0].tokens[i]}.dkim.amazonses.com"
    } },
  )]...)

  # Which of them are entered must be known before the tokens are.
  mail_record_kinds = concat(["mx", "mail-from mx", "mail-from spf", "dmarc"], [for i in range(3) : "dkim ${i}"])
  entered_records = merge([for domain, zone in var.zone_ids : {
    for kind in local.mail_record_kinds : "${domain} ${kind}" => zone
  }]...)
}

resource "aws_route53_record" "mail" {
  for_each = local.entered_records

  zone_id = each.value
  name    = local.mail_records[each.key].name
  type    = local.mail_records[each.key].type
  records = [local.mail_records[each.key].value]
  ttl     = 600
}
