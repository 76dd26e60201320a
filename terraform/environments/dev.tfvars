# For trying things: little is kept, and everything can be removed again.

domain = "invite-dev.example.com"
stage  = "dev"
region = "us-west-2" # not prod's: a Region has one deployment (docs/deploy.md, "The Region")

settings = {
  LOG_LEVEL = "debug"
}

dmarc_policy           = "none"
mail_retention_days    = 14
protect                = false
point_in_time_recovery = false
log_retention_days     = 7
log_execution_data     = true
