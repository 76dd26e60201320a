output "backend" {
  description = "Lines of environments/<stage>.s3.tfbackend, per stage."
  value = { for stage in var.stages : stage => <<-EOT
    bucket       = "${aws_s3_bucket.state.bucket}"
    key          = "${stage}.tfstate"
    region       = "${var.region}"
    encrypt      = true
    use_lockfile = true
  EOT
  }
}

output "deploy_roles" {
  description = "Role that the workflow of each GitHub environment takes on (aws-actions/configure-aws-credentials, role-to-assume)."
  value       = { for stage, role in aws_iam_role.deploy : stage => role.arn }
}

output "plan_role" {
  description = "Role that pull requests plan with: the repository's variable AWS_PLAN_ROLE_ARN."
  value       = one(aws_iam_role.plan[*].arn)
}
