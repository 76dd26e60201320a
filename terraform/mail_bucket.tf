# Received mail, attendee lists, fan-outs and reports. No versions: what has expired is gone.

# No access log: it would be one more place with personal data in it.
#tfsec:ignore:aws-s3-enable-versioning
#tfsec:ignore:aws-s3-enable-bucket-logging
resource "aws_s3_bucket" "mail" {
  bucket        = local.names.mail_bucket
  force_destroy = !var.protect
}

resource "aws_s3_bucket_public_access_block" "mail" {
  bucket                  = aws_s3_bucket.mail.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "mail" {
  bucket = aws_s3_bucket.mail.id

  rule {
    object_ownership = "BucketOwnerEnforced" # also of what SES writes
  }
}

# S3's own keys: with a KMS key in the receipt rule SES would encrypt on its side, which the steps could not read.
#tfsec:ignore:aws-s3-encryption-customer-key
resource "aws_s3_bucket_server_side_encryption_configuration" "mail" {
  bucket = aws_s3_bucket.mail.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "mail" {
  bucket = aws_s3_bucket.mail.id

  rule {
    id     = "expire"
    status = "Enabled"
    filter {}

    expiration {
      days = var.mail_retention_days
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }
}

resource "aws_s3_bucket_policy" "mail" {
  bucket = aws_s3_bucket.mail.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid       = "OnlyOverTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.mail_bucket_arn, "${local.mail_bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      ], [for name, box in local.mailboxes : { # each rule writes under its own prefix, and no other account's SES does
        Sid       = "Receive${replace(title(replace(name, "-", " ")), " ", "")}"
        Effect    = "Allow"
        Principal = { Service = "ses.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${local.mail_bucket_arn}/${box.prefix}*"
        Condition = { StringEquals = {
          "aws:SourceAccount" = local.account
          "aws:SourceArn"     = "${local.receipt_rules}${name}"
        } }
    }])
  })

  depends_on = [aws_s3_bucket_public_access_block.mail] # both at once conflict
}
