# The same as infra/cloudformation/fargate.yaml, which explains each choice.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  partition = data.aws_partition.current.partition

  environment = merge(
    {
      SG_REVERT_QUEUE_URL    = var.queue_url
      SG_REVERT_CLAIMS       = "dynamodb://${var.claims_table_name}"
      SG_REVERT_DRY_RUN      = tostring(var.dry_run)
      SG_REVERT_LEDGER       = "/var/lib/sg-revert/ledger.db"
      SG_REVERT_HTTP_ADDRESS = "127.0.0.1:8080"
      SG_REVERT_METRICS      = "emf"
      SG_REVERT_LOG_FORMAT   = "json"
      AWS_REGION             = data.aws_region.current.name
    },
    var.policy == "" ? { SG_REVERT_GROUPS = join(",", var.groups) } : { POLICY_TEXT = var.policy },
    var.topic_arn == "" ? {} : { SG_REVERT_TOPIC_ARN = var.topic_arn },
    var.role_arn == "" ? {} : { SG_REVERT_ROLE_ARN = var.role_arn },
  )

  tasks_of_this_account = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_ecs_cluster" "this" {
  name = var.name
  tags = var.tags

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_cloudwatch_log_group" "worker" {
  name              = "/sg-revert/${var.name}"
  retention_in_days = 400
  tags              = var.tags
}

resource "aws_security_group" "task" {
  name        = var.name
  description = "sg-revert tasks, outbound https alone"
  vpc_id      = var.vpc_id
  tags        = var.tags

  egress {
    description = "the APIs of AWS"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_iam_role" "task" {
  name               = "${var.name}-task"
  description        = "The sg-revert worker on Fargate. worker_role_arn of the module member."
  assume_role_policy = local.tasks_of_this_account
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "task" {
  role       = aws_iam_role.task.name
  policy_arn = var.worker_policy_arn
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  description        = "Starts the tasks of sg-revert."
  assume_role_policy = local.tasks_of_this_account
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "external_id" {
  count = var.external_id_secret_arn == "" ? 0 : 1
  name  = "read-external-id"
  role  = aws_iam_role.execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = var.external_id_secret_arn
    }]
  })
}

resource "aws_iam_role" "volume" {
  name        = "${var.name}-volume"
  description = "Lets ECS manage the volumes of sg-revert's tasks."
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "volume" {
  role       = aws_iam_role.volume.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes"
}

resource "aws_ecs_task_definition" "worker" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  volume {
    name                = "ledger"
    configure_at_launch = true
  }

  volume {
    name = "tmp"
  }

  container_definitions = jsonencode([{
    name                   = "worker"
    image                  = var.image
    essential              = true
    user                   = "10001:10001"
    readonlyRootFilesystem = true
    stopTimeout            = 60
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    entryPoint = var.policy == "" ? ["sg-revert", "worker"] : [
      "/bin/sh",
      "-c",
      "printf \"%s\" \"$POLICY_TEXT\" >/tmp/policy.yaml && exec sg-revert worker --policy /tmp/policy.yaml",
    ]
    environment = [for name, value in local.environment : { name = name, value = value }]
    secrets     = var.external_id_secret_arn == "" ? [] : [{ name = "SG_REVERT_EXTERNAL_ID", valueFrom = var.external_id_secret_arn }]
    mountPoints = [
      { sourceVolume = "ledger", containerPath = "/var/lib/sg-revert" },
      { sourceVolume = "tmp", containerPath = "/tmp" },
    ]
    healthCheck = {
      command     = ["CMD", "sg-revert", "health", "--http-address", "127.0.0.1:8080"]
      interval    = 30
      timeout     = 5
      retries     = 3
      startPeriod = 30
    }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.worker.name
        "awslogs-region"        = data.aws_region.current.name
        "awslogs-stream-prefix" = "worker"
      }
    }
  }])
}

resource "aws_ecs_service" "worker" {
  name                               = var.name
  cluster                            = aws_ecs_cluster.this.id
  task_definition                    = aws_ecs_task_definition.worker.arn
  launch_type                        = "FARGATE"
  desired_count                      = var.min_tasks
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  propagate_tags                     = "SERVICE"
  tags                               = var.tags

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.task.id]
    assign_public_ip = var.assign_public_ip
  }

  volume_configuration {
    name = "ledger"

    managed_ebs_volume {
      role_arn         = aws_iam_role.volume.arn
      size_in_gb       = var.ledger_gib
      volume_type      = "gp3"
      file_system_type = "ext4"
      encrypted        = true
    }
  }

  lifecycle {
    # The scaling below sets it.
    ignore_changes = [desired_count]
  }

  depends_on = [aws_iam_role_policy_attachment.volume]
}

resource "aws_appautoscaling_target" "tasks" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.worker.name}"
  min_capacity       = var.min_tasks
  max_capacity       = var.max_tasks
}

resource "aws_appautoscaling_policy" "backlog" {
  name               = "${var.name}-backlog"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.tasks.service_namespace
  scalable_dimension = aws_appautoscaling_target.tasks.scalable_dimension
  resource_id        = aws_appautoscaling_target.tasks.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.backlog_per_task
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    customized_metric_specification {
      metrics {
        id          = "waiting"
        return_data = false

        metric_stat {
          stat = "Maximum"

          metric {
            namespace   = "AWS/SQS"
            metric_name = "ApproximateNumberOfMessagesVisible"

            dimensions {
              name  = "QueueName"
              value = var.queue_name
            }
          }
        }
      }

      metrics {
        id          = "tasks"
        return_data = false

        metric_stat {
          stat = "Average"

          metric {
            namespace   = "ECS/ContainerInsights"
            metric_name = "RunningTaskCount"

            dimensions {
              name  = "ClusterName"
              value = aws_ecs_cluster.this.name
            }

            dimensions {
              name  = "ServiceName"
              value = aws_ecs_service.worker.name
            }
          }
        }
      }

      metrics {
        id          = "backlog"
        expression  = "waiting / IF(tasks > 0, tasks, 1)"
        label       = "waiting messages for each task"
        return_data = true
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "no_task" {
  count = var.topic_arn == "" ? 0 : 1

  alarm_name          = "${var.name}-no-task"
  alarm_description   = "No sg-revert task runs. Look at the service's events and at the log group."
  namespace           = "ECS/ContainerInsights"
  metric_name         = "RunningTaskCount"
  dimensions          = { ClusterName = aws_ecs_cluster.this.name, ServiceName = aws_ecs_service.worker.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 3
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
  tags                = var.tags
}

output "task_role_arn" {
  description = "The variable worker_role_arn of the module member."
  value       = aws_iam_role.task.arn
}

output "log_group" {
  description = "Where the logs are."
  value       = aws_cloudwatch_log_group.worker.name
}
