# The table and the buckets: indexes, encryption, nothing public, nothing lost by accident.

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

run "table_and_buckets" {
  command = plan

  assert {
    condition = { for index in aws_dynamodb_table.records.global_secondary_index : index.name => "${index.hash_key} ${index.range_key} ${index.projection_type}" } == {
      organizer_events    = "mailto last_modified INCLUDE"
      system_events       = "tenant last_modified INCLUDE"
      original_uid_lookup = "original_uid mailto INCLUDE"
    }
    error_message = "The indexes are not those of wiring.yaml."
  }
  assert {
    condition     = alltrue([for index in aws_dynamodb_table.records.global_secondary_index : toset(index.non_key_attributes) == toset(yamldecode(file("wiring.yaml")).table.indexes[index.name].include)])
    error_message = "An index projects something else."
  }
  assert {
    condition = { for a in aws_dynamodb_table.records.attribute : a.name => a.type } == {
      pk = "S", sk = "S", mailto = "S", last_modified = "N", tenant = "S", original_uid = "S"
    }
    error_message = "A key attribute has another type."
  }
  assert {
    condition = (
      aws_dynamodb_table.records.hash_key == "pk" && aws_dynamodb_table.records.range_key == "sk" && aws_dynamodb_table.records.billing_mode == "PAY_PER_REQUEST" &&
      one(aws_dynamodb_table.records.ttl).attribute_name == "ttl" && one(aws_dynamodb_table.records.point_in_time_recovery).enabled && aws_dynamodb_table.records.deletion_protection_enabled
    )
    error_message = "The table is not on demand, protected, recoverable and expiring."
  }
  assert {
    condition = alltrue([for block in [aws_s3_bucket_public_access_block.mail, aws_s3_bucket_public_access_block.templates] :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ])
    error_message = "A bucket can be made public."
  }
  assert {
    condition = alltrue([for e in [aws_s3_bucket_server_side_encryption_configuration.mail, aws_s3_bucket_server_side_encryption_configuration.templates] :
      one(one(e.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    ])
    error_message = "A bucket is not encrypted."
  }
  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.mail.rule[0].expiration).days == 90 && one(aws_s3_bucket_versioning.templates.versioning_configuration).status == "Enabled"
    error_message = "Mail does not expire, or templates have no versions."
  }
  assert {
    condition     = !aws_s3_bucket.mail.force_destroy && !aws_s3_bucket.templates.force_destroy
    error_message = "A bucket with objects would be deleted."
  }
  assert {
    condition = alltrue([for policy in [aws_s3_bucket_policy.mail.policy, aws_s3_bucket_policy.templates.policy] :
      anytrue([for s in jsondecode(policy).Statement : s.Effect == "Deny" && s.Principal == "*" && s.Condition == { Bool = { "aws:SecureTransport" = "false" } }])
    ])
    error_message = "A bucket takes requests without TLS."
  }
  assert {
    condition = { for s in jsondecode(aws_s3_bucket_policy.mail.policy).Statement : s.Sid => [trimprefix(s.Resource, "arn:aws:s3:::cis-mail-123456789012"), s.Condition.StringEquals] if s.Effect == "Allow" } == {
      for name, box in local.mailboxes : "Receive${title(name)}" => ["/${box.prefix}*", {
        "aws:SourceAccount" = "123456789012"
        "aws:SourceArn"     = "arn:aws:ses:us-east-1:123456789012:receipt-rule-set/cis-receiving:receipt-rule/${name}"
      }]
    }
    error_message = "Something else than the mailboxes' rules may write mail."
  }
}

run "for_trying_things" {
  command = plan

  variables {
    protect                = false
    point_in_time_recovery = false
  }
  assert {
    condition = (
      !aws_dynamodb_table.records.deletion_protection_enabled && !one(aws_dynamodb_table.records.point_in_time_recovery).enabled &&
      aws_s3_bucket.mail.force_destroy && aws_secretsmanager_secret.secret["SHOPIFY_SECRET"].recovery_window_in_days == 0
    )
    error_message = "An unprotected deployment cannot be removed."
  }
}
