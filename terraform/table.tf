# The one table: pk and sk, and the indexes of wiring.yaml. DynamoDB encrypts it with a key of its own, at no cost.

locals {
  table = local.wiring.table

  key_attributes = distinct(concat(["pk", "sk"], flatten([
    for index in local.table.indexes : compact([index.hash, try(index.range, "")])
  ])))
}

#tfsec:ignore:aws-dynamodb-table-customer-key #tfsec:ignore:aws-dynamodb-enable-at-rest-encryption
resource "aws_dynamodb_table" "records" {
  name                        = local.table.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = var.protect

  dynamic "attribute" {
    for_each = local.key_attributes

    content {
      name = attribute.value
      type = contains(try(local.table.numbers, []), attribute.value) ? "N" : "S"
    }
  }

  dynamic "global_secondary_index" {
    for_each = local.table.indexes

    content {
      name               = global_secondary_index.key
      hash_key           = global_secondary_index.value.hash
      range_key          = try(global_secondary_index.value.range, null)
      projection_type    = can(global_secondary_index.value.include) ? "INCLUDE" : "KEYS_ONLY"
      non_key_attributes = try(global_secondary_index.value.include, null)
    }
  }

  dynamic "ttl" {
    for_each = compact([try(local.table.ttl, "")])

    content {
      attribute_name = ttl.value
      enabled        = true
    }
  }

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }
}
