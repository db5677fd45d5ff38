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

variable "runtime" {
  description = "The version of Python that functions run on; the checks run on the default."
  type        = string
  default     = "python311"

  validation {
    condition     = can(regex("^python3(11|12|13)$", var.runtime))
    error_message = "runtime is python311, python312 or python313."
  }
}

variable "build_folder" {
  description = "Where `make package` has put the functions' archives."
  type        = string
  default     = "../build"

  validation {
    condition     = length(var.build_folder) > 0 && !endswith(var.build_folder, "/")
    error_message = "build_folder is a path without a slash at its end."
  }
}

variable "site_folder" {
  description = "Where the build of the web pages lies; an empty folder publishes the API alone."
  type        = string
  default     = "../frontend/web/dist"

  validation {
    condition     = length(var.site_folder) > 0 && !endswith(var.site_folder, "/")
    error_message = "site_folder is a path without a slash at its end."
  }
}

variable "registration_open" {
  description = "Whether anybody may register; else the set-up link admits the first user alone."
  type        = bool
  default     = false
}

variable "beat_s" {
  description = "Seconds between two heartbeats of a machine that nobody watches."
  type        = number
  default     = 30

  validation {
    condition     = var.beat_s >= 10 && var.beat_s <= 120 && floor(var.beat_s) == var.beat_s
    error_message = "beat_s is a whole number from 10 to 120: below it costs too much, above it silence is found too late."
  }
}

variable "lease_renewal_s" {
  description = "How old a machine's receipt gets before a heartbeat is written down."
  type        = number
  default     = 300

  validation {
    condition     = var.lease_renewal_s >= 60 && var.lease_renewal_s <= 900 && floor(var.lease_renewal_s) == var.lease_renewal_s
    error_message = "lease_renewal_s is a whole number from 60 to 900."
  }
}

variable "market_keys" {
  description = "Marketplaces and the names of secrets of this project with the deployment's own keys for them, such as { vast = \"vast-key\" }."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for provider in keys(var.market_keys) : can(regex("^[a-z]+$", provider))])
    error_message = "market_keys names marketplaces in lower-case letters, each with the name of a secret."
  }
}
