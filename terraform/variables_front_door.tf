variable "front_door" {
  description = "How people reach it: direct (every function at its own address, no fixed cost) or load_balancer (one host name, $18.25 a month and more)."
  type        = string
  default     = "direct"

  validation {
    condition     = contains(["direct", "load_balancer"], var.front_door)
    error_message = "front_door is direct or load_balancer."
  }
}

variable "hostname" {
  description = "The name that people use, for load_balancer; its A record is to point to the address that is put out."
  type        = string
  default     = null

  validation {
    condition     = (var.hostname != null) == (var.front_door == "load_balancer")
    error_message = "hostname belongs to front_door = load_balancer, which needs one: a name that you own, such as gpu.example.com."
  }
  validation {
    condition     = var.hostname == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", var.hostname))
    error_message = "hostname is a full name in lower-case letters, without https:// and without a slash."
  }
}

variable "requests_per_minute" {
  description = "How many requests one address may send in a minute through the load balancer."
  type        = number
  default     = 600

  validation {
    condition     = var.requests_per_minute >= 10 && var.requests_per_minute <= 10000 && floor(var.requests_per_minute) == var.requests_per_minute
    error_message = "requests_per_minute is a whole number from 10 to 10000."
  }
}
