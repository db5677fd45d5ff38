variable "alert_emails" {
  description = "Who is told when something needs a person; nobody by default, and then alerts show in the console alone."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))])
    error_message = "alert_emails holds addresses such as you@example.com."
  }
}

variable "monthly_budget" {
  description = "What the project may cost in a month, in the currency of its billing account; told at 50, 90 and 100 percent. Null for no budget. Machines of marketplaces are billed elsewhere."
  type        = number
  default     = null

  validation {
    condition     = var.monthly_budget == null || try(var.monthly_budget >= 1 && floor(var.monthly_budget) == var.monthly_budget, false)
    error_message = "monthly_budget is a whole number, 1 or more, or null."
  }
}

variable "spend_alert_usd_per_hour" {
  description = "What all machines together may cost in an hour before somebody is told; null for no alert."
  type        = number
  default     = null

  validation {
    condition     = var.spend_alert_usd_per_hour == null || try(var.spend_alert_usd_per_hour > 0, false)
    error_message = "spend_alert_usd_per_hour is a number of dollars above 0, or null."
  }
}

variable "beats_logged_percent" {
  description = "How many of the platform's own lines about good heartbeats are kept, of a hundred."
  type        = number
  default     = 1

  validation {
    condition     = var.beats_logged_percent >= 0 && var.beats_logged_percent <= 100
    error_message = "beats_logged_percent is a number from 0 to 100."
  }
}

variable "analysis" {
  description = "Whether market samples and what was spent are copied to BigQuery as they come."
  type        = bool
  default     = false
}
