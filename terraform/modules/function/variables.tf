variable "project_id" {
  description = "The project that the function lives in."
  type        = string
}

variable "region" {
  description = "The region that the function runs in."
  type        = string
}

variable "name" {
  description = "The function's name in the manifest, which is its entry point."
  type        = string
}

variable "service" {
  description = "The name in the cloud, which allows no underscore."
  type        = string
}

variable "url" {
  description = "The address that the service will have."
  type        = string
}

variable "declared" {
  description = "What the manifest says of the function."
  type        = any
}

variable "runtime" {
  description = "The version of Python, as the platform names it."
  type        = string
}

variable "archive" {
  description = "The file that packaging made of the function."
  type        = string
}

variable "source_bucket" {
  description = "Where archives are put for Cloud Build."
  type        = string
}

variable "repository" {
  description = "Where Cloud Build puts the image."
  type        = string
}

variable "builder" {
  description = "The e-mail of the account that builds."
  type        = string
}

variable "labels" {
  description = "The labels of everything that belongs to the deployment."
  type        = map(string)
}

variable "behind_balancer" {
  description = "Whether the public reaches it through the load balancer alone."
  type        = bool
}

variable "environment" {
  description = "The variables that every function of the deployment has."
  type        = map(string)
}

variable "topics" {
  description = "The topics to which it may publish: those whose events it makes."
  type        = set(string)
}

variable "database" {
  description = "The database that it may use; null without the capability store."
  type        = string
}

variable "bucket" {
  description = "The bucket whose objects it may use; null without the capability blobs."
  type        = string
}

variable "master_key" {
  description = "The secret that it may read; null without the capability secrets."
  type        = string
}

variable "market_keys" {
  description = "Marketplaces and the secrets with this deployment's keys for them."
  type        = map(string)
}

variable "scheduler_role" {
  description = "The role by which it pauses and resumes schedules; null without the capability scheduler."
  type        = string
}

variable "rejected" {
  description = "The topic of dead letters that it may publish to, by the topic that it listens to."
  type        = map(string)
}
