variable "name" {
  description = "The deployment, with which every name begins."
  type        = string
}

variable "region" {
  description = "The region that the functions run in."
  type        = string
}

variable "hostname" {
  description = "The one name that people use."
  type        = string
}

variable "paths" {
  description = "The paths of each function."
  type        = map(list(string))
}

variable "services" {
  description = "The Cloud Run service of each function."
  type        = map(string)
}

variable "site_bucket" {
  description = "The bucket that holds the pages."
  type        = string
}

variable "requests_per_minute" {
  description = "How many requests one address may send in a minute."
  type        = number
}
