variable "central_bus_arn" {
  description = "Output member_bus_arn of the module central of the same Region."
  type        = string
}

variable "worker_role_arn" {
  description = "Role that the central worker runs as; it alone may assume the role of this module."
  type        = string
}

variable "external_id" {
  description = "Value of --external-id of the worker, the same in every account. Make it up at random."
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.external_id) >= 16
    error_message = "The external id has at least 16 characters."
  }
}

variable "role_name" {
  description = "Name of the role; member_role_name of the module central."
  type        = string
  default     = "sg-revert-member"
}

variable "create_role" {
  description = "Whether to make the roles. True in one Region of an account, false in the others."
  type        = bool
  default     = true
}

variable "restore_rules" {
  description = "Whether the worker may also add and modify rules in this account."
  type        = bool
  default     = false
}

variable "tags" {
  description = "Tags of everything that takes them."
  type        = map(string)
  default     = {}
}
