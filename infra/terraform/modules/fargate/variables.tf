variable "name" {
  description = "Name of the cluster and the service, and the beginning of every other name."
  type        = string
  default     = "sg-revert-worker"
}

variable "image" {
  description = "Container image of infra/docker/Dockerfile, best by digest."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the subnets."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the tasks. They reach SQS, EC2, STS and SNS through a NAT gateway or VPC endpoints."
  type        = list(string)
}

variable "assign_public_ip" {
  description = "True only in public subnets without a NAT gateway."
  type        = bool
  default     = false
}

variable "queue_url" {
  description = "Output queue_url of the module central."
  type        = string
}

variable "queue_name" {
  description = "Output queue_name of the module central."
  type        = string
}

variable "worker_policy_arn" {
  description = "Output worker_policy_arn of the module central."
  type        = string
}

variable "claims_table_name" {
  description = "Output claims_table_name of the module central, which keeps several tasks from working twice."
  type        = string
}

variable "topic_arn" {
  description = "Output topic_arn of the module central; empty for no notifications."
  type        = string
  default     = ""
}

variable "groups" {
  description = "Security groups to watch; none where policy is given."
  type        = list(string)
  default     = []
}

variable "policy" {
  description = "Text of the policy file; it takes the place of groups. A change of it deploys new tasks."
  type        = string
  default     = ""
}

variable "role_arn" {
  description = "The worker's --role-arn for many accounts, with {account} in it; empty for this account alone."
  type        = string
  default     = ""
}

variable "external_id_secret_arn" {
  description = "Secret in Secrets Manager whose text is the --external-id; empty for none."
  type        = string
  default     = ""
}

variable "dry_run" {
  description = "Decide and record, revoke nothing. Set it to false once the decisions are what you want."
  type        = bool
  default     = true
}

variable "cpu" {
  description = "CPU units of a task."
  type        = number
  default     = 256
}

variable "memory" {
  description = "MiB of a task."
  type        = number
  default     = 512
}

variable "min_tasks" {
  description = "Tasks that always run."
  type        = number
  default     = 1
}

variable "max_tasks" {
  description = "Tasks that run at most."
  type        = number
  default     = 4
}

variable "backlog_per_task" {
  description = "Waiting messages for each task beyond which there are more tasks."
  type        = number
  default     = 200
}

variable "ledger_gib" {
  description = "Size of each task's ledger volume. A million events take about 2 GiB."
  type        = number
  default     = 20
}

variable "tags" {
  description = "Tags of everything that takes them."
  type        = map(string)
  default     = {}
}
