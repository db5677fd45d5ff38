variable "rejected_retention_days" {
  description = "How long a message that no function could handle is kept for a person to look at."
  type        = number
  default     = 14

  validation {
    condition     = var.rejected_retention_days >= 1 && var.rejected_retention_days <= 31 && floor(var.rejected_retention_days) == var.rejected_retention_days
    error_message = "rejected_retention_days is a whole number from 1 to 31, which is the longest that Pub/Sub keeps a topic's messages."
  }
}

variable "backup_days" {
  description = "How long the daily backup of the store is kept; 0 for none."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_days >= 0 && var.backup_days <= 98 && floor(var.backup_days) == var.backup_days
    error_message = "backup_days is a whole number from 0 to 98, which is the longest that Firestore keeps a backup."
  }
}

variable "point_in_time_recovery" {
  description = "Whether the store can be read as it was at any minute of the last seven days; billed as storage."
  type        = bool
  default     = false
}
