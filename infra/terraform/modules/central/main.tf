# The same as infra/cloudformation/sg-revert.yaml, which explains each choice.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  queue_arn = "arn:${local.partition}:sqs:${local.region}:${local.account}:${var.name}"
  members   = var.organization_id != ""
  rule_arns = concat(
    [aws_cloudwatch_event_rule.changes.arn, aws_cloudwatch_event_rule.tags.arn],
    aws_cloudwatch_event_rule.members[*].arn,
  )
  rule_names = [for kind in ["changes", "tags", "members", "tampering"] : "${var.name}-${kind}"]
  rules = [
    "arn:${local.partition}:ec2:${local.region}:${local.account}:security-group/*",
    "arn:${local.partition}:ec2:${local.region}:${local.account}:security-group-rule/*",
  ]
}

resource "aws_sqs_queue" "events" {
  name                       = var.name
  visibility_timeout_seconds = var.visibility_timeout_seconds
  message_retention_seconds  = 1209600
  sqs_managed_sse_enabled    = true
  tags                       = var.tags

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = var.max_receive_count
  })
}

resource "aws_sqs_queue" "dead_letters" {
  name                      = "${var.name}-dead-letters"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
  tags                      = var.tags

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.queue_arn]
  })
}

resource "aws_sqs_queue" "undelivered" {
  name                      = "${var.name}-undelivered"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
  tags                      = var.tags
}

resource "aws_cloudwatch_event_rule" "changes" {
  name        = "${var.name}-changes"
  description = "Changes of security-group rules and of prefix lists, as CloudTrail records them."
  tags        = var.tags

  event_pattern = jsonencode({
    source        = ["aws.ec2"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource = ["ec2.amazonaws.com"]
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
    }
  })
}

resource "aws_cloudwatch_event_rule" "tags" {
  name        = "${var.name}-tags"
  description = "Changes of the tags of security groups, as CloudTrail records them."
  tags        = var.tags

  event_pattern = jsonencode({
    source        = ["aws.ec2"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource       = ["ec2.amazonaws.com"]
      eventName         = ["CreateTags", "DeleteTags"]
      requestParameters = { resourcesSet = { items = { resourceId = [{ prefix = "sg-" }] } } }
    }
  })
}

resource "aws_cloudwatch_event_bus" "members" {
  count = local.members ? 1 : 0
  name  = "${var.name}-members"
  tags  = var.tags
}

resource "aws_cloudwatch_event_bus_policy" "members" {
  count          = local.members ? 1 : 0
  event_bus_name = aws_cloudwatch_event_bus.members[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyOurOrganization"
      Effect    = "Allow"
      Principal = "*"
      Action    = "events:PutEvents"
      Resource  = aws_cloudwatch_event_bus.members[0].arn
      Condition = { StringEquals = { "aws:PrincipalOrgID" = var.organization_id } }
    }]
  })
}

resource "aws_cloudwatch_event_rule" "members" {
  count          = local.members ? 1 : 0
  name           = "${var.name}-members"
  description    = "Changes of security-group rules in the member accounts."
  event_bus_name = aws_cloudwatch_event_bus.members[0].name
  tags           = var.tags

  event_pattern = jsonencode({
    source        = ["aws.ec2"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail        = { eventSource = ["ec2.amazonaws.com"] }
  })
}

resource "aws_cloudwatch_event_target" "queue" {
  for_each = merge(
    { changes = ["default", aws_cloudwatch_event_rule.changes.name], tags = ["default", aws_cloudwatch_event_rule.tags.name] },
    { for rule in aws_cloudwatch_event_rule.members : "members" => [rule.event_bus_name, rule.name] },
  )

  event_bus_name = each.value[0]
  rule           = each.value[1]
  target_id      = "Queue"
  arn            = aws_sqs_queue.events.arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }
}

resource "aws_sqs_queue_policy" "events" {
  queue_url = aws_sqs_queue.events.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OurRules"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.events.arn
        Condition = { ArnEquals = { "aws:SourceArn" = local.rule_arns } }
      },
      {
        Sid       = "NobodyElseSends"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.events.arn
        Condition = {
          ArnNotEquals = merge(
            { "aws:SourceArn" = local.rule_arns },
            var.operator_role_arn == "" ? {} : { "aws:PrincipalArn" = [var.operator_role_arn] },
          )
        }
      },
      {
        Sid       = "OnlyByTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.events.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyByTLS"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = aws_sqs_queue.dead_letters.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OurRules"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.undelivered.arn
        Condition = { ArnEquals = { "aws:SourceArn" = local.rule_arns } }
      },
      {
        Sid       = "NobodyElseSends"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.undelivered.arn
        Condition = { ArnNotEquals = { "aws:SourceArn" = local.rule_arns } }
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

resource "aws_dynamodb_table" "claims" {
  count        = var.claims_table ? 1 : 0
  name         = "${var.name}-claims"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  tags         = var.tags

  attribute {
    name = "pk"
    type = "S"
  }

  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  server_side_encryption {
    enabled = true
  }
}
