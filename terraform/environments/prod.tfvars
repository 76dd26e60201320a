# For people: data is protected, and the parts that send have their share of the account's concurrency.

domain      = "invite.example.com"
stage       = "prod"
alarm_email = "operations@example.com"

api_domain  = "api.invite.example.com"
api_zone_id = "Z0000000000000EXAMPLE"
zone_ids    = { "invite.example.com" = "Z0000000000000EXAMPLE" }

# BULK_CONCURRENCY and FAN_OUT_CONCURRENCY batches run per list; two lists or updates at once have room, and a third one waits. Needs an
# account whose quota of concurrent executions is at least 150 (new accounts have 10: ask for more first).
reserved_concurrency = {
  send-bulk-event-invites = 16
  send-event-update       = 16
  send-event-cancellation = 16
}

log_retention_days = 90
