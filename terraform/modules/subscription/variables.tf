variable "project_id" {
  description = "The project that the subscription lives in."
  type        = string
}

variable "name" {
  description = "The function's name in the manifest."
  type        = string
}

variable "topic" {
  description = "The topic whose messages are pushed."
  type        = string
}

variable "rejected_topic" {
  description = "Where a message goes that was tried too often."
  type        = string
}

variable "declared" {
  description = "What the manifest says of the topic."
  type        = object({ ack_deadline_s = number, max_delivery_attempts = number })
}

variable "url" {
  description = "The function's address, which is its audience too."
  type        = string
}

variable "caller_email" {
  description = "The account as which Pub/Sub calls the function."
  type        = string
}

variable "agent" {
  description = "The e-mail of Pub/Sub's own account in the project."
  type        = string
}

variable "labels" {
  description = "The labels of everything that belongs to the deployment."
  type        = map(string)
}
