# GitHub Actions deploys without a stored key: it shows a token of GitHub's, which says which repository and environment it runs for. One role
# per stage, so that a workflow for dev does not touch prod by mistake. It could by intent (see the policy "roles" below): stages that are to be apart
# have an account each.

locals {
  deployed = var.repository == "" ? toset([]) : var.stages
  provider = var.oidc_provider_arn != "" ? var.oidc_provider_arn : one(aws_iam_openid_connect_provider.github[*].arn)
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.repository != "" && var.oidc_provider_arn == "" ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "deploy" {
  for_each = local.deployed

  name                 = "cis-${each.key}-deploy"
  description          = "GitHub Actions of ${var.repository}, environment ${each.key}"
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = local.provider }
      Condition = { StringEquals = {
        "${local.issuer}:aud" = "sts.amazonaws.com"
        "${local.issuer}:sub" = "repo:${var.repository}:environment:${each.key}"
      } }
    }]
  })
}

# Everything but IAM: what a deployment makes is spread over seventeen services.
resource "aws_iam_role_policy_attachment" "power_user" {
  for_each = aws_iam_role.deploy

  role       = each.value.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/PowerUserAccess"
}

# Of IAM, only roles that begin with the stage's prefix, given to the services that take them, and not the deploying role itself.
# What makes roles and runs code can reach what those roles may be given: it is as trusted as an administrator, which is why the token's
# environment should ask for an approval.
resource "aws_iam_role_policy" "roles" {
  for_each = aws_iam_role.deploy

  name = "roles"
  role = each.value.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid    = "ManageRoles"
        Effect = "Allow"
        Action = [
          "iam:CreateRole", "iam:DeleteRole", "iam:GetRole", "iam:UpdateRole", "iam:UpdateRoleDescription", "iam:UpdateAssumeRolePolicy", "iam:TagRole", "iam:UntagRole",
          "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy",
          "iam:ListAttachedRolePolicies", "iam:ListInstanceProfilesForRole",
        ]
        Resource = ["arn:${local.partition}:iam::${local.account}:role/cis-${each.key}-*"]
      },
      {
        Sid       = "AttachLogsPolicy"
        Effect    = "Allow"
        Action    = ["iam:AttachRolePolicy", "iam:DetachRolePolicy"]
        Resource  = ["arn:${local.partition}:iam::${local.account}:role/cis-${each.key}-api-logs"]
        Condition = { ArnEquals = { "iam:PolicyARN" = "arn:${local.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs" } }
      },
      {
        Sid      = "PassRoles"
        Effect   = "Allow"
        Action   = ["iam:PassRole"]
        Resource = ["arn:${local.partition}:iam::${local.account}:role/cis-${each.key}-*"]
        Condition = { StringEquals = { "iam:PassedToService" = [
          "lambda.amazonaws.com", "states.amazonaws.com", "events.amazonaws.com", "apigateway.amazonaws.com",
        ] } }
      },
      {
        Sid    = "NotItself"
        Effect = "Deny"
        Action = [
          "iam:UpdateRole", "iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:AttachRolePolicy", "iam:DetachRolePolicy",
          "iam:DeleteRole", "iam:PassRole",
        ]
        Resource = ["arn:${local.partition}:iam::${local.account}:role/cis-${each.key}-deploy"]
      },
      ], [for others in [setsubtract(var.stages, [each.key])] : {
        Sid      = "NotOtherStages"
        Effect   = "Deny"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        Resource = [for stage in others : "${aws_s3_bucket.state.arn}/${stage}.tfstate*"]
    } if length(others) > 0])
  })
}
