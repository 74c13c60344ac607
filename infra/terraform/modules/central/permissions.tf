resource "aws_iam_policy" "worker" {
  name        = "${var.name}-worker-${local.region}"
  description = "What the sg-revert worker may do."
  tags        = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "ReadTheQueue"
          Effect   = "Allow"
          Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
          Resource = aws_sqs_queue.events.arn
        },
        {
          Sid      = "BuryDeadLetters"
          Effect   = "Allow"
          Action   = ["sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
          Resource = aws_sqs_queue.dead_letters.arn
        },
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
        {
          Sid      = "Notify"
          Effect   = "Allow"
          Action   = "sns:Publish"
          Resource = aws_sns_topic.notifications.arn
        },
      ],
      var.restore_rules ? [{
        Sid      = "RestoreRules"
        Effect   = "Allow"
        Action   = ["ec2:ModifySecurityGroupRules", "ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress"]
        Resource = local.rules
      }] : [],
      var.event_bus_arn != "" ? [{
        Sid      = "Publish"
        Effect   = "Allow"
        Action   = "events:PutEvents"
        Resource = var.event_bus_arn
      }] : [],
      [for table in aws_dynamodb_table.claims : {
        Sid    = "ShareClaims"
        Effect = "Allow"
        Action = [
          "dynamodb:GetItem",
          "dynamodb:PutItem",
          "dynamodb:UpdateItem",
          # For doctor.
          "dynamodb:DescribeTable",
          "dynamodb:DescribeTimeToLive",
        ]
        Resource = table.arn
      }],
      local.members ? [{
        Sid       = "EnterMemberAccounts"
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Resource  = "arn:${local.partition}:iam::*:role/${var.member_role_name}"
        Condition = { StringEquals = { "aws:ResourceOrgID" = var.organization_id } }
      }] : [],
    )
  })
}

resource "aws_iam_policy" "operator" {
  name        = "${var.name}-operator-${local.region}"
  description = "What those may do who list, replay and discard sg-revert's dead letters."
  tags        = var.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "SendToTheQueue"
          Effect   = "Allow"
          Action   = ["sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
          Resource = aws_sqs_queue.events.arn
        },
        {
          Sid    = "EmptyTheDeadLetters"
          Effect = "Allow"
          Action = [
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:GetQueueAttributes",
            "sqs:GetQueueUrl",
          ]
          Resource = aws_sqs_queue.dead_letters.arn
        },
      ],
      [for table in aws_dynamodb_table.claims : {
        Sid      = "SeeTheClaims"
        Effect   = "Allow"
        Action   = "dynamodb:GetItem"
        Resource = table.arn
      }],
    )
  })
}
