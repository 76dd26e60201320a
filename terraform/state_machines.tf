# The workflows: statemachines/<name>.asl.json, each with a role of its own.

locals {
  definitions = { for name in keys(local.wiring.workflows) : name => templatefile(
    "${path.module}/../statemachines/${name}.asl.json", merge(local.names, { functions = local.functions, machines = local.machines })
  ) }

  workflows = { for name, flow in local.wiring.workflows : name => {
    type      = flow.type
    functions = try(flow.functions, [])
    starts    = try(flow.starts, [])
    reads     = try(flow.reads, [])
    writes    = try(flow.writes, [])
    # A Distributed Map starts its batches as executions of the machine itself.
    distributed = anytrue([for state in values(jsondecode(local.definitions[name]).States) :
      try(state.ItemProcessor.ProcessorConfig.Mode == "DISTRIBUTED", false)
    ])
  } }

  executions = "arn:${local.partition}:states:${var.region}:${local.account}:execution:${local.prefix}-"

  # Per workflow, what its states do. Entries without resources fall away below.
  workflow_permissions = { for name, flow in local.workflows : name => [
    { Sid = "InvokeSteps", Action = ["lambda:InvokeFunction"], Resource = [for f in flow.functions : "${local.functions}${f}"] },
    { Sid = "StartWorkflows", Action = ["states:StartExecution"], Resource = [for w in flow.starts : "${local.machines}${w}"] },
    { Sid = "ReadObjects", Action = ["s3:GetObject"], Resource = [for arn in flow.reads : arn if strcontains(arn, "/")] },
    { Sid = "ListObjects", Action = ["s3:ListBucket"], Resource = [for arn in flow.reads : arn if !strcontains(arn, "/")] },
    { # a ResultWriter uploads in parts and reads what it wrote (Step Functions guide, "IAM policies for Distributed Map")
      Sid      = "WriteObjects"
      Action   = ["s3:PutObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
      Resource = flow.writes
    },
    { Sid = "StartBatches", Action = ["states:StartExecution"], Resource = flow.distributed ? ["${local.machines}${name}"] : [] },
    {
      Sid      = "FollowBatches"
      Action   = ["states:DescribeExecution", "states:StopExecution"]
      Resource = flow.distributed ? ["${local.executions}${name}:*", "${local.executions}${name}/*:*"] : []
    },
    { # to go on with the batches that failed, from the console
      Sid      = "RedriveBatches"
      Action   = ["states:RedriveExecution"]
      Resource = flow.distributed ? ["${local.executions}${name}/*:*"] : []
    },
  ] }
}

resource "aws_sfn_state_machine" "workflow" {
  for_each = local.workflows

  name       = "${local.prefix}-${each.key}"
  type       = each.value.type
  role_arn   = aws_iam_role.workflow[each.key].arn
  definition = local.definitions[each.key]

  logging_configuration {
    level                  = "ALL" # without it an Express execution leaves no trace at all
    include_execution_data = var.log_execution_data
    log_destination        = "${aws_cloudwatch_log_group.workflow[each.key].arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  depends_on = [aws_iam_role_policy.workflow]
}

# Names under /aws/vendedlogs/ keep the log deliveries' resource policy, which has a size limit, from growing with each machine.
resource "aws_cloudwatch_log_group" "workflow" {
  for_each = local.workflows

  name              = "/aws/vendedlogs/states/${local.prefix}-${each.key}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "workflow" {
  for_each = local.workflows

  name        = "${local.prefix}-${each.key}-workflow"
  description = "What the workflow ${each.key} may do"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "workflow" {
  for_each = local.workflow_permissions

  name = "wiring"
  role = aws_iam_role.workflow[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for s in each.value : { Sid = s.Sid, Effect = "Allow", Action = s.Action, Resource = s.Resource } if length(s.Resource) > 0],
      [
        { # Log deliveries know no resources: AWS asks for * (Step Functions guide, "Logging using CloudWatch Logs").
          Sid    = "Log"
          Effect = "Allow"
          Action = [
            "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries",
            "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
          ]
          Resource = ["*"]
        },
        { # Neither does X-Ray.
          Sid    = "Trace"
          Effect = "Allow"
          Action = [
            "xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets",
          ]
          Resource = ["*"]
        },
    ])
  })
}
