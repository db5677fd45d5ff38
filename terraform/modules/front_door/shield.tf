# One address that asks too much is told to wait; all else passes. Who may do what is decided by the
# functions.
resource "google_compute_security_policy" "this" {
  # checkov:skip=CKV_GCP_73:Nothing here runs Java, and a rule costs a dollar a month

  name        = "${var.name}-shield"
  description = "Requests per address in front of ${var.name}"

  rule {
    action      = "throttle"
    priority    = 1000
    description = "Requests of one address in a minute"

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"

      rate_limit_threshold {
        count        = var.requests_per_minute
        interval_sec = 60
      }
    }
  }

  rule {
    action      = "allow"
    priority    = 2147483647
    description = "All else"

    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}
