variable "name" {
  description = "Name of the queue, and the beginning of every other name."
  type        = string
  default     = "sg-revert"
}

variable "notification_email" {
  description = "Address that receives the notifications and the alarms; empty for none."
  type        = string
  default     = ""
}

variable "visibility_timeout_seconds" {
  description = "Seconds for which a received event is hidden. The worker extends it while it works."
  type        = number
  default     = 120

  validation {
    condition     = var.visibility_timeout_seconds >= 30 && var.visibility_timeout_seconds <= 43200
    error_message = "The visibility timeout is 30 to 43200 seconds."
  }
}

variable "max_receive_count" {
  description = "Receives after which an event that keeps failing is moved to the dead-letter queue."
  type        = number
  default     = 5

  validation {
    condition     = var.max_receive_count >= 3
    error_message = "An event needs at least 3 tries."
  }
}

variable "oldest_message_seconds" {
  description = "An alarm rings when the oldest message has waited for so long."
  type        = number
  default     = 300
}

variable "operator_role_arn" {
  description = "Role of the people who replay dead letters. Besides the rules only this role can send to the queue; empty: nobody can."
  type        = string
  default     = ""
}

variable "restore_rules" {
  description = "Whether the worker may also add and modify rules, to put back what was removed or modified."
  type        = bool
  default     = false
}

variable "claims_table" {
  description = "Whether to create the DynamoDB table that several hosts share (--claims)."
  type        = bool
  default     = false
}

variable "organization_id" {
  description = "Organization whose accounts forward their events here (module member); empty for this account alone."
  type        = string
  default     = ""
}

variable "member_role_name" {
  description = "Name of the role that the module member creates."
  type        = string
  default     = "sg-revert-member"
}

variable "event_bus_arn" {
  description = "Event bus to which the worker publishes its outcomes (--event-bus); empty for none."
  type        = string
  default     = ""
}

variable "tags" {
  description = "Tags of everything that takes them."
  type        = map(string)
  default     = {}
}
