resource "google_compute_backend_service" "function" {
  for_each = var.services

  name                  = "${var.name}-${each.value}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.this.id

  backend {
    group = google_compute_region_network_endpoint_group.function[each.key].id
  }

  # Each function writes its own line for a request.
  log_config {
    enable = false
  }
}
