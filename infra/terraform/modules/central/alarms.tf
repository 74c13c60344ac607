resource "aws_sns_topic" "notifications" {
  name         = var.name
  display_name = "sg-revert"
  tags         = var.tags
}

resource "aws_sns_topic_policy" "notifications" {
  arn = aws_sns_topic.notifications.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OurAlarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.notifications.arn
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
      {
        Sid       = "OurRules"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.notifications.arn
        Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.tampering.arn } }
      },
      {
        Sid       = "OnlyByTLS"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.notifications.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "email" {
  count     = var.notification_email == "" ? 0 : 1
  topic_arn = aws_sns_topic.notifications.arn
  protocol  = "email"
  endpoint  = var.notification_email
}

locals {
  alarms = {
    "dead-letters" = {
      description = "Events that sg-revert gave up on. Look with \"sg-revert dlq list\", then \"sg-revert dlq replay\"."
      queue       = aws_sqs_queue.dead_letters.name
      metric      = "ApproximateNumberOfMessagesVisible"
      threshold   = 0
      periods     = 1
    }
    "undelivered" = {
      description = "Events that EventBridge could not put on sg-revert's queue. Check the queue's policy."
      queue       = aws_sqs_queue.undelivered.name
      metric      = "ApproximateNumberOfMessagesVisible"
      threshold   = 0
      periods     = 1
    }
    "oldest-message" = {
      description = "Events wait, so ports may stand open. Look at the worker's log, its /readyz, and \"sg-revert doctor\"."
      queue       = aws_sqs_queue.events.name
      metric      = "ApproximateAgeOfOldestMessage"
      threshold   = var.oldest_message_seconds
      periods     = 2
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "queue" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = "AWS/SQS"
  metric_name         = each.value.metric
  dimensions          = { QueueName = each.value.queue }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = each.value.periods
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.notifications.arn]
  ok_actions          = [aws_sns_topic.notifications.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_event_rule" "tampering" {
  name        = "${var.name}-tampering"
  description = "Calls that stop or change the way of an event to sg-revert, or its alarms."
  tags        = var.tags

  event_pattern = jsonencode({
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      "$or" = [
        {
          eventSource       = ["events.amazonaws.com"]
          eventName         = ["DisableRule", "DeleteRule", "PutRule"]
          requestParameters = { name = local.rule_names }
        },
        {
          eventSource       = ["events.amazonaws.com"]
          eventName         = ["RemoveTargets", "PutTargets"]
          requestParameters = { rule = local.rule_names }
        },
        {
          eventSource = ["cloudtrail.amazonaws.com"]
          eventName   = ["StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"]
        },
        {
          eventSource = ["sqs.amazonaws.com"]
          eventName   = ["PurgeQueue", "DeleteQueue", "SetQueueAttributes", "AddPermission", "RemovePermission"]
          requestParameters = {
            queueUrl = [for queue in ["", "-dead-letters", "-undelivered"] : { suffix = "/${local.account}/${var.name}${queue}" }]
          }
        },
        {
          eventSource = ["sns.amazonaws.com"]
          eventName   = ["DeleteTopic", "SetTopicAttributes", "Unsubscribe", "AddPermission", "RemovePermission"]
          requestParameters = {
            "$or" = [
              { topicArn = [aws_sns_topic.notifications.arn] },
              { subscriptionArn = [{ prefix = "${aws_sns_topic.notifications.arn}:" }] },
            ]
          }
        },
        {
          eventSource       = ["monitoring.amazonaws.com"]
          eventName         = ["DeleteAlarms", "DisableAlarmActions"]
          requestParameters = { alarmNames = [{ prefix = "${var.name}-" }] }
        },
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "tampering" {
  rule      = aws_cloudwatch_event_rule.tampering.name
  target_id = "Topic"
  arn       = aws_sns_topic.notifications.arn

  input_transformer {
    input_paths = {
      what  = "$.detail.eventName"
      who   = "$.detail.userIdentity.arn"
      from  = "$.detail.sourceIPAddress"
      when  = "$.detail.eventTime"
      event = "$.detail.eventID"
    }
    input_template = "\"sg-revert may be blinded: <what> by <who> from <from> at <when> (event <event>). If nobody meant it, undo it and look at what changed meanwhile.\""
  }
}
