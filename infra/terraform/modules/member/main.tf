# The same as infra/cloudformation/member-account.yaml, which explains each choice.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  bus       = split(":", var.central_bus_arn)
  rules = [
    "arn:${local.partition}:ec2:*:${local.account}:security-group/*",
    "arn:${local.partition}:ec2:*:${local.account}:security-group-rule/*",
  ]
}

resource "aws_cloudwatch_event_rule" "forward" {
  name        = "sg-revert-forward"
  description = "Forwards changes of security-group rules, of their tags and of prefix lists to the central sg-revert."
  tags        = var.tags

  event_pattern = jsonencode({
    source        = ["aws.ec2"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource = ["ec2.amazonaws.com"]
      "$or" = [
        {
          eventName = [
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
            "RevokeSecurityGroupEgress",
            "ModifySecurityGroupRules",
            "CreateSecurityGroup",
            "ModifyManagedPrefixList",
            "RestoreManagedPrefixListVersion",
          ]
        },
        {
          eventName         = ["CreateTags", "DeleteTags"]
          requestParameters = { resourcesSet = { items = { resourceId = [{ prefix = "sg-" }] } } }
        },
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "central" {
  rule      = aws_cloudwatch_event_rule.forward.name
  target_id = "CentralBus"
  arn       = var.central_bus_arn
  role_arn  = "arn:${local.partition}:iam::${local.account}:role/${var.role_name}-forward"

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }

  depends_on = [aws_iam_role.forward]
}

resource "aws_sqs_queue" "undelivered" {
  name                      = "sg-revert-undelivered"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OurRule"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.undelivered.arn
        Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.forward.arn } }
      },
      {
        Sid       = "OnlyByTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.undelivered.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_iam_role" "forward" {
  count       = var.create_role ? 1 : 0
  name        = "${var.role_name}-forward"
  description = "Lets EventBridge forward events to the central sg-revert."
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "forward" {
  count = var.create_role ? 1 : 0
  name  = "forward"
  role  = aws_iam_role.forward[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = "arn:${local.partition}:events:*:${local.bus[4]}:${local.bus[5]}"
    }]
  })
}

resource "aws_iam_role" "member" {
  count                = var.create_role ? 1 : 0
  name                 = var.role_name
  description          = "What the central sg-revert worker may do in this account."
  max_session_duration = 3600
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = var.worker_role_arn }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "sts:ExternalId" = var.external_id } }
    }]
  })
}

resource "aws_iam_role_policy" "member" {
  count = var.create_role ? 1 : 0
  name  = "revert"
  role  = aws_iam_role.member[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid    = "LookAtRules"
          Effect = "Allow"
          Action = [
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeSecurityGroups",
            "ec2:GetManagedPrefixListEntries",
          ]
          Resource = "*"
        },
        {
          Sid      = "RevokeRules"
          Effect   = "Allow"
          Action   = ["ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress"]
          Resource = local.rules
        },
      ],
      var.restore_rules ? [{
        Sid      = "RestoreRules"
        Effect   = "Allow"
        Action   = ["ec2:ModifySecurityGroupRules", "ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress"]
        Resource = local.rules
      }] : [],
    )
  })
}

output "role_arn" {
  description = "What the worker assumes; its --role-arn is this with {account} for the number. Null without create_role."
  value       = one(aws_iam_role.member[*].arn)
}

output "undelivered_queue_url" {
  description = "Where events are that did not reach the central bus."
  value       = aws_sqs_queue.undelivered.url
}
