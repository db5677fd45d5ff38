variable "project_id" {
  description = "The Google Cloud project that everything lives in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id has 6 to 30 characters: lower-case letters, digits and hyphens, a letter first and no hyphen last."
  }
}

variable "region" {
  description = "Where functions run and data rest, such as us-central1."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is the name of a Google Cloud region such as us-central1, without the zone's letter."
  }
}

variable "deployment_id" {
  description = "The label by which this deployment's resources are told from others of the project."
  type        = string
  default     = "dumont"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.deployment_id))
    error_message = "deployment_id has 2 to 20 characters: lower-case letters, digits and hyphens, a letter first."
  }
}

variable "rejected_retention_days" {
  description = "How long a message that no function could handle is kept for a person to look at."
  type        = number
  default     = 14

  validation {
    condition     = var.rejected_retention_days >= 1 && var.rejected_retention_days <= 31 && floor(var.rejected_retention_days) == var.rejected_retention_days
    error_message = "rejected_retention_days is a whole number from 1 to 31, which is the longest that Pub/Sub keeps a topic's messages."
  }
}
