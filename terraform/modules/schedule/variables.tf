variable "region" {
  description = "The region that the job runs in."
  type        = string
}

variable "name" {
  description = "The job's name in Cloud Scheduler."
  type        = string
}

variable "description" {
  description = "What the job does, for whoever sees the list."
  type        = string
}

variable "declared" {
  description = "What the manifest says of the schedule."
  type        = object({ cron = string, period_s = number, attempt_deadline_s = number })
}

variable "url" {
  description = "The function's address, which is its audience too."
  type        = string
}

variable "caller_email" {
  description = "The account as which Cloud Scheduler calls the function."
  type        = string
}
