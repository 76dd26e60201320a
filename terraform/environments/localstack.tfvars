# A LocalStack container: make localstack. Its account's id is 000000000000, its keys are test and test.

endpoint = "http://localhost:4566"
domain   = "cis.localhost"
stage    = "local"
prefix   = "cis"

protect                = false
point_in_time_recovery = false
require_tls            = false
