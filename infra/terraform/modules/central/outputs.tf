output "queue_url" {
  description = "For --queue-url."
  value       = aws_sqs_queue.events.url
}

output "queue_name" {
  description = "For scaling by the queue."
  value       = aws_sqs_queue.events.name
}

output "dead_letter_queue_url" {
  description = "For --dead-letter-queue-url; the worker finds it by the queue's redrive policy as well."
  value       = aws_sqs_queue.dead_letters.url
}

output "undelivered_queue_url" {
  description = "Where events are that EventBridge could not put on the queue."
  value       = aws_sqs_queue.undelivered.url
}

output "topic_arn" {
  description = "For --topic-arn."
  value       = aws_sns_topic.notifications.arn
}

output "worker_policy_arn" {
  description = "Attach it to whatever identity the worker runs as."
  value       = aws_iam_policy.worker.arn
}

output "operator_policy_arn" {
  description = "Attach it to the role of operator_role_arn."
  value       = aws_iam_policy.operator.arn
}

output "claims_table_name" {
  description = "For --claims dynamodb://TABLE; null without claims_table."
  value       = one(aws_dynamodb_table.claims[*].name)
}

output "member_bus_arn" {
  description = "The variable central_bus_arn of the module member; null without organization_id."
  value       = one(aws_cloudwatch_event_bus.members[*].arn)
}
